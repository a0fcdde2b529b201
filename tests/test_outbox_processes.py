"""Members of a consumer group as processes that are killed, on a Redis that is killed too: every entry is applied in its order,
none is left out."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import open_store
from tests.forked import Forked
from tests.outbox_member import PACE
from webingo.errors import Refused
from webingo.rng import SystemRng, fresh_id
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import SHARDS, User

GROUP = "noting"


class Members:
    """The processes; whatever happens, they are gone at the end."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.alive: list[Forked] = []

    def start(self) -> None:
        self.alive.append(Forked("-m", "tests.outbox_member", self._url, GROUP, fresh_id()))

    def kill(self, which: int) -> None:
        process = self.alive.pop(which)
        process.kill()
        process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[servers.RealRedis]:
    with servers.real_redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def members(redis: servers.RealRedis) -> Iterator[Members]:
    members = Members(redis.url)
    yield members
    while members.alive:
        members.kill(0)


async def post(store: RedisStore, count: int, pause_s: float = 0.0) -> None:
    """As many entries, of players on all shards; posted until they are. `pause_s` after every fifty."""

    async def surely(number: int) -> None:
        posting = Posting(fresh_id(), WalletId(User("demo", f"player{number % 200}"), "credit"), "gift", 1, "", 1000)
        for _ in range(100):
            try:
                await store.post(posting)
                return
            except Refused:
                await asyncio.sleep(0.05)

    for first in range(0, count, 50):
        await asyncio.gather(*map(surely, range(first, first + 50)))
        await asyncio.sleep(pause_s)


async def noted(store: RedisStore, shard: int) -> list[bytes]:
    return await store._link.execute("LRANGE", f"noted:{{{shard}}}", 0, -1)  # type: ignore[no-any-return]


async def behind(store: RedisStore) -> int:
    return sum([standing.lag for standing in await asyncio.gather(*(store.standing(GROUP, shard) for shard in range(SHARDS)))])


async def caught_up(store: RedisStore, within_s: float) -> float:
    """Waits until the group has passed everything; answers how long that took."""
    begun = time.monotonic()
    while await behind(store) or not await store.groups():
        assert time.monotonic() - begun < within_s, f"{await behind(store)} entries wait still"
        await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def all_in_order(store: RedisStore) -> None:
    for shard in range(SHARDS):
        whole = [entry.position.encode() async for entry in store.entries(shard)]
        assert list(dict.fromkeys(await noted(store, shard))) == whole


async def test_members_and_redis_are_killed_and_every_entry_is_applied_in_order(
    redis: servers.RealRedis, members: Members
) -> None:
    store, rng = await open_store(redis.url), SystemRng()
    for _ in range(3):
        members.start()
    posting = asyncio.create_task(post(store, 3000, pause_s=0.03))
    for step in range(5):
        await asyncio.sleep(0.4)
        members.kill(rng.below(len(members.alive)))
        members.start()
        if step == 2:
            redis.kill()
            await asyncio.to_thread(redis.start)
    await posting
    await caught_up(store, within_s=15)
    await all_in_order(store)
    repeated = sum([len(await noted(store, shard)) for shard in range(SHARDS)])
    assert repeated < 3000 + 5 * 8 * PACE.page, "only pages that were in hand come again"
    await store.aclose()


async def test_a_killed_member_is_replaced_within_seconds(redis: servers.RealRedis, members: Members) -> None:
    store = await open_store(redis.url)
    members.start()
    members.start()
    await post(store, 200)
    await caught_up(store, within_s=15)
    await asyncio.sleep(PACE.ttl_s)
    assert {(await store.standing(GROUP, shard)).member == "" for shard in range(SHARDS)} == {False}
    members.kill(0)
    await post(store, 200)
    assert await caught_up(store, within_s=10) < 3 * PACE.ttl_s
    await all_in_order(store)
    await store.aclose()


async def test_a_member_that_stood_still_for_long_does_no_harm(redis: servers.RealRedis, members: Members) -> None:
    store = await open_store(redis.url)
    members.start()
    posting = asyncio.create_task(post(store, 1000, pause_s=0.05))
    await asyncio.sleep(1.0)
    members.start()
    frozen = members.alive[0]
    frozen.send_signal(signal.SIGSTOP)
    await posting
    await caught_up(store, within_s=15)
    frozen.send_signal(signal.SIGCONT)
    await post(store, 200)
    await caught_up(store, within_s=15)
    await asyncio.sleep(0.3)
    await all_in_order(store)
    await store.aclose()
