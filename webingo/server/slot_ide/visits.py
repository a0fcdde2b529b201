"""The sessions of the SLOT-IDE door that are open in this process, each by its `sid`."""

import asyncio

import structlog

from webingo.errors import Code, Refused
from webingo.resources.game import Game
from webingo.resources.site import Site
from webingo.server.bucket import Bucket
from webingo.server.slot_ide.describe import Event
from webingo.server.slot_ide.player import Player
from webingo.server.slot_ide.requests import Request, game_id
from webingo.server.slot_ide.table import Table
from webingo.session.house import House
from webingo.session.stay import Stay
from webingo.transaction.transaction import Login, Seat, shard_of
from webingo.user import User

log = structlog.get_logger("webingo.door")

_TRIES = 5
_PAUSE_S = 0.02
_MOST_WAITING = 20
# After these the session is made anew, from what the store says.
_LOST = {Code.REPLACED, Code.UNAVAILABLE, Code.INTERNAL, Code.PLAYER_BLOCKED}
# In debug, a session that nobody has logged in to belongs to a player of that name here.
_PLAY_MONEY = ("demo", "demo")


class Visit:
    """One `sid` here: its requests come one at a time, in order. The seat is taken with the first of them."""

    def __init__(self, house: House, sid: str, login: Login, site: Site, bucket: Bucket, idle_s: float) -> None:
        self.seat = login.seat
        self._token = login.token
        self.idle_s = idle_s
        self._site = site
        self._stay: Stay | None = None
        self._house = house
        self._sid = sid
        self._bucket = bucket
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._last = house.clock.monotonic()
        self._table: Table | None = None
        self._laid: tuple[Site, str] | None = None  # the site as it was when the table was made, and the game
        self._endings: set[asyncio.Task[None]] = set()

    @property
    def site(self) -> Site:
        """As it is now."""
        return self._house.resources.newest(self._site)

    @property
    def in_round(self) -> bool:
        return self._table is not None and bool(self._table.player.witness.round)

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    async def answer(self, request: Request) -> list[Event]:
        """The request's events. Raises Refused."""
        if self._waiting >= _MOST_WAITING or not self._bucket.spend(self._house.clock.monotonic(), len(request.acts)):
            raise Refused(Code.RATE_LIMITED)
        self._waiting += 1
        try:
            async with self._lock:
                if self._house.clock.monotonic() - self._last > self.idle_s:
                    await self.leave()
                self._last = self._house.clock.monotonic()
                return await self._answer(request)
        finally:
            self._waiting -= 1

    async def _answer(self, request: Request) -> list[Event]:
        resources = self._house.resources
        game = resources.offered(self.site, game_id(request.game, self.site))
        for number in range(1, _TRIES + 1):
            table = None
            try:
                table = await self._seated(game)
                return await table.serve(request)
            except Refused as refusal:
                # A refusal that was counted is the session's own, and not this door's.
                if refusal.code in _LOST or (refusal.code is Code.STALE and refusal.facts.get("counted")):
                    await self.leave()
                # Another session or process took the seat meanwhile. Where nothing was committed it may be tried again.
                again = refusal.code is Code.REPLACED and (table is None or not table.progress)
                if not again or number == _TRIES:
                    raise
            except Exception:  # what this table knows may be wrong now
                await self.leave()
                raise
            await asyncio.sleep(_PAUSE_S * number)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _seated(self, game: Game) -> Table:
        site = self.site
        if self._table is not None and (self._table.player.over or self._outdated(site, game.manifest.id)):
            await self.leave()
        if self._stay is None:
            self._stay = await self._house.welcome(self.seat.user, site, token=self._token)
        if self._table is None:
            self._stay.site = site
            player = Player(self._house, self._stay, self._ended)
            idle_ms, hide = int(self.idle_s * 1000), site.slot_ide.hide_reels
            try:
                table = Table(player, self._house, game, idle_ms=idle_ms, hide_reels=hide)
                await table.take(self._sid)
            except BaseException:
                await player.close()
                raise
            self._table, self._laid = table, (site, game.manifest.id)
        return self._table

    def _outdated(self, site: Site, game_id: str) -> bool:
        """Whether the table is for another game, or for settings that have changed since; a round is ended under its own."""
        if self._laid is None or self._laid[1] != game_id:
            return True
        return self._laid[0] is not site and not self.in_round

    def _ended(self) -> None:
        """The session is over by itself. Called from within it."""
        task = asyncio.get_running_loop().create_task(self._end())
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _end(self) -> None:
        async with self._lock:
            if self._table is not None and self._table.player.over:
                await self.leave()

    async def leave(self) -> None:
        """Gives up the seat. What stands there stays as it is, and the next request takes it again."""
        table, self._table = self._table, None
        if table is not None:
            await table.player.close()

    async def close(self) -> None:
        """As `leave`, after the requests that were there before."""
        async with self._lock:
            await self.leave()
        if self._endings:
            await asyncio.wait(self._endings)
        if self._stay is not None:
            self._house.farewell(self._stay)


