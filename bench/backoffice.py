"""What a backoffice costs those who play, up and down: `python -m bench.backoffice` writes bench/backoffice.md.

The server runs on one core; Redis, the players and the backoffice run on the other one.
"""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.children import ROOT
from bench.machine import OTHER_CORE, description, pin
from bench.report import spread
from bench.run import Measured, Place, Size
from bench.servers import settings
from webingo.transaction.opening import open_store
from webingo.transaction.store import Store
from webingo.user import SHARDS

NONE, UP, DOWN = "no backoffice", "backoffice up", "backoffice down"
KEY = "benchmark-" * 4
GROUP = "accounting"
WARM_S = 2.0
READY_S, ARRIVED_S = 60.0, 120.0
TARGET_S = 60
BEHIND = 0.25
"""Of all entries. What came within the last second or two waits always."""
HEAD = (
    "| | p50 ms | **p99 ms** | worst ms | server's CPU, µs for each round | Redis', µs for each round "
    "| backoffice's, µs for each round |"
)
BOOKS = (
    "| | entries in the ledger | of them waiting after the last round | backoffice answers, s after its start "
    "| all arrived, s after its start, else after the last round |"
)
IN_MEMORY = Path("/dev/shm")


class Plan(NamedTuple):
    """In each repetition each place has `rounds` at `rate` a second, shared by `players`."""

    rounds: int = 10_000
    rate: float = 500.0
    players: int = 200
    repetitions: int = 3
    known: bool = True  # the server begins with all prizes known


QUICK = Plan(rounds=300, rate=300.0, players=20, repetitions=1, known=False)


class Run(NamedTuple):
    """One place, once. `entries` of the ledger in all, and those that were `waiting` after the last round. Seconds from the
    start of a backoffice that was down, else from the last round."""

    measured: Measured
    entries: int = 0
    waiting: int = 0
    answers_s: float = 0.0
    arrived_s: float = 0.0


class Office:
    """`webingo backoffice` with a database of its own in `folder`; a context. Its first start imports the site."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.file = folder / "backoffice.db"
        self._log = place.folder / "backoffice.log"
        self._variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WEBINGO_")},
            "WEBINGO_DEBUG": "true",
            "WEBINGO_BACKOFFICE_PORT": str(self.port),
            "WEBINGO_BACKOFFICE_ADDRESS": "127.0.0.1",
            "WEBINGO_BACKOFFICE_DATABASE": f"sqlite:///{self.file}",
            "WEBINGO_RGS_KEY": KEY,
            "WEBINGO_RES_DIR": str(place.folder / "res"),
            "WEBINGO_LOG_LEVEL": "warning",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Office":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.end(signal.SIGTERM)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, yields: bool) -> None:
        """Returns once it answers. `yields`: it gets only the time that nobody else on its core wants."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from webingo.cli import app; app()", "backoffice", "--until-eof"],
                env=self._variables,
                cwd=ROOT,
                stdin=subprocess.PIPE,  # which ends with this process, and the backoffice with it
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_yield if yields else None,
            )
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}healthz", timeout=5):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the backoffice does not answer:\n{self._log.read_text(errors='replace')[-4000:]}")

    def end(self, how: signal.Signals) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.send_signal(how)
        self._process.stdin.close()
        self._process.wait(30)
        self._process = None

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()


def _yield() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


def main(plan: Plan, say: Callable[[str], None] = lambda line: None) -> str:
    pin(OTHER_CORE)
    runs: dict[str, list[Run]] = defaultdict(list)
    about: dict[str, str] = {}
    order = [NONE, UP, DOWN]
    for number in range(plan.repetitions):
        for what in order[number % 3 :] + order[: number % 3]:
            with Place() as place, ExitStack() as stack:
                about = about or description(place.redis_version)
                runs[what].append(run := _measured(place, stack, what, plan, number))
            p50, p99, worst = (value * 1e3 for value in run.measured["latencies"])
            say(
                f"{number + 1}/{plan.repetitions}  {what}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {worst:.1f} ms; "
                f"{run.waiting} of {run.entries} entries waited, {run.arrived_s:.1f} s"
            )
    return _report(plan, {what: runs[what] for what in order}, about)


