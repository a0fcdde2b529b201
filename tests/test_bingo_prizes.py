"""Prizes, near misses and prices equal those of an oracle that knows only the rules' text."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bingo_oracle import RANGED, TINY, build, extra_cost, kept, load, manifest, pay, prizes, raises
from webingo.draws import Draw, ForcedRng
from webingo.engines.bingo.definition import Math
from webingo.engines.bingo.prizes import prizes_of
from webingo.engines.engine import Action

GAMES: dict[str, dict[str, Any]] = {
    "tiny": TINY,
    "ranged": RANGED,
    "joker-bingo": manifest("joker-bingo")["math"],
    "bingo-75": manifest("bingo-75")["math"],
}
ENGINES = {"tiny": build(TINY), "ranged": build(RANGED), "joker-bingo": load("joker-bingo"), "bingo-75": load("bingo-75")}


@st.composite
def rounds(draw: st.DrawFn) -> tuple[str, list[int], list[int], int]:
    """A game, the order of its balls, the open cards, and the number of extra balls wished for."""
    game = draw(st.sampled_from(sorted(GAMES)))
    math = GAMES[game]
    order = draw(st.permutations(range(1, math["pool"] + 1)))
    open_cards = sorted(draw(st.sets(st.integers(0, math["cards"] - 1), min_size=1)))
    return game, order, open_cards, draw(st.integers(0, math.get("max_extra", 0)))


@settings(max_examples=80, deadline=None)
@given(rounds(), st.booleans())
def test_prizes_near_and_prices_are_those_of_the_rules(case: tuple[str, list[int], list[int], int], lucky: bool) -> None:
    game, order, open_cards, extras = case
    math, engine = GAMES[game], ENGINES[game]
    ranges = math.get("column_ranges") or [[1, math["pool"]]]
    deal = [[ball for ball in order if low <= ball <= high] for low, high in ranges]
    shuffles = [Draw("shuffle", [len(pack)], pack) for pack in deal]
    state = kept(engine.start(ForcedRng(shuffles)))
    cards = state.data["cards"]
    state = kept(engine.apply(state, Action("cards", {"open": open_cards}), ForcedRng([])))
    if lucky:  # big pictures are rare, so the first card's balls come first
        wanted = [number for number in cards[open_cards[0]] if number]
        order = wanted + [ball for ball in reversed(order) if ball not in wanted]
    drawn = order[: math["draw"]]
    step = engine.apply(
        state, Action("bet", {"amount": 10 * len(open_cards)}), ForcedRng([Draw("sample", [math["pool"], math["draw"]], drawn)])
    )
    for ball in [None, *order[math["draw"] :][:extras]]:
        if ball is not None:
            if "extra" not in step.actions:
                break
            draw = Draw("sample", [math["pool"] - len(drawn), 1], [ball])
            step = engine.apply(kept(step), Action("extra", {}), ForcedRng([draw]))
            drawn = [*drawn, ball]
        check(math, step.data, cards, open_cards, drawn)
        assert ("extra" in step.actions) == (step.data["extra_cost"] > 0)
        assert step.data["extra_left"] == math["draw"] + math.get("max_extra", 0) - len(drawn)


def check(math: dict[str, Any], data: dict[str, Any], cards: list[list[int]], open_cards: list[int], drawn: list[int]) -> None:
    balls = {0, *drawn}  # 0 stands on free cells
    assert data["balls"] == drawn
    assert data["winnings"] == [10 * pay(math, card, balls) if i in open_cards else 0 for i, card in enumerate(cards)]
    assert data["total_winnings"] == sum(data["winnings"])
    expected = [(i, name, 10 * paid) for i in open_cards for name, paid in prizes(math, cards[i], balls)]
    assert sorted((p["card"], p["pattern"], p["pay"]) for p in data["prizes"]) == sorted(expected)
    raised: dict[tuple[int, int], int] = {}
    for entry in data["near"]:
        place = (entry["card"], entry["ball"])
        raised[place] = raised.get(place, 0) + entry["pay"]
        assert entry["pay"] > 0
        after = prizes(math, cards[entry["card"]], balls | {entry["ball"]})
        assert entry["pattern"] in [name for name, _ in after]
    more = {(i, ball): 10 * extra for i in open_cards for ball, extra in raises(math, cards[i], balls).items()}
    assert raised == more
    assert data["extra_cost"] == extra_cost(math, [[*cards[i]] for i in open_cards], drawn, 10)


@pytest.mark.parametrize("game", sorted(GAMES))
def test_the_simulations_judge_agrees_with_the_live_one(game: str) -> None:
    table = prizes_of(Math.model_validate(GAMES[game]))
    hits = np.random.default_rng(5).integers(0, table.full + 1, 3000) | np.random.default_rng(6).integers(
        0, table.full + 1, 3000
    )
    assert table.pays(hits).tolist() == [table.outcome(mask).pay for mask in hits.tolist()]


@pytest.mark.parametrize("game", sorted(GAMES))
def test_the_full_card_is_the_most_that_a_card_can_win(game: str) -> None:
    table = prizes_of(Math.model_validate(GAMES[game]))
    most = 1 << min(table.numbers, 12)
    assert max(table.outcome(mask).pay for mask in range(table.full + 1 - most, table.full + 1)) == ENGINES[game].max_win
