"""Programs that tests need and that Debian has: installed where that is allowed."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def program(name: str, package: str) -> str | None:
    """The path of a program; its package is installed first where it is missing and we may. None where it can't be had."""
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with Path(tempfile.gettempdir(), "webingo-tests-apt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several workers may want something at once
            if shutil.which(name) is None:
                for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
                    quiet = subprocess.DEVNULL
                    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                    subprocess.run(["apt-get", *command], check=False, stdout=quiet, stderr=quiet, env=environment)
    return shutil.which(name)
