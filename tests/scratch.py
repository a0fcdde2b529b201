"""Where tests write: in memory, where there is room. A disk takes milliseconds for each fsync, and a run has thousands of them.
What a killed process leaves is the same there: no test takes the power away."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # bytes; a run needs a tenth of it
_NAME = "wb-tests-"  # short, as paths of sockets have to be


class Scratch:
    """A plugin for the process that starts a run. What is written is gone after a run that went well, or with the next one."""

    def __init__(self) -> None:
        self._folder = MEMORY / f"{_NAME}{os.getpid()}"
        for left in MEMORY.glob(f"{_NAME}*"):
            if not Path("/proc", left.name.removeprefix(_NAME)).exists():
                shutil.rmtree(left, ignore_errors=True)
        self._folder.mkdir(mode=0o711)  # PostgreSQL may run as somebody else
        self._before = os.environ.get("TMPDIR")
        self._passed = False
        self._point(str(self._folder))

    def _point(self, folder: str | None) -> None:
        """For this process and all that it starts."""
        os.environ.pop("TMPDIR", None)
        if folder is not None:
            os.environ["TMPDIR"] = folder
        tempfile.tempdir = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            self._passed = True

    def pytest_unconfigure(self) -> None:
        self._point(self._before)
        if self._passed:
            shutil.rmtree(self._folder, ignore_errors=True)


def scratch() -> Scratch | None:
    """Where there is room."""
    with suppress(OSError):
        if shutil.disk_usage(MEMORY).free >= ROOM and os.access(MEMORY, os.W_OK):
            return Scratch()
    return None
