"""The backoffice's tables: what the migrations make is what the program expects, on SQLite and PostgreSQL."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from webingo.office.database import Database
from webingo.office.tables import Base


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/office.db")
    yield made
    made.close()


def test_migrations_make_the_tables_that_the_program_uses(database):
    database.upgrade()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
