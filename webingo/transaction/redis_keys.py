"""The names of a player's keys. All begin with the shard as hash tag, so that a script touches one slot of a cluster."""

from webingo.transaction.transaction import Seat, shard_of, shard_of_request
from webingo.user import User


def shard_keys(shard: int) -> str:
    """What all keys of a shard begin with."""
    return f"wb:{{{shard}}}:"


def keys_of(user: User) -> str:
    """What all keys of a player begin with."""
    return shard_keys(user.shard)


def user_key(user: User) -> str:
    return f"{keys_of(user)}user:{user.platform}:{user.uid}"


def seats_key(user: User) -> str:
    return f"{keys_of(user)}seats:{user.platform}:{user.uid}"


def intent_key(seat: Seat) -> str:
    return f"{keys_of(seat.user)}intent:{seat}"


def history_key(user: User) -> str:
    return f"{keys_of(user)}history:{user.platform}:{user.uid}"


def login_key(login_id: str) -> str:
    return f"wb:{{{shard_of(login_id)}}}:login:{login_id}"


def request_key(request_id: str) -> str:
    """ValueError for what is no request's id."""
    shard = shard_of_request(request_id)
    if shard is None:
        raise ValueError(f"{request_id!r} is no id of a request")
    return f"{shard_keys(shard)}request:{request_id}"
