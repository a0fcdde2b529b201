"""Every message about a payment a hundred times, in any order, to two processes, of which one is killed meanwhile: it is
credited once."""

import asyncio
import random
from itertools import count
from pathlib import Path

import pytest

from examples.fake_facebook import FakeFacebook
from tests.conftest import open_store
from tests.facebook import facebook, known
from tests.processes import ServerProcess
from tests.social import ask, casino, enter, ledger, say, two_processes

REPLAYS = 100
UIDS = [str(700_000_000_000_000 + number) for number in range(4)]

_numbers = count()


class Replay:
    """Two server processes on one redis, a Facebook, and players with a payment each."""

    def __init__(self, fake: FakeFacebook, servers: list[ServerProcess]) -> None:
        self.fake = fake
        self.servers = servers
        self.dice = random.Random(20261121)
        self.payments: dict[str, str] = {}  # uid -> payment id

    def port(self) -> int:
        return self.dice.choice(self.servers).port

    async def buy(self, uid: str) -> None:
        player = await enter(self.fake, self.servers[0].port, uid)
        request = await ask(player, "buy", "request", product="small")
        url = f"http://127.0.0.1:{self.servers[0].port}{request['url']}"
        payment = await self.fake.payments.begin(uid, url, 1, request["request_id"])
        await self.fake.payments.finish(payment.id, tell=False)
        self.payments[uid] = payment.id
        await player.leave()

    async def hand_on(self, uid: str) -> None:
        """The player's client hands the receipt on again and again, now here, now there."""
        left = REPLAYS
        while left > 0:
            try:
                player = await enter(self.fake, self.port(), uid)
                for _ in range(min(left, self.dice.randint(5, 30))):
                    say(player, "paid", signed_request=self.fake.payments.receipt(self.payments[uid])["signed_request"])
                    heard = "moved"  # of what the other process was told
                    while heard in ("moved", "state"):
                        message = await player.next()
                        heard = message["message"]["what"] if message["t"] == "component" else message["t"]
                    assert heard == "purchased", message
                    left -= 1
                player.client.abort()
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(0.05)

    async def tell(self, uid: str) -> None:
        """Facebook tells of the payment again and again, alone and together with others."""
        ids = list(self.payments.values())
        left = REPLAYS
        while left > 0:
            self.fake.callbacks["payments"] = f"http://127.0.0.1:{self.port()}/facebook/payments"
            others = self.dice.sample(ids, self.dice.choice((0, 0, 0, 2)))
            taken = await self.fake.payments.tell(self.payments[uid], *others)
            if taken == 200:
                left -= 1
            else:
                await asyncio.sleep(0.02)

    async def happen(self) -> None:
        """What the banks do meanwhile. The first payment stays as it is."""
        at_facebook, (_, refunded, charged_back, in_parts) = self.fake.payments, self.payments.values()
        for event in (
            lambda: at_facebook.refund(in_parts, "0.50", tell=False),
            lambda: at_facebook.chargeback(charged_back, tell=False),
            lambda: at_facebook.refund(refunded, tell=False),
            lambda: at_facebook.reverse(charged_back, tell=False),
            lambda: at_facebook.refund(in_parts, "1.00", tell=False),
        ):
            await asyncio.sleep(0.1)
            await event()

    async def kill(self) -> None:
        await asyncio.sleep(0.3)
        self.servers[1].kill()
        self.servers[1].start(wait=False)
        await asyncio.to_thread(self.servers[1].wait_ready)

    async def redeliver(self) -> None:
        """What was not taken comes again, as Facebook does it."""
        for payment_id in self.payments.values():
            self.fake.callbacks["payments"] = f"http://127.0.0.1:{self.servers[0].port}/facebook/payments"
            assert await self.fake.payments.tell(payment_id) == 200


@pytest.mark.timeout(120)
async def test_every_message_a_hundred_times_in_any_order_over_two_processes(own_redis_url, tmp_path: Path):
    uids = [f"{uid}{next(_numbers)}" for uid in UIDS]
    async with facebook() as fake:
        given = {"redis_url": own_redis_url, "res_dir": casino(tmp_path), **known(fake)}
        async with two_processes(tmp_path, **given) as servers:
            replay = Replay(fake, servers)
            for uid in uids:
                await replay.buy(uid)
            async with asyncio.TaskGroup() as all_of_it:  # where one fails, none starts a server after the others were stopped
                for work in (replay.happen(), replay.kill(), *map(replay.hand_on, uids), *map(replay.tell, uids)):
                    all_of_it.create_task(work)
            await replay.redeliver()
    for server in servers:
        assert '"level":"error"' not in server.log.read_text()
    store = await open_store(own_redis_url)
    try:
        moved = [[(entry.kind, entry.amount) for entry in await ledger(store, uid)] for uid in uids]
    finally:
        await store.aclose()
    bought = [("grant", 100), ("purchase", 500)]
    assert moved == [
        bought,
        [*bought, ("refund", -500)],
        [*bought, ("chargeback", -500), ("chargeback_reversal", 500)],
        [*bought, ("refund", -125), ("refund", -251)],
    ]
