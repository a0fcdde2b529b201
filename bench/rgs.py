"""What the calls of games that live elsewhere cost: `python -m bench.rgs` writes bench/rgs.md.

The server runs on one core; Redis and the callers run on the other one. Each caller keeps one connection and waits for its
answer before it asks again, as a game's thread does.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import uvloop

from bench.children import Child
from bench.machine import OTHER_CORE, cpu_s, description, pin
from bench.run import Place, Size
from bench.servers import settings
from webingo.rng import fresh_id
from webingo.server.rgs.keys import fresh_key
from webingo.transaction.opening import open_store

CALLERS = 32
SECONDS = 10.0
HEAD = "| calls | calls/s | server's CPU, µs a call | ms: median | 99 % |"

Call = tuple[str, bytes]


class Cost(NamedTuple):
    """Of a window: calls a second, microseconds of the server's CPU for each, and how long each took, in seconds."""

    calls_s: float
    cpu_us: float
    latencies: list[float]


class Caller:
    """One connection. `ask` answers the status and the body."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, call: Call) -> bytes:
        path, body = call
        head = f"POST {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {self._key}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        found = await self._reader.readexactly(length)
        assert answer.startswith(b"HTTP/1.1 200"), (call, found)
        return found

    def close(self) -> None:
        self._writer.close()


def draws(path: str, **fields: object) -> Iterator[Call]:
    body = json.dumps(fields).encode()
    while True:
        yield path, body


def rounds(session: str) -> Iterator[Call]:
    """An escrow and a result, again and again."""
    for number in count():
        name = f"{session}:{number}"
        yield "/rgs/escrow", json.dumps({"session": session, "round": name, "amount": 10, "id": f"{name}:bet"}).encode()
        yield "/rgs/result", json.dumps({"round": name, "win": 9, "id": f"{name}:win"}).encode()


def main(seconds: float = SECONDS, callers: int = CALLERS) -> str:
    pin(OTHER_CORE)
    with Place() as place:
        site = place.folder / "res" / "local_sites" / "bench.json"
        site.write_text(json.dumps(json.loads(site.read_text()) | {"rgs": {"max_win": 100}}))
        about = description(place.redis_version)
        with place.server(False, Size(remember=False), api_rate=100_000, api_burst=100_000) as server:
            rows = uvloop.run(_measured(place.folder, server, seconds, callers))
    return _report(rows, about, callers)


async def _measured(folder: Path, server: Child, seconds: float, callers: int) -> list[tuple[str, Cost]]:
    port = server.ask(do="port")["port"]
    store = await open_store(settings(folder))
    key, text = fresh_key("demo", "bench", "bench", 1)
    await store.keep_api_key(key.id, key.document())
    await store.aclose()
    made = [Caller(port, text) for _ in range(callers)]
    for caller in made:
        await caller.open()
    sessions = [await _login(caller) for caller in made]
    windows = [
        ("one number of 32 (`/rng/distribution`)", [draws("/rng/distribution", n=0, m=32) for _ in made]),
        ("10,000 numbers of 32", [draws("/rng/distribution", n=0, m=32, count=10_000) for _ in made]),
        ("a deck of 52 (`/rng/shuffle`)", [draws("/rng/shuffle", items=[*range(52)]) for _ in made]),
        ("a round: `/rgs/escrow` and `/rgs/result`, two calls", [rounds(session) for session in sessions]),
    ]
    found = [(name, await _window(server, made, calls, seconds)) for name, calls in windows]
    for caller in made:
        caller.close()
    return found


async def _login(caller: Caller) -> str:
    login = {"auth": {"uid": fresh_id()}, "platform": "demo", "site": "bench"}
    found: str = json.loads(await caller.ask(("/session", json.dumps(login).encode())))["sessionId"]
    return found


async def _window(server: Child, callers: list[Caller], calls: list[Iterator[Call]], seconds: float) -> Cost:
    latencies: list[float] = []
    over = asyncio.Event()

    async def go_on(caller: Caller, mine: Iterator[Call]) -> None:
        while not over.is_set():
            begun = time.perf_counter()
            await caller.ask(next(mine))
            latencies.append(time.perf_counter() - begun)

    tasks = [asyncio.create_task(go_on(*pair)) for pair in zip(callers, calls, strict=True)]
    await asyncio.sleep(seconds / 10)
    latencies.clear()
    used, begun = cpu_s(server.pid), time.perf_counter()
    await asyncio.sleep(seconds)
    done, took, cpu = len(latencies), time.perf_counter() - begun, cpu_s(server.pid) - used
    over.set()
    await asyncio.gather(*tasks)
    return Cost(done / took, cpu / done * 1e6, latencies[:done])


def _report(rows: list[tuple[str, Cost]], about: dict[str, str], callers: int) -> str:
    table = "\n".join(f"| {name} | {cost.calls_s:,.0f} | {cost.cpu_us:,.0f} | {_ms(cost.latencies)} |" for name, cost in rows)
    machine = "\n".join(f"- {name}: {value}" for name, value in about.items())
    return f"""# What the calls of games that live elsewhere cost

Written by `python -m bench.rgs`. {callers} callers, each with a connection of its own, ask [the RGS door](../docs/rgs.md) of
one process as fast as they are answered. Every call looks its key up in Redis; draws are recorded there, and money moves
there, before anything is answered.

{HEAD}
|---|---|---|---|---|
{table}

The callers share a core with Redis, which syncs its append-only file with every step: the calls a second are theirs as much
as the server's.

{machine}
"""


def _ms(seconds: list[float]) -> str:
    at = quantiles(seconds, n=100)
    return f"{at[49] * 1000:.1f} | {at[98] * 1000:.1f}"


if __name__ == "__main__":
    if "--quick" in sys.argv:
        print(main(0.3, 8))
    else:
        Path(__file__).with_suffix(".md").write_text(main(), encoding="utf-8")
