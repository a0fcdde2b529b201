"""The session component "fb_social": level, daily bonus, purchases; and credits for nothing, where development needs them."""

from collections import deque
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from webingo.errors import Code, Refused
from webingo.platforms.facebook.order import Order, product_path
from webingo.platforms.facebook.payment import StrangePayment
from webingo.platforms.facebook.payments import Payments
from webingo.platforms.facebook.rewards import Rewards
from webingo.platforms.facebook.signed import MOST_CHARACTERS
from webingo.resources.social import Product
from webingo.rng import fresh_id
from webingo.session.component import Component, Room
from webingo.session.house import House
from webingo.support import metrics
from webingo.transaction.transaction import MAX_AMOUNT, Posting

_MOST_REQUESTS = 20
_MINUTE_S = 60.0
_MOST_TRIES = 8
_MOVES = {"purchase", "refund", "chargeback", "chargeback_reversal"}


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Status(_Message):
    what: Literal["status"]


class _DailyBonus(_Message):
    what: Literal["daily_bonus"]


class _ManualBuy(_Message):
    """With an `id` it is done once, however often it is sent."""

    what: Literal["manual_buy"]
    amount: Annotated[int, Field(gt=0, le=MAX_AMOUNT)]
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")] | None = None


class _SetCredits(_Message):
    what: Literal["set_credits"]
    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT)]


class _Buy(_Message):
    what: Literal["buy"]
    product: Annotated[str, StringConstraints(max_length=64)]


class _Paid(_Message):
    what: Literal["paid"]
    signed_request: Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]


_MESSAGES: TypeAdapter[_Status | _DailyBonus | _ManualBuy | _SetCredits | _Buy | _Paid] = TypeAdapter(
    Annotated[_Status | _DailyBonus | _ManualBuy | _SetCredits | _Buy | _Paid, Field(discriminator="what")]
)


