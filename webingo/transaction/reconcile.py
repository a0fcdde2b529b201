"""Whether the ledger is the truth: every wallet's entries, one after the other, must lead to its balance."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Funds
from webingo.user import SHARDS


class Finding(NamedTuple):
    """A wallet whose ledger does not add up; `ledger` and `wallet` are the two balances (or sequence numbers) that differ."""

    wallet: str
    problem: str
    ledger: int
    balance: int


class Audit(NamedTuple):
    """What was looked at, and all that was wrong in it."""

    wallets: int
    entries: int
    findings: list[Finding]


class _Chain:
    """A wallet's entries seen so far: each must continue the one before. A trimmed ledger begins with any number."""

    def __init__(self) -> None:
        self.last: Entry | None = None
        self.at: dict[int, int] = {}
        self.broken: list[tuple[str, int, int]] = []

    def add(self, entry: Entry, wanted_seq: int) -> None:
        last = self.last
        if last is None and entry.seq == 1 and entry.balance != entry.amount:
            self.broken.append(("the first balance is not the first amount", entry.amount, entry.balance))
        if last is not None and entry.seq != last.seq + 1:
            self.broken.append(("entries are missing or repeated", last.seq + 1, entry.seq))
        elif last is not None and entry.balance != last.balance + entry.amount:
            self.broken.append((f"entry {entry.id} does not add up", last.balance + entry.amount, entry.balance))
        if entry.seq == wanted_seq:
            self.at[wanted_seq] = entry.balance
        self.last = entry


async def reconcile(store: Store) -> Audit:
    """Checks every wallet of every shard, also while the server goes on writing: a wallet is held against the ledger
    entry of its own sequence number, and entries that came later only have to continue the chain."""
    wallets = entries = 0
    findings: list[Finding] = []
    for shard in range(SHARDS):
        funds = {name: funds async for name, funds in store.wallets(shard)}
        chains: dict[str, _Chain] = {}
        ids: set[str] = set()
        async for entry in store.entries(shard):
            entries += 1
            if entry.id in ids:
                findings.append(Finding(entry.wallet, f"entry {entry.id} stands twice", entry.seq, entry.balance))
            ids.add(entry.id)
            known = funds.get(entry.wallet)
            chains.setdefault(entry.wallet, _Chain()).add(entry, known.seq if known else 0)
        wallets += len(funds)
        findings += [finding async for finding in _compared(store, funds, chains)]
    return Audit(wallets, entries, findings)


async def _compared(store: Store, funds: dict[str, Funds], chains: dict[str, _Chain]) -> AsyncIterator[Finding]:
    for name, chain in chains.items():
        for problem, expected, actual in chain.broken:
            yield Finding(name, problem, expected, actual)
    for name, (balance, seq) in funds.items():
        found = chains[name].at.get(seq) if name in chains else None
        if found is None and seq > 0:
            yield Finding(name, f"entry number {seq} is not in the ledger", 0, balance)
        elif found is not None and found != balance:
            yield Finding(name, "the wallet differs from its ledger", found, balance)
        elif found is None and balance:
            yield Finding(name, "a balance without any entry", 0, balance)
    for name in chains.keys() - funds.keys():
        last = chains[name].last
        yield Finding(name, "entries without a wallet", last.balance if last else 0, 0)
