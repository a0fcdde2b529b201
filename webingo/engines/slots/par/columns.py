"""How the reels of a mode can stop, merged: columns that nothing tells apart are one, with the sum of their weights."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from webingo.engines.slots.definition import Math
from webingo.engines.slots.spin import BASE, Mode

NOTHING = -1
"""A cell that shows nothing: no symbol has this number."""


@dataclass(frozen=True)
class Column:
    """Symbols of some rows as they are judged, and how often each of the mode's scatters landed there."""

    weight: int
    window: tuple[int, ...]
    scatters: tuple[int, ...]

    def beside(self, other: "Column") -> "Column":
        """Both, drawn one after the other."""
        added = tuple(one + two for one, two in zip(self.scatters, other.scatters, strict=True))
        return Column(self.weight * other.weight, self.window + other.window, added)


@dataclass(frozen=True)
class Draw:
    """What one draw decides: some rows of a reel. A strip decides all of them, cells that are drawn one by one one each."""

    reel: int
    rows: tuple[int, ...]
    columns: tuple[Column, ...]

    @cached_property
    def total(self) -> int:
        """The sum of the columns' weights."""
        return sum(column.weight for column in self.columns)

    def merged(self, seen: Callable[[tuple[int, ...]], tuple[int, ...]] = lambda window: window) -> "Draw":
        """With one column for all whose windows are `seen` as the same and that show the same scatters."""
        weights: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = defaultdict(int)
        for column in self.columns:
            weights[seen(column.window), column.scatters] += column.weight
        return Draw(self.reel, self.rows, tuple(Column(weight, *kind) for kind, weight in weights.items()))


def unordered(draws: Sequence[Draw]) -> Draw:
    """One draw for a whole reel where it makes no difference in which row a symbol stands. The draws are those of one reel."""
    found = Draw(draws[0].reel, (), (Column(1, (), tuple(0 for _ in draws[0].columns[0].scatters)),))
    for draw in draws:
        joined = tuple(one.beside(other) for one in found.columns for other in draw.columns)
        found = Draw(draw.reel, found.rows + draw.rows, joined).merged(lambda window: tuple(sorted(window)))
    return found


def draws_of(math: Math, mode: Mode, reel: int, extra_wilds: Sequence[int] = ()) -> list[Draw]:
    """The draws that decide a reel in a mode, where `extra_wilds` are the reels that turn wild: one, or one for each row."""
    columns = _Columns(math, mode, reel, tuple(extra_wilds))
    feature = math.free_spins.get(mode.name)
    strip = math.strips[feature.strips if feature else BASE][reel]
    rows = tuple(range(mode.rows))
    if strip.frequencies and not any(columns.fills(math.ids[symbol]) for symbol in strip.frequencies):
        cells = tuple(columns.column(weight, (math.ids[symbol],)) for symbol, weight in strip.frequencies.items())
        return [Draw(reel, (row,), cells) for row in rows]
    return [Draw(reel, rows, tuple(columns.column(c.weight, c.landed) for c in mode.reels[reel].columns())).merged()]


class _Columns:
    """What a mode makes of the symbols that land on one of its reels."""

    def __init__(self, math: Math, mode: Mode, reel: int, extra_wilds: tuple[int, ...]) -> None:
        self._mode = mode
        self._reel = reel
        self._extra_wilds = extra_wilds
        self._counted = [
            math.ids[scatter.symbol] if scatter.reels is None or reel in scatter.reels else NOTHING for scatter in mode.scatters
        ]

    def column(self, weight: int, landed: tuple[int, ...]) -> Column:
        window = self._window(landed) if len(landed) == self._mode.rows else landed
        return Column(weight, window, tuple(landed.count(symbol) for symbol in self._counted))

    def fills(self, symbol: int) -> bool:
        """Whether a reel where this symbol lands shows something else than what landed."""
        landed = (symbol, *[NOTHING] * (self._mode.rows - 1))
        return self._window(landed) != landed

    def _window(self, landed: tuple[int, ...]) -> tuple[int, ...]:
        nothing = (NOTHING,) * self._mode.rows
        reels = range(len(self._mode.reels))
        shown = tuple(landed if reel == self._reel else nothing for reel in reels)
        return self._mode.window(shown, self._extra_wilds)[self._reel]
