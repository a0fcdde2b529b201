"""The reels: how each can stop, with which weight, and how a stop is drawn."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, product
from math import prod
from typing import NamedTuple

from webingo.engines.slots.definition import Math, Strip
from webingo.rng import Rng


class Column(NamedTuple):
    """A way in which a reel can stop: its weight, its stop (-1 where cells are drawn one by one), and the symbols that it
    shows from top to bottom."""

    weight: int
    stop: int
    landed: tuple[int, ...]


class Reel:
    """One reel. `total` is the sum of the weights of its columns, `size` the number of its stops (0 for frequencies)."""

    def __init__(self, strip: Strip, rows: int, ids: dict[str, int]) -> None:
        stops = tuple(ids[symbol] for symbol in strip.stops or ())
        self.rows = rows
        self.size = len(stops)
        self._windows = tuple(tuple(stops[(top + row) % len(stops)] for row in range(rows)) for top in range(len(stops)))
        self._weights = strip.weights or (1,) * len(stops)
        self._frequencies = {ids[symbol]: weight for symbol, weight in (strip.frequencies or {}).items()}
        self._symbols = tuple(self._frequencies)
        drawn = tuple(self._frequencies.values()) or self._weights
        self._marks = list(accumulate(drawn))
        self._range = self._marks[-1]
        self._even = bool(stops) and strip.weights is None
        self.total = self._range if stops else self._range**rows

    def spin(self, rng: Rng) -> tuple[int, tuple[int, ...]]:
        """The stop that is drawn and the symbols that it shows."""
        if self._even:
            stop = rng.below(self._range)
            return stop, self._windows[stop]
        if self.size:
            stop = bisect_right(self._marks, rng.below(self._range))
            return stop, self._windows[stop]
        return -1, tuple(self._symbols[bisect_right(self._marks, rng.below(self._range))] for _ in range(self.rows))

    def at(self, stop: int) -> tuple[int, ...]:
        """What the reel shows when it stops there; for frequencies, where there is no strip, its first symbol everywhere."""
        return self._windows[stop] if self.size else self._symbols[:1] * self.rows

    def columns(self) -> Sequence[Column]:
        """All columns, by stop; for frequencies, all combinations of symbols."""
        return self._columns

    @cached_property
    def _columns(self) -> tuple[Column, ...]:
        if self.size:
            return tuple(
                Column(weight, stop, landed)
                for stop, (weight, landed) in enumerate(zip(self._weights, self._windows, strict=True))
            )
        return tuple(
            Column(prod(self._frequencies[symbol] for symbol in landed), -1, landed)
            for landed in product(self._symbols, repeat=self.rows)
        )


def reels_of(math: Math, strips: str) -> tuple[Reel, ...]:
    return tuple(Reel(strip, math.window.rows, math.ids) for strip in math.strips[strips])
