"""What a site's document comes to: the site, and its games as it offers them, or all that is wrong with it.

The same checks for a file, for what a backoffice sends, and for what is typed into the backoffice's own pages.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson
from pydantic import ValidationError

from webingo.errors import BadResource
from webingo.problems import invalid, unknown
from webingo.resources.game import Game, GameManifest
from webingo.resources.jackpots import feeds, unwinnable
from webingo.resources.site import ANYWHERE, Site


def checked(document: Mapping[str, Any], games: Mapping[str, GameManifest], debug: bool) -> tuple[Site, dict[str, Game]]:
    """The site and its games by id. Raises BadResource whose problems name no file, only the document's fields."""
    try:
        # From JSON, as a file would be: a strict model takes a list for a tuple only from there.
        site = Site.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        raise BadResource(invalid("", error, Site.model_fields)) from None
    except TypeError as error:  # orjson's: a number beyond 64 bits, half of a surrogate pair, nested too deeply
        raise BadResource([("", "", f"this is not JSON that can be read: {error}")]) from None
    offered, problems = offers(site, games, debug)
    if problems:
        raise BadResource([("", field, reason) for field, reason in problems])
    return site, offered


def offers(
    site: Site, games: Mapping[str, GameManifest], debug: bool, refused: Collection[str] = ()
) -> tuple[dict[str, Game], list[tuple[str, str]]]:
    """The games as the site offers them, by id, and (field, reason) of what is wrong. `refused` are games with a problem of
    their own, of which the site has none."""
    offered = dict[str, Game]()
    problems: list[tuple[str, str]] = []
    if ANYWHERE in site.allowed_origins and not debug:
        place = site.allowed_origins.index(ANYWHERE)
        problems.append((f"allowed_origins.{place}", 'the origin "*" is for debug only'))
    if site.social is not None and site.social.allow_manual_credit and not debug:
        problems.append(("social.allow_manual_credit", "players who give themselves credits are for debug only"))
    for place, offer in enumerate(site.games):
        manifest = games.get(offer.id)
        if manifest is None:
            if offer.id not in refused:
                problems.append((f"games.{place}.id", unknown("game", offer.id, games)))
            continue
        try:
            offered[offer.id] = replace(manifest.build(offer.settings, offer.enabled), feeds=feeds(site, offer.id))
        except BadResource as error:
            problems += [(f"games.{place}.{field}", reason) for _, field, reason in error.problems]
    if len(offered) == len(site.games):
        problems += unwinnable(site, {game: offered[game].engine.jackpots for game in offered})
    return offered, problems
