"""A spin of the base game or of a feature's free spins: how it is drawn, and what the window that it shows pays."""

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple, TypeVar

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import FreeSpins
from webingo.engines.slots.matching import Awarded, highest
from webingo.engines.slots.pays import LinePays
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


class Mode:
    """The base game, or one feature's free spins, ready to be played."""

    def __init__(self, math: Math, name: str, feature: FreeSpins | None) -> None:
        wilds = math.wilds if feature is None or feature.wilds is None else feature.wilds
        self.name = name
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
        self._math = math
        self._ids = math.ids
        self._expanding = [
            [math.ids[wild.symbol] for wild in wilds if wild.expands and (wild.reels is None or reel in wild.reels)]
            for reel in range(math.window.reels)
        ]
        self._free_spins = frozenset(math.free_spins)

    def window(self, landed: Symbols, extra_wild_reels: tuple[int, ...] = ()) -> Symbols:
        """What is judged: reels that turn wild, and those on which an expanding wild landed, are filled."""
        columns = []
        for reel, column in enumerate(landed):
            filling = (
                self.extra_symbol if reel in extra_wild_reels else next((s for s in self._expanding[reel] if s in column), None)
            )
            columns.append(column if filling is None else (filling,) * self.rows)
        return tuple(columns)

    def judge(self, landed: Symbols, window: Symbols, lines: int) -> Judged:
        """What a window pays on the first `lines` lines, or by ways. Scatters count as they landed."""
        wins, line_amount, awards = self._judge_lines(window, lines) if self.pays else self._judge_ways(window)
        scatter_amount = 0
        for scatter in self.scatters:
            symbol = self._ids[scatter.symbol]
            on = range(len(landed)) if scatter.reels is None else scatter.reels
            n = sum(landed[reel].count(symbol) for reel in on)
            k = highest(scatter.pays, n)
            if k and scatter.pays[k]:
                cells = tuple((reel, row) for reel in on for row, cell in enumerate(landed[reel]) if cell == symbol)
                scatter_amount += scatter.pays[k]
                wins.append(Win("scatter", scatter.name, k, -1, "any", 1, 1, 0, scatter.pays[k], cells))
            if k := highest(scatter.awards, n):
                awards.append(Awarded(scatter.awards[k], scatter.name, k))
        if self.name != BASE:
            awards = [a for a in awards if a.award.feature == self.name or a.award.feature not in self._free_spins]
        return Judged(tuple(wins), line_amount, scatter_amount, tuple(awards), self._jackpots(wins))

    def _judge_lines(self, window: Symbols, lines: int) -> tuple[list[Win], int, list[Awarded]]:
        assert self.pays
        wins = []
        awards: list[Awarded] = []
        for number, line in enumerate(self._math.lines[:lines]):
            result = self.pays.judge(tuple(column[row] for column, row in zip(window, line, strict=True)))
            for win in result.wins:
                name = self._math.pays[win.pay].name
                cells = tuple((reel, line[reel]) for reel in win.cells)
                wins.append(
                    Win("line", name, win.count, number, win.direction, 1, win.multiplier, win.replaced, win.amount, cells)
                )
            awards += result.awards
        return wins, sum(win.amount for win in wins), awards

    def _judge_ways(self, window: Symbols) -> tuple[list[Win], int, list[Awarded]]:
        assert self.ways
        result = self.ways.judge(window)
        wins = [
            Win(
                "ways",
                self._math.pays[w.pay].name,
                w.count,
                -1,
                w.direction,
                w.ways,
                w.multiplier,
                w.replaced,
                w.amount,
                w.cells,
            )
            for w in result.wins
        ]
        return wins, result.amount, list(result.awards)

    def _jackpots(self, wins: list[Win]) -> tuple[str, ...]:
        return tuple(
            jackpot.id
            for jackpot in self._math.jackpots
            if any(win.pay == jackpot.pay and win.count >= (jackpot.count or 0) for win in wins)
        )

    def spin(self, rng: Rng, lines: int, multiplier: int | None = None) -> Spin:
        """Draws, in this order: which reels turn wild, the reels from the left, and the multiplier where something is won.
        What is certain isn't drawn; `multiplier` is one that an award fixes."""
        extra = _drawn(self.extra_wilds, rng)
        drawn = [reel.spin(rng) for reel in self.reels]
        landed = tuple(column for _, column in drawn)
        window = self.window(landed, extra)
        judged = self.judge(landed, window, lines)
        factor = 1
        if judged.line_amount or judged.scatter_amount:
            factor = _drawn(self.multipliers, rng) if multiplier is None else multiplier
        return Spin(self.name, [stop for stop, _ in drawn], landed, window, judged, factor, extra)


def _drawn(choices: tuple[tuple[T, int], ...], rng: Rng) -> T:
    if len(choices) == 1:
        return choices[0][0]
    marks = list(accumulate(weight for _, weight in choices))
    return choices[bisect_right(marks, rng.below(marks[-1]))][0]


@lru_cache(64)
def modes(math: Math) -> dict[str, Mode]:
    """The base game under "base", and the free spins under their features' names."""
    return {BASE: Mode(math, BASE, None)} | {name: Mode(math, name, feature) for name, feature in math.free_spins.items()}
