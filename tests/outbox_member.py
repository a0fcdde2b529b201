"""A process of a consumer group, to be killed: python -m tests.outbox_member URL GROUP NAME

What it applies it notes down in Redis, at the end of the list noted:{<shard>}, as a consumer's own database would.
"""

import asyncio
import sys
from collections.abc import Sequence

from webingo.support.clock import SystemClock
from webingo.support.redis import Link, connect
from webingo.transaction.outbox import Outbox, Pace
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.transaction import Entry

PACE = Pace(ttl_s=1.0, poll_s=0.05, page=20)


class Noting:
    def __init__(self, group: str, link: Link) -> None:
        self.group = group
        self._link = link

    async def apply(self, shard: int, entries: Sequence[Entry]) -> None:
        for entry in entries:  # one by one, so that a kill finds pages half done
            await self._link.execute("RPUSH", f"noted:{{{shard}}}", entry.position)


async def main(url: str, group: str, name: str) -> None:
    link = await connect(url)
    outbox = Outbox(RedisStore(link), Noting(group, link), name, SystemClock(), PACE)
    await outbox.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
