"""What a test of random numbers found, and how a whole series of them is judged."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2

Numbers = NDArray[Any]

_FEW = 10


class Finding(NamedTuple):
    """`p`: how often a fair generator gives a result that is as far from the expected or farther, to either side."""

    test: str
    draws: str  # what was drawn
    samples: int
    statistic: float  # of the test's own kind
    p: float


class Verdict(NamedTuple):
    """Of a series: `limit` is what each p-value has to reach (Bonferroni: the level, shared among all of them)."""

    holds: bool
    limit: float
    worst: Finding


def judged(findings: Sequence[Finding], level: float) -> Verdict:
    """A fair generator does not hold with a chance of at most `level`, however the tests depend on each other."""
    worst = min(findings, key=lambda finding: finding.p)
    limit = level / len(findings)
    return Verdict(bool(worst.p >= limit), limit, worst)


def either_side(below: float, above: float) -> float:
    """The two-sided p-value: numbers that are too even are not random either."""
    return float(min(1.0, 2 * min(below, above)))


def chi_square(test: str, draws: str, counts: Numbers, expected: Numbers, samples: int = 0) -> Finding:
    """Pearson's, with fixed expectations: what is rare (less than 5 expected) is counted together. `samples`: the numbers
    drawn, where they are not what is counted."""
    total = int(np.sum(counts))
    expected = expected * (total / float(np.sum(expected)))
    rare = expected < 5
    if rare.any() and len(expected) > 2:
        counts = np.append(counts[~rare], counts[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
    if len(expected) == 2:  # known exactly
        found, fair = int(counts[0]), binom(total, expected[0] / total)
        return Finding(test, draws, samples or total, float(found), either_side(fair.cdf(found), fair.sf(found - 1)))
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return Finding(test, draws, samples or total, statistic, p_of_spread(statistic, len(expected) - 1))


def p_of_spread(statistic: float, free: int) -> float:
    """Of a chi-square statistic. Of few cells, exact evenness is nothing strange."""
    above = float(chi2.sf(statistic, free))
    return above if free < _FEW else either_side(float(chi2.cdf(statistic, free)), above)
