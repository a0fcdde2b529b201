"""Brings operators what they have yet to hear of, for ever, and takes back what was begun and given up: one in each process."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from webingo.errors import Refused
from webingo.rng import Rng
from webingo.support import metrics, operator_metrics
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Delivery
from webingo.user import SHARDS
from webingo.wallet.backend import Backends
from webingo.wallet.delivery import Courier, Told, Tried, is_result
from webingo.wallet.denomination import operator_of

log = structlog.get_logger("webingo.operator")

T = TypeVar("T")

CARRIED_ON_MS = 60_000
"""An intent that is older is not carried on any more: it is aborted, by whoever finds it."""

FURTHEST_MS = 600_000
"""Nothing is ever put off further than half of that."""

_PERIOD_S, _SWEEP_S = 1.0, 15.0
_CLAIMED_MS = 30_000  # longer than a call may take: so long nobody else tries
_PAGE = 50
_PATIENCE_S = 15.0  # what was claimed and has not been tried by then is left to be claimed anew
_AT_ONCE = 32  # of one operator's: one who answers slowly does not keep the others waiting
_STOP_S = 15.0


class Deliverer:
    """Any number of processes may run one: a delivery is tried by one of them at a time, and one that is tried twice all the
    same is booked once. Without operators it does nothing."""

    def __init__(self, store: Store, operators: Backends, clock: Clock, rng: Rng) -> None:
        self.courier = Courier(store, operators, clock, rng)
        self._store = store
        self._operators = operators
        self._clock = clock
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._at_once = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_AT_ONCE))
        self._loop: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        if self._operators:
            self._loop = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Nothing new is begun. What is in hand comes to its end, with what follows from it, if that takes no more than
        seconds; what does not is tried again by somebody."""
        self._stopping.set()
        loop = asyncio.get_running_loop()
        until = loop.time() + _STOP_S
        while tasks := {task for task in (*self._in_hand, self._loop) if task is not None and not task.done()}:
            _, late = await asyncio.wait(tasks, timeout=max(until - loop.time(), 0))
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
                return

    def do(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Work that `stop` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        return task

    async def bring(self, delivery: Delivery, by_session: bool = False) -> Tried:
        """One try. Raises nothing: where even our own store does not answer the delivery waits for others."""
        try:
            return await self.courier.bring(delivery, by_session)
        except Refused as refusal:
            log.warning("delivery_postponed", delivery=delivery.id, reason=str(refusal))
        except Exception:
            log.exception("delivery_failed", delivery=delivery.id)
            metrics.unexpected_error()
        return Tried(False, due_ms=delivery.due_ms)

    async def _run(self) -> None:
        swept = -_SWEEP_S
        while not self._stopping.is_set():
            try:
                await self.work_off()
                if self._clock.monotonic() >= swept + _SWEEP_S:
                    swept = self._clock.monotonic()
                    await self.sweep()
                    operator_metrics.waiting(await self.survey())
            except Refused as refusal:
                log.warning("deliveries_postponed", code=refusal.code)
            except Exception:
                log.exception("deliveries_failed")
                metrics.unexpected_error()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PERIOD_S)

    async def work_off(self) -> int:
        """Tries all that is due now; answers how many that were. Raises Refused(UNAVAILABLE)."""
        now_ms, until = self._clock.now_ms(), self._clock.monotonic() + _PATIENCE_S
        claims = (self._store.claim(shard, now_ms, now_ms + _CLAIMED_MS, _PAGE) for shard in range(SHARDS))
        found = [(shard, page) for shard, page in enumerate(await asyncio.gather(*claims)) if page]
        await asyncio.gather(*(self._work_off(shard, page, until) for shard, page in found))
        return sum(len(page) for _, page in found)

    async def _work_off(self, shard: int, claimed: list[Delivery], until: float) -> None:
        """Results of one round go out in their order, and so one after the other; everything else side by side."""
        rounds = defaultdict[str, list[Delivery]](list)
        alone = []
        for delivery in claimed:
            if is_result(delivery):
                rounds[delivery.round].append(delivery)
            else:
                alone.append(delivery)
        before = await self._before(shard, rounds) if rounds else {}
        brought = [self._bring([delivery], None, until) for delivery in alone]
        brought += [self._bring(page, before.get(round_id), until) for round_id, page in rounds.items()]
        await asyncio.gather(*brought)

    async def _before(self, shard: int, rounds: dict[str, list[Delivery]]) -> dict[str, int]:
        """For each round the time of its oldest result that waits and was not claimed: others don't go before it."""
        claimed = {delivery.id for page in rounds.values() for delivery in page}
        before: dict[str, int] = {}
        async for delivery in self._store.deliveries(shard):
            if delivery.round in rounds and delivery.id not in claimed and is_result(delivery):
                at_ms = Told.read(delivery.document).charge.at_ms
                before[delivery.round] = min(at_ms, before.get(delivery.round, at_ms))
        return before

    async def _bring(self, page: list[Delivery], before_ms: int | None, until: float) -> None:
        told = {delivery.id: Told.read(delivery.document) for delivery in page}
        page.sort(key=lambda delivery: told[delivery.id].charge.at_ms)
        for place, delivery in enumerate(page):
            tried = Tried(False)
            if before_ms is None or told[delivery.id].charge.at_ms <= before_ms:
                async with self._at_once[operator_of(delivery.wallet.denom)]:
                    if self._clock.monotonic() > until:
                        return
                    tried = await self.bring(delivery)
            if not tried.done:
                due_ms = max(tried.due_ms, self._clock.now_ms() + 1000)
                for later in page[place + bool(tried.due_ms) :]:
                    with suppress(Refused):
                        await self._store.defer(later, due_ms + 1, later.document)
                return

    async def sweep(self) -> int:
        """Aborts the intents that nobody has brought to an end in time; answers how many. Raises Refused(UNAVAILABLE)."""
        before_ms = self._clock.now_ms() - CARRIED_ON_MS
        pages = await asyncio.gather(*(self._store.intents(shard, before_ms, 0, _PAGE) for shard in range(SHARDS)))
        found = [intent for page in pages for intent in page]
        for seat, intent_id in found:
            if await self._store.abort(seat, intent_id):
                log.warning("intent_aborted", session=str(seat), intent=intent_id)
        return len(found)

    async def survey(self) -> dict[str, tuple[int, float]]:
        """How many deliveries wait for each operator, and the age of the oldest in seconds. What was put off further than
        anything ever is, by a process whose clock was wrong, is due now. Raises Refused(UNAVAILABLE)."""
        now_ms = self._clock.now_ms()
        found = dict.fromkeys(self._operators, (0, 0.0))
        for shard in range(SHARDS):
            async for delivery in self._store.deliveries(shard):
                operator, since_ms = operator_of(delivery.wallet.denom), Told.read(delivery.document).since_ms
                count, oldest = found.get(operator, (0, 0.0))
                found[operator] = count + 1, max(oldest, (now_ms - since_ms) / 1000)
                if delivery.due_ms > now_ms + FURTHEST_MS:
                    await self._store.defer(delivery, now_ms, delivery.document)
        return found
