"""webingo serve: the server itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from webingo.commands.common import Config, Failure

if TYPE_CHECKING:
    import asyncio

    from webingo.config import Settings


def serve(
    config: Config = None,
    http_port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    http_address: Annotated[str | None, typer.Option(help="The address to listen on; all interfaces when empty.")] = None,
    redis_url: Annotated[str | None, typer.Option(help="The database.")] = None,
    backoffice: Annotated[bool, typer.Option("--backoffice", help="Start the reference backoffice beside it.")] = False,
) -> None:
    """Run the server until it is told to stop (SIGTERM, Ctrl-C)."""
    from webingo.config import load
    from webingo.support import log

    flags = {"http_port": http_port, "http_address": http_address, "redis_url": redis_url}
    if not backoffice:
        settings = load(config, **flags)
        log.setup(settings.log_level, settings.log_format)
        _run(settings)
        return
    from webingo.commands._beside import Beside

    beside = Beside(config)
    settings = load(config, **flags, **beside.flags)
    log.setup(settings.log_level, settings.log_format)
    with beside:
        beside.explain(settings)
        _run(settings)


def _run(settings: "Settings") -> None:
    import asyncio

    from webingo.server.run import run
    from webingo.support.redis import NoRedis

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
