"""The store in this process's memory: the contract at its plainest, for tests and for reading."""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.support.clock import Clock, SystemClock
from webingo.transaction.memory_money import Place, Purse
from webingo.transaction.memory_outside import MemoryOutside
from webingo.transaction.store import PayoutAboveMaximum
from webingo.transaction.transaction import (
    MAX_AMOUNT,
    Belongings,
    Event,
    Funds,
    Opened,
    Part,
    Seat,
    Transaction,
    WalletId,
)
from webingo.user import User


class MemoryStore(MemoryOutside):
    """Keeps nothing. Every method runs to its end without awaiting, which makes it atomic."""

    def __init__(self, history_rounds: int = 1000, clock: Clock | None = None) -> None:
        super().__init__(clock or SystemClock(), history_rounds)

    async def open(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        if seat.user in self._blocked:
            raise Refused(Code.PLAYER_BLOCKED)
        place = self._places.setdefault(seat, Place())
        if place.round and place.wallet != wallet:
            raise Refused(Code.UNAVAILABLE, "An unfinished round is waiting in another denomination.")
        place.epoch += 1
        place.wallet = wallet
        if seat.site in self._watch[wallet]:
            self._tell(Event("seat", str(seat), place.epoch, int(by_house)))
        self._watch[wallet][seat.site] = place.epoch
        if wallet not in self._funds:
            self._found(wallet, grant, at_ms, seat.site)
        userdata, revoked_ms = orjson.loads(place.userdata), self._revoked.get(seat.user, 0)
        game = place.game, place.state, place.private, place.round
        intent = (place.intent.document, place.intent.at_ms) if place.intent else (b"", 0)
        return Opened(place.epoch, self._funds[wallet], userdata, *game, place.spent, revoked_ms, *intent)

    async def commit(self, transaction: Transaction) -> Funds:
        tx, place = transaction, self._places.get(transaction.seat, Place())
        funds = self._funds.get(tx.wallet, Funds(0, 0))
        if place.epoch != tx.epoch:
            raise Refused(Code.REPLACED, balance=funds.balance, seq=funds.seq)
        if place.sid == tx.sid:
            return funds
        if place.sid != tx.base or (place.intent.id if place.intent else "") != tx.intent:
            raise Refused(Code.STALE, balance=funds.balance, seq=funds.seq)
        purse = Purse(*funds)
        stake, won = self._check(tx, place, purse)
        self._record(tx, place)
        place.sid, place.state, place.intent = tx.sid, tx.state, None
        self._owe(tx.owed)
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

    def _check(self, tx: Transaction, place: Place, purse: Purse) -> tuple[int, int]:
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
                    if tx.funded:
                        self._move(purse, tx, part, "escrow", amount)
                    if purse.balance < amount:
                        raise Refused(Code.INSUFFICIENT_FUNDS, **facts)
                    if purse.balance > MAX_AMOUNT:
                        raise Refused(Code.LIMIT, **facts)
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

    def _move(self, purse: Purse, tx: Transaction, part: Part, kind: str, amount: int, note: str = "", fed: str = "") -> None:
        entry_id = f"{tx.base}:{len(purse.entries) + 1}"
        self._enter(purse, tx.wallet, entry_id, kind, amount, tx.at_ms, part.round, tx.game, tx.seat.site, note, fed)

    def _record(self, tx: Transaction, place: Place) -> None:
        for part in tx.parts:
            if not part.round:
                continue
            if part.header:
                self._begin_record(tx.seat.user, part.round, part.header)
            self._rounds[part.round] += [part.record, part.state]
            place.round = "" if part.closes else part.round

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
        return self._places.get(seat, Place()).note

    async def close(self, seat: Seat, wallet: WalletId, epoch: int) -> None:
        if self._watch[wallet].get(seat.site) == epoch:
            del self._watch[wallet][seat.site]

    async def erase(self, user: User, at_ms: int) -> None:
        seats, wallets = await self.belongings(user)
        for seat, _ in seats:
            place = self._places[seat]
            place.userdata, place.note = b"{}", b""
            place.epoch += 1  # a session that has them in memory still can't write them back
        for wallet in wallets:
            purse = Purse(*self._funds[wallet])
            self._enter(purse, wallet, f"erase:{fresh_id()}:{wallet}", "erase", 0, at_ms)
            self._keep(wallet, purse)
            self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        self._profiles.pop(user, None)
        await self.revoke(user, at_ms)

    async def belongings(self, user: User) -> Belongings:
        seats = [(seat, place.spent) for seat, place in self._places.items() if seat.user == user]
        return Belongings(sorted(seats, key=str), sorted([wallet for wallet in self._funds if wallet.user == user], key=str))

    async def abandoned(self, shard: int, before_ms: int, first: int, count: int) -> list[Seat]:
        found = [
            seat
            for seat, place in self._places.items()
            if place.round and place.touched_ms < before_ms and seat.user.shard == shard
        ]
        return sorted(found, key=lambda seat: self._places[seat].touched_ms)[first : first + count]

    async def seats(self, shard: int) -> AsyncIterator[tuple[Seat, int]]:
        for seat, place in sorted(self._places.items(), key=lambda item: str(item[0])):
            if seat.user.shard == shard:
                yield seat, place.spent

    async def problems(self) -> list[str]:
        return []

    async def aclose(self) -> None:
        self._listeners.clear()


def _wagered(transaction: Transaction) -> int:
    return sum(amount for part in transaction.parts for kind, amount in part.moves if kind == "wager")
