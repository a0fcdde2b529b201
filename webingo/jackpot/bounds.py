"""The bounds of a jackpot that are in force while its meter runs, whatever its site says by now: players are told these."""

from collections.abc import Mapping
from typing import NamedTuple

from webingo.jackpot.meter import Meter, Terms
from webingo.resources.jackpots import MILLION, Jackpot

BoundsOf = Mapping[str, "Bounds"]
"""By the jackpot's id."""


class Bounds(NamedTuple):
    """In storage units. `before` is what the running mystery is won before; 0 where a game wins the jackpot, and where no
    secret could be drawn yet, since it holds too much."""

    max: int
    before: int

    @classmethod
    def of(cls, jackpot: Jackpot, meter: Meter | None = None) -> "Bounds":
        """Without a meter, the site's. A meter keeps the higher ceiling, a run the bound that its secret was drawn under."""
        terms, scale, meter = Terms.of(jackpot), jackpot.storage_multiplier, meter or Meter()
        ceiling = max(terms.max, meter.terms.max if meter.terms else 0)
        before = 0
        if terms.before:
            before = meter.before or (terms.before if meter.value < terms.before * MILLION else 0)
        return cls(ceiling * scale, before * scale)
