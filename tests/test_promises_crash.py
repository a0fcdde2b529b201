"""Killing the server or Redis at any instant loses nothing that a player saw (promises 2, 3, 6, 9 and 10)."""

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson
import pytest

from tests import servers
from tests.conftest import open_store
from tests.player import Player
from tests.processes import ServerProcess, kill_embedded, run
from webingo.resources.game import Game
from webingo.resources.local import LocalResources
from webingo.session.proof import header_of, prove
from webingo.transaction.reconcile import reconcile
from webingo.transaction.transaction import Entry
from webingo.user import SHARDS, User

LIMIT_S = 240


class Database(Protocol):
    url: str

    def kill_and_restart(self) -> None: ...


class KillableRedis:
    def __init__(self, server: servers.RealRedis) -> None:
        self.url = server.url
        self._server = server

    def kill_and_restart(self) -> None:
        self._server.kill()
        self._server.start()


class KillableEmbedded:
    """The server's own redis-server: it is only killed; starting it again is the server's business."""

    def __init__(self, folder: Path) -> None:
        self.url = f"embedded:{folder}"
        self._folder = folder

    def kill_and_restart(self) -> None:
        kill_embedded(self._folder)


@dataclass
class Witness:
    """A player who plays on whatever happens, and remembers all that was shown. `under_way` is the state that an
    unanswered action was made on."""

    uid: str
    port: int
    rounds: int = 0
    seen: dict[str, int] = field(default_factory=dict)  # state id -> credits that were shown with it
    steps: list[tuple[str, str]] = field(default_factory=list)  # (state, next state) of acknowledged wagers
    under_way: str = ""
    reconnects: int = -1
    last: dict[str, Any] = field(default_factory=dict)

    async def play(self, rounds: int) -> None:
        while self.rounds < rounds:
            try:
                await self._sit_and_play(rounds)
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(0.1)

    async def _sit_and_play(self, rounds: int) -> None:
        player = await Player.log_in(self.port, self.uid)
        self.reconnects += 1
        try:
            self._compare(player)
            if "gamestate" not in player.state:
                await player.load()
            self._saw(player)
            while self.rounds < rounds:
                await self._act(player)
        finally:
            player.client.abort()

    def _compare(self, player: Player) -> None:
        """What is there after a crash is what was shown last, or what the unanswered action made of it."""
        if not self.last:
            return
        assert "gamestate" in player.state, "the game that was shown is gone"
        if player.sid == self.last["gamestate"]["id"]:
            assert player.game == self.last["gamestate"]
            assert player.state["wallet"] == self.last["wallet"]
        else:
            assert self.under_way == self.last["gamestate"]["id"], "a state that nobody asked for"
            assert player.sid not in self.seen

    async def _act(self, player: Player) -> None:
        game = player.game
        action = "extra" if "extra" in game["actions"] and self.rounds % 2 else "end" if "end" in game["actions"] else "bet"
        if action == "end" and self.rounds % 3 == 0:
            action = "bet"  # ends the round and begins another in one transaction
        self.under_way = player.sid
        player.act(action, {"amount": 4} if action == "bet" else {}, re=player.sid)
        transitions = 2 if action == "bet" and game["name"] == "game" else 1
        for _ in range(transitions):
            while (message := await player.next()).get("re") != self.under_way and message["t"] == "state":
                pass
            if message["t"] == "error":
                if message["code"] == "INSUFFICIENT_FUNDS":
                    self.rounds += 1
                assert message["code"] in ("INSUFFICIENT_FUNDS", "UNAVAILABLE"), message
                await player.next_state()
                return
        if action != "end":
            self.steps.append((self.under_way, player.sid))
        self.under_way = ""
        self._saw(player)
        if action in ("bet", "end"):
            self.rounds += 1

    def _saw(self, player: Player) -> None:
        self.last = player.state
        self.seen[player.sid] = player.credits


async def kill_at_random(
    server: ServerProcess,
    database: Database,
    witnesses: list[Witness],
    playing: "asyncio.Future[Any]",
    moments: list[float],
) -> None:
    """Kills server and database in turn, each time when so many rounds have been played by all together."""
    loop = asyncio.get_running_loop()
    for number, moment in enumerate(sorted(moments)):
        while sum(witness.rounds for witness in witnesses) < moment and not playing.done():
            await asyncio.sleep(random.uniform(0, 0.02))
        if number % 2:
            await loop.run_in_executor(None, database.kill_and_restart)
        else:
            server.kill()
            await loop.run_in_executor(None, server.start)


