"""A session at its game: a request's actions, one after the other, become actions of the engine, and their outcome events.

What makes a repeated request harmless: a request that names its position (`seq`) writes it into the note before it plays. Its
repetition finds it there, and whether the round has gone on since tells if it was carried out.
"""

from contextlib import suppress
from hashlib import sha256
from typing import Any

import orjson

from webingo.errors import Code, Refused
from webingo.resources.game import Game
from webingo.server.slot_ide import note as notes
from webingo.server.slot_ide import requests
from webingo.server.slot_ide.describe import Event
from webingo.server.slot_ide.held import Held, record_from, record_of
from webingo.server.slot_ide.note import Note
from webingo.server.slot_ide.player import Player
from webingo.server.slot_ide.requests import Act, Request
from webingo.session.forced import Number, checked
from webingo.session.house import House
from webingo.session.proof import header_of


class Table:
    """For a session and a game; `take` comes first. One request at a time.

    `progress` counts the transitions of the request in hand that are committed: up to the first, it may be tried again.
    """

    def __init__(self, player: Player, house: House, game: Game, *, idle_ms: int, hide_reels: bool) -> None:
        """`idle_ms`: a session is forgotten when nothing came for it for so long. Raises Refused(UNKNOWN_GAME) for what is no
        slot game."""
        self.player = player
        self.progress = 0
        self._clock = house.clock
        self._store = house.store
        self._resources = house.resources
        self._site = player.site
        self._game = game
        self._idle_ms = idle_ms
        self._held = Held(game, hide_reels=hide_reels)
        self._rules = rules_of(game)
        self._seq: int | None = None
        self._note: Note
        self._others: list[Note]
        self._written: bytes  # the notes as they stand on the seat

    async def take(self, sid: str) -> None:
        """Takes the player's seat, and finds what is held there for this session. Raises Refused."""
        game_id = self._game.manifest.id
        await self.player.open(game_id)
        here, open_round = self.player.state["id"], self.player.witness.round
        # Read after the seat was taken: nobody else can write it from now on.
        self._written = await self.player.read_note()
        own, self._others = notes.read(self._written, sid, game_id, self._clock.now_ms() - self._idle_ms)
        note = self._note = own or Note.new(sid, game_id, here, self._rules, round_open=bool(open_round))
        note.rules = note.rules or self._rules
        if note.base != here:
            record = await record_of(self._store, self.player.seat, self._game, here, open_round)
            if record is None and note.rules != self._rules:
                # New settings have begun the game anew; the client may have missed the end of the round before.
                record = await record_from(self._store, self.player.seat, self._game, note.base)
            if record is None:  # the game was loaded anew, and there is nothing that the client has missed
                note.clear(here)
                note.at = here
            else:
                # Where another door or session has begun a round since, what this one did in earlier ones is past.
                note.clear(header_of(record)["state"]["id"])
                self._held.replay(record)
        if self.player.forced is not None:
            self.player.forced.force(note.forced)

    async def serve(self, request: Request) -> list[Event]:
        """Carries out the actions up to the first that fails. Raises Refused for that one."""
        self.progress = 0
        self._seq = request.seq if request.plays else None
        self._note.seen(self._clock.now_ms(), self._idle_ms)
        if self._seq is not None and (taken := self._note.taken(self._seq, len(self._held.steps))):
            if taken[1] == len(self._held.steps):
                self._note.at = self.player.state["id"]
            await self._keep()
            return self._again(request, *taken)
        events: list[Event] = []
        try:
            for act in request.acts:
                events += await self._do(act)
            if not request.plays and any(act.name == "bet" for act in request.acts):
                self._note.count_anew()
        except Refused:
            with suppress(Refused):  # the first reason is the one to tell
                await self._keep()
            raise
        await self._keep()
        return events

    def _again(self, request: Request, first: int, end: int) -> list[Event]:
        """What the request led to when it came before."""
        events = []
        for act in request.acts:
            if act.name == "config":
                events.append(self._held.now.config())
            elif act.name == "bet" and first == 0:
                events.append(self._held.bet())
        return [*events, *(event for step in self._held.steps[first:end] for event in step)]

    async def _keep(self) -> None:
        """Writes the note if it has changed. Once something is committed, failing to do so must not hide what it was: who
        comes next will see that the round went on."""
        written = notes.write(self._note, self._others)
        if written == self._written:
            return
        try:
            await self.player.write_note(written)
        except Refused:
            if not self.progress:
                raise
        else:
            self._written = written

    # -- actions ------------------------------------------------------------------------------------------------------

    async def _do(self, act: Act) -> list[Event]:
        if act.name == "config":
            return self._config(act)
        if self._note.at != self.player.state["id"]:
            raise Refused(Code.STALE, 'The game has moved on elsewhere: ask for "config".')
        if not self.player.witness.round and (self._note.rules != self._rules or self._outdated()):
            raise Refused(Code.STALE, 'The game has new settings: ask for "config".')
        match act.name:
            case "bet":
                return await self._bet(act)
            case "play":
                return await self._play(act)
            case "pickRandomly":
                return await self._go("pick", self._item(act))
            case "gamble":
                return await self._go("gamble", requests.gamble_of(act.context))
            case "collect":
                return await self._go("collect", requests.nothing(act))
        raise Refused(Code.ACTION_NOT_ALLOWED, f"There is no action {act.name[:64]!r}.")

    def _outdated(self) -> bool:
        """Whether the game has got other rules since this table was made, in the middle of a request."""
        with suppress(Refused):
            return rules_of(self._resources.offered(self._site, self._game.manifest.id)) != self._rules
        return True

    def _config(self, act: Act) -> list[Event]:
        """The game, and all that is held of the round, from its bet on."""
        requests.nothing(act)
        self._note.at, self._note.rules = self.player.state["id"], self._rules
        events, held = [self._described()], self._held
        if held.steps:
            events.append(held.bet())
        elif self._note.bet:
            lines, bet = self._note.bet
            events.append(held.now.bet(lines, bet))
        return [*events, *(event for step in held.steps for event in step)]

    def _described(self) -> Event:
        """The configuration. A client that begins again, and names positions, hears which one was taken last."""
        config = self._held.now.config()
        if self._seq is None and self._note.last is not None:
            config["context"]["seq"] = self._note.last
        return config

    async def _bet(self, act: Act) -> list[Event]:
        lines, bet = requests.bet_of(act.context)
        if self.player.witness.round:
            raise Refused(Code.ACTION_NOT_ALLOWED, "The round has to be played to its end first.")
        self._held.now.check_bet(lines, bet)
        self._note.bet = [lines, bet]
        await self._clear()
        return [self._held.now.bet(lines, bet)]

    async def _play(self, act: Act) -> list[Event]:
        numbers = self._numbers(act)
        possible = self.player.state["actions"]
        if "collect" in possible:
            raise Refused(Code.ACTION_NOT_ALLOWED, "The win has to be collected or gambled with first.")
        begins = "spin" in possible
        if begins and not self._note.bet:
            raise Refused(Code.ACTION_NOT_ALLOWED, "A bet has to be made first.")
        if numbers and self.player.forced is not None:
            self.player.forced.force(numbers)
        if not begins:
            return await self._go("play", {})
        await self._clear()
        return await self._go("spin", self._held.now.stake(*self._note.bet))

    def _numbers(self, act: Act) -> list[Number]:
        """What is to be drawn before the house's own numbers; in test mode only."""
        if not act.context or not isinstance(act.context, list):
            requests.nothing(act)
            return []
        if self.player.forced is None:
            raise Refused(Code.FORBIDDEN, "Outcomes can't be forced here.")
        return checked(act.context)

    def _item(self, act: Act) -> dict[str, Any]:
        feature = self.player.state["data"].get("feature") or {}
        return requests.nothing(act) if feature.get("type") == "wheel" else requests.item_of(act.context)

    async def _clear(self) -> None:
        """The round that is over is held no more."""
        if self._held.outdated:
            await self.player.load(self._game.manifest.id)
            self._note.at = self.player.state["id"]
        self._note.clear(self.player.state["id"], self._seq)
        self._held.clear()

    async def _go(self, action: str, params: dict[str, Any]) -> list[Event]:
        """One action of the engine, and what it led to."""
        if self._seq is not None:
            if not self.progress:
                self._note.mark(self._seq, len(self._held.steps))
            await self._keep()
        try:
            parts = await self.player.act(action, params)
        finally:
            if self.player.forced is not None:
                self._note.forced = self.player.forced.left
        self.progress += len(parts)
        events = [event for part in parts for event in self._held.add(part.header, part.record, part.state)]
        self._note.at = self.player.state["id"]
        return events


def rules_of(game: Game) -> str:
    """Tells the rules that a game is played by from others: its version, and the settings in force."""
    written = orjson.dumps((game.manifest.version, game.settings), option=orjson.OPT_SORT_KEYS)
    return sha256(written).hexdigest()[:16]
