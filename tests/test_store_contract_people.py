"""What every store promises of people: what they have spent, take-backs, profiles, requests, revocation, erasure."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.test_store_contract import Player, ledger, new_seat, refused, wallet_of
from webingo.engines.engine import Move
from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import Finding, reconcile
from webingo.transaction.redis_keys import keys_of
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.store import PayoutAboveMaximum, Store
from webingo.transaction.transaction import (
    MAX_AMOUNT,
    Belongings,
    Event,
    Funds,
    Login,
    Opened,
    Part,
    Posting,
    Seat,
    Taken,
    WalletId,
    fresh_request_id,
    fresh_sharded_id,
)
from webingo.user import SHARDS, User


async def opened(store: Store, seat: Seat) -> Opened:
    return await store.open(seat, wallet_of(seat), 0, 5)


def debit(seat: Seat, amount: int, posting_id: str = "r1") -> Posting:
    return Posting(posting_id, wallet_of(seat), "refund", -amount, "product", 9)


# -- spent ------------------------------------------------------------------------------------------------------------


async def test_a_seat_knows_what_was_wagered_on_it_and_nothing_else_counts(store: Store) -> None:
    player = await Player.sit(store)
    assert player.opened.spent == 0
    await player.load()
    await player.commit(player.bet(4))
    await player.commit(player.end(win=9))
    chain = fresh_sharded_id(player.seat.user)
    moves = (Move("wager", 3), Move("wager", 2), Move("win", 1))
    await player.commit(player.tx((Part(chain, b"{}", b"{}", moves, header=b"{}", closes=True),)))
    await store.post(Posting("gift", wallet_of(player.seat), "gift", 50, "", 7))
    await store.take(debit(player.seat, 5))
    assert (await opened(store, player.seat)).spent == 9
    other = await Player.sit(store, Seat(player.seat.user, "other"))
    assert other.opened.spent == 0, "each site counts its own"


async def test_a_repeated_wager_is_spent_once_and_a_refused_one_never(store: Store) -> None:
    player = await Player.sit(store, grant=10)
    await player.load()
    bet = player.bet(4)
    for _ in range(3):
        await player.commit(bet)
    await refused(Code.INSUFFICIENT_FUNDS, store.commit(player.bet(7)))
    await refused(Code.STALE, store.commit(player.bet(1, base=fresh_id())))
    player.round = bet.parts[0].round
    with pytest.raises(PayoutAboveMaximum):
        await store.commit(player.end(win=41))
    taken_over = player.bet(1)
    later = await opened(store, player.seat)
    await refused(Code.REPLACED, store.commit(taken_over))
    assert later.spent == (await opened(store, player.seat)).spent == 4


async def test_no_more_is_spent_than_counts_exactly(store: Store) -> None:
    player = await Player.sit(store, grant=MAX_AMOUNT)
    await player.load()
    await player.commit(player.bet(MAX_AMOUNT - 1, max_win=1))
    await player.commit(player.end(win=10))
    before = await store.funds(wallet_of(player.seat))
    refusal = await refused(Code.LIMIT, store.commit(player.bet(2)))
    assert refusal.facts == before._asdict()
    assert await store.funds(wallet_of(player.seat)) == before, "nothing is written then"
    await player.commit(player.bet(1))
    assert (await opened(store, player.seat)).spent == MAX_AMOUNT


# -- take -------------------------------------------------------------------------------------------------------------


async def test_taking_never_goes_below_nothing_and_the_shortfall_stands_in_the_ledger(store: Store) -> None:
    seat = new_seat()
    wallet = wallet_of(seat)
    await store.post(Posting("buy", wallet, "purchase", 100, "product", 7))
    assert await store.take(debit(seat, 30, "a")) == Taken(Funds(70, 2), 30)
    assert await store.take(debit(seat, 100, "b")) == Taken(Funds(0, 3), 70)
    assert await store.take(debit(seat, 8, "c")) == Taken(Funds(0, 4), 0)
    assert [(e.kind, e.amount, e.balance, e.seq, e.short) for e in await ledger(store, seat)] == [
        ("purchase", 100, 100, 1, 0), ("refund", -30, 70, 2, 0), ("refund", -70, 0, 3, 30), ("refund", 0, 0, 4, 8),
    ]  # fmt: skip


async def test_a_repeated_taking_takes_nothing_more_and_answers_as_the_first(store: Store) -> None:
    seat = new_seat()
    await store.post(Posting("buy", wallet_of(seat), "purchase", 50, "", 7))
    first = await store.take(debit(seat, 80))
    await store.post(Posting("more", wallet_of(seat), "purchase", 100, "", 8))
    assert [await store.take(debit(seat, 80)) for _ in range(3)] == [first] * 3 == [Taken(Funds(0, 2), 50)] * 3
    await refused(Code.BAD_PARAMS, store.take(debit(seat, 81)))
    await refused(Code.BAD_PARAMS, store.take(debit(seat, 80)._replace(kind="chargeback")))
    assert await store.funds(wallet_of(seat)) == Funds(100, 3)


async def test_post_and_take_do_not_share_an_id(store: Store) -> None:
    seat = new_seat()
    await store.post(Posting("buy", wallet_of(seat), "purchase", 50, "", 7))
    await store.take(debit(seat, 20, "taken"))
    await store.post(debit(seat, 20, "posted"))
    await refused(Code.BAD_PARAMS, store.post(debit(seat, 20, "taken")))
    await refused(Code.BAD_PARAMS, store.take(debit(seat, 20, "posted")))
    assert (await store.funds(wallet_of(seat))).balance == 10


async def test_a_wallet_that_never_was_has_nothing_to_take_and_says_so(store: Store) -> None:
    seat = new_seat()
    assert await store.take(debit(seat, MAX_AMOUNT)) == Taken(Funds(0, 1), 0)
    [entry] = await ledger(store, seat)
    assert (entry.amount, entry.balance, entry.short) == (0, 0, MAX_AMOUNT)


@pytest.mark.parametrize("amount", [0, 1, -MAX_AMOUNT - 1])
async def test_what_is_no_taking_is_a_bug(store: Store, amount: int) -> None:
    with pytest.raises(ValueError, match="can't be taken"):
        await store.take(debit(new_seat(), 1)._replace(amount=amount))


_POSTINGS = st.lists(
    st.tuples(st.sampled_from(["post", "take"]), st.integers(0, 9), st.integers(1, 120)), min_size=1, max_size=30
)


def _agrees(store: Store, run: Any, calls: list[tuple[str, int, int]]) -> None:
    """A model of one wallet, call by call: the same ids come again, in any mixture."""
    seat = new_seat()
    wallet, balance, seq = wallet_of(seat), 0, 0
    known: dict[tuple[str, int], tuple[int, Funds, int]] = {}
    for what, number, amount in calls:
        posting = Posting(f"{what}-{number}", wallet, what, amount if what == "post" else -amount, "", 1)
        first = known.get((what, number))
        if first and first[0] != amount:
            run(refused(Code.BAD_PARAMS, store.post(posting) if what == "post" else store.take(posting)))
            continue
        if not first:
            taken = 0 if what == "post" else min(amount, balance)
            balance, seq = balance + (amount if what == "post" else -taken), seq + 1
            first = known[what, number] = (amount, Funds(balance, seq), taken)
        if what == "post":
            assert run(store.post(posting)) == first[1]
        else:
            assert run(store.take(posting)) == Taken(first[1], first[2])
        assert run(store.funds(wallet)) == Funds(balance, seq)
    entries = run(ledger(store, seat))
    assert sum(entry.amount for entry in entries) == balance >= 0
    asked = sum(amount for (what, _), (amount, _, _) in known.items() if what == "take")
    assert sum(entry.short - entry.amount for entry in entries if entry.kind == "take") == asked


@given(calls=_POSTINGS)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mixture_of_credits_takings_and_repetitions_adds_up(store: Store, io_loop: Any, calls: Any) -> None:
    async def awaited(work: Any) -> Any:
        return await work

    _agrees(store, lambda work: io_loop.run_sync(lambda: awaited(work)), calls)


# -- documents --------------------------------------------------------------------------------------------------------


async def test_a_profile_is_kept_and_replaced(store: Store) -> None:
    user = new_seat().user
    assert await store.profile(user) is None
    await store.save_profile(user, b'{"name":"Ana"}')
    await store.save_profile(user, b'{"name":"Ana \xc3\xa4"}')
    await store.block(user, True)
    await store.block(user, False)
    assert await store.profile(user) == b'{"name":"Ana \xc3\xa4"}'


async def test_a_profile_from_before_a_revocation_is_not_kept(store: Store) -> None:
    user = new_seat().user
    before = await store.revoked_at(user)
    await store.save_profile(user, b"1", before)
    await store.erase(user, 8000)
    with pytest.raises(Refused) as refused:
        await store.save_profile(user, b"2", before)
    assert refused.value.code is Code.AUTH_FAILED and await store.profile(user) is None
    await store.save_profile(user, b"3", await store.revoked_at(user))
    assert await store.profile(user) == b"3"


async def test_a_request_is_found_by_its_id(store: Store) -> None:
    user = new_seat().user
    request_id = fresh_request_id(user)
    assert request_id.isalnum() and len(request_id) == 34 and request_id != fresh_request_id(user)
    assert await store.request(request_id) is None
    await store.keep_request(request_id, b'{"product":"coins"}', 60)
    assert await store.request(request_id) == b'{"product":"coins"}'
    await store.keep_request(request_id, b"{}", 60)
    assert await store.request(request_id) == b"{}"


async def test_what_is_no_request_id_finds_nothing_and_keeps_nothing(store: Store) -> None:
    for wrong in ("", "x", f"{SHARDS}" + "a" * 32, "05" + "a" * 31, "05" + "A" * 32, "05}{" + "a" * 30, "٠٥" + "a" * 32):
        assert await store.request(wrong) is None
        with pytest.raises(ValueError, match="no id of a request"):
            await store.keep_request(wrong, b"{}", 60)


async def test_a_players_belongings_are_listed(store: Store) -> None:
    user = new_seat().user
    assert await store.belongings(user) == Belongings([], [])
    player = await Player.sit(store, Seat(user, "two"))
    await player.load()
    await player.commit(player.bet(4))
    await Player.sit(store, Seat(user, "one"))
    await store.post(Posting("gift", WalletId(user, "eur"), "gift", 5, "", 7))
    wallets = [WalletId(user, "credit"), WalletId(user, "eur")]
    assert await store.belongings(user) == Belongings([(Seat(user, "one"), 0), (Seat(user, "two"), 4)], wallets)
    mine = [found async for found in store.seats(user.shard) if found[0].user == user]
    assert sorted(mine) == [(Seat(user, "one"), 0), (Seat(user, "two"), 4)]


# -- revocation and erasure -------------------------------------------------------------------------------------------


async def heard_of(heard: list[Event], user: User, count: int) -> list[Event]:
    """The events of the user's revocations, when there are that many of them."""
    for _ in range(200):
        mine = [event for event in heard if event.kind == "revoked" and event.subject == f"{user.platform}:{user.uid}"]
        if len(mine) >= count:
            return mine
        await asyncio.sleep(0.01)
    raise AssertionError(f"{heard} has less than {count}")