class SocialComponent(Component):
    """docs/components.md has the messages. Whatever they move is an entry of the ledger with an id of its own."""

    name = "fb_social"

    def __init__(self, room: Room, house: House, payments: Payments) -> None:
        self._room = room
        self._house = house
        self._payments = payments
        self._rewards = Rewards(room, house)
        self._requests: deque[float] = deque()
        self._told = deque[int](maxlen=_MOST_REQUESTS)  # the wallet's seq after purchases that were told as such

    # -- of the session -----------------------------------------------------------------------------------------------

    def opened(self) -> None:
        """What a crash has left to be rewarded is rewarded now."""
        self.spent(self._room.spent)

    def spent(self, total: int) -> None:
        if self._rewards.due(total):
            self._room.do(self._level_up)

    def posted(self, kind: str, amount: int, seq: int) -> None:
        """A purse that changes by itself says why: what Facebook's webhook has brought, or taken back."""
        if kind in _MOVES and amount and seq not in self._told:
            self._room.tell(self.name, {"what": "moved", "kind": kind, "amount": amount})

    async def _level_up(self) -> None:
        if told := await self._rewards.level_up():
            for message in told:
                self._room.tell(self.name, message)
            self._room.push()

    async def receive(self, message: dict[str, Any]) -> None:
        try:
            asked = _MESSAGES.validate_python(message)
        except ValidationError as error:
            raise Refused(Code.BAD_PARAMS, f"fb_social: {error.errors(include_input=False)[0]['msg']}."[:300]) from None
        match asked:
            case _Status():
                self._room.tell(self.name, self._status())
            case _DailyBonus():
                self._room.tell(self.name, await self._rewards.collect())
                self._room.push()
            case _ManualBuy():
                await self._give(asked)
            case _SetCredits():
                await self._set(asked.amount)
            case _Buy():
                await self._buy(asked.product)
            case _Paid():
                await self._paid(asked.signed_request)

    def _status(self) -> dict[str, Any]:
        room, social = self._room, self._rewards.social
        level = social.level(room.spent)
        step = social.next_level(level)
        return {
            "what": "status",
            "level": level,
            "progress": social.standing(room.spent)["soc_level_progress"],
            "spend": room.spent,
            "next": None if step is None else {"level": level + 1, "spend": step.spend, "reward": step.reward},
            "daily_bonus": self._rewards.today(),
            "manual_credit": self._may_give,
            "products": [self._shown(product) for product in self._products],
        }

    @property
    def _products(self) -> list[Product]:
        """What is for sale now: the shop does not wait for the end of a round, as other settings do."""
        site = self._house.resources.newest(self._room.site)
        return site.products if site.enabled and site.denomination == self._room.wallet.denom else []

    def _shown(self, product: Product) -> dict[str, Any]:
        return {**product.model_dump(), "url": self._payments.public_url + product_path(self._room.seat.site, product)}

    # -- credits for nothing ------------------------------------------------------------------------------------------

    @property
    def _may_give(self) -> bool:
        """Whatever a site says, a server without debug gives nothing."""
        return self._house.debug and self._rewards.social.allow_manual_credit

    def _check_giving(self) -> None:
        if not self._may_give:
            raise Refused(Code.FORBIDDEN, "Credits are not given away here.")

    async def _give(self, asked: _ManualBuy) -> None:
        self._check_giving()
        self._room.learn(await self._house.store.post(self._posting("manual_buy", asked.amount, asked.id)))
        self._room.push()

    async def _set(self, amount: int) -> None:
        """Posts what is missing, until the balance was right after a posting: others may post at the same time."""
        self._check_giving()
        store, room = self._house.store, self._room
        for _ in range(_MOST_TRIES):
            funds = await store.funds(room.wallet)
            if funds.balance != amount:
                try:
                    funds = await store.post(self._posting("set_credits", amount - funds.balance))
                except Refused as refusal:
                    if refusal.code is not Code.INSUFFICIENT_FUNDS:
                        raise
                    continue
            room.learn(funds)
            if funds.balance == amount:
                room.push()
                return
        raise Refused(Code.LIMIT, "The balance changes all the time; try again.")

    def _posting(self, kind: str, amount: int, given_id: str | None = None) -> Posting:
        posting_id = f"{kind}:{given_id or fresh_id()}"
        room = self._room
        return Posting(posting_id, room.wallet, kind, amount, "", self._house.clock.now_ms(), site=room.seat.site)

    # -- purchases ----------------------------------------------------------------------------------------------------

    async def _buy(self, product_id: str) -> None:
        product = next((product for product in self._products if product.id == product_id), None)
        if product is None:
            raise Refused(Code.BAD_PARAMS, "There is no such product here.")
        now = self._house.clock.monotonic()
        while self._requests and self._requests[0] < now - _MINUTE_S:
            self._requests.popleft()
        if len(self._requests) >= _MOST_REQUESTS:
            raise Refused(Code.RATE_LIMITED)
        self._requests.append(now)
        room = self._room
        order = Order.of(room.seat, room.wallet.denom, product, self._house.clock.now_ms())
        request_id = await self._payments.ask(order)
        shown = self._shown(product)
        room.tell(self.name, {"what": "request", "request_id": request_id, "product": shown, "url": shown["url"]})

    async def _paid(self, signed_request: str) -> None:
        room = self._room
        try:
            settled = await self._payments.paid(room.seat.user, signed_request)
        except StrangePayment as strange:
            metrics.payment("strange")
            raise Refused(Code.BAD_PARAMS, f"The payment was not taken: {strange}."[:300]) from None
        metrics.payment(settled.status)
        if settled.status != "completed" or settled.order is None:
            room.tell(self.name, {"what": "pending" if settled.status == "pending" else "failed"})
            return
        order = settled.order
        if settled.funds is not None and order.wallet == room.wallet:
            room.learn(settled.funds)
            self._told.append(settled.funds.seq)
        purchased = {"payment_id": settled.payment_id, "product": order.product, "credits": order.credits}
        room.tell(self.name, {"what": "purchased", **purchased})
        room.push()
