"""What subscribers to a jackpot cost, and how soon they hear of a win: `python -m bench.jackpot` writes bench/jackpot.md.

The servers run on one core; Redis, the subscribers and who wins run on the other one. One player bets all the time, so that
the value changes more often than it may be told.
"""

import asyncio
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvloop

from bench.children import Child
from bench.generator import Group, Player, masked
from bench.machine import OTHER_CORE, allow_many_files, cpu_s, description, pin
from bench.run import Place, Size
from bench.servers import settings
from webingo.jackpot.jackpots import shelf_beside
from webingo.jackpot.meter import Claim, MeterId
from webingo.jackpot.meters import Meters
from webingo.rng import SystemRng, fresh_id
from webingo.transaction.opening import open_store

JACKPOT = "jp_bench"
METER = MeterId("demo", "credit", "bench", JACKPOT)
SUBSCRIBE = masked(b'{"t":"component","which":"jackpot","message":{"what":"subscribe","to":"%s"}}' % JACKPOT.encode())
SUBSCRIBERS = 1000
SECONDS = 20.0
WINS = 60
BETS_S = 0.02
AT_ONCE = 50
HEAD = (
    "| processes | subscribers | values told per second | servers' CPU, ms per second | µs for each value "
    "| win to first, ms: median (worst) | win to last, ms: median (worst) |"
)
VALUE, WON = b'"what":"value"', b'"what":"won"'


@dataclass
class Heard:
    """What all subscribers got: values, and the times of their wins (perf_counter); `all` is set when `count` have one."""

    count: int
    values: int = 0
    wins: list[float] = field(default_factory=list)
    all: asyncio.Event = field(default_factory=asyncio.Event)

    def won(self) -> None:
        self.wins.append(time.perf_counter())
        if len(self.wins) == self.count:
            self.all.set()


class Subscriber(Player):
    """Counts what it hears. `ready` is set with the answer to a question."""

    heard: Heard

    def _message(self, data: bytes, start: int, end: int) -> None:
        if data.find(WON, start, end) >= 0:
            self.heard.won()
        elif data.find(VALUE, start, end) >= 0:
            self.heard.values += 1
            self.settle()
        else:
            super()._message(data, start, end)


class Cost(NamedTuple):
    """Of a window: messages and milliseconds of the servers' CPU, per second; of wins: seconds to the first and the last
    subscriber."""

    messages_s: float
    cpu_ms_s: float
    first_s: list[float]
    last_s: list[float]


def main(seconds: float = SECONDS, wins: int = WINS, subscribers: int = SUBSCRIBERS) -> str:
    allow_many_files()
    pin(OTHER_CORE)
    rows = []
    with Place() as place:
        site = place.folder / "res" / "local_sites" / "bench.json"
        document = json.loads(site.read_text()) | {"jackpots": [_jackpot()]}
        document["games"][0]["settings"] = {"jackpot": JACKPOT}
        site.write_text(json.dumps(document))
        about = description(place.redis_version)
        for processes, count in ((1, 0), (1, subscribers), (2, subscribers)):
            with ExitStack() as stack:
                servers = [stack.enter_context(place.server(False, Size())) for _ in range(processes)]
                rows.append((processes, count, uvloop.run(_measured(place.folder, servers, count, seconds, wins))))
    return _report(rows, about)


def _jackpot() -> dict[str, object]:
    limits = {"min": 1_000_000, "max": 1_000_000_000, "contribution": "0.1"}
    return {"id": JACKPOT, "denomination": "CRE", **limits}


