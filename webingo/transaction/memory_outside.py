"""Rounds of games that live elsewhere, in this process's memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from webingo.errors import Code, Refused
from webingo.support.clock import Clock
from webingo.transaction.memory_kept import MemoryKept
from webingo.transaction.memory_money import Place, Purse
from webingo.transaction.outside import (
    OutsideAnswer,
    OutsideCall,
    OutsideRound,
    OutsideStatus,
    check_outside,
    outside_header,
    outside_record,
)
from webingo.transaction.transaction import MAX_AMOUNT, Delivery, Event, Funds, Seat, WalletId, fresh_sharded_id


@dataclass
class _Round:
    id: str
    first: OutsideCall  # with which it began: wallet, game, cap and time are its
    header: bytes
    status: OutsideStatus = "asking"
    stake: int = 0
    won: int = 0
    entries: int = 0
    asked_ms: int = 0
    escrows: dict[str, OutsideCall] = field(default_factory=dict)  # those that stand, by their ids
    asking: dict[str, OutsideCall] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.status in ("closed", "cancelled")


@dataclass(frozen=True)
class _Call:
    """What stands under an id; `code` is None where it was carried out."""

    fingerprint: str
    answer: OutsideAnswer
    code: Code | None = None
    pending: bool = False


class MemoryOutside(MemoryKept):
    """The part of the store for games that live elsewhere."""

    def __init__(self, clock: Clock, history_rounds: int) -> None:
        super().__init__(clock, history_rounds)
        self._outside: dict[tuple[Seat, str], _Round] = {}
        self._overtaken: set[tuple[Seat, str]] = set()  # rounds that were cancelled before they began
        self._calls: dict[tuple[Seat, str], _Call] = {}

    async def outside(self, call: OutsideCall) -> OutsideAnswer:
        check_outside(call)
        known = self._calls.get((call.seat, call.id))
        if known is not None:
            if call.fingerprint != known.fingerprint and (call.op, call.fingerprint) != ("abort", ""):
                self._refuse(call, Code.ID_REUSED)
            if not known.pending or call.op not in ("escrow", "abort"):
                return _repeated(known, call)
        elif call.op == "again":
            self._refuse(call, Code.NO_ROUND)
        found = self._outside.get((call.seat, call.round))
        if call.op == "ask" or (call.op == "escrow" and known is None):
            self._check_beginning(call, found)
            found = found or self._began(call)
            if call.op == "escrow":
                return self._escrowed(call, found, call)
            found.asking[call.id], found.asked_ms = call, call.at_ms
            return self._done(call, found, pending=True, status="asking")
        if found is None or (known is None and call.op == "abort") or (known is not None and call.id not in found.asking):
            if call.op == "cancel":
                self._overtaken.add((call.seat, call.round))
            self._refuse(call, Code.NO_ROUND)
        if call.op == "escrow":
            asked = found.asking[call.id]
            self._check_settling(call, asked.amount)
            del found.asking[call.id]
            return self._escrowed(call, found, asked)
        return {"result": self._result, "cancel": self._cancel, "abort": self._abort}[call.op](call, found)

    def _check_beginning(self, call: OutsideCall, found: _Round | None) -> None:
        if (call.seat, call.round) in self._overtaken or (found is not None and found.over):
            self._refuse(call, Code.ROUND_OVER)
        if found is not None and (found.first.wallet, found.first.funded) != (call.wallet, call.funded):
            self._refuse(call, Code.FORBIDDEN)
        if call.op == "escrow" and call.funded:
            self._refuse(call, Code.NO_ROUND)
        funds, code = self._funds.get(call.wallet, Funds(0, 0)), None
        if call.seat.user in self._blocked:
            code = Code.PLAYER_BLOCKED
        elif not call.funded and funds.balance < call.amount:
            code = Code.INSUFFICIENT_FUNDS
        elif self._places.get(call.seat, Place()).spent + call.amount > MAX_AMOUNT:
            code = Code.LIMIT
        if code:
            kept = _Call(call.fingerprint, OutsideAnswer("cancelled", found.id if found else "", funds, 0), code)
            self._calls[call.seat, call.id] = kept
            self._refuse(call, code)

    def _check_settling(self, call: OutsideCall, amount: int) -> None:
        if call.seat.user in self._blocked:
            self._refuse(call, Code.PLAYER_BLOCKED)
        if self._places.get(call.seat, Place()).spent + amount > MAX_AMOUNT:
            self._refuse(call, Code.LIMIT)

    def _began(self, call: OutsideCall) -> _Round:
        round_id = call.fresh_round or fresh_sharded_id(call.seat.user)
        begun = self._outside[call.seat, call.round] = _Round(round_id, call, outside_header(call, round_id))
        return begun

    def _escrowed(self, call: OutsideCall, found: _Round, asked: OutsideCall) -> OutsideAnswer:
        moves = [("escrow", asked.amount)] if asked.funded else []
        found.status, found.stake = "escrowed", found.stake + asked.amount
        found.escrows[call.id] = asked
        self._places.setdefault(call.seat, Place()).spent += asked.amount
        self._write(call, found, [*moves, ("wager", -asked.amount)])
        return self._done(call, found)

    def _result(self, call: OutsideCall, found: _Round) -> OutsideAnswer:
        wallet, win = found.first.wallet, call.amount
        if found.over:
            self._refuse(call, Code.ROUND_OVER, wallet)
        if found.asking:
            self._refuse(call, Code.UNAVAILABLE, wallet)
        if win > found.first.max_win * found.stake or self._funds[wallet].balance + win > MAX_AMOUNT:
            self._refuse(call, Code.LIMIT, wallet)
        if found.first.funded and sum(delivery.payout for delivery in call.owed) != win:
            raise ValueError("the payouts of a result are not its win")
        found.status, found.won = "closed", win
        self._write(call, found, [("win", win) if win else ("end", 0)])
        owed = [delivery._replace(wallet=wallet) for delivery in call.owed] if found.first.funded else []
        return self._done(call, found, owed=owed)

    def _cancel(self, call: OutsideCall, found: _Round) -> OutsideAnswer:
        wallet, owed = found.first.wallet, list(self._taking_back(found))
        if found.status == "closed":
            self._refuse(call, Code.ROUND_OVER, wallet)
        if found.status == "cancelled":
            return self._done(call, found)
        if self._funds.get(wallet, Funds(0, 0)).balance + found.stake > MAX_AMOUNT:
            self._refuse(call, Code.LIMIT, wallet)
        found.status = "cancelled"
        for asked in found.asking.values():
            owed += [delivery._replace(payout=0) for delivery in asked.owed]
            known = self._calls[call.seat, asked.id]
            answer = known.answer._replace(status="cancelled")
            self._calls[call.seat, asked.id] = _Call(known.fingerprint, answer, Code.ROUND_OVER)
        found.asking.clear()
        if found.stake:
            self._places[call.seat].spent -= found.stake
            self._write(call, found, [("cancel", found.stake)])
        return self._done(call, found, owed=owed)

    def _abort(self, call: OutsideCall, found: _Round) -> OutsideAnswer:
        asked = found.asking.pop(call.id)
        owed = [] if call.definite else [delivery._replace(payout=0) for delivery in asked.owed]
        if not found.escrows and not found.asking:
            found.status = "cancelled"
            if call.definite:
                del self._outside[call.seat, call.round]
        return self._done(call, found, owed=owed, code=call.code, status="cancelled")

    def _write(self, call: OutsideCall, found: _Round, moves: list[tuple[str, int]]) -> None:
        """Enters the moves, of which the last one closes a round that is over, and writes them into the round's record."""
        wallet, game = found.first.wallet, found.first.game or "outside"
        purse = Purse(*self._funds.get(wallet, Funds(0, 0)))
        for kind, amount in moves:
            found.entries += 1
            belongs_to = found.id, game, call.seat.site
            self._enter(purse, wallet, f"outside:{found.id}:{found.entries}", kind, amount, call.at_ms, *belongs_to)
        purse.entries[-1] = purse.entries[-1]._replace(closes=found.over)
        self._keep(wallet, purse)
        if self._watch[wallet]:
            self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        if found.id not in self._rounds:
            self._begin_record(call.seat.user, found.id, found.header)
        head, tail = outside_record(call)
        shown = b",".join(b'["%s",%d]' % (kind.encode(), abs(amount)) for kind, amount in moves if kind in _IN_RECORD)
        state = '{"id":"%s:%d","name":"%s","data":{"stake":%d,"won":%d},"actions":[]}'
        after = state % (found.id, found.entries, found.status, found.stake, found.won)
        self._rounds[found.id] += [head + shown + tail, after.encode()]

    def _done(
        self, call: OutsideCall, found: _Round, owed: Sequence[Delivery] = (), pending: bool = False,
        code: Code | None = None, status: OutsideStatus | None = None,
    ) -> OutsideAnswer:  # fmt: skip
        """Makes the deliveries, keeps the answer under the call's id, and gives it."""
        game, site = found.first.game or "outside", call.seat.site
        made = tuple(delivery._replace(round=found.id, game=game, site=site) for delivery in owed)
        self._owe(made)
        funds = self._funds.get(found.first.wallet, Funds(0, 0))
        answer = OutsideAnswer(status or found.status, found.id, funds, found.stake, False, call.answer)
        known = self._calls.get((call.seat, call.id))
        fingerprint = known.fingerprint if known else call.fingerprint
        self._calls[call.seat, call.id] = _Call(fingerprint, answer, code, pending)
        return answer._replace(owed=made)

    def _refuse(self, call: OutsideCall, code: Code, wallet: WalletId | None = None) -> NoReturn:
        funds = self._funds.get(wallet or call.wallet, Funds(0, 0))
        raise Refused(code, balance=funds.balance, seq=funds.seq)

    async def outside_answered(self, seat: Seat, call_id: str, answer: bytes) -> bytes:
        known = self._calls.get((seat, call_id))
        if known is None:
            return b""
        if not known.answer.answer:
            known = self._calls[seat, call_id] = replace(known, answer=known.answer._replace(answer=answer))
        return known.answer.answer

    async def outside_round(self, seat: Seat, name: str) -> OutsideRound | None:
        found = self._outside.get((seat, name))
        if found is None:
            return None
        first, ids = found.first, (tuple(found.escrows), tuple(found.asking))
        sums = found.status, found.stake, found.won, first.max_win, first.funded
        owed = () if found.over else tuple(self._taking_back(found))
        begun = first.at_ms, *ids, owed, found.asked_ms
        return OutsideRound(seat, first.wallet, name, found.id, first.game or "outside", *sums, *begun)

    def _taking_back(self, found: _Round) -> Iterator[Delivery]:
        game, site = found.first.game or "outside", found.first.seat.site
        for asked in found.escrows.values():
            for delivery in asked.owed:
                yield delivery._replace(payout=asked.amount, round=found.id, game=game, site=site)

    async def outside_rounds(self, shard: int, before_ms: int, first: int, count: int) -> list[OutsideRound]:
        names = sorted(
            (found.first.at_ms, f"{len(name)}:{name}:{seat}", seat, name)
            for (seat, name), found in self._outside.items()
            if seat.user.shard == shard and not found.over and found.first.at_ms < before_ms
        )
        rounds = [await self.outside_round(seat, name) for _, _, seat, name in names[first : first + count]]
        return [found for found in rounds if found is not None]

    async def begin_wallet(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int) -> Funds:
        self._places.setdefault(seat, Place())
        if wallet not in self._funds:
            self._found(wallet, grant, at_ms, seat.site)
        return self._funds[wallet]


_IN_RECORD = ("wager", "win", "cancel")


def _repeated(known: _Call, call: OutsideCall) -> OutsideAnswer:
    """The first answer again, or the first refusal; who aborts is told how it ended."""
    answer = known.answer
    if known.code is not None and call.op != "abort":
        raise Refused(known.code, **_facts(answer.funds))
    return answer._replace(repeated=True)


def _facts(funds: Funds) -> dict[str, Any]:
    return {"balance": funds.balance, "seq": funds.seq}
