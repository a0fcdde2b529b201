"""Where a session's money is kept: the seam between a session and whoever holds the balance."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from webingo.transaction.store import Store
from webingo.transaction.transaction import Funds, Opened, Seat, Transaction, WalletId
from webingo.wallet.plan import read_intent


class Wallet(Protocol):
    """One player's money in one denomination, as a session uses it. Refusals are those of `Store`; one that says `undone` as a
    fact has certainly changed nothing, whatever its code.

    `id` is the wallet in our store. With `kept_here` the money is in it, and news of it from the store tell the balance. Else
    an operator keeps the money, `id` holds what is in transit, and only the wallet itself knows the balance.
    """

    id: WalletId
    kept_here: bool

    async def open(self, seat: Seat, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        """Takes the seat and tells the balance; `grant` is what a wallet that never existed begins with."""
        ...

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        """State and money in one atomic step. Awaited once."""
        ...

    async def close(self, seat: Seat, epoch: int) -> None:
        """The session has ended."""
        ...

    async def funds(self) -> Funds:
        """The balance, asked for anew. Raises Refused(UNAVAILABLE)."""
        ...

    def listen(self, hear: Callable[[Funds], None]) -> None:
        """`hear` is told of balances that nobody has asked for, by a wallet that finds out by itself."""
        ...

    def ask_again(self) -> None:
        """The balance may have changed: a wallet that finds out by itself does so soon."""
        ...


class LocalWallet:
    """Credits that live in our own store: play money, social casinos, studios."""

    kept_here = True

    def __init__(self, store: Store, wallet: WalletId) -> None:
        self.id = wallet
        self._store = store

    async def open(self, seat: Seat, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        opened = await self._store.open(seat, self.id, grant, at_ms, by_house)
        if opened.intent:  # of when the site's money was with an operator; nothing can be done on the seat before it is gone
            await self._store.abort(seat, read_intent(opened.intent, seat, opened.epoch).transaction.sid)
        return opened

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        return self._store.commit(transaction)

    async def close(self, seat: Seat, epoch: int) -> None:
        await self._store.close(seat, self.id, epoch)

    async def funds(self) -> Funds:
        return await self._store.funds(self.id)

    def listen(self, hear: Callable[[Funds], None]) -> None:
        """The store's events tell of them."""

    def ask_again(self) -> None:
        """As above."""
