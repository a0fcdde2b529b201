"""What has come for a session and waits its turn."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """Gives items to `handle` one at a time, in the order of arrival. What is not done when `handle` returns is in hand from
    `begin` until `rest`, and what comes meanwhile waits. Callbacks instead of a task save 3 microseconds for each bet."""

    def __init__(self, handle: Callable[[T], None]) -> None:
        self._handle = handle
        self._items: deque[T] = deque()
        self._opened = self._busy = False
        self._at_rest: asyncio.Future[None] | None = None  # for those who wait until nothing is in hand

    def open(self) -> None:
        """Until now everything waited."""
        self._opened = True
        self._work()

    def put(self, item: T) -> None:
        self._items.append(item)
        self._work()

    def clear(self) -> None:
        self._items.clear()

    def begin(self) -> None:
        self._busy = True

    def rest(self) -> None:
        self._busy = False
        self._work()
        if self._at_rest is not None and not self._busy:
            self._at_rest.set_result(None)
            self._at_rest = None

    async def drain(self) -> None:
        """Throws away what waits, and returns when nothing is in hand."""
        self._items.clear()
        await self.quiet()

    async def quiet(self) -> None:
        """Returns when nothing is in hand."""
        if self._busy:
            self._at_rest = self._at_rest or asyncio.get_running_loop().create_future()
            await asyncio.wait((self._at_rest,))

    def _work(self) -> None:
        items = self._items
        while items and self._opened and not self._busy:
            self._handle(items.popleft())
