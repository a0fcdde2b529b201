"""The store on Redis: each method is one script call, on keys of one shard.

Keys, all with the shard as hash tag so that a script touches one slot of a cluster (`wb:{17}:…`):
  seat:<platform:site:uid>     hash   epoch, sid, game, state, private, userdata, note, round, stake, won, wallet, spent
  wallet:<platform:denom:uid>  hash   balance, seq
  watch:<wallet>               hash   site -> epoch of the session there
  history:<platform:uid>       list   round ids, newest first
  once:<n>:<posting id>:<wallet> hash   what was posted under the id
  wallets, open                set of wallets; sorted set of seats with an open round, by time of the last action
  ledger                       stream the shard's ledger
What belongs to consumers of the ledger is in redis_groups.py, what to people in redis_people.py, to operators in redis_saga.py,
to games that live elsewhere in redis_outside.py; records of rounds are in redis_kept.py.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import lru_cache
from typing import Any

import orjson

from webingo.errors import Code, Refused
from webingo.support.answer import Answer
from webingo.support.redis import Link, NoRedis
from webingo.transaction.redis_groups import RedisGroups, read_entry, script, snippet
from webingo.transaction.redis_kept import RedisKept
from webingo.transaction.redis_keys import history_key, intent_key, keys_of, seats_key, shard_keys, user_key
from webingo.transaction.redis_outside import RedisOutside, outside_script
from webingo.transaction.redis_people import RedisPeople, settled
from webingo.transaction.redis_saga import RedisSaga, owed_values
from webingo.transaction.store import PayoutAboveMaximum
from webingo.transaction.transaction import (
    Entry,
    Event,
    Funds,
    Opened,
    Posting,
    Seat,
    Taken,
    Transaction,
    WalletId,
    check_taking,
)
from webingo.user import SHARDS

_CHANNEL = "wb:events"
_PAGE, _AT_ONCE = 1000, 100

_OPEN, _POST = script("open", snippet("granted")), script("post", snippet("deliveries"))
_CLOSE, _SAVE, _LEASE = map(script, ("close", "save", "lease"))


class RedisStore(RedisOutside, RedisKept, RedisSaga, RedisPeople, RedisGroups):
    """`history_rounds` and `round_retention_s` bound what is kept of a player's finished rounds."""

    def __init__(self, link: Link, history_rounds: int = 1000, round_retention_s: int = 180 * 86_400) -> None:
        super().__init__(link)
        # What never changes is part of the text: each argument of a call costs a tenth of a microsecond.
        constants = f"local HISTORY_ROUNDS, RETENTION_S = {history_rounds}, {round_retention_s}\n"
        self._commit = script("commit", constants + snippet("deliveries"))
        self._outside = outside_script(constants)
        self._retention_s = round_retention_s

    @property
    def link(self) -> Link:
        """Over which whatever else is in the same database is reached too."""
        return self._link

    async def prepare(self) -> None:
        """Checks that the database was made for this number of shards. Raises NoRedis where it was not."""
        await self._link.execute("SET", "wb:shards", SHARDS, "NX")
        found = int(await self._link.execute("GET", "wb:shards"))
        if found != SHARDS:
            raise NoRedis(f"The database is divided into {found} shards, this program expects {SHARDS}.")

    async def open(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        key = keys_of(seat.user)
        keys = (
            f"{key}seat:{seat}",
            f"{key}wallet:{wallet}",
            f"{key}ledger",
            f"{key}watch:{wallet}",
            user_key(seat.user),
            f"{key}wallets",
            seats_key(seat.user),
            intent_key(seat),
        )
        args = (grant, at_ms, str(wallet), str(seat), seat.site, wallet.denom, int(by_house))
        answer = await self._link.call(_OPEN, keys, args)
        if answer[0] == b"OTHER_WALLET":
            raise Refused(Code.UNAVAILABLE, "An unfinished round is waiting in another denomination.")
        funds = settled(answer)
        epoch, userdata, game, state, private, round_id, *rest = answer[3:]
        return Opened(epoch, funds, orjson.loads(userdata), game.decode(), state, private, round_id.decode(), *rest)

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        keys, args = _commit_call(transaction)
        answer = _CommitAnswer(transaction)
        self._link.send(self._commit, keys, args, answer)
        return answer

    async def save_userdata(self, seat: Seat, epoch: int, userdata: bytes) -> None:
        settled(await self._link.call(_SAVE, (f"{keys_of(seat.user)}seat:{seat}",), (epoch, "userdata", userdata)))

    async def save_note(self, seat: Seat, epoch: int, note: bytes) -> None:
        settled(await self._link.call(_SAVE, (f"{keys_of(seat.user)}seat:{seat}",), (epoch, "note", note)))

    async def note(self, seat: Seat) -> bytes:
        return await self._link.execute("HGET", f"{keys_of(seat.user)}seat:{seat}", "note") or b""

    async def close(self, seat: Seat, wallet: WalletId, epoch: int) -> None:
        settled(await self._link.call(_CLOSE, (f"{keys_of(seat.user)}watch:{wallet}",), (seat.site, epoch)))

    async def post(self, posting: Posting) -> Funds:
        return settled(await self._post(posting, takes=False))

    async def take(self, posting: Posting) -> Taken:
        check_taking(posting)
        answer = await self._post(posting, takes=True)
        return Taken(settled(answer), answer[3])

    def _post(self, posting: Posting, *, takes: bool) -> Awaitable[Any]:
        user, wallet = posting.wallet.user, str(posting.wallet)
        key = keys_of(user)
        once = f"{key}once:{len(posting.id)}:{posting.id}:{wallet}"
        keys = (once, f"{key}wallet:{wallet}", f"{key}ledger", f"{key}wallets", seats_key(user))
        what = posting.id, wallet, posting.kind, posting.amount, posting.reason, posting.at_ms
        belongs_to = posting.round, posting.game, posting.site, posting.wallet.denom
        return self._link.call(_POST, keys, (*what, *belongs_to, int(takes), *owed_values(posting.owed)))

    async def funds(self, wallet: WalletId) -> Funds:
        balance, seq = await self._link.execute("HMGET", f"{keys_of(wallet.user)}wallet:{wallet}", "balance", "seq")
        return Funds(int(balance or 0), int(seq or 0))

    async def lease(self, name: str, member: str, ttl_ms: int) -> int:
        keys = (f"wb:{{lease:{name}}}:holder", f"wb:{{lease:{name}}}:count")
        return int(await self._link.call(_LEASE, keys, (member, ttl_ms)))

    async def abandoned(self, shard: int, before_ms: int, first: int, count: int) -> list[Seat]:
        found = await self._link.execute(
            "ZRANGEBYSCORE", f"{shard_keys(shard)}open", "-inf", f"({before_ms}", "LIMIT", first, count
        )
        return [Seat.parse(seat.decode()) for seat in found]

    async def entries(self, shard: int) -> AsyncIterator[Entry]:
        start = "-"
        while True:
            page = await self._link.execute("XRANGE", f"{shard_keys(shard)}ledger", start, "+", "COUNT", _PAGE)
            for position, fields in page:
                yield read_entry(position, fields)
            if len(page) < _PAGE:
                return
            start = "(" + page[-1][0].decode()

    async def wallets(self, shard: int) -> AsyncIterator[tuple[str, Funds]]:
        for name in sorted(await self._link.execute("SMEMBERS", f"{shard_keys(shard)}wallets")):
            wallet = WalletId.parse(name.decode())
            yield str(wallet), await self.funds(wallet)

    async def seats(self, shard: int) -> AsyncIterator[tuple[Seat, int]]:
        names = sorted(await self._link.execute("SMEMBERS", f"{shard_keys(shard)}wallets"))
        users = list(dict.fromkeys(WalletId.parse(name.decode()).user for name in names))
        for first in range(0, len(users), _AT_ONCE):
            for belongings in await asyncio.gather(*map(self.belongings, users[first : first + _AT_ONCE])):
                for found in belongings.seats:
                    yield found

    def listen(self, hear: Callable[[Event], None], missed: Callable[[], None]) -> None:
        def heard(message: bytes) -> None:
            kind, number, balance, subject, *about = message.decode().split(" ", 4)
            hear(Event(kind, subject, int(number), int(balance), *about))

        self._link.listen(_CHANNEL, heard, missed)

    async def problems(self) -> list[str]:
        try:
            await self._link.execute("GET", "wb:shards")
        except Refused:
            return ["the database does not answer"]
        return []

    async def aclose(self) -> None:
        await self._link.close()


class _CommitAnswer(Answer[Funds]):
    """What the commit script answers, read as funds or as its refusal."""

    __slots__ = ("_transaction",)

    def __init__(self, transaction: Transaction) -> None:
        super().__init__()
        self._transaction = transaction

    def read(self, reply: Any) -> Funds:
        if reply[0] == b"OVER_MAX_WIN":
            raise PayoutAboveMaximum(f"{self._transaction.game}: more than {self._transaction.max_win} times the wager")
        return settled(reply)


def _commit_call(tx: Transaction) -> tuple[list[str], list[bytes | str | int]]:
    """The keys and arguments of the commit script, which says what they mean."""
    fixed, key = _commit_keys(tx.seat, tx.wallet)
    keys = [*fixed]
    args: list[bytes | str | int] = [tx.epoch, tx.base, tx.sid, tx.at_ms, tx.game, tx.max_win, tx.state]
    operated = tx.intent or tx.funded or tx.owed
    if tx.private is None and tx.userdata is None and not operated:
        args.append(b"")
    else:
        changed = {"p": tx.private, "u": tx.userdata}
        args.append("".join(letter for letter, value in changed.items() if value is not None) + ("s" if operated else ""))
        args += (value for value in changed.values() if value is not None)
    if operated:
        args += (tx.intent, int(tx.funded), len(tx.owed), *owed_values(tx.owed))
    number, current = 0, ""
    for part in tx.parts:
        if part.round and part.round != current:
            number, current = number + 1, part.round
            keys.append(f"{key}round:{current}")
        feeds = part.fed or part.triggers
        what = f"{number if part.round else 0} {part.closes + 2 if feeds else part.closes:d}"
        for kind, amount in part.moves:
            what = f"{what} {'w' if kind == 'wager' else 'p'}{amount}"
        if feeds:
            what = f"{what}|{part.fed}|{' '.join(part.triggers)}"
        args += (what, part.header, part.record, b"" if part.state is tx.state else part.state)
    return keys, args


@lru_cache(maxsize=65_536)
def _commit_keys(seat: Seat, wallet: WalletId) -> tuple[tuple[str, ...], str]:
    """The keys that every commit of a seat touches, and the prefix of all the player's keys."""
    user, key = seat.user, keys_of(seat.user)
    keys = (
        f"{key}seat:{seat}",
        f"{key}wallet:{wallet}",
        f"{key}ledger",
        history_key(user),
        f"{key}open",
        f"{key}watch:{wallet}",
        user_key(user),
    )
    return keys, key
