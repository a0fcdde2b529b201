"""Cluster and Sentinel: calls go to where the slot or the master is, and follow when it moves."""

import asyncio

import pytest
from redis.crc import key_slot

from tests.scripts import INCREASE
from tests.servers import cluster, sentinel
from webingo.errors import Code, Refused
from webingo.support.redis import NoRedis, Script, connect


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


async def test_calls_reach_the_node_of_their_slot(nodes):
    link = await connect(nodes.url)
    for node in nodes.nodes:
        node.ask("FLUSHALL")
    calls = (link.call(INCREASE, [f"{{{shard}}}ids", f"{{{shard}}}n"], ["1"]) for shard in range(64))
    assert await asyncio.gather(*calls) == [1] * 64
    assert await asyncio.gather(*(link.execute("GET", f"{{{shard}}}n") for shard in range(64))) == [b"1"] * 64
    sizes = [int(node.ask("DBSIZE").strip(":\r\n")) for node in nodes.nodes]
    assert sum(sizes) == 128
    assert min(sizes) > 0
    await link.close()


async def test_one_known_node_is_enough(nodes):
    link = await connect(nodes.url.partition(",")[0])
    assert await asyncio.gather(*(link.execute("EXISTS", f"{{{shard}}}none") for shard in range(64))) == [0] * 64
    await link.close()


async def test_calls_follow_a_slot_while_it_moves_and_after(nodes):
    link = await connect(nodes.url)
    slot = key_slot(b"{7}")
    source = next(number for number in range(3) if slot < 16384 * (number + 1) // 3)
    target = (source + 1) % 3
    keys = ["{7}ids", "{7}moving"]
    assert await link.call(INCREASE, keys, ["a"]) == 1

    nodes.nodes[target].ask("CLUSTER", "SETSLOT", str(slot), "IMPORTING", nodes.node_id(source))
    nodes.nodes[source].ask("CLUSTER", "SETSLOT", str(slot), "MIGRATING", nodes.node_id(target))
    # Keys that are not there (any more) are asked for at the target, with ASKING.
    assert await link.execute("SET", "{7}new", "1") == b"OK"
    assert nodes.nodes[source].ask("DBSIZE") != nodes.nodes[target].ask("DBSIZE")
    assert "ASK" in nodes.nodes[source].ask("GET", "{7}new")

    # Half of the keys have moved: neither node can run the script, and the caller waits.
    port = str(nodes.nodes[target].port)
    nodes.nodes[source].ask("MIGRATE", "127.0.0.1", port, "{7}ids", "0", "5000")
    between = asyncio.ensure_future(link.call(INCREASE, keys, ["b"]))
    await asyncio.sleep(0.2)
    assert not between.done()
    nodes.nodes[source].ask("MIGRATE", "127.0.0.1", port, "{7}moving", "0", "5000")
    assert await between == 2

    for node in (nodes.nodes[target], nodes.nodes[source], nodes.nodes[(target + 1) % 3]):
        node.ask("CLUSTER", "SETSLOT", str(slot), "NODE", nodes.node_id(target))
    assert "MOVED" in nodes.nodes[source].ask("GET", "{7}moving")
    assert await asyncio.gather(*(link.call(INCREASE, keys, [f"c{n}"]) for n in range(20))) == list(range(3, 23))
    await link.close()


async def test_a_node_that_is_lost_refuses_its_slots_only_and_comes_back(nodes):
    link = await connect(nodes.url, timeout_s=0.5)
    first, last = shard_of_node(0), shard_of_node(2)
    # The others would refuse everything after a while (cluster-require-full-coverage); they have not noticed yet.
    nodes.nodes[2].kill()
    lost, kept = await asyncio.gather(
        link.execute("SET", f"{{{last}}}a", "1"), link.execute("SET", f"{{{first}}}a", "1"), return_exceptions=True
    )
    assert isinstance(lost, Refused)
    assert lost.code == Code.UNAVAILABLE
    assert kept == b"OK"
    await asyncio.to_thread(nodes.nodes[2].start)
    for _ in range(20):
        try:
            assert await link.execute("SET", f"{{{last}}}a", "1") == b"OK"
            break
        except Refused:
            continue
    else:
        raise AssertionError("the node is not used again")
    await link.close()


def shard_of_node(number: int) -> int:
    return next(shard for shard in range(8, 64) if key_slot(b"{%d}" % shard) * 3 // 16384 == number)


async def test_events_are_heard_across_the_cluster(nodes):
    link = await connect(nodes.url)
    heard: list[bytes] = []
    link.listen("events", heard.append, lambda: None)
    publish = Script("publish", "return redis.call('PUBLISH', 'events', ARGV[1])")
    # Each node's count of subscribers is its own, so publishing is repeated until it was heard from all three.
    for _ in range(100):
        await asyncio.gather(*(link.call(publish, [f"{{{shard}}}"], [str(shard)]) for shard in range(20)))
        await asyncio.sleep(0.05)
        if len(set(heard)) == 20:
            break
    assert set(heard) == {str(shard).encode() for shard in range(20)}
    await link.close()


def offset(told: str, name: str) -> int:
    """How much of what is replicated there is."""
    return int(told.partition(f"\r\n{name}:")[2].partition("\r\n")[0])


async def test_a_promoted_replica_gets_the_calls_of_its_master(nodes):
    link = await connect(nodes.url, timeout_s=15)
    keys = [f"{{{shard_of_node(0)}}}ids", f"{{{shard_of_node(0)}}}promoted"]
    assert await link.call(INCREASE, keys, ["a"]) == 1
    replica = await asyncio.to_thread(nodes.add_replica, 0)
    assert await link.call(INCREASE, keys, ["b"]) == 2
    written = offset(nodes.nodes[0].ask("INFO", "replication"), "master_repl_offset")
    async with asyncio.timeout(30):
        while offset(replica.ask("INFO", "replication"), "slave_repl_offset") < written:
            await asyncio.sleep(0.01)
    nodes.nodes[0].kill()
    calls = [link.call(INCREASE, keys, [f"c{n}"]) for n in range(20)]
    assert await asyncio.gather(*calls) == list(range(3, 23))
    assert "role:master" in replica.ask("INFO", "replication")
    await link.close()


async def test_no_cluster_is_said_so(tmp_path):
    with pytest.raises(NoRedis, match="No Redis cluster"):
        await connect("redis+cluster://127.0.0.1:1,127.0.0.1:2", timeout_s=0.3)


async def test_calls_follow_a_failover_that_the_sentinel_decided(tmp_path):
    with sentinel(tmp_path) as group:
        link = await connect(group.url, timeout_s=15)
        assert await link.call(INCREASE, ["{0}ids", "{0}n"], ["a"]) == 1
        group.wait_for_replica()
        group.nodes[0].kill()
        # Under way while there is no master: answered by the next one.
        assert await link.call(INCREASE, ["{0}ids", "{0}n"], ["b"]) == 2
        assert group.nodes[1].ask("GET", "{0}n") == "$1\r\n2\r\n"
        await link.close()


async def test_sentinels_that_know_no_such_master_are_said_so(tmp_path):
    with sentinel(tmp_path) as group, pytest.raises(NoRedis, match="no master of that name"):
        await connect(group.url.replace("/webingo", "/other"), timeout_s=0.5)
