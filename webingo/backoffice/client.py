"""Calls to the backoffice over HTTP: what goes wrong with them has two names, and everything else is an answer.

The host comes from the settings alone: redirects are refused, proxies of the environment are not asked, and the key travels
in a header that nothing logs.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Literal, TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from webingo.backoffice.contract import Refusal
from webingo.rng import Rng
from webingo.support import metrics
from webingo.support.backoff import full_jitter
from webingo.support.breaker import Breaker
from webingo.support.clock import Clock
from webingo.support.http import Answer, Http, NoAnswer

log = structlog.get_logger("webingo.backoffice")

A = TypeVar("A", bound=BaseModel)

Line = Literal["sessions", "accounting", "settings"]
"""Calls of one line share a breaker and connections: where the ledger is not taken, sessions may still begin."""

_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.1, 2.0
_PACKED_FROM, _PACKED_ASIDE = 1024, 1 << 16
"""Bodies of so many bytes are packed; larger ones in a thread, since a megabyte takes the time of many bets."""
_LATER = {408, 425, 429}


class Unreachable(Exception):  # noqa: N818 - names the finding
    """There was no answer that counts: none in time, a broken one, nonsense, or "later". Whether the call did its work is
    unknown. `after_s`: how long the backoffice asks to be left alone, 0 where it asks nothing."""

    def __init__(self, why: str, after_s: float = 0) -> None:
        self.after_s = after_s
        super().__init__(why)


class Rejected(Exception):  # noqa: N818 - names the finding
    """The backoffice understood, and said no. It did nothing, and would say it again."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(f"{status} {code}: {message}")


class Client:
    """One backoffice. `close` lets the connections go."""

    def __init__(self, base: str, key: str, clock: Clock, rng: Rng) -> None:
        """`base` and `key` are the settings' `rgs_base` and `rgs_key`."""
        self._base = base.rstrip("/") + "/"
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._clock = clock
        self._rng = rng
        self._breakers: dict[Line, Breaker] = {}
        self._https: dict[Line, Http] = {}
        for line in ("sessions", "accounting", "settings"):
            self._breakers[line] = Breaker(clock, rng)
            self._https[line] = Http()

    def close(self) -> None:
        for http in self._https.values():
            http.close()

    def states(self) -> Mapping[str, str]:
        """Of the breakers."""
        return {line: breaker.state for line, breaker in self._breakers.items()}

    def would_try(self, line: Line) -> bool:
        """Whether a call would go out now: false while the backoffice is left alone."""
        return self._breakers[line].would_admit

    async def get(self, line: Line, name: str, path: str, answer: type[A], timeout_s: float = 10.0, tries: int = 1) -> A:
        """As `post`, without a body."""
        return await self._call(line, name, "GET", path, None, answer, timeout_s, tries)

    async def post(
        self, line: Line, name: str, path: str, body: bytes, answer: type[A], timeout_s: float = 10.0, tries: int = 1
    ) -> A:
        """The answer to a JSON body. `path` is below the base, `name` is what metrics call it, `timeout_s` bounds one try.

        Tries again after what may pass. Raises Unreachable or Rejected.
        """
        return await self._call(line, name, "POST", path, body, answer, timeout_s, tries)

    async def _call(
        self, line: Line, name: str, method: str, path: str, body: bytes | None, answer: type[A], timeout_s: float, tries: int
    ) -> A:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
            if len(body) >= _PACKED_FROM:
                headers["Content-Encoding"] = "gzip"
                body = await asyncio.to_thread(_packed, body) if len(body) >= _PACKED_ASIDE else _packed(body)
        fetch = partial(self._https[line].fetch, self._base + path, method, headers, body, timeout_s=timeout_s)
        for failures in range(1, tries + 1):
            try:
                return await self._try(line, name, fetch, answer)
            except Unreachable:
                if failures == tries:
                    raise
                await asyncio.sleep(full_jitter(self._rng, failures, _FIRST_PAUSE_S, _MOST_PAUSE_S))
        raise AssertionError("unreachable: the last try returns or raises")

    async def _try(self, line: Line, name: str, fetch: Callable[[], Awaitable[Answer]], answer: type[A]) -> A:
        breaker, begun, result = self._breakers[line], self._clock.monotonic(), "failed"
        if not breaker.admits():
            metrics.backoffice_called(name, "not_tried", 0)
            raise Unreachable("the backoffice did not answer of late, and is left alone for a moment")
        try:
            found = understood(await _answered(fetch), answer)
        except Rejected as rejected:
            result = "rejected"
            breaker.succeeded()
            if rejected.status == 401:
                log.error("backoffice_refuses_the_key", call=name)
            raise
        except Unreachable as unreachable:
            breaker.failed(unreachable.after_s)
            log.warning("backoffice_call_failed", call=name, reason=str(unreachable), breaker=breaker.state)
            raise
        except BaseException:
            breaker.gave_up()
            raise
        else:
            result = "ok"
            breaker.succeeded()
            return found
        finally:
            metrics.backoffice_called(name, result, self._clock.monotonic() - begun)


async def _answered(fetch: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await fetch()
    except NoAnswer as silence:
        raise Unreachable(str(silence)) from None


def understood(response: Answer, answer: type[A]) -> A:
    """What a response says. Raises Unreachable or Rejected."""
    if response.status in _LATER or response.status >= 500:
        raise Unreachable(f"HTTP {response.status}", response.rest_s)
    if 300 <= response.status < 400:
        raise Unreachable(f"HTTP {response.status}: redirects are not followed")
    if response.kind != "application/json":
        raise Unreachable(f"HTTP {response.status} with {response.kind[:64] or 'nothing'} in place of JSON: is rgs_base right?")
    try:
        if response.status < 300:
            return answer.model_validate_json(response.body)
        refusal = Refusal.model_validate_json(response.body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise Unreachable(f"HTTP {response.status} with JSON that is not in the contract: {where or 'as a whole'}") from None
    raise Rejected(response.status, refusal.code, refusal.message)


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 1)
