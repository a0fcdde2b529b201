"""The command line as people and scripts meet it: a process, its output, its exit code."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import coin
from webingo.cli import app
from webingo.commands._run import chunk_seed
from webingo.config import Settings
from webingo.engines.registry import engines
from webingo.platforms.token import check_token

SECRET = "a-secret-of-more-than-32-characters!"
PROGRAM = [sys.executable, "-c", "from webingo.cli import app; app()"]


@pytest.fixture(autouse=True)
def res(tmp_path, monkeypatch):
    """An installation of its own, in the folder that the commands run in."""
    res = coin.install(tmp_path, monkeypatch)
    coin.write(res, "templates/rules.html", (coin.ROOT / "res/templates/rules.html").read_text())
    (tmp_path / "static").mkdir()
    (tmp_path / "config.json").write_text(json.dumps({"secret": SECRET}))
    monkeypatch.chdir(tmp_path)
    yield res
    engines.cache_clear()


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys):
    """Runs a command in this process, up to its exit."""

    def run(*args):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            app(list(args))
        return Done(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def result(run):
    """The JSON that a command prints."""

    def result(*args, code=0):
        done = run(*args)
        assert (done.returncode, done.stderr) == (code, "")
        return json.loads(done.stdout)

    return result


@pytest.fixture
def complaint(run):
    """The one line on stderr."""

    def complaint(*args, code=1):
        done = run(*args)
        assert (done.returncode, done.stdout) == (code, "")
        [line] = done.stderr.splitlines()
        assert line.startswith("webingo: ")
        return line.removeprefix("webingo: ")

    return complaint


def started(*args, **kwargs):
    """The same in a process of its own."""
    return subprocess.run([*PROGRAM, *args], text=True, timeout=60, check=False, **kwargs)


def test_help_names_every_command(run):
    done = run("--help")
    assert done.returncode == 0
    for command in ("check", "rtp", "schema", "simulate", "token"):
        assert command in done.stdout


def test_help_does_not_wait_for_the_server():
    code = "import sys, webingo.cli\nprint(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    for module in ("tornado", "redis", "pydantic", "numpy", "structlog"):
        assert f"'{module}'" not in loaded


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "Missing command"),
        (("simulat",), "Did you mean 'simulate'?"),
        (("rtp",), "Missing argument"),
        (("rtp", "coin", "--jason"), "--json"),
        (("simulate", "coin", "--rounds", "0"), "greater than or equal to 1"),
        (("schema", "nothing"), "there is no schema 'nothing'; there are: config, manifest"),
        (("token", "dem", "ana"), "dem: unknown platform; did you mean demo?"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_one_line_and_exit_2(args, reason, complaint):
    assert reason in complaint(*args, code=2)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("rtp", "coim"), "coim: unknown game; did you mean coin? (in res/games)"),
        (("rtp", "../coin"), "unknown game"),
        (("rtp", "gone.json"), "gone.json: can't be read: No such file or directory"),
        (("rtp", "config.json"), "config.json: id: this key is missing (and 7 more; webingo check"),
        (("simulate", "coim"), "coim: unknown game"),
        (("token", "demo", "a b"), "without spaces"),
        (("token", "demo", "ana", "--config", "gone.json"), "gone.json: can't be read"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_1(args, reason, complaint):
    assert reason in complaint(*args)


def test_even_a_bug_is_one_line(res, complaint):
    coin.write(res, "games/coin/manifest.json", {**coin.MANIFEST, "math": {**coin.MANIFEST["math"], "breaks": True}})
    assert re.search(r"unexpected RuntimeError: broken on purpose \(.*coin.py:\d+\)$", complaint("rtp", "coin"))


def test_check_is_content_with_what_is_right(run):
    done = run("check")
    assert (done.returncode, done.stdout) == (0, "All is right. Games: coin. Sites: here.\n")


def test_check_names_every_problem_on_a_line_of_its_own(res, run):
    coin.write(res, "games/coin/manifest.json", {**coin.MANIFEST, "rtp": 2, "tittle": "x"})
    coin.write(res, "local_sites/here.json", "{")
    done = run("check")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split(": ")[:2] for line in lines[:2]] == [
        ["res/games/coin/manifest.json", "rtp"],
        ["res/games/coin/manifest.json", "tittle"],
    ]
    assert lines[1].endswith("unknown key; did you mean title?")
    assert lines[2].startswith("res/local_sites/here.json: line 1, column 2: this is not JSON")


def test_check_shows_a_table_on_a_terminal(res):
    coin.write(res, "games/coin/manifest.json", {**coin.MANIFEST, "rtp": 2})
    ours, theirs = pty.openpty()
    assert started("check", stdout=theirs, stdin=theirs).returncode == 1
    text = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "Problems found: 1" in text
    assert "What is wrong" in text


def test_check_looks_at_the_configuration(tmp_path, run):
    other = tmp_path / "other.json"
    other.write_text('{"secret": "", "http_port": "x"}')
    done = run("check", "--config", str(other))
    assert (done.returncode, done.stdout) == (1, f"{other}: http_port: Input should be a valid integer\n")


@pytest.mark.parametrize(("stated", "code"), [(0.95, 0), (0.9500009, 0), (0.950002, 1), (0.9, 1)])
def test_check_compares_the_stated_return_with_the_odds(res, stated, code, run):
    coin.write(res, "games/coin/manifest.json", {**coin.MANIFEST, "rtp": stated})
    done = run("check")
    assert done.returncode == code
    if code:
        assert done.stdout == f"res/games/coin/manifest.json: rtp: the manifest states {stated}, the odds give 0.950000000\n"


def test_check_looks_at_the_templates(res, run):
    (res / "templates/rules.html").unlink()
    done = run("check")
    assert done.returncode == 1
    assert done.stdout.startswith("res/templates/rules.html: the template can't be used")


def test_rtp_is_given_as_fractions_of_the_stake_exact_ones_as_text(result):
    found = result("rtp", "coin", "--json")
    assert found == result("rtp", "res/games/coin/manifest.json", "--json")
    assert (found["game"], found["rtp"], found["hit_rate"], found["max_win"]) == ("coin", 0.95, 0.05, 19.0)
    variance = 0.05 * 19**2 - 0.95**2
    assert found["variance"] == pytest.approx(variance)
    assert found["standard_deviation"] == pytest.approx(variance**0.5)
    assert found["volatility_index"] == pytest.approx(1.96 * variance**0.5)
    assert found["details"] == {"sides": {"heads": 0.05}}
    assert found["exact"] == {
        "rtp": "19/20",
        "hit_rate": "1/20",
        "variance": "6859/400",
        "max_win": "19",
        "details.sides.heads": "1/20",
    }


def test_rtp_is_a_table_for_people(run):
    done = run("rtp", "coin")
    assert "95.0000%" in done.stdout
    assert "Largest win" in done.stdout
    assert "heads" in done.stdout


def test_rtp_and_simulate_need_no_secret_and_a_file_no_configuration(tmp_path, result):
    (tmp_path / "config.json").write_text("{}")
    assert result("rtp", "coin", "--json")["rtp"] == 0.95
    (tmp_path / "config.json").write_text('{"broken": 1}')
    assert result("rtp", "res/games/coin/manifest.json", "--json")["rtp"] == 0.95


def test_simulation_agrees_with_the_odds_and_repeats_with_its_seed(result):
    args = ("simulate", "coin", "--rounds", "1000001", "--json")
    found = result(*args, "--seed", "7")
    assert (found["rounds"], found["seed"], found["exact_rtp"], found["agrees"]) == (1_000_001, 7, 0.95, True)
    low, high = found["interval_99"]
    assert high - low == pytest.approx(2 * 2.5758 * found["exact_standard_deviation"] / 1_000_001**0.5, rel=1e-4)
    assert low < found["rtp"] < high
    assert abs(found["deviations"]) < 3.9
    assert found["highest_win"] == found["max_win"] == 19
    assert result(*args, "--seed", "7") == found
    assert result(*args, "--seed", "8")["rtp"] != found["rtp"]


def test_simulation_that_does_not_agree_is_exit_1(res, run, result):
    coin.write(res, "games/coin/manifest.json", {**coin.MANIFEST, "math": {**coin.MANIFEST["math"], "reported_rtp": 0.99}})
    found = result("simulate", "coin", "--rounds", "1000000", "--seed", "1", "--json", code=1)
    assert found["agrees"] is False
    assert found["deviations"] < -3.9
    done = run("simulate", "coin", "--rounds", "1000000", "--seed", "1")
    assert done.returncode == 1
    assert "PLAY DOES NOT AGREE" in " ".join(done.stdout.split())


def test_ctrl_c_ends_a_simulation_without_a_traceback():
    args = [*PROGRAM, "simulate", "coin", "--rounds", "100000000000"]
    running = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    deadline = time.monotonic() + 20
    while not children.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # for the workers to be at work
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert (out, err) == ("", "")


def test_neighbouring_runs_share_no_seeds():
    seeds = {chunk_seed(seed, begun) for seed in range(50) for begun in range(0, 10_000_000, 250_000)}
    assert len(seeds) == 50 * 40


def test_schemas_are_those_of_the_models(result):
    every = result("schema")
    assert {"config", "manifest", "site", "coin.math", "coin.settings", "bingo.math", "message.auth", "message.action"} <= set(
        every
    )
    assert set(every["config"]["properties"]) == set(Settings.model_fields)
    assert result("schema", "coin.math") == every["coin.math"] == coin.CoinEngine.Math.model_json_schema()
    assert every["message.action"]["properties"]["t"]["const"] == "action"


def test_a_token_stands_alone_and_lets_its_player_in(run):
    done = run("token", "demo", "ana", "--hours", "2")
    assert (done.returncode, done.stderr) == (0, "")
    token = done.stdout.strip()
    check_token(SECRET, "demo", "ana", token, time.time() + 7100)
    with pytest.raises(Exception, match="expired"):
        check_token(SECRET, "demo", "ana", token, time.time() + 7300)


def test_the_games_that_ship_are_right(monkeypatch, run):
    monkeypatch.chdir(Path(coin.ROOT))
    monkeypatch.setenv("WEBINGO_SECRET", SECRET)
    assert (run("check").returncode) == 0
