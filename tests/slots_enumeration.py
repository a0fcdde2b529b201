"""The figures of the slot games that ship, by full enumeration: every window that the reels can stop at, one by one.

Written from the rules' text (docs/slots.md), not from the engine: NumPy goes through all windows, fractions through what
follows. It knows what those games use and no more: pays from the left or anywhere on a line, ways with wilds behind the first
reel, one multiplier for all of a wild's kind, features that award at most one run of free spins.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

Math = dict[str, Any]
Trigger = tuple[int, ...]
"""How many of each scatter a window shows, in the order of the mode's scatters."""


class Part(NamedTuple):
    """Windows with the same trigger: their weight, the sums of the amounts and of their squares, and the weight of those that
    win nothing. Amounts are in bets per line or coin."""

    weight: int
    amount: int
    square: int
    lost: int


class Moments(NamedTuple):
    """Of a random amount: its mean, the mean of its square, and the chance that it is 0."""

    mean: Fraction
    square: Fraction
    zero: Fraction

    def plus(self, other: "Moments") -> "Moments":
        """The sum with another that is independent of it."""
        square = self.square + 2 * self.mean * other.mean + other.square
        return Moments(self.mean + other.mean, square, self.zero * other.zero)


NOTHING = Moments(Fraction(0), Fraction(0), Fraction(1))


def mix(parts: list[tuple[Fraction, Moments]]) -> Moments:
    return Moments(*(sum((chance * moments[i] for chance, moments in parts), Fraction(0)) for i in range(3)))


def table(values: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in values.items()}


def at_most(pays: dict[str, Any], n: int) -> Any:
    """What the highest listed count within `n` gives; None without one."""
    listed = [count for count in table(pays) if count <= n]
    return table(pays)[max(listed)] if listed else None


