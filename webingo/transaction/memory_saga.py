"""Money that an operator keeps, in this process's memory: intents, and what the operator has yet to hear of."""

from collections.abc import AsyncIterator, Sequence

from webingo.errors import Code, Refused
from webingo.transaction.memory_money import MemoryMoney, Place, Purse
from webingo.transaction.transaction import Delivery, Event, Funds, Intent, Seat


class MemorySaga(MemoryMoney):
    """The part of the store that knows what operators were asked, and what they are owed."""

    async def intend(self, seat: Seat, epoch: int, base: str, intent: Intent) -> None:
        place = self._places.get(seat, Place())
        if place.epoch != epoch:
            raise Refused(Code.REPLACED)
        if place.intent is not None and place.intent.id == intent.id:
            return
        if place.sid != base or place.intent is not None or place.aborted == intent.id:
            raise Refused(Code.STALE)
        if seat.user in self._blocked:
            raise Refused(Code.PLAYER_BLOCKED)
        place.intent = intent

    async def abort(
        self, seat: Seat, intent_id: str, cancels: Sequence[Delivery] | None = None, epoch: int | None = None
    ) -> bool:
        place = self._places.get(seat, Place())
        if epoch not in (None, place.epoch):
            raise Refused(Code.REPLACED)
        if place.intent is None or place.intent.id != intent_id:
            return place.aborted == intent_id
        self._owe(place.intent.cancels if cancels is None else cancels)
        place.intent, place.aborted = None, intent_id
        return True

    async def intents(self, shard: int, before_ms: int, first: int, count: int) -> list[tuple[Seat, str]]:
        found = sorted(
            (place.intent.at_ms, str(seat), seat, place.intent.id)
            for seat, place in self._places.items()
            if seat.user.shard == shard and place.intent is not None and place.intent.at_ms < before_ms
        )
        return [(seat, intent_id) for _, _, seat, intent_id in found[first : first + count]]

    async def claim(self, shard: int, now_ms: int, until_ms: int, count: int) -> list[Delivery]:
        due = [delivery for delivery in self._by_due(shard) if delivery.due_ms <= now_ms][:count]
        claimed = [delivery._replace(due_ms=until_ms) for delivery in due]
        self._owe(claimed)
        return claimed

    async def defer(self, delivery: Delivery, due_ms: int, document: bytes) -> None:
        if delivery.id in self._deliveries:
            self._owe([self._deliveries[delivery.id]._replace(due_ms=due_ms, document=document)])

    async def delivered(self, delivery: Delivery, at_ms: int, note: str = "", by_session: bool = False) -> None:
        known = self._deliveries.get(delivery.id)
        if known is None:
            return
        wallet, payout = known.wallet, known.payout
        if payout:
            funds = self._funds.get(wallet, Funds(0, 0))
            if funds.balance < payout:
                raise Refused(Code.INSUFFICIENT_FUNDS, balance=funds.balance, seq=funds.seq)
            purse = Purse(*funds)
            belongs_to = known.round, known.game, known.site, note
            self._enter(purse, wallet, f"payout:{known.id}", "payout", -payout, at_ms, *belongs_to)
            self._keep(wallet, purse)
            if len(self._watch[wallet]) > by_session:
                self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        del self._deliveries[known.id]

    async def deliveries(self, shard: int) -> AsyncIterator[Delivery]:
        for delivery in self._by_due(shard):
            yield delivery

    def _by_due(self, shard: int) -> list[Delivery]:
        of_shard = [delivery for delivery in self._deliveries.values() if delivery.wallet.user.shard == shard]
        return sorted(of_shard, key=lambda delivery: (delivery.due_ms, delivery.id))
