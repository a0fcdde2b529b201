"""What every store promises to the consumers of its ledger: groups, leases, cursors, trimming."""

import asyncio
from collections.abc import Iterator

import pytest
from tornado.ioloop import IOLoop

from tests.conftest import emptied
from tests.test_store_contract import Player, ledger, new_seat, wallet_of
from webingo.rng import fresh_id
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Funds, Posting, Pulled, Seat

LONG_MS = 60_000
EVER = 1 << 50  # ms: after every entry of these tests


@pytest.fixture
def group(store: Store, io_loop: IOLoop) -> Iterator[str]:
    """The only enrolled group of an empty store: groups and entries that other tests left would stop the trimming."""
    name = f"group-{fresh_id()}"
    io_loop.run_sync(lambda: emptied(store))
    io_loop.run_sync(lambda: store.enroll(name))
    yield name
    io_loop.run_sync(lambda: store.forget(name))


class Member:
    """One of a group's, on one shard."""

    def __init__(self, store: Store, group: str, seat: Seat, name: str = "ann", ttl_ms: int = LONG_MS) -> None:
        self.store, self.group, self.shard, self.name, self.ttl_ms = store, group, seat.user.shard, name, ttl_ms

    async def pull(self, count: int = 500) -> Pulled | None:
        return await self.store.pull(self.group, self.shard, self.name, self.ttl_ms, count)

    async def pulled(self, count: int = 500) -> Pulled:
        pulled = await self.pull(count)
        assert pulled is not None
        return pulled

    async def done(self, pulled: Pulled) -> bool:
        position, count = pulled.entries[-1].position, len(pulled.entries)
        return await self.store.advance(self.group, self.shard, self.name, position, count, pulled.position)

    async def catch_up(self) -> list[Entry]:
        """Does all that waits; answers it."""
        seen: list[Entry] = []
        while entries := (pulled := await self.pulled()).entries:
            assert await self.done(pulled)
            seen += entries
        return seen

    async def release(self) -> None:
        await self.store.release(self.group, self.shard, self.name)

    async def lag(self) -> int:
        return (await self.store.standing(self.group, self.shard)).lag


async def gifts(store: Store, seat: Seat, count: int, at_ms: int = 1000) -> None:
    for _ in range(count):
        await store.post(Posting(fresh_id(), wallet_of(seat), "gift", 1, "", at_ms))


async def test_a_group_reads_a_shards_ledger_once_in_its_order_page_by_page(store: Store, group: str) -> None:
    seat = new_seat()
    await gifts(store, seat, 7)
    member, seen = Member(store, group, seat), []
    while entries := (pulled := await member.pulled(3)).entries:
        assert len(entries) <= 3
        assert pulled.lag >= len(entries)
        assert await member.done(pulled)
        seen += entries
    assert seen == [entry async for entry in store.entries(seat.user.shard)]
    assert [entry.seq for entry in seen if entry.wallet == str(wallet_of(seat))] == [1, 2, 3, 4, 5, 6, 7]
    assert (await member.pulled()).lag == 0


async def test_what_was_pulled_and_not_done_is_pulled_again(store: Store, group: str) -> None:
    seat = new_seat()
    await gifts(store, seat, 3)
    member = Member(store, group, seat)
    assert await member.pulled() == await member.pulled()


async def test_two_groups_read_the_same_ledger_each_at_its_pace(store: Store, group: str) -> None:
    seat, other = new_seat(), f"other-{fresh_id()}"
    await store.enroll(other)
    fast, slow = Member(store, group, seat), Member(store, other, seat)
    await fast.catch_up()
    await slow.catch_up()
    await gifts(store, seat, 3)
    await fast.catch_up()
    assert (await fast.lag(), await slow.lag()) == (0, 3)
    assert await store.groups() == sorted((group, other))


async def test_enrolling_again_moves_nothing_and_forgetting_begins_anew(store: Store, group: str) -> None:
    seat = new_seat()
    await gifts(store, seat, 2)
    member = Member(store, group, seat)
    whole = await member.catch_up()
    await store.enroll(group)
    assert (await member.pulled()).entries == []
    await store.forget(group)
    assert await store.groups() == []
    assert await member.pull() is None
    assert not await store.advance(group, member.shard, "ann", whole[-1].position, 1, whole[0].position)
    assert await store.standing(group, member.shard) == (("", len(whole), "", whole[0].at_ms))
    await store.enroll(group)
    assert await member.catch_up() == whole


