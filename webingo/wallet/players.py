"""How players of operators are called here, and what is remembered of them while a round of theirs is open."""

import re
from hashlib import sha256

from webingo.errors import Code, Refused
from webingo.rng import derived_id
from webingo.transaction.transaction import Seat
from webingo.user import User

PLATFORM = "operator"
"""The platform whose players are those of the operators themselves."""

_PLAIN = re.compile(r"[\x21-\x7d][\x21-\x7e]{0,59}")


def user_at(operator: str, uid: str) -> User:
    """The player whom the operator calls `uid`. Two operators' players are never the same, whatever they are called; a name
    that does not fit is hashed."""
    named = uid if _PLAIN.fullmatch(uid) else f"~{sha256(uid.encode()).hexdigest()}"
    return User(PLATFORM, f"{operator}.{named}")


def uid_of(user: User, operator: str) -> str:
    """What the operator calls the player; "" where only the operator knows. On other platforms they are called the same.

    Raises Refused(AUTH_FAILED) for another operator's player: who is not told that player's token either.
    """
    if user.platform != PLATFORM:
        return user.uid
    if not user.uid.startswith(f"{operator}."):
        raise Refused(Code.AUTH_FAILED, "The player is another operator's.")
    named = user.uid.removeprefix(f"{operator}.")
    return "" if named.startswith("~") else named


def is_called(user: User, operator: str, uid: str) -> bool:
    """Whether this is the player whom the operator calls `uid`."""
    return user_at(operator, uid) == user if user.platform == PLATFORM else uid == user.uid


def payer_key(seat: Seat, operator: str) -> str:
    """Under which a store keeps (Store.keep_request) how a player with an open round is called and proved to the operator, for
    when the house has to close the round."""
    return _key(seat, f"payer:{operator}:{seat}")


def winner_key(seat: Seat, operator: str) -> str:
    """The same of a player who may have won a jackpot, for whoever pays it."""
    return _key(seat, f"winner:{operator}:{seat}")


def _key(seat: Seat, name: str) -> str:
    return f"{seat.user.shard:02d}{derived_id(name).replace('-', '')}"
