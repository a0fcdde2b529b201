"""The audit passes what is fair, and each of its tests catches its own kind of what is not. Seeds are fixed."""

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from tests.conftest import open_store
from tests.processes import ROOT, WEBINGO, command, environment, run
from webingo.audit import scaling, sequence
from webingo.audit.battery import LEAST, battery
from webingo.audit.finding import Finding, chi_square, judged
from webingo.commands import rng as rng_command
from webingo.rng import SystemRng
from webingo.transaction.outside import fresh_draws_id

Numbers = Any
SIZE = 20_000
BAD = 1e-6


def numbers(n: int, seed: int = 1, size: int = SIZE) -> Numbers:
    return np.random.default_rng(seed).integers(0, n, size)


def shuffles(n: int, k: int, seed: int = 1, rows: int = 3000) -> Numbers:
    fair = np.random.default_rng(seed)
    return np.array([fair.permutation(n)[:k] for _ in range(rows)])


def weighed(values: Numbers) -> list[int]:
    """How many are below 5, below 15, below 17 and below 24."""
    counts: list[int] = np.bincount(np.searchsorted([5, 15, 17, 24], values, "right"), minlength=4).tolist()
    return counts


def frequency(values: Numbers) -> Finding:
    return scaling.equal(values.tolist(), 100)


TESTS: dict[str, tuple[Callable[[Numbers], Finding], Callable[[int], Numbers]]] = {
    "frequency": (frequency, lambda seed: numbers(100, seed)),
    "frequency of many": (lambda x: scaling.equal(x.tolist(), 10**6 + 3), lambda seed: numbers(10**6 + 3, seed)),
    "weights": (
        lambda x: scaling.in_proportion(weighed(x), [5, 10, 2, 7], ""),
        lambda seed: numbers(24, seed),
    ),
    "serial": (lambda x: sequence.serial(x, 16), lambda seed: numbers(16, seed)),
    "overlaps": (lambda x: sequence.overlaps(x, 8), lambda seed: numbers(8, seed)),
    "gap": (lambda x: sequence.gaps(x, 10, 3), lambda seed: numbers(10, seed)),
    "poker": (lambda x: sequence.poker(x, 10), lambda seed: numbers(10, seed)),
    "coupon collector": (lambda x: sequence.coupons(x, 6), lambda seed: numbers(6, seed)),
    "permutation": (lambda x: sequence.permutations(x, ""), lambda seed: numbers(2**62, seed)),
    "runs up": (lambda x: sequence.runs_up(x, ""), lambda seed: numbers(2**62, seed)),
    "runs": (lambda x: sequence.runs(x, 100), lambda seed: numbers(100, seed)),
    "serial correlation": (lambda x: sequence.correlation(x, "", 1), lambda seed: numbers(100, seed)),
    "duplicates": (lambda x: sequence.duplicates(x, 2**20), lambda seed: numbers(2**20, seed)),
    "orders": (lambda x: scaling.orders(x, ""), lambda seed: shuffles(5, 5, seed, 1500)),
    "places of a shuffle": (lambda x: scaling.places(x, 7, ""), lambda seed: shuffles(7, 7, seed, 400)),
    "places of a sample": (lambda x: scaling.places(x, 9, ""), lambda seed: shuffles(9, 4, seed, 400)),
}


@pytest.mark.parametrize("name", TESTS)
def test_p_values_of_fair_numbers_are_uniform(name: str) -> None:
    """So they mean what they say: the distributions are the right ones, with the right degrees of freedom."""
    test, fair = TESTS[name]
    found = [test(fair(seed)).p for seed in range(60)]
    assert min(found) > 1e-7
    assert kstest(found, "uniform").pvalue > 1e-6


# -- what is not fair -------------------------------------------------------------------------------------------------


def replaced(values: Numbers, by: Numbers, share: float) -> Numbers:
    """In a share of the places, the others."""
    return np.where(np.random.default_rng(7).random(len(values)) < share, by, values)


def modulo(values: Numbers) -> Numbers:
    """A byte, cut down to below(100) by a plain modulo."""
    return numbers(256) % 100


def counting(values: Numbers) -> Numbers:
    return np.arange(SIZE) % 100


def sticky(values: Numbers) -> Numbers:
    """One number in twenty is that before it again."""
    return replaced(values, np.roll(values, 1), 0.05)


def summed(values: Numbers) -> Numbers:
    """Each pair is fair; the third number often follows from them."""
    return replaced(values, (np.roll(values, 1) + np.roll(values, 2)) % 8, 0.3)


def hot(values: Numbers) -> Numbers:
    """A hit makes the next one likelier."""
    after_hit = np.roll(values < 3, 1) & (np.random.default_rng(8).random(len(values)) < 0.1)
    return np.where(after_hit, 0, values)


