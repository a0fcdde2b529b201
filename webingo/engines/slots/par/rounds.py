"""The distribution of a round's win: exact where a round is one spin, in double precision where features may follow.

From it come the bands of the pay distribution, and what a win cap takes away. `Unknown` is raised where it can't be had.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import Any

import numpy as np

from webingo.engines.slots.features import Award, FreeSpins
from webingo.engines.slots.par.boards import Awards
from webingo.engines.slots.par.bounds import largest
from webingo.engines.slots.par.outcomes import Distribution
from webingo.engines.slots.par.transform import Floats, Points, Transform, Unknown
from webingo.engines.slots.par.values import Factor, Values, base_round
from webingo.engines.slots.spin import BASE

BANDS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
"""Wins over the total bet: a band goes from one bound up to, not including, the next."""
_GRID = 1 << 14
"""Amounts of the grid for the bands, where no win cap needs more."""


@dataclass(frozen=True)
class Capped:
    """A win with the win cap, in bets: `taken` is what the cap takes from the mean, `reached` how often it is reached; `exact`
    or in double precision."""

    mean: Fraction
    variance: Fraction
    taken: Fraction
    reached: Fraction
    exact: bool


class Rounds:
    """The rounds of one game. Raises Unknown where the distribution of a base spin is not known."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._bet = values.bet
        spins = values.spins(BASE)
        if spins.distribution is None:
            raise Unknown("that of a single spin is not known")
        self._total = spins.total
        self._parts = spins.distribution
        self._factor = values.factor(None)
        self._random = values.math.random_awards
        self._cap = values.math.win_cap * values.bet if values.math.win_cap else None
        self.single = not self._random and not any(self._parts)
        """Whether a round is always a single spin."""

    def spin_bands(self) -> list[tuple[int, int | None, Fraction]]:
        """(from, to, probability) of what a base spin itself wins over the total bet. Spins that win nothing are in none."""
        return _bands(self._bet, self._exact(self._parts.values()), Fraction(0))

    def bands(self) -> list[tuple[int, int | None, float]]:
        """The same of the round, with all that follows, in double precision, up to the bound that the grid holds."""
        top = max(bound for bound in BANDS if bound == 1 or bound * self._bet <= _GRID * self._unit)
        transform = Transform(self._values, self._unit, top * self._bet)
        chances = transform.coefficients(self._round(transform))
        amounts = np.arange(len(chances)) * self._unit
        won = list(zip(amounts[1:].tolist(), chances[1:].tolist(), strict=True))
        rest = max(0.0, 1.0 - float(chances.sum()))
        return _bands(self._bet, [*((amount, p) for amount, p in won if p > 1e-15), (top * self._bet, rest)], 0.0)

    def capped(self) -> Capped | None:
        """The round with the win cap; None where there is none, or no round can go beyond it."""
        if self._cap is None or largest(self._values.math, self._values.lines).round(0) <= self._cap:
            return None
        found = base_round(self._values)
        # What is known exactly stays exact: spins that nothing follows.
        alone = {} if self._random else {awards: part for awards, part in self._parts.items() if not awards}
        sums = _Sums(self._cap)
        sums.add(self._exact(alone.values()))
        if len(alone) < len(self._parts):
            transform = Transform(self._values, self._unit, self._cap)
            followed = {awards: part for awards, part in self._parts.items() if awards not in alone}
            sums.add_grid(transform.coefficients(self._round(transform, followed)), self._unit)
        return sums.capped(found.mean, found.variance)

    def bought(self, award: Award) -> Capped | None:
        """A bought feature with the win cap; None as for a round."""
        if self._cap is None or largest(self._values.math, self._values.lines).award(award) <= self._cap:
            return None
        transform = Transform(self._values, self._unit, self._cap)
        worth = self._values.worth(award)
        sums = _Sums(self._cap)
        sums.add_grid(transform.coefficients(transform.award(award)), self._unit)
        return sums.capped(worth.mean, worth.variance)

    def _exact(self, parts: Iterable[Distribution]) -> Iterator[tuple[int, Fraction]]:
        """The amounts that these base spins win, with their probabilities."""
        for part in parts:
            for amount, weight in zip(part.amounts.tolist(), part.weights.tolist(), strict=True):
                for value, chance in self._factor.values.items() if amount else ((1, Fraction(1)),):
                    yield amount * value, chance * Fraction(weight, self._total)

    def _round(self, transform: Transform, parts: dict[Awards, Distribution] | None = None) -> Points:
        total = transform.nothing()
        for awards, part in (self._parts if parts is None else parts).items():
            total = total + transform.spin(part, self._total, self._factor) * transform.together(awards)
        for drawn in self._random:
            chance = float(drawn.fraction)
            total = total * (1 - chance + chance * transform.award(drawn.award))
        return total

    @cached_property
    def _unit(self) -> int:
        """Every amount that a round can win, and the total bet, is a multiple of it."""
        return gcd(self._bet, *self._amounts())

    def _amounts(self) -> Iterator[int]:
        math = self._values.math
        yield from _multiples(self._parts.values(), self._factor)
        given = (*base_round(self._values).given, *(buy.award for buy in math.buy))
        for award in self._values.visits(dict.fromkeys(given, Fraction(1))):
            if isinstance(math.features[award.feature], FreeSpins):
                distribution = self._values.spins(award.feature).distribution
                if distribution is None:
                    raise Unknown("that of a single free spin is not known")
                yield from _multiples(distribution.values(), self._values.factor(award))
            else:
                unit = self._values.unit(award.feature)
                yield from (item.pay * unit for items in self._values.drawn(award.feature).classes for item in items)


def _multiples(parts: Iterable[Distribution], factor: Factor) -> Iterator[int]:
    for part in parts:
        common = int(np.gcd.reduce(part.amounts))
        yield from (common * value for value in factor.values)


class _Sums:
    """Of wins below the cap: the probability, and the sums of the win and of its square."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._known = [Fraction(0)] * 3
        self._exact = True

    def add(self, wins: Iterable[tuple[int, Fraction]]) -> None:
        for amount, chance in wins:
            if amount < self._cap:
                self._known = [known + chance * amount**n for n, known in enumerate(self._known)]

    def add_grid(self, chances: Floats, unit: int) -> None:
        amounts = np.arange(len(chances), dtype=np.float64) * unit
        self._known = [known + Fraction(float(chances @ amounts**n)) for n, known in enumerate(self._known)]
        self._exact = False

    def capped(self, mean: Fraction, variance: Fraction) -> Capped:
        below, first, second = self._known
        reached = 1 - below
        capped = first + self._cap * reached
        return Capped(capped, second + self._cap**2 * reached - capped**2, mean - capped, reached, self._exact)


def _bands(bet: int, wins: Iterable[tuple[int, Any]], nothing: Any) -> list[tuple[int, int | None, Any]]:
    """The bands up to the highest win, with their probabilities: fractions or floats as `nothing` is."""
    found = [nothing] * len(BANDS)
    for amount, chance in wins:
        if amount:
            found[bisect_right(BANDS, amount // bet) - 1] += chance
    used = [place for place in range(len(found)) if found[place]]
    count = max(used, default=0) + 1
    ends: list[int | None] = [*BANDS[1:count], None]
    return list(zip(BANDS[:count], ends, found[:count], strict=True))
