"""One server process from start to stop."""

import asyncio
import signal

import structlog

from webingo.config import Settings
from webingo.server.app import Server

log = structlog.get_logger("webingo.server")


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then lets every action in hand finish."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(settings)
    await server.start()
    scheme = "https" if settings.cert else "http"
    log.info("serving", url=f"{scheme}://{settings.http_address or 'localhost'}:{server.port}/", debug=settings.debug)
    await stop.wait()
    log.info("stopping")
    await server.stop()
    log.info("stopped")
