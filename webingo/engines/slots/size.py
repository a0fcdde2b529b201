"""How big a game may be: what exact figures can still be counted for, and amounts that stay below 2^53."""

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from webingo.engines.slots.models import Problem
from webingo.engines.slots.reach import awards_of

if TYPE_CHECKING:
    from webingo.engines.slots.definition import Math

MOST_LINES = 10_000_000
"""Different lines (one symbol of each reel) that may be shown."""
MOST_COLUMNS = 50_000
"""Columns of one reel whose cells are drawn one by one."""
MOST_PAID = 1 << 53
"""Bets that a spin may win: amounts are exact in JSON and in Lua up to there."""


def size_problems(math: "Math") -> Iterator[Problem]:
    for name, strips in math.strips.items():
        lines = prod(len(strip.symbols) for strip in strips)
        if math.pay_by == "lines" and lines > MOST_LINES:
            yield ("strips", name), f"{lines} different lines can't be counted: at most {MOST_LINES}"
        for reel, strip in enumerate(strips):
            columns = len(strip.frequencies or ()) ** math.window.rows
            if columns > MOST_COLUMNS:
                yield ("strips", name, reel, "frequencies"), f"{columns} columns can't be counted: at most {MOST_COLUMNS}"
    if (most := _highest(math)) > MOST_PAID:
        yield ("pays",), f"a spin might pay {most} bets, which is more than 2^53"


def _highest(math: "Math") -> int:
    """More bets than a spin can win: the highest pay, on all lines or ways, with all multipliers."""
    wilds = [*math.wilds, *(wild for feature in math.free_spins.values() for wild in feature.wilds or ())]
    best_wild = max((wild.multiplier for wild in wilds), default=1)
    reels = math.window.reels
    combined = {"multiply": prod([best_wild] * reels), "add": best_wild * reels, "highest": best_wild}[math.wild_multipliers]
    paid = max((amount for pay in math.pays for amount in (*pay.pays.values(), pay.pay or 0)), default=0)
    sets = [math.scatters, *(feature.scatters or () for feature in math.free_spins.values())]
    scattered = sum(max(scatter.pays.values(), default=0) for scatters in sets for scatter in scatters)
    tables = [math.multiplier or {1: 1}, *(feature.multiplier for feature in math.free_spins.values())]
    fixed = [award.multiplier or 1 for _, award in awards_of(math)]
    lines = len(math.lines) or prod([math.window.rows] * reels)
    pays = len(math.pays) if math.line_coinciding else 1
    return (2 * paid * combined * lines * pays + scattered * math.total_bet(lines)) * max([*fixed, *map(max, tables)])
