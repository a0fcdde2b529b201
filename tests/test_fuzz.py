"""Junk at the door: tens of thousands of frames that make no sense, beside a player who wants to play in peace."""

import asyncio
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from structlog.testing import capture_logs
from tornado.ioloop import IOLoop

from tests import junk
from tests.conftest import settings
from tests.junk import SID, Frame
from tests.player import DEMO, Player
from tests.wsclient import BINARY, TEXT, masked
from webingo.server.app import Server
from webingo.support.metrics import REGISTRY
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import User

FRAMES, BATCH, FUZZERS = 50_000, 204, 2
RICH = 10_000_000
EXPECTED = {
    "BAD_MESSAGE", "UNKNOWN_GAME", "NO_GAME", "STALE", "ACTION_NOT_ALLOWED", "BAD_PARAMS", "LIMIT", "NOT_FINISHABLE",
    "UNKNOWN_COMPONENT", "READ_ONLY",
}  # fmt: skip


@pytest.fixture
def server(io_loop: IOLoop) -> Iterator[Server]:
    """One that bears any number of bad messages; the settings themselves allow a thousand a minute."""
    server = Server(settings().model_copy(update={"max_bad_messages": 10**9, "message_rate": 1e9, "message_burst": 10**9}))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    Player.abort_all()
    io_loop.run_sync(server.stop)


class Fuzzer:
    """Sends junk in batches. `asked` counts the bets that were valid, by the state that they were made on."""

    def __init__(self, port: int, uid: str) -> None:
        self.port, self.uid = port, uid
        self.player: Player
        self.codes: Counter[str] = Counter()
        self.asked: defaultdict[str, int] = defaultdict(int)
        self.probes = 0

    async def log_in(self) -> None:
        self.player = await Player.log_in(self.port, self.uid)

    async def send(self, frames: list[Frame]) -> None:
        """The batch in one write; then a valid message, which must be answered like any other."""
        player = self.player
        if "gamestate" not in player.state:
            await player.load()
        sid, wire = player.sid, bytearray()
        for text, payload in frames:
            sent = payload.replace(SID.encode(), sid.encode())
            self.asked[sid] += asks_for_a_wager(sent)
            wire += quickly_masked(TEXT if text and is_utf8(sent) else BINARY, sent)
        self.probes += 1
        wire += masked(TEXT, b'{"t":"userdata","set":{},"re":"probe-%d"}' % self.probes)
        player.client.send_raw(bytes(wire))
        before = len(player.errors)
        while (await player.next()).get("re") != f"probe-{self.probes}" or player.state.get("re") != f"probe-{self.probes}":
            pass
        self.codes.update(error["code"] for error in player.errors[before:])
        player.errors.clear()


def quickly_masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame under a mask of zeros, which changes nothing."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def asks_for_a_wager(frame: bytes) -> bool:
    """Whether a frame is a valid bet or extra ball, judged without any code of the server."""
    try:
        found = json.loads(frame.decode())
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or not found.keys() <= {"t", "action", "params", "sid", "re"} or found.get("t") != "action":
        return False
    params = found.get("params", {})
    if found.get("action") == "extra":
        return bool(params == {})
    return (
        found.get("action") == "bet"
        and isinstance(params, dict)
        and params.keys() == {"amount"}
        and type(params["amount"]) is int
    )


async def in_peace(server: Server, done: asyncio.Event) -> int:
    """A player who plays all the while and is never disturbed. Answers how many rounds it was."""
    player, rounds = await Player.log_in(server.port, "witness"), 0
    await player.load()
    while not done.is_set():
        if player.credits < 4:
            player.errors.clear()
            await server.store.post(Posting(f"more{rounds}", _wallet("witness"), "gift", 1000, "", 1))
            await player.next_state()
        before = player.credits
        await player.bet()
        assert player.credits == before - 4
        won = player.game["data"]["total_winnings"]
        await player.end()
        assert player.credits == before - 4 + won
        rounds += 1
        await asyncio.sleep(0)
    assert player.errors == []
    await player.leave()
    return rounds


def _wallet(uid: str) -> WalletId:
    return WalletId(User("demo", uid), "credit")


async def credits_moved_as_asked(server: Server, fuzzer: Fuzzer) -> int:
    """Every wager in the ledger was asked for by a valid message on its very state, none twice. Answers their number."""
    user = User("demo", fuzzer.uid)
    entries = [entry async for entry in server.store.entries(user.shard) if entry.wallet == str(_wallet(fuzzer.uid))]
    bases: set[str] = set()
    for entry in entries:
        if entry.kind == "wager":
            base = entry.id.partition(":")[0]
            assert fuzzer.asked[base] > 0, f"nobody asked for {entry}"
            assert base not in bases
            bases.add(base)
            assert 0 < -entry.amount <= 400
        else:
            assert entry.kind in ("gift", "grant", "win", "end")
    assert sum(entry.amount for entry in entries) == (await server.store.funds(_wallet(fuzzer.uid))).balance
    return len(bases)


def unexpected_errors() -> float:
    return REGISTRY.get_sample_value("webingo_unexpected_errors_total") or 0.0


