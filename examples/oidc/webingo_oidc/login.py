"""The login by the browser: authorization code with PKCE (RFC 7636), state and nonce, bound to the browser that began it.

Everything secret about a login that is under way follows from one random value, which a cookie keeps in the browser: its state
and nonce, which the provider sees, and the verifier of PKCE, which leaves this server only with the code. The server keeps
nothing, so any process can end what another has begun.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from webingo.errors import Code, Refused
from webingo.platforms.platform import Cookie, Request

LOGIN_S = 600


class Login(NamedTuple):
    """One that is under way."""

    state: str
    nonce: str
    verifier: str
    site: str

    @property
    def challenge(self) -> str:
        return _encoded(hashlib.sha256(self.verifier.encode()).digest())


class Logins:
    """`secret` is the server's: all its processes have the same."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("logins can't be signed with an empty secret")
        self._key = hmac.digest(secret.encode(), b"webingo oidc", "sha256")

    def begin(self, request: Request, site: str, now_s: float) -> tuple[Login, Cookie]:
        """A new login, and what keeps it in the browser. Raises Refused(FORBIDDEN) where the browser came without TLS."""
        seed, ends = secrets.token_urlsafe(32), int(now_s) + LOGIN_S
        login = self._login(seed, site)
        value = f"{seed}.{ends}.{site}"
        return login, self._cookie(request, login.state, f"{value}.{self._made('cookie', value)}", LOGIN_S)

    def end(self, request: Request, now_s: float) -> tuple[Login, Cookie]:
        """The login that `state` names, and what takes it out of the browser. Raises Refused (AUTH_FAILED, FORBIDDEN): it was
        begun in another browser, or too long ago."""
        state = request.query.get("state", "")
        gone = self._cookie(request, state, "", 0)
        kept = request.cookies.get(gone.name, "")
        value, _, signature = kept.rpartition(".")
        if not state.isascii() or not hmac.compare_digest(self._made("cookie", value).encode(), signature.encode()):
            raise Refused(Code.AUTH_FAILED, "This login was not begun here, or too long ago.")
        seed, ends, site = value.split(".")
        login = self._login(seed, site)
        if not hmac.compare_digest(login.state, state) or int(ends) <= now_s:
            raise Refused(Code.AUTH_FAILED, "This login was not begun here, or too long ago.")
        return login, gone

    def _login(self, seed: str, site: str) -> Login:
        return Login(self._made("state", seed), self._made("nonce", seed), self._made("verifier", seed), site)

    def _made(self, purpose: str, value: str) -> str:
        return _encoded(hmac.digest(self._key, f"{purpose} {value}".encode(), "sha256"))

    @staticmethod
    def _cookie(request: Request, state: str, value: str, max_age_s: int) -> Cookie:
        """One for each login, since there may be several tabs. By https no other host of the domain can set it (__Host-)."""
        scheme, host = urlsplit(request.base).scheme, urlsplit(request.base).hostname
        if scheme != "https" and host not in ("localhost", "127.0.0.1", "::1"):
            raise Refused(Code.FORBIDDEN, "Logins need https.")
        secure = scheme == "https"
        mark = hashlib.sha256(state.encode()).hexdigest()[:16]
        return Cookie(f"{'__Host-' if secure else ''}oidc-{mark}", value, max_age_s, "/", secure)


def authorization(endpoint: str, client_id: str, scope: str, redirect_uri: str, login: Login) -> str:
    """Where the browser goes to log in."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "scope": scope,
        "redirect_uri": redirect_uri,
        "state": login.state,
        "nonce": login.nonce,
        "code_challenge": login.challenge,
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
