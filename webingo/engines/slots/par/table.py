"""A mode's pay table as arrays, filled by its evaluator: what exact counting and fast simulation look pays up in.

Symbols that no pay tells apart on a reel are one class there. A line is read reel by reel by an automaton: a state stands for
everything about the reels so far that the pays to come depend on, so that nearly all lines are in the state `DEAD` after two
reels. Every result in it was given by `LinePays.judge`; the compiled pay table (`Pattern`) only tells which symbols can't make
a difference any more, so that one of them is judged for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from webingo.engines.slots.matching import Pattern
from webingo.engines.slots.pays import LinePays, LineResult

Ints = npt.NDArray[np.int64]
DEAD = 0
"""The state in which nothing that follows makes a difference."""
NEVER = np.iinfo(np.int32).max
"""The class of a symbol that can't show on a reel: looking it up fails."""
LARGEST = 2**62


class Kind(NamedTuple):
    """What pays see of a symbol on a reel: the pays that it matches, those by itself, and its multiplier where it replaces."""

    matched: int
    natural: int
    factor: int

    def among(self, pays: int) -> "Kind":
        """What only these pays see of it."""
        matched, natural = self.matched & pays, self.natural & pays
        return Kind(matched, natural, self.factor if matched != natural else 1)


def kind_of(pattern: Pattern, reel: int, symbol: int) -> Kind:
    kind = Kind(pattern.matched[reel][symbol], pattern.natural[reel][symbol], pattern.factor[reel][symbol])
    return kind.among(-1)


