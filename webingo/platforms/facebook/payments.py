"""From what is heard of a payment to the player's wallet: asked for, paid, given back, whoever hears of it and however often.

`settle` is the one place. Each movement has an id for ever, made of the payment's own, and always the same amount; a debit is
never posted before its credit. So every process may settle the same payment at any time, again and again and in whatever
order the messages come; what a crash has left undone is done with the next message, which Facebook sends until it is taken.
"""

from typing import Any, NamedTuple, Protocol

import structlog

from webingo.errors import Code, Refused
from webingo.platforms.facebook.order import Order
from webingo.platforms.facebook.payment import Payment, Receipt, Step, StrangePayment, read, steps
from webingo.platforms.facebook.signed import PAYMENT_S, opened
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Funds, Posting, fresh_request_id
from webingo.user import User

log = structlog.get_logger("webingo.payments")

_DAY_S = 86_400
ASKED_S, PAID_S = 90 * _DAY_S, 400 * _DAY_S
"""How long, in seconds, an order is kept: until it is paid, and after that for as long as a bank may take the money back (card
schemes allow for 120 to 540 days; what comes later is told in the log)."""

_MOST_TOLD = 10_000


class Payer(Protocol):
    """Whoever knows what became of a payment: Graph."""

    async def payment(self, payment_id: str) -> dict[str, Any]:
        """Raises Refused: UNAVAILABLE, BAD_PARAMS where there is no such payment."""
        ...


class Means(Protocol):
    """As much of a house as is needed."""

    @property
    def store(self) -> Store: ...

    @property
    def clock(self) -> Clock: ...


class Settled(NamedTuple):
    """What became of a payment. `order` is None where it is none of ours; `funds` are the wallet's after what was posted."""

    status: str  # "completed" | "pending" | "failed" | "unknown"
    payment_id: str
    order: Order | None = None
    funds: Funds | None = None


class Payments:
    def __init__(self, house: Means, graph: Payer, app_id: str, app_secret: str, public_url: str = "") -> None:
        """`public_url`: the address under which Facebook reaches this server, without a slash at its end; "" for none."""
        self._house = house
        self._graph = graph
        self._app_id = app_id
        self._secret = app_secret
        self.public_url = public_url
        self._told = set[str]()

    async def ask(self, order: Order) -> str:
        """Keeps an order; answers the request id that its payment will name."""
        request_id = fresh_request_id(order.user)
        await self._house.store.keep_request(request_id, order.model_dump_json().encode(), ASKED_S)
        return request_id

    async def paid(self, user: User, signed_request: str) -> Settled:
        """Takes what the Pay Dialog has told this player's client. Raises StrangePayment, and Refused as `settle` does."""
        if not self._secret:
            raise StrangePayment("there is no Facebook application here")
        try:
            document = opened(self._secret, signed_request, self._house.clock.now_ms() / 1000, PAYMENT_S)
        except Refused as refusal:
            raise StrangePayment(refusal.message.rstrip(".")) from None
        receipt = read(Receipt, document)
        order = await self._order(receipt.request_id)
        if order is None or order.user != user:
            raise StrangePayment("nobody here has asked for that")
        if receipt.app_id not in (None, self._app_id) or receipt.user_id not in (None, user.uid) or receipt.quantity != "1":
            raise StrangePayment("it is another application's or player's, or for another quantity")
        if receipt.status == "completed" and receipt.currency != order.currency:
            try:  # a converted price: Graph says what was bought for it
                payment = await self._looked_up(receipt.payment_id)
            except Refused:
                return Settled("pending", receipt.payment_id, order)  # until Facebook tells of it by itself
            return await self.settle(payment)
        return await self.settle(receipt.payment)

    async def look_up(self, payment_id: str) -> Settled:
        """Settles what Graph says of a payment now. Raises as `settle` does; UNAVAILABLE where Graph says nothing, too."""
        return await self.settle(await self._looked_up(payment_id))

    async def _looked_up(self, payment_id: str) -> Payment:
        try:
            document = await self._graph.payment(payment_id)
        except Refused as refusal:
            if refusal.code is Code.BAD_PARAMS:
                raise StrangePayment(refusal.message.rstrip(".")) from None
            raise
        try:
            payment = read(Payment, document)
            if payment.id == payment_id:
                return payment
            reason = "it is another payment"
        except StrangePayment as strange:
            reason = str(strange)
        log.error("payment_not_understood", payment=payment_id, reason=reason)
        raise Refused(Code.UNAVAILABLE)  # Graph may say it better next time

    async def settle(self, payment: Payment) -> Settled:
        """Brings the wallet to where the payment's actions want it. Raises StrangePayment for what doesn't fit its order, and
        Refused as `Store.post` does: what was posted by then stays, and settling again does the rest."""
        order = None if payment.request_id is None else await self._order(payment.request_id)
        if order is None or payment.request_id is None:
            log.warning("payment_unknown", payment=payment.id, status=payment.status)
            return Settled("unknown", payment.id)
        self._check(order, payment)
        funds = None
        if payment.charge is not None:
            await self._house.store.keep_request(payment.request_id, order.model_dump_json().encode(), PAID_S)
            taken = dict[str, int]()
            for step in steps(payment, order.credits):
                funds = await self._move(order, payment.id, step, taken) or funds
        return Settled(payment.status, payment.id, order, funds)

    def _check(self, order: Order, payment: Payment) -> None:
        if payment.application is not None and payment.application.id != self._app_id:
            raise StrangePayment("it was made in another application")
        if payment.user is not None and payment.user.id != order.uid:
            raise StrangePayment("another player has paid than the one who asked")
        if payment.charge is not None and not order.paid_by(payment.charge, payment, self.public_url):
            charged = f"{payment.charge.amount} {payment.charge.currency}"
            raise StrangePayment(f"{charged} were charged, {order.product} costs {order.amount} {order.currency}")

    async def _move(self, order: Order, payment_id: str, step: Step, taken: dict[str, int]) -> Funds | None:
        """Posts one step; `taken` holds, and gets, by name what the steps before it have taken. None where nothing is moved."""
        if not step.amount:
            return None
        posting_id = f"fb:{payment_id}:{step.name}" if step.name else f"fb:{payment_id}"
        amount = step.amount
        if step.kind in ("refund", "chargeback"):
            amount = -amount
        elif step.undoes:
            amount = min(amount, taken.get(step.undoes, 0))
        now_ms = self._house.clock.now_ms()
        posting = Posting(posting_id, order.wallet, step.kind, amount, order.product, now_ms, site=order.site)
        try:
            if amount >= 0:
                return await self._house.store.post(posting)
            answer = await self._house.store.take(posting)
        except Refused as refusal:
            if refusal.code is Code.BAD_PARAMS:
                raise StrangePayment(f"{posting_id} was posted with another amount before") from None
            raise
        taken[step.name] = answer.taken
        if answer.taken < step.amount:
            self._tell_short(posting, step.amount - answer.taken)
        return answer.funds

    def _tell_short(self, posting: Posting, short: int) -> None:
        """The player had spent it already. The ledger's entry has it too; here it is told once, as far as is remembered."""
        if posting.id not in self._told:
            if len(self._told) >= _MOST_TOLD:
                self._told.clear()
            self._told.add(posting.id)
            metrics.payment("short")
            log.warning("purchase_short", posting=posting.id, kind=posting.kind, wallet=str(posting.wallet), short=short)

    async def _order(self, request_id: str) -> Order | None:
        document = await self._house.store.request(request_id)
        return None if document is None else Order.model_validate_json(document)
