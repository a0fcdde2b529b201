"""The rules of a slot game tell players all that its manifest says, and clients what they need to draw it."""

from typing import Any

import orjson
import pytest

from tests.slots_games import GAMES, build


def texts(rules: dict[str, Any]) -> str:
    """All sentences."""
    found = [rules["summary"], *rules["how_to_play"]]
    for section in rules["sections"]:
        assert section["title"]
        assert section["texts"]
        found += [section["title"], *section["texts"]]
    assert all(isinstance(text, str) and text for text in found)
    return "\n".join(found)


@pytest.mark.parametrize("game", sorted(GAMES))
def test_every_symbol_and_count_is_in_the_pay_table(game: str) -> None:
    engine, math = build(game), GAMES[game]
    rules = orjson.loads(orjson.dumps(engine.rules()))
    told = {(row["name"], row["count"], row["pay"], "awards" in row) for row in rules["pays"]}
    stated = set()
    for pay in [*math["pays"], *math.get("scatters", [])]:
        name, pays, awards = pay.get("name") or pay["symbol"], pay.get("pays", {}), pay.get("awards", {})
        if "combination" in pay:
            stated.add((name, math["window"]["reels"], pay.get("pay", 0), "award" in pay))
        stated |= {(name, int(count), pays.get(count, 0), count in awards) for count in pays | awards}
    assert told == stated
    combinations = {pay["name"] for pay in math["pays"] if "combination" in pay}
    titles = {f"{count} × {name}" for name, count, _, _ in stated if name not in combinations}
    assert {row["title"] for row in rules["pays"] if row["name"] not in combinations} == titles
    table = {row["name"]: row for row in rules["paytable"]}
    assert set(table) == {name for name, *_ in stated}
    for name, count, pay, awarded in stated:
        assert table[name]["pays"].get(str(count), 0) == pay
        assert (str(count) in table[name]["awards"]) == awarded


@pytest.mark.parametrize("game", sorted(GAMES))
def test_a_client_can_draw_the_game_from_its_rules(game: str) -> None:
    math, rules = GAMES[game], build(game).rules()
    assert rules["window"] == math["window"]
    assert rules["symbols"] == math["symbols"]
    assert rules["pay_by"] == math.get("pay_by", "lines")
    assert rules["lines"] == math.get("lines", [])
    assert [wild["symbol"] for wild in rules["wilds"]] == [wild["symbol"] for wild in math.get("wilds", [])]
    assert {name: found["type"] for name, found in rules["features"].items()} == {
        name: found["type"] for name, found in math.get("features", {}).items()
    }
    assert rules["gamble"] == math.get("gamble")
    assert [buy["cost"] for buy in rules["buys"]] == [buy["cost"] for buy in math.get("buy", [])]
    assert (rules["max_win"], rules["win_cap"]) == (build(game).max_win, math.get("win_cap"))


def test_the_figures_are_the_exact_ones() -> None:
    engine = build("ways")
    rules, odds = engine.rules(), engine.odds()
    assert (rules["rtp"], rules["hit_rate"]) == (float(odds.rtp), float(odds.hit_rate))
    assert rules["volatility"] in ("low", "medium", "high")
    shown = {(row["name"], row["count"]): row.get("odds") for row in rules["pays"]}
    # One of five stops shows S, two of five A, one B: three A come once in 125 / 8 spins, A A and something else in 125 / 12.
    assert shown == {
        ("A", 3): "1 in 15.6",
        ("A", 2): "1 in 10.4",
        ("B", 3): "1 in 125.0",
        ("S", 3): "1 in 125.0",
        ("S", 2): None,
    }
    assert "The odds in the pay table are those of a spin, before any feature." in rules["how_to_play"]


