"""Picks: what is drawn without replacement, by weight, until enough was drawn or an item ends it.

Items of one weight are alike as far as the drawing goes (those that end it apart from the others). So the state is how many of
each such class are drawn, which is followed exactly; and of a class of which n are drawn, each set of n items is as likely as
any other. A wheel is a pick of one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod

from webingo.engines.slots.features import Award, Pick, Wheel

MOST_STATES = 200_000


@dataclass(frozen=True)
class Item:
    """`pay` is in the feature's unit."""

    weight: int
    pay: int
    award: Award | None
    end: bool


@dataclass(frozen=True)
class Drawn:
    """`classes` are the items that are alike, `chances` the probability that so many of each class are drawn in all."""

    classes: tuple[tuple[Item, ...], ...]
    chances: dict[tuple[int, ...], Fraction]

    def mean(self, values: Sequence[Sequence[Fraction]]) -> Fraction:
        """Of the sum of the values of what is drawn, [class][item]."""
        return sum((p * sum(map(_expected, values, counts), Fraction(0)) for counts, p in self.chances.items()), Fraction(0))

    def second(self, values: Sequence[Sequence[Fraction]]) -> Fraction:
        """The mean of the square of that sum."""
        total = Fraction(0)
        for counts, p in self.chances.items():
            means = list(map(_expected, values, counts))
            # Within a class by drawing without replacement; the classes are independent, given the counts.
            within = sum(
                (_square(there, n) - mean * mean for there, n, mean in zip(values, counts, means, strict=True)), Fraction(0)
            )
            total += p * (sum(means, Fraction(0)) ** 2 + within)
        return total

    def product(self, values: Sequence[Sequence[Fraction]]) -> Fraction:
        """The mean of the product of the values of what is drawn."""
        sums = [_products(there, max(counts[place] for counts in self.chances)) for place, there in enumerate(values)]
        return sum(
            (p * prod(found[n] for found, n in zip(sums, counts, strict=True)) for counts, p in self.chances.items()),
            Fraction(0),
        )

    def count(self, award: Award) -> Fraction:
        """The mean number of times that it is drawn."""
        return self.mean([[Fraction(item.award == award) for item in items] for items in self.classes])


def drawn(feature: Pick | Wheel) -> Drawn:
    """Raises ValueError where there are too many different weights."""
    if isinstance(feature, Wheel):
        items = [Item(segment.weight, segment.pay, segment.award, False) for segment in feature.segments]
        return _drawn(items, 1)
    items = [Item(item.weight, item.pay, item.award, item.end) for item in feature.items for _ in range(item.count)]
    return _drawn(items, feature.picks)


def _drawn(items: list[Item], picks: int) -> Drawn:
    alike: dict[tuple[bool, int], list[Item]] = defaultdict(list)
    for item in items:
        alike[item.end, item.weight].append(item)
    kinds = list(alike)
    sizes = [len(alike[kind]) for kind in kinds]
    going = {(0,) * len(kinds): Fraction(1)}
    over: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
    for _ in range(picks):
        following: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
        for counts, p in going.items():
            weights = [(size - n) * weight for size, n, (_, weight) in zip(sizes, counts, kinds, strict=True)]
            if not (total := sum(weights)):
                over[counts] += p
            for place, weight in enumerate(weights):
                if weight:
                    more = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
                    (over if kinds[place][0] else following)[more] += p * Fraction(weight, total)
        going = following
        if len(going) + len(over) > MOST_STATES:
            raise ValueError("items: there are too many different weights to be counted")
    for counts, p in going.items():
        over[counts] += p
    return Drawn(tuple(tuple(alike[kind]) for kind in kinds), dict(over))


def _expected(values: Sequence[Fraction], n: int) -> Fraction:
    return sum(values, Fraction(0)) * n / len(values)


def _products(values: Sequence[Fraction], most: int) -> list[Fraction]:
    """By n up to `most`: the mean of the product of n of them, drawn without replacement."""
    sums = [Fraction(1)]
    for value in values:
        longer = [*sums, Fraction(0)] if len(sums) <= most else sums
        sums = [longer[0], *(longer[n] + value * longer[n - 1] for n in range(1, len(longer)))]
    return [found / comb(len(values), n) for n, found in enumerate(sums)]


def _square(values: Sequence[Fraction], n: int) -> Fraction:
    """The mean of the square of the sum of n of them, drawn without replacement."""
    size = len(values)
    squares = sum((value * value for value in values), Fraction(0))
    pairs = sum(values, Fraction(0)) ** 2 - squares
    return squares * n / size + (pairs * n * (n - 1) / (size * (size - 1)) if size > 1 else 0)
