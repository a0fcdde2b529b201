"""A player's session: one player on one site, with a wallet, perhaps a running game, and components.

One message is handled at a time, in the order of arrival. Nothing is shown to the player before it is committed, and every
answer is the whole state, so that a client needs no memory.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import orjson
import structlog

from webingo.engines.engine import Action
from webingo.errors import Code, Refused
from webingo.resources.site import Site
from webingo.session import play, protocol
from webingo.session.component import Component
from webingo.session.house import House
from webingo.session.view import View
from webingo.support import metrics
from webingo.transaction.transaction import Event, Funds, Opened, Seat, Transaction
from webingo.user import User, changed_userdata
from webingo.wallet.wallet import Wallet

log = structlog.get_logger("webingo.session")

GOING_AWAY, BUG, LOGIN_REFUSED, TAKEN_OVER = 1001, 1011, 4401, 4409


class Outlet(Protocol):
    """The door's end of a session."""

    def send(self, data: bytes, *, state: bool = False) -> None:
        """A message to the client; of states that wait behind a slow reader only the newest need arrive."""
        ...

    def close(self, code: int, reason: str = "") -> None: ...


class Session:
    """Made for a player who has logged in; `open` takes the seat, `receive` hands over messages, `close` ends it."""

    def __init__(self, house: House, user: User, site: Site, wallet: Wallet, outlet: Outlet) -> None:
        self.seat = Seat(user, site.id)
        self._house = house
        self._site = site
        self._wallet = wallet
        self._outlet = outlet
        self._epoch = 0
        self._funds = Funds(0, 0)
        self._running: play.Running | None = None
        self._components: dict[str, Component] = {}
        self._inbox: deque[protocol.Message | Funds] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False
        self._view = View(site.denomination, house.clock)
        self._log = log.bind(session=str(self.seat))

    # -- life ---------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Takes the seat, resumes an unfinished game and pushes the first state. Raises Refused."""
        await self._take_seat()
        self._house.enter(self)
        self._push(games=self._house.resources.listing(self._site))

    def plug(self, component: Component) -> None:
        self._components[component.name] = component

    def subjects(self) -> tuple[tuple[str, str], ...]:
        """The (kind, subject) of the events that concern this session."""
        user = self.seat.user
        return ("seat", str(self.seat)), ("wallet", str(self._wallet.id)), ("block", f"{user.platform}:{user.uid}")

    def receive(self, message: protocol.Message) -> None:
        """Takes a message into the queue; it is handled after those before it."""
        self._queue(message)

    def _queue(self, item: protocol.Message | Funds) -> None:
        # News of the wallet wait their turn too: a balance is not shown before the state that it belongs to.
        if self._closed:
            return
        self._inbox.append(item)
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())

    def refuse(self, refusal: Refused, re: str | int | float | None = None) -> None:
        """Answers with the error and the full state behind it."""
        metrics.refused(refusal.code)
        if self._closed:
            return
        if "balance" in refusal.facts:
            self._learn(Funds(refusal.facts["balance"], refusal.facts["seq"]))
        self._outlet.send(protocol.error(refusal.code, refusal.message, re))
        self._push(re=re)

    def hear(self, event: Event) -> None:
        """Something happened to this player elsewhere."""
        match event.kind:
            case "seat" if event.number > self._epoch:
                self._end(Refused(Code.REPLACED), TAKEN_OVER)
            case "wallet":
                self._queue(Funds(event.balance, event.number))
            case "block":
                self._end(Refused(Code.PLAYER_BLOCKED), LOGIN_REFUSED)

    async def look_again(self) -> None:
        """Reads the wallet's balance anew, since news of it may have been lost."""
        with suppress(Refused):
            self._queue(await self._house.store.funds(self._wallet.id))

    def tell(self, which: str, message: dict[str, Any]) -> None:
        if not self._closed:
            self._outlet.send(protocol.component(which, message))

    async def drain(self) -> None:
        """Takes no more messages, and waits for the one in hand."""
        self._inbox.clear()
        if self._worker is not None:
            await asyncio.wait((self._worker,))

    async def close(self) -> None:
        """Gives up the seat after the action in hand. The running game and its round stay in the store."""
        self._closed = True
        await self.drain()
        self._house.leave(self)
        for component in self._components.values():
            component.close()
        if self._epoch:
            try:
                await self._wallet.close(self.seat, self._epoch)
            except Refused as refusal:
                self._log.info("seat_not_closed", code=refusal.code)

    def _end(self, refusal: Refused, close_code: int) -> None:
        """Nothing more is done for this client: names the reason and closes its connection."""
        if not self._closed:
            self._closed = True
            self._inbox.clear()
            metrics.refused(refusal.code)
            self._outlet.send(protocol.error(refusal.code, refusal.message))
            self._outlet.close(close_code, refusal.code)

    # -- messages -----------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while self._inbox and not self._closed:
            item = self._inbox.popleft()
            if isinstance(item, Funds):
                self._news(item)
            else:
                await self._handle(item)
        self._worker = None

    def _news(self, funds: Funds) -> None:
        if funds.seq > self._funds.seq:
            self._funds = funds
            self._push()

    async def _handle(self, message: protocol.Message) -> None:
        try:
            match message:
                case protocol.ActionMessage():
                    await self._act(message)
                case protocol.GameLoadMessage():
                    await self._load(message.gameid, message.re)
                case protocol.GameFinishMessage():
                    await self._finish(message.re)
                case protocol.UserdataMessage():
                    await self._save(message)
                case protocol.ComponentMessage():
                    await self._component(message)
        except Refused as refusal:
            if refusal.code is Code.REPLACED:
                self._end(refusal, TAKEN_OVER)
            elif refusal.code is Code.UNAVAILABLE:
                # Whether the store wrote is not known. The client comes back, and the seat then tells what is true.
                self._end(refusal, GOING_AWAY)
            else:
                self.refuse(refusal, message.re)
        except Exception:
            running = self._running
            self._log.exception("session_failed", round=running.round if running else "", message_type=message.t)
            metrics.unexpected_error()
            self._end(Refused(Code.INTERNAL), BUG)

    async def _act(self, message: protocol.ActionMessage) -> None:
        running = self._running
        if running is None:
            raise Refused(Code.NO_GAME)
        if message.sid != running.state.id:
            raise Refused(Code.STALE)
        if message.action not in running.state.actions:
            raise Refused(Code.ACTION_NOT_ALLOWED, f"{message.action[:64]!r} is not possible in {running.state.name!r}.")
        try:
            await self._play(running, (Action(message.action, message.params),), message.re)
        except Refused as refusal:
            metrics.action(running.game.manifest.id, message.action, refusal.code)
            raise
        metrics.action(running.game.manifest.id, message.action, "OK")

    async def _load(self, game_id: str, re: protocol.Reference) -> None:
        game = self._house.resources.game(self._site, game_id)
        if self._running is not None and self._running.game is not game:
            await self._leave_game(self._running, re)
        if self._running is None:
            running = play.began(game, self._house.rng)
            self._funds = await self._commit(self._transaction("", running, ()))
            self._running = running
        self._push(re=re)

    async def _finish(self, re: protocol.Reference) -> None:
        if self._running is None:
            raise Refused(Code.NO_GAME)
        await self._leave_game(self._running, re)
        self._push(re=re)

    async def _leave_game(self, running: play.Running, re: protocol.Reference) -> None:
        """Brings the game to its end, if its engine allows it, and unloads it."""
        actions = running.game.engine.finish(running.state)
        if actions:
            running = await self._play(running, actions, re)
        await self._commit(self._unloading(running.state.id, running.game.manifest.id))
        self._running = None

    async def _save(self, message: protocol.UserdataMessage) -> None:
        changed = changed_userdata(self._view.userdata, message.set, message.unset)
        await self._house.store.save_userdata(self.seat, self._epoch, orjson.dumps(changed))
        self._view.userdata = changed
        self._push(re=message.re)

    async def _component(self, message: protocol.ComponentMessage) -> None:
        component = self._components.get(message.which)
        if component is None:
            raise Refused(Code.UNKNOWN_COMPONENT, f"There is no component {message.which[:64]!r} here.")
        await component.receive(message.message)

    # -- play and money -----------------------------------------------------------------------------------------------

    async def abandon(self) -> None:
        """Closes the round of a player who never came back, by the engine's policy for it."""
        running = self._running
        if running is not None and running.round:
            await self._play(running, running.game.engine.abandon(running.state), None)

    async def _play(self, running: play.Running, actions: Sequence[Action], re: protocol.Reference) -> play.Running:
        """Runs the actions, commits them in one step, and pushes every transition. Answers the game as it is then."""
        house = self._house
        done = play.transitions(running, actions, house.rng, self.seat, self._wallet.id, house.clock.now_ms())
        last = done[-1].running
        funds = await self._commit(self._transaction(running.state.id, last, [transition.part for transition in done]))
        self._running = last
        balance = funds.balance - sum(transition.won - transition.wagered for transition in done)
        for transition in done:
            balance += transition.won - transition.wagered
            self._view.tally.count(transition)
            self._meter(running, transition)
            self._funds = Funds(balance, funds.seq)
            self._push(transition.running, re=re)
        return last

    def _meter(self, running: play.Running, transition: play.Transition) -> None:
        metrics.played(
            running.game.manifest.id,
            self._site.denomination,
            opened=bool(transition.part.header),
            wagered=transition.wagered,
            won=transition.won,
        )

    def _transaction(self, base: str, to: play.Running, parts: Sequence[Any]) -> Transaction:
        return Transaction(
            seat=self.seat,
            wallet=self._wallet.id,
            epoch=self._epoch,
            at_ms=self._house.clock.now_ms(),
            base=base,
            sid=to.state.id,
            game=to.game.manifest.id,
            state=to.public,
            private=to.private,
            max_win=to.game.engine.max_win,
            parts=tuple(parts),
        )

    async def _commit(self, transaction: Transaction) -> Funds:
        clock = self._house.clock
        begun = clock.monotonic()
        try:
            return await self._wallet.commit(transaction)
        except Refused as refusal:
            if refusal.code is Code.STALE:  # the store knows better than we do
                self._log.warning("seat_was_elsewhere", base=transaction.base)
                await self._take_seat()
            raise
        finally:
            metrics.committed(clock.monotonic() - begun)

    def _unloading(self, base: str, game_id: str) -> Transaction:
        """No game from now on."""
        at_ms = self._house.clock.now_ms()
        return Transaction(self.seat, self._wallet.id, self._epoch, at_ms, base, "", game_id)

    async def _take_seat(self) -> None:
        opened = await self._wallet.open(self.seat, self._site.initial_credits, self._house.clock.now_ms())
        self._epoch, self._funds = opened.epoch, opened.funds
        self._view.userdata = opened.userdata
        self._running = None
        if opened.game:
            await self._resume(opened)

    async def _resume(self, opened: Opened) -> None:
        """Goes on where the player was. A game whose rules have changed since is begun anew, but never in mid-round."""
        sid = orjson.loads(opened.state)["id"]
        try:
            resources = self._house.resources
            # A disabled game lets a round that is still open come to its end.
            game = (resources.offered if opened.round else resources.game)(self._site, opened.game)
            if play.stored_version(opened.private) == game.manifest.version:
                self._running = play.resumed(game, opened.state, opened.private, opened.round)
                return
            reason = "the rules have changed"
        except Refused as refusal:
            reason = refusal.message
        if opened.round:
            self._log.error("round_not_resumable", round=opened.round, game=opened.game, reason=reason)
            raise Refused(Code.UNAVAILABLE, "An unfinished round can't be resumed at the moment.")
        await self._wallet.commit(self._unloading(sid, opened.game))

    # -- the state, to the player -------------------------------------------------------------------------------------

    def _learn(self, funds: Funds) -> None:
        if funds.seq >= self._funds.seq:
            self._funds = funds

    def _push(
        self,
        running: play.Running | None = None,
        re: protocol.Reference = None,
        games: list[dict[str, Any]] | None = None,
    ) -> None:
        if not self._closed:
            self._outlet.send(self._view.state(self._funds, running or self._running, re, games), state=True)
