"""Whatever is asked of a store where an operator keeps the money, in whatever order and however often, it does what a few lines
of Python say; and many who ask at once are as one after the other."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.test_store_contract import new_seat
from tests.test_store_contract_saga import Guest, delivery, transit_of
from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Delivery, Funds, Intent, Posting, Seat, Transaction

_PICK = st.integers(0, 9)
_CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("opens")),
        st.tuples(st.just("intends"), st.sampled_from(["fresh", "again", "stale", "replaced"]), st.integers(0, 2)),
        st.tuples(st.just("commits"), st.sampled_from(["pending", "none", "other"]), st.integers(1, 9), st.integers(0, 9)),
        st.tuples(st.just("commits_again")),
        st.tuples(st.just("aborts"), st.sampled_from(["pending", "earlier", "unknown"]), st.none() | st.integers(0, 2)),
        st.tuples(st.just("claims"), st.integers(0, 99), st.integers(100, 199)),
        st.tuples(st.just("defers"), _PICK, st.integers(0, 199)),
        st.tuples(st.just("delivers"), _PICK),
        st.tuples(st.just("awards"), st.booleans(), st.integers(1, 9)),
    ),
    min_size=6,
    max_size=30,
)


async def answered(work: Awaitable[Any]) -> Any:
    """What came of it: a code where it was refused."""
    try:
        return await work
    except Refused as refusal:
        return refusal.code


class Model:
    """One seat, its transit wallet, and what is owed. Each method asks the store for one thing, and says what comes of it."""

    def __init__(self, store: Store, guest: Guest) -> None:
        self.store, self.guest, self.seat = store, guest, guest.seat
        self.pending: Intent | None = None
        self.aborted: Intent | None = None
        self.spun: tuple[Transaction, Funds] | None = None
        self.award: tuple[Posting, Funds] | None = None
        self.amounts: list[int] = []
        self.due: dict[str, Delivery] = {}
        self.made: list[Delivery] = []  # all that was ever owed
        self.spent = 0

    @property
    def funds(self) -> Funds:
        return Funds(sum(self.amounts), len(self.amounts))

    def owe(self, *owed: Delivery) -> None:
        self.due.update({each.id: each for each in owed})
        self.made += owed

    async def opens(self) -> None:
        opened = await self.store.open(self.seat, transit_of(self.seat), 0, 1)
        self.guest.epoch = opened.epoch
        assert (opened.intent, opened.intent_ms) == ((self.pending.document, self.pending.at_ms) if self.pending else (b"", 0))
        assert (opened.funds, opened.spent) == (self.funds, self.spent)

    async def intends(self, how: str, cancels: int) -> None:
        name, owed = fresh_id(), tuple(delivery(self.seat, 0, 50 + n) for n in range(cancels))
        made = Intent(name, name.encode(), owed, 40 + cancels)
        if how == "again":
            made = self.pending or self.aborted or made
        wanted = None
        if how == "replaced":
            wanted = Code.REPLACED
        elif made is self.pending:
            pass  # as once
        elif self.pending or how == "stale" or made is self.aborted:
            wanted = Code.STALE
        else:
            self.pending = made
        epoch, base = self.guest.epoch - (how == "replaced"), fresh_id() if how == "stale" else self.guest.sid
        assert await answered(self.store.intend(self.seat, epoch, base, made)) == wanted

    async def commits(self, names: str, wager: int, win: int) -> None:
        pending = self.pending.id if self.pending else ""
        named = {"pending": pending, "none": "", "other": fresh_id()}[names]
        spin = self.guest.spin(wager, win, intent=named)
        if named != pending:
            assert await answered(self.store.commit(spin)) is Code.STALE
            return
        self.pending = None
        self.amounts += (wager, -wager, win) if win else (wager, -wager)
        self.spent += wager
        self.owe(*spin.owed)
        assert await self.guest.commit(spin) == self.funds
        self.spun = spin, self.funds

    async def commits_again(self) -> None:
        if self.spun is not None and self.spun[0].epoch == self.guest.epoch:
            assert await self.store.commit(self.spun[0]) == self.funds

    async def aborts(self, which: str, given: int | None) -> None:
        intent = {"pending": self.pending, "earlier": self.aborted, "unknown": None}[which]
        cancels = None if given is None else tuple(delivery(self.seat, 0, 60) for _ in range(given))
        pends = intent is not None and intent is self.pending
        if pends:
            self.owe(*(intent.cancels if cancels is None else cancels))
            self.pending, self.aborted = None, intent
        wanted = pends or intent is not None
        assert await self.store.abort(self.seat, intent.id if intent else fresh_id(), cancels) is wanted

    async def claims(self, now_ms: int, until_ms: int) -> None:
        found = await self.store.claim(self.seat.user.shard, now_ms, until_ms, 10**6)
        mine = [each for each in found if each.wallet == transit_of(self.seat)]
        due = sorted((each.due_ms, each.id) for each in self.due.values() if each.due_ms <= now_ms)
        self.due.update({name: self.due[name]._replace(due_ms=until_ms) for _, name in due})
        assert mine == [self.due[name] for _, name in due]

    async def defers(self, pick: int, due_ms: int) -> None:
        if self.made:
            chosen = self.made[pick % len(self.made)]
            if chosen.id in self.due:
                self.due[chosen.id] = self.due[chosen.id]._replace(due_ms=due_ms, document=b'{"tries":1}')
            await self.store.defer(chosen, due_ms, b'{"tries":1}')

    async def delivers(self, pick: int) -> None:
        if self.made:
            chosen = self.made[pick % len(self.made)]
            if self.due.pop(chosen.id, None) and chosen.payout:
                self.amounts.append(-chosen.payout)
            await self.store.delivered(chosen, 1)

    async def awards(self, again: bool, amount: int) -> None:
        if not again or self.award is None:
            self.amounts.append(amount)
            owed = delivery(self.seat, amount, 70)
            self.award = Posting(fresh_id(), transit_of(self.seat), "jackpot", amount, "", 1, owed=(owed,)), self.funds
            self.owe(owed)
        assert await self.store.post(self.award[0]) == self.award[1]

    async def check(self) -> None:
        assert await self.guest.pending() == ([self.pending.id] if self.pending else [])
        assert await self.guest.deliveries() == sorted(self.due.values(), key=lambda each: (each.due_ms, each.id))
        assert await self.store.funds(transit_of(self.seat)) == self.funds
        assert self.funds.balance == sum(each.payout for each in self.due.values()), "the model itself is in order"


@given(calls=_CALLS)
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mixture_of_calls_and_repetitions_comes_to_what_the_model_says(
    store: Store, io_loop: IOLoop, calls: list[Any]
) -> None:
    async def play() -> None:
        model = Model(store, await Guest.sit(store, new_seat()))
        for name, *drawn in calls:
            await getattr(model, name)(*drawn)
            await model.check()
        assert [amount for _, amount, _ in await model.guest.kinds()] == model.amounts
        await model.guest.leave()

    io_loop.run_sync(play)


async def test_of_a_commit_and_an_abort_at_once_one_has_its_way(store: Store) -> None:
    outcomes = set()
    for n in range(20):
        guest = await Guest.sit(store)
        made = await guest.intends()
        spin = guest.spin(5, 12, intent=made.id)
        if n % 2:
            funds, aborted = await asyncio.gather(answered(store.commit(spin)), store.abort(guest.seat, made.id))
        else:
            aborting = asyncio.create_task(store.abort(guest.seat, made.id))
            await asyncio.sleep(0)
            funds, aborted = await answered(store.commit(spin)), await aborting
        assert (funds, aborted) in [(Funds(12, 3), False), (Code.STALE, True)]
        assert await guest.deliveries() == list(made.cancels if aborted else spin.owed)
        outcomes.add(aborted)
        await guest.leave()
    assert outcomes == {True, False}


async def test_a_crowd_that_sends_everything_twice_at_once_pays_out_what_it_has_won(store: Store) -> None:
    async def plays(seat: Seat) -> int:
        guest, won = await Guest.sit(store, seat), 0
        for win in (0, 3, 12):
            made = Intent(fresh_id(), b"{}", (delivery(seat),), 1)
            await asyncio.gather(*(store.intend(seat, guest.epoch, guest.sid, made) for _ in range(2)))
            spin = guest.spin(5, win, intent=made.id)
            await asyncio.gather(store.commit(spin), guest.commit(spin))
            await asyncio.gather(*(store.delivered(spin.owed[0], 1) for _ in range(2)))
            won += win
        assert sum(amount for kind, amount, _ in await guest.kinds() if kind == "payout") == -won
        return won

    seats = [new_seat() for _ in range(30)]
    assert await asyncio.gather(*map(plays, seats)) == [15] * 30
    uids = {seat.user.uid for seat in seats}
    assert [found for found in (await reconcile(store)).findings if found.wallet.split(":", 2)[2] in uids] == []
