"""A session that no socket hangs on: actions go in, and what was committed comes out."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import orjson

from webingo.errors import Code, Refused
from webingo.session import protocol
from webingo.session.forced import forcible
from webingo.session.house import House
from webingo.session.session import Session
from webingo.session.stay import Stay
from webingo.transaction.transaction import Funds, Opened, Part, Seat, Transaction
from webingo.wallet.wallet import Wallet


class Witness:
    """A wallet that remembers what went through it: `round` is the open one ("" = none), `parts` what was committed since
    they were last taken, `unknown` whether nobody can tell if the last commit was carried out."""

    def __init__(self, wallet: Wallet) -> None:
        self.id, self.kept_here = wallet.id, wallet.kept_here
        self.funds, self.listen, self.ask_again = wallet.funds, wallet.listen, wallet.ask_again
        self.epoch = 0
        self.round = ""
        self.parts: list[Part] = []
        self.unknown = False
        self._wallet = wallet

    async def open(self, seat: Seat, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        opened = await self._wallet.open(seat, grant, at_ms, by_house)
        self.epoch, self.round = opened.epoch, opened.round
        return opened

    async def commit(self, transaction: Transaction) -> Funds:
        self.unknown = True
        try:
            funds = await self._wallet.commit(transaction)
        except Refused as refusal:
            self.unknown = refusal.code is Code.UNAVAILABLE and not refusal.facts.get("undone")
            raise
        self.unknown = False
        self.parts += transaction.parts
        for part in transaction.parts:
            if part.round:
                self.round = "" if part.closes else part.round
        return funds

    async def close(self, seat: Seat, epoch: int) -> None:
        await self._wallet.close(seat, epoch)


class _Ear:
    """The session's outlet: finds the question that an answer belongs to by its `re`."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self.state: dict[str, Any] = {}
        self.closed = False
        self.waiting: dict[int, asyncio.Future[None]] = {}
        self._ended = ended
        self._why = Refused(Code.UNAVAILABLE)

    def send(self, data: bytes, *, state: bool = False) -> None:
        message = orjson.loads(data)
        waiting = self.waiting.pop(message.get("re"), None)
        if message["t"] == "state":
            self.state = message
            if waiting is not None:
                waiting.set_result(None)
        elif message["t"] == "error":
            refusal = Refused(Code(message["code"]), message["message"], counted=True)
            if waiting is not None:
                waiting.set_exception(refusal)
            self._why = refusal

    def close(self, code: int, reason: str = "") -> None:
        self.closed = True
        for waiting in self.waiting.values():
            waiting.set_exception(self._why)
        self.waiting.clear()
        self._ended()


class Player:
    """One session of one player. Refusals of its actions were counted by the session, as the fact `counted` tells.

    `forced` is there where outcomes may be forced.
    """

    def __init__(self, house: House, stay: Stay, ended: Callable[[], None]) -> None:
        """`ended` is called when the session is over for a reason of its own: another one took the seat, say."""
        house, self.forced = forcible(house, stay.site)
        self.seat, self.site = stay.seat, stay.site
        self.witness = Witness(house.wallets.of(stay.seat, stay.site.operator, stay.site.denomination, stay.token))
        self._ear = _Ear(ended)
        self._session = Session(house, stay, self.witness, self._ear)
        self._store = house.store
        self._numbers = count(1)

    async def open(self, game: str) -> None:
        """Takes the seat, and loads the game where it does not run. Raises Refused."""
        await self._session.open()
        if self._ear.state.get("curr_game") != game:
            await self.load(game)

    async def load(self, game: str) -> None:
        """Loads the game, anew where its settings have changed. Raises Refused."""
        await self._ask(protocol.GameLoadMessage(t="gameload", gameid=game, re=next(self._numbers)))
        await self._session.quiet()  # the first answer may be the end of the game before

    async def close(self) -> None:
        await self._session.close()

    @property
    def over(self) -> bool:
        return self._ear.closed

    @property
    def state(self) -> dict[str, Any]:
        """The game's: id, name, data, actions."""
        found: dict[str, Any] = self._ear.state["gamestate"]
        return found

    async def act(self, action: str, params: dict[str, Any]) -> list[Part]:
        """Acts on the present state. Answers what was committed. Raises Refused; nothing has happened then, unless the code is
        UNAVAILABLE or INTERNAL."""
        witness = self.witness
        witness.parts.clear()
        witness.unknown = False
        sid, re = self.state["id"], next(self._numbers)
        try:
            await self._ask(protocol.ActionMessage(t="action", action=action, params=params, sid=sid, re=re))
        except Refused:
            if not self.over:
                raise
            # The seat was lost with the action under way: whether that was in time, only its commit can tell.
            await self._session.drain()
            if witness.unknown:
                raise Refused(Code.UNAVAILABLE) from None
            if not witness.parts:
                raise
            self._ear.state = {**self._ear.state, "gamestate": orjson.loads(witness.parts[-1].state)}
        # Behind a round the game may be begun anew with new settings, which is part of it here.
        await self._session.quiet()
        return list(witness.parts)

    async def _ask(self, message: protocol.ActionMessage | protocol.GameLoadMessage) -> None:
        if self.over:
            raise Refused(Code.REPLACED)
        assert isinstance(message.re, int)
        answer = self._ear.waiting[message.re] = asyncio.get_running_loop().create_future()
        self._session.receive(message)
        await answer

    async def read_note(self) -> bytes:
        return await self._store.note(self.seat)

    async def write_note(self, note: bytes) -> None:
        """Raises Refused(REPLACED) where another session has the seat."""
        await self._store.save_note(self.seat, self.witness.epoch, note)
