"""What one spin of a mode comes to, exactly: the pays together with the awards.

Counting reel by reel (counting.py, ways.py) gives the whole distribution. Where a game of lines has too many states for that,
as with cells that are drawn one by one, pairs of lines (pairs.py) give the same means and variances, and the distribution is
not known. Where a game of ways can't be counted so, every window is looked at (enumeration.py).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from webingo.engines.slots.definition import Math
from webingo.engines.slots.par.boards import Awards, Board, board
from webingo.engines.slots.par.columns import Draw, unordered
from webingo.engines.slots.par.counting import Counter, Tally, TooMany
from webingo.engines.slots.par.hits import Hit, Hits, line_hits
from webingo.engines.slots.par.pairs import Pairs
from webingo.engines.slots.par.table import Ints
from webingo.engines.slots.par.tags import Tags
from webingo.engines.slots.par.ways import WaysCounter

REELS = "counted reel by reel, windows in the same state together"
WINDOWS = "every window, one by one; hits by pay are not counted"
PAIRS = "lines and pairs of lines counted; the distribution of a spin's win is not known"


@dataclass(frozen=True)
class Part:
    """The spins that give the same awards: their weight, the sums over them of their amount and of its square, and the weight
    of those that pay nothing."""

    weight: int
    amount: int
    square: int
    lost: int


@dataclass(frozen=True)
class Distribution:
    """amounts[i] has weights[i]: each amount once, ascending."""

    amounts: Ints
    weights: npt.NDArray[Any]


@dataclass(frozen=True)
class Spins:
    """All spins of a mode. `total` is the sum of all weights, `cycle` the number of ways in which the reels can stop (of which
    the total is a multiple where a choice of extra wilds is drawn, too). Amounts are in bets per line or coin, before the
    spin's multiplier; `lines` and `scatters` are their sums by where they come from, `hits` are those of lines or ways by pay.
    `distribution` is None where it isn't known. `scatter_counts` [scatter][count] are weights.
    """

    total: int
    cycle: int
    lines: int
    scatters: int
    parts: dict[Awards, Part]
    distribution: dict[Awards, Distribution] | None
    scatter_counts: list[list[int]]
    hits: Hits
    method: str

    @property
    def paid(self) -> Fraction:
        """The probability that a spin pays anything."""
        return 1 - Fraction(sum(part.lost for part in self.parts.values()), self.total)


@lru_cache(64)
def spins(math: Math, name: str, lines: int) -> Spins:
    """Those of one mode with so many lines played. Raises ValueError where they can't be counted."""
    return _Spins(board(math, name), lines).spins()


