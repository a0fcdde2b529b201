"""All live WebSocket connections of this process: who is here, from where, and one timer that looks after them all."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from webingo.support.clock import Clock, SystemClock


class Swept(Protocol):
    """A connection, as far as its registry knows it."""

    peer: str

    def sweep(self, now: float) -> None:
        """Looks after itself; `now` is monotonic, in seconds."""
        ...

    def close(self, code: int, reason: str = "") -> None: ...


class Connections:
    """The connections of one event loop. Every `sweep_s` seconds each of them is asked to `sweep`: ten thousand timers
    would cost more than one walk. The timer runs while there are connections."""

    def __init__(self, clock: Clock | None = None, sweep_s: float = 1.0) -> None:
        self._clock = clock or SystemClock()
        self._sweep_s = sweep_s
        self._live: set[Swept] = set()
        self._addresses: Counter[str] = Counter()
        self._expected: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[Swept]:
        """Over those that live now; they may be closed on the way."""
        return iter(list(self._live))

    def count(self, address: str) -> int:
        """How many connections this peer address has, those included whose handshake has just been answered."""
        return self._addresses[address] + self._expected[address]

    def expect(self, address: str) -> None:
        """A connection is about to be added, or given up. Many handshakes can be answered before the first is added."""
        self._expected[address] += 1

    def give_up(self, address: str) -> None:
        """One that was expected has come or never will."""
        self._expected[address] -= 1
        if self._expected[address] <= 0:
            del self._expected[address]

    def add(self, connection: Swept) -> float:
        """Takes a new connection in; answers the monotonic time, in seconds, that its sweeps will count from."""
        self._live.add(connection)
        self._addresses[connection.peer] += 1
        self.give_up(connection.peer)
        self._emptied.clear()
        if self._timer is None:
            self._schedule()
        return self._clock.monotonic()

    def remove(self, connection: Swept) -> None:
        self._live.remove(connection)
        self._addresses[connection.peer] -= 1
        if not self._addresses[connection.peer]:
            del self._addresses[connection.peer]
        if not self._live:
            self._emptied.set()

    def sweep(self) -> None:
        now = self._clock.monotonic()
        for connection in self:
            connection.sweep(now)

    async def close(self, code: int, reason: str = "") -> None:
        """Closes them all and waits until they are gone, which takes little more than two seconds at worst."""
        for connection in self:
            connection.close(code, reason)
        if self._live:
            await self._emptied.wait()

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._sweep_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._live:
            self._schedule()
            self.sweep()
