"""A provider of OpenID Connect for trying and for tests, over real HTTP. It asks for a name and believes it.

    .venv/bin/python examples/oidc/local_provider.py 9100

It keeps everything in memory, and misbehaves on demand: `wrong` replaces what it answers, by the path's last word. Its code is
its own: of webingo, and of the platform that it is for, it knows nothing.
"""

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any
from urllib.parse import unquote_plus, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

CLIENT_ID, CLIENT_SECRET = "webingo", "a-secret:of the local+provider"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
Wrong = Callable[[RequestHandler], Awaitable[None] | None]


@cache
def key_of(kid: str) -> Any:
    """The private key of that name, the same one in the whole process: names that begin with "es" are of curves."""
    return ec.generate_private_key(ec.SECP256R1()) if kid.startswith("es") else rsa.generate_private_key(65537, 2048)


def jwk_of(kid: str) -> dict[str, Any]:
    """The public half as a provider publishes it."""
    algorithm = jwt.algorithms.ECAlgorithm if kid.startswith("es") else jwt.algorithms.RSAAlgorithm
    return {**algorithm.to_jwk(key_of(kid).public_key(), as_dict=True), "kid": kid, "use": "sig"}


@dataclass
class Grant:
    """What a code stands for, until it is used."""

    subject: str
    query: dict[str, str]


class LocalProvider:
    """`kids` are the keys that it publishes; it signs with the first. `claims` go over those of every id token. `seen` lists
    what was asked for. `logged_in` is who is logged in, so that nobody is asked."""

    def __init__(
        self, port: int = 0, clock: Callable[[], float] = time.time, made: Callable[[str], object] = lambda secret: None
    ) -> None:
        """`made` is told every code and token as soon as there is one."""
        self.port = port
        self.clock = clock
        self.made = made
        self.kids = ["rs-1"]
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.logged_in = ""
        self.public = False  # its client has no secret
        self.seen: list[str] = []
        self.wrong: dict[str, Wrong] = {}
        self.grants: dict[str, Grant] = {}
        self.subjects: dict[str, str] = {}  # by access token
        self._server: HTTPServer | None = None

    def start(self) -> None:
        names = ("openid-configuration", "jwks", "authorize", "token", "userinfo")
        routes = [(rf"/(?:\.well-known/)?({name})", Handler, {"provider": self}) for name in names]
        self._server = HTTPServer(Application(routes, log_function=lambda handler: None))
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
            self._server = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def sign(self, claims: dict[str, Any], key: str = "", **header: Any) -> str:
        """A token with exactly these claims; `header` goes over its own."""
        key = key or self.kids[0]
        token = jwt.encode(claims, key_of(key), "ES256" if key.startswith("es") else "RS256", {"kid": key, **header})
        self.made(token)
        return token

    def id_token(self, subject: str, nonce: str = "", **claims: Any) -> str:
        now = int(self.clock())
        usual = {"iss": self.issuer, "sub": subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        return self.sign({**usual, **self.claims, **claims})

    def logout_token(self, subject: str, **claims: Any) -> str:
        now = int(self.clock())
        usual = {
            "iss": self.issuer,
            "sub": subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
        }
        return self.sign({**usual, "events": {LOGOUT: {}}, **claims}, typ="logout+jwt")


class Handler(RequestHandler):
    def initialize(self, provider: LocalProvider) -> None:
        self.provider = provider

    async def get(self, name: str) -> None:
        await self._answer(name)

    async def post(self, name: str) -> None:
        await self._answer(name)

    async def _answer(self, name: str) -> None:
        self.provider.seen.append(name)
        if (wrong := self.provider.wrong.get(name)) is not None:
            if (waiting := wrong(self)) is not None:
                await waiting
            return
        getattr(self, f"_{name.replace('-', '_')}")()

    def _openid_configuration(self) -> None:
        self.finish(self.provider.document())

    def _jwks(self) -> None:
        self.finish({"keys": [jwk_of(kid) for kid in self.provider.kids]})

    def _authorize(self) -> None:
        query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        who = self.get_query_argument("who", "") or self.provider.logged_in
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            self.send_error(400)
        elif who:
            code = secrets.token_urlsafe(16)
            self.provider.grants[code] = Grant(who, query)
            self.provider.made(code)
            back = urlencode({"code": code, "state": query.get("state", ""), "iss": self.provider.issuer})
            self.redirect(f"{query['redirect_uri']}?{back}", status=303)
        else:
            kept = "".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in query.items()
            )
            form = f'<form><input name="who" autofocus>{kept}<button>Log in</button></form>'
            self.finish(f"<!doctype html><title>Who are you?</title>{form}")

    def _token(self) -> None:
        grant = self.provider.grants.pop(self.get_body_argument("code", ""), None)
        verifier = self.get_body_argument("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if not self._client_known():
            self._error(401, "invalid_client")
        elif (
            grant is None
            or grant.query.get("code_challenge_method") != "S256"
            or grant.query.get("code_challenge") != challenge
            or grant.query.get("redirect_uri") != self.get_body_argument("redirect_uri", "")
        ):
            self._error(400, "invalid_grant")
        else:
            access_token = secrets.token_urlsafe(16)
            self.provider.subjects[access_token] = grant.subject
            self.provider.made(access_token)
            id_token = self.provider.id_token(grant.subject, grant.query.get("nonce", ""))
            self.finish({"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token})

    def _client_known(self) -> bool:
        if self.provider.public:
            return self.get_body_argument("client_id", "") == CLIENT_ID and not self.get_body_arguments("client_secret")
        shown = self.request.headers.get("Authorization", "").removeprefix("Basic ")
        if not shown:
            return (self.get_body_argument("client_id", ""), self.get_body_argument("client_secret", "")) == (
                CLIENT_ID,
                CLIENT_SECRET,
            )
        name, _, secret = base64.b64decode(shown).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)

    def _userinfo(self) -> None:
        subject = self.provider.subjects.get(self.request.headers.get("Authorization", "").removeprefix("Bearer "))
        if subject is None:
            self._error(401, "invalid_token")
        else:
            self.finish({"sub": subject, "name": subject.title()})

    def _error(self, status: int, code: str) -> None:
        self.set_status(status)
        self.finish(json.dumps({"error": code}))


async def _main(port: int) -> None:
    provider = LocalProvider(port)
    provider.start()
    print(f"OIDC_ISSUER={provider.issuer} OIDC_CLIENT_ID={CLIENT_ID} OIDC_CLIENT_SECRET='{CLIENT_SECRET}'", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 9100))
