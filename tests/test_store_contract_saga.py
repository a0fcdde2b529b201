"""What every store promises of money that an operator keeps (webingo.transaction.store_saga), held against each of them."""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import pytest
from tornado.ioloop import IOLoop

from tests.secrets import secret
from tests.test_store_contract import Player, new_seat, refused
from webingo.engines.engine import Move
from webingo.errors import Code
from webingo.rng import fresh_id
from webingo.transaction.outside import OutsideCall
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import (
    MAX_AMOUNT,
    Delivery,
    Event,
    Funds,
    Intent,
    Login,
    Part,
    Posting,
    Seat,
    Transaction,
    WalletId,
    fresh_sharded_id,
)
from webingo.user import User

_TIMES = count()


def transit_of(seat: Seat) -> WalletId:
    return WalletId(seat.user, "USD@acme")


def delivery(seat: Seat, payout: int = 0, due_ms: int = 5_000, **changes: Any) -> Delivery:
    made = Delivery(fresh_id(), transit_of(seat), b'{"op":"result"}', due_ms, payout, site=seat.site)
    return made._replace(**changes)


def intent(seat: Seat, cancels: int = 1, at_ms: int = 1000) -> Intent:
    name = fresh_id()
    return Intent(name, f'{{"outcome":"{name}"}}'.encode(), tuple(delivery(seat) for _ in range(cancels)), at_ms)


class Guest(Player):
    """A player whose money an operator keeps."""

    seated: ClassVar[list["Guest"]] = []

    @classmethod
    async def sit(cls, store: Store, seat: Seat | None = None, grant: int = 0) -> "Guest":
        seat = seat or new_seat()
        guest = cls(store, seat, await store.open(seat, transit_of(seat), grant, 1))
        if guest.opened.state == b"":
            await guest.load()
        cls.seated.append(guest)
        return guest

    async def leave(self) -> None:
        """Nothing remains to be done for the player: other tests look at the whole of the store."""
        for intent_id in await self.pending():
            await self.store.abort(self.seat, intent_id, ())
        async for found in self.store.deliveries(self.seat.user.shard):
            if found.wallet.user == self.seat.user:
                held = await self.store.funds(found.wallet)
                await self.give(found.wallet, max(found.payout - held.balance, 0))
                await self.store.delivered(found, 1)
        await self.give(transit_of(self.seat), -(await self.store.funds(transit_of(self.seat))).balance)

    async def give(self, wallet: WalletId, amount: int) -> None:
        if amount:
            await self.store.post(Posting(fresh_id(), wallet, "adjustment", amount, "the end", 1))

    def tx(self, parts: tuple[Part, ...] = (), **changes: Any) -> Transaction:
        return super().tx(parts, **{"wallet": transit_of(self.seat), **changes})

    async def intends(self, **changes: Any) -> Intent:
        made = intent(self.seat, **changes)
        await self.store.intend(self.seat, self.epoch, self.sid, made)
        return made

    def spin(self, wager: int = 5, win: int = 12, **changes: Any) -> Transaction:
        """A whole round, and the delivery of its result."""
        self.round = fresh_sharded_id(self.seat.user)
        moves = (Move("wager", wager), Move("win", win)) if win else (Move("wager", wager),)
        part = Part(self.round, b'{"action":"spin"}', b"{}", moves, header=b'{"game":"tiny"}', closes=True)
        owed = (delivery(self.seat, win, round=self.round, game="tiny"),)
        return self.tx((part,), **{"funded": True, "owed": owed, **changes})

    async def kinds(self) -> list[tuple[str, int, int]]:
        wallet = str(transit_of(self.seat))
        entries = [e async for e in self.store.entries(self.seat.user.shard) if e.wallet == wallet]
        assert len({entry.id for entry in entries}) == len(entries)
        return [(entry.kind, entry.amount, entry.balance) for entry in entries]

    async def deliveries(self) -> list[Delivery]:
        found = self.store.deliveries(self.seat.user.shard)
        return [delivery async for delivery in found if delivery.wallet == transit_of(self.seat)]

    async def pending(self) -> list[str]:
        return [name for seat, name in await self.store.intents(self.seat.user.shard, 10**15, 0, 10**6) if seat == self.seat]


