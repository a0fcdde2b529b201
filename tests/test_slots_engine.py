"""The slots engine: states, actions, money, and what a player is told."""

import copy
from typing import Any

import pytest

from tests.slots_games import act, begun, build, kept
from webingo.engines.engine import Action, GameState, Move, Step
from webingo.engines.slots.engine import SlotsEngine
from webingo.engines.slots.play import SHOWN_SPINS
from webingo.errors import Code, Refused
from webingo.rng import SystemRng

LINES, WAYS, WHEEL, CAPPED = build("lines"), build("ways"), build("wheel"), build("capped")
THREE_SCATTERS, TWO_SCATTERS, NOTHING = (4, 4, 4), (4, 4, 0), (0, 1, 2)


def refusal(engine: SlotsEngine, state: GameState, name: str, params: dict[str, Any]) -> Code:
    before = copy.deepcopy(state)
    with pytest.raises(Refused) as refused:
        act(engine, state, name, params)
    assert state == before
    return refused.value.code


def at(step: Step) -> tuple[str, tuple[str, ...], bool]:
    return step.name, step.actions, step.over


# Spins


def test_the_first_state_is_idle_with_the_reels_at_their_first_stops() -> None:
    step = LINES.start(SystemRng())
    assert at(step) == ("idle", ("spin",), True)
    assert step.moves == ()
    assert step.private == {}
    assert step.data == {
        "layout": {"reels": 3, "rows": 3, "pay_by": "lines", "lines": 3, "symbols": ["A", "B", "C", "W"]},
        "bets": [1, 2, 10],
        "line_choices": [1, 2, 3],
        "max_stake": 20,
        "buys": [],
        "bet": 1,
        "lines": 3,
        "stake": 3,
        "bought": None,
        "spin": None,
        "idle_window": [["A", "B", "C"]] * 3,
        "feature": None,
        "queue": [],
        "done": None,
        "win": 0,
        "capped": False,
        "gamble": None,
    }


def test_a_lost_spin_is_a_round_of_one_step() -> None:
    step = act(LINES, begun(LINES), "spin", {"bet": 2, "lines": 2}, 0, 1, 2)
    assert at(step) == ("idle", ("spin",), True)
    assert step.moves == (Move("wager", 4),)
    data = step.data
    assert (data["bet"], data["lines"], data["stake"], data["win"]) == (2, 2, 4, 0)
    assert "idle_window" not in data
    columns = [["A", "B", "C"], ["B", "C", "W"], ["C", "B", "C"]]
    assert data["spin"] == {
        "mode": "base",
        "stops": [0, 1, 2],
        "landed": columns,
        "window": columns,
        "expanded": [],
        "extra_wilds": [],
        "multiplier": 1,
        "wins": [],
        "win": 0,
        "awards": [],
        "jackpots": [],
    }


def test_a_win_tells_its_line_its_cells_and_its_credits() -> None:
    # The wild of the middle reel stands on the third line, which is played only with three lines: C W C doubles.
    step = act(LINES, begun(LINES), "spin", {"bet": 2, "lines": 3}, 0, 1, 2)
    assert step.data["spin"]["wins"] == [
        {
            "kind": "line",
            "pay": "C",
            "count": 3,
            "line": 2,
            "direction": "left",
            "ways": 1,
            "multiplier": 2,
            "replaced": 1,
            "win": 8,
            "cells": [[0, 2], [1, 2], [2, 2]],
        }
    ]
    assert step.data["spin"]["win"] == step.data["win"] == 8


def test_a_game_without_a_gamble_pays_at_once() -> None:
    step = act(WAYS, begun(WAYS), "spin", {"bet": 5}, 0, 0, 0)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("wager", 50), Move("win", 100))
    assert step.data["win"] == 100


def test_a_scatter_pays_by_the_total_bet() -> None:
    # C A / C W / C Z, where the wild fills its reel only after the scatters were counted.
    step = act(WHEEL, begun(WHEEL), "spin", {"bet": 2}, 3, 1, 3, 4, 0, 5)
    assert step.data["stake"] == 4
    (win,) = step.data["spin"]["wins"]
    assert (win["kind"], win["pay"], win["count"], win["line"], win["win"]) == ("scatter", "C", 3, -1, 4)
    assert win["cells"] == [[0, 0], [1, 0], [2, 0]]


