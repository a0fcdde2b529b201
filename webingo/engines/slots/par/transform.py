"""The distribution of what awards come to, on a grid of amounts, in double precision.

A distribution is kept as its generating function, sum p(x) z^x, at N points of a circle: sums of independent amounts are
products there, point by point, and a fast Fourier transform leads back. The radius is a little below 1, so that what lies
beyond the N amounts of the grid comes back (aliasing) only by a factor of 1e-12; amounts below a quarter of N lose at most
three digits by that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import comb, prod

import numpy as np
import numpy.typing as npt

from webingo.engines.slots.features import Award, FreeSpins
from webingo.engines.slots.par.boards import Awards
from webingo.engines.slots.par.outcomes import Distribution
from webingo.engines.slots.par.picks import Item
from webingo.engines.slots.par.values import Factor, Values

Points = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]
_DAMPING = 1e-12
MOST_POINTS = 1 << 22
_MOST_TERMS = 20_000
_REMEMBERED = 40


class Unknown(Exception):  # noqa: N818 - what asks for it says so in its sheet
    """A distribution that can't be had: a spin's isn't known, or there are too many terms or points."""


class Transform:
    """Amounts are multiples of `unit` bets; those below `below` are wanted."""

    def __init__(self, values: Values, unit: int, below: int) -> None:
        self._values = values
        self._unit = unit
        self.wanted = -(-below // unit)
        self.points = 1 << max(4, (4 * self.wanted - 1).bit_length())
        if self.points > MOST_POINTS:
            raise Unknown("there are too many different amounts below the highest one")
        self._damping = _DAMPING ** (np.arange(self.points) / self.points)
        self._size = self.points // 2 + 1
        self.award = cache(self._award)
        self._spins = cache(self._spins_)

    def nothing(self) -> Points:
        return np.zeros(self._size, dtype=np.complex128)

    def coefficients(self, points: Points) -> Floats:
        """The probabilities of the amounts that are wanted."""
        found = np.fft.irfft(points, self.points)[: self.wanted] / self._damping[: self.wanted]
        return np.maximum(found, 0.0)

    def fixed(self, amount: int) -> Points:
        """Always this amount."""
        chances = np.zeros(self.points)
        if amount // self._unit < self.points:
            chances[amount // self._unit] = 1.0
        return np.fft.rfft(chances * self._damping)

    def spin(self, distribution: Distribution, total: int, factor: Factor) -> Points:
        """The win of spins with a weight of part of the total; their probability stays in it."""
        chances = np.zeros(self.points)
        weights = np.array([float(Fraction(weight, total)) for weight in distribution.weights.tolist()])
        for value, chance in factor.values.items():
            places = distribution.amounts * value // self._unit
            there = places < self.points
            np.add.at(chances, places[there], weights[there] * float(chance))
        return np.fft.rfft(chances * self._damping)

    def together(self, awards: Awards) -> Points | float:
        """Several awards."""
        return prod((self.award(award) for award in awards), start=1.0)

    def _award(self, award: Award) -> Points:
        feature = self._values.math.features[award.feature]
        return self._run(award, feature) if isinstance(feature, FreeSpins) else self._pick(award)

    def _pick(self, award: Award) -> Points:
        there = self._values.drawn(award.feature)
        unit = self._values.unit(award.feature)
        classes = []
        for place, items in enumerate(there.classes):
            most = max(counts[place] for counts in there.chances)
            classes.append(self._chosen([self._item(item, unit) for item in items], most))
        total = self.nothing()
        for counts, chance in there.chances.items():
            total += float(chance) * prod((sums[n] for sums, n in zip(classes, counts, strict=True)), start=1.0)
        return total

    def _item(self, item: Item, unit: int) -> Points:
        found = self.fixed(item.pay * unit)
        return found * self.award(item.award) if item.award else found

    def _chosen(self, items: Sequence[Points], most: int) -> list[Points]:
        """By n up to `most`: the sum of n of the items, each set of n as likely as any other."""
        sums: list[Points] = [self.nothing() + 1.0]
        for item in items:
            longer = [*sums, np.zeros_like(sums[0])] if len(sums) <= most else sums
            sums = [longer[0], *(longer[n] + item * longer[n - 1] for n in range(1, len(longer)))]
        return [found / comb(len(items), n) for n, found in enumerate(sums)]

    def _run(self, award: Award, feature: FreeSpins) -> Points:
        by_spins = self._spins(award.feature, award.multiplier)
        first = award.spins or 0
        run = self._values.worth(award).run
        if feature.max_spins is None or (run and not run.limited):
            return power(unlimited(by_spins), first)
        return self._limited(min(first, feature.max_spins), feature.max_spins, by_spins)

    def _spins_(self, name: str, multiplier: int | None) -> dict[int, Points]:
        """The spins of a feature by how many more of them they give, with all else that they lead to."""
        factor = self._values.factor(Award(feature=name, spins=1, multiplier=multiplier))
        found = self._values.spins(name)
        if found.distribution is None:
            raise Unknown("that of a single spin is not known")
        by_spins: dict[int, Points] = {}
        for awards, distribution in found.distribution.items():
            more = sum(given.spins or 0 for given in awards if given.feature == name)
            others = tuple(given for given in awards if given.feature != name)
            here = self.spin(distribution, found.total, factor) * self.together(others)
            by_spins[more] = by_spins[more] + here if more in by_spins else here
        return by_spins

    def _limited(self, first: int, limit: int, by_spins: Mapping[int, Points]) -> Points:
        """A run ends with its g-th spin, g below the limit, in first / g of all sequences of g spins that give g - first in all
        (the hitting time theorem). All other runs have `limit` spins: all sequences of so many, without those that begin with a
        run that had ended."""
        any_spin = sum(by_spins.values(), self.nothing())
        ended, begun, last = self.nothing(), self.nothing(), 0
        for spins, part in self._ended(first, limit, by_spins):
            begun = begun * power(any_spin, spins - last) + part
            ended, last = ended + part, spins
        return ended + power(any_spin, limit) - begun * power(any_spin, limit - last)

    def _ended(self, first: int, limit: int, by_spins: Mapping[int, Points]) -> Iterator[tuple[int, Points]]:
        """By number of spins below the limit, ascending: the runs that end with so many."""
        gifts = sorted(more for more in by_spins if more)
        courses: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for terms, counts in enumerate(_counts(gifts, limit - 1 - first)):
            if terms == _MOST_TERMS:
                raise Unknown("a run can go on in too many ways")
            courses[first + sum(more * n for more, n in zip(gifts, counts, strict=True))].append(counts)
        powers = {more: Powers(points) for more, points in by_spins.items()}
        for spins in sorted(courses) if 0 in by_spins else ():
            part = self.nothing()
            for counts in courses[spins]:
                if (giving := sum(counts)) < spins:
                    sequences = prod(comb(sum(counts[place:]), n) for place, n in enumerate(counts)) * comb(spins, giving)
                    drawn = [powers[more].of(n) for more, n in zip((0, *gifts), (spins - giving, *counts), strict=True) if n]
                    part += prod(drawn[1:], start=float(sequences * first // spins) * drawn[0])
            yield spins, part


class Powers:
    """Powers of the same points, each from the one below it that was asked for last."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._known: dict[int, Points] = {1: points}

    def of(self, exponent: int) -> Points:
        if exponent not in self._known:
            below = max(known for known in self._known if known < exponent)
            self._known[exponent] = self._known[below] * power(self._points, exponent - below)
            if len(self._known) > _REMEMBERED:
                del self._known[min(known for known in self._known if known > 1)]
        return self._known[exponent]


def _counts(gifts: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """How often each gift may be given, all of them together at most `most`."""
    if not gifts:
        yield ()
        return
    for n in range(most // gifts[0] + 1):
        for rest in _counts(gifts[1:], most - n * gifts[0]):
            yield (n, *rest)


def power(points: Points, exponent: int) -> Points:
    result: Points = np.ones_like(points)
    while exponent:
        if exponent & 1:
            result = result * points
        exponent >>= 1
        if exponent:
            points = points * points
    return result


def unlimited(by_spins: Mapping[int, Points]) -> Points:
    """One spin with all that it leads to: the least solution of z = sum of w_r z^r, by Newton's method from 0, which comes
    nearer from below in every coefficient."""
    z = np.zeros_like(next(iter(by_spins.values())))
    for _ in range(100):
        value = sum((w * power(z, r) for r, w in by_spins.items()), -z)
        slope = sum((r * w * power(z, r - 1) for r, w in by_spins.items() if r), -np.ones_like(z))
        step = value / slope
        z = z - step
        if np.abs(step).max() < 1e-15:
            return z
    raise Unknown("a run without a limit is too long")
