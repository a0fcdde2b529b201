"""The WebSocket door: from a connection's frames to a session. Limits first, then parsing, then the session."""

import asyncio
from collections import deque
from dataclasses import dataclass

import orjson
import structlog

from webingo.errors import Code, Refused
from webingo.jackpot.jackpots import Jackpots
from webingo.platforms.platform import Identity
from webingo.resources.site import Site
from webingo.server.bucket import Bucket
from webingo.server.connection import Connection
from webingo.server.login import Entrance, resume_login
from webingo.server.recheck import Recheck
from webingo.session import protocol
from webingo.session.forced import TestComponent, forcible
from webingo.session.history import HistoryComponent
from webingo.session.house import House
from webingo.session.outlet import BUG, GOING_AWAY, LOGIN_REFUSED, TAKEN_OVER
from webingo.session.session import Session
from webingo.session.stay import Stay
from webingo.support import metrics

log = structlog.get_logger("webingo.door")

LOGIN_TOO_LATE, FLOODING = 4408, 4429
# Of a login; the client comes back after the last two, sooner or later.
_CLOSES = {Code.REPLACED: TAKEN_OVER, Code.UNAVAILABLE: GOING_AWAY, Code.RATE_LIMITED: FLOODING}
_MINUTE_S = 60.0

Login = protocol.LoginMessage | protocol.SessionLoginMessage


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """What one connection may do: messages per second and at once, bad messages per minute, seconds until the login; and for
    how many seconds a login by POST /session is remembered from one connection to the next."""

    auth_timeout_s: float
    message_rate: float
    message_burst: int
    max_bad_messages: int
    session_idle_s: int