class _Spins:
    def __init__(self, on: Board, lines: int) -> None:
        self._on = on
        self._lines = on.math.lines[:lines]
        self._bet = on.math.total_bet(lines)
        self._tags = Tags(on, lines)
        self._ways: list[dict[Hit, tuple[int, int]]] = []
        self._method = REELS

    def spins(self) -> Spins:
        try:
            tallies = [(weight, self._tally(draws)) for weight, draws in self._on.choices]
        except TooMany:
            return self._by_pairs()
        return self._of_tally(joined(tallies))

    def _tally(self, draws: Sequence[Draw]) -> Tally:
        if self._on.mode.pays:
            return self._counter(draws).count()
        reels = [unordered([draw for draw in draws if draw.reel == reel]) for reel in range(self._on.math.window.reels)]
        tags = [self._scattered(draw) for draw in reels]
        try:
            tally, rows = WaysCounter(self._on.math, self._on.mode.wilds, reels, tags, self._tags.of_awarded).count()
        except TooMany:
            from webingo.engines.slots.par.enumeration import enumerated

            self._method = WINDOWS
            return enumerated(self._on.math, self._on.mode, reels, tags, self._tags.of_awarded)
        self._ways.append(rows)
        return tally

    def _hits(self) -> Hits:
        if self._on.mode.pays:
            return line_hits(self._on, self._lines)
        rows: dict[Hit, tuple[int, int]] = {}
        if self._method == WINDOWS:
            return Hits(rows, 0, 0)
        for (choice, _), found in zip(self._on.choices, self._ways, strict=True):
            for hit, (weight, amount) in found.items():
                before = rows.get(hit, (0, 0))
                rows[hit] = before[0] + choice * weight, before[1] + choice * amount
        return Hits(rows, 0, 0)

    def _counter(self, draws: Sequence[Draw]) -> Counter:
        table = self._on.table
        gains = table.gains([(paid, self._tags.of_awards(awards)) for paid, awards in self._on.lines])
        seen = [draw.merged(partial(table.seen, draw.reel)) for draw in draws]
        return Counter(gains, self._lines, table.classes, seen, [self._scattered(draw) for draw in seen])

    def _scattered(self, draw: Draw) -> list[int]:
        return [self._tags.of_scatters(column.scatters) for column in draw.columns]

    def _of_tally(self, tally: Tally) -> Spins:
        meanings = {tag: self._tags.meaning(tag) for tag in np.unique(tally.tags).tolist()}
        found: dict[Awards, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        counts = [[0] * len(results) for results in self._on.scatters]
        lines = scatters = 0
        for amount, tag, weight in zip(tally.amounts.tolist(), tally.tags.tolist(), tally.weights.tolist(), strict=True):
            meaning = meanings[tag]
            found[meaning.awards][amount + meaning.scattered * self._bet] += weight
            lines += amount * weight
            scatters += meaning.scattered * self._bet * weight
            for number, count in enumerate(meaning.counts):
                counts[number][count] += weight
        parts = {awards: _part(weights) for awards, weights in found.items()}
        distribution = {awards: _distribution(weights) for awards, weights in found.items()}
        return self._spins(lines, scatters, parts, distribution, counts, self._method)

    def _by_pairs(self) -> Spins:
        on = self._on
        if not on.mode.pays or self._tags.by_lines:
            raise ValueError("this game has too many different windows for its figures to be counted exactly")
        parts: dict[Awards, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        counts = [[0] * len(results) for results in on.scatters]
        lines = scatters = 0
        for choice, draws in on.choices:
            pairs = Pairs(on.table, [amount for amount, _ in on.lines], self._lines, draws, self._scattered)
            for tag, (weight, amount, square) in pairs.sums().items():
                meaning = self._tags.meaning(tag)
                fixed = meaning.scattered * self._bet
                sums = weight, amount + fixed * weight, square + 2 * fixed * amount + fixed * fixed * weight
                for place, value in enumerate(sums):
                    parts[meaning.awards][place] += choice * value
                lines += choice * amount
                scatters += choice * fixed * weight
                for number, count in enumerate(meaning.counts):
                    counts[number][count] += choice * weight
            lost = self._counter(draws).count(losing=True)
            for tag, weight in zip(lost.tags.tolist(), lost.weights.tolist(), strict=True):
                if not (meaning := self._tags.meaning(tag)).scattered:
                    parts[meaning.awards][3] += choice * weight
        return self._spins(lines, scatters, {awards: Part(*sums) for awards, sums in parts.items()}, None, counts, PAIRS)

    def _spins(
        self,
        lines: int,
        scatters: int,
        parts: dict[Awards, Part],
        distribution: dict[Awards, Distribution] | None,
        counts: list[list[int]],
        method: str,
    ) -> Spins:
        cycle = prod(draw.total for draw in self._on.choices[0][1])
        total = cycle * sum(weight for weight, _ in self._on.choices)
        hits = self._hits()
        assert total == sum(part.weight for part in parts.values()), "a window was lost"
        assert method == WINDOWS or lines == sum(amount for _, amount in hits.rows.values()), "a win was lost"
        return Spins(total, cycle, lines, scatters, parts, distribution, counts, hits, method)


def joined(tallies: Sequence[tuple[int, Tally]]) -> Tally:
    """Several tallies as one, each with its weight."""
    if len(tallies) == 1 and tallies[0][0] == 1:
        return tallies[0][1]
    amounts = np.concatenate([tally.amounts for _, tally in tallies])
    tags = np.concatenate([tally.tags for _, tally in tallies])
    weights = np.array([weight * w for weight, tally in tallies for w in tally.weights.tolist()], dtype=object)
    return Tally(amounts, tags, weights)


def _part(weights: dict[int, int]) -> Part:
    return Part(
        sum(weights.values()),
        sum(amount * weight for amount, weight in weights.items()),
        sum(amount * amount * weight for amount, weight in weights.items()),
        weights.get(0, 0),
    )


def _distribution(weights: dict[int, int]) -> Distribution:
    amounts = sorted(weights)
    return Distribution(np.array(amounts, dtype=np.int64), np.array([weights[amount] for amount in amounts], dtype=object))
