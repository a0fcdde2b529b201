"""Whether the login that a session began with is still good."""

from webingo.errors import Code, Refused

REVOKED = Refused(Code.AUTH_FAILED, "Your login was revoked. Please log in again.")


class Revocation:
    """The last of the player's revocations that is known, in ms (see Store.revoked_at)."""

    def __init__(self, began_ms: int) -> None:
        """`began_ms` is when the login began; 0 where that is not known."""
        self._began_ms = began_ms
        self._last_ms = 0
        self._checked = False

    def heard(self, at_ms: int) -> bool:
        """News of one; whether it ends the session. Until `check` they are only noted."""
        later = at_ms > self._last_ms
        self._last_ms = max(at_ms, self._last_ms)
        return later and self._checked

    def check(self, found_ms: int) -> None:
        """`found_ms` is what the store said when the session took its seat: those up to then came before the login, where it is
        not known when that began. Raises Refused(AUTH_FAILED) where one came after it."""
        if self._last_ms > found_ms or 0 < self._began_ms <= found_ms:
            raise Refused(Code.AUTH_FAILED, REVOKED.message)
        self._last_ms, self._checked = found_ms, True
