"""Whether the ledger is the truth: every wallet's entries, one after the other, must lead to its balance, and the wagers that
were made on a seat, less the cancelled ones, to its spend. What is in transit must be what operators have yet to hear of."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Funds, Seat, WalletId
from webingo.user import SHARDS, User

_TRIES = 5  # a sweep trims once a minute, and is done with a shard at once; a player's money does not move all the time
_LOOKS = 2


class Finding(NamedTuple):
    """A wallet whose ledger does not add up; `ledger` and `balance` are the two balances (or sequence numbers) that differ.
    Or a seat, str(Seat), whose spend is not what was wagered."""

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
    """A wallet's entries seen so far: each must continue the one before, and the first what was trimmed before it."""

    def __init__(self, trimmed: Funds) -> None:
        self.last = trimmed
        self.at = {trimmed.seq: trimmed.balance}
        self.broken: list[tuple[str, int, int]] = []

    def add(self, entry: Entry, wanted_seq: int) -> None:
        last = self.last
        if entry.seq != last.seq + 1:
            self.broken.append(("entries are missing or repeated", last.seq + 1, entry.seq))
        elif entry.balance != last.balance + entry.amount:
            self.broken.append((f"entry {entry.id} does not add up", last.balance + entry.amount, entry.balance))
        if entry.seq == wanted_seq:
            self.at[wanted_seq] = entry.balance
        self.last = Funds(entry.balance, entry.seq)


class _Shard(NamedTuple):
    """What was read of one shard: the wallets, then what the seats had spent, then the ledger. Of that the wallets' chains, how
    many entries there are, ids that stand twice, what was wagered on each seat, less what was cancelled, and on which ones
    something was. Seats are named by str(Seat)."""

    funds: dict[str, Funds]
    chains: dict[str, _Chain]
    entries: int
    findings: list[Finding]
    spent: dict[str, int]
    wagered: dict[str, int]
    cancelled: set[str]


async def reconcile(store: Store) -> Audit:
    """Checks every wallet of every shard, also while the server goes on writing: a wallet is held against the ledger
    entry of its own sequence number, and entries that came later only have to continue the chain."""
    wallets = entries = 0
    findings: list[Finding] = []
    for number in range(SHARDS):
        shard = await _untrimmed_meanwhile(store, number)
        wallets += len(shard.funds)
        entries += shard.entries
        findings += shard.findings
        findings += _compared(shard)
        findings += await _overspent(store, shard, number)
        findings += [finding async for finding in _in_transit(store, shard.funds, number)]
    return Audit(wallets, entries, findings)


async def _untrimmed_meanwhile(store: Store, number: int) -> _Shard:
    """The shard, read in a time in which nothing of it was trimmed: else entries would seem to be missing."""
    trimmed = await store.trimmed(number)
    for _ in range(_TRIES):
        shard = await _read(store, number, trimmed)
        before, trimmed = trimmed, await store.trimmed(number)
        if trimmed == before:
            break
    return shard


async def _read(store: Store, number: int, trimmed: dict[str, Funds]) -> _Shard:
    funds = {name: funds async for name, funds in store.wallets(number)}
    spent = {str(seat): spent async for seat, spent in store.seats(number)}
    wagered: dict[str, int] = defaultdict(int)
    cancelled: set[str] = set()
    chains = {wallet: _Chain(last) for wallet, last in trimmed.items()}
    ids: set[str] = set()
    entries, findings = 0, []
    async for entry in store.entries(number):
        entries += 1
        if entry.id in ids:
            findings.append(Finding(entry.wallet, f"entry {entry.id} stands twice", entry.seq, entry.balance))
        ids.add(entry.id)
        known = funds.get(entry.wallet)
        chain = chains.get(entry.wallet)
        if chain is None:
            chain = chains[entry.wallet] = _Chain(Funds(0, 0))
        chain.add(entry, known.seq if known else 0)
        if entry.kind in ("wager", "cancel"):
            platform, _, uid = entry.wallet.split(":", 2)
            seat = f"{platform}:{entry.site}:{uid}"
            wagered[seat] -= entry.amount
            if entry.kind == "cancel":
                cancelled.add(seat)
    return _Shard(funds, chains, entries, findings, spent, wagered, cancelled)


def _compared(shard: _Shard) -> Iterator[Finding]:
    for name, chain in shard.chains.items():
        for problem, expected, actual in chain.broken:
            yield Finding(name, problem, expected, actual)
    for name, (balance, seq) in shard.funds.items():
        found = shard.chains[name].at.get(seq) if name in shard.chains else None
        if found is None and seq > 0:
            yield Finding(name, f"entry number {seq} is not in the ledger", 0, balance)
        elif found is not None and found != balance:
            yield Finding(name, "the wallet differs from its ledger", found, balance)
        elif found is None and balance:
            yield Finding(name, "a balance without any entry", 0, balance)


async def _overspent(store: Store, shard: _Shard, number: int) -> list[Finding]:
    """Seats whose spend is not the sum of their wagers, also when the shard is read again: a wager that is cancelled meanwhile
    can look like one."""
    doubtful = await _doubtful(store, shard, await store.trimmed(number))
    for _ in range(_LOOKS - 1):
        if not doubtful:
            break
        again = await _untrimmed_meanwhile(store, number)
        still = await _doubtful(store, again, await store.trimmed(number))
        doubtful = {name: finding for name, finding in still.items() if name in doubtful}
    return list(doubtful.values())


async def _doubtful(store: Store, shard: _Shard, trimmed: dict[str, Funds]) -> dict[str, Finding]:
    """By str(Seat). Where people play on meanwhile the sum has to lie between the spend before the ledger was read and the one
    now; with cancelled wagers nobody can tell then. Nor of players with trimmed entries."""
    unknown = {(platform, uid) for platform, _, uid in (wallet.split(":", 2) for wallet in trimmed)}
    doubtful = {}
    for name in sorted(shard.spent.keys() | shard.wagered.keys()):
        platform, site, uid = name.split(":", 2)
        before, wagered = shard.spent.get(name, 0), shard.wagered.get(name, 0)
        if before == wagered or (platform, uid) in unknown:
            continue
        user = User(platform, uid)
        seats, wallets = await store.belongings(user)
        now = dict(seats).get(Seat(user, site), 0)
        # A spend changes only together with one of the player's wallets.
        at_rest = [await store.funds(wallet) for wallet in wallets] == [shard.funds.get(str(wallet)) for wallet in wallets]
        if at_rest or (name not in shard.cancelled and not before <= wagered <= now):
            doubtful[name] = Finding(name, "the spend of the seat is not the sum of its wagers", wagered, now)
    return doubtful


async def _in_transit(store: Store, funds: dict[str, Funds], number: int) -> AsyncIterator[Finding]:
    """Transit wallets that hold something else than what their deliveries will pay out. What is owed changes only together
    with the wallet, so that a wallet which is the same before and after is compared with what was owed then."""
    before = {name: found for name, found in funds.items() if "@" in WalletId.parse(name).denom}
    for _ in range(_TRIES):
        owed: dict[str, int] = defaultdict(int)
        async for delivery in store.deliveries(number):
            owed[str(delivery.wallet)] += delivery.payout
        moved = {}
        for name in sorted(before.keys() | (owed.keys() - funds.keys())):
            found = before.get(name, Funds(0, 0))
            if owed[name] == found.balance:
                continue
            now = await store.funds(WalletId.parse(name))
            if now == found:
                yield Finding(name, "transit: what is held is not what the operator is owed", owed[name], now.balance)
            else:
                moved[name] = now
        if not moved:
            break
        before = moved
