"""From actions to transitions: runs the engine, names states and rounds, and writes down the proof. No I/O."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from webingo.draws import RecordingRng
from webingo.engines.engine import Action, GameState, Step
from webingo.errors import Code, Refused
from webingo.resources.game import Game
from webingo.rng import Rng, fresh_id
from webingo.transaction.transaction import Part, Seat, WalletId, fresh_sharded_id

_LONGEST_CHAIN = 8
"""Transitions that one action may cause; an engine that wants more is running in a circle."""


class Running(NamedTuple):
    """A loaded game: its state, the same as the JSON that players see, what is private, and the open round ("" = none)."""

    game: Game
    state: GameState
    public: bytes
    private: bytes
    round: str = ""


class Transition(NamedTuple):
    """One change of state as it is committed and pushed; amounts are sums of the transition's moves."""

    running: Running
    part: Part
    wagered: int
    won: int


def began(game: Game, rng: Rng) -> Running:
    """The game in its first state."""
    return _entered(game, game.engine.start(rng), "")


def resumed(game: Game, public: bytes, private: bytes, round_id: str) -> Running:
    """The game in a stored state."""
    seen = orjson.loads(public)
    state = GameState(seen["id"], seen["name"], seen["data"], tuple(seen["actions"]), orjson.loads(private)["data"])
    return Running(game, state, public, private, round_id)


def made_under(private: bytes) -> tuple[str, dict[str, Any]]:
    """The version of the game's rules, and its settings, under which a stored state was made."""
    stored = orjson.loads(private)
    return stored["version"], stored["settings"]


def playable(running: Running | None, sid: str, action: str) -> Running:
    """The running game, where the action was made on its present state and is possible there. Raises Refused."""
    if running is None:
        raise Refused(Code.NO_GAME)
    if sid != running.state.id:
        raise Refused(Code.STALE)
    if action not in running.state.actions:
        raise Refused(Code.ACTION_NOT_ALLOWED, f"{action[:64]!r} is not possible in {running.state.name!r}.")
    return running


def transitions(
    running: Running, actions: Sequence[Action], rng: Rng, seat: Seat, wallet: WalletId, at_ms: int
) -> list[Transition]:
    """What the actions lead to, one after the other. Raises Refused as the engine does; nothing has happened then."""
    done = list[Transition]()
    for first in actions:
        action: Action | None = first
        while action is not None:
            if len(done) == _LONGEST_CHAIN:
                raise RuntimeError(f"{running.game.manifest.id}: more than {_LONGEST_CHAIN} transitions from one action")
            recorder = RecordingRng(rng)
            step = running.game.engine.apply(running.state, action, recorder)
            after = _transition(running, action, step, recorder, seat, wallet, at_ms)
            done.append(after)
            running, action = after.running, step.then
    return done


def _transition(
    running: Running, action: Action, step: Step, recorder: RecordingRng, seat: Seat, wallet: WalletId, at_ms: int
) -> Transition:
    moves = step.moves
    wagered = won = 0
    for kind, amount in moves:
        if kind == "wager":
            wagered += amount
        else:
            won += amount
    round_id, header = running.round, b""
    if not round_id and (moves or not step.over):
        if not moves or moves[0].kind != "wager":
            raise RuntimeError(f"{running.game.manifest.id}: a round has to begin with a wager")
        round_id = fresh_sharded_id(seat.user)
        header = _header(running, round_id, seat, wallet, at_ms)
    written = {
        "action": action.name,
        "params": action.params,
        "draws": recorder.written,
        "moves": [(kind, amount) for kind, amount in moves],  # orjson takes no named tuples
        "at": at_ms,
    }
    fed = ""
    if wagered and (feeds := running.game.feeds):
        fed = written["fed"] = feeds.of(wagered)
    if step.jackpots:
        _check_jackpots(running.game, step, round_id)
        written["jackpots"] = step.jackpots
    record = orjson.dumps(written)
    after = _entered(running.game, step, "" if step.over else round_id, running)
    part = Part(round_id, record, after.public, moves, header, step.over and bool(round_id), fed, step.jackpots)
    return Transition(after, part, wagered, won)


def _check_jackpots(game: Game, step: Step, round_id: str) -> None:
    """What an engine may not do: a jackpot is won in a round, by a game whose engine said that it can win it."""
    if not round_id or not set(step.jackpots) <= set(game.engine.jackpots):
        raise RuntimeError(f"{game.manifest.id}: the jackpots {', '.join(step.jackpots)} can't be won here")


def _entered(game: Game, step: Step, round_id: str, before: Running | None = None) -> Running:
    state = GameState(fresh_id(), step.name, step.data, step.actions, step.private)
    public = orjson.dumps({"id": state.id, "name": state.name, "data": state.data, "actions": state.actions})
    if before is not None and step.private is before.state.private:
        private = before.private
    else:
        made = {"version": game.manifest.version, "settings": game.settings, "data": state.private}
        private = orjson.dumps(made)
    return Running(game, state, public, private, round_id)


def _header(running: Running, round_id: str, seat: Seat, wallet: WalletId, at_ms: int) -> bytes:
    """What a replay starts from: the rules by version and settings, the player, and the state before the first wager."""
    return orjson.dumps(
        {
            "round": round_id,
            "game": running.game.manifest.id,
            "version": running.game.manifest.version,
            "platform": seat.user.platform,
            "site": seat.site,
            "uid": seat.user.uid,
            "denom": wallet.denom,
            "at": at_ms,
            "state": orjson.Fragment(running.public),
            "private": orjson.Fragment(running.private),
        }
    )
