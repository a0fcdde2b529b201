"""webingo's connection to Redis: `connect` turns a URL into a Link, whatever stands behind it."""

import asyncio
from collections.abc import Callable

from webingo.support.redis.address import Address, Endpoint, parse
from webingo.support.redis.batch import BatchLink
from webingo.support.redis.cluster import ClusterLink
from webingo.support.redis.connection import Locate
from webingo.support.redis.durability import FAILOVER, losses
from webingo.support.redis.embedded import EmbeddedServer
from webingo.support.redis.link import Link, NoRedis, ResponseError, Script
from webingo.support.redis.sentinel import locate_by_sentinels

__all__ = ["Link", "NoRedis", "ResponseError", "Script", "connect"]


async def connect(url: str, *, timeout_s: float = 5.0, loss: Callable[[str], None] | None = None) -> Link:
    """A Link that is connected. ValueError for a URL that means nothing, NoRedis where there is no Redis to be had.

    `timeout_s` is how long each call may take before it is refused, reconnections included. `loss` is called with a
    sentence for each thing that a crash of Redis could lose, as it is configured.
    """
    address = parse(url)
    if address.kind == "memory":
        from webingo.support.redis.fake import FakeLink  # brings numpy along: half of the time that a start takes

        return FakeLink()
    if address.kind == "embedded":
        return await _connect_embedded(address.folder, timeout_s)
    if address.kind == "redis+cluster":
        return await _connect_cluster(address, timeout_s, loss)
    link = BatchLink(_locate(address, timeout_s), timeout_s)
    try:
        await link.start()
        if loss is not None:
            for sentence in await losses(link, str(address.endpoints[0]) if not address.master else address.master):
                loss(sentence)
            if address.master:
                loss(FAILOVER)
    except BaseException:
        await link.close()
        raise
    return link


def _locate(address: Address, timeout_s: float) -> Locate:
    if address.master:
        return locate_by_sentinels(address.endpoints, address.master, timeout_s)

    async def locate() -> Endpoint:
        return address.endpoints[0]

    return locate


async def _connect_cluster(address: Address, timeout_s: float, loss: Callable[[str], None] | None) -> Link:
    link = ClusterLink(address.endpoints, timeout_s)
    try:
        await link.start()
        if loss is not None:
            for where, node in link.masters.items():
                for sentence in await losses(node, where):
                    loss(sentence)
            loss(FAILOVER)
    except BaseException:
        await link.close()
        raise
    return link


class _EmbeddedLink(BatchLink):
    """Starts the server again when it is gone, and stops it at the end if nobody else uses it."""

    def __init__(self, server: EmbeddedServer, timeout_s: float) -> None:
        super().__init__(self._locate_server, timeout_s)
        self._server = server

    async def _locate_server(self) -> Endpoint:
        await asyncio.to_thread(self._server.ensure)
        return Endpoint(path=str(self._server.socket_path))

    async def close(self) -> None:
        await super().close()
        await asyncio.to_thread(self._server.leave)


async def _connect_embedded(folder: str, timeout_s: float) -> Link:
    server = EmbeddedServer(folder)
    await asyncio.to_thread(server.join)
    link = _EmbeddedLink(server, timeout_s)
    try:
        await link.start()
    except BaseException:
        await link.close()
        raise
    return link
