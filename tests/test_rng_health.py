"""Where the system's random bytes are broken it is found, and nothing more is drawn in this process, behind any door."""

import json
import logging
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from tornado.httpclient import AsyncHTTPClient
from tornado.ioloop import IOLoop

import webingo.rng
from tests.broken_rng import Breakable, Circle, biased, missing, missing_on_this_system, stuck, uneven
from tests.conftest import settings
from tests.player import Player
from tests.slot_ide import Client, resources, session_of
from tests.test_promises import new_uid
from webingo import entropy
from webingo.entropy import MARK, SAME_IN_A_ROW, SAME_IN_A_WINDOW, WINDOW, Seen, examined, tests_work
from webingo.errors import Code
from webingo.rng import SOURCE, RngFailed, SystemRng, fresh_id
from webingo.server.app import Server
from webingo.support.metrics import REGISTRY
from webingo.transaction.memory_store import MemoryStore

FAULTS = [stuck, biased, uneven, Circle(4096), Circle(10_000), missing, missing_on_this_system]
DRAWS: list[Callable[[SystemRng], object]] = [
    lambda rng: rng.below(2),
    lambda rng: rng.below(1000),
    lambda rng: rng.below(10**12),
    lambda rng: rng.below(10**40),
    lambda rng: rng.distribution(5, 9),
    lambda rng: rng.weighted([("a", 1), ("b", 1)]),
    lambda rng: rng.shuffle([1, 2, 3]),
    lambda rng: rng.sample(range(60), 30),
    lambda rng: rng.sample(range(1000), 30),
    lambda rng: fresh_id(),
]


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Breakable:
    return Breakable(monkeypatch)


def looked_at(blocks: list[bytes]) -> list[str]:
    """What is found in each, one after the other; before each comes a mark of its own."""
    seen, found = Seen(), []
    for block in blocks:
        wrong, seen = examined(os.urandom(MARK) + block, seen)
        found.append(wrong.partition(":")[0])
    return found


# -- the tests of a block ---------------------------------------------------------------------------------------------


def test_the_cutoffs_are_those_of_the_standard() -> None:
    """SP 800-90B 4.4 with 8 bits of entropy a byte, and one false alarm in 2^64."""
    assert SAME_IN_A_ROW == 1 + 64 // 8
    assert 1 + next(x for x in range(WINDOW) if binom.sf(x, WINDOW, 1 / 256) <= 2**-64) == SAME_IN_A_WINDOW
    assert 2 * math.exp(-entropy._SPREAD / 2) <= 2**-64  # Hoeffding's bound


def test_good_bytes_raise_no_alarm() -> None:
    assert set(looked_at([os.urandom(4096) for _ in range(2000)])) == {""}
    assert tests_work()


RUNS = st.lists(st.tuples(st.integers(1, 12), st.binary(min_size=1, max_size=1)), max_size=60)


