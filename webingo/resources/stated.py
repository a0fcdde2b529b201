"""Whether manifests state what their mathematics gives. Counting the odds takes up to a second for a game."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from webingo.engines.engine import Odds
from webingo.errors import BadResource
from webingo.problems import Problem, invalid
from webingo.resources.game import Game
from webingo.resources.local import LocalResources
from webingo.resources.shelf import Shelf
from webingo.resources.site import Site

RTP_TOLERANCE = 1e-6


def odds_of(game: Game) -> Odds:
    """A game's exact figures. Raises BadResource, whose problems name no file, where they can't be counted, or where the game
    or what is bought in it returns more than is paid."""
    try:
        odds = game.engine.odds()
    except ValidationError as error:
        raise BadResource(invalid("", error, prefix="math.")) from None
    except ValueError as error:
        raise BadResource([("", "math", str(error))]) from None
    problems: list[Problem] = []
    if odds.rtp > 1:
        reason = f"the game returns {float(odds.rtp):.9f} of the stake: an RTP over 100 % is refused"
        problems.append(("", "math", reason))
    for place, buy in enumerate(odds.details.get("buys", ())):
        if buy["rtp"] > 1:
            reason = f"what is bought returns {float(buy['rtp']):.9f} of its cost: an RTP over 100 % is refused"
            problems.append(("", f"math.buy.{place}.cost", reason))
    if problems:
        raise BadResource(problems)
    return odds


def fingerprint(game: Game) -> str:
    """SHA-256 of the mathematics of a manifest, whatever the order of its keys and its spaces are."""
    text = json.dumps(game.manifest.math, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def wrong_rtps(resources: LocalResources, res_dir: Path) -> Iterator[Problem]:
    """Games whose stated RTP is not the exact one, also as sites have changed their settings."""
    yield from wrong_games(resources, res_dir)
    for site in resources.sites.values():
        for field, reason in wrong_offers(site, {game.id: resources.offered(site, game.id) for game in site.games}):
            yield str(res_dir / "local_sites" / f"{site.id}.json"), field, reason


def wrong_games(resources: Shelf, res_dir: Path) -> Iterator[Problem]:
    """Games whose stated RTP is not the exact one."""
    for game in resources.built.values():
        for field, reason in wrong_rtp(game):
            yield str(res_dir / "games" / game.manifest.id / "manifest.json"), field, reason


def wrong_offers(site: Site, offered: Mapping[str, Game]) -> Iterator[tuple[str, str]]:
    """(field of the site's document, reason): those of the games that don't return what they state with the site's settings."""
    for place, offer in enumerate(site.games):
        if offer.settings and offer.id in offered:
            for _, reason in wrong_rtp(offered[offer.id]):
                yield f"games.{place}.settings", reason


def wrong_rtp(game: Game) -> Iterator[tuple[str, str]]:
    """(field of the manifest, what is wrong with it): nothing where the stated RTP is the exact one."""
    try:
        stated, counted = game.manifest.rtp, float(odds_of(game).rtp)
    except BadResource as error:
        yield from ((field, reason) for _, field, reason in error.problems)
        return
    if abs(stated - counted) > RTP_TOLERANCE:
        yield "rtp", f"the manifest states {stated}, the odds give {counted:.9f}"