async def test_logins_from_before_a_revocation_are_void_and_later_ones_are_not(store: Store) -> None:
    seat, other = new_seat(), new_seat()
    before, elsewhere, theirs = (fresh_sharded_id(s.user) for s in (seat, seat, other))
    for login_id, whose in ((before, seat), (elsewhere, Seat(seat.user, "other")), (theirs, other)):
        await store.keep_login(login_id, whose, 60)
    assert await store.revoked_at(seat.user) == 0
    await store.revoke(seat.user, 1000)
    assert await store.revoked_at(seat.user) == 1000
    assert await store.login(before, 60) is None and await store.login(elsewhere, 60) is None
    assert await store.login(theirs, 60) == Login(other)
    after = fresh_sharded_id(seat.user)
    await store.keep_login(after, seat, 60)
    assert await store.login(after, 60) == await store.login(after, 60) == Login(seat)
    await store.revoke(seat.user, 900)
    assert await store.login(after, 60) is None, "whatever the clock says, it came later"


async def test_every_revocation_is_news_even_when_the_clock_goes_back(store: Store) -> None:
    heard: list[Event] = []
    store.listen(heard.append, lambda: None)
    seat = new_seat()
    await Player.sit(store, seat)
    await asyncio.sleep(0.1)
    for at_ms in (1000, 1000, 400, 5000):
        await store.revoke(seat.user, at_ms)
    news = await heard_of(heard, seat.user, 4)
    assert [event.number for event in news] == [1000, 1001, 1002, 5000]
    assert (await opened(store, seat)).revoked_ms == await store.revoked_at(seat.user) == 5000