def test_odds_count_a_pay_with_all_multipliers_of_its_wilds() -> None:
    rules = build("lines", {"pays": [{"symbol": "A", "pays": {"3": 5}}, {"symbol": "W", "pays": {"3": 9}}]}).rules()
    shown = {(row["name"], row["count"]): row["odds"] for row in rules["pays"]}
    # A on two of five stops, A or W on two, A on one; the wild is on the second reel only.
    assert shown == {("A", 3): "1 in 31.2", ("W", 3): "never"}


def test_a_game_that_returns_too_much_still_has_rules() -> None:
    assert build("wheel").rules()["rtp"] == float(build("wheel").odds().rtp) > 1


def test_units_of_pays_are_named() -> None:
    units = {row["name"]: row["unit"] for row in build("ways").rules()["pays"]}
    assert units == {"A": "bet per coin", "B": "bet per coin", "S": "total bet"}
    assert {row["unit"] for row in build("lines").rules()["pays"]} == {"bet per line"}


def test_wilds_are_told_in_words() -> None:
    told = texts(build("wheel", {"wilds": [{"symbol": "W", "multiplier": 3, "except": ["A", "C"], "reels": [0, 2]}]}).rules())
    assert "W replaces every symbol except A, but no scatter, on reels 1 and 3." in told
    assert "multiplied by 3" in told
    assert "multiply their multipliers" in told
    told = texts(build("wheel").rules())
    assert "W replaces every other symbol, but no scatter, on reel 2. It fills its whole reel before wins are counted." in told


@pytest.mark.parametrize(
    ("game", "parts"),
    [
        ("lines", ["double it (one chance in two) or to triple it (one chance in three)", "3 times at most", "20 × the total"]),
        ("capped", ["A round pays at most 50 × the total bet", "no more than 50 × the total bet", "for 3 × the total bet"]),
        ("wheel", ["small: 10 × the bet per line (50 %)", "1 in 6 does", "1 (75 %) and 2 (25 %)", "the jackpot grand (16.67 %)",
                   "3 × A triggers the jackpot mini, where a site runs it.", "high is any mix of A and B."]),
        ("ways", ["Open 3 of 5 covers", "jewel: 5 × the total bet (33.33 % of", "One run lasts 5 free spins at most.",
                  "All that they win is multiplied by 3.", "2 win the feature “Treasure”."]),
    ],
)  # fmt: skip
def test_features_are_told_with_their_chances(game: str, parts: list[str]) -> None:
    told = texts(build(game).rules())
    assert [part for part in parts if part not in told] == []


def test_what_free_spins_do_not_give_is_told() -> None:
    told = texts(build("ways", {"features": {name: found | ({"scatters": None} if name == "free" else {})
        for name, found in GAMES["ways"]["features"].items()}}).rules())  # fmt: skip
    assert "“Treasure” can't be won in them." in told
    assert "More of them can be won while they run; they go on as they began." in told


def test_what_a_site_does_not_offer_is_not_told() -> None:
    rules = build("capped", gamble=False, buy=False).rules()
    titles = [section["title"] for section in rules["sections"]]
    assert "Gamble" not in titles
    assert "Buying a feature" not in titles
    assert (rules["gamble"], rules["buys"]) == (None, [])


def test_limits_are_those_of_the_settings() -> None:
    assert build("lines").rules()["limits"] == {"bets_per_line": [1, 2, 10], "lines": [1, 2, 3], "max_stake": 20}
    assert build("ways").rules()["limits"] == {"bets_per_coin": [1, 5], "max_stake": 50}


@pytest.mark.parametrize(
    ("align", "pictures"), [("left", ["xx."]), ("right", [".xx"]), ("both", ["xx.", ".xx"]), ("any", None)]
)
def test_a_picture_shows_where_symbols_have_to_stand(align: str, pictures: list[str] | None) -> None:
    row = next(row for row in build("lines", {"align": align}).rules()["pays"] if row["count"] == 2)
    assert row.get("picture") == (pictures and [pictures[0]])
    assert row.get("pictures") == ([[picture] for picture in pictures] if pictures and len(pictures) > 1 else None)
