"""`webingo ledger`, as a process beside others, and the sweep that trims."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests import conftest
from tests.processes import command, kill_embedded, run
from tests.test_commands import one_line
from tests.test_store_contract import ledger, new_seat
from tests.test_store_contract_groups import Member, gifts
from webingo.commands.common import Failure
from webingo.commands.ledger import _check
from webingo.server import app
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    yield f"embedded:{tmp_path / 'redis'}"
    kill_embedded(tmp_path / "redis")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await conftest.open_store(url)
    yield store
    await store.aclose()


async def test_status_says_what_waits_for_whom_and_fails_where_nobody_serves_it(url: str) -> None:
    async with opened(url) as store:
        seat = new_seat()
        await gifts(store, seat, 3, at_ms=1_000_000)
        await store.enroll("accounting")
        ann = Member(store, "accounting", seat)
        await ann.done(await ann.pulled(1))
        served = command("ledger", "status", "--json", redis_url=url)
        report = json.loads(served.stdout)
        (group,) = report["groups"]
        assert group.pop("oldest_seconds") > 10**9
        assert group == {
            "group": "accounting", "lag": 2, "oldest_ms": 1_000_000, "unserved": 0, "members": {"ann": 1},
        }  # fmt: skip
        assert (report["entries"], report["oldest_ms"]) == (3, 1_000_000)
        await ann.release()
        table = run("ledger", "status", check=False, redis_url=url)
        assert table.returncode == 1
        assert "accounting" in table.stdout and "no running server" in table.stdout
        assert "3 entries are kept, the oldest of 1970-01-01 00:16:40 UTC." in table.stdout


async def test_a_group_is_forgotten_only_by_its_name_and_while_nobody_serves_it(url: str) -> None:
    async with opened(url) as store:
        await store.enroll("accounting")
        ann = Member(store, "accounting", new_seat())
        await ann.pulled()
        with pytest.raises(Failure, match="did you mean accounting"):
            await _check(store, "acounting")
        one_line(command("ledger", "forget", "accounting", "--yes", check=False, redis_url=url), "in use")
        await ann.release()
        refused = command("ledger", "forget", "accounting", check=False, redis_url=url)  # nobody answers the question
        assert refused.returncode == 1 and await store.groups() == ["accounting"]
        assert run("ledger", "forget", "accounting", "--yes", redis_url=url).stdout == "accounting is forgotten.\n"
        assert await store.groups() == []


def test_the_server_trims_what_the_accounting_has_taken_and_is_old(io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_SWEEP_S", 0.01)
    day_ms, clock, store = 86_400_000, ManualClock(100 * 86_400_000), MemoryStore()
    server = app.Server(conftest.settings(ledger_retention_days=30), clock)

    async def sweeps() -> None:
        seat = new_seat()
        for at_ms in (69 * day_ms, 70 * day_ms, 71 * day_ms):
            await gifts(store, seat, 1, at_ms)
        await asyncio.sleep(0.05)
        assert len(await ledger(store, seat)) == 3, "nobody accounts: the ledger is the only one"
        await store.enroll("accounting")
        accounting = Member(store, "accounting", seat)
        await asyncio.sleep(0.05)
        assert len(await ledger(store, seat)) == 3, "not taken yet"
        await accounting.catch_up()
        await asyncio.sleep(0.05)
        assert [entry.at_ms for entry in await ledger(store, seat)] == [70 * day_ms, 71 * day_ms]

    io_loop.run_sync(lambda: server.start(store))
    io_loop.run_sync(sweeps)
    io_loop.run_sync(server.stop)