async def test_erasure_leaves_money_and_rounds_and_nothing_personal(store: Store) -> None:
    player = await Player.sit(store)
    seat, user = player.seat, player.seat.user
    await store.save_profile(user, b'{"name":"Ana"}')
    await store.save_userdata(seat, player.epoch, b'{"nick":"ana","soc_rewarded":2}')
    await store.save_note(seat, player.epoch, b"note")
    await player.load()
    await player.commit(player.bet(4))
    await store.post(Posting("gift", WalletId(user, "eur"), "gift", 5, "", 7))
    login_id = fresh_sharded_id(user)
    await store.keep_login(login_id, seat, 60)
    await store.erase(user, 8000)
    assert await store.profile(user) is None
    assert await store.note(seat) == b""
    assert await store.login(login_id, 60) is None
    assert await store.revoked_at(user) == 8000
    after = await opened(store, seat)
    assert (after.userdata, after.funds, after.spent, after.round) == ({}, Funds(96, 3), 4, player.round)
    assert await store.history(user, 0, 10) == [player.round] and await store.round(player.round) is not None
    entries = [entry async for entry in store.entries(user.shard) if WalletId.parse(entry.wallet).user == user]
    erased = [entry for entry in entries if entry.kind == "erase"]
    assert {(e.wallet, e.amount, e.balance, e.seq, e.at_ms) for e in erased} == {
        (str(WalletId(user, "credit")), 0, 96, 3, 8000), (str(WalletId(user, "eur")), 0, 5, 2, 8000),
    }  # fmt: skip
    assert len(erased) == 2