class Visits:
    """All visits of this process, and who a `sid` is."""

    def __init__(self, house: House, idle_s: float, message_rate: float, message_burst: int) -> None:
        self.most_acts = message_burst
        self._house = house
        self._idle_s = idle_s
        self._rate = message_rate
        self._visits: dict[str, Visit] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closings: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def visit(self, sid: str) -> Visit:
        """Whose session it is: a login by POST /session, or in debug anything else, which logs in a player of that name.

        Raises Refused (NOT_AUTHENTICATED, FORBIDDEN, UNKNOWN_SITE, UNAVAILABLE).
        """
        if self._stopped:
            raise Refused(Code.UNAVAILABLE)
        known = self._visits.get(sid)
        login = await self._login(sid, int(known.idle_s if known else self._idle_s))
        seat = login.seat
        site = known.site if known else await self._house.resources.site(seat.user.platform, seat.site)
        if not site.enabled and not (known and known.in_round):
            raise Refused(Code.FORBIDDEN, "This site is closed at the moment.")
        idle_s = site.slot_ide.inactivity_timeout_s or self._idle_s
        if known is None and idle_s != self._idle_s:
            await self._login(sid, int(idle_s))
        visit = self._visits.get(sid)
        if visit is None:
            bucket = Bucket(self._rate, self.most_acts, self._house.clock.monotonic())
            visit = self._visits[sid] = Visit(self._house, sid, login, site, bucket, idle_s)
        self._wind(sid, visit)
        return visit

    async def _login(self, sid: str, idle_s: int) -> Login:
        """Whose session it is. A login is remembered for another `idle_s`."""
        if shard_of(sid) is None and self._house.debug:
            platform, site = _PLAY_MONEY
            return Login(Seat(User(platform, sid), site))
        login = await self._house.store.login(sid, idle_s)
        if login is None:
            raise Refused(Code.NOT_AUTHENTICATED)
        return login

    def _wind(self, sid: str, visit: Visit) -> None:
        """The session is forgotten when nothing comes for it from now on."""
        if sid in self._timers:
            self._timers[sid].cancel()
        self._timers[sid] = asyncio.get_running_loop().call_later(visit.idle_s, self._forget, sid)

    def _forget(self, sid: str) -> None:
        visit = self._visits[sid]
        if visit.busy:
            return self._wind(sid, visit)
        del self._visits[sid], self._timers[sid]
        task = asyncio.get_running_loop().create_task(visit.close())
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)
        return None

    async def stop(self) -> None:
        """No new requests; those that are there are answered, then all seats are given up."""
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        closing = [*self._closings, *(asyncio.create_task(visit.close()) for visit in self._visits.values())]
        if closing:
            await asyncio.wait(closing)
