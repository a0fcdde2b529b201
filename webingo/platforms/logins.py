"""Logins that are kept from one connection to the next: POST /session, and platforms whose players come by a page."""

import orjson

from webingo.errors import Code, Refused
from webingo.platforms.platform import Identity
from webingo.resources.site import Site
from webingo.session.house import House
from webingo.transaction.store import Store
from webingo.transaction.transaction import Seat, fresh_sharded_id
from webingo.user import User


async def keep_login(house: House, user: User, site: Site, idle_s: int, began_ms: int, token: str = "") -> str:
    """The id of the login, the bearer's only credential; it is forgotten when nothing was done with it for `idle_s`. `token` is
    Identity.token.

    `began_ms`: when the player's platform was asked; what it has taken back since then (Store.revoke) is no login. Raises
    Refused (FORBIDDEN for a closed site, PLAYER_BLOCKED, AUTH_FAILED, UNAVAILABLE).
    """
    if not site.enabled:
        raise Refused(Code.FORBIDDEN, "This site is closed at the moment.")
    if await house.store.blocked(user):
        raise Refused(Code.PLAYER_BLOCKED)
    session_id = fresh_sharded_id(user)
    await house.store.keep_login(session_id, Seat(user, site.id), idle_s, token)
    if await house.store.revoked_at(user) >= began_ms:  # a revocation that comes after the login was kept voids it itself
        raise Refused(Code.AUTH_FAILED, "The login was revoked; log in again.")
    return session_id


async def keep_profile(store: Store, identity: Identity, began_ms: int) -> None:
    """Keeps name and picture for the logins that go on by an id; what else the platform keeps of the player stays.

    `began_ms`: as of `keep_login`; of a player who was erased since then nothing is kept. Raises Refused (AUTH_FAILED,
    UNAVAILABLE).
    """
    revoked = await store.revoked_at(identity.user)
    if revoked >= began_ms:
        raise Refused(Code.AUTH_FAILED, "The login was revoked; log in again.")
    before = await store.profile(identity.user)
    known = {} if before is None else orjson.loads(before)
    document = orjson.dumps({**known, "name": identity.name, "picture": identity.picture})
    if document != before:
        await store.save_profile(identity.user, document, revoked)


async def recalled(store: Store, user: User, token: str = "") -> Identity:
    """A player who was proved before, as the profile that the platform kept shows them. Raises Refused(UNAVAILABLE)."""
    document = await store.profile(user)
    profile = {} if document is None else orjson.loads(document)
    return Identity(user, profile.get("name", ""), profile.get("picture", ""), token=token)
