"""What plugs into a session beside the game: jackpots, social features, a player's history."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from webingo.resources.site import Site
from webingo.transaction.transaction import Funds, Seat, WalletId


class Room(Protocol):
    """What a component may do with the session that it is plugged into. `push` and `tell` do nothing once that is over."""

    seat: Seat

    @property
    def wallet(self) -> WalletId: ...

    @property
    def site(self) -> Site:
        """As it is now: its settings may change while the session lasts."""
        ...

    @property
    def funds(self) -> Funds:
        """The newest that the session has heard of. Others move money too: never decide by it what may be taken."""
        ...

    @property
    def userdata(self) -> dict[str, Any]:
        """What is stored: the player's own fields and the server's. Not to be changed."""
        ...

    @property
    def spent(self) -> int:
        """All that was ever wagered on this seat."""
        ...

    def tell(self, which: str, message: dict[str, Any]) -> None:
        """Sends a component message to the player."""
        ...

    def send(self, data: bytes) -> None:
        """Sends a message that was written already (protocol.component), for many players at once."""
        ...

    def push(self) -> None:
        """Sends the state as it is now."""
        ...

    def learn(self, funds: Funds) -> None:
        """Takes in what a posting to the session's wallet was answered with: the next state has it, and the news of it that
        come from the store push no second one."""
        ...

    def do(self, work: Callable[[], Awaitable[None]]) -> None:
        """Has the work done in the session's own turn, after what came before and with nothing beside it. Never, where the
        session ends first. What it raises is treated as with a message: Refused is an error and the state, else it is a bug."""
        ...

    async def keep(self, fields: dict[str, Any]) -> None:
        """Sets server's fields (soc_…) of the stored userdata. Only in the session's own turn: in `receive`, or through `do`.
        Raises Refused(REPLACED) where the seat was taken over; ValueError for other fields."""
        ...


class Component(ABC):
    """One instance per session; `name` is the protocol's `which`."""

    name: str

    @abstractmethod
    async def receive(self, message: dict[str, Any]) -> None:
        """A message of the client to this component, unchecked. Raises Refused (BAD_PARAMS, FORBIDDEN, …)."""

    def opened(self) -> None:  # noqa: B027 - may be left as it is
        """The session is open, and its first state was sent."""

    def spent(self, total: int) -> None:  # noqa: B027
        """Wagers were committed and shown: `total` is what was wagered on this seat since ever. Must not block."""

    def posted(self, kind: str, amount: int, seq: int) -> None:  # noqa: B027
        """A posting of that kind has moved the wallet by `amount`, whoever made it and on whichever node; `seq` is the wallet's
        after it. The state that shows it was sent. Not told again where the connection to the database was lost meanwhile."""

    def close(self) -> None:  # noqa: B027
        """The session has ended."""
