"""Which platforms there are: ours and third parties' alike come in by the entry point group "webingo.platforms"."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from webingo.config import Settings
from webingo.errors import BadResource
from webingo.platforms.platform import Platform
from webingo.problems import Problem, unknown
from webingo.resources.site import Site
from webingo.support.clock import Clock


def platforms(settings: Settings, clock: Clock) -> dict[str, Platform]:
    """One of each, by name. BadResource for an entry point that can't be loaded or built, or is named unlike its platform."""
    found: dict[str, Platform] = {}
    for point in entry_points(group="webingo.platforms"):
        try:
            platform: Platform = point.load()(settings, clock)
        except BadResource:
            raise
        except Exception as error:  # somebody else's code: whatever it is, it stops the start with its name
            raise BadResource([("entry point", point.name, f"{type(error).__name__}: {error}")]) from error
        if platform.name != point.name:
            raise BadResource([("entry point", point.name, f"its platform calls itself {platform.name!r}")])
        found[point.name] = platform
    return found


def homeless(sites: Mapping[str, Site], known: Mapping[str, Platform]) -> list[Problem]:
    """Sites, by id, whose platform there is not."""
    return [
        (f"local_sites/{site.id}.json", "platform", unknown("platform", site.platform, known))
        for site in sites.values()
        if site.platform not in known
    ]
