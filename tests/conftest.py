"""The stores that every contract and promise is tested on."""

import asyncio
import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tornado.ioloop import IOLoop

from tests import forked, servers
from tests.digest import digest, no_collecting
from tests.jackpots import calm_res
from tests.player import Player
from tests.scratch import scratch
from tests.secrets import Watch, secret
from webingo.config import Settings
from webingo.support.redis import connect
from webingo.support.redis.cluster import ClusterLink
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.store import Store

STORES = ("memory", "fakeredis", "embedded", "redis", "cluster")
DATABASES = ("sqlite", "postgresql")
FIRST = (
    "browser_console", "promises_crash", "browser", "doors_operator", "promises_operator", "office_security", "browser_slots",
    "fuzz", "slots_simulation", "browser_jackpots", "promises", "rgs_concurrent", "office_plans", "browser_social",
    "rgs_openapi", "payments_two_processes", "office_openapi", "jackpot_books", "promises_two_processes", "bench",
    "browser_example_slot", "example_slot", "adapter_kit", "promises_operator_crash", "slot_ide_promises", "slots_odds",
    "promises_books", "promises_levels", "commands", "office_api", "office_sites", "slot_ide_requests", "office_rounds",
    "office_players", "docs_backoffice", "redis_cluster", "bingo_odds", "hostile_http", "outbox",
)  # fmt: skip
"""Files that take long come first, as a file is always whole in one process: the others fill what is left."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long tests only")


def pytest_configure(config: pytest.Config) -> None:
    worker = hasattr(config, "workerinput")
    if not worker and not config.getoption("--soak") and (memory := scratch()) is not None:
        config.pluginmanager.register(memory)
    told = digest(worker)
    config.pluginmanager.register(Watch(told))
    if told is not None:
        config.pluginmanager.register(told)


def pytest_unconfigure() -> None:
    forked.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    soak = config.getoption("--soak")
    chosen: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        chosen[bool(item.get_closest_marker("soak")) == soak].append(item)
    config.hook.pytest_deselected(items=chosen[False])
    places = {f"test_{name}": place for place, name in enumerate(FIRST)}
    items[:] = sorted(chosen[True], key=lambda item: places.get(item.path.stem, len(FIRST)))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # the collector need not go through all modules and all tests again and again


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing is left out in silence: a skipped test fails, and says what it lacked."""
    with no_collecting():
        report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real redis-server with an append-only file, for the whole run."""
    with servers.real_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture
def own_redis_url(tmp_path: Path) -> Iterator[str]:
    """The same for one test alone: on that of the whole run, servers find what other tests have left to be done."""
    with servers.real_redis(tmp_path / "redis") as server:
        yield server.url


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Three masters, for the whole run."""
    with servers.cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def embedded_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"embedded:{tmp_path_factory.mktemp('embedded')}"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, io_loop: IOLoop) -> Iterator[Store]:
    """Each of the stores in turn. Those on a server keep what earlier tests wrote: use fresh players."""
    if request.param == "memory":
        yield MemoryStore()
        return
    names = {"redis": "redis_url", "cluster": "cluster_url", "embedded": "embedded_url"}
    url = "memory:" if request.param == "fakeredis" else request.getfixturevalue(names[request.param])
    made = io_loop.run_sync(lambda: open_store(url))
    yield made
    io_loop.run_sync(made.aclose)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The backoffice's databases (tests.office_databases.Databases), with one PostgreSQL for the whole run."""
    from tests.office_databases import Databases

    made = Databases(tmp_path_factory.mktemp("office"))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, databases: Any) -> Iterator[Any]:
    """A backoffice's database with its tables and nothing in them (office.database.Database), of each kind in turn."""
    made = databases.fresh(request.param)
    yield made
    made.close()


async def open_store(url: str, timeout_s: float = 5.0) -> RedisStore:
    store = RedisStore(await connect(url, timeout_s=timeout_s))
    await store.prepare()
    return store


async def emptied(store: Store) -> Store:
    """Without what earlier tests wrote: for those that look at the whole of it."""
    if isinstance(store, RedisStore):
        link = store.link
        for node in link.masters.values() if isinstance(link, ClusterLink) else [link]:
            await node.execute("EVAL", "return redis.call('FLUSHALL')", 0)
        await store.prepare()
    return store


@pytest.fixture(autouse=True)
def _nobody_stays(io_loop: IOLoop) -> Iterator[None]:
    yield
    Player.abort_all()
    io_loop.run_sync(lambda: asyncio.sleep(0))  # lets the transports close


@pytest.fixture
def server(store: Store, io_loop: IOLoop) -> Iterator[Any]:
    """A whole server on a free port of loopback, on each of the stores in turn."""
    yield from _served(store, io_loop)


@pytest.fixture
def plain_server(io_loop: IOLoop) -> Iterator[Any]:
    """A whole server on the memory store, for what has nothing to do with the store."""
    yield from _served(MemoryStore(), io_loop)


def _served(store: Store, io_loop: IOLoop) -> Iterator[Any]:
    from webingo.server.app import Server

    server = Server(settings())
    io_loop.run_sync(lambda: server.start(store))
    yield server
    Player.abort_all()  # or the stopping server waits for their goodbyes
    io_loop.run_sync(server.stop)


def settings(**changes: Any) -> Settings:
    """For servers in tests: in debug, on loopback, with patience for tests that are in a hurry."""
    given: dict[str, Any] = {
        "debug": True,
        "http_port": 0,
        "http_address": "127.0.0.1",
        "secret": SecretStr(secret("not-a-secret-" * 4, "key of sessions")),
        "res_dir": calm_res(),
        "static_dir": Path(__file__).parent.parent / "static",
        "message_rate": 10_000,
        "message_burst": 10_000,
        "connections_per_address": 10_000,
        "failed_logins": 10_000,
        "api_rate": 100_000,
        "api_burst": 100_000,
    }
    return Settings(**{**given, **changes})


@pytest.fixture
def res_dir() -> Path:
    """The games and sites that ship with the program."""
    return Path(__file__).parent.parent / "res"
