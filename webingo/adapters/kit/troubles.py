"""What can go wrong on the way to an operator, there, and on the way back; and when it does."""

from collections import defaultdict, deque
from enum import StrEnum
from hashlib import sha256


class Trouble(StrEnum):
    """What befalls one call. BEFORE: the work is not done; AFTER: it is, and the caller does not hear of it."""

    DROP_BEFORE = "drop before"
    DROP_AFTER = "drop after"
    SILENT_BEFORE = "silent before"
    SILENT_AFTER = "silent after"
    ERROR_BEFORE = "500 before"
    ERROR_AFTER = "500 after"
    PAGE_BEFORE = "HTML page before"
    PAGE_AFTER = "HTML page after"
    CUT = "cut answer"
    HUGE = "huge answer"
    LATE = "late"  # done when the caller has long given up
    SLOW = "slow"  # done late, but in time: others overtake it
    TWICE = "twice"  # the network brings the request a second time
    FALSE_BALANCE = "false balance"
    ODD_BALANCE = "odd balance"  # one that can't be
    OTHER_PLAYER = "other player"
    OTHER_CURRENCY = "other currency"
    OTHER_REQUEST = "other request"
    ODD_STATUS = "unknown status"
    WRONG_SIGNATURE = "wrong signature"
    NO_SIGNATURE = "no signature"


UNDONE = (Trouble.DROP_BEFORE, Trouble.SILENT_BEFORE, Trouble.ERROR_BEFORE, Trouble.PAGE_BEFORE)
"""After these nothing was done."""

DONE = (Trouble.DROP_AFTER, Trouble.SILENT_AFTER, Trouble.ERROR_AFTER, Trouble.PAGE_AFTER, Trouble.CUT, Trouble.HUGE)
"""After these it was done, and the answer is none."""

LIES = (
    Trouble.ODD_BALANCE,
    Trouble.OTHER_PLAYER,
    Trouble.OTHER_CURRENCY,
    Trouble.OTHER_REQUEST,
    Trouble.ODD_STATUS,
    Trouble.WRONG_SIGNATURE,
    Trouble.NO_SIGNATURE,
)
"""It was done, and the answer can't be believed. FALSE_BALANCE is a lie that nobody can see."""


class Plan:
    """Which call meets which trouble: those that were asked for first, then by chance. The same seed has the same chances."""

    def __init__(self, seed: int = 0) -> None:
        self._asked: defaultdict[str, deque[Trouble]] = defaultdict(deque)
        self._seed, self._drawn = seed, 0
        self._percent, self._choice = 0, tuple[Trouble, ...]()

    def ask(self, op: str, trouble: Trouble, times: int = 1) -> None:
        """The next `times` calls of `op` ("player", "escrow", "result", "cancel", or "*" for any) meet it."""
        self._asked[op].extend([trouble] * times)

    def chance(self, percent: int, *choice: Trouble) -> None:
        """From now on so many of 100 calls meet one of these; 0: none does."""
        self._percent, self._choice = percent, choice

    def clear(self) -> None:
        self._asked.clear()
        self._percent = 0

    def next(self, op: str) -> Trouble | None:
        for name in (op, "*"):
            if self._asked[name]:
                return self._asked[name].popleft()
        if self._choice and self._below(100) < self._percent:
            return self._choice[self._below(len(self._choice))]
        return None

    def _below(self, n: int) -> int:
        """From a hash and not from the generator of play: a run that found something can be had again."""
        self._drawn += 1
        return int.from_bytes(sha256(f"{self._seed} {self._drawn}".encode()).digest()) % n
