"""From the transitions of a round to the events of the SLOT-IDE protocol. Pure: live play and the round's record give the same.

Order: gameStart, then for each spin spinStart, its spinWins and spinTriggers, playedSpin; behind a free spin
playedBonusSpin, behind the last one playedBonusSpins; enterBonus where a feature begins; gameEnd when nothing is left to
play. Where wins can be gambled with, gameRoundOver is what closes the round.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from webingo.engines.slots.features import Pick, Wheel
from webingo.server.slot_ide.describe import BASE, Description, Event, event

Data = Mapping[str, Any]


class Told(NamedTuple):
    """A transition as it was recorded: the action, the money that it moved, and the state that it led to."""

    action: str
    moves: Sequence[tuple[str, int]]
    state: str
    data: Data


class Teller:
    """Tells one round, transition by transition from its first."""

    def __init__(self, game: Description, before: Data) -> None:
        """`before` is the data of the state that the round began on."""
        self._game = game
        self._before = before
        self._triggers: list[dict[str, Any]] = []  # of the features that wait, in their order
        self._trigger: dict[str, Any] = {}  # of the feature that runs

    def tell(self, told: Told) -> list[Event]:
        """The events of the next transition."""
        data = told.data
        if told.action in ("gamble", "collect"):
            events = self._risked(told)
        else:
            events = [*self._started(told), *self._played(told), *self._ended(told)]
        self._before = data
        return events

    def _started(self, told: Told) -> list[Event]:
        if told.action not in ("spin", "buy"):
            return []
        total = sum(amount for kind, amount in told.moves if kind == "wager")
        if told.data["bought"]:
            self._triggers.append(self._game.trigger(BASE, {"buy": told.data["bought"]}))
        return [event("gameStart", {"totalBet": total, "betPerLine": told.data["bet"]})]

    def _played(self, told: Told) -> list[Event]:
        data = told.data
        if told.action == "spin":
            events = self._spin(data["spin"], None)
        elif told.action == "buy":
            events = []
        else:
            events = self._stepped(told)
        if (begun := data["feature"]) and (told.action in ("spin", "buy") or data["done"]):
            self._trigger = self._triggers.pop(0) if self._triggers else {}
            events.append(event("enterBonus", self._snapshot(begun, data["queue"])))
        return events

    def _stepped(self, told: Told) -> list[Event]:
        """A step of the feature that ran: a free spin, an item, a turn; or several in a row, of which the spins are told."""
        data, ran = told.data, self._before["feature"]
        if "spins" in data:
            return [found for spin in data["spins"] for found in self._spin(spin, spin["mode"])]
        now = data["done"] or data["feature"]
        if ran["type"] != "free_spins":
            return [self._picked(ran, now, data)]
        events = self._spin(data["spin"], ran["name"])
        snapshot = self._snapshot(now, data["queue"])
        events.append(event("playedBonusSpin", snapshot))
        if data["done"]:
            events.append(event("playedBonusSpins", snapshot))
        return events

    def _ended(self, told: Told) -> list[Event]:
        if told.state == "feature":
            return []
        win = {"win": told.data["win"]}
        over = told.state == "idle" and self._game.gambles
        return [event("gameEnd", win), *([event("gameRoundOver", win)] if over else [])]

    def _risked(self, told: Told) -> list[Event]:
        events = []
        if told.action == "gamble":
            last = told.data["gamble"]["history"][-1]
            events.append(event("gamble", {"context": last["context"], "win": last["amount"]}))
        if told.state == "idle":
            events.append(event("gameRoundOver", {"win": told.data["win"]}))
        return events

    # Spins

    def _spin(self, spin: Data, running: str | None) -> list[Event]:
        mode = spin["mode"]
        return [
            self._game.spin_start(mode, spin["stops"]),
            *(event("spinWin", self._win(win, spin["multiplier"])) for win in spin["wins"]),
            *(event("spinTrigger", self._triggered(mode, award, running)) for award in spin["awards"]),
            event("playedSpin", spin["window"]),
        ]

    def _win(self, win: Data, multiplier: int) -> dict[str, Any]:
        cells = [{"reel": reel, "row": row} for reel, row in win["cells"]]
        context: Any = cells
        if win["kind"] == "line":
            line = self._game.math.lines[win["line"]]
            context = {"paylineId": win["line"] + 1, "payline": line, "direction": win["direction"]}
        elif win["kind"] == "ways":
            context = {"ways": win["ways"], "direction": win["direction"], "cells": cells}
        return {
            "what": win["pay"],
            "occurs": win["count"],
            "mode": win["kind"],
            "pay": win["win"],
            "mpInfo": {"mp": win["multiplier"], "replacements": win["replaced"]},
            "mpBonusInfo": {"mp": multiplier} if multiplier != 1 else None,
            "context": context,
        }

    def _triggered(self, mode: str, award: Data, running: str | None) -> dict[str, Any]:
        trigger = self._game.trigger(mode, award["by"])
        if award["feature"] != running:  # else the run that goes on is made longer
            self._triggers.append(trigger)
        return {
            "spins": [{"prob": 1, "spins": award["spins"]}] if "spins" in award else [],
            "occurs": award["by"].get("count", 0),
            "bonus": award["feature"],
            "trigger": trigger,
        }

    # Features

    def _snapshot(self, feature: Data, queue: Sequence[Data]) -> dict[str, Any]:
        """Where a feature stands; `spins` are the free spins that are still to come, this run's first."""
        name = feature["name"]
        runs = [{"spins": feature["left"], "bonus": name}] if feature["type"] == "free_spins" and feature["left"] else []
        runs += [{"spins": award["spins"], "bonus": award["feature"]} for award in queue if "spins" in award]
        played = feature["played"] if "played" in feature else sum(item["open"] for item in feature["items"])
        return {
            "played": played,
            "left": feature["left"],
            "multiplier": feature.get("multiplier"),
            "triggers": 1 + feature.get("retriggered", 0),
            "spins": runs,
            "state": name,
            "trigger": self._trigger,
        }

    def _picked(self, ran: Data, now: Data, data: Data) -> Event:
        """What an item held, or where a wheel stopped, among all that could have come."""
        feature = self._game.math.features[ran["name"]]
        assert isinstance(feature, Pick | Wheel)
        unit = data["stake"] if feature.unit == "total_bet" else data["bet"]
        drawn: Data = now["items"][now["last"]]
        if isinstance(feature, Wheel):
            outcomes: Sequence[Any] = feature.segments
            weights, came = [segment.weight for segment in feature.segments], now["last"]
        else:
            opened = [item["of"] for item in ran["items"] if item["open"]]
            outcomes, came = feature.items, drawn["of"]
            weights = [item.weight * (item.count - opened.count(kind)) for kind, item in enumerate(feature.items)]
        items = [
            {"state": _outcome(outcome, unit), "prob": weight / sum(weights)}
            for outcome, weight in zip(outcomes, weights, strict=True)
        ]
        if "award" in drawn:
            self._triggers.append(self._game.trigger(BASE, {ran["type"]: ran["name"]}))
        context = {
            "items": [item for item in items if item["prob"]],
            "item": {**items[came], "place": now["last"]},
            "scope": ran["name"],
            "state": self._snapshot(now, data["queue"]),
        }
        return event("pickRandomly", context)


def _outcome(outcome: Any, unit: int) -> dict[str, Any]:
    """An item of a pick or a segment of a wheel, its pay in credits."""
    shown = outcome.model_dump(include={"award", "jackpot", "end"}, exclude_defaults=True, mode="json")
    return {"name": outcome.name, "pay": outcome.pay * unit, **shown}
