"""webingo backoffice: the reference backoffice, a program beside the servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from webingo.commands.common import Config, Failure, print_json

if TYPE_CHECKING:
    from webingo.config import Settings

backoffice = typer.Typer(help="Run the reference backoffice: the servers' API, and the console for staff.")
staff = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)
backoffice.add_typer(staff, name="staff")

Database = Annotated[str | None, typer.Option("--database", help="sqlite:///FILE or postgresql+psycopg://…")]


@backoffice.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    config: Config = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    address: Annotated[str | None, typer.Option(help="The address to listen on; all interfaces when empty.")] = None,
    database: Database = None,
    until_eof: Annotated[bool, typer.Option("--until-eof", hidden=True, help="Stop at the end of the standard input.")] = False,
) -> None:
    """Run the reference backoffice until it is told to stop (SIGTERM, Ctrl-C)."""
    context.obj = (config, database)
    if context.invoked_subcommand is not None:
        return
    import asyncio

    settings = _settings(config, backoffice_port=port, backoffice_address=address, backoffice_database=database)
    with _libraries():
        from webingo.office.run import run as serve

    asyncio.run(serve(settings, typer.echo, 0 if until_eof else None))


@backoffice.command("openapi")
def openapi() -> None:
    """Print the API between servers and backoffice as an OpenAPI document."""
    with _libraries():
        from webingo.office.app import document

    print_json(document())


@staff.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="2 to 32 letters, digits, dots or dashes.")],
    role: Annotated[str, typer.Option(help="viewer, operator or admin.")] = "viewer",
) -> None:
    """Add somebody to the staff; prints a password that has to be changed at the first sign-in."""
    with _libraries():
        from webingo.office.run import opened
        from webingo.office.services import staff as service
        from webingo.office.services.audit import Actor
    from webingo.support.clock import SystemClock

    config, database = context.obj
    settings = _settings(config, backoffice_database=database)
    password = service.add(opened(settings), Actor.system(SystemClock().now_ms()), name, role)
    typer.echo(f"name      {name.strip().lower()}\npassword  {password}")


@staff.command("rescue")
def rescue(context: typer.Context, name: Annotated[str, typer.Argument(help="The account.")]) -> None:
    """Make an account an active admin with a new password: for a house whose admins can't sign in any more."""
    with _libraries():
        from webingo.office.run import opened
        from webingo.office.services import staff as service
    from webingo.support.clock import SystemClock

    config, database = context.obj
    settings = _settings(config, backoffice_database=database)
    typer.echo(f"name      {name}\npassword  {service.rescue(opened(settings), name, SystemClock().now_ms())}")


@contextmanager
def _libraries() -> Iterator[None]:
    """Around imports of webingo.office: raises Failure where the backoffice's libraries are not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name == "webingo":
            raise
        raise Failure(f"{name} is missing: install the backoffice with pip install 'webingo[backoffice]'") from None


def _settings(config: "Config", **flags: object) -> "Settings":
    import logging

    from webingo.office.settings import load
    from webingo.support import log

    settings = load(config, **flags)
    log.setup(settings.log_level, settings.log_format)
    for name in ("uvicorn.error", "alembic.runtime"):  # what they tell of every start is told by us, or is nobody's business
        logging.getLogger(name).setLevel(logging.WARNING)
    return settings
