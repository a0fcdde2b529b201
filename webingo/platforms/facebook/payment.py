"""What Facebook says of a payment, and what that means for the wallet. Pure: whoever hears the same decides the same.

Sources: Facebook's reference of the Graph API's payment object (its actions and their states), and of the Pay Dialog, whose
answer the player's client hands on signed.
"""

from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from webingo.platforms.facebook.said import Id, Said

MOST_ACTIONS = 1000


class StrangePayment(Exception):  # noqa: N818 - names the finding
    """What was said of a payment makes no sense, or does not fit what was asked for. Hearing it again would change nothing."""


def _time(value: str) -> str:
    datetime.fromisoformat(value)  # raises ValueError
    return value


RequestId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,256}$")]
_Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_Word = Annotated[str, StringConstraints(max_length=64)]


class Action(Said):
    """Something that happened to a payment. The amount is positive whichever way the money went."""

    type: _Word
    status: _Word
    currency: _Currency
    amount: _Amount
    time_created: Annotated[str, AfterValidator(_time)] = "1970-01-01T00:00:00+0000"

    @property
    def money(self) -> Fraction:
        return Fraction(self.amount)

    @property
    def at(self) -> datetime:
        at = datetime.fromisoformat(self.time_created)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


class _Named(Said):
    id: Id


class Item(Said):
    """`product` is the address of the product's page."""

    product: str = ""
    quantity: Id = "1"


class Payment(Said):
    """The payment as Graph answers it, without what we have no use for: who disputes it, with which words, is not kept."""

    id: Id
    request_id: RequestId | None = None
    user: _Named | None = None
    application: _Named | None = None
    actions: Annotated[list[Action], Field(max_length=MOST_ACTIONS)]
    items: Annotated[list[Item], Field(max_length=MOST_ACTIONS)] = []

    @property
    def charge(self) -> Action | None:
        """The first charge that was completed."""
        return next((action for action in self.actions if (action.type, action.status) == ("charge", "completed")), None)

    @property
    def status(self) -> Literal["completed", "pending", "failed"]:
        """What became of the charge: a payment that nobody knows the end of is pending."""
        if self.charge is not None:
            return "completed"
        return "pending" if any(action.status == "initiated" for action in self.actions) else "failed"


class Receipt(Said):
    """What the Pay Dialog answers, signed by Facebook."""

    payment_id: Id
    request_id: RequestId
    amount: _Amount
    currency: _Currency
    quantity: Id
    status: _Word
    app_id: Id | None = None
    user_id: Id | None = None

    @property
    def payment(self) -> Payment:
        """What it says of the payment."""
        charge = Action(type="charge", status=self.status, currency=self.currency, amount=self.amount)
        return Payment(id=self.payment_id, request_id=self.request_id, actions=[charge])


_Model = TypeVar("_Model", Payment, Receipt)


def read(model: type[_Model], document: dict[str, Any]) -> _Model:
    """Raises StrangePayment."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        fields = {".".join(str(part) for part in found["loc"]) for found in error.errors(include_input=False)}
        raise StrangePayment(f"these fields are wrong: {', '.join(sorted(fields))}"[:300]) from None


class Step(NamedTuple):
    """One movement of the player's wallet. `name` is unique within the payment, for ever; "" is the purchase itself. `amount`
    is what there is to credit, or what to take back as far as it is still there. A reversal gives back what was taken under
    the name `undoes`, and no more than `amount`."""

    kind: Literal["purchase", "refund", "chargeback", "chargeback_reversal"]
    name: str
    amount: int
    undoes: str = ""


_BACK: dict[str, Literal["refund", "chargeback"]] = {"refund": "refund", "chargeback": "chargeback", "decline": "chargeback"}
"""What takes the money away from us again. A decline: the bank did not pay a bundle of purchases in the end."""


def steps(payment: Payment, bought: int) -> Iterator[Step]:
    """What the payment has meant for the wallet so far, in the order of what happened to it.

    What is heard later only ever adds to the end: an action that is not decided yet ends the list, and those that failed count
    in the names of the others. So the same step has the same name and amount whenever, and by whomever, it is worked out.

    Of what was bought as large a share is to be taken back as of the money, rounded down; all of it with the last cent. Raises
    StrangePayment where it comes to what can't be.
    """
    charged, refunded, owed = Fraction(0), Fraction(0), 0  # `owed`: the credits that the money that went back is worth
    currency, counts, open_chargebacks = "", Counter[str](), deque[tuple[str, Fraction]]()

    def worth() -> int:
        return int(bought * min(refunded, charged) // charged)

    for action in sorted(payment.actions, key=lambda action: (action.type != "charge", action.at)):
        if action.status not in ("completed", "failed"):
            if action.type == "charge":  # another try to pay; the one that was completed counts
                continue
            return
        counts[action.type] += 1
        name = f"{action.type}:{counts[action.type]}"
        if action.status == "failed":
            continue
        if action.type == "charge":
            if charged or not action.money:
                raise StrangePayment("it was charged twice, or nothing was")
            charged, currency = action.money, action.currency
            yield Step("purchase", "", bought)
        elif not charged or action.currency != currency:
            raise StrangePayment(f"{name} is not of what was charged")
        elif kind := _BACK.get(action.type):
            refunded += action.money
            if kind == action.type == "chargeback":
                open_chargebacks.append((name, action.money))
            yield Step(kind, name, worth() - owed)
            owed = worth()
        elif action.type == "chargeback_reversal" and open_chargebacks:
            undone, money = open_chargebacks.popleft()
            refunded -= money
            yield Step("chargeback_reversal", name, owed - worth(), undone)
            owed = worth()
        else:
            raise StrangePayment(f"{name} is unknown here")
