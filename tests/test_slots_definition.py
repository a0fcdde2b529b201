"""A wrong slots definition is refused, with the place of each mistake and what is wrong there."""

import copy
import pickle
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from webingo.engines.slots.definition import Math, Settings
from webingo.problems import invalid

AWARD = {"feature": "free", "spins": 10}
GOOD: dict[str, Any] = {
    "window": {"reels": 3, "rows": 2},
    "symbols": ["seven", "bar", "cherry", "wild", "star", "ghost"],
    "wilds": [{"symbol": "wild", "multiplier": 2, "except": ["star"], "reels": [1, 2]}],
    "strips": {
        "base": [
            ["seven", "bar", "cherry", "star"],
            {"stops": ["seven", "bar", "wild", "star"], "weights": [1, 2, 3, 4]},
            {"frequencies": {"seven": 1, "bar": 2, "wild": 3, "star": 1}},
        ],
        "rich": [["seven", "wild", "star", "ghost"]] * 3,
    },
    "lines": [[0, 0, 0], [1, 1, 1], [0, 1, 0]],
    "pays": [
        {"symbol": "seven", "pays": {"2": 5, "3": 50}},
        {"name": "mixed", "symbols": ["bar", "cherry"], "pays": {"3": 5}},
        {"name": "trio", "combination": ["seven", ["bar", "cherry"], "*"], "pay": 3, "award": {"feature": "chest"}},
    ],
    "scatters": [{"symbol": "star", "pays": {"2": 1}, "awards": {"3": AWARD}}],
    "multiplier": {"1": 9, "2": 1},
    "random_awards": [{"chance": "1/150", "award": {"feature": "wheel"}}],
    "features": {
        "free": {
            "type": "free_spins",
            "strips": "rich",
            "multiplier": {"2": 1, "3": 1},
            "max_spins": 50,
            "extra_wilds": {"symbol": "wild", "choices": [{"reels": [1], "weight": 2}, {"reels": []}]},
        },
        "chest": {
            "type": "pick",
            "picks": 2,
            "items": [{"pay": 5, "count": 2}, {"award": {"feature": "wheel"}, "weight": 3}, {"end": True}],
        },
        "wheel": {
            "type": "wheel",
            "segments": [{"pay": 10, "weight": 3}, {"award": AWARD | {"multiplier": 5}}, {"jackpot": "mystery"}],
        },
    },
    "buy": [{"name": "free", "title": "Free spins", "cost": 80, "award": AWARD}],
    "gamble": {"types": ["double_up"], "max_steps": 5, "limit": 500},
    "jackpots": [{"id": "grand", "pay": "seven", "count": 3}, {"id": "mystery"}],
    "win_cap": 5000,
}
MISSING = object()


def changed(*changes: tuple[str, Any], base: dict[str, Any] = GOOD) -> dict[str, Any]:
    """A definition with other values at dotted places: `pays.0.symbol`; `pays.3` adds one behind the last."""
    found = orjson.loads(orjson.dumps(base))
    for path, value in changes:
        *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        inside: Any = found
        for key in way:
            inside = inside[key if isinstance(inside, list) else str(key)]
        if isinstance(inside, list):
            inside[last : int(last) + 1] = [value]
        elif value is MISSING:
            del inside[str(last)]
        else:
            inside[str(last)] = value
    return found


def problems(math: dict[str, Any]) -> dict[str, str]:
    """field -> reason, as a start reports them."""
    with pytest.raises(ValidationError) as error:
        Math.model_validate_json(orjson.dumps(math))
    with pytest.raises(ValidationError) as again:
        Math.model_validate(math)
    found = invalid("", error.value, Math.model_fields, "math.")
    assert [field for _, field, _ in found] == [field for _, field, _ in invalid("", again.value, Math.model_fields, "math.")]
    return {field: reason for _, field, reason in found}


def test_the_definition_that_the_others_are_spoilt_from_is_right() -> None:
    math = Math.model_validate(GOOD)
    assert math == Math.model_validate_json(orjson.dumps(GOOD)) == pickle.loads(pickle.dumps(math)) == copy.deepcopy(math)
    assert math.pays[0].pays == {2: 5, 3: 50}
    assert [pay.name for pay in math.pays] == ["seven", "mixed", "trio"]
    assert math.features["free"].multiplier == {2: 1, 3: 1}
    assert math.strips["base"][0].stops == ("seven", "bar", "cherry", "star")
    assert Math.model_validate_json(math.model_dump_json(exclude_unset=True, by_alias=True)) == math


