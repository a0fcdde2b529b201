"""The backoffice as a process, from start to stop."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from webingo.config import Settings
from webingo.office.app import create_app
from webingo.office.database import Database
from webingo.office.services import sites, visits
from webingo.office.services.catalogue import Catalogue
from webingo.office.services.staff import first_admin
from webingo.support.clock import Clock, SystemClock
from webingo.support.memory import settle_memory

log = structlog.get_logger("webingo.office")

_SWEEP_S = 30
_STOP_S = 10


def opened(settings: Settings) -> Database:
    """The database of the settings, brought up to date. Raises BadResource."""
    database = Database(settings.backoffice_database)
    database.upgrade()
    return database


async def run(settings: Settings, told: Callable[[str], None], until_eof: int | None = None) -> None:
    """Serves until SIGTERM, SIGINT or SIGHUP, or until the other end of the pipe `until_eof` is closed.

    `told` gets what is for people's eyes only, line by line: the first admin's password. Raises BadResource or OSError.
    """
    clock = SystemClock()
    database = opened(settings)
    try:
        catalogue = Catalogue(settings)
        _first_steps(database, catalogue, clock, told)
        listening = _listen(settings)
        server = _server(settings, database, catalogue)
        _stop_when_asked(server, database, until_eof)
        scheme = "https" if settings.cert else "http"
        url = f"{scheme}://{_host(settings)}:{listening[0].getsockname()[1]}/"
        log.info("backoffice_serving", url=url, database=database.name)
        settle_memory()
        sweeping = asyncio.create_task(_sweep(database, clock))
        try:
            await server.serve(listening)
        finally:
            sweeping.cancel()
        log.info("backoffice_stopped")
    finally:
        database.close()


def _first_steps(database: Database, catalogue: Catalogue, clock: Clock, told: Callable[[str], None]) -> None:
    """An empty database gets its sites, and somebody who can sign in."""
    with database.write() as session:
        if count := sites.import_local(session, catalogue, clock.now_ms()):
            log.info("sites_imported", sites=count)
    if password := first_admin(database, clock.now_ms()):
        told("Nobody is on the backoffice's staff yet. Sign in as:")
        told(f"    name      admin\n    password  {password}")
        told("This is told only now. You choose your own password when you sign in.")


def _host(settings: Settings) -> str:
    address = settings.backoffice_address or "localhost"
    return f"[{address}]" if ":" in address else address


def _listen(settings: Settings) -> list[socket.socket]:
    """One socket for each address of the host. Raises OSError with a sentence."""
    address, port = settings.backoffice_address, settings.backoffice_port
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, where in sorted(set(found)):
            if port == 0 and sockets:
                where = (where[0], sockets[0].getsockname()[1], *where[2:])
            sockets.append(_bound(family, kind, protocol, where))
    except OSError as error:
        for each in sockets:
            each.close()
        raise OSError(
            f"the backoffice can't listen on port {port} of {address or 'all interfaces'}: {error.strerror}"
        ) from None
    return sockets


def _bound(family: int, kind: int, protocol: int, where: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(where)
    except OSError:
        made.close()
        raise
    return made


class _Server(uvicorn.Server):
    """Signals are ours: uvicorn would raise them again at its end, and a stop that was asked for would look like a crash."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(settings: Settings, database: Database, catalogue: Catalogue) -> _Server:
    config = uvicorn.Config(
        create_app(database, settings, catalogue),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        ssl_certfile=settings.cert or None,
        ssl_keyfile=settings.certkey or None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_STOP_S,
        limit_concurrency=2000,
    )
    return _Server(config)


def _stop_when_asked(server: uvicorn.Server, database: Database, until_eof: int | None) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True
        database.bell.close()  # or those who wait for changes would hold it up

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    if until_eof is not None:

        def watch() -> None:
            while os.read(until_eof, 1024):
                pass
            loop.call_soon_threadsafe(stop)

        threading.Thread(target=watch, daemon=True, name="until-eof").start()


async def _sweep(database: Database, clock: Clock) -> None:
    """Ends sessions that fell silent; not before everybody had the time to be heard again after this start."""
    await asyncio.sleep(visits.SILENCE_MS / 1000)
    while True:
        try:
            if count := await run_in_threadpool(_ended_silent, database, clock):
                log.info("sessions_fell_silent", sessions=count)
        except SQLAlchemyError as error:
            log.warning("sweep_postponed", reason=str(error)[:500])
        await asyncio.sleep(_SWEEP_S)


def _ended_silent(database: Database, clock: Clock) -> int:
    with database.write() as session:
        return visits.end_silent(session, clock.now_ms())
