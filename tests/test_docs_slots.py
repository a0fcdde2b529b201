"""What docs/slots.md shows is tried out: its games are built, its wins are judged, its tables of keys are complete."""

import json
import re
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter

from tests import docpages
from webingo.engines.slots import features
from webingo.engines.slots.definition import LinePay, Math, Settings, Strip
from webingo.engines.slots.spin import modes
from webingo.resources.game import GameManifest

PAGE = docpages.ROOT / "docs" / "slots.md"
TEXT = PAGE.read_text()
BLOCKS = [json.loads(block.text) for block in docpages.blocks(PAGE, "json")]
GAMES = [block for block in BLOCKS if "window" in block]
PARTS = [block for block in BLOCKS if "window" not in block and "engine" not in block]
# The tables of keys in their order, with the models that they describe.
KEYS: list[type[BaseModel]] = [
    Math,
    Strip,
    features.Wild,
    LinePay,
    features.Scatter,
    features.Award,
    features.RandomAward,
    features.FreeSpins,
    features.Choice,
    features.Pick,
    features.Item,
    features.Wheel,
    features.Segment,
    features.Buy,
    features.Gamble,
    features.Jackpot,
    Settings,
]


def tables(text: str, head: str) -> list[list[list[str]]]:
    """The rows, as cells, of each table that begins so."""
    found = re.findall(rf"^\| {re.escape(head)}.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()] for table in found]


def test_the_whole_game_is_built_with_the_largest_win_that_it_states() -> None:
    ((path, text),) = docpages.files(PAGE).items()
    manifest = GameManifest.model_validate_json(text)
    assert path == f"res/games/{manifest.id}/manifest.json"
    assert manifest.build().manifest.max_win == manifest.max_win


@pytest.mark.parametrize("math", GAMES, ids=lambda math: "-".join(math["symbols"][:3]))
def test_each_game_of_the_page_can_be_played(math: dict[str, Any]) -> None:
    assert modes(Math.model_validate(math))["base"]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: "-".join(part))
def test_parts_of_games_fit_their_models(part: dict[str, Any]) -> None:
    for key, value in part.items():
        field = Math.model_fields[key]
        TypeAdapter(Annotated[field.annotation, *field.metadata]).validate_json(json.dumps(value))  # type: ignore[name-defined]


def examples() -> list[tuple[dict[str, Any], list[str], str]]:
    """(game, rows of the window, what it pays) of each row of the examples."""
    found = []
    for section in re.split(r"^```json\n", TEXT.split("### Examples")[1], flags=re.MULTILINE)[1:4]:
        math = json.loads(section.split("```")[0])
        for head in ("the line shows", "the rows show"):
            found += [(math, row[0].split(" / "), row[1]) for table in tables(section, head) for row in table]
    return found


@pytest.mark.parametrize(("math", "rows", "pays"), examples(), ids=lambda value: value if isinstance(value, str) else "")
def test_windows_pay_what_the_page_says(math: dict[str, Any], rows: list[str], pays: str) -> None:
    definition = Math.model_validate(math)
    table = [row.split(", ") for row in rows]
    landed = tuple(tuple(definition.ids[name] for name in column) for column in zip(*table, strict=True))
    judged = modes(definition)["base"].judge(landed, landed, len(definition.lines))
    assert (", ".join(f"{win.pay}: {win.amount}" for win in judged.wins) or "nothing") == pays


def test_the_examples_are_there() -> None:
    assert len(examples()) == 22
    assert (len(GAMES), len(PARTS)) == (6, 8)


def shown(cell: str) -> Any:
    return json.loads(cell.strip("`")) if cell.startswith("`") else None


def stated(model: type[BaseModel]) -> dict[str, Any]:
    """The defaults of a model's keys, as JSON; ... where there is none."""
    found = {}
    for name, field in model.model_fields.items():
        value = ... if field.is_required() else field.get_default(call_default_factory=True)
        if name == "multiplier" and value == {1: 1}:
            value = 1
        found[field.alias or name] = list(value) if isinstance(value, tuple) else value
    return found


@pytest.mark.parametrize(
    ("model", "table"), zip(KEYS, tables(TEXT, "key | default"), strict=True), ids=lambda value: getattr(value, "__name__", "")
)
def test_every_key_is_explained_with_its_default(model: type[BaseModel], table: list[list[str]]) -> None:
    written = {key: shown(default) if default else ... for keys, default, *_ in table for key in re.findall(r"`(\w+)`", keys)}
    expected = stated(model)
    if model is features.FreeSpins:
        assert written.pop("scatters") is expected.pop("scatters") is None
    assert written == expected


def test_the_refusals_of_the_page_are_the_programs_own() -> None:
    code = "".join((docpages.ROOT / "webingo" / "engines" / "slots" / name).read_text() for name in ("checks.py", "reach.py"))
    for part in (
        "is outside of the window: rows are counted from 0 to",
        "is on no strip",
        "these free spins can be retriggered endlessly: give max_spins, or win_cap to the game",
    ):
        assert part in code
        assert part in TEXT
