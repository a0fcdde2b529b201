"""The pays of a game for simulation. Every amount and every award was given by the game's evaluator."""

from collections.abc import Iterable, Sequence

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award, Scatter
from webingo.engines.slots.matching import Pattern
from webingo.engines.slots.par.table import Kind, LineTable, kind_of
from webingo.engines.slots.simulation_memory import (
    MOST_CELLS,
    MOST_PAYS,
    NODE,
    NODE_CELL,
    NODE_LINES,
    NODE_NEXT,
    Memory,
)
from webingo.engines.slots.simulation_memory import NOTHING as NO_OUTCOME
from webingo.engines.slots.spin import BASE, Mode

NOTHING = -1
"""A cell that shows nothing: no symbol has this number."""


def as_award(jackpot: str) -> Award:
    """A jackpot in the place of a feature. No feature's name has a space."""
    return Award.model_construct(feature=f"jackpot {jackpot}", spins=None, multiplier=None)


class Outcomes:
    """What lines, ways and scatters may come to, and the awards of the game: each is there once. `most` is the number of awards
    of the outcome that has the most."""

    def __init__(self, features: Sequence[str], memory: Memory) -> None:
        self.awards: dict[Award, int] = {}
        self.most = 0
        self._features = features
        self._memory = memory
        self._known: dict[tuple[int, tuple[int, ...]], int] = {(0, ()): NO_OUTCOME}

    def award(self, award: Award) -> int:
        """Its address."""
        if award not in self.awards:
            record = [self._features.index(award.feature), award.spins or 1, award.multiplier or 0]
            self.awards[award] = self._memory.add(record)
        return self.awards[award]

    def of(self, amount: int, awards: Iterable[Award]) -> int:
        """The address of the outcome that pays this and awards these."""
        outcome = amount, tuple(self.award(award) for award in awards)
        if outcome not in self._known:
            self._known[outcome] = self._memory.add([amount, len(outcome[1]), *outcome[1]])
            self.most = max(self.most, len(outcome[1]))
        return self._known[outcome]


class Classes:
    """The classes of symbols on each reel of a mode: `of[reel][symbol]`; for lines also the automaton over them. `plain` where
    no wild multiplies."""

    def __init__(self, math: Math, mode: Mode) -> None:
        paying = mode.pays or mode.ways
        assert paying
        self.pattern: Pattern = paying.pattern
        symbols = [_shown(math, mode, reel) for reel in range(math.window.reels)]
        self.table = LineTable(mode.pays, symbols) if mode.pays else None
        self._kinds: list[list[Kind]] = []
        self.of: list[dict[int, int]] = []
        for reel, there in enumerate(symbols):
            known: dict[Kind, int] = {}
            of = {symbol: known.setdefault(kind_of(self.pattern, reel, symbol), len(known)) for symbol in there}
            self.of.append({symbol: int(self.table.classes[reel][symbol]) for symbol in there} if self.table else of)
            self._kinds.append(list(known))
        self.plain = all(kind.factor == 1 for kinds in self._kinds for kind in kinds)

    def add_kinds(self, memory: Memory, reel: int) -> int:
        """Ways: what pays see of each class of a reel; the address."""
        if self.table:
            return 0
        return memory.add([value for kind in self._kinds[reel] for value in kind])


def _shown(math: Math, mode: Mode, reel: int) -> list[int]:
    """The symbols that may be judged on a reel."""
    feature = math.free_spins.get(mode.name)
    strip = math.strips[feature.strips if feature else BASE][reel]
    turned = any(reel in reels for reels, _ in mode.extra_wilds)
    return sorted({math.ids[symbol] for symbol in strip.symbols} | ({mode.extra_symbol} if turned else set()))


def add_states(mode: Mode, table: LineTable, outcomes: Outcomes, memory: Memory) -> int:
    """The automaton of a mode's lines; the address of the state in which it begins."""
    below = []
    for label in table.labels:
        awards = [awarded.award for awarded in label.awards if awarded.award.feature not in mode.withheld]
        won = mode.triggered([(mode.names[win.pay], win.count) for win in label.wins])
        below.append(~outcomes.of(label.amount, [*awards, *map(as_award, won)]))
    for level in range(len(table.steps) - 1, -1, -1):
        states = []
        for state in table.steps[level]:
            ends = [below[end] for end in state]
            decided = level > 0 and ends[0] < 0 and len(set(ends)) == 1
            states.append(ends[0] if decided else memory.add(ends))
        below = states
    return below[0]


