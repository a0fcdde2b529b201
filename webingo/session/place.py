"""A seat as its session holds it: the epoch, the funds, the userdata and the running game, in step with the store.

Everything here is committed before it is true: where a commit is refused, the place is as it was.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

import orjson
import structlog

from webingo.engines.engine import Action
from webingo.errors import Code, Refused
from webingo.resources.game import Game
from webingo.resources.site import Site
from webingo.session.house import House
from webingo.session.play import Running, Transition, began, made_under, resumed, transitions
from webingo.session.prizes import Won
from webingo.support import metrics
from webingo.transaction.transaction import Funds, Opened, Part, Seat, Transaction
from webingo.wallet.wallet import Wallet

log = structlog.get_logger("webingo.session")


Shown = tuple[Transition, Funds]
"""What a player gets to see: a transition that is committed, and the funds after it."""


class Turn(NamedTuple):
    """What actions lead to, decided and not yet committed; `begins` where a round begins with it. `cut` where another round
    would have begun, but has to wait for new settings."""

    transitions: list[Transition]
    transaction: Transaction
    begins: bool
    cut: bool = False


class Place:
    """One at a time: no method may be called while another is under way."""

    def __init__(self, house: House, seat: Seat, site: Site, wallet: Wallet, by_house: bool = False) -> None:
        self._by_house = by_house
        self.seat = seat
        self.site = site
        self.wallet = wallet
        self.epoch = 0  # 0: the seat is not ours (yet)
        self._taken = 0  # the last one that was ours
        self.funds = Funds(0, 0)
        self.userdata: dict[str, Any] = {}
        self.spent = 0
        self.revoked_ms = 0
        self.running: Running | None = None
        self.outdated = False  # the site, or the running game, has new settings, which `renew` takes in
        self._house = house
        self._began = -inf  # when the last round did, on the monotonic clock

    @property
    def round_open(self) -> bool:
        return self.running is not None and bool(self.running.round)

    @property
    def shown_userdata(self) -> dict[str, Any]:
        """The player's fields, and the server's: the stored ones, and on a social site what follows from the spend."""
        social = self.site.social
        return self.userdata if social is None else {**self.userdata, **social.standing(self.spent)}

    def learn(self, funds: Funds) -> bool:
        """Takes in news of the wallet; whether they were news."""
        newer = funds.seq > self.funds.seq
        if newer:
            self.funds = funds
        return newer

    async def take(self) -> None:
        """Takes the seat over, with the game that is on it. Raises Refused as `Store.open` does."""
        self.epoch, self.running, self.outdated = 0, None, self._house.resources.newest(self.site) is not self.site
        grant, at_ms = self.site.initial_credits, self._house.clock.now_ms()
        opened = await self.wallet.open(self.seat, grant, at_ms, self._by_house)
        self.epoch, self.funds, self.userdata = opened.epoch, opened.funds, opened.userdata
        self._taken = opened.epoch
        self.spent, self.revoked_ms = opened.spent, opened.revoked_ms
        if opened.game:
            await self._resume(opened)

    async def _resume(self, opened: Opened) -> None:
        """Goes on where the player was. A game whose rules or settings have changed since is begun anew; a round that is
        open comes to its end with its own settings, and is not resumed at all under other rules."""
        resources = self._house.resources
        try:
            # A disabled game lets a round that is still open come to its end.
            game = (resources.offered if opened.round else resources.game)(self.site, opened.game)
            version, settings = made_under(opened.private)
            if version == game.manifest.version and (opened.round or settings == game.settings):
                if settings != game.settings:
                    game = replace(game.manifest.recorded(settings), feeds=game.feeds)
                    self.outdated = True
                self.running = resumed(game, opened.state, opened.private, opened.round)
                return
            reason = "the rules have changed"
        except Refused as refusal:
            reason = refusal.message
        if opened.round:
            log.error("round_not_resumable", session=str(self.seat), round=opened.round, game=opened.game, reason=reason)
            raise Refused(Code.UNAVAILABLE, "An unfinished round can't be resumed at the moment.")
        await self._commit(self._unloading(orjson.loads(opened.state)["id"], opened.game))

    async def begin(self, game: Game) -> None:
        """Loads a game where none runs."""
        running = began(game, self._house.rng)
        self.learn(await self._commit(self._entering(None, running, (), self._house.clock.now_ms())))
        self.running = running

    async def renew(self) -> None:
        """Takes in the newest settings, where no round is open: the game is begun anew where they change it, and is unloaded
        where the site has it no more. Raises Refused as `Store.commit` does."""
        resources, running = self._house.resources, self.running
        self.site, self.outdated = resources.newest(self.site), False
        if running is None:
            return
        try:
            game = resources.offered(self.site, running.game.manifest.id)
        except Refused:
            await self.unload(running)
            return
        if game.manifest is running.game.manifest and game.settings == running.game.settings:
            self.running = running._replace(game=game)
        else:
            fresh = began(game, self._house.rng)
            self.learn(await self._commit(self._entering(running, fresh, (), self._house.clock.now_ms())))
            self.running = fresh

    async def play(self, running: Running, actions: Sequence[Action]) -> list[Shown]:
        """Runs the actions on the running game and commits them in one step. Raises Refused as the engine and the store do."""
        turn = self.decide(running, actions)
        return self.settle(turn, await self._commit(turn.transaction))

    def decide(self, running: Running, actions: Sequence[Action]) -> Turn:
        """What the actions lead to. Nothing has happened yet: the wallet commits it, then comes `settle` or `refused`."""
        house, at_ms = self._house, self._house.clock.now_ms()
        done = transitions(running, actions, house.rng, self.seat, self.wallet.id, at_ms)
        parts = tuple([transition.part for transition in done])
        begins, cut = any(part.header for part in parts), False
        if begins:
            self._check_beginning(running.game)
            if self.outdated:  # and a round is open, or the new settings were in force already: it may end, no more
                count = next(place for place, part in enumerate(parts) if part.header)
                done, parts, begins, cut = done[:count], parts[:count], False, True
        return Turn(done, self._entering(running, done[-1].running, parts, at_ms), begins, cut)

    def settle(self, turn: Turn, funds: Funds) -> list[Shown]:
        """The turn was committed, which left these funds: every transition with the funds after it."""
        done = turn.transitions
        self.running, self.funds = done[-1].running, funds
        for transition in done:
            if transition.part.triggers:
                self._award(transition)
        if turn.begins:
            self._began = self._house.clock.monotonic()
        if len(done) == 1:
            self.spent += done[0].wagered
            return [(done[0], funds)]
        self.spent += sum([transition.wagered for transition in done])
        balance = funds.balance - sum([transition.won - transition.wagered for transition in done])
        shown = []
        for transition in done:
            balance += transition.won - transition.wagered
            # An operator may not have booked the win yet, or something else besides.
            shown.append((transition, Funds(max(balance, 0), funds.seq)))
        return shown

    def _award(self, transition: Transition) -> None:
        """Tells of the jackpots that the committed transition has won, so that they are paid at once."""
        if prizes := self._house.prizes:
            part, game = transition.part, transition.running.game.manifest.id
            for jackpot in part.triggers:
                prizes.award(Won(self.seat, self.wallet.id, part.round, game, jackpot))

    async def refused(self, transaction: Transaction, refusal: Refused) -> None:
        """The store refused: what it knows better is learned."""
        if "balance" in refusal.facts:
            self.learn(Funds(refusal.facts["balance"], refusal.facts["seq"]))
        if refusal.code is Code.STALE:
            log.warning("seat_was_elsewhere", session=str(self.seat), base=transaction.base)
            await self.take()

    def _check_beginning(self, game: Game) -> None:
        """Whether a new round may begin now. What is resumed with an open round may have been disabled since."""
        if not self._house.resources.offered(self.site, game.manifest.id).enabled:
            raise Refused(Code.GAME_DISABLED)
        seconds = self.site.flags.min_spin_ms / 1000
        if seconds and self._house.clock.monotonic() < self._began + seconds:
            raise Refused(Code.LIMIT, f"A round may begin {seconds:g} seconds after the one before at the earliest.")

    async def unload(self, running: Running) -> None:
        """No game from now on."""
        await self._commit(self._unloading(running.state.id, running.game.manifest.id))
        self.running = None

    async def give_up(self) -> None:
        """The session has ended. What is on the seat stays in the store."""
        if self._taken:
            await self.wallet.close(self.seat, self._taken)

    def _entering(self, base: Running | None, to: Running, parts: tuple[Part, ...], at_ms: int) -> Transaction:
        return Transaction(
            self.seat,
            self.wallet.id,
            self.epoch,
            at_ms,
            "" if base is None else base.state.id,
            to.state.id,
            to.game.manifest.id,
            to.public,
            None if base is not None and to.private is base.private else to.private,
            to.game.engine.max_win,
            parts,
        )

    def _unloading(self, base: str, game_id: str) -> Transaction:
        return Transaction(self.seat, self.wallet.id, self.epoch, self._house.clock.now_ms(), base, "", game_id)

    async def _commit(self, transaction: Transaction) -> Funds:
        clock = self._house.clock
        begun = clock.monotonic()
        try:
            return await self.wallet.commit(transaction)
        except Refused as refusal:
            await self.refused(transaction, refusal)
            raise
        finally:
            metrics.committed(clock.monotonic() - begun)
