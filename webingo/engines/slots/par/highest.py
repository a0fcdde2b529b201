"""The most that one spin can come to on lines: branch and bound over the reels, exact.

Windows whose lines are in the same states of the pay table's automaton are one branch. The bound of a branch is what it has
plus the most that each of its lines, and each scatter, could still add by itself. A narrow first pass finds a high window;
the second follows every branch whose bound is above it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from webingo.engines.slots.par.columns import Draw
from webingo.engines.slots.par.counting import States, distinct
from webingo.engines.slots.par.table import Gains, Ints

_NARROW = 64
_FIRST = 1
"""The last of the reels, counted from 0 as they are read, by which a bound is found."""


class Highest:
    """Looks for the highest sum of the gains' amounts of all `lines` and of `scatters` [scatter][count]. `classes` as in
    LineTable."""

    def __init__(
        self,
        gains: Gains,
        lines: Sequence[Sequence[int]],
        classes: Sequence[npt.NDArray[np.int32]],
        draws: Sequence[Draw],
        scatters: Sequence[Sequence[int]],
    ) -> None:
        self._gains = gains
        self._lines = lines
        self._classes = classes
        self._draws = sorted(draws, key=lambda draw: gains.order.index(draw.reel))
        self._scatters = scatters
        self._future = _future(gains)
        self._scattered = self._scatter_bounds()

    def find(self, above: int) -> int:
        """The highest sum, or `above` where no window is higher."""
        return self._search(self._search(above, _NARROW), None)

    def bound(self, above: int) -> int:
        """Something that no window is above, from the first reels alone."""
        return self._search(above, None, _FIRST)

    def _scatter_bounds(self) -> list[list[Ints]]:
        """[draw][scatter]: the most that a scatter can come to, by how many of it there are before that draw."""
        most = [np.array(values, dtype=np.int64) for values in self._scatters]
        bounds = [most]
        for draw in reversed(self._draws):
            following = []
            for number, after in enumerate(bounds[-1]):
                added = {column.scatters[number] for column in draw.columns}
                padded = np.concatenate([after, np.full(max(added), after[-1])])
                following.append(np.max([padded[n : n + len(after)] for n in added], axis=0))
            bounds.append(following)
        return bounds[::-1]

    def _search(self, above: int, width: int | None, reels: int = 99) -> int:
        count, extra = len(self._lines), len(self._scatters)
        states: States = np.zeros((1, count + extra), dtype=np.int32)
        sums = np.full(1, self._gains.start[0] * count, dtype=np.int64)
        for place, draw in enumerate(self._draws):
            level = self._gains.order.index(draw.reel)
            states, sums = self._branch(states, sums, draw, level)
            done = place + 1 == len(self._draws) or self._draws[place + 1].reel != draw.reel
            bounds = sums + self._bound(states, draw, level, place, done)
            kept = np.flatnonzero(bounds > above)
            if not len(kept):
                return above
            if level == reels and done:
                return int(bounds.max())
            if width is not None and len(kept) > width:
                kept = kept[np.argpartition(bounds[kept], -width)[-width:]]
            states, sums = states[kept], sums[kept]
        found = sums + sum(self._value(number, states) for number in range(extra))
        return max(above, int(np.max(found)))

    def _value(self, number: int, states: States) -> Ints:
        values = np.array(self._scatters[number], dtype=np.int64)
        return values[states[:, len(self._lines) + number]]

    def _bound(self, states: States, draw: Draw, level: int, place: int, done: bool) -> Ints:
        bound = np.zeros(len(states), dtype=np.int64)
        for number, line in enumerate(self._lines):
            read = done or line[draw.reel] <= draw.rows[-1]
            bound += self._future[level + read][states[:, number]]
        for number, values in enumerate(self._scattered[place + 1]):
            bound += values[states[:, len(self._lines) + number]]
        return bound

    def _branch(self, states: States, sums: Ints, draw: Draw, level: int) -> tuple[States, Ints]:
        """Every column after every branch; of branches in the same states only the highest."""
        moves, amounts = self._gains.moves[level], self._gains.amounts[level]
        count = len(self._lines)
        following = np.repeat(states[:, None, :], len(draw.columns), axis=1)
        added = np.repeat(sums[:, None], len(draw.columns), axis=1)
        windows = np.array([column.window for column in draw.columns], dtype=np.intp)
        for number, line in enumerate(self._lines):
            if (row := line[draw.reel]) in draw.rows:
                shown = self._classes[draw.reel][windows[:, draw.rows.index(row)]]
                ways = states[:, None, number], shown[None]
                following[:, :, number] = moves[ways]
                added += amounts[ways]
        if self._scatters:
            following[:, :, count:] += np.array([column.scatters for column in draw.columns], dtype=np.int32)
        unique, places = distinct(following.reshape(-1, following.shape[2]))
        highest = np.full(len(unique), np.iinfo(np.int64).min)
        np.maximum.at(highest, places, added.ravel())
        return unique, highest


def _future(gains: Gains) -> list[Ints]:
    """[level][state]: the most that a line in this state can still add."""
    future = [np.zeros(1, dtype=np.int64)]
    for moves, amounts in zip(reversed(gains.moves), reversed(gains.amounts), strict=True):
        future.append((amounts + future[-1][moves]).max(axis=1))
    return future[::-1]