def add_nodes(memory: Memory, lines: Sequence[tuple[int, ...]], order: Sequence[int], rows: int, read: int = 0) -> None:
    """The lines as a tree, read in this order of the reels."""
    if read == len(order):
        return
    reel = order[read]
    for row in dict.fromkeys(line[reel] for line in lines):
        through = [line for line in lines if line[reel] == row]
        node = memory.add([read, reel * rows + row, 0, len(through)])
        add_nodes(memory, through, order, rows, read + 1)
        memory.cells[node + NODE_NEXT] = len(memory.cells)


Branch = tuple[int, int, int]
"""What goes on after some reels: the state, the first node and the end of its nodes."""


def add_openings(memory: Memory, root: Branch, reels: Sequence[int], columns: Sequence[Sequence[tuple[int, ...]]]) -> int:
    """The openings of a mode by the columns of these first reels, as they are judged; the address, 0 where they decide an
    award."""
    height = len(columns[0][0])
    known: dict[tuple[int, ...], int] = {}
    found: list[int] = []

    def grow(read: int, amount: int, branches: Sequence[Branch]) -> bool:
        if read == len(reels):
            record = amount, len(branches), *(value for branch in branches for value in branch)
            if record not in known:
                known[record] = memory.add(record)
            found.append(known[record])
            return True
        for column in columns[read]:
            decided = _decided(memory.cells, branches, column, reels[read] * height)
            if decided is None or not grow(read + 1, amount + decided[0], decided[1]):
                return False
        return True

    if not grow(0, 0, [root]):
        return 0
    sizes = [value for reel, stops in zip(reels, columns, strict=True) for value in (reel * height, len(stops))]
    return memory.add([len(reels), *sizes, *found])


def _decided(
    cells: Sequence[int], branches: Sequence[Branch], column: tuple[int, ...], first: int
) -> tuple[int, list[Branch]] | None:
    """(what is paid by lines that this column of the next reel decides, what goes on after it); None where an award is decided.
    The reel's cells in the window begin at `first`."""
    amount, after = 0, list[Branch]()
    for state, node, end in branches:
        while node < end:
            step, following = cells[state + column[cells[node + NODE_CELL] - first]], cells[node + NODE_NEXT]
            if step >= 0:
                after.append((step, node + NODE, following))
            elif cells[~step + 1]:
                return None
            else:
                amount += cells[~step] * cells[node + NODE_LINES]
            node = following
    return amount, after


def add_scatters(math: Math, mode: Mode, outcomes: Outcomes, memory: Memory) -> tuple[int, int]:
    """The outcomes of each of a mode's scatters by how many of it there are, from 0 to `MOST_CELLS`; from where to where."""
    window = tuple(reel.at(0) for reel in mode.reels)
    found = []
    for scatter in mode.scatters:
        alone = _alone(math, mode, scatter)
        without = len(alone.judge(_landed(math, scatter, 0), window, 0).awards)
        most = math.window.rows * (math.window.reels if scatter.reels is None else len(scatter.reels))
        for count in range(MOST_CELLS + 1):
            judged = alone.judge(_landed(math, scatter, min(count, most)), window, 0)
            awards = [given.award for given in judged.awards[without:]]
            won = mode.triggered([(win.pay, win.count) for win in judged.wins if win.kind == "scatter"])
            found.append(outcomes.of(judged.scatter_amount, [*awards, *map(as_award, won)]))
    first = memory.add(found)
    return first, first + len(found)


def _alone(math: Math, mode: Mode, scatter: Scatter) -> Mode:
    """The mode with no other scatter."""
    feature = math.free_spins.get(mode.name)
    if feature is None or feature.scatters is None:
        return Mode(math.model_copy(update={"scatters": (scatter,)}), mode.name, feature)
    return Mode(math, mode.name, feature.model_copy(update={"scatters": (scatter,)}))


def _landed(math: Math, scatter: Scatter, count: int) -> tuple[tuple[int, ...], ...]:
    """So many of a scatter on the reels where it counts, and nothing else."""
    columns = []
    for reel in range(math.window.reels):
        here = min(count, math.window.rows) if scatter.reels is None or reel in scatter.reels else 0
        columns.append((math.ids[scatter.symbol],) * here + (NOTHING,) * (math.window.rows - here))
        count -= here
    return tuple(columns)


def add_pays(math: Math, mode: Mode, outcomes: Outcomes, memory: Memory) -> int:
    """Ways: what each pay comes to by its number of reels; the address. Raises ValueError where there are too many pays."""
    if len(math.pays) > MOST_PAYS:
        raise ValueError(f"simulation plays ways with at most {MOST_PAYS} pays; these are {len(math.pays)}")
    assert mode.ways
    found: list[int] = []
    for prize in mode.ways.pattern.prizes:
        for count, amount, award in zip(prize.counts, prize.amounts, prize.awards, strict=True):
            given = [award[1]] if award and award[1].feature not in mode.withheld else []
            found += count, amount, outcomes.of(0, given)
    return memory.add(found)
