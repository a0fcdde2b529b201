"""A balance that somebody else keeps, as far as it was heard of."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

from webingo.adapters.adapter import Unanswered
from webingo.errors import Refused
from webingo.rng import Rng
from webingo.support.backoff import around
from webingo.transaction.transaction import Funds

log = structlog.get_logger("webingo.operator")

_SOON_S = 0.25
_SPREAD = 0.25


class Balance:
    """What the operator has said last. Of calls under way at the same time, the one that was begun last counts; a look at the
    balance counts only where nothing was booked meanwhile. `funds.seq` counts the changes."""

    def __init__(self, look: Callable[[], Awaitable[int]], refresh_s: float, rng: Rng) -> None:
        """`look` asks the operator. It is asked every `refresh_s`, more or less, from `watch` to `stop`."""
        self.funds = Funds(0, 0)
        self.hear: Callable[[Funds], None] | None = None
        self._look = look
        self._refresh_s = refresh_s
        self._rng = rng
        self._begun = self._newest = self._under_way = 0
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False
        self._task: asyncio.Task[None] | None = None
        self._watched = False

    @contextmanager
    def booking(self) -> Iterator[Callable[[int | None], None]]:
        """Around a call that books something: gives what takes in its answer, None where there was none."""
        self._begun += 1
        mine = self._begun
        self._under_way += 1

        def said(balance: int | None) -> None:
            if balance is not None and mine > self._newest:
                self._newest = mine
                self._take(balance)

        try:
            yield said
        finally:
            self._under_way -= 1

    async def look(self) -> Funds:
        """Asks. Raises Refused, Unanswered."""
        before, quiet = self._begun, not self._under_way
        balance = await self._look()
        if quiet and before == self._begun:
            self._take(balance)
        return self.funds

    def _take(self, balance: int) -> None:
        if balance != self.funds.balance or not self.funds.seq:
            self.funds = Funds(balance, self.funds.seq + 1)
            if self.hear is not None:
                self.hear(self.funds)

    # -- now and then -------------------------------------------------------------------------------------------------

    def watch(self) -> None:
        self._watched = True
        self._wait()

    def stop(self) -> None:
        self._watched = False
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def ask_again(self) -> None:
        """Soon, and once for all who say so meanwhile. Not all at the same moment."""
        if self._watched and not self._soon:
            self._soon = True
            self._wind(_SOON_S)

    def _wait(self) -> None:
        if self._watched and not self._soon:
            self._wind(self._refresh_s)

    def _wind(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(around(self._rng, seconds, _SPREAD), self._begin)

    def _begin(self) -> None:
        self._soon = False
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._refresh())
        else:  # what it is about to be told may be older than the change
            self.ask_again()

    async def _refresh(self) -> None:
        """One that fails changes nothing: what is wrong shows at the next wager."""
        try:
            await self.look()
        except (Refused, Unanswered) as error:
            log.info("balance_not_refreshed", reason=str(error))
        self._wait()