class Windows:
    """All windows of one set of strips, for the base game or for free spins in which the reels `filled` turn wild."""

    def __init__(self, math: Math, strips: str, scatters: list[dict[str, Any]], filled: tuple[int, ...] = ()) -> None:
        self.math = math
        self.scatters = scatters
        rows = math["window"]["rows"]
        self.reels = [strip if isinstance(strip, dict) else {"stops": strip} for strip in math["strips"][strips]]
        self.weights = [np.array(reel.get("weights") or [1] * len(reel["stops"]), np.int64) for reel in self.reels]
        number = {symbol: place for place, symbol in enumerate(math["symbols"])}
        self.landed = [
            np.array([[number[reel["stops"][(stop + row) % len(reel["stops"])]] for row in range(rows)] for stop in range(n)])
            for reel in self.reels
            for n in [len(reel["stops"])]
        ]
        self.shown = [cells.copy() for cells in self.landed]
        for reel in filled:
            self.shown[reel][:] = number[math["wilds"][0]["symbol"]]

    def parts(self) -> dict[Trigger, Part]:
        math = self.math
        bet = math.get("coins") or len(math["lines"])
        scatters = [self._scatter_counts(scatter) for scatter in self.scatters]
        # What the reels behind the first one show, and how often: the same for each of its stops.
        shape = tuple(len(cells) for cells in self.shown[1:])
        rest = sum((rest << 5 * place for place, (_, rest) in enumerate(scatters)), np.zeros(shape, np.int64)).ravel()
        weights = reduce(np.multiply, np.ix_(*self.weights[1:])).ravel()
        seen = np.bincount(rest, weights)
        sums: dict[Trigger, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for stop, amounts in enumerate(self._lines() if math["pay_by"] == "lines" else self._ways()):
            times = int(self.weights[0][stop])
            won = np.nonzero(amounts.ravel())[0]
            amount, weight, shown = amounts.ravel()[won], weights[won], rest[won]
            columns = [weight, weight * amount, weight * amount * amount]
            found = [seen, *(np.bincount(shown, column, len(seen)) for column in columns)]
            assert all(column.max() < 2**53 for column in found)  # bincount adds doubles, exact below
            for place in np.nonzero(seen)[0].tolist():
                trigger = tuple(int(first[stop]) + (place >> 5 * i & 31) for i, (first, _) in enumerate(scatters))
                paid = bet * sum(at_most(s.get("pays", {}), n) or 0 for s, n in zip(self.scatters, trigger, strict=True))
                n, hits, total, squares = (int(column[place]) for column in found)
                lost = 0 if paid else n - hits
                for i, value in enumerate((n, total + n * paid, squares + 2 * paid * total + n * paid**2, lost)):
                    sums[trigger][i] += times * value
        return {trigger: Part(*values) for trigger, values in sums.items()}

    def _scatter_counts(self, scatter: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """How many the first reel shows at each stop, and the others together at theirs."""
        symbol = self.math["symbols"].index(scatter["symbol"])
        counts = [(cells == symbol).sum(axis=1) for cells in self.landed]
        for reel in range(len(counts)):
            if reel not in scatter.get("reels", range(len(counts))):
                counts[reel] = 0 * counts[reel]
        return counts[0], sum(np.ix_(*counts[1:]), np.int64(0))

    def _lines(self) -> Iterator[np.ndarray]:
        pays = line_table(self.math)
        for first in self.shown[0]:
            amounts = np.zeros([len(cells) for cells in self.shown[1:]], np.int64)
            for line in self.math["lines"]:
                of_line = pays[first[line[0]]]
                second, *others = (cells[:, row] for cells, row in zip(self.shown[1:], line[1:], strict=True))
                live = np.nonzero(of_line.reshape(len(of_line), -1).any(axis=1)[second])[0]
                if len(live):
                    amounts[live] += of_line[np.ix_(second[live], *others)]
            yield amounts

    def _ways(self) -> Iterator[np.ndarray]:
        """Each pay is a symbol's own; a run of k reels pays as many times as the product of its cells on them."""
        math, reels = self.math, len(self.shown)
        (wild,) = math["wilds"]
        lantern = math["symbols"].index(wild["symbol"])
        found = []
        for pay in math["pays"]:
            symbol = math["symbols"].index(pay["symbol"])
            cells = [
                (shown == symbol).sum(axis=1) + ((shown == lantern).sum(axis=1) if reel in wild["reels"] else 0)
                for reel, shown in enumerate(self.shown)
            ]
            found.append((table(pay["pays"]), cells))
        for stop in range(len(self.shown[0])):
            amounts = np.zeros([len(cells) for cells in self.shown[1:]], np.int64)
            for pays, cells in found:
                if not cells[0][stop]:
                    continue
                # From the right: what a run that has come so far is still worth per way.
                worth: Any = pays.get(reels, 0)
                for reel in reversed(range(2, reels)):
                    here = cells[reel].reshape([-1, *([1] * (reels - 1 - reel))])
                    worth = np.where(here > 0, here * worth, pays.get(reel, 0))
                for second in np.nonzero(cells[1])[0]:
                    amounts[second] += cells[0][stop] * cells[1][second] * worth
            yield amounts


_KNOWN: dict[str, dict[Trigger, Part]] = {}


def parts_of(math: Math, strips: str, scatters: list[dict[str, Any]], filled: Sequence[int] = ()) -> dict[Trigger, Part]:
    """As Windows counts them; the free spins of a game may stop at the very windows of its base game."""
    key = json.dumps([math["strips"][strips], math["pays"], [{**scatter, "awards": {}} for scatter in scatters], list(filled)])
    if key not in _KNOWN:
        _KNOWN[key] = Windows(math, strips, scatters, tuple(filled)).parts()
    return _KNOWN[key]


def line_table(math: Math) -> np.ndarray:
    """What each combination of symbols on a line pays: the highest of its wins."""
    symbols, reels = math["symbols"], math["window"]["reels"]
    (wild,) = math["wilds"]
    cells = np.stack([axis.ravel() for axis in np.indices([len(symbols)] * reels)], axis=1)
    best = np.zeros(len(cells), np.int64)
    for pay in math["pays"]:
        names = {pay["symbol"]} if "symbol" in pay else set(pay["symbols"])
        natural = np.isin(cells, [symbols.index(name) for name in names])
        matching = natural.copy()
        if names - {*wild.get("except", ()), wild["symbol"]}:
            matching |= cells == symbols.index(wild["symbol"])
        if pay.get("align", "left") == "left":
            matching = np.cumprod(matching, axis=1).astype(bool)
        so_far = np.cumsum(matching, axis=1)
        for count, amount in sorted(table(pay["pays"]).items()):
            replacing = (matching & ~natural & (so_far <= count)).sum(axis=1)
            paid = amount * wild.get("multiplier", 1) ** replacing
            # More of a symbol pay by the highest count that is listed, so what fewer of it pay must not count any more.
            exactly = [n for n in range(count, reels + 1) if not any(count < other <= n for other in table(pay["pays"]))]
            best = np.maximum(best, np.where(np.isin(so_far[:, -1], exactly), paid, 0))
    return best.reshape([len(symbols)] * reels)


class Counted:
    """A game's figures, per unit of the total bet."""

    def __init__(self, math: Math) -> None:
        self.math = math
        self.bet = math.get("coins") or len(math["lines"])
        self.base = parts_of(math, "base", math.get("scatters", []))
        total = sum(part.weight for part in self.base.values())
        self.base_rtp = Fraction(sum(part.amount for part in self.base.values()), total * self.bet)
        self.runs: dict[str, FreeSpins] = {}
        self.triggers: dict[str, Fraction] = defaultdict(Fraction)
        self.features: dict[str, Fraction] = defaultdict(Fraction)
        rounds = []
        for trigger, part in self.base.items():
            after = NOTHING
            chance = Fraction(part.weight, total)
            for scatter, shown in zip(math.get("scatters", []), trigger, strict=True):
                if award := at_most(scatter.get("awards", {}), shown):
                    moments = self.award(award)
                    self.triggers[award["feature"]] += chance
                    self.features[award["feature"]] += chance * moments.mean
                    after = after.plus(moments)
            rounds.append((chance, _moments(part, self.bet, {1: 1}).plus(after)))
        self.round = mix(rounds)

    @property
    def rtp(self) -> Fraction:
        return self.round.mean

    @property
    def hit_rate(self) -> Fraction:
        return 1 - self.round.zero

    @property
    def variance(self) -> Fraction:
        return self.round.square - self.round.mean**2

    def award(self, award: dict[str, Any]) -> Moments:
        feature = self.math["features"][award["feature"]]
        if feature["type"] == "free_spins":
            if award["feature"] not in self.runs:
                self.runs[award["feature"]] = FreeSpins(self.math, award["feature"])
            return self.runs[award["feature"]].run(award["spins"])
        assert feature["unit"] == "total_bet"
        if feature["type"] == "wheel":
            weight = sum(segment["weight"] for segment in feature["segments"])
            return mix([(Fraction(found["weight"], weight), _certain(found["pay"])) for found in feature["segments"]])
        return self._picked(tuple(item.get("count", 1) for item in feature["items"]), feature, feature["picks"])

    def _picked(self, left: tuple[int, ...], feature: dict[str, Any], picks: int) -> Moments:
        if not picks:
            return NOTHING
        parts = []
        for place, item in enumerate(feature["items"]):
            if left[place]:
                rest = tuple(count - (i == place) for i, count in enumerate(left))
                found = self.award(item["award"]) if "award" in item else _certain(item["pay"])
                chance = Fraction(left[place], sum(left))
                parts.append((chance, found.plus(self._picked(rest, feature, picks - 1))))
        return mix(parts)


class FreeSpins:
    """The runs of one feature: spin by spin, as long as there is room for more within `max_spins`."""

    def __init__(self, math: Math, name: str) -> None:
        feature = math["features"][name]
        scatters = feature.get("scatters", math["scatters"])
        self.most = feature["max_spins"]
        multiplier = feature.get("multiplier", 1)
        multipliers = table(multiplier) if isinstance(multiplier, dict) else {multiplier: 1}
        choices = feature.get("extra_wilds", {}).get("choices", [{"reels": [], "weight": 1}])
        weight = sum(choice["weight"] for choice in choices)
        bet = math.get("coins") or len(math["lines"])
        self.spins: list[tuple[Fraction, int, Moments]] = []
        """Chance, spins that are added, and what such spins win."""
        for choice in choices:
            parts = parts_of(math, feature.get("strips", "base"), scatters, choice["reels"])
            total = sum(part.weight for part in parts.values())
            for trigger, part in parts.items():
                awards = [at_most(s.get("awards", {}), n) for s, n in zip(scatters, trigger, strict=True)]
                added = sum(award["spins"] for award in awards if award)
                chance = Fraction(choice["weight"], weight) * Fraction(part.weight, total)
                self.spins.append((chance, added, _moments(part, bet, multipliers)))
        self.spin = mix([(chance, moments) for chance, _, moments in self.spins])
        self.runs: dict[tuple[int, int], tuple[Moments, Fraction]] = {}

    def run(self, spins: int) -> Moments:
        return self._from(spins, spins)[0]

    def expected_spins(self, spins: int) -> Fraction:
        return self._from(spins, spins)[1]

    def _from(self, left: int, total: int) -> tuple[Moments, Fraction]:
        """What `left` more spins of a run of `total` so far win, and how many they become."""
        if not left:
            return NOTHING, Fraction(0)
        if (left, total) not in self.runs:
            parts, spins = [], Fraction(1)
            by_added: dict[int, list[tuple[Fraction, Moments]]] = defaultdict(list)
            for chance, added, moments in self.spins:
                by_added[min(added, self.most - total)].append((chance, moments))
            for added, found in by_added.items():
                chance = sum((chance for chance, _ in found), Fraction(0))
                rest, more = self._from(left - 1 + added, total + added)
                parts.append((chance, mix([(part / chance, moments) for part, moments in found]).plus(rest)))
                spins += chance * more
            self.runs[left, total] = mix(parts), spins
        return self.runs[left, total]


def _moments(part: Part, bet: int, multipliers: dict[int, int]) -> Moments:
    """Per unit of the total bet, of windows of one trigger; what they win is multiplied by one of the multipliers."""
    weight = sum(multipliers.values())
    mean = Fraction(sum(value * times for value, times in multipliers.items()), weight)
    square = Fraction(sum(value**2 * times for value, times in multipliers.items()), weight)
    return Moments(
        mean * Fraction(part.amount, part.weight * bet),
        square * Fraction(part.square, part.weight * bet**2),
        Fraction(part.lost, part.weight),
    )


def _certain(amount: int) -> Moments:
    return Moments(Fraction(amount), Fraction(amount**2), Fraction(int(amount == 0)))