def test_the_multiplier_is_drawn_only_for_a_spin_that_pays() -> None:
    # Draws: reel 1 by weight, reel 2, two cells of reel 3, then the multiplier (3 of 4 for 1), then the random award.
    won = act(WHEEL, begun(WHEEL), "spin", {"bet": 1}, 0, 0, 0, 0, 3, 5)
    assert won.data["spin"]["landed"] == [["A", "B"], ["A", "C"], ["A", "A"]]
    assert (won.data["spin"]["multiplier"], won.data["win"]) == (2, 12)
    assert won.data["spin"]["jackpots"] == ["mini"]
    lost = act(WHEEL, begun(WHEEL), "spin", {"bet": 1}, 0, 3, 4, 4, 5)
    assert (lost.data["spin"]["multiplier"], lost.data["win"]) == (1, 0)


def test_an_expanding_wild_is_shown_as_it_landed_and_as_it_pays() -> None:
    step = act(WHEEL, begun(WHEEL), "spin", {"bet": 1}, 0, 1, 0, 2, 0, 5)
    spin = step.data["spin"]
    assert spin["landed"] == [["A", "B"], ["C", "W"], ["A", "B"]]
    assert spin["window"] == [["A", "B"], ["W", "W"], ["A", "B"]]
    assert spin["expanded"] == [1]
    assert [(win["pay"], win["win"]) for win in spin["wins"]] == [("A", 6), ("B", 8)]


# Parameters


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, Code.BAD_PARAMS),
        ({"lines": 1}, Code.BAD_PARAMS),
        ({"bet": 3, "lines": 1}, Code.BAD_PARAMS),
        ({"bet": 0, "lines": 1}, Code.BAD_PARAMS),
        ({"bet": -1, "lines": 1}, Code.BAD_PARAMS),
        ({"bet": True, "lines": 1}, Code.BAD_PARAMS),
        ({"bet": 1.0, "lines": 1}, Code.BAD_PARAMS),
        ({"bet": "1", "lines": 1}, Code.BAD_PARAMS),
        ({"bet": [1], "lines": 1}, Code.BAD_PARAMS),
        ({"bet": 1}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": 0}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": 4}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": True}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": "2"}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": None}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": 1, "stake": 1}, Code.BAD_PARAMS),
        ({"bet": 1, "lines": 1, "name": "free"}, Code.BAD_PARAMS),
        ({"bet": 10, "lines": 3}, Code.LIMIT),
    ],
)
def test_a_spin_that_the_settings_do_not_allow_is_refused(params: dict[str, Any], code: Code) -> None:
    assert refusal(LINES, begun(LINES), "spin", params) == code


def test_where_there_is_one_number_of_lines_it_may_be_left_out() -> None:
    engine = build("lines", lines=[2])
    assert act(engine, begun(engine), "spin", {"bet": 1}, 0, 1, 2).moves == (Move("wager", 2),)
    assert act(engine, begun(engine), "spin", {"bet": 1, "lines": 2}, 0, 1, 2).moves == (Move("wager", 2),)
    assert refusal(engine, begun(engine), "spin", {"bet": 1, "lines": 3}) == Code.BAD_PARAMS


def test_ways_know_no_lines() -> None:
    state = begun(WAYS)
    assert (state.data["line_choices"], state.data["lines"], state.data["coins"]) == ([], 0, 10)
    assert refusal(WAYS, state, "spin", {"bet": 1, "lines": 0}) == Code.BAD_PARAMS