def no_pairs(values: Numbers) -> Numbers:
    """Too rarely the same twice within a hand."""
    return replaced(values, (np.roll(values, 1) + 1) % 10, 0.4)


def dealt(values: Numbers) -> Numbers:
    """From a bag of all six that is filled again when it is empty: each in its turn."""
    fair = np.random.default_rng(9)
    return np.concatenate([fair.permutation(6) for _ in range(SIZE // 6)])


def rising(values: Numbers) -> Numbers:
    """Some pairs are put in order."""
    pairs = values[: len(values) // 2 * 2].reshape(-1, 2)
    chosen = np.random.default_rng(10).random(len(pairs)) < 0.3
    return np.where(chosen[:, None], np.sort(pairs, axis=1), pairs).reshape(-1)


def to_and_fro(values: Numbers) -> Numbers:
    """After a high one, rather a low one."""
    return replaced(values, 99 - np.roll(values, 1), 0.1)


def half_as_many(values: Numbers) -> Numbers:
    """Every second number never comes: a short period, a lost bit."""
    return values // 2 * 2


def never_twice(values: Numbers) -> Numbers:
    return np.random.default_rng(11).permutation(2**20)[:SIZE]


def naive(values: Numbers) -> Numbers:
    """Swaps each place with any other."""
    fair, rows = np.random.default_rng(12), []
    for _ in range(4 * len(values)):
        row = list(range(values.shape[1]))
        for place in range(len(row)):
            other = fair.integers(len(row))
            row[place], row[other] = row[other], row[place]
        rows.append(row)
    return np.array(rows)


def sattolo(values: Numbers) -> Numbers:
    """One too few to choose from: nothing ever stays in its place."""
    fair, rows = np.random.default_rng(13), []
    for _ in range(len(values)):
        row = list(range(values.shape[1]))
        for place in range(len(row) - 1, 0, -1):
            other = fair.integers(place)
            row[place], row[other] = row[other], row[place]
        rows.append(row)
    return np.array(rows)


def one_less_often(values: Numbers) -> Numbers:
    """Where 0 was drawn first, it is now and then changed for what was not drawn."""
    changed = values.copy()
    for row in changed:
        if row[0] == 0:
            row[0] = next(item for item in range(9) if item not in row)
    return changed


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("frequency", modulo),
        ("frequency", counting),
        ("frequency of many", half_as_many),
        ("weights", half_as_many),
        ("serial", sticky),
        ("overlaps", summed),
        ("gap", hot),
        ("poker", no_pairs),
        ("coupon collector", dealt),
        ("permutation", rising),
        ("runs up", rising),
        ("runs", sticky),
        ("runs", to_and_fro),
        ("serial correlation", to_and_fro),
        ("duplicates", half_as_many),
        ("duplicates", never_twice),
        ("orders", naive),
        ("places of a shuffle", sattolo),
        ("places of a sample", one_less_often),
    ],
)
def test_each_test_catches_its_own_kind(name: str, fault: Callable[[Numbers], Numbers]) -> None:
    test, fair = TESTS[name]
    if name == "frequency of many":
        assert test(numbers(10**3)).p < BAD  # all in the first stretch
        return
    assert test(fault(fair(1))).p < BAD


def test_what_is_summed_is_seen_by_triples_alone() -> None:
    values = summed(numbers(8))
    assert sequence.serial(values, 8).p > 1e-3
    assert scaling.equal(values.tolist(), 8).p > 1e-3


def test_a_choice_without_weight_must_never_come() -> None:
    assert scaling.in_proportion([1, 99_999], [0, 1], "").p == 0
    assert scaling.in_proportion([0, 50_123, 49_877], [0, 1, 1], "").p > 0.1


def test_a_generator_that_stands_still_fails_and_breaks_nothing() -> None:
    still = np.zeros(SIZE, dtype=np.int64)
    for name, (test, _) in TESTS.items():
        if name not in ("orders", "places of a shuffle", "places of a sample", "coupon collector", "weights"):
            assert test(still).p < BAD, name


def test_two_cells_are_judged_exactly() -> None:
    assert chi_square("", "", np.array([50, 50]), np.ones(2)).p == 1
    assert chi_square("", "", np.array([0, 10]), np.ones(2)).p == pytest.approx(2 / 1024)


def test_the_level_is_shared_among_all_tests() -> None:
    findings = [Finding("a", "", 1, 0.0, 0.5), Finding("b", "", 1, 0.0, 0.004)]
    assert not judged(findings, 0.0081).holds
    assert judged(findings, 0.0079).holds
    assert judged(findings, 0.008).limit == 0.004
    assert judged(findings, 0.008).worst.test == "b"


# -- the whole --------------------------------------------------------------------------------------------------------


class Planted(SystemRng):
    """Our own generator with one fault: a plain modulo of a byte, in ranges of less than a byte."""

    def below(self, n: int) -> int:
        return super().below(256) % n if n <= 256 else super().below(n)


class Lazy(SystemRng):
    """Shuffles by cutting the pack."""

    def shuffle(self, items: Any) -> Any:
        pool, place = list(items), self.below(len(items))
        return pool[place:] + pool[:place]


def test_our_generator_passes_and_faulty_ones_do_not() -> None:
    assert judged(list(battery(SystemRng(), LEAST)), 1e-9).holds
    found = [finding for finding in battery(Planted(), LEAST) if finding.p < BAD]
    assert {finding.draws for finding in found} >= {"below(100)", "distribution(-50, 50)"}
    assert "orders" in {finding.test for finding in battery(Lazy(), LEAST) if finding.p < BAD}


def audited(*arguments: str) -> subprocess.CompletedProcess[str]:
    return command("rng", "audit", "--samples", str(LEAST), "--level", "1e-9", *arguments, check=False, redis_url="memory:")


def test_a_table_has_a_line_for_each_test(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [Finding("poker", "5 of below(10)", 1_000_000, 4.25, 0.5), Finding("serial", "x" * 60, 20, 1e9, 1e-7)]
    assert list(rng_command._told(iter(findings))) == findings
    rng_command._judge(findings, judged(findings, 0.01), 0.01)
    rng_command._judge(findings[:1], judged(findings[:1], 0.01), 0.01)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["poker", "5", "of", "below(10)", "1,000,000", "4.25", "0.5"]
    assert len({len(line) for line in lines[:3]}) == 1
    assert [line for line in lines if line.startswith(("FAILED", "Passed"))] == [
        "FAILED: chance does not explain this.",
        "Passed.",
    ]


def test_the_audit_is_a_document_too() -> None:
    document = json.loads(audited("--json").stdout)
    assert document["holds"] is True
    assert document["limit"] == pytest.approx(1e-9 / len(document["tests"]))
    assert {test["test"] for test in document["tests"]} >= {
        "frequency", "serial", "overlaps", "gap", "poker", "coupon collector", "runs", "runs up", "permutation",
        "serial correlation", "duplicates", "weights", "orders", "places",
    }  # fmt: skip
    assert all(0 <= test["p"] <= 1 and test["holds"] and math.isfinite(test["statistic"]) for test in document["tests"])


def test_a_file_is_audited_and_is_never_read_twice(tmp_path: Path) -> None:
    biased = tmp_path / "biased"
    biased.write_bytes((np.random.default_rng(3).integers(0, 256, 16_000_000, dtype=np.uint8) & 0xFE).tobytes())
    failed = audited("--file", str(biased))
    assert failed.returncode == 1
    assert failed.stdout.strip().endswith("FAILED: chance does not explain this.")
    short = tmp_path / "short"
    short.write_bytes(bytes(100_000))
    assert "not enough bytes" in audited("--file", str(short)).stderr
    assert audited("--file", str(tmp_path / "none")).returncode == 1


def streamed(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [WEBINGO, "rng", "stream", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment()
    )


def test_the_stream_is_as_long_as_it_should_be_and_ends_quietly() -> None:
    whole, wrong = streamed("--bytes", "1234567").communicate(timeout=60)
    assert (len(whole), wrong) == (1_234_567, b"")
    assert len(set(whole)) == 256
    endless = streamed()
    assert endless.stdout is not None
    assert len(endless.stdout.read(100_000)) == 100_000
    endless.stdout.close()
    assert endless.wait(60) == 0
    assert endless.stderr is not None
    assert endless.stderr.read() == b""
    endless.stderr.close()


async def test_recorded_draws_are_shown(tmp_path: Path, redis_url: str) -> None:
    asked = {"n": 0, "m": 9, "count": 2, "half": "a\ud800"}  # what is asked for may hold what no terminal takes
    kept = {"id": fresh_draws_id(), "at_ms": 5, "call": "distribution", "asked": asked, "draws": [3, 8]}
    store = await open_store(redis_url)
    await store.keep_draws(kept["id"], json.dumps(kept).encode())
    await store.aclose()
    assert json.loads(run("rng", "show", kept["id"], "--json", redis_url=redis_url).stdout) == kept
    shown = run("rng", "show", kept["id"], redis_url=redis_url).stdout
    assert "[3, 8]" in shown
    for unknown in (fresh_draws_id(), "", "99-x", "nonsense"):
        refused = command("rng", "show", unknown, check=False, redis_url=redis_url)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "there are no such draws" in refused.stderr