def _measured(place: Place, stack: ExitStack, what: str, plan: Plan, number: int) -> Run:
    """One place, once, with a fresh Redis and fresh processes. Raises RuntimeError where the books are not the ledger."""
    office = stack.enter_context(Office(place, _folder(place, stack, what)))
    more = {"rgs_base": office.url, "rgs_key": KEY} if what != NONE else {}
    if what != NONE:
        office.start(yields=True)
    server = stack.enter_context(place.server(False, Size(remember=plan.known), **more))
    generator = stack.enter_context(place.generator(server, "bench.offered"))
    group = generator.ask(do="open", count=plan.players, path="/session/ws", uid="a")["group"]
    generator.ask(do="load", group=group)
    generator.ask(do="begin", group=group)
    pids = {"server": server.pid, "redis": place.redis_pid}
    if what == UP:
        pids["office"] = office.pid
    elif what == DOWN:
        office.end(signal.SIGKILL)

    def play(rounds: int, seed: int) -> Measured:
        limit_s = rounds / plan.rate * 2 + 60
        return generator.ask(limit_s, do="offer", group=group, rounds=rounds, rate=plan.rate, seed=seed, pids=pids)

    play(int(plan.rate * WARM_S), -1)
    run = Run(play(plan.rounds, number))
    if what == NONE:
        return run
    return Run(run.measured, *asyncio.run(_arrived(place, office, what == DOWN)))


def _folder(place: Place, stack: ExitStack, what: str) -> Path:
    """Where the database goes. One that is written while people play stays off the disk of their Redis."""
    if what != UP or not IN_MEMORY.is_dir():
        return place.folder
    folder = Path(tempfile.mkdtemp(prefix="webingo-bench-", dir=IN_MEMORY))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def _waiting(store: Store) -> int:
    """Entries behind which the accounting's cursor has not moved yet."""
    return sum(standing.lag for standing in await asyncio.gather(*(store.standing(GROUP, shard) for shard in range(SHARDS))))


async def _arrived(place: Place, office: Office, down: bool) -> tuple[int, int, float, float]:
    """All entries; those that waited; seconds until the backoffice answered, and until it had all. Compares the books."""
    store = await open_store(settings(place.folder))
    try:
        waiting, began = await _waiting(store), time.monotonic()
        if down:
            office.start(yields=False)
        answers_s = time.monotonic() - began
        while left := await _waiting(store):
            if time.monotonic() - began > ARRIVED_S:
                raise RuntimeError(f"after {ARRIVED_S:.0f} s {left} entries have not arrived")
            await asyncio.sleep(0.05)
        arrived_s = time.monotonic() - began
        return await _same(store, office), waiting, answers_s, arrived_s
    finally:
        await store.aclose()


async def _same(store: Store, office: Office) -> int:
    """How many entries there are. Raises RuntimeError where what is in the backoffice's database is not what is in Redis."""
    entries = [entry for shard in range(SHARDS) async for entry in store.entries(shard)]
    wallet = "platform || ':' || denom || ':' || uid"
    columns = f"entry, {wallet}, seq, kind, amount, balance, round, game, site, at, note, fed, closes, position"
    kept = [tuple(row) for row in office.rows(f"select {columns} from ledger order by id")]
    sent = {
        (
            *(entry.id, entry.wallet, entry.seq, entry.kind, entry.amount, entry.balance, entry.round, entry.game),
            *(entry.site, entry.at_ms, entry.note, entry.fed, int(entry.closes), entry.position),
        )
        for entry in entries
    }
    if len(kept) != len(entries) or set(kept) != sent:
        raise RuntimeError(f"{len(kept)} entries in the backoffice, {len(entries)} in the ledger; not the same")
    last: dict[str, int] = defaultdict(int)
    for _, whose, seq, *_ in kept:
        if seq != last[whose] + 1:
            raise RuntimeError(f"{whose}: entry {seq} was taken after {last[whose]}")
        last[whose] = seq
    records = office.rows("select count(*) from round_records")[0][0]
    if records != (closed := sum(entry.closes for entry in entries)):
        raise RuntimeError(f"{records} records of {closed} rounds")
    return len(entries)


