"""webingo serve: the server itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from webingo.commands.common import Config, Failure

if TYPE_CHECKING:
    import asyncio


def serve(
    config: Config = None,
    http_port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    http_address: Annotated[str | None, typer.Option(help="The address to listen on; all interfaces when empty.")] = None,
    redis_url: Annotated[str | None, typer.Option(help="The database.")] = None,
) -> None:
    """Run the server until it is told to stop (SIGTERM, Ctrl-C)."""
    import asyncio

    from webingo.config import load
    from webingo.server.run import run
    from webingo.support import log
    from webingo.support.redis import NoRedis

    settings = load(config, http_port=http_port, http_address=http_address, redis_url=redis_url)
    log.setup(settings.log_level, settings.log_format)
    try:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(run(settings))
    except NoRedis as error:
        raise Failure(str(error)) from None


def _fast_loop() -> "Callable[[], asyncio.AbstractEventLoop] | None":
    """uvloop where it is installed, which halves the cost of a message; else asyncio's own."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop
