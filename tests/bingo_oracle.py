"""The rules of bingo once more, written from their text with sets and fractions, slowly and independently of the engine."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import orjson

from webingo.draws import Draw
from webingo.engines.bingo.engine import BingoEngine
from webingo.engines.engine import Action, GameState, Step
from webingo.rng import Rng, fresh_id

GAMES = Path(__file__).parent.parent / "res" / "games"

TINY = {
    "pool": 8,
    "draw": 4,
    "cards": 2,
    "rows": 2,
    "columns": 2,
    "max_extra": 2,
    "extra_margin": "1.1",
    "patterns": [
        {"name": "full", "title": "Full card", "pay": 11, "rows": ["xx", "xx"]},
        {"name": "corner", "title": "Corner", "pay": 5, "rows": ["xx", "x."]},
        {"name": "row", "title": "Row", "pay": 2, "rows": [["xx", ".."], ["..", "xx"]]},
        {"name": "slash", "title": "Slash", "pay": 1, "rows": [".x", "x."]},
    ],
}
# Balls that are on no card, a free cell, columns with ranges, three cards.
RANGED = {
    "pool": 14,
    "draw": 5,
    "cards": 3,
    "rows": 2,
    "columns": 2,
    "free": [2],
    "column_ranges": [[1, 6], [7, 14]],
    "max_extra": 3,
    "extra_margin": "7/6",
    "jackpot_within": 4,
    "patterns": [
        {"name": "full", "title": "Full card", "pay": 20, "rows": ["xx", "xx"]},
        {"name": "row", "title": "Row", "pay": 3, "rows": [["xx", ".."], ["..", "xx"]]},
    ],
}
SETTINGS = {"bets": [1, 3, 10], "max_stake": 60}


def build(math_: dict[str, Any], **settings: Any) -> BingoEngine:
    return BingoEngine(BingoEngine.Math.model_validate(math_), BingoEngine.Settings.model_validate(SETTINGS | settings))


def manifest(game: str) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((GAMES / game / "manifest.json").read_bytes())
    return loaded


def load(game: str, **settings: Any) -> BingoEngine:
    found = manifest(game)
    return BingoEngine(
        BingoEngine.Math.model_validate(found["math"]), BingoEngine.Settings.model_validate(found["settings"] | settings)
    )


def kept(step: Step) -> GameState:
    """The state that a step leads to as a store gives it back: through JSON, with an id."""
    return GameState(
        fresh_id(), step.name, orjson.loads(orjson.dumps(step.data)), step.actions, orjson.loads(orjson.dumps(step.private))
    )


def play(engine: BingoEngine, rng: Rng, *actions: tuple[str, dict[str, Any]]) -> GameState:
    state = kept(engine.start(rng))
    for name, params in actions:
        state = kept(engine.apply(state, Action(name, params), rng))
    return state


def recorded(draws: list[Draw]) -> list[Draw]:
    """Draws as a round's record gives them back."""
    return [Draw(*draw) for draw in orjson.loads(orjson.dumps([list(draw) for draw in draws]))]


def pictures(math_: dict[str, Any]) -> list[tuple[str, int, frozenset[int]]]:
    """(name, pay, cells) of every picture, free cells left out."""
    found = []
    for pattern in math_["patterns"]:
        several = pattern["rows"] if isinstance(pattern["rows"][0], list) else [pattern["rows"]]
        for rows in several:
            cells = {i for i, cell in enumerate("".join(rows)) if cell == "x"} - set(math_.get("free", []))
            found.append((pattern["name"], pattern["pay"], frozenset(cells)))
    return found


def prizes(math_: dict[str, Any], card: list[int], balls: set[int]) -> list[tuple[str, int]]:
    """A card's prizes: each completed picture, unless a completed one that is bigger contains it."""
    hit = {position for position, number in enumerate(card) if number in balls}
    completed = [picture for picture in pictures(math_) if picture[2] <= hit]
    return [(name, pay) for name, pay, cells in completed if not any(cells < other for _, _, other in completed)]


def pay(math_: dict[str, Any], card: list[int], balls: set[int]) -> int:
    return sum(pay for _, pay in prizes(math_, card, balls))


def raises(math_: dict[str, Any], card: list[int], balls: set[int]) -> dict[int, int]:
    """By ball not yet drawn: what it would add to the card's prize, where it adds something."""
    now = pay(math_, card, balls)
    left = set(range(1, math_["pool"] + 1)) - balls
    return {ball: more for ball in left if (more := pay(math_, card, balls | {ball}) - now)}


def extra_cost(math_: dict[str, Any], cards: list[list[int]], balls: list[int], stake_per_card: int) -> int:
    """The price of the next ball: its expected gain by trying every ball left, times the margin, rounded up, at least 1; 0
    where none is offered."""
    left = math_["pool"] - len(balls)
    if len(balls) - math_["draw"] >= math_.get("max_extra", 0):
        return 0
    gain = sum(sum(raises(math_, card, set(balls)).values()) for card in cards)
    if not gain:
        return 0
    return max(1, math.ceil(Fraction(math_["extra_margin"]) * Fraction(gain * stake_per_card, left)))
