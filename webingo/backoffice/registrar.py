"""The book of players' stays: each is registered before it begins, named while it lasts, and summed up when it is over."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol, TypeVar

import orjson
import structlog

from webingo.backoffice.client import Client, Rejected, Unreachable
from webingo.backoffice.contract import MOST_LISTED, Done, SessionBegun
from webingo.errors import Code, Refused
from webingo.resources.remote import RemoteResources
from webingo.resources.site import Site
from webingo.rng import Rng
from webingo.support import metrics
from webingo.support.backoff import full_jitter
from webingo.support.clock import Clock
from webingo.transaction.transaction import Funds, Seat

log = structlog.get_logger("webingo.backoffice")

T = TypeVar("T")

_BEGIN_S, _BEGIN_TRIES = 2.5, 2  # a player waits, and a login may take ten seconds
_ALIVE_EVERY_S = 30.0
_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.5, 10.0
_FAREWELL_S = 3.0
_MOST_ENDED = 100_000
_REFUSALS = {"UNKNOWN_SITE": Code.UNKNOWN_SITE, "SITE_CLOSED": Code.FORBIDDEN, "PLAYER_BLOCKED": Code.PLAYER_BLOCKED}


class Tally(Protocol):
    """Sums of what was played."""

    rounds: int
    wagered: int
    won: int


class Stay(Protocol):
    """A player's stay, as session/stay.py has it."""

    id: str
    seat: Seat
    site: Site
    name: str
    began_ms: int
    reason: str

    @property
    def tally(self) -> Tally: ...

    @property
    def funds(self) -> Funds: ...


class Book:
    """The Registrar of a house. What can't be told at the moment is told later, as long as this process lives; of a process
    that died the backoffice knows by its silence."""

    def __init__(self, client: Client, resources: RemoteResources, node: str, clock: Clock, rng: Rng) -> None:
        """`node` names the process."""
        self._client = client
        self._resources = resources
        self._node = node
        self._clock = clock
        self._rng = rng
        self._stays: dict[str, Stay] = {}
        self._told: dict[str, int] = {}  # stay -> the wallet's seq that was told last
        self._ended: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_MOST_ENDED)
        self._some_ended, self._all_told = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._tell_endings()), asyncio.create_task(self._tell_alive())]

    async def stop(self) -> None:
        """Endings that are not told yet may take a moment."""
        if self._ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_told.wait(), _FAREWELL_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._ended:
            log.warning("endings_not_told", count=len(self._ended))

    # -- the Registrar ------------------------------------------------------------------------------------------------

    async def begin(self, stay: Stay) -> Site:
        """See session.stay.Registrar."""
        user, site = stay.seat.user, stay.site
        fields = {"session": stay.id, "node": self._node, "platform": user.platform, "site": site.id, "uid": user.uid}
        # As of when the name was asked for: a player who is erased meanwhile stays without one.
        body = orjson.dumps({**fields, "name": stay.name, "at": stay.began_ms or self._clock.now_ms()})
        try:
            begun = await self._client.post(
                "sessions", "session_begin", "v1/sessions", body, SessionBegun, _BEGIN_S, _BEGIN_TRIES
            )
        except Unreachable:
            raise Refused(Code.UNAVAILABLE) from None
        except Rejected as rejected:
            code = _REFUSALS.get(rejected.code, Code.UNAVAILABLE)
            if code is Code.UNAVAILABLE:
                log.error("session_rejected", code=rejected.code, reason=rejected.message)
            raise Refused(code, _words(code)) from None
        self._stays[stay.id] = stay
        try:
            return await self._admitted(user.platform, site.id, begun)
        except Refused as refusal:
            stay.reason = refusal.code
            self.end(stay)
            raise

    async def _admitted(self, platform: str, site_id: str, begun: SessionBegun) -> Site:
        if begun.player.blocked:
            raise Refused(Code.PLAYER_BLOCKED)
        await self._resources.take(platform, site_id, begun.version, begun.site)
        site = await self._resources.site(platform, site_id)
        if not site.enabled:
            raise Refused(Code.FORBIDDEN, _words(Code.FORBIDDEN))
        return site

    def end(self, stay: Stay) -> None:
        """See session.stay.Registrar. Twice is as once."""
        if self._stays.pop(stay.id, None) is None:
            return
        self._told.pop(stay.id, None)
        tally, funds = stay.tally, stay.funds
        sums = {"rounds": tally.rounds, "wagered": tally.wagered, "won": tally.won}
        standing = {"balance": funds.balance, "seq": funds.seq}
        self._ended.append((stay.id, {"at": self._clock.now_ms(), **sums, **standing, "reason": stay.reason}))
        self._some_ended.set()
        self._all_told.clear()

    # -- what is told beside ------------------------------------------------------------------------------------------

    async def _tell_endings(self) -> None:
        failures = 0
        while True:
            await self._some_ended.wait()
            self._some_ended.clear()
            while self._ended:
                stay, summary = self._ended[0]
                if await self._told_well("session_end", f"v1/sessions/{stay}/end", summary):
                    failures = 0
                    if self._ended and self._ended[0][0] == stay:
                        self._ended.popleft()
                else:
                    failures += 1
                    await asyncio.sleep(full_jitter(self._rng, failures, _FIRST_PAUSE_S, _MOST_PAUSE_S))
            self._all_told.set()

    async def _tell_alive(self) -> None:
        while True:
            await asyncio.sleep(_ALIVE_EVERY_S)
            try:
                await self.beat()
            except Exception:
                metrics.unexpected_error()
                log.exception("heartbeat_failed")

    async def beat(self) -> None:
        """Names the stays that last, and the wallets that have changed since the last time."""
        at = self._clock.now_ms()
        for ids in _pages(tuple(self._stays)):
            await self._told_well("sessions_alive", "v1/sessions/alive", {"node": self._node, "at": at, "sessions": ids})
        ours = [stay for stay in self._stays.values() if not stay.site.operator]  # what others keep is no news of our wallets
        news = [stay for stay in ours if stay.funds.seq > self._told.get(stay.id, 0)]
        for page in _pages(news):
            if await self._told_well("players", "v1/players", {"players": [_snapshot(stay, at) for stay in page]}):
                self._told |= {stay.id: stay.funds.seq for stay in page if stay.id in self._stays}

    async def _told_well(self, name: str, path: str, fields: dict[str, Any]) -> bool:
        """Whether there is nothing more to tell: taken, or refused for good."""
        try:
            await self._client.post("sessions", name, path, orjson.dumps(fields), Done)
        except Unreachable:
            return False
        except Rejected as rejected:
            log.error("told_and_rejected", call=name, code=rejected.code, reason=rejected.message)
        return True


def _words(code: Code) -> str | None:
    return "This site is closed at the moment." if code is Code.FORBIDDEN else None


def _snapshot(stay: Stay, at: int) -> dict[str, Any]:
    user, funds = stay.seat.user, stay.funds
    owner = {"platform": user.platform, "uid": user.uid, "denom": stay.site.denomination}
    return {**owner, "balance": funds.balance, "seq": funds.seq, "at": at}


def _pages(items: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while page := list(islice(rest, MOST_LISTED)):
        yield page
