"""What every store promises (webingo.transaction.store.Store), held against each of them."""

import asyncio
from itertools import count
from typing import Any

import orjson
import pytest

from webingo.engines.engine import Move
from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import PayoutAboveMaximum, Store
from webingo.transaction.transaction import (
    MAX_AMOUNT,
    Entry,
    Event,
    Funds,
    Login,
    Opened,
    Part,
    Posting,
    Seat,
    Transaction,
    WalletId,
    fresh_request_id,
    fresh_sharded_id,
)
from webingo.user import User

_NUMBERS = count()


def new_seat(site: str = "demo") -> Seat:
    return Seat(User("demo", f"player:{next(_NUMBERS)}{{x}}-{fresh_id()}"), site)


def wallet_of(seat: Seat) -> WalletId:
    return WalletId(seat.user, "credit")


class Player:
    """Drives a seat by hand."""

    def __init__(self, store: Store, seat: Seat, opened: Opened) -> None:
        self.store, self.seat, self.opened = store, seat, opened
        self.epoch, self.sid, self.round = opened.epoch, "", ""

    @classmethod
    async def sit(cls, store: Store, seat: Seat | None = None, grant: int = 100) -> "Player":
        seat = seat or new_seat()
        return cls(store, seat, await store.open(seat, wallet_of(seat), grant, 1))

    def tx(self, parts: tuple[Part, ...] = (), **changes: Any) -> Transaction:
        sid = fresh_id()
        return Transaction(
            **{
                "seat": self.seat,
                "wallet": wallet_of(self.seat),
                "epoch": self.epoch,
                "at_ms": 1000,
                "base": self.sid,
                "sid": sid,
                "game": "tiny",
                "state": orjson.dumps({"id": sid}),
                "private": b'{"secret":1}',
                "max_win": 10,
                "parts": parts,
                **changes,
            }
        )

    async def commit(self, transaction: Transaction) -> Funds:
        funds = await self.store.commit(transaction)
        self.sid = transaction.sid
        return funds

    async def load(self) -> None:
        await self.commit(self.tx())

    def bet(self, amount: int = 4, **changes: Any) -> Transaction:
        self.round = fresh_sharded_id(self.seat.user)
        part = Part(self.round, b'{"action":"bet"}', b'{"bet":1}', (Move("wager", amount),), header=b'{"game":"tiny"}')
        return self.tx((part,), **changes)

    def end(self, win: int = 0) -> Transaction:
        moves = (Move("win", win),) if win else ()
        return self.tx((Part(self.round, b'{"action":"end"}', b'{"end":1}', moves, closes=True),))


async def ledger(store: Store, seat: Seat) -> list[Entry]:
    return [entry async for entry in store.entries(seat.user.shard) if entry.wallet == str(wallet_of(seat))]


