"""The provider: what it says of itself, its keys, and the code that it changes for a token (OpenID Connect Discovery 1.0, Core
1.0 section 3.1.3, RFC 6749, RFC 7636). Trouble with it is UNAVAILABLE, and never a login."""

import asyncio
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import orjson
import structlog
from jwt import PyJWK
from pydantic import BaseModel, ConfigDict, ValidationError

from webingo.errors import Code, Refused
from webingo.rng import Rng
from webingo.support.breaker import Breaker
from webingo.support.clock import Clock
from webingo.support.http import Answer, Http, NoAnswer
from webingo_oidc.configured import Configured, trusted
from webingo_oidc.keys import Key, keys_of

log = structlog.get_logger("webingo.oidc")

_ANSWER_S = 3.0  # two of them fit into the time of a login
_MOST_BYTES = 1 << 20
_FRESH_S = 3600.0  # a key that the provider took back is good for so long at most
_USABLE_S = 86_400.0  # while the provider does not answer
_UNKNOWN_KEY_S = 60.0  # anybody can name a key that there is not


class Metadata(BaseModel):
    """Of the provider's document, what is used here."""

    model_config = ConfigDict(strict=True, frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class Provider:
    """Asked only when somebody logs in. Made where the loop runs; `close` lets the connections go."""

    def __init__(self, configured: Configured, clock: Clock, rng: Rng) -> None:
        self._configured = configured
        self._clock = clock
        self._http = Http(_MOST_BYTES)
        self._breaker = Breaker(clock, rng)
        self._learning = asyncio.Lock()  # a crowd that comes at once asks once
        self._metadata: Metadata | None = None
        self._keys: list[Key] = []
        self._learned_at = self._renewed_at = float("-inf")

    def close(self) -> None:
        self._http.close()

    async def metadata(self) -> Metadata:
        """Raises Refused(UNAVAILABLE)."""
        await self._learn()
        assert self._metadata is not None
        return self._metadata

    async def key(self, kid: str | None, algorithm: str) -> PyJWK:
        """The key that a token names; the only one where it names none. Raises Refused (AUTH_FAILED, UNAVAILABLE)."""
        await self._learn()
        if (key := self._fitting(kid, algorithm)) is None:
            await self._learn(anew=True)
            key = self._fitting(kid, algorithm)
        if key is None:
            raise Refused(Code.AUTH_FAILED, "The token is not signed with a key of the provider.")
        return key

    async def token(self, code: str, verifier: str, redirect_uri: str) -> tuple[str, str]:
        """The id token and the access token ("" where there is none) for the code of a login.

        Raises Refused AUTH_FAILED where the provider does not take the code, UNAVAILABLE.
        """
        metadata, own = await self.metadata(), self._configured
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if own.client_secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(own.client_id)}:{quote_plus(own.client_secret)}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": own.client_id} | ({"client_secret": own.client_secret} if own.client_secret else {})
        status, found = await self._json("token", metadata.token_endpoint, "POST", headers, urlencode(form).encode())
        id_token, access_token = found.get("id_token"), found.get("access_token", "")
        if status == 400 and found.get("error") == "invalid_grant":
            raise Refused(Code.AUTH_FAILED, "The provider does not take this login any more.")
        if status != 200 or not isinstance(id_token, str) or not isinstance(access_token, str):
            log.error("oidc_refused", call="token", status=status, error=_named(found.get("error")))
            raise Refused(Code.UNAVAILABLE)
        return id_token, access_token

    async def userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        """What the provider says of a player, for people: nothing where it does not answer well, or of somebody else."""
        metadata = await self.metadata()
        if not metadata.userinfo_endpoint or not access_token or not access_token.isascii() or not access_token.isprintable():
            return {}
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        try:
            status, found = await self._json("userinfo", metadata.userinfo_endpoint, "GET", headers)
        except Refused:
            return {}
        return found if status == 200 and found.get("sub") == subject else {}

    # -- what is known ------------------------------------------------------------------------------------------------

    def _fitting(self, kid: str | None, algorithm: str) -> PyJWK | None:
        fitting = [key.key for key in self._keys if key.algorithm == algorithm and kid in (None, key.kid)]
        return fitting[0] if len(fitting) == 1 else None

    def _due(self, anew: bool) -> bool:
        now = self._clock.monotonic()
        return now - self._learned_at > _FRESH_S or (anew and now - self._renewed_at > _UNKNOWN_KEY_S)

    async def _learn(self, anew: bool = False) -> None:
        """Reads document and keys where that is due. What is known stays in use for a while where they can't be had. `anew`:
        a key is missing."""
        if not self._due(anew):
            return
        async with self._learning:
            if not self._due(anew):
                return
            try:
                await self._read()
            except Refused:
                if anew or self._clock.monotonic() - self._learned_at > _USABLE_S:
                    raise
            else:
                self._renewed_at = self._learned_at if anew else self._renewed_at

    async def _read(self) -> None:
        where = self._configured.issuer.rstrip("/") + "/.well-known/openid-configuration"
        status, document = await self._json("configuration", where)
        try:
            metadata = Metadata.model_validate(document)
        except ValidationError:
            raise _strange("configuration", f"HTTP {status}, and not what a provider says of itself") from None
        if metadata.issuer != self._configured.issuer:
            raise _strange("configuration", "it is another provider's than OIDC_ISSUER says")
        called = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        if not all(map(trusted, called)) or not (trusted(metadata.userinfo_endpoint) or not metadata.userinfo_endpoint):
            raise _strange("configuration", "it names addresses without TLS")
        _, keys = await self._json("keys", metadata.jwks_uri)
        try:
            self._keys = keys_of(keys)
        except ValueError:
            raise _strange("keys", "this is no key set") from None
        self._metadata, self._learned_at = metadata, self._clock.monotonic()

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _json(
        self, name: str, url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and object of an answer that is one. Raises Refused(UNAVAILABLE)."""
        if not self._breaker.admits():
            raise Refused(Code.UNAVAILABLE)
        try:
            answer = await self._http.fetch(url, method, headers, body, timeout_s=_ANSWER_S)
            found = _object(answer)
        except (NoAnswer, ValueError) as error:
            self._breaker.failed()
            raise _strange(name, str(error)) from None
        except BaseException:
            self._breaker.gave_up()
            raise
        if answer.status == 429 or answer.status >= 500:
            self._breaker.failed(answer.rest_s)
            raise _strange(name, f"HTTP {answer.status}")
        self._breaker.succeeded()
        return answer.status, found


def _object(answer: Answer) -> dict[str, Any]:
    if 300 <= answer.status < 400:
        raise ValueError("redirects are not followed")
    if answer.status == 429 or answer.status >= 500:
        return {}
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise ValueError(f"HTTP {answer.status}, and no JSON") from None
    if not isinstance(found, dict):
        raise ValueError(f"HTTP {answer.status}, and no JSON object")
    return found


def _strange(call: str, reason: str) -> Refused:
    log.warning("oidc_call_failed", call=call, reason=reason)
    return Refused(Code.UNAVAILABLE)


def _named(error: Any) -> str:
    """An error's code (RFC 6749, 5.2), and nothing else that may stand there."""
    return quote(error, safe="")[:40] if isinstance(error, str) else ""