async def test_a_session_that_is_open_when_its_player_is_erased_brings_nothing_back(store: Store) -> None:
    heard: list[Event] = []
    store.listen(heard.append, lambda: None)
    player = await Player.sit(store)
    await asyncio.sleep(0.1)
    await player.load()
    await store.erase(player.seat.user, 8000)
    await refused(Code.REPLACED, store.save_userdata(player.seat, player.epoch, b'{"nick":"ana"}'))
    await refused(Code.REPLACED, store.save_note(player.seat, player.epoch, b"note"))
    await refused(Code.REPLACED, store.commit(player.bet(4, userdata=b'{"nick":"ana"}')))
    assert [event.number for event in await heard_of(heard, player.seat.user, 1)] == [8000]
    assert (await opened(store, player.seat)).userdata == {}


async def test_who_was_erased_twice_or_was_never_here_is_no_problem(store: Store) -> None:
    player = await Player.sit(store)
    for _ in range(2):
        await store.erase(player.seat.user, 8000)
    entries = await ledger(store, player.seat)
    assert [entry.kind for entry in entries] == ["grant", "erase", "erase"]
    assert len({entry.id for entry in entries}) == 3
    stranger = new_seat().user
    await store.erase(stranger, 8000)
    assert await store.belongings(stranger) == Belongings([], [])


async def test_reconcile_is_content_with_takings_and_erasures(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    await store.take(debit(player.seat, 500))
    await store.erase(player.seat.user, 8000)
    findings = (await reconcile(store)).findings
    assert [finding for finding in findings if player.seat.user.uid in finding.wallet] == []


async def forge_spend(store: Store, seat: Seat, spent: int) -> None:
    if isinstance(store, MemoryStore):
        store._places[seat].spent = spent
    else:
        assert isinstance(store, RedisStore)
        await store.link.execute("HSET", f"{keys_of(seat.user)}seat:{seat}", "spent", spent)


async def of_seat(store: Store, seat: Seat) -> list[Finding]:
    return [finding for finding in (await reconcile(store)).findings if finding.wallet == str(seat)]


async def test_reconcile_finds_a_spend_that_is_not_the_sum_of_the_wagers(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    for _ in range(3):
        await player.commit(player.bet(4))
        await player.commit(player.end(win=2))
    for forged in (11, 13):
        await forge_spend(store, player.seat, forged)
        [finding] = await of_seat(store, player.seat)
        assert (finding.ledger, finding.balance) == (12, forged)
        assert "spend" in finding.problem
    await forge_spend(store, player.seat, 12)
    assert await of_seat(store, player.seat) == []


async def test_reconcile_says_nothing_of_a_spend_whose_wagers_were_trimmed(store: Store) -> None:
    player = await Player.sit(store)
    await player.load()
    await player.commit(player.bet(4))
    await player.commit(player.end())
    for group in await store.groups():
        await store.forget(group)
    assert await store.trim(player.seat.user.shard, 1 << 50, ()) > 0
    await forge_spend(store, player.seat, 99)
    assert await of_seat(store, player.seat) == []


async def test_reconcile_has_no_complaint_while_people_play(store: Store) -> None:
    player = await Player.sit(store, grant=10_000)
    await player.load()
    over = False

    async def play() -> None:
        while not over:
            await player.commit(player.bet(4))
            await player.commit(player.end())
            await asyncio.sleep(0)

    playing = asyncio.create_task(play())
    await asyncio.sleep(0.05)
    assert await of_seat(store, player.seat) == []
    over = True
    await playing
    assert (await opened(store, player.seat)).spent > 0
