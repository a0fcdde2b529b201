"""Alembic runs this for every command. The connection comes from `Database.upgrade`."""

from alembic import context

from webingo.office.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
