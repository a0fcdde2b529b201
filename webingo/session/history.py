"""The session component "history": a player's own last rounds, to look at again."""

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webingo.errors import Code, Refused
from webingo.session.component import Component, Room
from webingo.session.proof import header_of
from webingo.transaction.store import Store


class _Question(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    what: str = Field(pattern="^(rounds|round)$")
    first: int = Field(default=0, ge=0, le=1_000_000)
    count: int = Field(default=10, ge=1, le=50)
    id: str = Field(default="", max_length=128)


class HistoryComponent(Component):
    """Messages: {"what": "rounds", "first", "count"} lists rounds, newest first; {"what": "round", "id"} shows one whole.

    A listed round is {id, game, at, denom, wagered, won}; a shown one has `steps` [{action, params, moves, at, state}] too, of
    which those that have won jackpots have their ids as `jackpots`.
    Rounds of other players are answered like unknown ones.
    """

    name = "history"

    def __init__(self, store: Store, room: Room) -> None:
        self._store = store
        self._room = room

    async def receive(self, message: dict[str, Any]) -> None:
        try:
            question = _Question.model_validate(message)
        except ValidationError as error:
            raise Refused(Code.BAD_PARAMS, f"history: {error.errors()[0]['msg']}.") from None
        user = self._room.seat.user
        if question.what == "round":
            shown = await self._shown(question.id)
            if shown is None:
                raise Refused(Code.BAD_PARAMS, "There is no such round of yours.")
            self._room.tell(self.name, {"what": "round", "round": shown})
        else:
            ids = await self._store.history(user, question.first, question.count)
            rounds = [shown for round_id in ids if (shown := await self._shown(round_id)) is not None]
            for shown in rounds:
                del shown["steps"]
            self._room.tell(self.name, {"what": "rounds", "first": question.first, "rounds": rounds})

    async def _shown(self, round_id: str) -> dict[str, Any] | None:
        """The round as its player may see it, or None where it is unknown or another's. Expired rounds are unknown."""
        record = await self._store.round(round_id)
        if record is None:
            return None
        header, user = header_of(record), self._room.seat.user
        if (header["platform"], header["uid"]) != (user.platform, user.uid):
            return None
        steps = [
            {**_without_draws(orjson.loads(record[i])), "state": orjson.loads(record[i + 1])} for i in range(1, len(record), 2)
        ]
        moves = [move for step in steps for move in step["moves"]]
        return {
            "id": header["round"],
            "game": header["game"],
            "at": header["at"],
            "denom": header["denom"],
            "wagered": sum(amount if kind == "wager" else -amount for kind, amount in moves if kind in ("wager", "cancel")),
            "won": sum(amount for kind, amount in moves if kind == "win"),
            "steps": steps,
        }


_INSIDE = {"draws", "fed", "call", "proof"}
"""What a record has for proofs, for accounts, and of games that live elsewhere."""


def _without_draws(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _INSIDE}
