"""What the backoffice asks its database never reads a table from end to end: every page of the console, and all that servers
send, are done with tables in which that can be seen (tests/test_office_million.py has the times)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select, text

from tests.conftest import DATABASES
from tests.console import Console, actor, serving
from tests.office import NOW, Ledger
from tests.office_crowd import crowd
from tests.office_data import MINUTE, fill
from tests.office_walk import Walk
from tests.test_office_million import addresses
from webingo.backoffice.contract import CommandDone, SessionBegin, SessionEnd
from webingo.backoffice.contract_books import LedgerBatch, PlayerSnapshot
from webingo.office.database import Database
from webingo.office.services import attention, commands, ingest, players, purchases, snapshots, visits
from webingo.office.tables import Entry, Finding, Player, Wallet

GROWING = (
    "adjustments",
    "audit",
    "changes",
    "commands",
    "game_minutes",
    "jackpot_wins",
    "ledger",
    "players",
    "round_records",
    "rounds",
    "sessions",
    "wallets",
)
"""Tables that grow with play or with work."""
WHOLE = ("GROUP BY jackpot_wins.platform", "players.last_at DESC\n LIMIT")
"""What has to add up a whole table, one that stays small (jackpots are won seldom), and a walk with an end (players.RECENT)."""
SMALL = ("ix_rounds_open", "ix_rounds_held", "ix_players_blocked")
"""Indexes that have few of their tables' rows in them."""
Asked = dict[str, Any]
"""Statements, with the parameters that one of them had."""


@pytest.fixture(scope="module", params=DATABASES)
def console(request: pytest.FixtureRequest, databases: Any) -> Iterator[Console]:
    database = databases.fresh(request.param)
    past = fill(database, NOW - NOW % MINUTE, rounds=2_000, players=60, pool=40, records=50)
    piled = {"sessions": 300, "audit": 3_000, "adjustments": 60, "wins": 60, "findings": 30, "versions": 20, "payments": 200}
    crowd(database, past, days=14, blocked=5, **piled)
    with serving(database) as made:
        yield made
    database.close()


@contextmanager
def listening(database: Database) -> Iterator[Asked]:
    asked: Asked = {}

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            asked.setdefault(re.sub(r"(\?|%\(\w+\)s[^,)]*)(, \1)+", r"\1", statement), (statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)


def read_whole(database: Database, asked: Asked) -> list[tuple[str, str]]:
    """Statements that read a growing table from end to end, and what their plans say of it."""
    found = []
    names = "|".join(GROWING)
    explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
    with database.engine.connect() as connection:
        if not database.sqlite:
            # So small a table is read whole, and rightly so, unless there is no other way.
            connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in asked.values():
            plan = [str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)]
            # In the order of an index or of the rows themselves, from which as much is taken as is wanted.
            in_order = "ORDER BY" in statement and not any("TEMP B-TREE" in step for step in plan)
            walks = [step for step in plan if re.search(rf"(\bSCAN|Seq Scan on) ({names})\b(?!.*({'|'.join(SMALL)}))", step)]
            if walks and not (database.sqlite and in_order) and not any(words in statement for words in WHOLE):
                found.append((statement, walks[0]))
        connection.rollback()
    return found


def test_no_page_reads_a_table_from_end_to_end(console: Console) -> None:
    seat = console.signed_in("walker", "admin")
    uid = seat.get("/players").text.partition("/players/demo/")[2].partition('"')[0]
    typed = {
        "/rounds q": [uid, "nobody"],
        "/rounds win": ["25"],
        "/rounds from": ["2026-09-10T00:00"],
        "/rounds to": ["2026-09-20T00:00"],
        "/players q": ["an", "zzzz"],
        "/audit subject": ["player:", f"player:demo:{uid}"],
        "/audit since": ["2026-09-10"],
        "/audit until": ["2026-09-20"],
    }
    with httpx.Client(base_url=console.url, timeout=30, cookies=dict(seat.client.cookies), trust_env=False) as client:
        walk, starting = Walk(client, typed, combinations=8, suspicious=1e9, far=False), addresses(console.database, each=1)
        with listening(console.database) as asked:
            walk.everything(starting)
    assert len(walk.found) > 100
    assert len(asked) > 80
    assert read_whole(console.database, asked) == []


def test_nothing_that_servers_send_reads_a_table_from_end_to_end(console: Console) -> None:
    database, ana = console.database, Ledger("ana", funds=1_000)
    with listening(database) as asked:
        for _ in range(2):  # the second time wallets have a past, and are checked against it
            lost = ana.entry("refund", 0, short=5)
            batch = LedgerBatch.model_validate(ana.batch([*ana.round(4, 9), *ana.round(1), lost, ana.entry("erase", 0)]))
            for _ in range(2):
                with database.write() as session:
                    ingest.take(session, ingest.read(batch), NOW)
        told = PlayerSnapshot(platform="demo", uid="ana", denom="credit", balance=5, seq=99, at=NOW)
        begun = {"session": "s-of-ana", "node": "n", "platform": "demo", "site": "demo", "uid": "ana", "at": NOW}
        with database.write() as session:
            snapshots.take_players(session, [told])
            visits.begin(session, SessionBegin.model_validate(begun), NOW)
            visits.alive(session, ["s-of-ana", "another"], NOW)
            visits.end(session, "s-of-ana", SessionEnd(at=NOW, rounds=1, wagered=1, won=0, balance=5, seq=99))
            visits.end_silent(session, NOW)
            players.set_blocked(session, actor("eva"), "demo", "ana", True, "to be tried")
            (command,) = [one for one in commands.pending(session) if one.payload["uid"] == "ana"]
            commands.finish(session, command.id, CommandDone(ok=True, at=NOW), NOW)
            attention.clear(session, actor("eva"), session.scalar(select(Finding.n).limit(1)) or 0)
    assert len(asked) > 10
    assert read_whole(database, asked) == []


def test_what_a_player_paid_is_found_by_the_index_of_payments(console: Console) -> None:
    database = console.database
    with database.read() as session:
        uid = session.scalar(select(Entry.uid).where(Entry.kind == "refund").limit(1)) or ""
        with listening(database) as asked:
            totals, last = purchases.totals(session, "demo", uid), purchases.last(session, "demo", uid)
    assert last and totals["USD"].short > 0
    with database.engine.connect() as connection:
        if not database.sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
        for statement, parameters in asked.values():
            plan = [str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)]
            assert any("ix_ledger_payments" in step for step in plan), plan
        connection.rollback()
    assert len(asked) == 2


def test_reading_from_end_to_end_is_seen(console: Console) -> None:
    """As this file did not, and the ledger was read for every batch."""
    database = console.database
    with listening(database) as asked, database.read() as session:
        session.scalars(select(Player).where(Player.first_at > 5)).all()
        session.scalars(select(Wallet).where(Wallet.balance > 5)).all()
    assert len(read_whole(database, asked)) == 2
