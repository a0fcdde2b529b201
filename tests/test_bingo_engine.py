"""The bingo engine: states, actions, money and what a player is told."""

import copy
from typing import Any

import pytest

from tests.bingo_oracle import RANGED, TINY, build, kept, load, play
from webingo.draws import Draw, ForcedRng
from webingo.engines.engine import Action, GameState, Move
from webingo.errors import Code, Refused
from webingo.rng import SystemRng

JOKER = load("joker-bingo")
# Balls 1..30 fill the first two cards when the series is dealt in order.
IN_ORDER = Draw("shuffle", [60], list(range(1, 61)))
FILLED = Draw("sample", [60, 30], list(range(1, 31)))
SCATTERED = Draw("sample", [60, 30], list(range(1, 61, 2)))


def refusal(engine: Any, state: GameState, name: str, params: dict[str, Any]) -> Code:
    before = copy.deepcopy(state)
    with pytest.raises(Refused) as refused:
        engine.apply(state, Action(name, params), ForcedRng([]))
    assert state == before
    return refused.value.code


def test_the_first_state_is_idle_with_a_series_and_all_cards_open() -> None:
    step = JOKER.start(ForcedRng([IN_ORDER]))
    assert (step.name, step.actions, step.moves, step.over) == ("idle", ("bet", "cards"), (), True)
    assert list(step.data) == ["cards", "open", "balls", "layout", "bets", "max_stake"]
    assert step.data["cards"][0] == [1, 4, 7, 10, 13, 2, 5, 8, 11, 14, 3, 6, 9, 12, 15]
    assert step.data["open"] == [0, 1, 2, 3]
    assert step.data["balls"] == []
    assert step.data["layout"] == {"pool": 60, "draw": 30, "rows": 3, "columns": 5, "free": []}
    assert step.private == {"deal": [list(range(1, 61))]}


def test_a_bet_takes_the_stake_and_draws_thirty_balls() -> None:
    state = kept(JOKER.start(ForcedRng([IN_ORDER])))
    step = JOKER.apply(state, Action("bet", {"amount": 8}), ForcedRng([FILLED]))
    assert (step.name, step.moves, step.over, step.then) == ("game", (Move("wager", 8),), False, None)
    assert step.data["balls"] == list(range(1, 31))
    assert step.data["stake"] == 8
    assert step.data["winnings"] == [5000, 5000, 0, 0]
    assert step.data["total_winnings"] == 10000
    assert step.data["prizes"] == [
        {"card": 0, "pattern": "full_card", "pay": 5000},
        {"card": 1, "pattern": "full_card", "pay": 5000},
    ]
    # The other two cards have no hit, so no ball is useful and none is offered.
    assert (step.data["extra_cost"], step.data["extra_left"], step.data["near"]) == (0, 10, [])
    assert step.actions == ("bet", "end")


def test_the_example_of_the_session_document_is_played_with_four_credits() -> None:
    state = play(JOKER, ForcedRng([IN_ORDER, SCATTERED]), ("bet", {"amount": 4}))
    assert state.data["stake"] == 4
    assert len(state.data["balls"]) == 30


def test_extra_balls_are_bought_until_none_is_left_and_paid_once_at_the_end() -> None:
    engine = build(TINY)
    # The cards are 1 3 / 2 4 and 5 7 / 6 8, and the first column of each is hit: no picture, but several miss one ball.
    rng = ForcedRng(
        [
            Draw("shuffle", [8], list(range(1, 9))),
            Draw("sample", [8, 4], [1, 2, 5, 6]),
            Draw("sample", [4, 1], [3]),
            Draw("sample", [3, 1], [4]),
        ]
    )
    state = kept(engine.start(rng))
    step = engine.apply(state, Action("bet", {"amount": 6}), rng)
    # Ball 3 completes the row and the slash too, but both are within the corner.
    assert step.actions == ("extra", "bet", "end")
    assert step.data["near"] == [
        {"card": 0, "pattern": "corner", "ball": 3, "pay": 15},
        {"card": 0, "pattern": "row", "ball": 4, "pay": 6},
        {"card": 1, "pattern": "corner", "ball": 7, "pay": 15},
        {"card": 1, "pattern": "row", "ball": 8, "pay": 6},
    ]
    assert step.data["extra_cost"] == 12  # 42 / 4 balls x 1.1 = 11.55
    step = engine.apply(kept(step), Action("extra", {}), rng)
    assert step.moves == (Move("wager", 12),)
    assert not step.over
    assert step.data["balls"] == [1, 2, 5, 6, 3]
    assert (step.data["extra_left"], step.data["stake"]) == (1, 6)
    assert step.data["extra_cost"] == 15  # (18 + 15 + 6) / 3 balls x 1.1 = 14.3
    step = engine.apply(kept(step), Action("extra", {}), rng)
    assert step.moves == (Move("wager", 15),)
    assert (step.data["extra_left"], step.data["extra_cost"], step.actions) == (0, 0, ("bet", "end"))
    assert (step.data["winnings"], step.data["total_winnings"]) == ([33, 0], 33)
    end = engine.apply(kept(step), Action("end", {}), rng)
    assert (end.name, end.moves, end.over) == ("idle", (Move("win", 33),), True)
    assert end.data["cards"] == state.data["cards"]
    assert end.data["balls"] == []
    assert rng.exhausted


