"""Hands the ledger on to whoever has to know of it: in order, nothing left out, whatever crashes.

Every process runs one Outbox for each group of consumers. The shards are shared out among the processes that are alive;
of a shard one process at a time applies the entries, page by page, and only then moves the group's cursor. So an entry that
was applied just before a crash is applied again by the next process: consumers bear repetitions (docs/ledger.md).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import getpid
from socket import gethostname
from typing import NamedTuple, Protocol

import structlog

from webingo.errors import Refused
from webingo.rng import SystemRng, fresh_id
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Pulled
from webingo.user import SHARDS

log = structlog.get_logger("webingo.ledger")

_SILENCE_S = 60


class ConsumerFailed(Exception):  # noqa: N818 - names what happened
    """A consumer can't take the entries at the moment; they are offered again. str() says why, for the log."""


class Consumer(Protocol):
    """What is done with the entries. `group` is the name under which the progress is kept, for ever."""

    group: str

    async def apply(self, shard: int, entries: Sequence[Entry]) -> None:
        """Takes the entries, the next of their shard, in their order. They come again where it raises (Refused or
        ConsumerFailed where that was to be expected), and may come again where it did not: twice must be as once."""
        ...


class Pace(NamedTuple):
    """How an Outbox goes about it. Memory is bounded by `parallel` pages of `page` entries."""

    ttl_s: float = 5.0  # a process that was not heard of for so long is dead: its shards are taken over
    poll_s: float = 0.25
    rest_s: float = 0.0  # a shard that was read to its end is left alone for so long: what comes meanwhile makes one page
    page: int = 500
    parallel: int = 8  # shards whose entries are applied at the same time
    first_wait_s: float = 0.25  # after a failure; doubled with each further one
    longest_wait_s: float = 10.0
    stop_s: float = 2.0  # for pages in hand when the process stops


def process_name() -> str:
    """A name for this process as a member, that people can make something of: host, process, and what makes it unique."""
    return f"{gethostname()}:{getpid()}:{fresh_id()[:8]}"


@dataclass(eq=False)
class _Held:
    """A shard of which this process has the lease."""

    shard: int
    renewed: float
    busy: bool = False
    leaving: bool = False  # to be released once it is not busy any more
    due: float = 0.0  # not to be visited before
    failures: int = 0
    lag: int = 0
    oldest_ms: int = 0


