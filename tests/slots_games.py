"""Small slot games that between them have every feature, and what tests need to play them number by number."""

from typing import Any

import orjson

from webingo.engines.engine import Action, GameState, Step
from webingo.engines.slots.engine import SlotsEngine
from webingo.rng import fresh_id

# Reels of five stops. In all games here the stop is the top row of the window, and 0 is the first of the strip.
PLAIN = ["A", "B", "C", "A", "B"]

# Three lines of which one to three are played, a wild that doubles, a gamble. Stops 0 0 0 show A B C on every reel.
LINES: dict[str, Any] = {
    "window": {"reels": 3, "rows": 3},
    "symbols": ["A", "B", "C", "W"],
    "wilds": [{"symbol": "W", "multiplier": 2}],
    "strips": {"base": [["A", "B", "C", "A", "C"], ["A", "B", "C", "W", "B"], ["A", "B", "C", "B", "C"]]},
    "lines": [[1, 1, 1], [0, 0, 0], [2, 2, 2]],
    "pays": [
        {"symbol": "A", "pays": {"2": 1, "3": 5}},
        {"symbol": "B", "pays": {"3": 3}},
        {"symbol": "C", "pays": {"3": 2}},
    ],
    "gamble": {"types": ["double_up", "triple_up"], "max_steps": 3, "limit": 20},
}

# Ways, free spins with a multiplier that can be retriggered, a pick that may award them, two buys, no gamble. Scatters: one on
# every reel at stop 4, so stops 4 4 4 show three of them, 4 4 0 two.
_WITH_SCATTER = ["A", "B", "C", "A", "S"]
WAYS: dict[str, Any] = {
    "window": {"reels": 3, "rows": 1},
    "symbols": ["A", "B", "C", "S"],
    "strips": {"base": [_WITH_SCATTER] * 3, "free": [["A", "B", "C", "B", "S"]] * 3},
    "pay_by": "ways",
    "coins": 10,
    "pays": [{"symbol": "A", "pays": {"2": 4, "3": 20}}, {"symbol": "B", "pays": {"3": 10}}],
    "scatters": [
        {
            "symbol": "S",
            "pays": {"3": 2},
            "awards": {"2": {"feature": "chest"}, "3": {"feature": "free", "spins": 3}},
        }
    ],
    "features": {
        "free": {
            "type": "free_spins",
            "title": "Free spins",
            "strips": "free",
            "multiplier": 3,
            "max_spins": 5,
            "scatters": [
                {"symbol": "S", "awards": {"2": {"feature": "free", "spins": 2}, "3": {"feature": "chest"}}},
            ],
        },
        "chest": {
            "type": "pick",
            "title": "Treasure",
            "picks": 3,
            "items": [
                {"name": "coins", "pay": 2, "count": 2},
                {"name": "jewel", "pay": 5, "weight": 2},
                {"name": "key", "award": {"feature": "bonus", "spins": 1, "multiplier": 4}},
                {"name": "snake", "pay": 1, "end": True},
            ],
        },
        "bonus": {"type": "free_spins", "strips": "free", "scatters": [], "max_spins": 2},
    },
    "buy": [
        {"name": "free", "title": "Three free spins", "cost": 20, "award": {"feature": "free", "spins": 3}},
        {"name": "chest", "title": "The chest", "cost": 7, "award": {"feature": "chest"}},
    ],
}