async def test_a_shard_has_one_holder_who_may_give_it_up(store: Store, group: str) -> None:
    seat = new_seat()
    await gifts(store, seat, 1)
    ann, bob = Member(store, group, seat), Member(store, group, seat, "bob")
    assert (await store.standing(group, ann.shard)).member == ""
    await ann.pulled()
    assert await bob.pull() is None
    await bob.release()
    assert await bob.pull() is None, "only the holder can give it up"
    assert (await store.standing(group, ann.shard)).member == "ann"
    await ann.release()
    assert await bob.done(await bob.pulled())
    assert await ann.pull() is None


async def test_of_many_who_ask_at_once_one_gets_the_shard(store: Store, group: str) -> None:
    seat = new_seat()
    await gifts(store, seat, 2)
    for _ in range(3):
        members = [Member(store, group, seat, fresh_id()) for _ in range(20)]
        answers = await asyncio.gather(*(member.pull() for member in members))
        (winner,) = [member for member, pulled in zip(members, answers, strict=True) if pulled is not None]
        await winner.release()


async def test_a_lease_runs_out_and_each_pull_renews_it(store: Store, group: str) -> None:
    seat = new_seat()
    ann, bob = Member(store, group, seat, ttl_ms=500), Member(store, group, seat, "bob", 500)
    await ann.pulled()
    for _ in range(6):
        await asyncio.sleep(0.1)
        assert (await ann.pulled(0)).entries == []
        assert await bob.pull() is None
    await asyncio.sleep(0.55)
    assert (await store.standing(group, ann.shard)).member == ""
    assert await bob.pull() is not None
    assert await ann.pull() is None


async def test_who_lost_the_shard_moves_nothing(store: Store, group: str) -> None:
    seat = new_seat()
    zombie, heir = Member(store, group, seat, "zombie", 50), Member(store, group, seat, "heir")
    await zombie.catch_up()
    await gifts(store, seat, 4)
    late = await zombie.pulled()
    await asyncio.sleep(0.06)
    inherited = await heir.pulled(3)
    assert inherited.entries == late.entries[:3]
    assert not await zombie.done(late)
    assert await heir.done(inherited)
    assert not await zombie.done(late)
    assert await heir.lag() == 1
    await heir.release()
    again = await zombie.pulled()
    assert not await zombie.done(late), "it has the shard again, but others were there in between"
    assert await zombie.done(again) and await zombie.lag() == 0


async def test_a_cursor_counts_a_repeated_advance_once_and_never_moves_back(store: Store, group: str) -> None:
    seat = new_seat()
    member = Member(store, group, seat)
    await member.catch_up()
    await gifts(store, seat, 5)
    first = await member.pulled(3)
    assert [await member.done(first) for _ in range(3)] == [True] * 3
    assert await member.lag() == 2
    second = await member.pulled()
    assert await member.done(second)
    assert not await member.done(first)
    assert await member.lag() == 0
    assert (await store.standing(group, member.shard)).position == second.entries[-1].position


async def test_a_shards_standing_tells_the_age_of_what_waits(store: Store, group: str) -> None:
    seat = new_seat()
    member = Member(store, group, seat)
    await member.catch_up()
    assert (await store.standing(group, member.shard)).oldest_ms == 0
    await gifts(store, seat, 1, at_ms=5000)
    await gifts(store, seat, 1, at_ms=6000)
    standing = await store.standing(group, member.shard)
    assert (standing.lag, standing.oldest_ms, standing.member) == (2, 5000, "ann")


async def test_members_are_counted_while_they_are_alive(store: Store, group: str) -> None:
    assert await store.join(group, "ann", 400) == 1
    assert await store.join(group, "bob", LONG_MS) == 2
    assert await store.join(group, "ann", 400) == 2
    assert await store.join(f"other-{group}", "eve", 10) == 1
    await asyncio.sleep(0.45)
    assert await store.join(group, "bob", LONG_MS) == 1
    assert await store.join(group, "cleo", LONG_MS) == 2
    assert await store.join(group, "bob", 0) == 1, "who leaves is not waited for"


