"""Refused logins by the address that they come from: guessing is bounded, and so is what it makes us ask of others."""

from collections import OrderedDict

from webingo.errors import Code, Refused
from webingo.server.bucket import Bucket
from webingo.support.clock import Clock

_MOST_ADDRESSES = 10_000
_MINUTE_S = 60.0


class Attempts:
    """What platforms refused (AUTH_FAILED). Of so many addresses the one whose last refusal is the oldest is forgotten."""

    def __init__(self, per_minute: int, clock: Clock, told: str = "Too many logins were refused; wait a minute.") -> None:
        """`per_minute` are borne from one address, at once or one after the other; then it is `told` that."""
        self._told = told
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, Bucket] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises Refused(RATE_LIMITED) where too many were refused."""
        bucket = self._left.get(address)
        if bucket is not None and not bucket.holds(self._clock.monotonic()):
            raise Refused(Code.RATE_LIMITED, self._told, retry_after_s=_MINUTE_S)

    def refused(self, address: str) -> None:
        """Another one was."""
        now = self._clock.monotonic()
        bucket = self._left.get(address)
        if bucket is None:
            bucket = self._left[address] = Bucket(self._per_minute / _MINUTE_S, self._per_minute, now)
            if len(self._left) > _MOST_ADDRESSES:
                self._left.popitem(last=False)
        self._left.move_to_end(address)
        bucket.spend(now)
