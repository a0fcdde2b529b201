"""How near the return of so many rounds comes to the RTP."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

ROUNDS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
Z = {90: 1.6448536269514722, 95: 1.959963984540054, 99: 2.5758293035489004}
"""By percent: the normal distribution holds so much within so many standard deviations around its mean."""


def confidence(rtp: float, deviation: float, rounds: Sequence[int] = ROUNDS) -> list[dict[str, Any]]:
    """Rows by number of rounds: `deviation` of their mean return, and the bands in which it lies with 90, 95 and 99 %. That is
    the normal approximation, which is good where each kind of win that matters comes many times in so many rounds."""
    return [_row(rtp, deviation / sqrt(n), n) for n in rounds]


def _row(rtp: float, deviation: float, rounds: int) -> dict[str, Any]:
    bands = {f"within_{percent}": [max(0.0, rtp - z * deviation), rtp + z * deviation] for percent, z in Z.items()}
    return {"rounds": rounds, "deviation": deviation, **bands}
