"""Random numbers are uniform, unpredictable in kind, replayable from their record, and come from one place only."""

import ast
import itertools
import math
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare

import webingo
from webingo.draws import Draw, ForcedMismatch, ForcedRng, RecordingRng
from webingo.rng import Rng, SystemRng, derived_id, fresh_id

PACKAGE = Path(webingo.__file__).parent
# A fair generator fails a test at this level once in ten thousand million runs, and a bias of the scaling shows at any level.
LEVEL = 1e-10


@pytest.fixture
def rng() -> SystemRng:
    return SystemRng()


def uniform(counts: list[int]) -> bool:
    return bool(chisquare(counts).pvalue > LEVEL)


@pytest.mark.parametrize("n", [1, 2, 3, 6, 60, 100, 129, 255, 256])
def test_below_is_uniform_over_small_ranges(rng: SystemRng, n: int) -> None:
    counts = Counter(rng.below(n) for _ in range(60_000))
    assert set(counts) <= set(range(n))
    assert n == 1 or uniform([counts[value] for value in range(n)])


@pytest.mark.parametrize("n", [257, 300, 1000, 65_536, 65_537, 10**9, 2**64, 3 * 2**62, 10**30])
def test_below_is_uniform_over_large_ranges(rng: SystemRng, n: int) -> None:
    values = [rng.below(n) for _ in range(20_000)]
    assert min(values) >= 0
    assert max(values) < n
    bins = 100
    edges = [-(-n * i // bins) for i in range(bins + 1)]  # bin i: from edges[i] up to edges[i + 1]
    counts = Counter(value * bins // n for value in values)
    expected = [(high - low) * len(values) / n for low, high in itertools.pairwise(edges)]
    assert chisquare([counts[i] for i in range(bins)], expected).pvalue > LEVEL
    if n % 2 == 0:
        odd = sum(value % 2 for value in values)
        assert uniform([odd, len(values) - odd])


def test_each_value_of_an_uneven_range_beyond_a_byte_is_equally_likely(rng: SystemRng) -> None:
    counts = Counter(rng.below(257) for _ in range(60_000))
    assert uniform([counts[value] for value in range(257)])


def test_scaling_rejects_instead_of_folding() -> None:
    """Of the 256 values of a byte, 6 would come up for one more remainder of 250: they are skipped."""
    rng = SystemRng()
    rng._bytes = iter(bytes([250, 251, 255, 249, 3, 255, 7]))
    assert [rng.below(250), rng.below(250), rng.below(250)] == [249, 3, 7]


def test_distribution_is_uniform_from_n_up_to_m(rng: SystemRng) -> None:
    counts = Counter(rng.distribution(-3, 8) for _ in range(50_000))
    assert sorted(counts) == list(range(-3, 8))
    assert uniform(list(counts.values()))


def test_weighted_follows_the_weights(rng: SystemRng) -> None:
    choices = [("a", 1), ("never", 0), ("b", 2), ("c", 997)]
    counts = Counter(rng.weighted(choices) for _ in range(100_000))
    assert "never" not in counts
    assert chisquare([counts["a"], counts["b"], counts["c"]], [100, 200, 99_700]).pvalue > LEVEL


def test_all_orders_of_four_items_are_equally_likely(rng: SystemRng) -> None:
    counts = Counter(tuple(rng.shuffle("abcd")) for _ in range(48_000))
    assert len(counts) == 24
    assert uniform(list(counts.values()))


def test_samples_are_ordered_draws_without_replacement(rng: SystemRng) -> None:
    counts = Counter(tuple(rng.sample(range(5), 2)) for _ in range(40_000))
    assert set(counts) == set(itertools.permutations(range(5), 2))
    assert uniform(list(counts.values()))


def test_samples_from_long_lists_are_uniform(rng: SystemRng) -> None:
    counts = Counter(item // 10 for _ in range(3000) for item in set(rng.sample(range(300), 10)))
    assert sum(counts.values()) == 30_000
    assert uniform([counts[tens] for tens in range(30)])


def test_a_million_drawn_balls_are_uniform(rng: SystemRng) -> None:
    """Each number as often as any other, in each place of the draw, and in each pair of neighbours.

    30 of 60 balls are drawn without replacement, which halves the variance of how often a number comes: the statistic is
    scaled by (60 - 1) / (60 - 30).
    """
    draws = np.array([rng.sample(range(60), 30) for _ in range(33_334)])
    numbers = np.bincount(draws.ravel(), minlength=60)
    expected = draws.size / 60
    statistic = float(((numbers - expected) ** 2 / expected).sum()) * 59 / 30
    assert chi2.sf(statistic, 59) > LEVEL
    for place in (0, 1, 14, 29):
        assert uniform(np.bincount(draws[:, place], minlength=60).tolist())
    steps = (draws[:, 1:] - draws[:, :-1]) % 60
    assert chisquare(np.bincount(steps[:, 0], minlength=60)[1:]).pvalue > LEVEL


def test_successive_numbers_are_independent(rng: SystemRng) -> None:
    values = [rng.below(10) for _ in range(100_001)]
    assert uniform(list(Counter(itertools.pairwise(values)).values()))
    runs = 1 + sum((a < 5) != (b < 5) for a, b in itertools.pairwise(values))
    assert abs(runs - (len(values) + 1) / 2) < 7 * math.sqrt(len(values)) / 2


def test_whole_lists_and_nothing_can_be_sampled(rng: SystemRng) -> None:
    assert rng.sample([], 0) == rng.sample("abc", 0) == rng.shuffle([]) == []
    assert sorted(rng.sample("abc", 3)) == ["a", "b", "c"]
    items = list(range(60))
    rng.shuffle(items)
    assert items == list(range(60))


@pytest.mark.parametrize(
    "call",
    [
        lambda rng: rng.below(0),
        lambda rng: rng.below(-1),
        lambda rng: rng.distribution(3, 3),
        lambda rng: rng.distribution(4, 3),
        lambda rng: rng.weighted([]),
        lambda rng: rng.weighted([("a", 0)]),
        lambda rng: rng.weighted([("a", 3), ("b", -1)]),
        lambda rng: rng.sample([1, 2], 3),
        lambda rng: rng.sample([1, 2], -1),
    ],
)
def test_empty_ranges_are_errors(rng: SystemRng, call: Callable[[Rng], object]) -> None:
    with pytest.raises(ValueError, match=r"below|distribution|weighted|sample"):
        call(rng)


def test_random_is_imported_nowhere_in_the_package() -> None:
    """Neither by import statement nor by name; numpy's generators only where simulations are."""
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
                modules = [str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)]
            for module in modules:
                assert module.split(".")[0] not in {"random", "secrets"}, f"{file} imports {module}"


def test_numpys_generators_serve_simulations_only() -> None:
    users = [f for f in PACKAGE.rglob("*.py") if "np.random" in f.read_text() or "numpy.random" in f.read_text()]
    assert all("engines" in file.relative_to(PACKAGE).parts for file in users)
    assert not any(file.name in {"engine.py", "cards.py", "prizes.py"} for file in users)


def test_the_generator_needs_no_other_module_of_random_numbers() -> None:
    code = "import sys, webingo.rng; print('random' in sys.modules or 'numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert found.stdout.strip() == "False"


def test_a_forked_child_draws_other_numbers_than_its_parent(rng: SystemRng) -> None:
    rng.below(10)  # the buffer is in use
    code = (
        "import os, sys\n"
        "from webingo.rng import SystemRng\n"
        "rng = SystemRng(); rng.below(10)\n"
        "read, write = os.pipe()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.write(write, bytes(rng.below(256) for _ in range(64))); os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "print(os.read(read, 64) == bytes(rng.below(256) for _ in range(64)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert found.stdout.strip() == "False"


def test_two_generators_share_nothing() -> None:
    a, b = SystemRng(), SystemRng()
    assert [a.below(256) for _ in range(32)] != [b.below(256) for _ in range(32)]


def calls(rng: Rng) -> list[Any]:
    return [
        rng.below(10),
        rng.below(10**12),
        rng.distribution(5, 9),
        rng.weighted([("a", 1), ("b", 3)]),
        rng.shuffle([1, 2, 3, 3]),
        rng.sample(range(60), 30),
        rng.sample("abc", 0),
    ]


def test_a_record_replays_through_json() -> None:
    recording = RecordingRng(SystemRng())
    results = calls(recording)
    stored = orjson.loads(orjson.dumps([list(draw) for draw in recording.draws]))
    forced = ForcedRng([Draw(*draw) for draw in stored])
    assert not forced.exhausted
    assert calls(forced) == results
    assert forced.exhausted


def test_a_record_is_not_changed_by_what_is_done_with_the_result() -> None:
    recording = RecordingRng(SystemRng())
    recording.shuffle([1, 2, 3]).clear()
    recording.sample([1, 2, 3], 2).clear()
    assert [len(draw.result) for draw in recording.draws] == [3, 2]


@pytest.mark.parametrize(
    ("draw", "call"),
    [
        (Draw("below", [10], 3), lambda rng: rng.below(11)),
        (Draw("below", [10], 3), lambda rng: rng.distribution(0, 10)),
        (Draw("weighted", [[["a", 1]]], "a"), lambda rng: rng.weighted([("a", 2)])),
        (Draw("sample", [3, 2], [1, 2]), lambda rng: rng.sample([1, 2, 3], 3)),
        (Draw("sample", [3, 2], [1, 4]), lambda rng: rng.sample([1, 2, 3], 2)),
        (Draw("sample", [3, 2], [1, 1]), lambda rng: rng.sample([1, 2, 3], 2)),
        (Draw("sample", [3, 2], [1]), lambda rng: rng.sample([1, 2, 3], 2)),
        (Draw("shuffle", [3], [1, 2, 3]), lambda rng: rng.shuffle([1, 2, 3, 4])),
    ],
)
def test_a_replay_that_asks_for_something_else_is_found(draw: Draw, call: Callable[[Rng], object]) -> None:
    with pytest.raises(ForcedMismatch):
        call(ForcedRng([draw]))


def test_a_replay_that_asks_for_more_is_found() -> None:
    with pytest.raises(ForcedMismatch, match="no draw is left"):
        ForcedRng([]).below(2)


@pytest.mark.parametrize(
    ("draw", "call"),
    [
        (Draw("below", [10], 10), lambda rng: rng.below(10)),
        (Draw("below", [10], -1), lambda rng: rng.below(10)),
        (Draw("distribution", [3, 5], 5), lambda rng: rng.distribution(3, 5)),
        (Draw("weighted", [[["a", 1], ["b", 0]]], "b"), lambda rng: rng.weighted([("a", 1), ("b", 0)])),
    ],
)
def test_a_recorded_result_that_cannot_have_been_drawn_is_found(draw: Draw, call: Callable[[Rng], object]) -> None:
    with pytest.raises(ForcedMismatch):
        call(ForcedRng([draw]))


def test_fresh_ids_are_uuids_of_version_4() -> None:
    ids = {fresh_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {uuid.UUID(text).version for text in ids} == {4}


def test_threads_never_get_the_same_id_and_always_get_one() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = [found for part in pool.map(lambda _: [fresh_id() for _ in range(3000)], range(8)) for found in part]
    assert len(set(ids)) == 24_000


def test_derived_ids_are_uuids_of_version_5_and_the_same_for_ever() -> None:
    assert derived_id("a") == derived_id("a") != derived_id("b")
    assert uuid.UUID(derived_id("a")).version == 5
    assert derived_id("webingo") == "23ccabfa-706f-5eab-bf24-7f53162a4cbf"


class Given:
    """Blocks that say what they are told first, and zeros after that."""

    def __init__(self, data: bytes) -> None:
        self._left = data

    def block(self, size: int = 4096) -> bytes:
        block, self._left = self._left[:size].ljust(size, b"\0"), self._left[size:]
        return block


@pytest.mark.parametrize("n", range(1, 257))
def test_all_bytes_together_give_each_value_equally_often(n: int) -> None:
    """Exactly: no bias is left, however small."""
    rng = SystemRng(Given(bytes(range(256))))
    counts = Counter(rng.below(n) for _ in range(256 - 256 % n))
    assert counts == dict.fromkeys(range(n), 256 // n)


BORDERS = st.integers(-300, 300)


@given(st.integers(257, 2**64) | st.integers(257, 2**27) | BORDERS.map(lambda by: 2**26 + by), st.lists(BORDERS, min_size=1))
def test_a_value_is_used_only_below_the_largest_multiple_of_the_range(n: int, near: list[int]) -> None:
    """Against the definition, with raw values around that border."""
    bits, size, cut = (30, 4, 2**30) if n <= 2**26 else (64, 8, 2**64)
    border = cut - cut % n
    raw = [(border + by) % cut for by in near]
    # The two bits that a word of four bytes has too many are not looked at.
    extra = [(by & 3) << bits if size == 4 else 0 for by in near]
    data = b"".join((value | more).to_bytes(size, "little") for value, more in zip(raw, extra, strict=True))
    rng = SystemRng(Given(data))
    assert [rng.below(n) for value in raw if value < border] == [value % n for value in raw if value < border]


@given(st.integers(2**64 + 1, 2**200), st.binary(min_size=64, max_size=64))
def test_ranges_of_any_size_are_scaled_the_same_way(n: int, data: bytes) -> None:
    size = 8 * ((n.bit_length() + 71) // 64)
    found = SystemRng(Given(data)).below(n)
    parts = [data[at : at + 8] for at in range(0, size, 8)]
    value = int.from_bytes(b"".join(part[::-1] for part in parts), "big")
    border = 256**size - 256**size % n
    assert found == value % n if value < border else found < n
