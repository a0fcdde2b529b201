"""How often the windows of a game of ways come to which amount, counted reel by reel and not window by window.

What the reels so far leave open is the *state* of a window. Mostly no two pays that still run can want the same way: then only
the number of each pay's runs counts, and a run is worth what the evaluator gives for a window with one cell on each reel. Where
pays do compete for ways, the state is the cells that they tell apart, and what a column adds is the difference of two windows
that the evaluator judges, with blank reels for those that are not read yet. Windows in the same state are counted together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

import numpy as np

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Wild
from webingo.engines.slots.matching import Awarded, ones
from webingo.engines.slots.par.columns import Column, Draw
from webingo.engines.slots.par.counting import Entries, Tally, weights_kind
from webingo.engines.slots.par.hits import Hit
from webingo.engines.slots.par.restricted import Restricted, Symbols
from webingo.engines.slots.ways import WaysResult

Window = tuple[Symbols, ...]
Rows = dict[Hit, tuple[int, int]]
Given = Callable[[Sequence[Awarded]], int]


class Run(NamedTuple):
    """A pay that still runs: how many runs it has, and what they come to so far."""

    pay: int
    runs: int
    paid: int


@dataclass(frozen=True)
class Rivals:
    """A state in which some of `pays` can want the same way: the cells that they see. `running` are those that still run."""

    pays: int
    running: int
    window: Window


@dataclass(frozen=True)
class Apart:
    """A state in which none can."""

    runs: tuple[Run, ...]


Key = Rivals | Apart
_OVER = Apart(())


Changes = dict[Hit, tuple[int, int]]
"""Wins that come or go: by how many windows and by which amount."""


class Move(NamedTuple):
    """What a column leads to, and what it adds."""

    key: Key
    amount: int
    tag: int
    wins: Changes


@dataclass
class State:
    key: Key
    weight: int
    moves: dict[Any, Move] = field(default_factory=dict)


class WaysCounter:
    """Counts the windows of `draws`, one for each reel. `tags` are what their columns add to the tag, `given` is what awards
    add to it."""

    def __init__(
        self, math: Math, wilds: tuple[Wild, ...], draws: Sequence[Draw], tags: Sequence[Sequence[int]], given: Given
    ) -> None:
        self._pays = Restricted(math, wilds)
        self._draws = [draws[reel] for reel in self._pays.order]
        self._tags = [tags[reel] for reel in self._pays.order]
        self._given = given
        # Multipliers that are added, or of which the highest counts, are no product over the reels.
        self._coinciding = math.line_coinciding
        self._products = math.wild_multipliers == "multiply" or all(wild.multiplier == 1 for wild in wilds)

    def count(self) -> tuple[Tally, Rows]:
        """Raises TooMany."""
        kind = weights_kind(self._draws)
        states = [State(Rivals(self._pays.directed, self._pays.directed, ()), 1)]
        nothing = np.zeros(1, dtype=np.int64)
        found = Entries(nothing, nothing, nothing, np.ones(1, dtype=kind))
        hits: dict[Hit, list[int]] = defaultdict(lambda: [0, 0])
        rest = prod(draw.total for draw in self._draws)
        for place, (draw, tags) in enumerate(zip(self._draws, self._tags, strict=True)):
            rest //= draw.total
            numbers: dict[Key, int] = {}
            weights: list[int] = []
            table = np.zeros((len(states), len(draw.columns), 3), dtype=np.int64)
            for row, state in enumerate(states):
                for number, (column, move) in enumerate(self._moves(state, place, draw)):
                    if move.key not in numbers:
                        numbers[move.key] = len(numbers)
                        weights.append(0)
                    weight = state.weight * column.weight
                    weights[numbers[move.key]] += weight
                    table[row, number] = numbers[move.key], move.amount, move.tag
                    for hit, (windows, amount) in move.wins.items():
                        hits[hit][0] += windows * weight * rest
                        hits[hit][1] += amount * weight * rest
            by_column = np.array([column.weight for column in draw.columns], dtype=kind)
            found = found.moved(table[:, :, 0], table[:, :, 1], table[:, :, 2] + np.array(tags, dtype=np.int64), by_column)
            states = [State(key, weight) for key, weight in zip(numbers, weights, strict=True)]
        rows = {hit: (weight, amount) for hit, (weight, amount) in hits.items() if weight}
        return Tally(found.amounts, found.tags, found.weights), rows

    def _moves(self, state: State, place: int, draw: Draw) -> Iterator[tuple[Column, Move]]:
        """What each column leads to."""
        key = state.key
        last = place == len(self._draws) - 1
        for column in draw.columns:
            if isinstance(key, Rivals):
                seen = self._pays.cells(place, key.running, column.window)
                if seen not in state.moves:
                    state.moves[seen] = self._judged(key, seen, last)
            else:
                seen = tuple([self._pays.matching(place, run.pay, column.window) for run in key.runs])
                if seen not in state.moves:
                    state.moves[seen] = self._more(key.runs, seen, place + 1)
            yield column, state.moves[seen]

    def _judged(self, key: "Rivals", column: Symbols, last: bool) -> Move:
        before = self._pays.judge(key.pays, key.window)
        after = self._pays.judge(key.pays, (*key.window, column))
        following = _OVER if last else self._key(key.pays, (*key.window, column))
        wins: Changes = {}
        for result, sign in ((after, 1), (before, -1)):
            for hit, amount in self._hits(key.pays, result).items():
                old = wins.get(hit, (0, 0))
                wins[hit] = old[0] + sign, old[1] + sign * amount
        tag = self._given(after.awards) - self._given(before.awards)
        changed = {hit: change for hit, change in wins.items() if any(change)}
        return Move(following, after.amount - before.amount, tag, changed)

    def _hits(self, pays: int, result: WaysResult) -> dict[Hit, int]:
        """What a result of some of the pays pays, by pay and count."""
        places = list(ones(pays))
        found: dict[Hit, int] = defaultdict(int)
        for win in result.wins:
            found[Hit(places[win.pay], win.count, 0)] += win.amount
        return found

    def _more(self, open_: tuple[Run, ...], matching: Sequence[int], reels: int) -> Move:
        """What the runs of pays that are apart become, with so many matching cells of each on the last of so many reels."""
        left = []
        wins: Changes = {}
        gained = tag = 0
        for (pay, runs, paid), cells in zip(open_, matching, strict=True):
            if not cells:
                continue
            counts = self._pays.prizes[pay].counts
            now = paid
            if counts[reels] == reels:  # a count that is listed
                now = runs * cells * self._pays.unit(pay, reels).amount
                if paid:
                    wins[Hit(pay, counts[reels - 1], 0)] = -1, -paid
                wins[Hit(pay, reels, 0)] = 1 if now else 0, now
            gained += now - paid
            tag += self._given(self._pays.unit(pay, reels).awards) - self._given(self._pays.unit(pay, reels - 1).awards)
            left.append(Run(pay, runs * cells, now))
        return Move(Apart(tuple(left)), gained, tag, wins)

    def _key(self, pays: int, window: Window) -> Key:
        """The state of a window that the pays see as this one."""
        masks = [self._pays.masks(place, column) for place, column in enumerate(window)]
        running, reach = pays, {}
        for n, column in enumerate(masks):
            union = 0
            for mask in column:
                union |= mask
            for pay in ones(running & ~union):
                if self._pays.prizes[pay].amounts[n]:
                    reach[pay] = self._pays.prizes[pay].counts[n]
            running &= union
        if not running:
            return _OVER
        on = set(ones(running))
        for pay in on:
            # As far as it is paid now: where it ends here, others may compete with it for that.
            reach[pay] = self._pays.prizes[pay].counts[len(masks)] or len(masks)
        # Where every pay is paid, none competes.
        pairs = () if self._coinciding else combinations(reach, 2)
        meeting = [(p, q) for p, q in pairs if _meet(p, q, masks[: min(reach[p], reach[q])])]
        if self._products and not any(p in on or q in on for p, q in meeting):
            return Apart(tuple(self._begun(pay, window) for pay in sorted(on)))
        while more := {pay for pair in meeting if not on.isdisjoint(pair) for pay in pair} - on:
            on |= more
        # Pays that have ended see no cell behind their runs.
        seen = [sum(1 << pay for pay in on if running >> pay & 1 or reach[pay] > place) for place in range(len(window))]
        cells = tuple(self._pays.cells(place, seen[place], column) for place, column in enumerate(window))
        return Rivals(seen[0], running, cells)

    def _begun(self, pay: int, window: Window) -> Run:
        cells = [self._pays.matching(place, pay, column) for place, column in enumerate(window)]
        count = self._pays.prizes[pay].counts[len(window)]
        return Run(pay, prod(cells), prod(cells[:count]) * self._pays.unit(pay, len(window)).amount)


def _meet(one: int, other: int, masks: list[list[int]]) -> bool:
    """Whether a way matches both pays on these reels."""
    both = 1 << one | 1 << other
    return all(any(mask & both == both for mask in column) for column in masks)
