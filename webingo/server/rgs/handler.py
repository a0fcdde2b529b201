"""The RGS door itself: one handler for all calls, which reads, asks for the key, lets the call be carried out, and answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Generic, NamedTuple

import structlog
from pydantic import BaseModel
from tornado.web import HTTPError, stream_request_body

from webingo.errors import TABLE, Code, Refused
from webingo.rng import RngFailed, fresh_id
from webingo.server.pages import PageHandler
from webingo.server.rgs.gate import Gate
from webingo.server.rgs.keys import ApiKey
from webingo.server.rgs.reading import Ask, read_body, read_query
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.support.rgs_metrics import rgs_called

log = structlog.get_logger("webingo.rgs")

MOST_BODY = 64 << 10
_LOGGED = ("round", "id", "amount", "win")  # but never the session, which is the player's only credential


class Call(NamedTuple, Generic[Ask]):
    """One call: `ask` is what it takes, `by_get` whether also as a query. `carry_out` answers or raises Refused, whose statuses
    beyond those that every call may have are `refused`."""

    path: str
    ask: type[Ask]
    answer: type[BaseModel]
    carry_out: Callable[[ApiKey, Ask], Awaitable[BaseModel]]
    refused: tuple[int, ...] = ()
    by_get: bool = False


class Desk:
    """The door in this process: what is under way has to be finished before the server stops."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self.gate = gate
        self.clock = clock
        self._under_way: set[asyncio.Future[None]] = set()

    def begin(self) -> "asyncio.Future[None]":
        """Something is under way, until the future is done."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    async def stop(self) -> None:
        """Returns when nothing is under way."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))


class _RgsPage(PageHandler):
    """Answers of this door: JSON that nobody keeps, also where something went wrong."""

    def initialize(self) -> None:
        self.facts: dict[str, Any] = {}

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        try:
            self.request_id = fresh_id()
        except RngFailed:  # the call is to be told so itself
            self.request_id = ""
        else:
            self.set_header("X-Request-Id", self.request_id)

    def compute_etag(self) -> None:
        """Nothing here is kept."""

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Tornado would write down the query. HTTPError is what the request was refused with."""
        if not isinstance(value, HTTPError):
            log.error("rgs_failed", exc_info=value, path=self.request.path, request=self.request_id)
            metrics.unexpected_error()

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        texts = {
            404: (Code.BAD_MESSAGE, "There is no such call."),
            405: (Code.BAD_MESSAGE, f"{self.request.path} does not take {self.request.method}."),
            500: (Code.INTERNAL, TABLE[Code.INTERNAL][0]),
        }
        self._fail(*texts.get(status_code, (Code.BAD_MESSAGE, "The request can't be understood.")))

    def _fail(self, code: Code, message: str) -> None:
        self.facts = {**self.facts, "code": code}
        self._send({"error": {"code": code, "message": message}})

    def _send(self, value: Any) -> None:
        self.facts = {**self.facts, "request": self.request_id}
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value, separators=(",", ":")))


class NoCallHandler(_RgsPage):
    """Whatever else is below /rng and /rgs."""

    def prepare(self) -> None:
        raise HTTPError(404)


@stream_request_body  # no further than MOST_BODY; and Tornado takes no form apart: curl -d says that JSON is one
class RgsHandler(_RgsPage):
    def initialize(self, desk: Desk, call: Call[Any]) -> None:  # type: ignore[override]
        super().initialize()
        self._desk = desk
        self._call = call
        self._body = bytearray()
        self._too_big = False

    def data_received(self, chunk: bytes) -> None:
        if len(self._body) + len(chunk) > MOST_BODY:
            self._too_big = True
        else:
            self._body += chunk

    async def get(self) -> None:
        if not self._call.by_get:
            raise HTTPError(405)
        await self._answer()

    async def post(self) -> None:
        await self._answer()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 405:
            self.set_header("Allow", "GET, POST" if self._call.by_get else "POST")
        super().write_error(status_code, **kwargs)

    async def _answer(self) -> None:
        under_way, began = self._desk.begin(), self._desk.clock.monotonic()
        result = "ok"
        try:
            answer = await self._answered()
        except Refused as refusal:
            result = refusal.code
            self._refuse(refusal)
        except Exception:
            result = Code.INTERNAL
            log.exception("rgs_failed", path=self.request.path, request=self.request_id)
            metrics.unexpected_error()
            self._refuse(Refused(Code.INTERNAL))
        else:
            self._send(dict(answer))  # its fields are plain values
        finally:
            under_way.set_result(None)
            rgs_called(self._call.path, result, self._desk.clock.monotonic() - began)

    async def _answered(self) -> BaseModel:
        gate, size = self._desk.gate, len(self._body) + len(self.request.query)
        key = await gate.enter(self.request.headers.get("Authorization", ""), self.request.remote_ip or "", size)
        self.facts = {"key": key.id, "site": key.site}
        asked = self._asked()
        gate.draw(key, getattr(asked, "count", 0))
        self.facts = {**self.facts, **{name: found for name in _LOGGED if (found := getattr(asked, name, "")) != ""}}
        return await self._call.carry_out(key, asked)

    def _asked(self) -> Any:
        if self._too_big:
            raise Refused(Code.BAD_MESSAGE, f"The body is larger than {MOST_BODY} bytes.")
        if self.request.method == "GET":
            return read_query(self.request.query_arguments, self._call.ask)
        if self.request.query_arguments:
            raise Refused(Code.BAD_PARAMS, "What a POST asks for stands in its body, and nothing in the query.")
        return read_body(bytes(self._body), self._call.ask)

    def _refuse(self, refusal: Refused) -> None:
        metrics.refused(refusal.code)
        self.set_status(refusal.http_status)
        if refusal.code is Code.NOT_AUTHENTICATED:
            self.set_header("WWW-Authenticate", "Bearer")
        if wait_s := refusal.facts.get("retry_after_s"):
            self.set_header("Retry-After", f"{wait_s:.0f}")
        self._fail(refusal.code, refusal.message)
