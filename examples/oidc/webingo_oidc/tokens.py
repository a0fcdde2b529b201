"""Tokens that the provider signed: id tokens (OpenID Connect Core 3.1.3.7), logout tokens (Back-Channel Logout 2.6).

Nothing that a token says is believed before its signature was checked with a key that the provider publishes.
"""

import hashlib
import hmac
import re
from typing import Annotated, Any

from jwt import PyJWS
from jwt.exceptions import PyJWTError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from webingo.errors import Code, Refused
from webingo_oidc.keys import ALGORITHMS
from webingo_oidc.provider import Provider

_AHEAD_S = 60
"""So far the provider's clock may be before ours."""
_LOGOUT_S = 300
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_MOST_CHARACTERS = 8192
_HASHED = "sha256."
_JWS = PyJWS(options={"enforce_minimum_key_length": True})


Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Claims(BaseModel):
    """`name` and `picture` are for display, and checked where they are used."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    iss: str
    sub: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    aud: str | list[str]
    exp: Seconds
    iat: Seconds
    nbf: Seconds = 0
    azp: str | None = None
    nonce: str | None = None
    jti: str | None = None
    events: dict[str, Any] | None = None
    name: Any = None
    picture: Any = None


class Judge:
    """Whose tokens count: those of one provider for one client."""

    def __init__(self, provider: Provider, issuer: str, client_id: str) -> None:
        self._provider = provider
        self._issuer = issuer
        self._client_id = client_id

    async def id_token(self, token: str, now_s: float, nonce: str | None = None) -> Claims:
        """What a token says of a player. `nonce`: the login that it has to be made for. Raises Refused (AUTH_FAILED,
        UNAVAILABLE)."""
        claims = await self._claims(token, now_s, ("jwt", ""))
        if claims.events is not None:
            raise Refused(Code.AUTH_FAILED, "This is no id token.")
        if nonce is not None and not hmac.compare_digest((claims.nonce or "").encode(), nonce.encode()):
            raise Refused(Code.AUTH_FAILED, "The token was made for another login.")
        return claims

    async def logout_token(self, token: str, now_s: float) -> Claims:
        """Who is logged out. Raises Refused as `id_token`."""
        claims = await self._claims(token, now_s, ("logout+jwt", "jwt", ""))
        told = isinstance((claims.events or {}).get(_LOGOUT), dict)
        if not told or claims.nonce is not None or not claims.jti or claims.iat < now_s - _LOGOUT_S:
            raise Refused(Code.AUTH_FAILED, "This is no logout token.")
        return claims

    async def _claims(self, token: str, now_s: float, kinds: tuple[str, ...]) -> Claims:
        claims = await self._signed(token, kinds)
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer:
            raise Refused(Code.AUTH_FAILED, "The token is another provider's.")
        if (
            self._client_id not in audience
            or (claims.azp or (self._client_id if len(audience) == 1 else "")) != self._client_id
        ):
            raise Refused(Code.AUTH_FAILED, "The token was made for somebody else.")
        if claims.exp <= now_s:
            raise Refused(Code.AUTH_FAILED, "The token has expired; log in again.")
        if max(claims.iat, claims.nbf) > now_s + _AHEAD_S:
            raise Refused(Code.AUTH_FAILED, "The token comes from the future.")
        return claims

    async def _signed(self, token: str, kinds: tuple[str, ...]) -> Claims:
        malformed = Refused(Code.AUTH_FAILED, "The token is malformed.")
        if len(token) > _MOST_CHARACTERS or not token.isascii() or token.count(".") != 2:
            raise malformed
        try:
            header = _JWS.get_unverified_header(token)
        except PyJWTError:
            raise malformed from None
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
        if algorithm not in ALGORITHMS:
            raise Refused(Code.AUTH_FAILED, f"Only tokens signed with {' or '.join(ALGORITHMS)} are taken.")
        if "crit" in header or not isinstance(kind, str) or kind.lower() not in kinds:
            raise malformed
        key = await self._provider.key(kid, algorithm)
        try:
            payload = _JWS.decode_complete(token, key, [algorithm])["payload"]
            return Claims.model_validate_json(payload)
        except PyJWTError:
            raise Refused(Code.AUTH_FAILED, "The token is not the provider's.") from None
        except ValidationError:
            raise malformed from None


def uid_of(subject: str) -> str:
    """A player's id: the provider's own where ours may look like that, else a hash of it, which no other subject comes to."""
    if re.fullmatch(r"[\x21-\x7e]{1,128}", subject) and not subject.startswith(_HASHED):
        return subject
    return _HASHED + hashlib.sha256(subject.encode()).hexdigest()
