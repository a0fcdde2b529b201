"""Which platforms there are: ours and third parties' alike come in by the entry point group "webingo.platforms"."""

from importlib.metadata import entry_points

from webingo.config import Settings
from webingo.platforms.platform import Platform
from webingo.support.clock import Clock


def platforms(settings: Settings, clock: Clock) -> dict[str, Platform]:
    """One of each, by name. An entry point that can't be loaded, or is named unlike its platform, stops the start."""
    found: dict[str, Platform] = {}
    for point in entry_points(group="webingo.platforms"):
        platform: Platform = point.load()(settings, clock)
        if platform.name != point.name:
            raise ValueError(f"the entry point {point.name!r} leads to a platform that calls itself {platform.name!r}")
        found[point.name] = platform
    return found
