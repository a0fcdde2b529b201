"""How the ledger is handed on: several runners in one process, each with a consumer that notes what it gets."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.support import metrics
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outbox import ConsumerFailed, Outbox, Pace
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Posting, Pulled, WalletId
from webingo.user import SHARDS, User

QUICK = Pace(ttl_s=0.5, poll_s=0.02, page=10, parallel=4, first_wait_s=0.02, longest_wait_s=0.1, stop_s=0.5)


class Notes:
    """A consumer: what it got, in the order in which it got it. `trouble` may hold it up, or raise."""

    def __init__(self, group: str, trouble: Callable[[int, Sequence[Entry]], Any] | None = None) -> None:
        self.group = group
        self.got: dict[int, list[Entry]] = defaultdict(list)
        self.pages: list[int] = []
        self.at_work: list[int] = []
        self.most_at_work = 0
        self._trouble = trouble

    async def apply(self, shard: int, entries: Sequence[Entry]) -> None:
        assert shard not in self.at_work, "a shard is applied by one at a time"
        self.at_work.append(shard)
        self.most_at_work = max(self.most_at_work, len(self.at_work))
        self.pages.append(len(entries))
        try:
            if self._trouble is not None:
                await self._trouble(shard, entries)
            self.got[shard] += entries
        finally:
            self.at_work.remove(shard)

    def count(self) -> int:
        return sum(map(len, self.got.values()))


def new_group() -> str:
    return f"group-{fresh_id()}"


def runner(store: Store, consumer: Notes, name: str = "", **pace: Any) -> Outbox:
    return Outbox(store, consumer, name or fresh_id(), SystemClock(), QUICK._replace(**pace))


def measured(group: str, name: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(f"webingo_ledger_{name}", {"group": group})


async def post(store: Store, uid: str, count: int) -> None:
    wallet = WalletId(User("demo", uid), "credit")
    for _ in range(count):
        await store.post(Posting(fresh_id(), wallet, "gift", 1, "", 1000))


async def ledger(store: Store) -> dict[int, list[Entry]]:
    found = {shard: [entry async for entry in store.entries(shard)] for shard in range(SHARDS)}
    return {shard: entries for shard, entries in found.items() if entries}


async def until(true: Callable[[], bool], within_s: float = 5) -> None:
    for _ in range(int(within_s / 0.01)):
        if true():
            return
        await asyncio.sleep(0.01)
    assert true()


def firsts(entries: Sequence[Entry]) -> list[str]:
    """The positions in the order in which they came first: repetitions change nothing."""
    return list(dict.fromkeys(entry.position for entry in entries))


async def test_every_entry_is_applied_once_in_its_shards_order(store: Store) -> None:
    notes = Notes(new_group())
    for number in range(20):
        await post(store, f"early{number}-{fresh_id()}", 3)
    outbox = runner(store, notes)
    await outbox.start()
    for number in range(20):
        await post(store, f"late{number}-{fresh_id()}", 3)
    whole = await ledger(store)
    await until(lambda: notes.count() >= sum(map(len, whole.values())))
    await outbox.stop()
    await store.forget(notes.group)
    assert dict(notes.got) == whole


async def test_members_share_the_shards_fairly_and_leave_none_out(store: Store) -> None:
    group = new_group()
    notes = [Notes(group) for _ in range(3)]
    outboxes = [runner(store, note) for note in notes]
    for outbox in outboxes:
        await outbox.start()
    await until(lambda: sorted(len(outbox.shards) for outbox in outboxes) in ([20, 22, 22], [21, 21, 22]))
    assert set.union(*(outbox.shards for outbox in outboxes)) == set(range(SHARDS))
    await outboxes[0].stop()
    await until(lambda: [len(outbox.shards) for outbox in outboxes[1:]] == [32, 32])
    await outboxes[1].stop()
    await until(lambda: len(outboxes[2].shards) == SHARDS)
    await outboxes[2].stop()
    assert all([(await store.standing(group, shard)).member == "" for shard in range(SHARDS)])
    await store.forget(group)


async def test_what_a_stopping_member_leaves_is_taken_over_at_once() -> None:
    store, group = MemoryStore(), new_group()
    first, second = Notes(group), Notes(group)
    one, other = runner(store, first, ttl_s=60), runner(store, second, ttl_s=1)
    await one.start()
    await until(lambda: len(one.shards) == SHARDS)
    await other.start()
    await one.stop()
    await post(store, "ann", 25)
    await until(lambda: second.count() == 25, within_s=2)
    await other.stop()
    assert first.count() == 0


async def test_a_members_death_costs_its_shards_a_few_seconds_and_nothing_else(store: Store) -> None:
    group = new_group()
    dead, heir = Notes(group), Notes(group)
    dying, living = runner(store, dead), runner(store, heir)
    await dying.start()
    await living.start()
    await until(lambda: len(dying.shards) == len(living.shards) == SHARDS // 2)
    for number in range(30):
        await post(store, f"before{number}-{fresh_id()}", 1)
    for task in dying._tasks:
        task.cancel()
    for number in range(30):
        await post(store, f"after{number}-{fresh_id()}", 1)
    await until(lambda: len(living.shards) == SHARDS)
    whole = await ledger(store)
    everything = sum(map(len, whole.values()))
    await until(lambda: dead.count() + heir.count() >= everything)
    await living.stop()
    await store.forget(group)
    for shard, entries in whole.items():
        assert firsts(dead.got[shard] + heir.got[shard]) == firsts(entries)


async def test_a_page_that_is_refused_is_offered_again_and_those_behind_it_wait() -> None:
    store, failures = MemoryStore(), 0

    async def trouble(shard: int, entries: Sequence[Entry]) -> None:
        nonlocal failures
        if shard == User("demo", "ann").shard and failures < 4:
            failures += 1
            raise (ConsumerFailed("not now"), Refused(Code.UNAVAILABLE), KeyError("a bug"), TimeoutError())[failures - 1]

    notes = Notes(new_group(), trouble)
    await post(store, "ann", 25)
    await post(store, "bob", 25)
    outbox = runner(store, notes)
    with capture_logs() as logged:
        await outbox.start()
        await until(lambda: notes.count() == 50)
        await outbox.stop()
    assert failures == 4
    assert dict(notes.got) == await ledger(store)
    told = [line["event"] for line in logged if line["log_level"] != "debug"]
    assert told == ["consumer_failed", "consumer_recovered"], "said once, and not for every try"


async def test_one_shards_trouble_does_not_hold_up_the_others() -> None:
    store, stuck = MemoryStore(), asyncio.Event()

    async def trouble(shard: int, entries: Sequence[Entry]) -> None:
        if shard == User("demo", "ann").shard:
            await stuck.wait()

    notes = Notes(new_group(), trouble)
    outbox = runner(store, notes, ttl_s=1.0)
    await outbox.start()
    await post(store, "ann", 5)
    await until(lambda: len(notes.at_work) == 1)
    await post(store, "bob", 25)
    await until(lambda: notes.count() == 25)
    await asyncio.sleep(1.2)
    await post(store, "ann", 5)
    rival = runner(store, Notes(notes.group), ttl_s=1.0)
    await rival.start()
    await asyncio.sleep(0.5)
    assert User("demo", "ann").shard not in rival.shards, "the lease is kept while its page is in hand"
    await rival.stop()
    stuck.set()
    await until(lambda: notes.count() == 35)
    await outbox.stop()
    assert notes.pages.count(5) >= 2


async def test_a_slow_consumer_is_given_no_more_than_it_can_take() -> None:
    store = MemoryStore()
    for number in range(40):
        await post(store, f"player{number}", 30)

    async def slowly(shard: int, entries: Sequence[Entry]) -> None:
        await asyncio.sleep(0.002)

    notes = Notes(new_group(), slowly)
    outbox = runner(store, notes, parallel=3)
    await outbox.start()
    await until(lambda: notes.count() == 1200)
    await outbox.stop()
    assert notes.most_at_work == 3
    assert max(notes.pages) == QUICK.page
    assert dict(notes.got) == await ledger(store)


async def test_a_consumer_that_comes_back_too_late_moves_nothing() -> None:
    """Its process stood still for longer than a lease lasts: another one has done the page, and more."""
    store, group, frozen = MemoryStore(), new_group(), asyncio.Event()

    async def freeze(shard: int, entries: Sequence[Entry]) -> None:
        await frozen.wait()

    late, heir = Notes(group, freeze), Notes(group)
    zombie, living = runner(store, late), runner(store, heir)
    await post(store, "ann", 12)
    await zombie.start()
    await until(lambda: len(late.at_work) == 1)
    zombie._tasks[-1].cancel()  # no heartbeat and no renewal any more
    await living.start()
    await until(lambda: heir.count() == 12)
    await post(store, "ann", 3)
    await until(lambda: heir.count() == 15)
    frozen.set()
    shard = User("demo", "ann").shard
    await until(lambda: late.count() == 10)
    await asyncio.sleep(0.05)
    assert (await store.standing(group, shard)).lag == 0
    assert firsts(heir.got[shard]) == [entry.position for entry in (await ledger(store))[shard]]
    await living.stop()
    await zombie.stop()


class Shaky(MemoryStore):
    """A store that may be out of reach."""

    down = False

    async def pull(self, group: str, shard: int, member: str, ttl_ms: int, count: int) -> Pulled | None:
        if self.down:
            raise Refused(Code.UNAVAILABLE)
        return await super().pull(group, shard, member, ttl_ms, count)

    async def advance(self, group: str, shard: int, member: str, position: str, count: int, base: str) -> bool:
        if self.down:
            raise Refused(Code.UNAVAILABLE)
        return await super().advance(group, shard, member, position, count, base)


async def test_a_database_that_is_away_for_a_while_costs_no_entry() -> None:
    store = Shaky()

    async def trip(shard: int, entries: Sequence[Entry]) -> None:
        store.down = notes.count() == 20  # what is applied now can't be noted down

    notes = Notes(new_group(), trip)
    await post(store, "ann", 40)
    outbox = runner(store, notes)
    with capture_logs() as logged:
        await outbox.start()
        await until(lambda: store.down)
        await asyncio.sleep(0.2)
        store.down = False
        await until(lambda: len(firsts(notes.got[User("demo", "ann").shard])) == 40)
        await outbox.stop()
    assert firsts(notes.got[User("demo", "ann").shard]) == [f"{number:020d}" for number in range(1, 41)]
    assert [line["event"] for line in logged] == ["outbox_waits_for_the_database"]


async def test_a_group_that_is_forgotten_while_it_runs_gets_nothing_more() -> None:
    store, notes = MemoryStore(), Notes(new_group())
    outbox = runner(store, notes)
    await outbox.start()
    await until(lambda: len(outbox.shards) == SHARDS)
    await store.forget(notes.group)
    await until(lambda: not outbox.shards)
    await post(store, "ann", 3)
    await asyncio.sleep(0.2)
    await outbox.stop()
    assert notes.count() == 0
    assert await store.groups() == []


async def test_what_waits_what_was_taken_and_what_failed_is_measured() -> None:
    store, blocked = MemoryStore(), True

    async def trouble(shard: int, entries: Sequence[Entry]) -> None:
        if blocked:
            raise ConsumerFailed("not yet")

    notes = Notes(new_group(), trouble)
    group = notes.group
    await post(store, "ann", 15)
    outbox = runner(store, notes)
    await outbox.start()
    await until(lambda: (measured(group, "failures_total") or 0) >= 2)
    await until(lambda: measured(group, "lag") == 15 and measured(group, "shards") == SHARDS)
    assert (measured(group, "oldest_seconds") or 0) > 10**9, "the entry is of 1970"
    assert (measured(group, "applied_total") or 0) == 0
    blocked = False
    await until(lambda: measured(group, "applied_total") == 15)
    await until(lambda: (measured(group, "lag"), measured(group, "oldest_seconds")) == (0, 0))
    await outbox.stop()
    assert measured(group, "lag") is None, "a process that has stopped serves no shards"


async def test_while_a_consumer_is_not_ready_nothing_is_read_for_it_and_its_shards_stay_and_are_measured() -> None:
    store, notes, ready = _Asked(), Notes(new_group()), [True]
    outbox = Outbox(store, notes, "one", SystemClock(), QUICK, lambda: ready[0])
    await outbox.start()
    await until(lambda: len(outbox.shards) == SHARDS)
    ready[0] = False
    await asyncio.sleep(0.05)
    store.asked.clear()
    await post(store, "ann", 25)
    await asyncio.sleep(1)  # twice as long as a lease that nobody renews
    assert notes.count() == 0
    assert 0 < len(store.asked) < SHARDS * 20, "only the leases are renewed"
    assert set(store.asked) == {1}
    shard = User("demo", "ann").shard
    standing = await store.standing(notes.group, shard)
    assert (standing.member, standing.lag) == ("one", 25)
    assert measured(notes.group, "lag") == 25
    assert (measured(notes.group, "oldest_seconds") or 0) > 10**9, "the entry is of 1970"
    ready[0] = True
    await until(lambda: notes.count() == 25)
    await outbox.stop()


class _Asked(MemoryStore):
    """Notes how many entries it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    async def pull(self, group: str, shard: int, member: str, ttl_ms: int, count: int) -> Pulled | None:
        self.asked.append(count)
        return await super().pull(group, shard, member, ttl_ms, count)


async def test_a_shard_that_was_read_to_its_end_rests_and_what_comes_meanwhile_makes_one_page() -> None:
    store, notes = MemoryStore(), Notes(new_group())
    outbox = runner(store, notes, rest_s=1.0)
    await outbox.start()
    await post(store, "ann", 1)
    await until(lambda: notes.count() == 1)
    for _ in range(8):
        await post(store, "ann", 1)
        await asyncio.sleep(0.03)
    await until(lambda: notes.count() == 9)
    assert notes.pages == [1, 8]
    await post(store, "ann", 25)
    await until(lambda: notes.count() == 34)
    assert notes.pages == [1, 8, 10, 10, 5], "who has more than a page waiting does not rest"
    await outbox.stop()


async def test_starting_needs_the_database() -> None:
    class Away(MemoryStore):
        async def enroll(self, group: str) -> None:
            raise Refused(Code.UNAVAILABLE)

    outbox = runner(Away(), Notes(new_group()))
    with pytest.raises(Refused):
        await outbox.start()
    await outbox.stop()
