"""How often the windows of a game of ways come to which amount, counted reel by reel and not window by window.

What the reels so far leave open is the *state* of a window. Mostly no two pays that still run can want the same way: then only
the number of each pay's runs counts, and a run is worth what the evaluator gives for a window with one cell on each reel. Where
pays do compete for ways, the state is the cells that they tell apart, and what a column adds is the difference of two windows
that the evaluator judges, with blank reels for those that are not read yet. Windows in the same state are counted together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Wild
from webingo.engines.slots.matching import Awarded, ones
from webingo.engines.slots.par.columns import Draw
from webingo.engines.slots.par.counting import Entries, Tally, weights_kind
from webingo.engines.slots.par.restricted import Restricted, Symbols

Window = tuple[Symbols, ...]
Key = tuple[int, Any]
"""Of a state: the pays that compete and the cells that they see, or 0 and the runs of pays that are apart."""
Runs = tuple[tuple[int, int, int], ...]
"""(pay, runs, what they come to so far) of pays that still run."""
Given = Callable[[Sequence[Awarded]], int]
_OVER: Key = (0, ())


@dataclass
class State:
    key: Key
    moves: dict[Any, tuple[Key, int, int]] = field(default_factory=dict)


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
        self._products = math.wild_multipliers == "multiply" or all(wild.multiplier == 1 for wild in wilds)

    def count(self) -> Tally:
        """Raises TooMany."""
        kind = weights_kind(self._draws)
        states = [State((self._pays.directed, ()))]
        found = Entries(*(np.zeros(1, dtype=np.int64) for _ in range(3)), np.ones(1, dtype=kind))
        for place, (draw, tags) in enumerate(zip(self._draws, self._tags, strict=True)):
            numbers: dict[Key, int] = {}
            table = np.array(
                [
                    [
                        (numbers.setdefault(key, len(numbers)), amount, tag)
                        for key, amount, tag in self._moves(state, place, draw)
                    ]
                    for state in states
                ],
                dtype=np.int64,
            )
            weights = np.array([column.weight for column in draw.columns], dtype=kind)
            found = found.moved(table[:, :, 0], table[:, :, 1], table[:, :, 2] + np.array(tags, dtype=np.int64), weights)
            states = [State(key) for key in numbers]
        return Tally(found.amounts, found.tags, found.weights)

    def _moves(self, state: State, place: int, draw: Draw) -> Iterator[tuple[Key, int, int]]:
        """The state after each column, and the amount and tag that it gains."""
        pays, open_ = state.key
        last = place == len(self._draws) - 1
        for column in draw.columns:
            if pays:
                seen = self._pays.cells(place, pays, column.window)
                if seen not in state.moves:
                    state.moves[seen] = self._judged(pays, open_, seen, last)
            else:
                seen = tuple([self._pays.matching(place, run[0], column.window) for run in open_])
                if seen not in state.moves:
                    state.moves[seen] = self._run(open_, seen, place + 1)
            yield state.moves[seen]

    def _judged(self, pays: int, window: Window, column: Symbols, last: bool) -> tuple[Key, int, int]:
        before = self._pays.judge(pays, window)
        after = self._pays.judge(pays, (*window, column))
        key = _OVER if last else self._key(pays, (*window, column))
        return key, after.amount - before.amount, self._given(after.awards) - self._given(before.awards)

    def _run(self, open_: Runs, matching: Sequence[int], reels: int) -> tuple[Key, int, int]:
        """What the runs of pays that are apart become, with so many matching cells of each on the last of so many reels."""
        left = []
        gained = tag = 0
        for (pay, runs, paid), cells in zip(open_, matching, strict=True):
            if cells:
                now = self._paid(pay, reels, runs * cells, paid)
                gained += now - paid
                tag += self._given(self._pays.unit(pay, reels).awards) - self._given(self._pays.unit(pay, reels - 1).awards)
                left.append((pay, runs * cells, now))
        return (0, tuple(left)), gained, tag

    def _paid(self, pay: int, reels: int, runs: int, before: int) -> int:
        """What the runs of a pay come to that has reached so many reels; where that count isn't listed, what they did before."""
        return runs * self._pays.unit(pay, reels).amount if self._pays.prizes[pay].counts[reels] == reels else before

    def _key(self, pays: int, window: Window) -> Key:
        """The state of a window that the pays see as this one."""
        masks = [self._pays.masks(place, column) for place, column in enumerate(window)]
        running, ended = pays, {}
        for n, column in enumerate(masks):
            union = 0
            for mask in column:
                union |= mask
            for pay in ones(running & ~union):
                if self._pays.prizes[pay].amounts[n]:
                    ended[pay] = self._pays.prizes[pay].counts[n]
            running &= union
        reach = {pay: len(masks) for pay in ones(running)} | ended
        meeting = {frozenset(pair) for pair in combinations(reach, 2) if _meet(*pair, masks[: min(map(reach.get, pair))])}  # type: ignore[type-var]
        if self._products and not any(pair & set(ones(running)) for pair in meeting):
            return 0, tuple(self._begun(pay, window) for pay in ones(running))
        kept = set(ones(running))
        while more := {pay for pair in meeting if pair & kept for pay in pair} - kept:
            kept |= more
        seen = sum(1 << pay for pay in kept)
        if not running:
            return _OVER
        return seen, tuple(self._pays.cells(place, seen, column) for place, column in enumerate(window))

    def _begun(self, pay: int, window: Window) -> tuple[int, int, int]:
        cells = [self._pays.matching(place, pay, column) for place, column in enumerate(window)]
        count = self._pays.prizes[pay].counts[len(window)]
        return pay, prod(cells), prod(cells[:count]) * self._pays.unit(pay, len(window)).amount


def _meet(one: int, other: int, masks: list[list[int]]) -> bool:
    """Whether a way matches both pays on these reels."""
    both = 1 << one | 1 << other
    return all(any(mask & both == both for mask in column) for column in masks)
