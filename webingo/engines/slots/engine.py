"""Slots: the states `idle`, `feature` and `won`, and the actions that lead from one to the other.

`spin` takes the stake and draws the reels, `buy` pays for a feature. Where a feature is won, `play` and `pick` go through it
step by step. In `won`, `gamble` risks the win and `collect` takes it; a game without a gamble pays at once. A round's win
is one move at its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from webingo.engines.engine import Action, GameState, Move, Odds, Sample, Step
from webingo.engines.slots import definition
from webingo.engines.slots.gamble import CONTEXTS, Offer, Table
from webingo.engines.slots.orders import Order, Orders, bad
from webingo.engines.slots.play import SHOWN_SPINS, Play, Round
from webingo.errors import Code, Refused
from webingo.problems import unknown
from webingo.rng import Rng

FREE_SPINS_ACTIONS = ("play",)
CHOICE_ACTIONS = ("pick", "play")


class SlotsEngine:
    """One slot game with one site's settings. See webingo.engines.engine.Engine for the contract."""

    Math: ClassVar[type[definition.Math]] = definition.Math
    Settings: ClassVar[type[definition.Settings]] = definition.Settings

    def __init__(self, math: definition.Math, settings: definition.Settings) -> None:
        from webingo.engines.slots.par.bounds import max_win

        self.math = math
        self.settings = settings
        self._orders = Orders(math, settings)
        self._play = Play(math)
        self._gamble = Table(math.gamble, math.win_cap) if math.gamble and settings.gamble else None
        self._jackpots = _offered(math, settings)
        self.jackpots: tuple[str, ...] = tuple(self._jackpots.values())
        # The commit refuses a round that wins more than max_win x its first wager, which is the total bet or, for a bought
        # feature, `cost` >= 1 times as much. No honest round does. It pays once, at its end, and that is
        # - with a win cap at most win_cap x the total bet: play.py stops there, and gamble.Table offers nothing above it;
        # - without one, and without a gamble, at most what bounds.py adds up, for a bought feature held against its cost;
        # - after gambles at most gamble.limit x the total bet, as gamble.Table offers a step only where all that the round
        #   would then pay stays within that, and at most the win times the factor of each of max_steps steps: the lesser of
        #   both, where it is above what the round pays without a gamble, is what bounds.py counts.
        self.max_win: int = max_win(math, settings)
        self._idle_actions = ("spin", "buy") if self._orders.buys else ("spin",)
        self._won_actions = (*self._idle_actions, "gamble", "collect")
        self._first_window = self._play.first_window()
        # What never changes is built once and is a part of every state.
        self._static: dict[str, Any] = {
            "layout": {
                "reels": math.window.reels,
                "rows": math.window.rows,
                "pay_by": math.pay_by,
                "lines": len(math.lines),
                "symbols": list(math.symbols),
            },
            "bets": list(settings.bets),
            "line_choices": list(self._orders.line_choices),
            **({"coins": math.coins} if math.coins else {}),
            "max_stake": settings.max_stake,
            "buys": [{"name": buy.name, "title": buy.title, "cost": buy.cost} for buy in self._orders.buys.values()],
        }

    # States

    def start(self, rng: Rng) -> Step:
        """Nothing is drawn: the reels stand at their first stops, with the lowest bet on as many lines as it allows."""
        order = self._orders.first()
        return Step("idle", self._data(Round(order.bet, order.lines, order.stake)), self._idle_actions, {})

    def apply(self, state: GameState, action: Action, rng: Rng) -> Step:
        name, params = action
        if name not in state.actions:
            raise Refused(Code.ACTION_NOT_ALLOWED, f"{name!r} is not possible now; possible: {', '.join(state.actions)}.")
        if name in ("spin", "buy"):
            order = self._orders.read(name, params)
            return self._collect(state, then=action) if state.name == "won" else self._begin(state, order, rng)
        if name == "play":
            return self._played(state, params, rng)
        if name == "pick":
            return self._pick(state, params, rng)
        if name == "gamble":
            return self._gambled(state, params, rng)
        if params:
            bad(f"{name!r} takes no parameters")
        return self._collect(state)

    def finish(self, state: GameState) -> Sequence[Action]:
        if state.name == "feature":
            raise Refused(Code.NOT_FINISHABLE, "A feature is running: play it to its end first.")
        return self.abandon(state)

    def abandon(self, state: GameState) -> Sequence[Action]:
        """Plays what is left of a feature, picks drawn like all else, and pays without a gamble."""
        if state.name == "feature":
            return (Action("play", {"all": True, "collect": True}),)
        return (Action("collect", {}),) if state.name == "won" else ()

    # Actions

    def _begin(self, state: GameState, order: Order, rng: Rng) -> Step:
        round_ = Round(order.bet, order.lines, order.stake)
        if order.bought:
            round_.bought = order.bought.name
            self._play.buy(round_, order.bought.award)
        else:
            self._play.spun(round_, rng)
        return self._settled(state, round_, (Move("wager", order.cost),))

    def _played(self, state: GameState, params: Mapping[str, Any], rng: Rng) -> Step:
        everything, collect = params.get("all", False), params.get("collect", False)
        known = params.keys() <= {"all", "collect"} and type(everything) is bool and type(collect) is bool
        if not known or (collect and not everything):
            bad('"play" takes nothing, {"all": true} to play to the end, or {"all": true, "collect": true} to be paid, too')
        round_ = Round.of(state.data)
        self._play.step(round_, rng)
        while everything and round_.feature:
            self._play.step(round_, rng)
        return self._settled(state, round_, listed=everything, collect=collect)

    def _pick(self, state: GameState, params: Mapping[str, Any], rng: Rng) -> Step:
        round_ = Round.of(state.data)
        assert round_.feature
        if round_.feature["type"] == "wheel":
            if params:
                bad('a wheel is turned by "pick" without parameters')
            self._play.step(round_, rng)
            return self._settled(state, round_)
        items = round_.feature["items"]
        item = params.get("item")
        if len(params) != 1 or type(item) is not int or not 0 <= item < len(items) or items[item]["open"]:
            bad(f'"pick" takes {{"item": a closed one of 0 to {len(items) - 1}}}')
        self._play.pick(round_, item, rng)
        return self._settled(state, round_)

    def _gambled(self, state: GameState, params: Mapping[str, Any], rng: Rng) -> Step:
        data = state.data
        offer = data["gamble"]
        context, kind = params.get("context", "game_round"), params.get("type")
        if not params.keys() <= {"type", "context"} or context not in CONTEXTS:
            bad(f'"gamble" takes "type" and "context", which is one of {", ".join(CONTEXTS)}')
        types = offer["types" if context == "game_round" else "spin_types"]
        if not isinstance(kind, str) or kind not in types:
            bad(
                f'"type" of {context} must be one of {", ".join(types)}'
                if types
                else f"{context} has nothing to be gambled now"
            )
        assert self._gamble
        came, further = self._gamble.play(offer, kind, context, data["stake"], rng)
        shown = {**_plain(data), "win": came.win, "gamble": (further or came).shown()}
        if further:
            return Step("won", shown, self._won_actions, state.private, over=False)
        return self._over(state, shown, ())

    def _collect(self, state: GameState, then: Action | None = None) -> Step:
        data = _plain(state.data)
        done = {"types": [], "spin_types": [], "steps_left": 0}
        return self._over(state, {**data, "gamble": {**data["gamble"], **done}}, (), then)

    # The steps that they lead to

    def _settled(
        self, state: GameState, round_: Round, moves: tuple[Move, ...] = (), listed: bool = False, collect: bool = False
    ) -> Step:
        """Where a round stands after it went on, with the jackpots that it has won on the way."""
        step = self._where(state, round_, moves, listed, collect)
        if round_.jackpots and (won := self._newly_won(state, round_, bool(moves))):
            return step._replace(jackpots=won)
        return step

    def _newly_won(self, state: GameState, round_: Round, begins: bool) -> tuple[str, ...]:
        """In the order of the manifest. What the state shows as won belongs to the round before, where a round `begins`."""
        before = () if begins else Round.won_in(state.data)
        return tuple([site for name, site in self._jackpots.items() if name in round_.jackpots and name not in before])

    def _where(self, state: GameState, round_: Round, moves: tuple[Move, ...], listed: bool, collect: bool) -> Step:
        """In a feature, at its win, or over."""
        feature = round_.feature
        if feature:
            actions = FREE_SPINS_ACTIONS if feature["type"] == "free_spins" else CHOICE_ACTIONS
            return Step("feature", self._data(round_, listed), actions, state.private, moves, over=False)
        if round_.win and self._gamble and not collect:
            won = round_.spin["win"] if round_.spin else 0
            if offer := self._gamble.first(round_.win, won, round_.stake):
                return Step("won", self._data(round_, listed, offer), self._won_actions, state.private, moves, over=False)
        return self._over(state, self._data(round_, listed), moves)

    def _over(self, state: GameState, data: dict[str, Any], moves: tuple[Move, ...], then: Action | None = None) -> Step:
        if data["win"]:
            moves = (*moves, Move("win", data["win"]))
        return Step("idle", data, self._idle_actions, state.private, moves, then=then)

    def _data(self, round_: Round, listed: bool = False, offer: Offer | None = None) -> dict[str, Any]:
        data = {
            **self._static,
            "bet": round_.bet,
            "lines": round_.lines,
            "stake": round_.stake,
            "bought": round_.bought,
            "spin": round_.spin,
            "feature": round_.feature,
            "queue": round_.queue,
            "done": round_.done,
            "win": round_.win,
            "capped": round_.capped,
            "gamble": offer.shown() if offer else None,
        }
        if round_.spin is None:
            data["idle_window"] = self._first_window
        if listed:
            data["spins"] = round_.spins[-SHOWN_SPINS:]
        if self._jackpots:
            data["jackpots"] = [
                {"name": name, "id": site, "won": name in round_.jackpots} for name, site in self._jackpots.items()
            ]
        return data

    # The mathematics, for people

    def rules(self) -> dict[str, Any]:
        from webingo.engines.slots.rules import rules

        return rules(self.math, self.settings)

    def odds(self) -> Odds:
        from webingo.engines.slots.par.odds import odds
        from webingo.engines.slots.simulation_parts import exact_parts

        found = odds(self.math, self.settings)
        return replace(found, parts=exact_parts(found.details))

    def simulate(self, rounds: int, seed: int, buy: str | None = None) -> Sample:
        from webingo.engines.slots.simulation import simulate

        return simulate(self.math, self.settings, rounds, seed, buy)


def _offered(math: definition.Math, settings: definition.Settings) -> dict[str, str]:
    """The site's jackpots by their ids in the mathematics, in the manifest's order. Raises ValueError for an unknown one."""
    ids = [jackpot.id for jackpot in math.jackpots]
    for name in settings.jackpots:
        if name not in ids:
            raise ValueError(f"jackpots: {name!r}: {unknown('jackpot', name, ids)}")
    return {name: settings.jackpots[name] for name in ids if name in settings.jackpots}


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """The data without what concerned only the step before."""
    return {key: value for key, value in data.items() if key != "spins"} | {"done": None}