class Visitor:
    """One connection at the door: not logged in, logging in, or in a session. The Receiver of its frames."""

    def __init__(
        self,
        connection: Connection,
        house: House,
        entrance: Entrance,
        jackpots: Jackpots,
        limits: DoorLimits,
        visitors: "set[Visitor]",
    ) -> None:
        """`visitors` lists all who are here, until their sessions have ended too."""
        self._connection = connection
        self._house = house
        self._entrance = entrance
        self._jackpots = jackpots
        self._limits = limits
        self._stay: Stay | None = None
        self._session: Session | None = None
        self._login: asyncio.Task[None] | None = None
        self._recheck: Recheck | None = None
        self._early: list[protocol.Message] = []  # arrived while the login was under way
        self._bucket = Bucket(limits.message_rate, limits.message_burst, house.clock.monotonic())
        self._bad: deque[float] = deque()
        self._over_rate: deque[float] = deque()
        self.ending: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(limits.auth_timeout_s, self._too_late)
        self._log = log.bind(peer=connection.peer)
        self._visitors = visitors
        visitors.add(self)
        metrics.connected()

    def received(self, data: bytes) -> None:
        if self._connection.closing:
            return
        if not self._bucket.spend(self._house.clock.monotonic()):
            self._answer(Refused(Code.RATE_LIMITED))
            if self._too_many(self._over_rate, int(self._limits.message_rate * _MINUTE_S)):
                self._connection.close(FLOODING, Code.RATE_LIMITED)
            return
        try:
            if self._login is None:
                self._begin(login_of(data))
            elif self._session is None:
                self._early.append(protocol.parse(data))
            else:
                self._session.receive(protocol.parse(data))
        except Refused as refusal:
            self._answer(refusal)
            if self._too_many(self._bad, self._limits.max_bad_messages):
                self._connection.close(FLOODING, Code.BAD_MESSAGE)

    def lost(self) -> None:
        self._timer.cancel()
        metrics.disconnected()
        self.ending = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        try:
            if self._login is not None:  # a login that is under way comes to its end, so that its seat is given up
                await asyncio.wait((self._login,))
            if self._recheck is not None:
                self._recheck.stop()
            if self._session is not None:
                await self._session.close()
        finally:
            self._visitors.discard(self)
            if self._stay is not None:
                self._house.farewell(self._stay)

    async def leave(self, code: int) -> None:
        """The server goes down: the action in hand is finished, then the connection is closed."""
        if self._session is not None:
            await self._session.drain()
        self._connection.close(code, "The server goes down.")

    # -- limits -------------------------------------------------------------------------------------------------------

    def _too_many(self, times: deque[float], allowed: int) -> bool:
        """Notes another offence of that kind; whether there were more than allowed in the last minute."""
        now = self._house.clock.monotonic()
        times.append(now)
        while times[0] < now - _MINUTE_S:
            times.popleft()
        return len(times) > allowed

    def _answer(self, refusal: Refused) -> None:
        re = refusal.facts.get("re")
        if self._session is not None:
            self._session.refuse(refusal, re)
        else:
            metrics.refused(refusal.code)
            self._connection.send(protocol.error(refusal.code, refusal.message, re))

    # -- login --------------------------------------------------------------------------------------------------------

    def _too_late(self) -> None:
        if self._session is None:
            self._connection.send(protocol.error(Code.NOT_AUTHENTICATED, "The login came too late."))
            self._connection.close(LOGIN_TOO_LATE, Code.NOT_AUTHENTICATED)

    def _begin(self, message: Login) -> None:
        self._login = asyncio.get_running_loop().create_task(self._log_in(message))

    async def _log_in(self, message: Login) -> None:
        try:
            session = await self._opened(message)
        except Refused as refusal:
            self._log.info("login_refused", **_logged(message), code=refusal.code)
            metrics.refused(refusal.code)
            self._connection.send(protocol.error(refusal.code, refusal.message, message.re))
            self._connection.close(_CLOSES.get(refusal.code, LOGIN_REFUSED), refusal.code)
        except Exception:
            self._log.exception("login_failed", **_logged(message))
            metrics.unexpected_error()
            self._connection.send(protocol.error(Code.INTERNAL, Refused(Code.INTERNAL).message, message.re))
            self._connection.close(BUG, Code.INTERNAL)
        else:
            self._timer.cancel()
            self._session = session
            for early in self._early:
                session.receive(early)
            self._early.clear()

    async def _who(self, message: Login) -> tuple[Identity, Site]:
        house, origin, host = self._house, self._connection.origin, self._connection.host
        if isinstance(message, protocol.LoginMessage):
            return await self._entrance.log_in(message, self._connection.peer, origin, host)
        idle_s = self._limits.session_idle_s
        return await resume_login(house.store, house.resources, message.session, idle_s, origin, host)

    async def _opened(self, message: Login) -> Session:
        began_ms = self._house.clock.now_ms()
        identity, site = await self._who(message)
        who = identity.name, identity.picture, began_ms, identity.token
        self._stay = await self._house.welcome(identity.user, site, *who)
        session = self._made(self._stay)
        await session.open()
        self._recheck = Recheck(identity, self._house.rng, session.dismiss)
        return session

    def _made(self, stay: Stay) -> Session:
        wallet = self._house.wallets.of(stay.seat, stay.site.operator, stay.site.denomination, stay.token)
        house, forced = forcible(self._house, stay.site)
        session = Session(house, stay, wallet, self._connection)
        session.plug(HistoryComponent(house.store, session))
        session.plug(self._jackpots.component(session, lambda: house.resources.newest(stay.site)))
        if forced is not None:
            session.plug(TestComponent(forced, session))
        if (platform := self._entrance.platforms.get(stay.seat.user.platform)) is not None:
            for component in platform.components(session):
                session.plug(component)
        return session


def login_of(data: bytes) -> Login:
    """The first frame. Raises Refused: NOT_AUTHENTICATED for what only a player who is logged in may send, BAD_MESSAGE."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict) and value.get("t", "auth") != "auth":
        raise Refused(Code.NOT_AUTHENTICATED, re=value.get("re") if isinstance(value.get("re"), str | int) else None)
    by_session = isinstance(value, dict) and "session" in value
    return protocol.parse_session_login(data) if by_session else protocol.parse_login(data)


def _logged(message: Login) -> dict[str, str]:
    """What a log may say of a login."""
    if isinstance(message, protocol.LoginMessage):
        return {"platform": message.platform[:64], "site": message.site[:64]}
    return {"by": "session"}
