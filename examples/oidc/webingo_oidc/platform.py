"""The platform: what webingo asks of it, answered with the parts beside this file."""

import os
from html import escape
from urllib.parse import urlencode

import structlog

from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.logins import keep_login, keep_profile
from webingo.platforms.platform import Cookie, Identity, Platform, Reply, Request
from webingo.resources.site import Site
from webingo.session.house import House
from webingo.session.protocol import Auth
from webingo.support.clock import Clock
from webingo.user import User
from webingo_oidc.configured import configured
from webingo_oidc.login import Login, Logins, authorization
from webingo_oidc.provider import Provider
from webingo_oidc.tokens import Claims, Judge, uid_of

log = structlog.get_logger("webingo.oidc")


class OidcPlatform(Platform):
    """Players come by the browser (GET /oidc/login?site=…), or with an id token that their own client has. The provider may
    take them back (POST /oidc/logout)."""

    name = "oidc"

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._own = configured(os.environ)
        self._clock = clock
        self._logins = Logins(settings.secret.get_secret_value())
        self._idle_s = int(settings.session_idle_s)
        self._lobby = "/" if settings.debug else "/static/webingo-client/index.html"

    async def start(self, house: House) -> None:
        self._house = house
        self._provider = Provider(self._own, self._clock, house.rng)
        self._judge = Judge(self._provider, self._own.issuer, self._own.client_id)

    async def stop(self) -> None:
        self._provider.close()

    async def authenticate(self, auth: Auth, site: Site) -> Identity:
        """`auth.token` is an id token, `auth.uid` the player whom it names."""
        claims = await self._judge.id_token(auth.token, self._now_s)
        identity = self._identity(claims)
        if auth.uid not in (identity.user.uid, claims.sub):
            raise Refused(Code.AUTH_FAILED, "The token is another player's.")
        if claims.iat * 1000 <= await self._house.store.revoked_at(identity.user):
            raise Refused(Code.AUTH_FAILED, "The provider has logged this player out; log in again.")
        return identity

    async def page(self, request: Request) -> Reply | None:
        match request.method, request.path:
            case "GET", "login":
                return await self._begin(request)
            case "GET", "callback":
                return await self._end(request)
            case "POST", "logout":
                return await self._log_out(request)
        return None

    async def _begin(self, request: Request) -> Reply:
        site = await self._house.resources.site(self.name, request.query.get("site", ""))
        login, cookie = self._logins.begin(request, site.id, self._now_s)
        metadata = await self._provider.metadata()
        own, back = self._own, _callback(request)
        return _away(authorization(metadata.authorization_endpoint, own.client_id, own.scope, back, login), cookie)

    async def _end(self, request: Request) -> Reply:
        """The browser comes back. Whatever happens, this login is over then."""
        login, gone = self._logins.end(request, self._now_s)
        began_ms = self._clock.now_ms()
        try:
            identity = await self._proved(request, login)
            site = await self._house.resources.site(self.name, login.site)
            session_id = await keep_login(self._house, identity.user, site, self._idle_s, began_ms)
            await keep_profile(self._house.store, identity, began_ms)
        except Refused as refusal:
            log.info("oidc_login_refused", code=refusal.code, site=login.site)
            return _again(refusal, login.site, gone)
        return _away(f"{self._lobby}?{urlencode({'session': session_id})}", gone)

    async def _proved(self, request: Request, login: Login) -> Identity:
        """The player whom the provider's answer names. Raises Refused (AUTH_FAILED, UNAVAILABLE)."""
        query, metadata = request.query, await self._provider.metadata()
        # RFC 9207: a provider that an attacker runs can't send on what belongs to another.
        if (
            query.get("iss", "" if metadata.authorization_response_iss_parameter_supported else metadata.issuer)
            != metadata.issuer
        ):
            raise Refused(Code.AUTH_FAILED, "The answer is another provider's.")
        if "code" not in query:
            given_up = query.get("error") == "access_denied"
            raise Refused(Code.AUTH_FAILED if given_up else Code.UNAVAILABLE, "You did not log in." if given_up else None)
        id_token, access_token = await self._provider.token(query["code"], login.verifier, _callback(request))
        claims = await self._judge.id_token(id_token, self._now_s, login.nonce)
        if not claims.name:  # many providers tell it only who asks (Core 1.0, 5.4)
            told = await self._provider.userinfo(access_token, claims.sub)
            claims = claims.model_copy(update={"name": told.get("name"), "picture": told.get("picture")})
        return self._identity(claims)

    async def _log_out(self, request: Request) -> Reply:
        """The provider says that somebody has logged out, or may not be here any more (Back-Channel Logout 1.0, 2.5)."""
        try:
            claims = await self._judge.logout_token(request.form.get("logout_token", ""), self._now_s)
        except Refused as refusal:
            return Reply(status=503 if refusal.code is Code.UNAVAILABLE else 400)
        await self._house.store.revoke(User(self.name, uid_of(claims.sub)), self._clock.now_ms())
        return Reply()

    def _identity(self, claims: Claims) -> Identity:
        return Identity(User(self.name, uid_of(claims.sub)), claims.name, claims.picture)

    @property
    def _now_s(self) -> float:
        return self._clock.now_ms() / 1000


def _callback(request: Request) -> str:
    return f"{request.base}/oidc/callback"


def _away(location: str, cookie: Cookie) -> Reply:
    return Reply(status=303, headers={"Location": location}, cookies=[cookie])


def _again(refusal: Refused, site: str, gone: Cookie) -> Reply:
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Log in</title></head>\n'
        f'<body><h1>{escape(refusal.message)}</h1><p><a href="/oidc/login?{urlencode({"site": site})}">Log in again</a></p>'
        "</body></html>\n"
    )
    return Reply(page.encode(), refusal.http_status, cookies=[gone])
