"""The exact mathematics of the base draw, by counting: no simulation, no floats before the last division.

All ball sets of `draw` out of `pool` are equally likely, so a card's hit mask depends on the number of its hits alone, and
disjoint cards depend on one another only through how many hits each has (a multivariate hypergeometric distribution). One
card is counted over the unions of pictures, of which there are few, instead of over its 2^numbers hit masks; several cards
are joined by convolution over their hits.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import comb, sqrt
from typing import Any

from webingo.engines.bingo.counting import Packing, joined, power
from webingo.engines.bingo.definition import Math, Settings
from webingo.engines.bingo.extra import extra_odds
from webingo.engines.bingo.prizes import Outcome, Prizes, prizes_of
from webingo.engines.engine import Odds

JACKPOT = "jackpot.full_card"
"""What the simulation and the exact figures call it."""
_MOST_UNIONS = 20_000
# Wins of a round, as multiples of its stake: a band goes from one bound up to, not including, the next.
_BANDS = (0, 1, 2, 5, 10, 20, 50, 100)


class CardOdds:
    """One card of a game, counted. Raises ValueError where the patterns have too many unions to be counted."""

    def __init__(self, math: Math) -> None:
        self.math = math
        self._sets = comb(math.pool, math.draw)
        # For each distinct outcome: how many hit masks lead to it, by number of hits.
        self.outcomes: list[tuple[Outcome, list[int]]] = _count_unions(prizes_of(math))

    def chance(self, counts: Sequence[int]) -> Fraction:
        """The probability that the card's hit mask is among some masks, of which there are counts[h] with h hits."""
        return Fraction(joined(self.math, counts, self.math.draw, cards=1), self._sets)

    def by_hits(self, value: Callable[[Outcome], int]) -> list[int]:
        """The sum of value(outcome) over all hit masks, by number of hits."""
        sums = [0] * (self.math.numbers + 1)
        for outcome, counts in self.outcomes:
            if weight := value(outcome):
                for hits, n in enumerate(counts):
                    sums[hits] += weight * n
        return sums

    @property
    def rtp(self) -> Fraction:
        return self.chance(self.by_hits(lambda outcome: outcome.pay))

    def patterns(self) -> dict[str, tuple[Fraction, Fraction]]:
        """By pattern: the probability that a card is paid for it (once or more), and its share of the RTP (sums to the RTP)."""
        paid: dict[str, list[int]] = defaultdict(lambda: [0] * (self.math.numbers + 1))
        returned: dict[str, list[int]] = defaultdict(lambda: [0] * (self.math.numbers + 1))
        for outcome, counts in self.outcomes:
            by_name: dict[str, int] = defaultdict(int)
            for name, pay in outcome.prizes:
                by_name[name] += pay
            for name, pay in by_name.items():
                for hits, n in enumerate(counts):
                    paid[name][hits] += n
                    returned[name][hits] += n * pay
        return {p.name: (self.chance(paid[p.name]), self.chance(returned[p.name])) for p in self.math.patterns}

    def hit_rate(self) -> Fraction:
        """The probability that any card pays, with all cards open."""
        lost = power(self.by_hits(lambda outcome: outcome.pay == 0), self.math.cards)
        return 1 - Fraction(joined(self.math, lost, self.math.draw), self._sets)

    def variance(self) -> Fraction:
        """Of a round's return per unit of stake, with all cards open."""
        math = self.math
        pays = self.by_hits(lambda outcome: outcome.pay)
        second = self.chance(self.by_hits(lambda outcome: outcome.pay**2))
        both = Fraction(0)  # the mean of the product of two cards' pays
        if math.cards > 1:
            both = Fraction(joined(math, power(pays, 2), math.draw, cards=2), self._sets)
        return (second + (math.cards - 1) * both) / math.cards - self.rtp**2

    def distribution(self) -> list[tuple[int, Fraction]]:
        """The probability that a round's win divided by its stake lies in a band, by the band's lower bound. Rounds that win
        nothing are in none: the sum is the hit rate."""
        math = self.math
        highest = _BANDS[-1] * math.cards
        packing = Packing(math.pool, highest)
        packed = [0] * (math.numbers + 1)
        for outcome, counts in self.outcomes:
            if outcome.pay < highest:
                for hits, n in enumerate(counts):
                    packed[hits] += packing.packed(outcome.pay, n)
        counted = packing.unpacked(joined(math, power(packed, math.cards, packing.clip), math.draw))
        bands = []
        for low, high in pairwise(_BANDS):
            inside = sum(n for pay, n in counted.items() if pay and low * math.cards <= pay < high * math.cards)
            bands.append((low, Fraction(inside, self._sets)))
        return [*bands, (_BANDS[-1], 1 - Fraction(sum(counted.values()), self._sets))]

    def jackpot(self, cards: int = 1) -> Fraction:
        """The probability that at least one of so many open cards is full within `jackpot_within` balls; 0 where the game has
        no jackpot."""
        math, within = self.math, self.math.jackpot_within or 0
        # So many given cards are full where all of their numbers are among the first balls; by inclusion and exclusion.
        return sum(
            (
                (-1) ** (full + 1) * Fraction(comb(cards, full) * comb(within, size), comb(math.pool, size))
                for full in range(1, cards + 1)
                if (size := full * math.numbers) <= within
            ),
            Fraction(0),
        )


