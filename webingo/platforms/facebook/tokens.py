"""Logins that Facebook has confirmed not long ago, so that a player who comes back is let in without asking again."""

import hashlib
from collections import OrderedDict
from typing import NamedTuple

from webingo.platforms.facebook.profile import Profile
from webingo.support.clock import Clock

MOST_S = 300
MOST_TOKENS = 10_000


class Known(NamedTuple):
    """`revoked` is the player's last revocation that had been heard of before Facebook was asked: after a later one this counts
    no more. `expires_at` in seconds since 1970, 0 for never."""

    profile: Profile
    expires_at: int
    revoked: int


class Tokens:
    """The newest of them, each for five minutes at most. What is kept is a hash of the token."""

    def __init__(self, clock: Clock, most: int = MOST_TOKENS) -> None:
        self._clock = clock
        self._most = most
        self._known: OrderedDict[bytes, tuple[Known, float]] = OrderedDict()

    def get(self, token: str, uid: str, revoked: int) -> Known | None:
        """What was found out of this token for this player, if it still counts. `revoked`: when the player's logins were
        revoked last, by the store."""
        key = _key(token, uid)
        found = self._known.get(key)
        if found is None:
            return None
        known, until = found
        expired = 0 < known.expires_at <= self._clock.now_ms() / 1000
        if expired or known.revoked != revoked or self._clock.monotonic() >= until:
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return known

    def keep(self, token: str, uid: str, known: Known) -> None:
        key = _key(token, uid)
        self._known[key] = known, self._clock.monotonic() + MOST_S
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def drop(self, token: str, uid: str) -> None:
        """It was found to be good no more."""
        self._known.pop(_key(token, uid), None)


def _key(token: str, uid: str) -> bytes:
    return hashlib.sha256(f"{uid} {token}".encode()).digest()
