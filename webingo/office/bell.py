"""Wakes those who wait for something to be committed, whichever thread does it."""

import asyncio
import threading
from contextlib import suppress


class Bell:
    """Counts its rings, so that nobody who looked before waiting misses one: take `rings`, look, then `wait`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.rings = 0
        self.closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """The program stops: nobody is to wait any longer."""
        self.closed = True
        self.ring()

    def ring(self) -> None:
        """From any thread."""
        with self._lock:
            self.rings += 1
            waiting = list(self._waiting)
        for loop, event in waiting:
            with suppress(RuntimeError):  # a loop that was closed meanwhile
                loop.call_soon_threadsafe(event.set)

    async def wait(self, heard: int, seconds: float) -> None:
        """Returns as soon as it was rung more often than `heard`, at the latest after so many seconds."""
        place = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self.rings != heard:
                return
            self._waiting.add(place)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(place[1].wait(), seconds)
        finally:
            with self._lock:
                self._waiting.discard(place)
