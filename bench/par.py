"""What an exact PAR sheet and a simulated spin cost: `python -m bench.par` writes bench/par.md.

Whole processes are measured, the start of Python included, on one core: `webingo rtp` on five reels of 32 stops, where it
counts, and `webingo simulate` on the same game.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.machine import cpu_model

HERE = Path(__file__).parent
GAME = HERE.parent / "res" / "games" / "atkins-diet" / "manifest.json"
WEBINGO = Path(sys.executable).parent / "webingo"
REPEATS = 5
SPINS = 100_000_000


class Cost(NamedTuple):
    """CPU seconds (user and system) of a process with its children, and its peak resident MiB."""

    cpu_s: float
    peak_mib: float


def run(*arguments: str) -> Cost:
    """One `webingo` command, pinned to a core. Raises SystemExit where it fails."""
    core = min(os.sched_getaffinity(0))
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            [WEBINGO, *arguments], stdout=out, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, {core})
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"webingo {' '.join(arguments)}: exit {child.returncode}")
        return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(*arguments: str) -> Cost:
    """Medians over some runs, after one that fills caches."""
    run(*arguments)
    costs = [run(*arguments) for _ in range(REPEATS)]
    return Cost(median(cost.cpu_s for cost in costs), median(cost.peak_mib for cost in costs))


def main() -> None:
    start, sheet = measured("--help"), measured("rtp", str(GAME), "--json")
    few, many = (run("simulate", "atkins-diet", "--rounds", str(rounds), "--json") for rounds in (1_000_000, SPINS))
    rate = (SPINS - 1_000_000) / (many.cpu_s - few.cpu_s)
    text = f"""# What exact figures cost

Written by `python -m bench.par`. Atkins Diet: five reels of 32 stops (33,554,432 windows), 22 lines, a wild, scatters and free
spins. Whole processes on one core, their start included; medians of {REPEATS} runs.

| | CPU s | peak MiB |
|---|--:|--:|
| `webingo --help`: the start alone | {start.cpu_s:.2f} | {start.peak_mib:.0f} |
| `webingo rtp FILE --json`: the exact sheet | {sheet.cpu_s:.2f} | {sheet.peak_mib:.0f} |
| `webingo simulate atkins-diet --rounds {SPINS:,}` | {many.cpu_s:.2f} | {many.peak_mib:.0f} |

Simulation: **{rate / 1e6:.1f} million rounds a second** on one core, free spins included, counted between {1_000_000:,} and
{SPINS:,} rounds.

CPU: {cpu_model()}. Python {sys.version.split()[0]}. Load average before the run: {os.getloadavg()[0]:.2f}.
"""
    (HERE / "par.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
