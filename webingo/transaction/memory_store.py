"""The store in this process's memory: the contract at its plainest, for tests and for reading."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

import orjson

from webingo.errors import Code, Refused
from webingo.support.clock import Clock, SystemClock
from webingo.transaction.memory_groups import MemoryGroups
from webingo.transaction.store import PayoutAboveMaximum
from webingo.transaction.transaction import MAX_AMOUNT, Entry, Event, Funds, Opened, Part, Posting, Seat, Transaction, WalletId
from webingo.user import User


@dataclass
class _Place:
    epoch: int = 0
    sid: str = ""
    game: str = ""
    state: bytes = b""
    private: bytes = b""
    userdata: bytes = b"{}"
    note: bytes = b""
    round: str = ""
    stake: int = 0
    won: int = 0
    touched_ms: int = 0
    wallet: WalletId | None = None


@dataclass
class _Lease:
    member: str = ""
    until: float = -inf
    count: int = 0


@dataclass
class _Purse:
    """The wallet as it would be after a transaction's moves, and their entries, until they are kept or thrown away."""

    balance: int
    seq: int
    entries: list[Entry] = field(default_factory=list)


class MemoryStore(MemoryGroups):
    """Keeps nothing. Every method runs to its end without awaiting, which makes it atomic."""

    def __init__(self, history_rounds: int = 1000, clock: Clock | None = None) -> None:
        super().__init__(clock or SystemClock())
        self._history_rounds = history_rounds
        self._places: dict[Seat, _Place] = {}
        self._funds: dict[WalletId, Funds] = {}
        self._watch: dict[WalletId, dict[str, int]] = defaultdict(dict)
        self._rounds: dict[str, list[bytes]] = {}
        self._history: dict[User, list[str]] = defaultdict(list)
        self._posted: dict[tuple[WalletId, str], tuple[Posting, Funds]] = {}
        self._blocked: set[User] = set()
        self._fences: dict[User, int] = {}
        self._leases: dict[str, _Lease] = defaultdict(_Lease)
        self._logins: dict[str, tuple[Seat, float]] = {}
        self._listeners: list[Callable[[Event], None]] = []

    async def open(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        if seat.user in self._blocked:
            raise Refused(Code.PLAYER_BLOCKED)
        place = self._places.setdefault(seat, _Place())
        if place.round and place.wallet != wallet:
            raise Refused(Code.UNAVAILABLE, "An unfinished round is waiting in another denomination.")
        place.epoch += 1
        place.wallet = wallet
        if seat.site in self._watch[wallet]:
            self._tell(Event("seat", str(seat), place.epoch, int(by_house)))
        self._watch[wallet][seat.site] = place.epoch
        if wallet not in self._funds:
            purse = _Purse(0, 0)
            if grant:
                self._enter(purse, wallet, f"grant:{wallet}", "grant", grant, at_ms, site=seat.site)
            self._keep(wallet, purse)
        userdata = orjson.loads(place.userdata)
        return Opened(place.epoch, self._funds[wallet], userdata, place.game, place.state, place.private, place.round)

    async def commit(self, transaction: Transaction) -> Funds:
        tx, place = transaction, self._places.get(transaction.seat, _Place())
        funds = self._funds.get(tx.wallet, Funds(0, 0))
        if place.epoch != tx.epoch:
            raise Refused(Code.REPLACED, balance=funds.balance, seq=funds.seq)
        if place.sid == tx.sid:
            return funds
        if place.sid != tx.base:
            raise Refused(Code.STALE, balance=funds.balance, seq=funds.seq)
        purse = _Purse(*funds)
        stake, won = self._check(tx, place, purse)
        self._record(tx, place)
        place.sid, place.state = tx.sid, tx.state
        if tx.private is not None:
            place.private = tx.private
        place.game = tx.game if tx.sid else ""
        place.stake, place.won, place.touched_ms = stake, won, tx.at_ms
        if tx.userdata is not None:
            place.userdata = tx.userdata
        if purse.entries:
            self._keep(tx.wallet, purse)
            if len(self._watch[tx.wallet]) > 1:
                self._tell(Event("wallet", str(tx.wallet), purse.seq, purse.balance))
        return self._funds.get(tx.wallet, funds)

    def _check(self, tx: Transaction, place: _Place, purse: _Purse) -> tuple[int, int]:
        """Carries out the moves on the purse, or refuses. Returns the stake and the wins of the round that is then open."""
        facts: dict[str, Any] = {"balance": purse.balance, "seq": purse.seq}
        stake, won = place.stake, place.won
        for part in tx.parts:
            before_part, fed = len(purse.entries), part.fed
            if part.header:
                stake = won = 0
            for kind, amount in part.moves:
                signed = -amount if kind == "wager" else amount
                if signed < 0:
                    if tx.seat.user in self._blocked:
                        raise Refused(Code.PLAYER_BLOCKED, **facts)
                    if purse.balance < amount:
                        raise Refused(Code.INSUFFICIENT_FUNDS, **facts)
                    stake = stake or amount
                else:
                    won += amount
                    if won > tx.max_win * stake:
                        raise PayoutAboveMaximum(f"{tx.game}: more than {tx.max_win} times the wager")
                    if purse.balance + amount > MAX_AMOUNT:
                        raise Refused(Code.LIMIT, **facts)
                self._move(purse, tx, part, kind, signed, fed=fed if signed < 0 else "")
                fed = "" if signed < 0 else fed
            for jackpot in part.triggers:
                self._move(purse, tx, part, "trigger", 0, note=jackpot)
            if part.closes and part.round:
                if len(purse.entries) == before_part:
                    self._move(purse, tx, part, "end", 0)
                purse.entries[-1] = purse.entries[-1]._replace(closes=True)
        return stake, won

    def _move(self, purse: _Purse, tx: Transaction, part: Part, kind: str, amount: int, note: str = "", fed: str = "") -> None:
        entry_id = f"{tx.base}:{len(purse.entries) + 1}"
        self._enter(purse, tx.wallet, entry_id, kind, amount, tx.at_ms, part.round, tx.game, tx.seat.site, note, fed)

    def _record(self, tx: Transaction, place: _Place) -> None:
        for part in tx.parts:
            if not part.round:
                continue
            if part.header:
                self._rounds[part.round] = [part.header]
                history = self._history[tx.seat.user]
                history.insert(0, part.round)
                del history[self._history_rounds :]
            self._rounds[part.round] += [part.record, part.state]
            place.round = "" if part.closes else part.round

    @staticmethod
    def _enter(
        purse: _Purse, wallet: WalletId, entry_id: str, kind: str, amount: int, at_ms: int,
        round_id: str = "", game: str = "", site: str = "", note: str = "", fed: str = "",
    ) -> None:  # fmt: skip
        purse.balance += amount
        purse.seq += 1
        purse.entries.append(
            Entry(entry_id, str(wallet), purse.seq, kind, amount, purse.balance, round_id, game, site, at_ms, note, "", fed)
        )

    def _keep(self, wallet: WalletId, purse: _Purse) -> None:
        self._append(wallet.user.shard, purse.entries)
        self._funds[wallet] = Funds(purse.balance, purse.seq)

    async def save_userdata(self, seat: Seat, epoch: int, userdata: bytes) -> None:
        place = self._places.get(seat)
        if place is None or place.epoch != epoch:
            raise Refused(Code.REPLACED)
        place.userdata = userdata

    async def save_note(self, seat: Seat, epoch: int, note: bytes) -> None:
        place = self._places.get(seat)
        if place is None or place.epoch != epoch:
            raise Refused(Code.REPLACED)
        place.note = note

    async def note(self, seat: Seat) -> bytes:
        return self._places.get(seat, _Place()).note

    async def close(self, seat: Seat, wallet: WalletId, epoch: int) -> None:
        if self._watch[wallet].get(seat.site) == epoch:
            del self._watch[wallet][seat.site]

    async def post(self, posting: Posting) -> Funds:
        wallet, once = posting.wallet, (posting.wallet, posting.id)
        if once in self._posted:
            first, answered = self._posted[once]
            if (first.amount, first.kind) != (posting.amount, posting.kind):
                raise Refused(Code.BAD_PARAMS, balance=answered.balance, seq=answered.seq)
            return answered
        funds = self._funds.get(wallet, Funds(0, 0))
        after = funds.balance + posting.amount
        if not 0 <= after <= MAX_AMOUNT:
            code = Code.INSUFFICIENT_FUNDS if after < 0 else Code.LIMIT
            raise Refused(code, balance=funds.balance, seq=funds.seq)
        purse = _Purse(*funds)
        self._enter(
            purse,
            wallet,
            f"post:{len(posting.id)}:{posting.id}:{wallet}",
            posting.kind,
            posting.amount,
            posting.at_ms,
            posting.round,
            posting.game,
            posting.site,
            posting.reason,
        )
        self._keep(wallet, purse)
        self._posted[once] = (posting, self._funds[wallet])
        self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        return self._funds[wallet]

    async def funds(self, wallet: WalletId) -> Funds:
        return self._funds.get(wallet, Funds(0, 0))

    async def block(self, user: User, blocked: bool, fence: int = 0) -> None:
        if fence:
            if fence < self._fences.get(user, 0):
                raise Refused(Code.REPLACED)
            self._fences[user] = fence
        if blocked:
            self._blocked.add(user)
            self._tell(Event("block", f"{user.platform}:{user.uid}", 0))
        else:
            self._blocked.discard(user)

    async def blocked(self, user: User) -> bool:
        return user in self._blocked

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

    async def round(self, round_id: str) -> list[bytes] | None:
        return self._rounds.get(round_id)

    async def history(self, user: User, first: int, count: int) -> list[str]:
        return self._history[user][first : first + count]

    async def keep_login(self, login_id: str, seat: Seat, ttl_s: int) -> None:
        self._logins[login_id] = (seat, self._clock.monotonic() + ttl_s)

    async def login(self, login_id: str, ttl_s: int) -> Seat | None:
        seat, until = self._logins.get(login_id, (None, 0.0))
        if seat is None or self._clock.monotonic() >= until:
            return None
        self._logins[login_id] = (seat, self._clock.monotonic() + ttl_s)
        return seat

    async def abandoned(self, shard: int, before_ms: int, first: int, count: int) -> list[Seat]:
        found = [
            seat
            for seat, place in self._places.items()
            if place.round and place.touched_ms < before_ms and seat.user.shard == shard
        ]
        return sorted(found, key=lambda seat: self._places[seat].touched_ms)[first : first + count]

    async def wallets(self, shard: int) -> AsyncIterator[tuple[str, Funds]]:
        for wallet, funds in sorted(self._funds.items(), key=lambda item: str(item[0])):
            if wallet.user.shard == shard:
                yield str(wallet), funds

    def listen(self, hear: Callable[[Event], None], missed: Callable[[], None]) -> None:
        self._listeners.append(hear)

    def _tell(self, event: Event) -> None:
        for hear in self._listeners:
            hear(event)

    async def problems(self) -> list[str]:
        return []

    async def aclose(self) -> None:
        self._listeners.clear()
