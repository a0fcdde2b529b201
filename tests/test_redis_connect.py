"""From a URL to a link: every kind of address, what is wrong with a bad one, and never a password in a message."""

import subprocess
from pathlib import Path

import pytest

from tests.servers import free_port, real_redis
from webingo.support.redis import NoRedis, ResponseError, Script, connect
from webingo.support.redis.address import parse

SECRET = "se/cr@t#1?"
ESCAPED = "se%2Fcr%40t%231%3F"


def test_every_kind_of_address_is_understood():
    assert str(parse("redis://db").endpoints[0]) == "db:6379"
    assert str(parse("redis://:7000").endpoints[0]) == "127.0.0.1:7000"
    assert str(parse("redis://[::1]:7000/2").endpoints[0]) == "::1:7000"
    full = parse(f"rediss://anna:{ESCAPED}@db:7000/3").endpoints[0]
    assert (full.host, full.port, full.user, full.password, full.db) == ("db", 7000, "anna", SECRET, 3)
    assert full.tls is not None
    assert parse(f"redis://:{ESCAPED}@db").endpoints[0].password == SECRET
    assert parse("unix:///run/redis.sock").endpoints[0].path == "/run/redis.sock"
    cluster = parse("redis+cluster://a:1,b,c:3")
    assert [str(node) for node in cluster.endpoints] == ["a:1", "b:6379", "c:3"]
    sentinels = parse("redis+sentinel://:pw@a,b:2/casino/5")
    assert [str(node) for node in sentinels.endpoints] == ["a:26379", "b:2"]
    assert (sentinels.master, sentinels.endpoints[0].db, sentinels.endpoints[0].password) == ("casino", 5, "pw")
    assert parse("embedded:var/redis").folder == "var/redis"
    assert parse("memory:").kind == "memory"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "one of"),
        ("memory", "one of"),
        ("memory:x", "one of"),
        ("embedded:", "one of"),
        ("unix://", "one of"),
        ("http://secret@host", "one of"),
        ("secret@host:6379", "one of"),
        ("redis:secret", "one of"),
        ("redis://", "a host is written"),
        ("redis://:secret@", "a host is written"),
        ("redis://host:secret", "a host is written"),
        ("redis://a:1,b:2", "several hosts"),
        ("redis://host:99999", "between 1 and 65535"),
        ("redis://host/secret", "number of the database"),
        ("redis://secret@host", "a user needs a password"),
        ("redis://:se/cret@host", "%2F"),
        ("redis://:se#secret@host", "%23"),
        ("redis://host?password=secret", "no \\? or #"),
        ("redis+cluster://a,b/1", "only database 0"),
        ("redis+sentinel://a,b", "the master's name"),
    ],
)
def test_a_bad_address_is_refused_with_its_reason_and_without_its_parts(url, reason):
    with pytest.raises(ValueError, match=reason) as refusal:
        parse(url)
    assert "secret" not in str(refusal.value)
    assert "cret" not in str(refusal.value)


def test_a_password_is_in_no_repr():
    assert SECRET not in repr(parse(f"redis://anna:{ESCAPED}@db"))


async def test_a_login_with_a_user_a_password_and_a_database(tmp_path, caplog):
    caplog.set_level("DEBUG")
    with real_redis(tmp_path) as server:
        server.ask("ACL", "SETUSER", "anna", "on", f">{SECRET}", "~*", "&*", "+@all")
        link = await connect(f"redis://anna:{ESCAPED}@127.0.0.1:{server.port}/3")
        await link.execute("SET", "{0}a", "1")
        assert "db3:keys=1" in (await link.execute("INFO", "keyspace")).decode()
        assert await link.execute("ACL", "WHOAMI") == b"anna"
        await link.close()
        with pytest.raises(NoRedis, match="refuses the login") as refusal:
            await connect(f"redis://anna:{ESCAPED}x@127.0.0.1:{server.port}")
        assert SECRET not in str(refusal.value) + caplog.text
        assert ESCAPED not in str(refusal.value) + caplog.text


