"""How often a round wins a jackpot: exactly, over its spins and all the features that they lead to, each jackpot by itself.

A round wins a jackpot once at most, so what is counted is the rounds that never trigger it. For a single spin these are the
windows none of whose lines shows the win: counted reel by reel as the pays are, with 1 for a line that triggers and 0 for
another in place of what it pays. Features are independent of one another, so what follows a spin multiplies.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.features import Award, FreeSpins, Jackpot, Wheel
from webingo.engines.slots.matching import Awarded
from webingo.engines.slots.par.boards import Awards, board
from webingo.engines.slots.par.columns import Draw, unordered
from webingo.engines.slots.par.counting import Counter, Tally, TooMany
from webingo.engines.slots.par.hits import Hit
from webingo.engines.slots.par.rounds import Capped
from webingo.engines.slots.par.runs import Gift, run
from webingo.engines.slots.par.tags import Tags
from webingo.engines.slots.par.values import Values
from webingo.engines.slots.par.ways import Move, WaysCounter
from webingo.engines.slots.spin import BASE

ONE = Fraction(1)


def jackpot_rows(values: Values, settings: Settings, capped: Capped | None) -> list[dict[str, Any]]:
    """By jackpot of the game: its `name`, the `id` of the site's jackpot that it wins (where the settings name one), what
    `triggers` it, the `probability` that a round wins it, at the `stakes` from the lowest to the highest; with `bought`, that a
    bought feature does.

    Where a win cap ends rounds early, they may end before a jackpot would have come: then `probability` is the highest that it
    can be, and `at_least` the lowest.
    """
    return [_row(JackpotOdds(values, jackpot), settings, capped) for jackpot in values.math.jackpots]


def _row(odds: "JackpotOdds", settings: Settings, capped: Capped | None) -> dict[str, Any]:
    jackpot, found = odds.jackpot, odds.round
    row: dict[str, Any] = {"name": jackpot.id}
    if jackpot.id in settings.jackpots:
        row["id"] = settings.jackpots[jackpot.id]
    row |= {"triggers": trigger(jackpot, odds.values.math), "probability": found, "one_in": 1 / found if found else None}
    highest = settings.bets[-1] * odds.values.bet
    row["stakes"] = [settings.bets[0] * odds.values.bet, min(highest, settings.max_stake)]
    if capped and found != odds.by_base:
        row["at_least"] = max(odds.by_base, found - capped.reached)
    if odds.values.math.buy and settings.buy:
        row["bought"] = {buy.name: odds.award(buy.award) for buy in odds.values.math.buy}
    return row


def trigger(jackpot: Jackpot, math: Math) -> str:
    """What wins it, in words of the pay table: 5 × Seven, the wheel."""
    by = [f"{jackpot.count} × {jackpot.pay}"] if jackpot.pay is not None else []
    wheels = {name: feature for name, feature in math.features.items() if isinstance(feature, Wheel)}
    by += [
        wheel.title or name
        for name, wheel in wheels.items()
        if any(segment.jackpot == jackpot.id for segment in wheel.segments)
    ]
    return " or ".join(by)


class JackpotOdds:
    """Of one jackpot. Raises ValueError where it can't be counted."""

    def __init__(self, values: Values, jackpot: Jackpot) -> None:
        self.values = values
        self.jackpot = jackpot
        self._without: dict[Award, Fraction] = {}
        self._quiet: dict[str, dict[Awards, Fraction]] = {}

    @property
    def by_base(self) -> Fraction:
        """The probability that the paid spin itself triggers it."""
        return ONE - sum(self._spins(BASE).values(), Fraction(0))

    @property
    def round(self) -> Fraction:
        """The probability that a round, its features included, does."""
        never = sum((chance * self._together(awards) for awards, chance in self._spins(BASE).items()), Fraction(0))
        for drawn in self.values.math.random_awards:
            never *= 1 - drawn.fraction + drawn.fraction * self._never(drawn.award)
        return ONE - never

    def award(self, award: Award) -> Fraction:
        """The probability that an award, with all that it leads to, does."""
        return ONE - self._never(award)

    def _spins(self, name: str) -> dict[Awards, Fraction]:
        if name not in self._quiet:
            self._quiet[name] = quiet(self.values.math, name, self.values.lines, self.jackpot)
        return self._quiet[name]

    def _together(self, awards: Sequence[Award]) -> Fraction:
        found = ONE
        for award in awards:
            found *= self._never(award)
        return found

    def _never(self, award: Award) -> Fraction:
        """The probability that an award does not trigger it, nor anything that it leads to."""
        if award not in self._without:
            self._without[award] = self._count(award)
        return self._without[award]

    def _count(self, award: Award) -> Fraction:
        feature = self.values.math.features[award.feature]
        if isinstance(feature, FreeSpins):
            return self._run(award, feature)
        if isinstance(feature, Wheel):
            total = sum(segment.weight for segment in feature.segments)
            losing = [segment for segment in feature.segments if segment.jackpot != self.jackpot.id]
            after = (segment.weight * (self._never(segment.award) if segment.award else ONE) for segment in losing)
            return sum(after, Fraction(0)) / total
        there = self.values.drawn(award.feature)
        return there.product([[self._never(item.award) if item.award else ONE for item in items] for items in there.classes])

    def _run(self, award: Award, feature: FreeSpins) -> Fraction:
        """A run in which nothing is won stands for one in which the jackpot isn't: runs.py counts both alike."""
        name = award.feature
        chances: dict[int, Fraction] = defaultdict(Fraction)
        found = self.values.spins(name)
        for awards, part in found.parts.items():
            chances[_more(awards, name)] += Fraction(part.weight, found.total)
        never: dict[int, Fraction] = defaultdict(Fraction)
        for awards, chance in self._spins(name).items():
            never[_more(awards, name)] += chance * self._together([other for other in awards if other.feature != name])
        if sum(never.values()) == 1:
            return ONE
        gifts = {more: Gift(chance, Fraction(0), Fraction(0), never[more]) for more, chance in chances.items()}
        return run(award.spins or 0, feature.max_spins, gifts).nothing


