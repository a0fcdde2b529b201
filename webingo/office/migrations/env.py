"""Alembic runs this for every command. The connection comes from `Database.upgrade`."""

from alembic import context

from webingo.office.tables import Base

# transactional_ddl: SQLite can do it, and database.py begins its transactions so that it does.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
