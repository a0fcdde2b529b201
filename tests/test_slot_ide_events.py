"""Rounds of all kinds, told as events: their order, their sums, and that a record tells what live play told. No server here."""

import random
import re
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slot_ide import GAMES, contexts, manifest, names
from webingo.engines.engine import Action
from webingo.resources.game import Game, GameManifest
from webingo.rng import SystemRng
from webingo.server.slot_ide.held import Held
from webingo.session.forced import ForcedFirst
from webingo.session.play import Running, began, transitions
from webingo.transaction.transaction import Seat, WalletId
from webingo.user import User

USER = User("demo", "ana")
LETTERS = {
    "gameStart": "A",
    "spinStart": "S",
    "spinWin": "W",
    "spinTrigger": "T",
    "playedSpin": "P",
    "enterBonus": "E",
    "playedBonusSpin": "B",
    "playedBonusSpins": "Z",
    "pickRandomly": "K",
    "gameEnd": "G",
    "gameRoundOver": "O",
    "gamble": "M",
}
# What a transition may tell, by its action.
ORDER = {
    "spin": r"ASW*T*P(E|GO?)",
    "buy": r"AE",
    "play": r"SW*T*PB(Z(E|GO?))?|K(E|GO?)?",
    "all": r"(SW*T*P)*GO?",
    "pick": r"K(E|GO?)?",
    "gamble": r"MO?",
    "collect": r"O",
}


@cache
def game(name: str) -> Game:
    return GameManifest.model_validate_json(orjson.dumps(manifest(name))).build()


