"""The payments of FakeFacebook: products read from their pages, charges, refunds, chargebacks, and the webhook that tells of
them.

Sources: developers.facebook.com, "Pay Dialog", "Payment" (Graph API), "Product Object", "Webhooks: getting started".
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

if TYPE_CHECKING:
    from examples.fake_facebook.api import FakeFacebook

FIRST_ID = 900_000_000_000_000


@dataclass
class Product:
    """What its page says of a product. `amount` of `currency` for each."""

    url: str
    title: str
    description: str
    image: str
    amount: str
    currency: str


@dataclass
class Payment:
    """A payment as Graph shows it; the first of `actions` is the charge."""

    id: str
    uid: str
    product: Product
    quantity: int
    request_id: str
    actions: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def charge(self) -> dict[str, Any]:
        return self.actions[0]


class NoProduct(Exception):  # noqa: N818 - names the finding
    """The page of the product can't be read, or says too little."""


class Payments:
    """Of one FakeFacebook, where webhooks go to `callbacks["payments"]`. `undelivered`: the payments whose last change the
    application has not taken yet; `redeliver` tells it again, as Facebook does for a day. The first payment has the id
    `first_id`, the next one the next."""

    def __init__(self, fake: "FakeFacebook") -> None:
        self._fake = fake
        self.first_id = FIRST_ID
        self.by_id: dict[str, Payment] = {}
        self.undelivered: dict[str, str] = {}  # payment id -> the field that has changed

    # -- the Pay Dialog -----------------------------------------------------------------------------------------------

    async def begin(self, uid: str, product_url: str, quantity: int = 1, request_id: str = "", pay_in: str = "") -> Payment:
        """The dialog is open, nothing is paid yet. `pay_in`: "2.10 EUR" where the user pays in another currency. Raises
        NoProduct."""
        return self.charge(uid, await self._crawled(product_url), quantity, request_id, pay_in)

    def charge(self, uid: str, product: Product, quantity: int = 1, request_id: str = "", pay_in: str = "") -> Payment:
        """As `begin`, for a product that is known."""
        amount, _, currency = pay_in.partition(" ")
        if not pay_in:
            amount, currency = str(Decimal(product.amount) * quantity), product.currency
        payment = Payment(str(self.first_id + len(self.by_id)), uid, product, quantity, request_id)
        self.by_id[payment.id] = payment
        self._act(payment, "charge", amount, currency, "initiated")
        return payment

    async def finish(self, payment_id: str, status: str = "completed", tell: bool = True) -> dict[str, Any]:
        """The user has paid ("completed"), pays later ("initiated") or can't ("failed"). What FB.ui calls back with."""
        payment = self.by_id[payment_id]
        payment.charge["status"] = status
        self._publish(payment)
        if tell and status != "initiated":
            await self.tell(payment_id)
        return self.receipt(payment_id)

    def receipt(self, payment_id: str, /, **changes: Any) -> dict[str, Any]:
        """What FB.ui calls back with, whatever was changed in it, signed."""
        payment = self.by_id[payment_id]
        said = {
            "payment_id": int(payment.id),
            "amount": payment.charge["amount"],
            "currency": payment.charge["currency"],
            "quantity": str(payment.quantity),
            "request_id": payment.request_id,
            "status": payment.charge["status"],
            **changes,
        }
        return {**said, "signed_request": self._fake.signed({"app_id": self._fake.app_id, "user_id": payment.uid, **said})}

    # -- afterwards ---------------------------------------------------------------------------------------------------

    async def refund(self, payment_id: str, amount: str = "", tell: bool = True) -> None:
        """All of it, or an amount."""
        await self._happened(payment_id, "refund", amount, tell)

    async def chargeback(self, payment_id: str, tell: bool = True) -> None:
        """The user's bank takes the money back."""
        await self._happened(payment_id, "chargeback", "", tell)

    async def reverse(self, payment_id: str, tell: bool = True) -> None:
        """The bank has lost the dispute."""
        await self._happened(payment_id, "chargeback_reversal", "", tell)

    async def dispute(self, payment_id: str, comment: str, email: str) -> None:
        """The user complains at Facebook."""
        payment = self.by_id[payment_id]
        payment.disputes.append({"user_comment": comment, "user_email": email, "status": "pending", "reason": "pending"})
        self._publish(payment)
        await self.tell(payment_id, changed="disputes")

    async def _happened(self, payment_id: str, kind: str, amount: str, tell: bool) -> None:
        payment = self.by_id[payment_id]
        self._act(payment, kind, amount or payment.charge["amount"], payment.charge["currency"], "completed")
        if tell:
            await self.tell(payment_id)

    def _act(self, payment: Payment, kind: str, amount: str, currency: str, status: str) -> None:
        at = datetime.fromtimestamp(self._fake.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        times = {"time_created": at, "time_updated": at}
        payment.actions.append({"type": kind, "status": status, "currency": currency, "amount": amount, **times})
        self._publish(payment)

    def _publish(self, payment: Payment) -> None:
        """What Graph answers for the payment from now on."""
        person = self._fake.people.get(payment.uid)
        self._fake.objects[payment.id] = {
            "id": payment.id,
            "user": {"id": payment.uid, "name": person.name if person else "Somebody"},
            "application": {"name": "webingo", "namespace": "webingo", "id": self._fake.app_id},
            "actions": [dict(action) for action in payment.actions],
            "items": [{"type": "IN_APP_PURCHASE", "product": payment.product.url, "quantity": payment.quantity}],
            "country": "US",
            "created_time": payment.charge["time_created"],
            **({"request_id": payment.request_id} if payment.request_id else {}),
            **({"disputes": [dict(dispute) for dispute in payment.disputes]} if payment.disputes else {}),
        }

    # -- the webhook --------------------------------------------------------------------------------------------------

    async def tell(self, *payment_ids: str, changed: str = "actions") -> int:
        """Tells the application that the payments have changed; the status that it answers, 0 where it doesn't."""
        url = self._fake.callbacks.get("payments")
        if url is None:
            return 0
        status = await self._post(url, self.update(payment_ids, [changed]))
        for payment_id in payment_ids:
            if status == 200:
                self.undelivered.pop(payment_id, None)
            else:
                self.undelivered[payment_id] = changed
        return status

    async def redeliver(self) -> None:
        """Tells of everything again that was not taken."""
        for payment_id, changed in list(self.undelivered.items()):
            await self.tell(payment_id, changed=changed)

    def update(self, payment_ids: Iterable[str], changed_fields: Sequence[str] = ("actions",)) -> bytes:
        """The body of a webhook's message."""
        now, fields = int(self._fake.now()), list(changed_fields)
        entry = [{"id": payment_id, "time": now, "changed_fields": fields} for payment_id in payment_ids]
        return json.dumps({"object": "payments", "entry": entry}).encode()

    def signature(self, body: bytes) -> str:
        """The header X-Hub-Signature-256 of a body."""
        return "sha256=" + hmac.new(self._fake.app_secret.encode(), body, hashlib.sha256).hexdigest()

    async def _post(self, url: str, body: bytes) -> int:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.signature(body)}
        client = AsyncHTTPClient(force_instance=True)
        try:
            answer = await client.fetch(url, method="POST", headers=headers, body=body, raise_error=False)
        except (OSError, HTTPClientError):
            return 0
        finally:
            client.close()
        return 0 if answer.code == 599 else answer.code

    async def verify(self, token: str, challenge: str = "1158201444") -> bool:
        """The handshake when a webhook is set up: whether the address wants our messages."""
        query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token})
        client = AsyncHTTPClient(force_instance=True)
        try:
            answer = await client.fetch(f"{self._fake.callbacks['payments']}?{query}", raise_error=False)
        finally:
            client.close()
        return answer.code == 200 and answer.body == challenge.encode()

    # -- the crawler --------------------------------------------------------------------------------------------------

    async def _crawled(self, url: str) -> Product:
        client = AsyncHTTPClient(force_instance=True)
        try:
            answer = await client.fetch(url, raise_error=False)
        except (OSError, ValueError) as error:
            raise NoProduct(f"{url} can't be read: {error}") from None
        finally:
            client.close()
        if answer.code != 200:
            raise NoProduct(f"{url} answers {answer.code}")
        said = _properties(answer.body.decode())
        if said.get("og:type") != "og:product" or not {"og:title", "product:price:amount", "product:price:currency"} <= set(
            said
        ):
            raise NoProduct(f"{url} is no page of a product")
        return Product(
            said.get("og:url", url),
            said["og:title"],
            said.get("og:description", ""),
            said.get("og:image", ""),
            said["product:price:amount"],
            said["product:price:currency"],
        )


class _Properties(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "meta" and named.get("property"):
            self.found.setdefault(str(named["property"]), named.get("content") or "")


def _properties(page: str) -> dict[str, str]:
    """The <meta property="…" content="…"> of a page."""
    parser = _Properties()
    parser.feed(page)
    return parser.found
