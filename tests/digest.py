"""What failed, in a line for each, as it happens: to a file that outlives whatever becomes of the run.

`.ci/run` names the file in $TESTS_DIGEST and prints it at its very end, where those who see only that find it.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_WIDTH = 200  # characters of a line


class Troubles:
    """A plugin for workers: they send their reports to the controller, but can't always say that they have died."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def note(self, who: str, reason: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{who}: {' '.join(reason.split())}"[:_WIDTH].rstrip() + "\n")

    def pytest_internalerror(self, excrepr: Any) -> None:
        during = os.environ.get("PYTEST_CURRENT_TEST", "the run")
        self.note(f"INTERNALERROR in {during}", _last(str(excrepr)))


class Digest(Troubles):
    """A plugin for the process that all reports come to."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            when = "" if report.when == "call" else f" ({report.when})"
            self.note(f"{report.nodeid}{when}", _reason(report.longrepr))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.note(report.nodeid, _reason(report.longrepr))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        if error:
            self.note(f"worker {node.gateway.id}", str(error))


def _reason(told: Any) -> str:
    """The line that says it, of what pytest made of an exception."""
    crash = getattr(told, "reprcrash", None)
    return str(crash.message).strip().partition("\n")[0] if crash is not None else _last(str(told))


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


def digest(worker: bool) -> Troubles | None:
    """Where one is asked for."""
    file = os.environ.get("TESTS_DIGEST")
    return (Troubles if worker else Digest)(Path(file)) if file else None


@contextmanager
def no_collecting() -> Iterator[None]:
    """Keeps the garbage collector still.

    CPython 3.11 fails a parse during which the collector runs Python code ("AST constructor recursion depth mismatch"), and
    pytest parses where a test failed: its report of a failed test that left tasks behind could take the whole worker along.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
