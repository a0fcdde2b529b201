"""Servers, their consumers, the backoffice and Redis are killed while people play: the backoffice's books are the ledger,
and every jackpot is what was put in, what was fed, and what was paid (promises 2, 3 and 6)."""

import asyncio
import json
import random
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.conftest import open_store
from tests.player import Player
from tests.processes import KEY, ROOT, Backoffice, ServerProcess, run
from webingo.jackpot.jackpots import shelf_beside
from webingo.jackpot.meter import Meter, Win
from webingo.resources.jackpots import MILLION, fed
from webingo.transaction.transaction import Entry
from webingo.user import SHARDS

GAME = "quick-bingo"

# A card is full within twelve balls once in 55: with four cards a round in fourteen wins the first jackpot.
MANIFEST = {
    "id": GAME,
    "engine": "bingo",
    "title": "Quick Bingo",
    "version": "1.0.0",
    "rtp": 0.747126,
    "max_win": 15,
    "volatility": "low",
    "settings": {"bets": [1], "max_stake": 4, "jackpot": "jp_full"},
    "math": {
        "pool": 30,
        "draw": 15,
        "cards": 4,
        "rows": 2,
        "columns": 2,
        "jackpot_within": 12,
        "patterns": [{"name": "full", "title": "Full", "pay": 15, "rows": ["xx", "xx"]}],
    },
}
_JACKPOT = {"denomination": "CRE", "games": [GAME]}
JACKPOTS: list[dict[str, Any]] = [
    {"id": "jp_full", "min": 2_000, "max": 3_000, "contribution": "0.013", "reserve": "0.007003", **_JACKPOT},
    {
        "id": "jp_mystery",
        "min": 1_000,
        "max": 20_000,
        "contribution": "0.021",
        "reserve": "0.000001",
        "trigger": {"by": "mystery", "before": 20_000},
        **_JACKPOT,
    },
]
SITE = {
    "id": "books",
    "platform": "demo",
    "denomination": "credit",
    "initial_credits": 1_000,
    "games": [{"id": GAME}],
    "jackpots": JACKPOTS,
}


@dataclass
class Gambler:
    """Plays on whatever happens, on any of the servers; `wagered` are the states on which a bet was acknowledged."""

    uid: str
    ports: list[int]
    wagered: set[str]
    rounds: int = 0

    async def play(self, rounds: int) -> None:
        while self.rounds < rounds:
            player = None
            with suppress(OSError, EOFError, TimeoutError, AssertionError):
                player = await Player.log_in(random.choice(self.ports), self.uid, site="books")
                while self.rounds < rounds:
                    await self._bet(player)
            if player is not None:
                player.client.abort()
            await asyncio.sleep(random.uniform(0.05, 0.2))

    async def _bet(self, player: Player) -> None:
        if "gamestate" not in player.state:
            await player.load(GAME)
        base, name = player.sid, player.game["name"]
        player.act("bet", {"amount": 4}, re=base)
        for _ in range(1 if name == "idle" else 2):
            # Winnings of jackpots are pushed in between, without a reference.
            while (message := await player.next()).get("re") != base and message["t"] != "error":
                pass
            if message["t"] == "error":
                assert message["code"] in ("STALE", "INSUFFICIENT_FUNDS"), message
                await player.next_state()
                self.rounds += message["code"] == "INSUFFICIENT_FUNDS"
                return
        self.wagered.add(base)
        self.rounds += 1


@dataclass
class Books:
    """What is in Redis when all is quiet."""

    entries: list[Entry]
    meters: dict[str, tuple[Meter, list[Win], list[Win]]]


