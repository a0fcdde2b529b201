"""What plugs into a session beside the game: jackpots, social features, a player's history."""

from typing import Any, Protocol

from webingo.transaction.transaction import Seat


class Room(Protocol):
    """What a component may do with the session that it is plugged into."""

    seat: Seat

    def tell(self, which: str, message: dict[str, Any]) -> None:
        """Sends a component message to the player."""
        ...

    def send(self, data: bytes) -> None:
        """Sends a message that was written already (protocol.component), for many players at once."""
        ...


class Component(Protocol):
    """One instance per session; `name` is the protocol's `which`."""

    name: str

    async def receive(self, message: dict[str, Any]) -> None:
        """A message of the client to this component, unchecked. Raises Refused (BAD_PARAMS, FORBIDDEN, …)."""
        ...

    def close(self) -> None:
        """The session has ended."""
        ...
