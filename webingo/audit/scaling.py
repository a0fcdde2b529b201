"""Tests of what is made of the raw numbers: ranges, weights, orders and samples in their exact proportions."""

from collections.abc import Sequence
from itertools import pairwise
from math import factorial

import numpy as np

from webingo.audit.finding import Finding, Numbers, chi_square, p_of_spread

_MOST_CELLS = 1000


def equal(numbers: Sequence[int], n: int, draws: str = "", most_cells: int = _MOST_CELLS) -> Finding:
    """Each value below n as often as the others; where there are more of them than cells, each stretch of them."""
    cells = min(n, most_cells)
    edges = [-(-n * cell // cells) for cell in range(cells + 1)]  # exact: cell i begins at the first value of its own
    counts = np.bincount([number * cells // n for number in numbers], minlength=cells)
    expected = np.array([(above - below) / n for below, above in pairwise(edges)])
    return chi_square("frequency", draws or f"below({n})", counts, expected)


def in_proportion(counts: Sequence[int], weights: Sequence[int], draws: str) -> Finding:
    """`counts[i]`: how often the choice came whose weight is `weights[i]`. What weighs nothing must not come at all."""
    found, wanted = np.array(counts), np.array(weights, dtype=float)
    if found[wanted == 0].any():
        return Finding("weights", draws, int(found.sum()), float("inf"), 0.0)
    return chi_square("weights", draws, found[wanted > 0], wanted[wanted > 0])


def orders(shuffled: Numbers, draws: str) -> Finding:
    """Rows are shuffles of 0, 1, …: every order as often as the others."""
    size = shuffled.shape[1]
    kinds, counts = np.unique(shuffled @ (size ** np.arange(size)), return_counts=True)
    all_counts = np.zeros(factorial(size))
    all_counts[: len(kinds)] = counts
    return chi_square("orders", draws, all_counts, np.ones(factorial(size)))


def places(drawn: Numbers, n: int, draws: str) -> Finding:
    """Rows are samples without replacement from below(n): every item at every place as often as the others.

    What is drawn in a row depends on what was drawn before. Pearson's sum is split therefore: what the totals of the items tell
    (chi-square by (n - 1) / (n - k) of it, nothing where a whole list is shuffled), and what the places tell (by (n - 1) / n).
    """
    rows, k = drawn.shape
    counts = np.stack([np.bincount(drawn[:, place], minlength=n) for place in range(k)]).astype(float)
    whole = float(((counts - rows / n) ** 2).sum()) * n / rows
    totals = float(((counts.sum(axis=0) - rows * k / n) ** 2).sum()) * n / (rows * k)
    statistic = (whole - totals) * (n - 1) / n + (totals * (n - 1) / (n - k) if k < n else 0)
    free = (n - 1) * (k if k < n else n - 1)
    return Finding("places", draws, rows, statistic, p_of_spread(statistic, free))
