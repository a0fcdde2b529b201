"""Puts a game together for the compiled simulation: see simulation_memory for what stands where."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod

import numpy as np

from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award, FreeSpins, Pick
from webingo.engines.slots.simulation_memory import Ints, Memory
from webingo.engines.slots.simulation_pays import (
    NOTHING,
    Classes,
    Outcomes,
    add_nodes,
    add_openings,
    add_pays,
    add_scatters,
    add_states,
    as_award,
)
from webingo.engines.slots.spin import BASE, Mode, modes

_MOST_OPENINGS = 1 << 15
_COMBINING = {"multiply": at.MULTIPLY, "add": at.ADD, "highest": at.HIGHEST}


@dataclass(frozen=True, eq=False)
class Plan:
    """A game ready to be played by `play`. `modes` and `awards` are addresses by what stands there; `features` are the names in
    the order of the sums."""

    game: Ints
    features: tuple[str, ...]
    modes: dict[str, int]
    awards: dict[Award, int]

    def work(self, key: int, stream: int) -> Ints:
        """Fresh memory to work on, with the random numbers of one stream from the first on. Both are integers of 64 bits."""
        work = np.zeros(self.game[at.WORK], np.int64)
        work[at.WORD] = at.WORDS_END
        work[[at.STREAM, at.KEY]] = np.array([stream, key], np.uint64).view(np.int64)
        return work


@lru_cache(8)
def plan_of(math: Math, lines: int, bought: str | None = None) -> Plan:
    """The game on so many lines; every round begins with a spin, or with the purchase `bought`.

    Raises ValueError for a game that simulation can't play.
    """
    return _Tables(math, lines, bought).plan()


def add_draws(memory: Memory, weights: Sequence[int], values: Sequence[int] | None = None) -> int:
    """A draw table, by the alias method in integers (A. J. Walker, 1977; built as by M. D. Vose, 1991): each of the values (or
    places) is drawn with probability weight / sum, exactly."""
    n, common = len(weights), gcd(*weights)
    capacity = sum(weights) // common
    other = list(range(n))
    # Each of n places has room for `capacity`; what a weight lacks to fill its own is put there from one that has too much.
    cut = [weight // common * n for weight in weights]
    small = [place for place, share in enumerate(cut) if share < capacity]
    large = [place for place, share in enumerate(cut) if share > capacity]
    while small:
        place, giver = small.pop(), large[-1]
        other[place] = giver
        cut[giver] -= capacity - cut[place]
        if cut[giver] <= capacity:
            large.pop()
            if cut[giver] < capacity:
                small.append(giver)
    even = min(weights) == max(weights)
    return memory.add([n, 0 if even else capacity, *cut, *other, *(range(n) if values is None else values)])


class _Tables:
    """The parts of a game, one after the other."""

    def __init__(self, math: Math, lines: int, bought: str | None) -> None:
        self._math = math
        self._lines = lines
        self._bought = bought
        self._memory = Memory()
        self._jackpots = [as_award(jackpot.id) for jackpot in math.jackpots]
        self._outcomes = Outcomes([BASE, *math.features, *(award.feature for award in self._jackpots)], self._memory)
        self._base = self._memory.add([0, 1, 0])
        self._nodes = (0, 0)
        self._packs = max(-(-len(mode.scatters) // at.PACKED) for mode in modes(math).values())

    def plan(self) -> Plan:
        math, memory = self._math, self._memory
        classes = {mode.name: Classes(math, mode) for mode in modes(math).values()}
        first = len(memory.cells)
        if table := classes[BASE].table:
            add_nodes(memory, math.lines[: self._lines], table.order, math.window.rows)
        self._nodes = first, len(memory.cells)
        places = {mode.name: self._add_mode(mode, classes[mode.name]) for mode in modes(math).values()}
        self._add_features(places)
        self._add_chances()
        self._set_header(classes)
        features = (*math.features, *(award.feature for award in self._jackpots))
        return Plan(np.array(memory.cells, np.int64), features, places, self._outcomes.awards)

    def _set_header(self, classes: dict[str, Classes]) -> None:
        math, cells = self._math, self._memory.cells
        stake = math.total_bet(self._lines)
        cells[at.REELS], cells[at.ROWS] = math.window.reels, math.window.rows
        cells[at.STAKE], cells[at.CAP] = stake, math.win_cap * stake if math.win_cap else at.NO_CAP
        cells[at.START] = (
            self._outcomes.award(next(buy.award for buy in math.buy if buy.name == self._bought))
            if self._bought
            else self._base
        )
        cells[at.NODES], cells[at.NODES_END] = self._nodes
        cells[at.PACKS], cells[at.COLUMN] = self._packs, math.window.rows + self._packs + 1
        cells[at.COMBINING] = _COMBINING[math.wild_multipliers]
        cells[at.COINCIDING], cells[at.BOTH] = math.line_coinciding, math.align == "both"
        cells[at.PLAIN] = all(found.plain for found in classes.values())
        if math.pay_by == "ways":
            pattern = classes[BASE].pattern
            cells[at.BY_WAYS], cells[at.PAYS] = 1, len(math.pays)
            cells[at.LEFT], cells[at.RIGHT] = pattern.left, pattern.right
            cells[at.WORTH] = self._memory.add(pattern.worth)
            self._add_triggers()
        scattered = max(len(mode.scatters) for mode in modes(math).values())
        picked = sum(item.count for feature in math.features.values() if isinstance(feature, Pick) for item in feature.items)
        spun = self._outcomes.most * max(self._lines, len(math.pays)) + scattered + len(math.random_awards)
        cells[at.MOST_AWARDS] = max(spun, picked, 2) + len(math.jackpots) + 1
        items = max((len(feature.items) for feature in math.features.values() if isinstance(feature, Pick)), default=0)
        played = len(math.features) + len(math.jackpots)
        free = at.SUMS + at.COLUMNS * at.sums_rows(played)
        for name, size in ((at.EARNED, 1 + played), (at.RAN, 1 + played), (at.PAID, cells[at.PAYS]), (at.THERE, items)):
            cells[name] = free
            free += size
        cells[at.MARKS] = free
        cells[at.WORK] = free + 2 * cells[at.PAYS] * math.window.rows**math.window.reels

    def _add_mode(self, mode: Mode, classes: Classes) -> int:
        math, memory = self._math, self._memory
        reels = [self._add_reel(mode, classes, reel) for reel in range(math.window.reels)]
        root = opening = 0
        if classes.table:
            root = add_states(mode, classes.table, self._outcomes, memory)
            opening = self._add_openings(mode, classes, root)
        pays = 0 if classes.table else add_pays(math, mode, self._outcomes, memory)
        multiplier = add_draws(memory, [weight for _, weight in mode.multipliers], [value for value, _ in mode.multipliers])
        extra = 0
        if mode.extra_symbol >= 0:
            sets = [sum(1 << reel for reel in wild) for wild, _ in mode.extra_wilds]
            extra = add_draws(memory, [weight for _, weight in mode.extra_wilds], sets)
        scatters, end = add_scatters(math, mode, self._outcomes, memory)
        return memory.add([root, opening, scatters, end, multiplier, extra, pays, *(value for reel in reels for value in reel)])

    def _add_openings(self, mode: Mode, classes: Classes, root: int) -> int:
        """For as many of the first reels as are strips and don't have too many combinations of stops."""
        assert classes.table
        columns: list[list[tuple[int, ...]]] = []
        order = classes.table.order
        for reel in order[:-1] if mode.extra_symbol < 0 else ():
            of, stops = classes.of[reel], mode.reels[reel].columns() if mode.reels[reel].size else ()
            if not 0 < prod(map(len, columns)) * len(stops) <= _MOST_OPENINGS:
                break
            columns.append([tuple(of[symbol] for symbol in _window(mode, reel, stop.landed)) for stop in stops])
        return add_openings(self._memory, (root, *self._nodes), order[: len(columns)], columns) if columns else 0

    def _add_reel(self, mode: Mode, classes: Classes, reel: int) -> tuple[int, ...]:
        math, memory, of = self._math, self._memory, classes.of[reel]
        feature = math.free_spins.get(mode.name)
        frequencies = math.strips[feature.strips if feature else BASE][reel].frequencies
        kinds = classes.add_kinds(memory, reel)
        if frequencies:
            symbols = [math.ids[symbol] for symbol in frequencies]
            draw = add_draws(memory, list(frequencies.values()))
            columns = len(memory.cells)
            fills = _fills(mode, reel, symbols)
            for symbol in symbols:
                self._add_column(mode, reel, (symbol,), [of[symbol]] * math.window.rows, fills[symbol])
        else:
            stops = mode.reels[reel].columns()
            draw = add_draws(memory, [column.weight for column in stops])
            columns = len(memory.cells)
            for column in stops:
                shown = [of[symbol] for symbol in _window(mode, reel, column.landed)]
                self._add_column(mode, reel, column.landed, shown, 0)
        return draw, columns, int(bool(frequencies)), of.get(mode.extra_symbol, 0), kinds

    def _add_column(self, mode: Mode, reel: int, landed: tuple[int, ...], shown: list[int], fills: int) -> None:
        packed = [0] * self._packs
        for place, scatter in enumerate(mode.scatters):
            if scatter.reels is None or reel in scatter.reels:
                packed[place // at.PACKED] += landed.count(self._math.ids[scatter.symbol]) << at.BITS * (place % at.PACKED)
        self._memory.add([*shown, *packed, fills])

    def _add_features(self, places: dict[str, int]) -> None:
        math, memory = self._math, self._memory
        records = [at.BASE_SPIN, places[BASE], 0, 0, 0]
        for name, feature in math.features.items():
            if isinstance(feature, FreeSpins):
                records += at.FREE_SPINS, places[name], feature.max_spins or 0, 0, 0
                continue
            unit = math.total_bet(self._lines) if feature.unit == "total_bet" else 1
            if isinstance(feature, Pick):
                items = [(item.pay * unit, item.award, int(item.end), item.weight, item.count, 0) for item in feature.items]
                kind, draw, most = at.PICK, 0, feature.picks
            else:
                items = [
                    (segment.pay * unit, segment.award, 0, segment.weight, 1, self._jackpot(segment.jackpot))
                    for segment in feature.segments
                ]
                kind, draw, most = at.WHEEL, add_draws(memory, [segment.weight for segment in feature.segments]), 0
            rows = [(pay, self._outcomes.award(award) if award else 0, *rest) for pay, award, *rest in items]
            records += kind, draw, most, memory.add([value for row in rows for value in row]), len(rows)
        for _ in self._jackpots:
            records += at.JACKPOT, 0, 0, 0, 0
        memory.cells[at.FEATURES] = memory.add(records)
        memory.cells[at.FEATURES_END] = len(memory.cells)

    def _jackpot(self, name: str | None) -> int:
        """The address of a jackpot's award; 0 for none."""
        return 0 if name is None else self._outcomes.award(as_award(name))

    def _add_triggers(self) -> None:
        """Ways: which wins trigger jackpots."""
        names, memory = [pay.name for pay in self._math.pays], self._memory
        by_pays = [jackpot for jackpot in self._math.jackpots if jackpot.pay in names]
        rows = [(names.index(j.pay), j.count or 0, self._jackpot(j.id)) for j in by_pays if j.pay is not None]
        if rows:
            memory.cells[at.TRIGGERS] = memory.add([value for row in rows for value in row])
            memory.cells[at.TRIGGERS_END] = len(memory.cells)

    def _add_chances(self) -> None:
        memory = self._memory
        rows = [(*drawn.fraction.as_integer_ratio(), self._outcomes.award(drawn.award)) for drawn in self._math.random_awards]
        memory.cells[at.CHANCES] = memory.add([value for row in rows for value in row])
        memory.cells[at.CHANCES_END] = len(memory.cells)


def _window(mode: Mode, reel: int, landed: tuple[int, ...]) -> tuple[int, ...]:
    """What a reel shows on which this landed."""
    nothing = (NOTHING,) * mode.rows
    return mode.window(tuple(landed if place == reel else nothing for place in range(len(mode.reels))))[reel]


def _fills(mode: Mode, reel: int, symbols: Sequence[int]) -> dict[int, int]:
    """For each symbol 0; or where it fills the reel on which it lands, 1 and how many others that also do it come after it."""
    found = dict.fromkeys(symbols, 0)
    if mode.rows > 1:
        rest = (NOTHING,) * (mode.rows - 2)
        filling = [symbol for symbol in symbols if _window(mode, reel, (symbol, NOTHING, *rest))[1] == symbol]
        for one in filling:
            found[one] = 1 + sum(_window(mode, reel, (other, one, *rest))[0] == one for other in filling if other != one)
    return found