# A wheel that a random award turns, and a box that a line without a pay opens; on the wheel are free spins whose multiplier is
# drawn and in which reels turn wild; a gamble of one step, jackpots.
WHEEL: dict[str, Any] = {
    "window": {"reels": 3, "rows": 2},
    "symbols": ["A", "B", "C", "W", "Z"],
    "wilds": [{"symbol": "W", "expands": True, "reels": [1]}],
    "strips": {
        "base": [
            {"stops": PLAIN, "weights": [1, 2, 3, 1, 1]},
            ["A", "C", "W", "B", "C"],
            {"frequencies": {"A": 2, "B": 1, "C": 1, "Z": 1}},
        ]
    },
    "lines": [[0, 0, 0], [1, 1, 1]],
    "pays": [
        {"symbol": "A", "pays": {"3": 6}},
        {"symbol": "B", "pays": {"3": 8}, "align": "any"},
        {"name": "high", "symbols": ["A", "B"], "pays": {"3": 1}},
        {"name": "corner", "combination": ["C", "*", "Z"], "award": {"feature": "box"}},
    ],
    "scatters": [{"symbol": "C", "pays": {"3": 1}}],
    "multiplier": {"1": 3, "2": 1},
    "random_awards": [{"chance": "1/6", "award": {"feature": "wheel"}}],
    "features": {
        "wheel": {
            "type": "wheel",
            "unit": "line_bet",
            "segments": [
                {"name": "small", "weight": 3, "pay": 10},
                {"name": "spins", "weight": 1, "award": {"feature": "free", "spins": 2}},
                {"name": "grand", "weight": 1, "jackpot": "grand"},
                {"name": "none", "weight": 1},
            ],
        },
        "free": {
            "type": "free_spins",
            "multiplier": {"2": 1, "5": 1},
            "wilds": [{"symbol": "W"}],
            "extra_wilds": {"symbol": "W", "choices": [{"reels": [0], "weight": 2}, {"reels": [0, 2]}]},
            "max_spins": 4,
        },
        "box": {"type": "pick", "picks": 1, "unit": "line_bet", "items": [{"pay": 3, "count": 2}, {"pay": 9}]},
    },
    "jackpots": [{"id": "grand"}, {"id": "mini", "pay": "A", "count": 3}],
    "gamble": {"types": ["triple_up"], "max_steps": 1, "limit": 1000},
}

# Free spins that only the win cap ends, and a gamble that it limits.
CAPPED: dict[str, Any] = {
    "window": {"reels": 3, "rows": 1},
    "symbols": ["A", "B", "S"],
    "strips": {"base": [["A", "B", "S", "B"]] * 3},
    "lines": [[0, 0, 0]],
    "pays": [{"symbol": "A", "pays": {"3": 30}}, {"symbol": "B", "pays": {"3": 1}}],
    "scatters": [{"symbol": "S", "pays": {"2": 1, "3": 4}, "awards": {"3": {"feature": "free", "spins": 10}}}],
    "features": {"free": {"type": "free_spins", "multiplier": 2}},
    "buy": [{"name": "free", "title": "Ten free spins", "cost": 3, "award": {"feature": "free", "spins": 10}}],
    "gamble": {"types": ["double_up", "triple_up"], "max_steps": 5, "limit": 500},
    "win_cap": 50,
}

GAMES = {"lines": LINES, "ways": WAYS, "wheel": WHEEL, "capped": CAPPED}
SETTINGS: dict[str, dict[str, Any]] = {
    "lines": {"bets": [1, 2, 10], "lines": [1, 2, 3], "max_stake": 20},
    "ways": {"bets": [1, 5], "max_stake": 50},
    "wheel": {"bets": [1, 2], "max_stake": 4},
    "capped": {"bets": [1, 3], "max_stake": 3},
}


def build(game: str, math: dict[str, Any] | None = None, **settings: Any) -> SlotsEngine:
    """One of the games above, with some of its mathematics or settings changed."""
    return SlotsEngine(
        SlotsEngine.Math.model_validate_json(orjson.dumps(GAMES[game] | (math or {}))),
        SlotsEngine.Settings.model_validate_json(orjson.dumps(SETTINGS[game] | settings)),
    )


class Numbers:
    """An Rng that answers with the given numbers, in their order; slots ask for nothing but `below`."""

    def __init__(self, *numbers: int) -> None:
        self.left = list(numbers)

    def below(self, n: int) -> int:
        assert self.left, f"below({n}) was asked for, but no number is left"
        number = self.left.pop(0)
        assert 0 <= number < n, f"below({n}) can't be {number}"
        return number

    def distribution(self, n: int, m: int) -> int:
        raise AssertionError("not asked for by slots")

    weighted = shuffle = sample = distribution  # type: ignore[assignment]


def kept(step: Step) -> GameState:
    """The state that a step leads to as a store gives it back: through JSON, with an id."""
    return GameState(
        fresh_id(), step.name, orjson.loads(orjson.dumps(step.data)), step.actions, orjson.loads(orjson.dumps(step.private))
    )


def begun(engine: SlotsEngine) -> GameState:
    return kept(engine.start(Numbers()))


def act(engine: SlotsEngine, state: GameState, name: str, params: dict[str, Any] | None = None, *numbers: int) -> Step:
    """One action with the given numbers, all of which have to be used."""
    rng = Numbers(*numbers)
    step = engine.apply(state, Action(name, params or {}), rng)
    assert rng.left == []
    return step
