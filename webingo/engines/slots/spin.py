"""A spin of the base game or of a feature's free spins: how it is drawn, and what the window that it shows pays."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple, TypeVar

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import FreeSpins, Scatter
from webingo.engines.slots.lines import Lines
from webingo.engines.slots.matching import Awarded, highest
from webingo.engines.slots.pays import LinePays
from webingo.engines.slots.reach import withheld
from webingo.engines.slots.reels import reels_of
from webingo.engines.slots.ways import WaysPays
from webingo.rng import Rng

T = TypeVar("T")
BASE = "base"
Symbols = tuple[tuple[int, ...], ...]
"""Symbols by their numbers, [reel][row]."""


class Win(NamedTuple):
    """A win of `kind` line, ways or scatter: `amount` is in bets per line or coin (of a scatter: in total bets), with the
    wilds' `multiplier`, before the spin's. `line` is the place in `math.lines`, else -1; `cells` are (reel, row)."""

    kind: str
    pay: str
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    line: int
    direction: str
    ways: int
    multiplier: int
    replaced: int
    amount: int
    cells: tuple[tuple[int, int], ...]


class Judged(NamedTuple):
    """What a window pays: `line_amount` in bets per line or coin, `scatter_amount` in total bets."""

    wins: tuple[Win, ...]
    line_amount: int
    scatter_amount: int
    awards: tuple[Awarded, ...]
    jackpots: tuple[str, ...]


LOST = Judged((), 0, 0, (), ())


class Spin(NamedTuple):
    """A spin: `landed` as the reels stopped, `window` with the wilds that fill reels; `extra_wilds` are those reels that turned
    wild; `multiplier` multiplies all that it wins."""

    mode: str
    stops: list[int]
    landed: Symbols
    window: Symbols
    judged: Judged
    multiplier: int
    extra_wilds: tuple[int, ...]


class ScatterTable(NamedTuple):
    """A scatter by how many of it land where it counts, from none to all cells: the count that is paid, its pay, its award."""

    name: str
    symbol: int
    reels: tuple[int, ...] | None
    counts: tuple[int, ...]
    amounts: tuple[int, ...]
    awards: tuple[Awarded | None, ...]


class Mode:
    """The base game, or one feature's free spins, ready to be played. `withheld` are the features that its line pays don't
    give, nor its scatters where they are the base game's."""

    def __init__(self, math: Math, name: str, feature: FreeSpins | None) -> None:
        wilds = math.wilds if feature is None or feature.wilds is None else feature.wilds
        self.name = name
        self.wilds = wilds
        self.reels = reels_of(math, feature.strips if feature else BASE)
        self.rows = math.window.rows
        self.pays: LinePays | None = LinePays(math, wilds) if math.pay_by == "lines" else None
        self.ways: WaysPays | None = WaysPays(math, wilds) if math.pay_by == "ways" else None
        self.scatters = math.scatters if feature is None or feature.scatters is None else feature.scatters
        table = feature.multiplier if feature else math.multiplier or {1: 1}
        self.multipliers = tuple(table.items())
        extra = feature.extra_wilds if feature else None
        self.extra_symbol = math.ids[extra.symbol] if extra else -1
        self.extra_wilds = tuple((choice.reels, choice.weight) for choice in extra.choices) if extra else (((), 1),)
        self.names = tuple(pay.name for pay in math.pays)
        self._jackpots = tuple((jackpot.id, jackpot.pay, jackpot.count or 0) for jackpot in math.jackpots)
        self._tables = tuple(_table(scatter, math) for scatter in self.scatters)
        self._lines = Lines(math, self.pays) if self.pays else None
        self._rows = math.lines
        self._expanding = tuple(
            tuple(math.ids[wild.symbol] for wild in wilds if wild.expands and (wild.reels is None or reel in wild.reels))
            for reel in range(math.window.reels)
        )
        self._expands = any(self._expanding)
        self.withheld = withheld(math, name) if feature else frozenset()
        self._inherits = feature is None or feature.scatters is None

    def window(self, landed: Symbols, extra_wild_reels: tuple[int, ...] = ()) -> Symbols:
        """What is judged: reels that turn wild, and those on which an expanding wild landed, are filled."""
        if not self._expands and not extra_wild_reels:
            return landed
        columns = []
        for reel, column in enumerate(landed):
            filling = next((symbol for symbol in self._expanding[reel] if symbol in column), None)
            if reel in extra_wild_reels:
                filling = self.extra_symbol
            columns.append(column if filling is None else (filling,) * self.rows)
        return tuple(columns)

    def judge(self, landed: Symbols, window: Symbols, lines: int) -> Judged:
        """What a window pays on the first `lines` lines, or by ways. Scatters count as they landed."""
        wins: list[Win] = []
        awards: list[Awarded] = []
        line_amount = self._judge_lines(window, lines, wins, awards) if self.pays else self._judge_ways(window, wins, awards)
        if self.withheld:
            awards = [given for given in awards if given.award.feature not in self.withheld]
        scatter_amount = 0
        cells = tuple(chain.from_iterable(landed))
        for table in self._tables:
            on = cells if table.reels is None else tuple(chain.from_iterable([landed[reel] for reel in table.reels]))
            n = on.count(table.symbol)
            if amount := table.amounts[n]:
                scatter_amount += amount
                wins.append(_scatter_win(table, n, landed))
            given = table.awards[n]
            if given and not (self._inherits and given.award.feature in self.withheld):
                awards.append(given)
        if not wins and not awards:
            return LOST
        jackpots = self.triggered([(win.pay, win.count) for win in wins]) if self._jackpots else ()
        return Judged(tuple(wins), line_amount, scatter_amount, tuple(awards), jackpots)

    def _judge_lines(self, window: Symbols, lines: int, wins: list[Win], awards: list[Awarded]) -> int:
        assert self._lines
        total = 0
        for number, result in self._lines.results(window, lines):
            total += result.amount
            awards += result.awards
            for pay, count, direction, multiplier, replaced, amount, reels in result.wins:
                rows = self._rows[number]
                places = tuple([(reel, rows[reel]) for reel in reels])
                name = self.names[pay]
                wins.append(Win("line", name, count, number, direction, 1, multiplier, replaced, amount, places))
        return total

    def _judge_ways(self, window: Symbols, wins: list[Win], awards: list[Awarded]) -> int:
        assert self.ways
        result = self.ways.judge(window)
        awards += result.awards
        for pay, count, direction, multiplier, replaced, ways, amount, places in result.wins:
            name = self.names[pay]
            wins.append(Win("ways", name, count, -1, direction, ways, multiplier, replaced, amount, places))
        return result.amount

    def triggered(self, wins: Sequence[tuple[str, int]]) -> tuple[str, ...]:
        """The jackpots that wins of these pays and counts trigger, in the manifest's order."""
        return tuple([name for name, pay, least in self._jackpots if any(of == pay and n >= least for of, n in wins)])

    def spin(self, rng: Rng, lines: int, multiplier: int | None = None) -> Spin:
        """Draws, in this order: which reels turn wild, the reels from the left, and the multiplier where something is won.
        What is certain isn't drawn; `multiplier` is one that an award fixes."""
        extra = _drawn(self.extra_wilds, rng)
        drawn = [reel.spin(rng) for reel in self.reels]
        landed = tuple([column for _, column in drawn])
        window = self.window(landed, extra)
        judged = self.judge(landed, window, lines)
        factor = 1
        if judged.line_amount or judged.scatter_amount:
            factor = _drawn(self.multipliers, rng) if multiplier is None else multiplier
        return Spin(self.name, [stop for stop, _ in drawn], landed, window, judged, factor, extra)


