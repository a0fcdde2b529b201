"""Logins that are kept from one connection to the next: POST /session, and platforms whose players come by a page."""

from webingo.errors import Code, Refused
from webingo.resources.site import Site
from webingo.session.house import House
from webingo.transaction.transaction import Seat, fresh_sharded_id
from webingo.user import User


async def keep_login(house: House, user: User, site: Site, idle_s: int) -> str:
    """The id of the login, the bearer's only credential; it is forgotten when nothing was done with it for `idle_s`.

    Raises Refused (FORBIDDEN for a closed site, PLAYER_BLOCKED, UNAVAILABLE).
    """
    if not site.enabled:
        raise Refused(Code.FORBIDDEN, "This site is closed at the moment.")
    if await house.store.blocked(user):
        raise Refused(Code.PLAYER_BLOCKED)
    session_id = fresh_sharded_id(user)
    await house.store.keep_login(session_id, Seat(user, site.id), idle_s)
    return session_id