class Outbox:
    """One process's part in a group. `member` names the process, uniquely. While `ready` says no, nothing is read for the
    consumer: its shards stay with this process, and wait."""

    def __init__(
        self,
        store: Store,
        consumer: Consumer,
        member: str,
        clock: Clock,
        pace: Pace | None = None,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._consumer, self._member, self._clock = store, consumer, member, clock
        self._ready = ready
        self._group = consumer.group
        self._pace = pace or Pace()
        self._ttl_ms = int(self._pace.ttl_s * 1000)
        self._rng = SystemRng()
        self._held: dict[int, _Held] = {}
        self._at_work: set[int] = set()  # also shards that were lost in the meantime
        self._queue: asyncio.Queue[_Held | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._silent_until = 0.0

    @property
    def shards(self) -> set[int]:
        """The shards that this process serves at the moment."""
        return set(self._held)

    async def start(self) -> None:
        """Enrolls the group and begins. Refused(UNAVAILABLE) where the database does not answer."""
        await self._store.enroll(self._group)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._pace.parallel)]
        self._tasks.append(asyncio.create_task(self._run()))

    async def stop(self) -> None:
        """Pages in hand may be finished for a moment; then the shards are free for the others at once."""
        self._stopping = True
        if self._tasks:
            *workers, runner = self._tasks
            runner.cancel()
            for _ in workers:
                self._queue.put_nowait(None)
            await asyncio.wait(workers, timeout=self._pace.stop_s)
            for task in workers:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Refused):
            await self._release(list(self._held.values()))
            await self._store.join(self._group, self._member, 0)
        metrics.ledger_left(self._group)

    async def _run(self) -> None:
        next_sharing = 0.0
        while True:
            try:
                now = self._clock.monotonic()
                if now >= next_sharing:
                    next_sharing = now + self._pace.ttl_s / 5
                    await self._share()
                await self._poll()
            except Refused as refusal:
                self._store_refused(refusal)
            except Exception:
                metrics.unexpected_error()
                log.exception("outbox_failed", group=self._group)
            self._measure()
            await asyncio.sleep(self._pace.poll_s)

    def _store_refused(self, refusal: Refused) -> None:
        """Tried again soon. Said once a minute at most: a part of a cluster may be away, and another not."""
        if (now := self._clock.monotonic()) >= self._silent_until:
            self._silent_until = now + _SILENCE_S
            log.warning("outbox_waits_for_the_database", group=self._group, code=refusal.code)

    # Sharing: each of n members holds at most ceil(SHARDS / n), which leaves no shard over.

    async def _share(self) -> None:
        members = await self._store.join(self._group, self._member, self._ttl_ms)
        fair = -(-SHARDS // max(members, 1))
        staying = [held for held in self._held.values() if not held.leaving]
        if len(staying) > fair:
            await self._give_up(sorted(staying, key=lambda held: held.busy)[: len(staying) - fair])
        elif len(self._held) < fair:
            await self._claim(fair - len(self._held))

    async def _give_up(self, spare: Sequence[_Held]) -> None:
        for held in spare:
            held.leaving = held.busy
        await self._release([held for held in spare if not held.busy])

    async def _release(self, spare: Sequence[_Held]) -> None:
        for held in spare:
            self._held.pop(held.shard, None)
        await asyncio.gather(*(self._store.release(self._group, held.shard, self._member) for held in spare))

    async def _claim(self, wanted: int) -> None:
        """Asks for shards that nobody may hold, from a place of its own on, so that members seldom ask for the same."""
        first = self._rng.below(SHARDS)
        others = [shard for shard in (*range(first, SHARDS), *range(first)) if shard not in self._held]
        free = [shard for shard in others if shard not in self._at_work]
        while wanted > 0 and free:
            asked, free = free[:wanted], free[wanted:]
            now = self._clock.monotonic()
            for shard, pulled in zip(asked, await asyncio.gather(*map(self._lease, asked)), strict=True):
                if pulled is not None:
                    self._held[shard] = _Held(shard, now, lag=pulled.lag)
                    wanted -= 1

    async def _lease(self, shard: int, count: int = 0) -> Pulled | None:
        return await self._store.pull(self._group, shard, self._member, self._ttl_ms, count)

    # Polling: what is free is looked at, what is busy or waits after a failure keeps its lease.

    async def _poll(self) -> None:
        now, renewals, ready = self._clock.monotonic(), [], self._ready()
        for held in self._held.values():
            if ready and not held.busy and held.due <= now:
                held.busy = True
                self._queue.put_nowait(held)
            elif now - held.renewed > self._pace.ttl_s / 4:
                renewals.append(held)
        answers = await asyncio.gather(*(self._lease(held.shard, 1) for held in renewals))
        for held, pulled in zip(renewals, answers, strict=True):
            if pulled is None:
                self._lost(held)
            else:
                held.renewed, held.lag, held.oldest_ms = now, pulled.lag, _oldest_ms(pulled)

    def _lost(self, held: _Held) -> None:
        if self._held.get(held.shard) is held:
            del self._held[held.shard]
            log.warning("shard_lost", group=self._group, shard=held.shard)

    async def _work(self) -> None:
        while (held := await self._queue.get()) is not None:
            if self._stopping or self._held.get(held.shard) is not held:
                continue
            self._at_work.add(held.shard)
            again = False
            try:
                again = self._ready() and await self._visit(held)
            except Refused as refusal:
                self._store_refused(refusal)
                held.due = self._clock.monotonic() + self._wait_s(1)
            except Exception:
                metrics.unexpected_error()
                log.exception("outbox_failed", group=self._group, shard=held.shard)
                held.due = self._clock.monotonic() + self._pace.longest_wait_s
            finally:
                self._at_work.discard(held.shard)
            if held.leaving and self._held.get(held.shard) is held:
                with suppress(Refused):  # then its lease runs out
                    await self._release([held])
            elif again:
                self._queue.put_nowait(held)
            else:
                held.busy = False

    async def _visit(self, held: _Held) -> bool:
        """One page of a shard; whether more waits. Refused where the database does not answer."""
        held.renewed = self._clock.monotonic()
        pulled = await self._lease(held.shard, self._pace.page)
        if pulled is None:
            self._lost(held)
            return False
        held.lag, held.oldest_ms, entries = pulled.lag, _oldest_ms(pulled), pulled.entries
        if not entries or not await self._applied(held, entries):
            return False
        position, count = entries[-1].position, len(entries)
        if not await self._store.advance(self._group, held.shard, self._member, position, count, pulled.position):
            self._lost(held)
            return False
        held.lag, held.oldest_ms = pulled.lag - count, 0
        metrics.ledger_applied(self._group, count)
        if count == self._pace.page:
            return True
        held.due = self._clock.monotonic() + self._jittered(self._pace.rest_s)
        return False

    async def _applied(self, held: _Held, entries: Sequence[Entry]) -> bool:
        try:
            await self._consumer.apply(held.shard, entries)
        except Exception as error:
            wait_s = self._wait_s(held.failures)
            if held.failures == 0:
                expected = isinstance(error, Refused | ConsumerFailed)
                log.warning(
                    "consumer_failed",
                    group=self._group,
                    shard=held.shard,
                    first=entries[0].position,
                    reason=str(error),
                    exc_info=not expected,
                )
            metrics.ledger_failed(self._group)
            held.failures += 1
            held.due = self._clock.monotonic() + wait_s
            return False
        if held.failures:
            log.info("consumer_recovered", group=self._group, shard=held.shard, after=held.failures)
            held.failures = 0
        return True

    def _wait_s(self, failures: int) -> float:
        """Twice as long after each failure; between the half and the whole, so that shards don't knock all at once."""
        return self._jittered(min(self._pace.longest_wait_s, self._pace.first_wait_s * 2 ** min(failures, 20)))

    def _jittered(self, longest_s: float) -> float:
        return longest_s * (1000 + self._rng.below(1001)) / 2000

    def _measure(self) -> None:
        """What waits in the shards of this process, for /metrics."""
        lag = sum(held.lag for held in self._held.values())
        oldest_ms = min((held.oldest_ms for held in self._held.values() if held.oldest_ms), default=0)
        age_s = max(0.0, (self._clock.now_ms() - oldest_ms) / 1000) if oldest_ms else 0.0
        metrics.ledger_waiting(self._group, lag, age_s, len(self._held))


def _oldest_ms(pulled: Pulled) -> int:
    return pulled.entries[0].at_ms if pulled.entries else 0
