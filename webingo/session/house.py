"""What all sessions of a process share, and who is playing here."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from webingo.resources.site import Site
from webingo.resources.source import ResourceSource
from webingo.rng import SOURCE, Rng
from webingo.session.prizes import Prizes
from webingo.session.stay import Registrar, Stay
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Event, Seat
from webingo.user import User
from webingo.wallet.wallets import Wallets


class Guest(Protocol):
    """An open session, as far as the house knows it."""

    def subjects(self) -> tuple[tuple[str, str], ...]:
        """The (kind, subject) of the events that concern it."""
        ...

    def hear(self, event: Event) -> None:
        """One of those events. Must not block."""
        ...

    async def look_again(self) -> None:
        """News may have been lost."""
        ...


@dataclass
class House:
    """The means of play, and the open sessions by what may happen to them elsewhere. `debug` is the server's. `prizes` is None
    where jackpots are not paid at once: the ledger has their triggers all the same. `registrar` is None where nobody keeps a
    book of the players' stays. `wallets` without operators are made where none are given."""

    store: Store
    resources: ResourceSource
    rng: Rng
    clock: Clock
    debug: bool = False
    prizes: Prizes | None = None
    registrar: Registrar | None = None
    wallets: Wallets = field(default=None)  # type: ignore[assignment]
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _by_subject: dict[tuple[str, str], set[Guest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.wallets is None:
            self.wallets = Wallets(self.store, {}, self.clock, self.rng)

    def with_rng(self, rng: Rng) -> "House":
        """This house with another generator: the sessions of both are in the same book."""
        return replace(self, rng=rng)

    async def welcome(
        self, user: User, site: Site, name: str = "", picture: str = "", began_ms: int = 0, token: str = ""
    ) -> Stay:
        """A stay on the site as it is now; the others see Stay. Raises Refused as `Registrar.begin` does, and
        RngFailed: nobody comes in to a game without chance."""
        SOURCE.start()
        stay = Stay(Seat(user, site.id), self.resources.newest(site), name, picture, began_ms, token)
        if self.registrar is not None:
            stay.site = await self.registrar.begin(stay)
        return stay

    def farewell(self, stay: Stay) -> None:
        """The stay is over."""
        if self.registrar is not None:
            self.registrar.end(stay)

    def changed(self, site: Site) -> None:
        """The site, or what it offers, is another from now on."""
        self.hear(Event("site", f"{site.platform}:{site.id}", 0))

    def enter(self, session: Guest) -> None:
        for subject in session.subjects():
            self._by_subject.setdefault(subject, set()).add(session)

    def leave(self, session: Guest) -> None:
        for subject in session.subjects():
            there = self._by_subject.get(subject, set())
            there.discard(session)
            if not there:
                self._by_subject.pop(subject, None)

    def sessions(self) -> Iterator[Guest]:
        for (kind, _), there in self._by_subject.items():
            if kind == "seat":
                yield from there

    def missed(self) -> None:
        """Events may have been lost: every session asks for its wallet. A seat that was taken meanwhile is found out by
        the store at the next action."""
        for session in list(self.sessions()):
            task = asyncio.get_running_loop().create_task(session.look_again())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def hear(self, event: Event) -> None:
        """Brings an event of the store to the sessions that it concerns."""
        for session in tuple(self._by_subject.get((event.kind, event.subject), ())):
            session.hear(event)
