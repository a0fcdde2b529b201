"""A round as it goes on: the base spin, what it awards, and the features that follow one after the other."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award, FreeSpins, Pick, Wheel
from webingo.engines.slots.shown import Shown, award
from webingo.engines.slots.spin import BASE, Spin, modes
from webingo.rng import Rng

SHOWN_SPINS = 100
"""The most spins that a state lists where many were played in one step: the last ones."""
MOST_SPINS = 100_000
"""The most free spins of a run without `max_spins`: the definition allows none only where the win cap ends such a run."""


@dataclass(slots=True)
class Round:
    """A working copy of what a state says of its round. `bet` is per line or coin, `stake` the total bet, `win` what the round
    has won so far, `spins` those of this step, `done` the feature that this step has ended, `jackpots` those that it has won,
    by their ids in the mathematics, each once."""

    bet: int
    lines: int
    stake: int
    bought: str | None = None
    win: int = 0
    capped: bool = False
    spin: dict[str, Any] | None = None
    spins: list[dict[str, Any]] = field(default_factory=list)
    feature: dict[str, Any] | None = None
    queue: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, Any] | None = None
    jackpots: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Round":
        """What is copied here is what play changes: the feature, the list of its items, the queue."""
        feature = dict(data["feature"])
        if "items" in feature:
            feature["items"] = list(feature["items"])
        return cls(
            data["bet"],
            data["lines"],
            data["stake"],
            data["bought"],
            data["win"],
            data["capped"],
            data["spin"],
            feature=feature,
            queue=list(data["queue"]),
            jackpots=cls.won_in(data),
        )

    @staticmethod
    def won_in(data: Mapping[str, Any]) -> list[str]:
        """The jackpots that a state shows as won."""
        return [jackpot["name"] for jackpot in data.get("jackpots", ()) if jackpot["won"]]


class Play:
    """The rules by which rounds of one game go on. Features run one at a time; those that are won meanwhile wait in the queue.

    No round runs for ever: a run of free spins ends with its `max_spins`, the win cap or MOST_SPINS, and no feature can lead
    back to an earlier one, which the definition refuses.
    """

    def __init__(self, math: Math) -> None:
        found = modes(math)
        self._math = math
        self._base = found[BASE]
        self._modes = found
        self._shown = Shown(math)
        self._random = [(chance.award, *chance.fraction.as_integer_ratio()) for chance in math.random_awards]
        self._cap = math.win_cap or 0

    def first_window(self) -> list[list[str]]:
        """Every reel at its first stop: what is seen before anything was drawn."""
        return self._shown.window(tuple(reel.at(0) for reel in self._base.reels))

    def spun(self, round_: Round, rng: Rng) -> None:
        """The spin that the stake was paid for. Draws: the spin's, then the random awards in their order."""
        spin = self._base.spin(rng, round_.lines)
        judged = spin.judged
        won = judged.line_amount * round_.bet + judged.scatter_amount * round_.stake
        self._earn(round_, won * spin.multiplier)
        if judged.jackpots:
            _triggered(round_, judged.jackpots)
        awards = [award(given, self._by(pay, count, spin)) for given, pay, count in judged.awards]
        for given, times, of in self._random:
            if rng.below(of) < times:
                awards.append(award(given, {"random": True}))
        round_.spin = self._shown.spin(spin, round_.bet, round_.stake, awards)
        if awards:
            round_.queue += awards
        self._go_on(round_)

    def buy(self, round_: Round, given: Award) -> None:
        """A feature that was paid for. Nothing is drawn yet."""
        round_.queue.append(award(given, {"buy": round_.bought}))
        self._go_on(round_)

    def step(self, round_: Round, rng: Rng) -> None:
        """The running feature's next spin, pick (the first that is still closed) or turn of the wheel."""
        feature = round_.feature
        assert feature
        if feature["type"] == "free_spins":
            self._free_spin(round_, feature, rng)
        elif feature["type"] == "wheel":
            self._turn(round_, feature, rng)
        else:
            self.pick(round_, next(place for place, item in enumerate(feature["items"]) if not item["open"]), rng)

    def _free_spin(self, round_: Round, feature: dict[str, Any], rng: Rng) -> None:
        spin = self._modes[feature["name"]].spin(rng, round_.lines, feature["multiplier"])
        judged = spin.judged
        feature["played"] += 1
        feature["left"] -= 1
        won = judged.line_amount * round_.bet + judged.scatter_amount * round_.stake
        self._earn(round_, won * spin.multiplier)
        if judged.jackpots:
            _triggered(round_, judged.jackpots)
        awards = []
        for given, pay, count in judged.awards:
            shown = award(given, self._by(pay, count, spin))
            if given.feature != feature["name"]:
                round_.queue.append(shown)
            elif more := self._more(feature, given.spins or 0):
                # More of the same goes on as it began: with the multiplier of the run.
                shown = {**shown, "spins": more}
            else:
                continue
            awards.append(shown)
        round_.spin = self._shown.spin(spin, round_.bet, round_.stake, awards)
        round_.spins.append(round_.spin)
        self._go_on(round_)

    def _by(self, pay: str, count: int, spin: Spin) -> dict[str, Any]:
        """What has awarded something: a pay or scatter, how many of it, and the cells of a scatter."""
        by: dict[str, Any] = {"pay": pay, "count": count}
        for scatter in self._modes[spin.mode].scatters:
            if scatter.name == pay:
                symbol = self._math.ids[scatter.symbol]
                on = range(len(spin.landed)) if scatter.reels is None else scatter.reels
                by["cells"] = [[reel, row] for reel in on for row, cell in enumerate(spin.landed[reel]) if cell == symbol]
        return by

    def _more(self, feature: dict[str, Any], spins: int) -> int:
        """Adds spins to the running feature, and answers how many there was room for."""
        more: int = min(spins, (self._free(feature["name"]).max_spins or MOST_SPINS) - feature["total"])
        if more:
            feature["left"] += more
            feature["total"] += more
            feature["retriggered"] += 1
        return more

    def pick(self, round_: Round, place: int, rng: Rng) -> None:
        """Opens a closed item. What lies there is drawn now: by weight, of what no opened item has shown yet."""
        feature = round_.feature
        assert feature
        pick = self._math.features[feature["name"]]
        assert isinstance(pick, Pick)
        left = [item.count for item in pick.items]
        for opened in feature["items"]:
            if opened["open"]:
                left[opened["of"]] -= 1
        kind = _drawn([item.weight * count for item, count in zip(pick.items, left, strict=True)], rng)
        item = pick.items[kind]
        pay = item.pay * self._unit(pick, round_)
        feature["items"][place] = _found({"open": True, "of": kind, "name": item.name, "pay": pay}, item.award)
        feature["last"] = place
        feature["left"] = 0 if item.end else feature["left"] - 1
        self._found(round_, feature, pay, item.award)

    def _turn(self, round_: Round, feature: dict[str, Any], rng: Rng) -> None:
        wheel = self._math.features[feature["name"]]
        assert isinstance(wheel, Wheel)
        place = _drawn([segment.weight for segment in wheel.segments], rng)
        segment = wheel.segments[place]
        feature["items"][place] = {**feature["items"][place], "open": True}
        feature["last"] = place
        feature["left"] = 0
        if segment.jackpot:
            _triggered(round_, (segment.jackpot,))
        self._found(round_, feature, segment.pay * self._unit(wheel, round_), segment.award)

    def _found(self, round_: Round, feature: dict[str, Any], pay: int, given: Award | None) -> None:
        self._earn(round_, pay)
        if given:
            round_.queue.append(award(given, {"feature": feature["name"]}))
        self._go_on(round_)

    def _earn(self, round_: Round, amount: int) -> None:
        """Adds to the win, as far as the win cap lets it."""
        if self._cap and round_.win + amount >= self._cap * round_.stake:
            amount = self._cap * round_.stake - round_.win
            round_.capped = True
        round_.win += amount
        if round_.feature:
            round_.feature["win"] += amount

    def _go_on(self, round_: Round) -> None:
        """Ends the feature of which nothing is left, and begins the next of the queue. At the win cap nothing more follows."""
        if round_.capped:
            round_.queue.clear()
        if round_.feature and (round_.capped or not round_.feature["left"]):
            round_.done, round_.feature = round_.feature, None
        if round_.queue and not round_.feature:
            round_.feature = self._begun(round_, round_.queue.pop(0))

    def _begun(self, round_: Round, given: dict[str, Any]) -> dict[str, Any]:
        name = given["feature"]
        feature = self._math.features[name]
        begun: dict[str, Any] = {"name": name, "type": feature.type, "title": feature.title}
        if isinstance(feature, FreeSpins):
            # A single multiplier is certain; of several one is drawn for each spin, which None stands for.
            own = next(iter(feature.multiplier)) if len(feature.multiplier) == 1 else None
            spins = given["spins"]
            begun |= {"played": 0, "left": spins, "total": spins, "multiplier": given.get("multiplier", own)}
            return begun | {"win": 0, "retriggered": 0}
        unit = self._unit(feature, round_)
        if isinstance(feature, Pick):
            items: list[dict[str, Any]] = [{"open": False} for item in feature.items for _ in range(item.count)]
            return begun | {"items": items, "left": feature.picks, "win": 0, "last": None}
        items = []
        for segment in feature.segments:
            item = _found({"open": False, "name": segment.name, "pay": segment.pay * unit}, segment.award)
            items.append(item | ({"jackpot": segment.jackpot} if segment.jackpot else {}))
        return begun | {"items": items, "left": 1, "win": 0, "last": None}

    def _free(self, name: str) -> FreeSpins:
        feature = self._math.features[name]
        assert isinstance(feature, FreeSpins)
        return feature

    @staticmethod
    def _unit(feature: Pick | Wheel, round_: Round) -> int:
        return round_.stake if feature.unit == "total_bet" else round_.bet


def _triggered(round_: Round, jackpots: Sequence[str]) -> None:
    """Each is won once in a round, however often it is triggered."""
    round_.jackpots += [jackpot for jackpot in jackpots if jackpot not in round_.jackpots]


def _found(item: dict[str, Any], given: Award | None) -> dict[str, Any]:
    """An item, with the award that lies there."""
    return item | ({"award": {"feature": given.feature, **({"spins": given.spins} if given.spins else {})}} if given else {})


def _drawn(weights: Sequence[int], rng: Rng) -> int:
    """The place of one of the weights, by weight."""
    marks = list(accumulate(weights))
    return bisect_right(marks, rng.below(marks[-1]))
