"""webingo reconcile: is the ledger the truth?"""

from typing import TYPE_CHECKING, Annotated

import typer

from webingo.commands.common import Config, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.jackpot.mending import Mended
    from webingo.jackpot.reconcile import MeterAudit
    from webingo.transaction.reconcile import Audit
    from webingo.transaction.store import Store


def reconcile(
    config: Config = None,
    as_json: Json = False,
    mend: Annotated[bool, typer.Option("--mend", help="First give jackpots back what their meters have lost.")] = False,
) -> None:
    """Hold every wallet against its ledger, entry by entry, and every jackpot against what was fed and paid. Exit 1 where they
    differ."""
    for done in with_store(config, _mended) if mend else ():
        got = f"{_units(done.fed)} fed, {done.wins} wins counted, {done.granted} granted"
        typer.echo(f"{done.meter}: {done.left or got}", err=as_json)
    audit, meters = with_store(config, _audited)
    if as_json:
        print_json(
            {
                "wallets": audit.wallets,
                "entries": audit.entries,
                "findings": [finding._asdict() for finding in audit.findings],
                "jackpots": {**meters._asdict(), "findings": [finding._asdict() for finding in meters.findings]},
            }
        )
    else:
        _show(audit)
        if meters.meters:
            _show_meters(meters)
    if audit.findings or meters.findings:
        raise typer.Exit(1)


async def _mended(store: "Store", settings: "Settings") -> "list[Mended]":
    from webingo.jackpot.jackpots import shelf_beside
    from webingo.jackpot.mending import mend_meters
    from webingo.jackpot.meters import Meters
    from webingo.rng import SystemRng
    from webingo.support.clock import SystemClock

    rng = SystemRng()
    return await mend_meters(Meters(shelf_beside(store), rng), store, rng, SystemClock().now_ms())


async def _audited(store: "Store", settings: "Settings") -> "tuple[Audit, MeterAudit]":
    from webingo.jackpot.jackpots import shelf_beside
    from webingo.jackpot.reconcile import reconcile_meters
    from webingo.transaction.reconcile import reconcile as audit_all

    return await audit_all(store), await reconcile_meters(shelf_beside(store), store)


def _show(audit: "Audit") -> None:
    findings = [(wallet, problem, str(expected), str(found)) for wallet, problem, expected, found in audit.findings]
    _show_problems("Wallet", findings, f"{audit.wallets} wallets, {audit.entries} ledger entries, {len(findings)} problems.")


def _show_meters(audit: "MeterAudit") -> None:
    findings = [(meter, problem, _units(expected), _units(found)) for meter, problem, expected, found in audit.findings]
    against = "" if audit.whole else ", held against themselves only: the ledger was trimmed"
    _show_problems("Jackpot", findings, f"{audit.meters} jackpots, {audit.wins} wins, {len(findings)} problems{against}.")


def _show_problems(what: str, findings: "list[tuple[str, str, str, str]]", summary: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:  # for pipes one line each, so that no name is cut
        for name, problem, expected, found in findings:
            console.print(Text(f"{name}: {problem}: expected {expected}, found {found}"), soft_wrap=True)
    elif findings:
        table = Table(what, "What is wrong", "Expected", "Found", title=f"Problems found: {len(findings)}")
        for name, problem, expected, found in findings:
            table.add_row(Text(name, overflow="fold"), Text(problem), expected, found)
        console.print(table)
    console.print(summary)


def _units(millionths: int) -> str:
    """In units, with all decimals."""
    return f"{'-' * (millionths < 0)}{abs(millionths) // 10**6}.{abs(millionths) % 10**6:06d}"
