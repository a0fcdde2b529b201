"""Meters for tests: on each of the stores, fed by hand."""

from itertools import count

from webingo.jackpot.meter import Claim, Contribution, Feed, MeterId, Terms
from webingo.jackpot.meters import Meters
from webingo.resources.jackpots import MILLION
from webingo.rng import fresh_id

TERMS = Terms(min=10, max=100, before=0, contribution=10_000, reserve=5_000)
MYSTERY = Terms(min=10, max=100, before=20, contribution=10_000, reserve=0)
_NUMBERS = count()


def fresh_meter() -> MeterId:
    """A name that no test before has used: servers keep what was written."""
    return MeterId("demo", "credit", f"site-{fresh_id()}", f"jp_test{next(_NUMBERS)}")


def claim(name: str = "") -> Claim:
    return Claim(name or fresh_id(), "demo:credit:ada", "07-round", "coin")


def feed_of(*units: float, shard: int = 0, first: int = 1) -> Feed:
    """One contribution after the other, in units, at the positions from `first` on."""
    return Feed(
        shard,
        [
            Contribution(f"{first + place}-0", round(amount * MILLION), claim(f"{shard}/{first + place}"))
            for place, amount in enumerate(units)
        ],
    )


async def books(meters: Meters, meter: MeterId) -> tuple[float, ...]:
    """value, overflow, reserve, seeded, contributed, paid: in units."""
    held = await meters.shelf.read(meter)
    assert held.unexplained == 0
    amounts = (held.value, held.overflow, held.reserve, held.seeded, held.contributed, held.paid)
    return tuple(amount / MILLION for amount in amounts)
