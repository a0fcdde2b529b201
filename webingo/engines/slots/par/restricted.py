"""The evaluator of ways for some of a game's pays, and for windows of which only some reels are read."""

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Wild
from webingo.engines.slots.matching import ones
from webingo.engines.slots.par.counting import TooMany
from webingo.engines.slots.par.table import kind_of, reading_order
from webingo.engines.slots.ways import WaysPays, WaysResult

MOST_JUDGED = 300_000
"""Windows that are judged at most: with more a game can't be counted."""
_BLANK = "\0"
Symbols = tuple[int, ...]


class Restricted:
    """Sets of pays are integers with bit i for `math.pays[i]`. Reels are counted in reading `order`; the symbol after the last
    one is a blank, which no pay matches. Raises TooMany where pays go in both directions: nothing can be left out then."""

    def __init__(self, math: Math, wilds: tuple[Wild, ...]) -> None:
        self._math = math.model_copy(update={"symbols": (*math.symbols, _BLANK)})
        self._wilds = wilds
        pattern = WaysPays(self._math, wilds).pattern
        if pattern.left and pattern.right:
            raise TooMany
        self.order = reading_order(pattern)
        self.directed = pattern.left | pattern.right
        self.prizes = pattern.prizes
        self._blank = len(math.symbols)
        self._kinds = [[kind_of(pattern, reel, symbol) for symbol in range(self._blank + 1)] for reel in self.order]
        self._some: dict[int, WaysPays] = {}
        self._units: dict[tuple[int, int], WaysResult] = {}
        self._results: dict[tuple[int, tuple[Symbols, ...]], WaysResult] = {}
        self._cells: dict[tuple[int, int, Symbols], Symbols] = {}
        self._matching: dict[tuple[int, int, Symbols], int] = {}

    def judge(self, pays: int, window: tuple[Symbols, ...]) -> WaysResult:
        """What the first reels, which show these symbols, come to with these pays only."""
        found = self._results.get((pays, window))
        if found is None:
            if len(self._results) == MOST_JUDGED:
                raise TooMany
            if pays not in self._some:
                chosen = tuple(self._math.pays[pay] for pay in ones(pays))
                self._some[pays] = WaysPays(self._math.model_copy(update={"pays": chosen}), self._wilds)
            reels: list[Symbols] = [(self._blank,)] * len(self.order)
            for reel, column in zip(self.order, window, strict=False):
                reels[reel] = column
            found = self._results[pays, window] = self._some[pays].judge(tuple(reels))
        return found

    def unit(self, pay: int, reels: int) -> WaysResult:
        """What one run of a pay over so many reels comes to, without wilds."""
        if (pay, reels) not in self._units:
            symbol = self._math.ids[self._math.pays[pay].of[0]]
            self._units[pay, reels] = self.judge(1 << pay, ((symbol,),) * reels)
        return self._units[pay, reels]

    def masks(self, place: int, column: Symbols) -> list[int]:
        """The pays that each cell matches."""
        return [self._kinds[place][symbol].matched for symbol in column]

    def matching(self, place: int, pay: int, column: Symbols) -> int:
        """How many cells match a pay, each as often as its multiplier says."""
        found = self._matching.get((place, pay, column))
        if found is None:
            kinds = [self._kinds[place][symbol].among(1 << pay) for symbol in column]
            found = self._matching[place, pay, column] = sum(kind.factor for kind in kinds if kind.matched)
        return found

    def cells(self, place: int, pays: int, column: Symbols) -> Symbols:
        """What these pays see of a column: one symbol for all that they don't tell apart, and one blank for all that none of
        them matches."""
        found = self._cells.get((place, pays, column))
        if found is None:
            kinds = [kind.among(pays) for kind in self._kinds[place]]
            alike = sorted(kinds.index(kinds[symbol]) if kinds[symbol].matched else self._blank for symbol in column)
            blanks = alike.count(self._blank)
            found = self._cells[place, pays, column] = tuple(alike[: len(alike) - blanks + min(blanks, 1)])
        return found