WRONG = [
    # names
    (("symbols.6", "orphan"), "symbols.6", "'orphan' is on no strip"),
    (("symbols.6", "bar"), "symbols.6", "'bar' is there twice"),
    (("symbols.6", "*"), "symbols.6", "'*' stands for any symbol in combinations, and can't be one itself"),
    (("symbols.6", " x"), "symbols.6", "String should match pattern"),
    (("pays.0.symbol", "sevn"), "pays.0.symbol", "'sevn': unknown symbol; did you mean seven?"),
    (("pays.1.symbols.1", "chery"), "pays.1.symbols.1", "'chery': unknown symbol; did you mean cherry?"),
    (("pays.2.combination.0", "Seven"), "pays.2.combination.0", "'Seven': unknown symbol; did you mean seven?"),
    (("scatters.0.symbol", "stars"), "scatters.0.symbol", "'stars': unknown symbol; did you mean star?"),
    (("wilds.0.symbol", "wil"), "wilds.0.symbol", "'wil': unknown symbol; did you mean wild?"),
    (("wilds.0.except.0", "x"), "wilds.0.except.0", "'x': unknown symbol"),
    (("strips.base.0.1", "ba"), "strips.base.0.1", "'ba': unknown symbol; did you mean bar?"),
    (("strips.base.1.stops.1", "ba"), "strips.base.1.stops.1", "'ba': unknown symbol; did you mean bar?"),
    (("strips.base.2.frequencies.ba", 3), "strips.base.2.frequencies.ba", "'ba': unknown symbol; did you mean bar?"),
    (("scattters", []), "scattters", "unknown key; did you mean scatters?"),
    (("pays.0.pay_out", 3), "pays.0.pay_out", "unknown key"),
    (("window", MISSING), "window", "this key is missing"),
    # window and strips
    (("window.reels", 7), "window.reels", "Input should be less than or equal to 6"),
    (("window.rows", 5), "strips.rich.0", "a strip of 4 stops is shorter than the window's 5 rows"),
    (("strips.bse", [["seven", "bar"]] * 3), "strips.bse", "no free spins use this set of strips"),
    (("strips.base", MISSING), "strips", "the set 'base' is missing"),
    (("strips.rich", [["ghost", "seven"]] * 2), "strips.rich", "2 strips for 3 reels"),
    (("strips.base.1.weights", [1, 2, 3]), "strips.base.1.weights", "3 weights for 4 stops"),
    (("strips.base.1.weights.2", 0), "strips.base.1.weights.2", "Input should be greater than or equal to 1"),
    (("strips.base.2.frequencies.bar", 0), "strips.base.2.frequencies.bar", "Input should be greater than or equal to 1"),
    (("strips.base.2.frequencies", {}), "strips.base.2.frequencies", "Value should have at least 1 item"),
    (("strips.base.2.weights", [1]), "strips.base.2.weights", "only stops have weights"),
    (("strips.base.2.stops", ["seven", "bar"]), "strips.base.2", "give either stops or frequencies"),
    (("strips.base.2", {}), "strips.base.2", "give either stops or frequencies"),
    (("features.free.strips", "rch"), "features.free.strips", "unknown set of strips; did you mean rich?"),
    # wilds
    (("wilds.0.reels", [1, 3]), "wilds.0.reels.1", "there is no reel 3: they are counted from 0 to 2"),
    (("wilds.0.reels", [2, 1]), "wilds.0.reels.1", "reels must be ascending, each once"),
    (("wilds.0.reels", []), "wilds.0.reels", "Tuple should have at least 1 item"),
    (("wilds.0.except", ["wild"]), "wilds.0.except", "'wild' can't be kept from replacing itself"),
    (("wilds.0.multiplier", 0), "wilds.0.multiplier", "Input should be greater than or equal to 1"),
    (("wilds.1", {"symbol": "wild", "reels": [0, 2]}), "wilds.1.symbol", "'wild' is already wild on reel 2"),
    (("wilds.1", {"symbol": "star"}), "scatters.0.symbol", "'star' is wild, so it can't be a scatter"),
    (
        ("features.free.wilds", [{"symbol": "wild"}, {"symbol": "star"}]),
        "features.free.wilds",
        "'star' is a scatter, so it can't be wild",
    ),
    # lines
    (("lines.3", [0, 2, 0]), "lines.3.1", "row 2 is outside of the window: rows are counted from 0 to 1"),
    (("lines.3", [0, 0]), "lines.3", "2 rows for 3 reels"),
    (("lines.3", [1, 1, 1]), "lines.3", "the same line as lines.1"),
    (("lines.3", [0, -1, 0]), "lines.3.1", "Input should be greater than or equal to 0"),
    (("lines", []), "lines", "a game of lines needs lines"),
    (("lines", [[0, 0, 0]] * 101), "lines", "Tuple should have at most 100 items"),
    # pays
    (("pays.0.pays.4", 5), "pays.0.pays.4", "a count lies from 1 to the 3 reels"),
    (("pays.0.pays.x", 5), "pays.0.pays.x.[key]", "Input should be a valid integer"),
    (("pays.0.pays.3", -1), "pays.0.pays.3", "Input should be greater than or equal to 0"),
    (("pays.0.pays.3", 2.5), "pays.0.pays.3", "Input should be a valid integer"),
    (("pays.0.pays", {}), "pays.0", "it neither pays nor awards anything"),
    (("pays.0.symbol", MISSING), "pays.0", "give one of symbol, symbols and combination"),
    (("pays.0.symbols", ["bar"]), "pays.0", "give one of symbol, symbols and combination, not symbol and symbols"),
    (("pays.0.pay", 5), "pays.0.pay", "a pay of symbol has no pay"),
    (("pays.1.name", MISSING), "pays.1.name", "a pay of symbols needs a name"),
    (("pays.1.symbols", []), "pays.1.symbols", "name at least one symbol"),
    (("pays.1.symbols", ["bar", "bar"]), "pays.1.symbols.1", "'bar' is there twice"),
    (("pays.2.align", "left"), "pays.2.align", "a pay of combination has no align"),
    (("pays.2.combination", ["seven", "*"]), "pays.2.combination", "2 places for 3 reels"),
    (("pays.2.combination", ["*", "*", "*"]), "pays.2.combination", "it asks for nothing"),
    (("pays.2.combination.1", ["bar", "*"]), "pays.2.combination.1", "'*' stands for any symbol: leave the others out"),
    (
        ("pays.3", {"symbol": "seven", "pays": {"1": 1}}),
        "pays.3.name",
        "'seven' is there twice: give this one a name of its own",
    ),
    (("pays.0.naturals", 4), "pays.0.naturals", "4 naturals on 3 reels"),
    # scatters
    (("scatters.0.name", "mixed"), "scatters.0.name", "'mixed' is the name of another pay: give this one a name of its own"),
    (("scatters.0.pays.7", 1), "scatters.0.pays.7", "a count lies from 1 to the 6 cells where it counts"),
    (("scatters.0.reels", [0, 5]), "scatters.0.reels.1", "there is no reel 5: they are counted from 0 to 2"),
    (("scatters.0.awards.5", AWARD), "scatters.0.awards.5", "the strips show at most 4 of 'star'"),
    (("scatters.1", {"symbol": "ghost"}), "scatters.1", "it neither pays nor awards anything"),
    # awards and features
    (("scatters.0.awards.3.feature", "fre"), "scatters.0.awards.3.feature", "'fre': unknown feature; did you mean free?"),
    (("scatters.0.awards.3.spins", MISSING), "scatters.0.awards.3.spins", "'free' are free spins: say how many"),
    (("scatters.0.awards.3.spins", 51), "scatters.0.awards.3.spins", "51 spins are more than the max_spins of 'free', 50"),
    (("pays.2.award.spins", 3), "pays.2.award.spins", "only free spins have spins, and 'chest' is a pick"),
    (("pays.2.award.multiplier", 3), "pays.2.award.multiplier", "only free spins have multiplier, and 'chest' is a pick"),
    (
        ("features.bonus", {"type": "wheel", "segments": [{"pay": 1}]}),
        "features.bonus",
        "nothing awards this feature: it can't be reached",
    ),
    (("features.base", GOOD["features"]["free"]), "features.base", "'base' is the base game: call the feature otherwise"),
    (("features.free.type", "freespins"), "features.free.type", "must be one of free_spins, pick, wheel"),
    (("features.free.spins", 3), "features.free.spins", "unknown key"),
    (("features.free.multiplier", {"0": 1}), "features.free.multiplier.0.[key]", "Input should be a valid integer"),
    (("features.free.multiplier", {"2": 0}), "features.free.multiplier.2", "Input should be greater than or equal to 1"),
    (("features.free.multiplier", {}), "features.free.multiplier", "Value should have at least 1 item"),
    (
        ("features.free.extra_wilds.symbol", "bar"),
        "features.free.extra_wilds.symbol",
        "'bar' is not one of the wilds of these free spins",
    ),
    (
        ("features.free.extra_wilds.choices.0.reels", [0]),
        "features.free.extra_wilds.choices.0.reels.0",
        "'wild' is not wild on reel 0",
    ),
    (("features.chest.picks", 5), "features.chest.picks", "5 picks of 4 items"),
    (("features.chest.items.0.weight", 0), "features.chest.items.0.weight", "Input should be greater than or equal to 1"),
    (
        ("features.wheel.segments.2.jackpot", "mistery"),
        "features.wheel.segments.2.jackpot",
        "'mistery': unknown jackpot; did you mean mystery?",
    ),
    (("random_awards.0.chance", "3/2"), "random_awards.0.chance", "3/2 is more than certain"),
    (("random_awards.0.chance", "1/0"), "random_awards.0.chance", "String should match pattern"),
    (("multiplier", {"1": 0}), "multiplier.1", "Input should be greater than or equal to 1"),
    (("buy.1", GOOD["buy"][0]), "buy.1.name", "'free' is there twice"),
    (("gamble.types", ["double_up", "double_up"]), "gamble.types", "each type once"),
    (("jackpots.0.pay", "sevens"), "jackpots.0.pay", "'sevens': unknown pay or scatter; did you mean seven?"),
    (("jackpots.0.count", 1), "jackpots.0.count", "1 of 'seven' is not a win that the pay table lists"),
    (("jackpots.1.id", "grand"), "jackpots.1.id", "'grand' is there twice"),
    (("jackpots.0.count", MISSING), "jackpots.0", "give pay and count, or neither of them (for a jackpot of a wheel)"),
    (
        ("jackpots.2", {"id": "lost"}),
        "jackpots.2",
        "nothing triggers it: give pay and count, or name it in a segment of a wheel",
    ),
]


