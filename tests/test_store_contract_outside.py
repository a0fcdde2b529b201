"""What every store promises of games that live elsewhere (webingo.transaction.outside), held against each of them."""

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import orjson
import pytest
from tornado.ioloop import IOLoop

from tests.test_store_contract import new_seat, refused, wallet_of
from webingo.errors import Code
from webingo.rng import fresh_id
from webingo.session.proof import draws_of, recorded
from webingo.transaction.outside import OutsideAnswer, OutsideCall, OutsideRound, fresh_draws_id
from webingo.transaction.reconcile import reconcile
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.store import Store
from webingo.transaction.transaction import MAX_AMOUNT, Delivery, Entry, Event, Funds, Posting, Seat, WalletId

_STEPS = {"ask": "escrow", "abort": "escrow"}
"""Calls that are steps of another one: one body, one fingerprint."""


class Elsewhere:
    """A game that lives elsewhere, and plays for one player."""

    played: ClassVar[list["Elsewhere"]] = []

    def __init__(self, store: Store, seat: Seat, wallet: WalletId) -> None:
        self.store, self.seat, self.wallet = store, seat, wallet
        self.funded = "@" in wallet.denom
        self.played.append(self)

    @classmethod
    async def begin(cls, store: Store, grant: int = 100) -> "Elsewhere":
        seat = new_seat()
        await store.begin_wallet(seat, wallet_of(seat), grant, 1)
        return cls(store, seat, wallet_of(seat))

    @classmethod
    def of_operator(cls, store: Store) -> "Elsewhere":
        seat = new_seat()
        return cls(store, seat, WalletId(seat.user, "USD@acme"))

    def call(self, op: Any, round_name: str, call_id: str, amount: int = 0, **changes: Any) -> OutsideCall:
        body = f"{_STEPS.get(op, op)} {round_name} {amount}"
        made = OutsideCall(self.seat, self.wallet, op, round_name, call_id, body, 1000, amount, "moon", 10, self.funded)
        if op == "ask":
            made = made._replace(owed=(self.owed(),))
        if op == "result" and self.funded:
            made = made._replace(owed=(self.owed(amount),))
        return made._replace(**changes)

    def owed(self, payout: int = 0) -> Delivery:
        return Delivery(fresh_id(), self.wallet, b'{"for": "acme"}', 10**13, payout)

    async def do(self, op: Any, round_name: str, call_id: str, amount: int = 0, **changes: Any) -> OutsideAnswer:
        return await self.store.outside(self.call(op, round_name, call_id, amount, **changes))

    async def escrow(self, round_name: str, call_id: str, amount: int) -> OutsideAnswer:
        """The whole of it, where an operator says yes."""
        if self.funded:
            await self.do("ask", round_name, call_id, amount)
        return await self.do("escrow", round_name, call_id, amount)

    async def refused(self, code: Code, op: Any, round_name: str, call_id: str, amount: int = 0, **changes: Any) -> None:
        before = await self.entries()
        assert (await refused(code, self.do(op, round_name, call_id, amount, **changes))).facts.keys() == {"balance", "seq"}
        assert await self.entries() == before

    async def entries(self) -> list[Entry]:
        found = [entry async for entry in self.store.entries(self.seat.user.shard) if entry.wallet == str(self.wallet)]
        assert len({entry.id for entry in found}) == len(found)
        assert sum(entry.amount for entry in found) == (await self.store.funds(self.wallet)).balance
        return found

    async def kinds(self) -> list[tuple[str, int, bool]]:
        return [(entry.kind, entry.amount, entry.closes) for entry in await self.entries() if entry.kind != "grant"]

    async def deliveries(self) -> list[Delivery]:
        return [d async for d in self.store.deliveries(self.seat.user.shard) if d.wallet == self.wallet]

    async def round(self, name: str) -> OutsideRound:
        found = await self.store.outside_round(self.seat, name)
        assert found is not None
        return found

    async def spent(self) -> int:
        return dict((await self.store.belongings(self.seat.user)).seats).get(self.seat, 0)

    async def record(self, name: str) -> list[Any]:
        return [orjson.loads(part) for part in await self.store.round((await self.round(name)).id) or []]

    async def leave(self) -> None:
        """Nothing remains to be done for the player: other tests look at the whole of the store."""
        for delivery in await self.deliveries():
            await self.store.delivered(delivery, 1)


