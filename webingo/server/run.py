"""One server process from start to stop."""

import asyncio
import gc
import resource
import signal
from contextlib import suppress

import structlog

from webingo.config import Settings
from webingo.server.app import Server

log = structlog.get_logger("webingo.server")


def settle_memory() -> None:
    """What was made at the start stays for good: the collector need not look at it again. It runs less often, since what a
    round leaves behind is freed without it; with a thousand players a third of the CPU went there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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
