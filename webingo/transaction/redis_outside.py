"""Rounds of games that live elsewhere, on Redis.

Keys, with the shard as hash tag:
  outside:<n>:<name>:<seat>  hash        a round: id, status, wallet, game, max_win, funded, at, asked, stake, won, steps;
                                         escrows and asking (ids of calls), and for each of them amount:<id> and
                                         owed:<id>; header until money moves
  outcall:<n>:<id>:<seat>    hash        what a call came to: fingerprint, code, status, round, balance, seq, stake, answer
  outsides                   sorted set  "<n>:<name>:<seat>" of all open rounds, by the time of their first escrow
"""

from collections.abc import Iterable, Sequence
from typing import Any

from webingo.support.redis import Link, Script
from webingo.transaction.outside import (
    OutsideAnswer,
    OutsideCall,
    OutsideRound,
    check_outside,
    outside_header,
    outside_record,
)
from webingo.transaction.redis_groups import script, snippet
from webingo.transaction.redis_keys import history_key, keys_of, seats_key, shard_keys, user_key
from webingo.transaction.redis_people import settled
from webingo.transaction.redis_saga import owed_values, read_delivery
from webingo.transaction.transaction import Delivery, Funds, Seat, WalletId, fresh_sharded_id

_BEGIN_WALLET, _ANSWERED = script("begin_wallet", snippet("granted")), script("answered")


def outside_script(constants: str) -> Script:
    """`constants` is Lua that says how many rounds are kept, and for how long."""
    return script("outside", constants + snippet("deliveries"))


class RedisOutside:
    """The part of the store for games that live elsewhere."""

    _link: Link
    _outside: Script  # outside_script's

    async def outside(self, call: OutsideCall) -> OutsideAnswer:
        check_outside(call)
        seat, wallet, key = call.seat, call.wallet, keys_of(call.seat.user)
        keys = (
            _round_key(seat, call.round),
            _call_key(seat, call.id),
            f"{key}seat:{seat}",
            f"{key}ledger",
            history_key(seat.user),
            f"{key}outsides",
            user_key(seat.user),
            f"{key}wallets",
            seats_key(seat.user),
        )
        begins = call.op in ("ask", "escrow")  # nothing else needs chance
        round_id = call.fresh_round or fresh_sharded_id(seat.user) if begins else ""
        what = call.op, call.id, call.fingerprint, call.amount, call.at_ms
        where = str(wallet), seat.site, wallet.denom, int(call.funded), int(call.definite), call.code.value, call.answer
        new = round_id, call.game or "outside", call.max_win, outside_header(call, round_id)
        answer = await self._link.call(
            self._outside, keys, (*what, *where, *new, *outside_record(call), *owed_values(call.owed))
        )
        if answer[0] == b"NOT_OWED":
            raise ValueError("the payouts of a result are not its win")
        return _answer(settled(answer), *answer[3:])

    async def outside_answered(self, seat: Seat, call_id: str, answer: bytes) -> bytes:
        stands: bytes = await self._link.call(_ANSWERED, (_call_key(seat, call_id),), (answer,))
        return stands

    async def outside_round(self, seat: Seat, name: str) -> OutsideRound | None:
        values = await self._link.execute("HGETALL", _round_key(seat, name))
        held = {values[i].decode(): values[i + 1] for i in range(0, len(values), 2)}
        return _round(seat, name, held) if held.get("id") else None

    async def outside_rounds(self, shard: int, before_ms: int, first: int, count: int) -> Sequence[OutsideRound]:
        key = f"{shard_keys(shard)}outsides"
        found = await self._link.execute("ZRANGEBYSCORE", key, "-inf", f"({before_ms}", "LIMIT", first, count)
        rounds = [await self.outside_round(*_named(member.decode())) for member in found]
        return [found for found in rounds if found is not None]

    async def begin_wallet(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int) -> Funds:
        key = keys_of(seat.user)
        keys = (f"{key}wallet:{wallet}", f"{key}ledger", f"{key}wallets", seats_key(seat.user))
        return settled(await self._link.call(_BEGIN_WALLET, keys, (grant, at_ms, str(wallet), seat.site, wallet.denom)))


def _round_key(seat: Seat, name: str) -> str:
    return f"{keys_of(seat.user)}outside:{len(name)}:{name}:{seat}"


def _call_key(seat: Seat, call_id: str) -> str:
    return f"{keys_of(seat.user)}outcall:{len(call_id)}:{call_id}:{seat}"


def _named(member: str) -> tuple[Seat, str]:
    """Whose round it is, and its name, by what stands in the sorted set."""
    length, rest = member.split(":", 1)
    return Seat.parse(rest[int(length) + 1 :]), rest[: int(length)]


def _round(seat: Seat, name: str, held: dict[str, bytes]) -> OutsideRound:
    text = {field: held.get(field, b"").decode() for field in ("id", "status", "wallet", "game", "escrows", "asking")}
    status: Any = text["status"]
    wallet, escrows = WalletId.parse(text["wallet"]), tuple(text["escrows"].split())
    stake, won, max_win = (int(held[field]) for field in ("stake", "won", "max_win"))
    owed = list[Delivery]()
    for escrow in escrows:
        if f"owed:{escrow}" in held:
            due_ms, delivery_id, document = held[f"owed:{escrow}"].split(b" ", 2)
            payout = int(held[f"amount:{escrow}"])
            belongs_to = text["id"], text["game"], seat.site
            owed.append(Delivery(delivery_id.decode(), wallet, document, int(due_ms), payout, *belongs_to))
    return OutsideRound(
        seat, wallet, name, text["id"], text["game"], status, stake, won, max_win, held["funded"] == b"1",
        int(held["at"]), escrows, tuple(text["asking"].split()), tuple(owed), int(held.get("asked", 0)),
    )  # fmt: skip


def _answer(
    funds: Funds, status: bytes, round_id: bytes, stake: int, repeated: int, answer: bytes, owed: Sequence[bytes] = ()
) -> OutsideAnswer:
    named: Any = status.decode()
    made = tuple(_deliveries(owed))
    return OutsideAnswer(named, round_id.decode(), funds, stake, bool(repeated), answer, made)


def _deliveries(values: Sequence[bytes]) -> Iterable[Any]:
    for first in range(0, len(values), 8):
        delivery_id, wallet, document, due_ms, *rest = values[first : first + 8]
        yield read_delivery(delivery_id, int(due_ms), (wallet, document, *rest))
