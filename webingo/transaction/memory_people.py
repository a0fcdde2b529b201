"""Who may come in, and what is kept of a person beside money and games, in this process's memory."""

from collections.abc import Callable

from webingo.errors import Code, Refused
from webingo.support.clock import Clock
from webingo.transaction.memory_groups import MemoryGroups
from webingo.transaction.transaction import Event, Login, Seat, shard_of_request
from webingo.user import User


class MemoryPeople(MemoryGroups):
    """The part of the store that knows players as people, and tells what happens to them."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._blocked: set[User] = set()
        self._fences: dict[User, int] = {}
        self._revoked: dict[User, int] = {}
        self._profiles: dict[User, bytes] = {}
        self._logins: dict[str, tuple[Login, int, float]] = {}  # with the last revocation before it, and until when
        self._requests: dict[str, tuple[bytes, float]] = {}
        self._listeners: list[Callable[[Event], None]] = []

    async def block(self, user: User, blocked: bool, fence: int = 0) -> None:
        if fence:
            if fence < self._fences.get(user, 0):
                raise Refused(Code.REPLACED, balance=0, seq=0)
            self._fences[user] = fence
        if blocked:
            self._blocked.add(user)
            self._tell(Event("block", f"{user.platform}:{user.uid}", 0))
        else:
            self._blocked.discard(user)

    async def blocked(self, user: User) -> bool:
        return user in self._blocked

    async def revoke(self, user: User, at_ms: int) -> None:
        # Later than any before it, whatever the clocks say: so news of two revocations can be told apart.
        revoked = self._revoked[user] = max(at_ms, self._revoked.get(user, 0) + 1)
        self._tell(Event("revoked", f"{user.platform}:{user.uid}", revoked))

    async def revoked_at(self, user: User) -> int:
        return self._revoked.get(user, 0)

    async def save_profile(self, user: User, document: bytes, revoked: int | None = None) -> None:
        if revoked not in (None, self._revoked.get(user, 0)):
            raise Refused(Code.AUTH_FAILED, balance=0, seq=0)
        self._profiles[user] = document

    async def profile(self, user: User) -> bytes | None:
        return self._profiles.get(user)

    async def keep_request(self, request_id: str, document: bytes, ttl_s: int) -> None:
        if shard_of_request(request_id) is None:
            raise ValueError(f"{request_id!r} is no id of a request")
        self._requests[request_id] = (document, self._clock.monotonic() + ttl_s)

    async def request(self, request_id: str) -> bytes | None:
        document, until = self._requests.get(request_id, (None, 0.0))
        return document if self._clock.monotonic() < until else None

    async def keep_login(self, login_id: str, seat: Seat, ttl_s: int, token: str = "") -> None:
        self._logins[login_id] = (Login(seat, token), self._revoked.get(seat.user, 0), self._clock.monotonic() + ttl_s)

    async def login(self, login_id: str, ttl_s: int) -> Login | None:
        if login_id not in self._logins:
            return None
        login, revoked, until = self._logins[login_id]
        if self._clock.monotonic() >= until or revoked != self._revoked.get(login.seat.user, 0):
            del self._logins[login_id]
            return None
        self._logins[login_id] = (login, revoked, self._clock.monotonic() + ttl_s)
        return login

    def listen(self, hear: Callable[[Event], None], missed: Callable[[], None]) -> None:
        self._listeners.append(hear)

    def _tell(self, event: Event) -> None:
        for hear in self._listeners:
            hear(event)
