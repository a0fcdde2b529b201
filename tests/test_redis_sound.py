"""A Redis that was killed amid a script's writes never brings half a transaction back to life."""

from pathlib import Path

from tests.servers import RealRedis, real_redis
from webingo.support.redis import Script, connect

# One script, three writes: they stand between MULTI and EXEC in the append-only file.
WRITE = Script("write", "for i = 1, 3 do redis.call('RPUSH', KEYS[1], ARGV[1] .. i) end return 1")


def cut(server: RealRedis, marker: bytes) -> None:
    """Kills the server and cuts its file in the middle of the command that holds the marker, as a kill amid a write does."""
    server.kill()
    (file,) = Path(server.folder, "appendonlydir").glob("*.incr.aof")
    written = file.read_bytes()
    file.write_bytes(written[: written.rindex(marker) + 2])


async def test_half_a_transaction_stays_dead_over_two_starts(tmp_path: Path) -> None:
    with real_redis(tmp_path / "redis") as server:
        link = await connect(server.url)
        await link.call(WRITE, ["list"], ["a"])
        await link.call(WRITE, ["list"], ["lost"])
        await link.close()
        cut(server, b"lost3")
        server.start()
        link = await connect(server.url)
        assert await link.execute("LRANGE", "list", 0, -1) == [b"a1", b"a2", b"a3"]
        await link.call(WRITE, ["list"], ["b"])
        await link.close()
        server.kill()
        server.start()
        link = await connect(server.url)
        assert await link.execute("LRANGE", "list", 0, -1) == [b"a1", b"a2", b"a3", b"b1", b"b2", b"b3"]
        await link.close()


async def test_a_link_that_lives_through_the_kill_does_not_write_before_the_file_is_sound(tmp_path: Path) -> None:
    with real_redis(tmp_path / "redis") as server:
        link = await connect(server.url)
        await link.call(WRITE, ["list"], ["lost"])
        cut(server, b"lost3")
        server.start()
        await link.call(WRITE, ["list"], ["b"])
        server.kill()
        server.start()
        assert await link.execute("LRANGE", "list", 0, -1) == [b"b1", b"b2", b"b3"]
        await link.close()
