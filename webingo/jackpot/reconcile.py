"""Whether the meters are right: each in itself, and all of them against the ledger, also while the server goes on."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from webingo.jackpot.awards import meter_of
from webingo.jackpot.feeder import GROUP, claims_of, contributions_of
from webingo.jackpot.meter import Claim, Meter, MeterId, Win, after
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


class Books(NamedTuple):
    """A meter with its wins, by claim, and the claims of those that are not settled."""

    meter: Meter
    wins: dict[str, Win]
    owed: set[str]


_NONE = Books(Meter(), {}, set())


@dataclass
class Evidence:
    """The meters, and what the ledger says of them. `done` is how far the meters' group was in each shard when they were read,
    `contributed` what was fed as far as that or as far as the meter itself has got, `paid` the entries of jackpots by their
    id, `won` what these are, `claims` what rounds have won by then. `whole`: the ledger has all that ever was."""

    done: Sequence[str]
    books: dict[MeterId, Books]
    contributed: Counter[MeterId] = field(default_factory=Counter)
    paid: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    won: dict[MeterId, dict[str, Win]] = field(default_factory=lambda: defaultdict(dict))
    claims: dict[MeterId, dict[str, Claim]] = field(default_factory=lambda: defaultdict(dict))
    whole: bool = True

    @property
    def meters(self) -> list[MeterId]:
        return list({**self.books, **self.contributed, **self.won, **self.claims})

    def books_of(self, meter: MeterId) -> Books:
        return self.books.get(meter, _NONE)

    def unknown_wins(self, meter: MeterId) -> list[Win]:
        """Those that were paid, and that the meter does not know."""
        known = self.books_of(meter).wins
        return [win for claim, win in self.won.get(meter, {}).items() if claim not in known]

    def unclaimed(self, meter: MeterId) -> list[Claim]:
        """What was won, and has never been granted."""
        known = {**self.books_of(meter).wins, **self.won.get(meter, {})}
        return [claim for name, claim in self.claims.get(meter, {}).items() if name not in known]


async def gathered(shelf: Shelf, store: Store) -> Evidence:
    """Raises Refused(UNAVAILABLE)."""
    # Read before the meters: what the group is done with is in them, or it is lost.
    done = [(await store.standing(GROUP, shard)).position for shard in range(SHARDS)]
    evidence = Evidence(done, {meter: await _read(shelf, meter) for meter in await shelf.meters()})
    for shard in range(SHARDS):
        async for entry in store.entries(shard):
            _note(evidence, shard, entry)
        evidence.whole = evidence.whole and not await store.trimmed(shard)
    for meter, won in evidence.won.items():  # granted since the meters were read
        for win in evidence.unknown_wins(meter):
            if await shelf.win(meter, win.claim) is not None:
                del won[win.claim]
    return evidence


def _note(evidence: Evidence, shard: int, entry: Entry) -> None:
    if entry.kind == "jackpot":
        evidence.paid[entry.id].append(entry)
        meter, win = meter_of(entry.wallet, entry.site, entry.note), _win(entry)
        if win is not None:
            evidence.won[meter][win.claim] = win
    if entry.fed:
        for meter, (fed,) in contributions_of([entry]).items():
            passed = evidence.books_of(meter).meter.passed.get(shard, "")
            if not after(fed.position, passed) or not after(fed.position, evidence.done[shard]):
                evidence.contributed[meter] += fed.amount
    if not after(entry.position, evidence.done[shard]):
        for meter, claim in claims_of([entry]):
            evidence.claims[meter][claim.id] = claim


def _win(entry: Entry) -> Win | None:
    """What an entry "post:<length>:jackpot:<claim>:<wallet>" has paid."""
    _, length, rest = entry.id.split(":", 2)
    posting = rest[: int(length)]
    if not posting.startswith("jackpot:"):
        return None
    claim = Claim(posting.removeprefix("jackpot:"), entry.wallet, entry.round, entry.game)
    return Win(*claim, entry.amount, entry.at_ms)


async def reconcile_meters(shelf: Shelf, store: Store) -> MeterAudit:
    """Raises Refused(UNAVAILABLE)."""
    evidence = await gathered(shelf, store)
    books = evidence.books
    found = [finding for meter, held in books.items() for finding in _in_itself(meter, held)]
    if evidence.whole:
        found += [finding for meter in evidence.meters for finding in _against_ledger(meter, evidence)]
    return MeterAudit(len(books), sum(len(held.wins) for held in books.values()), evidence.whole, found)


def _against_ledger(meter: MeterId, evidence: Evidence) -> Iterator[MeterFinding]:
    held, contributed = evidence.books_of(meter), evidence.contributed[meter]
    if contributed != held.meter.contributed:
        problem = "what was fed is not what the ledger says"
        yield MeterFinding(str(meter), problem, contributed, held.meter.contributed)
    yield from _paid(meter, held, evidence.paid)
    for win in evidence.unknown_wins(meter):
        yield MeterFinding(str(meter), f"it knows nothing of the win {win.claim}, which was paid", win.amount * MILLION, 0)
    for claim in evidence.unclaimed(meter):
        yield MeterFinding(str(meter), f"the win {claim.id} was never granted", held.meter.value, 0)


async def _read(shelf: Shelf, meter: MeterId) -> Books:
    """A meter with the wins of that moment. Those that are settled are in the ledger by now."""
    for _ in range(_TRIES):
        held = await shelf.read(meter)
        owed = {win.claim for win in await shelf.owed(meter)}
        wins = {win.claim: win for win in await shelf.wins(meter)}
        if (await shelf.read(meter)).n == held.n:
            break
    return Books(held, wins, owed)


def _in_itself(meter: MeterId, books: Books) -> list[MeterFinding]:
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


def _paid(meter: MeterId, books: Books, paid: dict[str, list[Entry]]) -> list[MeterFinding]:
    found = list[MeterFinding]()
    for win in books.wins.values():
        posting = f"jackpot:{win.claim}"
        entries = paid.get(f"post:{len(posting)}:{posting}:{WalletId.parse(win.wallet)}", [])
        amount = sum(entry.amount for entry in entries)
        if (win.claim not in books.owed or entries) and amount != win.amount:
            problem = f"the win {win.claim} is not in its wallet's ledger as it was granted"
            found.append(MeterFinding(str(meter), problem, win.amount * MILLION, amount * MILLION))
    return found
