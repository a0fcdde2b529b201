"""Login tokens that the server signs itself, for sites without an identity provider of their own.

`<payload>.<signature>`, both base64url without padding: the payload is JSON {"p": platform, "u": uid, "e": expiry in seconds
since 1970}, the signature HMAC-SHA256 (RFC 2104) over the encoded payload, checked before anything in the payload is read.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import orjson

from webingo.errors import Code, Refused

# Separates these signatures from anything else that may be signed with the same secret.
_PURPOSE = b"webingo login token\0"


def sign_token(secret: str, platform: str, uid: str, expires_at_s: int) -> str:
    """A token for one player of one platform, good until `expires_at_s`. An empty secret is a ValueError."""
    payload = _encoded(orjson.dumps({"p": platform, "u": uid, "e": expires_at_s}))
    return f"{payload.decode()}.{_signature(secret, payload).decode()}"


def check_token(secret: str, platform: str, uid: str, token: str, now_s: float) -> None:
    """Raises Refused(AUTH_FAILED) unless we signed `token` for this player and it is still good."""
    payload, _, signature = token.encode().partition(b".")
    if not hmac.compare_digest(_signature(secret, payload), signature):
        raise Refused(Code.AUTH_FAILED, "The token is not one of ours.")
    claims = orjson.loads(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    if (claims["p"], claims["u"]) != (platform, uid):
        raise Refused(Code.AUTH_FAILED, "The token is another player's.")
    if claims["e"] <= now_s:
        raise Refused(Code.AUTH_FAILED, "The token has expired; fetch a new one.")


def _signature(secret: str, payload: bytes) -> bytes:
    if not secret:
        raise ValueError("tokens can't be signed with an empty secret")
    return _encoded(hmac.digest(secret.encode(), _PURPOSE + payload, "sha256"))


def _encoded(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")