@pytest.mark.parametrize(
    ("game", "settings", "reason"),
    [
        ("lines", {"lines": [1, 4]}, "lines: 4 can't be played, the game has 3"),
        ("ways", {"lines": [1]}, "lines: .* can't be chosen"),
        ("lines", {"lines": [2, 3], "max_stake": 19}, "max_stake: 19 doesn't reach"),
    ],
)
def test_settings_that_do_not_fit_the_game_are_refused(game: str, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        build(game, **settings)


def test_the_first_bet_is_on_as_many_lines_as_the_largest_stake_allows() -> None:
    engine = build("lines", bets=[2], max_stake=4)
    assert (begun(engine).data["lines"], begun(engine).data["stake"]) == (2, 4)


def test_an_action_of_another_state_is_refused() -> None:
    states = {
        "idle": begun(LINES),
        "won": kept(act(LINES, begun(LINES), "spin", {"bet": 1, "lines": 1}, 1, 1, 1)),
        "feature": kept(act(WAYS, begun(WAYS), "spin", {"bet": 1}, *THREE_SCATTERS)),
    }
    for name, state in states.items():
        assert state.name == name
        for action in {"spin", "buy", "play", "pick", "gamble", "collect", "bet", ""} - set(state.actions):
            assert refusal(WAYS if name == "feature" else LINES, state, action, {}) == Code.ACTION_NOT_ALLOWED


# Free spins


def test_free_spins_are_played_one_at_a_time_and_paid_at_the_end() -> None:
    step = act(WAYS, begun(WAYS), "spin", {"bet": 1}, *THREE_SCATTERS)
    assert at(step) == ("feature", ("play",), False)
    assert step.moves == (Move("wager", 10),)
    cells = [[0, 0], [1, 0], [2, 0]]
    won = {"feature": "free", "spins": 3, "by": {"pay": "S", "count": 3, "cells": cells}}
    assert step.data["spin"]["awards"] == [won]
    assert step.data["win"] == 20
    begun_with = {
        "name": "free", "type": "free_spins", "title": "Free spins", "played": 0, "left": 3, "total": 3,
        "multiplier": 3, "win": 0, "retriggered": 0,
    }  # fmt: skip
    assert (step.data["feature"], step.data["queue"], step.data["done"]) == (begun_with, [], None)

    step = act(WAYS, kept(step), "play", {}, 0, 0, 1)  # A A pays 4, times three
    assert at(step) == ("feature", ("play",), False)
    assert step.moves == ()
    assert step.data["feature"] == begun_with | {"played": 1, "left": 2, "win": 12}
    assert (step.data["spin"]["mode"], step.data["spin"]["multiplier"]) == ("free", 3)
    assert (step.data["spin"]["win"], step.data["win"]) == (12, 32)

    step = act(WAYS, kept(step), "play", {}, *NOTHING)
    step = act(WAYS, kept(step), "play", {}, 1, 1, 1)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("win", 62),)
    assert step.data["feature"] is None
    assert step.data["done"] == begun_with | {"played": 3, "left": 0, "win": 42}
    assert step.data["win"] == 62


def test_a_retrigger_adds_spins_up_to_the_most_of_a_run() -> None:
    step = act(WAYS, begun(WAYS), "spin", {"bet": 1}, *THREE_SCATTERS)
    step = act(WAYS, kept(step), "play", {}, *TWO_SCATTERS)
    assert step.data["feature"] | {"win": 0} == {
        "name": "free", "type": "free_spins", "title": "Free spins", "played": 1, "left": 4, "total": 5,
        "multiplier": 3, "win": 0, "retriggered": 1,
    }  # fmt: skip
    assert [(award["feature"], award["spins"]) for award in step.data["spin"]["awards"]] == [("free", 2)]
    step = act(WAYS, kept(step), "play", {}, *TWO_SCATTERS)  # there is no room for more
    assert (step.data["feature"]["left"], step.data["feature"]["total"]) == (3, 5)
    assert (step.data["feature"]["retriggered"], step.data["spin"]["awards"]) == (1, [])


def test_a_retrigger_gives_as_many_spins_as_there_is_room_for() -> None:
    free = {
        "type": "free_spins",
        "max_spins": 4,
        "scatters": [{"symbol": "S", "awards": {"2": {"feature": "free", "spins": 3}}}],
    }
    engine = build("ways", {"strips": {"base": [["A", "B", "S", "C"]] * 3}, "features": {"free": free}, "buy": [],
        "scatters": [{"symbol": "S", "awards": {"3": {"feature": "free", "spins": 2}}}]})  # fmt: skip
    step = act(engine, begun(engine), "spin", {"bet": 1}, 2, 2, 2)
    step = act(engine, kept(step), "play", {}, 2, 2, 0)
    assert (step.data["feature"]["left"], step.data["feature"]["total"]) == (3, 4)
    assert step.data["spin"]["awards"][0]["spins"] == 2


def test_a_feature_won_in_free_spins_waits_until_they_are_over() -> None:
    step = act(WAYS, begun(WAYS), "spin", {"bet": 1}, *THREE_SCATTERS)
    step = act(WAYS, kept(step), "play", {}, *THREE_SCATTERS)
    assert [award["feature"] for award in step.data["queue"]] == ["chest"]
    assert step.data["feature"]["name"] == "free"
    step = act(WAYS, kept(step), "play", {}, *THREE_SCATTERS)
    step = act(WAYS, kept(step), "play", {}, *NOTHING)
    assert at(step) == ("feature", ("pick", "play"), False)
    assert (step.data["done"]["name"], step.data["feature"]["name"]) == ("free", "chest")
    assert [award["feature"] for award in step.data["queue"]] == ["chest"]


def test_the_multiplier_of_an_award_replaces_the_features() -> None:
    award = {"feature": "free", "spins": 1, "multiplier": 7}
    engine = build("ways", {"buy": [{"name": "seven", "title": "Seven", "cost": 9, "award": award}]})
    step = act(engine, begun(engine), "buy", {"name": "seven", "bet": 1})
    assert step.data["feature"]["multiplier"] == 7
    assert act(engine, kept(step), "play", {}, 0, 0, 0).data["win"] == 140