@pytest.mark.timeout(seconds=LIMIT_S + 60)
async def test_random_kills_of_server_and_redis_lose_nothing(tmp_path: Path) -> None:
    with servers.real_redis(tmp_path / "redis") as server:
        await play_through_kills(KillableRedis(server), tmp_path, players=200, rounds=12, kills=8)


async def test_random_kills_of_server_and_its_embedded_redis_lose_nothing(tmp_path: Path) -> None:
    await play_through_kills(KillableEmbedded(tmp_path / "redis"), tmp_path, players=50, rounds=12, kills=6)


@pytest.mark.soak
async def test_kills_in_fifty_rounds_of_each_lose_nothing(tmp_path: Path) -> None:
    with servers.real_redis(tmp_path / "redis") as server:
        await play_through_kills(KillableRedis(server), tmp_path, players=200, rounds=50, kills=10)


@pytest.mark.soak
@pytest.mark.timeout(seconds=2400)
async def test_many_kills_in_long_play_lose_nothing(tmp_path: Path) -> None:
    with servers.real_redis(tmp_path / "redis") as server:
        await play_through_kills(KillableRedis(server), tmp_path, players=200, rounds=300, kills=60, limit_s=1800)


async def play_through_kills(
    database: Database, tmp_path: Path, players: int, rounds: int, kills: int, limit_s: float = LIMIT_S
) -> None:
    server = ServerProcess(tmp_path / "server.log", redis_url=database.url)
    server.start()
    try:
        witnesses = [Witness(f"player{n}", server.port) for n in range(players)]
        began = time.monotonic()
        everybody = asyncio.gather(*(witness.play(rounds) for witness in witnesses))
        playing = asyncio.ensure_future(asyncio.wait_for(everybody, limit_s))
        moments = [random.uniform(0.02, 0.95) * players * rounds for _ in range(kills)]
        await kill_at_random(server, database, witnesses, playing, moments)
        await playing
        print(f"{kills} kills, {sum(w.reconnects for w in witnesses)} reconnects, {time.monotonic() - began:.0f} s")
        assert sum(witness.reconnects for witness in witnesses) > players
        assert b"Traceback" not in server.log.read_bytes()
        assert await _check_all(database.url, witnesses) >= players * rounds * 0.4
        await _resumed(server, witnesses)
        listed = run("reconcile", redis_url=database.url)
        assert listed.returncode == 0, listed.stdout + listed.stderr
    finally:
        server.stop()


async def _check_all(url: str, witnesses: list[Witness]) -> int:
    """The ledger adds up, holds every wager that was acknowledged, and every round can be proved. Answers how many."""
    store = await open_store(url)
    try:
        audit = await reconcile(store)
        assert audit.findings == []
        entries = [entry for shard in range(SHARDS) async for entry in store.entries(shard)]
        by_round: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_round[entry.round].append(entry)
        wagers = {entry.id.partition(":")[0] for entry in entries if entry.kind == "wager"}
        for witness in witnesses:
            assert all(base in wagers for base, _ in witness.steps)
        resources = LocalResources(Path("res"), debug=True)
        rounds = 0
        built: dict[bytes, Game] = {}
        for witness in witnesses:
            for round_id in await store.history(User("demo", witness.uid), 0, 1000):
                record = await store.round(round_id)
                assert record is not None
                settings = header_of(record)["settings"]
                key = orjson.dumps(settings)
                game = built.setdefault(key, built.get(key) or resources.games["joker-bingo"].recorded(settings))
                proof = prove(record, game)
                assert proof.holds, (round_id, proof)
                _money_is_the_ledgers(proof.wagered, proof.won, by_round[round_id])
                rounds += 1
        return rounds
    finally:
        await store.aclose()


def _money_is_the_ledgers(wagered: int, won: int, entries: list[Entry]) -> None:
    assert sum(-entry.amount for entry in entries if entry.kind == "wager") == wagered
    assert sum(entry.amount for entry in entries if entry.kind == "win") == won


async def _resumed(server: ServerProcess, witnesses: list[Witness]) -> None:
    """Every player finds the last state again, on a server that was started anew."""
    server.kill()
    server.start()
    for witness in witnesses:
        player = await Player.log_in(server.port, witness.uid)
        assert orjson.dumps(player.game) == orjson.dumps(witness.last["gamestate"])
        assert player.state["wallet"] == witness.last["wallet"]
        player.client.abort()
