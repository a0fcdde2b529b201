"""Where a session's money is kept: the seam between a session and whoever holds the balance."""

from collections.abc import Awaitable
from typing import Protocol

from webingo.transaction.store import Store
from webingo.transaction.transaction import Funds, Opened, Seat, Transaction, WalletId


class Wallet(Protocol):
    """One player's money in one denomination, as a session uses it. Refusals are those of `Store`."""

    id: WalletId

    async def open(self, seat: Seat, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        """Takes the seat and tells the balance; `grant` is what a wallet that never existed begins with."""
        ...

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        """State and money in one atomic step. Awaited once."""
        ...

    async def close(self, seat: Seat, epoch: int) -> None:
        """The session has ended."""
        ...


class LocalWallet:
    """Credits that live in our own store: play money, social casinos, studios."""

    def __init__(self, store: Store, wallet: WalletId) -> None:
        self.id = wallet
        self._store = store

    async def open(self, seat: Seat, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        return await self._store.open(seat, self.id, grant, at_ms, by_house)

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        return self._store.commit(transaction)

    async def close(self, seat: Seat, epoch: int) -> None:
        await self._store.close(seat, self.id, epoch)