def test_a_random_multiplier_and_reels_that_turn_wild_are_drawn_for_each_free_spin() -> None:
    step = act(WHEEL, begun(WHEEL), "spin", {"bet": 1}, 0, 3, 4, 4, 0)
    step = act(WHEEL, kept(step), "pick", {}, 3)
    assert (step.data["feature"]["type"], step.data["feature"]["multiplier"]) == ("free_spins", None)
    # Both outer reels turn wild; B of the second reel is then three B; of the multipliers the second is drawn.
    step = act(WHEEL, kept(step), "play", {}, 2, 0, 3, 4, 4, 1)
    spin = step.data["spin"]
    assert (spin["extra_wilds"], spin["expanded"], spin["multiplier"]) == ([0, 2], [], 5)
    assert spin["window"] == [["W", "W"], ["B", "C"], ["W", "W"]]
    assert [(win["pay"], win["win"]) for win in spin["wins"]] == [("B", 40)]


def test_everything_can_be_played_at_once() -> None:
    step = act(WAYS, begun(WAYS), "spin", {"bet": 1}, *THREE_SCATTERS)
    # Three free spins, of which one wins 12 and one the chest; in the chest the snake.
    step = act(WAYS, kept(step), "play", {"all": True}, 0, 0, 1, *THREE_SCATTERS, *NOTHING, 5)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("win", 42),)
    assert [spin["win"] for spin in step.data["spins"]] == [12, 0, 0]
    assert step.data["spin"] == step.data["spins"][-1]
    assert (step.data["done"]["name"], step.data["done"]["win"]) == ("chest", 10)
    assert "spins" not in act(WAYS, kept(step), "spin", {"bet": 1}, *NOTHING).data


def test_only_the_last_of_very_many_spins_are_listed() -> None:
    award = {"feature": "free", "spins": SHOWN_SPINS + 7}
    engine = build("capped", {"buy": [{"name": "many", "title": "Many", "cost": 9, "award": award}], "gamble": None})
    step = act(engine, begun(engine), "buy", {"name": "many", "bet": 1})
    step = act(engine, kept(step), "play", {"all": True}, *(0, 1, 0) * (SHOWN_SPINS + 6), 1, 1, 1)
    assert len(step.data["spins"]) == SHOWN_SPINS
    assert step.data["spins"][-1]["win"] == step.data["win"] == 2


@pytest.mark.parametrize(
    "params", [{"all": 1}, {"all": None}, {"collect": True}, {"all": False, "collect": True}, {"all": True, "x": 1}, {"x": 1}]
)
def test_play_with_strange_parameters_is_refused(params: dict[str, Any]) -> None:
    state = kept(act(WAYS, begun(WAYS), "spin", {"bet": 1}, *THREE_SCATTERS))
    assert refusal(WAYS, state, "play", params) == Code.BAD_PARAMS


# Picks and wheels


def opened_chest() -> GameState:
    return kept(act(WAYS, begun(WAYS), "spin", {"bet": 1}, *TWO_SCATTERS))


def test_a_pick_shows_nothing_of_what_is_closed() -> None:
    state = opened_chest()
    assert state.actions == ("pick", "play")
    assert state.data["feature"] == {
        "name": "chest",
        "type": "pick",
        "title": "Treasure",
        "items": [{"open": False}] * 5,
        "left": 3,
        "win": 0,
        "last": None,
    }


def test_items_are_drawn_by_weight_of_what_is_left() -> None:
    # Weights: coins 1 + 1, jewel 2, key 1, snake 1.
    step = act(WAYS, opened_chest(), "pick", {"item": 4}, 3)
    assert step.data["feature"]["items"][4] == {"open": True, "of": 1, "name": "jewel", "pay": 50}
    assert (step.data["feature"]["left"], step.data["feature"]["win"], step.data["feature"]["last"]) == (2, 50, 4)
    # The jewel is gone: of coins 1 + 1, key 1, snake 1 the third is the key.
    step = act(WAYS, kept(step), "pick", {"item": 0}, 2)
    key = {"open": True, "of": 2, "name": "key", "pay": 0, "award": {"feature": "bonus", "spins": 1}}
    assert step.data["feature"]["items"][0] == key
    assert [award["by"] for award in step.data["queue"]] == [{"feature": "chest"}]
    step = act(WAYS, kept(step), "pick", {"item": 2}, 1)
    assert step.data["done"]["win"] == 70
    assert (step.data["feature"]["name"], step.data["feature"]["multiplier"]) == ("bonus", 4)
    assert at(step) == ("feature", ("play",), False)