class Dice(SystemRng):
    """The same numbers for the same seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def below(self, n: int) -> int:
        return self._random.randrange(n)


class Round:
    """Plays a game by itself, and hands each transition to a Held as the door does."""

    def __init__(self, name: str, seed: int = 1) -> None:
        self.game = game(name)
        self.rng = ForcedFirst(Dice(seed))
        self.running: Running = began(self.game, self.rng)
        self.held = Held(self.game, hide_reels=True)
        self.record: list[bytes] = []
        self.steps: list[tuple[str, list[dict[str, Any]]]] = []

    @property
    def data(self) -> dict[str, Any]:
        return self.running.state.data

    def act(self, action: str, **params: Any) -> list[dict[str, Any]]:
        wallet = WalletId(USER, "credit")
        (done,) = transitions(self.running, [Action(action, params)], self.rng, Seat(USER, "demo"), wallet, 1)
        self.running = done.running
        part = done.part
        if part.header:
            self.record, self.steps = [part.header], []
        self.record += [part.record, part.state]
        events = self.held.add(part.header, part.record, part.state)
        self.steps.append(("all" if params.get("all") else action, events))
        return events

    def spin(self, *numbers: float) -> list[dict[str, Any]]:
        self.rng.force(list(numbers))
        return self.act("spin", bet=self.game.engine.settings.bets[0])


def drive(round_: Round, choices: st.DataObject) -> None:
    """A round by whatever is possible."""
    first = choices.draw(st.sampled_from([action for action in round_.running.state.actions if action in ("spin", "buy")]))
    scatters = [2, 2, 2, 10] if choices.draw(st.booleans()) else []
    round_.rng.force(scatters if first == "spin" else [])
    order: dict[str, Any] = {"bet": round_.game.engine.settings.bets[0]}
    if round_.game.settings.get("lines"):
        order["lines"] = 10
    round_.act(first, **order, **({"name": "diet"} if first == "buy" else {}))
    while round_.running.round:
        possible = [action for action in round_.running.state.actions if action not in ("spin", "buy")]
        action = choices.draw(st.sampled_from(possible))
        params: dict[str, Any] = {}
        if action == "gamble":
            offer = round_.data["gamble"]
            context = "game_round" if offer["types"] else "spin"
            params = {"context": context, "type": (offer["types"] or offer["spin_types"])[0]}
        elif action == "pick" and round_.data["feature"]["type"] == "pick":
            closed = [place for place, item in enumerate(round_.data["feature"]["items"]) if not item["open"]]
            params = {"item": choices.draw(st.sampled_from(closed))}
        elif action == "play" and choices.draw(st.integers(0, 5)) == 0:
            params = {"all": True}
        round_.act(action, **params)


@pytest.mark.parametrize("name", sorted(GAMES))
@settings(deadline=None, max_examples=40)
@given(choices=st.data())
def test_any_round_is_told_in_order_and_adds_up_and_its_record_tells_the_same(name: str, choices: st.DataObject) -> None:
    settings_of = GAMES[name][1]
    round_ = Round(name, choices.draw(st.integers(0, 2**32)))
    drive(round_, choices)
    for action, events in round_.steps:
        told = "".join(LETTERS[found] for found in names(events))
        assert re.fullmatch(ORDER[action], told), (action, told)
    events = [event for _, step in round_.steps for event in step]
    data = round_.data
    if not any(action == "all" for action, _ in round_.steps) and not data["capped"]:
        won = sum(win["pay"] for win in contexts(events, "spinWin"))
        won += sum(picked["item"]["state"]["pay"] for picked in contexts(events, "pickRandomly"))
        assert contexts(events, "gameEnd") == [{"win": won}]
    for over in contexts(events, "gameRoundOver"):
        assert over == {"win": data["win"]}
    assert bool(contexts(events, "gameRoundOver")) == (
        GAMES[name][0].get("gamble") is not None and settings_of.get("gamble", True)
    )
    for picked in contexts(events, "pickRandomly"):
        assert sum(item["prob"] for item in picked["items"]) == pytest.approx(1)
        came = {field: value for field, value in picked["item"].items() if field != "place"}
        assert came in picked["items"] and picked["item"]["place"] >= 0
    for snapshot in (
        found for name in ("enterBonus", "playedBonusSpin", "playedBonusSpins") for found in contexts(events, name)
    ):
        assert snapshot["trigger"], "every feature has something that it came from"
        assert snapshot["left"] + snapshot["played"] > 0
    again = Held(round_.game, hide_reels=True)
    again.replay(round_.record)
    assert orjson.dumps(again.steps) == orjson.dumps(round_.held.steps)


def test_a_bought_feature_begins_at_once_and_costs_what_it_costs() -> None:
    round_ = Round("feast")
    events = round_.act("buy", name="diet", bet=3)
    assert names(events) == ["gameStart", "enterBonus"]
    assert events[0]["context"] == {"totalBet": 20 * 66, "betPerLine": 3}
    entered = events[1]["context"]
    assert entered["trigger"] == {"occurs": [], "of": "diet", "mode": "buy", "from": ""}
    assert (entered["left"], entered["multiplier"]) == (4, None), "the multiplier is drawn for each spin"


def test_features_are_told_with_what_they_were_won_by() -> None:
    round_ = Round("feast")
    by_scatters = round_.spin(4, 2, 4, 10, 0.7, 0.7, 0.7, 0.9)
    (trigger,) = contexts(by_scatters, "spinTrigger")
    assert (trigger["bonus"], trigger["occurs"], trigger["spins"]) == ("fridge", 2, [])
    assert trigger["trigger"] == {"occurs": [2, 3], "of": "Scale", "mode": "scatter", "from": ""}
    round_.rng.force([2])
    (picked,) = contexts(round_.act("pick", item=0), "pickRandomly")
    assert picked["item"]["state"] == {"name": "diet", "pay": 0, "award": {"feature": "feast", "spins": 2}}
    assert picked["state"]["spins"] == [{"spins": 2, "bonus": "feast"}], "they wait"
    entered = round_.act("pick", item=1)
    assert names(entered) == ["pickRandomly", "enterBonus"]
    assert entered[1]["context"]["trigger"] == {"occurs": [], "of": "fridge", "mode": "pick", "from": ""}
    assert entered[1]["context"]["multiplier"] == 5


def test_a_feature_that_a_line_has_won() -> None:
    round_ = Round("feast")
    # Ham, Butter, Cheese and Butter again in a row: the mixed pay is paid for three, and awards for four.
    found = next(
        events
        for numbers in ([a, b, c, d] for a in (3, 14, 24) for b in range(32) for c in range(32) for d in range(32))
        if (events := _spun(round_, numbers)) and contexts(events, "spinTrigger")[0]["trigger"]["mode"] == "line"
    )
    assert contexts(found, "spinTrigger")[0]["trigger"] == {"occurs": [4], "of": "sandwich", "mode": "line", "from": ""}
    assert contexts(found, "enterBonus")[0]["state"] == "fridge"


def _spun(round_: Round, numbers: list[int]) -> list[dict[str, Any]]:
    """A spin at these stops, if it wins a feature, as the last cells and awards are drawn low."""
    round_.running = began(round_.game, round_.rng)
    events = round_.spin(2 * numbers[0], *numbers[1:], 0.9, 0.9, 0.9, 0.99, 0.99, 0.99)
    return events if contexts(events, "spinTrigger") else []


def test_extra_wilds_are_seen_and_reels_without_strips_have_no_stops() -> None:
    round_ = Round("feast")
    events = round_.spin(8, 7, 7, 7, 0.1, 0.1, 0.1, 0.99)
    (start,) = contexts(events, "spinStart")
    assert start["stops"][:4] == [4, 7, 7, 7] and start["stops"][4] == -1
    assert start["ranges"] == [32, 32, 32, 32, 0]
    round_ = Round("feast")
    round_.act("buy", name="diet", bet=1)
    round_.rng.force([1, 0, 0, 0, 0, 0])
    spun = round_.act("play")
    assert contexts(spun, "spinStart")[0]["ranges"] == [11] * 5
    assert [set(column) == {"Atkins"} for column in contexts(spun, "playedSpin")[0]] == [False, False, True, True, False]
    assert {win["mpBonusInfo"]["mp"] for win in contexts(spun, "spinWin")} <= {2, 3}
