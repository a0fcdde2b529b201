"""How often each pay comes, and what it contributes: on lines by counting what one line shows, reel by reel."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from webingo.engines.slots.par.boards import Board
from webingo.engines.slots.par.columns import Draw
from webingo.engines.slots.par.table import LineTable


class Hit(NamedTuple):
    """A row of the pay table: the place of the pay in `math.pays`, its count, and the wilds' multiplier (0: any)."""

    pay: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    multiplier: int


@dataclass(frozen=True)
class Hits:
    """`rows` are (weight, sum of amounts) of each pay, over the lines that show it, with ways over the windows that do. `lines`
    is the sum of the weights of all lines, `paid` of those that pay."""

    rows: dict[Hit, tuple[int, int]]
    lines: int
    paid: int


def line_hits(on: Board, lines: Sequence[Sequence[int]]) -> Hits:
    rows: dict[Hit, list[int]] = defaultdict(lambda: [0, 0])
    total = paid = 0
    for choice, draws in on.choices:
        there = Marginals(on.table, draws)
        for line in lines:
            found = there.labels(line)
            total += choice * sum(found)
            for label, weight in enumerate(found):
                result = on.table.labels[label]
                paid += choice * weight if result.amount else 0
                for win in result.wins:
                    row = rows[Hit(win.pay, win.count, win.multiplier)]
                    row[0] += choice * weight
                    row[1] += choice * weight * win.amount
    return Hits({hit: (weight, amount) for hit, (weight, amount) in rows.items() if weight}, total, paid)


class Marginals:
    """What single lines show on these draws."""

    def __init__(self, table: LineTable, draws: Sequence[Draw]) -> None:
        self._table = table
        self._draws = [[draw for draw in draws if draw.reel == reel] for reel in table.order]
        self._rows: dict[tuple[int, int], tuple[int, ...]] = {}
        self._found: dict[tuple[tuple[int, ...], ...], list[int]] = {}

    def labels(self, line: Sequence[int]) -> list[int]:
        """The weight of each label of the table on a line, of the total of all draws."""
        shown = tuple(self._row(place, line[reel]) for place, reel in enumerate(self._table.order))
        if shown not in self._found:
            self._found[shown] = self._count(shown)
        return self._found[shown]

    def _count(self, shown: tuple[tuple[int, ...], ...]) -> list[int]:
        weights = [1]
        for place, classes in enumerate(shown):
            steps = self._table.steps[place]
            last = place == len(shown) - 1
            following = [0] * (len(self._table.labels) if last else len(self._table.steps[place + 1]))
            for step, weight in zip(steps, weights, strict=True):
                if weight:
                    for state, more in zip(step, classes, strict=True):
                        following[state] += weight * more
            weights = following
        return weights

    def _row(self, place: int, row: int) -> tuple[int, ...]:
        """The weight of each class on a row of a reel."""
        if (place, row) not in self._rows:
            draws = self._draws[place]
            found = [0] * self._table.sizes[draws[0].reel]
            for draw in draws:
                if row in draw.rows:
                    others = prod(other.total for other in draws if other is not draw)
                    for column in draw.columns:
                        symbol = column.window[draw.rows.index(row)]
                        found[self._table.classes[draw.reel][symbol]] += column.weight * others
            self._rows[place, row] = tuple(found)
        return self._rows[place, row]