@pytest.fixture(autouse=True)
def _nobody_is_owed(store: Store, io_loop: IOLoop) -> Iterator[None]:
    yield
    for game in Elsewhere.played:
        if game.store is store:
            io_loop.run_sync(game.leave)
    Elsewhere.played.clear()


# Where we keep the money


async def test_an_escrow_and_its_result_are_a_round_like_any_other(store: Store) -> None:
    game = await Elsewhere.begin(store)
    begun = await game.escrow("r", "e1", 5)
    assert (begun.status, begun.funds, begun.stake, begun.repeated, begun.owed) == ("escrowed", Funds(95, 2), 5, False, ())
    found = await game.round("r")
    assert (found.id, found.game, found.status, found.escrows, found.asking) == (
        begun.round_id,
        "moon",
        "escrowed",
        ("e1",),
        (),
    )
    ended = await game.do("result", "r", "w1", 12, proof=b'{"draws":["17-abc"]}')
    assert (ended.status, ended.round_id, ended.funds, ended.stake) == ("closed", begun.round_id, Funds(107, 3), 5)
    assert await game.kinds() == [("wager", -5, False), ("win", 12, True)]
    entries = (await game.entries())[1:]
    assert {(e.round, e.game, e.site, e.at_ms) for e in entries} == {(begun.round_id, "moon", game.seat.site, 1000)}
    assert await store.history(game.seat.user, 0, 10) == [begun.round_id]
    header, escrow, escrowed, result, closed = await game.record("r")
    assert (header["round"], header["game"], header["outside"], header["at"]) == (begun.round_id, "moon", {"round": "r"}, 1000)
    assert (header["platform"], header["site"], header["uid"]) == (*_names(game.seat),)
    assert (escrow["action"], escrow["moves"], escrow["call"], "proof" in escrow) == ("escrow", [["wager", 5]], "e1", False)
    assert (result["action"], result["moves"], result["proof"]) == ("result", [["win", 12]], {"draws": ["17-abc"]})
    assert (escrowed["name"], escrowed["data"]) == ("escrowed", {"stake": 5, "won": 0})
    assert (closed["name"], closed["data"], closed["actions"]) == ("closed", {"stake": 5, "won": 12}, [])
    assert await game.spent() == 5


def _names(seat: Seat) -> tuple[str, str, str]:
    return seat.user.platform, seat.site, seat.user.uid