@pytest.mark.parametrize(
    ("change", "field", "reason"), WRONG, ids=[f"{change[0]} {reason[:40]}" for change, _, reason in WRONG]
)
def test_what_is_wrong_is_refused_in_its_place_with_its_reason(change: tuple[str, Any], field: str, reason: str) -> None:
    found = problems(changed(change))
    assert reason in found.get(f"math.{field}", str(found))
    assert f"math.{field}" in found


def test_everything_that_is_wrong_is_said_at_once() -> None:
    math = changed(("pays.1.symbols.0", "x"), ("lines.1", [0, 0, 9]), ("strips.rich.2.1", "y"))
    assert set(problems(math)) == {"math.pays.1.symbols.0", "math.lines.1.2", "math.strips.rich.2.1"}


WAYS = changed(
    ("pay_by", "ways"),
    ("lines", MISSING),
    ("coins", 20),
    ("pays.2", {"symbol": "cherry", "pays": {"3": 1}, "awards": {"3": {"feature": "chest"}}}),
)


def test_ways_have_coins_and_neither_lines_nor_what_belongs_to_lines() -> None:
    assert Math.model_validate(WAYS).total_bet(0) == 20
    for change, field, reason in [
        (("coins", MISSING), "coins", "with ways the total bet is coins × bet: say how many coins"),
        (("lines", [[0, 0, 0]]), "lines", "a game of ways has no lines"),
        (("align", "any"), "align", "'any' is for lines; with ways use scatters"),
        (("pays.0.align", "any"), "pays.0.align", "'any' is for lines; with ways use scatters"),
        (("pays.0.naturals", 1), "pays.0.naturals", "naturals are for lines, not for ways"),
        (("pays.3", GOOD["pays"][2]), "pays.3.combination", "combinations are for lines, not for ways"),
    ]:
        assert problems(changed(change, base=WAYS))[f"math.{field}"] == reason


