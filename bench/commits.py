"""The bare commit, a process of its own: the real script with real arguments, by our link and by a redis-py pool.

The rounds are played on the real engine beforehand and the store's calls for them recorded, so that in the measured time
nothing happens but the calls. Each caller is a player who bets on and on, and waits for each commit before the next.
"""

import asyncio
import gc
import time
from array import array
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.children import Answer, run_child
from bench.generator import quantiles
from bench.machine import cpu_s
from bench.pool_link import pooled_client
from bench.servers import settings
from webingo.config import Settings
from webingo.engines.engine import Action
from webingo.resources.local import LocalResources
from webingo.rng import SystemRng
from webingo.session import play
from webingo.support import answer as answers
from webingo.support.clock import SystemClock
from webingo.support.redis import Link, Script, connect
from webingo.support.redis.embedded import EmbeddedServer
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.transaction import Seat, Transaction, WalletId
from webingo.user import User

CALLERS = 64
PLAYED = 16  # rounds of each caller on the engine; later ones repeat them under new ids
MOST_PER_S = 24_000  # calls that are prepared for a second: more than Redis can do

Arguments = Sequence[bytes | str | int]
Call = Callable[[Script, Sequence[str], Arguments], Awaitable[Any]]


class Prepared(NamedTuple):
    script: Script
    keys: list[str]
    args: list[bytes | str | int]


class _Recorder:
    """Stands in for a Link, and only keeps what the store wants to call."""

    def __init__(self) -> None:
        self.calls: list[Prepared] = []

    def send(self, script: Script, keys: Sequence[str], args: Arguments, answer: answers.Answer[Any]) -> None:
        self.calls.append(Prepared(script, list(keys), list(args)))
        answer.set_result([b"OK", 0, 0])

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a commit uses {name}")


class Caller:
    """One player's endless chain of settled bets, as script calls."""

    def __init__(self, calls: list[Prepared], sids: list[str], rounds: list[str]) -> None:
        """`sids` and `rounds` name the states between which the calls lead and the rounds: one more than calls."""
        self._calls, self._sids, self._rounds = calls, sids, rounds
        self._lap = 0
        self.ready: deque[Prepared] = deque()

    def prepare(self, count: int) -> None:
        while len(self.ready) < count:
            self.ready.extend(self._next_lap())

    def _next_lap(self) -> list[Prepared]:
        """The same calls under new ids, going on where the lap before ended."""
        lap = self._lap
        self._lap += 1
        names: dict[Any, str] = {}
        for ids in (self._sids, self._rounds):
            names |= {name: _named(name, lap) for name in ids}
            names[ids[0]] = _named(ids[-1], lap - 1) if lap else ids[0]
        calls = []
        for script, keys, args in self._calls:
            renamed = [f"{kind}:{names.get(name, name)}" for kind, _, name in (key.rpartition(":") for key in keys)]
            calls.append(Prepared(script, renamed, [names.get(arg, arg) for arg in args]))
        return calls


def _named(name: str, lap: int) -> str:
    return f"{name[:-4]}{lap:04x}" if lap else name


async def _caller(store: RedisStore, chosen: Settings, resources: LocalResources, number: int) -> Caller:
    """Sits a player down, plays the first bet for real, and records those that follow."""
    rng, at_ms = SystemRng(), SystemClock().now_ms()
    site = await resources.site("demo", "bench")
    user = User("demo", f"caller{number}")
    seat, wallet = Seat(user, site.id), WalletId(user, site.denomination)
    opened = await store.open(seat, wallet, site.initial_credits, at_ms)
    recorder = _Recorder()
    recording = RedisStore(recorder, chosen.history_rounds, chosen.round_retention_days * 86_400)
    running = play.began(resources.game(site, "joker-bingo"), rng)
    engine = running.game.engine
    basis = Transaction(seat, wallet, opened.epoch, at_ms, "", running.state.id, running.game.manifest.id)
    await store.commit(basis._replace(state=running.public, private=running.private))
    sids, rounds = [], []
    for count in range(PLAYED + 1):
        base = running.state.id
        done = play.transitions(running, (Action("bet", {"amount": 4}),), rng, seat, wallet, at_ms)
        running = done[-1].running
        bet = basis._replace(
            base=base,
            sid=running.state.id,
            state=running.public,
            private=running.private,
            max_win=engine.max_win,
            parts=tuple(transition.part for transition in done),
        )
        await (recording if count else store).commit(bet)
        sids.append(running.state.id)
        rounds.append(running.round)
    return Caller(recorder.calls, sids, rounds)


class Commits:
    def __init__(self, callers: list[Caller], calls: dict[str, Call]) -> None:
        self._callers = callers
        self._calls = calls

    async def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """`way`: our link ("link") or redis-py's ("pool"): like the generator's `play`."""
        warmup, seconds, redis = command["warmup"], command["seconds"], command["pids"]["redis"]
        for caller in self._callers:
            caller.prepare(int((warmup + seconds) * MOST_PER_S / len(self._callers)))
        gc.collect()
        gc.freeze()  # what was prepared is no work of the calls
        self._latencies = array("d")
        self._playing = True
        call = self._calls[command["way"]]
        tasks = [asyncio.create_task(self._commit(call, caller.ready)) for caller in self._callers]
        await asyncio.sleep(warmup)
        self._latencies = array("d")
        begun, own, used = time.perf_counter(), time.process_time(), cpu_s(redis)
        await asyncio.sleep(seconds)
        measured = {
            "seconds": time.perf_counter() - begun,
            "cpu_s": {"server": time.process_time() - own, "redis": cpu_s(redis) - used},
            "generator_s": 0.0,
            "rounds": len(self._latencies),
            "bytes_in": 0,
            "bytes_out": 0,
            "latencies": quantiles(self._latencies),
        }
        self._playing = False
        await asyncio.gather(*tasks)
        return measured

    async def _commit(self, call: Call, ready: deque[Prepared]) -> None:
        clock = time.perf_counter
        while self._playing:
            script, keys, args = ready.popleft()
            begun = clock()
            answer = await call(script, keys, args)
            self._latencies.append(clock() - begun)
            if answer[0] != b"OK":
                raise RuntimeError(f"a commit was refused: {answer}")


async def _begin(config: dict[str, Any]) -> tuple[Answer, Callable[[], Awaitable[None]]]:
    folder = Path(config["folder"])
    chosen = settings(folder)
    link: Link = await connect(chosen.redis_url)
    store = RedisStore(link, chosen.history_rounds, chosen.round_retention_days * 86_400)
    resources = LocalResources(chosen.res_dir, debug=True)
    callers = [await _caller(store, chosen, resources, number) for number in range(CALLERS)]
    client = pooled_client(str(EmbeddedServer(folder / "redis").socket_path))

    async def pooled(script: Script, keys: Sequence[str], args: Arguments) -> Any:
        return await client.evalsha(script.sha, len(keys), *keys, *args)

    async def end() -> None:
        await client.aclose()
        await link.close()

    return Commits(callers, {"link": link.call, "pool": pooled}).answer, end


if __name__ == "__main__":
    run_child(_begin)
