"""The largest win of a round, without a simulation and fast enough for every start of the server.

The base spin and the free spin that win most are found exactly. What follows from them is added up as if everything went as
well as it can: all random awards come, a pick opens its best items, and a run of free spins that can be retriggered has as many
spins as it may have, all of them the best. So nothing is ever paid that is higher, and what can't be retriggered reaches it.
"""

from collections import defaultdict
from functools import lru_cache

from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.features import Award, FreeSpins, Pick, Wheel
from webingo.engines.slots.gamble import FACTORS
from webingo.engines.slots.par.boards import Awards, Board, board
from webingo.engines.slots.par.highest import Highest
from webingo.engines.slots.par.highest_ways import HighestWays
from webingo.engines.slots.spin import BASE

_LARGEST = 2**60
"""Sums beyond are no amounts any more: they stay below 2^53."""


@lru_cache(256)
def max_win(math: Math, settings: Settings) -> int:
    """The largest win of a round as a multiple of its first wager, rounded up; the win cap where there is one.

    It is the same for every bet, and the largest over the numbers of lines that may be played. A bought feature is compared
    with its cost. A gamble is only offered where it can't lead above gamble.limit.
    """
    if math.win_cap is not None:
        return math.win_cap
    best, stake = 0, 1
    for lines in settings.lines or ((len(math.lines),) if math.lines else (0,)):
        bet = math.total_bet(lines)
        # Where a rough look finds nothing higher, there is nothing.
        rough = _wins(math, settings, Largest(math, lines, rough=True), 0) if best else [(1, 1)]
        if any(win * stake > best * cost for win, cost in rough):
            for win, cost in _wins(math, settings, largest(math, lines), best * bet // stake):
                if win * stake > best * cost:
                    best, stake = win, cost
    return max(1, _gambled(math, settings, -(-best // stake)))


def _wins(math: Math, settings: Settings, found: "Largest", above: int) -> list[tuple[int, int]]:
    """The largest wins of a round (at least `above`) and of what is bought, each with its cost."""
    bought = math.buy if settings.buy else ()
    return [(found.round(above), found.bet), *((found.award(buy.award), found.bet * buy.cost) for buy in bought)]


def _gambled(math: Math, settings: Settings, win: int) -> int:
    if not (math.gamble and settings.gamble):
        return win
    factor = max(FACTORS[kind] for kind in math.gamble.types)
    return max(win, min(math.gamble.limit, win * int(factor**math.gamble.max_steps)))


@lru_cache(256)
def largest(math: Math, lines: int) -> "Largest":
    return Largest(math, lines)


class Largest:
    """The largest wins with so many lines played, in bets per line or coin. A `rough` one is quicker, and may answer more."""

    def __init__(self, math: Math, lines: int, rough: bool = False) -> None:
        self.bet = math.total_bet(lines)
        self._math = math
        self._lines = math.lines[:lines]
        self._rough = rough
        self._awards: dict[Award, int] = {}

    def round(self, above: int) -> int:
        """Of a base spin with everything that follows; at least `above`."""
        extra = sum(self.award(drawn.award) for drawn in self._math.random_awards)
        best = max(self._math.multiplier or {1: 1})
        return self.spin(board(self._math, BASE), best, max(0, above - extra)) + extra

    def award(self, award: Award) -> int:
        """Of a feature, with everything that it awards in turn."""
        if award not in self._awards:
            self._awards[award] = self._award(award)
        return self._awards[award]

    def _award(self, award: Award) -> int:
        feature = self._math.features[award.feature]
        if isinstance(feature, FreeSpins):
            spins = award.spins or 0
            on = board(self._math, award.feature)
            if feature.max_spins is not None:
                spins = min(spins, feature.max_spins)
                if on.awards(award.feature):
                    spins = feature.max_spins
            return spins * self.spin(on, award.multiplier or max(feature.multiplier), 0)
        unit = self.bet if feature.unit == "total_bet" else 1
        if isinstance(feature, Wheel):
            return max(segment.pay * unit + self._given(segment.award) for segment in feature.segments)
        return self._pick(feature, unit)

    def _given(self, award: Award | None) -> int:
        return self.award(award) if award else 0

    def _pick(self, pick: Pick, unit: int) -> int:
        """The best items first, and one that ends it at last."""
        values: dict[bool, list[int]] = defaultdict(list)
        for item in pick.items:
            values[item.end] += [item.pay * unit + self._given(item.award)] * item.count
        opened = sorted(values[False], reverse=True)
        ends = max(values[True], default=0)
        if len(opened) < pick.picks:
            return sum(opened) + ends
        return sum(opened[: pick.picks - 1]) + max(opened[pick.picks - 1], ends)

    def spin(self, on: Board, multiplier: int, above: int) -> int:
        """The most that a spin pays with this multiplier, with what it awards; at least `above`."""
        own = on.mode.name

        def worth(paid: int, awards: Awards) -> int:
            # More spins of the same run are counted by its length.
            value = paid * multiplier + sum(self.award(award) for award in awards if award.feature != own)
            if value > _LARGEST:
                raise ValueError("a round might win more than can be paid out: lower the pays, multipliers or max_spins")
            return value

        scatters = [[worth(paid * self.bet, awards) for paid, awards in results] for results in on.scatters]
        if on.mode.ways:
            withheld = on.mode.withheld

            def given(paid: int, awards: Awards) -> int:
                return worth(paid, tuple(award for award in awards if award.feature not in withheld))

            for _, draws in on.choices:
                above = HighestWays(on.mode.ways, draws, scatters, given).find(above)
            return above
        gains = on.table.gains([(worth(paid, awards), 0) for paid, awards in on.lines])
        for _, draws in on.choices:
            found = Highest(gains, self._lines, on.table.classes, draws, scatters)
            above = found.bound(above) if self._rough else found.find(above)
        return above