@given(RUNS, st.integers(1, 4000), st.booleans())
def test_nine_in_a_row_are_found_wherever_they_are_and_no_fewer(
    runs: list[tuple[int, bytes]], start: int, two_blocks: bool
) -> None:
    """Against an oracle that counts."""
    planted = b"".join(value * times for times, value in runs)
    whole = bytearray(os.urandom(8192 if two_blocks else 4096))
    whole[start : start + len(planted)] = planted
    stream = bytes(whole[: len(whole) // 4096 * 4096])
    longest = max(len(list(same)) for _, same in groupby(stream))
    found = looked_at([stream[at : at + 4096] for at in range(0, len(stream), 4096)])
    assert ("repetition count" in found) == (longest >= 9)


@pytest.mark.parametrize("split", range(1, 9))
def test_nine_in_a_row_are_found_over_the_border_of_two_blocks(split: int) -> None:
    head = os.urandom(4095 - split) + b"\x01" + b"\x07" * split
    assert looked_at([head, b"\x07" * (9 - split) + b"\x01" + os.urandom(4086 + split)]) == ["", "repetition count"]
    assert looked_at([head, b"\x07" * (8 - split) + b"\x01" + os.urandom(4087 + split)]) == ["", ""]


def test_a_value_too_often_in_a_window_is_found() -> None:
    for window in range(8):
        block = bytearray(value if value != 42 else 43 for value in os.urandom(4096))
        start = window * WINDOW
        block[start : start + 20 * 25 : 20] = b"\x2a" * 25
        assert looked_at([bytes(block)]) == [""]
        block[start + 510] = 42
        assert looked_at([bytes(block)]) == ["adaptive proportion"]


@pytest.mark.parametrize(
    ("period", "read_before"),
    [
        *((period, 0) for period in (16, 700, 4096, 4112, 5000, 4112 * 3, 100_000, 1_000_000)),
        *((period, 5000) for period in (4112 * 3, 100_000)),
    ],
)
def test_a_circle_is_found_soon(period: int, read_before: int) -> None:
    circle, seen = Circle(period), Seen()
    for _ in range(read_before):
        seen = examined(os.urandom(MARK) + os.urandom(WINDOW), seen)[1]
    blocks = 0
    wrong = ""
    while not wrong:
        wrong, seen = examined(circle(MARK + 4096), seen)
        blocks += 1
        assert blocks < 2 * 4096 + 4 * period / 4096, "it goes round and round"
    assert wrong.startswith("repeated block") or period < 4096


@pytest.mark.parametrize(
    "fault",
    [
        lambda block: bytes(value & 0x7F for value in block),
        lambda block: bytes(value | 0x01 for value in block),
        lambda block: bytes(0 if place % 4 == 3 else value for place, value in enumerate(block)),
        lambda block: bytes(value if other & 7 else 0x55 for value, other in zip(block, os.urandom(4096), strict=True)),
    ],
)
def test_bytes_that_lean_to_one_side_are_found(fault: Callable[[bytes], bytes]) -> None:
    found = looked_at([fault(os.urandom(4096)) for _ in range(20)])
    assert {"balance of bits", "balance of neighbours", "adaptive proportion"} & set(found)


def test_neighbours_that_depend_on_each_other_are_found() -> None:
    """Each bit alone is fair."""
    block = bytearray(os.urandom(4096))
    for place in range(3, 4096, 3):
        block[place] = block[place - 3] ^ (os.urandom(1)[0] & os.urandom(1)[0] & 0xFF)
    assert looked_at([bytes(block)]) == ["balance of neighbours"]


# -- the generator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("draw", DRAWS)
def test_every_draw_fails_where_the_source_is_broken(
    source: Breakable, fault: Callable[[int], bytes], draw: Callable[[SystemRng], object]
) -> None:
    rng = SystemRng()
    draw(rng)
    source.breaks(fault)
    with pytest.raises(RngFailed, match=r"failed its health tests \(.+\); play is stopped") as failed:
        for _ in range(100_000):
            draw(rng)
    assert failed.value.code is Code.UNAVAILABLE


def test_a_failure_is_for_good_and_nothing_that_was_read_before_is_dealt(source: Breakable) -> None:
    full, empty = SystemRng(), SystemRng()
    for draw in DRAWS:
        draw(full)
    source.breaks(stuck, forget=False)
    for draw in DRAWS:
        draw(full)  # from buffers that have passed
    with pytest.raises(RngFailed):
        empty.below(2)
    source.recovers()
    for rng in (full, empty, SystemRng()):
        for draw in DRAWS:
            with pytest.raises(RngFailed):
                draw(rng)


def test_a_failure_is_logged_once(source: Breakable, caplog: pytest.LogCaptureFixture) -> None:
    source.breaks(stuck)
    for _ in range(3):
        with pytest.raises(RngFailed):
            SystemRng().below(6)
    told = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert [record.name for record in told] == ["webingo.rng"]
    assert "repetition count" in told[0].getMessage()


def test_the_start_finds_a_broken_source_and_broken_tests(source: Breakable, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counting(size: int) -> bytes:
        nonlocal read
        read += size
        return os.urandom(size)

    monkeypatch.setattr(SOURCE, "_started", False)
    source.breaks(counting)
    SOURCE.start()
    assert read >= 64 * 4096
    monkeypatch.setattr(SOURCE, "_started", False)
    monkeypatch.setattr(webingo.rng, "tests_work", lambda: False)
    with pytest.raises(RngFailed, match="don't find"):
        SOURCE.start()
    with pytest.raises(RngFailed, match="don't find"):
        SystemRng().below(2)


def test_a_test_that_finds_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for test in ("_repetition_count", "_adaptive_proportion", "_repeated", "_balance"):
        with monkeypatch.context() as patched:
            patched.setattr(entropy, test, lambda *_: "")
            assert not tests_work()


def test_a_server_does_not_start_without_entropy(tmp_path: Path) -> None:
    code = (
        "import os, webingo.rng\n"
        "os.urandom = lambda size: bytes(size)\n"
        "import sys; sys.argv = ['webingo', 'serve', '--http-port', '0']\n"
        "from webingo.cli import app; app()\n"
    )
    environment = {**os.environ, "WEBINGO_REDIS_URL": "memory:", "WEBINGO_DEBUG": "true", "WEBINGO_SECRET": "x" * 40}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 1
    assert "The random number generator has failed its health tests (repetition count" in done.stderr


# -- the doors --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resources(tmp_path_factory.mktemp("rng"), Path(__file__).parent.parent / "res")


@pytest.fixture
def server(io_loop: IOLoop, res: Path) -> Iterator[Server]:
    server = Server(settings(res_dir=res))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    Player.abort_all()
    io_loop.run_sync(server.stop)


async def readiness(server: Server) -> tuple[int, dict[str, Any]]:
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{server.port}/readyz", raise_error=False)
    return answer.code, json.loads(answer.body)


@pytest.mark.parametrize("fault", [stuck, biased, Circle(4096), missing])
async def test_every_door_refuses_play_and_says_why(server: Server, source: Breakable, fault: Callable[[int], bytes]) -> None:
    playing = await Player.log_in(server.port, new_uid())
    await playing.load()
    await playing.bet()
    slots = Client(server.port, await session_of(server.port, new_uid()))
    await slots("config")
    begun = Client(server.port, await session_of(server.port, new_uid()))
    assert await readiness(server) == (200, {"ready": True, "reasons": []})
    assert REGISTRY.get_sample_value("webingo_rng_failed") == 0

    source.breaks(fault)
    if isinstance(fault, Circle):
        SOURCE.block()  # once round
    credits = playing.credits
    playing.act(playing.game["actions"][0])
    message = await playing.next()
    assert (message["t"], message["code"]) == ("error", "UNAVAILABLE")
    assert "random number generator has failed" in message["message"]
    assert await playing.closed() is not None
    assert playing.credits == credits

    newcomer = await Player.connect(server.port)
    newcomer.send(auth={"uid": "late", "token": ""}, platform="demo", site="demo")
    refused = await newcomer.next()
    assert (refused["t"], refused["code"]) == ("error", "UNAVAILABLE")
    assert "random number generator has failed" in refused["message"]

    login = json.dumps({"auth": {"uid": "late", "token": ""}, "platform": "demo", "site": "demo"})
    http = AsyncHTTPClient()
    kept = await http.fetch(f"http://127.0.0.1:{server.port}/session", method="POST", body=login, raise_error=False)
    assert kept.code == 503
    assert json.loads(kept.body)["error"]["code"] == "UNAVAILABLE"

    for client in (slots, begun):
        answer = await client.raw("POST", body='[{"action":"bet","context":[10,1]},{"action":"play"}]')
        assert b"random number generator has failed" in answer.body

    code, document = await readiness(server)
    assert code == 503
    assert "random number generator has failed" in document["reasons"][0]
    assert REGISTRY.get_sample_value("webingo_rng_failed") == 1


def test_the_page_states_the_cutoffs_that_are_in_force() -> None:
    page = (Path(__file__).parent.parent / "docs" / "rng.md").read_text()
    assert SAME_IN_A_ROW == 9
    for stated in (
        "a byte nine times in a row",
        f"the first byte of a window {SAME_IN_A_WINDOW} times in it",
        f"windows of {WINDOW} ",
        f"blocks of {webingo.rng._BLOCK} bytes",
        f"{webingo.rng._FIRST_BLOCKS} blocks are read, tested and thrown away",
        f"up to {entropy._LONGEST * webingo.rng._BLOCK >> 20} MiB",
    ):
        assert stated in " ".join(page.split()), stated
