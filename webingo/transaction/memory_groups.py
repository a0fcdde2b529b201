"""The ledger and its consumers, and leases, in this process's memory."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from webingo.support.clock import Clock
from webingo.transaction.transaction import Entry, Funds, Pulled, Standing
from webingo.user import SHARDS


@dataclass
class _Cursor:
    """`passed` counts all entries before the cursor, which is also their last one's position: trimmed ones count too."""

    passed: int
    member: str = ""
    until: float = 0.0


@dataclass
class _Lease:
    member: str = ""
    until: float = -inf
    count: int = 0


class _Ledger:
    """One shard's entries, without those that were trimmed."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.removed = 0
        self.checkpoints: dict[str, Funds] = {}
        self.cursors: dict[str, _Cursor] = {}

    def behind(self, passed: int) -> list[Entry]:
        return self.entries[passed - self.removed :]

    @property
    def length(self) -> int:
        return self.removed + len(self.entries)


class MemoryGroups:
    """The part of the store that holds the ledger, and that its consumers use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ledgers: dict[int, _Ledger] = {shard: _Ledger() for shard in range(SHARDS)}
        self._members: dict[str, dict[str, float]] = defaultdict(dict)
        self._leases: dict[str, _Lease] = defaultdict(_Lease)

    def _append(self, shard: int, entries: Iterable[Entry]) -> None:
        ledger = self._ledgers[shard]
        for entry in entries:
            ledger.entries.append(entry._replace(position=_position(ledger.length + 1)))

    async def entries(self, shard: int) -> AsyncIterator[Entry]:
        for entry in list(self._ledgers[shard].entries):
            yield entry

    async def enroll(self, group: str) -> None:
        for ledger in self._ledgers.values():
            ledger.cursors.setdefault(group, _Cursor(ledger.removed))

    async def forget(self, group: str) -> None:
        for ledger in self._ledgers.values():
            ledger.cursors.pop(group, None)
        self._members.pop(group, None)

    async def groups(self) -> list[str]:
        return sorted(self._ledgers[0].cursors)

    async def join(self, group: str, member: str, ttl_ms: int) -> int:
        members, now = self._members[group], self._clock.monotonic()
        members[member] = now + ttl_ms / 1000
        for gone in [name for name, until in members.items() if until <= now]:
            del members[gone]
        return len(members)

    async def pull(self, group: str, shard: int, member: str, ttl_ms: int, count: int) -> Pulled | None:
        ledger, now = self._ledgers[shard], self._clock.monotonic()
        cursor = ledger.cursors.get(group)
        if cursor is None or (cursor.member not in ("", member) and cursor.until > now):
            return None
        cursor.member, cursor.until = member, now + ttl_ms / 1000
        entries = ledger.behind(cursor.passed)
        return Pulled(_position(cursor.passed), entries[:count], len(entries))

    async def advance(self, group: str, shard: int, member: str, position: str, count: int, base: str) -> bool:
        cursor = self._ledgers[shard].cursors.get(group)
        if cursor is None or cursor.member != member:
            return False
        now_at = _position(cursor.passed)
        if now_at == base:
            cursor.passed += count
        return now_at in (base, position)

    async def release(self, group: str, shard: int, member: str) -> None:
        cursor = self._ledgers[shard].cursors.get(group)
        if cursor is not None and cursor.member == member:
            cursor.member, cursor.until = "", 0.0

    async def standing(self, group: str, shard: int) -> Standing:
        ledger = self._ledgers[shard]
        cursor = ledger.cursors.get(group)
        waiting = ledger.behind(cursor.passed if cursor else ledger.removed)
        oldest_ms = waiting[0].at_ms if waiting else 0
        if cursor is None:
            return Standing("", len(waiting), "", oldest_ms)
        member = cursor.member if cursor.until > self._clock.monotonic() else ""
        return Standing(_position(cursor.passed), len(waiting), member, oldest_ms)

    async def trim(self, shard: int, before_ms: int, needed: Sequence[str]) -> int:
        ledger = self._ledgers[shard]
        if not set(needed) <= set(ledger.cursors):
            return 0
        passed_by_all = min((cursor.passed for cursor in ledger.cursors.values()), default=ledger.length)
        count = 0
        for entry in ledger.entries[: passed_by_all - ledger.removed]:
            if entry.at_ms >= before_ms:
                break
            ledger.checkpoints[entry.wallet] = Funds(entry.balance, entry.seq)
            count += 1
        del ledger.entries[:count]
        ledger.removed += count
        return count

    async def trimmed(self, shard: int) -> dict[str, Funds]:
        return dict(self._ledgers[shard].checkpoints)

    async def lease(self, name: str, member: str, ttl_ms: int) -> int:
        lease, now = self._leases[name], self._clock.monotonic()
        free = lease.until <= now
        if not free and lease.member != member:
            return 0
        lease.until = now + ttl_ms / 1000
        if not ttl_ms:
            return 0
        lease.count, lease.member = lease.count + free, member
        return lease.count


def _position(number: int) -> str:
    """Positions begin at 1; 0 is before the first."""
    return f"{number:020d}"