async def test_a_round_that_is_lost_is_closed_by_an_entry_of_its_own(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    assert (await game.do("result", "r", "w1", 0)).funds == Funds(95, 3)
    assert await game.kinds() == [("wager", -5, False), ("end", 0, True)]
    assert [step["moves"] for step in (await game.record("r"))[1::2]] == [[["wager", 5]], []]


async def test_a_cancel_gives_back_all_escrows_of_the_round_at_once(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    assert (await game.escrow("r", "e2", 7)).stake == 12
    assert ((await game.round("r")).escrows, await game.spent()) == (("e1", "e2"), 12)
    assert (await game.do("cancel", "r", "c1")).funds == Funds(100, 4)
    assert await game.kinds() == [("wager", -5, False), ("wager", -7, False), ("cancel", 12, True)]
    assert await game.spent() == 0
    assert (await game.record("r"))[-1]["name"] == "cancelled"
    again = await game.do("cancel", "r", "c2")
    assert (again.status, again.funds) == ("cancelled", Funds(100, 4)), "who is not sure may cancel once more"


async def test_a_call_that_is_sent_again_gets_the_first_answer_and_moves_nothing(store: Store) -> None:
    game = await Elsewhere.begin(store)
    calls = [game.call("escrow", "r", "e1", 5), game.call("escrow", "r", "e2", 6), game.call("result", "r", "w1", 20)]
    first = [await store.outside(call) for call in calls]
    await game.escrow("later", "e3", 50)
    for call, answer in zip(calls, first, strict=True):
        again = await store.outside(call._replace(at_ms=9999))
        assert again == answer._replace(repeated=True)
        assert await store.outside(call._replace(op="again")) == again
    assert len(await game.entries()) == 5


async def test_a_call_that_is_sent_many_times_at_once_takes_effect_once(store: Store) -> None:
    game = await Elsewhere.begin(store)
    for call in (game.call("escrow", "r", "e1", 5), game.call("cancel", "r", "c1")):
        answers = await asyncio.gather(*(store.outside(call) for _ in range(8)))
        assert [answer.repeated for answer in answers].count(False) == 1
        assert len({(answer.funds, answer.status, answer.round_id) for answer in answers}) == 1
    assert (await game.kinds(), await store.funds(game.wallet)) == ([("wager", -5, False), ("cancel", 5, True)], Funds(100, 3))


async def test_of_a_result_and_a_cancel_at_once_one_takes_effect(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    ends = game.call("result", "r", "w1", 20), game.call("result", "r", "w2", 30), game.call("cancel", "r", "c1")
    done = await asyncio.gather(*map(store.outside, ends), return_exceptions=True)
    assert sum(isinstance(each, OutsideAnswer) for each in done) == 1
    assert [entry.closes for entry in await game.entries()].count(True) == 1


async def test_an_id_means_one_call_for_ever(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    for other in (game.call("escrow", "r", "e1", 6), game.call("escrow", "q", "e1", 5), game.call("cancel", "r", "e1")):
        await game.refused(Code.ID_REUSED, other.op, other.round, "e1", other.amount)
    await game.refused(Code.ID_REUSED, "again", "r", "e1", 6)
    assert (await Elsewhere.begin(store)).seat != game.seat
    assert (await (await Elsewhere.begin(store)).escrow("r", "e1", 6)).repeated is False, "of that player"


async def test_a_round_that_is_over_stays_as_it_is(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    await game.do("result", "r", "w1", 5)
    await game.escrow("q", "e2", 5)
    await game.do("cancel", "q", "c1")
    for name in ("r", "q"):
        await game.refused(Code.ROUND_OVER, "result", name, f"{name}.late", 5)
        await game.refused(Code.ROUND_OVER, "escrow", name, f"{name}.more", 5)
    await game.refused(Code.ROUND_OVER, "cancel", "r", "c2")
    assert [(await game.round(name)).status for name in ("r", "q")] == ["closed", "cancelled"]


async def test_what_was_never_there_is_refused(store: Store) -> None:
    game = await Elsewhere.begin(store)
    for op in ("result", "abort", "again", "cancel"):
        await game.refused(Code.NO_ROUND, op, "unknown", f"x.{op}", 5 if op == "result" else 0)
    assert await store.outside_round(game.seat, "unknown") is None
    assert await store.outside_answered(game.seat, "x.result", b"1") == b""


async def test_an_escrow_that_its_cancel_has_overtaken_takes_nothing(store: Store) -> None:
    for game in (await Elsewhere.begin(store), Elsewhere.of_operator(store)):
        await game.refused(Code.NO_ROUND, "cancel", "r", "c1")
        await game.refused(Code.ROUND_OVER, "ask" if game.funded else "escrow", "r", "e1", 5)
        await game.refused(Code.NO_ROUND, "result", "r", "w1", 5)
        await game.refused(Code.NO_ROUND, "cancel", "r", "c1")
        assert await store.outside_round(game.seat, "r") is None


async def test_an_escrow_without_enough_money_is_refused_for_good(store: Store) -> None:
    game = await Elsewhere.begin(store, 10)
    await game.refused(Code.INSUFFICIENT_FUNDS, "escrow", "r", "e1", 11)
    await store.post(Posting("gift", game.wallet, "gift", 5, "", 7))
    facts = (await refused(Code.INSUFFICIENT_FUNDS, game.do("escrow", "r", "e1", 11))).facts
    assert facts == {"balance": 10, "seq": 1}, "a duplicate that comes late takes no money that has come meanwhile"
    await game.refused(Code.INSUFFICIENT_FUNDS, "again", "r", "e1", 11, fingerprint="escrow r 11")
    assert (await store.outside_round(game.seat, "r"), await store.history(game.seat.user, 0, 1)) == (None, [])
    assert (await game.escrow("r", "e2", 11)).funds == Funds(4, 3), "the round was never begun"


async def test_a_blocked_player_ends_rounds_and_begins_none(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    await game.escrow("q", "e2", 5)
    await store.block(game.seat.user, True)
    await game.refused(Code.PLAYER_BLOCKED, "escrow", "r", "e3", 5)
    await game.refused(Code.PLAYER_BLOCKED, "escrow", "s", "e4", 5)
    await game.do("result", "r", "w1", 7)
    await game.do("cancel", "q", "c1")
    await store.block(game.seat.user, False)
    await game.refused(Code.PLAYER_BLOCKED, "escrow", "s", "e4", 5)
    assert (await store.funds(game.wallet)).balance == 102


async def test_no_round_wins_more_than_the_cap_allows(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    await game.refused(Code.LIMIT, "result", "r", "w1", 51)
    await game.escrow("r", "e2", 1)
    assert (await game.do("result", "r", "w2", 60, max_win=1)).funds.balance == 154, (
        "all wagers count; the cap is the round's own"
    )


async def test_no_balance_and_no_spend_grows_above_what_counts_exactly(store: Store) -> None:
    game = await Elsewhere.begin(store, MAX_AMOUNT)
    await game.escrow("r", "e1", 5)
    await game.refused(Code.LIMIT, "result", "r", "w1", 6)
    await game.escrow("s", "e2", MAX_AMOUNT - 5)
    await store.post(Posting("gift", game.wallet, "gift", MAX_AMOUNT, "", 7))
    await game.refused(Code.LIMIT, "cancel", "r", "c1")
    await game.refused(Code.LIMIT, "escrow", "t", "e3", 1)
    assert (await game.spent(), (await game.do("result", "r", "w2", 0)).funds.balance) == (MAX_AMOUNT, MAX_AMOUNT)


async def test_the_money_of_a_round_is_in_one_wallet(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    dollars = WalletId(game.seat.user, "USD")
    await store.post(Posting("gift", dollars, "gift", 50, "", 7))
    await game.refused(Code.FORBIDDEN, "escrow", "r", "e2", 5, wallet=dollars)
    assert (await game.do("result", "r", "w1", 9, wallet=dollars)).funds == Funds(104, 3), "wherever the site keeps it now"


async def test_other_sessions_hear_of_the_balance(store: Store) -> None:
    game = await Elsewhere.begin(store)
    heard: list[Event] = []
    store.listen(heard.append, lambda: None)
    if isinstance(store, RedisStore):
        await asyncio.sleep(0.05)
    await game.escrow("r", "e1", 5)
    await store.open(game.seat, game.wallet, 0, 1)
    await game.do("result", "r", "w1", 9)
    for _ in range(100):
        if any(event.subject == str(game.wallet) for event in heard):
            break
        await asyncio.sleep(0.01)
    of_wallet = [event for event in heard if event.subject == str(game.wallet)]
    assert of_wallet == [Event("wallet", str(game.wallet), 3, 104)], "while nobody was there, nobody was told"


async def test_a_game_elsewhere_takes_no_seat(store: Store) -> None:
    seat = new_seat()
    opened = await store.open(seat, wallet_of(seat), 100, 1)
    assert await store.begin_wallet(seat, wallet_of(seat), 50, 1) == Funds(100, 1)
    game = Elsewhere(store, seat, wallet_of(seat))
    await game.escrow("r", "e1", 5)
    await store.save_userdata(seat, opened.epoch, b'{"still":"here"}')
    assert (await store.open(seat, wallet_of(seat), 100, 1)).spent == 5


async def test_a_wallet_that_never_was_begins_with_its_grant_once(store: Store) -> None:
    seat = new_seat()
    begun = [await store.begin_wallet(seat, wallet_of(seat), 70, 1) for _ in range(2)]
    assert [*begun, (await store.open(seat, wallet_of(seat), 70, 1)).funds] == [Funds(70, 1)] * 3
    poor = new_seat()
    assert await store.begin_wallet(poor, wallet_of(poor), 0, 1) == Funds(0, 0)
    assert await store.belongings(poor.user) == ([(poor, 0)], [wallet_of(poor)])


# Where an operator does


async def test_a_round_that_an_operator_pays_for_leaves_nothing_behind(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    asked = await game.do("ask", "r", "e1", 5)
    assert (asked.status, asked.funds, asked.repeated, asked.owed) == ("asking", Funds(0, 0), False, ())
    assert ((await game.round("r")).status, await game.entries(), await store.history(game.seat.user, 0, 1)) == (
        "asking",
        [],
        [],
    )
    settled = await game.do("escrow", "r", "e1", 5, answer=b"95")
    assert (settled.status, settled.funds, settled.stake, settled.answer) == ("escrowed", Funds(0, 2), 5, b"95")
    ended = await game.do("result", "r", "w1", 12)
    (owed,) = ended.owed
    assert (owed.payout, owed.round, owed.game, owed.site) == (12, ended.round_id, "moon", game.seat.site)
    assert await game.deliveries() == [owed]
    await store.delivered(owed, 2000)
    kinds = [("escrow", 5, False), ("wager", -5, False), ("win", 12, True), ("payout", -12, False)]
    assert (await game.kinds(), await store.funds(game.wallet)) == (kinds, Funds(0, 4))


async def test_what_an_operator_has_to_hear_of_a_lost_round_moves_nothing(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    await game.escrow("r", "e1", 5)
    (owed,) = (await game.do("result", "r", "w1", 0)).owed
    await store.delivered(owed, 2000)
    assert await game.kinds() == [("escrow", 5, False), ("wager", -5, False), ("end", 0, True)]


async def test_a_cancel_owes_the_operator_what_had_come_in(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    asks = [game.call("ask", "r", call_id, amount) for call_id, amount in (("e1", 5), ("e2", 7), ("e3", 9))]
    for ask in asks:
        await store.outside(ask)
    for ask in asks[:2]:
        await store.outside(ask._replace(op="escrow", owed=()))
    found = await game.round("r")
    assert (found.escrows, found.asking, [owed.payout for owed in found.owed]) == (("e1", "e2"), ("e3",), [5, 7])
    cancelled = await game.do("cancel", "r", "c1")
    assert {(owed.id, owed.payout) for owed in cancelled.owed} == {
        (ask.owed[0].id, payout) for ask, payout in zip(asks, (5, 7, 0), strict=True)
    }
    assert sorted(cancelled.owed) == sorted(await game.deliveries())
    await game.refused(Code.ROUND_OVER, "escrow", "r", "e3", 9)
    assert (await game.do("abort", "r", "e3", 9)).owed == (), "it is taken back already"
    await game.leave()
    assert (await store.funds(game.wallet)).balance == 0 and (await game.round("r")).owed == ()


async def test_what_an_operator_was_asked_for_in_vain_is_taken_back_once(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    await game.do("ask", "r", "e1", 5)
    await game.escrow("q", "e3", 5)
    for op in ("abort", "escrow"):
        await game.refused(Code.NO_ROUND, op, "q", "e1", 5, fingerprint="escrow r 5")
    await game.do("cancel", "q", "c1")
    await game.leave()
    aborted = await game.do("abort", "r", "e1", fingerprint="", code=Code.ROUND_OVER)
    assert (aborted.status, len(aborted.owed), aborted.owed[0].payout) == ("cancelled", 1, 0)
    await game.refused(Code.NO_ROUND, "abort", "r", "e2", 5)
    assert await game.do("abort", "r", "e1", 5) == aborted._replace(repeated=True, owed=())
    for op in ("ask", "escrow", "again"):
        await game.refused(Code.ROUND_OVER, op, "r", "e1", 5, fingerprint="escrow r 5")
    await game.refused(Code.ROUND_OVER, "ask", "r", "e2", 5)
    assert (await game.round("r")).status == "cancelled"
    assert (len(await game.entries()), len(await store.history(game.seat.user, 0, 9))) == (4, 1), "of the other round"
    assert len(await game.deliveries()) == 1


async def test_what_an_operator_has_refused_was_never_there(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    await game.do("ask", "r", "e1", 5)
    assert (await game.do("abort", "r", "e1", 5, definite=True, code=Code.INSUFFICIENT_FUNDS)).owed == ()
    assert (await store.outside_round(game.seat, "r"), await game.deliveries()) == (None, [])
    await game.refused(Code.INSUFFICIENT_FUNDS, "ask", "r", "e1", 5)
    await game.escrow("r", "e2", 4)
    await game.do("ask", "r", "e3", 5)
    await game.do("abort", "r", "e3", 5, definite=True, code=Code.INSUFFICIENT_FUNDS)
    found = await game.round("r")
    assert (found.status, found.stake, found.escrows, found.asking) == ("escrowed", 4, ("e2",), ())


async def test_an_answer_that_came_is_not_taken_back_by_who_waited_in_vain(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    settled = await game.escrow("r", "e1", 5)
    late = await game.do("abort", "r", "e1", 5)
    assert (late.status, late.repeated, late.owed) == ("escrowed", True, ())
    assert ((await game.round("r")).status, await game.deliveries()) == ("escrowed", [])
    assert await game.do("escrow", "r", "e1", 5) == settled._replace(repeated=True)


async def test_an_ask_that_is_sent_again_is_an_ask_until_it_is_settled(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    ask = game.call("ask", "r", "e1", 5)
    assert [(await store.outside(ask)).repeated for _ in range(2)] == [False, True]
    assert (await game.do("again", "r", "e1", 5, fingerprint=ask.fingerprint)).status == "asking"
    assert (await store.outside(ask._replace(owed=(game.owed(),)))).status == "asking"
    await game.refused(Code.UNAVAILABLE, "result", "r", "w1", 5)
    settled = await game.do("escrow", "r", "e1", 5, answer=b"95")
    assert await store.outside(ask) == settled._replace(repeated=True)
    await game.refused(Code.NO_ROUND, "escrow", "r", "e2", 5)
    assert len(await game.entries()) == 2


async def test_a_player_who_is_blocked_meanwhile_is_charged_nothing(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    await game.do("ask", "r", "e1", 5)
    await store.block(game.seat.user, True)
    await game.refused(Code.PLAYER_BLOCKED, "escrow", "r", "e1", 5)
    assert len((await game.do("abort", "r", "e1", 5, code=Code.PLAYER_BLOCKED)).owed) == 1
    await game.refused(Code.PLAYER_BLOCKED, "ask", "r", "e1", 5)


async def test_a_call_is_answered_with_what_was_answered_first(store: Store) -> None:
    game = Elsewhere.of_operator(store)
    await game.escrow("r", "e1", 5)
    assert [await store.outside_answered(game.seat, "e1", given) for given in (b"one", b"two")] == [b"one", b"one"]
    assert (await game.do("escrow", "r", "e1", 5)).answer == b"one"
    await game.do("ask", "r", "e2", 5)
    await game.do("escrow", "r", "e2", 5, answer=b"kept")
    assert await store.outside_answered(game.seat, "e2", b"later") == b"kept"


# Calls that make no sense


async def test_calls_that_make_no_sense_are_not_carried_out(store: Store) -> None:
    game, local = Elsewhere.of_operator(store), await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    other = new_seat()
    wrong = [
        game.call("result", "r", "w1", 9, owed=(game.owed(8),)),
        game.call("result", "r", "w2", 9, owed=()),
        game.call("ask", "r", "e2", 5, owed=(game.owed(), game.owed())),
        game.call("cancel", "r", "c1", owed=(game.owed(),)),
        local.call("ask", "r", "e3", 5),
        local.call("escrow", "r", "e4", 0),
        local.call("escrow", "r", "e5", -1),
        local.call("result", "r", "w3", MAX_AMOUNT + 1),
        local.call("escrow", "a b", "e6", 5),
        local.call("escrow", "", "e7", 5),
        local.call("escrow", "r", "x" * 129, 5),
        local.call("escrow", "r\n", "e8", 5),
        local.call("escrow", "r", "e9", 5, wallet=wallet_of(other)),
    ]
    for call in wrong:
        with pytest.raises(ValueError, match=r"."):
            await store.outside(call)
    assert (len(await game.entries()), len(await local.entries())) == (2, 1)


# What is found, and what the books say


async def test_open_rounds_are_listed_by_their_age(store: Store) -> None:
    game = await Elsewhere.begin(store)
    shard, asking = game.seat.user.shard, Elsewhere(store, game.seat, WalletId(game.seat.user, "USD@acme"))
    for name, at_ms in (("b", -20), ("a:1", -30), ("c", -10)):
        await game.do("escrow", name, f"e.{name}", 5, at_ms=at_ms)
    await asking.do("ask", "d", "e.d", 5, at_ms=-15)
    listed = [found for found in await store.outside_rounds(shard, -10, 0, 100) if found.seat == game.seat]
    assert [(found.name, found.at_ms, found.status) for found in listed] == [
        ("a:1", -30, "escrowed"), ("b", -20, "escrowed"), ("d", -15, "asking"),
    ]  # fmt: skip
    assert listed[0] == await game.round("a:1") and listed[2].asking == ("e.d",) and listed[2].asked_ms == -15
    assert len(await store.outside_rounds(shard, -10, 1, 1)) == 1
    for name in ("a:1", "b", "c"):
        await game.do("cancel", name, f"c.{name}")
    await asking.do("abort", "d", "e.d", 5)
    assert [found for found in await store.outside_rounds(shard, 10, 0, 100) if found.seat == game.seat] == []


async def test_the_books_are_right_with_cancelled_wagers_and_money_in_transit(store: Store) -> None:
    game, operated = await Elsewhere.begin(store), Elsewhere.of_operator(store)
    for player in (game, operated):
        for name in ("won", "cancelled", "open"):
            await player.escrow(name, f"e.{name}", 5)
        await player.do("result", "won", "w", 9)
        await player.do("cancel", "cancelled", "c")
    await operated.do("ask", "asked", "a", 5)
    mine = {str(game.wallet), str(operated.wallet), str(game.seat), str(operated.seat)}
    assert [finding for finding in (await reconcile(store)).findings if finding.wallet in mine] == []
    assert (await game.spent(), await operated.spent()) == (10, 10)


async def test_the_record_of_a_round_shows_what_decided_it(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    await game.do("result", "r", "w1", 12, proof=b'{"draws":["01-a","02-b"]}')
    record = await store.round((await game.round("r")).id)
    assert record is not None and draws_of(record) == ["01-a", "02-b"]
    kept = orjson.dumps({"call": "distribution", "asked": {"n": 1, "m": 7, "count": 2}, "draws": [3, 6]})
    proof = recorded(record, {"01-a": kept})
    assert (proof.elsewhere, proof.holds, proof.complete, proof.wagered, proof.won) == (True, True, True, 5, 12)
    assert [(draw.method, draw.args, draw.result) for draw in proof.steps[1].draws] == [("distribution", [1, 7, 2], [3, 6])]
    assert proof.steps[1].params == {"call": "w1", "draws": ["01-a", "02-b"]}
    forged = [*record[:-1], record[-1].replace(b'"won":12', b'"won":13')]
    assert recorded(forged, {}).steps[1].problem == "the state does not follow from the moves"
    assert not recorded([*record, *record[3:]], {}).holds


async def test_erasing_a_player_leaves_the_rounds_money_right(store: Store) -> None:
    game = await Elsewhere.begin(store)
    await game.escrow("r", "e1", 5)
    await store.erase(game.seat.user, 2000)
    assert (await game.do("result", "r", "w1", 9)).funds.balance == 104
    assert (await game.entries())[-1].closes


# Names, API keys, draws


async def test_a_name_belongs_to_who_claims_it_first(store: Store) -> None:
    name = fresh_id()
    assert await store.claim_name("demo", "site", "round", name, "", 60) == ""
    assert [await store.claim_name("demo", "site", "round", name, who, 60) for who in ("ana", "bob", "")] == ["ana"] * 3
    assert await store.claim_name("demo", "site", "call", name, "bob", 60) == "bob"
    assert await store.claim_name("demo", "other", "round", name, "bob", 60) == "bob"


async def test_api_keys_are_kept_and_replaced(store: Store) -> None:
    key_id, other = fresh_id(), fresh_id()
    assert await store.api_key(key_id) is None
    await store.keep_api_key(key_id, b'{"revoked_ms":0}')
    await store.keep_api_key(other, b"{}")
    await store.keep_api_key(key_id, b'{"revoked_ms":7}')
    assert await store.api_key(key_id) == b'{"revoked_ms":7}'
    listed = await store.api_keys()
    assert listed == sorted(listed) and {(key_id, b'{"revoked_ms":7}'), (other, b"{}")} <= set(listed)


async def test_draws_are_found_by_their_id(store: Store) -> None:
    draws_id = fresh_draws_id()
    assert await store.draws(draws_id) is None
    await store.keep_draws(draws_id, b"[1,2]")
    assert await store.draws(draws_id) == b"[1,2]"
    for wrong in ("", "x", "99-" + fresh_id(), fresh_id()):
        assert await store.draws(wrong) is None
        with pytest.raises(ValueError, match="no id of draws"):
            await store.keep_draws(wrong, b"{}")
