"""One server process from start to stop."""

import asyncio
import resource
import signal
from contextlib import suppress

import structlog

from webingo.config import Settings
from webingo.server.app import Server
from webingo.support.memory import settle_memory

log = structlog.get_logger("webingo.server")


def _take_descriptors() -> None:
    """Each player takes a file descriptor, and the limit that most systems begin with is a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # some systems say "no limit" and mean another
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def run(settings: Settings) -> None:
    """Serves until SIGTERM, SIGINT or SIGHUP (its terminal was closed), then lets every action in hand finish."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    _take_descriptors()
    server = Server(settings)
    await server.start()
    settle_memory()
    scheme = "https" if settings.cert else "http"
    log.info("serving", url=f"{scheme}://{settings.http_address or 'localhost'}:{server.port}/", debug=settings.debug)
    await stop.wait()
    log.info("stopping")
    await server.stop()
    log.info("stopped")
