"""A generator whose rounds are due at times that were set beforehand, whatever the server does (an open loop).

A bet's latency runs from the moment at which it was due. So a server that stands still for a moment is charged for every bet
that waited meanwhile, and not only for the ones that were under way: nothing is omitted because it was not asked.
"""

import asyncio
import random
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from bench.children import Answer, run_child
from bench.generator import Generator, Group, Player, quantiles
from bench.machine import cpu_s

_LAST_ANSWERS_S = 30


class Punctual(Player):
    """Bets when it is told; a bet that is due before the last one was answered goes out with that answer."""

    def __init__(self, group: Group, path: str, first: bytes) -> None:
        super().__init__(group, path, first)
        self._due: deque[float] = deque()

    @property
    def idle(self) -> bool:
        return self.ready.done()

    def owe(self, due: float) -> None:
        """A bet is due since that moment (perf_counter)."""
        self._due.append(due)
        if self.idle:
            self._pay()

    def settle(self) -> None:
        super().settle()
        if self._due and not self._group.failure:
            self._pay()

    def _pay(self) -> None:
        due = self._due.popleft()
        self.play()
        self._sent_at = due

    def connection_lost(self, error: Exception | None) -> None:
        self._group.fail(f"a connection was lost: {error}")


class Offered(Generator):
    """Players who bet in turn."""

    player = Punctual

    async def offer(self, group: int, rounds: int, rate: float, seed: int, pids: dict[str, int]) -> dict[str, Any]:
        """So many bets, on average `rate` in a second, at moments that chance has chosen (a Poisson process; the same ones for
        the same `seed`). What happened from the first of them until all are answered."""
        chosen = self._groups[group]
        chosen.rounds, chosen.latencies = 0, array("d")
        players: list[Punctual] = chosen.players  # type: ignore[assignment]
        used, own, begun = {name: cpu_s(pid) for name, pid in pids.items()}, time.process_time(), time.perf_counter()
        chance = random.Random(seed)  # noqa: S311 - when bets are due is no secret
        dues = list(accumulate((chance.expovariate(rate) for _ in range(rounds - 1)), initial=begun + 0.1))
        metronome = threading.Thread(target=_tick, args=(asyncio.get_running_loop(), players, dues), daemon=True)
        metronome.start()
        async with asyncio.timeout(dues[-1] - begun + _LAST_ANSWERS_S):
            while not chosen.failure and chosen.rounds < rounds:  # noqa: ASYNC110 - an event would be set in every answer
                await asyncio.sleep(0.01)
        if chosen.failure:
            raise RuntimeError(chosen.failure)
        return {
            "seconds": time.perf_counter() - begun,
            "cpu_s": {name: cpu_s(pid) - used[name] for name, pid in pids.items()},
            "generator_s": time.process_time() - own,
            "rounds": chosen.rounds,
            "latencies": [*quantiles(chosen.latencies), max(chosen.latencies)],
        }


def _tick(loop: asyncio.AbstractEventLoop, players: Sequence[Punctual], dues: Sequence[float]) -> None:
    """A thread, since timers of the event loop are exact to a millisecond only, which is as long as a bet takes."""
    for number, due in enumerate(dues):
        if (pause := due - time.perf_counter()) > 0:
            time.sleep(pause)
        owe: Callable[[float], None] = players[number % len(players)].owe
        loop.call_soon_threadsafe(owe, due)


async def _nothing() -> None:
    """The sockets end with the process."""


async def _begin(config: dict[str, Any]) -> tuple[Answer, Any]:
    return Offered(config["port"]).answer, _nothing


if __name__ == "__main__":
    run_child(_begin)