def reading_order(pattern: Pattern) -> tuple[int, ...]:
    """The reels in the order in which least is to be remembered: from where wins begin; from both ends where both pay."""
    places = range(pattern.reels)
    if not pattern.right:
        return tuple(places)
    if not pattern.left:
        return tuple(reversed(places))
    return tuple(place // 2 if place % 2 == 0 else pattern.reels - 1 - place // 2 for place in places)


@dataclass(frozen=True)
class Gains:
    """An automaton over `order` whose moves add up to a line's result. `moves[j]` is [state, class] -> state after the j-th
    reel, `amounts[j]` and `tags[j]` are what the move adds. `start` are amount and tag before the first reel."""

    order: tuple[int, ...]
    start: tuple[int, int]
    moves: list[npt.NDArray[np.int32]]
    amounts: list[Ints]
    tags: list[Ints]


class LineTable:
    """All lines that a mode's reels can show. `symbols[reel]` are those that show there.

    `classes[reel][symbol]` is the symbol's class on that reel, `sizes[reel]` how many there are, `labels` all different
    results of a line (cells left out), and `examples` for each of them the symbols of a line. `steps[j]` is the automaton over
    `order` that leads to them: [state][class] -> state, in the last step -> label.
    """

    def __init__(self, pays: LinePays, symbols: Sequence[Sequence[int]]) -> None:
        self._pays = pays
        self._pattern = pattern = pays.pattern
        self.order = reading_order(pattern)
        self.classes: list[npt.NDArray[np.int32]] = []
        self._kinds: list[list[Kind]] = []
        self._shown: list[list[int]] = []
        for reel, there in enumerate(symbols):
            known: dict[Kind, int] = {}
            classes = np.full(len(pattern.matched[reel]), NEVER, dtype=np.int32)
            for symbol in there:
                classes[symbol] = known.setdefault(kind_of(pattern, reel, symbol), len(known))
            self.classes.append(classes)
            self._kinds.append(list(known))
            self._shown.append([next(s for s in there if classes[s] == number) for number in range(len(known))])
        self.sizes = tuple(len(kinds) for kinds in self._kinds)
        self.labels: list[LineResult] = []
        self.examples: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._states: list[dict[tuple[int, ...], int]] = [{} for _ in self.order]
        self._alike: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
        self._build(0, [0] * pattern.reels, pattern.left, pattern.right)
        self.steps = [list(states) for states in self._states]

    def _build(self, place: int, cells: list[int], left: int, right: int) -> int:
        """The state (or label) that a line leads to whose first `place` reels of the order show these cells; `left` and `right`
        are the pays whose run from there has not ended."""
        if place == len(self.order):
            return self._label(tuple(cells))
        reel = self.order[place]
        read = self.order[:place]
        groups, first = self._groups(reel, left | right | self._pattern.anywhere)
        reached = []
        for number in first:
            cells[reel] = self._shown[reel][number]
            matched = self._kinds[reel][number].matched
            on_left = left & matched if all(r in read for r in range(reel)) else left
            on_right = right & matched if all(r in read for r in range(reel + 1, len(self.order))) else right
            reached.append(self._build(place + 1, cells, on_left, on_right))
        return self._states[place].setdefault(tuple(reached[group] for group in groups), len(self._states[place]))

    def _groups(self, reel: int, pays: int) -> tuple[list[int], list[int]]:
        """Classes that these pays don't tell apart: the group of each class, and one class of each group."""
        found = self._alike.get((reel, pays))
        if found is None:
            known: dict[Kind, int] = {}
            groups = [known.setdefault(kind.among(pays), len(known)) for kind in self._kinds[reel]]
            found = self._alike[reel, pays] = groups, [groups.index(group) for group in range(len(known))]
        return found

    def _label(self, cells: tuple[int, ...]) -> int:
        result = self._pays.judge(cells)
        wins = tuple((win.pay, win.count, win.direction, win.multiplier, win.amount) for win in result.wins)
        number = self._numbers.setdefault((wins, result.awards), len(self.labels))
        if number == len(self.labels):
            self.labels.append(result)
            self.examples.append(cells)
        return number

    def seen(self, reel: int, window: tuple[int, ...]) -> tuple[int, ...]:
        """A window of a reel with one symbol for all of a class."""
        return tuple([self._shown[reel][self.classes[reel][symbol]] for symbol in window])

    def gains(self, worth: Sequence[tuple[int, int]]) -> Gains:
        """The automaton that adds up (amount, tag) of each label. Raises ValueError where amounts are too large to be added."""
        known: list[tuple[int, int, int]] = [(DEAD, amount, tag) for amount, tag in worth]
        moves, amounts, tags = [], [], []
        for steps in reversed(self.steps):
            states: dict[tuple[tuple[int, int, int], ...], int] = {}
            size = len(steps[0])
            states[((DEAD, 0, 0),) * size] = DEAD
            reached = []
            for step in steps:
                ends = [known[state] for state in step]
                amount, tag = min(end[1] for end in ends), min(end[2] for end in ends)
                rest = tuple((state, a - amount, t - tag) for state, a, t in ends)
                reached.append((states.setdefault(rest, len(states)), amount, tag))
            known = reached
            rows = list(states)
            if max(abs(end[1]) for row in rows for end in row) >= LARGEST >> 8:
                raise ValueError("pays: with all multipliers a line pays more than can be counted")
            moves.append(np.array([[end[0] for end in row] for row in rows], dtype=np.int32))
            amounts.append(np.array([[end[1] for end in row] for row in rows], dtype=np.int64))
            tags.append(np.array([[end[2] for end in row] for row in rows], dtype=np.int64))
        start = known[0]
        # The first step has one state only, and the table of its moves may hold the dead one before it.
        only = slice(start[0], start[0] + 1)
        moves[-1], amounts[-1], tags[-1] = moves[-1][only], amounts[-1][only], tags[-1][only]
        return Gains(self.order, start[1:], moves[::-1], amounts[::-1], tags[::-1])

    @cached_property
    def dense(self) -> npt.NDArray[np.int32]:
        """The label of every combination of classes, with one axis for each reel from the left."""
        found = np.zeros((), dtype=np.int32)
        for steps in self.steps:
            found = np.array(steps, dtype=np.int32)[found]
        return np.ascontiguousarray(found.transpose([self.order.index(reel) for reel in range(len(self.order))]))

    @cached_property
    def amounts(self) -> Ints:
        """What a line pays by its combination of classes, in bets per line, with one axis for each reel from the left."""
        return np.array([label.amount for label in self.labels], dtype=np.int64)[self.dense]
