"""webingo rtp as people call it: JSON, tables and a page of the same figures, and a reason where there are none."""

import copy
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.slots_games import GAMES
from tests.slots_published import ATKINS
from webingo.cli import app
from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.par.bounds import max_win

SETTINGS = {"bets": [1], "max_stake": 1000}
ATKINS_RTP = 0.97045769020975886


def manifest(math: dict[str, Any], **changes: Any) -> dict[str, Any]:
    highest = max_win(Math.model_validate_json(json.dumps(math)), Settings.model_validate_json(json.dumps(SETTINGS)))
    found = {
        "id": "tried",
        "engine": "slots",
        "title": "Tried & <counted>",
        "version": "1.0.0",
        "rtp": 0.5,
        "max_win": highest,
        "volatility": "medium",
        "settings": SETTINGS,
        "math": math,
    }
    return found | changes


@pytest.fixture
def rtp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the command on a game that is written to game.json."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(document: dict[str, Any], *args: str) -> Result:
        Path("game.json").write_text(json.dumps(document))
        return CliRunner().invoke(app, ["rtp", "game.json", *args])

    return call


class Text(HTMLParser):
    """What a page says, and what it loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [str(value) for name, value in attrs if name in ("src", "href", "srcset", "action", "style")]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_json_has_every_figure_and_fractions_as_text(rtp: Any) -> None:
    found = json.loads(rtp(manifest(ATKINS), "--json").stdout)
    assert found["rtp"] == pytest.approx(ATKINS_RTP, abs=1e-15)
    assert found["stated_rtp"] == 0.5
    assert len(found["math_sha256"]) == 64
    assert {"split", "hit_rates", "triggers", "features", "pays", "scatters", "distribution", "cycle", "method"} <= set(
        found["details"]
    )
    top, bottom = found["exact"]["rtp"].split("/")
    assert int(top) / int(bottom) == found["rtp"]
    assert found["exact"]["details.pays.base.0.probability"] == "1/33554432"
    rows = {row["rounds"]: row for row in found["confidence"]}
    deviation = found["standard_deviation"]
    assert rows[10_000]["within_95"] == [
        found["rtp"] - 0.019599639845400542 * deviation,
        found["rtp"] + 0.019599639845400542 * deviation,
    ]
    assert rows[1_000_000]["within_99"][1] - found["rtp"] == pytest.approx(2.5758293 * deviation / 1000)


def test_the_fingerprint_is_of_the_mathematics_alone(rtp: Any) -> None:
    turned = dict(reversed(list(ATKINS.items())))
    hashes = [
        json.loads(rtp(document, "--json").stdout)["math_sha256"]
        for document in (
            manifest(ATKINS),
            manifest(turned, title="Another"),
            manifest(ATKINS | {"lines": ATKINS["lines"][:19]}),
        )
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_people_get_tables_and_are_told_of_a_false_rtp(rtp: Any) -> None:
    done = rtp(manifest(ATKINS))
    assert done.exit_code == 0
    for words in ("97.0458%", "0.9704576902", "Where the return comes from", "97.04", "How often features are given", "one in"):
        assert words in done.stdout
    assert "The manifest states an RTP of 50.0000%: webingo check refuses that." in done.stdout
    assert "webingo check refuses" not in rtp(manifest(ATKINS, rtp=0.970458)).stdout


def test_the_page_needs_nothing_and_says_the_same(rtp: Any) -> None:
    done = rtp(manifest(ATKINS), "--html")
    page = Text(done.stdout)
    assert done.exit_code == 0
    assert page.loads == []
    assert "script" not in page.tags
    assert page.tags.count("svg") == 3
    said = " ".join(page.said)
    assert "Tried & <counted>" in page.said
    for words in ("97.04576902 %", "46.30645812 %", "4.373125381", "33,554,432", "99 %", "Where the return comes from"):
        assert words in said
    assert "@media print" in said
    assert "size:A4" in said


def test_the_page_is_written_where_it_is_wanted(rtp: Any, tmp_path: Path) -> None:
    done = rtp(manifest(GAMES["lines"]), "--html", "sheet.html")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "sheet.html").read_text() == rtp(manifest(GAMES["lines"]), "--html").stdout


def test_a_bingo_has_its_page_too() -> None:
    done = CliRunner().invoke(app, ["rtp", "bingo-75", "--html"])
    page = Text(done.stdout)
    assert page.tags.count("svg") == 3
    assert "Extra" in page.said or "Patterns" in page.said


@pytest.mark.parametrize(
    ("args", "complaint"),
    [(("--json", "--html"), "--json and --html: choose one"), (("out.html",), "out.html: a file is only written with --html")],
)
def test_what_makes_no_sense_is_said(rtp: Any, args: tuple[str, ...], complaint: str) -> None:
    done = rtp(manifest(GAMES["lines"]), *args)
    assert done.exit_code == 1
    assert complaint in done.stderr


def generous() -> dict[str, Any]:
    game = copy.deepcopy(ATKINS)
    game["pays"][1]["pays"]["2"] = 20
    return game


def endless() -> dict[str, Any]:
    game = copy.deepcopy(ATKINS) | {"win_cap": 500}
    game["features"]["free"].pop("max_spins")
    game["scatters"][0]["awards"] = {"1": {"feature": "free", "spins": 10}}
    return game


def cheap() -> dict[str, Any]:
    return ATKINS | {"buy": [{"name": "free", "title": "Free spins", "cost": 20, "award": {"feature": "free", "spins": 10}}]}


def outside() -> dict[str, Any]:
    game = copy.deepcopy(ATKINS)
    game["lines"][3][2] = 3
    return game


@pytest.mark.parametrize(
    ("math", "field", "reason"),
    [
        (generous, "math", "the game returns 1.20"),
        (endless, "math.features.free", "endless: a spin gives 4.51956 more of them on average, so a run may never end"),
        (cheap, "math.buy.0.cost", "what is bought returns 1.18"),
    ],
)
def test_a_game_without_sense_is_refused_with_file_field_and_reason(rtp: Any, math: Any, field: str, reason: str) -> None:
    done = rtp(manifest(math()), "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"game.json: {field}: {reason}" in done.stderr


def test_a_bad_definition_is_refused_with_file_field_and_reason(rtp: Any) -> None:
    done = rtp(manifest(ATKINS) | {"math": outside()}, "--html")
    assert done.exit_code == 1
    assert "game.json: math.lines.3.2: row 3 is outside of the window" in done.stderr


def test_check_refuses_what_returns_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from webingo.resources.game import GameManifest
    from webingo.resources.stated import wrong_rtps

    class Resources:
        sites: dict[str, Any] = {}

        def __init__(self, *documents: dict[str, Any]) -> None:
            self.built = {str(n): GameManifest.model_validate(found).build() for n, found in enumerate(documents)}

    documents = [manifest(generous()), manifest(endless()), manifest(ATKINS), manifest(ATKINS, rtp=0.970458)]
    found = list(wrong_rtps(Resources(*documents), tmp_path))  # type: ignore[arg-type]
    assert [field for _, field, _ in found] == ["math", "math.features.free", "rtp"]
    assert found[0][2].endswith("an RTP over 100 % is refused")
    assert found[2][2] == "the manifest states 0.5, the odds give 0.970457690"
    assert {file for file, _, _ in found} == {str(tmp_path / "games" / "tried" / "manifest.json")}
