"""Tests of a sequence of numbers below n: does each come as often as it should after the others?

Knuth, The Art of Computer Programming 2, 3.3.2 (serial, gap, poker, coupon collector, permutation, runs, collisions, serial
correlation); overlapping tuples after Good (1953). Numbers are arrays of integers from 0 up to but not including n.
"""

from math import comb, factorial, sqrt

import numpy as np
from scipy.stats import norm, poisson

from webingo.audit.finding import Finding, Numbers, chi_square, either_side, p_of_spread


def serial(numbers: Numbers, n: int) -> Finding:
    """Pairs that don't overlap are all equally likely."""
    pairs = numbers[: len(numbers) // 2 * 2].reshape(-1, 2)
    counts = np.bincount(pairs[:, 0] * n + pairs[:, 1], minlength=n * n)
    return chi_square("serial", f"pairs below({n})", counts, np.ones(n * n), len(numbers))


def overlaps(numbers: Numbers, n: int) -> Finding:
    """Triples that overlap, less what pairs tell already: the difference is chi-square with n^3 - n^2 degrees of freedom."""
    size, following = len(numbers), np.roll(numbers, -1)
    pairs = numbers * n + following
    triples = pairs * n + np.roll(numbers, -2)
    spread = [
        float((np.bincount(tuples, minlength=cells).astype(float) ** 2).sum()) * cells / size - size
        for tuples, cells in ((pairs, n**2), (triples, n**3))
    ]
    statistic, free = spread[1] - spread[0], n**3 - n**2
    p = p_of_spread(statistic, free)
    return Finding("overlaps", f"triples below({n})", size, statistic, p)


def gaps(numbers: Numbers, n: int, marked: int) -> Finding:
    """How many numbers lie between two that are below `marked`: geometric."""
    chance = marked / n
    lengths = np.diff(np.flatnonzero(numbers < marked)) - 1
    if not len(lengths):
        return Finding("gap", f"below({n}) < {marked}", len(numbers), 0.0, 0.0)
    longest = 1
    while len(lengths) * (1 - chance) ** longest * chance >= 10:
        longest += 1
    expected = np.append(chance * (1 - chance) ** np.arange(longest), (1 - chance) ** longest)
    counts = np.bincount(np.minimum(lengths, longest), minlength=longest + 1)
    return chi_square("gap", f"below({n}) < {marked}", counts, expected, len(numbers))


def poker(numbers: Numbers, n: int, hand: int = 5) -> Finding:
    """How many different values are in a hand."""
    hands = np.sort(numbers[: len(numbers) // hand * hand].reshape(-1, hand), axis=1)
    different = 1 + (np.diff(hands, axis=1) != 0).sum(axis=1)
    expected = [_falling(n, r) * _stirling(hand, r) / n**hand for r in range(1, hand + 1)]
    return chi_square(
        "poker", f"{hand} of below({n})", np.bincount(different, minlength=hand + 1)[1:], np.array(expected), len(numbers)
    )


def coupons(numbers: Numbers, n: int) -> Finding:
    """How many numbers it takes until each of the n has come."""
    lengths, missing, length = [], set(range(n)), 0
    for number in numbers.tolist():
        length += 1
        missing.discard(number)
        if not missing:
            lengths.append(length)
            missing, length = set(range(n)), 0
    if not lengths:
        return Finding("coupon collector", f"below({n})", len(numbers), 0.0, 0.0)
    longest = n + 1
    while len(lengths) * factorial(n) * _stirling(longest - 1, n - 1) / n**longest >= 10 or longest < 2 * n:
        longest += 1
    expected = [factorial(n) * _stirling(r - 1, n - 1) / n**r for r in range(n, longest)]
    expected.append(1 - sum(expected))
    counts = np.bincount(np.minimum(lengths, longest), minlength=longest + 1)[n:]
    return chi_square("coupon collector", f"below({n})", counts, np.array(expected), len(numbers))


def permutations(numbers: Numbers, of: str, group: int = 5) -> Finding:
    """The orders of size of numbers that follow each other are all equally likely."""
    orders = np.argsort(numbers[: len(numbers) // group * group].reshape(-1, group), axis=1)
    kinds, counts = np.unique(orders @ (group ** np.arange(group)), return_counts=True)
    all_counts = np.zeros(factorial(group))
    all_counts[: len(kinds)] = counts
    return chi_square("permutation", f"{group} of {of}", all_counts, np.ones(factorial(group)), len(numbers))


def runs_up(numbers: Numbers, of: str) -> Finding:
    """Lengths of ascending runs. The number after a run is left out, so that they don't depend on each other."""
    ends = np.flatnonzero(numbers[:-1] >= numbers[1:]).tolist()  # the last place of each ascent
    lengths, start = [], 0
    for end in ends:
        if end >= start:
            lengths.append(end - start + 1)
            start = end + 2
    expected = [1 / factorial(r) - 1 / factorial(r + 1) for r in range(1, 7)]
    expected.append(1 - sum(expected))
    counts = np.bincount(np.minimum(lengths, 7), minlength=8)[1:]
    return chi_square("runs up", of, counts, np.array(expected), len(numbers))


def runs(numbers: Numbers, n: int) -> Finding:
    """How often the numbers change between the lower and the upper half (Wald and Wolfowitz); n is even."""
    upper = numbers >= n // 2
    size, ones = len(upper), int(upper.sum())
    found = 1 + int((upper[1:] != upper[:-1]).sum())
    both = 2 * ones * (size - ones)
    if not both:
        return Finding("runs", f"halves of below({n})", size, float(found), 0.0)
    mean, spread = 1 + both / size, sqrt(both * (both - size) / (size**2 * (size - 1)))
    statistic = (found - mean) / spread
    return Finding("runs", f"halves of below({n})", size, statistic, either_side(norm.cdf(statistic), norm.sf(statistic)))


def correlation(numbers: Numbers, of: str, lag: int) -> Finding:
    """Of each number with the one `lag` places on, in a circle."""
    centred = numbers.astype(float) - float(numbers.mean())
    power = float((centred**2).sum())
    size = len(numbers)
    if not power:
        return Finding("serial correlation", f"{of}, {lag} apart", size, 1.0, 0.0)
    found = float((centred * np.roll(centred, -lag)).sum()) / power
    statistic = (found + 1 / (size - 1)) * sqrt(size)
    p = either_side(norm.cdf(statistic), norm.sf(statistic))
    return Finding("serial correlation", f"{of}, {lag} apart", size, found, p)


def duplicates(numbers: Numbers, n: int) -> Finding:
    """How many numbers came before; there should be few among so many possible ones."""
    size = len(numbers)
    found = size - len(np.unique(numbers))
    mean = comb(size, 2) / n - comb(size, 3) / n**2
    p = either_side(poisson.cdf(found, mean), poisson.sf(found - 1, mean))
    return Finding("duplicates", f"below({n})", size, float(found), p)


def _falling(n: int, r: int) -> int:
    return factorial(n) // factorial(n - r) if r <= n else 0


def _stirling(n: int, k: int) -> int:
    """In how many ways n things go into k heaps, none of them empty."""
    ways: int = sum((-1) ** i * comb(k, i) * (k - i) ** n for i in range(k + 1))
    return ways // factorial(k)