@contextmanager
def everything(folder: Path, processes: int) -> Iterator[tuple[servers.RealRedis, Backoffice, list[ServerProcess]]]:
    """A redis-server, a backoffice, and as many servers as wanted that share both."""
    res = folder / "res"
    shutil.copytree(ROOT / "res" / "templates", res / "templates")
    game, sites = res / "games" / GAME, res / "local_sites"
    game.mkdir(parents=True)
    sites.mkdir()
    (game / "manifest.json").write_text(json.dumps(MANIFEST))
    (sites / "books.json").write_text(json.dumps(SITE))
    office = Backoffice(folder, res_dir=res)
    with servers.real_redis(folder / "redis") as redis:
        common = {"redis_url": redis.url, "rgs_base": office.url, "rgs_key": KEY, "res_dir": res}
        nodes = [ServerProcess(folder / f"server{n}.log", **common) for n in range(processes)]
        try:
            office.start()
            for node in nodes:
                node.start()
            yield redis, office, nodes
        finally:
            for node in nodes:
                node.stop()
            office.end()


async def play_through_kills(folder: Path, processes: int, players: int, rounds: int, kills: int, limit_s: float) -> None:
    with everything(folder, processes) as (redis, office, nodes):
        gamblers = [Gambler(f"player{n}", [node.port for node in nodes], set()) for n in range(players)]
        began = time.monotonic()
        playing = asyncio.gather(*(gambler.play(rounds) for gambler in gamblers))
        limited = asyncio.ensure_future(asyncio.wait_for(playing, limit_s))
        await kill_at_random(redis, office, nodes, limited, kills)
        await limited
        played_s = time.monotonic() - began
        waited_s = await all_is_consumed(redis.url, began, limit_s)
        books = await read_books(redis.url)
        closed = sum(entry.closes for entry in books.entries)
        print(f"{closed} rounds, {kills} kills, {played_s:.0f} s of play, all consumed {waited_s:.1f} s after it")
        same_entries(books, office)
        acknowledged = set[str]().union(*(gambler.wagered for gambler in gamblers))
        assert acknowledged <= {entry.id.partition(":")[0] for entry in books.entries if entry.kind == "wager"}
        jackpots_add_up(books)
        same_rounds(books, office)
        for log in [node.log for node in nodes]:
            assert b"Traceback" not in log.read_bytes(), log.read_text()[-4000:]
        audit = run("reconcile", redis_url=redis.url, check=False)
        assert audit.returncode == 0, audit.stdout + audit.stderr


async def kill_at_random(
    redis: servers.RealRedis,
    office: Backoffice,
    nodes: list[ServerProcess],
    playing: "asyncio.Future[Any]",
    kills: int,
) -> None:
    """Mostly servers, and now and then the backoffice or Redis."""
    loop = asyncio.get_running_loop()
    victims: list[Callable[[], None]] = [_killer(node) for node in nodes]
    victims += [office.kill_and_restart, lambda: (redis.kill(), redis.start(), None)[-1]]
    for number in range(kills):
        await asyncio.sleep(random.uniform(0.2, 1.5))
        if playing.done():
            break
        await loop.run_in_executor(None, victims[number % len(victims)])


def _killer(node: ServerProcess) -> Callable[[], None]:
    def kill_and_restart() -> None:
        node.kill()
        node.start()

    return kill_and_restart


async def all_is_consumed(url: str, began: float, limit_s: float) -> float:
    """Waits until nobody has anything left to read; answers for how long."""
    store = await open_store(url)
    shelf, start = shelf_beside(store), time.monotonic()
    try:
        assert set(await store.groups()) >= {"accounting", "jackpots"}
        while time.monotonic() - start < limit_s:
            lags = [(await store.standing(group, shard)).lag for group in await store.groups() for shard in range(SHARDS)]
            if not any(lags) and not any([await shelf.owed(meter) for meter in await shelf.meters()]):
                return time.monotonic() - start
            await asyncio.sleep(0.25)
    finally:
        await store.aclose()
    raise AssertionError(f"the ledger is not consumed: {sum(lags)} entries wait")


async def read_books(url: str) -> Books:
    store = await open_store(url)
    try:
        entries = [entry for shard in range(SHARDS) async for entry in store.entries(shard)]
        shelf = shelf_beside(store)
        meters = {
            meter.jackpot: (await shelf.read(meter), await shelf.wins(meter), await shelf.owed(meter))
            for meter in await shelf.meters()
        }
        return Books(entries, meters)
    finally:
        await store.aclose()


