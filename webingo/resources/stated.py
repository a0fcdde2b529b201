"""Whether manifests state what their mathematics gives. Counting the odds takes up to a second for a game."""

from collections.abc import Iterator
from pathlib import Path

from webingo.problems import Problem
from webingo.resources.game import Game
from webingo.resources.local import LocalResources

RTP_TOLERANCE = 1e-6


def wrong_rtps(resources: LocalResources, res_dir: Path) -> Iterator[Problem]:
    """Games whose stated RTP is not the exact one, also as sites have changed their settings."""
    for game in resources.built.values():
        if reason := _wrong_rtp(game):
            yield str(res_dir / "games" / game.manifest.id / "manifest.json"), "rtp", reason
    for site in resources.sites.values():
        for place, offer in enumerate(site.games):
            if offer.settings and (reason := _wrong_rtp(resources.offered(site, offer.id))):
                yield str(res_dir / "local_sites" / f"{site.id}.json"), f"games.{place}.settings", reason


def _wrong_rtp(game: Game) -> str:
    stated, counted = game.manifest.rtp, float(game.engine.odds().rtp)
    return "" if abs(stated - counted) <= RTP_TOLERANCE else f"the manifest states {stated}, the odds give {counted:.9f}"
