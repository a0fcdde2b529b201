"""Which platforms there are: ours and third parties' alike come in by the entry point group "webingo.platforms"."""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points

import structlog

from webingo.config import Settings
from webingo.errors import BadResource
from webingo.platforms.platform import Platform
from webingo.problems import Problem, unknown
from webingo.resources.site import Site
from webingo.support.clock import Clock

log = structlog.get_logger("webingo.platforms")

# A platform's pages stand below its name, and these stand there already.
TAKEN = frozenset({"session", "slot-ide", "game", "games", "static", "healthz", "readyz", "metrics", "rng", "rgs", "docs"})

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # as a site names its platform


def platforms(settings: Settings, clock: Clock) -> dict[str, Platform]:
    """One of each, by name. BadResource for an entry point that can't be loaded or built, or is named unlike its platform."""
    found: dict[str, Platform] = {}
    for point in entry_points(group="webingo.platforms"):
        if point.name in TAKEN or not _NAME.fullmatch(point.name):
            raise BadResource([("entry point", point.name, "no platform can be called that")])
        try:
            platform = point.load()(settings, clock)
        except BadResource:
            raise
        except Exception as error:  # somebody else's code: whatever it is, it stops the start with its name
            raise BadResource([("entry point", point.name, f"{type(error).__name__}: {error}")]) from error
        if not isinstance(platform, Platform):
            raise BadResource([("entry point", point.name, "it does not build a webingo.platforms.platform.Platform")])
        if platform.name != point.name:
            raise BadResource([("entry point", point.name, f"its platform calls itself {platform.name!r}")])
        found[point.name] = platform
    return found


def unfit(site: Site, known: Mapping[str, Platform], operators: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with a site in the eyes of its platform and of who keeps its money, or that there is none of them; without
    the file. `operators` are those of the settings."""
    platform = known.get(site.platform)
    if platform is None:
        return [("", "platform", unknown("platform", site.platform, known)), *unpaid(site, operators)]
    try:
        found = [(str(file), str(field), str(reason)) for file, field, reason in platform.problems(site)]
        return [*found, *unpaid(site, operators)]
    except Exception as error:  # somebody else's code: a site that it can't judge is not served
        log.exception("platform_failed", platform=platform.name, site=site.id)
        return [("", "platform", f"it can't check the site: {type(error).__name__}")]


def unpaid(site: Site, operators: Iterable[str]) -> list[Problem]:
    """What is wrong with who keeps the site's money: what an operator keeps, nobody else can give."""
    if not site.operator:
        return []
    known = list(operators)
    problems = [] if site.operator in known else [("", "operator", unknown("operator", site.operator, known))]
    given = {
        "initial_credits": bool(site.initial_credits),
        "social": site.social is not None,
        "products": bool(site.products),
    }
    reason = "a site whose money an operator keeps can't have this"
    return problems + [("", field, reason) for field, there in given.items() if there]


def misplaced(sites: Iterable[Site], known: Mapping[str, Platform], operators: Iterable[str] = ()) -> list[Problem]:
    """The same of all sites that are files."""
    names = list(operators)
    return [(f"local_sites/{site.id}.json", field, reason) for site in sites for _, field, reason in unfit(site, known, names)]
