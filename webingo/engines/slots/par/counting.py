"""How often the windows of a mode of lines come to which amount, counted reel by reel and not window by window.

What the reels so far leave open is, for each line, the state of the pay table's automaton (table.py). Windows whose lines are
in the same states are counted together from there on, and so are lines that go on over the same rows. Nearly all lines are
dead after two reels, so that the hundreds of millions of windows of a game become some ten thousand states. Nothing is
left out or rounded: weights are integers throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from webingo.engines.slots.par.columns import Draw
from webingo.engines.slots.par.table import DEAD, Gains, Ints

States = npt.NDArray[Any]
"""Integers, as small as they can be."""
_CHUNK = 1 << 21
"""Numbers that are worked on at a time."""
_SAFE = 1 << 62
MOST_MOVES = 4_000_000
MOST_LAST = 64_000_000
MOST_NUMBERS = 40_000_000
"""States times columns, also before the last draw, and states times lines: with more a game can't be counted this way in some
hundred megabytes and some seconds."""


class TooMany(Exception):  # noqa: N818 - a limit, not a mistake
    """More states than can be counted."""


@dataclass(frozen=True)
class Tally:
    """Results and their weights: windows of amounts[i] and tags[i] have weights[i] in all. Each (amount, tag) is there once."""

    amounts: Ints
    tags: Ints
    weights: npt.NDArray[Any]

    @property
    def total(self) -> int:
        return int(sum(self.weights.tolist()))


@dataclass(frozen=True)
class Step:
    """A draw, as the automaton reads it at its `level`. `rows` are, for each row that it decides, the lines that read it and
    the class that each column shows there."""

    level: int
    rows: list[tuple[list[int], npt.NDArray[np.int32]]]
    weights: list[int]
    tags: Ints


class Counter:
    """Counts the windows that `draws` lead to on `lines`. `tags` gives what each column of a draw adds to the tag."""

    def __init__(
        self,
        gains: Gains,
        lines: Sequence[Sequence[int]],
        classes: Sequence[npt.NDArray[np.int32]],
        draws: Sequence[Draw],
        tags: Sequence[Sequence[int]],
    ) -> None:
        self._gains = gains
        self._lines = lines
        ordered = sorted(zip(draws, tags, strict=True), key=lambda drawn: gains.order.index(drawn[0].reel))
        self._steps = [self._step(draw, added, classes[draw.reel]) for draw, added in ordered]
        self._kind = weights_kind(draws)

    def _step(self, draw: Draw, tags: Sequence[int], classes: npt.NDArray[np.int32]) -> Step:
        windows = np.array([column.window for column in draw.columns], dtype=np.intp)
        rows = []
        for place, row in enumerate(draw.rows):
            if lines := [number for number, line in enumerate(self._lines) if line[draw.reel] == row]:
                rows.append((lines, classes[windows[:, place]]))
        weights = [column.weight for column in draw.columns]
        return Step(self._gains.order.index(draw.reel), rows, weights, np.array(tags, dtype=np.int64))

    def count(self, losing: bool = False) -> Tally:
        """Raises TooMany. With `losing` only windows whose lines pay nothing, which are fewer states."""
        amount, tag = self._gains.start
        widest = max(len(moves) for moves in self._gains.moves)
        states: States = np.zeros((1, len(self._lines)), dtype=np.int16 if widest < 1 << 15 else np.int32)
        start = np.array([amount * len(self._lines)]), np.array([tag * len(self._lines)])
        found = Entries(np.zeros(1, dtype=np.int64), *start, np.ones(1, dtype=self._kind))
        for place, step in enumerate(self._steps[:-1]):
            if len(states) * len(step.weights) > MOST_MOVES:
                raise TooMany
            amounts, tags = self._gained(states, step)
            states, moved = self._move(states, place, amounts == 0 if losing else np.ones_like(amounts, dtype=bool))
            found = found.moved(moved, amounts, tags, np.array(step.weights, dtype=self._kind))
            if losing:
                found = found.at(found.amounts == 0)
                if not len(found.weights):
                    return Tally(found.amounts, found.tags, found.weights)
        ended = self._last(states, found)
        if losing:
            ended = ended.at(ended.amounts == 0)
        return Tally(ended.amounts, ended.tags, ended.weights)

    def _last(self, states: States, found: "Entries") -> "Entries":
        """After the last draw, when states make no difference any more: some of them at a time."""
        step = self._steps[-1]
        if len(states) * len(step.weights) > MOST_LAST:
            raise TooMany
        weights = np.array(step.weights, dtype=self._kind)
        parts = []
        size = max(1, _CHUNK // len(weights))
        for first in range(0, len(states), size):
            amounts, tags = self._gained(states[first : first + size], step)
            there = found.between(first, first + size)
            if len(there.states):
                parts.append(there.moved(np.zeros_like(amounts), amounts, tags, weights))
        return Entries.together(parts)

    def _gained(self, states: States, step: Step) -> tuple[Ints, Ints]:
        """[state, column]: the amount and the tag that a column adds."""
        amounts = self._added(states, step, self._gains.amounts[step.level])
        return amounts, self._added(states, step, self._gains.tags[step.level]) + step.tags

    def _added(self, states: States, step: Step, table: Ints) -> Ints:
        """[state, column]: what all lines together add."""
        added = np.zeros((len(states), len(step.weights)), dtype=np.int64)
        if not table.any():
            return added
        for lines, shown in step.rows:
            # Lines that read the same cell: first what they add by its class, of which there are fewer than columns.
            by_class = np.zeros((len(states), table.shape[1]), dtype=np.int64)
            for line in lines:
                by_class += table[states[:, line]]
            added += by_class[:, shown]
        return added

    def _move(self, states: States, place: int, kept: npt.NDArray[np.bool]) -> tuple[States, Ints]:
        """The states that all columns lead to, and for [state, column] its place among them. Those that are not `kept` are all
        taken for dead."""
        step = self._steps[place]
        moves = self._gains.moves[step.level].astype(states.dtype)
        alike = self._alike(place)
        size = max(1, _CHUNK // (len(step.weights) * len(self._lines)))
        reached, places, first = [], [], 0
        for start in range(0, len(states), size):
            part = states[start : start + size]
            following = np.repeat(part[:, None, :], len(step.weights), axis=1)
            for lines, shown in step.rows:
                following[:, :, lines] = moves[part[:, lines][:, None, :], shown[None, :, None]]
            following[~kept[start : start + size]] = DEAD
            for group in alike:
                following[:, :, group] = np.sort(following[:, :, group], axis=2)
            unique, at = distinct(following.reshape(-1, len(self._lines)))
            reached.append(unique)
            places.append(at + first)
            first += len(unique)
            if first * len(self._lines) > MOST_NUMBERS:
                raise TooMany
        unique, at = distinct(np.concatenate(reached))
        return unique, at[np.concatenate(places)].reshape(len(states), len(step.weights))

    def _alike(self, place: int) -> list[list[int]]:
        """Lines that go on over the same cells after a step: which of them is in which state makes no difference."""
        groups: dict[tuple[tuple[bool, ...], ...], list[int]] = {}
        for number in range(len(self._lines)):
            rest = tuple(tuple(number in lines for lines, _ in step.rows) for step in self._steps[place + 1 :])
            groups.setdefault(rest, []).append(number)
        return [group for group in groups.values() if len(group) > 1]


@dataclass(frozen=True)
class Entries:
    """How much weight has come to which state with which amount and tag."""

    states: Ints
    amounts: Ints
    tags: Ints
    weights: npt.NDArray[Any]

    def moved(self, moves: Ints, amounts: Ints, tags: Ints, weights: npt.NDArray[Any]) -> "Entries":
        """All of them after each column: [state, column] gives the next state and what is added."""
        size = max(1, _CHUNK // len(weights))
        parts = []
        for first in range(0, len(self.states), size):
            part = slice(first, first + size)
            at = self.states[part]
            expanded = Entries(
                moves[at].ravel(),
                (self.amounts[part, None] + amounts[at]).ravel(),
                (self.tags[part, None] + tags[at]).ravel(),
                (self.weights[part, None] * weights).ravel(),
            )
            parts.append(expanded.merged())
        return Entries.together(parts)

    @classmethod
    def together(cls, parts: Sequence["Entries"]) -> "Entries":
        if len(parts) == 1:
            return parts[0]
        names = ("states", "amounts", "tags", "weights")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)).merged()

    def between(self, first: int, end: int) -> "Entries":
        """Those of some states, counted from `first`. Merged entries are in the order of their states."""
        there = self.at(slice(*np.searchsorted(self.states, (first, end))))
        return Entries(there.states - first, there.amounts, there.tags, there.weights)

    def at(self, places: slice | npt.NDArray[np.bool]) -> "Entries":
        return Entries(self.states[places], self.amounts[places], self.tags[places], self.weights[places])

    def merged(self) -> "Entries":
        """Each (state, amount, tag) once."""
        keys = packed([self.states, self.tags, self.amounts])
        order = np.argsort(keys)
        keys = keys[order]
        first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        at = order[first]
        return Entries(self.states[at], self.amounts[at], self.tags[at], np.add.reduceat(self.weights[order], first))


def weights_kind(draws: Sequence[Draw]) -> Any:
    """The type of a sum of weights: it stays below the product of all totals."""
    return np.int64 if prod(draw.total for draw in draws) < _SAFE else object


def packed(columns: list[Ints]) -> Ints:
    """One number for each row, the same for equal rows only."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    room = 1
    for column in columns:
        low = int(column.min())
        span = int(column.max()) - low + 1
        if span * room >= _SAFE:
            values, places = np.unique(column, return_inverse=True)
            low, span, column = 0, len(values), places
        if span * room >= _SAFE:
            values, key = np.unique(key, return_inverse=True)
            room = len(values)
        key = key * span + (column - low)
        room *= span
    return key


def distinct(rows: States) -> tuple[States, Ints]:
    """The different rows, and the place of each row among them."""
    hashes = np.zeros(len(rows), dtype=np.uint64)
    factor = 1
    for column in rows.T:
        factor = factor * 6364136223846793005 % 2**64  # Knuth's multiplier (MMIX): odd, and its powers spread well
        hashes += column.astype(np.uint64) * np.uint64(factor)
    _, first, places = np.unique(hashes, return_index=True, return_inverse=True)
    unique = rows[first]
    if not np.array_equal(unique[places], rows):  # two different rows have the same hash
        unique, places = np.unique(rows, axis=0, return_inverse=True)
    return unique, places.astype(np.int64)
