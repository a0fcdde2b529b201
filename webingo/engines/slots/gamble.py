"""The gamble: a win, or the last spin's part of it, doubled or tripled, or lost. Fair: 1 in 2 and 1 in 3."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from webingo.engines.slots import features
from webingo.rng import Rng

FACTORS = {"double_up": 2, "triple_up": 3}
"""What a gamble that is won makes of its stake; it is won once in so many times."""
CONTEXTS = ("game_round", "spin")


class Offer(NamedTuple):
    """What may be gambled now, in credits: `win` is the whole round's, `spin` the part of it that the last spin won."""

    types: list[str]
    spin_types: list[str]
    win: int
    spin: int
    steps_left: int
    history: list[dict[str, Any]]

    def shown(self) -> dict[str, Any]:
        return {
            "types": self.types,
            "spin_types": self.spin_types,
            "amount": self.win,
            "spin_amount": self.spin,
            "steps_left": self.steps_left,
            "history": self.history,
        }


class Table:
    """The gamble of one game. `highest` is what a round may pay at most after a gamble, x the total bet."""

    def __init__(self, gamble: features.Gamble, win_cap: int | None) -> None:
        self._factors: dict[str, int] = {kind: FACTORS[kind] for kind in gamble.types}
        self._steps = gamble.max_steps
        self._highest = min(gamble.limit, win_cap or gamble.limit)

    def first(self, win: int, spin: int, stake: int) -> Offer | None:
        """The offer at the end of a round; None where nothing may be gambled."""
        return self._offer(win, spin, stake, self._steps, [])

    def _offer(self, win: int, spin: int, stake: int, steps_left: int, history: list[dict[str, Any]]) -> Offer | None:
        most = self._highest * stake
        if not win or not steps_left:
            return None
        types = [kind for kind, factor in self._factors.items() if win * factor <= most]
        spin_types = [kind for kind, factor in self._factors.items() if spin and win + spin * (factor - 1) <= most]
        return Offer(types, spin_types, win, spin, steps_left, history) if types or spin_types else None

    def play(self, state: Mapping[str, Any], kind: str, context: str, stake: int, rng: Rng) -> tuple[Offer, Offer | None]:
        """Gambles on what the state's `gamble` offers. Answers what it came to, and what is offered next (None: nothing)."""
        factor = FACTORS[kind]
        win, spin = state["amount"], state["spin_amount"]
        risked = win if context == "game_round" else spin
        won = rng.below(factor) == 0
        came = risked * factor if won else 0
        history = [*state["history"], {"type": kind, "context": context, "won": won, "amount": came}]
        # A round's whole win holds the last spin's: what multiplies the one multiplies the other.
        spin = spin * factor if won else 0
        win += came - risked
        left = state["steps_left"] - 1
        return Offer([], [], win, spin, left, history), self._offer(win, spin, stake, left, history) if won else None
