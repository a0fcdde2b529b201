"""Fast play of whole rounds, to hold the exact figures against: compiled, seeded, never for live play."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from webingo.engines.engine import Part, Sample
from webingo.engines.slots.definition import Math, Settings

if TYPE_CHECKING:
    from webingo.engines.slots.simulation_memory import Ints
    from webingo.engines.slots.simulation_tables import Plan

_AT_ONCE = 1 << 24
"""Rounds whose sums surely fit into 64 bits."""
_WORD = (1 << 64) - 1


def simulate(math: Math, settings: Settings, rounds: int, seed: int, buy: str | None = None) -> Sample:
    """Rounds with all lines played and no gamble; with `buy` each of them is that purchase. The lower 64 bits of the seed are
    the key of the random numbers, those above them say which stream of it is played.

    Raises ValueError for what simulation can't play, or a purchase that the game doesn't have.
    """
    from webingo.engines.slots.simulation_tables import plan_of

    if buy is not None and buy not in {bought.name for bought in math.buy}:
        names = ", ".join(bought.name for bought in math.buy) or "none"
        raise ValueError(f"there is no feature {buy!r} to be bought; there are: {names}")
    lines = max(settings.lines or (len(math.lines),))
    plan = plan_of(math, lines, buy)
    cost = next((bought.cost for bought in math.buy if bought.name == buy), 1)
    sums, highest = _played(plan, rounds, seed)
    return _sample(plan, sums, rounds, highest, math.total_bet(lines) * cost)


def _played(plan: "Plan", rounds: int, seed: int) -> tuple[list[list[int]], int]:
    """(count, sum and sum of squares of each row, the highest win)."""
    import numpy as np

    from webingo.engines.slots import simulation_memory as at
    from webingo.engines.slots.simulation_round import play

    queue = np.zeros(64 + plan.game[at.MOST_AWARDS], np.int64)
    nothing = np.zeros((0, at.SHOWN), np.int64)
    rows = at.sums_rows(len(plan.features))
    while True:
        work = plan.work(seed & _WORD, seed >> 64 & _WORD)
        total, highest = [[0, 0, 0] for _ in range(rows)], 0
        for begun in range(0, rounds, _AT_ONCE):
            highest = max(highest, found := play(plan.game, work, queue, nothing, min(_AT_ONCE, rounds - begun)))
            if found < 0:
                break
            for row, more in zip(total, _taken(work, rows), strict=True):
                row[:] = [a + b for a, b in zip(row, more, strict=True)]
        else:
            return total, highest
        queue = np.zeros(2 * queue.size, np.int64)  # and all over again, with the same numbers


def _taken(work: "Ints", rows: int) -> Iterator[tuple[int, int, int]]:
    """The sums as whole numbers; they begin anew then."""
    from webingo.engines.slots import simulation_memory as at

    found = work[at.SUMS : at.SUMS + at.COLUMNS * rows].reshape(rows, at.COLUMNS)
    for count, total, *squares in found.tolist():
        yield count, total, sum(digit << 32 * place for place, digit in enumerate(squares))
    found[:] = 0


def _sample(plan: "Plan", sums: list[list[int]], rounds: int, highest: int, stake: int) -> Sample:
    from webingo.engines.slots import simulation_memory as at

    def returned(row: int) -> Part:
        return Part(rounds, Fraction(sums[row][1], stake), Fraction(sums[row][2], stake * stake))

    parts: dict[str, Part] = {}
    if plan.game[plan.game[at.START]] == 0:
        hits = sums[at.SPIN][0]
        parts |= {"line": returned(at.LINE), "scatter": returned(at.SCATTER), "spin_hits": Part(rounds, hits, hits)}
    for number, name in enumerate(plan.features):
        first = at.FEATURE_ROWS + 3 * number
        if name.startswith("jackpot "):
            won = sums[first + at.TRIGGER][0]  # rounds, as each wins it once at most
            parts[f"jackpot.{name.partition(' ')[2]}"] = Part(rounds, won, won)
            continue
        parts[f"feature.{name}"] = returned(first + at.EARNING)
        parts[f"triggers.{name}"] = Part(rounds, *sums[first + at.TRIGGER][1:])
        if name in plan.modes:
            parts[f"spins.{name}"] = Part(*sums[first + at.LENGTH])
    all_ = returned(at.ROUND)
    return Sample(rounds, all_.total, all_.squared, sums[at.ROUND][0], Fraction(highest, stake), parts)
