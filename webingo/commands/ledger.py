"""webingo ledger: who takes the ledger's entries, and how far they are."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.transaction.store import Store
    from webingo.transaction.transaction import Standing

ledger = typer.Typer(help="Who takes the ledger's entries, and how far they are.", no_args_is_help=True)


@ledger.command("status")
def status(config: Config = None, as_json: Json = False) -> None:
    """Show what waits for each group of consumers. Exit 1 where entries wait in a shard that no running server serves."""
    report = with_store(config, lambda store, settings: _report(store))
    if as_json:
        print_json(report)
    else:
        _show(report)
    if any(group["unserved"] for group in report["groups"]):
        raise typer.Exit(1)


@ledger.command("forget")
def forget(
    group: Annotated[str, typer.Argument(help="The group's name, as status shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: Config = None,
) -> None:
    """Give up a group's place in the ledger: trimming waits for it no more. Should it come back, it begins anew."""
    with_store(config, lambda store, settings: _check(store, group))
    if not yes:
        typer.confirm(f"Forget how far {group} is? It would get everything again", abort=True)
    with_store(config, lambda store, settings: store.forget(group))
    typer.echo(f"{group} is forgotten.")


async def _check(store: "Store", group: str) -> None:
    from webingo.problems import unknown

    groups = await store.groups()
    if group not in groups:
        raise Failure(unknown("group", group, groups))
    if any(standing.member for standing in await _standings(store, group)):
        raise Failure(f"{group} is in use: stop the servers first; one that was killed is known to be gone after some seconds")


async def _report(store: "Store") -> dict[str, Any]:
    """{"entries", "oldest_ms": of all that is kept, "groups": [{"group", "lag", "oldest_ms", "oldest_seconds", "unserved",
    "members": {name: shards}}]}; the oldest is null where nothing is kept or waits."""
    from webingo.support.clock import SystemClock

    now_ms = SystemClock().now_ms()
    whole = await _standings(store, "")  # a group that nobody is has everything before it
    groups = [_group(name, await _standings(store, name), now_ms) for name in await store.groups()]
    return {"entries": sum(shard.lag for shard in whole), "oldest_ms": _oldest(whole), "groups": groups}


async def _standings(store: "Store", group: str) -> "list[Standing]":
    import asyncio

    from webingo.user import SHARDS

    return list(await asyncio.gather(*(store.standing(group, shard) for shard in range(SHARDS))))


def _group(name: str, shards: "list[Standing]", now_ms: int) -> dict[str, Any]:
    oldest_ms = _oldest(shards)
    return {
        "group": name,
        "lag": sum(shard.lag for shard in shards),
        "oldest_ms": oldest_ms,
        "oldest_seconds": None if oldest_ms is None else max(0, now_ms - oldest_ms) // 1000,
        "unserved": sum(shard.lag for shard in shards if not shard.member),
        "members": dict(sorted(Counter(shard.member for shard in shards if shard.member).items())),
    }


def _oldest(shards: "list[Standing]") -> int | None:
    return min((shard.oldest_ms for shard in shards if shard.lag), default=None)


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table("Group", "Waiting", "Oldest", "Served by", "Nobody serves")
    for group in report["groups"]:
        served = "\n".join(f"{name} ({shards} shards)" for name, shards in group["members"].items())
        oldest = "" if group["oldest_seconds"] is None else span(group["oldest_seconds"])
        unserved = Text(f"{group['unserved']:,}", style="bold red") if group["unserved"] else ""
        table.add_row(Text(group["group"]), f"{group['lag']:,}", oldest, Text(served or "no running server"), unserved)
    if report["groups"]:
        console.print(table)
    else:
        console.print("No group takes the ledger's entries.")
    console.print(f"{report['entries']:,} entries are kept{_since(report['oldest_ms'])}.")


def _since(oldest_ms: int | None) -> str:
    from datetime import UTC, datetime

    if oldest_ms is None:
        return ""
    return f", the oldest of {datetime.fromtimestamp(oldest_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: int) -> str:
    """Roughly, as people say it."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
