"""Killing real servers that play with an operator's money, over real HTTP, with an operator whose answers get lost: in the end
its books are our ledger, and every player finds what was shown, or what the unanswered action made of it.
"""

import asyncio
import json
import random
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.conftest import open_store
from tests.jackpot_consumer import OneSite
from tests.jackpots import all_paid
from tests.operators import drained
from tests.player import Player
from tests.processes import ServerProcess, run
from tests.secrets import secret
from tests.servers import RealRedis
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.kit.fake import HttpFake
from webingo.adapters.kit.troubles import DONE, UNDONE, Trouble
from webingo.adapters.means import Means
from webingo.adapters.registry import build
from webingo.jackpot.jackpots import Jackpots
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.support.clock import ManualClock, SystemClock
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.user import SHARDS
from webingo.wallet.backend import Backend
from webingo.wallet.wallets import Wallets

SITE = {"platform": "operator", "site": "acme"}
MYSTERY = {
    "id": "jp_often", "denomination": "USD", "min": 1000, "max": 20_000, "contribution": "0.4", "reserve": "0.1",
    "trigger": {"by": "mystery", "before": 15_000},
}  # fmt: skip
ACME = {
    "id": "acme", "platform": "operator", "operator": "acme", "denomination": "USD", "games": [{"id": "joker-bingo"}],
    "jackpots": [MYSTERY],
}  # fmt: skip
BEGAN_WITH = 100_000
LIMIT_S = 90


def resources(folder: Path) -> Path:
    """A site of the operator's with bingo, and with a mystery that is won every few rounds."""
    res = folder / "res"
    shipped = Path(__file__).parent.parent / "res"
    shutil.copytree(shipped / "games" / "joker-bingo", res / "games" / "joker-bingo")
    shutil.copytree(shipped / "templates", res / "templates")
    (res / "local_sites").mkdir()
    (res / "local_sites" / "acme.json").write_text(json.dumps(ACME))
    return res


class Guest:
    """Plays on whatever happens. `seen` are the states that were shown; `asked` is the state that an unanswered action was made
    on."""

    def __init__(self, uid: str, token: str, port: int) -> None:
        self.uid, self.token, self.port = uid, token, port
        self.rounds = self.comings = 0
        self.seen: dict[str, Any] = {}
        self.last = self.asked = ""

    async def play(self, rounds: int) -> None:
        while self.rounds < rounds:
            with suppress(OSError, EOFError, TimeoutError, AssertionError):
                await self._sit(rounds)
            await asyncio.sleep(0.05)

    async def _sit(self, rounds: int) -> None:
        player = await Player.log_in(self.port, self.uid, self.token, **SITE)
        self.comings += 1
        try:
            if "gamestate" not in player.state:
                await player.load()
            self.compare(player)
            while self.rounds < rounds:
                await self._act(player)
        finally:
            player.client.abort()

    def compare(self, player: Player) -> None:
        """What is there after a crash is what was shown last, or what the unanswered action made of it."""
        if self.last and player.sid != self.last and self.asked != self.last:
            self.seen["wrong"] = f"{player.sid} after {self.last}"
        elif player.sid == self.last and player.game != self.seen[self.last]:
            self.seen["wrong"] = f"{self.last} is another one"
        self._saw(player)

    def _saw(self, player: Player) -> None:
        self.last, self.seen[player.sid] = player.sid, player.game

    async def _act(self, player: Player) -> None:
        game = player.game
        action = "extra" if "extra" in game["actions"] and self.rounds % 2 else "end" if "end" in game["actions"] else "bet"
        if action == "end" and self.rounds % 3 == 0:
            action = "bet"  # ends the round and begins another in one transaction
        self.asked = player.sid
        player.act(action, {"amount": 4} if action == "bet" else {}, re=player.sid)
        for _ in range(2 if action == "bet" and game["name"] == "game" else 1):
            while (message := await player.next()).get("re") != self.asked and message["t"] == "state":
                pass
            if message["t"] == "error":
                await player.next_state()
                break
        self._saw(player)
        self.asked = ""
        self.rounds += action in ("bet", "end")


