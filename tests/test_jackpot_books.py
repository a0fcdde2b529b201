"""The meters' books against the ledger's: on each of the stores, and while the processes that feed and pay are killed."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests import servers
from tests.conftest import emptied, open_store
from tests.forked import Forked
from tests.jackpot_consumer import OneSite
from tests.jackpots import all_paid, claim
from tests.test_store_contract import Player, new_seat
from webingo.engines.engine import Move
from webingo.jackpot.awards import Awards
from webingo.jackpot.books import Books
from webingo.jackpot.jackpots import Jackpots, shelf_beside
from webingo.jackpot.meter import Change, MeterId
from webingo.jackpot.meters import Meters
from webingo.jackpot.reconcile import reconcile_meters
from webingo.resources.jackpots import MILLION, fed, feeds
from webingo.resources.site import Site
from webingo.rng import SystemRng, fresh_id
from webingo.session.prizes import Won
from webingo.support.clock import SystemClock
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Part, Posting, fresh_sharded_id
from webingo.user import SHARDS

CHANCE = random.Random(1)


@pytest.fixture
def store(store: Store, io_loop: IOLoop) -> Store:
    """Without the meters of other tests, and with a ledger from which nothing was trimmed."""
    return io_loop.run_sync(lambda: emptied(store))


def new_site() -> Site:
    common = {"denomination": "CRE", "max": 60_000}
    return Site.model_validate(
        {
            "id": f"s-{fresh_id()}",
            "platform": "demo",
            "denomination": "credit",
            "games": [{"id": "tiny"}],
            "jackpots": [
                {"id": "jp_game", "min": 5_000, "contribution": "0.010007", "reserve": "0.003", **common},
                {
                    "id": "jp_mystery", "min": 1_000, "contribution": "0.033333",
                    "trigger": {"by": "mystery", "before": 20_000}, **common,
                },
            ],
        }
    )  # fmt: skip


async def play(player: Player, site: Site, amount: int, wins: bool) -> Won | None:
    """A round of one wager; what it tells where it wins the jackpot of its game."""
    feeding = feeds(site, "tiny")
    assert feeding is not None
    player.round = fresh_sharded_id(player.seat.user)
    part = Part(
        player.round, b"{}", b"{}", (Move("wager", amount),), header=b"{}", closes=True,
        fed=feeding.of(amount), triggers=("jp_game",) if wins else (),
    )  # fmt: skip
    transaction = player.tx((part,))
    await player.commit(transaction)
    return Won(player.seat, transaction.wallet, player.round, "tiny", "jp_game") if wins else None


async def seated(store: Store, site: Site, count: int) -> list[Player]:
    players = [await Player.sit(store, new_seat(site.id), grant=100_000) for _ in range(count)]
    for player in players:
        await player.load()
    return players


async def check_books(store: Store, site: Site, triggers: int) -> None:
    """The site's meters against the sums that the ledger itself gives, counted here once more."""
    shelf, contributed, posted = shelf_beside(store), Counter[str](), Counter[str]()
    for shard in range(SHARDS):
        async for entry in store.entries(shard):
            if entry.site == site.id:
                for jackpot, amount in fed(entry.fed):
                    contributed[jackpot] += amount
                if entry.kind == "jackpot":
                    posted[entry.note] += entry.amount
                    posted[f"{entry.note} wins"] += 1
    for jackpot in site.jackpots:
        meter = MeterId(site.platform, site.denomination, site.id, jackpot.id)
        held, wins = await shelf.read(meter), await shelf.wins(meter)
        assert held.contributed == contributed[jackpot.id] > 0
        assert held.paid == posted[jackpot.id] * MILLION > 0
        assert held.value + held.overflow + held.reserve == held.seeded + contributed[jackpot.id] - held.paid
        assert len(wins) == len({win.claim for win in wins}) == posted[f"{jackpot.id} wins"]
        assert await shelf.owed(meter) == []
        log = Counter(note["what"] for note in await shelf.notes(meter))
        assert log == {"opened": 1, "won": len(wins), "paid": len(wins)}
    assert posted["jp_game wins"] == triggers
    assert (await reconcile(store)).findings == []
    assert (await reconcile_meters(shelf, store)).findings == []


async def test_the_meters_are_what_the_ledger_says(store: Store) -> None:
    site = new_site()
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.start([site])
    players = await seated(store, site, 4)
    for number in range(40):
        for player in players:
            if won := await play(player, site, CHANCE.randint(1, 400), number % 13 == 7):
                jackpots.award(won)
    await all_paid(store, jackpots.shelf, site)
    await jackpots.stop()
    await check_books(store, site, 12)


async def test_a_backoffice_is_told_the_ceiling_that_is_in_force(store: Store) -> None:
    site = new_site()
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.set_up(site)
    meter = MeterId(site.platform, site.denomination, site.id, "jp_game")
    terms = (await jackpots.shelf.read(meter)).terms
    assert terms is not None
    await jackpots.meters.configure(meter, terms._replace(max=90), 1)
    told, _ = await Books(jackpots, SystemClock()).news()
    assert {snapshot.id: snapshot.max for snapshot in told} == {"jp_game": 90_000, "jp_mystery": 60_000}


