"""What an adapter is tried out with: each case with players of its own. docs/adapters.md explains what is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from webingo.adapters.adapter import Charge, Unanswered
from webingo.adapters.kit.bench import DENOM, Bench, NotApplicable, Wrong, same
from webingo.adapters.kit.troubles import DONE, LIES, UNDONE, Trouble
from webingo.errors import Code, Refused

_BIG = 10**12

_SILENCES = (Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER)
_QUICK = tuple(trouble for trouble in (*UNDONE, *DONE) if trouble not in _SILENCES)


class Case(NamedTuple):
    name: str
    run: Callable[[Bench], Awaitable[None]]


async def _told(bench: Bench) -> None:
    uid = await bench.player(12_345)
    account = await bench.adapter.player(uid, bench.fake.token(uid), DENOM, "joker-bingo")
    same((account.uid, account.balance), (uid, 12_345), "what is told of a player")


async def _refused(bench: Bench, code: Code, uid: str, token: str) -> None:
    """A login that has to be refused."""
    await bench.refused(code, lambda _: bench.adapter.player(uid, token, DENOM), bench.bet(uid))


async def _wrong_token(bench: Bench) -> None:
    ana, bob = await bench.player(), await bench.player()
    for token in ("", "no-such-token", bench.fake.token(bob)):
        await _refused(bench, Code.AUTH_FAILED, ana, token)
    await _refused(bench, Code.AUTH_FAILED, "nobody", bench.fake.token(ana))


async def _blocked(bench: Bench) -> None:
    uid = await bench.player()
    await bench.fake.block(uid)
    await _refused(bench, Code.PLAYER_BLOCKED, uid, bench.fake.token(uid))


async def _other_money(bench: Bench) -> None:
    uid = await bench.player()
    try:
        await bench.adapter.player(uid, bench.fake.token(uid), "EUR")
    except (Refused, Unanswered) as error:
        same(error.code, Code.UNAVAILABLE, "the code")
        return
    raise Wrong("a player without any money of a denomination is told a balance in it")


async def _won(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 300)
    same(await bench.settled(bench.adapter.escrow, bet), 700, "the balance after an escrow")
    await bench.has(uid, 700)
    same(await bench.settled(bench.adapter.result, bench.win(bet, 801)), 1_501, "the balance after a result")
    await bench.has(uid, 1_501)


async def _lost(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 300)
    await bench.settled(bench.adapter.escrow, bet)
    same(await bench.settled(bench.adapter.result, bench.win(bet, 0)), 700, "the balance after a result of nothing")
    await bench.has(uid, 700)


async def _exact(bench: Bench) -> None:
    uid = await bench.player(_BIG)
    for amount in (1, 99, 101, 12_345_678_901):
        bet = bench.bet(uid, amount)
        same(await bench.settled(bench.adapter.escrow, bet), _BIG - amount, "the balance after an escrow")
        same(await bench.settled(bench.adapter.result, bench.win(bet, amount)), _BIG, "the balance after a result")
    await bench.has(uid, _BIG)


async def _two_bets(bench: Bench) -> None:
    uid = await bench.player(1_000)
    first = bench.bet(uid, 100)
    second = bench.bet(uid, 200)._replace(round=first.round)
    await bench.settled(bench.adapter.escrow, first)
    await bench.settled(bench.adapter.escrow, second)
    await bench.settled(bench.adapter.result, bench.win(second, 50)._replace(closes=False))
    await bench.settled(bench.adapter.result, bench.win(second, 25))
    await bench.has(uid, 775)


async def _no_funds(bench: Bench) -> None:
    uid = await bench.player(1_000)
    refused = await bench.refused(Code.INSUFFICIENT_FUNDS, bench.adapter.escrow, bench.bet(uid, 1_001))
    same(refused.facts.get("balance", 1_000), 1_000, "the balance that stands with the refusal")
    await bench.has(uid, 1_000)


async def _limit(bench: Bench) -> None:
    uid = await bench.player(1_000)
    if not await bench.fake.limit(uid, 100):
        raise NotApplicable
    await bench.refused(Code.LIMIT, bench.adapter.escrow, bench.bet(uid, 101))
    await bench.has(uid, 1_000)


async def _repeated_escrow(bench: Bench) -> None:
    """Also where nothing is left to take: it was taken."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 1_000)
    for _ in range(3):
        same(await bench.settled(bench.adapter.escrow, bet), 0, "the balance after an escrow")
    await bench.has(uid, 0)


