"""The lines of a window. Most of them come to nothing, which their first three cells tell (with right pays: the last three)."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from webingo.engines.slots.definition import Math
from webingo.engines.slots.matching import Pattern
from webingo.engines.slots.pays import LinePays, LineResult

_REMEMBERED = 1 << 15
_HEAD = 3
Cells = tuple[int, ...]


class Lines:
    """The lines of `math`, judged by `pays`."""

    def __init__(self, math: Math, pays: LinePays) -> None:
        self._judge = pays.judge
        places = [[reel * math.window.rows + row for reel, row in enumerate(line)] for line in math.lines]
        reels = math.window.reels
        size = reels if pays.pattern.anywhere else min(_HEAD, reels)
        self._head = lru_cache(_REMEMBERED)(_Head(pays.pattern, range(size), pays.pattern.left | pays.pattern.anywhere).live)
        tail = range(reels - 1, reels - 1 - size, -1)
        self._tail = lru_cache(_REMEMBERED)(_Head(pays.pattern, tail, pays.pattern.right).live)
        self._right = bool(pays.pattern.right)
        self._getters = [(_getter(line), _getter(line[:size]), _getter(line[::-1][:size])) for line in places]

    def results(self, window: tuple[Cells, ...], lines: int) -> Iterator[tuple[int, LineResult]]:
        """(line, result) of those of the first `lines` lines that may come to something. `window` is [reel][row]."""
        judge, head, tail, right = self._judge, self._head, self._tail, self._right
        cells = tuple(chain.from_iterable(window))
        for number, (line, first, last) in enumerate(self._getters[:lines]):
            if head(first(cells)) or (right and tail(last(cells))):
                yield number, judge(line(cells))


class _Head:
    """The first cells of a line, in the order in which `reels` are read, and the `pays` that begin there."""

    def __init__(self, pattern: Pattern, reels: range, pays: int) -> None:
        self._pattern = pattern
        self._reels = reels
        self._pays = pays

    def live(self, cells: Cells) -> bool:
        """Whether a line that begins with these cells may come to something."""
        alive = self._pays
        if alive & self._pattern.anywhere:
            return True
        for n, (reel, cell) in enumerate(zip(self._reels, cells, strict=True)):
            matched = self._pattern.matched[reel][cell]
            if alive & ~matched & self._pattern.worth[n]:
                return True
            alive &= matched
        return bool(alive)


def _getter(places: list[int]) -> Callable[[Cells], Cells]:
    """Takes the cells of a line out of those of the window, which follow one another column by column."""
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