@pytest.fixture(autouse=True)
def _nobody_stays_in_transit(store: Store, io_loop: IOLoop) -> Iterator[None]:
    Guest.seated.clear()
    yield
    for guest in Guest.seated:
        io_loop.run_sync(guest.leave)


# Intents


async def test_an_intent_is_found_by_whoever_opens_the_seat_next(store: Store) -> None:
    guest = await Guest.sit(store)
    assert (guest.opened.intent, guest.opened.intent_ms) == (b"", 0)
    made = await guest.intends(at_ms=7_000)
    for _ in range(2):
        again = await store.open(guest.seat, transit_of(guest.seat), 0, 9_000)
        assert (again.intent, again.intent_ms, again.funds) == (made.document, 7_000, Funds(0, 0))
    assert await guest.pending() == [made.id]
    assert await guest.deliveries() == [], "nothing is owed for what may still come to something"


async def test_of_an_intent_that_is_over_nothing_is_left_for_the_next(store: Store) -> None:
    guest = await Guest.sit(store)
    first = await guest.intends(at_ms=1_000, cancels=2)
    await store.abort(guest.seat, first.id, ())
    second = await guest.intends(at_ms=2_000)
    assert await store.abort(guest.seat, second.id)
    assert await guest.deliveries() == list(second.cancels)
    third = await guest.intends(at_ms=3_000)
    await guest.commit(guest.spin(5, 0, intent=third.id))
    fourth = await guest.intends(at_ms=4_000)
    opened = await store.open(guest.seat, transit_of(guest.seat), 0, 9_000)
    assert (opened.intent, opened.intent_ms) == (fourth.document, 4_000)


