"""What the suite promises about itself: no secret in any log goes by unseen, and what failed is told whatever happens."""

import ast
import gc
import logging
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from tests import conftest
from tests.digest import Digest, Troubles, no_collecting
from tests.secrets import Ear, Leak, Watch, found, leaks, overheard, secret

SAID = {b"an-unlikely-token": "token", b"ana@mail.example": "e-mail", b"an-unlikely-tokenring": "ring"}


class Planted:
    """A run of its own with three secrets, which the run around it knows nothing of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        for name, empty in (("_known", {}), ("_files", {}), ("_sayings", [])):
            monkeypatch.setattr(f"tests.secrets.{name}", empty)
        monkeypatch.setattr("structlog.testing.LogCapture.__call__", structlog.testing.LogCapture.__call__)
        self.file = tmp_path / "server.log"
        self.token, self.mail = secret("planted/token?for+all", "token"), secret("ana@planted.example", "e-mail")
        self.ear = Ear()

    def leaks(self) -> list[Leak]:
        return leaks(self.ear)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    before = structlog.get_config()["processors"], logging.getLogger().handlers[:]
    yield Planted(monkeypatch, tmp_path)
    structlog.configure(processors=before[0])
    logging.getLogger().handlers[:] = before[1]


@pytest.mark.parametrize("before", range(9))
def test_a_secret_is_found_wherever_it_begins_and_to_its_last_byte(before: int) -> None:
    text = b"x" * before + b"an-unlikely-token"
    assert list(found([("here", text), ("there", b"an-unlikely-toke"), ("", b"")], SAID)) == [("here", "token")]
    assert set(found([("", text + b"ring, to ana@mail.example")], SAID)) == {("", "token"), ("", "ring"), ("", "e-mail")}


def test_nothing_is_found_in_what_only_looks_alike() -> None:
    assert list(found([("", b"an-unlikely tokens ana@mail.exampl" * 1000)], SAID)) == []
    assert list(found([("", b"anything")], {})) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda token: structlog.get_logger().debug("here", seat={"uid": "x", "where": [f"/?given={token}"]}),
        lambda token: structlog.get_logger("some").warning(f"half \ud800 and {token}"),
        lambda token: logging.getLogger("tornado.access").warning("404 GET /%s", token),
        lambda token: raising(ValueError(token)),
    ],
)
def test_a_planted_leak_in_what_this_process_logs_is_found(planted: Planted, plant: Any, request: Any) -> None:
    planted.ear.start()
    plant("innocent")
    assert planted.leaks() == []
    plant(planted.token)
    with capture_logs():
        structlog.get_logger().info("hello", to=planted.mail)
    found = planted.leaks()
    assert [(leak.where.partition("[")[0], leak.kind) for leak in found] == [
        (request.node.nodeid.partition("[")[0], kind) for kind in ("e-mail", "token")
    ]
    assert planted.token not in str(found) and planted.mail not in str(found)


def raising(error: Exception) -> None:
    try:
        raise error
    except type(error):
        structlog.get_logger().exception("broken")


def test_what_the_log_takes_out_by_itself_is_no_leak(planted: Planted) -> None:
    planted.ear.start()
    structlog.get_logger().info("login", token=planted.token, userinfo={"password": planted.mail})
    assert planted.leaks() == []


def test_a_planted_leak_in_the_log_of_another_process_is_found_in_any_spelling(planted: Planted) -> None:
    planted.file.write_text("GET /?token=planted%2Ftoken%3Ffor%2Ball 200\n")
    overheard(planted.file)
    overheard(f"webingo: {planted.mail} is no uid", "webingo block")
    assert planted.leaks() == [Leak(str(planted.file), "token"), Leak("webingo block", "e-mail")]


def test_a_run_with_a_leak_fails_and_says_where(planted: Planted) -> None:
    watch, said, digest = Watch(None), list[str](), Digest(planted.file.with_name("digest"))
    worker = SimpleNamespace(exitstatus=pytest.ExitCode.OK, config=SimpleNamespace(workeroutput={}))
    watch.pytest_sessionfinish(worker)  # type: ignore[arg-type]
    assert (worker.exitstatus, worker.config.workeroutput) == (0, {"leaks": []})
    planted.file.write_text(planted.mail)
    overheard(planted.file)
    watch.pytest_sessionfinish(worker)  # type: ignore[arg-type]
    run, around = Watch(digest), SimpleNamespace(exitstatus=pytest.ExitCode.OK, config=SimpleNamespace())
    run.pytest_testnodedown(worker.config)
    run._ear = Ear()
    planted.file.write_text("nothing")
    run.pytest_sessionfinish(around)  # type: ignore[arg-type]
    assert around.exitstatus == pytest.ExitCode.TESTS_FAILED
    run.pytest_terminal_summary(SimpleNamespace(section=lambda *_, **__: None, write_line=said.append))
    assert digest.file.read_text() == f"log: {said[0]}\n"
    assert said == [f"{planted.file}: this must not be in a log: e-mail"]


def test_what_is_too_short_to_be_found_is_no_secret() -> None:
    with pytest.raises(ValueError, match="7 characters"):
        secret("seven77")


class Parses:
    """Garbage that parses when it is collected, as tracebacks of tasks that were left behind do."""

    def __init__(self) -> None:
        self.myself = self

    def __del__(self) -> None:
        ast.parse("a + b")


def test_the_report_of_a_failure_is_safe_from_garbage_that_tests_leave_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    hook = conftest.pytest_runtest_makereport(None)  # type: ignore[arg-type]
    thresholds = gc.get_threshold()
    gc.set_threshold(5, 1, 1)
    try:
        next(hook)
        for _ in range(20):
            Parses()
            ast.parse("x = 1\n" * 300)  # CPython 3.11: SystemError where the collector runs within it
        with pytest.raises(StopIteration):
            hook.send(SimpleNamespace(skipped=False))  # type: ignore[arg-type]
        assert gc.isenabled()
    finally:
        gc.set_threshold(*thresholds)
    with pytest.raises(ZeroDivisionError), no_collecting():
        assert not gc.isenabled()
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_what_failed_is_told_in_a_line_each(tmp_path: Any) -> None:
    digest = Digest(tmp_path / "digest")
    crash = SimpleNamespace(message="assert 1 == 2\n  +1\n  -2")
    for outcome, when, why in (("passed", "call", None), ("failed", "call", crash), ("failed", "setup", None)):
        report: Any = SimpleNamespace(nodeid="tests/test_a.py::test_b", when=when, failed=outcome == "failed")
        report.longrepr = SimpleNamespace(reprcrash=crash) if why else "many lines\nand the last one\n"
        digest.pytest_runtest_logreport(report)
    digest.pytest_collectreport(SimpleNamespace(failed=True, nodeid="tests/test_c.py", longrepr="E  x\n" + "y" * 500))  # type: ignore[arg-type]
    digest.pytest_testnodedown(SimpleNamespace(gateway=SimpleNamespace(id="gw1")), "Not properly terminated")
    Troubles(tmp_path / "digest").pytest_internalerror("INTERNALERROR> Traceback\nINTERNALERROR> SystemError: AST\n")
    first, second, third, fourth, fifth = (tmp_path / "digest").read_text().splitlines()
    assert first == "tests/test_a.py::test_b: assert 1 == 2"
    assert second == "tests/test_a.py::test_b (setup): and the last one"
    assert third.startswith("tests/test_c.py: yyy") and len(third) == 200
    assert fourth == "worker gw1: Not properly terminated"
    assert fifth.startswith("INTERNALERROR in tests/test_suite.py::") and fifth.endswith("SystemError: AST")
