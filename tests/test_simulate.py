"""webingo simulate as people meet it: the same on any number of cores and after a break, with what is done kept in a file."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import coin, slots_games
from webingo.cli import app
from webingo.commands._run import CHUNK
from webingo.engines.registry import engines

Simulate = Callable[..., Any]


@pytest.fixture(autouse=True)
def res(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    res = coin.install(tmp_path, monkeypatch)
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    yield res
    engines.cache_clear()


@pytest.fixture
def simulate(capsys: pytest.CaptureFixture[str]) -> Simulate:
    """What the command prints of a coin as JSON, or the one line on stderr where it fails."""

    def simulate(rounds: int, *args: object, game: str = "coin", seed: int | None = 7) -> Any:
        given = ["--seed", str(seed)] if seed is not None else []
        with pytest.raises(SystemExit) as left:
            app(["simulate", game, "--rounds", str(rounds), *given, *map(str, args), "--json"])
        out, err = capsys.readouterr()
        if left.value.code:
            assert (left.value.code, out) == (1, "")
            [line] = err.splitlines()
            return line.removeprefix("webingo: ")
        return json.loads(out)

    return simulate


ODD = 3 * CHUNK + 1


def test_the_result_is_the_same_on_one_core_and_on_several(simulate: Simulate) -> None:
    assert simulate(ODD, "--cores", 1) == simulate(ODD, "--cores", 3) == simulate(ODD)


def test_a_run_goes_on_where_its_file_ends_as_if_it_had_never_stopped(simulate: Simulate, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    assert simulate(ODD, "--resume", file) == simulate(ODD)
    assert json.loads(file.read_text())["done"]["rounds"] == 3 * CHUNK, "whole chunks only"
    assert simulate(ODD, "--resume", file) == simulate(ODD)
    assert simulate(2 * ODD, "--resume", file, seed=None) == simulate(2 * ODD), "with the seed of the file"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("run")] == ["run.json"]


def test_a_fresh_seed_is_drawn_and_kept(simulate: Simulate, tmp_path: Path) -> None:
    first = simulate(ODD, "--resume", tmp_path / "run.json", seed=None)
    assert first["seed"] != simulate(ODD, seed=None)["seed"]
    assert simulate(ODD, "--resume", tmp_path / "run.json", seed=None) == first


def changed(res: Path, **keys: Any) -> None:
    coin.write(res, "games/coin/manifest.json", {**coin.MANIFEST, **keys})


def test_the_file_of_another_run_is_refused_and_left_as_it_is(simulate: Simulate, res: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    simulate(ODD, "--resume", file)
    before = file.read_bytes()
    assert "seed is 7, not 8" in simulate(ODD, "--resume", file, seed=8)
    coin.write(res, "games/other/manifest.json", {**coin.MANIFEST, "id": "other"})
    assert "game is coin, not other" in simulate(ODD, "--resume", file, game="other")
    changed(res, version="1.0.1")
    assert "version is 1.0.0, not 1.0.1" in simulate(ODD, "--resume", file)
    changed(res, math={"sides": 40, "pay": 19})
    assert "its mathematics is" in simulate(ODD, "--resume", file)
    changed(res, settings={"bets": [3]})
    assert "its mathematics is" in simulate(ODD, "--resume", file)
    changed(res)
    assert f"{3 * CHUNK} rounds are done already, more than the 5 " in simulate(5, "--resume", file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"seed": 7, "done": {"parts": {}}}', '{"seed": 7, "done": {"rounds": [], "parts": {}}}']
)
def test_a_file_that_is_no_progress_is_refused(simulate: Simulate, tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(text)
    assert simulate(ODD, "--resume", file) == f"{file}: this is not the progress of a simulation"
    assert file.read_text() == text


def test_a_file_that_cant_be_written_stops_the_run_before_it_begins(simulate: Simulate, tmp_path: Path) -> None:
    assert "No such file or directory" in simulate(10**15, "--resume", tmp_path / "nowhere" / "run.json")
    (tmp_path / "run.json.new").mkdir()
    assert "Is a directory" in simulate(10**15, "--resume", tmp_path / "run.json")


@pytest.fixture
def slots(res: Path) -> str:
    """The name of a slot game with free spins, a chest and two purchases."""
    engine = slots_games.build("ways")
    manifest = {
        **{name: coin.MANIFEST[name] for name in ("title", "version", "volatility")},
        "id": "reels",
        "engine": "slots",
        "rtp": 0.5,
        "max_win": engine.max_win,
        "settings": slots_games.SETTINGS["ways"],
        "math": slots_games.GAMES["ways"],
    }
    coin.write(res, "games/reels/manifest.json", manifest)
    return "reels"


def test_slots_are_compared_part_by_part(simulate: Simulate, slots: str) -> None:
    found = simulate(ODD, game=slots)
    parts = found["parts"]
    features = [f"{kind}.{name}" for name in ("free", "chest", "bonus") for kind in ("feature", "triggers", "spins")]
    assert set(parts) == {"line", "scatter", "spin_hits", *features} - {"spins.chest"}
    assert found["agrees"] and all(part["agrees"] and part["exact"] is not None for part in parts.values())
    returned = [part["mean"] for name, part in parts.items() if name in ("line", "scatter") or name.startswith("feature.")]
    assert sum(returned) == pytest.approx(found["rtp"])
    assert parts["line"]["count"] == ODD and parts["spins.free"]["count"] == round(parts["triggers.free"]["mean"] * ODD)
    for part in parts.values():
        low, high = part["interval_99"]
        assert low <= part["mean"] <= high


def test_a_purchase_is_compared_with_its_own_return(simulate: Simulate, slots: str, tmp_path: Path) -> None:
    found = simulate(ODD, "--buy", "chest", game=slots)
    assert (found["buy"], found["agrees"]) == ("chest", True)
    assert found["exact_rtp"] == pytest.approx(0.80155, abs=1e-5)
    assert "line" not in found["parts"] and found["parts"]["triggers.chest"]["mean"] >= 1
    assert "no feature 'chess' to be bought; there are: free, chest" in simulate(ODD, "--buy", "chess", game=slots)
    simulate(ODD, "--resume", tmp_path / "run.json", game=slots)
    assert "its buy is None, not chest" in simulate(ODD, "--resume", tmp_path / "run.json", "--buy", "chest", game=slots)


def test_slots_go_on_from_a_file_as_if_they_had_never_stopped(simulate: Simulate, slots: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    simulate(CHUNK, "--resume", file, game=slots)
    assert simulate(ODD, "--resume", file, game=slots) == simulate(ODD, "--cores", 1, game=slots)


def test_people_see_a_table_with_the_parts(slots: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app(["simulate", slots, "--rounds", "1000", "--seed", "7"])
    shown = capsys.readouterr().out
    assert "play agrees" in shown and "triggers.chest" in shown and "Deviations" in shown


def test_what_is_not_for_sale_cant_be_simulated(simulate: Simulate) -> None:
    assert simulate(ODD, "--buy", "heads") == "coin: in this game nothing can be bought"


def test_ctrl_c_keeps_what_is_done(simulate: Simulate, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    program = [
        sys.executable,
        "-c",
        "from webingo.cli import app; app()",
        "simulate",
        "coin",
        "--seed",
        "7",
        "--resume",
        str(file),
    ]
    running = subprocess.Popen(
        [*program, "--rounds", "100000000000"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 30
    while not (file.exists() and json.loads(file.read_text())["done"]["rounds"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=20)
    kept = json.loads(file.read_text())["done"]["rounds"]
    assert (running.returncode, err) == (130, f"webingo: stopped; {kept} rounds are kept in {file}\n")
    assert simulate(kept, "--resume", file) == simulate(kept)
