"""Cases in which the network is sound and the operator honest: what is booked, how often, and what is refused."""

from contextlib import suppress

from webingo.adapters.adapter import Unanswered
from webingo.adapters.kit.bench import DENOM, Bench, NotApplicable, Wrong, same, sound
from webingo.errors import Code, Refused

_BIG = 10**12


async def told(bench: Bench) -> None:
    uid = await bench.player(12_345)
    account = sound(await bench.adapter.player(uid, bench.fake.token(uid), DENOM, "joker-bingo"))
    same((account.uid, account.balance), (uid, 12_345), "what is told of a player")
    await bench.settled(bench.adapter.escrow, bench.bet(uid, 345))
    account = sound(await bench.adapter.player(uid, bench.fake.token(uid), DENOM))
    same((account.uid, account.balance), (uid, 12_000), "what is told of a player behind an escrow")


async def _refused(bench: Bench, code: Code, uid: str, token: str) -> None:
    """A login that has to be refused."""
    await bench.refused(code, lambda _: bench.adapter.player(uid, token, DENOM), bench.bet(uid))


async def wrong_token(bench: Bench) -> None:
    ana, bob = await bench.player(), await bench.player()
    for token in ("", "no-such-token", bench.fake.token(bob)):
        await _refused(bench, Code.AUTH_FAILED, ana, token)
    await _refused(bench, Code.AUTH_FAILED, "nobody", bench.fake.token(ana))


async def blocked(bench: Bench) -> None:
    uid = await bench.player()
    await bench.fake.block(uid)
    await _refused(bench, Code.PLAYER_BLOCKED, uid, bench.fake.token(uid))


async def other_money(bench: Bench) -> None:
    uid = await bench.player()
    try:
        await bench.adapter.player(uid, bench.fake.token(uid), "EUR")
    except (Refused, Unanswered) as error:
        same(error.code, Code.UNAVAILABLE, "the code")
    else:
        raise Wrong("a player without any money of a denomination is told a balance in it")
    with suppress(Refused, Unanswered):
        await bench.adapter.escrow(bench.bet(uid, 100)._replace(denom="EUR"))
    await bench.has(uid, 10_000)


async def won(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 300)
    same(await bench.settled(bench.adapter.escrow, bet), 700, "the balance after an escrow")
    await bench.has(uid, 700)
    same(await bench.settled(bench.adapter.result, bench.win(bet, 801)), 1_501, "the balance after a result")
    await bench.has(uid, 1_501)


async def lost(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 300)
    await bench.settled(bench.adapter.escrow, bet)
    same(await bench.settled(bench.adapter.result, bench.win(bet, 0)), 700, "the balance after a result of nothing")
    await bench.has(uid, 700)


async def exact(bench: Bench) -> None:
    uid = await bench.player(_BIG)
    for amount in (1, 99, 101, 12_345_678_901):
        bet = bench.bet(uid, amount)
        same(await bench.settled(bench.adapter.escrow, bet), _BIG - amount, "the balance after an escrow")
        same(await bench.settled(bench.adapter.result, bench.win(bet, amount)), _BIG, "the balance after a result")
    await bench.has(uid, _BIG)


async def two_bets(bench: Bench) -> None:
    uid = await bench.player(1_000)
    first = bench.bet(uid, 100)
    second = bench.bet(uid, 200)._replace(round=first.round)
    await bench.settled(bench.adapter.escrow, first)
    await bench.settled(bench.adapter.escrow, second)
    await bench.settled(bench.adapter.result, bench.win(second, 50)._replace(closes=False))
    await bench.settled(bench.adapter.result, bench.win(second, 25))
    await bench.has(uid, 775)


async def described(bench: Bench) -> None:
    """A round is known by the same name in both books, and that it is over, also where nothing was won."""
    uid = await bench.player(1_000)
    first = bench.bet(uid, 100)
    second = bench.bet(uid, 200)._replace(round=first.round)
    some, none = bench.win(second, 50)._replace(closes=False), bench.win(second, 0)
    await bench.settled(bench.adapter.escrow, first)
    if bench.fake.booked(first.id) is None:
        raise NotApplicable
    await bench.settled(bench.adapter.escrow, second)
    await bench.settled(bench.adapter.result, some)
    await bench.settled(bench.adapter.result, none)
    for charge in (first, second, some, none):
        found = bench.fake.booked(charge.id)
        if found is None:
            raise Wrong(f"the operator has not heard of a booking of {charge.amount} by its id")
        for field in ("uid", "denom", "amount", *sorted(bench.fake.carried)):
            same(getattr(found, field), getattr(charge, field), f"{field} in the operator's books")


async def no_funds(bench: Bench) -> None:
    uid = await bench.player(1_000)
    refused = await bench.refused(Code.INSUFFICIENT_FUNDS, bench.adapter.escrow, bench.bet(uid, 1_001))
    same(refused.facts.get("balance", 1_000), 1_000, "the balance that stands with the refusal")
    await bench.has(uid, 1_000)


async def limit(bench: Bench) -> None:
    uid = await bench.player(1_000)
    if not await bench.fake.limit(uid, 100):
        raise NotApplicable
    await bench.refused(Code.LIMIT, bench.adapter.escrow, bench.bet(uid, 101))
    await bench.has(uid, 1_000)


async def repeated_escrow(bench: Bench) -> None:
    """Also where nothing is left to take: it was taken."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 1_000)
    for _ in range(3):
        same(await bench.settled(bench.adapter.escrow, bet), 0, "the balance after an escrow")
    await bench.has(uid, 0)


async def repeated_result(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    win = bench.win(bet, 250)
    for _ in range(3):
        same(await bench.settled(bench.adapter.result, win), 1_150, "the balance after a result")
    await bench.has(uid, 1_150)


async def cancelled(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    back = bench.back(bet)
    for _ in range(3):
        answer = await bench.settled(bench.adapter.cancel, back)
        same(answer.found, True, "whether there was an escrow to cancel")
        if answer.balance is not None:
            same(answer.balance, 1_000, "the balance after a cancel")
    await bench.has(uid, 1_000)


async def cancelled_unknown(bench: Bench) -> None:
    """Nothing moves, and what comes late is not booked."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    answer = await bench.settled(bench.adapter.cancel, bench.back(bet))
    if bench.fake.tells_unknown:
        same(answer.found, False, "whether there was an escrow to cancel")
    await bench.has(uid, 1_000)
    await bench.unanswered(bench.adapter.escrow, bet)
    await bench.has(uid, 1_000)


async def expired(bench: Bench) -> None:
    uid = await bench.player(1_000)
    won, lost = bench.bet(uid, 100), bench.bet(uid, 200)
    await bench.settled(bench.adapter.escrow, won)
    await bench.settled(bench.adapter.escrow, lost)
    if not await bench.fake.expire(uid):
        raise NotApplicable
    await bench.settled(bench.adapter.result, bench.win(won, 50))
    await bench.settled(bench.adapter.cancel, bench.back(lost))
    await bench.has(uid, 950)
    try:
        await bench.adapter.escrow(bench.bet(uid, 1))
    except (Refused, Unanswered) as error:
        same(error.code, Code.AUTH_FAILED, "the code for a token that has run out")
    else:
        raise Wrong("a token that has run out still lets money be taken")
