"""Which games there are, and whether a site's document may be used: judged with the servers' own models and checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from webingo.config import Settings
from webingo.errors import BadResource
from webingo.platforms.platform import antisocial
from webingo.platforms.registry import unpaid
from webingo.problems import Problem, unknown
from webingo.resources.game import Game
from webingo.resources.local import LocalResources
from webingo.resources.offers import checked
from webingo.resources.site import Site
from webingo.resources.stated import wrong_rtp

log = structlog.get_logger("webingo.office")


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that was found right, with the site and the games that it stands for."""

    document: dict[str, Any]
    site: Site
    games: dict[str, Game]


class Catalogue:
    """The games of res/games, and the sites of res/local_sites that an empty database begins with. Raises BadResource."""

    def __init__(self, settings: Settings) -> None:
        local = LocalResources(settings.res_dir, settings.debug)
        self.games = local.games
        self.built = local.built
        self.local_sites = local.sites
        self._debug = settings.debug
        self._points = {point.name: point for point in entry_points(group="webingo.platforms")}
        self.platforms = frozenset(self._points)

    @cached_property
    def social(self) -> frozenset[str]:
        """The platforms whose sites may be social casinos and sell things."""
        return frozenset(name for name, point in self._points.items() if _is_social(point))

    def check(self, platform: str, site: str, document: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Checked:
        """Raises BadResource with every problem, each (no file, field, reason). `before` is the document in force.

        Outside of debug it counts the odds of games whose settings the site changes: that can take a second.
        """
        made, games = checked(document, self.games, self._debug)
        problems = [
            ("", field, f"it must be {expected!r}: a site keeps its name and its platform")
            for field, expected, found in (("id", site, made.id), ("platform", platform, made.platform))
            if expected != found
        ]
        if made.platform not in self.platforms:
            problems.append(("", "platform", unknown("platform", made.platform, self.platforms)))
        elif made.platform not in self.social:
            problems += antisocial(made)  # the servers' own check also has settings that are not here
        problems += unpaid(made, [made.operator])  # which operators there are is in the servers' settings
        problems += _moved_meters(made, before or {})
        if not self._debug:
            problems += _wrong_rtps(made, games)
        if problems:
            raise BadResource(problems)
        return Checked(dict(document), made, games)


def _is_social(point: EntryPoint) -> bool:
    """Of one that can't be loaded here nothing is known: the servers say it."""
    try:
        return bool(getattr(point.load(), "social", False))
    except Exception:  # somebody else's code
        log.warning("platform_not_loaded", platform=point.name, exc_info=True)
        return True


def _moved_meters(site: Site, before: Mapping[str, Any]) -> Iterator[Problem]:
    """A jackpot that has collected money keeps its unit, and its ceiling is only raised (certification 4)."""
    try:
        old = {jackpot.id: jackpot for jackpot in Site.model_validate_json(orjson.dumps(before)).jackpots}
    except ValidationError:
        return
    for place, jackpot in enumerate(site.jackpots):
        was = old.get(jackpot.id)
        if was is None:
            continue
        if jackpot.storage_multiplier != was.storage_multiplier:
            yield "", f"jackpots.{place}.storage_multiplier", f"it stays {was.storage_multiplier} while the jackpot runs"
        elif jackpot.max < was.max:
            yield "", f"jackpots.{place}.max", f"the ceiling can only be raised; it is {was.max}"
        if jackpot.denomination != was.denomination:
            yield "", f"jackpots.{place}.denomination", f"it stays {was.denomination} while the jackpot runs"


def _wrong_rtps(site: Site, games: Mapping[str, Game]) -> Iterator[Problem]:
    for place, offer in enumerate(site.games):
        if offer.settings:
            yield from (("", f"games.{place}.settings", reason) for _, reason in wrong_rtp(games[offer.id]))
