"""The ledger's consumers on Redis: cursors and leases of the groups, and trimming behind them.

Keys (the first three with the shard as hash tag):
  groups             hash        <group>:position, :passed (entries before it, trimmed ones too), :member, :until (ms);
                                 trimmed (how many entries were)
  trimmed            hash        wallet -> "<seq> <balance>" after the last of its entries that was trimmed
  ledger             stream      the shard's ledger
  wb:groups          set         the enrolled groups
  wb:members:<group> sorted set  members by the time until which they are alive
"""

import asyncio
from collections.abc import Sequence
from importlib.resources import files

from webingo.support.redis import Link, Script
from webingo.transaction.redis_keys import shard_keys
from webingo.transaction.transaction import Entry, Funds, Pulled, Standing
from webingo.user import SHARDS

_GROUPS = "wb:groups"
# More at once, or without a pause, would be felt by the players.
_TRIMMED_AT_ONCE, _TRIM_PAUSE_S = 200, 0.005


def script(name: str, constants: str = "") -> Script:
    """`constants` is Lua that stands in front of the script's own text."""
    return Script(name, constants + snippet(name))


def snippet(name: str) -> str:
    """Lua that several scripts share, to stand in front of theirs."""
    return files("webingo.transaction").joinpath(f"scripts/{name}.lua").read_text(encoding="utf-8")


_ENROLL, _JOIN, _PULL, _ADVANCE = script("enroll"), script("join"), script("pull"), script("advance")
_RELEASE, _STANDING, _TRIM = script("release"), script("standing"), script("trim")


class RedisGroups:
    """The part of the store that consumers of the ledger use."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def enroll(self, group: str) -> None:
        await self._link.execute("SADD", _GROUPS, group)
        await asyncio.gather(*(self._link.call(_ENROLL, (_groups_key(shard),), (group,)) for shard in range(SHARDS)))

    async def forget(self, group: str) -> None:
        fields = [f"{group}:{field}" for field in ("position", "passed", "member", "until")]
        await asyncio.gather(*(self._link.execute("HDEL", _groups_key(shard), *fields) for shard in range(SHARDS)))
        await self._link.execute("DEL", f"wb:members:{group}")
        await self._link.execute("SREM", _GROUPS, group)

    async def groups(self) -> list[str]:
        return sorted(group.decode() for group in await self._link.execute("SMEMBERS", _GROUPS))

    async def join(self, group: str, member: str, ttl_ms: int) -> int:
        alive: int = await self._link.call(_JOIN, (f"wb:members:{group}",), (member, ttl_ms))
        return alive

    async def pull(self, group: str, shard: int, member: str, ttl_ms: int, count: int) -> Pulled | None:
        found = await self._link.call(_PULL, (_groups_key(shard), _ledger_key(shard)), (group, member, ttl_ms, count))
        if found is None:
            return None
        position, lag, entries = found
        return Pulled(position.decode(), [read_entry(*entry) for entry in entries], lag)

    async def advance(self, group: str, shard: int, member: str, position: str, count: int, base: str) -> bool:
        return bool(await self._link.call(_ADVANCE, (_groups_key(shard),), (group, member, position, count, base)))

    async def release(self, group: str, shard: int, member: str) -> None:
        await self._link.call(_RELEASE, (_groups_key(shard),), (group, member))

    async def standing(self, group: str, shard: int) -> Standing:
        keys = (_groups_key(shard), _ledger_key(shard))
        position, lag, member, waiting = await self._link.call(_STANDING, keys, (group,))
        oldest_ms = read_entry(*waiting[0]).at_ms if waiting else 0
        return Standing(position.decode(), lag, member.decode(), oldest_ms)

    async def trim(self, shard: int, before_ms: int, needed: Sequence[str]) -> int:
        keys, removed = (_groups_key(shard), _ledger_key(shard), _trimmed_key(shard)), 0
        while True:
            count: int = await self._link.call(_TRIM, keys, (before_ms, _TRIMMED_AT_ONCE, *needed))
            removed += count
            if count < _TRIMMED_AT_ONCE:
                return removed
            await asyncio.sleep(_TRIM_PAUSE_S)

    async def trimmed(self, shard: int) -> dict[str, Funds]:
        found = await self._link.execute("HGETALL", _trimmed_key(shard))
        return {found[i].decode(): _funds(found[i + 1]) for i in range(0, len(found), 2)}


def _groups_key(shard: int) -> str:
    return f"{shard_keys(shard)}groups"


def _ledger_key(shard: int) -> str:
    return f"{shard_keys(shard)}ledger"


def _trimmed_key(shard: int) -> str:
    return f"{shard_keys(shard)}trimmed"


def _funds(written: bytes) -> Funds:
    seq, balance = written.split()
    return Funds(int(balance), int(seq))


def read_entry(position: bytes, fields: list[bytes]) -> Entry:
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return Entry(
        id=named[b"id"].decode(),
        wallet=named[b"wallet"].decode(),
        seq=int(named[b"seq"]),
        kind=named[b"kind"].decode(),
        amount=int(named[b"amount"]),
        balance=int(named[b"balance"]),
        round=named[b"round"].decode(),
        game=named[b"game"].decode(),
        site=named[b"site"].decode(),
        at_ms=int(named[b"at"]),
        note=named.get(b"note", b"").decode(),
        position=position.decode(),
        fed=named.get(b"fed", b"").decode(),
        closes=b"closes" in named,
        short=int(named.get(b"short", 0)),
    )