def test_free_spins_that_retrigger_end_some_time() -> None:
    endless = changed(("features.free.max_spins", MISSING), ("win_cap", MISSING))
    found = problems(endless)
    assert found == {
        "math.features.free.max_spins": "these free spins can be retriggered endlessly: give max_spins, or win_cap to the game"
    }
    Math.model_validate(changed(("win_cap", 9), base=endless))
    Math.model_validate(changed(("features.free.max_spins", 50), base=endless))
    Math.model_validate(changed(("features.free.scatters", []), base=endless))


def test_free_spins_award_no_others_but_may_share_the_base_games_scatters() -> None:
    second = ("features.second", {"type": "free_spins", "max_spins": 9})
    both = changed(
        second,
        ("scatters.1", {"symbol": "ghost", "awards": {"1": {"feature": "second", "spins": 5}}}),
        ("strips.base.0.0", "ghost"),
    )
    Math.model_validate(both)
    own = changed(("features.second.scatters", [{"symbol": "star", "awards": {"3": AWARD}}]), base=both)
    assert problems(own) == {
        "math.features.second.scatters.0.awards.3.feature": "free spins can't award other free spins ('free')"
    }


@pytest.mark.parametrize(
    ("change", "circle"),
    [
        (("features.wheel.segments.0", {"award": {"feature": "wheel"}}), ["wheel"]),
        (("features.wheel.segments.0", {"award": {"feature": "chest"}}), ["wheel", "chest"]),
        (("features.free.scatters", [{"symbol": "star", "awards": {"3": {"feature": "wheel"}}}]), ["wheel", "free"]),
        (("features.free.scatters", [{"symbol": "star", "awards": {"3": {"feature": "chest"}}}]), ["chest", "wheel", "free"]),
    ],
)
def test_awards_never_go_in_a_circle(change: tuple[str, Any], circle: list[str]) -> None:
    around = {" awards ".join(map(repr, [*circle[n:], *circle[:n], circle[n]])) for n in range(len(circle))}
    ((field, reason),) = problems(changed(change)).items()
    assert reason in {f"awards go in a circle: {way}; only free spins can award themselves" for way in around}
    assert field in {f"math.features.{name}" for name in circle}


