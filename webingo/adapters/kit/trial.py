"""Trying an adapter out: all cases, one after the other, against its own fake operator."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from webingo.adapters.adapter import Adapter
from webingo.adapters.kit.bench import Bench, NotApplicable, Wrong
from webingo.adapters.kit.cases import CASES, Case
from webingo.adapters.kit.fake import FakeOperator
from webingo.adapters.means import Means
from webingo.adapters.registry import build
from webingo.errors import BadResource
from webingo.rng import SystemRng
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore

_CASE_S = 60.0
_LIFE_S = 15.0
_SILENCE_S = 0.3

UNITS = {"USD": 100}
"""The money that fake operators have."""


class Finding(NamedTuple):
    """What came of a case. `reason` is "" where it passed."""

    case: str
    outcome: Literal["passed", "failed", "not applicable"]
    reason: str
    seconds: float


async def trial(kind: type[Adapter], seed: int = 0) -> AsyncIterator[Finding]:
    """Each case as it is done. ValueError for an adapter without a fake operator, BadResource where it can't be built."""
    fake_kind = kind.fake()
    if fake_kind is None:
        raise ValueError(f"the adapter {kind.name} has no fake operator to be tried out with")
    with tempfile.TemporaryDirectory() as folder:
        fake = fake_kind(Path(folder), seed)
        fake.timeout_s = _SILENCE_S
        async with tried(kind, fake) as bench:
            for case in CASES:
                yield await _finding(case, bench)
                bench.fake.plan.clear()


@asynccontextmanager
async def tried(kind: type[Adapter], fake: FakeOperator) -> AsyncIterator[Bench]:
    """An adapter that finds the fake operator, both started."""
    await fake.start()
    try:
        means = fake.means(Means(SystemClock(), SystemRng(), MemoryStore(), UNITS))

        def new() -> Adapter:
            return build(kind, "fake", fake.options(), means)

        adapter = new()
        try:
            await _ended(kind, "start", adapter.start())
            yield Bench(adapter, fake, new)
        finally:
            await _ended(kind, "aclose", adapter.aclose())
    finally:
        await fake.stop()


async def _ended(kind: type[Adapter], name: str, work: Awaitable[None]) -> None:
    """Raises BadResource where it does not come to its end."""
    timer = asyncio.timeout(_LIFE_S)
    try:
        async with timer:
            await work
    except TimeoutError:
        if not timer.expired():
            raise
        raise BadResource([("adapter", kind.name, f"{name} comes to no end")]) from None


async def _finding(case: Case, bench: Bench) -> Finding:
    began = _now()
    outcome: Literal["passed", "failed", "not applicable"] = "passed"
    reason = ""
    try:
        async with asyncio.timeout(_CASE_S):
            await case.run(bench)
    except NotApplicable:
        outcome = "not applicable"
    except Wrong as wrong:
        outcome, reason = "failed", str(wrong)
    except TimeoutError:
        outcome, reason = "failed", f"it is not done after {_CASE_S:.0f} s"
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        outcome, reason = "failed", f"it was cancelled from within: {type(error).__name__}"
    except (Exception, SystemExit) as error:  # somebody else's code
        outcome, reason = "failed", f"{type(error).__name__}: {error}"
    return Finding(case.name, outcome, reason, _now() - began)


def _now() -> float:
    return SystemClock().monotonic()