async def killed_at_random(server: ServerProcess, guests: list[Guest], playing: "asyncio.Future[Any]", kills: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(kills):
        before = sum(guest.rounds for guest in guests)
        while sum(guest.rounds for guest in guests) < before + random.randint(3, 12) and not playing.done():
            await asyncio.sleep(random.uniform(0, 0.02))
        server.kill()
        await loop.run_in_executor(None, server.start)


async def settled(url: str, fake: HttpFake) -> Store:
    """Jackpots are fed and paid; then all that is owed is delivered, by a process whose clock is far ahead."""
    store = await open_store(url)
    site = Site.model_validate(ACME)
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.start([site])
    await all_paid(store, jackpots.shelf, site)
    await jackpots.stop()
    clock = ManualClock(SystemClock().now_ms() + 120_000)
    rng = SystemRng()
    adapter = build(Hub88Adapter, "acme", fake.options(), Means(clock, rng, store, {"USD": 100}, True))
    await adapter.start()
    wallets = Wallets(store, {"acme": Backend(adapter, clock)}, clock, rng)
    await drained(wallets.deliverer, store, clock)
    await adapter.aclose()
    return store


async def same_books(store: Store, fake: HttpFake, guests: list[Guest]) -> int:
    """Round by round. Answers how many wagers there were."""
    ours: Counter[tuple[str, str]] = Counter()
    for shard in range(SHARDS):
        async for entry in store.entries(shard):
            ours[entry.round, entry.kind] += abs(entry.amount)
        async for wallet, funds in store.wallets(shard):
            assert funds.balance == 0, f"money of {wallet} is in transit"
    theirs: Counter[tuple[str, str]] = Counter()
    for booked in fake.books.entries.values():
        if booked.kind == "escrow" and booked.id not in fake.books.returned:
            theirs[booked.round, "escrow"] += booked.amount
        elif booked.kind == "result":
            theirs[booked.round, "payout"] += booked.amount
    for round_id in {round_id for round_id, _ in (*ours, *theirs)}:
        assert ours[round_id, "escrow"] == theirs[round_id, "escrow"] == ours[round_id, "wager"], round_id
        won = ours[round_id, "win"] + ours[round_id, "jackpot"]
        assert ours[round_id, "payout"] == theirs[round_id, "payout"] == won, round_id
    assert any(amount for (_, kind), amount in ours.items() if kind == "jackpot"), "no jackpot was won"
    escrows = sum(amount for (_, kind), amount in theirs.items() if kind == "escrow")
    payouts = sum(amount for (_, kind), amount in theirs.items() if kind == "payout")
    assert sum([await fake.balance(guest.uid) for guest in guests]) == len(guests) * BEGAN_WITH - escrows + payouts
    assert (await reconcile(store)).findings == []
    return escrows


async def play_through_kills(
    tmp_path: Path, redis: RealRedis, players: int, rounds: int, kills: int, *troubles: Trouble
) -> None:
    fake = Hub88Adapter.fake()(tmp_path)  # type: ignore[misc]
    assert isinstance(fake, HttpFake)
    await fake.start()
    operators = {"acme": {"adapter": "hub88", "options": fake.options()}}
    settings = {"operators": json.dumps(operators), "res_dir": resources(tmp_path)}
    server = ServerProcess(tmp_path / "server.log", redis_url=redis.url, **settings)
    await asyncio.get_running_loop().run_in_executor(None, server.start)
    try:
        guests = [Guest(f"p{n}", secret(fake.token(f"p{n}"), "operator's token"), server.port) for n in range(players)]
        for guest in guests:
            await fake.player(guest.uid, guest.token, BEGAN_WITH)
        fake.plan.chance(15 if troubles else 0, *troubles)
        playing = asyncio.ensure_future(asyncio.wait_for(asyncio.gather(*(guest.play(rounds) for guest in guests)), LIMIT_S))
        await killed_at_random(server, guests, playing, kills)
        await playing
        fake.plan.clear()
        server.kill()
        store = await settled(redis.url, fake)
        assert await same_books(store, fake, guests) > players * rounds
        await store.aclose()
        assert [guest.seen["wrong"] for guest in guests if "wrong" in guest.seen] == []
        assert sum(guest.comings for guest in guests) > players, "nobody noticed a kill"
        log = server.log.read_bytes()
        assert b"Traceback" not in log and b"token-of-" not in log
        listed = run("reconcile", redis_url=redis.url)
        assert listed.returncode == 0, listed.stdout + listed.stderr
    finally:
        server.stop()
        Player.abort_all()
        await fake.stop()


@pytest.mark.timeout(seconds=LIMIT_S + 60)
@pytest.mark.parametrize("troubles", [(), (*DONE, *UNDONE)], ids=["answers", "troubles"])
async def test_kills_of_servers_leave_the_operators_books_and_ours_the_same(
    tmp_path: Path, troubles: tuple[Trouble, ...]
) -> None:
    with servers.real_redis(tmp_path / "redis") as redis:
        await play_through_kills(tmp_path, redis, 6, 6, 3, *troubles)


@pytest.mark.soak
@pytest.mark.timeout(seconds=600)
async def test_many_kills_with_every_trouble(tmp_path: Path) -> None:
    with servers.real_redis(tmp_path / "redis") as redis:
        await play_through_kills(tmp_path, redis, 20, 20, 20, *DONE, *UNDONE, Trouble.LATE, Trouble.TWICE)
