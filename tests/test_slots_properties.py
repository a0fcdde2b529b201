"""Whatever a player does, the slots engine keeps its promises: any sequence of actions, on small games with every feature."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slots_games import GAMES, build, kept
from webingo.draws import ForcedRng, RecordingRng
from webingo.engines.engine import Action, GameState, Step
from webingo.engines.slots.engine import SlotsEngine
from webingo.errors import Code, Refused
from webingo.rng import SystemRng

ENGINES = {game: build(game) for game in sorted(GAMES)} | {
    "safe": build("lines", gamble=False),
    "both": build("lines", {"align": "both", "line_coinciding": True, "win_cap": 9}, lines=[2]),
    "limited": build("ways", {"win_cap": 30, "gamble": {"types": ["double_up"], "max_steps": 9, "limit": 40}}),
}
ALL_ACTIONS = ("spin", "buy", "play", "pick", "gamble", "collect", "bet", "")

numbers = st.integers(-1, 12) | st.sampled_from([True, 1.0, "1", None, 10**30])
words = st.sampled_from(["free", "chest", "double_up", "triple_up", "spin", "game_round", "", 1, None])
wild = st.dictionaries(
    st.sampled_from(["bet", "lines", "item", "all", "collect", "name", "type", "context", "x"]), numbers | words
)
choices = st.tuples(st.sampled_from(ALL_ACTIONS), st.none() | wild, st.integers(0, 11))


def sensible(state: GameState, name: str, which: int) -> dict[str, Any]:
    """Parameters that are right for an action; `which` chooses among them."""
    data = state.data
    if name in ("spin", "buy"):
        params = {"bet": data["bets"][which % 2]}
        if len(data["line_choices"]) > 1:
            params["lines"] = data["line_choices"][which % 3]
        return params if name == "spin" else params | {"name": data["buys"][which % len(data["buys"])]["name"]}
    if name == "play":
        return [{}, {}, {"all": True}, {"all": True, "collect": True}][which % 4]
    if name == "pick" and data["feature"]["type"] == "pick":
        closed = [place for place, item in enumerate(data["feature"]["items"]) if not item["open"]]
        return {"item": closed[which % len(closed)]}
    if name == "gamble":
        offers = [("game_round", kind) for kind in data["gamble"]["types"]]
        offers += [("spin", kind) for kind in data["gamble"]["spin_types"]]
        context, kind = offers[which % len(offers)]
        return {"context": context, "type": kind}
    return {}


class Table:
    """Plays actions, checks each step, and keeps the money of the round."""

    def __init__(self, engine: SlotsEngine) -> None:
        self.engine = engine
        self.wagers: list[int] = []
        self.wins: list[int] = []
        self.won = 0  # the round's win as the state before told it
        self.state = self.settle(self.step(engine.start))

    def act(self, action: Action) -> None:
        before = self.state
        frozen = copy.deepcopy((before, action))
        step = self.step(lambda rng: self.engine.apply(before, action, rng))
        assert (before, action) == frozen, "what was given has changed"
        self.state = self.settle(step)
        if step.then:
            assert step.over
            self.act(step.then)

    def step(self, call: Any) -> Step:
        """A step, and that its recorded draws lead to the same step again."""
        rng = RecordingRng(SystemRng())
        step: Step = call(rng)
        forced = ForcedRng(rng.draws)
        assert call(forced) == step
        assert forced.exhausted
        return step

    def settle(self, step: Step) -> GameState:
        for kind, amount in step.moves:
            assert type(amount) is int
            assert amount > 0
            (self.wagers if kind == "wager" else self.wins).append(amount)
        self.look(step)
        if step.over:
            self.wagers, self.wins = [], []
        state = kept(step)
        assert (state.name, state.data, state.actions) == (step.name, step.data, step.actions), "JSON keeps all of it"
        return state

    def look(self, step: Step) -> None:
        data = step.data
        assert step.over == (step.name == "idle")
        assert len(self.wagers) <= 1
        if self.wagers:
            stake = data["stake"]
            cost = {buy["name"]: buy["cost"] for buy in data["buys"]}.get(data["bought"], 1)
            assert self.wagers == [stake * cost]
            assert stake == data["bet"] * (data.get("coins") or data["lines"]) <= data["max_stake"]
            assert self.wins == ([data["win"]] if step.over and data["win"] else [])
            assert sum(self.wins) <= self.engine.max_win * self.wagers[0]
            cap = self.engine.math.win_cap
            assert not cap or data["win"] <= cap * stake
            assert data["capped"] == (bool(cap) and data["win"] == cap * stake and data["gamble"] is None)
        assert (data["feature"] is not None) == (step.name == "feature")
        assert not data["queue"] or data["feature"]
        self.look_at_spin(data["spin"], data)
        if step.name == "won":
            offer = data["gamble"]
            assert offer["amount"] == data["win"] >= offer["spin_amount"] >= 0
            assert offer["types"] or offer["spin_types"]
            assert offer["steps_left"] > 0

    def look_at_spin(self, spin: dict[str, Any] | None, data: dict[str, Any]) -> None:
        if spin is None:
            assert data["idle_window"]
            return
        layout = data["layout"]
        for window in (spin["landed"], spin["window"]):
            assert [len(column) for column in window] == [layout["rows"]] * layout["reels"]
        changed = [reel for reel in range(layout["reels"]) if spin["landed"][reel] != spin["window"][reel]]
        assert set(changed) <= {*spin["expanded"], *spin["extra_wilds"]}
        assert spin["win"] == sum(win["win"] for win in spin["wins"])
        assert all(win["win"] > 0 for win in spin["wins"])
        assert spin.get("multiplier") == 1 or spin["wins"]
        for award in spin["awards"]:
            for reel, row in award["by"].get("cells", []):
                assert spin["landed"][reel][row] == award["by"]["pay"]


@pytest.mark.parametrize("game", sorted(ENGINES))
@settings(max_examples=40, deadline=None)
@given(plan=st.lists(choices, min_size=1, max_size=12))
def test_any_actions_keep_the_invariants(game: str, plan: list[tuple[str, dict[str, Any] | None, int]]) -> None:
    table = Table(ENGINES[game])
    for name, params, which in plan:
        state = table.state
        frozen = copy.deepcopy(state)
        listed = name in state.actions
        action = Action(name, sensible(state, name, which) if params is None and listed else params or {})
        try:
            table.act(action)
        except Refused as refusal:
            assert refusal.code in ({Code.BAD_PARAMS, Code.LIMIT} if listed else {Code.ACTION_NOT_ALLOWED})
            assert params is not None or not listed or refusal.code == Code.LIMIT, f"{action} was refused: {refusal}"
            assert table.state == state == frozen
        else:
            assert listed


@pytest.mark.parametrize("game", sorted(ENGINES))
def test_exactly_the_listed_actions_are_accepted_in_long_play(game: str) -> None:
    table = Table(ENGINES[game])
    seen = set()
    for turn in range(300):
        state = table.state
        seen.add(state.actions)
        for name in ALL_ACTIONS:
            try:
                table.engine.apply(state, Action(name, sensible(state, name, 0) if name in state.actions else {}), SystemRng())
            except Refused as refusal:
                assert name not in state.actions
                assert refusal.code == Code.ACTION_NOT_ALLOWED
            else:
                assert name in state.actions
        name = state.actions[turn % len(state.actions)]
        try:
            table.act(Action(name, sensible(state, name, turn)))
        except Refused as refusal:
            assert refusal.code == Code.LIMIT  # the higher bet on all lines
            table.act(Action(name, sensible(state, name, 0)))
    assert len(seen) > 1 or game == "safe"


@pytest.mark.parametrize("game", sorted(ENGINES))
def test_from_every_state_an_abandoned_round_is_closed_in_one_go(game: str) -> None:
    table = Table(ENGINES[game])
    for turn in range(150):
        state = table.state
        if state.name == "feature":
            with pytest.raises(Refused) as refused:
                table.engine.finish(state)
            assert refused.value.code == Code.NOT_FINISHABLE
        else:
            assert table.engine.finish(state) == table.engine.abandon(state)
        left = table.engine.abandon(state)
        assert (state.name == "idle") == (left == ())
        other = copy.copy(table)
        other.wagers, other.wins = list(table.wagers), []
        for action in left:
            other.act(action)
        assert other.state.name == "idle"
        name = state.actions[turn % len(state.actions)]
        table.act(Action(name, sensible(state, name, 0)))


@pytest.mark.parametrize("game", sorted(ENGINES))
def test_a_round_pays_the_sum_of_its_spins_picks_and_wheels_up_to_the_win_cap(game: str) -> None:
    engine = ENGINES[game]
    state = kept(engine.start(SystemRng()))
    for turn in range(60):
        name = "buy" if turn % 3 == 0 and "buy" in state.actions else "spin"
        action = Action(name, sensible(state, name, 0))
        total = paid = 0
        while action:
            step = engine.apply(state, action, SystemRng())
            total += earned(action.name, state.data["feature"], step.data)
            paid += sum(amount for kind, amount in step.moves if kind == "win")
            cap = (engine.math.win_cap or 10**9) * step.data["stake"]
            assert step.data["win"] == min(total, cap)
            state = kept(step)
            action = {"feature": Action("play", {}), "won": Action("collect", {})}.get(step.name)
        assert paid == min(total, cap)


def earned(action: str, feature: dict[str, Any] | None, data: dict[str, Any]) -> int:
    """What a step has won by itself: its spin, or the item that it has opened, in the feature that ran before it."""
    if action in ("collect", "buy"):
        return 0
    if feature is None or feature["type"] == "free_spins":
        return int(data["spin"]["win"])
    after = data["done"] or data["feature"]
    assert after["name"] == feature["name"]
    return int(after["items"][after["last"]]["pay"])


def test_a_step_does_not_depend_on_the_states_id_or_on_earlier_play() -> None:
    engine, fresh = ENGINES["ways"], build("ways")
    state = kept(engine.start(SystemRng()))
    rng = RecordingRng(SystemRng())
    step = engine.apply(state, Action("spin", {"bet": 1}), rng)
    assert fresh.apply(state._replace(id="another"), Action("spin", {"bet": 1}), ForcedRng(rng.draws)) == step
