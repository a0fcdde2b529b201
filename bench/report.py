"""From figures to text: medians over the turns, the span beside them, the verdict on the targets."""

from statistics import median

from bench.run import COMMIT, COMMIT_POOL, ECHO, POOL, WEBINGO, Results

AT_MOST = 1.6
"""CPU per settled bet over that of a bare echo and a bare commit together."""
BELOW = 1 / 3
"""CPU per settled bet over that of the same server with a redis-py pool."""

EXPLANATION = """\
# What a bet costs

Written by `make bench` (`python -m bench`); figures of other machines are made by running it there. It takes about three
minutes; `--quick` takes seconds and writes nothing, `--profile` shows which functions the time goes to.

The first figure is the CPU time (user and system) that the server process uses for a settled bet, since that says how many
players a core can serve; on a shared machine it is also the steadiest.

**A settled bet** is the action `bet` of joker-bingo (stake 4, four cards) in the state `game`, again and again. One frame
comes in; the engine ends the round before (which pays its win) and draws the next one; both transitions, their ledger
entries and their records are written by one call of the commit script; two states go out, `idle` and `game`. It counts when
the second one has arrived at the client. **A plain action** is one transition: `bet` out of `idle` and `end` out of `game` in
turn, one frame in, one commit, one state out; its figures are the mean of the two.

What is compared, in the same run, each in its turn, on the same core:

- **webingo**: the real server on its embedded Redis (a fresh folder, append-only file, appendfsync always). Only limits are
  set out of the way: messages per second and connections per address. Players are logged in on the platform demo. A card's
  prizes are remembered by its hits; all 32,768 of them are asked for beforehand, as they have been after some time of play.
- **webingo, pool per call**: the same server and the same store, but every call takes a connection of a redis-py asyncio
  pool (BlockingConnectionPool, 64 connections, hiredis) for itself.
- **Tornado echo**: `tornado.websocket.WebSocketHandler` on uvloop, with set_nodelay. The same frame comes in, and it answers
  with two texts recorded from the real server, the `idle` and the `game` state nearest to the mean size: so it reads and
  writes as many frames and bytes as a settled bet does, and does nothing else. For plain actions it answers with one of them.
- **commit**: the bare script call. 64 callers send the real commit.lua with the keys and arguments of settled bets that were
  played beforehand on the real engine, each waiting for its commit before the next; by webingo's link, which sends all calls
  of one turn of the event loop together, and by a redis-py pool of 64 connections (evalsha).

The clients are a generator of our own on raw sockets, one process per server; each client answers at once, so that rounds/s
is what the server can do and the latencies (from sending the frame to having the last state) are those of a full server.
"""


def report(results: Results) -> str:
    """The whole text, as it is printed and kept in bench/README.md."""
    size = results.size
    return "\n".join(
        [
            EXPLANATION,
            "## Figures",
            "",
            f"Medians with (lowest–highest) over {size.repetitions} repetitions, each with a fresh Redis and fresh processes, "
            f"of {size.turns} turns each. A turn is {size.seconds:g} s after {size.warmup:g} s of warm-up; all subjects take "
            "one after the other, and another one begins each time.",
            "",
            "| | connections | **CPU µs per round** | rounds/s | p50 ms | p99 ms | Redis µs per round |",
            "|---|--:|--:|--:|--:|--:|--:|",
            *_rows(results),
            "",
            "For the commits, a connection is a caller.",
            "",
            "| | connections | server's core used | Redis' share | generator's share | bytes in | bytes out |",
            "|---|--:|--:|--:|--:|--:|--:|",
            *_shares(results),
            "",
            "Shares are of one core. Redis and the generator share a core; as long as the two together leave some of it idle, "
            "neither of them is what is measured. Bytes are per round, frames' headers included.",
            "",
            f"Memory per idle connection (growth of the server's resident memory over {size.many} connections):",
            "",
            *(f"- {name}: **{spread(values, 1)} KiB**" for name, values in results.memory.items()),
            "",
            "## Targets",
            "",
            *_verdicts(results),
            "",
            "## Machine",
            "",
            *(f"- {name}: {value}" for name, value in results.machine.items()),
            "",
        ]
    )


def _rows(results: Results) -> list[str]:
    rows = []
    for (what, count, how), figures in results.windows.items():
        cells = (
            f"**{spread(figures['cpu_us'], 0)}**",
            spread(figures["rounds_per_s"], 0),
            spread(figures["p50_ms"], 1),
            spread(figures["p99_ms"], 1),
            "–" if what == ECHO else spread(figures["redis_us"], 0),
        )
        rows.append(f"| {what}: {how} | {count} | {' | '.join(cells)} |")
    return rows


def _shares(results: Results) -> list[str]:
    rows = []
    for (what, count, how), figures in results.windows.items():
        own = what in (COMMIT, COMMIT_POOL)
        cells = (
            _percent(figures["server_share"]),
            "–" if what == ECHO else _percent(figures["redis_share"]),
            "–" if own else _percent(figures["generator_share"]),
            "–" if own else f"{median(figures['bytes_in']):.0f}",
            "–" if own else f"{median(figures['bytes_out']):.0f}",
        )
        rows.append(f"| {what}: {how} | {count} | {' | '.join(cells)} |")
    return rows


def ratios(results: Results) -> dict[str, list[float]]:
    """CPU of a settled bet over what it is compared with, turn by turn."""
    found: dict[str, list[float]] = {}
    bare = _settled(results, COMMIT, 64)
    for count in (results.size.few, results.size.many):
        ours, echo, pool = (_settled(results, what, count) for what in (WEBINGO, ECHO, POOL))
        found[f"bare, {count}"] = [a / (e + c) for a, e, c in zip(ours, echo, bare, strict=True)]
        found[f"pool, {count}"] = [a / p for a, p in zip(ours, pool, strict=True)]
    few = results.size.few
    ours, pool = (_cpu(results, what, few, "plain action") for what in (WEBINGO, POOL))
    found["pool, plain"] = [a / p for a, p in zip(ours, pool, strict=True)]
    return found


def _settled(results: Results, what: str, count: int) -> list[float]:
    return _cpu(results, what, count, "settled bet")


def _cpu(results: Results, what: str, count: int, how: str) -> list[float]:
    return results.windows[what, count, how]["cpu_us"]


def _verdicts(results: Results) -> list[str]:
    lines = []
    found = ratios(results)
    for count in (results.size.few, results.size.many):
        bare, pool = found[f"bare, {count}"], found[f"pool, {count}"]
        lines += [
            f"- {count} connections: CPU per settled bet is **{spread(bare, 2)}** times that of a bare Tornado echo and a "
            f"bare batched commit together; the target is at most {AT_MOST}: {_verdict(median(bare) <= AT_MOST)}.",
            f"- {count} connections: CPU per settled bet is **{spread(pool, 2)}** times that of the same server with a "
            f"redis-py pool per call; the target is below 1/3: {_verdict(median(pool) < BELOW)}.",
        ]
    plain = found["pool, plain"]
    lines.append(
        f"- {results.size.few} connections: CPU per plain action is **{spread(plain, 2)}** times that of the same server "
        f"with a redis-py pool per call; the target is below 1/3: {_verdict(median(plain) < BELOW)}."
    )
    return lines


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def spread(values: list[float], digits: int) -> str:
    middle, low, high = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low}–{high})"


def _percent(values: list[float]) -> str:
    return f"{median(values):.0%}"
