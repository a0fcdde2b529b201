"""The HTTP client: what it answers, what it refuses to take, and that it never tells an address that may carry a secret."""

import asyncio
import socket

import pytest
from structlog.testing import capture_logs
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from tests.secrets import secret
from webingo.support.http import Answer, Http, NoAnswer

TOKEN = secret("EAAB-a-token-in-an-address", "token")


class Handler(RequestHandler):
    async def get(self, what: str) -> None:
        match what:
            case "echo":
                self.set_header("X-Seen", self.request.headers.get("User-Agent", ""))
                self.finish(self.get_query_argument("q"))
            case "away":
                self.redirect("/echo?q=followed")
            case "rest":
                self.set_status(429)
                self.set_header("Retry-After", self.get_query_argument("s"))
                self.finish()
            case "hang":
                await asyncio.sleep(1)
            case "large":
                self.finish(b"x" * 5000)
            case "endless":
                for _ in range(5):
                    self.write(b"x" * 1000)
                    await self.flush()
            case "cut":
                self.request.connection.stream.close()  # type: ignore[union-attr]


@pytest.fixture
def base(io_loop):
    server = HTTPServer(Application([(r"/(\w+)", Handler)], log_function=lambda handler: None))
    sockets = bind_sockets(0, "127.0.0.1")
    io_loop.run_sync(lambda: asyncio.sleep(0, server.add_sockets(sockets)))
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server.stop()
    io_loop.run_sync(server.close_all_connections)


@pytest.fixture
def http(io_loop):
    http = io_loop.run_sync(lambda: asyncio.sleep(0, Http(4096)))
    yield http
    http.close()


async def test_whatever_is_answered_is_an_answer(base, http):
    found = await http.fetch(f"{base}/echo?q=hello", timeout_s=5)
    assert (found.status, found.body, found.kind, found.headers["x-seen"]) == (200, b"hello", "text/html", "webingo")
    assert (await http.fetch(f"{base}/nothing-there", timeout_s=5)).status == 404
    away = await http.fetch(f"{base}/away", timeout_s=5)
    assert (away.status, away.headers["Location"]) == (302, "/echo?q=followed")


async def test_a_wish_to_be_left_alone_is_read(base, http):
    for asked, rest_s in (
        ("7", 7),
        ("999999", 60),
        ("0", 0),
        ("-1", 0),
        ("1.5", 0),
        ("x", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),
    ):
        assert (await http.fetch(f"{base}/rest?s={asked.replace(' ', '%20')}", timeout_s=5)).rest_s == rest_s
    assert Answer(200, {}, b"").rest_s == 0 and Answer(200, {}, b"").kind == ""


@pytest.mark.parametrize("what", ["hang", "large", "endless", "cut", "closed", "scheme", "port", "no host"])
async def test_what_comes_to_no_answer_says_so_without_the_address(base, http, caplog, what):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = {
            "closed": f"http://127.0.0.1:{closed.getsockname()[1]}/?t={TOKEN}",
            "scheme": f"gopher://127.0.0.1/?t={TOKEN}",
            "port": f"http://127.0.0.1:x/?t={TOKEN}",
            "no host": f"http://?t={TOKEN}",
        }.get(what, f"{base}/{what}?t={TOKEN}")
        with capture_logs() as logged, pytest.raises(NoAnswer) as silence:
            await http.fetch(url, timeout_s=0.3 if what == "hang" else 5)
    assert str(silence.value) and len(str(silence.value)) <= 200
    assert TOKEN not in str(silence.value) + repr(logged) + caplog.text


async def test_whoever_stops_waiting_leaves_no_trace_in_the_log(base, http, caplog):
    task = asyncio.ensure_future(http.fetch(f"{base}/hang", timeout_s=0.2))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.3)  # until the call is over, too
    assert caplog.text == ""