async def _repeated_result(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    win = bench.win(bet, 250)
    for _ in range(3):
        same(await bench.settled(bench.adapter.result, win), 1_150, "the balance after a result")
    await bench.has(uid, 1_150)


async def _cancelled(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    back = bench.back(bet)
    for _ in range(3):
        same((await bench.settled(bench.adapter.cancel, back)).found, True, "whether there was an escrow to cancel")
    await bench.has(uid, 1_000)


async def _cancelled_unknown(bench: Bench) -> None:
    """Whether it is found or not: nothing moves, and what comes late is not booked."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await bench.has(uid, 1_000)
    await bench.unanswered(bench.adapter.escrow, bet)
    await bench.has(uid, 1_000)


async def _expired(bench: Bench) -> None:
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


async def _escrow_in(trouble: Trouble, bench: Bench) -> None:
    """No answer is no answer, and never a definite no; cancelled, it is as if it had never been."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    bench.trouble("escrow", trouble)
    await bench.unanswered(bench.adapter.escrow, bet)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await bench.has(uid, 1_000)


async def _escrow_again_in(trouble: Trouble, bench: Bench) -> None:
    """As a server does that carries on what another one began."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 1_000)
    bench.trouble("escrow", trouble)
    await bench.unanswered(bench.adapter.escrow, bet)
    same(await bench.settled(bench.adapter.escrow, bet), 0, "the balance after an escrow")
    await bench.has(uid, 0)


async def _result_in(trouble: Trouble, bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    win = bench.win(bet, 250)
    bench.trouble("result", trouble)
    await bench.unanswered(bench.adapter.result, win)
    same(await bench.settled(bench.adapter.result, win), 1_150, "the balance after a result")
    await bench.has(uid, 1_150)


async def _cancel_in(trouble: Trouble, bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    back = bench.back(bet)
    bench.trouble("cancel", trouble)
    await bench.unanswered(bench.adapter.cancel, back)
    await bench.settled(bench.adapter.cancel, back)
    await bench.has(uid, 1_000)


async def _player_in(trouble: Trouble, bench: Bench) -> None:
    uid = await bench.player()
    bench.trouble("player", trouble)
    try:
        await bench.adapter.player(uid, bench.fake.token(uid), DENOM)
    except (Refused, Unanswered):
        return
    raise Wrong("what was no answer counts as one")


async def _late(bench: Bench) -> None:
    """An escrow that arrives when it was cancelled already."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    bench.trouble("escrow", Trouble.LATE)
    await bench.unanswered(bench.adapter.escrow, bet)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await asyncio.sleep(bench.fake.late_s)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await bench.has(uid, 1_000)


async def _twice(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 600)
    for op in ("escrow", "result", "cancel"):
        bench.trouble(op, Trouble.TWICE)
    await bench.settled(bench.adapter.escrow, bet)
    await bench.settled(bench.adapter.result, bench.win(bet, 50))
    other = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, other)
    await bench.settled(bench.adapter.cancel, bench.back(other))
    await bench.has(uid, 450)


async def _false_balance(bench: Bench) -> None:
    """It is shown, as nobody knows better, and moves nothing."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    bench.trouble("escrow", Trouble.FALSE_BALANCE)
    await bench.settled(bench.adapter.escrow, bet)
    await bench.has(uid, 900)
    same(await bench.settled(bench.adapter.result, bench.win(bet, 10)), 910, "the balance, told rightly again")


async def _silence_ends(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bench.trouble("escrow", Trouble.SILENT_BEFORE)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bench.unanswered(bench.adapter.escrow, bench.bet(uid))
    if loop.time() - began > bench.fake.timeout_s + 2:
        raise Wrong(f"it waits {loop.time() - began:.1f} s for an answer; the time-out is {bench.fake.timeout_s} s")


async def _at_once(bench: Bench) -> None:
    """Many players, each call sent several times at once."""
    uids = [await bench.player(100_000) for _ in range(4)]
    bets = [bench.bet(uid, 100 + n) for uid in uids for n in range(10)]
    await asyncio.gather(*(bench.settled(bench.adapter.escrow, bet) for bet in bets for _ in range(2)))
    wins = [bench.win(bet, 7) for bet in bets[::2]]
    backs = [bench.back(bet) for bet in bets[1::2]]
    await asyncio.gather(
        *(bench.settled(bench.adapter.result, win) for win in wins for _ in range(2)),
        *(bench.settled(bench.adapter.cancel, back) for back in backs for _ in range(2)),
    )
    for uid in uids:
        kept = sum(bet.amount for bet in bets[::2] if bet.uid == uid)
        await bench.has(uid, 100_000 - kept + 7 * 5)


async def _overtaken(bench: Bench) -> None:
    """Calls of one player that arrive in another order than they were sent."""
    uid = await bench.player(10_000)
    bets = [bench.bet(uid, 10) for _ in range(10)]
    bench.trouble("escrow", Trouble.SLOW, 5)
    await asyncio.gather(*(bench.settled(bench.adapter.escrow, bet) for bet in bets))
    bench.trouble("result", Trouble.SLOW, 5)
    await asyncio.gather(*(bench.settled(bench.adapter.result, bench.win(bet, 3)) for bet in bets))
    await bench.has(uid, 10_000 - 100 + 30)


async def _storm(bench: Bench) -> None:
    """Rounds as the server plays them, while every fourth call meets some trouble."""
    uids = [await bench.player(10_000) for _ in range(6)]
    choice = (*_QUICK, *LIES, Trouble.TWICE, Trouble.SLOW, Trouble.LATE)
    bench.fake.plan.chance(25, *(trouble for trouble in choice if trouble in bench.fake.able))
    left = dict.fromkeys(uids, 10_000)

    async def play(uid: str) -> None:
        for n in range(5):
            bet = bench.bet(uid, 100 + n)
            if await _taken(bench, bet):
                await bench.settled(bench.adapter.result, bench.win(bet, 20 * n))
                left[uid] += 20 * n - bet.amount

    await asyncio.gather(*map(play, uids))
    bench.fake.plan.clear()
    await asyncio.sleep(bench.fake.late_s)
    for uid in uids:
        await bench.has(uid, left[uid])


async def _taken(bench: Bench, bet: Charge) -> bool:
    """The escrow of one round; where there is no answer, it is cancelled, and once more when all that was late has come."""
    try:
        await bench.adapter.escrow(bet)
    except Unanswered:
        back = bench.back(bet)
        if not (await bench.settled(bench.adapter.cancel, back)).found:
            await asyncio.sleep(bench.fake.late_s)
            await bench.settled(bench.adapter.cancel, back)
        return False
    return True


def _each(name: str, run: Callable[[Trouble, Bench], Awaitable[None]], *troubles: Trouble) -> list[Case]:
    return [Case(f"{name}: {trouble}", partial(run, trouble)) for trouble in troubles]


CASES = (
    Case("a player and its balance are told", _told),
    Case("a token of nobody or of another player is refused", _wrong_token),
    Case("a blocked player is refused", _blocked),
    Case("no balance is told in a denomination that the player does not have", _other_money),
    Case("a round that is won", _won),
    Case("a round that is lost", _lost),
    Case("amounts arrive to the smallest unit, large and small", _exact),
    Case("a round of two escrows and two results", _two_bets),
    Case("more than there is, is refused", _no_funds),
    Case("more than is allowed, is refused", _limit),
    Case("an escrow sent again is taken once", _repeated_escrow),
    Case("a result sent again is paid once", _repeated_result),
    Case("a cancel sent again gives back once", _cancelled),
    Case("an escrow that comes after its cancel is not taken", _cancelled_unknown),
    Case("results and cancels are booked when the token has run out", _expired),
    *_each("a login is refused", _player_in, Trouble.DROP_BEFORE, Trouble.ERROR_AFTER, Trouble.PAGE_AFTER, *LIES),
    *_each("an escrow without an answer is cancelled", _escrow_in, *UNDONE, *DONE, *LIES),
    *_each("an escrow without an answer is carried on", _escrow_again_in, Trouble.DROP_BEFORE, Trouble.DROP_AFTER, Trouble.CUT),
    *_each("a result without an answer is paid once", _result_in, *_QUICK, *LIES),
    *_each("a cancel without an answer gives back once", _cancel_in, *_QUICK, *LIES),
    Case("an escrow that arrives after its cancel", _late),
    Case("requests that the network brings twice", _twice),
    Case("a false balance moves nothing", _false_balance),
    Case("silence ends in time", _silence_ends),
    *_each("a result without an answer is paid once", _result_in, Trouble.SILENT_AFTER),
    *_each("a cancel without an answer gives back once", _cancel_in, Trouble.SILENT_AFTER),
    Case("many calls at once, each of them twice", _at_once),
    Case("calls that overtake each other", _overtaken),
    Case("rounds in a storm of troubles", _storm),
)
