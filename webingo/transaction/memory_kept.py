"""What is found by its name: records of rounds, draws, API keys, names that are taken. In this process's memory."""

from collections import defaultdict

from webingo.support.clock import Clock
from webingo.transaction.memory_saga import MemorySaga
from webingo.transaction.transaction import shard_of
from webingo.user import User


class MemoryKept(MemorySaga):
    """The part of the store that keeps records, a player's history, and what callers with an API key leave behind."""

    def __init__(self, clock: Clock, history_rounds: int) -> None:
        super().__init__(clock)
        self._history_rounds = history_rounds
        self._rounds: dict[str, list[bytes]] = {}
        self._history: dict[User, list[str]] = defaultdict(list)
        self._names: dict[tuple[str, str, str, str], tuple[str, float]] = {}
        self._api_keys: dict[str, bytes] = {}
        self._draws: dict[str, bytes] = {}

    def _begin_record(self, user: User, round_id: str, header: bytes) -> None:
        self._rounds[round_id] = [header]
        history = self._history[user]
        history.insert(0, round_id)
        del history[self._history_rounds :]

    async def round(self, round_id: str) -> list[bytes] | None:
        return self._rounds.get(round_id)

    async def history(self, user: User, first: int, count: int) -> list[str]:
        return self._history[user][first : first + count]

    async def claim_name(self, platform: str, site: str, kind: str, name: str, value: str, ttl_s: int) -> str:
        held, until = self._names.get((platform, site, kind, name), ("", 0.0))
        if self._clock.monotonic() < until:
            return held
        if not value:
            return ""
        self._names[platform, site, kind, name] = (value, self._clock.monotonic() + ttl_s)
        return value

    async def keep_api_key(self, key_id: str, document: bytes) -> None:
        self._api_keys[key_id] = document

    async def api_key(self, key_id: str) -> bytes | None:
        return self._api_keys.get(key_id)

    async def api_keys(self) -> list[tuple[str, bytes]]:
        return sorted(self._api_keys.items())

    async def keep_draws(self, draws_id: str, document: bytes) -> None:
        if shard_of(draws_id) is None:
            raise ValueError(f"{draws_id!r} is no id of draws")
        self._draws[draws_id] = document

    async def draws(self, draws_id: str) -> bytes | None:
        return self._draws.get(draws_id)
