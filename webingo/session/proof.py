"""Proves a round: plays its recorded draws again and holds every state and every move against the record.

The outcome of a round of a game that lives elsewhere can't be played again here: of it, what was recorded is shown, with the
numbers that the game had drawn from us, and whether its states follow from its moves.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from webingo.draws import Draw, ForcedMismatch, ForcedRng
from webingo.engines.engine import Action, GameState
from webingo.errors import Refused
from webingo.resources.game import Game


@dataclass(frozen=True, slots=True)
class ProvedStep:
    """One transition of the round as it was replayed; `problem` is empty where it equals the record."""

    action: str
    params: dict[str, Any]
    draws: list[Draw]
    moves: list[tuple[str, int]]
    state: dict[str, Any]
    problem: str = ""
    jackpots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The round's header and its replayed steps. `complete` tells whether the round was over."""

    header: dict[str, Any]
    steps: list[ProvedStep] = field(default_factory=list)
    complete: bool = False
    problem: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether the outcome was decided elsewhere."""
        return "outside" in self.header

    @property
    def wagered(self) -> int:
        """Without what was given back."""
        sign = {"wager": 1, "cancel": -1}
        return sum(sign.get(kind, 0) * amount for step in self.steps for kind, amount in step.moves)

    @property
    def won(self) -> int:
        return sum(amount for step in self.steps for kind, amount in step.moves if kind == "win")

    @property
    def holds(self) -> bool:
        return not self.problem and not any(step.problem for step in self.steps)


def header_of(record: list[bytes]) -> dict[str, Any]:
    """The round's header: game, version, player, the state before the first wager, and the `settings` in force."""
    header: dict[str, Any] = orjson.loads(record[0])
    header["settings"] = header["private"]["settings"]
    return header


def draws_of(record: list[bytes]) -> list[str]:
    """Ids of the recorded draws that a game elsewhere has named for the round."""
    return [draws_id for place in range(1, len(record), 2) for draws_id in _named(orjson.loads(record[place]))]


def recorded(record: list[bytes], draws: Mapping[str, bytes]) -> Proof:
    """What is recorded of a round whose outcome was decided elsewhere. `draws` are documents of Store.draws by their ids, as
    far as they are kept."""
    proof = Proof(header_of(record))
    stake = won = 0
    status = ""
    for place in range(1, len(record) - 1, 2):
        written, shown = orjson.loads(record[place]), orjson.loads(record[place + 1])
        moves = [(kind, amount) for kind, amount in written["moves"]]
        stake += sum(amount for kind, amount in moves if kind == "wager")
        won += sum(amount for kind, amount in moves if kind == "win")
        problem = "the round was over" if status in ("closed", "cancelled") else ""
        status = _AFTER.get(written["action"], "")
        if (shown["name"], shown["data"]) != (status, {"stake": stake, "won": won}):
            problem = "the state does not follow from the moves"
        elif status == "cancelled" and moves != [("cancel", stake)]:
            problem = "what was given back is not what was wagered"
        kept = [_drawn(draws[draws_id]) for draws_id in _named(written) if draws_id in draws]
        params = {**written["params"], "call": written["call"], **written.get("proof", {})}
        proof.steps.append(ProvedStep(written["action"], params, kept, moves, shown, problem))
    return replace(proof, complete=status in ("closed", "cancelled"))


_AFTER = {"escrow": "escrowed", "result": "closed", "cancel": "cancelled"}


def _named(written: dict[str, Any]) -> list[str]:
    named: list[str] = written.get("proof", {}).get("draws", [])
    return named


def _drawn(document: bytes) -> Draw:
    kept = json.loads(document)  # not orjson: it has no integers beyond 64 bits, nor halves of surrogate pairs
    return Draw(kept["call"], list(kept["asked"].values()), kept["draws"])


def prove(record: list[bytes], game: Game) -> Proof:
    """`record` is the round as the store keeps it; `game` is built of the header's manifest and settings."""
    header = header_of(record)
    proof = Proof(header)
    if game.manifest.version != header["version"]:
        return Proof(header, problem=f"recorded under version {header['version']}, this is {game.manifest.version}")
    public = header["state"]
    state = GameState(public["id"], public["name"], public["data"], tuple(public["actions"]), header["private"]["data"])
    complete = False
    for number in range(1, len(record) - 1, 2):
        step, state, complete = _replayed(game, state, orjson.loads(record[number]), orjson.loads(record[number + 1]))
        proof.steps.append(step)
        if step.problem:
            break
    return Proof(header, proof.steps, complete)


def _replayed(
    game: Game, state: GameState, written: dict[str, Any], shown: dict[str, Any]
) -> tuple[ProvedStep, GameState, bool]:
    draws = [Draw(*draw) for draw in written["draws"]]
    moves = [(kind, amount) for kind, amount in written["moves"]]
    jackpots = tuple(written.get("jackpots", ()))
    rng, over, problem = ForcedRng(draws), False, ""
    try:
        step = game.engine.apply(state, Action(written["action"], written["params"]), rng)
    except (ForcedMismatch, Refused) as error:
        problem = str(error)
    else:
        over = step.over
        after = {"id": shown["id"], "name": step.name, "data": step.data, "actions": step.actions}
        if orjson.loads(orjson.dumps(after)) != shown:
            problem = "the replayed state differs from the one that was shown"
        elif [tuple(move) for move in step.moves] != moves:
            problem = f"the replayed moves {[tuple(move) for move in step.moves]} differ from {moves}"
        elif step.jackpots != jackpots:
            problem = f"the replayed jackpots {list(step.jackpots)} differ from {list(jackpots)}"
        elif not rng.exhausted:
            problem = "more numbers were drawn than the rules ask for"
        state = GameState(shown["id"], step.name, step.data, step.actions, step.private)
    return ProvedStep(written["action"], written["params"], draws, moves, shown, problem, jackpots), state, over
