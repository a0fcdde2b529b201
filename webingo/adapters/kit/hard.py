"""Cases in which something goes wrong: on the way to the operator, there, on the way back, or with many calls at once."""

import asyncio

from webingo.adapters.adapter import Charge, Unanswered
from webingo.adapters.kit.bench import DENOM, Bench, Wrong, same
from webingo.adapters.kit.troubles import DONE, LIES, UNDONE, Trouble
from webingo.errors import Refused

_SILENCES = (Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER)

QUICK = tuple(trouble for trouble in (*UNDONE, *DONE) if trouble not in _SILENCES)


async def escrow_in(trouble: Trouble, bench: Bench) -> None:
    """No answer is no answer, and never a definite no; cancelled, it is as if it had never been."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    bench.trouble("escrow", trouble)
    await bench.unanswered(bench.adapter.escrow, bet)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await bench.has(uid, 1_000)


async def escrow_again_in(trouble: Trouble, bench: Bench) -> None:
    """As a server does that carries on what another one began."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 1_000)
    bench.trouble("escrow", trouble)
    await bench.unanswered(bench.adapter.escrow, bet)
    same(await bench.settled(bench.adapter.escrow, bet), 0, "the balance after an escrow")
    await bench.has(uid, 0)


async def result_in(trouble: Trouble, bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    win = bench.win(bet, 250)
    bench.trouble("result", trouble)
    await bench.unanswered(bench.adapter.result, win)
    same(await bench.settled(bench.adapter.result, win), 1_150, "the balance after a result")
    await bench.has(uid, 1_150)


async def cancel_in(trouble: Trouble, bench: Bench) -> None:
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    await bench.settled(bench.adapter.escrow, bet)
    back = bench.back(bet)
    bench.trouble("cancel", trouble)
    await bench.unanswered(bench.adapter.cancel, back)
    await bench.settled(bench.adapter.cancel, back)
    await bench.has(uid, 1_000)


async def player_in(trouble: Trouble, bench: Bench) -> None:
    uid = await bench.player()
    bench.trouble("player", trouble)
    try:
        await bench.adapter.player(uid, bench.fake.token(uid), DENOM)
    except (Refused, Unanswered):
        return
    raise Wrong("what was no answer counts as one")


async def late(bench: Bench) -> None:
    """An escrow that arrives when it was cancelled already."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    bench.trouble("escrow", Trouble.LATE)
    await bench.unanswered(bench.adapter.escrow, bet)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await asyncio.sleep(bench.fake.late_s)
    await bench.settled(bench.adapter.cancel, bench.back(bet))
    await bench.has(uid, 1_000)


async def twice(bench: Bench) -> None:
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


async def false_balance(bench: Bench) -> None:
    """It is shown, as nobody knows better, and moves nothing."""
    uid = await bench.player(1_000)
    bet = bench.bet(uid, 100)
    bench.trouble("escrow", Trouble.FALSE_BALANCE)
    await bench.settled(bench.adapter.escrow, bet)
    await bench.has(uid, 900)
    same(await bench.settled(bench.adapter.result, bench.win(bet, 10)), 910, "the balance, told rightly again")


async def silence_ends(bench: Bench) -> None:
    uid = await bench.player(1_000)
    bench.trouble("escrow", Trouble.SILENT_BEFORE)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bench.unanswered(bench.adapter.escrow, bench.bet(uid))
    if loop.time() - began > bench.fake.timeout_s + 2:
        raise Wrong(f"it waits {loop.time() - began:.1f} s for an answer; the time-out is {bench.fake.timeout_s} s")


async def at_once(bench: Bench) -> None:
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


async def elsewhere(bench: Bench) -> None:
    """What one process began is carried on, repeated and taken back by another one."""
    uid = await bench.player(1_000)
    bet, lost = bench.bet(uid, 100), bench.bet(uid, 200)
    win, back = bench.win(bet, 30), bench.back(lost)
    await bench.settled(bench.adapter.escrow, bet)
    await bench.settled(bench.adapter.escrow, lost)
    async with bench.elsewhere() as other:
        await other.settled(other.adapter.escrow, bet)
        await other.settled(other.adapter.result, win)
        await other.settled(other.adapter.cancel, back)
        await bench.settled(bench.adapter.result, win)
        await bench.settled(bench.adapter.cancel, back)
    await bench.has(uid, 930)


async def overtaken(bench: Bench) -> None:
    """Calls of one player that arrive in another order than they were sent."""
    uid = await bench.player(10_000)
    bets = [bench.bet(uid, 10) for _ in range(10)]
    bench.trouble("escrow", Trouble.SLOW, 5)
    await asyncio.gather(*(bench.settled(bench.adapter.escrow, bet) for bet in bets))
    bench.trouble("result", Trouble.SLOW, 5)
    await asyncio.gather(*(bench.settled(bench.adapter.result, bench.win(bet, 3)) for bet in bets))
    await bench.has(uid, 10_000 - 100 + 30)


async def storm(bench: Bench) -> None:
    """Rounds as the server plays them, while every fourth call meets some trouble."""
    uids = [await bench.player(10_000) for _ in range(6)]
    choice = (*QUICK, *LIES, Trouble.TWICE, Trouble.SLOW, Trouble.LATE)
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
