"""Which engines there are: ours and third parties' alike come in by the entry point group "webingo.engines"."""

from functools import cache
from importlib.metadata import entry_points

from webingo.engines.engine import Engine


@cache
def engines() -> dict[str, type[Engine]]:
    """Engine classes by the name that manifests use. An entry point that can't be loaded stops the start."""
    return {point.name: point.load() for point in entry_points(group="webingo.engines")}
