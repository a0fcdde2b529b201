"""Whether the meters are right: each in itself, and all of them against the ledger, also while the server goes on."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from webingo.jackpot.feeder import GROUP, contributions_of
from webingo.jackpot.meter import Meter, MeterId, Win, after
from webingo.jackpot.shelf import Shelf
from webingo.resources.jackpots import MILLION
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, WalletId
from webingo.user import SHARDS

_TRIES = 20
"""Of reading a meter together with its wins, while it changes four times a second and more."""


class MeterFinding(NamedTuple):
    """A meter that does not add up: amounts in millionths of a unit."""

    meter: str
    problem: str
    expected: int
    found: int


class MeterAudit(NamedTuple):
    """What was looked at, and all that was wrong in it. `whole` tells whether the ledger still has all that was ever fed and
    paid: where entries were trimmed, the meters were only held against themselves."""

    meters: int
    wins: int
    whole: bool
    findings: list[MeterFinding]


class _Books(NamedTuple):
    meter: Meter
    wins: dict[str, Win]
    owed: set[str]


_NONE = _Books(Meter(), {}, set())


async def reconcile_meters(shelf: Shelf, store: Store) -> MeterAudit:
    """Raises Refused(UNAVAILABLE)."""
    # Read before the meters: what the group is done with is in them, or it is lost.
    done = [(await store.standing(GROUP, shard)).position for shard in range(SHARDS)]
    books = {meter: await _read(shelf, meter) for meter in await shelf.meters()}
    found = [finding for meter, held in books.items() for finding in _in_itself(meter, held)]
    contributed, paid, whole = await _from_ledger(store, books, done)
    if whole:
        for meter in {**books, **contributed}:
            held = books.get(meter, _NONE)
            if contributed[meter] != held.meter.contributed:
                problem = "what was fed is not what the ledger says"
                found.append(MeterFinding(str(meter), problem, contributed[meter], held.meter.contributed))
            found += _paid(meter, held, paid)
    return MeterAudit(len(books), sum(len(held.wins) for held in books.values()), whole, found)


async def _read(shelf: Shelf, meter: MeterId) -> _Books:
    """A meter with the wins of that moment. Those that are settled are in the ledger by now."""
    for _ in range(_TRIES):
        held = await shelf.read(meter)
        owed = {win.claim for win in await shelf.owed(meter)}
        wins = {win.claim: win for win in await shelf.wins(meter)}
        if (await shelf.read(meter)).n == held.n:
            break
    return _Books(held, wins, owed)


def _in_itself(meter: MeterId, books: _Books) -> list[MeterFinding]:
    held, found = books.meter, list[MeterFinding]()
    if held.unexplained:
        expected = held.seeded + held.contributed - held.paid
        problem = "value, overflow and reserve are not what was seeded and contributed and not paid"
        found.append(MeterFinding(str(meter), problem, expected, expected + held.unexplained))
    if (won := sum(win.amount for win in books.wins.values()) * MILLION) != held.paid:
        found.append(MeterFinding(str(meter), "what was paid is not the sum of the wins", won, held.paid))
    for name in ("value", "overflow", "reserve"):
        if getattr(held, name) < 0:
            found.append(MeterFinding(str(meter), f"{name} is negative", 0, getattr(held, name)))
    return found


async def _from_ledger(
    store: Store, books: dict[MeterId, _Books], done: Sequence[str]
) -> tuple[Counter[MeterId], dict[str, list[Entry]], bool]:
    """What was fed into each meter, as far as it has got or its group is `done`, and the entries of paid jackpots by id;
    whether nothing is missing."""
    contributed, paid, whole = Counter[MeterId](), defaultdict[str, list[Entry]](list), True
    for shard in range(SHARDS):
        async for entry in store.entries(shard):
            if entry.kind == "jackpot":
                paid[entry.id].append(entry)
            if entry.fed:
                for meter, (fed,) in contributions_of([entry]).items():
                    passed = books.get(meter, _NONE).meter.passed.get(shard, "")
                    if not after(fed.position, passed) or not after(fed.position, done[shard]):
                        contributed[meter] += fed.amount
        whole = whole and not await store.trimmed(shard)
    return contributed, paid, whole


def _paid(meter: MeterId, books: _Books, paid: dict[str, list[Entry]]) -> list[MeterFinding]:
    found = list[MeterFinding]()
    for win in books.wins.values():
        posting = f"jackpot:{win.claim}"
        entries = paid.get(f"post:{len(posting)}:{posting}:{WalletId.parse(win.wallet)}", [])
        amount = sum(entry.amount for entry in entries)
        if (win.claim not in books.owed or entries) and amount != win.amount:
            problem = f"the win {win.claim} is not in its wallet's ledger as it was granted"
            found.append(MeterFinding(str(meter), problem, win.amount * MILLION, amount * MILLION))
    return found
