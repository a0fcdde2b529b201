"""How a WebSocket connection ends, and what it may cost until then: silent peers, bugs of ours, plain noise."""

import asyncio
import logging
import socket
import ssl

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.wsclient import CLOSE, PING, PONG, TEXT, Client, Closed, connect, masked
from tests.wsserver import Echo, either_loop, serving, tls, until
from webingo.server import connection as transport
from webingo.server.connection import Connection, Limits
from webingo.server.connections import Connections

io_loop = either_loop
pytestmark = pytest.mark.usefixtures("io_loop")

TLS = ssl.SSLContext | None
__all__ = ["tls"]


async def test_silence_is_asked_and_an_answer_is_enough(tls: TLS) -> None:
    async with serving(Limits(ping_interval_s=0.05, pong_timeout_s=0.1), tls) as server:
        client = await connect(server.url)
        for _ in range(5):
            assert await client.recv() == (PING, b"")
            client.send_raw(masked(PONG, b""))
        assert len(server.connections) == 1
        await client.close()


async def test_who_answers_no_ping_is_dropped(tls: TLS) -> None:
    async with serving(Limits(ping_interval_s=0.05, pong_timeout_s=0.1), tls) as server:
        client = await connect(server.url)
        assert await client.recv() == (PING, b"")
        assert await client.recv() == Closed(None)
        assert (await server.receiver()).losses == 1
        await client.end()


async def test_a_flood_of_pings_is_ended() -> None:
    async with serving(sweep_s=5.0) as server:
        client = await connect(server.url)
        client.send_raw(masked(PONG, b"") + masked(PING, b"x") * transport.MAX_CONTROLS)
        for _ in range(transport.MAX_CONTROLS - 1):
            assert await client.recv() == (PONG, b"x")
        assert await client.recv() == Closed(1008, "too many pings")
        await client.end()


async def test_a_close_goes_behind_what_waits_and_ends_when_it_is_answered(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        receiver = await server.receiver()
        receiver.connection.send(b"last words")
        receiver.connection.close(4409, "replaced")
        receiver.connection.send(b"never")
        assert receiver.connection.closing
        assert await client.recv() == (TEXT, b"last words")
        assert await client.recv() == Closed(4409, "replaced")
        client.send_raw(masked(TEXT, b"not delivered") + masked(CLOSE, (4409).to_bytes(2, "big")))
        await until(lambda: receiver.losses, within_s=1)
        assert receiver.seen == []
        await client.end()


async def test_a_close_that_is_not_answered_ends_after_two_seconds(tls: TLS, monkeypatch: pytest.MonkeyPatch) -> None:
    assert transport.CLOSE_WAIT_S == 2.0
    monkeypatch.setattr(transport, "CLOSE_WAIT_S", 0.2)
    async with serving(tls=tls) as server:
        client = await connect(server.url)
        receiver = await server.receiver()
        receiver.connection.close(1000)
        await asyncio.sleep(0.1)
        assert not receiver.losses
        await until(lambda: receiver.losses, within_s=1)
        await client.end()


async def test_a_lost_connection_is_told_once(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        for number, leave in enumerate((Client.abort, lambda client: client.writer.close())):
            client = await connect(server.url)
            receiver = await server.receiver(number)
            client.send_raw(masked(TEXT, b"half a frame")[:5])
            leave(client)
            await until(lambda receiver=receiver: receiver.losses)
            receiver.connection.send(b"into the void")
            receiver.connection.close(1000)
            await asyncio.sleep(0.05)
            assert receiver.losses == 1
        assert len(server.connections) == 0


async def test_a_bug_of_the_receiver_costs_one_connection_and_is_logged_once(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        other = await connect(server.url)
        client = await connect(server.url)
        with capture_logs() as logged:
            client.send_raw(masked(TEXT, b"bug") + masked(TEXT, b"behind it"))
            assert await client.recv() == Closed(1011)
        assert [(entry["event"], entry["peer"], entry["exc_info"]) for entry in logged] == [
            ("receiver_failed", "127.0.0.1", True)
        ]
        await client.close()
        other.send_text("alive")
        assert await other.recv() == (TEXT, b"alive")
        await other.close()
        assert server.receivers[1].seen == [b"bug"]
        assert server.receivers[1].losses == 1


async def test_a_receiver_that_cannot_be_made_closes_the_connection() -> None:
    def broken(_: Connection) -> Echo:
        raise RuntimeError("a bug of the factory")

    async with serving(make=broken) as server:
        with capture_logs() as logged:
            client = await connect(server.url)
            assert await client.recv() == Closed(1011)
        assert [entry["event"] for entry in logged] == ["receiver_failed"]
        await client.close()


async def test_a_graceful_stop_says_goodbye_to_everybody(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        clients = [await connect(server.url) for _ in range(5)]
        await server.receiver(4)
        stopping = asyncio.ensure_future(server.connections.close(1001, "the server goes down"))
        for client in clients:
            assert await client.recv() == Closed(1001, "the server goes down")
            await client.close()
        await stopping
        assert [receiver.losses for receiver in server.receivers] == [1] * 5


def noise(count: int) -> list[bytes]:
    """Half of them random bytes, half of them good frames with one byte changed, so that they get past the first checks."""
    rng = np.random.default_rng(6455)
    blobs = []
    for number in range(count):
        size = int(rng.integers(0, 200))
        blob = bytearray(rng.bytes(size))
        if number % 2:
            blob = bytearray(masked(int(rng.choice([0, 1, 2, 8, 9, 10])), bytes(blob[:120])) * 3)
            blob[int(rng.integers(len(blob)))] = int(rng.integers(256))
        blobs.append(bytes(blob))
    return blobs


async def test_noise_never_raises_and_never_logs_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    connections = Connections()
    receivers: list[Echo] = []

    def factory(connection: Connection) -> Echo:
        receivers.append(Echo(connection))
        return receivers[-1]

    def make() -> Connection:
        return Connection(factory, Limits(max_frame=500), connections, peer="127.0.0.1", origin=None, host="localhost")

    loop = asyncio.get_running_loop()
    with caplog.at_level(logging.WARNING), capture_logs() as logged:
        for blob in noise(2000):
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            with theirs:
                await loop.connect_accepted_socket(make, ours)
                theirs.sendall(blob)
            await asyncio.sleep(0)
        await until(lambda: not len(connections))
    assert len(receivers) == 2000
    assert {receiver.losses for receiver in receivers} == {1}
    assert sum(len(receiver.seen) for receiver in receivers) > 500
    assert not caplog.records
    assert not logged
