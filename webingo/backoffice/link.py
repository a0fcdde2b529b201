"""Everything that a server does with its backoffice, started and stopped as one."""

import structlog

from webingo.backoffice.accounting import PACE, Accounting
from webingo.backoffice.changes import Feed
from webingo.backoffice.client import Client
from webingo.backoffice.commands import Executor
from webingo.backoffice.registrar import Book
from webingo.backoffice.snapshots import Books, Snapshots
from webingo.config import Settings
from webingo.resources.remote import RemoteResources
from webingo.rng import SystemRng, fresh_id
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.transaction.outbox import Outbox
from webingo.transaction.store import Store

log = structlog.get_logger("webingo.backoffice")


class Backoffice:
    """The settings' backoffice. `book` is the Registrar of the house; `executor` tells whether this process acts for
    all."""

    def __init__(self, settings: Settings, store: Store, resources: RemoteResources, books: Books, clock: Clock) -> None:
        """`books` knows the jackpots."""
        rng, node = SystemRng(), fresh_id()
        self.client = Client(settings.rgs_base, settings.rgs_key.get_secret_value(), clock, rng)
        self.book = Book(self.client, resources, node, clock, rng)
        self.executor = Executor(self.client, store, node, clock)
        self._snapshots = Snapshots(self.client, books, lambda: self.executor.holds)
        self._resources = resources
        self._feed = Feed(self.client, resources, rng, self.executor.wake)
        accounting = Accounting(self.client, store)
        self._outbox = Outbox(store, accounting, node, clock, PACE, accounting.ready)
        self._address = settings.rgs_base
        self._console = settings.backoffice_url

    async def start(self) -> None:
        """Comes before the first session; afterwards the sites are known, if the backoffice answers. Raises
        Refused(UNAVAILABLE) where the database does not."""
        metrics.breakers(self.client.states)
        await self._feed.start()
        await self._outbox.start()
        self.executor.start()
        self.book.start()
        self._snapshots.start()
        log.info("backoffice", api=self._address, console=self._console, sites_known=self._resources.ready)

    async def stop(self) -> None:
        """Comes after the last session. The ledger keeps what was not sent."""
        await self.book.stop()
        await self._snapshots.stop()
        await self.executor.stop()
        await self._feed.stop()
        await self._outbox.stop()
        self.client.close()

    def problems(self) -> list[str]:
        """Why this process can let in nobody."""
        return [] if self._resources.ready else ["the backoffice has not told the sites yet"]
