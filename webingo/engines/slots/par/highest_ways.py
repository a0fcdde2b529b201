"""The most that one spin can come to by ways: branch and bound over the reels.

A pay's runs are the product of its cells on each reel, wilds counted with their multipliers. The sum over all pays is what a
window comes to where no two pays want the same way, and more than that where they do. So that sum, with the best columns for
the reels that are still open, bounds a branch. The windows that are left are judged, the most promising first.
"""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from webingo.engines.slots.par.boards import Awards
from webingo.engines.slots.par.columns import Draw, unordered
from webingo.engines.slots.par.table import Ints
from webingo.engines.slots.ways import WaysPays

_NARROW = 64
MOST_JUDGED = 500
"""Windows that are judged before the bound itself is taken."""
_LARGEST = 2**62


class HighestWays:
    """`worth` gives the value of an amount with awards, `scatters` that of each scatter by its count."""

    def __init__(
        self, ways: WaysPays, draws: Sequence[Draw], scatters: Sequence[Sequence[int]], worth: Callable[[int, Awards], int]
    ) -> None:
        self._ways = ways
        self._worth = worth
        self._scatters = [np.array(values, dtype=np.int64) for values in scatters]
        reels = [unordered([draw for draw in draws if draw.reel == reel]) for reel in range(ways.pattern.reels)]
        self._columns = [list({(column.window, column.scatters) for column in draw.columns}) for draw in reels]
        self._counts = [self._matching(reel, [window for window, _ in found]) for reel, found in enumerate(self._columns)]
        self._shown = [np.array([counts for _, counts in found], dtype=np.int64) for found in self._columns]
        self._check()

    def _matching(self, reel: int, windows: list[tuple[int, ...]]) -> Ints:
        """[column, pay]: the cells that match, each as often as its multiplier says."""
        pattern = self._ways.pattern
        matched, natural, factor = pattern.matched[reel], pattern.natural[reel], pattern.factor[reel]
        rows = [
            [
                sum((1 if natural[c] >> pay & 1 else factor[c]) for c in window if matched[c] >> pay & 1)
                for pay in range(len(pattern.prizes))
            ]
            for window in windows
        ]
        return np.array(rows, dtype=np.int64).reshape(len(windows), len(pattern.prizes))

    def _check(self) -> None:
        runs = prod(max(1, int(counts.max(initial=0))) for counts in self._counts)
        paid = sum(max(self._worth(amount, ()) for amount in prize.amounts) for prize in self._ways.pattern.prizes)
        if runs * paid > _LARGEST:
            raise ValueError("a spin might win more than can be paid out: lower the pays or the wilds' multipliers")

    def find(self, above: int) -> int:
        """The highest value, or `above` where no window has a higher one."""
        return self._search(self._search(above, _NARROW), None)

    def _search(self, above: int, width: int | None) -> int:
        chosen = np.zeros((1, 0), dtype=np.intp)
        bounds: Ints = np.zeros(1, dtype=np.int64)
        for counts in self._counts:
            here = np.tile(np.arange(len(counts)), len(chosen))
            chosen = np.concatenate([np.repeat(chosen, len(counts), axis=0), here[:, None]], axis=1)
            bounds = self._bounds(chosen)
            kept = np.flatnonzero(bounds > above)
            if width is not None and len(kept) > width:
                kept = kept[np.argpartition(bounds[kept], -width)[-width:]]
            chosen, bounds = chosen[kept], bounds[kept]
        for number, place in enumerate(np.argsort(-bounds)):
            if bounds[place] <= above:
                break
            if number == MOST_JUDGED and width is None:
                return int(bounds[place])
            above = max(above, self._value(chosen[place]))
        return above

    def _value(self, chosen: Ints) -> int:
        window = tuple(self._columns[reel][column][0] for reel, column in enumerate(chosen))
        result = self._ways.judge(window)
        shown = sum(self._shown[reel][column] for reel, column in enumerate(chosen))
        scattered = sum(int(values[n]) for values, n in zip(self._scatters, shown, strict=True))
        return self._worth(result.amount, tuple(given.award for given in result.awards)) + scattered

    def _bounds(self, chosen: Ints) -> Ints:
        """[branch]: its columns on the first reels, the best ones on the others."""
        reels, read = len(self._counts), chosen.shape[1]
        counts = [self._counts[reel][chosen[:, reel]] for reel in range(read)]
        best = [self._counts[reel].max(axis=0)[None] for reel in range(read, reels)]
        pattern = self._ways.pattern
        total = np.zeros(len(chosen), dtype=np.int64)
        for pays, side in ((pattern.left, [*counts, *best]), (pattern.right, [*best[::-1], *counts[::-1]])):
            there = [pay for pay in range(len(pattern.prizes)) if pays >> pay & 1]
            if there:
                total += self._side(there, [np.broadcast_to(c[:, there], (len(chosen), len(there))) for c in side])
        shown = np.zeros((len(chosen), len(self._scatters)), dtype=np.int64)
        for reel in range(read):
            shown += self._shown[reel][chosen[:, reel]]
        for number, values in enumerate(self._scatters):
            most = sum(int(self._shown[reel][:, number].max()) for reel in range(read, reels))
            running = np.array([values[n : n + most + 1].max() for n in range(len(values))])
            total += running[shown[:, number]]
        return total

    def _side(self, pays: list[int], counts: list[Ints]) -> Ints:
        """[branch]: the sum over pays of the best that a run of up to so many reels comes to."""
        prizes = [self._ways.pattern.prizes[pay] for pay in pays]
        runs = [np.ones_like(counts[0])]
        for count in counts:
            runs.append(runs[-1] * count)
        best = np.zeros_like(counts[0])
        for n in range(1, len(runs)):
            for place, prize in enumerate(prizes):
                given = prize.awards[n]
                awarded = self._worth(0, (given[1],)) if given else 0
                paid = self._worth(prize.amounts[n], ())
                value = runs[prize.counts[n]][:, place] * paid + awarded
                best[:, place] = np.maximum(best[:, place], np.where(runs[n][:, place] > 0, value, 0))
        return np.asarray(best.sum(axis=1))
