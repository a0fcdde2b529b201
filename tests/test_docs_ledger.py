"""What docs/ledger.md says is tried out: its consumer runs, its tables are complete."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import conftest, docpages
from tests.processes import environment, kill_embedded
from tests.test_store_contract import new_seat, wallet_of
from tests.test_store_contract_saga import Guest
from webingo.rng import fresh_id
from webingo.support import metrics
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outbox import Pace
from webingo.transaction.transaction import Entry, Posting

PAGE = docpages.ROOT / "docs" / "ledger.md"
TEXT = PAGE.read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    kill_embedded(tmp_path / "redis")


async def test_the_consumer_of_the_page_notes_each_big_win_once(folder: Path) -> None:
    docpages.write(PAGE, folder)
    for name in ("res", "static"):
        (folder / name).mkdir()
    url, wins = f"embedded:{folder / 'redis'}", folder / "big-wins.db"
    store, seat = await conftest.open_store(url), new_seat()
    for amount in (99, 100, 5000):
        await store.post(Posting(fresh_id(), wallet_of(seat), "win", amount, "", 1000))

    def noted() -> list[int]:
        with closing(sqlite3.connect(wins)) as database:
            return [amount for (amount,) in database.execute("SELECT amount FROM wins ORDER BY amount")]

    def started() -> "subprocess.Popen[bytes]":
        env = environment(redis_url=url, debug="true") | {"PYTHONPATH": str(docpages.ROOT)}
        return subprocess.Popen([sys.executable, "big_wins.py"], cwd=folder, env=env)

    for _ in range(2):  # what is done is not done again by the next process
        process = started()
        try:
            for _ in range(200):
                standing = await store.standing("big-wins", seat.user.shard)
                if standing.member and standing.lag == 0:
                    break
                await asyncio.sleep(0.05)
            assert noted() == [100, 5000]
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
    await store.aclose()


def test_every_field_of_an_entry_and_every_metric_is_explained() -> None:
    first_cells = "\n".join(re.findall(r"^\| (.*?) \|", TEXT, re.MULTILINE))
    explained = set(re.findall(r"`(\w+)`", first_cells))
    assert set(Entry._fields) <= explained
    metrics.ledger_applied("docs", 0)
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in metrics.REGISTRY.collect()}
    assert {name for name in names if name.startswith("webingo_ledger_")} == {
        name for name in explained if name.startswith("webingo_ledger_")
    }


async def test_a_bet_of_an_operators_player_is_the_entries_that_the_page_shows() -> None:
    guest = await Guest.sit(MemoryStore())
    spin = guest.spin(5, 12)
    await guest.commit(spin)
    await guest.store.delivered(spin.owed[0], 1)
    shown = re.findall(r"^\| `(\w+)` \| ([+-]\d+) \| (\d+) \|", TEXT, re.MULTILINE)
    assert [(kind, int(amount), int(balance)) for kind, amount, balance in shown] == await guest.kinds()


def test_the_figures_of_the_page_are_those_of_the_program() -> None:
    pace = Pace()
    assert f"at most {pace.page} entries" in TEXT
    assert f"a lease of {pace.ttl_s:.0f} seconds" in TEXT
    assert f"At most {pace.parallel} shards" in TEXT
    assert f"up to\n  {pace.longest_wait_s:.0f} seconds" in TEXT and pace.first_wait_s == 0.25