def _table(scatter: Scatter, math: Math) -> ScatterTable:
    most = math.window.rows * (math.window.reels if scatter.reels is None else len(scatter.reels))
    counts = tuple(highest(scatter.pays, n) for n in range(most + 1))
    given = [highest(scatter.awards, n) for n in range(most + 1)]
    return ScatterTable(
        scatter.name,
        math.ids[scatter.symbol],
        scatter.reels,
        counts,
        tuple(scatter.pays[k] if k else 0 for k in counts),
        tuple(Awarded(scatter.awards[k], scatter.name, k) if k else None for k in given),
    )


def _scatter_win(table: ScatterTable, n: int, landed: Symbols) -> Win:
    on = range(len(landed)) if table.reels is None else table.reels
    cells = tuple((reel, row) for reel in on for row, cell in enumerate(landed[reel]) if cell == table.symbol)
    return Win("scatter", table.name, table.counts[n], -1, "any", 1, 1, 0, table.amounts[n], cells)


def _drawn(choices: tuple[tuple[T, int], ...], rng: Rng) -> T:
    if len(choices) == 1:
        return choices[0][0]
    marks = list(accumulate(weight for _, weight in choices))
    return choices[bisect_right(marks, rng.below(marks[-1]))][0]


@lru_cache(64)
def modes(math: Math) -> dict[str, Mode]:
    """The base game under "base", and the free spins under their features' names."""
    return {BASE: Mode(math, BASE, None)} | {name: Mode(math, name, feature) for name, feature in math.free_spins.items()}