def same_entries(books: Books, office: Backoffice) -> None:
    """Entry by entry, each once, and each player's in their order."""
    wallet = "platform || ':' || denom || ':' || uid"
    columns = f"entry, {wallet}, seq, kind, amount, balance, round, game, site, at, note, fed, closes"
    stored = {row[0]: tuple(row) for row in office.rows(f"select {columns} from ledger order by id")}
    sent = {
        entry.id: (
            *(entry.id, entry.wallet, entry.seq, entry.kind, entry.amount, entry.balance),
            *(entry.round, entry.game, entry.site, entry.at_ms, entry.note, entry.fed, int(entry.closes)),
        )
        for entry in books.entries
    }
    assert stored == sent
    assert office.rows("select count(*) from ledger") == [(len(books.entries),)]
    last: dict[str, int] = defaultdict(int)
    for whose, seq in office.rows(f"select {wallet}, seq from ledger order by id"):
        assert seq == last[whose] + 1, (whose, seq)
        last[whose] = seq


def same_rounds(books: Books, office: Backoffice) -> None:
    """What the backoffice says of rounds and games is what their entries add up to; every closed one has its record."""
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for entry in books.entries:
        if entry.round:
            place = {"wager": 0, "win": 1, "jackpot": 2}.get(entry.kind)
            if place is not None:
                expected[entry.round][place] += abs(entry.amount)
            expected[entry.round][3] += entry.closes
    found = {row[0]: list(row[1:]) for row in office.rows("select id, wagered, won, jackpot, ended_at is not null from rounds")}
    assert found == expected
    closed = {round_id for round_id, sums in expected.items() if sums[3]}
    assert {row[0] for row in office.rows("select round from round_records")} == closed
    totals = office.rows("select sum(rounds), sum(wagered), sum(won) from game_totals")
    sums = [expected[round_id] for round_id in closed]
    assert totals == [(len(closed), sum(each[0] for each in sums), sum(each[1] for each in sums))]


def jackpots_add_up(books: Books) -> None:
    """Each meter is its seeds, the contributions of every wager and the payouts, exactly; every trigger was paid once."""
    contributed: Counter[str] = Counter()
    for entry in books.entries:
        for jackpot, amount in fed(entry.fed):
            contributed[jackpot] += amount
        assert bool(entry.fed) == (entry.kind == "wager")
    paid = [entry for entry in books.entries if entry.kind == "jackpot"]
    for jackpot, (meter, wins, owed) in books.meters.items():
        assert owed == []
        assert meter.contributed == contributed[jackpot]
        assert meter.unexplained == 0
        assert meter.paid == sum(win.amount for win in wins) * MILLION
        got = Counter((entry.id.partition("post:")[2], entry.wallet, entry.round, entry.amount) for entry in paid)
        for win in wins:
            posting = f"jackpot:{win.claim}"
            key = (f"{len(posting)}:{posting}:{win.wallet}", win.wallet, win.round, win.amount)
            assert got[key] == 1, (win, key)
    assert sum(entry.amount for entry in paid) == sum(win.amount for _, wins, _ in books.meters.values() for win in wins)
    triggers = [f"{entry.round}:{entry.note}" for entry in books.entries if entry.kind == "trigger"]
    _, wins, _ = books.meters["jp_full"]
    assert sorted(triggers) == sorted(win.claim for win in wins)
    assert len(triggers) > 0 and len(books.meters["jp_mystery"][1]) > 0


@pytest.mark.timeout(seconds=200)
async def test_books_and_jackpots_are_the_ledger_whatever_is_killed(tmp_path: Path) -> None:
    await play_through_kills(tmp_path, processes=2, players=40, rounds=40, kills=6, limit_s=120)


@pytest.mark.soak
@pytest.mark.timeout(seconds=2400)
async def test_books_and_jackpots_are_the_ledger_after_a_hundred_thousand_rounds(tmp_path: Path) -> None:
    await play_through_kills(tmp_path, processes=4, players=200, rounds=500, kills=120, limit_s=1800)