def test_an_item_that_ends_the_picking_pays_too() -> None:
    step = act(WAYS, opened_chest(), "pick", {"item": 1}, 5)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("win", 10),)
    assert step.data["done"]["left"] == 0


def test_play_opens_the_first_closed_item() -> None:
    step = act(WAYS, opened_chest(), "pick", {"item": 0}, 0)
    step = act(WAYS, kept(step), "play", {}, 0)
    assert [item["open"] for item in step.data["feature"]["items"]] == [True, True, False, False, False]


@pytest.mark.parametrize(
    "params", [{}, {"item": -1}, {"item": 5}, {"item": True}, {"item": "0"}, {"item": 0}, {"item": 1, "x": 0}]
)
def test_an_item_that_is_open_or_does_not_exist_is_refused(params: dict[str, Any]) -> None:
    state = kept(act(WAYS, opened_chest(), "pick", {"item": 0}, 0))
    assert refusal(WAYS, state, "pick", params) == Code.BAD_PARAMS


def turning_wheel() -> GameState:
    """A random award; the stake is 2 on two lines."""
    return kept(act(WHEEL, begun(WHEEL), "spin", {"bet": 1}, 0, 3, 4, 4, 0))


@pytest.mark.parametrize(("number", "given"), [(0, True), (1, False), (5, False)])
def test_a_random_award_comes_as_often_as_its_chance_says(number: int, given: bool) -> None:
    step = act(WHEEL, begun(WHEEL), "spin", {"bet": 1}, 0, 3, 4, 4, number)  # 1 in 6
    assert (step.name == "feature") == given


def test_a_wheel_shows_its_segments_and_where_it_stopped() -> None:
    state = turning_wheel()
    assert state.data["spin"]["awards"] == [{"feature": "wheel", "by": {"random": True}}]
    assert state.actions == ("pick", "play")
    items = [
        {"open": False, "name": "small", "pay": 10},
        {"open": False, "name": "spins", "pay": 0, "award": {"feature": "free", "spins": 2}},
        {"open": False, "name": "grand", "pay": 0, "jackpot": "grand"},
        {"open": False, "name": "none", "pay": 0},
    ]
    assert state.data["feature"] == {
        "name": "wheel", "type": "wheel", "title": "", "items": items, "left": 1, "win": 0, "last": None,
    }  # fmt: skip
    for name in ("pick", "play"):
        step = act(WHEEL, state, name, {}, 4)
        assert step.data["done"]["items"] == [*items[:2], items[2] | {"open": True}, items[3]]
        assert (step.data["done"]["last"], step.data["done"]["left"], step.moves) == (2, 0, ())
        assert at(step) == ("idle", ("spin",), True)
    assert refusal(WHEEL, state, "pick", {"item": 0}) == Code.BAD_PARAMS


def test_a_wheels_pay_is_of_its_unit() -> None:
    step = act(WHEEL, turning_wheel(), "pick", {}, 0)
    assert (step.name, step.data["win"]) == ("won", 10)


def test_a_line_may_award_a_feature_without_paying() -> None:
    # Only the line C . Z awards the box, and chance the wheel: they follow one after the other.
    step = act(WHEEL, begun(WHEEL), "spin", {"bet": 1, "lines": 2}, 3, 0, 4, 0, 0)
    assert step.data["spin"]["wins"] == []
    assert [award["by"] for award in step.data["spin"]["awards"]] == [{"pay": "corner", "count": 3}, {"random": True}]
    assert ([award["feature"] for award in step.data["queue"]], step.data["feature"]["name"]) == (["wheel"], "box")
    step = act(WHEEL, kept(step), "pick", {"item": 1}, 2)
    assert (step.data["queue"], step.data["done"]["win"], step.data["feature"]["name"]) == ([], 9, "wheel")


# Buying


def test_a_bought_feature_costs_its_price_and_has_no_base_spin() -> None:
    step = act(WAYS, begun(WAYS), "buy", {"name": "free", "bet": 5})
    assert at(step) == ("feature", ("play",), False)
    assert step.moves == (Move("wager", 1000),)
    assert (step.data["stake"], step.data["bought"], step.data["spin"]) == (50, "free", None)
    assert step.data["idle_window"] == [["A"], ["A"], ["A"]]
    assert step.data["feature"]["left"] == 3
    step = act(WAYS, kept(step), "play", {"all": True}, 0, 0, 1, *NOTHING, *NOTHING)
    assert step.moves == (Move("win", 60),)
    assert step.data["bought"] == "free"
    assert act(WAYS, kept(step), "spin", {"bet": 1}, *NOTHING).data["bought"] is None


