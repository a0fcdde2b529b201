"""webingo reconcile: is the ledger the truth?"""

from typing import TYPE_CHECKING

import typer

from webingo.commands.common import Config, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.transaction.reconcile import Audit


def reconcile(config: Config = None, as_json: Json = False) -> None:
    """Hold every wallet against its ledger: entry by entry, and the sum against the balance. Exit 1 where they differ."""
    from webingo.transaction.reconcile import reconcile as audit_all

    audit = with_store(config, lambda store, settings: audit_all(store))
    if as_json:
        print_json(
            {
                "wallets": audit.wallets,
                "entries": audit.entries,
                "findings": [finding._asdict() for finding in audit.findings],
            }
        )
    else:
        _show(audit)
    if audit.findings:
        raise typer.Exit(1)


def _show(audit: "Audit") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if audit.findings:
        table = Table("Wallet", "What is wrong", "Expected", "Found", title=f"Problems found: {len(audit.findings)}")
        for wallet, problem, ledger, balance in audit.findings:
            table.add_row(Text(wallet), Text(problem), str(ledger), str(balance))
        console.print(table)
    console.print(f"{audit.wallets} wallets, {audit.entries} ledger entries, {len(audit.findings)} problems.")