def serious(logged: list[Any], caplog: pytest.LogCaptureFixture) -> list[Any]:
    found: list[Any] = [event for event in logged if event["log_level"] in ("warning", "error", "critical")]
    return found + [record.getMessage() for record in caplog.records]


async def fuzzers_for(server: Server) -> list[Fuzzer]:
    fuzzers = [Fuzzer(server.port, f"fuzzer{number}") for number in range(FUZZERS)]
    for fuzzer in fuzzers:
        await fuzzer.log_in()
        await server.store.post(Posting("rich", _wallet(fuzzer.uid), "gift", RICH, "", 1))
        await fuzzer.player.next_state()
    return fuzzers


def test_fifty_thousand_junk_frames_disturb_nobody(server: Server, io_loop: IOLoop, caplog: pytest.LogCaptureFixture) -> None:
    fuzzers, done, errors = io_loop.run_sync(lambda: fuzzers_for(server)), asyncio.Event(), unexpected_errors()
    sent = 0

    @hypothesis(
        max_examples=FRAMES // BATCH + 1, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(junk.batches(BATCH))
    def junk_is_answered(batch: list[Frame]) -> None:
        nonlocal sent
        sent += len(batch)
        io_loop.run_sync(lambda: fuzzers[sent // BATCH % FUZZERS].send(batch))

    with capture_logs() as logged, caplog.at_level(logging.WARNING):
        witness = io_loop.asyncio_loop.create_task(in_peace(server, done))
        junk_is_answered()
        done.set()
        rounds = io_loop.run_sync(lambda: asyncio.wait_for(witness, 10))
        wagers = [io_loop.run_sync(lambda fuzzer=fuzzer: credits_moved_as_asked(server, fuzzer)) for fuzzer in fuzzers]
    codes = sum((fuzzer.codes for fuzzer in fuzzers), Counter[str]())
    print(f"{sent} frames, {dict(codes)}, {sum(wagers)} wagers, {rounds} rounds in peace")
    assert sent >= FRAMES
    assert serious(logged, caplog) == []
    assert unexpected_errors() == errors
    # A bet within the rules and beyond the limits is rare in it, and may be missing.
    assert EXPECTED - {"LIMIT"} <= codes.keys() <= EXPECTED, "the junk reaches every door inside, and finds it closed"
    assert min(wagers) > 0 and rounds > 100
    audit = io_loop.run_sync(lambda: reconcile(server.store))
    assert audit.findings == []


def test_each_field_of_each_message_with_each_nasty_value(
    server: Server, io_loop: IOLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def all_of_them() -> None:
        (fuzzer, *_), done, errors = await fuzzers_for(server), asyncio.Event(), unexpected_errors()
        witness = asyncio.create_task(in_peace(server, done))
        frames = [(True, frame) for frame in junk.every_field_replaced()]
        for first in range(0, len(frames), 20):
            await fuzzer.send(frames[first : first + 20])
        done.set()
        assert await witness > 10
        assert unexpected_errors() == errors
        assert set(fuzzer.codes) <= EXPECTED
        await credits_moved_as_asked(server, fuzzer)

    with capture_logs() as logged, caplog.at_level(logging.WARNING):
        io_loop.run_sync(all_of_them)
    assert serious(logged, caplog) == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (masked(TEXT, b'{"t":"gamefinish"}'.ljust(64 * 1024 + 1)), 1009),
        (masked(BINARY, b"\xff" * (64 * 1024 + 1)), 1009),
        (masked(TEXT, b'{"t":"gamefinish","re":"\xff"}'), 1007),
        (masked(TEXT, b'"\xed\xa0\x80"'), 1007),
    ],
)
async def test_what_is_no_message_at_all_ends_its_own_connection_only(server: Server, frame: bytes, code: int) -> None:
    player, other = await Player.log_in(server.port), await Player.log_in(server.port, "other")
    await player.load()
    await player.bet()
    player.client.send_raw(frame)
    assert await player.closed() == code
    again = await Player.log_in(server.port)
    assert again.game == player.game
    await other.load()


async def test_the_largest_frame_that_is_allowed_is_a_message_like_others(server: Server) -> None:
    player = await Player.log_in(server.port)
    player.client.send_text(b'{"t":"gameload","gameid":"joker-bingo"}'.ljust(64 * 1024))
    assert "gamestate" in await player.next_state()


async def test_junk_instead_of_a_login_lets_nobody_in(server: Server) -> None:
    errors = unexpected_errors()
    for frame in junk.every_field_replaced():
        if b'"auth":' not in frame or b'"witness"' in frame:
            continue
        player = await Player.connect(server.port)
        player.client.send_text(frame)
        message = await player.next()
        if message["t"] == "state":  # in debug any name will do
            uid = json.loads(frame)["auth"]["uid"]
            assert isinstance(uid, str) and uid.isascii() and uid.isprintable() and " " not in uid
        else:
            assert message["code"] in ("BAD_MESSAGE", "AUTH_FAILED", "NOT_AUTHENTICATED"), frame
        player.client.abort()
    assert unexpected_errors() == errors
    player = await Player.connect(server.port)
    player.client.send_binary(json.dumps({"auth": {"uid": "ana"}, **DEMO}).encode())
    await player.next_state()