def test_a_lost_round_ends_without_a_move() -> None:
    engine = build(TINY)
    rng = ForcedRng([Draw("shuffle", [8], list(range(1, 9))), Draw("sample", [8, 4], [1, 4, 5, 8])])
    state = play(engine, rng, ("bet", {"amount": 2}))
    assert state.data["total_winnings"] == 0
    assert engine.apply(state, Action("end", {}), rng).moves == ()


def test_a_bet_in_a_game_ends_it_and_leads_to_the_next() -> None:
    state = play(JOKER, ForcedRng([IN_ORDER, FILLED]), ("bet", {"amount": 4}))
    step = JOKER.apply(state, Action("bet", {"amount": 8}), ForcedRng([]))
    assert (step.name, step.over, step.moves) == ("idle", True, (Move("win", 5000),))
    assert step.then == Action("bet", {"amount": 8})
    after = JOKER.apply(kept(step), step.then, ForcedRng([SCATTERED]))
    assert (after.name, after.moves, after.data["stake"]) == ("game", (Move("wager", 8),), 8)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, Code.BAD_PARAMS),
        ({"amount": 0}, Code.BAD_PARAMS),
        ({"amount": -4}, Code.BAD_PARAMS),
        ({"amount": True}, Code.BAD_PARAMS),
        ({"amount": 4.0}, Code.BAD_PARAMS),
        ({"amount": "4"}, Code.BAD_PARAMS),
        ({"amount": None}, Code.BAD_PARAMS),
        ({"amount": [4]}, Code.BAD_PARAMS),
        ({"amount": 5}, Code.BAD_PARAMS),
        ({"amount": 12}, Code.BAD_PARAMS),
        ({"amount": 4, "balls": [1]}, Code.BAD_PARAMS),
        ({"bet_amount": 4}, Code.BAD_PARAMS),
        ({"amount": 404}, Code.LIMIT),
        ({"amount": 2**70}, Code.LIMIT),
    ],
)
def test_a_bad_bet_is_refused_and_leaves_the_round_as_it_was(params: dict[str, Any], code: Code, started: bool) -> None:
    actions = [("bet", {"amount": 4})] if started else []
    state = play(JOKER, ForcedRng([IN_ORDER, FILLED]), *actions)
    assert refusal(JOKER, state, "bet", params) == code


def test_the_limit_is_the_sites() -> None:
    engine = load("joker-bingo", max_stake=100)
    state = play(engine, ForcedRng([IN_ORDER]))
    assert refusal(engine, state, "bet", {"amount": 200}) == Code.LIMIT
    engine.apply(state, Action("bet", {"amount": 100}), ForcedRng([SCATTERED]))


def test_open_cards_share_the_stake_and_closed_ones_win_nothing() -> None:
    state = play(JOKER, ForcedRng([IN_ORDER]), ("cards", {"open": [1, 3]}))
    assert state.data["open"] == [1, 3]
    assert refusal(JOKER, state, "bet", {"amount": 5}) == Code.BAD_PARAMS
    step = JOKER.apply(state, Action("bet", {"amount": 10}), ForcedRng([FILLED]))
    assert step.data["winnings"] == [0, 2500 * 5, 0, 0]
    assert {prize["card"] for prize in step.data["prizes"]} == {1}


def test_choosing_cards_deals_nothing_and_a_new_series_keeps_the_choice() -> None:
    rng = ForcedRng([IN_ORDER, Draw("shuffle", [60], list(range(60, 0, -1)))])
    first = kept(JOKER.start(rng))
    chosen = kept(JOKER.apply(first, Action("cards", {"open": [0, 2]}), rng))
    assert (chosen.data["cards"], chosen.private) == (first.data["cards"], first.private)
    dealt = JOKER.apply(chosen, Action("cards", {}), rng)
    assert dealt.data["open"] == [0, 2]
    assert dealt.private == {"deal": [list(range(60, 0, -1))]}
    assert dealt.data["cards"][3] == first.data["cards"][0]
    assert (dealt.moves, dealt.over) == ((), True)


@pytest.mark.parametrize(
    "chosen", [[], [4], [-1], [0, 0], [2, 0], [True], [0.0], ["0"], [None], "0", {"0": 1}, None, 0, [[0]]], ids=repr
)
def test_a_bad_choice_of_cards_is_refused(chosen: Any) -> None:
    state = play(JOKER, ForcedRng([IN_ORDER]))
    assert refusal(JOKER, state, "cards", {"open": chosen}) == Code.BAD_PARAMS