def _more(awards: Awards, name: str) -> int:
    return sum(award.spins or 0 for award in awards if award.feature == name)


def quiet(math: Math, name: str, lines: int, jackpot: Jackpot) -> dict[Awards, Fraction]:
    """The probability that a spin of a mode gives these awards and does not trigger the jackpot."""
    found: dict[Awards, Fraction] = defaultdict(Fraction)
    on = board(math, name)
    tags = Tags(on, lines)
    total = sum(weight for weight, _ in on.choices)
    counting = _Quiet(math, name, lines, jackpot, tags)
    for choice, draws in on.choices:
        tally = counting.tally(draws)
        cycle = total
        for draw in draws:
            cycle *= draw.total
        for amount, tag, weight in zip(tally.amounts.tolist(), tally.tags.tolist(), tally.weights.tolist(), strict=True):
            meaning = tags.meaning(tag)
            if not amount and not counting.scattered(meaning.counts):
                found[meaning.awards] += Fraction(choice * weight, cycle)
    return dict(found)


class _Quiet:
    """Counts windows by how many of their wins trigger the jackpot, in place of what they pay."""

    def __init__(self, math: Math, name: str, lines: int, jackpot: Jackpot, tags: Tags) -> None:
        self._math = math
        self._on = board(math, name)
        self._lines = math.lines[:lines]
        self._jackpot = jackpot
        self._tags = tags

    def scattered(self, counts: Sequence[int]) -> bool:
        """Whether so many of each of the mode's scatters trigger it."""
        for scatter, n in zip(self._on.mode.scatters, counts, strict=True):
            paid = max((count for count in scatter.pays if count <= n), default=0)
            if scatter.name == self._jackpot.pay and paid >= (self._jackpot.count or 0) and scatter.pays.get(paid):
                return True
        return False

    def tally(self, draws: Sequence[Draw]) -> Tally:
        try:
            return self._by_lines(draws) if self._on.mode.pays else self._by_ways(draws)
        except TooMany:
            raise ValueError(
                f"jackpots: how often {self._jackpot.id!r} is triggered can't be counted: too many different windows"
            ) from None

    def _by_lines(self, draws: Sequence[Draw]) -> Tally:
        table, names = self._on.table, [pay.name for pay in self._math.pays]
        worth = [
            (
                int(any(self._wins(names[win.pay], win.count) for win in label.wins)),
                self._tags.of_awards(awards),
            )
            for label, (_, awards) in zip(table.labels, self._on.lines, strict=True)
        ]
        seen = [draw.merged(partial(table.seen, draw.reel)) for draw in draws]
        counter = Counter(table.gains(worth), self._lines, table.classes, seen, [self._scatters(draw) for draw in seen])
        return counter.count(losing=True)

    def _by_ways(self, draws: Sequence[Draw]) -> Tally:
        reels = [unordered([draw for draw in draws if draw.reel == reel]) for reel in range(self._math.window.reels)]
        tags = [self._scatters(draw) for draw in reels]
        names = [pay.name for pay in self._math.pays]
        counter = _Triggers(
            self._math,
            self._on.mode.wilds,
            reels,
            tags,
            self._tags.of_awarded,
            lambda hit: self._wins(names[hit.pay], hit.count),
        )
        return counter.count()[0]

    def _wins(self, name: str, count: int) -> bool:
        return name == self._jackpot.pay and count >= (self._jackpot.count or 0)

    def _scatters(self, draw: Draw) -> list[int]:
        return [self._tags.of_scatters(column.scatters) for column in draw.columns]


class _Triggers(WaysCounter):
    """Ways whose amounts are how many of the wins are such that `wins` says so."""

    def __init__(
        self,
        math: Math,
        wilds: Any,
        draws: Sequence[Draw],
        tags: Sequence[Sequence[int]],
        given: Callable[[Sequence[Awarded]], int],
        wins: Callable[[Hit], bool],
    ) -> None:
        super().__init__(math, wilds, draws, tags, given)
        self._wins = wins

    def _judged(self, key: Any, column: Any, last: bool) -> Move:
        return self._counted(super()._judged(key, column, last))

    def _more(self, open_: Any, matching: Sequence[int], reels: int) -> Move:
        return self._counted(super()._more(open_, matching, reels))

    def _counted(self, move: Move) -> Move:
        return move._replace(amount=sum(windows for hit, (windows, _) in move.wins.items() if self._wins(hit)))
