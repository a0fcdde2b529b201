"""Who may come in, and what is kept of a person beside money and games: blocks, logins, the profile, requests. On Redis.

Keys, with the shard as hash tag:
  user:<platform:uid>   hash    blocked, fence; profile; revoked (ms), revocation (the id of the call)
  seats:<platform:uid>  set     "<site> <denomination>" of all seats; " <denomination>" of wallets that something was posted to
  login:<login id>      string  the seat of a login without a socket, the player's last revocation before it, a token
  request:<request id>  string  what the player has asked for
"""

from collections.abc import Sequence
from typing import Any

from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.support.redis import Link
from webingo.transaction.redis_groups import script
from webingo.transaction.redis_keys import keys_of, login_key, request_key, seats_key, user_key
from webingo.transaction.transaction import Belongings, Funds, Login, Seat, WalletId, shard_of, shard_of_request
from webingo.user import User

_BLOCK, _REVOKE, _ERASE, _KEEP_LOGIN, _LOGIN, _SAVE_PROFILE = map(
    script, ("block", "revoke", "erase", "keep_login", "login", "save_profile")
)


class RedisPeople:
    """The part of the store that knows players as people."""

    _link: Link

    async def block(self, user: User, blocked: bool, fence: int = 0) -> None:
        args = (1 if blocked else 0, f"{user.platform}:{user.uid}", fence)
        settled(await self._link.call(_BLOCK, (user_key(user),), args))

    async def blocked(self, user: User) -> bool:
        return bool(await self._link.execute("HEXISTS", user_key(user), "blocked"))

    async def revoke(self, user: User, at_ms: int) -> None:
        await self._link.call(_REVOKE, (user_key(user),), (f"{user.platform}:{user.uid}", at_ms, fresh_id()))

    async def revoked_at(self, user: User) -> int:
        return int(await self._link.execute("HGET", user_key(user), "revoked") or 0)

    async def erase(self, user: User, at_ms: int) -> None:
        keys = (user_key(user), seats_key(user), f"{keys_of(user)}ledger")
        await self._link.call(_ERASE, keys, (user.platform, user.uid, at_ms, fresh_id()))

    async def save_profile(self, user: User, document: bytes, revoked: int | None = None) -> None:
        args = (document, "" if revoked is None else revoked)
        settled(await self._link.call(_SAVE_PROFILE, (user_key(user),), args))

    async def profile(self, user: User) -> bytes | None:
        found: bytes | None = await self._link.execute("HGET", user_key(user), "profile")
        return found

    async def belongings(self, user: User) -> Belongings:
        found = sorted(member.decode().split(" ") for member in await self._link.execute("SMEMBERS", seats_key(user)))
        seats = [Seat(user, site) for site in dict.fromkeys(site for site, _ in found if site)]
        wallets = [WalletId(user, denom) for denom in sorted({denom for _, denom in found})]
        return Belongings([(seat, await self._spent(seat)) for seat in seats], wallets)

    async def _spent(self, seat: Seat) -> int:
        return int(await self._link.execute("HGET", f"{keys_of(seat.user)}seat:{seat}", "spent") or 0)

    async def keep_request(self, request_id: str, document: bytes, ttl_s: int) -> None:
        await self._link.execute("SET", request_key(request_id), document, "EX", ttl_s)

    async def request(self, request_id: str) -> bytes | None:
        if shard_of_request(request_id) is None:
            return None
        found: bytes | None = await self._link.execute("GET", request_key(request_id))
        return found

    async def keep_login(self, login_id: str, seat: Seat, ttl_s: int, token: str = "") -> None:
        await self._link.call(_KEEP_LOGIN, (login_key(login_id), user_key(seat.user)), (str(seat), ttl_s, token))

    async def login(self, login_id: str, ttl_s: int) -> Login | None:
        if shard_of(login_id) is None:
            return None
        found = await self._link.call(_LOGIN, (login_key(login_id),), (ttl_s,))
        return Login(Seat.parse(found[0].decode()), found[1].decode()) if found else None


def settled(answer: Sequence[Any]) -> Funds:
    """The funds that a script answered with, or its refusal raised."""
    code, balance, seq = answer[:3]
    if code == b"OK":
        return Funds(balance, seq)
    raise Refused(Code(code.decode()), balance=balance, seq=seq)
