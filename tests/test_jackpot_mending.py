"""Meters that have lost what they knew, over a real Redis: found, made right from the ledger, and nobody is paid twice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests import servers
from tests.conftest import open_store
from tests.jackpot_consumer import OneSite
from tests.jackpots import MYSTERY, TERMS, all_paid, claim, feed_of, fresh_meter
from tests.processes import run
from tests.test_jackpot_books import new_site, play, seated
from webingo.draws import Draw, ForcedRng
from webingo.jackpot.jackpots import Jackpots
from webingo.jackpot.mending import Mended, mend_meters
from webingo.jackpot.meter import Change, Lost, Meter, MeterId, Win, claimed, configured, fed, mended
from webingo.jackpot.meters import Meters
from webingo.jackpot.reconcile import reconcile_meters
from webingo.jackpot.shelf import MemoryShelf
from webingo.resources.jackpots import MILLION
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.support.clock import SystemClock
from webingo.transaction.redis_store import RedisStore
from webingo.user import SHARDS

GAME, DROP = "jp_game", "jp_mystery"


@dataclass
class House:
    """A site whose jackpots run in this process, on a Redis of their own."""

    url: str
    store: RedisStore
    site: Site
    jackpots: Jackpots

    def meter(self, jackpot: str) -> MeterId:
        return MeterId(self.site.platform, self.site.denomination, self.site.id, jackpot)

    def key(self, jackpot: str, name: str) -> str:
        return f"wb:{{jp:{self.meter(jackpot)}}}:{name}"

    async def begin(self) -> None:
        self.jackpots = Jackpots(self.store, OneSite(self.site), SystemRng(), SystemClock())  # type: ignore[arg-type]
        await self.jackpots.start([self.site])

    async def settled(self) -> None:
        await all_paid(self.store, self.jackpots.shelf, self.site)
        await self.jackpots.stop()

    async def problems(self) -> list[str]:
        return [finding.problem for finding in (await reconcile_meters(self.jackpots.shelf, self.store)).findings]

    async def mend(self) -> list[Mended]:
        rng = SystemRng()
        return await mend_meters(Meters(self.jackpots.shelf, rng), self.store, rng, 1)

    async def payments(self, jackpot: str) -> list[int]:
        """What wallets got of it."""
        entries = [entry for shard in range(SHARDS) async for entry in self.store.entries(shard)]
        return [entry.amount for entry in entries if entry.kind == "jackpot" and entry.note == jackpot]


@pytest.fixture
def house(tmp_path: Path, io_loop: IOLoop) -> Iterator[House]:
    async def made(url: str) -> House:
        store, site = await open_store(url), new_site()
        found = House(url, store, site, None)  # type: ignore[arg-type]
        await found.begin()
        return found

    with servers.real_redis(tmp_path) as redis:
        house = io_loop.run_sync(lambda: made(redis.url))
        yield house
        io_loop.run_sync(house.store.aclose)


async def played(house: House, rounds: int, wins: bool = False) -> None:
    """Of three players; the last round of the first one wins, where it should."""
    players = await seated(house.store, house.site, 3)
    for number in range(rounds):
        for place, player in enumerate(players):
            if won := await play(player, house.site, 1_000, wins and not place and number == rounds - 1):
                house.jackpots.award(won)


async def put_back(house: House, kept: dict[str, bytes | None]) -> None:
    """With its wins and its log, as where its node has lost the last second, and no other has."""
    link = house.store.link
    for name, dump in kept.items():
        await link.execute("DEL", house.key(GAME, name))
        if dump is not None:
            await link.execute("RESTORE", house.key(GAME, name), 0, dump)


async def kept(house: House) -> dict[str, bytes | None]:
    return {name: await house.store.link.execute("DUMP", house.key(GAME, name)) for name in ("meter", "wins", "owed", "log")}


async def test_a_meter_that_is_gone_is_set_up_and_gets_all_of_the_ledger_back_and_nothing_is_paid_twice(house: House) -> None:
    await played(house, 4, wins=True)
    await played(house, 3)
    await house.settled()
    before = {name: await house.jackpots.shelf.read(house.meter(name)) for name in (GAME, DROP)}
    payments = {name: await house.payments(name) for name in before}
    for name in before:
        await house.store.link.execute("DEL", house.key(name, "meter"))
    assert {each.left.partition(":")[0] for each in await house.mend()} == {"it was never set up, or it is gone"}
    await house.begin()
    await house.settled()
    assert {"what was fed is not what the ledger says", "what was paid is not the sum of the wins"} <= set(
        await house.problems()
    )
    assert [each.left for each in await house.mend()] == ["", ""]
    assert await house.problems() == [] == await house.mend()
    for name, held in before.items():
        now = await house.jackpots.shelf.read(house.meter(name))
        assert (now.value + now.overflow, now.contributed, now.paid) == (
            held.value + held.overflow,
            held.contributed,
            held.paid,
        )
        assert now.reserve - held.reserve == now.seeded - held.seeded <= 0
        assert not now.before or now.value <= now.before * MILLION
    # And again with everything read anew: each wager is in, and each round has its win.
    await house.store.forget("jackpots")
    await house.begin()
    await house.settled()
    assert {name: await house.payments(name) for name in before} == payments
    assert await house.problems() == []


async def test_a_meter_that_was_put_back_while_all_went_on_gets_what_it_missed(house: House) -> None:
    await played(house, 2)
    await house.settled()
    earlier = await kept(house)
    await house.begin()
    await played(house, 3, wins=True)
    await house.settled()
    (won,) = await house.payments(GAME)
    await put_back(house, earlier)
    await house.begin()
    await played(house, 1)
    await house.settled()
    problems = await house.problems()
    assert len(problems) == 2 and "what was fed is not what the ledger says" in problems
    assert any(problem.startswith("it knows nothing of the win") for problem in problems)
    assert await house.mend() == [Mended(str(house.meter(GAME)), 9 * 1_000 * 13_007, 1)]
    assert await house.problems() == [] == await house.mend()
    held, shelf = await house.jackpots.shelf.read(house.meter(GAME)), house.jackpots.shelf
    assert (held.contributed, held.paid) == (18 * 1_000 * 13_007, won * MILLION)
    assert await house.payments(GAME) == [won] == [win.amount for win in await shelf.wins(house.meter(GAME))]
    assert await shelf.owed(house.meter(GAME)) == []
    assert [note["what"] for note in await shelf.notes(house.meter(GAME))] == ["opened", "mended", "paid"]


async def test_reading_the_ledger_anew_brings_no_wager_back_behind_which_the_meter_has_got_on(house: House) -> None:
    """Which is why there is something that mends."""
    (player,) = await seated(house.store, house.site, 1)
    await play(player, house.site, 1_000, wins=False)
    await all_paid(house.store, house.jackpots.shelf, house.site)
    earlier = await kept(house)
    await play(player, house.site, 1_000, wins=False)
    await house.settled()
    await put_back(house, earlier)
    await house.begin()
    await play(player, house.site, 1_000, wins=False)
    await house.settled()
    await house.store.forget("jackpots")
    await house.begin()
    await house.settled()
    assert await house.problems() == ["what was fed is not what the ledger says"]
    table = run("reconcile", "--mend", redis_url=house.url)
    assert f"{house.meter(GAME)}: 13.007000 fed, 0 wins counted, 0 granted" in table.stdout.replace("\n", " ")
    assert await house.problems() == []
    assert (await house.jackpots.shelf.read(house.meter(GAME))).contributed == 3 * 1_000 * 13_007


async def test_a_round_whose_win_was_lost_before_it_was_paid_gets_it(house: House) -> None:
    await house.jackpots.stop()
    (player,) = await seated(house.store, house.site, 1)
    await play(player, house.site, 1_000, wins=True)
    await house.store.enroll("jackpots")
    for shard in range(SHARDS):  # consumers were done with all of it
        if pulled := await house.store.pull("jackpots", shard, "me", 10_000, 100):
            if pulled.entries:
                last = pulled.entries[-1].position
                await house.store.advance("jackpots", shard, "me", last, len(pulled.entries), pulled.position)
            await house.store.release("jackpots", shard, "me")
    assert sorted(problem[:7] for problem in await house.problems()) == ["the win", "what wa", "what wa"]
    assert [(each.fed, each.granted) for each in await house.mend()] == [(1_000 * 13_007, 1), (1_000 * 33_333, 0)]
    await house.begin()
    await house.settled()
    assert await house.payments(GAME) == [15] and await house.problems() == []


async def test_what_can_not_be_known_is_left_as_it_is(house: House) -> None:
    await played(house, 1)
    await house.settled()
    shelf, meter = house.jackpots.shelf, house.meter(GAME)
    held = await shelf.read(meter)
    for change, reason in (
        ({"value": held.value + 13, "contributed": held.contributed + 13}, "it holds more than the ledger says"),
        ({"value": held.value - 13, "paid": held.paid + 13_000_000}, "its amounts don't add up"),
        ({"value": held.value - MILLION, "paid": held.paid + MILLION}, "what it paid is no sum of its wins"),
    ):
        now = await shelf.read(meter)
        forged = {name: getattr(held, name) for name in ("value", "contributed", "paid")} | change
        assert await shelf.put(meter, now, Change(replace(now, n=now.n + 1, **forged))) is None
        (left,) = await house.mend()
        assert left.left.startswith(reason)
    assert run("reconcile", "--mend", check=False, redis_url=house.url).returncode == 1


async def test_a_wager_whose_win_was_granted_before_feeds_and_wins_nothing_more() -> None:
    """Where a meter was put back, and its wins were not."""
    shelf, meter = MemoryShelf(), fresh_meter()
    meters = Meters(shelf, ForcedRng([Draw("below", [10], unit) for unit in (0, 5, 7, 9)]))
    await meters.configure(meter, MYSTERY, 1)
    earlier = await shelf.read(meter)
    (win,) = await meters.feed(meter, feed_of(1.5), 2)
    now = await shelf.read(meter)
    assert await shelf.put(meter, now, Change(replace(earlier, n=now.n + 1))) is None
    (other,) = await meters.feed(meter, feed_of(1.5, 0.25), 3)
    assert (win.claim, other.claim) == ("0/1", "0/2")
    assert (await shelf.read(meter)).contributed == 1_750_000


@given(
    amounts=st.lists(st.integers(1, 20 * MILLION).map(lambda third: 3 * third), min_size=1, max_size=12),
    won=st.sets(st.integers(0, 11)),
    lost_from=st.integers(0, 12),
    before=st.sampled_from([0, 20, 100]),
)
def test_a_mended_meter_adds_up_and_holds_what_it_would_have_held(
    amounts: list[int], won: set[int], lost_from: int, before: int
) -> None:
    rng, terms = SystemRng(), TERMS._replace(before=before)
    opened = configured(Meter(), terms, rng, 0)
    assert opened is not None
    whole = earlier = opened.meter
    wins = list[Win]()
    for place, amount in enumerate(amounts):
        change = fed(whole, [feed_of(amount / MILLION, first=place + 1)], rng, 1)
        assert change is not None
        changes = [change, *([claimed(change.meter, claim(), rng, 1)] if place in won else [])]
        whole = changes[-1].meter
        if place < lost_from:
            earlier = whole
        else:
            wins += [win for each in changes for win in each.wins]
    lost = Lost(whole.contributed - earlier.contributed, wins, whole.passed)
    found = mended(earlier, lost, rng, 2).meter
    assert found.unexplained == whole.unexplained == 0
    assert (found.contributed, found.paid, found.passed) == (whole.contributed, whole.paid, whole.passed)
    assert found.value + found.overflow == whole.value + whole.overflow
    assert found.reserve - whole.reserve == found.seeded - whole.seeded <= 0
    assert min(found.value, found.overflow, found.reserve) >= 0 and found.value <= (before or terms.max) * MILLION
    assert terms.min < found.hit <= before if before else not found.hit
