"""Facebook as far as webingo asks it: users, tokens, and the Graph API over real HTTP. It keeps all in memory, and misbehaves
on demand.

    fake = FakeFacebook()
    await fake.start()
    fake.person("100000000000001", "Ana Example")
    token = fake.token("100000000000001")
    Settings(fb_app_id=fake.app_id, fb_app_secret=fake.app_secret, fb_graph_url=fake.graph)

Sources: developers.facebook.com, "Parsing the signed request", "Debugging access tokens", "Securing Graph API requests",
"Data deletion request callback". Its code is its own: it signs and proves without webingo's.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from examples.fake_facebook.graph import Elsewhere, Graph, Picture
from examples.fake_facebook.payments import Payments

APP_ID = "123456789012345"
VERSION = "v24.0"


@dataclass
class Person:
    """A user. Without an e-mail address they gave the application none."""

    uid: str
    name: str
    email: str = ""


@dataclass
class Token:
    """An access token of a user. `error_subcode` is set where it is valid no more: 458 the application was removed, 460 the
    password was changed, 463 expired, 467 logged out."""

    uid: str
    app_id: str
    issued_at: int
    expires_at: int
    kind: str = "USER"
    error_subcode: int = 0


class FakeFacebook:
    """`troubles` (examples.fake_facebook.troubles) are used up, one for each request to Graph; `always` is for all; `only`:
    they befall only paths that begin so ("debug_token"). `patience`: seconds that "hang" and "slow" take. `seen`: what was
    asked, without the queries.

    `made` is told every secret, token, signed request and e-mail address as soon as there is one. `now` is the time in seconds.
    """

    def __init__(
        self,
        port: int = 0,
        app_id: str = APP_ID,
        routes: Sequence[tuple[Any, ...]] = (),
        made: Callable[[str], object] = lambda secret: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.port = port
        self.app_id = app_id
        self.app_secret = secrets.token_hex(16)
        self.routes = list(routes)
        self.now = now
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, Token] = {}
        self.objects: dict[str, Mapping[str, Any]] = {}  # by id: what else an application may read with its own token
        self.callbacks: dict[str, str] = {}  # where the application hears of things: "deauthorize", "deletion", "payments"
        self.troubles: deque[str] = deque()
        self.always = ""
        self.only = ""
        self.patience = 30.0
        self.seen: list[str] = []
        self.elsewhere = 0  # requests that followed a redirect
        self.strict_about_apps = (
            True  # /debug_token refuses the tokens of other applications, as Facebook does; else it tells of them
        )
        self.payments = Payments(self)
        self._made = made
        self._server: HTTPServer | None = None
        self._stopped = asyncio.Event()
        made(self.app_secret)

    # -- life -------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listens; started again after `stop`, on the same port."""
        own = [
            (r"/elsewhere/.*", Elsewhere, {"fake": self}),
            (r"/picture/([0-9]+)\.svg", Picture, {"fake": self}),
            (r"/v[0-9]+\.[0-9]+/([^/]+)", Graph, {"fake": self}),
        ]
        self._stopped = asyncio.Event()
        # Tornado would log addresses with the tokens in them.
        self._server = HTTPServer(Application([*own, *self.routes], log_function=lambda handler: None))
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        if self._server is not None:
            self._stopped.set()
            self._server.stop()
            await self._server.close_all_connections()
            self._server = None

    async def linger(self) -> None:
        """As long as its patience lasts, or until it is stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), self.patience)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def graph(self) -> str:
        """The base address of the Graph API, as `fb_graph_url`."""
        return f"{self.origin}/{VERSION}"

    # -- who there is -----------------------------------------------------------------------------------------------------

    def person(self, uid: str, name: str, email: str = "") -> Person:
        """A new user, or an old one with another name and address."""
        if email:
            self._made(email)
        self.people[uid] = Person(uid, name, email)
        return self.people[uid]

    def token(self, uid: str, app_id: str = "", expires_in_s: int = 3600, never: bool = False, kind: str = "USER") -> str:
        """A new access token; of this application where no other is named. `never`: it does not expire."""
        token = "EAAB" + secrets.token_hex(24)
        now = int(self.now())
        self.tokens[token] = Token(uid, app_id or self.app_id, now, 0 if never else now + expires_in_s, kind)
        self._made(token)
        return token

    def revoke(self, token: str, subcode: int = 458) -> None:
        """Graph says from now on that it is not valid."""
        self.tokens[token].error_subcode = subcode

    async def remove_application(self, uid: str) -> list[tuple[int, bytes]]:
        """The user takes the application out of the account: no token is valid any more, and the application is told where
        there is a callback. What it answered: (status, body)."""
        for token, found in self.tokens.items():
            if found.uid == uid and found.app_id == self.app_id:
                self.revoke(token)
        return await self.call_back("deauthorize", uid)

    async def call_back(self, what: str, uid: str) -> list[tuple[int, bytes]]:
        """Tells the application, by a form with a signed request: "deauthorize", or "deletion" of all that it knows."""
        url = self.callbacks.get(what)
        return [] if url is None else [await self.deliver(url, {"signed_request": self.signed({"user_id": uid})})]

    async def deliver(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Posts a form, as Facebook's servers do."""
        client = AsyncHTTPClient(force_instance=True)
        try:
            answer = await client.fetch(url, method="POST", body=urlencode(form), raise_error=False, follow_redirects=False)
        finally:
            client.close()
        return answer.code, answer.body or b""

    # -- what it signs ----------------------------------------------------------------------------------------------------

    def signed(self, payload: Mapping[str, Any], secret: str = "") -> str:
        """A signed_request with the payload, its algorithm and time in front (which the payload may set itself)."""
        whole = {"algorithm": "HMAC-SHA256", "issued_at": int(self.now()), **payload}
        text = _encoded(json.dumps(whole).encode())
        signature = hmac.new((secret or self.app_secret).encode(), text.encode(), hashlib.sha256).digest()
        signed = f"{_encoded(signature)}.{text}"
        self._made(signed)
        return signed

    def signed_launch(self, uid: str = "", token: str = "", **more: Any) -> str:
        """What a canvas page is opened with. Without `uid`: somebody who has not authorised the application."""
        known = {"user_id": uid, "oauth_token": token, "expires": self.tokens[token].expires_at} if token else {}
        return self.signed({"user": {"country": "de", "locale": "de_DE", "age": {"min": 21}}, **known, **more})

    def signed_player(self, uid: str, request_payload: str, **more: Any) -> str:
        """Signed player info of an instant game."""
        return self.signed({"player_id": uid, "request_payload": request_payload, **more})

    # -- what Graph answers -----------------------------------------------------------------------------------------------

    @property
    def app_token(self) -> str:
        return f"{self.app_id}|{self.app_secret}"

    def proof(self, token: str) -> str:
        """appsecret_proof of a token."""
        return hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()

    def debugged(self, text: str) -> dict[str, Any]:
        """The `data` of /debug_token."""
        token = self.tokens.get(text)
        if token is None:
            return {"error": {"code": 190, "message": "Invalid OAuth access token."}, "is_valid": False, "scopes": []}
        data: dict[str, Any] = {
            "app_id": token.app_id,
            "type": token.kind,
            "application": "webingo",
            "data_access_expires_at": token.issued_at + 90 * 86_400,
            "expires_at": token.expires_at,
            "is_valid": True,
            "issued_at": token.issued_at,
            "scopes": ["email", "public_profile"],
            "user_id": token.uid,
        }
        if subcode := self.wrong(token):
            data["error"] = {"code": 190, "message": "Error validating access token.", "subcode": subcode}
            data["is_valid"] = False
        return data

    def wrong(self, token: Token) -> int:
        """The subcode of why a token is not valid now, 0 where it is."""
        return token.error_subcode or (463 if 0 < token.expires_at <= self.now() else 0)

    def me(self, uid: str, fields: Sequence[str]) -> dict[str, Any]:
        """A user's own fields; what they did not give is left out."""
        person = self.people.get(uid) or self.person(uid, f"Player {uid[-4:]}")
        url = f"{self.origin}/picture/{uid}.svg"
        picture = {"data": {"height": 50, "is_silhouette": False, "url": url, "width": 50}}
        known = {"id": uid, "name": person.name, "picture": picture, "email": person.email}
        return {"id": uid, **{field: known[field] for field in fields if known.get(field)}}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
