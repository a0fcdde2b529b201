"""Facebook's Graph API, as far as it is asked. What goes wrong is either UNAVAILABLE or Graph's definite no.

Sources: Facebook's "Debugging access tokens", "Securing Graph API requests", "Handling errors" and "Rate limits". Addresses
carry tokens and secrets there, and the messages of errors quote them: neither is ever logged.
"""

import asyncio
import hmac
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.facebook.said import Debugged, ErrorSaid, Me, TokenSaid
from webingo.rng import Rng
from webingo.support import metrics
from webingo.support.backoff import full_jitter
from webingo.support.breaker import Breaker
from webingo.support.clock import Clock
from webingo.support.http import Answer, Http, NoAnswer

log = structlog.get_logger("webingo.facebook")

A = TypeVar("A")

_TRY_S, _TRIES = 3.0, 2
_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.1, 2.0
_MOST_BYTES = 1 << 20
_REST_S = 30.0
"""How long Graph is left alone where it says that the application calls too often, and not for how long."""

_PASSING = {1, 2}
_TOO_MANY, _TOO_MANY_OF_USER = {4, 32, 613}, {17}
_NOT_THERE = {100, 803}

_TOKEN = TypeAdapter(TokenSaid)
_ME = TypeAdapter(Me)
_PAYMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_PAYMENT_FIELDS = "id,user,application,request_id,created_time,actions,items,disputes,country,test"


class GraphError(Exception):
    """Graph understood, and said no: it would say it again. What it is about tell `code` and `subcode`."""

    def __init__(self, code: int, subcode: int = 0) -> None:
        self.code = code
        self.subcode = subcode
        super().__init__(f"Graph's error {code}.{subcode}")


class _NoGood(Exception):  # noqa: N818 - names the finding
    """No answer that counts. `again`: the next may be one. `rest_s`: no calls for so long."""

    def __init__(self, why: str, again: bool = False, rest_s: float = 0.0, broken: bool = True) -> None:
        self.again = again
        self.rest_s = rest_s
        self.broken = broken  # it tells of Graph as a whole
        super().__init__(why)


class Graph:
    """One application's calls. To be made where the loop runs; `close` lets the connections go.

    A call may take two tries of three seconds. Each raises Refused(UNAVAILABLE), and GraphError where nothing else is said.
    """

    def __init__(self, settings: Settings, clock: Clock, rng: Rng) -> None:
        self._base = settings.fb_graph_url.rstrip("/")
        self._secret = settings.fb_app_secret.get_secret_value()
        self._app_token = f"{settings.fb_app_id}|{self._secret}"
        self._http = Http(_MOST_BYTES)
        self._breaker = Breaker(clock, rng)
        self._rng = rng
        metrics.graph_breaker(lambda: self._breaker.state)

    def close(self) -> None:
        self._http.close()

    async def debug_token(self, token: str) -> Debugged:
        """What Graph knows of a user's access token, whether it is valid or not."""
        query = {"input_token": token, "access_token": self._app_token}
        return (await self._call("debug_token", "debug_token", query, _TOKEN)).data

    async def me(self, token: str) -> Me:
        """The profile of the token's user, as far as the user lets the application see it."""
        proof = hmac.new(self._secret.encode(), token.encode(), "sha256").hexdigest()
        query = {"fields": "id,name,picture,email", "access_token": token, "appsecret_proof": proof}
        return await self._call("me", "me", query, _ME)

    async def payment(self, payment_id: str) -> dict[str, Any]:
        """A payment with all that has happened to it; its form is the caller's to check. `payment_id` is digits, else
        ValueError. Refused(BAD_PARAMS) where Graph knows no such payment."""
        if not (payment_id.isascii() and payment_id.isdigit()):
            raise ValueError("the id of a payment is digits")
        query = {"fields": _PAYMENT_FIELDS, "access_token": self._app_token}
        try:
            return await self._call("payment", payment_id, query, _PAYMENT)
        except GraphError as no:
            if no.code in _NOT_THERE:
                raise Refused(Code.BAD_PARAMS, "Facebook knows no such payment.") from None
            raise _out_of_reach() from None

    async def _call(self, name: str, path: str, query: dict[str, str], answer: TypeAdapter[A]) -> A:
        url = f"{self._base}/{path}?{urlencode(query)}"
        for tried in range(1, _TRIES + 1):
            try:
                return await self._try(name, url, answer)
            except _NoGood as failure:
                if not failure.again or tried == _TRIES:
                    break
            await asyncio.sleep(full_jitter(self._rng, tried, _FIRST_PAUSE_S, _MOST_PAUSE_S))
        raise _out_of_reach()

    async def _try(self, name: str, url: str, answer: TypeAdapter[A]) -> A:
        if not self._breaker.admits():
            metrics.graph_called(name, "not_tried")
            raise _NoGood("Graph is left alone for a moment")
        result = "gave_up"
        try:
            found = understood(await self._fetched(url), answer)
            result = "ok"
            self._breaker.succeeded()
            return found
        except GraphError as no:
            result = "rejected"
            self._breaker.succeeded()
            log.info("graph_said_no", call=name, error=no.code, subcode=no.subcode)
            raise
        except _NoGood as failure:
            result = "failed"
            if failure.broken:
                self._breaker.failed(failure.rest_s)
            else:
                self._breaker.succeeded()
            log.warning("graph_call_failed", call=name, reason=str(failure), breaker=self._breaker.state)
            raise
        finally:
            if result == "gave_up":
                self._breaker.gave_up()
            metrics.graph_called(name, result)

    async def _fetched(self, url: str) -> Answer:
        try:
            return await self._http.fetch(url, headers={"Accept": "application/json"}, timeout_s=_TRY_S)
        except NoAnswer as none:
            raise _NoGood(str(none), again=True) from None


def _out_of_reach() -> Refused:
    return Refused(Code.UNAVAILABLE, "Facebook can't be asked at the moment; try again in a while.")


def understood(response: Answer, answer: TypeAdapter[A]) -> A:
    """What a response says. Raises _NoGood and GraphError."""
    if 300 <= response.status < 400:
        raise _NoGood(f"HTTP {response.status}: redirects are not followed")
    try:
        value = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        value = None
    error = _error(value)
    if response.status == 429 or (error is not None and error.code in _TOO_MANY):
        raise _NoGood("Facebook says that there are too many calls", rest_s=response.rest_s or _REST_S)
    if error is not None and error.code in _TOO_MANY_OF_USER:
        raise _NoGood("Facebook says that there are too many calls for this user", broken=False)
    if response.status >= 500 or (error is not None and error.code in _PASSING):
        raise _NoGood(f"HTTP {response.status}, error {error.code if error else 'unknown'}", again=True)
    if error is not None:
        raise GraphError(error.code, error.error_subcode)
    if response.status != 200 or not isinstance(value, dict) or "error" in value:
        # A client's error tells of this call (an endless token): whoever makes such calls must not keep the others out.
        ours = 400 <= response.status < 500
        raise _NoGood(f"HTTP {response.status} with something that Graph does not say", broken=not ours)
    try:
        return answer.validate_python(value)
    except ValidationError as wrong:
        where = ".".join(str(part) for part in wrong.errors(include_url=False, include_input=False)[0]["loc"])
        raise _NoGood(f"an answer with something strange in it: {where[:100] or 'as a whole'}") from None


def _error(value: Any) -> ErrorSaid | None:
    """The error that an answer tells of, if that is its form."""
    try:
        return ErrorSaid.model_validate(value["error"]) if isinstance(value, dict) and "error" in value else None
    except ValidationError:
        return None
