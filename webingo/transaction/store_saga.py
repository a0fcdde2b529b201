"""The part of the store's contract for money that an operator keeps: what was asked for, and what has yet to be told."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from webingo.transaction.transaction import Delivery, Intent, Seat


class SagaStore(Protocol):
    async def intend(self, seat: Seat, epoch: int, base: str, intent: Intent) -> None:
        """Keeps what the seat's session is about to do; a seat has one intent at a time. Until it is committed or aborted, the
        seat takes no other transaction; opening the seat shows it, and leaves it.

        Refused REPLACED (another session has the seat), STALE (the seat is not at `base`, another intent is pending, or this
        one was the last that was aborted), PLAYER_BLOCKED. The one that is pending, once more: as once.
        """
        ...

    async def abort(
        self, seat: Seat, intent_id: str, cancels: Sequence[Delivery] | None = None, epoch: int | None = None
    ) -> bool:
        """The intent is gone, and its cancels, or those given in their place (none of them: ()), are deliveries. With `epoch`
        Refused REPLACED where another session has the seat, which may be carrying the intent on: what that one has asked the
        operator for, only it can know.

        True also where it was the last of the seat that was aborted, and nothing is done then. False: it is not pending; it
        was committed, or never kept.
        """
        ...

    async def intents(self, shard: int, before_ms: int, first: int, count: int) -> list[tuple[Seat, str]]:
        """Seats of the shard with an intent from before that time, and its id, oldest first; `first` of them are left out."""
        ...

    async def claim(self, shard: int, now_ms: int, until_ms: int, count: int) -> list[Delivery]:
        """Deliveries that are due at `now_ms`, those due first in front. In the same step they are put off to `until_ms`, which
        is then their `due_ms`: so one process at a time tries."""
        ...

    async def defer(self, delivery: Delivery, due_ms: int, document: bytes) -> None:
        """Puts a delivery off, with another document. Nothing happens where it is gone."""
        ...

    async def delivered(self, delivery: Delivery, at_ms: int, note: str = "", by_session: bool = False) -> None:
        """The operator has acknowledged: the payout leaves the wallet, with `note` on the entry, and the delivery is gone.
        Nothing happens where it is gone already.

        Sessions on the wallet hear of a payout; with `by_session`, only if there is another one besides. Refused
        INSUFFICIENT_FUNDS where the wallet holds less, which is a bug or a forgery: the delivery stays.
        """
        ...

    def deliveries(self, shard: int) -> AsyncIterator[Delivery]:
        """All of the shard's, those due first in front."""
        ...
