"""Who may open a WebSocket at all."""

from webingo.errors import Code
from webingo.server.connection import Factory, Limits
from webingo.server.connections import Connections
from webingo.server.handshake import HandshakeHandler
from webingo.support import metrics


class DoorHandler(HandshakeHandler):
    """The handshake, refused with 429 to an address that has `per_address` connections already."""

    def initialize(self, factory: Factory, limits: Limits, connections: Connections, per_address: int) -> None:  # type: ignore[override]
        super().initialize(factory, limits, connections)
        self._per_address = per_address

    async def prepare(self) -> None:
        if self._connections.count(self.request.remote_ip or "") >= self._per_address:
            metrics.refused(Code.RATE_LIMITED)
            self.set_status(429)
            await self.finish("Too many connections from this address.")