async def test_only_the_transaction_that_names_the_pending_intent_is_taken(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    for other in ("", fresh_id()):
        await refused(Code.STALE, store.commit(guest.spin(intent=other)))
    assert await guest.kinds() == []
    spin = guest.spin(intent=made.id)
    assert await guest.commit(spin) == await guest.commit(spin) == Funds(12, 3)
    assert (await guest.pending(), (await Guest.sit(store, guest.seat)).opened.intent) == ([], b"")
    assert await guest.deliveries() == list(spin.owed)


async def test_a_transaction_that_names_an_intent_which_is_not_pending_is_stale(store: Store) -> None:
    guest = await Guest.sit(store)
    await refused(Code.STALE, store.commit(guest.spin(intent=fresh_id())))
    made = await guest.intends()
    assert await store.abort(guest.seat, made.id)
    await refused(Code.STALE, store.commit(guest.spin(intent=made.id)))
    assert await guest.kinds() == []
    assert await guest.commit(guest.spin(intent="")) == Funds(12, 3)


async def test_intents_are_fenced_by_epoch_state_and_each_other(store: Store) -> None:
    guest = await Guest.sit(store)
    made = intent(guest.seat)
    await refused(Code.REPLACED, store.intend(guest.seat, guest.epoch - 1, guest.sid, made))
    await refused(Code.REPLACED, store.intend(new_seat(), 1, "", made))
    await refused(Code.STALE, store.intend(guest.seat, guest.epoch, fresh_id(), made))
    assert await guest.pending() == []
    for _ in range(2):
        await store.intend(guest.seat, guest.epoch, guest.sid, made)
    await refused(Code.STALE, store.intend(guest.seat, guest.epoch, guest.sid, intent(guest.seat)))
    assert await guest.pending() == [made.id]


async def test_a_blocked_player_intends_nothing_and_what_was_intended_is_not_wagered(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    await store.block(guest.seat.user, True)
    await refused(Code.PLAYER_BLOCKED, store.commit(guest.spin(intent=made.id)))
    assert await store.abort(guest.seat, made.id)
    await refused(Code.PLAYER_BLOCKED, store.intend(guest.seat, guest.epoch, guest.sid, intent(guest.seat)))
    assert await guest.deliveries() == list(made.cancels)
    assert await guest.kinds() == []


async def test_an_intent_outlives_a_takeover_and_is_committed_by_the_new_session(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    late = guest.spin(intent=made.id)
    newer = await store.open(guest.seat, transit_of(guest.seat), 0, 9_000)
    await refused(Code.REPLACED, store.commit(late))
    guest.epoch = newer.epoch
    assert await guest.commit(late._replace(epoch=newer.epoch)) == Funds(12, 3)
    assert await guest.pending() == []


async def test_an_aborted_intent_leaves_its_cancels_to_be_delivered_once(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends(cancels=3)
    assert [await store.abort(guest.seat, made.id) for _ in range(3)] == [True] * 3
    assert sorted(await guest.deliveries()) == sorted(made.cancels)
    for cancel in made.cancels:
        await store.delivered(cancel, 2_000)
    assert await store.abort(guest.seat, made.id), "sent again late: nothing is owed anew"
    assert await guest.deliveries() == []
    assert await guest.kinds() == []
    await refused(Code.STALE, store.intend(guest.seat, guest.epoch, guest.sid, made))
    assert await guest.pending() == []


async def test_an_abort_may_owe_less_than_was_said(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends(cancels=3)
    assert await store.abort(guest.seat, made.id, made.cancels[1:2])
    assert await guest.deliveries() == [made.cancels[1]]
    made = await guest.intends(cancels=2)
    assert await store.abort(guest.seat, made.id, ())
    assert len(await guest.deliveries()) == 1


async def test_a_session_that_lost_the_seat_aborts_nothing(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    newer = await store.open(guest.seat, transit_of(guest.seat), 0, 9_000)
    await refused(Code.REPLACED, store.abort(guest.seat, made.id, (), guest.epoch))
    assert await guest.pending() == [made.id]
    assert [await store.abort(guest.seat, made.id, (), newer.epoch) for _ in range(2)] == [True] * 2
    assert await guest.pending() == await guest.deliveries() == []


async def test_what_is_not_pending_is_not_aborted(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    assert not await store.abort(guest.seat, fresh_id())
    assert not await store.abort(new_seat(), made.id)
    await guest.commit(guest.spin(intent=made.id))
    assert not await store.abort(guest.seat, made.id)
    assert len(await guest.deliveries()) == 1


async def test_old_intents_are_found_oldest_first(store: Store) -> None:
    seats = [Seat(User("demo", f"{n}-{fresh_id()}"), "demo") for n in range(400)]
    shard = seats[0].user.shard
    guests = [await Guest.sit(store, seat) for seat in seats if seat.user.shard == shard][:3]
    made = [await guest.intends(at_ms=at_ms) for guest, at_ms in zip(guests, (3000, 1000, 2000), strict=False)]
    wanted = [(guests[n].seat, made[n].id) for n in (1, 2, 0) if n < len(guests)]
    mine = [found for found in await store.intents(shard, 3001, 0, 10**6) if found in wanted]
    assert mine == wanted
    everything = await store.intents(shard, 10**15, 0, 10**6)
    assert [await store.intents(shard, 10**15, n, 1) for n in range(len(everything))] == [[found] for found in everything]
    before = await store.intents(shard, 3000, 0, 10**6)
    assert (guests[0].seat, made[0].id) not in before and all(found in before for found in wanted[:-1])


# Money in transit


async def test_a_bet_passes_through_and_leaves_nothing(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    spin = guest.spin(5, 12, intent=made.id)
    assert await guest.commit(spin) == Funds(12, 3)
    assert await guest.kinds() == [("escrow", 5, 5), ("wager", -5, 0), ("win", 12, 12)]
    await store.delivered(spin.owed[0], 4_000, "acme 17")
    assert (await guest.kinds())[3:] == [("payout", -12, 0)]
    assert await store.funds(transit_of(guest.seat)) == Funds(0, 4)
    paid = [e async for e in store.entries(guest.seat.user.shard) if e.id == f"payout:{spin.owed[0].id}"]
    assert [(e.seq, e.round, e.game, e.site, e.at_ms, e.note, e.closes) for e in paid] == [
        (4, guest.round, "tiny", "demo", 4_000, "acme 17", False)
    ]
    assert (await Guest.sit(store, guest.seat)).opened.spent == 5


async def test_the_win_closes_its_round_and_a_lost_bet_the_wager(store: Store) -> None:
    guest = await Guest.sit(store)
    for win, closing in ((12, "win"), (0, "wager")):
        await guest.commit(guest.spin(5, win))
        entries = [e async for e in store.entries(guest.seat.user.shard) if e.round == guest.round]
        assert [e.kind for e in entries if e.closes] == [closing]


async def test_each_wager_of_a_transaction_is_funded_by_itself(store: Store) -> None:
    guest = await Guest.sit(store)
    moves = (Move("wager", 5), Move("wager", 3), Move("win", 1))
    part = Part(fresh_sharded_id(guest.seat.user), b"{}", b"{}", moves, header=b"{}", fed="jp=7", triggers=("jp",))
    assert await guest.commit(guest.tx((part,), funded=True)) == Funds(1, 6)
    kinds = [("escrow", 5, 5), ("wager", -5, 0), ("escrow", 3, 3), ("wager", -3, 0), ("win", 1, 1), ("trigger", 0, 1)]
    assert await guest.kinds() == kinds
    fed = [e.fed async for e in store.entries(guest.seat.user.shard) if e.round == part.round]
    assert fed == ["", "jp=7", "", "", "", ""]


async def test_an_unfunded_wager_finds_nothing_in_transit(store: Store) -> None:
    guest = await Guest.sit(store)
    await refused(Code.INSUFFICIENT_FUNDS, store.commit(guest.spin(funded=False)))
    assert await guest.deliveries() == [], "what was refused owes nothing"


async def test_what_comes_in_has_the_same_bounds_as_any_money(store: Store) -> None:
    guest = await Guest.sit(store, grant=MAX_AMOUNT)
    facts = (await refused(Code.LIMIT, store.commit(guest.spin(1, 0)))).facts
    assert facts == {"balance": MAX_AMOUNT, "seq": 1}
    await store.post(Posting("out", transit_of(guest.seat), "adjustment", -1, "", 1))
    assert await guest.commit(guest.spin(1, 0)) == Funds(MAX_AMOUNT - 1, 4)


async def test_a_result_without_a_win_is_delivered_without_an_entry(store: Store) -> None:
    guest = await Guest.sit(store)
    spin = guest.spin(5, 0)
    assert await guest.commit(spin) == Funds(0, 2)
    assert await guest.deliveries() == list(spin.owed)
    await store.delivered(spin.owed[0], 4_000)
    assert await guest.deliveries() == []
    assert len(await guest.kinds()) == 2


async def test_a_transaction_of_an_operators_player_may_come_without_wagers_or_userdata(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends(cancels=0)
    owed = delivery(guest.seat)
    await guest.commit(guest.tx(intent=made.id, private=None, userdata=b'{"nick":"ana"}', owed=(owed,)))
    assert await guest.deliveries() == [owed]
    again = (await Guest.sit(store, guest.seat)).opened
    assert (again.userdata, again.private) == ({"nick": "ana"}, b'{"secret":1}')


# Deliveries


async def test_a_delivery_is_paid_out_once_however_often_it_is_acknowledged(store: Store) -> None:
    guest = await Guest.sit(store)
    spin = guest.spin()
    await guest.commit(spin)
    await asyncio.gather(*(store.delivered(spin.owed[0], at_ms) for at_ms in range(20)))
    assert await guest.commit(spin) == Funds(0, 4), "the commit, sent again, owes nothing anew"
    assert await guest.deliveries() == []
    await store.defer(spin.owed[0], 1, b"late")
    claimed = await store.claim(guest.seat.user.shard, 1, 10_000, 10**6)
    assert [found for found in claimed if found.wallet == transit_of(guest.seat)] == []
    assert await guest.deliveries() == [], "nor does one who has not heard of it"


async def test_more_than_is_there_is_not_paid_out(store: Store) -> None:
    guest = await Guest.sit(store)
    spin = guest.spin(5, 12)
    forged = spin._replace(owed=(spin.owed[0]._replace(payout=13),))
    await guest.commit(forged)
    facts = (await refused(Code.INSUFFICIENT_FUNDS, store.delivered(forged.owed[0], 1))).facts
    assert facts == {"balance": 12, "seq": 3}
    assert await guest.deliveries() == list(forged.owed)


async def test_what_is_due_is_claimed_by_one_at_a_time(store: Store) -> None:
    guest = await Guest.sit(store)
    shard, start = guest.seat.user.shard, 10**14 + 10**9 * next(_TIMES)  # before what other tests have left to be done
    owed = tuple(delivery(guest.seat, due_ms=-start + n) for n in (30, 10, 20, 10_000))
    await guest.commit(guest.tx(owed=owed))
    claims = await asyncio.gather(*(store.claim(shard, -start + 30, -start + 9_000, 2) for _ in range(3)))
    assert claims == [[owed[n]._replace(due_ms=-start + 9_000) for n in some] for some in ((1, 2), (0,), ())]
    assert await store.claim(shard, -start + 8_999, 0, 10) == []
    assert {found.id for found in await store.claim(shard, -start + 9_000, 0, 10)} == {owed[n].id for n in (0, 1, 2)}
    await store.delivered(owed[1], 1)
    assert {found.id for found in await guest.deliveries()} == {owed[n].id for n in (0, 2, 3)}


async def test_a_delivery_that_failed_is_put_off_with_what_is_known_of_it(store: Store) -> None:
    guest = await Guest.sit(store)
    owed = tuple(delivery(guest.seat, due_ms=n) for n in (1_000, 2_000))
    await guest.commit(guest.tx(owed=owed))
    await store.defer(owed[0], 3_000, '{"why":"…"}'.encode())
    assert await guest.deliveries() == [owed[1], owed[0]._replace(due_ms=3_000, document='{"why":"…"}'.encode())]


async def test_a_posting_owes_its_deliveries_once(store: Store) -> None:
    guest = await Guest.sit(store)
    owed = delivery(guest.seat, 90, round="r", game="tiny")
    posting = Posting("award", transit_of(guest.seat), "jackpot", 90, "jp", 5, "r", "tiny", "demo", (owed,))
    assert await store.post(posting) == Funds(90, 1)
    await store.delivered(owed, 6)
    assert await store.post(posting) == Funds(90, 1)
    assert await guest.deliveries() == []
    assert await guest.kinds() == [("jackpot", 90, 90), ("payout", -90, 0)]
    with pytest.raises(ValueError, match="can't be taken"):
        await store.take(posting._replace(amount=-90))


async def test_sessions_hear_of_a_payout_that_another_has_made(store: Store) -> None:
    guest = await Guest.sit(store)
    await guest.commit(guest.spin(5, 12))
    await guest.commit(guest.spin(5, 3))
    heard: list[Event] = []
    store.listen(heard.append, lambda: None)
    await asyncio.sleep(0.05)
    first, second = sorted(await guest.deliveries(), key=lambda found: -found.payout)
    await store.delivered(first, 1, by_session=True)
    await store.delivered(second, 1)
    for _ in range(100):
        if heard:
            break
        await asyncio.sleep(0.01)
    assert [e for e in heard if guest.seat.user.uid in e.subject] == [Event("wallet", str(transit_of(guest.seat)), 8, 0)]


# Reconcile


async def of_guest(store: Store, guest: Guest) -> list[tuple[str, int, int]]:
    mine = [found for found in (await reconcile(store)).findings if guest.seat.user.uid in found.wallet]
    return [(found.problem.split(":")[0], found.ledger, found.balance) for found in mine]


async def test_reconcile_holds_what_is_in_transit_against_what_has_to_be_delivered(store: Store) -> None:
    guest = await Guest.sit(store)
    made = await guest.intends()
    spin = guest.spin(5, 12, intent=made.id)
    await guest.commit(spin)
    assert await of_guest(store, guest) == [], "12 are here, and 12 are owed"
    await store.delivered(spin.owed[0], 1)
    assert await of_guest(store, guest) == []
    await guest.commit(guest.spin(5, 12, owed=()))
    assert await of_guest(store, guest) == [("transit", 0, 12)]
    await guest.commit(guest.tx(owed=(delivery(guest.seat, 12),)))
    assert await of_guest(store, guest) == []
    await guest.commit(guest.tx(owed=(delivery(guest.seat, 1),)))
    assert await of_guest(store, guest) == [("transit", 13, 12)]


async def test_reconcile_finds_what_is_owed_out_of_a_wallet_that_never_was(store: Store) -> None:
    guest = await Guest.sit(store)
    other = delivery(guest.seat, 3)._replace(wallet=WalletId(guest.seat.user, "EUR@acme"))
    await guest.commit(guest.tx(owed=(other,)))
    assert await of_guest(store, guest) == [("transit", 3, 0)]


async def test_reconcile_has_no_complaint_while_operators_are_told(store: Store) -> None:
    guest = await Guest.sit(store)
    over = False

    async def play() -> None:
        while not over:
            spin = guest.spin()
            await guest.commit(spin)
            await asyncio.sleep(0)
            await store.delivered(spin.owed[0], 1)

    playing = asyncio.create_task(play())
    await asyncio.sleep(0.05)
    assert await of_guest(store, guest) == []
    over = True
    await playing
    assert await of_guest(store, guest) == []


async def test_reconcile_has_no_complaint_while_wagers_are_cancelled(store: Store) -> None:
    guest = await Guest.sit(store)
    over, cancelled = False, 0
    await store.post(Posting("stake", transit_of(guest.seat), "adjustment", 5, "", 1, owed=(delivery(guest.seat, 5),)))

    async def play() -> None:
        nonlocal cancelled
        while not over:
            name = fresh_id()
            for op in ("escrow", "cancel"):
                call = OutsideCall(
                    guest.seat, transit_of(guest.seat), op, name, f"{op}-{name}", op, 1, 5 if op == "escrow" else 0
                )
                await store.outside(call)
                await asyncio.sleep(0)
            cancelled += 1

    playing = asyncio.create_task(play())
    await asyncio.sleep(0.05)
    spend = [found for found in await of_guest(store, guest) if "spend" in found[0]]
    over = True
    await playing
    assert spend == [] and cancelled > 0
    assert await of_guest(store, guest) == []


# Logins


@pytest.mark.parametrize("token", ["", secret("t0ken of an operator / with +signs= and “more”\n", "token")])
async def test_a_login_keeps_the_token_that_an_operator_gave(store: Store, token: str) -> None:
    seat = new_seat()
    login_id = fresh_sharded_id(seat.user)
    await store.revoke(seat.user, 1)
    await store.keep_login(login_id, seat, 60, token)
    login = await store.login(login_id, 60)
    assert login == Login(seat, token) == await store.login(login_id, 60)
    assert "t0ken" not in f"{login} {login!r}"
    await store.revoke(seat.user, 2)
    assert await store.login(login_id, 60) is None
