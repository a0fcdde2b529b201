"""Money that an operator keeps, on Redis: what operators were asked, and what they have yet to hear of.

Keys, with the shard as hash tag:
  seat:<platform:site:uid>    hash        intent (the id of the pending one), aborted (the id of the last that was aborted)
  intent:<platform:site:uid>  list        document, time (ms), then eight values for each delivery that would be owed
  intents                     sorted set  "<seat> <intent id>" of all that are pending, by their time
  delivery:<delivery id>      hash        wallet, document, payout, round, game, site
  due                         sorted set  delivery ids, by the time before which they are not to be tried
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from webingo.errors import Code, Refused
from webingo.support.redis import Link
from webingo.transaction.redis_groups import script, snippet
from webingo.transaction.redis_keys import intent_key, keys_of, shard_keys, user_key
from webingo.transaction.redis_people import settled
from webingo.transaction.transaction import Delivery, Intent, Seat, WalletId

_AT_ONCE = 100
_FIELDS = ("wallet", "document", "payout", "round", "game", "site")

_INTEND, _CLAIM, _DEFER, _DELIVERED = map(script, ("intend", "claim", "defer", "delivered"))
_ABORT = script("abort", snippet("deliveries"))


class RedisSaga:
    """The part of the store that knows what operators were asked, and what they are owed."""

    _link: Link

    async def intend(self, seat: Seat, epoch: int, base: str, intent: Intent) -> None:
        key = keys_of(seat.user)
        keys = (f"{key}seat:{seat}", user_key(seat.user), intent_key(seat), f"{key}intents")
        args = (epoch, base, intent.id, intent.at_ms, intent.document, *owed_values(intent.cancels))
        settled(await self._link.call(_INTEND, keys, args))

    async def abort(
        self, seat: Seat, intent_id: str, cancels: Sequence[Delivery] | None = None, epoch: int | None = None
    ) -> bool:
        key = keys_of(seat.user)
        keys = (f"{key}seat:{seat}", intent_key(seat), f"{key}intents")
        given = ("",) if cancels is None else ("1", *owed_values(cancels))
        answer = await self._link.call(_ABORT, keys, (intent_id, "" if epoch is None else epoch, *given))
        if answer < 0:
            raise Refused(Code.REPLACED)
        return bool(answer)

    async def intents(self, shard: int, before_ms: int, first: int, count: int) -> list[tuple[Seat, str]]:
        found = await self._link.execute(
            "ZRANGEBYSCORE", f"{shard_keys(shard)}intents", "-inf", f"({before_ms}", "LIMIT", first, count
        )
        named = (member.decode().rsplit(" ", 1) for member in found)
        return [(Seat.parse(seat), intent_id) for seat, intent_id in named]

    async def claim(self, shard: int, now_ms: int, until_ms: int, count: int) -> list[Delivery]:
        found = await self._link.call(_CLAIM, (f"{shard_keys(shard)}due",), (now_ms, until_ms, count))
        return [read_delivery(delivery_id, until_ms, values) for delivery_id, values in found]

    async def defer(self, delivery: Delivery, due_ms: int, document: bytes) -> None:
        key = keys_of(delivery.wallet.user)
        keys = (f"{key}due", f"{key}delivery:{delivery.id}")
        await self._link.call(_DEFER, keys, (delivery.id, due_ms, document))

    async def delivered(self, delivery: Delivery, at_ms: int, note: str = "", by_session: bool = False) -> None:
        key, wallet = keys_of(delivery.wallet.user), delivery.wallet
        keys = (f"{key}due", f"{key}delivery:{delivery.id}", f"{key}wallet:{wallet}", f"{key}ledger", f"{key}watch:{wallet}")
        settled(await self._link.call(_DELIVERED, keys, (delivery.id, at_ms, note, int(by_session))))

    async def deliveries(self, shard: int) -> AsyncIterator[Delivery]:
        key = shard_keys(shard)
        found = await self._link.execute("ZRANGE", f"{key}due", 0, -1, "WITHSCORES")
        due = [(found[i], int(float(found[i + 1]))) for i in range(0, len(found), 2)]
        for first in range(0, len(due), _AT_ONCE):
            page = due[first : first + _AT_ONCE]
            keys = (f"{key}delivery:{delivery_id.decode()}" for delivery_id, _ in page)
            held = await asyncio.gather(*(self._link.execute("HMGET", name, *_FIELDS) for name in keys))
            for (delivery_id, due_ms), values in zip(page, held, strict=True):
                if values[0] is not None:  # it was not delivered meanwhile
                    yield read_delivery(delivery_id, due_ms, values)


def owed_values(deliveries: Iterable[Delivery]) -> list[bytes | str | int]:
    """Deliveries as the scripts take them (scripts/deliveries.lua)."""
    values: list[bytes | str | int] = []
    for d in deliveries:
        values += (d.id, str(d.wallet), d.document, d.due_ms, d.payout, d.round, d.game, d.site)
    return values


def read_delivery(delivery_id: bytes, due_ms: int, values: Sequence[Any]) -> Delivery:
    """`values`: wallet, document, payout, round, game and site, as they are kept."""
    wallet, document, payout, *belongs_to = values
    named = (value.decode() for value in belongs_to)
    return Delivery(delivery_id.decode(), WalletId.parse(wallet.decode()), document, due_ms, int(payout), *named)