def _count_unions(prizes: Prizes) -> list[tuple[Outcome, list[int]]]:
    import numpy as np

    unions = {0}
    for mask in prizes.masks:
        unions |= {mask | union for union in unions}
        if len(unions) > _MOST_UNIONS:
            raise ValueError(f"patterns: their pictures have more than {_MOST_UNIONS} unions, too many to be counted exactly")
    # The masks that complete exactly the pictures within a union are those that contain it, less those that complete more:
    # from the largest union down, its supersets have been counted already.
    ordered = sorted(unions, key=int.bit_count, reverse=True)
    masks = np.array(ordered, dtype=np.int64)
    counts = np.zeros((len(ordered), prizes.numbers + 1), dtype=np.int64)
    for i, union in enumerate(ordered):
        size = union.bit_count()
        containing = [comb(prizes.numbers - size, hits - size) if hits >= size else 0 for hits in range(prizes.numbers + 1)]
        larger = (masks[:i] & union) == union
        counts[i] = np.array(containing, dtype=np.int64) - counts[:i][larger].sum(axis=0)
    return [(prizes.outcome(union), row) for union, row in zip(ordered, counts.tolist(), strict=True)]


@lru_cache(16)
def card_odds(math: Math) -> CardOdds:
    return CardOdds(math)


def volatility(variance: Fraction) -> str:
    """What players are told, by the standard deviation of a round's return per unit of stake: below 2, below 6, or more."""
    return "low" if variance < 4 else "medium" if variance < 36 else "high"


def odds(math: Math, settings: Settings) -> Odds:
    """The PAR sheet: everything with all cards open, per unit of stake; `details` is JSON, with probabilities as floats.

    details: `volatility` {level, standard_deviation, index}, `patterns` [{name, title, pay, probability, one_in, rtp}] per
    card (the parts sum to the RTP), `distribution` [{from, to, probability}] of a round's win over its stake, `extra` where
    extra balls are sold (see extra.py), and where the game has a jackpot `jackpots` [{name, id (where the settings name the
    site's), triggers, probability, one_in, stakes, by_cards [{cards, probability, one_in}]}]: all cards open first.
    """
    card = card_odds(math)
    variance = card.variance()
    deviation = sqrt(variance)
    bands = card.distribution()
    details: dict[str, Any] = {
        "volatility": {"level": volatility(variance), "standard_deviation": deviation, "index": 1.96 * deviation},
        "patterns": [
            {
                "name": pattern.name,
                "title": pattern.title,
                "pay": pattern.pay,
                "probability": float(chance),
                "one_in": float(1 / chance) if chance else None,
                "rtp": float(share),
            }
            for pattern, (chance, share) in zip(math.patterns, card.patterns().values(), strict=True)
        ],
        "distribution": [
            {"from": low, "to": high, "probability": float(chance)}
            for (low, chance), high in zip(bands, [*_BANDS[1:], None], strict=True)
        ],
    }
    if math.max_extra:
        details["extra"] = extra_odds(math, settings, card.rtp)
    if math.jackpot_within:
        details["jackpots"] = [jackpot_row(card, settings)]
    prizes = prizes_of(math)
    parts = {JACKPOT: card.jackpot(math.cards)} if math.jackpot_within else {}
    max_win = Fraction(prizes.outcome(prizes.full).pay)
    return Odds(card.rtp, card.hit_rate(), variance, max_win, details, parts)


def jackpot_row(card: CardOdds, settings: Settings) -> dict[str, Any]:
    """The row of the game's jackpot, see `odds`."""
    math = card.math
    rows = []
    for cards in range(math.cards, 0, -1):
        chance = card.jackpot(cards)
        rows.append({"cards": cards, "probability": float(chance), "one_in": float(1 / chance)})
    return {
        "name": "full_card",
        **({"id": settings.jackpot} if settings.jackpot else {}),
        "triggers": f"a full card within the first {math.jackpot_within} balls",
        "probability": rows[0]["probability"],
        "one_in": rows[0]["one_in"],
        "stakes": [settings.bets[0] * math.cards, min(settings.bets[-1] * math.cards, settings.max_stake)],
        "by_cards": rows,
    }
