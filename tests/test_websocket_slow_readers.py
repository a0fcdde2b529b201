"""WebSocket peers that do not read: what they find when they do, what they may cost until then, when they are dropped."""

import asyncio
import ssl

import pytest

from tests.wsclient import PING, PONG, TEXT, Client, Closed, connect, masked
from tests.wsserver import Echo, either_loop, serving, tls, until
from webingo.server import connection as transport
from webingo.server.backlog import MAX_MESSAGES
from webingo.server.connection import Limits

io_loop = either_loop
pytestmark = pytest.mark.usefixtures("io_loop")

TLS = ssl.SSLContext | None
__all__ = ["tls"]

STATE = b"s" * 20000
SMALL = 32 * 1024


async def stuff(receiver: Echo) -> None:
    """Sends numbered states to a client that does not read until the server has to hold them back, and some more."""
    held = 0
    number = 0
    while held < 200:
        receiver.connection.send(b"%06d" % number + STATE, state=True)
        number += 1
        held += receiver.connection._paused
        await asyncio.sleep(0)
        assert number < 1000, "the kernel took it all"


async def texts(client: Client) -> list[bytes]:
    """Everything that comes until nothing does for a while."""
    seen = []
    while True:
        try:
            async with asyncio.timeout(0.3):
                answer = await client.recv()
        except TimeoutError:
            return seen
        if isinstance(answer, Closed):
            return seen
        seen.append(answer[1])


async def test_a_slow_reader_finds_the_newest_state_and_few_old_ones(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        await stuff(receiver)
        receiver.connection.send(b"first")
        receiver.connection.send(b"the newest state", state=True)
        receiver.connection.send(b"second")
        size = receiver.connection._transport.get_write_buffer_size()
        assert size < 2 * transport.HIGH_WATER
        seen = await texts(client)
        assert seen[-3:] == [b"first", b"second", b"the newest state"]
        numbers = [int(text[:6]) for text in seen[:-3]]
        assert numbers == list(range(len(numbers))), "what went out before is in order"
        assert len(numbers) < 50, "and the kernels hold little of it"
        client.send_text("still there")
        assert await client.recv() == (TEXT, b"still there")
        await client.close()


async def test_a_slow_reader_with_too_many_other_messages_is_dropped(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        await stuff(receiver)
        for _ in range(MAX_MESSAGES):
            receiver.connection.send(b"message")
        assert not receiver.connection.closing
        receiver.connection.send(b"one too many")
        assert receiver.connection.closing
        await until(lambda: receiver.losses)
        await client.end()


async def test_who_reads_nothing_for_too_long_is_dropped(tls: TLS) -> None:
    async with serving(Limits(slow_reader_s=0.15), tls) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        await stuff(receiver)
        assert not receiver.losses
        await until(lambda: receiver.losses, within_s=2)
        await client.end()


async def test_who_reads_slowly_but_reads_is_kept() -> None:
    async with serving(Limits(slow_reader_s=0.4)) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        await stuff(receiver)
        for _ in range(25):
            await client.reader.readexactly(8000)
            await asyncio.sleep(0.03)
        assert not receiver.losses
        await client.end()


async def test_who_sends_without_reading_is_not_listened_to_until_it_reads(tls: TLS) -> None:
    async with serving(tls=tls) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        count = 150
        sending = asyncio.ensure_future(flood(client, count))
        await until(lambda: receiver.connection._paused)
        await asyncio.sleep(0.1)
        heard = len(receiver.seen)
        assert heard < count
        assert receiver.connection._transport.get_write_buffer_size() < 3 * transport.HIGH_WATER
        assert len(receiver.connection._decoder._buffer) < 8 * transport.HIGH_WATER
        for number in range(count):
            assert await client.recv() == (TEXT, b"%06d" % number + STATE)
        await sending
        assert len(receiver.seen) == count
        await client.close()


async def test_who_sends_and_never_reads_is_dropped(tls: TLS) -> None:
    async with serving(Limits(slow_reader_s=0.15), tls) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        client.send_raw(masked(TEXT, STATE) * 400)
        await until(lambda: receiver.losses, within_s=3)
        assert len(receiver.seen) < 400
        await client.end()


async def flood(client: Client, count: int) -> None:
    for number in range(count):
        client.send_text(b"%06d" % number + STATE)
        await client.drain()


async def test_a_pong_that_was_not_read_is_not_missing(tls: TLS) -> None:
    async with serving(Limits(ping_interval_s=0.05, pong_timeout_s=0.2), tls) as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        assert await client.recv() == (PING, b"")
        await stuff(receiver)
        await asyncio.sleep(0.3)
        receiver.connection.send(b"the end")
        seen = await client.recv()
        while seen != (TEXT, b"the end"):
            seen = await client.recv()
        assert (await client.recv())[0] == TEXT, "the newest state"
        for _ in range(3):
            assert await client.recv() == (PING, b"")
            client.send_raw(masked(PONG, b""))
        await client.close()


async def test_a_close_reaches_a_slow_reader_behind_all_that_waits() -> None:
    async with serving() as server:
        client = await connect(server.url, receive_buffer=SMALL)
        receiver = await server.receiver()
        await stuff(receiver)
        receiver.connection.send(b"the newest state", state=True)
        receiver.connection.close(1001, "the server goes down")
        before = answer = await client.recv()
        while not isinstance(answer, Closed):
            before, answer = answer, await client.recv()
        assert (before, answer) == ((TEXT, b"the newest state"), Closed(1001, "the server goes down"))
        await client.end()
