"""A meter that has lost what it knew, made right from the ledger: as after the last second of a database's node was lost, or
where its key is gone altogether."""

from collections.abc import Iterable
from typing import NamedTuple

from webingo.jackpot.meter import Lost, MeterId, Win, mended
from webingo.jackpot.meters import Meters
from webingo.jackpot.reconcile import Books, Evidence, gathered
from webingo.resources.jackpots import MILLION
from webingo.rng import Rng
from webingo.transaction.store import Store


class Mended(NamedTuple):
    """What a meter got: millionths of a unit that wagers fed, wins that were paid, and wins that are paid only now. `left`
    says why it got nothing, though it is not right."""

    meter: str
    fed: int = 0
    wins: int = 0
    granted: int = 0
    left: str = ""


async def mend_meters(meters: Meters, store: Store, rng: Rng, at_ms: int) -> list[Mended]:
    """Those that were not right. Nothing is counted or paid twice, whoever does this at the same time, and however often: each
    meter is changed only if it is as it was when the ledger was read. Raises Refused(UNAVAILABLE)."""
    evidence = await gathered(meters.shelf, store)
    done = [await _mend(meters, evidence, meter, rng, at_ms) for meter in evidence.meters]
    return [each for each in done if each.fed or each.wins or each.granted or each.left]


async def _mend(meters: Meters, evidence: Evidence, meter: MeterId, rng: Rng, at_ms: int) -> Mended:
    name, books, shelf = str(meter), evidence.books_of(meter), meters.shelf
    held, unknown, unclaimed = books.meter, evidence.unknown_wins(meter), evidence.unclaimed(meter)
    short = evidence.contributed[meter] - held.contributed if evidence.whole else 0
    wins = _uncounted(unknown, books)
    if not (short or unknown or unclaimed or wins or wins is None):
        return Mended(name)
    if reason := _hindrance(evidence, books, short, wins):
        return Mended(name, left=reason)
    assert wins is not None
    if short or wins or unknown:
        passed = {shard: position for shard, position in enumerate(evidence.done) if position}
        change = mended(held, Lost(short, tuple(wins), passed), rng, at_ms)
        if await shelf.put(meter, held, change._replace(wins=tuple(unknown))) is not None:
            return Mended(name, left="it changes at the moment: stop the servers, and try again")
        for win in unknown:  # they stand in their wallets
            await shelf.settle(meter, win.claim, at_ms)
    for claim in unclaimed:  # the servers pay what is owed
        await meters.claim(meter, claim, at_ms)
    return Mended(name, short, len(wins), len(unclaimed))


def _hindrance(evidence: Evidence, books: Books, short: int, wins: list[Win] | None) -> str:
    if not evidence.whole:
        return "the ledger was trimmed: what the meter lacks can't be known"
    if books.meter.terms is None:
        return "it was never set up, or it is gone: start a server, which sets it up, and try again"
    if books.meter.unexplained:
        return "its amounts don't add up: somebody changed them"
    if short < 0:
        return "it holds more than the ledger says was fed: the ledger has lost something, not the meter"
    return "what it paid is no sum of its wins" if wins is None else ""


def _uncounted(unknown: Iterable[Win], books: Books) -> list[Win] | None:
    """The wins that are not in the meter's `paid`: those that it knows nothing of, and else the newest; None where no such
    wins make up what is missing."""
    every = [*unknown, *sorted(books.wins.values(), key=lambda win: win.at_ms, reverse=True)]
    missing = sum(win.amount for win in every) - books.meter.paid // MILLION
    found = list[Win]()
    while missing > 0 and every:
        found.append(every.pop(0))
        missing -= found[-1].amount
    return None if missing else found
