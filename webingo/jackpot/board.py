"""What players see of the jackpots: the newest values of all meters in this process, and everybody who wants to hear of them.

A win is told at once, a value at most four times a second and jackpot. Each message is written once for all who get it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from webingo.errors import Refused
from webingo.jackpot.meter import Meter, MeterId
from webingo.jackpot.shelf import News, Shelf
from webingo.session import protocol
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.wallet.denomination import DENOMINATIONS

NAME = "jackpot"
LEAST_S = 0.25
"""From one value of a jackpot to its next."""
_AT_ONCE = 250
"""Sockets that are written to before others get their turn: some milliseconds."""


class Listener(Protocol):
    """Who hears of jackpots: a session's component."""

    wallet: str

    def send(self, data: bytes) -> None:
        """A whole message, as the protocol has it. Must not block or raise."""
        ...


class Topic(NamedTuple):
    """A jackpot as it is shown: in storage units, `storage_multiplier` to a unit."""

    meter: MeterId
    storage_multiplier: int

    def value(self, value: int) -> bytes:
        return _message(
            what="value",
            id=self.meter.jackpot,
            value=value,
            storage_multiplier=self.storage_multiplier,
            denom=DENOMINATIONS[self.meter.denom].rgs_id,
        )


@dataclass(slots=True)
class _Audience:
    """Who hears of a topic; the value they were told last, and when (monotonic)."""

    listeners: dict[Listener, None] = field(default_factory=dict)  # in the order in which they came
    told: int = -1
    told_at: float = 0.0
    waiting: asyncio.TimerHandle | None = None


class Board:
    """One in each process."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._values: dict[MeterId, tuple[int, int]] = {}  # (n, millionths of a unit): of two, the higher n is the newer
        self._audiences: dict[Topic, _Audience] = {}
        self._by_meter: dict[MeterId, set[Topic]] = {}
        self._outgoing: deque[tuple[bytes, Sequence[Listener]]] = deque()
        self._sending = False
        self._reading: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._shelf.listen(self._hear, self._missed)

    def stop(self) -> None:
        for audience in self._audiences.values():
            if audience.waiting is not None:
                audience.waiting.cancel()
        if self._reading is not None:
            self._reading.cancel()

    @property
    def listeners(self) -> int:
        """Subscriptions, of all sessions to all jackpots."""
        return sum(len(audience.listeners) for audience in self._audiences.values())

    async def value(self, meter: MeterId) -> int:
        """The newest value, in millionths of a unit. Raises Refused(UNAVAILABLE)."""
        if meter not in self._values:
            await self.held(meter)
        return self._values[meter][1]

    async def held(self, meter: MeterId) -> Meter:
        """The meter as it is now. Raises Refused(UNAVAILABLE)."""
        held = await self._shelf.read(meter)
        self._learn(meter, held.n, held.value)
        return held

    async def subscribe(self, topic: Topic, listener: Listener) -> None:
        """Tells the value, and from then on what changes. Raises Refused(UNAVAILABLE)."""
        value = await self.value(topic.meter)
        listener.send(topic.value(_shown(topic, value)))
        audience = self._audiences.setdefault(topic, _Audience())
        self._by_meter.setdefault(topic.meter, set()).add(topic)
        audience.listeners[listener] = None
        if audience.told < 0:
            audience.told = _shown(topic, value)
        metrics.jackpot_listeners(self.listeners)

    def leave(self, listener: Listener) -> None:
        """Tells it nothing more."""
        for topic, audience in list(self._audiences.items()):
            audience.listeners.pop(listener, None)
            if not audience.listeners:
                if audience.waiting is not None:
                    audience.waiting.cancel()
                del self._audiences[topic]
                self._by_meter[topic.meter].discard(topic)
        metrics.jackpot_listeners(self.listeners)

    # -- news ---------------------------------------------------------------------------------------------------------

    def _hear(self, news: News) -> None:
        for topic in self._by_meter.get(news.meter, ()):
            if news.win is not None:
                self._won(topic, news.win.wallet, news.win.amount)
        if news.win is None:
            self._learn(news.meter, news.n, news.value)

    def _learn(self, meter: MeterId, n: int, value: int) -> None:
        if n >= self._values.get(meter, (-1, 0))[0]:
            self._values[meter] = (n, value)
            metrics.jackpot_value(meter.site, meter.jackpot, meter.denom, value / 1e6)
            for topic in self._by_meter.get(meter, ()):
                self._tell_soon(topic)

    def _tell_soon(self, topic: Topic) -> None:
        """At once, where the last value is long enough ago, and else as soon as it is."""
        audience = self._audiences[topic]
        if audience.waiting is None:
            left = audience.told_at + LEAST_S - self._clock.monotonic()
            if left <= 0:
                self._tell(topic)
            else:
                audience.waiting = asyncio.get_running_loop().call_later(left, self._tell, topic)

    def _tell(self, topic: Topic) -> None:
        audience = self._audiences[topic]
        audience.waiting = None
        shown = _shown(topic, self._values[topic.meter][1])
        if shown != audience.told:
            audience.told, audience.told_at = shown, self._clock.monotonic()
            self._send(topic.value(shown), tuple(audience.listeners))

    def _won(self, topic: Topic, wallet: str, amount: int) -> None:
        winner = [listener for listener in self._audiences[topic].listeners if listener.wallet == wallet]
        others = [listener for listener in self._audiences[topic].listeners if listener.wallet != wallet]
        if winner:
            self._send(_message(what="won", id=topic.meter.jackpot, amount=amount, yours=True), winner)
        self._send(_message(what="won", id=topic.meter.jackpot, amount=amount), others)

    def _missed(self) -> None:
        """News may have been lost: all that is known is read again."""
        if self._reading is not None:
            self._reading.cancel()
        self._reading = asyncio.get_running_loop().create_task(self._read_again())

    async def _read_again(self) -> None:
        for meter in list(self._values):
            while True:
                try:
                    held = await self._shelf.read(meter)
                    break
                except Refused:  # lost again; whoever listens calls _missed once more when it is back
                    await asyncio.sleep(LEAST_S)
            self._learn(meter, held.n, held.value)

    # -- to the sockets -----------------------------------------------------------------------------------------------

    def _send(self, data: bytes, listeners: Sequence[Listener]) -> None:
        self._outgoing.append((data, listeners))
        if not self._sending:
            self._pump()

    def _pump(self) -> None:
        """Hands a message to some of those who wait for it; the others get theirs in later turns of the loop, in order."""
        data, listeners = self._outgoing.popleft()
        for listener in listeners[:_AT_ONCE]:
            listener.send(data)
        if len(listeners) > _AT_ONCE:
            self._outgoing.appendleft((data, listeners[_AT_ONCE:]))
        self._sending = bool(self._outgoing)
        if self._sending:
            asyncio.get_running_loop().call_soon(self._pump)


def _shown(topic: Topic, value: int) -> int:
    return value * topic.storage_multiplier // 1_000_000


def _message(**message: Any) -> bytes:
    return protocol.component(NAME, message)
