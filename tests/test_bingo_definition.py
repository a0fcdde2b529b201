"""A wrong manifest or a wrong setting is refused, with a message that names the field."""

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from tests.bingo_oracle import GAMES, RANGED, SETTINGS, TINY, build, load, manifest

WRONG_MATH = [
    ("pool", 1),
    ("pool", "60"),
    ("draw", True),
    ("draw", 3),
    ("draw", 9),
    ("cards", 3),
    ("cards", 0),
    ("rows", 0),
    ("columns", 8),
    ("free", [4]),
    ("free", [1, 1]),
    ("free", [-1]),
    ("free", [0, 1, 2, 3]),
    ("column_ranges", [[1, 8]]),
    ("column_ranges", [[1, 3], [4, 8]]),
    ("column_ranges", [[1, 4], [4, 8]]),
    ("column_ranges", [[1, 4], [5, 9]]),
    ("max_extra", 5),
    ("max_extra", -1),
    ("extra_margin", "0.99"),
    ("extra_margin", "1/0"),
    ("extra_margin", 1.1),
    ("extra_margin", "-2"),
    ("jackpot_within", 3),
    ("jackpot_within", 5),
    ("patterns", []),
    ("unknown", 1),
]


@pytest.mark.parametrize(("field", "value"), WRONG_MATH, ids=repr)
def test_wrong_mathematics_is_refused_by_the_name_of_the_field(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        build(TINY | {field: value})
    assert field in str(error.value)


def pattern(**changes: Any) -> dict[str, Any]:
    changed = copy.deepcopy(TINY)
    changed["patterns"][2] |= changes
    return changed


@pytest.mark.parametrize(
    ("math", "reason"),
    [
        (pattern(name="full"), "same name"),
        (pattern(name="Row"), "name"),
        (pattern(title=""), "title"),
        (pattern(pay=0), "pay"),
        (pattern(pay=2.5), "pay"),
        (pattern(rows=["xx"]), "not 2 rows of 2"),
        (pattern(rows=["xxx", "..."]), "not 2 rows of 2"),
        (pattern(rows=[["xx", ".."], ["..", "x"]]), "not 2 rows of 2"),
        (pattern(rows=["..", ".."]), "marks no number"),
        (pattern(rows=["xX", ".."]), "rows"),
        (pattern(rows=["xx", "xx"]), "same picture as 'full'"),
        (pattern(rows=[["xx", ".."], ["xx", ".."]]), "same picture as 'row'"),
        (pattern(rows=[]), "rows"),
        (pattern(colour="red"), "colour"),
        (pattern(pay=6), "'corner' pays 5, less than the 6 that it replaces"),
    ],
)
def test_wrong_patterns_are_refused(math: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match="patterns") as error:
        build(math)
    assert reason in str(error.value)


def test_a_prize_that_replaces_several_pays_no_less_than_all_of_them() -> None:
    # Without the top right cell the full card has a row and an L, which overlap but do not contain one another.
    math = copy.deepcopy(TINY) | {
        "patterns": [
            {"name": "full", "title": "Full", "pay": 9, "rows": ["xx", "xx"]},
            {"name": "row", "title": "Row", "pay": 5, "rows": ["..", "xx"]},
            {"name": "column", "title": "Column", "pay": 5, "rows": ["x.", "x."]},
        ]
    }
    with pytest.raises(ValueError, match="'full' pays 9, less than the 10 that it replaces"):
        build(math)


def test_a_jackpot_needs_a_full_card_in_the_pay_table() -> None:
    without = copy.deepcopy(RANGED)
    del without["patterns"][0]
    with pytest.raises(ValidationError, match="a jackpot needs a pattern for the full card"):
        build(without)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bets": []},
        {"bets": [0, 1]},
        {"bets": [2, 1]},
        {"bets": [1, 1]},
        {"bets": [1.0]},
        {"max_stake": 0},
        {"max_stake": 9},
        {"max_stake": "60"},
        {"jackpot": ""},
        {"jackpot": 1},
        {"seed": 1},
    ],
    ids=repr,
)
def test_wrong_settings_are_refused_by_the_name_of_the_field(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        build(TINY, **wrong)


def test_a_jackpot_that_the_game_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="jackpot: 'jp' is set"):
        build(TINY, jackpot="jp")


def test_definitions_are_frozen() -> None:
    engine = build(TINY)
    for model, field in ((engine.Math.model_validate(TINY), "pool"), (engine.Settings.model_validate(SETTINGS), "bets")):
        with pytest.raises(ValidationError):
            setattr(model, field, 1)


@pytest.mark.parametrize("game", ["joker-bingo", "bingo-75"])
def test_the_manifest_states_what_is_counted(game: str) -> None:
    stated = manifest(game)
    engine = load(game)
    odds = engine.odds()
    assert (stated["id"], stated["engine"]) == (game, "bingo")
    assert abs(stated["rtp"] - odds.rtp) < 1e-6
    assert stated["max_win"] == engine.max_win == odds.max_win
    assert stated["volatility"] == odds.details["volatility"]["level"]
    assert set(stated["open_to_sites"]) <= set(engine.Settings.model_fields)
    assert (GAMES / game / "manifest.json").is_file()