async def _measured(folder: Path, servers: list[Child], count: int, seconds: float, wins: int) -> Cost:
    ports = [server.ask(do="port")["port"] for server in servers]
    heard = Heard(count)
    subscribers = await _subscribed(ports, count, heard)
    betting = asyncio.create_task(_bet(ports[0]))
    await asyncio.sleep(2)
    heard.values, used, begun = 0, sum(cpu_s(server.pid) for server in servers), time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begun
    cpu_ms_s = (sum(cpu_s(server.pid) for server in servers) - used) / took * 1000
    messages_s = heard.values / took
    store = await open_store(settings(folder))
    meters = Meters(shelf_beside(store), SystemRng())
    first, last = list[float](), list[float]()
    for number in range(wins if count else 0):
        await asyncio.sleep(0.1 + 0.01 * (number % 25))
        heard.wins.clear()
        heard.all.clear()
        begun = time.perf_counter()
        await meters.claim(METER, Claim(fresh_id(), "demo:credit:winner", "", "joker-bingo"), 1)
        await asyncio.wait_for(heard.all.wait(), 10)
        first.append(min(heard.wins) - begun)
        last.append(max(heard.wins) - begun)
    if not betting.cancel():
        betting.result()  # raises why it ended
    await store.aclose()
    for subscriber in subscribers:
        subscriber.close()
    return Cost(messages_s, cpu_ms_s, first, last)


async def _subscribed(ports: list[int], count: int, heard: Heard) -> list[asyncio.BaseTransport]:
    loop, group, transports = asyncio.get_running_loop(), Group(), list[asyncio.BaseTransport]()
    for first in range(0, count, AT_ONCE):
        players = []
        for number in range(first, min(first + AT_ONCE, count)):
            login = f'{{"auth":{{"uid":"s{number}"}},"platform":"demo","site":"bench"}}'
            player = Subscriber(group, "/session/ws", masked(login.encode()))
            player.heard = heard
            made = await loop.create_connection(lambda player=player: player, "127.0.0.1", ports[number % len(ports)])  # type: ignore[misc]
            transports.append(made[0])
            players.append(player)
        for question in (b"", SUBSCRIBE):
            for player in players:
                if question:
                    player.ask(question)
            for player in players:
                await asyncio.wait_for(player.ready, 30)
    return transports


async def _bet(port: int) -> None:
    group = Group()
    player = Player(
        group, "/session/ws", masked(b'{"auth":{"uid":"%s"},"platform":"demo","site":"bench"}' % fresh_id().encode())
    )
    await asyncio.get_running_loop().create_connection(lambda: player, "127.0.0.1", port)
    await player.ready
    player.ask(masked(b'{"t":"gameload","gameid":"joker-bingo"}'))
    await player.ready
    while not group.failure:
        player.play()
        await player.ready
        await asyncio.sleep(BETS_S)
    raise RuntimeError(group.failure)


def _report(rows: list[tuple[int, int, Cost]], about: dict[str, str]) -> str:
    idle = rows[0][2]
    table = "\n".join(
        f"| {processes} | {count:,} | {cost.messages_s:,.0f} | {cost.cpu_ms_s:.1f} | {_each(cost, idle)} | {_ms(cost.first_s)} "
        f"| {_ms(cost.last_s)} |"
        for processes, count, cost in rows
    )
    machine = "\n".join(f"- {name}: {value}" for name, value in about.items())
    wins = len(rows[-1][2].last_s)
    return f"""# What subscribers to a jackpot cost

Written by `python -m bench.jackpot`. All players have subscribed to one [jackpot](../docs/jackpots.md), which one more player
feeds all the time: its value is told as often as it may be, four times a second. Then another process claims it {wins} times;
the time runs from before the claim until the message has reached the first and the last subscriber's socket, over Redis.

{HEAD}
|---|---|---|---|---|---|---|
{table}

The CPU of the servers is that of all processes together; the first line is the player who bets and the ledger's consumers
alone. A value is written once for all, and then costs one frame and one write to a socket for each subscriber.

{machine}
"""


def _each(cost: Cost, idle: Cost) -> str:
    return f"{(cost.cpu_ms_s - idle.cpu_ms_s) / cost.messages_s * 1000:.1f}" if cost.messages_s else ""


def _ms(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.1f} ({max(seconds) * 1000:.1f})" if seconds else ""


if __name__ == "__main__":
    if "--quick" in sys.argv:
        print(main(1.0, 2, 50))
    else:
        Path(__file__).with_suffix(".md").write_text(main(), encoding="utf-8")
