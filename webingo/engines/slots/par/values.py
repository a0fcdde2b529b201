"""What features are worth: mean and variance of every award, and how often each is reached.

No feature leads back to an earlier one (the definition refuses that), but for free spins that give more of themselves, which
runs.py counts. So every award is worked out after those that it leads to. Amounts are in bets per line or coin.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award, FreeSpins
from webingo.engines.slots.models import Where, refused
from webingo.engines.slots.par.boards import Awards
from webingo.engines.slots.par.outcomes import Spins, spins
from webingo.engines.slots.par.picks import Drawn, drawn
from webingo.engines.slots.par.runs import EndlessError, Gift, Given, Run, run
from webingo.engines.slots.spin import BASE

ZERO = Fraction(0)


@dataclass(frozen=True)
class Worth:
    """An award: mean and variance of all that it comes to, with what it leads to, and the probability that this is nothing.
    `own` is the part of the mean that the feature itself wins, `leads` the mean numbers of the awards that it gives."""

    mean: Fraction
    variance: Fraction
    nothing: Fraction
    own: Fraction
    leads: dict[Award, Fraction]
    run: Run | None = None


@dataclass(frozen=True)
class Factor:
    """The multiplier of a spin that pays: its values with their probabilities."""

    values: dict[int, Fraction]

    @property
    def mean(self) -> Fraction:
        return sum((value * p for value, p in self.values.items()), ZERO)

    @property
    def square(self) -> Fraction:
        return sum((value * value * p for value, p in self.values.items()), ZERO)


class Values:
    """All of one game with so many lines played."""

    def __init__(self, math: Math, lines: int) -> None:
        self.math = math
        self.lines = lines
        self.bet = math.total_bet(lines)
        self._worth: dict[Award, Worth] = {}

    def spins(self, name: str) -> Spins:
        return spins(self.math, name, self.lines)

    def drawn(self, name: str) -> Drawn:
        feature = self.math.features[name]
        assert not isinstance(feature, FreeSpins)
        return drawn(feature)

    def unit(self, name: str) -> int:
        """What a pay of a pick or wheel is a multiple of."""
        feature = self.math.features[name]
        assert not isinstance(feature, FreeSpins)
        return self.bet if feature.unit == "total_bet" else 1

    def worth(self, award: Award) -> Worth:
        """Raises ValueError (as pydantic's, with its place) where a feature can't be counted, or never ends."""
        if award not in self._worth:
            free = isinstance(self.math.features[award.feature], FreeSpins)
            self._worth[award] = self._free_spins(award) if free else self._pick(award)
        return self._worth[award]

    def factor(self, award: Award | None) -> Factor:
        """The multiplier of the spins that an award gives; of the base game for none."""
        if award is None:
            table = dict(self.math.multiplier or {1: 1})
        else:
            feature = self.math.features[award.feature]
            assert isinstance(feature, FreeSpins)
            table = {award.multiplier: 1} if award.multiplier else dict(feature.multiplier)
        total = sum(table.values())
        return Factor({value: Fraction(weight, total) for value, weight in table.items()})

    def together(self, awards: Awards) -> tuple[Fraction, Fraction, Fraction]:
        """Mean and variance of several awards, which are independent of one another, and the probability that all come to
        nothing."""
        worths = [self.worth(award) for award in awards]
        nothing = prod((worth.nothing for worth in worths), start=Fraction(1))
        return sum((worth.mean for worth in worths), ZERO), sum((worth.variance for worth in worths), ZERO), nothing

    def spin(self, name: str, factor: Factor) -> Given:
        """A spin of a mode with what it leads to, by the number of spins of its own that it gives."""
        found = self.spins(name)
        sums: dict[int, list[Fraction]] = defaultdict(lambda: [ZERO] * 4)
        for awards, part in found.parts.items():
            more = sum(award.spins or 0 for award in awards if award.feature == name)
            mean, variance, nothing = self.together(tuple(award for award in awards if award.feature != name))
            p, first, second, lost = (Fraction(n, found.total) for n in (part.weight, part.amount, part.square, part.lost))
            here = sums[more]
            here[0] += p
            here[1] += factor.mean * first + p * mean
            here[2] += factor.square * second + 2 * factor.mean * first * mean + p * (variance + mean * mean)
            here[3] += lost * nothing
        return {more: Gift(*here) for more, here in sums.items()}

    def _free_spins(self, award: Award) -> Worth:
        name = award.feature
        feature = self.math.features[name]
        assert isinstance(feature, FreeSpins)
        factor = self.factor(award)
        try:
            found = run(award.spins or 0, feature.max_spins, self.spin(name, factor))
        except EndlessError as error:
            raise self._refused(("features", name), f"endless: {error}") from None
        except ValueError as error:
            raise self._refused(("features", name, "max_spins"), str(error)) from None
        mode = self.spins(name)
        leads: Counter[Award] = Counter()
        for awards, part in mode.parts.items():
            for other in awards:
                if other.feature != name:
                    leads[other] += part.weight
        own = found.spins * factor.mean * Fraction(mode.lines + mode.scatters, mode.total)
        return Worth(
            found.mean,
            found.variance,
            found.nothing,
            own,
            {other: found.spins * Fraction(weight, mode.total) for other, weight in leads.items()},
            found,
        )

    def _pick(self, award: Award) -> Worth:
        name = award.feature
        try:
            there = self.drawn(name)
        except ValueError as error:
            raise self._refused(("features", name), str(error)) from None
        unit = self.unit(name)
        pays = [[Fraction(item.pay * unit) for item in items] for items in there.classes]
        means = [[self.worth(item.award).mean if item.award else ZERO for item in items] for items in there.classes]
        variances = [[self.worth(item.award).variance if item.award else ZERO for item in items] for items in there.classes]
        values = [[pay + mean for pay, mean in zip(*both, strict=True)] for both in zip(pays, means, strict=True)]
        losing = [
            [ZERO if item.pay else self.worth(item.award).nothing if item.award else Fraction(1) for item in items]
            for items in there.classes
        ]
        mean = there.mean(values)
        given = {item.award for items in there.classes for item in items if item.award}
        leads = {other: there.count(other) for other in given}
        variance = there.second(values) - mean * mean + there.mean(variances)
        return Worth(mean, variance, there.product(losing), there.mean(pays), leads)

    def _refused(self, where: Where, reason: str) -> ValueError:
        return refused("Math", [(where, reason)])

    def visits(self, first: dict[Award, Fraction]) -> dict[Award, Fraction]:
        """How often each award is given on the average of a round in which some are given so often, with what they lead to."""
        visits: dict[Award, Fraction] = defaultdict(Fraction)
        for award, times in first.items():
            visits[award] += times
            for other, more in self.visits(self.worth(award).leads).items():
                visits[other] += times * more
        return dict(visits)


def spins_of_round(values: Values, name: str, visits: Mapping[Award, Fraction]) -> Fraction:
    """The mean number of a mode's spins in a round in which awards are given so often, each as often as its multiplier says."""
    if name == BASE:
        return values.factor(None).mean
    found = ZERO
    for award, times in visits.items():
        if award.feature == name and (run := values.worth(award).run):
            found += times * run.spins * values.factor(award).mean
    return found


@dataclass(frozen=True)
class Round:
    """A round: mean and variance of its win, the probability that it wins nothing, and how often awards are given by the base
    spin (not by those that follow)."""

    mean: Fraction
    variance: Fraction
    nothing: Fraction
    given: dict[Award, Fraction] = field(default_factory=dict)


def base_round(values: Values) -> Round:
    """The round that a spin of the base game begins."""
    sums = values.spin(BASE, values.factor(None))
    _, mean, second, nothing = (sum(column, ZERO) for column in zip(*sums.values(), strict=True))
    variance = second - mean * mean
    given: dict[Award, Fraction] = defaultdict(Fraction)
    found = values.spins(BASE)
    for awards, part in found.parts.items():
        for award in awards:
            given[award] += Fraction(part.weight, found.total)
    for drawn_ in values.math.random_awards:
        worth, chance = values.worth(drawn_.award), drawn_.fraction
        mean += chance * worth.mean
        nothing *= 1 - chance + chance * worth.nothing
        variance += chance * (worth.variance + worth.mean**2) - (chance * worth.mean) ** 2
        given[drawn_.award] += chance
    return Round(mean, variance, nothing, dict(given))
