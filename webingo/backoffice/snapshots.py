"""Tells the backoffice of the jackpots, every few seconds while they change. Of all processes one does it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from webingo.backoffice.client import Client, Rejected, Unreachable
from webingo.backoffice.contract import MOST_LISTED, Done
from webingo.backoffice.contract_books import JackpotSnapshots, JackpotWin, MeterSnapshot
from webingo.errors import Refused
from webingo.support import metrics

log = structlog.get_logger("webingo.backoffice")

EVERY_S = 5.0


class Books(Protocol):
    """Whoever knows the jackpots (jackpot/books.py)."""

    async def news(self) -> tuple[Sequence[MeterSnapshot], Sequence[JackpotWin]]:
        """What has changed since the last `told`. Raises Refused(UNAVAILABLE)."""
        ...

    def told(self) -> None:
        """The last `news` arrived."""
        ...


class Snapshots:
    def __init__(self, client: Client, books: Books, ours: Callable[[], bool]) -> None:
        """`ours` answers whether it is this process that tells."""
        self._client = client
        self._books = books
        self._ours = ours
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if self._ours():
                    await self.tell()
            except (Unreachable, Rejected, Refused) as error:
                log.warning("jackpots_not_told", reason=str(error))
            except Exception:
                metrics.unexpected_error()
                log.exception("jackpots_not_told")

    async def tell(self) -> None:
        """Raises Unreachable, Rejected or Refused; what was to be told is told the next time."""
        meters, wins = await self._books.news()
        for first in range(0, max(len(meters), len(wins)), MOST_LISTED):
            page = slice(first, first + MOST_LISTED)
            body = JackpotSnapshots(meters=list(meters[page]), wins=list(wins[page])).model_dump_json().encode()
            await self._client.post("accounting", "jackpots", "v1/jackpots", body, Done)
        self._books.told()
