"""How often, and at which extra ball, a round stops because no ball is useful any more: exact bounds.

"Idle at i" means: after i extra balls no ball left raises a prize of any card. A round stops at the first i at which it is
idle. Looking at the balls as if they went on falling, the probability of being idle at i, and of being idle at both i - 1
and i, are counted exactly. The probability of having been idle at any of several balls then is at least that of the
likeliest one, and at most the sum of all less the pairs of neighbours (Hunter's bound). The same holds for the gains that
are lost by stopping.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING

from webingo.engines.bingo.counting import power
from webingo.engines.bingo.definition import Math
from webingo.engines.bingo.prizes import prizes_of

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """An exact figure where both ends are equal, else bounds that hold it."""

    low: Fraction
    high: Fraction

    def times(self, factor: int) -> "Interval":
        return Interval(self.low * factor, self.high * factor)

    def json(self) -> list[float]:
        return [float(self.low), float(self.high)]


class CardGains:
    """`gains` of every hit mask of a card: the sum of what each missing number would add; and its number of `hits`."""

    def __init__(self, math: Math) -> None:
        import numpy as np

        masks = np.arange(1 << math.numbers, dtype=np.int64)
        self.hits = np.bitwise_count(masks)
        self.gains = one_more(pays := prizes_of(math).pays(masks)) - pays * (math.numbers - self.hits.astype(np.int64))


class Stops:
    """Counts over the ball sets of one game. A card is idle where its gain is 0, a round where all of its cards are."""

    def __init__(self, math: Math, card: CardGains) -> None:
        self._math = math
        self._elsewhere = math.pool - math.cards * math.numbers
        idle = (card.gains == 0).astype(card.gains.dtype)
        # By hits: idle masks, and pairs of an idle mask and an idle one with one more hit (by the hits of the smaller).
        self._idle = _by_hits(idle, card, math)
        self._pairs = _by_hits(idle * one_more(idle), card, math)
        # [more][hits]: the gains of all masks with so many more hits above an idle mask, and above the larger one of a pair.
        self._gains: list[list[int]] = []
        self._gains_of_pairs: list[list[int]] = []
        below = idle * _one_less(idle)
        above = card.gains
        for more in range(math.max_extra):
            if more:
                above = one_more(above) // more  # each superset is reached in `more` orders from one step below
            self._gains.append(_by_hits(idle * above, card, math))
            self._gains_of_pairs.append(_by_hits(below * above, card, math))
        self._powers = [power(self._idle, cards) for cards in range(math.cards + 1)]
        self._ways = lru_cache(None)(self._count_ways)
        self._steps = lru_cache(None)(self._count_steps)

    def stopped(self, number: int) -> Interval:
        """The probability that a round has stopped before its extra ball `number` (from 0)."""
        math = self._math
        single = []
        double = []
        for size in range(math.draw, math.draw + number):
            single.append(Fraction(self._ways(math.cards, size), comb(math.pool, size)))
            if size > math.draw:
                sets = comb(math.pool, size - 1) * (math.pool - size + 1)
                double.append(Fraction(self._steps(math.cards, size - 1), sets))
        return _hunter(single, double)

    def lost_gain(self, number: int) -> Interval:
        """The part of the expected gain of extra ball `number` that belongs to rounds which have stopped before it."""
        draw = self._math.draw
        single = [self._gain_after(draw + i, number - i) for i in range(number)]
        double = [self._gain_after_pair(draw + i - 1, number - i) for i in range(1, number)]
        return _hunter(single, double)

    def _count_ways(self, cards: int, balls: int) -> int:
        """Sets of so many balls on `cards` idle cards and elsewhere."""
        return sum(n * comb(self._elsewhere, balls - hits) for hits, n in enumerate(self._powers[cards]) if hits <= balls)

    def _count_steps(self, cards: int, balls: int) -> int:
        """Sets of so many balls, each with a next ball, on `cards` cards that are idle before and after it, and elsewhere."""
        ways = 0
        if cards:
            ways = cards * sum(n * self._ways(cards - 1, balls - h) for h, n in enumerate(self._pairs) if h <= balls)
        for hits, n in enumerate(self._powers[cards]):
            if hits <= balls:
                outside = balls - hits
                ways += n * comb(self._elsewhere, outside) * max(self._elsewhere - outside, 0)
        return ways

    def _gain_after(self, size: int, added: int) -> Fraction:
        """The expected gain of the next ball after `size` balls, at which the round is idle, and `added` more. By symmetry it
        is the first card's, times the number of cards."""
        ways = 0
        for more in range(added + 1):
            for hits, total in enumerate(self._gains[more]):
                if total and hits <= size:
                    ways += total * self._ways(self._math.cards - 1, size - hits) * self._rest(size - hits, added - more)
        return self._mean(ways, comb(self._math.pool, size), size, added)

    def _gain_after_pair(self, size: int, added: int) -> Fraction:
        """The same, where the round is idle after `size` balls and after one more, and then `added` more are drawn."""
        ways = 0
        others = self._math.cards - 1
        for more in range(added + 1):
            for hits, total in enumerate(self._gains_of_pairs[more]):  # the ball in between is on the first card
                outside = size - hits + 1
                if total and outside >= 0:
                    ways += total * self._ways(others, outside) * self._rest(outside, added - more)
            for hits, total in enumerate(self._gains[more]):  # or elsewhere
                outside = size - hits
                if total and outside >= 0:
                    ways += total * self._steps(others, outside) * self._rest(outside + 1, added - more)
        return self._mean(ways, comb(self._math.pool, size) * (self._math.pool - size), size + 1, added)

    def _rest(self, drawn_outside: int, balls: int) -> int:
        """Ways to draw so many balls that are not on the first card."""
        left = self._math.pool - self._math.numbers - drawn_outside
        return comb(left, balls) if left >= 0 else 0

    def _mean(self, ways: int, paths: int, size: int, added: int) -> Fraction:
        pool = self._math.pool
        return Fraction(self._math.cards * ways, paths * comb(pool - size, added) * (pool - size - added))


def _hunter(single: list[Fraction], double: list[Fraction]) -> Interval:
    return Interval(max(single, default=Fraction(0)), sum(single, Fraction(0)) - sum(double, Fraction(0)))


def _by_hits(values: "NDArray[int64]", card: CardGains, math: Math) -> list[int]:
    return [int(values[card.hits == hits].sum()) for hits in range(math.numbers + 1)]


def one_more(values: "NDArray[int64]") -> "NDArray[int64]":
    """For each mask, the sum of the values of the masks with one more hit."""
    result = values * 0
    for pairs, sums in _halves(values, result):
        sums[:, 0] += pairs[:, 1]
    return result


def _one_less(values: "NDArray[int64]") -> "NDArray[int64]":
    """For each mask, the sum of the values of the masks with one hit less."""
    result = values * 0
    for pairs, sums in _halves(values, result):
        sums[:, 1] += pairs[:, 0]
    return result


def _halves(*arrays: "NDArray[int64]") -> "list[tuple[NDArray[int64], ...]]":
    """For each bit, views of the arrays as [higher bits, is the bit set, lower bits]."""
    bits = len(arrays[0]).bit_length() - 1
    return [tuple(array.reshape(-1, 2, 1 << bit) for array in arrays) for bit in range(bits)]