def test_a_feature_that_only_an_unreachable_one_awards_is_unreachable() -> None:
    math = changed(
        ("features.first", {"type": "wheel", "segments": [{"award": {"feature": "second"}}]}),
        ("features.second", {"type": "wheel", "segments": [{"pay": 1}]}),
    )
    assert set(problems(math)) == {"math.features.first", "math.features.second"}


def test_what_can_not_be_counted_any_more_is_refused() -> None:
    names = [f"s{number}" for number in range(60)]
    big = {
        "window": {"reels": 5, "rows": 3},
        "symbols": names,
        "strips": {"base": [names] * 5},
        "lines": [[0] * 5],
        "pays": [{"symbol": "s0", "pays": {"5": 1}}],
    }
    assert "different lines can't be counted" in problems(big)["math.strips.base"]
    drawn = big | {"pay_by": "ways", "coins": 1, "strips": {"base": [{"frequencies": dict.fromkeys(names, 1)}] * 5}}
    del drawn["lines"]
    assert "216000 columns can't be counted" in problems(drawn)["math.strips.base.0.frequencies"]
    rich = changed(("pays.0.pays.3", 10_000_000), ("wilds.0.multiplier", 100_000))
    assert "more than 2^53" in problems(rich)["math.pays"]


def test_a_definition_is_frozen_through_and_through() -> None:
    math = Math.model_validate(GOOD)
    with pytest.raises(ValidationError):
        math.coins = 3  # type: ignore[misc]
    tables: list[Any] = [math.pays[0].pays, math.strips, math.features, math.scatters[0].awards, math.multiplier]
    for table in tables:
        with pytest.raises(TypeError):
            table[3] = 1
        with pytest.raises(TypeError):
            table.clear()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"bets": []}, "bets"),
        ({"bets": [2, 1]}, "bets"),
        ({"bets": [0]}, "bets"),
        ({"bets": [1.5]}, "bets"),
        ({"lines": [3, 3]}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": [0]}, "lines"),
        ({"max_stake": 0}, "max_stake"),
        ({"max_stake": 9}, "max_stake"),
        ({"gamble": 1}, "gamble"),
        ({"buy": "no"}, "buy"),
        ({"bet": 1}, "bet"),
    ],
)
def test_wrong_settings_are_refused_by_the_name_of_the_field(wrong: dict[str, Any], field: str) -> None:
    good = {"bets": [1, 5, 10], "lines": [1, 9], "max_stake": 500}
    Settings.model_validate(good)
    with pytest.raises(ValidationError) as error:
        Settings.model_validate_json(orjson.dumps(good | wrong))
    assert invalid("", error.value, Settings.model_fields)[0][1].split(".")[0] == field
