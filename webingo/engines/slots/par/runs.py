"""Runs of free spins: how many spins there are, and the mean and variance of what they come to.

A spin is independent of those before it: it wins W and gives R spins more of the run (W and R of one spin depend on each
other). Without a limit a run of n spins is a branching process. With m = E[R] < 1, one of its spins with all that it gives
comes to Z = W + Z_1 + … + Z_R, so that E[Z] = E[W] / (1 - m) and Var[Z] = Var[W + R E[Z]] / (1 - m).

With a limit the state is how many spins are left and how many more may still be given. A spin lowers their sum by one, so
all figures are sums over the states from the last spin backwards. By Wald's identity the mean is E[W] times the mean number of
spins. Weights are integers and stay exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import exp, expm1, lcm, log
from typing import NamedTuple

_MOST_WORK = 2_000_000_000
"""Some ten seconds: machine words of integers that are multiplied for a limited run."""
_NEVER = 1e-20


class Gift(NamedTuple):
    """The spins that give the same number of spins: their probability, the means of W and of W² over them (0 for others), and
    the probability that they give so many and nothing else."""

    chance: Fraction
    first: Fraction
    second: Fraction
    nothing: Fraction


Given = Mapping[int, Gift]
"""By number of spins that a spin gives."""


class EndlessError(ValueError):
    """Free spins that give one more or more of themselves on average."""


@dataclass(frozen=True)
class Run:
    """`spins` is the mean number of spins, `nothing` the probability that the whole run wins nothing. `limited` says whether
    the limit was counted with: where it is reached less often than once in 10^20 runs, it makes no difference in the first 15
    digits and is left out."""

    spins: Fraction
    mean: Fraction
    variance: Fraction
    nothing: Fraction
    limited: bool


def run(first: int, limit: int | None, given: Given) -> Run:
    """A run that begins with `first` spins. Raises EndlessError, or ValueError where the limit is too high."""
    more = sum((r * gift.chance for r, gift in given.items()), Fraction(0))
    if limit is None or not more or (more < 1 and _reached(first, limit, given) < _NEVER):
        if more >= 1:
            raise EndlessError(f"a spin gives {float(more):.6g} more of them on average, so a run may never end")
        return _unlimited(first, Fraction(more), given, limited=not more)
    return _limited(min(first, limit), limit, given)


def _unlimited(first: int, more: Fraction, given: Given, limited: bool) -> Run:
    spins = first / (1 - more)
    one = sum((gift.first for gift in given.values()), Fraction(0)) / (1 - more)
    second = sum(
        (gift.second + 2 * r * one * gift.first + r * r * one * one * gift.chance for r, gift in given.items()), Fraction(0)
    )
    variance = first * (second - one * one) / (1 - more)
    return Run(spins, first * one, variance, _nothing(given) ** first, limited)


def _nothing(given: Given) -> Fraction:
    """The probability that one spin with all that it gives wins nothing: the least solution of z = sum of nothing_r z^r. Exact
    where spins that give more always win something, else to 40 digits."""
    z = Fraction(0)
    for _ in range(100):
        value = sum((gift.nothing * z**r for r, gift in given.items()), -z)
        slope = sum((r * gift.nothing * z ** (r - 1) for r, gift in given.items() if r), Fraction(-1))
        step = -value / slope
        if all(gift.nothing == 0 for r, gift in given.items() if r) or step < Fraction(1, 10**40):
            return z + step
        z = (z + step).limit_denominator(10**45)
    return z


def _reached(first: int, limit: int, given: Given) -> float:
    """A bound (Chernoff's) of the mean number of spins of an unlimited run beyond the limit: there are so many only if the
    first k of them, for a k from the limit on, gave k - first spins or more."""
    if first >= limit:
        return float("inf")
    best = float("inf")
    steps = [10 ** (-4 + place / 8) for place in range(40)]
    for t in steps:
        # log E[exp(t (R - 1))]: the bound for k spins is exp(t first + k rate), summed over k >= limit.
        rate = log(sum(float(gift.chance) * exp(min(700.0, t * r)) for r, gift in given.items())) - t
        if rate < 0:
            best = min(best, exp(min(700.0, t * first + limit * rate)) / -expm1(rate))
    return best


def _limited(first: int, limit: int, given: Given) -> Run:
    total = lcm(*(p.denominator for gift in given.values() for p in (gift.chance, gift.nothing)))
    weights = {r: (int(gift.chance * total), int(gift.nothing * total)) for r, gift in given.items()}
    rooms = _rooms(first, limit, list(weights))
    words = limit * total.bit_length() // 64 + 1
    if sum(map(len, rooms)) * len(weights) * (len(weights) + 2) * words > _MOST_WORK:
        raise ValueError(f"a limit of {limit} spins is too high to be counted with")
    # By the spins that may still be played (those that are left and the room for more), and by room, scaled by total^(those
    # spins): the mean number of spins; for each r the mean number of spins after one that gave r, summed over the spins; and
    # the probability that nothing is won.
    spins: dict[int, int] = {}
    after: dict[int, dict[int, int]] = {r: {} for r in weights}
    lost = {0: 1}
    scale = 1
    for possible in range(1, limit + 1):
        following, later, unpaid = spins, after, lost
        spins, after, lost = {}, {r: {} for r in weights}, {}
        scale *= total
        for room in rooms[limit - possible]:
            if room >= possible:  # no spins are left: the run is over
                lost[room] = scale
                continue
            next_ = {r: room - min(r, room) for r in weights}
            spins[room] = scale + sum(w * following.get(next_[r], 0) for r, (w, _) in weights.items())
            lost[room] = sum(w * unpaid[next_[r]] for r, (_, w) in weights.items() if w)
            for r in weights:
                come = sum(w * later[r].get(next_[s], 0) for s, (w, _) in weights.items())
                after[r][room] = following.get(next_[r], 0) * total + come
    room = limit - first
    count = Fraction(spins[room], scale)
    mean = sum((gift.first for gift in given.values()), Fraction(0))
    second = sum((gift.second for gift in given.values()), Fraction(0)) * count
    second += 2 * mean * sum((gift.first * Fraction(after[r][room], scale) for r, gift in given.items()), Fraction(0))
    return Run(count, mean * count, second - (mean * count) ** 2, Fraction(lost[room], scale), True)


def _rooms(first: int, limit: int, gifts: list[int]) -> list[set[int]]:
    """By number of spins played, the numbers of spins that may still be given."""
    rooms = [{limit - first}]
    for _ in range(limit):
        rooms.append({room - min(r, room) for room in rooms[-1] for r in gifts})
    return rooms
