"""What a line pays: the one judge of lines, for live play, exact figures and simulation."""

from functools import lru_cache
from typing import NamedTuple

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Wild
from webingo.engines.slots.matching import Awarded, Pattern

_REMEMBERED = 1 << 16


class LineWin(NamedTuple):
    """A win on a line: `pay` is its place in `math.pays`, `cells` are reels; `amount` is in bets per line, the wilds'
    `multiplier` included; `replaced` is how many of its cells are wilds that replace."""

    pay: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    direction: str
    multiplier: int
    replaced: int
    amount: int
    cells: tuple[int, ...]


class LineResult(NamedTuple):
    amount: int
    wins: tuple[LineWin, ...]
    awards: tuple[Awarded, ...]


NOTHING = LineResult(0, (), ())


class LinePays:
    """The lines of one mode of a game: the pay table with one set of wilds."""

    def __init__(self, math: Math, wilds: tuple[Wild, ...]) -> None:
        self.pattern = Pattern(math, wilds)
        self._both = math.align == "both"
        self._coinciding = math.line_coinciding
        self.judge = lru_cache(_REMEMBERED)(self._judge)

    def _judge(self, cells: tuple[int, ...]) -> LineResult:
        """The result of a line that shows these symbols, reel by reel. `judge` is the same, remembered."""
        pattern = self.pattern
        masks = [matched[cell] for matched, cell in zip(pattern.matched, cells, strict=True)]
        wins: list[LineWin] = []
        longest: dict[int, int] = {}
        for index, n, direction in pattern.runs(masks):
            prize = pattern.prizes[index]
            if prize.amounts[n]:
                win = self._win(index, n, direction, cells, masks)
                if len(win.cells) - win.replaced >= prize.naturals:
                    wins.append(win)
            if prize.awards[n]:
                longest[index] = max(n, longest.get(index, 0))
        if not wins and not longest:
            return NOTHING
        awards = [(pattern.prizes[index], pattern.prizes[index].awards[n]) for index, n in sorted(longest.items())]
        paid = tuple(self._paid(wins))
        given = tuple(Awarded(found[1], prize.name, found[0]) for prize, found in awards if found)
        return LineResult(sum(win.amount for win in paid), paid, given)

    def _win(self, index: int, n: int, direction: str, cells: tuple[int, ...], masks: list[int]) -> LineWin:
        pattern = self.pattern
        prize = pattern.prizes[index]
        if prize.asked:
            direction, reels = "any", prize.asked
        else:
            matching = [reel for reel, mask in enumerate(masks) if mask >> index & 1]
            if direction == "right":
                matching.reverse()
            reels = tuple(sorted(matching[: prize.counts[n]]))
        replacing = [reel for reel in reels if not pattern.natural[reel][cells[reel]] >> index & 1]
        factors = [factor for reel in replacing if (factor := pattern.factor[reel][cells[reel]]) > 1]
        multiplier = pattern.combined(factors) if factors else 1
        return LineWin(index, prize.counts[n], direction, multiplier, len(replacing), prize.amounts[n] * multiplier, reels)

    def _paid(self, wins: list[LineWin]) -> list[LineWin]:
        """Those of the wins that are paid: see docs/slots.md."""
        if self._coinciding:
            chosen = sorted(wins, key=lambda win: win.pay)
        else:
            right = [win for win in wins if self._both and win.direction == "right"]
            left = [win for win in wins if win not in right]
            chosen = [max(side, key=lambda win: (win.amount, -win.pay)) for side in (left, right) if side]
        seen: dict[tuple[int, tuple[int, ...]], LineWin] = {}
        for win in chosen:
            seen.setdefault((win.pay, win.cells), win)
        return list(seen.values())
