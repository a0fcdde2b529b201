"""What an operator answers by Hub88's wallet API, and what of it can be believed.

Source: docs.hub88.io, "Wallet API" and "Seamless Wallet response statuses" (read as facts; the field names are theirs).
"""

import json
import re
from typing import Any, NamedTuple

import orjson

from webingo.adapters.adapter import Unanswered
from webingo.errors import Code
from webingo.support.http import Answer
from webingo.transaction.transaction import MAX_AMOUNT

OK = "RS_OK"
NO_FUNDS, LIMIT = "RS_ERROR_NOT_ENOUGH_MONEY", "RS_ERROR_LIMIT_REACHED"
UNKNOWN_TRANSACTION = "RS_ERROR_TRANSACTION_DOES_NOT_EXIST"

# status -> what the player is told where it is no success
STATUSES = {
    OK: Code.UNAVAILABLE,
    NO_FUNDS: Code.INSUFFICIENT_FUNDS,
    LIMIT: Code.LIMIT,
    UNKNOWN_TRANSACTION: Code.UNAVAILABLE,
    "RS_ERROR_UNKNOWN": Code.UNAVAILABLE,
    "RS_ERROR_INVALID_PARTNER": Code.UNAVAILABLE,
    "RS_ERROR_INVALID_TOKEN": Code.AUTH_FAILED,
    "RS_ERROR_INVALID_GAME": Code.GAME_DISABLED,
    "RS_ERROR_WRONG_CURRENCY": Code.UNAVAILABLE,
    "RS_ERROR_USER_DISABLED": Code.PLAYER_BLOCKED,
    "RS_ERROR_INVALID_SIGNATURE": Code.UNAVAILABLE,
    "RS_ERROR_TOKEN_EXPIRED": Code.AUTH_FAILED,
    "RS_ERROR_WRONG_SYNTAX": Code.UNAVAILABLE,
    "RS_ERROR_WRONG_TYPES": Code.UNAVAILABLE,
    "RS_ERROR_DUPLICATE_TRANSACTION": Code.UNAVAILABLE,
}

_STATUS = re.compile(r"RS_[A-Z_]{1,60}")
_KINDS = frozenset({"application/json", "application/xml", "text/html", "text/plain", "text/xml"})


class Said(NamedTuple):
    """A signed answer to our very request. `status` is one of STATUSES; the rest is None where it does not stand there."""

    status: str
    user: str | None
    currency: str | None
    balance: int | None

    @property
    def code(self) -> Code:
        return STATUSES[self.status]


def understood(answer: Answer, request_uuid: str) -> Said:
    """Raises Unanswered for whatever is no answer of the API to the request of that id. It quotes nothing but statuses."""
    if answer.status != 200:
        raise Unanswered(f"HTTP {answer.status}")
    try:
        value = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        kind = answer.kind if answer.kind in _KINDS else "of another type"  # theirs to write: a token may stand there
        raise Unanswered(f"no JSON ({kind})") from None
    if not isinstance(value, dict):
        raise Unanswered("no JSON object")
    _check_once(value, answer.body)
    status = value.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        shown = status if isinstance(status, str) and _STATUS.fullmatch(status) else "none"
        raise Unanswered(f"an unknown status: {shown}")
    if value.get("request_uuid") != request_uuid:
        raise Unanswered("an answer to another request")
    return Said(status, _text(value, "user"), _text(value, "currency"), _number(value))


def _check_once(value: dict[str, Any], body: bytes) -> None:
    """Raises Unanswered where a key stands twice: who signed a status and another one has said neither."""
    try:
        pairs = json.loads(body, object_pairs_hook=list)  # the parser that read `value` keeps the last of them
    except (ValueError, RecursionError):
        raise Unanswered("JSON that two parsers read differently") from None
    if len(pairs) > len(value):
        raise Unanswered("a key that is given twice")


def _text(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    if found is not None and not isinstance(found, str):
        raise Unanswered(f"{name} is no text")
    return found


def _number(value: dict[str, Any]) -> int | None:
    found = value.get("balance")
    if found is not None and type(found) is not int:
        raise Unanswered("balance is no integer")
    return found


def units(balance: int | None, factor: int, least: int = 0) -> int:
    """A balance of theirs in our smallest units, of which each is `factor` of theirs; what is less than one is left out, and a
    debt of the player shows as 0. Raises Unanswered where there is none, where it is above all limits or below `least`."""
    if balance is None:
        raise Unanswered("no balance")
    if balance < least:
        raise Unanswered("a balance that can't be")
    if balance // factor > MAX_AMOUNT:
        raise Unanswered("a balance above all limits")
    return max(0, balance // factor)