async def test_a_password_that_is_missing_is_said_so(tmp_path):
    with real_redis(tmp_path) as server:
        server.ask("CONFIG", "SET", "requirepass", SECRET)
        with pytest.raises(NoRedis, match="NOAUTH"):
            await connect(server.url)
        link = await connect(f"redis://:{ESCAPED}@127.0.0.1:{server.port}")
        assert await link.execute("GET", "a") is None
        await link.close()


async def test_no_server_is_said_so():
    with pytest.raises(NoRedis, match="cannot be reached"):
        await connect(f"redis://:{ESCAPED}@127.0.0.1:1", timeout_s=0.3)


async def test_a_unix_socket_and_tls(tmp_path, monkeypatch):
    certificate(tmp_path)
    tls_port = free_port()
    options = ["--unixsocket", str(tmp_path / "s"), "--tls-port", str(tls_port), "--tls-auth-clients", "no"]
    options += ["--tls-cert-file", str(tmp_path / "cert.pem"), "--tls-key-file", str(tmp_path / "key.pem")]
    options += ["--tls-ca-cert-file", str(tmp_path / "cert.pem")]
    with real_redis(tmp_path, *options):
        link = await connect(f"unix://{tmp_path}/s")
        assert await link.execute("SET", "{0}a", "1") == b"OK"
        await link.close()
        with pytest.raises(NoRedis, match="certificate"):
            await connect(f"rediss://localhost:{tls_port}", timeout_s=0.3)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        link = await connect(f"rediss://localhost:{tls_port}")
        assert await link.execute("GET", "{0}a") == b"1"
        await link.close()


def certificate(folder: Path) -> None:
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]
    subprocess.run([*command, *names], cwd=folder, check=True, stderr=subprocess.DEVNULL)


async def test_what_a_crash_could_lose_is_said_at_the_start(tmp_path):
    with real_redis(tmp_path) as server:

        async def losses() -> str:
            said: list[str] = []
            await (await connect(server.url, loss=said.append)).close()
            return " ".join(said)

        assert await losses() == ""
        server.ask("CONFIG", "SET", "appendfsync", "everysec")
        assert "two seconds" in await losses()
        server.ask("CONFIG", "SET", "appendfsync", "no")
        assert "up to a minute" in await losses()
        server.ask("CONFIG", "SET", "appendonly", "no")
        assert "no append-only file" in await losses()
        server.ask("CONFIG", "SET", "maxmemory", "100mb")
        assert "throws data away" not in await losses()
        server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert "throws data away" in await losses()
        server.ask("ACL", "SETUSER", "default", "-config")
        assert "is not known" in await losses()


async def test_memory_is_the_same_seam_and_says_that_it_keeps_nothing(caplog):
    link = await connect("memory:")
    assert "NOTHING IS KEPT" in caplog.text
    assert await link.execute("SET", "{0}a", b"\x00\xff") == b"OK"
    assert await link.execute("HSET", "{0}h", "f", 7) == 1
    assert await link.execute("HGETALL", "{0}h") == [b"f", b"7"]
    assert await link.call(Script("list", "return {1, 'a', {2}, false}"), ["{0}"], []) == [1, b"a", [2], None]
    for _ in range(2):
        with pytest.raises(ResponseError, match=r"^STALE 7$"):
            await link.call(Script("failing", "return redis.error_reply('STALE 7')"), ["{0}"], [])
    with pytest.raises(ResponseError, match=r"^WRONGTYPE"):
        await link.execute("LPUSH", "{0}a", "1")
    heard: list[bytes] = []
    link.listen("events", heard.append, lambda: None)
    await link.call(Script("tell", "return redis.call('PUBLISH', 'events', ARGV[1])"), ["{0}"], ["one"])
    await link.execute("PUBLISH", "others", "two")
    assert heard == [b"one"]
    await link.close()
