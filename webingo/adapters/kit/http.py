"""A small HTTP/1.1 server (RFC 9112) on loopback that can also do what no server should: vanish, fall silent, break off."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

_MOST_HEAD, _MOST_BODY = 1 << 16, 1 << 20


class Request(NamedTuple):
    """`headers` by their names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """`cut`: the connection ends in the middle of the body."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}
    kind: str = "application/json"
    cut: bool = False


class Vanish(Exception):  # noqa: N818 - names what is done
    """Raised by whoever answers: the connection is reset."""


class HttpServer:
    """Answers with what `answer` comes to. A connection that the client gives up does not stop what is being done."""

    def __init__(self, answer: Callable[[Request], Awaitable[Reply]]) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """0: that of the last start, or a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port or self.port, limit=_MOST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nothing listens from now on, and what was being done is broken off."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(tuple(self._serving))
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except Vanish:
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, asyncio.CancelledError):
            pass  # whoever sends what is no request gets no answer
        finally:
            self._serving.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        if length > _MOST_BODY:
            return False
        reply = await self._answer(Request(method, path, headers, await reader.readexactly(length)))
        writer.write(_written(reply))
        await writer.drain()
        return not reply.cut


def _written(reply: Reply) -> bytes:
    headers = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body)), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
