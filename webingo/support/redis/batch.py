"""The link to one server: all calls of one turn of the event loop leave in one write.

A call costs microseconds this way, where a pool of connections costs a hundred and more. What a lost connection left
unanswered is sent again, in its order, until its deadline.
"""

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from webingo.errors import Code, Refused
from webingo.support.redis.connection import Connection, Locate, Request, Waiting, fail_request, open_connection, pack
from webingo.support.redis.link import NoRedis, ResponseError, Script
from webingo.support.redis.listener import Listener
from webingo.support.redis.sound import made_sound

log = logging.getLogger("webingo.redis")

MAX_PENDING = 100_000
_CHUNK = 1024  # requests per write after a long wait, so that a slow server is noticed in between
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.010, 0.500
_RETRY_S = 0.050
# States of a server that pass: starting, failing over, moving slots, out of memory or disk, busy with a script.
_PASSING = {"LOADING", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "BUSY", "MISCONF", "OOM", "NOREPLICAS"}


class BatchLink:
    """A Link over one connection, replaced whenever it is lost.

    `redirect` (cluster) takes a request over that belongs to another server, `route` sends one again that was delayed,
    `on_trouble` hears of each lost connection and each failed attempt.
    """

    def __init__(
        self,
        locate: Locate,
        timeout_s: float,
        redirect: Callable[[Request, str], bool] = lambda request, message: False,
        route: Callable[[Request], None] | None = None,
        on_trouble: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._locate = locate
        self._timeout_s = timeout_s
        self._redirect = redirect
        self._route = route or self.submit
        self._on_trouble = on_trouble
        self._queue: deque[Request] = deque()
        self._delayed: list[Request] = []
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._listener: Listener | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._flush_due = False
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Waits for the first connection. NoRedis if there is none in time."""
        deadline = self._loop.time() + self._timeout_s
        while True:
            try:
                self._adopt(await self._open())
                return
            except (OSError, TimeoutError, ResponseError) as error:
                if self._loop.time() + _LONGEST_PAUSE_S / 5 >= deadline:
                    raise NoRedis(f"Redis cannot be reached: {_reason(error)}") from None
            await asyncio.sleep(_LONGEST_PAUSE_S / 5)

    def start_soon(self) -> None:
        """Connects in the background; calls may be made already."""
        self._connecting = self._loop.create_task(self._reconnect())

    def call(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int]) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = self._loop.create_future()
        self.send(script, keys, args, future)
        return future

    # The way of every bet: written flat, as each function call on it would cost a twentieth of the whole.
    def send(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int], answer: Waiting) -> None:
        if len(self._queue) >= MAX_PENDING or self._closed:
            raise Refused(Code.UNAVAILABLE)
        loop = self._loop
        packed = pack((b"EVALSHA", script.sha, len(keys), *keys, *args))
        self._queue.append(Request(packed, answer, loop.time() + self._timeout_s, script, keys[0]))
        if not self._flush_due:
            self._flush_due = True
            loop.call_soon(self._flush)

    def execute(self, *command: str | bytes | int) -> "asyncio.Future[Any]":
        if len(self._queue) >= MAX_PENDING or self._closed:
            raise Refused(Code.UNAVAILABLE)
        future: asyncio.Future[Any] = self._loop.create_future()
        self.submit(Request(pack(command), future, self._loop.time() + self._timeout_s, None, command[1]))
        return future

    def submit(self, *requests: Request) -> None:
        """Takes requests that may have been under way before. They leave together."""
        self._queue.extend(requests)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def listen(self, channel: str, hear: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        if self._listener is None:
            self._listener = Listener(self._locate, self._timeout_s)
        self._listener.listen(channel, hear, missed)

    async def close(self) -> None:
        for request in self.give_up():
            fail_request(request, Refused(Code.UNAVAILABLE))
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._listener is not None:
            await self._listener.close()
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._connection is not None:
            await self._connection.gone

    def give_up(self) -> list[Request]:
        """Takes and sends nothing more; what is unanswered, oldest first, is for somebody else to send."""
        self._closed = True
        sent = self._connection.sent if self._connection else deque()
        unanswered = [request for request in chain(sent, self._queue, self._delayed) if not request.future.done()]
        for waiting in (sent, self._queue, self._delayed):
            waiting.clear()
        if self._connection is not None:
            self._connection.abort()
        return unanswered

    def _flush(self) -> None:
        self._flush_due = False
        if self._sweeper is None and not self._closed:
            self._sweeper = self._loop.call_later(self._timeout_s / 4, self._sweep)
        connection, queue = self._connection, self._queue
        while queue and connection is not None and not connection.paused:
            if len(queue) <= _CHUNK:
                connection.send(queue)
                queue.clear()
            else:
                connection.send([queue.popleft() for _ in range(_CHUNK)])

    def _adopt(self, connection: Connection) -> None:
        connection.on_error = self._refused
        connection.on_lost = self._lost
        connection.on_writable = self._flush
        self._connection = connection
        if connection.gone.done():
            self._lost(connection)
        else:
            self._flush()

    def _refused(self, request: Request, error: ResponseError) -> None:
        message = str(error)
        code = _code(message)
        if code == "NOSCRIPT" and request.script is not None:
            # EVAL runs the script and loads it for everybody after: nothing can come between loading and repeating.
            request.packed = request.packed.replace(request.script.packed_sha, request.script.packed_source, 1)
            self.submit(request)
        elif code in _PASSING:
            self._wait_out(request, code, message)
        elif not self._redirect(request, message):
            fail_request(request, error)

    def _wait_out(self, request: Request, code: str, message: str) -> None:
        if not self._delayed:
            log.warning("Redis refuses for the moment: %s", message)
            self._loop.call_later(_RETRY_S, self._retry)
        self._delayed.append(request)
        if code == "READONLY" and self._connection is not None:
            # A replica answers: the master is elsewhere by now.
            self._connection.abort()
        if code in ("READONLY", "CLUSTERDOWN"):
            self._on_trouble()

    def _retry(self) -> None:
        delayed, self._delayed = self._delayed, []
        for request in delayed:
            if not request.future.done():
                self._route(request)

    def _sweep(self) -> None:
        """Refuses what is past its deadline, and replaces a connection on which the server has gone silent."""
        self._sweeper = None
        now = self._loop.time()
        connection = self._connection
        next_at = now + self._timeout_s / 4
        for request in chain(connection.sent if connection else (), self._queue, self._delayed):
            if request.deadline <= now:
                fail_request(request, Refused(Code.UNAVAILABLE))
            else:
                next_at = min(next_at, request.deadline)
        self._queue = deque(request for request in self._queue if not request.future.done())
        if connection is not None and connection.sent and now - connection.silent_since >= self._timeout_s / 2:
            log.error("Redis does not answer; connecting anew")
            connection.abort()
        if not self._closed and (self._queue or self._delayed or (connection is not None and connection.sent)):
            self._sweeper = self._loop.call_at(next_at, self._sweep)

    def _lost(self, connection: Connection) -> None:
        if self._closed or connection is not self._connection:
            return
        self._connection = None
        # extendleft reverses: what was sent first is sent first again.
        self._queue.extendleft(request for request in reversed(connection.sent) if not request.future.done())
        # A server that accepts connections only to drop them is not hammered.
        lasted = self._loop.time() - connection.opened_at
        self._pause_s = _FIRST_PAUSE_S if lasted > 1 else min(self._pause_s * 2, _LONGEST_PAUSE_S)
        log.warning("the connection to Redis is lost, with %d calls under way", len(self._queue))
        self._connecting = self._loop.create_task(self._reconnect())
        self._on_trouble()

    async def _reconnect(self) -> None:
        last_reason = ""
        while True:
            await asyncio.sleep(self._pause_s)
            try:
                connection = await self._open()
            except Exception as error:  # whatever it is, giving up would be worse
                if (reason := _reason(error)) != last_reason:
                    log.error("Redis cannot be reached: %s", reason)
                    last_reason = reason
                self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
                self._on_trouble()
            else:
                log.info("connected to Redis")
                self._adopt(connection)
                return

    async def _open(self) -> Connection:
        connection = await open_connection(await self._locate(), self._timeout_s)
        try:
            return await made_sound(connection, self._timeout_s)
        except BaseException:
            connection.abort()
            raise


def _code(message: str) -> str:
    """Redis' error code. Before version 7, an error of a command inside of a script is wrapped: "ERR Error running
    script (call to f_SHA): @user_script:3: @user_script: 3: -READONLY You can't write"."""
    if message.startswith("ERR Error running script") and (inner := re.search(r": -([A-Z]+) ", message)):
        return inner[1]
    return message.partition(" ")[0]


def _reason(error: Exception) -> str:
    return str(error) or ("it did not answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
