"""The session component "jackpot": the site's jackpots, their values, and who hears of them."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webingo.errors import Code, Refused
from webingo.jackpot.board import NAME, Board, Topic
from webingo.jackpot.bounds import Bounds
from webingo.jackpot.meter import MeterId
from webingo.problems import unknown
from webingo.resources.jackpots import Jackpot
from webingo.resources.site import Site
from webingo.session.component import Component, Room
from webingo.wallet.denomination import DENOMINATIONS


class _Question(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    what: str = Field(pattern="^(subscribe|unsubscribe_all|list)$")
    to: str = Field(default="", max_length=64)


class JackpotComponent(Component):
    """Messages: {"what": "subscribe", "to": id} is answered with the jackpot's value, which then comes whenever it changes, and
    its wins; {"what": "unsubscribe_all"}; {"what": "list"} is answered with the site's jackpots.

    Other sites' jackpots are answered like unknown ones. A session subscribes to each jackpot of its site once at most.
    """

    name = NAME

    def __init__(self, board: Board, site: Callable[[], Site], set_up: Callable[[Site], Awaitable[None]], room: Room) -> None:
        """`site` answers the site as it is now; `set_up` sees to it that its meters are there."""
        self._board = board
        self._site = site
        self._set_up = set_up
        self._room = room
        self._closed = False
        self.wallet = str(room.wallet)

    def send(self, data: bytes) -> None:
        """A message from the board to the player."""
        self._room.send(data)

    async def receive(self, message: dict[str, Any]) -> None:
        try:
            question = _Question.model_validate(message)
        except ValidationError as error:
            raise Refused(Code.BAD_PARAMS, f"jackpot: {error.errors()[0]['msg']}.") from None
        site = self._site()
        if question.what == "unsubscribe_all":
            self._board.leave(self)
            return
        await self._set_up(site)
        if question.what == "list":
            listed = [await self._listed(site, jackpot) for jackpot in site.jackpots]
            self._room.tell(self.name, {"what": "list", "jackpots": listed})
        else:
            await self._subscribe(site, question.to)

    async def _subscribe(self, site: Site, wanted: str) -> None:
        jackpot = next((known for known in site.jackpots if known.id == wanted), None)
        if jackpot is None:
            near = unknown("jackpot", wanted, [known.id for known in site.jackpots])
            raise Refused(Code.BAD_PARAMS, f"{wanted!r}: {near if near.endswith('?') else f'{near}.'}")
        await self._board.subscribe(Topic(_meter(site, jackpot), jackpot.storage_multiplier), self)
        if self._closed:  # in the meantime
            self._board.leave(self)

    async def _listed(self, site: Site, jackpot: Jackpot) -> dict[str, Any]:
        meter = await self._board.held(_meter(site, jackpot))
        bounds = Bounds.of(jackpot, meter)
        about = {
            "id": jackpot.id,
            "title": jackpot.title,
            "denom": DENOMINATIONS[site.denomination].rgs_id,
            "storage_multiplier": jackpot.storage_multiplier,
            "min": jackpot.min,
            "max": bounds.max,
            "value": meter.shown(jackpot.storage_multiplier),
            "trigger": jackpot.trigger.by,
            "games": [game.id for game in site.games if jackpot.fed_by(game.id)],
        }
        return {**about, "before": bounds.before} if bounds.before else about

    def close(self) -> None:
        self._closed = True
        self._board.leave(self)


def _meter(site: Site, jackpot: Jackpot) -> MeterId:
    return MeterId(site.platform, site.denomination, site.id, jackpot.id)