def test_what_is_for_sale_is_in_the_state() -> None:
    assert begun(WAYS).data["buys"] == [
        {"name": "free", "title": "Three free spins", "cost": 20},
        {"name": "chest", "title": "The chest", "cost": 7},
    ]


def test_a_site_may_sell_nothing() -> None:
    engine = build("ways", buy=False)
    assert (begun(engine).actions, begun(engine).data["buys"]) == (("spin",), [])
    assert refusal(engine, begun(engine), "buy", {"name": "free", "bet": 1}) == Code.ACTION_NOT_ALLOWED


@pytest.mark.parametrize(
    "params",
    [
        {"bet": 1},
        {"name": "x", "bet": 1},
        {"name": ["free"], "bet": 1},
        {"name": "free"},
        {"name": "free", "bet": True},
        {"name": "free", "bet": 2},
        {"name": "free", "bet": 1, "lines": 1},
        {"name": "free", "bet": 1, "cost": 1},
    ],
)
def test_a_strange_purchase_is_refused(params: dict[str, Any]) -> None:
    assert refusal(WAYS, begun(WAYS), "buy", params) == Code.BAD_PARAMS


# The gamble


def won() -> GameState:
    """A win of 6 at a stake of 2: B B B on the one line that is played."""
    return kept(act(LINES, begun(LINES), "spin", {"bet": 2, "lines": 1}, 0, 0, 0))


def test_a_win_that_may_be_gambled_waits() -> None:
    step = act(LINES, begun(LINES), "spin", {"bet": 2, "lines": 1}, 0, 0, 0)
    assert at(step) == ("won", ("spin", "gamble", "collect"), False)
    assert step.moves == (Move("wager", 2),)
    assert step.data["gamble"] == {
        "types": ["double_up", "triple_up"],
        "spin_types": ["double_up", "triple_up"],
        "amount": 6,
        "spin_amount": 6,
        "steps_left": 3,
        "history": [],
    }


def test_collect_pays() -> None:
    step = act(LINES, won(), "collect")
    assert at(step) == ("idle", ("spin",), True)
    assert step.moves == (Move("win", 6),)
    assert step.data["win"] == 6
    assert step.data["gamble"]["types"] == step.data["gamble"]["spin_types"] == []
    assert refusal(LINES, won(), "collect", {"x": 1}) == Code.BAD_PARAMS


def test_a_gamble_that_is_won_multiplies_and_goes_on() -> None:
    step = act(LINES, won(), "gamble", {"type": "double_up"}, 0)
    assert at(step) == ("won", ("spin", "gamble", "collect"), False)
    assert step.moves == ()
    history = [{"type": "double_up", "context": "game_round", "won": True, "amount": 12}]
    assert step.data["gamble"] == {
        "types": ["double_up", "triple_up"],
        "spin_types": ["double_up", "triple_up"],
        "amount": 12,
        "spin_amount": 12,
        "steps_left": 2,
        "history": history,
    }
    assert step.data["win"] == 12
    step = act(LINES, kept(step), "gamble", {"type": "triple_up", "context": "spin"}, 0)
    # 36 is more than half of the limit, 20 x 2: nothing may be gambled any more, so it is paid.
    assert at(step) == ("idle", ("spin",), True)
    assert step.moves == (Move("win", 36),)
    assert [played["amount"] for played in step.data["gamble"]["history"]] == [12, 36]


@pytest.mark.parametrize(("kind", "number"), [("double_up", 1), ("triple_up", 1), ("triple_up", 2)])
def test_a_gamble_that_is_lost_ends_the_round(kind: str, number: int) -> None:
    step = act(LINES, won(), "gamble", {"type": kind}, number)
    assert at(step) == ("idle", ("spin",), True)
    assert step.moves == ()
    assert step.data["win"] == 0
    assert step.data["gamble"]["history"] == [{"type": kind, "context": "game_round", "won": False, "amount": 0}]


def free_and_won() -> GameState:
    """A round of 6 of which the last free spin won 2; the stake is 1."""
    step = act(CAPPED, begun(CAPPED), "buy", {"name": "free", "bet": 1})
    numbers = (*(1, 1, 1), *(2, 2, 0), *(1, 0, 0) * 7, *(1, 1, 1))
    step = act(CAPPED, kept(step), "play", {"all": True}, *numbers)
    assert (step.name, step.data["win"]) == ("won", 6)
    return kept(step)


