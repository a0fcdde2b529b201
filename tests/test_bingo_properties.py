"""Whatever a player does, the engine keeps its promises: any sequence of actions, on small and on real games."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bingo_oracle import RANGED, TINY, build, kept, load, recorded
from webingo.draws import ForcedRng, RecordingRng
from webingo.engines.engine import Action, GameState, Step
from webingo.errors import Code, Refused
from webingo.rng import SystemRng

ENGINES = {
    "tiny": build(TINY),
    "ranged": build(RANGED, jackpot="jp"),
    "joker-bingo": load("joker-bingo", jackpot="jp_joker_bingo"),
    "bingo-75": load("bingo-75"),
}
ALL_ACTIONS = ("bet", "cards", "extra", "end", "spin", "")

amounts = st.integers(-1, 70) | st.sampled_from([True, 1.0, "1", None, 10**30])
opens = st.lists(st.integers(-1, 4), max_size=4) | st.none()
wild = st.fixed_dictionaries({}, optional={"amount": amounts, "open": opens, "x": st.none()})
choices = st.tuples(st.sampled_from(ALL_ACTIONS), st.none() | wild, st.integers(0, 2))


def sensible(engine: Any, state: GameState, name: str, pick: int) -> dict[str, Any]:
    """Parameters that are right for an action."""
    if name == "bet":
        return {"amount": state.data["bets"][min(pick, 1)] * len(state.data["open"])}
    if name == "cards" and pick:
        return {"open": list(range(pick))}
    return {}


class Table:
    """Plays actions, checks each step, and keeps the money and the draws of the round."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.wagers: list[int] = []
        self.wins = 0
        self.state = self.settle(self.step(engine.start))

    def act(self, action: Action) -> None:
        before = self.state
        frozen = copy.deepcopy(before)
        step = self.step(lambda rng: self.engine.apply(before, action, rng))
        assert before == frozen, "the state that was acted on has changed"
        self.state = self.settle(step)
        if step.then:
            self.act(step.then)

    def step(self, call: Any) -> Step:
        """A step, and that its recorded draws lead to the same step again."""
        rng = RecordingRng(SystemRng())
        step: Step = call(rng)
        forced = ForcedRng(recorded(rng.draws))
        assert call(forced) == step
        assert forced.exhausted
        return step

    def settle(self, step: Step) -> GameState:
        for move in step.moves:
            assert type(move.amount) is int
            assert move.amount > 0
            if move.kind == "wager":
                self.wagers.append(move.amount)
            else:
                self.wins += move.amount
        if self.wagers:
            assert self.wins <= self.engine.max_win * self.wagers[0]
        if step.over:
            self.wagers, self.wins = [], 0
        assert step.over == (step.name == "idle")
        self.look(step)
        return kept(step)

    def look(self, step: Step) -> None:
        data = step.data
        layout = data["layout"]
        numbers = [n for card in data["cards"] for n in card if n]
        assert len(numbers) == len(set(numbers))
        assert set(numbers) <= set(range(1, layout["pool"] + 1))
        assert all(len(card) == layout["rows"] * layout["columns"] for card in data["cards"])
        assert data["open"] == sorted(set(data["open"])) != []
        assert len(set(data["balls"])) == len(data["balls"])
        if step.name == "game":
            assert data["total_winnings"] == sum(data["winnings"]) == sum(prize["pay"] for prize in data["prizes"])
            assert data["stake"] == self.wagers[0]
            assert len(data["balls"]) == layout["draw"] + len(self.wagers) - 1
            assert ("extra" in step.actions) == (data["extra_cost"] > 0)
            assert all(data["winnings"][card] == 0 for card in range(len(data["cards"])) if card not in data["open"])
        else:
            assert data["balls"] == []


@pytest.mark.parametrize("game", sorted(ENGINES))
@settings(max_examples=40, deadline=None)
@given(plan=st.lists(choices, min_size=1, max_size=10))
def test_any_actions_keep_the_invariants(game: str, plan: list[tuple[str, dict[str, Any] | None, int]]) -> None:
    engine = ENGINES[game]
    table = Table(engine)
    for name, params, pick in plan:
        state = table.state
        frozen = copy.deepcopy(state)
        action = Action(name, sensible(engine, state, name, pick) if params is None else params)
        try:
            table.act(action)
        except Refused as refusal:
            assert params is not None or name not in state.actions, f"{action} was refused: {refusal}"
            expected = {Code.BAD_PARAMS, Code.LIMIT} if name in state.actions else {Code.ACTION_NOT_ALLOWED}
            assert refusal.code in expected
            assert table.state == state == frozen
        else:
            assert name in state.actions


@pytest.mark.parametrize("game", sorted(ENGINES))
def test_exactly_the_listed_actions_are_accepted_in_long_play(game: str) -> None:
    engine = ENGINES[game]
    table = Table(engine)
    for turn in range(60):
        state = table.state
        for name in ALL_ACTIONS:
            action = Action(name, sensible(engine, state, name, 1))
            if name in state.actions:
                assert isinstance(engine.apply(state, action, SystemRng()), Step)
            else:
                with pytest.raises(Refused) as refused:
                    engine.apply(state, action, SystemRng())
                assert refused.value.code == Code.ACTION_NOT_ALLOWED
        # In a game: as many extra balls as there are on most turns, else end or bet again; when idle: bet or change cards.
        name = "extra" if "extra" in state.actions and turn % 5 else state.actions[-1 - turn % 2]
        table.act(Action(name, sensible(engine, state, name, turn % 3)))


@pytest.mark.parametrize("game", sorted(ENGINES))
def test_a_round_can_always_be_abandoned(game: str) -> None:
    engine = ENGINES[game]
    for _ in range(30):
        table = Table(engine)
        table.act(Action("bet", sensible(engine, table.state, "bet", 0)))
        for action in engine.abandon(table.state):
            table.act(action)
        assert table.state.name == "idle"
        assert engine.finish(table.state) == ()


def test_a_step_does_not_depend_on_the_states_id_or_on_earlier_play() -> None:
    engine, fresh = ENGINES["joker-bingo"], load("joker-bingo", jackpot="jp_joker_bingo")
    state = kept(engine.start(SystemRng()))
    rng = RecordingRng(SystemRng())
    step = engine.apply(state, Action("bet", {"amount": 4}), rng)
    assert fresh.apply(state._replace(id="another"), Action("bet", {"amount": 4}), ForcedRng(rng.draws)) == step
