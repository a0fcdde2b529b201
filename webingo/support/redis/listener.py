"""Publish and subscribe, on a connection of its own: what a subscribed connection may send is little, and a burst of
events must not hold up the replies to bets."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from itertools import chain
from typing import Any

from webingo.support.redis.connection import Connection, Locate, open_connection, pack
from webingo.support.redis.link import ResponseError

log = logging.getLogger("webingo.redis")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.010, 0.500


class _Subscription:
    def __init__(self, hear: Callable[[bytes], None], missed: Callable[[], None], gap: bool) -> None:
        self.hear = hear
        self.missed = missed
        self.gap = gap  # whether something may have been published that was not heard


class Listener:
    """Keeps channels subscribed on whatever server `locate` names."""

    def __init__(self, locate: Locate, timeout_s: float) -> None:
        self._locate = locate
        self._timeout_s = timeout_s
        self._channels: dict[bytes, list[_Subscription]] = {}  # several may listen to one
        self._changed = asyncio.Event()
        self._heard = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def listen(self, channel: str, hear: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        self._channels.setdefault(channel.encode(), []).append(_Subscription(hear, missed, gap=False))
        self._changed.set()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                connection = await open_connection(await self._locate(), self._timeout_s)
            except Exception:
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)  # the calls' own connection says in the log what is wrong
            else:
                pause_s = _FIRST_PAUSE_S
                try:
                    await self._serve(connection)
                finally:
                    connection.abort()
                log.warning("the connection for events is lost; subscribing again")
            for subscription in chain.from_iterable(self._channels.values()):
                subscription.gap = True
            await asyncio.sleep(pause_s)

    async def _serve(self, connection: Connection) -> None:
        """Until the connection is lost, or has been silent for so long that it must be."""
        connection.on_push = self._push
        subscribed: set[bytes] = set()
        while not connection.gone.done():
            self._changed.clear()
            self._heard.clear()
            new = [channel for channel in self._channels if channel not in subscribed]
            connection.write(pack(("SUBSCRIBE", *new) if new else ("PING",)))
            subscribed.update(new)
            try:
                async with asyncio.timeout(self._timeout_s):
                    await _first(connection.gone, self._heard.wait())
            except TimeoutError:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timeout_s):
                    await _first(connection.gone, self._changed.wait())

    def _push(self, reply: Any) -> None:
        self._heard.set()
        if isinstance(reply, ResponseError):
            log.error("Redis refuses to subscribe: %s", reply)
            return
        # [kind, channel, payload or count]; the reply to PING is [b"pong", b""].
        kind, channel, payload = (*reply, None)[:3]
        for subscription in self._channels.get(channel, ()):
            try:
                if kind == b"message":
                    subscription.hear(payload)
                elif kind == b"subscribe" and subscription.gap:
                    subscription.gap = False
                    subscription.missed()
            except Exception:
                log.exception("a listener failed")


async def _first(gone: "asyncio.Future[None]", event: Any) -> None:
    waiting = asyncio.ensure_future(event)
    try:
        await asyncio.wait((gone, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
