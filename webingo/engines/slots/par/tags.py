"""What a window gives besides the pays of its lines or ways, as one number that adds up over reels and lines.

A tag counts the awards of lines (or ways) by kind, and the symbols of each scatter where they count, as the digits of a number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from webingo.engines.slots.features import Award
from webingo.engines.slots.matching import Awarded
from webingo.engines.slots.par.boards import Awards, Board

_LARGEST = 2**60


class Meaning(NamedTuple):
    """What a tag stands for: what scatters pay, in total bets, how many of each there are, and all awards."""

    scattered: int
    counts: tuple[int, ...]
    awards: Awards


class Tags:
    """The tags of a mode with so many lines played (0 where ways pay)."""

    def __init__(self, board: Board, lines: int) -> None:
        self._scatters = board.scatters
        if board.mode.pays:
            given = [awards for _, awards in board.lines]
            most = max(Counter(awards).most_common(1)[0][1] for awards in given if awards) * lines if any(given) else 0
            self._awards = list(dict.fromkeys(award for awards in given for award in awards))
        else:
            # A pay awards at most once in each direction.
            most = 2 * len(board.math.pays)
            kinds = dict.fromkeys(award for pay in board.math.pays for award in pay.awards.values())
            self._awards = [award for award in kinds if award.feature not in board.mode.withheld]
        self._sizes = [most + 1] * len(self._awards) + [len(results) for results in self._scatters]
        self.number = prod(self._sizes)
        if self.number > _LARGEST:
            raise ValueError("scatters: there are too many, or they award too much, for all of it to be counted together")
        self._units = [prod(self._sizes[place + 1 :]) for place in range(len(self._sizes))]
        self.by_lines = bool(self._awards)

    def of_awards(self, awards: Sequence[Award]) -> int:
        return sum(self._units[self._awards.index(award)] for award in awards if award in self._awards)

    def of_awarded(self, awarded: Iterable[Awarded]) -> int:
        return self.of_awards([given.award for given in awarded])

    def of_scatters(self, counts: Sequence[int]) -> int:
        return sum(count * unit for count, unit in zip(counts, self._units[len(self._awards) :], strict=True))

    def meaning(self, tag: int) -> Meaning:
        digits = [tag // unit % size for unit, size in zip(self._units, self._sizes, strict=True)]
        counts = tuple(digits[len(self._awards) :])
        results = [values[count] for values, count in zip(self._scatters, counts, strict=True)]
        awards = [award for award, times in zip(self._awards, digits, strict=False) for _ in range(times)]
        awards += [award for _, given in results for award in given]
        return Meaning(sum(paid for paid, _ in results), counts, tuple(sorted(awards, key=_ordered)))


def _ordered(award: Award) -> tuple[str, int, int]:
    return award.feature, award.spins or 0, award.multiplier or 0
