"""webingo operator: what the operators who keep their players' money have yet to hear of."""

from typing import TYPE_CHECKING, Any

import typer

from webingo.commands.common import Config, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.transaction.store import Store
    from webingo.transaction.transaction import Delivery

operator = typer.Typer(help="What operators who keep their players' money have yet to hear of.", no_args_is_help=True)

_SHOWN = 50
_PAGE = 100
_OVERDUE_S = 3600


@operator.callback()
def _commands() -> None:
    """One command would else be taken for the whole."""


@operator.command("status")
def status(config: Config = None, as_json: Json = False) -> None:
    """Show the results and cancels that no operator has acknowledged yet. Exit 1 where one has waited for an hour."""
    report = with_store(config, _report)
    if as_json:
        print_json(report)
    else:
        _show(report)
    if any(delivery["age_seconds"] >= _OVERDUE_S for delivery in report["deliveries"]):
        raise typer.Exit(1)


async def _report(store: "Store", settings: "Settings") -> dict[str, Any]:
    """{"operators": [{"operator", "adapter" (null: not in the settings any more), "deliveries", "oldest_seconds"}],
    "deliveries": [{"id", "operator", "wallet", "call", "amount", "round", "age_seconds", "tries", "due_seconds", "reason"}],
    the oldest first, "intents": [{"session", "intent"}] that nobody has brought to an end in time}."""
    from webingo.support.clock import SystemClock
    from webingo.user import SHARDS
    from webingo.wallet.deliverer import CARRIED_ON_MS

    now_ms = SystemClock().now_ms()
    deliveries, intents = list[dict[str, Any]](), list[dict[str, str]]()
    for shard in range(SHARDS):
        deliveries += [_delivery(delivery, now_ms) async for delivery in store.deliveries(shard)]
        found = await store.intents(shard, now_ms - CARRIED_ON_MS, 0, _PAGE)
        intents += [{"session": str(seat), "intent": intent_id} for seat, intent_id in found]
    deliveries.sort(key=lambda delivery: -delivery["age_seconds"])
    names = dict.fromkeys((*settings.operators, *(delivery["operator"] for delivery in deliveries)))
    return {
        "operators": [_operator(name, settings, deliveries) for name in names],
        "deliveries": deliveries,
        "intents": intents,
    }


def _operator(name: str, settings: "Settings", deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    ages = [delivery["age_seconds"] for delivery in deliveries if delivery["operator"] == name]
    known = settings.operators.get(name)
    adapter = None if known is None else known.adapter
    return {"operator": name, "adapter": adapter, "deliveries": len(ages), "oldest_seconds": max(ages, default=None)}


def _delivery(delivery: "Delivery", now_ms: int) -> dict[str, Any]:
    """Nothing of its document that is secret."""
    from webingo.wallet.delivery import Told
    from webingo.wallet.denomination import operator_of

    told = Told.read(delivery.document)
    return {
        "id": delivery.id,
        "operator": operator_of(delivery.wallet.denom),
        "wallet": str(delivery.wallet),
        "call": told.op,
        "amount": told.charge.amount,
        "round": told.charge.round,
        "age_seconds": max(0, now_ms - told.since_ms) // 1000,
        "tries": told.tries,
        "due_seconds": (delivery.due_ms - now_ms) // 1000,
        "reason": told.reason,
    }


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not report["operators"]:
        console.print("No operator keeps players' money here.")
    else:
        table = Table("Operator", "Adapter", "Waiting", "Oldest")
        for found in report["operators"]:
            adapter = found["adapter"] or Text("not in the settings", style="bold red")
            table.add_row(Text(found["operator"]), adapter, f"{found['deliveries']:,}", _age(found["oldest_seconds"]))
        console.print(table)
    if report["deliveries"]:
        table = Table("Call", "Amount", "Wallet", "Round", "Since", "Tries", "What was said last")
        for found in report["deliveries"][:_SHOWN]:
            cells = found["call"], f"{found['amount']:,}", found["wallet"], found["round"], _age(found["age_seconds"])
            table.add_row(*(Text(cell, overflow="fold") for cell in (*cells, str(found["tries"]), found["reason"])))
        console.print(table)
    if (more := len(report["deliveries"]) - _SHOWN) > 0:
        console.print(f"And {more:,} more; --json lists them all.")
    for found in report["intents"]:
        console.print(f"{found['session']}: {found['intent']} was begun and is given up; a running server takes it back.")


def _age(seconds: int | None) -> str:
    from webingo.commands.ledger import span

    return "" if seconds is None else span(seconds)
