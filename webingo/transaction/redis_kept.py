"""What is found by its name: records of rounds, draws, API keys, names that are taken. On Redis.

Keys:
  wb:{17}:round:<round id>         list    header, then record and state of each transition
  wb:{17}:draws:<draws id>         string  recorded draws
  wb:{17}:name:<kind>:<platform>:<site>:<name>  string  what a name was given to; the shard is a checksum of the name
  wb:apikeys                       hash    API key's id -> what is known of it
"""

from zlib import crc32

from webingo.support.redis import Link
from webingo.transaction.redis_groups import script
from webingo.transaction.redis_keys import history_key, shard_keys
from webingo.transaction.transaction import shard_of
from webingo.user import SHARDS, User

_API_KEYS = "wb:apikeys"

_CLAIM_NAME = script("claim_name")


class RedisKept:
    """The part of the store that keeps records, a player's history, and what callers with an API key leave behind."""

    _link: Link
    _retention_s: int

    async def round(self, round_id: str) -> list[bytes] | None:
        shard = shard_of(round_id)
        if shard is None:
            return None
        return await self._link.execute("LRANGE", f"{shard_keys(shard)}round:{round_id}", 0, -1) or None

    async def history(self, user: User, first: int, count: int) -> list[str]:
        return [i.decode() for i in await self._link.execute("LRANGE", history_key(user), first, first + count - 1)]

    async def claim_name(self, platform: str, site: str, kind: str, name: str, value: str, ttl_s: int) -> str:
        key = f"{shard_keys(crc32(name.encode()) % SHARDS)}name:{kind}:{platform}:{site}:{name}"
        held: bytes = await self._link.call(_CLAIM_NAME, (key,), (value, ttl_s))
        return held.decode()

    async def keep_api_key(self, key_id: str, document: bytes) -> None:
        await self._link.execute("HSET", _API_KEYS, key_id, document)

    async def api_key(self, key_id: str) -> bytes | None:
        found: bytes | None = await self._link.execute("HGET", _API_KEYS, key_id)
        return found

    async def api_keys(self) -> list[tuple[str, bytes]]:
        found = await self._link.execute("HGETALL", _API_KEYS)
        return sorted((found[i].decode(), found[i + 1]) for i in range(0, len(found), 2))

    async def keep_draws(self, draws_id: str, document: bytes) -> None:
        await self._link.execute("SET", _draws_key(draws_id), document, "EX", self._retention_s)

    async def draws(self, draws_id: str) -> bytes | None:
        if shard_of(draws_id) is None:
            return None
        found: bytes | None = await self._link.execute("GET", _draws_key(draws_id))
        return found


def _draws_key(draws_id: str) -> str:
    shard = shard_of(draws_id)
    if shard is None:
        raise ValueError(f"{draws_id!r} is no id of draws")
    return f"{shard_keys(shard)}draws:{draws_id}"