def test_the_last_spins_win_is_gambled_alone_and_the_rest_is_safe() -> None:
    state = free_and_won()
    assert (state.data["gamble"]["amount"], state.data["gamble"]["spin_amount"]) == (6, 2)
    lost = act(CAPPED, state, "gamble", {"type": "triple_up", "context": "spin"}, 1)
    assert lost.moves == (Move("win", 4),)
    assert (lost.data["win"], lost.over) == (4, True)
    step = act(CAPPED, state, "gamble", {"type": "triple_up", "context": "spin"}, 0)
    assert (step.data["gamble"]["amount"], step.data["gamble"]["spin_amount"], step.data["win"]) == (10, 6, 10)
    assert step.data["gamble"]["history"][0]["amount"] == 6
    # What the whole round's win is doubled by, the last spin's part of it is too.
    step = act(CAPPED, kept(step), "gamble", {"type": "double_up", "context": "game_round"}, 0)
    assert (step.data["gamble"]["amount"], step.data["gamble"]["spin_amount"]) == (20, 12)
    assert act(CAPPED, kept(step), "gamble", {"type": "double_up", "context": "spin"}, 1).moves == (Move("win", 8),)


def test_a_last_spin_that_won_nothing_can_not_be_gambled() -> None:
    step = act(CAPPED, begun(CAPPED), "buy", {"name": "free", "bet": 1})
    step = act(CAPPED, kept(step), "play", {"all": True}, *(1, 1, 1), *(1, 0, 0) * 9)
    assert (step.name, step.data["gamble"]["spin_types"], step.data["gamble"]["spin_amount"]) == ("won", [], 0)
    assert refusal(CAPPED, kept(step), "gamble", {"type": "double_up", "context": "spin"}) == Code.BAD_PARAMS
    assert act(CAPPED, kept(step), "gamble", {"type": "double_up"}, 0).data["win"] == 4


def test_the_gamble_stops_at_the_number_of_steps() -> None:
    engine = build("lines", {"gamble": {"types": ["double_up"], "max_steps": 2, "limit": 10_000}})
    state = kept(act(engine, begun(engine), "spin", {"bet": 1, "lines": 1}, 0, 0, 0))
    step = act(engine, state, "gamble", {"type": "double_up"}, 0)
    assert (step.name, step.data["gamble"]["types"], step.data["gamble"]["steps_left"]) == ("won", ["double_up"], 1)
    step = act(engine, kept(step), "gamble", {"type": "double_up"}, 0)
    assert (step.name, step.moves) == ("idle", (Move("win", 12),))
    assert (step.data["gamble"]["types"], step.data["gamble"]["steps_left"]) == ([], 0)


def test_a_type_is_offered_only_while_the_round_stays_within_the_limit() -> None:
    engine = build("lines", {"gamble": {"types": ["double_up", "triple_up"], "max_steps": 3, "limit": 6}})
    step = act(engine, begun(engine), "spin", {"bet": 2, "lines": 1}, 0, 0, 0)  # 6, of at most 12
    assert step.data["gamble"]["types"] == step.data["gamble"]["spin_types"] == ["double_up"]
    assert refusal(engine, kept(step), "gamble", {"type": "triple_up"}) == Code.BAD_PARAMS
    engine = build("lines", {"gamble": {"types": ["double_up"], "max_steps": 3, "limit": 5}})
    step = act(engine, begun(engine), "spin", {"bet": 2, "lines": 1}, 0, 0, 0)
    assert (step.name, step.moves) == ("idle", (Move("wager", 2), Move("win", 6)))


def test_the_limit_counts_what_is_safe_too() -> None:
    engine = build("capped", {"gamble": {"types": ["double_up"], "max_steps": 1, "limit": 9}})
    step = act(engine, begun(engine), "buy", {"name": "free", "bet": 1})
    step = act(engine, kept(step), "play", {"all": True}, *(1, 1, 1), *(2, 2, 0), *(1, 0, 0) * 7, *(1, 1, 1))
    assert (step.data["gamble"]["types"], step.data["gamble"]["spin_types"]) == ([], ["double_up"])
    assert refusal(engine, kept(step), "gamble", {"type": "double_up"}) == Code.BAD_PARAMS
    assert act(engine, kept(step), "gamble", {"type": "double_up", "context": "spin"}, 0).moves == (Move("win", 8),)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"type": "quadruple_up"},
        {"type": ["double_up"]},
        {"type": None},
        {"type": "double_up", "context": "round"},
        {"type": "double_up", "context": None},
        {"type": "double_up", "context": ["spin"]},
        {"type": "double_up", "amount": 1},
    ],
)
def test_a_strange_gamble_is_refused(params: dict[str, Any]) -> None:
    assert refusal(LINES, won(), "gamble", params) == Code.BAD_PARAMS


def test_a_site_may_do_without_the_gamble() -> None:
    engine = build("lines", gamble=False)
    step = act(engine, begun(engine), "spin", {"bet": 2, "lines": 1}, 0, 0, 0)
    assert (step.name, step.moves, step.data["gamble"]) == ("idle", (Move("wager", 2), Move("win", 6)), None)


