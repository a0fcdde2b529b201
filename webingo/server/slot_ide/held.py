"""The round that a session may look back on, told as events. The store's record is its source, in live play too."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from webingo.engines.slots.engine import SlotsEngine
from webingo.errors import Code, Refused
from webingo.resources.game import Game
from webingo.server.slot_ide.describe import Description, Event
from webingo.server.slot_ide.events import Teller, Told
from webingo.session.proof import header_of
from webingo.transaction.store import Store
from webingo.transaction.transaction import Seat

_SEARCHED = 5


class Held:
    """`steps` are the events of each transition so far; none where no round is held."""

    def __init__(self, game: Game, *, hide_reels: bool) -> None:
        """Raises Refused(UNKNOWN_GAME) for a game that is no slot."""
        self._game = game
        self._hide_reels = hide_reels
        self.now = self._described(game)
        self.steps: list[list[Event]] = []
        self._told = self.now
        self._teller: Teller | None = None
        self._bet = (0, 0)

    @property
    def outdated(self) -> bool:
        """Whether the round was begun with settings that are not the game's any more."""
        return self._told is not self.now

    def clear(self) -> None:
        self.steps = []
        self._told, self._teller = self.now, None

    def add(self, header: bytes, record: bytes, state: bytes) -> list[Event]:
        """The next transition, as it stands in the record; `header` where a round begins with it. Answers its events."""
        written, shown = orjson.loads(record), orjson.loads(state)
        data = shown["data"]
        if header:
            self._begin(header_of([header]), data)
        if self._teller is None:  # nothing of it belongs to a round
            return []
        moves = [(kind, amount) for kind, amount in written["moves"]]
        events = self._teller.tell(Told(written["action"], moves, shown["name"], data))
        self.steps.append(events)
        return events

    def replay(self, record: list[bytes]) -> None:
        """A round's whole record."""
        self.clear()
        for number in range(1, len(record) - 1, 2):
            self.add(record[0] if number == 1 else b"", record[number], record[number + 1])

    def bet(self) -> Event:
        """The bet that the round was begun with."""
        return self._told.bet(*self._bet)

    def _begin(self, header: dict[str, Any], data: dict[str, Any]) -> None:
        # An open round goes on with the settings that it was begun with.
        settings = header["settings"]
        same = settings == self._game.settings
        self._told = self.now if same else self._described(self._game.manifest.recorded(settings))
        self._bet = (data["lines"], data["bet"])
        self._teller = Teller(self._told, header["state"]["data"])
        self.steps = []

    def _described(self, game: Game) -> Description:
        if not isinstance(game.engine, SlotsEngine):
            raise Refused(Code.UNKNOWN_GAME, "That is no slot game.")
        return Description(game.engine.math, game.engine.settings, hide_reels=self._hide_reels)


async def record_of(store: Store, seat: Seat, game: Game, state_id: str, open_round: str) -> list[bytes] | None:
    """The record of the round that is open, or else of the one that ended with that state. None where there is none, and
    where it was played by other rules."""
    ids = [open_round] if open_round else await store.history(seat.user, 0, _SEARCHED)
    return await _found(store, ids, seat, game, lambda record: bool(orjson.loads(record[-1])["id"] == state_id))


async def record_from(store: Store, seat: Seat, game: Game, state_id: str) -> list[bytes] | None:
    """The record of the round that was begun at that state; None as for `record_of`."""
    ids = await store.history(seat.user, 0, _SEARCHED)
    return await _found(store, ids, seat, game, lambda record: bool(orjson.loads(record[0])["state"]["id"] == state_id))


async def _found(
    store: Store, ids: Sequence[str], seat: Seat, game: Game, wanted: Callable[[list[bytes]], bool]
) -> list[bytes] | None:
    for round_id in ids:
        record = await store.round(round_id)
        if record is None:
            continue
        header = header_of(record)
        where = (seat.site, game.manifest.id, game.manifest.version)
        if (header["site"], header["game"], header["version"]) == where and wanted(record):
            return record
    return None
