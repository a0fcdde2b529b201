"""The store in this process's memory: the contract at its plainest, for tests and for reading."""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.support.clock import Clock, SystemClock
from webingo.transaction.memory_people import MemoryPeople
from webingo.transaction.store import PayoutAboveMaximum
from webingo.transaction.transaction import (
    MAX_AMOUNT,
    Belongings,
    Entry,
    Event,
    Funds,
    Opened,
    Part,
    Posting,
    Seat,
    Taken,
    Transaction,
    WalletId,
    check_taking,
)
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
    spent: int = 0
    wallet: WalletId | None = None


@dataclass
class _Purse:
    """The wallet as it would be after a transaction's moves, and their entries, until they are kept or thrown away."""

    balance: int
    seq: int
    entries: list[Entry] = field(default_factory=list)


class MemoryStore(MemoryPeople):
    """Keeps nothing. Every method runs to its end without awaiting, which makes it atomic."""

    def __init__(self, history_rounds: int = 1000, clock: Clock | None = None) -> None:
        super().__init__(clock or SystemClock())
        self._history_rounds = history_rounds
        self._places: dict[Seat, _Place] = {}
        self._funds: dict[WalletId, Funds] = {}
        self._watch: dict[WalletId, dict[str, int]] = defaultdict(dict)
        self._rounds: dict[str, list[bytes]] = {}
        self._history: dict[User, list[str]] = defaultdict(list)
        self._posted: dict[tuple[WalletId, str], tuple[Posting, Funds, int | None]] = {}  # what was taken, by `take`

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
        userdata, revoked_ms = orjson.loads(place.userdata), self._revoked.get(seat.user, 0)
        game = place.game, place.state, place.private, place.round
        return Opened(place.epoch, self._funds[wallet], userdata, *game, place.spent, revoked_ms)

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
        place.spent += _wagered(tx)
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
        if place.spent + _wagered(tx) > MAX_AMOUNT:
            raise Refused(Code.LIMIT, **facts)
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
        round_id: str = "", game: str = "", site: str = "", note: str = "", fed: str = "", short: int = 0,
    ) -> None:  # fmt: skip
        purse.balance += amount
        purse.seq += 1
        what = entry_id, str(wallet), purse.seq, kind, amount, purse.balance
        purse.entries.append(Entry(*what, round_id, game, site, at_ms, note, "", fed, short=short))

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
        return self._post(posting, takes=False)[0]

    async def take(self, posting: Posting) -> Taken:
        check_taking(posting)
        funds, taken = self._post(posting, takes=True)
        return Taken(funds, taken or 0)

    def _post(self, posting: Posting, *, takes: bool) -> tuple[Funds, int | None]:
        wallet, once = posting.wallet, (posting.wallet, posting.id)
        if once in self._posted:
            first, answered, taken = self._posted[once]
            if (first.amount, first.kind, taken is not None) != (posting.amount, posting.kind, takes):
                raise Refused(Code.BAD_PARAMS, balance=answered.balance, seq=answered.seq)
            return answered, taken
        funds = self._funds.get(wallet, Funds(0, 0))
        amount = max(posting.amount, -funds.balance) if takes else posting.amount
        if not 0 <= funds.balance + amount <= MAX_AMOUNT:
            code = Code.INSUFFICIENT_FUNDS if amount < 0 else Code.LIMIT
            raise Refused(code, balance=funds.balance, seq=funds.seq)
        purse, entry_id = _Purse(*funds), f"post:{len(posting.id)}:{posting.id}:{wallet}"
        what = posting.round, posting.game, posting.site, posting.reason
        short = amount - posting.amount
        self._enter(purse, wallet, entry_id, posting.kind, amount, posting.at_ms, *what, short=short)
        self._keep(wallet, purse)
        self._posted[once] = (posting, self._funds[wallet], -amount if takes else None)
        self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        self._tell(Event("posted", str(wallet), purse.seq, amount, posting.kind))
        return self._posted[once][1:]

    async def erase(self, user: User, at_ms: int) -> None:
        seats, wallets = await self.belongings(user)
        for seat, _ in seats:
            place = self._places[seat]
            place.userdata, place.note = b"{}", b""
            place.epoch += 1  # a session that has them in memory still can't write them back
        for wallet in wallets:
            purse = _Purse(*self._funds[wallet])
            self._enter(purse, wallet, f"erase:{fresh_id()}:{wallet}", "erase", 0, at_ms)
            self._keep(wallet, purse)
            self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        self._profiles.pop(user, None)
        await self.revoke(user, at_ms)

    async def belongings(self, user: User) -> Belongings:
        seats = [(seat, place.spent) for seat, place in self._places.items() if seat.user == user and place.epoch]
        return Belongings(sorted(seats, key=str), sorted([wallet for wallet in self._funds if wallet.user == user], key=str))

    async def funds(self, wallet: WalletId) -> Funds:
        return self._funds.get(wallet, Funds(0, 0))

    async def round(self, round_id: str) -> list[bytes] | None:
        return self._rounds.get(round_id)

    async def history(self, user: User, first: int, count: int) -> list[str]:
        return self._history[user][first : first + count]

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

    async def seats(self, shard: int) -> AsyncIterator[tuple[Seat, int]]:
        for seat, place in sorted(self._places.items(), key=lambda item: str(item[0])):
            if seat.user.shard == shard and place.epoch:
                yield seat, place.spent

    async def problems(self) -> list[str]:
        return []

    async def aclose(self) -> None:
        self._listeners.clear()


def _wagered(transaction: Transaction) -> int:
    return sum(amount for part in transaction.parts for kind, amount in part.moves if kind == "wager")
