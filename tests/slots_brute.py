"""The figures of small slot games by trying everything: every window through the evaluator, every course of a feature.

Amounts are in bets per line or coin. A distribution is {amount: probability}; nothing here is clever, so keep games small.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import prod

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award, FreeSpins, Pick
from webingo.engines.slots.spin import BASE, Judged, modes

Distribution = dict[int, Fraction]
Awards = tuple[Award, ...]


def windows(math: Math, name: str, lines: int) -> Iterator[tuple[int, Judged]]:
    """Every window of a mode, with every choice of extra wilds, and its weight."""
    mode = modes(math)[name]
    for extra, choice in mode.extra_wilds:
        for columns in product(*(reel.columns() for reel in mode.reels)):
            landed = tuple(column.landed for column in columns)
            weight = choice * prod(column.weight for column in columns)
            yield weight, mode.judge(landed, mode.window(landed, extra), lines)


def size(math: Math, name: str) -> int:
    mode = modes(math)[name]
    return len(mode.extra_wilds) * prod(len(reel.columns()) for reel in mode.reels)


def ordered(awards: Awards) -> Awards:
    return tuple(sorted(awards, key=lambda award: (award.feature, award.spins or 0, award.multiplier or 0)))


class Brute:
    def __init__(self, math: Math, lines: int) -> None:
        self.math = math
        self.lines = lines
        self.bet = math.total_bet(lines)
        self.award = cache(self._award)

    @cache  # noqa: B019 - lives as long as its test
    def spins(self, name: str) -> tuple[int, dict[Awards, Counter[int]]]:
        """The total weight, and by awards the weight of each amount."""
        found: dict[Awards, Counter[int]] = defaultdict(Counter)
        total = 0
        for weight, judged in windows(self.math, name, self.lines):
            awards = ordered(tuple(given.award for given in judged.awards))
            found[awards][judged.line_amount + judged.scatter_amount * self.bet] += weight
            total += weight
        return total, dict(found)

    def outcomes(self, name: str, multipliers: dict[int, int]) -> Iterator[tuple[Fraction, int, Awards]]:
        """(probability, amount with its multiplier, awards) of a spin."""
        total, parts = self.spins(name)
        for awards, amounts in parts.items():
            for amount, weight in amounts.items():
                for value, chance in (multipliers if amount else {1: 1}).items():
                    of = sum(multipliers.values()) if amount else 1
                    yield Fraction(weight * chance, total * of), amount * value, awards

    def round(self) -> Distribution:
        found: Distribution = defaultdict(Fraction)
        for p, amount, awards in self.outcomes(BASE, dict(self.math.multiplier or {1: 1})):
            for more, q in self.several(awards).items():
                found[amount + more] += p * q
        for drawn in self.math.random_awards:
            chance = drawn.fraction
            found = added(found, mixed([(1 - chance, {0: Fraction(1)}), (chance, self.award(drawn.award))]))
        return found

    def several(self, awards: Awards) -> Distribution:
        found = {0: Fraction(1)}
        for award in awards:
            found = added(found, self.award(award))
        return found

    def _award(self, award: Award) -> Distribution:
        feature = self.math.features[award.feature]
        if isinstance(feature, FreeSpins):
            table = {award.multiplier: 1} if award.multiplier else dict(feature.multiplier)
            outcomes = Counter[tuple[int, int]]()
            for p, amount, awards in self.outcomes(award.feature, table):
                more = sum(given.spins or 0 for given in awards if given.feature == award.feature)
                others = self.several(tuple(given for given in awards if given.feature != award.feature))
                for other, q in others.items():
                    outcomes[amount + other, more] += p * q
            assert feature.max_spins
            return self.run(award.spins or 0, feature.max_spins - (award.spins or 0), dict(outcomes))
        unit = self.bet if feature.unit == "total_bet" else 1
        if isinstance(feature, Pick):
            items = [(i.weight, i.pay, i.award, i.end) for i in feature.items for _ in range(i.count)]
            return self._pick(tuple(range(len(items))), items, feature.picks, unit)
        total = sum(segment.weight for segment in feature.segments)
        return mixed([(Fraction(s.weight, total), self._found(s.pay * unit, s.award)) for s in feature.segments])

    def _found(self, pay: int, award: Award | None) -> Distribution:
        return {pay + amount: p for amount, p in (self.award(award) if award else {0: Fraction(1)}).items()}

    def _pick(
        self, left: tuple[int, ...], items: list[tuple[int, int, Award | None, bool]], picks: int, unit: int
    ) -> Distribution:
        if not picks or not left:
            return {0: Fraction(1)}
        total = sum(items[i][0] for i in left)
        parts = []
        for i in left:
            weight, pay, award, end = items[i]
            rest = {0: Fraction(1)} if end else self._pick(tuple(j for j in left if j != i), items, picks - 1, unit)
            parts.append((Fraction(weight, total), added(self._found(pay * unit, award), rest)))
        return mixed(parts)

    @staticmethod
    def run(left: int, room: int, outcomes: dict[tuple[int, int], Fraction]) -> Distribution:
        """What so many free spins come to, by (win, spins given) of one of them."""

        @cache
        def run(left: int, room: int) -> Distribution:
            if not left:
                return {0: Fraction(1)}
            found: Distribution = defaultdict(Fraction)
            for (amount, more), p in outcomes.items():
                for rest, q in run(left - 1 + min(more, room), room - min(more, room)).items():
                    found[amount + rest] += p * q
            return dict(found)

        return run(left, room)


def added(one: Distribution, other: Distribution) -> Distribution:
    found: Distribution = defaultdict(Fraction)
    for a, p in one.items():
        for b, q in other.items():
            found[a + b] += p * q
    return dict(found)


def mixed(parts: list[tuple[Fraction, Distribution]]) -> Distribution:
    found: Distribution = defaultdict(Fraction)
    for chance, distribution in parts:
        for amount, p in distribution.items():
            found[amount] += chance * p
    return dict(found)


def mean(distribution: Distribution) -> Fraction:
    return sum((amount * p for amount, p in distribution.items()), Fraction(0))


def variance(distribution: Distribution) -> Fraction:
    return sum((amount * amount * p for amount, p in distribution.items()), Fraction(0)) - mean(distribution) ** 2
