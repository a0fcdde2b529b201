"""Money of rounds that are played elsewhere: each call takes effect once, whoever keeps the players' money.

Where we keep it, a call is one step of the store. Where an operator does, an escrow is written down, asked for, and settled
when the operator has answered; one whose answer never came is taken back. Results and cancels stand as soon as they are
written down, and are delivered from then on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Literal, NamedTuple, NoReturn, TypeVar

import orjson
import structlog

from webingo.adapters.adapter import Charge, Unanswered
from webingo.errors import Code, Refused
from webingo.rng import derived_id
from webingo.support.clock import Clock
from webingo.transaction.outside import OutsideAnswer, OutsideCall, OutsideOp, OutsideRound
from webingo.transaction.store import Store
from webingo.transaction.transaction import Delivery, Seat, WalletId, fresh_sharded_id
from webingo.wallet.backend import LONGEST_S, Backend
from webingo.wallet.delivery import OURS_MS, Told, cancel_of, result_of
from webingo.wallet.denomination import in_transit
from webingo.wallet.players import is_called, uid_of
from webingo.wallet.wallets import Wallets

log = structlog.get_logger("webingo.operator")

T = TypeVar("T")

_WAIT_S = 3.0
_ASKED_MS = round(1.5 * 1000 * LONGEST_S)
"""Whoever asked an operator so long ago has had an answer, or is not there any more."""


class Wager(NamedTuple):
    """An escrow. `operator` is "" where we keep the money: a wallet that never existed begins with `grant` then. `token` proves
    the player to the operator. `max_win` is the site's."""

    seat: Seat
    denom: str
    round: str
    id: str
    fingerprint: str
    amount: int = 0
    game: str = ""
    max_win: int = 0
    grant: int = 0
    operator: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return f"Wager({self.seat}, round={self.round!r}, id={self.id!r}, amount={self.amount} {self.denom})"


class Ending(NamedTuple):
    """A result (`win` is None for a cancel) of a round; `proof` is JSON for the round's record."""

    round: OutsideRound
    id: str
    fingerprint: str
    win: int | None = None
    proof: bytes = b""


class Done(NamedTuple):
    """What a call came to. `balance` is None where the operator has yet to say what it is."""

    status: Literal["escrowed", "closed", "cancelled"]
    balance: int | None


