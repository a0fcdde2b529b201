"""One WebSocket connection on an asyncio transport: messages in, messages out, and every way in which it can end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import structlog

from webingo.server import frames
from webingo.server.backlog import Backlog
from webingo.server.connections import Connections

log = structlog.get_logger("webingo.websocket")

HIGH_WATER = 64 * 1024  # bytes handed to the transport and not yet taken by the kernel: above it, the peer is a slow reader
MAX_CONTROLS = 128  # pings and pongs between two sweeps
CLOSE_WAIT_S = 2.0


@dataclass(frozen=True)
class Limits:
    """What a peer may cost. `max_frame` is in bytes and counts all fragments of a message; the rest is in seconds.

    A ping goes out every `ping_interval_s`; a peer that sends nothing at all for `pong_timeout_s` after one is dropped, and so
    is one that takes nothing of what waits for it for `slow_reader_s`.
    """

    max_frame: int = 65536
    ping_interval_s: float = 20.0
    pong_timeout_s: float = 20.0
    slow_reader_s: float = 30.0


class Receiver(Protocol):
    """The session's side of a connection. Both are called from the event loop and must not block."""

    def received(self, data: bytes) -> None:
        """One whole message, in order: text (then it is UTF-8) or binary. Never called after either side began to close."""
        ...

    def lost(self) -> None:
        """The connection is gone, however that came. Called exactly once."""
        ...


Factory = Callable[["Connection"], Receiver]


