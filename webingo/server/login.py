"""Logging in: the same for every door."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog

from webingo.errors import Code, Refused
from webingo.platforms.logins import recalled
from webingo.platforms.platform import Identity, Platform
from webingo.resources.site import ANYWHERE, SELF, Site
from webingo.resources.source import ResourceSource
from webingo.server.attempts import Attempts
from webingo.session.protocol import LoginMessage
from webingo.transaction.store import Store

log = structlog.get_logger("webingo.door")

# Whoever waited for it has long been sent away; but a login that never ends would keep the server from stopping.
_PROOF_S = 30.0


def check_origin(site: Site, origin: str | None, host: str) -> None:
    """A browser names the page that it acts for; the site has to allow that page. Clients that are not browsers name none.

    Raises Refused(FORBIDDEN).
    """
    allowed = site.allowed_origins
    if origin is None or ANYWHERE in allowed or (origin in allowed and origin != SELF):
        return
    if SELF in allowed and _host_of(origin) == host.lower():
        return
    raise Refused(Code.FORBIDDEN, "This site may not be played from that page.")


def _host_of(origin: str) -> str | None:
    """Host and port of a page, None for what is no page of the web ("null", a browser's extension) or no origin at all."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


async def resume_login(
    store: Store, resources: ResourceSource, session_id: str, idle_s: int, origin: str | None, host: str
) -> tuple[Identity, Site]:
    """Who logged in by POST /session, and where; the login is remembered for another `idle_s`.

    Raises Refused (AUTH_FAILED, UNKNOWN_SITE, FORBIDDEN, UNAVAILABLE).
    """
    login = await store.login(session_id, idle_s)
    if login is None:
        raise Refused(Code.AUTH_FAILED, "There is no such session, or it has ended.")
    seat = login.seat
    site = await resources.site(seat.user.platform, seat.site)
    check_open(site, origin, host)
    return await recalled(store, seat.user, login.token), site


def cancelled() -> bool:
    """Whether somebody has cancelled the running task. A platform may raise CancelledError without, when what it waits for
    was cancelled elsewhere."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def check_open(site: Site, origin: str | None, host: str) -> None:
    """Raises Refused(FORBIDDEN)."""
    if not site.enabled:
        raise Refused(Code.FORBIDDEN, "This site is closed at the moment.")
    check_origin(site, origin, host)


class Entrance:
    """Where players of all platforms log in, by whatever door. `attempts` bounds what is refused to one address."""

    def __init__(self, platforms: Mapping[str, Platform], resources: ResourceSource, attempts: Attempts) -> None:
        self.platforms = platforms
        self._resources = resources
        self._attempts = attempts

    async def log_in(self, message: LoginMessage, peer: str, origin: str | None, host: str) -> tuple[Identity, Site]:
        """Who the player is, and where. Raises Refused (UNKNOWN_PLATFORM, UNKNOWN_SITE, FORBIDDEN, RATE_LIMITED, AUTH_FAILED,
        UNAVAILABLE: also where the platform does not come to an end)."""
        platform = self.platforms.get(message.platform)
        if platform is None:
            raise Refused(Code.UNKNOWN_PLATFORM)
        site = await self._resources.site(platform.name, message.site)
        check_open(site, origin, host)
        self._attempts.check(peer)
        try:
            return await _proved(platform, message, site), site
        except Refused as refusal:
            if refusal.code is Code.AUTH_FAILED:
                self._attempts.refused(peer)
            raise


async def _proved(platform: Platform, message: LoginMessage, site: Site) -> Identity:
    """Whom the platform takes the player for, if it comes to an end and says something that makes sense."""
    try:
        async with asyncio.timeout(_PROOF_S):
            identity = await platform.authenticate(message.auth, site)
    except TimeoutError:
        log.warning("platform_too_slow", platform=platform.name)
        raise Refused(Code.UNAVAILABLE) from None
    except asyncio.CancelledError:
        if cancelled():
            raise
        raise RuntimeError(f"the platform {platform.name!r} was cancelled in the middle of a login") from None
    if not isinstance(identity, Identity) or identity.user.platform != platform.name:
        raise TypeError(f"the platform {platform.name!r} answered something else than who its player is")
    return identity
