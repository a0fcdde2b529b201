"""Who a player is, and which of the player's persistent fields whose hands may touch."""

import re
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

from webingo.errors import Code, Refused

SHARDS = 64
"""Players are spread over this many shards; the number is stored in the database and can't be changed later."""

USERDATA_MAX_BYTES = 16 * 1024

_UID = re.compile(r"[\x21-\x7e]{1,128}")
_SERVER_FIELD = re.compile(r"soc_.*|spend_total", re.DOTALL)


@dataclass(frozen=True, slots=True)
class User:
    """A player of one platform. `uid` is the platform's own identifier: 1 to 128 printable ASCII characters, no spaces."""

    platform: str
    uid: str
    shard: int = field(init=False, repr=False, compare=False)
    """Where all that the player has is kept, 0 to SHARDS - 1."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "shard", crc32(f"{self.platform}:{self.uid}".encode()) % SHARDS)
        if not _UID.fullmatch(self.uid):
            raise Refused(Code.AUTH_FAILED, "The user id must be 1 to 128 printable characters without spaces.")


def changed_userdata(current: dict[str, Any], to_set: dict[str, Any], to_unset: list[str]) -> dict[str, Any]:
    """The player's fields after a `userdata` message, with the server's. Raises Refused READ_ONLY for the server's, LIMIT where
    the player's own are over 16 KiB."""
    for name in (*to_set, *to_unset):
        if _SERVER_FIELD.fullmatch(name):
            raise Refused(Code.READ_ONLY, f"The field {name[:64]!r} belongs to the server.")
    gone = set(to_unset)
    changed = {name: value for name, value in {**current, **to_set}.items() if name not in gone}
    own = {name: value for name, value in changed.items() if not _SERVER_FIELD.fullmatch(name)}
    if len(orjson.dumps(own)) > USERDATA_MAX_BYTES:
        raise Refused(Code.LIMIT, f"Userdata is limited to {USERDATA_MAX_BYTES} bytes.")
    return changed
