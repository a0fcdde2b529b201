"""A wallet whose money an operator keeps: the saga of a transaction, from the intent to the result.

A wager is taken before its outcome is anybody's: the outcome is kept unseen, as the seat's intent, with what would have to be
taken back; then the operator is asked for the wager; then outcome, wager and win are committed in one step, with the result
that the operator has to hear of. Whoever dies in between leaves enough behind for others to go on, and every step has an id, so
that one done twice is done once. docs/ledger.md shows what the ledger says of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import orjson
import structlog

from webingo.adapters.adapter import Charge, Unanswered
from webingo.errors import Code, Refused
from webingo.rng import Rng
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Delivery, Funds, Opened, Seat, Transaction, WalletId
from webingo.wallet.backend import Backend
from webingo.wallet.balance import Balance
from webingo.wallet.deliverer import CARRIED_ON_MS, Deliverer
from webingo.wallet.delivery import OURS_MS, Told, is_result
from webingo.wallet.denomination import counted_in
from webingo.wallet.plan import Payer, Plan, last_escrow, planned, read_intent
from webingo.wallet.players import is_called, payer_key, uid_of
from webingo.wallet.prizes import Winners

log = structlog.get_logger("webingo.operator")

_ESCROWS_S = 20.0  # for all of a transaction together: far below the minute after which others take the intent for given up
_SHOWN_S = 3.0  # so long an outcome waits for its win to be in the operator's balance
_KEPT_S, _FORGOTTEN_S = 400 * 86_400, 60  # longer than a round may lie abandoned; than anybody may be about to read it
# Whether the store wrote is not known, or it is the affair of whoever has the seat now.
_NOT_OURS = (Code.UNAVAILABLE, Code.REPLACED)


class OperatorWallet:
    """Used by one session at a time, as a LocalWallet. `funds` are what the operator said last, never what is in transit."""

    kept_here = False

    def __init__(
        self, store: Store, backend: Backend, deliverer: Deliverer, clock: Clock, rng: Rng, wallet: WalletId, token: str
    ) -> None:
        """`wallet` is the one in transit. `token` is the player's at the operator, secret; "" where there is none."""
        self.id = wallet
        self._store = store
        self._backend = backend
        self._deliverer = deliverer
        self._clock = clock
        self._payer = Payer(uid_of(wallet.user, backend.name), token)
        self._denom = counted_in(wallet.denom)
        self._winners = Winners(store, clock, backend.name)
        self._balance = Balance(self._look, backend.refresh_s, rng)
        self._last_escrow = ""
        self._remembered = False  # how the player is called and proved, for the round that is open
        self._results: asyncio.Task[None] | None = None  # that are being brought, one after the other
        self._behind: set[str] = set()  # rounds with a result that others have to bring: no later one goes before it

    # -- as a session uses it -----------------------------------------------------------------------------------------

    async def open(self, seat: Seat, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        """Brings what the last session has begun to its end as well, and shows what came of it. There is no grant."""
        if by_house:
            opened = await self._store.open(seat, self.id, 0, at_ms, by_house=True)
            await self._recall(seat)
        else:
            await self.funds()  # first: where the operator does not answer, a session that is there may stay
            opened = await self._store.open(seat, self.id, 0, at_ms)
        if opened.round:
            await self._go_on(opened.round)
        if opened.intent:
            opened = await self._resolved(seat, opened, by_house)
        if not by_house:
            self._balance.watch()
        return replace(opened, funds=self._balance.funds)

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        return self._deliverer.do(self._commit(transaction))

    async def close(self, seat: Seat, epoch: int) -> None:
        self._balance.stop()
        await self._store.close(seat, self.id, epoch)

    async def funds(self) -> Funds:
        try:
            return await self._balance.look()
        except Unanswered as unanswered:
            log.warning("operator_unanswered", operator=self._backend.name, wallet=str(self.id), reason=str(unanswered))
            raise _silent(unanswered) from unanswered

    def listen(self, hear: Callable[[Funds], None]) -> None:
        self._balance.hear = hear

    def ask_again(self) -> None:
        self._balance.ask_again()

    # -- the saga -----------------------------------------------------------------------------------------------------

    async def _commit(self, tx: Transaction) -> Funds:
        plan = planned(tx, self._payer, self._last_escrow)
        try:
            await self._winners.keep(tx, self._payer)
            if plan.escrows:
                await self._caught_up()
                await self._remember(plan)
                await self._store.intend(tx.seat, tx.epoch, tx.base, plan.intent())
                owed = await self._carry_out(plan)
            else:
                owed = plan.owed(self._clock.now_ms())
                await self._store.commit(tx._replace(owed=owed))
        except Refused as refusal:
            raise self._healed(refusal) from refusal
        self._last_escrow = plan.last_escrow
        await self._forget(tx.seat)
        await self._told(owed)
        return self._balance.funds

    async def _carry_out(self, plan: Plan, found: bool = False) -> tuple[Delivery, ...]:
        """From the intent to the commit; `found` where somebody else began with it. Raises Refused, with `undone` where nothing
        has happened, and nothing will: what was taken is on its way back. Otherwise whoever opens the seat next finds out."""
        await self._escrow(plan, found)
        owed = plan.owed(self._clock.now_ms())
        try:
            await self._store.commit(plan.transaction._replace(intent=plan.transaction.sid, funded=True, owed=owed))
        except Refused as refusal:
            if refusal.code in _NOT_OURS:
                raise
            await self._abort(plan, plan.escrows)
            raise Refused(refusal.code, refusal.message, undone=True) from refusal
        except Exception:  # a mistake of the game: the player gets the wager back
            await self._abort(plan, plan.escrows)
            raise
        return owed

    async def _escrow(self, plan: Plan, found: bool) -> None:
        """All or none. What is refused was not booked, unless somebody else has asked for it before. Raises Refused."""
        until = self._clock.monotonic() + _ESCROWS_S
        for number, charge in enumerate(plan.escrows):
            try:
                if self._clock.monotonic() > until:
                    raise Unanswered("the escrows of one transaction take too long", sent=False)
                with self._balance.booking() as said:
                    said(await self._backend.escrow(charge))
            except Refused as refusal:
                await self._abort(plan, plan.escrows if found else plan.escrows[:number])
                if (balance := refusal.facts.get("balance")) is not None:
                    with self._balance.booking() as said:
                        said(balance)
                raise Refused(refusal.code, refusal.message, undone=True) from refusal
            except Unanswered as unanswered:
                log.warning("escrow_unanswered", **self._about(plan, charge), reason=str(unanswered))
                await self._abort(plan, plan.escrows if found else plan.escrows[: number + unanswered.sent])
                raise _silent(unanswered) from unanswered

    async def _abort(self, plan: Plan, escrows: Sequence[Charge]) -> None:
        """Those escrows may have been booked, and are taken back. Raises Refused: UNAVAILABLE where that is not certain,
        REPLACED where it is the affair of another session."""
        tx, cancels = plan.transaction, plan.taking_back(escrows, self._clock.now_ms() + OURS_MS)
        if not await self._store.abort(tx.seat, tx.sid, cancels, tx.epoch):
            raise Refused(Code.UNAVAILABLE)  # it was committed, of which only the answer got lost
        if cancels:
            self._deliverer.do(self._bring(cancels))

    async def _resolved(self, seat: Seat, opened: Opened, by_house: bool) -> Opened:
        """What stands on the seat when the intent that was found there has come to its end: where it is new it is carried on,
        under the epoch that is ours now."""
        plan = read_intent(opened.intent, seat, opened.epoch)
        tx, age_ms = plan.transaction, self._clock.now_ms() - opened.intent_ms
        log.info("intent_found", session=str(seat), intent=tx.sid, age_ms=age_ms)
        if by_house or age_ms >= CARRIED_ON_MS or tx.wallet != self.id:
            if not await self._store.abort(seat, tx.sid):
                raise Refused(Code.UNAVAILABLE)
            return opened
        try:
            owed = await self._carry_out(plan, found=True)
        except Refused as refusal:
            if not refusal.facts.get("undone"):
                raise self._healed(refusal) from refusal
            return opened
        self._last_escrow = plan.last_escrow
        await self._forget(seat)
        await self._told(owed)
        return _after(opened, tx)

    # -- results ------------------------------------------------------------------------------------------------------

    async def _told(self, owed: Sequence[Delivery]) -> None:
        """The operator hears of results. A win is waited for, but not for long."""
        if owed:
            self._results = self._deliverer.do(self._bring_behind(self._results, owed))
            if any(delivery.payout for delivery in owed):
                await asyncio.wait({self._results}, timeout=_SHOWN_S)

    async def _caught_up(self) -> None:
        """The operator has heard of the round before, where it answers."""
        if self._results is not None and not self._results.done():
            await asyncio.wait({self._results}, timeout=_SHOWN_S)

    async def _bring_behind(self, before: "asyncio.Task[None] | None", owed: Iterable[Delivery]) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._bring(owed)

    async def _bring(self, owed: Iterable[Delivery]) -> None:
        for delivery in owed:
            if is_result(delivery) and delivery.round in self._behind:
                continue
            with self._balance.booking() as said:
                tried = await self._deliverer.bring(delivery, by_session=True)
                said(tried.balance)
            if is_result(delivery) and not tried.done and not Told.read(delivery.document).charge.closes:
                self._behind.add(delivery.round)

    async def _go_on(self, round_id: str) -> None:
        """A round is open: results of it that the operator has not heard of go before those that are to come."""
        record = await self._store.round(round_id)
        self._last_escrow = last_escrow(record) if record else ""
        self._remembered = True
        self._behind.clear()
        owed = self._store.deliveries(self.id.user.shard)
        waiting = [delivery async for delivery in owed if delivery.round == round_id and is_result(delivery)]
        if waiting:
            waiting.sort(key=lambda delivery: Told.read(delivery.document).charge.at_ms)
            self._results = self._deliverer.do(self._bring_behind(self._results, waiting))

    # -- the player ---------------------------------------------------------------------------------------------------

    async def _look(self) -> int:
        """The balance, as the operator says it now. Raises Refused (AUTH_FAILED: the token is somebody else's), Unanswered."""
        account = await self._backend.player(self._payer.uid, self._payer.token, self._denom)
        if not is_called(self.id.user, self._backend.name, account.uid):
            raise Refused(Code.AUTH_FAILED, "The token is another player's.")
        self._payer = self._payer._replace(uid=account.uid)
        return account.balance

    async def _remember(self, plan: Plan) -> None:
        """A round begins that stays open: should the player never come back, the house has to name them to the operator."""
        if plan.last_escrow and any(part.header for part in plan.transaction.parts):
            key = payer_key(plan.transaction.seat, self._backend.name)
            self._remembered = True
            await self._store.keep_request(key, orjson.dumps([*self._payer]), _KEPT_S)

    async def _forget(self, seat: Seat) -> None:
        """No round is open any more: the token is not needed."""
        if self._remembered and not self._last_escrow:
            self._remembered = False
            with suppress(Refused):  # the outcome stands
                nobody = orjson.dumps([*self._payer._replace(token="")])
                await self._store.keep_request(payer_key(seat, self._backend.name), nobody, _FORGOTTEN_S)

    async def _recall(self, seat: Seat) -> None:
        if (kept := await self._store.request(payer_key(seat, self._backend.name))) is not None:
            self._payer = Payer(*orjson.loads(kept))

    def _healed(self, refusal: Refused) -> Refused:
        """The same, with what the session may know of the balance: the store's number is that of the wallet in transit."""
        facts = {"balance": self._balance.funds.balance, "seq": self._balance.funds.seq}
        return Refused(refusal.code, refusal.message, undone=refusal.facts.get("undone", False), **facts)

    def _about(self, plan: Plan, charge: Charge) -> dict[str, str]:
        about = {"operator": self._backend.name, "session": str(plan.transaction.seat), "intent": plan.transaction.sid}
        return {**about, "escrow": charge.id, "round": charge.round}


def _silent(unanswered: Unanswered) -> Refused:
    """What the player is told. Nothing has happened."""
    text = "The operator does not answer at the moment." if unanswered.code is Code.UNAVAILABLE else None
    return Refused(unanswered.code, text, undone=True)


def _after(opened: Opened, tx: Transaction) -> Opened:
    """What stands on the seat after a transaction on what was found there."""
    spent = opened.spent + sum(amount for part in tx.parts for kind, amount in part.moves if kind == "wager")
    rounds = [part for part in tx.parts if part.round]
    current = opened.round if not rounds else "" if rounds[-1].closes else rounds[-1].round
    private = opened.private if tx.private is None else tx.private
    userdata = opened.userdata if tx.userdata is None else orjson.loads(tx.userdata)
    game = tx.game if tx.sid else ""
    opened = replace(opened, game=game, state=tx.state, private=private, round=current)
    return replace(opened, userdata=userdata, spent=spent, intent=b"")
