"""One whole run: what is measured, in which order, with which processes."""

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from bench.children import ROOT, Child
from bench.machine import OTHER_CORE, SERVER_CORE, description, pin, rss_kib
from webingo.support.redis.embedded import EmbeddedServer

CREDITS = 10**12  # a generator that bets for minutes must not run out of them

WEBINGO, POOL, ECHO, COMMIT, COMMIT_POOL = "webingo", "webingo, pool per call", "Tornado echo", "commit", "commit, pool"


@dataclass(frozen=True)
class Size:
    """`few` and `many` are connections. In each repetition every subject has `turns` of `seconds` after `warmup`.
    `remember`: the servers begin with all prizes known."""

    repetitions: int = 3
    turns: int = 4
    few: int = 64
    many: int = 1000
    warmup: float = 0.2
    seconds: float = 0.7
    remember: bool = True


QUICK = Size(repetitions=1, turns=1, few=16, many=200, warmup=0.05, seconds=0.3, remember=False)

Measured = dict[str, Any]
Figures = dict[str, list[float]]


@dataclass(frozen=True)
class Results:
    """`windows` by (what, how many connections, how it is played), each with its figures; one of them per turn."""

    size: Size
    machine: dict[str, str]
    windows: dict[tuple[str, int, str], Figures]
    memory: Figures


class Place:
    """A temporary folder with a Redis and resources of the benchmark's own; a context that leaves nothing behind."""

    def __enter__(self) -> "Place":
        self.folder = Path(tempfile.mkdtemp(prefix="webingo-bench-"))
        try:
            (self.folder / "static").mkdir()
            shutil.copytree(ROOT / "res", self.folder / "res")
            shutil.rmtree(self.folder / "res" / "local_sites")
            (self.folder / "res" / "local_sites").mkdir()
            site = {
                "id": "bench",
                "platform": "demo",
                "denomination": "credit",
                "initial_credits": CREDITS,
                "games": [{"id": "joker-bingo"}],
            }
            (self.folder / "res" / "local_sites" / "bench.json").write_text(json.dumps(site), encoding="utf-8")
            self._redis = EmbeddedServer(self.folder / "redis")
            self._redis.join()  # started from here, so that it runs on this process's core and not on the servers'
            with redis.Redis(unix_socket_path=str(self._redis.socket_path)) as client:
                about: Any = client.info("server")
            self.redis_pid, self.redis_version = int(about["process_id"]), str(about["redis_version"])
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.leave()
        shutil.rmtree(self.folder, ignore_errors=True)

    def server(self, pool: bool, size: Size, **more: Any) -> Child:
        """`more` are settings."""
        config = {"folder": str(self.folder), "pool": pool, "remember": size.remember, "more": more}
        return Child("bench.servers", SERVER_CORE, self.folder / "servers.log", **config)

    def echo(self, states: Measured) -> Child:
        return Child("bench.echo", SERVER_CORE, self.folder / "echo.log", states=states)

    def generator(self, server: Child, module: str = "bench.generator") -> Child:
        port = server.ask(do="port")["port"]
        return Child(module, OTHER_CORE, self.folder / "generator.log", port=port)

    def commits(self) -> Child:
        return Child("bench.commits", SERVER_CORE, self.folder / "commits.log", folder=str(self.folder))


class Subject:
    """A server and the generator that plays on it."""

    def __init__(self, place: Place, stack: ExitStack, server: Child, path: str, uid: str = "") -> None:
        """Players have names that begin with `uid`; without one there is nothing to log in to."""
        self.server = stack.enter_context(server)
        self.generator = stack.enter_context(place.generator(self.server))
        self._path, self._uid = path, uid
        self._pids = {"server": self.server.pid, "redis": place.redis_pid}
        self._groups = 0

    def open(self, count: int, path: str = "", plain: bool = False) -> int:
        """Connections, logged in; the number of the group."""
        self._groups += 1
        uid = f"{self._uid}{self._groups}-" if self._uid else ""
        group: int = self.generator.ask(do="open", count=count, path=path or self._path, uid=uid, plain=plain)["group"]
        return group

    def load(self, group: int) -> int:
        self.generator.ask(do="load", group=group)
        return group

    def begin(self, group: int) -> int:
        self.generator.ask(do="begin", group=group)
        return group

    def play(self, group: int, size: Size) -> Measured:
        return self.generator.ask(do="play", group=group, warmup=size.warmup, seconds=size.seconds, pids=self._pids)


