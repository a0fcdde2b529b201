"""One connection to one server, on the bare transport: requests go out in batches, replies come back in their order."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Any, cast

import hiredis

from webingo.support.answer import Answer
from webingo.support.redis.address import Endpoint
from webingo.support.redis.link import NoRedis, ResponseError, Script

log = logging.getLogger("webingo.redis")

# Asked before every (re)connection: the server may have moved, or may have to be started.
Locate = Callable[[], Awaitable[Endpoint]]

# Its own annotation takes tuples of one element only.
pack = cast(Callable[[tuple[bytes | str | int, ...]], bytes], hiredis.pack_command)

_NOTHING = object()
_WRITE_BUFFER = 1 << 20
# The login will not become right by waiting. (Older servers answer "ERR invalid password".)
_LOGIN_REFUSED = ("WRONGPASS", "NOAUTH", "NOPERM", "ERR invalid password", "ERR Client sent AUTH", "ERR AUTH", "ERR DB index")


# Who gets the reply: both have done(), set_result() and set_exception().
Waiting = asyncio.Future[Any] | Answer[Any]


class Request:
    """One command on its way. `future` is what the caller waits for; `script` and `key` are there to send it anew."""

    __slots__ = ("deadline", "future", "key", "packed", "script")

    def __init__(self, packed: bytes, future: Waiting, deadline: float, script: Script | None, key: str | bytes | int) -> None:
        self.packed = packed
        self.future = future
        self.deadline = deadline
        self.script = script
        self.key = key


def fail_request(request: Request, error: Exception) -> None:
    if not request.future.done():
        request.future.set_exception(error)


class Connection(asyncio.Protocol):
    """`on_error` gets a request that Redis refused, `on_lost` the connection once it is gone, `on_writable` is called
    when it may be written to again, and `on_push` (of a subscribed connection) gets every reply instead.

    `sent` are the requests without a reply, oldest first; a request whose caller has gone stays until its reply came.
    `silent_since` is the loop's time at which the server last had nothing to answer or did answer.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=ResponseError, notEnoughData=_NOTHING)
        self.sent: deque[Request] = deque()
        self.paused = False
        self.opened_at = self.silent_since = self._loop.time()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.on_error: Callable[[Request, ResponseError], None] = fail_request
        self.on_lost: Callable[[Connection], None] = _fail_all
        self.on_writable: Callable[[], None] = lambda: None
        self.on_push: Callable[[Any], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being derived from it
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER)

    def send(self, requests: Collection[Request]) -> None:
        """One write for all of them."""
        if not self.sent:
            self.silent_since = self._loop.time()
        self.sent.extend(requests)
        self._transport.write(b"".join([request.packed for request in requests]))

    def ask(self, *command: str | bytes | int) -> "asyncio.Future[Any]":
        """One command outside of any batch, for the login and for questions about the server."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self.send([Request(pack(command), future, 0, None, "")])
        return future

    def write(self, packed: bytes) -> None:
        """For a subscribed connection: no reply is awaited in turn."""
        self._transport.write(packed)

    def data_received(self, data: bytes) -> None:
        self.silent_since = self._loop.time()
        sent, gets = self.sent, self._reader.gets
        try:
            self._reader.feed(data)
            while (reply := gets()) is not _NOTHING:
                if self.on_push is not None:
                    self.on_push(reply)
                    continue
                request = sent.popleft()
                if reply.__class__ is ResponseError:
                    self.on_error(request, reply)
                elif not request.future.done():
                    request.future.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            # What follows cannot be matched with anything any more.
            log.error("Redis answered with something that is not its protocol; connecting anew")
            self.abort()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.on_writable()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)
        self.on_lost(self)

    def abort(self) -> None:
        self._transport.abort()


def _fail_all(connection: Connection) -> None:
    for request in connection.sent:
        fail_request(request, ConnectionResetError("the server closed the connection"))


async def open_connection(endpoint: Endpoint, timeout_s: float) -> Connection:
    """Connected, logged in, and known to answer. NoRedis where the login is refused; OSError, TimeoutError or
    ResponseError (LOADING, say) where trying again may help."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        if endpoint.path:
            _, connection = await loop.create_unix_connection(Connection, endpoint.path)
        else:
            _, connection = await loop.create_connection(Connection, endpoint.host, endpoint.port, ssl=endpoint.tls)
        try:
            await _log_in(connection, endpoint)
        except BaseException:
            connection.abort()
            raise
    return connection


async def _log_in(connection: Connection, endpoint: Endpoint) -> None:
    try:
        if endpoint.password:
            await connection.ask("AUTH", *([endpoint.user] if endpoint.user else []), endpoint.password)
        if endpoint.db:
            await connection.ask("SELECT", endpoint.db)
        await connection.ask("PING")
    except ResponseError as error:
        if str(error).startswith(_LOGIN_REFUSED):
            raise NoRedis(f"Redis at {endpoint} refuses the login: {error}") from None
        raise
    if endpoint.must_be_master:
        role = await connection.ask("ROLE")
        if role[0] != b"master":
            raise ConnectionError(f"Redis at {endpoint} is not the master")


async def ask_once(endpoint: Endpoint, timeout_s: float, *command: str | int) -> Any:
    """Opens a connection for one question. Raises as open_connection does."""
    connection = await open_connection(endpoint, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            return await connection.ask(*command)
    finally:
        connection.abort()
        await connection.gone
