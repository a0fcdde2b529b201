"""A mode of a game, ready to be counted: its draws, its pay table as an automaton, and what its scatters give."""

from functools import cached_property, lru_cache

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award
from webingo.engines.slots.par.columns import NOTHING, Draw, draws_of
from webingo.engines.slots.par.table import LineTable
from webingo.engines.slots.spin import Mode, modes

Awards = tuple[Award, ...]


class Board:
    """One mode. `choices` are the (weight, draws) of each choice of extra wilds; without them there is one."""

    def __init__(self, math: Math, name: str) -> None:
        self.math = math
        self.mode: Mode = modes(math)[name]
        reels = range(math.window.reels)
        self.choices: list[tuple[int, list[Draw]]] = [
            (weight, [draw for reel in reels for draw in draws_of(math, self.mode, reel, extra)])
            for extra, weight in self.mode.extra_wilds
        ]
        self._nothing = tuple((NOTHING,) * self.mode.rows for _ in reels)

    @cached_property
    def symbols(self) -> list[list[int]]:
        """By reel, the symbols that show there."""
        shown: list[set[int]] = [set() for _ in range(self.math.window.reels)]
        for _, draws in self.choices:
            for draw in draws:
                shown[draw.reel].update(symbol for column in draw.columns for symbol in column.window)
        return [sorted(there) for there in shown]

    @cached_property
    def table(self) -> LineTable:
        assert self.mode.pays, "a game of ways has no lines"
        return LineTable(self.mode.pays, self.symbols)

    @cached_property
    def lines(self) -> list[tuple[int, Awards]]:
        """By label of the table: what such a line pays, in bets per line, and what it awards in this mode."""
        return [
            (label.amount, self._awards(cells) if label.awards else ())
            for label, cells in zip(self.table.labels, self.table.examples, strict=True)
        ]

    def _awards(self, cells: tuple[int, ...]) -> Awards:
        window = tuple((cell,) * self.mode.rows for cell in cells)
        return tuple(given.award for given in self.mode.judge(self._nothing, window, 1).awards)

    @cached_property
    def scatters(self) -> list[list[tuple[int, Awards]]]:
        """By scatter and number of its symbols where they count: what is paid, in total bets, and what is awarded."""
        window = tuple(reel.at(0) for reel in self.mode.reels)
        found = []
        for scatter in self.mode.scatters:
            on = range(self.math.window.reels) if scatter.reels is None else scatter.reels
            places = [(reel, row) for reel in on for row in range(self.mode.rows)]
            results = []
            for n in range(len(places) + 1):
                landed = [list(column) for column in self._nothing]
                for reel, row in places[:n]:
                    landed[reel][row] = self.math.ids[scatter.symbol]
                judged = self.mode.judge(tuple(map(tuple, landed)), window, 1)
                paid = sum(win.amount for win in judged.wins if win.kind == "scatter" and win.pay == scatter.name)
                results.append((paid, tuple(given.award for given in judged.awards if given.pay == scatter.name)))
            found.append(results)
        return found

    def awards(self, feature: str) -> bool:
        """Whether a spin of this mode can award this feature."""
        given = [award for results in self.scatters for _, awards in results for award in awards]
        if self.mode.pays:
            given += [award for _, awards in self.lines for award in awards]
        else:
            given += [award for pay in self.math.pays for award in pay.awards.values()]
        return any(award.feature == feature for award in given)


@lru_cache(64)
def board(math: Math, name: str) -> Board:
    return Board(math, name)
