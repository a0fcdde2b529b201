"""Every window of a game of ways, one by one, compiled: for games that can't be counted reel by reel, since pays run from both
sides. The windows are judged by the simulation's machine code, which tests hold against the evaluator.

Columns that show the same are one window. Imported only where it is needed, as compiling takes time.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.definition import Math
from webingo.engines.slots.jit import kept
from webingo.engines.slots.matching import Awarded
from webingo.engines.slots.par.columns import Draw
from webingo.engines.slots.par.counting import Tally
from webingo.engines.slots.par.table import Ints
from webingo.engines.slots.simulation_pays import Classes
from webingo.engines.slots.simulation_tables import plan_of
from webingo.engines.slots.simulation_ways import judge_ways
from webingo.engines.slots.spin import Mode

MOST_WINDOWS = 400_000_000
_SLOTS = 1 << 22
"""Room for different results."""
_MOST_RESULTS = _SLOTS * 3 // 4


def enumerated(
    math: Math, mode: Mode, draws: Sequence[Draw], tags: Sequence[Sequence[int]], given: Callable[[Sequence[Awarded]], int]
) -> Tally:
    """All windows of `draws`, one for each reel. `tags` are what their columns add to the tag, `given` what awards add to it.

    Raises ValueError where there are too many.
    """
    if prod(len(draw.columns) for draw in draws) > MOST_WINDOWS or prod(draw.total for draw in draws) >= 1 << 62:
        raise ValueError("this game has too many different windows for its figures to be counted exactly")
    plan, classes = plan_of(math, 0), Classes(math, mode)
    rows = math.window.rows
    most = max(len(draw.columns) for draw in draws)
    windows = np.zeros((len(draws), most, rows), np.int64)
    columns = np.zeros((len(draws), most, 2), np.int64)
    for reel, (draw, added) in enumerate(zip(draws, tags, strict=True)):
        for place, (column, tag) in enumerate(zip(draw.columns, added, strict=True)):
            windows[reel, place] = [classes.of[reel][symbol] for symbol in column.window]
            columns[reel, place] = column.weight, tag
    assert mode.ways
    awarded = [
        given([Awarded(got[1], prize.name, got[0])]) if got else 0 for prize in mode.ways.pattern.prizes for got in prize.awards
    ]
    awards = np.array(awarded, np.int64).reshape(-1, len(draws) + 1)
    sizes = np.array([len(draw.columns) for draw in draws], np.int64)
    path, found = np.zeros((3, len(draws) + 1), np.int64), np.zeros((_SLOTS, 3), np.int64)
    if not _walk(plan.game, plan.work(0, 0), plan.modes[mode.name], windows, columns, sizes, awards, path, found):
        raise ValueError("the spins of this game have too many different results to be counted exactly")
    there = found[found[:, 2] > 0]
    return Tally(there[:, 0], there[:, 1], there[:, 2])


def _fingerprint() -> int:
    """Of all that is compiled into the walk."""
    sources = [Path(__file__), *sorted(Path(__file__).parent.parent.glob("simulation*.py"))]
    return int.from_bytes(sha256(b"".join(file.read_bytes() for file in sources)).digest()[:7], "big")


def _walker(fingerprint: int) -> Callable[..., bool]:
    @kept
    def walk(
        game: Any, work: Any, mode: int, windows: Ints, columns: Ints, sizes: Ints, awards: Ints, path: Ints, found: Ints
    ) -> bool:
        """Adds the weight of every window to its result (amount, tag, weight) in `found`, a table that is searched from the
        place of a hash on. False where it is too full. `path` is room for the present window: [place, weight, tag][reel]."""
        reels, rows, slots = sizes.size, windows.shape[2], found.shape[0]
        places, weights, tags = path[0], path[1], path[2]
        weights[0] = 1
        changed = 0
        results = fingerprint * 0
        while True:
            for reel in range(changed, reels):
                place = places[reel]
                for row in range(rows):
                    work[at.WINDOW + reel * rows + row] = windows[reel, place, row]
                weights[reel + 1] = weights[reel] * columns[reel, place, 0]
                tags[reel + 1] = tags[reel] + columns[reel, place, 1]
            amount, tag = judge_ways(game, work, mode), tags[reels]
            if work[at.REACHED]:
                for pay in range(awards.shape[0]):
                    tag += awards[pay, work[at.LONGEST + pay]]
                    work[at.LONGEST + pay] = 0
                work[at.REACHED] = 0
            slot = ((amount * 0x9E3779B1 + tag * 0x85EBCA77) >> 7) & (slots - 1)
            while found[slot, 2] and (found[slot, 0] != amount or found[slot, 1] != tag):
                slot = (slot + 1) & (slots - 1)
            if not found[slot, 2]:
                results += 1
                if results > _MOST_RESULTS:
                    return False
                found[slot, 0], found[slot, 1] = amount, tag
            found[slot, 2] += weights[reels]
            changed = reels - 1
            while changed >= 0:
                places[changed] += 1
                if places[changed] < sizes[changed]:
                    break
                places[changed] = 0
                changed -= 1
            if changed < 0:
                return True

    return walk


_walk = _walker(_fingerprint())
