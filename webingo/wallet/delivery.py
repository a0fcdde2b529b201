"""What an operator has yet to hear of: how it is written down, and how it is brought there.

A delivery's document is JSON: {"op": "result"|"cancel", "charge": […], "since": ms, "tries", "last": ms, "reason"}. Its
charge holds the player's token, which is secret: documents are never logged.
"""

from typing import Any, NamedTuple

import orjson
import structlog

from webingo.adapters.adapter import Charge, Unanswered
from webingo.errors import Code, Refused
from webingo.rng import Rng, derived_id
from webingo.support.backoff import half_jitter
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Delivery, WalletId
from webingo.wallet.backend import Backends
from webingo.wallet.denomination import operator_of

log = structlog.get_logger("webingo.operator")

OURS_MS = 20_000
"""Who has made a result tries it at once, and has so long for it before others do."""
LATE_ESCROW_MS = 660_000
"""An escrow may still arrive at the operator ten minutes after it was sent, which may have been a minute after it was decided.
Until then a cancel that the operator knows no escrow for is sent again."""

_FIRST_S, _MOST_S = 1.0, 300.0
_HOUR_MS = 3_600_000


def result_of(wallet: WalletId, charge: Charge, now_ms: int) -> Delivery:
    """The delivery of a result, which pays out what has come into the transit wallet for it."""
    document = _written("result", charge, now_ms)
    what = charge.amount, charge.round, charge.game, charge.site
    return Delivery(f"result:{charge.id}", wallet, document, now_ms + OURS_MS, *what)


def cancel_of(wallet: WalletId, escrow: Charge, due_ms: int) -> Delivery:
    """The delivery that takes an escrow back. The same escrow gives the same cancel, whenever it is made."""
    charge = escrow._replace(id=derived_id(f"cancel:{escrow.id}"), refers=escrow.id)
    document = _written("cancel", charge, escrow.at_ms)
    return Delivery(f"cancel:{escrow.id}", wallet, document, due_ms, 0, escrow.round, escrow.game, escrow.site)


def is_result(delivery: Delivery) -> bool:
    """Results of one round have to reach the operator in their order."""
    return delivery.id.startswith("result:")


def _written(op: str, charge: Charge, now_ms: int) -> bytes:
    return orjson.dumps({"op": op, "charge": [*charge], "since": now_ms, "tries": 0, "last": now_ms, "reason": ""})


class Told(NamedTuple):
    """What a delivery's document says. `tries` have failed, the last one at `last_ms` for that `reason`."""

    op: str
    charge: Charge
    since_ms: int
    tries: int
    last_ms: int
    reason: str

    @classmethod
    def read(cls, document: bytes) -> "Told":
        found = orjson.loads(document)
        what = found["op"], Charge(*found["charge"]), found["since"], found["tries"]
        return cls(*what, found["last"], found["reason"])

    def failed(self, now_ms: int, reason: str) -> bytes:
        """The document after another try."""
        what: dict[str, Any] = {"op": self.op, "charge": [*self.charge], "since": self.since_ms}
        return orjson.dumps({**what, "tries": self.tries + 1, "last": now_ms, "reason": reason[:200]})


class Tried(NamedTuple):
    """`done`: the operator has heard of it. `balance` is what it answered, None where it told none. Else it is due again at
    `due_ms`."""

    done: bool
    balance: int | None = None
    due_ms: int = 0


class Courier:
    """Tries a delivery once, and writes down what came of it."""

    def __init__(self, store: Store, operators: Backends, clock: Clock, rng: Rng) -> None:
        self._store = store
        self._operators = operators
        self._clock = clock
        self._rng = rng

    async def bring(self, delivery: Delivery, by_session: bool = False) -> Tried:
        """What failed is put off, longer each time, and never given up, but for a cancel that the operator knows nothing of
        when no escrow can arrive there any more. Raises Refused(UNAVAILABLE), where our own store does not answer."""
        told = Told.read(delivery.document)
        try:
            balance, found = await self._call(delivery, told)
        except Unanswered as unanswered:
            return await self._put_off(delivery, told, str(unanswered))
        if not found and self._clock.now_ms() < told.charge.at_ms + LATE_ESCROW_MS:
            return await self._put_off(delivery, told, "the operator knows no such escrow yet", balance)
        if not found:
            log.warning("cancel_of_unknown", **_logged(delivery, told))
        try:
            await self._store.delivered(delivery, self._clock.now_ms(), by_session=by_session)
        except Refused as refusal:
            if refusal.code is not Code.INSUFFICIENT_FUNDS:
                raise
            log.error("transit_short", **_logged(delivery, told))  # the operator has it: only our own books are wrong
            return await self._put_off(delivery, told, "the transit wallet holds less than was paid out", balance)
        return Tried(True, balance)

    async def _call(self, delivery: Delivery, told: Told) -> tuple[int | None, bool]:
        """The balance, and whether the operator knew what it is about."""
        backend = self._operators.get(operator_of(delivery.wallet.denom))
        if backend is None:
            raise Unanswered("there is no such operator in the settings any more")
        if told.op == "result":
            return await backend.result(told.charge), True
        answer = await backend.cancel(told.charge)
        return answer.balance, answer.found

    async def _put_off(self, delivery: Delivery, told: Told, reason: str, balance: int | None = None) -> Tried:
        now_ms = self._clock.now_ms()
        due_ms = now_ms + round(1000 * half_jitter(self._rng, told.tries + 1, _FIRST_S, _MOST_S))
        await self._store.defer(delivery, due_ms, told.failed(now_ms, reason))
        hours = (now_ms - told.since_ms) // _HOUR_MS
        if hours > (told.last_ms - told.since_ms) // _HOUR_MS:
            log.error("delivery_overdue", hours=hours, tries=told.tries + 1, reason=reason, **_logged(delivery, told))
        else:
            log.info("delivery_postponed", tries=told.tries + 1, reason=reason, **_logged(delivery, told))
        return Tried(False, balance, due_ms)


def _logged(delivery: Delivery, told: Told) -> dict[str, Any]:
    about = {"delivery": delivery.id, "operator": operator_of(delivery.wallet.denom), "wallet": str(delivery.wallet)}
    return {**about, "call": told.op, "amount": told.charge.amount, "round": told.charge.round}
