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
from webingo.engines.slots.par.table import Gains, Ints

States = npt.NDArray[np.int16] | npt.NDArray[np.int32]
_CHUNK = 1 << 21
"""Numbers that are worked on at a time."""
_SAFE = 1 << 62
MOST_STATES = 3_000_000
"""Sets of line states that are told apart; with more a game can't be counted this way."""


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
    """A draw, as the automaton reads it: `on` are the lines that it concerns, `classes` [column, those lines]."""

    level: int
    on: npt.NDArray[np.intp]
    classes: npt.NDArray[np.int32]
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
        rows = [line[draw.reel] for line in self._lines]
        on = [number for number, row in enumerate(rows) if row in draw.rows]
        places = [draw.rows.index(rows[number]) for number in on]
        windows = np.array([column.window for column in draw.columns], dtype=np.intp)
        shown = classes[windows][:, places] if on else np.zeros((len(draw.columns), 0), dtype=np.int32)
        weights = [column.weight for column in draw.columns]
        level = self._gains.order.index(draw.reel)
        return Step(level, np.array(on, dtype=np.intp), shown, weights, np.array(tags, dtype=np.int64))

    def count(self) -> Tally:
        """Raises TooMany."""
        amount, tag = self._gains.start
        widest = max(len(moves) for moves in self._gains.moves)
        states: States = np.zeros((1, len(self._lines)), dtype=np.int16 if widest < 1 << 15 else np.int32)
        start = np.array([amount * len(self._lines)]), np.array([tag * len(self._lines)])
        found = Entries(np.zeros(1, dtype=np.int64), *start, np.ones(1, dtype=self._kind))
        for place, step in enumerate(self._steps):
            states, moved, amounts, tags = self._move(states, step, last=place == len(self._steps) - 1)
            found = found.moved(moved, amounts, tags + step.tags, np.array(step.weights, dtype=self._kind))
        return Tally(found.amounts, found.tags, found.weights)

    def _move(self, states: States, step: Step, last: bool) -> tuple[States, Ints, Ints, Ints]:
        """The states that all columns lead to, and for [state, column] its place among them and what it adds."""
        if len(states) * len(step.weights) > MOST_STATES:
            raise TooMany
        moves = self._gains.moves[step.level]
        amounts, tags = self._gains.amounts[step.level], self._gains.tags[step.level]
        alike = self._alike(step)
        size = max(1, _CHUNK // (len(step.weights) * max(1, len(self._lines))))
        reached, added, tagged = [], [], []
        for first in range(0, len(states), size):
            part = states[first : first + size]
            ways = part[:, None, step.on], step.classes[None]
            added.append(amounts[ways].sum(axis=2))
            tagged.append(tags[ways].sum(axis=2))
            if not last:
                following = np.repeat(part[:, None, :], len(step.weights), axis=1)
                following[:, :, step.on] = moves[ways]
                for group in alike:
                    following[:, :, group] = np.sort(following[:, :, group], axis=2)
                reached.append(following.reshape(-1, len(self._lines)))
        shape = len(states), len(step.weights)
        if last:
            return states[:1], np.zeros(shape, dtype=np.int64), np.concatenate(added), np.concatenate(tagged)
        unique, places = distinct(np.concatenate(reached))
        return unique, places.reshape(shape), np.concatenate(added), np.concatenate(tagged)

    def _alike(self, step: Step) -> list[list[int]]:
        """Lines that go on over the same rows after a step: which of them is in which state makes no difference."""
        following = self._steps[self._steps.index(step) + 1 :]
        groups: dict[tuple[tuple[int, int], ...], list[int]] = {}
        for number, line in enumerate(self._lines):
            rest = tuple((s.level, line[self._gains.order[s.level]]) for s in following if number in s.on)
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
        if len(parts) == 1:
            return parts[0]
        return Entries(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("states", "amounts", "tags", "weights"))
        ).merged()

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
