"""A process that does nothing but feed and pay the jackpots of one site: `python -m tests.jackpot_consumer URL SITE.json`."""

import asyncio
import sys
from pathlib import Path

from webingo.jackpot.jackpots import Jackpots
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.support.clock import SystemClock
from webingo.support.redis import connect
from webingo.transaction.redis_store import RedisStore


class OneSite:
    """As much of a ResourceSource as jackpots ask for."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def site(self, platform: str, site_id: str) -> Site:
        return self._site

    def newest(self, site: Site) -> Site:
        return site


async def main(url: str, site: Site) -> None:
    store = RedisStore(await connect(url))
    await store.prepare()
    jackpots = Jackpots(store, OneSite(site), SystemRng(), SystemClock())  # type: ignore[arg-type]
    await jackpots.start([site])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Site.model_validate_json(Path(sys.argv[2]).read_text())))
