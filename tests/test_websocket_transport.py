"""The WebSocket transport on real sockets: the handshake, messages both ways, and Tornado's own client as a witness."""

import asyncio
import socket
import ssl
import struct

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.wsclient import BINARY, PING, PONG, TEXT, Closed, HandshakeError, connect, masked, request
from tests.wsserver import either_loop, serving, tls, until
from webingo.server.connection import Connection, Limits

io_loop = either_loop
pytestmark = pytest.mark.usefixtures("io_loop")

TLS = ssl.SSLContext | None
__all__ = ["tls"]


async def test_text_and_binary_are_echoed_as_text(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        client.send_text("à la carte")
        client.send_binary(b"\x00\xff")
        assert await client.recv() == (TEXT, "à la carte".encode())
        assert await client.recv() == (TEXT, b"\x00\xff")
        assert await client.close() == Closed(1000)


async def test_tornados_own_client_agrees(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        asked = HTTPRequest(server.url, validate_cert=False)
        client = await websocket_connect(asked, subprotocols=["casino.v1", "chat"], ping_interval=0.05, ping_timeout=0.04)
        assert client.selected_subprotocol == "casino.v1"
        for text in ("one", "x" * 125, "x" * 126, "é" * 30000):
            await client.write_message(text)
            assert await client.read_message() == text
        await asyncio.sleep(0.12)
        await client.write_message(b"binary", binary=True)
        assert await client.read_message() == "binary"
        client.close(4000, "enough")
        assert await client.read_message() is None
        assert (client.close_code, client.close_reason) == (4000, "enough")


async def test_tornados_own_client_is_told_why_the_server_closes(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await websocket_connect(HTTPRequest(server.url, validate_cert=False))
        await client.write_message("close 4409")
        assert await client.read_message() is None
        assert (client.close_code, client.close_reason) == (4409, "as you wish")
        client.close()
        await until(lambda: not len(server.connections), within_s=1)


@pytest.mark.parametrize("size", [0, 3, 125, 126, 65535, 65536])
async def test_every_size_comes_back(size: int, tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        client.send_text("x" * size)
        assert await client.recv() == (TEXT, b"x" * size)
        await client.close()


async def test_frames_in_the_segment_of_the_handshake_are_not_lost(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        data = masked(TEXT, b"one") + masked(TEXT, b"2" * 20000) + masked(TEXT, b"three")
        client = await connect(server.url, early=data[:-4])
        client.send_raw(data[-4:])
        client.send_text("four")
        assert [(await client.recv())[1] for _ in range(4)] == [b"one", b"2" * 20000, b"three", b"four"]
        await client.close()


async def test_several_frames_in_one_read_are_answered_in_order(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        fragments = masked(TEXT, b"fo", final=False) + masked(PING, b"between") + masked(0, b"ur")
        client.send_raw(b"".join([masked(TEXT, b"one"), masked(BINARY, b"two"), masked(PING, b"three"), fragments]))
        answers = [await client.recv() for _ in range(5)]
        assert answers == [(TEXT, b"one"), (TEXT, b"two"), (PONG, b"three"), (PONG, b"between"), (TEXT, b"four")]
        await client.close()


async def test_bytes_that_come_one_at_a_time_are_understood(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        for byte in masked(TEXT, b"slowly", final=False) + masked(PING, b"") + masked(0, b" but surely"):
            client.send_raw(bytes([byte]))
            await asyncio.sleep(0.001)
        assert await client.recv() == (PONG, b"")
        assert await client.recv() == (TEXT, b"slowly but surely")
        await client.close()


async def test_messages_behind_a_close_are_not_delivered() -> None:
    async with serving() as server:
        client = await connect(server.url)
        client.send_raw(masked(TEXT, b"close 4000") + masked(TEXT, b"too late"))
        assert await client.recv() == Closed(4000, "as you wish")
        other = await connect(server.url)
        other.send_raw(masked(TEXT, b"in time") + masked(8, b"") + masked(TEXT, b"too late"))
        assert await other.recv() == (TEXT, b"in time")
        assert await other.recv() == Closed(1005)
        assert [receiver.seen for receiver in server.receivers] == [[b"close 4000"], [b"in time"]]
        await client.end()
        await other.end()


async def test_the_first_subprotocol_is_agreed_to_and_extensions_never_are() -> None:
    async with serving() as server:
        client = await connect(server.url, subprotocols=["binary", "base64"], sec_websocket_extensions="permessage-deflate")
        assert client.subprotocol == "binary"
        await client.close()
        plain = await connect(server.url)
        assert plain.subprotocol is None
        await plain.close()


async def test_the_connection_knows_its_peer_behind_a_proxy_its_origin_and_its_host() -> None:
    seen: list[Connection] = []

    class Witness:
        def __init__(self, connection: Connection) -> None:
            seen.append(connection)

        def received(self, data: bytes) -> None: ...

        def lost(self) -> None: ...

    async with serving(make=Witness) as server:
        client = await connect(server.url, origin="https://casino.example", host="casino.example", x_real_ip="203.0.113.9")
        await until(lambda: seen)
        assert (seen[0].peer, seen[0].origin, seen[0].host) == ("203.0.113.9", "https://casino.example", "casino.example")
        assert [server.connections.count(address) for address in ("203.0.113.9", "127.0.0.1")] == [1, 0]
        await client.close()
        await until(lambda: not len(server.connections))
        assert server.connections.count("203.0.113.9") == 0
        assert not server.connections._addresses, "addresses that left are forgotten"


@pytest.mark.parametrize("value", ["keep-alive, Upgrade", "UPGRADE"])
async def test_the_connection_header_is_a_list_in_any_case(value: str) -> None:
    async with serving() as server:
        client = await connect(server.url, connection=value, upgrade="WebSocket")
        await client.close()


BAD_HANDSHAKES = {
    "no upgrade": {"upgrade": None},
    "another upgrade": {"upgrade": "h2c"},
    "no connection token": {"connection": "keep-alive"},
    "a token that only contains it": {"connection": "no-upgrade"},
    "no key": {"sec_websocket_key": None},
    "a short key": {"sec_websocket_key": "c2hvcnQ="},
    "a key that is not base64": {"sec_websocket_key": "*" * 24},
    "a subprotocol that is no token": {"sec_websocket_protocol": "a b"},
}


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
async def test_what_is_no_handshake_is_refused(name: str) -> None:
    async with serving() as server:
        with pytest.raises(HandshakeError) as caught:
            await connect(server.url, **BAD_HANDSHAKES[name])
        assert caught.value.status == 400
        assert not server.receivers


@pytest.mark.parametrize("version", ["8", "14", "13, 8", None])
async def test_another_version_is_told_the_one_that_is_spoken(version: str | None) -> None:
    async with serving() as server:
        with pytest.raises(HandshakeError) as caught:
            await connect(server.url, sec_websocket_version=version)
        assert (caught.value.status, caught.value.headers["sec-websocket-version"]) == (426, "13")


@pytest.mark.parametrize(("start", "status"), [("POST /ws HTTP/1.1", 405), ("GET /ws HTTP/1.0", 400)])
async def test_only_get_over_http_1_1_is_a_handshake(start: str, status: int) -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server.url, content_length="0").replace(b"GET /ws HTTP/1.1", start.encode(), 1))
        assert int((await reader.readline()).split()[1]) == status
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_leaves_right_behind_its_handshake_leaves_nothing(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        for _ in range(20):
            client = await connect(server.url, early=masked(TEXT, b"x"))
            client.abort()
        await until(lambda: len(server.receivers) == 20 and not len(server.connections))
        assert {receiver.losses for receiver in server.receivers} == {1}


async def test_a_client_that_does_not_wait_for_the_answer_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        for _ in range(50):
            leaver = socket.create_connection(("127.0.0.1", server.port))
            leaver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            leaver.sendall(request(server.url) + masked(TEXT, b"x"))
            leaver.close()
            await asyncio.sleep(0)
        client = await connect(server.url)
        await client.close()
        await until(lambda: not len(server.connections))
        assert all(receiver.losses == 1 for receiver in server.receivers)
    assert not caplog.records


async def test_a_message_that_is_too_big_is_refused_before_it_has_come(tls: TLS) -> None:
    async with serving(Limits(max_frame=1000), tls) as server:
        client = await connect(server.url)
        client.send_raw(masked(TEXT, b"x" * 1001)[:8])
        assert await client.recv() == Closed(1009, "at most 1000 bytes")
        await client.end()
        assert (await server.receiver()).seen == []


async def test_the_reason_of_a_close_is_not_lost_in_what_was_still_under_way(tls: TLS) -> None:
    async with serving(Limits(max_frame=1000), tls) as server:
        client = await connect(server.url)
        client.send_raw(masked(TEXT, bytes(1_000_000)))
        await asyncio.sleep(0.05)
        client.send_raw(bytes(100_000))
        await asyncio.sleep(0.05)
        assert await client.recv() == Closed(1009, "at most 1000 bytes")
        await client.end()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\x81\x01x", 1002), (masked(TEXT, b"\xff"), 1007), (masked(8, b"\x03\xed"), 1002), (masked(8, b"\x03\xe8\xff"), 1007)],
    ids=["unmasked", "not UTF-8", "bad close code", "bad close reason"],
)
async def test_a_broken_rule_ends_the_connection_with_its_code(data: bytes, code: int, tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        client.send_raw(masked(TEXT, b"good") + data + masked(TEXT, b"behind it"))
        assert await client.recv() == (TEXT, b"good")
        answer = await client.recv()
        assert isinstance(answer, Closed) and answer.code == code
        await client.end()
        await until(lambda: not len(server.connections), within_s=1)
        assert server.receivers[0].seen == [b"good"]
        assert server.receivers[0].losses == 1