async def refused(code: Code, awaitable: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await awaitable
    assert caught.value.code is code
    return caught.value


async def test_a_new_wallet_begins_with_its_grant_and_only_once(store: Store) -> None:
    player = await Player.sit(store, grant=100)
    assert player.opened.funds == Funds(100, 1)
    again = await Player.sit(store, player.seat, grant=100)
    assert again.opened.funds == Funds(100, 1)
    assert [(e.kind, e.amount, e.balance, e.seq) for e in await ledger(store, player.seat)] == [("grant", 100, 100, 1)]


async def test_a_wallet_without_a_grant_begins_empty_and_without_an_entry(store: Store) -> None:
    player = await Player.sit(store, grant=0)
    assert player.opened.funds == Funds(0, 0)
    assert await ledger(store, player.seat) == []


async def test_state_money_ledger_and_record_are_written_together(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    bet = player.bet(4)
    assert await player.commit(bet) == Funds(96, 2)
    end = player.end(win=9)
    assert await player.commit(end) == Funds(105, 3)
    opened = await store.open(player.seat, wallet_of(player.seat), 0, 5)
    assert (opened.game, opened.state, opened.private, opened.round) == ("tiny", end.state, b'{"secret":1}', "")
    entries = await ledger(store, player.seat)
    assert [(e.kind, e.amount, e.balance, e.seq) for e in entries[1:]] == [("wager", -4, 96, 2), ("win", 9, 105, 3)]
    assert {(e.round, e.game, e.site, e.at_ms) for e in entries[1:]} == {(player.round, "tiny", "demo", 1000)}
    assert len({e.id for e in entries}) == 3
    assert await store.round(player.round) == [
        b'{"game":"tiny"}', b'{"action":"bet"}', b'{"bet":1}', b'{"action":"end"}', b'{"end":1}',
    ]  # fmt: skip
    assert await store.history(player.seat.user, 0, 10) == [player.round]
    assert await store.funds(wallet_of(player.seat)) == Funds(105, 3)


async def test_the_last_entry_of_a_closed_round_is_marked_and_no_other(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    assert [e.closes for e in await ledger(store, player.seat)] == [False, False], "the round is open still"
    await player.commit(player.end(win=9))
    assert [(e.kind, e.closes) for e in await ledger(store, player.seat)][1:] == [("wager", False), ("win", True)]


async def test_a_round_that_closes_without_a_move_gets_an_entry_of_its_own(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    end = player.end()
    assert [await player.commit(end), await player.commit(end)] == [Funds(96, 3)] * 2
    last = (await ledger(store, player.seat))[-1]
    assert (last.kind, last.amount, last.balance, last.seq, last.closes) == ("end", 0, 96, 3, True)
    assert (last.round, last.game, last.site, last.at_ms, last.note) == (player.round, "tiny", "demo", 1000, "")


async def test_each_round_of_a_chain_is_closed_by_one_entry(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    first, second, third = player.round, fresh_sharded_id(player.seat.user), fresh_sharded_id(player.seat.user)
    nothing_won = Part(first, b"1", b"1", closes=True)
    whole = Part(second, b"2", b"2", (Move("wager", 4), Move("win", 8)), header=b"{}", closes=True)
    opened = Part(third, b"3", b"3", (Move("wager", 5),), header=b"{}")
    assert await player.commit(player.tx((nothing_won, whole, opened))) == Funds(95, 6)
    entries = await ledger(store, player.seat)
    assert [(e.kind, e.round, e.closes) for e in entries[2:]] == [
        ("end", first, True), ("wager", second, False), ("win", second, True), ("wager", third, False),
    ]  # fmt: skip
    assert [e.seq for e in entries] == [1, 2, 3, 4, 5, 6]
    assert len({e.id for e in entries}) == 6


async def test_what_a_wager_feeds_and_what_an_outcome_triggers_stand_in_the_ledger(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    round_id, fed = fresh_sharded_id(player.seat.user), f"jp_w1={2**70} jp_b=99"
    moves = (Move("wager", 4), Move("wager", 2), Move("win", 1))
    bet = Part(round_id, b"{}", b"{}", moves, header=b"{}", fed=fed, triggers=("jp_p2", "jp_b"))
    assert await player.commit(player.tx((bet, Part(round_id, b"{}", b"{}", triggers=("jp_c",), closes=True)))) == Funds(95, 7)
    entries = (await ledger(store, player.seat))[1:]
    assert [(e.kind, e.amount, e.balance, e.fed, e.note, e.closes) for e in entries] == [
        ("wager", -4, 96, fed, "", False),
        ("wager", -2, 94, "", "", False),
        ("win", 1, 95, "", "", False),
        ("trigger", 0, 95, "", "jp_p2", False),
        ("trigger", 0, 95, "", "jp_b", False),
        ("trigger", 0, 95, "", "jp_c", True),
    ]
    assert {e.round for e in entries} == {round_id}
    assert [e.seq for e in entries] == [2, 3, 4, 5, 6, 7]


async def test_a_part_may_feed_without_a_trigger_and_trigger_without_feeding(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    round_id = fresh_sharded_id(player.seat.user)
    fed = Part(round_id, b"{}", b"{}", (Move("wager", 4),), header=b"{}", fed="jp_a=1")
    won = Part(round_id, b"{}", b"{}", (Move("win", 5),), triggers=("jp_a",), closes=True)
    await player.commit(player.tx((fed, won)))
    assert [(e.kind, e.fed, e.note, e.closes) for e in (await ledger(store, player.seat))[1:]] == [
        ("wager", "jp_a=1", "", False), ("win", "", "", False), ("trigger", "", "jp_a", True),
    ]  # fmt: skip


async def test_an_open_round_is_found_again_with_the_seat(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    bet = player.bet()
    await player.commit(bet)
    opened = await store.open(player.seat, wallet_of(player.seat), 0, 5)
    assert (opened.round, opened.state) == (player.round, bet.state)


async def test_a_transaction_sent_twice_counts_once(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    bet = player.bet(4)
    assert [await store.commit(bet), await store.commit(bet), await store.commit(bet)] == [Funds(96, 2)] * 3
    assert len(await ledger(store, player.seat)) == 2
    record = await store.round(player.round)
    assert record is not None and len(record) == 3


async def test_unloading_a_game_sent_twice_counts_once(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    unload = player.tx(sid="", state=b"", private=b"")
    await store.commit(unload)
    await store.commit(unload)
    opened = await store.open(player.seat, wallet_of(player.seat), 0, 5)
    assert (opened.game, opened.state, opened.round) == ("", b"", "")


async def test_a_private_part_that_is_not_sent_stays_and_one_that_is_sent_replaces_it(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4, private=None))
    opened = await store.open(player.seat, wallet_of(player.seat), 0, 5)
    assert (opened.private, opened.userdata) == (b'{"secret":1}', {})
    player.epoch = opened.epoch
    await player.commit(player.tx(private=b'{"secret":2}', userdata=b'{"level":3}'))
    opened = await store.open(player.seat, wallet_of(player.seat), 0, 5)
    assert (opened.private, opened.userdata) == (b'{"secret":2}', {"level": 3})


async def test_an_old_state_is_refused_and_nothing_is_written(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    refusal = await refused(Code.STALE, store.commit(player.bet(4, base=fresh_id())))
    assert refusal.facts == {"balance": 96, "seq": 2}
    assert len(await ledger(store, player.seat)) == 2
    assert await store.round(player.round) is None


async def test_a_session_that_was_taken_over_can_write_no_more(store: Store) -> None:
    first = await Player.sit(store)
    await first.load()
    await Player.sit(store, first.seat)
    await refused(Code.REPLACED, store.commit(first.bet(4)))
    await refused(Code.REPLACED, store.save_userdata(first.seat, first.epoch, b"{}"))
    await refused(Code.REPLACED, store.save_note(first.seat, first.epoch, b"late"))
    assert (await store.funds(wallet_of(first.seat))).balance == 100


async def test_a_wager_above_the_balance_is_refused_whole(store: Store) -> None:
    player = await Player.sit(store, grant=10)
    await player.load()
    refusal = await refused(Code.INSUFFICIENT_FUNDS, player.commit(player.bet(11)))
    assert refusal.facts["balance"] == 10
    opened = await store.open(player.seat, wallet_of(player.seat), 0, 5)
    assert orjson.loads(opened.state)["id"] == player.sid
    assert opened.round == ""
    assert await store.history(player.seat.user, 0, 10) == []


async def test_a_win_pays_for_the_wager_that_follows_it_in_the_same_transaction(store: Store) -> None:
    player = await Player.sit(store, grant=4)
    await player.load()
    await player.commit(player.bet(4))
    old, new = player.round, fresh_sharded_id(player.seat.user)
    ending = Part(old, b'{"a":1}', b'{"idle":1}', (Move("win", 8),), closes=True)
    opening = Part(new, b'{"a":2}', b'{"game":2}', (Move("wager", 8),), header=b'{"h":2}')
    chained = player.tx((ending, opening))
    assert await player.commit(chained) == Funds(0, 4)
    assert await store.round(old) == [b'{"game":"tiny"}', b'{"action":"bet"}', b'{"bet":1}', b'{"a":1}', b'{"idle":1}']
    assert await store.round(new) == [b'{"h":2}', b'{"a":2}', b'{"game":2}']
    assert (await store.open(player.seat, wallet_of(player.seat), 0, 5)).round == new
    assert await store.history(player.seat.user, 0, 10) == [new, old]


async def test_more_than_the_stated_largest_win_is_refused_whole(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    with pytest.raises(PayoutAboveMaximum):
        await player.commit(player.end(win=41))
    assert (await store.funds(wallet_of(player.seat))).balance == 96
    assert await player.commit(player.end(win=40)) == Funds(136, 3)


async def test_the_cap_counts_the_wins_of_one_round_only(store: Store) -> None:
    player = await Player.sit(store, grant=10)
    await player.load()
    for _ in range(3):
        await player.commit(player.bet(1))
        await player.commit(player.end(win=10))
    assert (await store.funds(wallet_of(player.seat))).balance == 37


async def test_no_balance_grows_above_what_counts_exactly(store: Store) -> None:
    player = await Player.sit(store, grant=MAX_AMOUNT - 1)
    await player.load()
    await player.commit(player.bet(4))
    await refused(Code.LIMIT, player.commit(player.end(win=6)))
    assert await player.commit(player.end(win=5)) == Funds(MAX_AMOUNT, 3)
    assert (await ledger(store, player.seat))[-1].balance == MAX_AMOUNT


async def test_userdata_stays_with_the_seat(store: Store) -> None:
    player = await Player.sit(store)
    await store.save_userdata(player.seat, player.epoch, b'{"first_time":true}')
    await player.load()
    assert (await store.open(player.seat, wallet_of(player.seat), 0, 5)).userdata == {"first_time": True}
    other_site = await Player.sit(store, Seat(player.seat.user, "other"))
    assert other_site.opened.userdata == {}
    assert other_site.opened.funds.balance == 100, "sites of a platform share the wallet"


async def test_a_note_stays_with_the_seat_and_is_the_last_holders(store: Store) -> None:
    seat = new_seat()
    assert await store.note(seat) == b""
    player = await Player.sit(store, seat)
    assert await store.note(seat) == b""
    await store.save_note(seat, player.epoch, b"first")
    await store.save_note(seat, player.epoch, b"\x00second")
    await player.load()
    later = await Player.sit(store, seat)
    await refused(Code.REPLACED, store.save_note(seat, player.epoch, b"late"))
    assert await store.note(seat) == b"\x00second"
    assert later.opened.userdata == {}
    await refused(Code.REPLACED, store.save_note(new_seat(), 1, b"nobody sits there"))


async def test_a_transaction_may_carry_userdata(store: Store) -> None:
    player = await Player.sit(store)
    await player.commit(player.tx(userdata=b'{"soc_level":2}'))
    assert (await store.open(player.seat, wallet_of(player.seat), 0, 5)).userdata == {"soc_level": 2}


async def test_a_posting_counts_once_per_id(store: Store) -> None:
    seat = new_seat()
    posting = Posting("gift-1", wallet_of(seat), "gift", 50, "welcome back", 7)
    assert [await store.post(posting) for _ in range(3)] == [Funds(50, 1)] * 3
    assert await store.post(posting._replace(id="gift-2", amount=-20)) == Funds(30, 2)
    assert await store.post(posting) == Funds(50, 1), "answered as the first time"
    await refused(Code.BAD_PARAMS, store.post(posting._replace(amount=51)))
    refusal = await refused(Code.INSUFFICIENT_FUNDS, store.post(posting._replace(id="gift-3", amount=-31)))
    assert refusal.facts["balance"] == 30
    await refused(Code.LIMIT, store.post(posting._replace(id="gift-4", amount=MAX_AMOUNT)))
    assert [(e.amount, e.balance, e.note) for e in await ledger(store, seat)] == [
        (50, 50, "welcome back"), (-20, 30, "welcome back"),
    ]  # fmt: skip


async def test_a_posting_says_what_it_belongs_to(store: Store) -> None:
    seat = new_seat()
    await store.post(Posting("p1", wallet_of(seat), "jackpot", 70, "jp_a", 7, "05-round", "tiny", "demo"))
    await store.post(Posting("p2", wallet_of(seat), "gift", 5, "", 8))
    assert [(e.kind, e.round, e.game, e.site, e.note, e.at_ms) for e in await ledger(store, seat)] == [
        ("jackpot", "05-round", "tiny", "demo", "jp_a", 7), ("gift", "", "", "", "", 8),
    ]  # fmt: skip


async def test_a_blocked_player_can_neither_log_in_nor_wager(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    await store.block(player.seat.user, True)
    await refused(Code.PLAYER_BLOCKED, store.open(player.seat, wallet_of(player.seat), 0, 5))
    assert await player.commit(player.end(win=5)) == Funds(101, 3), "a round that is open still pays"
    await refused(Code.PLAYER_BLOCKED, player.commit(player.bet(4)))
    await store.block(player.seat.user, False)
    await Player.sit(store, player.seat)


async def test_a_lease_has_one_holder_and_every_new_one_a_higher_number(store: Store) -> None:
    name = fresh_id()
    first = await store.lease(name, "ana", 60_000)
    assert first > 0
    assert await store.lease(name, "bob", 60_000) == 0
    assert await store.lease(name, "bob", 0) == 0, "what one does not hold one can't give up"
    assert await store.lease(name, "ana", 100) == first
    await asyncio.sleep(0.15)
    second = await store.lease(name, "bob", 60_000)
    assert second > first
    assert await store.lease(name, "ana", 60_000) == 0
    assert await store.lease(name, "bob", 0) == 0
    assert await store.lease(name, "ana", 60_000) > second


async def test_who_lost_a_lease_blocks_nobody_that_the_next_holder_has_had_in_hand(store: Store) -> None:
    user = new_seat().user
    await store.block(user, True, fence=3)
    await store.block(user, False, fence=4)
    await refused(Code.REPLACED, store.block(user, True, fence=3))
    assert not await store.blocked(user)
    await store.block(user, True, fence=4)
    assert await store.blocked(user)
    await store.block(user, False)
    assert not await store.blocked(user), "whoever holds no lease is free to"


async def test_events_tell_of_take_over_wallet_and_block(store: Store) -> None:
    heard: list[Event] = []
    store.listen(heard.append, lambda: None)
    seat = new_seat()
    player = await Player.sit(store, seat)
    await asyncio.sleep(0.2)
    again = await Player.sit(store, seat)
    for _ in range(2):  # a repetition moves nothing, and nothing is told of it
        await store.post(Posting("p", wallet_of(seat), "gift", 5, "", 7))
    await store.take(Posting("t", wallet_of(seat), "refund", -200, "", 7))
    await store.post(Posting("q", wallet_of(seat), "gift again", 105, "", 7))
    other = await Player.sit(store, Seat(seat.user, "other"))
    await other.load()
    await other.commit(other.bet(4))
    await store.block(seat.user, True)
    for _ in range(100):
        if len([e for e in heard if seat.user.uid in e.subject]) >= 9:
            break
        await asyncio.sleep(0.02)
    mine = [event for event in heard if seat.user.uid in event.subject]
    assert mine == [
        Event("seat", str(seat), again.epoch, 0),
        Event("wallet", str(wallet_of(seat)), 2, 105),
        Event("posted", str(wallet_of(seat)), 2, 5, "gift"),
        Event("wallet", str(wallet_of(seat)), 3, 0),
        Event("posted", str(wallet_of(seat)), 3, -105, "refund"),
        Event("wallet", str(wallet_of(seat)), 4, 105),
        Event("posted", str(wallet_of(seat)), 4, 105, "gift again"),
        Event("wallet", str(wallet_of(seat)), 5, 101),
        Event("block", f"demo:{seat.user.uid}", 0, 0),
    ]
    assert again.epoch > player.epoch


async def test_a_seat_that_was_given_up_hears_no_more_of_the_wallet(store: Store) -> None:
    heard: list[Event] = []
    store.listen(heard.append, lambda: None)
    player = await Player.sit(store)
    other = await Player.sit(store, Seat(player.seat.user, "other"))
    await store.close(other.seat, wallet_of(other.seat), other.epoch - 1)
    await player.load()
    await store.close(other.seat, wallet_of(other.seat), other.epoch)
    await player.commit(player.bet(4))
    await asyncio.sleep(0.2)
    assert [event for event in heard if player.seat.user.uid in event.subject] == []


async def test_abandoned_rounds_are_found_by_age(store: Store) -> None:
    old, young = await Player.sit(store), await Player.sit(store)
    for player, at_ms in ((old, 1000), (young, 5000)):
        await player.load()
        await player.commit(player.bet(4, at_ms=at_ms))
    shards = {old.seat.user.shard, young.seat.user.shard}
    found = [seat for shard in shards for seat in await store.abandoned(shard, 5000, 0, 1000)]
    assert old.seat in found
    assert young.seat not in found
    await old.commit(old.end(win=1))
    assert old.seat not in await store.abandoned(old.seat.user.shard, 5000, 0, 1000)


async def test_history_is_bounded_and_newest_first(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    rounds = []
    for _ in range(5):
        await player.commit(player.bet(1))
        rounds.insert(0, player.round)
        await player.commit(player.end())
    assert await store.history(player.seat.user, 0, 3) == rounds[:3]
    assert await store.history(player.seat.user, 3, 3) == rounds[3:]


async def test_unknown_rounds_are_none(store: Store) -> None:
    for round_id in ("", "x", "99-" + fresh_id(), fresh_sharded_id(User("demo", "x")), "{1}", "٣٣-" + fresh_id()):
        assert await store.round(round_id) is None


async def test_a_login_and_a_request_are_kept_and_forgotten(store: Store) -> None:
    seat = new_seat()
    login_id, request_id, later = fresh_sharded_id(seat.user), fresh_request_id(seat.user), fresh_request_id(seat.user)
    await store.keep_request(request_id, b"{}", 1)
    await store.keep_request(later, b"{}", 60)
    assert await store.request(request_id) == b"{}"
    assert await store.login(login_id, 60) is None
    await store.keep_login(login_id, seat, 60)
    assert await store.login(login_id, 1) == Login(seat)
    await asyncio.sleep(1.1)
    assert await store.login(login_id, 60) is None
    assert [await store.request(kept) for kept in (request_id, later)] == [None, b"{}"]


async def test_the_same_state_raced_by_many_is_left_once(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    bets = [player.bet(1) for _ in range(50)]
    outcomes = await asyncio.gather(*(store.commit(bet) for bet in bets), return_exceptions=True)
    assert sum(isinstance(outcome, Funds) for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Refused)} == {Code.STALE}
    assert (await store.funds(wallet_of(player.seat))).balance == 99


async def test_reconcile_finds_nothing_after_all_this_and_a_forged_balance(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    for _ in range(5):
        await player.commit(player.bet(3))
        await player.commit(player.end(win=2))
    audit = await reconcile(store)
    assert audit.findings == []
    assert audit.wallets >= 1 and audit.entries >= 11