async def test_only_what_every_group_has_passed_is_trimmed(store: Store, group: str) -> None:
    seat, other = new_seat(), f"other-{fresh_id()}"
    await store.enroll(other)
    fast, slow = Member(store, group, seat), Member(store, other, seat)
    await slow.catch_up()
    await store.trim(slow.shard, EVER, (group,))
    await gifts(store, seat, 6)
    await fast.catch_up()
    assert await store.trim(fast.shard, EVER, (group, "absent")) == 0
    await slow.done(await slow.pulled(4))
    trimmed = await store.trim(fast.shard, EVER, (group, other))
    assert trimmed >= 4
    assert [entry.seq for entry in await ledger(store, seat)] == [5, 6]
    assert (await slow.lag(), await fast.lag()) == (2, 0)
    assert await store.trim(fast.shard, EVER, (group,)) == 0
    assert [entry.seq for entry in (await slow.pulled()).entries] == [5, 6]
    await store.forget(other)
    assert await store.trim(fast.shard, EVER, (group,)) == 2
    await gifts(store, seat, 3)
    assert await fast.lag() == 3
    assert [entry.seq for entry in await fast.catch_up()] == [7, 8, 9]


async def test_only_old_entries_are_trimmed_and_all_where_nobody_is_enrolled_or_needed(store: Store, group: str) -> None:
    seat = new_seat()
    member = Member(store, group, seat)
    await member.catch_up()
    await gifts(store, seat, 2, at_ms=5000)
    await gifts(store, seat, 2, at_ms=9000)
    await member.catch_up()
    await store.trim(member.shard, 9000, (group,))
    assert [entry.at_ms for entry in await ledger(store, seat)] == [9000, 9000]
    assert await store.trim(member.shard, 9000, (group,)) == 0
    await store.forget(group)
    assert await store.trim(member.shard, EVER, (group,)) == 0
    assert await store.trim(member.shard, EVER, ()) == 2


async def test_a_group_that_comes_after_the_trimming_begins_with_what_is_kept(store: Store, group: str) -> None:
    seat = new_seat()
    await gifts(store, seat, 3)
    await Member(store, group, seat).catch_up()
    await store.trim(seat.user.shard, EVER, (group,))
    await gifts(store, seat, 2)
    late = f"late-{fresh_id()}"
    await store.enroll(late)
    newcomer = Member(store, late, seat)
    assert await newcomer.lag() == 2
    assert [entry.seq for entry in await newcomer.catch_up()] == [4, 5]
    assert await newcomer.lag() == 0


async def test_a_trimmed_ledger_can_still_be_checked_link_by_link(store: Store, group: str) -> None:
    idle, busy = await Player.sit(store), await Player.sit(store)
    await busy.load()
    await busy.commit(busy.bet(4))
    assert str(wallet_of(idle.seat)) not in await store.trimmed(idle.seat.user.shard)
    for player in (idle, busy):
        await Member(store, group, player.seat).catch_up()
        await store.trim(player.seat.user.shard, EVER, (group,))
    assert await ledger(store, idle.seat) == [] == await ledger(store, busy.seat)
    assert (await store.trimmed(idle.seat.user.shard))[str(wallet_of(idle.seat))] == Funds(100, 1)
    assert (await store.trimmed(busy.seat.user.shard))[str(wallet_of(busy.seat))] == Funds(96, 2)
    assert (await reconcile(store)).findings == []
    await busy.commit(busy.end(win=3))
    assert (await reconcile(store)).findings == []
    last = (await ledger(store, busy.seat))[-1]
    assert (last.seq, last.balance) == (3, 99)


async def test_an_entry_that_is_missing_behind_the_trimmed_ones_is_found() -> None:
    store, seat = MemoryStore(), new_seat()
    await gifts(store, seat, 2)
    assert await store.trim(seat.user.shard, EVER, ()) == 2
    await gifts(store, seat, 2)
    assert (await reconcile(store)).findings == []
    del store._ledgers[seat.user.shard].entries[0]
    (finding,) = (await reconcile(store)).findings
    assert finding == (str(wallet_of(seat)), "entries are missing or repeated", 3, 4)


async def test_a_long_trimmed_ledger_goes_in_small_steps_and_whole(store: Store, group: str) -> None:
    seat = new_seat()
    await asyncio.gather(
        *(store.post(Posting(fresh_id(), wallet_of(seat), "gift", 1, "", 1000)) for _ in range(450)),
    )
    member = Member(store, group, seat)
    await member.catch_up()
    assert await store.trim(member.shard, EVER, (group,)) >= 450
    assert await ledger(store, seat) == []
    assert (await store.trimmed(member.shard))[str(wallet_of(seat))] == Funds(450, 450)
    assert await member.lag() == 0
