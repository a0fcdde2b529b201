"""Who a player is: proved by an access token that Facebook is asked about, or by what Facebook signs in an instant game."""

import asyncio
from typing import Any
from urllib.parse import quote

import structlog

from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.facebook import signed
from webingo.platforms.facebook.graph import Graph, GraphError
from webingo.platforms.facebook.profile import Pictures, Profile, claimed, kept, save, told
from webingo.platforms.facebook.said import Debugged
from webingo.platforms.facebook.tokens import Known, Tokens
from webingo.platforms.platform import Identity
from webingo.resources.site import Site
from webingo.session.protocol import Auth
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.user import User

log = structlog.get_logger("webingo.facebook")

_PART_OF_PATIENCE = 0.8
"""Of `auth_timeout_s`, so that the player hears why there was no login."""

_MOST_IN_ADDRESS = 2048
"""Characters of a token as it stands in an address. Facebook's have a few hundred; what no web server reads would be answered
with the end of the connection, and whoever sends such would make Graph look broken for everybody."""

_BAD_TOKEN = {100, 102, 190}
"""Graph's errors about the token that it was asked about; 100 is what it says of another application's."""

_WHY_INVALID = {
    458: "The application was removed from the Facebook account; log in with Facebook again.",
    460: "The Facebook password was changed; log in with Facebook again.",
    463: "The Facebook login has expired; log in with Facebook again.",
    467: "The Facebook account has logged out; log in with Facebook again.",
}
_INVALID = "Facebook says that this login is not valid; log in with Facebook again."


class Login:
    """Lets players of one application in. Raises what Platform.authenticate may raise."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, graph: Graph) -> None:
        self._app_id = settings.fb_app_id
        self._secret = settings.fb_app_secret.get_secret_value()
        self._recheck_s = settings.fb_token_check_s
        self._patience_s = settings.auth_timeout_s * _PART_OF_PATIENCE
        self._clock = clock
        self._store = store
        self._graph = graph
        self._pictures = Pictures(settings.fb_graph_url)
        self._tokens = Tokens(clock)

    async def identity(self, user: User, auth: Auth, site: Site) -> Identity:
        """Who `auth` proves to be, asked of Facebook where that is needed, within most of the time that a login has."""
        said = claimed(auth.userinfo, user.uid, self._pictures)
        if not auth.token:
            raise Refused(Code.AUTH_FAILED, "A Facebook login is needed: auth.token is empty.")
        try:
            async with asyncio.timeout(self._patience_s):
                if auth.token.count(".") == 1:
                    return await self._signed(user, auth.token, site, said)
                return await self._by_token(user, auth.token, said)
        except TimeoutError:
            log.warning("facebook_login_too_slow")
            raise Refused(Code.UNAVAILABLE, "Facebook takes too long to answer; try again in a while.") from None

    # -- an access token --------------------------------------------------------------------------------------------------

    async def _by_token(self, user: User, token: str, said: Profile) -> Identity:
        revoked = await self._store.revoked_at(user)
        known = self._tokens.get(token, user.uid, revoked)
        if known is None:
            found = await self._valid(user, token)
            profile = await self._profile(user, token)
            await self._same(user, revoked)
            await save(self._store, user, profile.over(said), revoked)
            # The address has been saved, and is needed for nothing else.
            known = Known(profile._replace(email=""), found.expires_at, revoked)
            self._tokens.keep(token, user.uid, known)

        async def recheck() -> None:
            try:
                await self._valid(user, token)
            except Refused as refusal:
                if refusal.code is Code.AUTH_FAILED:
                    self._tokens.drop(token, user.uid)
                raise

        shown = known.profile.over(said)
        return Identity(user, shown.name, shown.picture, recheck, self._recheck_s)

    async def _valid(self, user: User, token: str) -> Debugged:
        """Asks Facebook whether this is a good token of this application for this player. Raises AUTH_FAILED, UNAVAILABLE."""
        if not (token.isascii() and token.isprintable() and " " not in token and len(quote(token)) <= _MOST_IN_ADDRESS):
            raise Refused(Code.AUTH_FAILED, _INVALID)
        try:
            found = await self._graph.debug_token(token)
        except GraphError as no:
            raise self._no(no) from None
        if not found.is_valid:
            raise Refused(Code.AUTH_FAILED, _WHY_INVALID.get(found.error.subcode, _INVALID))
        if found.app_id != self._app_id:
            raise Refused(Code.AUTH_FAILED, "This login was made for another application.")
        if found.type.upper() != "USER" or not found.user_id:
            raise Refused(Code.AUTH_FAILED, "A player's own token is needed here, and this is another kind of token.")
        if found.user_id != user.uid:
            raise Refused(Code.AUTH_FAILED, "This login is another player's than auth.uid.")
        if 0 < found.expires_at <= self._clock.now_ms() / 1000:
            raise Refused(Code.AUTH_FAILED, _WHY_INVALID[463])
        return found

    async def _profile(self, user: User, token: str) -> Profile:
        try:
            me = await self._graph.me(token)
        except GraphError as no:
            raise self._no(no, about_us={100}) from None
        if me.id != user.uid:
            log.error("graph_contradicts_itself", call="me")
            raise Refused(Code.UNAVAILABLE)
        return told(me, self._pictures)

    def _no(self, error: GraphError, about_us: "set[int] | None" = None) -> Refused:
        """What Graph's definite no means for the player; `about_us` are errors that the token has nothing to do with here."""
        if error.code in _BAD_TOKEN - (about_us or set()):
            return Refused(Code.AUTH_FAILED, _WHY_INVALID.get(error.subcode, _INVALID))
        log.error("graph_refuses_us", error=error.code, subcode=error.subcode)
        return Refused(Code.UNAVAILABLE)

    async def _same(self, user: User, revoked: int) -> None:
        """What Facebook has said may be older than what its callback said meanwhile. Raises AUTH_FAILED."""
        if await self._store.revoked_at(user) != revoked:
            raise Refused(Code.AUTH_FAILED, _WHY_INVALID[458])

    # -- an instant game --------------------------------------------------------------------------------------------------

    async def _signed(self, user: User, text: str, site: Site, said: Profile) -> Identity:
        """Signed player info: made for this player on this site, not long ago, and not before a revocation."""
        payload = signed.opened(self._secret, text, self._clock.now_ms() / 1000, signed.INSTANT_S)
        if _player(payload) != user.uid:
            raise Refused(Code.AUTH_FAILED, "This was signed for another player than auth.uid.")
        if payload.get("request_payload") != site.id:
            raise Refused(Code.AUTH_FAILED, "This was signed for another site: request_payload has to be the site's id.")
        revoked = await self._store.revoked_at(user)
        if payload["issued_at"] * 1000 <= revoked:
            raise Refused(Code.AUTH_FAILED, _WHY_INVALID[458])
        before = await kept(self._store, user)
        profile = said.over(before)._replace(email=before.email)
        await save(self._store, user, profile, revoked)
        return Identity(user, profile.name, profile.picture)


def _player(payload: dict[str, Any]) -> Any:
    """Whom signed player info is about: by the id that the application knows its users by (`asid`) where that was signed, else
    by the one that instant games have of their own."""
    return payload.get("asid", payload.get("player_id"))
