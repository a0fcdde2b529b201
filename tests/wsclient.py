"""A WebSocket client that does exactly what it is told, wrong things included.

client = await connect("ws://127.0.0.1:8080/session/ws", origin="https://casino.example")
client.send_text('{"t": "gamefinish"}')
opcode, payload = await client.recv()
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WAIT_S = 10.0


@dataclass(frozen=True)
class Closed:
    """The connection ended: by a close frame with a code and a reason, or (None) without one."""

    code: int | None
    reason: str = ""


class HandshakeError(Exception):
    """The handshake was answered with another status than 101."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        super().__init__(f"HTTP {status}")


def masked(opcode: int, payload: bytes, *, final: bool = True, reserved: int = 0, mask: bytes = b"\x11\x22\x33\x44") -> bytes:
    """A client's frame, built byte by byte and so independently of the server's codec."""
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 65536:
        head += bytes([0x80 | 126]) + len(payload).to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + len(payload).to_bytes(8, "big")
    key = mask * (len(payload) // 4 + 1)
    return head + mask + bytes(map(int.__xor__, payload, key[: len(payload)]))


class Client:
    """One connection. `subprotocol` is what the server agreed to. Sending never waits: `await client.drain()` does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, subprotocol: str | None) -> None:
        self.reader = reader
        self.writer = writer
        self.subprotocol = subprotocol

    def send_text(self, text: str | bytes) -> None:
        self.send_raw(masked(TEXT, text.encode() if isinstance(text, str) else text))

    def send_binary(self, payload: bytes) -> None:
        self.send_raw(masked(BINARY, payload))

    def send_raw(self, data: bytes) -> None:
        self.writer.write(data)

    async def drain(self) -> None:
        await self.writer.drain()

    async def recv(self) -> tuple[int, bytes] | Closed:
        """The next frame, control frames included; Closed for a close frame or a lost connection. Fails after ten seconds."""
        async with asyncio.timeout(WAIT_S):
            try:
                return await self._frame()
            except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
                return Closed(None)

    async def _frame(self) -> tuple[int, bytes] | Closed:
        first, second = await self.reader.readexactly(2)
        assert first & 0xF0 == 0x80 and second < 0x80, "servers send whole frames, unmasked"
        size = second
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        payload = await self.reader.readexactly(size)
        if first & 0x0F != CLOSE:
            return first & 0x0F, payload
        return Closed(int.from_bytes(payload[:2], "big") if payload else 1005, payload[2:].decode())

    async def close(self, code: int = 1000, reason: str = "") -> Closed:
        """Says goodbye, reads until the server has said it too, and ends; what the server still sent before is thrown away."""
        self.send_raw(masked(CLOSE, code.to_bytes(2, "big") + reason.encode()))
        while not isinstance(answer := await self.recv(), Closed):
            pass
        await self.end()
        return answer

    async def end(self) -> None:
        """Closes the socket without a word."""
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        """Cuts the connection: the server gets a reset."""
        self.writer.transport.abort()


def request(url: str, origin: str | None = None, subprotocols: Iterable[str] = (), **headers: str | None) -> bytes:
    """An opening handshake. `headers` replace what would be sent (underscores for dashes); None leaves a header out."""
    where = urlsplit(url)
    fields: dict[str, str | None] = {
        "host": where.netloc,
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(os.urandom(16)).decode(),
        "origin": origin,
        "sec-websocket-protocol": ", ".join(subprotocols) or None,
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {where.path or '/'} HTTP/1.1", *lines, "", ""]).encode()


async def connect(
    url: str,
    origin: str | None = None,
    subprotocols: Iterable[str] = (),
    *,
    early: bytes = b"",
    receive_buffer: int | None = None,
    **headers: str | None,
) -> Client:
    """Opens ws:// or wss:// (any certificate will do). `early` is sent in the same segment as the handshake; a small
    `receive_buffer` makes a slow reader of a client that does not read. Raises HandshakeError."""
    where = urlsplit(url)
    tls = None
    if where.scheme == "wss":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    reader, writer = await open_stream(where.hostname or "", where.port or 80, tls, receive_buffer)
    asked = request(url, origin, subprotocols, **headers)
    writer.write(asked + early)
    try:
        async with asyncio.timeout(WAIT_S):
            status, answered = _parsed(await reader.readuntil(b"\r\n\r\n"))
    except BaseException:
        writer.transport.abort()
        raise
    client = Client(reader, writer, answered.get("sec-websocket-protocol"))
    if status != 101:
        await client.end()
        raise HandshakeError(status, answered)
    key = _parsed(asked)[1]["sec-websocket-key"].encode()
    assert answered["sec-websocket-accept"] == base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    return client


async def open_stream(
    host: str, port: int, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection whose buffers are small if `receive_buffer` (bytes) says so: the kernel's own would hide a slow reader."""
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(sock, (host, port))
    except BaseException:
        sock.close()
        raise
    limit = receive_buffer or 2**16
    return await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=host if tls else None, limit=limit)


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode().strip().split("\r\n")
    second = first.split()[1]
    fields = (line.split(":", 1) for line in lines)
    return int(second) if second.isdigit() else 0, {name.strip().lower(): value.strip() for name, value in fields}
