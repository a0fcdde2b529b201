"""redis+cluster:// - one batching link per master, each call sent to where the slot of its first key is."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis.crc import key_slot

from webingo.errors import Code, Refused
from webingo.support.redis.address import Endpoint
from webingo.support.redis.batch import BatchLink
from webingo.support.redis.connection import Request, Waiting, ask_once, fail_request, pack
from webingo.support.redis.link import NoRedis, ResponseError, Script
from webingo.support.redis.listener import Listener

log = logging.getLogger("webingo.redis")

_SLOTS = 16384
_ASKING = pack(("ASKING",))
_REFRESH_PAUSE_S = 0.1


class ClusterLink:
    """A Link to the cluster that any of `seeds` belongs to. What moves is followed: slots, and masters that fail."""

    def __init__(self, seeds: Sequence[Endpoint], timeout_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._seeds = seeds
        self._timeout_s = timeout_s
        self._nodes: dict[tuple[str, int], BatchLink] = {}
        self._slots: list[BatchLink | None] = [None] * _SLOTS
        self._refreshing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._listener: Listener | None = None
        self._closed = False

    @property
    def masters(self) -> dict[str, BatchLink]:
        return {f"{host}:{port}": link for (host, port), link in self._nodes.items()}

    async def start(self) -> None:
        """NoRedis if no cluster can be reached in time."""
        deadline = self._loop.time() + self._timeout_s
        while True:
            try:
                self._apply(await self._topology())
                return
            except (OSError, TimeoutError, ResponseError) as error:
                if self._loop.time() + _REFRESH_PAUSE_S >= deadline:
                    raise NoRedis(f"No Redis cluster can be reached: {error or type(error).__name__}") from None
            await asyncio.sleep(_REFRESH_PAUSE_S)

    def call(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int]) -> "asyncio.Future[Any]":
        return self._link(keys[0]).call(script, keys, args)

    def send(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int], answer: Waiting) -> None:
        self._link(keys[0]).send(script, keys, args, answer)

    def execute(self, *command: str | bytes | int) -> "asyncio.Future[Any]":
        return self._link(command[1]).execute(*command)

    def listen(self, channel: str, hear: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        """What is published at one node is heard at each."""
        if self._listener is None:
            self._listener = Listener(self._any_node, self._timeout_s)
        self._listener.listen(channel, hear, missed)

    async def close(self) -> None:
        self._closed = True
        if self._refreshing is not None:
            self._refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refreshing
        if self._listener is not None:
            await self._listener.close()
        await asyncio.gather(*(link.close() for link in self._nodes.values()), *self._leaving)

    def _link(self, key: str | bytes | int) -> BatchLink:
        link = self._slots[_slot(key)]
        if link is None:
            self._refresh()
            raise Refused(Code.UNAVAILABLE)
        return link

    def _route(self, request: Request) -> None:
        try:
            self._link(request.key).submit(request)
        except Refused as refused:
            fail_request(request, refused)

    def _redirect(self, request: Request, message: str) -> bool:
        """Follows "MOVED slot host:port" (for good) and "ASK slot host:port" (for this once)."""
        kind, _, rest = message.partition(" ")
        if kind not in ("MOVED", "ASK") or self._closed:
            return False
        slot, _, where = rest.partition(" ")
        host, _, port = where.rpartition(":")
        link = self._node(host or self._seeds[0].host, int(port))
        if kind == "MOVED":
            self._slots[int(slot)] = link
            link.submit(request)
        else:
            # Nobody awaits the answer to ASKING. Were the connection lost in between, the old node redirects anew.
            asking = self._loop.create_future()
            asking.cancel()
            link.submit(Request(_ASKING, asking, request.deadline, None, request.key), request)
        return True

    def _node(self, host: str, port: int) -> BatchLink:
        """The link to a node, connected in the background if it is a new one."""
        link = self._nodes.get((host, port))
        if link is None:
            endpoint = self._seeds[0].at(host, port)

            async def locate() -> Endpoint:
                return endpoint

            link = BatchLink(locate, self._timeout_s, self._redirect, self._route, self._refresh)
            link.start_soon()
            self._nodes[host, port] = link
        return link

    def _refresh(self) -> None:
        if not self._closed and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = self._loop.create_task(self._keep_asking())

    async def _keep_asking(self) -> None:
        """Until the cluster has answered; who has further trouble asks again."""
        while True:
            await asyncio.sleep(_REFRESH_PAUSE_S)
            try:
                self._apply(await self._topology())
                return
            except (OSError, TimeoutError, ResponseError, NoRedis) as error:
                log.warning("the cluster does not say which node has which slots: %s", error)

    async def _topology(self) -> list[tuple[int, int, str, int]]:
        """(first slot, last slot, host, port) of each range and its master, from the first node that answers."""
        last: Exception = ConnectionError("no node answers")
        for endpoint in self._known():
            try:
                ranges = await ask_once(endpoint, self._timeout_s / 4, "CLUSTER", "SLOTS")
            except (OSError, TimeoutError, ResponseError) as error:
                last = error
            else:
                # A node that does not know its own address leaves it empty.
                return [(r[0], r[1], (r[2][0] or b"").decode() or endpoint.host, r[2][1]) for r in ranges]
        raise last

    def _known(self) -> Iterable[Endpoint]:
        yield from (self._seeds[0].at(host, port) for host, port in list(self._nodes))
        yield from self._seeds

    async def _any_node(self) -> Endpoint:
        for endpoint in self._known():
            with contextlib.suppress(OSError, TimeoutError, ResponseError):
                await ask_once(endpoint, self._timeout_s / 4, "PING")
                return endpoint
        raise ConnectionError("no node answers")

    def _apply(self, ranges: list[tuple[int, int, str, int]]) -> None:
        slots: list[BatchLink | None] = [None] * _SLOTS
        for first, last, host, port in ranges:
            slots[first : last + 1] = [self._node(host, port)] * (last + 1 - first)
        self._slots = slots
        masters = {(host, port) for _, _, host, port in ranges}
        for address in [address for address in self._nodes if address not in masters]:
            link = self._nodes.pop(address)
            waiting = link.give_up()
            closing = self._loop.create_task(link.close())
            self._leaving.add(closing)
            closing.add_done_callback(self._leaving.discard)
            for request in waiting:
                self._route(request)


def _slot(key: str | bytes | int) -> int:
    return int(key_slot(key if isinstance(key, bytes) else str(key).encode()))
