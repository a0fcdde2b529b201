"""A player's session: one player on one site, with a wallet, perhaps a running game, and components.

One message is handled at a time, in the order of arrival. Nothing is shown to the player before it is committed, and every
answer is the whole state, so that a client needs no memory.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog

from webingo.engines.engine import Action
from webingo.errors import Code, Refused, code_of
from webingo.session import play, protocol
from webingo.session.host import Host, Work
from webingo.session.house import House
from webingo.session.inbox import Inbox
from webingo.session.outlet import BUG, GOING_AWAY, LOGIN_REFUSED, TAKEN_OVER, Outlet
from webingo.session.place import Place, Turn
from webingo.session.revocation import REVOKED, Revocation
from webingo.session.screen import Screen
from webingo.session.stay import Stay
from webingo.support import metrics
from webingo.support.answer import Outcome, when_done
from webingo.transaction.transaction import Event, Funds
from webingo.user import changed_userdata
from webingo.wallet.wallet import Wallet

log = structlog.get_logger("webingo.session")


class Session(Host):
    """Made for a player who has logged in; `open` takes the seat, `receive` hands over messages, `close` ends it."""

    def __init__(self, house: House, stay: Stay, wallet: Wallet, outlet: Outlet, by_house: bool = False) -> None:
        """`by_house`: there is no player; an abandoned round is to be closed."""
        self._house = house
        self._place = stay.purse = Place(house, stay.seat, stay.site, wallet, by_house)
        self._screen = Screen(house, stay, self._place, outlet)
        wallet.listen(self._note)
        super().__init__(house.store, self._place, self._screen, self._note)
        self._by_house = by_house
        self._inbox: Inbox[protocol.Message | Funds | Event | Work] = Inbox(self._handle)
        self.drain, self.quiet = self._inbox.drain, self._inbox.quiet
        self._task: asyncio.Task[None] | None = None  # of what is in hand, where it needs one
        self._newest_epoch = 0
        self._revocation = Revocation(stay.began_ms)

    # -- life ---------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Takes the seat, resumes an unfinished game and pushes the first state. Raises Refused."""
        self._house.enter(self)  # before the seat is ours, so that no news of it is missed
        try:
            await self._place.take()
            if self._newest_epoch > self._place.epoch:
                raise Refused(Code.REPLACED)
            self._revocation.check(self._place.revoked_ms)
        except BaseException:
            self._house.leave(self)
            with suppress(Refused):  # the wallet was perhaps opened, and would go on asking an operator for ever
                await self._place.give_up()
            raise
        self._screen.welcome()
        if self._place.outdated and not self._by_house:  # the settings have changed while the seat was taken
            self._inbox.put(Event("site", "", 0))
        self._opened()
        self._inbox.open()

    def subjects(self) -> tuple[tuple[str, str], ...]:
        """The (kind, subject) of the events that concern this session."""
        user, site = self.seat.user, self._place.site
        player = f"{user.platform}:{user.uid}"
        wallet = str(self._place.wallet.id)
        own = ("seat", str(self.seat)), ("wallet", wallet), ("posted", wallet), ("block", player)
        return own if self._by_house else (*own, ("revoked", player), ("site", f"{site.platform}:{site.id}"))

    def receive(self, message: protocol.Message) -> None:
        """Takes a message; it is handled after those before it."""
        if not self._screen.closed:
            self._inbox.put(message)

    def refuse(self, refusal: Refused, re: protocol.Reference = None) -> None:
        """Answers with the error and the full state behind it."""
        self._screen.refuse(refusal, re)

    def hear(self, event: Event) -> None:
        """Something happened to this player elsewhere."""
        match event.kind:
            case "seat":
                self._newest_epoch = max(self._newest_epoch, event.number)
                if 0 < self._place.epoch < event.number:
                    self._replaced(by_house=bool(event.balance))
            case "wallet":
                self._heard(Funds(event.balance, event.number))
            case "posted":
                self._posted(event)
            case "block":
                self._end(Refused(Code.PLAYER_BLOCKED), LOGIN_REFUSED)
            case "revoked":
                self._hear_revoked(event.number)
            case "site":
                self._note(event)

    def _heard(self, funds: Funds) -> None:
        """The store has news of the wallet, which has more than that to say where the money is elsewhere."""
        wallet = self._place.wallet
        self._note(funds) if wallet.kept_here else wallet.ask_again()

    def _hear_revoked(self, at_ms: int) -> None:
        if not self._by_house and self._revocation.heard(at_ms):
            self._end(REVOKED, LOGIN_REFUSED)

    def dismiss(self, refusal: Refused) -> None:
        """The player may stay no longer; closes as where a login is refused."""
        self._end(refusal, BUG if refusal.code is Code.INTERNAL else LOGIN_REFUSED)

    async def look_again(self) -> None:
        """Reads anew what news may have been lost of: the wallet's balance, and a revocation."""
        with suppress(Refused):
            self._hear_revoked(await self._store.revoked_at(self.seat.user))
            if self._place.wallet.kept_here:  # an operator is asked now and then anyway, and not by all sessions at once
                self._note(await self._place.wallet.funds())

    async def abandon(self) -> None:
        """Closes the round of a player who never came back, by the engine's policy for it. Raises Refused."""
        running = self._place.running
        if running is not None and running.round:
            await self._play(running, running.game.engine.abandon(running.state), None)

    async def close(self) -> None:
        """Gives up the seat after the action in hand. The running game and its round stay in the store."""
        self._screen.closed = True
        await self.drain()
        self._house.leave(self)
        self._unplug()
        with suppress(Refused):  # whoever sits here next does not need our leave
            await self._place.give_up()

    def _replaced(self, by_house: bool) -> None:
        if by_house:  # the player is still there after all: the client comes back and finds the round closed
            self._end(Refused(Code.UNAVAILABLE, "Your round was closed, since nothing was done for long."), GOING_AWAY)
        else:
            self._end(Refused(Code.REPLACED), TAKEN_OVER)

    def _end(self, refusal: Refused, close_code: int) -> None:
        """Nothing more is done for this client: names the reason and closes its connection."""
        self._inbox.clear()
        self._screen.end(refusal, close_code)

    # -- messages -----------------------------------------------------------------------------------------------------

    def _note(self, news: Funds | Event | Work) -> None:
        # News wait their turn too: a balance is not shown before the state that it belongs to.
        if not self._screen.closed:
            self._inbox.put(news)

    def _handle(self, item: protocol.Message | Funds | Event | Work) -> None:
        if isinstance(item, protocol.ActionMessage):
            self._act(item)
        elif isinstance(item, Event):
            self._place.outdated = True
            if not self._place.round_open:
                self._in_hand(self._renew())
        elif not isinstance(item, Funds):
            self._in_hand(self._answer(item))
        elif self._place.learn(item):
            self._screen.push()

    def _rest(self) -> None:
        """The item in hand is done. Before the next one the game gets its new settings, if there are any, and no round open."""
        place = self._place
        due = place.outdated and not place.round_open and not self._screen.closed
        return self._in_hand(self._renew()) if due else self._inbox.rest()

    async def _renew(self, cut: protocol.ActionMessage | None = None) -> None:
        """`cut`: the action that would have begun a round under the old settings, as well."""
        place = self._place
        try:
            if not place.site.counts_as(self._house.resources.newest(place.site)):
                raise Refused(Code.UNAVAILABLE, "The site counts in another denomination from now on.")
            await place.renew()
        except Exception as error:
            self._failed("settings", None, error)
        else:
            self._screen.renewed()
            if cut is None:
                self._screen.push()
            else:
                self.refuse(Refused(Code.STALE, "The settings have changed, and hold from this round on."), cut.re)
        self._inbox.rest()

    def _in_hand(self, work: Coroutine[Any, Any, None]) -> None:
        self._inbox.begin()
        self._task = asyncio.get_running_loop().create_task(work)

    def _act(self, message: protocol.ActionMessage) -> None:
        """The engine decides at once; what it decided is shown when it is committed, by `_acted`."""
        place, running, begun = self._place, None, self._house.clock.monotonic()
        try:
            running = play.playable(place.running, message.sid, message.action)
            turn = place.decide(running, (Action(message.action, message.params),))
            committing = place.wallet.commit(turn.transaction)
        except Exception as error:
            if running is not None:
                metrics.action(running.game.manifest.id, message.action, code_of(error))
            return self._failed(message.t, message.re, error)
        self._inbox.begin()
        return when_done(committing, partial(self._acted, message, turn, begun))

    def _acted(self, message: protocol.ActionMessage, turn: Turn, begun: float, outcome: Outcome[Funds]) -> None:
        metrics.committed(self._house.clock.monotonic() - begun)
        try:
            self._screen.show(self._place.settle(turn, outcome.result()), None if turn.cut else message.re)
            self._committed()
        except Exception as error:
            return self._in_hand(self._not_acted(message, turn, error))
        metrics.action(turn.transaction.game, message.action, Code.STALE if turn.cut else "OK")
        return self._in_hand(self._renew(message)) if turn.cut else self._rest()

    async def _not_acted(self, message: protocol.ActionMessage, turn: Turn, error: Exception) -> None:
        metrics.action(turn.transaction.game, message.action, code_of(error))
        if isinstance(error, Refused):
            try:
                await self._place.refused(turn.transaction, error)
            except Exception as worse:  # and the seat is not ours any more, whatever else is undone
                error = Refused(worse.code, worse.message) if isinstance(worse, Refused) else worse
        self._failed(message.t, message.re, error)
        self._rest()

    async def _answer(self, message: protocol.Message | Work) -> None:
        try:
            match message:
                case protocol.GameLoadMessage():
                    await self._load(message.gameid, message.re)
                case protocol.GameFinishMessage():
                    await self._finish(message.re)
                case protocol.UserdataMessage():
                    await self._save(message)
                case protocol.ComponentMessage():
                    await self._received(message)
                case Work():
                    await message.run()
        except Exception as error:
            self._failed(message.t, message.re, error)
        self._rest()

    def _failed(self, what: str, re: protocol.Reference, error: Exception) -> None:
        if not isinstance(error, Refused):
            round_id = self._place.running.round if self._place.running else ""
            log.error("session_failed", exc_info=error, session=str(self.seat), round=round_id, message_type=what)
            metrics.unexpected_error()
            self._end(Refused(Code.INTERNAL), BUG)
        elif error.code is Code.REPLACED:
            self._end(error, TAKEN_OVER)
        elif error.code is Code.AUTH_FAILED:  # what proved the player to an operator has run out
            self._end(error, LOGIN_REFUSED)
        elif error.facts.get("undone"):  # the operator said no, or nothing
            self.refuse(error, re)
        elif error.code is Code.UNAVAILABLE:
            # Whether the store wrote is not known. The client comes back, and the seat then tells what is true.
            self._end(error, GOING_AWAY)
        else:
            self.refuse(error, re)

    async def _load(self, game_id: str, re: protocol.Reference) -> None:
        place = self._place
        game = self._house.resources.game(place.site, game_id)
        if place.running is not None and place.running.game is not game:
            await self._leave_game(place.running, re)
        if place.running is None:
            await place.begin(game)
        self._screen.push(re)

    async def _finish(self, re: protocol.Reference) -> None:
        if self._place.running is None:
            raise Refused(Code.NO_GAME)
        await self._leave_game(self._place.running, re)
        self._screen.push(re)

    async def _leave_game(self, running: play.Running, re: protocol.Reference) -> None:
        """Brings the game to its end, if its engine allows it, and unloads it."""
        actions = running.game.engine.finish(running.state)
        if actions:
            running = await self._play(running, actions, re)
        await self._place.unload(running)

    async def _play(self, running: play.Running, actions: Sequence[Action], re: protocol.Reference) -> play.Running:
        """Plays, and pushes every transition in order. Answers the game as it is then."""
        shown = await self._place.play(running, actions)
        self._screen.show(shown, re)
        self._committed()
        return shown[-1][0].running

    async def _save(self, message: protocol.UserdataMessage) -> None:
        await self._save_userdata(changed_userdata(self.userdata, message.set, message.unset))
        self._screen.push(message.re)
