"""The exact mathematics of extra balls: what a player pays and gets who always buys, ball by ball.

Every price is at least `margin` times the exact expected gain at that moment, so no way of buying returns more than
1 / margin of what is paid for extra balls. How much less depends on the rounding up to a whole amount, and so on the stake:
that is what is counted here. The price depends on the summed gain of all open cards; its distribution is counted exactly over
all ball sets, from the gain of every hit mask of a card.

A round stops for good when no ball is useful any more. Figures for the second and later balls have to leave out the rounds
that stopped before, which depends on the whole path: too many paths to count. So these figures are intervals. What the stop
at each single ball takes away is exact; all stops together take away at least as much as the greatest of them and at
most their sum. The first ball's figures are exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING, Any

from webingo.engines.bingo.counting import Packing, joined, power
from webingo.engines.bingo.definition import Math, Settings
from webingo.engines.bingo.prizes import prizes_of

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

_MOST_NUMBERS = 20
"""Every hit mask of a card is looked at: for bigger cards only the bound by the margin is stated."""


@dataclass(frozen=True)
class Interval:
    """An exact figure where both ends are equal, else bounds that hold it."""

    low: Fraction
    high: Fraction

    def times(self, factor: int) -> "Interval":
        return Interval(self.low * factor, self.high * factor)

    def json(self) -> list[float]:
        return [float(self.low), float(self.high)]


@dataclass(frozen=True)
class Ball:
    """One extra ball: the probability that it is sold to who always buys, what it brings and costs on average over all
    rounds, all cards open. The gain is per unit of stake per card; the costs are amounts, by stake per card."""

    sold: Interval
    gain: Interval
    cost: dict[int, Interval]


def extra_odds(math: Math, settings: Settings, base_rtp: Fraction) -> dict[str, Any]:
    """JSON: `margin`, `rtp_at_most`, and for cards of up to 20 numbers `balls` [{ball, sold, gain, by_bet: [{bet, price,
    rtp}]}] and `always_buying` [{bet, extra_rtp, rtp}]; figures as [low, high], `price` per ball sold, `gain` per unit of stake
    per card and ball sold."""
    margin = math.margin
    details: dict[str, Any] = {"margin": float(margin), "rtp_at_most": float(1 / margin)}
    if math.numbers > _MOST_NUMBERS:
        return details
    balls = always_buying(math, settings.bets)
    details["balls"] = [
        {
            "ball": number,
            "sold": ball.sold.json(),
            "gain": _ratio(ball.gain, ball.sold).json(),
            "by_bet": [
                {
                    "bet": bet,
                    "price": _ratio(cost, ball.sold).json(),
                    "rtp": _return(ball.gain.times(bet), cost, margin).json(),
                }
                for bet, cost in ball.cost.items()
            ],
        }
        for number, ball in enumerate(balls, 1)
    ]
    details["always_buying"] = []
    for bet in settings.bets:
        gain = _total(ball.gain for ball in balls).times(bet)
        cost = _total(ball.cost[bet] for ball in balls)
        stake = bet * math.cards
        # Of two parts of which one returns base_rtp and the other at most 1 / margin, no mixture returns more than both.
        whole = Interval(
            (base_rtp * stake + gain.low) / (stake + cost.high),
            min((base_rtp * stake + gain.high) / (stake + cost.low), max(base_rtp, 1 / margin)),
        )
        details["always_buying"].append({"bet": bet, "extra_rtp": _return(gain, cost, margin).json(), "rtp": whole.json()})
    return details


def _ratio(above: Interval, below: Interval) -> Interval:
    if not below.low:
        return Interval(Fraction(0), Fraction(0))
    return Interval(above.low / below.high, above.high / below.low)


def _return(gain: Interval, cost: Interval, margin: Fraction) -> Interval:
    """What comes back of the cost: never more than 1 / margin."""
    ratio = _ratio(gain, cost)
    return Interval(ratio.low, min(ratio.high, 1 / margin))


def _total(parts: Iterable[Interval]) -> Interval:
    ends = [(part.low, part.high) for part in parts]
    return Interval(sum((low for low, _ in ends), Fraction(0)), sum((high for _, high in ends), Fraction(0)))


def always_buying(math: Math, bets: Sequence[int]) -> list[Ball]:
    """The extra balls in order. The figures of the first are exact."""
    gains = _Gains(math)
    balls: list[Ball] = []
    stops: list[Fraction] = []  # for each ball so far: the probability that it would be of no use
    for number, counts in enumerate(gains.distributions()):
        size = math.draw + number
        sets, left = comb(math.pool, size), math.pool - size
        gain = Fraction(sum(total * n for total, n in counts.items()), sets * left)
        # The part of it that rounds bring which were stopped before: at least what the likeliest stop takes away, at most
        # what all stops would take away if no round met two of them.
        taken = [gains.after_a_stop(math.draw + i, size) for i in range(number)]
        lost = Interval(max(taken, default=Fraction(0)), sum(taken, Fraction(0)))
        stopped = sum(stops, Fraction(0))
        stops.append(Fraction(counts.get(0, 0), sets))
        margin, margin_of = math.margin.as_integer_ratio()
        cost = {}
        for bet in bets:
            # The price as the engine rounds it: up. So it is from margin x gain to less than 1 above that.
            paid = Fraction(sum(n * -(-total * bet * margin // (left * margin_of)) for total, n in counts.items()), sets)
            share = math.margin * bet
            least = max(paid - share * lost.high - stopped, share * (gain - lost.high), Fraction(0))
            cost[bet] = Interval(least, paid - share * lost.low)
        sold = Interval(max(1 - stopped - stops[-1], Fraction(0)), 1 - max(stops))
        balls.append(Ball(sold, Interval(max(gain - lost.high, Fraction(0)), gain - lost.low), cost))
    return balls


class _Gains:
    """What the next ball adds: for every hit mask of a card, the sum over its missing numbers."""

    def __init__(self, math: Math) -> None:
        import numpy as np

        self._math = math
        masks = np.arange(1 << math.numbers, dtype=np.int64)
        pays = prizes_of(math).pays(masks)
        self._gains = np.zeros_like(pays)
        for bit in range(math.numbers):
            without, hit = _halves(pays, bit)
            _halves(self._gains, bit)[0][...] += hit - without
        self._hits = np.bitwise_count(masks)
        self._after_useless = self._gains_after_useless()

    def distributions(self) -> list[dict[int, int]]:
        """For each extra ball: how many ball sets before it lead to which summed gain of all cards."""
        import numpy as np

        math = self._math
        packing = Packing(math.pool, math.cards * int(self._gains.max()) + 1)
        packed = []
        for hits in range(math.numbers + 1):
            gains, counts = np.unique(self._gains[self._hits == hits], return_counts=True)
            pairs = zip(gains.tolist(), counts.tolist(), strict=True)
            packed.append(sum(packing.packed(gain, count) for gain, count in pairs))
        sizes = range(math.draw, math.draw + math.max_extra)
        elsewhere = math.pool - math.cards * math.numbers
        wanted = range(max(0, math.draw - elsewhere), min(math.cards * math.numbers, sizes[-1]) + 1)
        joint = power(packed, math.cards, wanted=wanted)
        return [packing.unpacked(joined(math, joint, size)) for size in sizes]

    def after_a_stop(self, stop: int, size: int) -> Fraction:
        """The expected gain of the next ball after `size` balls, counted only where after the first `stop` of them no ball was
        of any use. By symmetry it is the first card's, times the number of cards."""
        math = self._math
        added = size - stop
        others = power(self._useless(), math.cards - 1)
        elsewhere = math.pool - math.cards * math.numbers
        ways = 0
        for hits, sums in enumerate(self._after_useless):
            drawn_elsewhere = stop - hits
            if drawn_elsewhere < 0:
                continue
            before = sum(n * comb(elsewhere, drawn_elsewhere - h) for h, n in enumerate(others) if h <= drawn_elsewhere)
            outside = math.pool - math.numbers - drawn_elsewhere
            ways += before * sum(n * comb(outside, added - more) for more, n in enumerate(sums[: added + 1]))
        sets = comb(math.pool, stop) * comb(math.pool - stop, added)
        return Fraction(math.cards * ways, sets * (math.pool - size))

    def _useless(self) -> list[int]:
        """How many masks with each number of hits gain nothing by the next ball."""
        import numpy as np

        return [int(n) for n in np.bincount(self._hits[self._gains == 0], minlength=self._math.numbers + 1)]

    def _gains_after_useless(self) -> list[list[int]]:
        """[hits][more]: the gains summed over the masks with that many hits that gain nothing by the next ball, and over the
        masks with so many `more` hits that contain them."""
        useless = [(self._gains == 0) & (self._hits == hits) for hits in range(self._math.numbers + 1)]
        above = self._gains
        sums: list[list[int]] = [[] for _ in useless]
        for more in range(self._math.max_extra):
            if more:
                above = self._one_more(above) // more  # each superset is reached in `more` orders from one step below
            for row, chosen in zip(sums, useless, strict=True):
                row.append(int(above[chosen].sum()))
        return sums

    def _one_more(self, sums: "NDArray[int64]") -> "NDArray[int64]":
        """For each mask, the sum over the masks with one more hit."""
        result = sums * 0
        for bit in range(self._math.numbers):
            _halves(result, bit)[0][...] += _halves(sums, bit)[1]
        return result


def _halves(values: "NDArray[int64]", bit: int) -> "tuple[NDArray[int64], NDArray[int64]]":
    """Views of the values of the masks without a bit, and of the same masks with it."""
    pairs = values.reshape(-1, 2, 1 << bit)
    return pairs[:, 0], pairs[:, 1]
