"""The door's end of a session, as the session sees it."""

from typing import Protocol

GOING_AWAY, BUG, LOGIN_REFUSED, TAKEN_OVER = 1001, 1011, 4401, 4409


class Outlet(Protocol):
    """The door's end of a session."""

    def send(self, data: bytes, *, state: bool = False) -> None:
        """A message to the client; of states that wait behind a slow reader only the newest need arrive."""
        ...

    def close(self, code: int, reason: str = "") -> None: ...
