"""The benchmark runs and finds every figure; what it finds on a busy machine is nobody's promise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.backoffice import DOWN, UP, Run, verdict

ROOT = Path(__file__).parent.parent
FEW, MANY = 16, 200
SETTLED = [("webingo", n) for n in (FEW, MANY)] + [("Tornado echo", n) for n in (FEW, MANY)]
SETTLED += [("webingo, pool per call", n) for n in (FEW, MANY)] + [("commit", 64), ("commit, pool", 64)]
PLAIN = [("webingo", FEW), ("Tornado echo", FEW), ("webingo, pool per call", FEW)]
OF_EVERY_WINDOW = ("cpu_us", "rounds_per_s", "p50_ms", "p99_ms", "server_share")
OF_CLIENTS = ("generator_share", "bytes_in", "bytes_out")


@pytest.mark.skipif(sys.platform != "linux", reason="cores are pinned and CPU is read as Linux does it")
def test_a_quick_run_finds_every_figure(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(tmp_path / "figures.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "figures.json").read_text())
    windows = {(window["what"], window["connections"], window["how"]): window for window in found["windows"]}
    assert set(windows) == {(*key, "settled bet") for key in SETTLED} | {(*key, "plain action") for key in PLAIN}
    for (what, count, how), window in windows.items():
        wanted = OF_EVERY_WINDOW + (() if what.startswith("commit") else OF_CLIENTS)
        wanted += () if what == "Tornado echo" else ("redis_us",)
        for figure in wanted:
            assert window[figure] and min(window[figure]) > 0, (what, count, how, figure)
    ours, echo = (windows[what, FEW, "settled bet"]["bytes_out"][0] for what in ("webingo", "Tornado echo"))
    assert echo == pytest.approx(ours, rel=0.1), "the echo answers with as much as the server does"
    assert min(found["memory_kib"]["logged in"]) > 0
    assert len(found["ratios"]) == 5
    for ratio in found["ratios"].values():
        assert min(ratio) > 0
    for word in ("## Figures", "## Targets", "KiB", "redis-server: "):
        assert word in done.stdout


@pytest.mark.parametrize(
    "what, p99_ms, waiting, without, said",
    [
        (UP, 4.9, 10, (4.0, 5.0, 4.5), "unchanged within noise."),
        (UP, 4.9, 90, (4.0, 5.0, 4.5), "did not keep up"),
        (DOWN, 4.9, 100, (4.0, 5.0, 4.5), "unchanged within noise."),
        (DOWN, 6.0, 100, (4.0, 5.0, 4.5), "higher than noise explains"),
        (UP, 4.5, 10, (4.0, 9.0, 4.5), "nothing can be told"),
    ],
)
def test_what_is_said_of_a_backoffice_is_no_more_than_was_shown(
    what: str, p99_ms: float, waiting: int, without: tuple[float, ...], said: str
) -> None:
    def run(p99_ms: float) -> Run:
        return Run({"latencies": [0.001, p99_ms / 1000, 0.1]}, entries=100, waiting=waiting)

    assert said in verdict(what, [run(p99_ms)] * 3, [run(each) for each in without])


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="cores are pinned and CPU is read as Linux does it")
def test_a_quick_run_with_a_backoffice_finds_its_books_right() -> None:
    command = [sys.executable, "-m", "bench.backoffice", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for word in (f"| {UP} |", f"| {DOWN} |", "the target is a minute: met", "redis-server: "):
        assert word in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="cores are pinned and CPU is read as Linux does it")
def test_a_quick_run_of_the_calls_from_elsewhere_finds_every_figure() -> None:
    done = subprocess.run([sys.executable, "-m", "bench.rgs", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[2:-1] for line in done.stdout.splitlines() if line.startswith("| ") and "calls/s" not in line]
    assert len(rows) == 4
    assert all(float(figure.replace(",", "")) > 0 for row in rows for figure in row)
