"""The link to Redis: batched, in order, exactly once in effect, and never without an answer."""

import asyncio
import itertools

import pytest

from tests.scripts import INCREASE
from tests.servers import real_redis
from webingo.errors import Code, Refused
from webingo.support.redis import ResponseError, Script, connect
from webingo.support.redis.batch import MAX_PENDING

ECHO = Script("echo", "return ARGV[1]")
KEYS = ["{0}ids", "{0}n"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with real_redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture
def own_server(tmp_path):
    with real_redis(tmp_path) as redis:
        yield redis


class Proxy:
    """Counts what arrives in one piece, and can drop its connections."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.reads: list[int] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "Proxy":
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        self.drop()
        await asyncio.sleep(0.01)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers += [writer, far_writer]
        await asyncio.gather(self.pump(reader, far_writer, self.reads), self.pump(far_reader, writer, []))

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sizes: list[int]) -> None:
        try:
            while data := await reader.read(1 << 20):
                sizes.append(len(data))
                writer.write(data)
        except ConnectionError:
            pass
        writer.close()

    def drop(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


async def test_all_calls_of_one_tick_leave_in_one_write(server):
    async with Proxy(server.port) as proxy:
        link = await connect(proxy.url)
        await link.call(ECHO, ["{0}"], ["load"])
        proxy.reads.clear()
        replies = await asyncio.gather(*(link.call(ECHO, ["{0}"], [str(n)]) for n in range(100)))
        assert replies == [str(n).encode() for n in range(100)]
        assert len(proxy.reads) == 1
        await link.close()


async def test_replies_are_raw(server):
    link = await connect(server.url)
    assert await link.execute("SET", "{0}a", b"\x00\xff") == b"OK"
    assert await link.execute("GET", "{0}a") == b"\x00\xff"
    assert await link.execute("GET", "{0}missing") is None
    assert await link.execute("HSET", "{0}h", "f", 7) == 1
    assert await link.execute("HGETALL", "{0}h") == [b"f", b"7"]
    assert await link.call(Script("list", "return {1, 'a', {2}, false}"), ["{0}"], []) == [1, b"a", [2], None]
    await link.close()


async def test_an_error_reaches_its_caller_and_not_the_neighbours(server):
    link = await connect(server.url)
    failing = Script("failing", "return redis.error_reply('STALE 7')")
    calls = [link.call(failing if n % 3 == 0 else ECHO, ["{0}"], [str(n)]) for n in range(30)]
    for n, reply in enumerate(await asyncio.gather(*calls, return_exceptions=True)):
        if n % 3 == 0:
            assert isinstance(reply, ResponseError)
            assert str(reply) == "STALE 7"
        else:
            assert reply == str(n).encode()
    await link.close()


async def test_a_flushed_script_is_loaded_again_behind_the_callers_back(server):
    link = await connect(server.url)
    await link.call(ECHO, ["{0}"], ["load"])
    server.ask("SCRIPT", "FLUSH")
    replies = await asyncio.gather(*(link.call(ECHO, ["{0}"], [str(n)]) for n in range(50)))
    assert replies == [str(n).encode() for n in range(50)]
    assert server.ask("SCRIPT", "EXISTS", ECHO.sha) == "*1\r\n:1\r\n"
    await link.close()


async def test_a_cancelled_caller_does_not_shift_the_replies(server, caplog):
    link = await connect(server.url)

    async def ask(n: int) -> bytes:
        return await link.call(ECHO, ["{0}"], [str(n)])

    tasks = [asyncio.create_task(ask(n)) for n in range(60)]
    await asyncio.sleep(0)
    for task in tasks[:30:2]:
        task.cancel()  # not sent yet
    await asyncio.sleep(0)
    for task in tasks[30::2]:
        task.cancel()  # under way
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    for n, reply in enumerate(replies):
        assert isinstance(reply, asyncio.CancelledError) if n % 2 == 0 else reply == str(n).encode()
    assert await ask(7) == b"7"
    assert caplog.text == ""  # neither an error nor a connection replaced
    await link.close()


async def test_dropped_connections_lose_and_repeat_nothing(server):
    server.ask("FLUSHALL")
    async with Proxy(server.port) as proxy:
        link = await connect(proxy.url)

        async def increase(n: int) -> int:
            return await link.call(INCREASE, KEYS, [f"id{n}"])

        tasks = []
        for n in range(300):
            tasks.append(asyncio.create_task(increase(n)))
            if n % 60 == 30:
                proxy.drop()
            await asyncio.sleep(0.001)
        assert sorted(await asyncio.gather(*tasks)) == list(range(1, 301))
        assert await link.execute("GET", "{0}n") == b"300"
        await link.close()


async def test_calls_made_while_the_connection_is_down_keep_their_order(server):
    server.ask("DEL", "{0}list")
    async with Proxy(server.port) as proxy:
        link = await connect(proxy.url)
        append = Script("append", "redis.call('RPUSH', KEYS[1], ARGV[1]) return 0")
        await link.call(append, ["{0}list"], ["first"])
        proxy.drop()
        await asyncio.gather(*(link.call(append, ["{0}list"], [str(n)]) for n in range(3000)))
        listed = await link.execute("LRANGE", "{0}list", 1, -1)
        # What was sent on the dropped connection may have been run there already: only the first of each counts.
        assert list(dict.fromkeys(listed)) == [str(n).encode() for n in range(3000)]
        await link.close()


async def test_two_hundred_calls_outlive_a_killed_server_exactly_once(own_server):
    link = await connect(own_server.url)
    counter = itertools.count()

    async def increase() -> int:
        return await link.call(INCREASE, KEYS, [f"id{next(counter)}"])

    await asyncio.gather(*(increase() for _ in range(100)))
    tasks = [asyncio.create_task(increase()) for _ in range(200)]
    await asyncio.sleep(0.001)
    await asyncio.to_thread(own_server.kill)
    tasks += [asyncio.create_task(increase()) for _ in range(50)]
    await asyncio.sleep(0.1)
    await asyncio.to_thread(own_server.start)
    assert sorted(await asyncio.gather(*tasks)) == list(range(101, 351))
    assert await link.execute("GET", "{0}n") == b"350"
    await link.close()


async def test_a_server_that_hangs_is_unavailable_within_the_deadline_and_recovers(own_server):
    link = await connect(own_server.url, timeout_s=0.4)
    loop = asyncio.get_running_loop()
    own_server.freeze()
    began = loop.time()
    replies = await asyncio.gather(*(link.call(INCREASE, KEYS, [f"{n}"]) for n in range(20)), return_exceptions=True)
    assert 0.35 < loop.time() - began < 0.7
    assert [reply.code for reply in replies if isinstance(reply, Refused)] == [Code.UNAVAILABLE] * 20
    own_server.thaw()
    # The same ids again: whether or not the first calls were run meanwhile, each counts once.
    assert sorted(await asyncio.gather(*(link.call(INCREASE, KEYS, [f"{n}"]) for n in range(20)))) == list(range(1, 21))
    assert await link.execute("GET", "{0}n") == b"20"
    await link.close()


async def test_a_server_that_stays_away_is_unavailable_within_the_deadline(own_server):
    link = await connect(own_server.url, timeout_s=0.3)
    own_server.kill()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(Refused) as refusal:
        await link.execute("GET", "{0}a")
    assert refusal.value.code == Code.UNAVAILABLE
    assert loop.time() - began < 0.6
    own_server.start()
    await asyncio.sleep(0.5)
    assert await link.execute("GET", "{0}a") is None
    await link.close()


async def test_a_server_that_is_busy_for_a_moment_is_waited_for(own_server):
    link = await connect(own_server.url)
    own_server.ask("REPLICAOF", "127.0.0.1", "1")
    writing = asyncio.ensure_future(link.execute("SET", "{0}a", "1"))
    await asyncio.sleep(0.2)
    assert not writing.done()
    own_server.ask("REPLICAOF", "NO", "ONE")
    assert await writing == b"OK"
    await link.close()


async def test_too_many_waiting_calls_are_refused_at_once(own_server):
    link = await connect(own_server.url, timeout_s=20)
    own_server.kill()
    await asyncio.sleep(0.05)
    waiting = [link.execute("GET", "{0}a") for _ in range(MAX_PENDING)]
    with pytest.raises(Refused) as refusal:
        await link.execute("GET", "{0}a")
    assert refusal.value.code == Code.UNAVAILABLE
    await link.close()
    assert all(isinstance(future.exception(), Refused) for future in waiting)


async def test_a_closed_link_refuses(server):
    link = await connect(server.url)
    under_way = link.execute("GET", "{0}a")
    await link.close()
    for call in (lambda: under_way, lambda: link.execute("GET", "{0}a"), lambda: link.call(ECHO, ["{0}"], ["1"])):
        with pytest.raises(Refused):
            await call()


@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\n", b"$2\r\nhi\r\n$3\r\ntoo\r\n$4\r\nmany\r\n", b""])
async def test_a_connection_that_talks_nonsense_or_goes_silent_is_replaced(first):
    connections = itertools.count()

    async def liar(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(connections)
        await reader.read(100)
        writer.write(b"+PONG\r\n")
        await reader.read(100)
        writer.write(b"$15\r\naof_enabled:0\r\n\r\n")  # what is asked about persistence
        await reader.read(100)
        writer.write(first if number == 0 else b"$2\r\nhi\r\n")
        await reader.read(100)
        writer.close()

    listening = await asyncio.start_server(liar, "127.0.0.1", 0)
    link = await connect(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}", timeout_s=0.8)
    assert await link.execute("GET", "{0}a") == b"hi"
    await until(lambda: next(connections) >= 2)
    await link.close()
    listening.close()
    await asyncio.sleep(0.01)


async def test_listeners_hear_and_are_told_when_they_may_have_missed_something(own_server):
    link = await connect(own_server.url)
    heard: list[bytes | str] = []
    link.listen("events", heard.append, lambda: heard.append("missed"))
    link.listen("others", lambda message: heard.append(b"other " + message), lambda: heard.append("missed others"))
    also: list[bytes | str] = []
    link.listen("events", also.append, lambda: also.append("missed"))
    for _ in range(200):
        if await link.execute("PUBSUB", "NUMSUB", "events", "others") == [b"events", 1, b"others", 1]:
            break
        await asyncio.sleep(0.01)
    await link.call(Script("tell", "return redis.call('PUBLISH', 'events', ARGV[1])"), ["{0}"], ["one"])
    await link.execute("PUBLISH", "others", "two")
    await until(lambda: len(heard) == 2)
    assert sorted(heard) == [b"one", b"other two"]
    own_server.kill()
    own_server.start()
    await until(lambda: len(heard) == 4)
    assert sorted(heard[2:]) == ["missed", "missed others"]
    assert also == [b"one", "missed"]
    await link.execute("PUBLISH", "events", "three")
    await until(lambda: len(heard) == 5)
    assert heard[-1] == b"three"
    await link.close()


async def test_one_listener_that_fails_does_not_deafen_the_others(server, caplog):
    link = await connect(server.url)
    heard: list[bytes] = []
    link.listen("bad", lambda message: 1 / 0, lambda: None)
    link.listen("good", heard.append, lambda: None)
    for _ in range(200):
        if await link.execute("PUBSUB", "NUMSUB", "bad", "good") == [b"bad", 1, b"good", 1]:
            break
        await asyncio.sleep(0.01)
    await link.execute("PUBLISH", "bad", "1")
    await link.execute("PUBLISH", "good", "2")
    await until(lambda: heard == [b"2"])
    assert "ZeroDivisionError" in caplog.text
    await link.close()


async def until(condition) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to pass")