def run(size: Size, say: Callable[[str], None]) -> Results:
    """The whole benchmark: each repetition with a new Redis and new processes, in which all subjects take their turns."""
    pin(OTHER_CORE)
    windows: dict[tuple[str, int, str], Figures] = defaultdict(lambda: defaultdict(list))
    memory: Figures = defaultdict(list)
    machine: dict[str, str] = {}
    for number in range(size.repetitions):
        with Place() as place:
            machine = machine or description(place.redis_version)
            for (what, count, how), measured in _repetition(place, size, number, memory):
                figures = _figures(measured)
                for name, value in figures.items():
                    windows[what, count, how][name].append(value)
                say(
                    f"{number + 1}/{size.repetitions}  {what}, {count}, {how}: {figures['cpu_us']:.0f} µs, "
                    f"{figures['rounds_per_s']:.0f}/s"
                )
    return Results(size, machine, {key: dict(figures) for key, figures in windows.items()}, dict(memory))


def _repetition(place: Place, size: Size, number: int, memory: Figures) -> Any:
    few, many = size.few, size.many
    with ExitStack() as stack:
        ours = Subject(place, stack, place.server(False, size), "/session/ws", "a")
        pool = Subject(place, stack, place.server(True, size), "/session/ws", "b")
        commits = stack.enter_context(place.commits())
        settled = ours.begin(ours.load(ours.open(few)))
        states = ours.generator.ask(do="sample", group=settled, seconds=size.seconds)
        echo = Subject(place, stack, place.echo(states), "/settled")
        pids = {"redis": place.redis_pid}

        def commit(way: str) -> Measured:
            return commits.ask(way=way, warmup=size.warmup, seconds=size.seconds, pids=pids)

        pooled, echoed = pool.begin(pool.load(pool.open(few))), echo.open(few)
        plain, plain_echo = ours.load(ours.open(few, plain=True)), echo.open(few, path="/plain", plain=True)
        plain_pool = pool.load(pool.open(few, plain=True))
        turns: list[tuple[tuple[str, int, str], Callable[[], Measured]]] = [
            ((WEBINGO, few, "settled bet"), lambda: ours.play(settled, size)),
            ((ECHO, few, "settled bet"), lambda: echo.play(echoed, size)),
            ((COMMIT, 64, "settled bet"), lambda: commit("link")),
            ((POOL, few, "settled bet"), lambda: pool.play(pooled, size)),
            ((COMMIT_POOL, 64, "settled bet"), lambda: commit("pool")),
            ((WEBINGO, few, "plain action"), lambda: ours.play(plain, size)),
            ((ECHO, few, "plain action"), lambda: echo.play(plain_echo, size)),
            ((POOL, few, "plain action"), lambda: pool.play(plain_pool, size)),
        ]
        yield from _in_turn(turns, size, number)
        before = rss_kib(ours.server.pid)
        crowd = ours.open(many)
        logged_in = rss_kib(ours.server.pid)
        ours.load(crowd)
        memory["logged in"].append((logged_in - before) / many)
        memory["logged in, game loaded"].append((rss_kib(ours.server.pid) - before) / many)
        ours.begin(crowd)
        pool_crowd, echo_crowd = pool.begin(pool.load(pool.open(many))), echo.open(many)
        crowds: list[tuple[tuple[str, int, str], Callable[[], Measured]]] = [
            ((WEBINGO, many, "settled bet"), lambda: ours.play(crowd, size)),
            ((ECHO, many, "settled bet"), lambda: echo.play(echo_crowd, size)),
            ((POOL, many, "settled bet"), lambda: pool.play(pool_crowd, size)),
        ]
        yield from _in_turn(crowds, size, number)


def _in_turn(subjects: list[tuple[tuple[str, int, str], Callable[[], Measured]]], size: Size, number: int) -> Any:
    """Short turns, so that what else the machine does hits all of them alike; another one begins each time."""
    for turn in range(size.turns):
        for place in range(len(subjects)):
            what, measure = subjects[(place + turn + number) % len(subjects)]
            yield what, measure()


def _figures(measured: Measured) -> dict[str, float]:
    rounds, seconds, cpu = max(measured["rounds"], 1), measured["seconds"], measured["cpu_s"]
    p50, p99 = measured["latencies"]
    return {
        "cpu_us": cpu["server"] / rounds * 1e6,
        "rounds_per_s": measured["rounds"] / seconds,
        "p50_ms": p50 * 1e3,
        "p99_ms": p99 * 1e3,
        "redis_us": cpu["redis"] / rounds * 1e6,
        "server_share": cpu["server"] / seconds,
        "redis_share": cpu["redis"] / seconds,
        "generator_share": measured["generator_s"] / seconds,
        "bytes_in": measured["bytes_in"] / rounds,
        "bytes_out": measured["bytes_out"] / rounds,
    }
