"""The exact mathematics of extra balls: what a player pays and gets who always buys, ball by ball.

Every price is at least `margin` times the exact expected gain at that moment, so no way of buying returns more than
1 / margin of what is paid for extra balls. How much less depends on the rounding up to a whole amount, and so on the stake:
that is what is counted here. The price depends on the summed gain of all open cards; its distribution is counted exactly over
all ball sets, from the gain of every hit mask of a card.

A round stops for good when no ball is useful any more. Figures for the second and later balls have to leave out the rounds
that stopped before, which depends on the whole path: these figures are exact bounds (see stops.py). The first ball's
figures are exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

from webingo.engines.bingo.counting import Packing, joined, power
from webingo.engines.bingo.definition import Math, Settings
from webingo.engines.bingo.stops import CardGains, Interval, Stops

_MOST_NUMBERS = 20
"""Every hit mask of a card is looked at: for bigger cards only the bound by the margin is stated."""


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
    gains = CardGains(math)
    stops = Stops(math, gains)
    margin, margin_of = math.margin.as_integer_ratio()
    balls: list[Ball] = []
    for number, counts in enumerate(_distributions(math, gains)):
        size = math.draw + number
        sets, left = comb(math.pool, size), math.pool - size
        gain = Fraction(sum(total * n for total, n in counts.items()), sets * left)
        lost = stops.lost_gain(number)
        stopped = stops.stopped(number)
        cost = {}
        for bet in bets:
            # The price as the engine rounds it: up. So it is from margin x gain to less than 1 above that.
            paid = Fraction(sum(n * -(-total * bet * margin // (left * margin_of)) for total, n in counts.items()), sets)
            share = math.margin * bet
            least = max(paid - share * lost.high - stopped.high, share * (gain - lost.high), Fraction(0))
            cost[bet] = Interval(least, paid - share * lost.low)
        ended = stops.stopped(number + 1)
        sold = Interval(1 - ended.high, 1 - ended.low)
        balls.append(Ball(sold, Interval(max(gain - lost.high, Fraction(0)), gain - lost.low), cost))
    return balls


def _distributions(math: Math, gains: CardGains) -> list[dict[int, int]]:
    """For each extra ball: how many ball sets before it lead to which summed gain of all cards."""
    import numpy as np

    packing = Packing(math.pool, math.cards * int(gains.gains.max()) + 1)
    packed = []
    for hits in range(math.numbers + 1):
        values, counts = np.unique(gains.gains[gains.hits == hits], return_counts=True)
        packed.append(sum(packing.packed(gain, n) for gain, n in zip(values.tolist(), counts.tolist(), strict=True)))
    sizes = range(math.draw, math.draw + math.max_extra)
    elsewhere = math.pool - math.cards * math.numbers
    wanted = range(max(0, math.draw - elsewhere), min(math.cards * math.numbers, sizes[-1]) + 1)
    joint = power(packed, math.cards, wanted=wanted)
    return [packing.unpacked(joined(math, joint, size)) for size in sizes]
