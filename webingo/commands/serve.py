"""webingo serve: the server itself."""

from typing import Annotated

import typer

from webingo.commands.common import Config


def serve(
    config: Config = None,
    http_port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    http_address: Annotated[str | None, typer.Option(help="The address to listen on; all interfaces when empty.")] = None,
    redis_url: Annotated[str | None, typer.Option(help="The database.")] = None,
) -> None:
    """Run the server until it is told to stop (SIGTERM, Ctrl-C)."""
    import asyncio

    import uvloop

    from webingo.config import load
    from webingo.server.run import run
    from webingo.support import log

    settings = load(config, http_port=http_port, http_address=http_address, redis_url=redis_url)
    log.setup(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings))