def test_unknown_parameters_are_refused() -> None:
    idle = play(JOKER, ForcedRng([IN_ORDER]))
    game = play(JOKER, ForcedRng([IN_ORDER, SCATTERED]), ("bet", {"amount": 4}))
    assert refusal(JOKER, idle, "cards", {"closed": [0]}) == Code.BAD_PARAMS
    assert refusal(JOKER, idle, "cards", {"open": [0], "seed": 1}) == Code.BAD_PARAMS
    assert refusal(JOKER, game, "end", {"win": 1}) == Code.BAD_PARAMS
    assert refusal(JOKER, game, "extra", {"ball": 7}) == Code.BAD_PARAMS


def test_actions_of_the_other_state_are_refused() -> None:
    idle = play(JOKER, ForcedRng([IN_ORDER]))
    game = play(JOKER, ForcedRng([IN_ORDER, FILLED]), ("bet", {"amount": 4}))
    for state, names in ((idle, ["end", "extra", "spin", ""]), (game, ["cards", "extra", "collect"])):
        for name in names:
            assert refusal(JOKER, state, name, {}) == Code.ACTION_NOT_ALLOWED


def test_a_round_on_offer_cannot_be_unloaded_and_an_abandoned_one_is_ended() -> None:
    idle = play(JOKER, ForcedRng([IN_ORDER]))
    over = play(JOKER, ForcedRng([IN_ORDER, FILLED]), ("bet", {"amount": 4}))
    offered = play(JOKER, ForcedRng([IN_ORDER, SCATTERED]), ("bet", {"amount": 4}))
    assert "extra" in offered.actions
    assert JOKER.finish(idle) == JOKER.abandon(idle) == ()
    assert JOKER.finish(over) == JOKER.abandon(over) == JOKER.abandon(offered) == (Action("end", {}),)
    with pytest.raises(Refused) as refused:
        JOKER.finish(offered)
    assert refused.value.code == Code.NOT_FINISHABLE


def test_the_jackpot_is_won_by_a_full_open_card_within_the_first_balls_only() -> None:
    engine = load("joker-bingo", jackpot="jp_joker_bingo")
    idle = kept(engine.start(ForcedRng([IN_ORDER])))
    assert idle.data["jackpot"] == {"id": "jp_joker_bingo", "within": 28, "won": []}
    step = engine.apply(idle, Action("bet", {"amount": 4}), ForcedRng([FILLED]))
    assert step.data["jackpot"]["won"] == [0]  # the second card is full with the 30th ball
    assert (step.jackpots, engine.jackpots, JOKER.jackpots) == (("jp_joker_bingo",), ("jp_joker_bingo",), ())
    closed = kept(engine.apply(idle, Action("cards", {"open": [1]}), ForcedRng([])))
    step = engine.apply(closed, Action("bet", {"amount": 1}), ForcedRng([FILLED]))
    assert (step.data["jackpot"]["won"], step.jackpots) == ([], ())
    assert "jackpot" not in JOKER.start(ForcedRng([IN_ORDER])).data


def test_extra_balls_never_win_the_jackpot() -> None:
    """Neither again, after a draw that has won it, nor for a card that they fill."""
    engine = load("joker-bingo", jackpot="jp")
    early = [*range(1, 16), *range(17, 32)], 16, [0]  # the first card is full at once, the second lacks its 16
    late = [*range(60, 46, -1), *range(1, 15), 20, 21], 15, []  # the first card lacks its 15
    for draw, ball, won in (early, late):
        state = kept(play(engine, ForcedRng([IN_ORDER, Draw("sample", [60, 30], draw)]), ("bet", {"amount": 4})))
        assert (state.data["jackpot"]["won"], "extra" in state.actions) == (won, True)
        step = engine.apply(state, Action("extra", {}), ForcedRng([Draw("sample", [30, 1], [ball])]))
        assert step.data["balls"][-1] == ball
        assert (step.jackpots, step.data["jackpot"]["won"]) == ((), won)


def test_free_cells_are_shown_as_zero_and_count_as_hit() -> None:
    engine = build(RANGED)
    rng = ForcedRng(
        [
            Draw("shuffle", [6], [1, 2, 3, 4, 5, 6]),
            Draw("shuffle", [8], [7, 8, 9, 10, 11, 12, 13, 14]),
            Draw("sample", [14, 5], [8, 13, 14, 4, 6]),
        ]
    )
    state = play(engine, rng, ("bet", {"amount": 3}))
    assert state.data["cards"] == [[1, 7, 0, 8], [2, 9, 0, 10], [3, 11, 0, 12]]
    assert state.private == {"deal": [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12, 13, 14]]}
    assert state.data["winnings"] == [3, 0, 0]  # the lower row: the free cell and 8


def test_unchanged_parts_are_handed_on_and_the_state_is_not_touched() -> None:
    rng = SystemRng()
    state = kept(JOKER.start(rng))
    before = copy.deepcopy(state)
    step = JOKER.apply(state, Action("bet", {"amount": 4}), rng)
    assert state == before
    assert step.data["cards"] is state.data["cards"]
    assert step.private is state.private
