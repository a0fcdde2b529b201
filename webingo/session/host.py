"""What a session is to its components: the room that they are plugged into, and whoever tells them what has happened."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
import structlog

from webingo.errors import Code, Refused
from webingo.resources.site import Site
from webingo.session.component import Component
from webingo.session.place import Place
from webingo.session.protocol import ComponentMessage
from webingo.session.screen import Screen
from webingo.support import metrics
from webingo.transaction.store import Store
from webingo.transaction.transaction import Event, Funds, WalletId

log = structlog.get_logger("webingo.session")


@dataclass(frozen=True, slots=True)
class Work:
    """What a component wants to have done in the session's own turn; treated as a message without a `re`."""

    run: Callable[[], Awaitable[None]]
    t: ClassVar[str] = "component"
    re: ClassVar[None] = None


class Host:
    """The part of a session that is a Room."""

    def __init__(self, store: Store, place: Place, screen: Screen, queue: Callable[[Work], None]) -> None:
        """`queue` puts work behind what the session has to do before it."""
        self.seat = place.seat
        self.tell, self.send, self.push = screen.tell, screen.send, screen.push
        self._store = store
        self._place = place
        self._queue = queue
        self._components: dict[str, Component] = {}
        self._spenders: list[Component] = []  # most sessions have none, and each bet asks
        self._payees: list[Component] = []
        self._told_spent = 0

    def plug(self, component: Component) -> None:
        """Before the session is open."""
        self._components[component.name] = component
        if type(component).spent is not Component.spent:
            self._spenders.append(component)
        if type(component).posted is not Component.posted:
            self._payees.append(component)

    @property
    def wallet(self) -> WalletId:
        return self._place.wallet.id

    @property
    def site(self) -> Site:
        return self._place.site

    @property
    def funds(self) -> Funds:
        return self._place.funds

    @property
    def userdata(self) -> dict[str, Any]:
        return self._place.userdata

    @property
    def spent(self) -> int:
        return self._place.spent

    def learn(self, funds: Funds) -> None:
        self._place.learn(funds)

    def do(self, work: Callable[[], Awaitable[None]]) -> None:
        self._queue(Work(work))

    async def keep(self, fields: dict[str, Any]) -> None:
        wrong = [name for name in fields if not name.startswith("soc_")]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: the server's own fields begin with soc_")
        await self._save_userdata({**self._place.userdata, **fields})

    async def _save_userdata(self, changed: dict[str, Any]) -> None:
        place = self._place
        await self._store.save_userdata(self.seat, place.epoch, orjson.dumps(changed))
        place.userdata = changed

    async def _received(self, message: ComponentMessage) -> None:
        component = self._components.get(message.which)
        if component is None:
            raise Refused(Code.UNKNOWN_COMPONENT, f"There is no component {message.which[:64]!r} here.")
        await component.receive(message.message)

    def _opened(self) -> None:
        """The first state was sent. In the session's turn, so that what a component raises is treated as ever."""
        self._told_spent = self._place.spent

        async def tell_all() -> None:
            for component in self._components.values():
                component.opened()

        if self._components:
            self.do(tell_all)

    def _committed(self) -> None:
        """Something was committed and shown."""
        if self._spenders and self._place.spent != self._told_spent:
            self._told_spent = self._place.spent
            for component in self._spenders:
                component.spent(self._told_spent)

    def _posted(self, event: Event) -> None:
        """A posting has moved the wallet. What it came to is news that stand in the queue already."""

        async def tell_all() -> None:
            for component in self._payees:
                component.posted(event.about, event.balance, event.number)

        if self._payees:
            self.do(tell_all)

    def _unplug(self) -> None:
        for component in self._components.values():
            try:
                component.close()
            except Exception:
                log.exception("component_failed", component=component.name)
                metrics.unexpected_error()
