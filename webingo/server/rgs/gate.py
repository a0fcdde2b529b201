"""Who may call the RGS door, and how often."""

import math
from collections import OrderedDict

from webingo.errors import Code, Refused
from webingo.server.attempts import Attempts
from webingo.server.bucket import Bucket
from webingo.server.rgs.keys import ApiKey, find_key
from webingo.support.clock import Clock
from webingo.transaction.store import Store

_MOST_KEYS = 10_000
_BYTES, _NUMBERS = 1024, 1000
"""What takes as long as a call more, about a millisecond: so much to read, so many numbers."""


class Gate:
    """Each key has a bucket of its own in this process. `attempts` bounds how often an address is told that its key is wrong;
    good keys come in from there all the same, as many servers may stand behind one address."""

    def __init__(self, store: Store, clock: Clock, rate: float, burst: int, attempts: Attempts) -> None:
        self._store = store
        self._clock = clock
        self._rate = rate
        self._burst = burst
        self._attempts = attempts
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    async def enter(self, authorization: str, peer: str, size: int) -> ApiKey:
        """`size` is how many bytes are to be read. Raises Refused: NOT_AUTHENTICATED, UNAVAILABLE, and RATE_LIMITED with the
        fact `retry_after_s`."""
        scheme, _, text = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(Code.NOT_AUTHENTICATED, "Show an API key: the header is `Authorization: Bearer wbk_...`.")
        key = await find_key(self._store, text.strip())
        if key is None:
            self._attempts.check(peer)
            self._attempts.refused(peer)
            raise Refused(Code.NOT_AUTHENTICATED, "There is no such API key, or it was revoked.")
        self._spend(key, 1 + size // _BYTES)
        return key

    def draw(self, key: ApiKey, count: int) -> None:
        """So many numbers are asked for. Raises RATE_LIMITED."""
        self._spend(key, count // _NUMBERS)

    def _spend(self, key: ApiKey, calls: int) -> None:
        calls = min(calls, self._burst)  # so that what is allowed at all comes through after a while
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(key.id, Bucket(self._rate, self._burst, now))
        self._buckets.move_to_end(key.id)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        if not bucket.spend(now, calls):
            wait_s = math.ceil(max(1.0, calls / self._rate))
            raise Refused(Code.RATE_LIMITED, "This API key has made too many calls; slow down.", retry_after_s=wait_s)
