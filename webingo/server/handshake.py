"""The WebSocket opening handshake (RFC 6455, 4.2) in Tornado, which then lets go of the socket.

Tornado's own WebSocket costs several times the CPU of an asyncio protocol on the same socket, so that Tornado does what it
is good at (HTTP, TLS, proxies' headers) and a Connection does the rest.
"""

import asyncio
import base64
import binascii
import hashlib
import re
from socket import SO_SNDBUF, SOL_SOCKET

from tornado.iostream import IOStream, SSLIOStream, StreamClosedError
from tornado.web import RequestHandler

from webingo.server.connection import Connection, Factory, Limits
from webingo.server.connections import Connections
from webingo.server.stream_transport import StreamTransport

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

# Left alone, the kernel keeps megabytes for a slow reader: thousands of old states in front of the newest one, and no progress
# to be seen for minutes while it works them off.
_KERNEL_BUFFER = 64 * 1024

# More than this right behind the handshake, which a client should not send before its answer, is not waited for.
_MAX_EARLY = 1 << 20


class HandshakeHandler(RequestHandler):
    """Answers 101 and hands the socket to a Connection, for which `factory` makes the Receiver; it is listed in `connections`.

    Refuses with 426 and the version that is spoken here for any other version, with 400 for what is no handshake. The first
    subprotocol that is offered is agreed to, since some clients insist on one; extensions (compression) never are.
    """

    def initialize(self, factory: Factory, limits: Limits, connections: Connections) -> None:
        self._factory = factory
        self._limits = limits
        self._connections = connections

    async def get(self) -> None:
        headers = self.request.headers
        key = headers.get("Sec-WebSocket-Key", "")
        protocols = _listed(headers.get("Sec-WebSocket-Protocol", ""))
        if self.request.version != "HTTP/1.1" or "websocket" not in _listed(headers.get("Upgrade", "").lower()):
            self._refuse(400, "This address speaks WebSocket over HTTP/1.1 only.")
        elif "upgrade" not in _listed(headers.get("Connection", "").lower()):
            self._refuse(400, "The Connection header has to ask for the upgrade.")
        elif headers.get("Sec-WebSocket-Version") != "13":
            self.set_header("Sec-WebSocket-Version", "13")
            self._refuse(426, "Only version 13 of WebSocket is spoken here.")
        elif not _is_key(key) or not all(_TOKEN.fullmatch(name) for name in protocols):
            self._refuse(400, "Sec-WebSocket-Key or Sec-WebSocket-Protocol is malformed.")
        else:
            await self._hand_over(_answer(key, protocols))

    def _refuse(self, status: int, why: str) -> None:
        self.set_status(status)
        self.finish(why)

    async def _hand_over(self, answer: bytes) -> None:
        self.set_status(101)
        self.application.log_request(self)
        stream = self.detach()
        try:
            await stream.write(answer)
            stream.set_nodelay(True)
            stream.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, _KERNEL_BUFFER)
            if isinstance(stream, SSLIOStream):
                StreamTransport(stream, self._connection(b""))
            else:
                await self._move(stream)
        except StreamClosedError:
            pass  # the client did not wait for the answer
        except OSError:
            stream.close()
            raise

    async def _move(self, stream: IOStream) -> None:
        """Moves a plain socket out of Tornado: a duplicate of its descriptor lives on, Tornado's own ends with the stream."""
        socket = stream.socket.dup()
        try:
            early = _buffered(stream)
            # First, since the selector must have forgotten the old descriptor before the new one is watched.
            stream.close()
            connection = self._connection(early)
            self._connections.expect(connection.peer)
            try:
                await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, socket)
            except BaseException:
                self._connections.give_up(connection.peer)
                raise
        except BaseException:
            socket.close()
            raise

    def _connection(self, early: bytes) -> Connection:
        request = self.request
        return Connection(
            self._factory,
            self._limits,
            self._connections,
            peer=request.remote_ip or "",
            origin=request.headers.get("Origin"),
            host=request.host,
            early=early,
        )


def _buffered(stream: IOStream) -> bytes:
    """What the stream has read and nobody has taken yet. The stream is of no more use then: a read may be left pending."""
    read = asyncio.ensure_future(stream.read_bytes(_MAX_EARLY, partial=True))
    if not read.done():
        return b""
    early = read.result()
    if len(early) == _MAX_EARLY:
        raise StreamClosedError
    return early


def _listed(header: str) -> list[str]:
    return [item.strip() for item in header.split(",") if item.strip()]


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _answer(key: str, protocols: list[str]) -> bytes:
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
    if protocols:
        lines.append(f"Sec-WebSocket-Protocol: {protocols[0]}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")