@pytest.mark.parametrize(("name", "params"), [("spin", {"bet": 1}), ("buy", {"name": "free", "bet": 1})])
def test_a_new_round_collects_first(name: str, params: dict[str, Any]) -> None:
    step = act(CAPPED, free_and_won(), name, params)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("win", 6),)
    assert step.then == Action(name, params)
    after = act(CAPPED, kept(step), name, params, *((0, 1, 0) if name == "spin" else ()))
    assert after.moves[0].kind == "wager"


def test_a_new_round_that_can_not_begin_collects_nothing() -> None:
    assert refusal(LINES, won(), "spin", {"bet": 3, "lines": 1}) == Code.BAD_PARAMS
    assert refusal(LINES, won(), "spin", {"bet": 10, "lines": 3}) == Code.LIMIT


# The win cap


def test_the_win_cap_ends_a_round_at_once() -> None:
    step = act(CAPPED, begun(CAPPED), "spin", {"bet": 3}, 2, 2, 2)  # three scatters: 4 x 3 and ten free spins
    assert (step.data["win"], step.data["feature"]["left"]) == (12, 10)
    step = act(CAPPED, kept(step), "play", {}, 2, 2, 2)
    assert (step.data["win"], step.data["feature"]["left"]) == (36, 19)
    step = act(CAPPED, kept(step), "play", {"all": True}, 0, 0, 0)  # 60 x 3 is more than 50 x 3 - 36
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("win", 150),)
    assert (step.data["capped"], step.data["win"], step.data["queue"]) == (True, 150, [])
    assert (step.data["done"]["left"], step.data["done"]["win"]) == (18, 138)
    assert step.data["spin"]["win"] == 180
    assert not act(CAPPED, kept(step), "spin", {"bet": 1}, 0, 1, 0).data["capped"]


def test_what_a_capped_spin_awards_does_not_follow() -> None:
    engine = build("capped", {"win_cap": 4})
    step = act(engine, begun(engine), "spin", {"bet": 1}, 2, 2, 2)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("wager", 1), Move("win", 4))
    assert (step.data["capped"], step.data["feature"], step.data["queue"]) == (True, None, [])


def test_a_gamble_never_leads_above_the_win_cap() -> None:
    step = act(CAPPED, begun(CAPPED), "spin", {"bet": 1}, 0, 0, 0)  # 30 of at most 50
    assert (step.name, step.moves) == ("idle", (Move("wager", 1), Move("win", 30)))
    step = act(CAPPED, free_and_won(), "gamble", {"type": "triple_up"}, 0)  # 18
    assert step.data["gamble"]["types"] == ["double_up"]
    step = act(CAPPED, kept(step), "gamble", {"type": "double_up"}, 0)  # 36, of which the last spin won 12
    assert (step.data["gamble"]["types"], step.data["gamble"]["spin_types"]) == ([], ["double_up"])
    step = act(CAPPED, kept(step), "gamble", {"type": "double_up", "context": "spin"}, 0)
    assert (step.name, step.moves) == ("idle", (Move("win", 48),))


# Leaving


def test_a_win_is_collected_when_the_player_leaves() -> None:
    assert LINES.finish(won()) == (Action("collect", {}),)
    assert LINES.abandon(won()) == (Action("collect", {}),)


def test_a_feature_can_not_be_left() -> None:
    for engine, state in ((WAYS, opened_chest()), (WHEEL, turning_wheel())):
        with pytest.raises(Refused) as refused:
            engine.finish(state)
        assert refused.value.code == Code.NOT_FINISHABLE


def test_an_idle_game_is_left_as_it_is() -> None:
    assert LINES.finish(begun(LINES)) == LINES.abandon(begun(LINES)) == ()


def test_an_abandoned_feature_is_played_to_its_end_and_paid_without_a_gamble() -> None:
    state = kept(act(CAPPED, begun(CAPPED), "buy", {"name": "free", "bet": 1}))
    (action,) = CAPPED.abandon(state)
    step = act(CAPPED, state, action.name, dict(action.params), *(1, 1, 1) * 10)
    assert at(step) == ("idle", ("spin", "buy"), True)
    assert step.moves == (Move("win", 20),)


# What is shared


def test_what_never_changes_is_built_once() -> None:
    first, second = LINES.start(SystemRng()).data, act(LINES, begun(LINES), "spin", {"bet": 1, "lines": 1}, 0, 1, 2).data
    assert all(first[key] is second[key] for key in ("layout", "bets", "line_choices", "buys"))
