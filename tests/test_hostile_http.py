"""What a hostile client can not do over plain HTTP: POST /session, paths, half requests."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from tornado.ioloop import IOLoop

from tests import servers
from tests.conftest import open_store, settings
from tests.player import DEMO, Player
from tests.processes import ServerProcess
from tests.secrets import secret
from tests.test_fuzz import unexpected_errors
from tests.test_hostile import SECRET, serving
from tests.wsclient import open_stream
from webingo.platforms.token import sign_token
from webingo.server import app
from webingo.server.app import Server
from webingo.transaction.transaction import Login, Seat
from webingo.user import User

LATE = 2_000_000_000


@pytest.fixture
def server(plain_server: Server) -> Server:
    return plain_server


async def ask(port: int, raw: bytes, wait_s: float = 1) -> tuple[int, bytes]:
    """One request as it is, on a connection of its own: the status (0: none) and all that came behind it until the
    connection ended or the time was over."""
    reader, writer = await open_stream("127.0.0.1", port)
    writer.write(raw)
    answer = b""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(wait_s):
            while chunk := await reader.read(65536):
                answer += chunk
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12] or 0), body


async def post(port: int, body: bytes | dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    sent = body if isinstance(body, bytes) else orjson.dumps(body)
    fields = {"host": f"127.0.0.1:{port}", "content-length": str(len(sent)), "connection": "close", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    status, answer = await ask(port, f"POST /session HTTP/1.1\r\n{head}\r\n".encode() + sent, 10)
    told = orjson.loads(answer)
    if "sessionId" in told:
        secret(told["sessionId"], "session's id")
    return status, told


def login(uid: str = "ana", token: str = "", **where: Any) -> dict[str, Any]:
    return {"auth": {"uid": uid, "token": token}, **DEMO, **where}


async def test_a_login_without_a_socket_gives_an_id_that_is_kept(server: Server) -> None:
    status, answer = await post(server.port, login())
    assert status == 200
    assert await server.store.login(answer["sessionId"], 60) == Login(Seat(User("demo", "ana"), "demo"))
    query = parse_qs(urlsplit(answer["launch"]).query)
    assert query == {"server": [f"http://127.0.0.1:{server.port}"], "session": [answer["sessionId"]]}
    assert await server.store.login(answer["sessionId"].swapcase(), 60) is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"{}", b'"x"', b"\xff", b"\xef\xbb\xbf{}", b"uid=ana&platform=demo", b"[" * 5000,
        b'{"auth":{"uid":"ana"},"platform":"demo","site":"demo","re":NaN}', {"auth": {"uid": "ana"}}, login(site=None),
        login(platform=""), login(site=["demo"]), {**login(), "debug": True}, {**login(), "auth": "ana"},
        {**login(), "t": "action"},
        {**login(), "auth": {"uid": 7}}, {**login(), "auth": {"uid": ""}}, {**login(), "auth": {"uid": "x" * 129}},
        {**login(), "auth": {"uid": "ana", "token": "x" * 9000}}, {**login(), "auth": {"uid": "ana", "admin": True}},
        {**login(), "auth": {"uid": "ana", "userinfo": []}},
    ],
)  # fmt: skip
async def test_a_body_that_makes_no_sense_is_400(server: Server, body: Any) -> None:
    errors = unexpected_errors()
    status, answer = await post(server.port, body)
    assert (status, answer["error"]["code"]) == (400, "BAD_MESSAGE")
    assert "sessionId" not in answer and unexpected_errors() == errors


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (login(uid="a b"), 401, "AUTH_FAILED"),
        (login(uid="ana\u0000"), 401, "AUTH_FAILED"),
        (login(token="nonsense"), 401, "AUTH_FAILED"),
        (login(token=sign_token(SECRET, "demo", "bob", LATE)), 401, "AUTH_FAILED"),
        (login(token=sign_token(SECRET, "demo", "ana", 1)), 401, "AUTH_FAILED"),
        (login(platform="nowhere"), 404, "UNKNOWN_PLATFORM"),
        (login(site="nowhere"), 404, "UNKNOWN_SITE"),
        (login(site="../demo"), 404, "UNKNOWN_SITE"),
        (login(uid="blocked"), 403, "PLAYER_BLOCKED"),
    ],
)
async def test_a_login_that_is_refused_names_the_code(server: Server, body: Any, status: int, code: str) -> None:
    await server.store.block(User("demo", "blocked"), True)
    found, answer = await post(server.port, body)
    assert (found, answer["error"]["code"]) == (status, code)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "self", "http://127.0.0.1"])
async def test_a_login_from_a_page_elsewhere_is_403(server: Server, origin: str) -> None:
    status, answer = await post(server.port, login(), origin=origin)
    assert (status, answer["error"]["code"]) == (403, "FORBIDDEN")


async def test_without_debug_a_login_needs_a_token() -> None:
    async with serving(debug=False) as server:
        assert (await post(server.port, login()))[0] == 401
        assert (await post(server.port, login(token=sign_token(SECRET, "demo", "ana", LATE))))[0] == 200


@pytest.fixture
def without_a_database(tmp_path: Any, io_loop: IOLoop) -> Iterator[Server]:
    """A server whose Redis was stopped after the start."""
    with servers.real_redis(tmp_path) as redis:
        server = Server(settings())
        store = io_loop.run_sync(lambda: open_store(redis.url, timeout_s=0.5))
        io_loop.run_sync(lambda: server.start(store))
        redis.kill()
        yield server
        redis.start()  # or giving up the seats waits for the timeout
    Player.abort_all()
    io_loop.run_sync(server.stop)


async def test_without_a_database_it_is_503(without_a_database: Server) -> None:
    status, answer = await post(without_a_database.port, login())
    assert (status, answer["error"]["code"]) == (503, "UNAVAILABLE")
    assert (await ask(without_a_database.port, b"GET /readyz HTTP/1.0\r\n\r\n", 10))[0] == 503
    assert (await ask(without_a_database.port, b"GET /healthz HTTP/1.0\r\n\r\n"))[0] == 200


HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

PATHS = [
    "/static/%2e%2e/config.json", "/static/%2e%2e%2fconfig.json", "/static/..%2f..%2fetc/passwd", "/static/....//config.json",
    "/static/%252e%252e/config.json", "/static/%c0%ae%c0%ae/config.json", "/static/..%5cconfig.json", "/static/%2fetc/passwd",
    "/static//etc/passwd", "/static/webingo-client/../../config.json", "/static/./../config.json",
    "/static/.%00./config.json", "/static/%uff0e%uff0e/config.json", "/static/..;/config.json",
    "/static/%ef%bc%8e%ef%bc%8e/config.json", "/static/~root/.bashrc",
    "/game/../local_sites/demo.json",
    "/game/%2e%2e/local_sites/demo.json",
    "/game/joker-bingo/%2e%2e/%2e%2e/local_sites/demo.json",
    "/game/joker-bingo/manifest.json", "/game/joker-bingo/Manifest.json", "/game/joker-bingo/manifest.json/",
    "/game/joker-bingo/manifest%2ejson", "/game/joker-bingo/manifest.json%20", "/game/joker-bingo/manifest.json?x=1",
    "/game/joker-bingo%2fmanifest.json", "/game/%6aoker-bingo/%6d%61nifest.json",
    "/games/../games/joker-bingo/rules/manifest.json",
    "/games/..%2f..%2fconfig.json/rules", "/var/secret", "/static/../var/secret", "/config.json",
    "http://127.0.0.1/static/../config.json",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_no_way_of_writing_a_path_leads_outside(server: Server, path: str) -> None:
    status, body = await ask(server.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert status in (400, 403, 404), path
    for inside in (b"redis_url", b"initial_credits", b"open_to_sites", b"root:", b"extra_margin"):
        assert inside not in body


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n" + HIDDEN,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e1\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\nHost x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 1000,
    ],
)
async def test_a_request_that_can_be_read_in_two_ways_is_read_in_none(server: Server, raw: bytes) -> None:
    errors = unexpected_errors()
    status, body = await ask(server.port, raw)
    assert status in (0, 400, 413, 431), (status, body)
    assert b'"alive"' not in body
    assert unexpected_errors() == errors
    await Player.log_in(server.port)


async def test_who_never_ends_a_request_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_IDLE_HTTP_S", 0.3)
    monkeypatch.setattr(app, "_BODY_S", 0.3)
    async with serving() as server:
        for begun in (b"", b"GET /session/ws HTT", b"POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"):
            reader, writer = await open_stream("127.0.0.1", server.port)
            writer.write(begun)
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
        player = await Player.log_in(server.port)
        await asyncio.sleep(0.5)
        await player.load()


async def test_connections_can_not_take_the_last_file_descriptors(tmp_path: Path) -> None:
    """Nor make the server spin on sockets that it can't accept, which fills its log."""
    server = ServerProcess(tmp_path / "server.log", redis_url="memory:")
    server.start(wait=False)
    assert server._process is not None
    resource.prlimit(server._process.pid, resource.RLIMIT_NOFILE, (150, 150))
    server.wait_ready()
    try:
        witness = await Player.log_in(server.port, "witness")
        await witness.load()
        streams = [await open_stream("127.0.0.1", server.port) for _ in range(200)]
        size = server.log.stat().st_size
        await asyncio.sleep(0.5)
        assert server.log.stat().st_size - size < 1000
        await witness.bet()
        for _, writer in streams:
            writer.transport.abort()
        await asyncio.sleep(0.2)
        await Player.log_in(server.port, "other")
        assert b"Traceback" not in server.log.read_bytes()
    finally:
        Player.abort_all()
        server.stop()
