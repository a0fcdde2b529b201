"""Means and variances of a spin, from lines and pairs of lines: for games with too many states to be counted whole.

The reels are independent of one another. So the sums over all windows of what a line pays, and of the product of what two lines
pay, are made up reel by reel from the last one read, over the states of one line or of two. Most states are dead and add
nothing. All sums are kept apart by the tags of the windows, as the digits of one long number (Kronecker substitution).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations_with_replacement
from math import prod

from webingo.engines.slots.par.columns import Draw
from webingo.engines.slots.par.table import DEAD, LineTable

Scattered = Callable[[Draw], list[int]]
Sums = dict[int, tuple[int, int, int]]
Rows = tuple[int, ...]


class Pairs:
    """`amounts` are what the table's labels pay; `scattered` gives what a draw's columns add to the tag."""

    def __init__(
        self, table: LineTable, amounts: Sequence[int], lines: Sequence[Rows], draws: Sequence[Draw], scattered: Scattered
    ) -> None:
        gains = table.gains([(amount, 0) for amount in amounts])
        self._start = gains.start[0]
        self._lines = [tuple(line[reel] for reel in gains.order) for line in lines]
        # [level][state]: the classes that lead on or gain something, with the next state and the gain.
        self._moves = [
            [
                [(c, state, gain) for c, (state, gain) in enumerate(zip(*row, strict=True)) if state != DEAD or gain]
                for row in zip(moves.tolist(), added.tolist(), strict=True)
            ]
            for moves, added in zip(gains.moves, gains.amounts, strict=True)
        ]
        highest = (max(amounts, default=0) + 1) * len(lines)
        # A digit holds any sum of squares over all windows.
        self._bits = (prod(draw.total for draw in draws) * highest * highest).bit_length() + 1
        self._reels = [
            Reel([draw for draw in draws if draw.reel == reel], table, scattered, self._bits) for reel in gains.order
        ]
        self._weights = [1]
        for reel in reversed(self._reels):
            self._weights.insert(0, self._weights[0] * reel.weight)
        self._mean = cache(self._mean_)
        self._product = cache(self._product_)

    def sums(self) -> Sums:
        """For each tag the weight of its windows, and the sums of what they pay and of its square."""
        first = sum(self._mean(line, 0) for line in self._lines)
        second = 0
        for one, other in combinations_with_replacement(self._lines, 2):
            product = self._product(one, other, 0, 0)
            second += product if one is other else 2 * product
        fixed = self._start * len(self._lines)
        weight = self._weights[0]
        amounts = first + fixed * weight
        squares = second + 2 * fixed * first + fixed * fixed * weight
        tags = range(weight.bit_length() // self._bits + 1)
        digits = {tag: (self._digit(weight, tag), self._digit(amounts, tag), self._digit(squares, tag)) for tag in tags}
        return {tag: sums for tag, sums in digits.items() if sums[0]}

    def _digit(self, number: int, place: int) -> int:
        return number >> place * self._bits & (1 << self._bits) - 1

    def _mean_(self, rows: Rows, state: int) -> int:
        """The sum of what a line in a state still gains, over all windows of the reels on which it goes on over `rows`."""
        level = len(self._reels) - len(rows)
        if not rows or (level and state == DEAD):
            return 0
        weights, after = self._reels[level].marginal(rows[0]), self._weights[level + 1]
        return sum(
            weights.get(c, 0) * (gain * after + self._mean(rows[1:], following))
            for c, following, gain in self._moves[level][state]
        )

    def _product_(self, one: Rows, other: Rows, at: int, beside: int) -> int:
        """The sum of the product of what two lines still gain."""
        level = len(self._reels) - len(one)
        if not one or (level and DEAD in (at, beside)):
            return 0
        weights, after = self._reels[level].joint(one[0], other[0]), self._weights[level + 1]
        total = 0
        for c, following, gain in self._moves[level][at]:
            rest = self._mean(one[1:], following)
            for d, next_, gain_ in self._moves[level][beside]:
                if weight := weights.get((c, d)):
                    rest_ = self._mean(other[1:], next_)
                    both = gain * gain_ * after + gain * rest_ + gain_ * rest
                    total += weight * (both + self._product(one[1:], other[1:], following, next_))
        return total


class Reel:
    """The classes that a reel shows, with weights that are split by tag as the digits of a number. `weight` is that of all."""

    def __init__(self, draws: Sequence[Draw], table: LineTable, scattered: Scattered, bits: int) -> None:
        self._draws = draws
        self._classes = table.classes[draws[0].reel].tolist()
        self._tags = [scattered(draw) for draw in draws]
        self._bits = bits
        self._joint: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
        self.weight = prod(sum(self._weights(draw, tags)) for draw, tags in zip(draws, self._tags, strict=True))

    def _weights(self, draw: Draw, tags: Sequence[int]) -> list[int]:
        return [column.weight << tag * self._bits for column, tag in zip(draw.columns, tags, strict=True)]

    def marginal(self, row: int) -> dict[int, int]:
        return {c: weight for (c, _), weight in self.joint(row, row).items()}

    def joint(self, row: int, other: int) -> dict[tuple[int, int], int]:
        """The weight of each class in `row` together with each in the `other` one."""
        if (row, other) not in self._joint:
            found: dict[tuple[int, int], int] = {(0, 0): 1}
            for draw, tags in zip(self._draws, self._tags, strict=True):
                following: dict[tuple[int, int], int] = defaultdict(int)
                for column, weight in zip(draw.columns, self._weights(draw, tags), strict=True):
                    seen = [self._classes[column.window[draw.rows.index(r)]] if r in draw.rows else 0 for r in (row, other)]
                    for (c, d), before in found.items():
                        following[c + seen[0], d + seen[1]] += before * weight
                found = following
            self._joint[row, other] = found
        return self._joint[row, other]