def _report(plan: Plan, runs: dict[str, list[Run]], about: dict[str, str]) -> str:
    rows = "\n".join(_row(what, found) for what, found in runs.items())
    books = "\n".join(_books(what, runs[what]) for what in (UP, DOWN))
    verdicts = "\n".join(verdict(what, runs[what], runs[NONE]) for what in (UP, DOWN))
    used = max(run.measured["cpu_s"]["server"] / run.measured["seconds"] for found in runs.values() for run in found)
    machine = "\n".join(f"- {name}: {value}" for name, value in about.items())
    return f"""# What a backoffice costs those who play

Written by `make bench` (`python -m bench.backoffice`, about four minutes; `--quick` takes seconds and prints it).
{plan.players} players play {plan.rounds:,} rounds of joker-bingo, each a settled bet as in [what a bet costs](README.md):

- on a server without a backoffice;
- on one with the [reference backoffice](../docs/backoffice.md) beside it, which takes the ledger while it grows;
- on one whose backoffice was killed (SIGKILL) as soon as everybody had logged in. It is down from the first round to the
  last, and is then started again.

The rounds are due at times set beforehand, on average {plan.rate:,.0f} in a second, at random moments (a Poisson process,
in each repetition the same for all three), whatever the server does. A latency runs from the moment at which the bet was due
until its last state has arrived: where the server stands still, all bets that wait are charged for it. The server used
{used:.0%} of its core at most: it has room to spare.

{HEAD}
|---|--:|--:|--:|--:|--:|--:|
{rows}

Medians with (lowest–highest) over {plan.repetitions} repetitions, in which the three take turns, each with a fresh Redis, fresh
processes and {WARM_S:.0f} s of warm-up. CPU of the server is that of its whole process while the rounds were played.

{verdicts}

Noise is how far the repetitions without a backoffice lie apart.

## What arrives

{BOOKS}
|---|--:|--:|--:|--:|
{books}

Each time the backoffice's database is then held against Redis: every entry of the ledger with all its fields, each exactly
once, each player's in the order in which they happened, and a record for each round that is over. The run ends with an error
where they differ.

{_within(runs[DOWN])}
A backoffice that is down is tried every 10 seconds at the latest; that and its start are part of the time.

## What stands beside it

In production a backoffice has a machine of its own. Here it shares a core with Redis and the players, so while they play it
has only the time that they leave over (SCHED_IDLE), and its SQLite file lies in memory (/dev/shm), so that Redis has the disk
for itself. The one that comes back after the run is a process as any other, with its file on the disk.

{machine}
"""


def _row(what: str, found: list[Run]) -> str:
    p50, p99, worst = zip(*(run.measured["latencies"] for run in found), strict=True)
    cells = [spread([value * 1e3 for value in p50], 2), f"**{spread([value * 1e3 for value in p99], 2)}**"]
    cells.append(spread([value * 1e3 for value in worst], 1))
    cells += [spread(each, 0) if (each := _each(found, process)) else "" for process in ("server", "redis", "office")]
    return f"| {what} | {' | '.join(cells)} |"


def _each(found: list[Run], process: str) -> list[float]:
    """Microseconds of CPU for each round."""
    return [run.measured["cpu_s"][process] / run.measured["rounds"] * 1e6 for run in found if process in run.measured["cpu_s"]]


def _books(what: str, found: list[Run]) -> str:
    entries, waiting = (spread([float(run[place]) for run in found], 0) for place in (1, 2))
    answers = spread([run.answers_s for run in found], 1) if what == DOWN else ""
    return f"| {what} | {entries} | {waiting} | {answers} | {spread([run.arrived_s for run in found], 1)} |"


def verdict(what: str, found: list[Run], without: list[Run]) -> str:
    """Unchanged is what differs by no more than the runs without a backoffice do among themselves; where those differ by more
    than the figure itself, or where the backoffice had no time to take the ledger, nothing was shown."""
    ours, theirs = ([run.measured["latencies"][1] * 1e3 for run in runs] for runs in (found, without))
    more, noise = median(ours) - median(theirs), max(theirs) - min(theirs)
    said = "unchanged within noise" if more <= noise else "**higher than noise explains**"
    if noise > median(theirs):
        said = "**nothing can be told**, the machine was too busy with other things"
    elif what == UP and any(run.waiting > run.entries * BEHIND for run in found):
        said += ", but **the backoffice did not keep up**, for want of time on its core"
    return f"- {what}: p99 differs by {more:+.2f} ms, noise is {noise:.2f} ms: {said}."


def _within(found: list[Run]) -> str:
    longest = max(run.arrived_s for run in found)
    met = "met" if longest <= TARGET_S else "**missed**"
    return f"After a run without it all had arrived {longest:.0f} s after its start at most; the target is a minute: {met}."


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if "--quick" in sys.argv:
        print(main(QUICK, _say))
    else:
        Path(__file__).with_suffix(".md").write_text(main(Plan(), _say), encoding="utf-8")
