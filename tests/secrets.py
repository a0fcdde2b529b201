"""What tests keep secret, and all that is logged while they run: neither may be found in the other.

`secret(value, "token")` tells of a value that no log may ever show, and is that value: whoever makes a token, a key, a
password or an e-mail address for a test says so where it is made. What this process logs is written down by `Ear`, and what
its servers and commands log is named by `overheard`. At the end of a session `Watch` looks for the ones in the others.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

import numpy as np
import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict, Processor

from tests.digest import Troubles
from webingo.support.log import formatter, written

LEAST = 8  # characters: what is shorter is found by chance
_BITS, _SPREAD = 20, np.uint64(0x9E3779B97F4A7C15)  # of a table that tells what may be a beginning; Knuth's hash for it
_WRITTEN = written(console=False)

_known: dict[str, str] = {}
_files: dict[Path, None] = {}
_sayings: list[tuple[str, str]] = []


class Leak(NamedTuple):
    """`where` is a log's file, or the test that was running; `kind` of what stands there. Never the secret itself."""

    where: str
    kind: str

    def __str__(self) -> str:
        return f"{self.where}: this must not be in a log: {self.kind}"


def secret(value: str, kind: str = "secret") -> str:
    """The value, which no log may show from now on, nor before."""
    if len(value) < LEAST:
        raise ValueError(f"a {kind} of {len(value)} characters can't be told from other text")
    _known.setdefault(value, kind)
    return value


def overheard(log: Path | str, who: str = "") -> None:
    """What another process logs: to a file, which is read at the end, or (text) what it said already."""
    if isinstance(log, Path):
        _files[log] = None
    elif log:
        _sayings.append((who, log))


class Ear:
    """Writes down what this process logs, as a server would write it: by structlog at all levels, by others from WARNING on.

    It hears that also while a test captures it (structlog's capture_logs, caplog).
    """

    def __init__(self) -> None:
        self._heard = bytearray()
        self._tests: list[tuple[int, str]] = []
        self._processors: list[Processor] = []

    def start(self) -> None:
        ear, capture, line = self, LogCapture.__call__, formatter(console=False)

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                ear._hear(line.format(record))

        def captured(capturing: LogCapture, logger: Any, method: str, event: EventDict) -> Any:
            self._tell(logger, method, {**structlog.contextvars.get_contextvars(), **event})
            return capture(capturing, logger, method, event)

        logging.getLogger().addHandler(Handler(logging.WARNING))
        LogCapture.__call__ = captured  # type: ignore[method-assign]
        self._processors = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, self._tell]
        self.listen()

    def listen(self) -> None:
        """Once more, where a test has set up the log of a whole program."""
        if structlog.get_config()["processors"] is not self._processors:
            structlog.reset_defaults()
            structlog.configure(processors=self._processors)

    def said(self) -> Iterator[tuple[str, bytes]]:
        """What was logged in each test, in order."""
        ends = [*(start for start, _ in self._tests[1:]), len(self._heard)]
        for (start, test), end in zip(self._tests, ends, strict=False):
            yield test, bytes(self._heard[start:end])

    def _tell(self, logger: Any, method: str, event: EventDict) -> str:
        told: Any = dict(event)
        for step in _WRITTEN:
            told = step(logger, method, told)
        self._hear(told)
        return str(told)

    def _hear(self, line: str) -> None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "between tests").partition(" (")[0]
        if not self._tests or self._tests[-1][1] != test:
            self._tests.append((len(self._heard), test))
        self._heard += line.encode("utf-8", "backslashreplace") + b"\n"


def leaks(ear: Ear) -> list[Leak]:
    """All that this process knows of by now, each secret once for each place."""
    forms = {form: kind for value, kind in _known.items() for form in _forms(value)}
    texts: list[tuple[str, bytes]] = [*ear.said(), *((who, text.encode()) for who, text in _sayings)]
    texts += [(str(file), file.read_bytes()) for file in _files]
    return sorted({Leak(where, kind) for where, kind in found(texts, forms)})


def _forms(value: str) -> set[bytes]:
    """As it may stand in a line: by itself, within a JSON string, within an address."""
    forms = (value, json.dumps(value)[1:-1], quote(value), quote_plus(value))
    return {form.encode("utf-8", "backslashreplace") for form in forms}


def found(texts: Iterable[tuple[str, bytes]], forms: Mapping[bytes, str]) -> Iterator[tuple[str, str]]:
    """Which of the forms stand in which of the texts: (the text's name, what the form stands for).

    Looks at the first 8 bytes of them all at once, as thousands of forms by themselves would take minutes.
    """
    beginnings: dict[bytes, list[bytes]] = {}
    for form in forms:
        beginnings.setdefault(form[:LEAST], []).append(form)
    marked = np.zeros(1 << _BITS, bool)
    marked[_places(np.frombuffer(b"".join(beginnings), "<u8"))] = True
    for name, text in texts:
        for shift in range(min(LEAST, len(text) - LEAST + 1)):
            words = np.frombuffer(text, "<u8", (len(text) - shift) // LEAST, shift)
            for word in np.flatnonzero(marked[_places(words)]).tolist():
                at = word * LEAST + shift
                for form in beginnings.get(text[at : at + LEAST], ()):
                    if text.startswith(form, at):
                        yield name, forms[form]


def _places(words: Any) -> Any:
    return (words * _SPREAD) >> np.uint64(64 - _BITS)


class Watch:
    """A plugin that fails a run in whose logs a secret stands."""

    def __init__(self, digest: Troubles | None) -> None:
        self.leaks: list[str] = []
        self._digest = digest
        self._ear = Ear()
        self._ear.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self._ear.listen()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.leaks += map(str, leaks(self._ear))
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["leaks"] = self.leaks
            return
        if self.leaks and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._digest is not None:
            for leak in self.leaks:
                self._digest.note("log", leak)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.leaks += getattr(node, "workeroutput", {}).get("leaks", [])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.leaks:
            terminalreporter.section("secrets in logs", red=True)
            for leak in self.leaks:
                terminalreporter.write_line(leak)
