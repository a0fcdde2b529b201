"""A round as its record tells it, step by step, and the proof that it went as the rules say."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from webingo.errors import BadResource
from webingo.office.services.ingest import DRAWN
from webingo.office.tables import Entry, JackpotWin, RoundRecord
from webingo.resources.game import GameManifest
from webingo.resources.jackpots import fed
from webingo.session.proof import Proof, header_of, prove, recorded


class _State(BaseModel):
    """With the next three what is needed of a record's parts to show them: a server of another release may write others."""

    id: str
    name: str
    data: dict[str, Any]
    actions: list[str]


class _Private(BaseModel):
    settings: dict[str, Any]
    data: Any


class _Header(BaseModel):
    game: str
    version: str
    at: int
    state: _State
    private: _Private


class _Written(BaseModel):
    action: str
    params: dict[str, Any]
    draws: list[tuple[str, list[Any], Any]]
    moves: list[tuple[str, int]]
    at: int


class Drawn(NamedTuple):
    """Random numbers that a game elsewhere drew from us: the call, what it asked for, and the numbers themselves. Without them
    where they were too many to be sent here."""

    id: str
    call: str = ""
    asked: Mapping[str, Any] = MappingProxyType({})
    values: Sequence[int] = ()


class _Document(BaseModel):
    id: str
    call: str
    asked: dict[str, Any]
    draws: list[int]


@dataclass(frozen=True, slots=True)
class Step:
    """One transition: what was asked for, what was drawn, what moved, and the state that the player saw then.

    `balance` is the wallet's after the step's last move, None where it moved nothing (or the ledger has not arrived).
    """

    number: int
    action: str
    params: Mapping[str, Any]
    draws: Sequence[tuple[str, Sequence[Any], Any]]
    moves: Sequence[tuple[str, int]]
    at: int
    state: Mapping[str, Any]
    jackpots: Sequence[str] = ()
    balance: int | None = None
    call: str = ""
    """What a game elsewhere called it."""
    drawn: Sequence[Drawn] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """`header` is the record's: game, version, player, settings, and the state before the first wager, which is step 0."""

    header: Mapping[str, Any]
    steps: Sequence[Step] = field(default_factory=list)


def record_of(session: Session, round_id: str) -> list[bytes] | None:
    """[header, record, state, …] as the store keeps it; None where it has not come, or is no record that can be read."""
    packed = session.scalar(select(RoundRecord.blob).where(RoundRecord.round == round_id))
    if packed is None:
        return None
    try:
        return [orjson.dumps(part) for part in orjson.loads(zlib.decompress(packed))]
    except (zlib.error, orjson.JSONDecodeError):
        return None


def replay(record: Sequence[bytes], entries: Sequence[Entry]) -> Replay:
    """`entries` are the round's, in the order of the ledger. Raises ValueError for a record that is like none of ours."""
    _Header.model_validate_json(record[0])
    for place in range(1, len(record) - 1, 2):
        _Written.model_validate_json(record[place])
        _State.model_validate_json(record[place + 1])
    header = header_of(list(record))
    money = [entry for entry in entries if entry.kind in ("wager", "win", "cancel")]
    steps = [Step(0, "", {}, (), (), header["at"], header["state"])]
    drawn = {name: _drawn(text) for name, text in _documents(header).items()}
    moved = 0
    for place in range(1, len(record) - 1, 2):
        written, state = orjson.loads(record[place]), orjson.loads(record[place + 1])
        moves = [(kind, amount) for kind, amount in written["moves"]]
        moved += len(moves)
        balance = money[moved - 1].balance if moves and moved <= len(money) else None
        draws = [(method, tuple(given), result) for method, given, result in written["draws"]]
        jackpots = tuple(written.get("jackpots", ()))
        done = Step(len(steps), written["action"], written["params"], draws, moves, written["at"], state, jackpots, balance)
        named = written.get("proof", {}).get("draws", ())
        steps.append(replace(done, call=written.get("call", ""), drawn=[drawn.get(name, Drawn(name)) for name in named]))
    return Replay(header, steps)


def _documents(header: Mapping[str, Any]) -> dict[str, str]:
    """Documents of draws by their ids, as the servers sent them: see contract_books.RoundRecord."""
    return {_Document.model_validate(json.loads(text)).id: text for text in header.get(DRAWN, ())}


def _drawn(text: str) -> Drawn:
    found = _Document.model_validate(json.loads(text))  # the module's own reading takes integers of up to 64 bits only
    return Drawn(found.id, found.call, found.asked, found.draws)


def verified(record: Sequence[bytes], manifests: Mapping[str, GameManifest]) -> Proof:
    """Plays the recorded draws again. The proof names what is wrong, also where it can't be tried at all."""
    header = header_of(list(record))
    if "outside" in header:
        return recorded(list(record), {name: text.encode() for name, text in _documents(header).items()})
    manifest = manifests.get(header["game"])
    if manifest is None:
        return Proof(header, problem=f"the game {header['game']} is not among this program's games any more")
    try:
        return prove(list(record), manifest.recorded(header["settings"]))
    except BadResource as error:
        _, name, reason = error.problems[0]
        return Proof(header, problem=f"its settings can't be played today: {name}: {reason}")
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Proof(header, problem=f"its states are not such as the game makes: {type(error).__name__}")


def ledger_of(session: Session, round_id: str) -> Sequence[Entry]:
    """All that the round moved, oldest first."""
    return session.scalars(select(Entry).where(Entry.round == round_id).order_by(Entry.seq)).all()


def jackpots_of(session: Session, round_id: str) -> Sequence[JackpotWin]:
    """What the round won of jackpots."""
    return session.scalars(select(JackpotWin).where(JackpotWin.round == round_id).order_by(JackpotWin.at)).all()


def fed_by(entries: Sequence[Entry]) -> dict[str, int]:
    """What the round put into jackpots, in millionths of a smallest unit, by jackpot."""
    sums = dict[str, int]()
    for entry in entries:
        for jackpot, micros in fed(entry.fed):
            sums[jackpot] = sums.get(jackpot, 0) + micros
    return sums


def problems_of(proof: Proof) -> list[str]:
    """Every reason why a proof does not hold; none where it does."""
    found = [proof.problem] if proof.problem else []
    return found + [f"step {number}: {step.problem}" for number, step in enumerate(proof.steps, 1) if step.problem]
