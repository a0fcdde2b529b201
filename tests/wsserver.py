"""A Tornado server with an echoing WebSocket door, for tests of the transport.

async with serving(limits=Limits(max_frame=1000)) as server:
    client = await connect(server.url)
"""

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvloop
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application

from webingo.server.connection import Connection, Limits, Receiver
from webingo.server.connections import Connections
from webingo.server.handshake import HandshakeHandler


class Echo:
    """Sends back what it receives and remembers it; some messages are orders."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.seen: list[bytes] = []
        self.losses = 0

    def received(self, data: bytes) -> None:
        self.seen.append(data)
        if data == b"bug":
            raise RuntimeError("a receiver's bug")
        if data.startswith(b"close "):
            self.connection.close(int(data[6:]), "as you wish")
        else:
            self.connection.send(data)

    def lost(self) -> None:
        self.losses += 1


class Server:
    """`receivers` are those of all connections so far, the first one first."""

    def __init__(self, port: int, scheme: str, connections: Connections) -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}/ws"
        self.connections = connections
        self.receivers: list[Echo] = []

    async def receiver(self, number: int = 0) -> Echo:
        await until(lambda: len(self.receivers) > number)
        return self.receivers[number]


@contextlib.asynccontextmanager
async def serving(
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    make: Callable[[Connection], Receiver] = Echo,
    sweep_s: float = 0.02,
) -> AsyncIterator[Server]:
    socket, port = bind_unused_port()
    server = Server(port, "wss" if tls else "ws", Connections(sweep_s=sweep_s))

    def factory(connection: Connection) -> Receiver:
        receiver = make(connection)
        server.receivers.append(receiver)
        return receiver

    arguments = {"factory": factory, "limits": limits or Limits(), "connections": server.connections}
    http = HTTPServer(Application([("/ws", HandshakeHandler, arguments)]), ssl_options=tls, xheaders=True)
    http.add_socket(socket)
    try:
        yield server
    finally:
        http.stop()
        await server.connections.close(1001)
        await http.close_all_connections()


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Waits for what will come true in its own time; fails if it does not."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that it signed itself."""
    names = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-subj", "/CN=localhost"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", *kind, *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.fixture(params=["asyncio", "uvloop"])
def either_loop(request: pytest.FixtureRequest) -> Iterator[IOLoop]:
    """The two event loops whose transports differ; a test module that wants both names this `io_loop`."""
    new = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    loop = IOLoop(asyncio_loop=new(), make_current=False)
    yield loop
    loop.close(all_fds=True)


@pytest.fixture(scope="session", params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext | None:
    """None, and then a certificate: for a test that must hold on both kinds of socket."""
    return certificate(tmp_path_factory.mktemp("tls")) if request.param == "tls" else None
