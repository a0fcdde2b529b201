"""The generator at length, by make soak: dieharder on gigabytes of its raw bytes, and chi-square on a thousand million draws.

`-s` shows the tables that docs/rng.md keeps.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import numpy as np
import pytest

from tests.processes import ROOT, WEBINGO, environment
from webingo.audit.finding import Finding, judged
from webingo.audit.scaling import equal, in_proportion, orders
from webingo.rng import SystemRng

pytestmark = pytest.mark.soak

MILLION = 1_000_000
LEVEL = 1e-4  # of each table as a whole


# -- dieharder --------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """A test of dieharder's: its number, the width of its tuples or its lag (where it has one), how many p-values go into its
    own (0: as many as it thinks right)."""

    number: int
    ntuple: int = 0
    psamples: int = 0


# All that dieharder calls good, without those widths and lags that take hours; the numbers of samples are mostly its own.
ASKED = [
    *map(Asked, (0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 100, 101, 102, 204, 206, 207, 208, 209)),
    Asked(17, psamples=25),
    Asked(205, psamples=5),
    *(Asked(200, ntuple) for ntuple in (1, 4, 8)),
    *(Asked(201, ntuple) for ntuple in (2, 3)),
    *(Asked(202, ntuple) for ntuple in (2, 3, 4, 5)),
    *(Asked(203, ntuple) for ntuple in (0, 1, 2, 3, 7)),
]


class Result(NamedTuple):
    name: str
    ntuple: int
    p: float
    assessment: str


def asked(test: Asked, stream: int) -> Iterator[Result]:
    """Runs one test on what comes next in the stream: a pipe, which nobody can rewind."""
    flags = ("test_name", "ntuple", "pvalues", "assessment")
    wide = ["-n", str(test.ntuple)] if test.ntuple or test.number == 203 else []
    samples = ["-p", str(test.psamples)] if test.psamples else []
    command = ["dieharder", "-g", "200", "-d", str(test.number), *samples, *wide, "-c", ","]
    command += [part for flag in flags for part in ("-D", flag)]
    done = subprocess.run(command, stdin=stream, capture_output=True, text=True, timeout=1800, check=True)
    assert "rewound" not in done.stdout + done.stderr
    rows = [[word.strip() for word in row.split(",")] for row in done.stdout.splitlines() if row.count(",") >= 3]
    assert rows, done.stdout + done.stderr
    for name, ntuple, p, assessment in (row[:4] for row in rows):
        yield Result(name, int(ntuple), float(p), assessment)


def written(process: "subprocess.Popen[bytes]") -> int:
    """Bytes that it has written since it began, as Linux counts them."""
    lines = Path(f"/proc/{process.pid}/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("wchar")).split()[1])


@pytest.mark.skipif(shutil.which("dieharder") is None, reason="dieharder is not installed (Debian: apt-get install dieharder)")
def test_dieharder_finds_nothing_in_the_stream() -> None:
    """Fed by one `webingo rng stream` from the first test to the last: no byte is seen twice."""
    begun, results = monotonic(), list[Result]()
    stream = subprocess.Popen([WEBINGO, "rng", "stream"], stdout=subprocess.PIPE, cwd=ROOT, env=environment())
    assert stream.stdout is not None
    try:
        for test in ASKED:
            results += asked(test, stream.stdout.fileno())
        total = written(stream)
    finally:
        stream.stdout.close()
        assert stream.wait(60) == 0
    print(f"\n{total / 1e9:.1f} GB in {monotonic() - begun:.0f} s, {len(results)} p-values\n")
    print("| test | tuple | p | |\n|---|--:|--:|---|")
    for result in results:
        print(f"| {result.name} | {result.ntuple or ''} | {result.p:.6f} | {result.assessment} |")
    # dieharder fails what lies within a millionth of 0 or 1; its p-values are approximations themselves.
    assert [result for result in results if result.assessment == "FAILED"] == []
    assert len(results) >= len(ASKED)


# -- chi-square -------------------------------------------------------------------------------------------------------


def spans() -> list[tuple[int, int]]:
    """(n, m) between 2 and a million: the ends, the borders of the ways to scale, and 200 more by chance."""
    rng = SystemRng()
    known = [(2, m) for m in (4, 5, 8, 12, 54, 102, 131, 257, 258, 259, 1002, 65_538, 65_539, MILLION)]
    known += [(MILLION - width, MILLION) for width in (2, 3, 6, 60, 100, 1000, 100_000, 524_289, 699_051)]
    while len(known) < 223:
        n, m = sorted((rng.distribution(2, MILLION + 1), rng.distribution(2, MILLION + 1)))
        if len(known) % 2:
            m = min(n + rng.distribution(2, 400), MILLION)  # small ranges too
        if m - n >= 2:
            known.append((n, m))
    return known


def of_span(span: tuple[int, int], samples: int) -> Finding:
    n, m = span
    draw = SystemRng().distribution
    return equal([draw(n, m) - n for _ in range(samples)], m - n, f"distribution({n}, {m})", most_cells=50_000)


def whole_million() -> Finding:
    """Each single value of the widest range."""
    counts, draw = np.zeros(MILLION - 2, dtype=np.int64), SystemRng().distribution
    for _ in range(20):
        drawn = np.fromiter((draw(2, MILLION) for _ in range(MILLION)), dtype=np.int64, count=MILLION)
        counts += np.bincount(drawn - 2, minlength=MILLION - 2)
    return in_proportion(counts.tolist(), [1] * len(counts), "distribution(2, 1000000), each value")


def vector(number: int) -> list[int]:
    """From 2 to 16 weights: of all sizes, now and then 0, up to far beyond 2^32."""
    rng = SystemRng()
    most = (10, 1000, MILLION, 2**40)[number % 4]
    weights = [rng.below(most + 1) if rng.below(12) else 0 for _ in range(rng.distribution(2, 17))]
    return [*weights, 1 + rng.below(most)]


def of_weights(weights: list[int], samples: int) -> Finding:
    choices, counts, draw = list(enumerate(weights)), [0] * len(weights), SystemRng().weighted
    for _ in repeat(None, samples):
        counts[draw(choices)] += 1
    return in_proportion(counts, weights, f"weighted{tuple(weights)}")


def of_orders(rows: int) -> Finding:
    items, shuffle = range(6), SystemRng().shuffle
    return orders(np.array([shuffle(items) for _ in range(rows)]), "shuffle(6)")


def over_cores(work: Callable[..., Finding], asked: list[tuple[object, ...]]) -> list[Finding]:
    """On all cores; each process is a new one, with buffers of its own."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, *zip(*asked, strict=True), chunksize=4))


def told(what: str, findings: list[Finding], begun: float) -> None:
    """A line of the table; raises AssertionError where chance does not explain the smallest p-value."""
    verdict, draws = judged(findings, LEVEL), sum(finding.samples for finding in findings)
    figures = f"{len(findings):,} | {draws:,} | {verdict.worst.p:.2g} | {verdict.limit:.2g}"
    print(f"\n| {what} | {figures} | {monotonic() - begun:.0f} s |")
    low = sum(finding.p < 0.01 for finding in findings)
    print(f"below 0.01: {low} of {len(findings)}; smallest: {verdict.worst}")
    assert verdict.holds, verdict


def test_ranges_from_2_to_a_million_are_even() -> None:
    begun = monotonic()
    told("distribution(n, m)", [*over_cores(of_span, [(span, MILLION) for span in spans()]), whole_million()], begun)


def test_a_thousand_random_vectors_of_weights_are_kept() -> None:
    begun = monotonic()
    told("weighted", over_cores(of_weights, [(vector(number), MILLION) for number in range(1000)]), begun)


def test_all_orders_of_six_come_equally_often() -> None:
    begun = monotonic()
    told("shuffle of 6, all 720 orders", over_cores(of_orders, [(MILLION,) for _ in range(10)]), begun)
