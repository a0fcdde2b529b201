"""What Facebook signs and hands over by way of the player's browser: `<signature>.<payload>`, both base64url without padding.

The signature is HMAC-SHA256 with the application's secret over the payload AS IT IS ENCODED. Source: Facebook's "Parsing the
signed request"; the signed player info of instant games has the same form.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from webingo.errors import Code, Refused

PORTAL_S = INSTANT_S = 600
PAYMENT_S = CALLBACK_S = 86_400
"""How old, in seconds, a signature may be: one that opens a page or a session, and one that tells what has happened."""

MOST_CHARACTERS = 16 * 1024
_AHEAD_S = 60
_FORM = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]+)")  # 43 characters are 32 bytes
_ALGORITHM = "hmac-sha256"


def opened(secret: str, text: str, now_s: float, max_age_s: float) -> dict[str, Any]:
    """The payload of what Facebook signed for this application not longer than `max_age_s` ago.

    Nothing in it is read before its signature was found right. Raises Refused(AUTH_FAILED); an empty secret is a ValueError.
    """
    found = _FORM.fullmatch(text) if len(text) <= MOST_CHARACTERS else None
    if found is None:
        raise Refused(Code.AUTH_FAILED, "This is not in the form that Facebook signs.")
    signature, payload = found.groups()
    # The encoded forms are compared: bytes have more than one encoding, and only one of them is to be taken.
    if not hmac.compare_digest(_signature(secret, payload), signature):
        raise Refused(Code.AUTH_FAILED, "The signature is not Facebook's for this application.")
    return _checked(_read(payload), now_s, max_age_s)


def _signature(secret: str, payload: str) -> str:
    if not secret:
        raise ValueError("nothing can be signed with an empty secret")
    digest = hmac.digest(secret.encode(), payload.encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _read(payload: str) -> dict[str, Any]:
    try:
        data = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        value = orjson.loads(data)
    except ValueError:  # binascii's and orjson's errors are such
        value = None
    else:
        if urlsafe_b64encode(data).rstrip(b"=").decode() != payload:
            value = None
    if not isinstance(value, dict):
        raise Refused(Code.AUTH_FAILED, "What was signed is no JSON object.")
    return value


def _checked(value: dict[str, Any], now_s: float, max_age_s: float) -> dict[str, Any]:
    algorithm, issued_at = value.get("algorithm"), value.get("issued_at")
    if not isinstance(algorithm, str) or algorithm.lower() != _ALGORITHM:
        raise Refused(Code.AUTH_FAILED, "It is signed by another algorithm than HMAC-SHA256.")
    if type(issued_at) is not int:
        raise Refused(Code.AUTH_FAILED, "It doesn't say when it was signed.")
    if issued_at < now_s - max_age_s:
        raise Refused(Code.AUTH_FAILED, "It was signed too long ago; load the page anew.")
    if issued_at > now_s + _AHEAD_S:
        raise Refused(Code.AUTH_FAILED, "It was signed in the future.")
    return value
