"""webingo check: is everything right that people write?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from webingo.commands.common import Config

if TYPE_CHECKING:
    from webingo.problems import Problem
    from webingo.resources.game import Game
    from webingo.resources.local import LocalResources

RTP_TOLERANCE = 1e-6


def check(config: Config = None) -> None:
    """Check the configuration, the games with their odds, the sites and the templates."""
    from webingo.config import load
    from webingo.errors import BadResource
    from webingo.platforms.registry import homeless, platforms
    from webingo.resources.local import LocalResources
    from webingo.server.app import tls
    from webingo.server.rules import RulesPages
    from webingo.support.clock import SystemClock

    try:
        settings = load(config)
        resources = LocalResources(settings.res_dir, settings.debug)
        RulesPages(resources, settings.res_dir / "templates")
        tls(settings)
        _check_address(settings.redis_url)
        problems = [
            *homeless(resources.sites, platforms(settings, SystemClock())),
            *_wrong_rtps(resources, settings.res_dir),
        ]
    except BadResource as error:
        problems = error.problems
    if problems:
        _show(problems)
        raise typer.Exit(1)
    typer.echo(f"All is right. Games: {', '.join(resources.games)}. Sites: {', '.join(resources.sites)}.")


def _check_address(redis_url: str) -> None:
    from webingo.errors import BadResource
    from webingo.support.redis.address import parse

    try:
        parse(redis_url)
    except ValueError as error:
        raise BadResource([("settings", "redis_url", str(error))]) from None


def _wrong_rtps(resources: "LocalResources", res_dir: Path) -> Iterator["Problem"]:
    for game in resources.built.values():
        if reason := _wrong_rtp(game):
            yield str(res_dir / "games" / game.manifest.id / "manifest.json"), "rtp", reason
    for site in resources.sites.values():
        for place, offer in enumerate(site.games):
            if offer.settings and (reason := _wrong_rtp(resources.offered(site, offer.id))):
                yield str(res_dir / "local_sites" / f"{site.id}.json"), f"games.{place}.settings", reason


def _wrong_rtp(game: "Game") -> str:
    stated, counted = game.manifest.rtp, float(game.engine.odds().rtp)
    return "" if abs(stated - counted) <= RTP_TOLERANCE else f"the manifest states {stated}, the odds give {counted:.9f}"


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
