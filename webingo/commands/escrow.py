"""webingo escrow: open rounds of games that live elsewhere, and giving back what is in them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.server.rgs.overdue import Open
    from webingo.transaction.store import Store

escrow = typer.Typer(help="Open rounds of games that live elsewhere.", no_args_is_help=True)


@escrow.command("list")
def show(config: Config = None, as_json: Json = False) -> None:
    """List the open rounds with what is escrowed in them, the oldest first. Exit 1 where one is open for too long."""
    report = with_store(config, _report)
    if as_json:
        print_json(report)
    else:
        _show(report)
    if any(found["overdue"] for found in report):
        raise typer.Exit(1)


@escrow.command("cancel")
def cancel(
    site: Annotated[str, typer.Argument(help="The round's site: its id, or platform:id.")],
    round_name: Annotated[str, typer.Argument(metavar="ROUND", help="The round, as its game or as list names it.")],
    config: Config = None,
) -> None:
    """Cancel an open round: what is escrowed goes back to the player, and the game's result will be refused.

    Where an operator keeps the money, it is told at once; if it does not listen, running servers go on telling it.
    """
    typer.echo(with_store(config, lambda store, settings: _cancel(store, settings, site, round_name)))


async def _open(store: "Store", settings: "Settings") -> "list[Open]":
    from webingo.resources.local import LocalResources
    from webingo.server.rgs.overdue import open_rounds
    from webingo.support.clock import SystemClock

    resources = None if settings.rgs_base else LocalResources(settings.res_dir, settings.debug)
    found = [each async for each in open_rounds(store, resources, SystemClock().now_ms())]
    return sorted(found, key=lambda each: each.round.at_ms)


async def _report(store: "Store", settings: "Settings") -> list[dict[str, Any]]:
    """[{"platform", "site", "player", "round", "id", "game", "denom", "stake", "since_ms", "asking": whether an operator is
    being asked, "overdue": null where nobody knows here, as a backoffice has the sites}]."""
    return [
        {
            "platform": found.round.seat.user.platform,
            "site": found.round.seat.site,
            "player": found.round.seat.user.uid,
            "round": found.round.name,
            "id": found.round.id,
            "game": found.round.game,
            "denom": found.round.wallet.denom,
            "stake": found.round.stake,
            "since_ms": found.round.at_ms,
            "asking": bool(found.round.asking),
            "overdue": None if settings.rgs_base else found.overdue,
        }
        for found in await _open(store, settings)
    ]


async def _cancel(store: "Store", settings: "Settings", site: str, name: str) -> str:
    from webingo.commands.common import find_site
    from webingo.server.operators import Operators
    from webingo.server.rgs.overdue import cancel_open
    from webingo.support.clock import SystemClock
    from webingo.wallet.outside import OutsideMoney

    place, clock = find_site(settings, site), SystemClock()
    rounds = [found.round for found in await _open(store, settings) if name in (found.round.name, found.round.id)]
    here = [found for found in rounds if (found.seat.user.platform, found.seat.site) == place]
    if not here:
        raise Failure(f"{name}: no such round is open on {':'.join(place)} (webingo escrow list shows those that are)")
    operators = Operators(settings, store, clock)
    try:
        await operators.start()
        await cancel_open(OutsideMoney(store, operators.wallets, clock), here[0])
    finally:
        await operators.stop()
    return f"{here[0].name} is cancelled; {_text(here[0].stake, here[0].wallet.denom)} go back to {here[0].seat.user.uid}."


def _text(amount: int, denom: str) -> str:
    from webingo.wallet.denomination import denomination, operator_of

    known, operator = denomination(denom), operator_of(denom)
    text = str(amount) if known is None else known.text(amount)
    return f"{text} at {operator}" if operator else text


def _show(report: list[dict[str, Any]]) -> None:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not report:
        console.print("No round is open.")
        return
    table = Table("Site", "Player", "Round", "Game", "Escrowed", "Since", "")
    for found in report:
        since = f"{datetime.fromtimestamp(found['since_ms'] / 1000, UTC):%Y-%m-%d %H:%M:%S}"
        told = Text("overdue", style="bold red") if found["overdue"] else Text("asking" if found["asking"] else "")
        site, escrowed = f"{found['platform']}:{found['site']}", _text(found["stake"], found["denom"])
        table.add_row(site, Text(found["player"]), found["round"], found["game"], escrowed, since, told)
    console.print(table)
