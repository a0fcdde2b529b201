"""The pages of FakeFacebook that people see: who they are, the canvas with the application in it, the SDK, the Pay Dialog, and
what Facebook lets them do with an application.

    fake = FakeFacebook(port=8070)
    canvas = Canvas(fake, "http://localhost:8080", site="social")
    await fake.start()     # canvas.address is what a browser opens

The application stands in a frame of another site, as on Facebook: its page gets a form with a signed request, and talks to
these pages through the SDK alone, with `postMessage`. No page of these sets a cookie.
"""

import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.httputil import url_concat
from tornado.template import Loader
from tornado.web import HTTPError

from examples.fake_facebook.api import FakeFacebook
from examples.fake_facebook.graph import Handler
from examples.fake_facebook.payments import NoProduct, Payment
from examples.fake_facebook.troubles import TROUBLES

PAGES = Path(__file__).parent / "pages"
NAMESPACE = "webingo"
PEOPLE = {
    "100000000000001": ("Ana Beatriz Souza", "ana@example.org"),
    "100000000000002": ("Bruno Lima", "bruno@example.org"),
    "100000000000003": ("Chiara Rossi", ""),
    "100000000000004": ("Dieter Vogel", "dieter@example.org"),
}
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_POLICY = "default-src 'self'; img-src * data:; frame-src *; form-action *; base-uri 'none'; object-src 'none'"
_WORDS = {"initiated": "not paid yet", "completed": "paid", "failed": "failed"}
_LATER = {"refund": "refunded", "chargeback": "charged back", "chargeback_reversal": "won back"}


class Canvas:
    """`server` is the address of webingo, as a browser reaches it. `authorised`: who lets the application know them."""

    def __init__(self, fake: FakeFacebook, server: str, site: str = "", title: str = "webingo social") -> None:
        self.fake = fake
        self.title = title
        self.authorised: set[str] = set()
        self.cancelled: set[str] = set()  # payments whose dialog was left
        self.portal = url_concat(f"{server}/facebook/portal", {"site": site} if site else None)
        fake.callbacks |= {what: f"{server}/facebook/{what}" for what in ("deauthorize", "deletion", "payments")}
        for uid, (name, email) in PEOPLE.items():
            fake.person(uid, name, email)
        given = {"fake": fake, "canvas": self}
        fake.routes += [
            (r"/", People, given),
            (rf"/apps/{NAMESPACE}", App, given),
            (r"/(sdk\.js|canvas\.js|canvas\.css)", Asset, given),
            (r"/canvas/([a-z]+)", Deed, given),
        ]

    @property
    def address(self) -> str:
        return f"{self.fake.origin}/"

    def address_of(self, uid: str) -> str:
        """Where a user plays."""
        return f"{self.fake.origin}/apps/{NAMESPACE}?{urlencode({'as': uid})}"

    def login(self, uid: str) -> dict[str, Any]:
        """What the SDK answers about a user: `status`, and a fresh token of whoever has authorised the application."""
        if uid not in self.authorised:
            return {"status": "not_authorized", "authResponse": None}
        token = self.fake.token(uid)
        return {"status": "connected", "authResponse": {"userID": uid, "accessToken": token, "expiresIn": 3600}}

    def launch(self, uid: str) -> str:
        """The signed request that the canvas is opened with."""
        return self.fake.signed_launch(uid, self.fake.token(uid)) if uid in self.authorised else self.fake.signed_launch()


class Page(Handler):
    """Of one user, who is named in the address: nobody has to log in to a fake."""

    def initialize(self, fake: FakeFacebook, canvas: Canvas) -> None:
        super().initialize(fake)
        self.canvas = canvas

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", _POLICY)

    @property
    def uid(self) -> str:
        uid = self.get_argument("as", "")
        if uid not in self.fake.people:
            raise HTTPError(404)
        return uid

    def show(self, name: str, **values: Any) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(Loader(str(PAGES)).load(name).generate(fake=self.fake, canvas=self.canvas, **values))


class People(Page):
    """The door: who is it?"""

    def get(self) -> None:
        self.show("people.html")


class App(Page):
    """The application in its frame, 760 pixels wide, and beside it what its user may do."""

    def get(self) -> None:
        uid = self.uid
        self.show("app.html", person=self.fake.people[uid], signed_request=self.canvas.launch(uid), troubles=TROUBLES)


