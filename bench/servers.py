"""webingo's server with either link, in a process of its own."""

import cProfile
import pstats
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.children import Answer, run_child
from bench.pool_link import PoolLink
from webingo.config import Settings
from webingo.engines.bingo.definition import Math
from webingo.engines.bingo.prizes import prizes_of
from webingo.resources.local import LocalResources
from webingo.server.app import Server
from webingo.server.run import settle_memory
from webingo.support import log
from webingo.support.redis.embedded import EmbeddedServer
from webingo.transaction.redis_store import RedisStore

End = Callable[[], Awaitable[None]]


def settings(folder: Path, **more: Any) -> Settings:
    """The real server's, with the limits out of the way of a generator that is one address and never pauses."""
    return Settings(
        **more,
        debug=True,  # logins without a token
        http_port=0,
        http_address="127.0.0.1",
        secret=SecretStr("benchmark-" * 4),
        redis_url=f"embedded:{folder / 'redis'}",
        res_dir=folder / "res",
        static_dir=folder / "static",
        message_rate=10_000,
        message_burst=10_000,
        connections_per_address=1_000_000,
        log_level="warning",
    )


async def _webingo(folder: Path, pool: bool, more: dict[str, Any]) -> tuple[int, End]:
    chosen = settings(folder, **more)
    server = Server(chosen)
    store = None
    if pool:
        link = PoolLink(str(EmbeddedServer(folder / "redis").socket_path))
        store = RedisStore(link, chosen.history_rounds, chosen.round_retention_days * 86_400)
        await store.prepare()
    await server.start(store)
    settle_memory()  # as `webingo serve` does
    return server.port, server.stop


def _remember_prizes(res_dir: Path) -> None:
    """Lets the game judge every card that there can be, as it has after some time of play: only the first time is slow."""
    math = Math.model_validate(LocalResources(res_dir, debug=True).games["joker-bingo"].math)
    for hits in range(1 << math.numbers):
        prizes_of(math).outcome(hits)


class Profiler:
    """cProfile on the event loop's thread, between two commands."""

    def __init__(self) -> None:
        self._profile = cProfile.Profile(time.thread_time)  # a busy machine's other processes do not count

    def stop(self) -> dict[str, Any]:
        """[function, where, calls, seconds in it, seconds in it and what it called], costliest first."""
        self._profile.disable()
        found = []
        for (file, line, name), row in pstats.Stats(self._profile).stats.items():  # type: ignore[attr-defined]
            where = f"{'/'.join(Path(file).parts[-2:])}:{line}" if line else "C"
            found.append([name, where, row[1], row[2], row[3]])
        return {"functions": sorted(found, key=lambda row: -row[3])}

    def start(self) -> dict[str, Any]:
        self._profile.enable()
        return {}


async def _begin(config: dict[str, Any]) -> tuple[Answer, End]:
    log.setup("warning", "json")
    folder = Path(config["folder"])
    port, end = await _webingo(folder, config["pool"], config["more"])
    if config["remember"]:
        _remember_prizes(folder / "res")
    profiler = Profiler()

    async def answer(command: dict[str, Any]) -> dict[str, Any]:
        match command["do"]:
            case "profile":
                return profiler.start()
            case "profiled":
                return profiler.stop()
        return {"port": port}

    return answer, end


if __name__ == "__main__":
    run_child(_begin)