async def test_a_meter_that_was_tampered_with_is_found(store: Store) -> None:
    site = new_site()
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.start([site])
    (player,) = await seated(store, site, 1)
    await play(player, site, 100, wins=True)
    await all_paid(store, jackpots.shelf, site)
    await jackpots.stop()
    shelf, meter = jackpots.shelf, MeterId(site.platform, site.denomination, site.id, "jp_game")

    async def found() -> set[str]:
        audit = await reconcile_meters(shelf, store)
        return {finding.problem for finding in audit.findings if finding.meter == str(meter)}

    assert await found() == set()
    held = await shelf.read(meter)
    for amounts, problem in (
        ({"value": held.value + 1}, "value, overflow and reserve"),
        ({"value": held.value + 1, "contributed": held.contributed + 1}, "what was fed"),
        ({"value": held.value - MILLION, "paid": held.paid + MILLION}, "what was paid"),
        ({"value": -1, "overflow": held.value + held.overflow + 1}, "value is negative"),
    ):
        now = await shelf.read(meter)
        forged = replace(
            now, **{**{name: getattr(held, name) for name in ("value", "overflow", "contributed", "paid")}, **amounts}
        )
        assert await shelf.put(meter, now, Change(replace(forged, n=now.n + 1))) is None
        (only,) = await found()
        assert only.startswith(problem)


async def test_a_meter_that_was_put_back_to_an_earlier_moment_is_found(store: Store) -> None:
    """As where its node of a cluster has lost the last second, and the ledger's has not: nobody reads those wagers again."""
    site = new_site()
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.start([site])
    shelf, meter = jackpots.shelf, MeterId(site.platform, site.denomination, site.id, "jp_game")
    earlier = await shelf.read(meter)
    (player,) = await seated(store, site, 1)
    await play(player, site, 100, wins=False)
    await all_paid(store, shelf, site)
    await jackpots.stop()
    held = await shelf.read(meter)
    assert held.contributed > 0
    lost = replace(earlier, n=held.n + 1, passed=dict.fromkeys(held.passed, "0-1"))
    assert await shelf.put(meter, held, Change(lost)) is None
    (finding,) = [each for each in (await reconcile_meters(shelf, store)).findings if each.meter == str(meter)]
    assert finding.problem == "what was fed is not what the ledger says"
    assert (finding.expected, finding.found) == (held.contributed, 0)


async def test_a_win_that_its_wallet_never_got_is_found(store: Store) -> None:
    site = new_site()
    (player,) = await seated(store, site, 1)
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.set_up(site)
    meter = MeterId(site.platform, site.denomination, site.id, "jp_game")
    lost = await jackpots.meters.claim(meter, claim()._replace(wallet=str(player.tx().wallet)), 1)
    assert not [each for each in (await reconcile_meters(jackpots.shelf, store)).findings if each.meter == str(meter)]
    await jackpots.shelf.settle(meter, lost.claim, 2)
    (finding,) = [each for each in (await reconcile_meters(jackpots.shelf, store)).findings if each.meter == str(meter)]
    assert (finding.expected, finding.found) == (lost.amount * MILLION, 0)


# Processes that are killed


class Consumers:
    """So many processes, of which one after the other is killed and begun anew."""

    def __init__(self, url: str, file: Path, count: int) -> None:
        self._command = ("-m", "tests.jackpot_consumer", url, str(file))
        self._processes = [self._begun() for _ in range(count)]
        self.kills = 0

    def _begun(self) -> Forked:
        return Forked(*self._command)

    def kill_one(self) -> None:
        place = CHANCE.randrange(len(self._processes))
        self._processes[place].kill()
        self._processes[place].wait()
        self._processes[place] = self._begun()
        self.kills += 1

    def kill_all(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@asynccontextmanager
async def killed_at_random(url: str, file: Path) -> AsyncIterator[Consumers]:
    consumers = Consumers(url, file, 3)
    try:
        yield consumers
    finally:
        consumers.kill_all()


def test_killing_what_feeds_and_pays_at_random_loses_nothing_and_pays_nothing_twice(tmp_path: Path, io_loop) -> None:
    async def run(url: str) -> None:
        site, store = new_site(), await open_store(url)
        file = tmp_path / "site.json"
        file.write_text(json.dumps(site.model_dump(mode="json")))
        awards = Awards(Meters(shelf_beside(store), SystemRng()), store, SystemClock())
        triggers = 0
        async with killed_at_random(url, file) as consumers:
            players = await seated(store, site, 20)
            async with asyncio.timeout(30):
                while "jackpots" not in await store.groups():  # somebody is up
                    await asyncio.sleep(0.05)
            loop = asyncio.get_running_loop()
            until, next_kill = loop.time() + 6, loop.time() + 0.3
            while loop.time() < until:
                wins = [CHANCE.random() < 0.02 for _ in players]
                told = await asyncio.gather(
                    *(play(player, site, CHANCE.randint(1, 90), win) for player, win in zip(players, wins, strict=True))
                )
                triggers += sum(wins)
                for won in filter(None, told):
                    if CHANCE.random() < 0.5:  # the others are claimed from the ledger
                        awards.award(won)
                for player in players[:1]:
                    await store.post(Posting(fresh_id(), player.tx().wallet, "adjustment", 5_000, "", 1))
                if loop.time() > next_kill:
                    await asyncio.to_thread(consumers.kill_one)
                    next_kill = loop.time() + CHANCE.uniform(0.1, 0.9)
                await asyncio.sleep(0.02)
            await awards.drain()
            await all_paid(store, shelf_beside(store), site)
            assert consumers.kills > 3
        await check_books(store, site, triggers)
        await store.aclose()

    with servers.real_redis(tmp_path / "redis") as redis:
        io_loop.run_sync(lambda: run(redis.url), timeout=100)