class Asset(Page):
    """A script or a style sheet. The SDK is loaded by pages of other origins."""

    def get(self, name: str) -> None:
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Content-Type", _TYPES[Path(name).suffix])
        self.finish((PAGES / name).read_text(encoding="utf-8"))


class Deed(Page):
    """What the pages' script asks for: POST /canvas/<deed> with a form, JSON back."""

    async def post(self, deed: str) -> None:
        does = getattr(self, f"_{deed}", None)
        if does is None:
            raise HTTPError(404)
        self.finish(json.dumps(await does()))

    # -- login --------------------------------------------------------------------------------------------------------

    async def _status(self) -> dict[str, Any]:
        return self.canvas.login(self.uid)

    async def _authorise(self) -> dict[str, Any]:
        self.canvas.authorised.add(self.uid)
        return self.canvas.login(self.uid)

    async def _remove(self) -> dict[str, Any]:
        self.canvas.authorised.discard(self.uid)
        return {"told": [status for status, _ in await self.fake.remove_application(self.uid)]}

    async def _forget(self) -> dict[str, Any]:
        """On Facebook, too, this can be asked of applications that were removed."""
        await self._remove()
        answers = await self.fake.call_back("deletion", self.uid)
        told = [json.loads(body) for status, body in answers if status == 200]
        return {"told": [status for status, _ in answers], "url": told[0]["url"] if told else ""}

    # -- payments -----------------------------------------------------------------------------------------------------

    async def _begin(self) -> dict[str, Any]:
        argument = self.get_body_argument
        try:
            payment = await self.fake.payments.begin(
                self.uid, argument("product"), int(argument("quantity", "1")), argument("request_id", "")
            )
        except NoProduct as error:
            return {"error_code": 1383008, "error_message": f"The application's product can't be read: {error}."}
        return self._shown(payment)

    async def _finish(self) -> dict[str, Any]:
        return await self.fake.payments.finish(self._payment.id, self.get_body_argument("status"))

    async def _cancel(self) -> dict[str, Any]:
        self.canvas.cancelled.add(self._payment.id)
        return {"error_code": 1383010, "error_message": "User canceled the order."}

    async def _refund(self) -> dict[str, Any]:
        return await self._later(self.fake.payments.refund(self._payment.id))

    async def _chargeback(self) -> dict[str, Any]:
        return await self._later(self.fake.payments.chargeback(self._payment.id))

    async def _reverse(self) -> dict[str, Any]:
        return await self._later(self.fake.payments.reverse(self._payment.id))

    async def _payments(self) -> dict[str, Any]:
        uid = self.uid
        left = self.canvas.cancelled
        mine = [payment for payment in self.fake.payments.by_id.values() if payment.uid == uid and payment.id not in left]
        return {"payments": [self._shown(payment) for payment in reversed(mine)]}

    async def _later(self, done: Awaitable[None]) -> dict[str, Any]:
        await done
        return self._shown(self._payment)

    @property
    def _payment(self) -> Payment:
        payment = self.fake.payments.by_id.get(self.get_body_argument("payment"))
        if payment is None or payment.uid != self.uid:
            raise HTTPError(404)
        return payment

    def _shown(self, payment: Payment) -> dict[str, Any]:
        charge, last = payment.charge, payment.actions[-1]
        back = last["type"] in ("refund", "chargeback")
        possible = {
            "initiated": ["finish"],
            "completed": ["reverse"] if last["type"] == "chargeback" else [] if back else ["refund", "chargeback"],
        }
        return {
            "id": payment.id,
            "title": payment.product.title,
            "image": payment.product.image,
            "amount": charge["amount"],
            "currency": charge["currency"],
            "state": _LATER.get(last["type"], _WORDS.get(charge["status"], "")),
            "deeds": possible.get(charge["status"], []),
            "told": payment.id not in self.fake.payments.undelivered,
        }

    # -- troubles -----------------------------------------------------------------------------------------------------

    async def _trouble(self) -> dict[str, Any]:
        trouble = self.get_body_argument("trouble", "")
        if trouble not in ("", *TROUBLES):
            raise HTTPError(404)
        self.fake.always = trouble
        self.fake.patience = 2.0 if trouble == "slow" else 30.0
        return {"trouble": trouble}
