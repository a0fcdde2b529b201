"""The backoffice's database: what the migrations make is what the program expects, the same on SQLite and PostgreSQL."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from tests.conftest import DATABASES
from webingo.errors import BadResource
from webingo.office.database import MIGRATIONS, Database
from webingo.office.services import changes
from webingo.office.tables import Base, Entry, Player, Value


@pytest.fixture(params=DATABASES)
def url(request, databases):
    return databases.empty_url(request.param)


def player(uid):
    return Player(platform="demo", uid=uid, first_at=1, last_at=1)


def test_migrations_make_the_tables_that_the_program_uses(url):
    database = Database(url)
    database.upgrade()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        found = inspect(connection)
        for table in Base.metadata.sorted_tables:
            indexes = {index["name"] for index in found.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= indexes
    database.close()


def test_an_upgrade_keeps_the_books_of_the_release_before(url):
    database = Database(url)
    with database._writing.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        upgrade(config, "0005")
        kept = {"platform": "demo", "denom": "credit", "uid": "ana", "seq": 1, "kind": "grant", "amount": 5, "balance": 5}
        kept |= {
            "entry": "e",
            "shard": 0,
            "position": "1-0",
            "round": "",
            "game": "",
            "site": "",
            "at": 1,
            "note": "",
            "fed": "",
        }
        known = {"platform": "demo", "uid": "ana", "name": "Ana", "first_at": 1, "last_at": 1}
        for table, row in (("ledger", kept | {"closes": False}), ("players", known | {"blocked": False})):
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)
    database.upgrade()
    with database.read() as session:
        assert [(row.entry, row.amount, row.short) for row in session.scalars(select(Entry))] == [("e", 5, 0)]
        assert [(row.name, row.erased_at) for row in session.scalars(select(Player))] == [("Ana", None)]
    database.close()


def test_an_upgrade_that_is_not_needed_changes_nothing(database):
    with database.write() as session:
        session.add(player("ana"))
    database.upgrade()
    with database.read() as session:
        assert session.scalars(select(Player.uid)).all() == ["ana"]
        assert {value.name: value.number for value in session.scalars(select(Value))} == {"changes": 0, "gaming": 1}


def test_programs_that_start_at_once_upgrade_one_after_the_other(url):
    opened = [Database(url) for _ in range(4)]
    failed = []

    def upgrade(database):
        try:
            database.upgrade()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=upgrade, args=(database,)) for database in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened[0].read() as session:
        assert session.scalars(select(func.count()).select_from(Value)).one() == 2
    for database in opened:
        database.close()
    assert failed == []


def test_a_transaction_is_written_whole_or_not_at_all(database):
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(player("ana"))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.scalars(select(Player)).all() == []


def test_what_is_changed_while_reading_is_not_kept(database):
    with database.read() as session:
        session.add(player("ana"))
        session.flush()
    with database.read() as session:
        assert session.scalars(select(Player)).all() == []


def test_texts_are_compared_by_their_bytes(database):
    names = ["B", "a", "Z", "ä", "_", "b"]
    with database.write() as session:
        session.add_all(player(name) for name in names)
    with database.read() as session:
        found = session.scalars(select(Player.uid).order_by(Player.uid)).all()
    assert found == sorted(names, key=str.encode)


def test_many_writers_count_changes_without_a_gap(database):
    def write():
        for _ in range(10):
            with database.write() as session:
                changes.publish(session, "gaming", "", "", {"enabled": True}, 1)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert [change.n for change in changes.since(session, 0, 1000)] == list(range(1, 81))
        assert changes.newest(session) == 80


@pytest.mark.parametrize(
    "url",
    ["mysql://localhost/office", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql://127.0.0.1:1/office"],
)
def test_a_database_that_cannot_be_used_is_refused_with_its_reason(url):
    with pytest.raises(BadResource, match="backoffice_database: "):
        Database(url).upgrade()


def test_passwords_of_databases_are_not_told():
    with pytest.raises(BadResource) as caught:
        Database("postgresql://office:hidden-word@127.0.0.1:1/office").upgrade()
    assert "hidden-word" not in str(caught.value)
