"""An asyncio transport over a Tornado stream: for TLS, whose state lives in the stream and cannot move to another socket."""

import asyncio
from functools import partial

from tornado.iostream import IOStream, StreamClosedError

CHUNK = 64 * 1024  # bytes taken from the stream at once


class StreamTransport(asyncio.Transport):
    """Feeds `protocol` from `stream` until either ends; the protocol is told of its connection before this returns.

    What the stream had already buffered comes first, as it does for any reader of it.
    """

    def __init__(self, stream: IOStream, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._stream = stream
        self._protocol = protocol
        self._closing = False
        self._unsent = 0
        self._paused = False
        self._may_read = asyncio.Event()
        self._may_read.set()
        self.set_write_buffer_limits()
        # Also wakes a reader that is paused, which then meets the closed stream.
        stream.set_close_callback(self._may_read.set)
        protocol.connection_made(self)
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                await self._may_read.wait()
                chunk = asyncio.ensure_future(self._stream.read_bytes(CHUNK, partial=True))
                if chunk.done():  # a peer that always has more to say must not keep the others waiting
                    await asyncio.sleep(0)
                self._protocol.data_received(await chunk)
        except OSError:  # closed by either side, or TLS broken; the stream is closed by now
            pass
        finally:
            self._stream.close()
            self._protocol.connection_lost(None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        try:
            written = self._stream.write(bytes(data))
        except StreamClosedError:
            return  # the reader is about to tell
        if written.done():
            return
        self._unsent += len(data)
        written.add_done_callback(partial(self._sent, len(data)))
        if self._unsent > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def _sent(self, size: int, _: "asyncio.Future[None]") -> None:
        self._unsent -= size
        if self._stream.closed():
            return
        if self._paused and self._unsent <= self._low:
            self._paused = False
            self._protocol.resume_writing()
        if self._closing and not self._unsent:
            self._stream.close()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = 64 * 1024 if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        return self._unsent

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    def is_closing(self) -> bool:
        return self._closing or self._stream.closed()

    def close(self) -> None:
        self._closing = True
        if not self._unsent:
            self._stream.close()

    def abort(self) -> None:
        self._closing = True
        self._stream.close()
