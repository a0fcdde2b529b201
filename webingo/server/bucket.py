"""How much one client may ask of us."""


class Bucket:
    """Holds up to `burst` drops and fills with `rate` a second. Times are of the monotonic clock, in seconds."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._at = now

    def spend(self, now: float, drops: int = 1) -> bool:
        """Takes so many drops, if they are there."""
        if not self.holds(now, drops):
            return False
        self._left -= drops
        return True

    def holds(self, now: float, drops: int = 1) -> bool:
        """Whether so many drops are there."""
        self._left = min(self._left + (now - self._at) * self._rate, self._burst)
        self._at = now
        return self._left >= drops
