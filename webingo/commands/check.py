"""webingo check: is everything right that people write?"""

from typing import TYPE_CHECKING

import typer

from webingo.commands.common import Config

if TYPE_CHECKING:
    from webingo.problems import Problem


def check(config: Config = None) -> None:
    """Check the configuration, the games with their odds, the sites and the templates."""
    from webingo.config import load
    from webingo.errors import BadResource
    from webingo.platforms.registry import misplaced, platforms
    from webingo.resources.local import LocalResources
    from webingo.resources.stated import wrong_rtps
    from webingo.server.app import tls
    from webingo.server.operators import wrong_operators
    from webingo.server.rules import RulesPages
    from webingo.support.clock import SystemClock

    try:
        settings = load(config)
        resources = LocalResources(settings.res_dir, settings.debug)
        RulesPages(resources, settings.res_dir / "templates")
        tls(settings)
        _check_address(settings.redis_url)
        problems = [
            *misplaced(resources.sites.values(), platforms(settings, SystemClock()), settings.operators),
            *wrong_operators(settings),
            *wrong_rtps(resources, settings.res_dir),
        ]
    except BadResource as error:
        problems = error.problems
    if problems:
        _show(problems)
        raise typer.Exit(1)
    for site in resources.sites.values():
        if site.test_mode and not settings.debug:
            typer.echo(f"Site {site.id}: test_mode is without effect, since debug is off.")
    typer.echo(f"All is right. Games: {', '.join(resources.games)}. Sites: {', '.join(resources.sites)}.")


def _check_address(redis_url: str) -> None:
    from webingo.errors import BadResource
    from webingo.support.redis.address import parse

    try:
        parse(redis_url)
    except ValueError as error:
        raise BadResource([("settings", "redis_url", str(error))]) from None


def _show(problems: list["Problem"]) -> None:
    """A table for people; for pipes one line each, so that nothing is cut or wrapped."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        for problem in problems:
            typer.echo(": ".join(part for part in problem if part))
        return
    table = Table("Where", "Key", "What is wrong", title=f"Problems found: {len(problems)}", title_justify="left")
    for problem in problems:
        table.add_row(*(Text(part, overflow="fold") for part in problem))
    console.print(table)
