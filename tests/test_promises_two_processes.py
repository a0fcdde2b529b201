"""Two server processes on one database: any of them serves any player, and each state still has one outcome."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import open_store
from tests.player import Player
from tests.processes import ServerProcess, kill_embedded, run
from tests.test_hostile import two_credit_sites
from tests.test_promises import ledger_of, new_uid, one_outcome_each, race, rounds_of
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import User

PLAYERS, RACES_EACH = 20, 50
AT_ONCE_S = 1.0

Nodes = list[ServerProcess]


@pytest.fixture(scope="module", params=["redis", "embedded"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("two")
    if request.param == "embedded":
        yield f"embedded:{folder}"
        kill_embedded(folder)  # where a failed test left it
    else:
        with servers.real_redis(folder) as redis:
            yield redis.url


@pytest.fixture(scope="module")
def nodes(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Two processes, both serving two sites whose players have one wallet."""
    folder = tmp_path_factory.mktemp("nodes")
    res = two_credit_sites(folder)
    nodes = [ServerProcess(folder / f"{n}.log", redis_url=database, res_dir=res) for n in range(2)]
    for node in nodes:
        node.start(wait=False)
    for node in nodes:
        node.wait_ready()
    yield nodes
    for node in nodes:
        node.end()
    for node in nodes:
        assert b"Traceback" not in node.log.read_bytes()


@asynccontextmanager
async def store_of(database: str) -> AsyncIterator[RedisStore]:
    store = await open_store(database)
    try:
        yield store
    finally:
        await store.aclose()


async def test_a_thousand_races_over_two_processes_have_one_outcome_each(nodes: Nodes, database: str) -> None:
    players = [new_uid() for _ in range(PLAYERS)]
    ports = (nodes[0].port, nodes[1].port)
    async with asyncio.TaskGroup() as group:  # where one fails the others end with it, and leave nothing behind
        races = [group.create_task(race(ports, uid, RACES_EACH)) for uid in players]
    contested = [race.result() for race in races]
    assert sum(map(len, contested)) == 1000
    async with store_of(database) as store:
        await one_outcome_each(store, players[0], contested[0])
        for uid, states in zip(players[1:], contested[1:], strict=True):
            wagers = [entry.id for entry in await ledger_of(store, uid) if entry.kind == "wager"]
            assert wagers == [f"{sid}:1" for sid in states]
            assert len(await rounds_of(store, uid)) == len(states), "no draw was wasted into a record"
    found = run("reconcile", check=False, redis_url=database)
    assert found.returncode == 0, found.stdout + found.stderr


async def test_a_login_elsewhere_closes_the_older_connection_at_once(nodes: Nodes) -> None:
    loop, uid = asyncio.get_running_loop(), new_uid()
    here = await Player.log_in(nodes[0].port, uid)
    await here.load()
    await here.bet()
    for number in range(1, 11):
        there = await Player.log_in(nodes[number % 2].port, uid)
        taken = loop.time()
        assert await here.closed() == 4409
        assert loop.time() - taken < AT_ONCE_S
        assert here.errors[-1]["code"] == "REPLACED"
        assert there.game == here.game
        here = there
    await here.end()


async def test_money_that_is_posted_reaches_the_sessions_on_both_processes(nodes: Nodes, database: str) -> None:
    uid = new_uid()
    here = await Player.log_in(nodes[0].port, uid)
    there = await Player.log_in(nodes[1].port, uid, site="second")
    assert there.credits == 1000, "the second site gives no second grant"
    async with store_of(database) as store:
        await store.post(Posting("gift", WalletId(User("demo", uid), "credit"), "gift", 500, "", 1))
    async with asyncio.timeout(AT_ONCE_S):
        assert (await here.next_state())["wallet"]["credits"] == 1500
        assert (await there.next_state())["wallet"]["credits"] == 1500
    await here.load()
    await here.bet()
    async with asyncio.timeout(AT_ONCE_S):
        assert (await there.next_state())["wallet"]["credits"] == 1496
    assert here.errors == there.errors == [], "they are two seats"


async def test_a_process_that_is_stopped_finishes_what_is_in_hand_and_the_other_goes_on(nodes: Nodes) -> None:
    players = [await Player.log_in(nodes[0].port, new_uid()) for _ in range(20)]
    for player in players:
        await player.load()
        player.act("bet", {"amount": 4})
    for player in players:
        await player.client.drain()
    for player in players[:10]:
        await player.next_state()
    status = await asyncio.get_running_loop().run_in_executor(None, nodes[0].stop)
    assert status == 0
    for player in players:
        assert await player.closed() == 1001
        again = await Player.log_in(nodes[1].port, player.uid)
        assert again.state["gamestate"] == player.game and again.credits == player.credits
        if "end" in again.game["actions"]:
            await again.end()
    nodes[0].start()
    assert (await Player.log_in(nodes[0].port, players[0].uid)).credits >= 996


async def test_when_a_process_is_killed_the_other_serves_its_players(nodes: Nodes) -> None:
    players = [await Player.log_in(nodes[1].port, new_uid()) for _ in range(10)]
    for player in players:
        await player.load()
        await player.bet()
    witness = await Player.log_in(nodes[0].port, new_uid())
    await witness.load()
    nodes[1].kill()
    for player in players:
        assert await player.closed() is None
        again = await Player.log_in(nodes[0].port, player.uid)
        assert again.game == player.game
        await again.end()
    await witness.bet()
    nodes[1].start()
    there = await Player.log_in(nodes[1].port, witness.uid)
    assert there.game == witness.game
    assert await witness.closed() == 4409


def test_the_ledger_is_the_truth_after_all_that(nodes: Nodes, database: str) -> None:
    found = run("reconcile", check=False, redis_url=database)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    assert " 0 problems" in found.stdout


def test_both_can_be_stopped_and_nothing_is_lost(nodes: Nodes, database: str, tmp_path: Path) -> None:
    before = run("reconcile", redis_url=database).stdout
    for node in nodes:
        assert node.stop() == 0
    assert run("reconcile", redis_url=database).stdout == before
