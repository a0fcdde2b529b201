"""How quick the random numbers are, beside those of the standard library: `python -m bench.rng` writes bench/rng.md.

All of them take turns within one process, some milliseconds each, and the best of many turns counts: what else the machine does
takes time from all alike. Measured is CPU time of the thread, system calls included.
"""

import os
import secrets
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import SystemRandom
from time import thread_time

from bench.machine import cpu_model
from webingo.rng import SOURCE, SystemRng

HERE = Path(__file__).parent
TURNS = 200
PIECE = 1 << 16
_TURN_S = 0.003
_RANGES = (2, 6, 52, 100, 1000, 10**6, 2**32, 2**63)


def best(*calls: Callable[[], object]) -> list[float]:
    """Seconds a call of each, at its best."""
    loops = [_loops(call) for call in calls]
    found = [float("inf")] * len(calls)
    for _ in range(TURNS):
        for place, call in enumerate(calls):
            found[place] = min(found[place], _timed(call, loops[place]) / loops[place])
    return found


def _timed(call: Callable[[], object], loops: int) -> float:
    begun = thread_time()
    for _ in range(loops):
        call()
    return thread_time() - begun


def _loops(call: Callable[[], object]) -> int:
    loops = 1
    while _timed(call, loops) < _TURN_S:
        loops *= 2
    return loops


def rows() -> list[tuple[str, str, float, float]]:
    """What is drawn, beside what, and how many of each a second; for each range its own turn."""
    SOURCE.start()
    rng, theirs = SystemRng(), SystemRandom()
    found = []
    for n in _RANGES:
        name = f"{n:,}" if n <= 10**6 else f"2^{n.bit_length() - 1}"
        ours, other = best(partial(rng.below, n), partial(secrets.randbelow, n))
        found.append((f"below({name})", "secrets.randbelow", 1 / ours, 1 / other))
    cards, balls = list(range(52)), list(range(60))
    ours, other = best(partial(rng.shuffle, cards), partial(theirs.shuffle, cards))
    found.append(("shuffle(52)", "SystemRandom().shuffle", 1 / ours, 1 / other))
    ours, other = best(partial(rng.sample, balls, 30), partial(theirs.sample, balls, 30))
    found.append(("sample(60, 30)", "SystemRandom().sample", 1 / ours, 1 / other))
    choices = [(1, 500), (2, 1000), (3, 200), (4, 700)]
    values, weights = zip(*choices, strict=True)
    ours, other = best(partial(rng.weighted, choices), partial(theirs.choices, values, weights))
    found.append(("weighted(4 choices)", "SystemRandom().choices", 1 / ours, 1 / other))
    return found


def main() -> None:
    load = os.getloadavg()[0]
    table = "\n".join(
        f"| {ours} | {here:,.0f} | {theirs} | {there:,.0f} | {here / there:.1f} |" for ours, theirs, here, there in rows()
    )
    raw, tested = (seconds / PIECE for seconds in best(partial(os.urandom, PIECE), partial(SOURCE.block, PIECE)))
    text = f"""# How quick the random numbers are

Written by `python -m bench.rng`. Both sides take turns in one process on one core; the best of {TURNS} turns counts. Numbers
(shuffles, samples) a second of CPU time:

| ours | a second | beside it | a second | times |
|---|--:|---|--:|--:|
{table}

Raw bytes: {1e-6 / raw:,.0f} MB/s from the system alone, {1e-6 / tested:,.0f} MB/s behind the health tests, on one core
(`webingo rng stream`): the tests take {(tested - raw) * 1e9:.1f} ns a byte.

`SystemRandom().choices` works with floating point numbers, so its weights are not exact; ours are.

CPU: {cpu_model()}. Python {sys.version.split()[0]}. Load average before the run: {load:.2f}.
"""
    (HERE / "rng.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
