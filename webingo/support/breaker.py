"""The circuit breaker: while the other side is down, calls fail at once instead of waiting for it, and it is not flooded."""

from typing import Literal

from webingo.rng import Rng
from webingo.support.backoff import half_jitter
from webingo.support.clock import Clock

State = Literal["closed", "open", "half-open"]


class Breaker:
    """Closed: calls go out, and `failures` in a row open it. Open: none goes out for a pause, which grows with every trial that
    failed. Half-open: one goes out as a trial, and what comes of it closes or opens it.

    Whoever was admitted says what came of it, by exactly one of `succeeded`, `failed` and `gave_up`.
    """

    def __init__(self, clock: Clock, rng: Rng, failures: int = 5, first_s: float = 1.0, most_s: float = 10.0) -> None:
        """`first_s` bounds the first pause, `most_s` all of them; a pause is at least half its bound."""
        self._clock = clock
        self._rng = rng
        self._allowed = failures
        self._first_s, self._most_s = first_s, most_s
        self._failed = 0  # in a row, while closed
        self._openings = 0  # in a row; 0: closed
        self._until = 0.0
        self._trial = False

    @property
    def state(self) -> State:
        if not self._openings:
            return "closed"
        return "half-open" if self._trial or self._clock.monotonic() >= self._until else "open"

    @property
    def would_admit(self) -> bool:
        """What `admits` would answer."""
        return not self._openings or (not self._trial and self._clock.monotonic() >= self._until)

    def admits(self) -> bool:
        """Whether a call may go out now; if it may, it is under way."""
        admitted = self.would_admit
        if admitted and self._openings:
            self._trial = True
        return admitted

    def succeeded(self) -> None:
        self._failed = self._openings = 0
        self._trial = False

    def failed(self, after_s: float = 0) -> None:
        """`after_s`: the other side asked to be left alone for so long, which opens it at once."""
        self._failed += 1
        # Where it is open, only the trial tells anything new: others were under way when it opened.
        if self._trial if self._openings else self._failed >= self._allowed:
            self._open()
        if after_s:
            self._openings = self._openings or 1
            self._until = max(self._until, self._clock.monotonic() + after_s)

    def gave_up(self) -> None:
        """The call came to no end that would tell anything."""
        self._trial = False

    def _open(self) -> None:
        self._failed, self._trial = 0, False
        self._openings += 1
        self._until = self._clock.monotonic() + half_jitter(self._rng, self._openings, self._first_s, self._most_s)