class OutsideMoney:
    """Raises Refused as Store.outside does, and UNAVAILABLE or what an operator says where it did not book. A repetition is
    answered as the first call was; one that comes while the first is under way waits for it."""

    def __init__(self, store: Store, wallets: Wallets, clock: Clock) -> None:
        self._store = store
        self._wallets = wallets
        self._deliverer = wallets.deliverer
        self._clock = clock
        self._under_way: dict[tuple[Seat, str, str], asyncio.Task[Done]] = {}

    async def balance(self, seat: Seat, denom: str, grant: int, operator: str, token: str) -> int:
        """What the player has now. A wallet of ours that never existed is begun."""
        if not operator:
            wallet = WalletId(seat.user, denom)
            return (await self._store.begin_wallet(seat, wallet, grant, self._clock.now_ms())).balance
        asked = self._wallets.backend(operator).player(uid_of(seat.user, operator), token, denom)
        account = await _answered_by(operator, seat, asked)
        if not is_called(seat.user, operator, account.uid):
            raise Refused(Code.AUTH_FAILED, "The session's token is another player's.")
        return account.balance

    async def escrow(self, wager: Wager) -> Done:
        if wager.operator:
            return await self._once((wager.seat, wager.id, wager.fingerprint), lambda: self._ask(wager))
        call = _escrow(wager, self._clock.now_ms())
        if wager.grant:
            await self._store.begin_wallet(wager.seat, call.wallet, wager.grant, call.at_ms)
        return _done(await self._store.outside(call))

    async def end(self, ending: Ending) -> Done:
        """A result or a cancel."""
        if not ending.round.funded:
            return _done(await self._store.outside(self._ending(ending)))
        return await self._once((ending.round.seat, ending.id, ending.fingerprint), lambda: self._end(ending))

    async def again(self, wager: Wager) -> Done:
        """What an escrow was answered that was made before. Refused NO_ROUND where it was not."""
        call = _escrow(wager, self._clock.now_ms())._replace(op="again", amount=0)
        return await self._repeated(call, await self._store.outside(call))

    async def forestall(self, wager: Wager) -> None:
        """A cancel that has overtaken its round's first escrow, which will be refused: `wager.id` is the cancel's. Should the
        escrow just have come, it is given back. Refused NO_ROUND else."""
        call = _escrow(wager, self._clock.now_ms())._replace(op="cancel", amount=0)
        self._deliver((await self._store.outside(call)).owed)

    async def abort(self, found: OutsideRound, asking: Iterable[str]) -> None:
        """Takes back what an operator was asked for by who is not there any more."""
        for call_id in asking:
            call = OutsideCall(found.seat, found.wallet, "abort", found.name, call_id, "", self._clock.now_ms(), funded=True)
            await self._store.outside(call._replace(code=Code.ROUND_OVER))

    async def _once(self, key: tuple[Seat, str, str], work: Callable[[], Coroutine[Any, Any, Done]]) -> Done:
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = self._deliverer.do(work())
            task.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(task)

    # Escrows at an operator

    async def _ask(self, wager: Wager) -> Done:
        seat, operator = wager.seat, wager.operator
        payer = await _answered_by(operator, seat, self._wallets.payer(seat.user, operator, wager.denom, wager.token))
        found = await self._store.outside_round(seat, wager.round)
        round_id = fresh_sharded_id(seat.user) if found is None else found.id  # the operator's books name it as ours
        call = _escrow(wager, self._clock.now_ms())
        charge_id = derived_id(f"outside:{seat}:{wager.id}")
        charge = Charge(charge_id, *payer, wager.denom, round_id, wager.game, seat.site, wager.amount, call.at_ms)
        owed = cancel_of(call.wallet, charge, call.at_ms + OURS_MS)
        asked = await self._store.outside(call._replace(op="ask", owed=(owed,), fresh_round=round_id))
        if asked.repeated:
            return await self._repeated(call, asked)
        return await self._charge(self._wallets.backend(operator), call, charge)

    async def _charge(self, backend: Backend, call: OutsideCall, charge: Charge) -> Done:
        try:
            balance = await backend.escrow(charge)
        except Refused as refusal:
            await self._abort(call, refusal.code, definite=True)
            raise
        except Unanswered as unanswered:
            log.warning("escrow_taken_back", round=call.round, seat=str(call.seat), reason=str(unanswered))
            silent = unanswered.code is Code.UNAVAILABLE  # a repetition is told that nothing comes of it any more
            await self._abort(call, Code.ROUND_OVER if silent else unanswered.code, definite=not unanswered.sent)
            text = "The operator's answer never came; the escrow is taken back." if silent else None
            raise Refused(unanswered.code, text) from None
        done = Done("escrowed", balance)
        try:
            await self._store.outside(call._replace(op="escrow", answer=_written(done)))
        except Refused as refusal:
            if refusal.code is not Code.UNAVAILABLE:  # else nobody knows: it is taken back when it is found as it was asked for
                await self._abort(call, refusal.code)
            raise
        return done

    async def _abort(self, call: OutsideCall, code: Code, definite: bool = False) -> None:
        answer = await self._store.outside(call._replace(op="abort", amount=0, code=code, definite=definite))
        self._deliver(answer.owed)

    async def _repeated(self, call: OutsideCall, answer: OutsideAnswer) -> Done:
        """The first answer, where there is one: not while the operator is asked, nor where who asked it is gone."""
        found = None if answer.answer else await self._store.outside_round(call.seat, call.round)
        if answer.status == "asking":
            if found is not None and call.id in found.asking:
                await self._waited_for(call, found)
            answer = await self._store.outside(call._replace(op="again", amount=0, owed=()))  # it was settled meanwhile
        if answer.answer:
            return _read(answer.answer)
        if not (call.funded if found is None else found.funded):
            return _done(answer)
        return await self._answered(call.seat, call.id, Done(_status(answer), None))

    async def _waited_for(self, call: OutsideCall, found: OutsideRound) -> NoReturn:
        if self._clock.now_ms() < max(found.asked_ms, found.at_ms) + _ASKED_MS:
            raise Refused(Code.UNAVAILABLE, "The operator is being asked; send it again in a moment.")
        await self._abort(call._replace(funded=True, owed=()), Code.ROUND_OVER)
        raise Refused(Code.ROUND_OVER, "The operator's answer never came; the escrow is taken back.")

    # Results and cancels

    def _ending(self, ending: Ending) -> OutsideCall:
        found, win, now_ms = ending.round, ending.win, self._clock.now_ms()
        op: OutsideOp = "cancel" if win is None else "result"
        call = OutsideCall(found.seat, found.wallet, op, found.name, ending.id, ending.fingerprint, now_ms, win or 0)
        return call._replace(game=found.game, max_win=found.max_win, funded=found.funded, proof=ending.proof)

    async def _end(self, ending: Ending) -> Done:
        call = self._ending(ending)
        if ending.round.status in ("closed", "cancelled"):
            return await self._ended_before(call)
        if ending.win is not None:
            call = call._replace(owed=(self._result(ending),))
        answer = await self._store.outside(call)
        if answer.repeated:
            return await self._repeated(call, answer)
        balance = None
        if answer.owed:
            task = self._deliver(answer.owed)
            await asyncio.wait([task], timeout=_WAIT_S)
            balance = task.result() if task.done() else None
        return await self._answered(call.seat, call.id, Done(_status(answer), balance))

    async def _ended_before(self, call: OutsideCall) -> Done:
        """Nothing more can come of a round that is over, but this may have been what has ended it."""
        if call.op == "cancel":
            return await self._repeated(call, await self._store.outside(call))
        try:
            return await self._repeated(call, await self._store.outside(call._replace(op="again", amount=0)))
        except Refused as refusal:
            raise Refused(Code.ROUND_OVER) if refusal.code is Code.NO_ROUND else refusal from None

    def _result(self, ending: Ending) -> Delivery:
        """What the operator has to hear of a result, in the name of the player as he was at the last escrow."""
        found, now_ms = ending.round, self._clock.now_ms()
        if not found.owed:
            raise Refused(Code.UNAVAILABLE, "The operator is being asked for the escrow; send it again in a moment.")
        asked = Told.read(found.owed[-1].document).charge  # the cancel of the escrow that it refers to
        win = asked._replace(id=derived_id(f"result:{asked.refers}"), amount=ending.win or 0, at_ms=now_ms, closes=True)
        return result_of(found.wallet, win, now_ms)

    async def _answered(self, seat: Seat, call_id: str, done: Done) -> Done:
        """What is kept as the answer: another process may have answered first."""
        return _read(await self._store.outside_answered(seat, call_id, _written(done)) or _written(done))

    def _deliver(self, owed: Sequence[Delivery]) -> "asyncio.Task[int | None]":
        return self._deliverer.do(self._bring(owed))

    async def _bring(self, owed: Sequence[Delivery]) -> int | None:
        """The balance after the last of them, None where it is not known. What fails is tried again by the deliverer."""
        balance = None
        for delivery in owed:
            tried = await self._deliverer.bring(delivery)
            balance = tried.balance if tried.done else None
        return balance


def _escrow(wager: Wager, now_ms: int) -> OutsideCall:
    denom = in_transit(wager.denom, wager.operator) if wager.operator else wager.denom
    wallet = WalletId(wager.seat.user, denom)
    call = OutsideCall(wager.seat, wallet, "escrow", wager.round, wager.id, wager.fingerprint, now_ms, wager.amount)
    return call._replace(game=wager.game, max_win=wager.max_win, funded=bool(wager.operator))


async def _answered_by(operator: str, seat: Seat, asked: Awaitable[T]) -> T:
    """What the operator says of the player. Raises Refused where it says nothing."""
    try:
        return await asked
    except Unanswered as unanswered:
        log.warning("operator_unanswered", operator=operator, seat=str(seat), reason=str(unanswered))
        raise Refused(unanswered.code, "The operator does not answer at the moment.") from None


def _done(answer: OutsideAnswer) -> Done:
    return Done(_status(answer), answer.funds.balance)


def _status(answer: OutsideAnswer) -> Literal["escrowed", "closed", "cancelled"]:
    return "escrowed" if answer.status == "asking" else answer.status


def _written(done: Done) -> bytes:
    return orjson.dumps([*done])


def _read(answer: bytes) -> Done:
    return Done(*orjson.loads(answer))