class Connection(asyncio.Protocol):
    """`peer` is the address behind all trusted proxies, `origin` and `host` are the handshake's headers.

    `closing` is true as soon as either side began to close: nothing is received or sent any more.
    """

    def __init__(
        self,
        factory: Factory,
        limits: Limits,
        connections: Connections,
        *,
        peer: str,
        origin: str | None,
        host: str,
        early: bytes = b"",
    ) -> None:
        """`early` is what the client sent right behind its handshake."""
        self.peer = peer
        self.origin = origin
        self.host = host
        self.closing = False
        self._factory = factory
        self._limits = limits
        self._connections = connections
        self._receiver: Receiver | None = None
        self._transport: asyncio.Transport
        self._decoder = frames.Decoder(limits.max_frame)
        self._decoder.feed(early)
        self._backlog = Backlog()
        self._processing = False
        self._deaf = False  # nothing that still arrives matters
        self._paused = False  # the transport holds more than it should
        self._deadline: asyncio.TimerHandle | None = None
        self._given = 0  # bytes handed to the transport, ever
        self._flushed = 0  # bytes that had left it when it was last seen to make progress
        self._progress_at = 0.0
        self._pinged_at = 0.0
        self._heard = True  # anything since the last ping
        self._controls = 0

    def send(self, data: bytes, *, state: bool = False) -> None:
        """Sends a text message without ever waiting. While the peer does not read, only the newest `state` is kept, and a peer
        with too many other messages waiting is dropped. Does nothing on a closing connection."""
        if self.closing:
            return
        frame = frames.frame(frames.TEXT, data)
        if not self._paused:
            self._write(frame)
        elif not self._backlog.hold(frame, state):
            self._drop("backlog")

    def close(self, code: int, reason: str = "") -> None:
        """Sends what waits, then a close frame; ends when the peer has answered it, or two seconds from now."""
        if self.closing:
            return
        self._begin_end()
        self._backlog.farewell = frames.close_frame(code, reason)
        self._flush()

    def sweep(self, now: float) -> None:
        """Called about once a second with the monotonic time: pings, and drops a peer that is gone or does not read."""
        self._controls = 0
        waiting = self._transport.get_write_buffer_size()
        if not waiting or self._given - waiting != self._flushed:
            self._flushed = self._given - waiting
            self._progress_at = now
        elif now - self._progress_at >= self._limits.slow_reader_s:
            return self._drop("slow_reader")
        if self.closing or self._paused:  # a paused connection reads no pongs either
            return None
        since_ping = now - self._pinged_at
        if not self._heard:
            if since_ping >= self._limits.pong_timeout_s:
                self._drop("no_pong")
        elif since_ping >= self._limits.ping_interval_s:
            self._heard = False
            self._pinged_at = now
            self._write(frames.frame(frames.PING, b""))
        return None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its ancestry
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._progress_at = self._pinged_at = self._connections.add(self)
        try:
            self._receiver = self._factory(self)
        except Exception:
            self._bug()
        self._process()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._deaf:
            return
        if not self.closing and not self._paused:
            text = self._decoder.whole_text(data)
            if text is not None:
                self._deliver(text)
                return
        self._decoder.feed(data)
        self._process()

    def eof_received(self) -> None:
        self.closing = True

    def pause_writing(self) -> None:
        """The peer reads too slowly: until it catches up it is not listened to either, or its requests would fill memory."""
        self._paused = True
        if not self.closing:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        self._heard = True
        self._flush()
        if not self._paused:
            self._listen()
            self._process()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = self._deaf = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.remove(self)
        if self._receiver is not None:
            try:
                self._receiver.lost()
            except Exception:
                self._bug()

    # Reading

    def _process(self) -> None:
        """Handles what was read, as long as the answers can be written; the rest waits for resume_writing."""
        if self._processing:  # a transport may resume in the middle of a write
            return
        self._processing = True
        try:
            while not self._deaf and (self.closing or not self._paused):
                frame = self._decoder.take()
                if frame is None:
                    break
                self._handle(*frame)
        except frames.ProtocolError as error:
            self._fail(error)
        finally:
            self._processing = False

    def _handle(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.CLOSE:
            self._peer_closes(payload)
        elif self.closing:
            pass
        elif opcode in (frames.TEXT, frames.BINARY):
            self._deliver(payload)
        else:
            self._controls += 1
            if self._controls > MAX_CONTROLS:
                self.close(frames.POLICY, "too many pings")
            elif opcode == frames.PING:
                self._backlog.pong = frames.frame(frames.PONG, payload)
                self._flush()

    def _deliver(self, message: bytes) -> None:
        if self._receiver is not None:
            try:
                self._receiver.received(message)
            except Exception:
                self._bug()

    def _bug(self) -> None:
        """A receiver raised. That is ours to mend and costs this connection; the others know nothing of it."""
        log.exception("receiver_failed", peer=self.peer)
        self.close(frames.INTERNAL)

    # Writing

    def _write(self, frame: bytes) -> None:
        self._given += len(frame)
        self._transport.write(frame)

    def _flush(self) -> None:
        while not self._paused and (frame := self._backlog.take()) is not None:
            self._write(frame)

    # Ending

    def _begin_end(self) -> None:
        self.closing = True
        self._deadline = asyncio.get_running_loop().call_later(CLOSE_WAIT_S, self._transport.abort)
        self._listen()

    def _listen(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _peer_closes(self, payload: bytes) -> None:
        """Answers the peer's close frame unless it is the answer to ours. What still waits is for nobody any more."""
        answer = self._backlog.farewell
        if not self.closing:
            frames.check_close(payload)
            answer = frames.frame(frames.CLOSE, payload)
            self._begin_end()
        self._deaf = True
        self._backlog = Backlog()
        if answer is not None:
            self._write(answer)
        self._transport.close()

    def _fail(self, error: frames.ProtocolError) -> None:
        """The peer broke the protocol: says so and hears nothing more. What it still sends is read and thrown away for a while,
        since closing a socket that has unread bytes resets it, and the close frame with its reason would be lost."""
        self._deaf = True
        if self.closing:
            self._transport.close()
            return
        self._begin_end()
        self._backlog = Backlog()
        self._write(frames.close_frame(error.code, error.reason))
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _drop(self, why: str) -> None:
        log.info("connection_dropped", peer=self.peer, why=why)
        self.closing = self._deaf = True
        self._transport.abort()
