"""The backoffice's database: SQLite in a file, or PostgreSQL, behind the same few calls."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import structlog
from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from webingo.errors import BadResource
from webingo.office.bell import Bell

log = structlog.get_logger("webingo.office")

BUSY_S = 20
"""How long a SQLite transaction waits for the one that writes."""

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 7_269_001  # any number: of two programs that start at once one migrates PostgreSQL and the other waits
_upgrading = threading.Lock()  # Alembic works on one database at a time in a process
_WRITES = "webingo_writes"

NEWS = "news"
"""Where a session's `info` has it, the bell is rung as soon as it is committed."""


class Database:
    """Connections are made when they are first needed. `url` is SQLAlchemy's: sqlite:///FILE or postgresql+psycopg://…"""

    def __init__(self, url: str, connections: int = 40) -> None:
        self.url = _checked(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": connections, "max_overflow": 10, "pool_timeout": 30, "pool_pre_ping": True}
        if self.sqlite:
            _make_folder(self.url)
            options |= {"connect_args": {"timeout": BUSY_S, "check_same_thread": False}, "pool_pre_ping": False}
        self.engine = create_engine(self.url, **options)
        self._writing = self.engine.execution_options(**{_WRITES: True})
        self._one_writer = threading.Lock()
        self.bell = Bell()
        self._file: tuple[int, int] | None = None
        if self.sqlite:
            event.listen(self.engine, "connect", _set_up_sqlite)  # which makes the file
            event.listen(self.engine, "connect", self._note_file)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking things up: whatever it changes is not kept."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together at its end, or not at all when anything is raised.

        SQLite has one writer: it is waited for here, so that a long queue can't end in "database is locked".
        """
        alone = self._one_writer if self.sqlite else nullcontext()
        with alone, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session
            self._check_file()
        if session.info.get(NEWS):
            self.bell.ring()

    def check(self) -> None:
        """Raises OperationalError where it can't be used."""
        with self.read() as session:
            session.execute(text("SELECT 1"))
        self._check_file()

    def _note_file(self, *_: Any) -> None:
        self._file = self._file or _identity(self.url)

    def _check_file(self) -> None:
        """What is written to a file that was removed or replaced is lost with the last connection: it must not be taken."""
        if self._file and _identity(self.url) != self._file:
            reason = FileNotFoundError(f"{self.name} was removed or replaced since it was opened; start the backoffice again")
            raise OperationalError(None, None, reason)

    def upgrade(self) -> None:
        """Brings the tables to what this program needs. Raises BadResource where that can't be done."""
        try:
            with _upgrading, self._writing.begin() as connection:
                if not self.sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
                config.attributes["connection"] = connection
                before = _revision(connection)
                upgrade(config, "head")
                after = _revision(connection)
        except (SQLAlchemyError, CommandError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error)
            if "locate revision" in reason:
                reason = f"its tables are of a newer release than this one ({reason})"
            raise BadResource([("backoffice_database", "", f"{self.name} can't be used: {reason}")]) from None
        if after != before:
            log.info("tables_upgraded", before=before or "none", after=after)

    @property
    def name(self) -> str:
        """The address without the password."""
        return self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        self.engine.dispose()


def _checked(url: str) -> URL:
    try:
        made = make_url(url)
    except ArgumentError:
        raise BadResource([("backoffice_database", "", "this is no database address")]) from None
    if made.get_backend_name() == "postgresql":
        return made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() != "sqlite":
        raise BadResource([("backoffice_database", "", "only sqlite:///FILE and postgresql+psycopg://… are known")])
    if not made.database or made.database == ":memory:":
        raise BadResource([("backoffice_database", "", "SQLite needs a file: sqlite:///var/backoffice.db")])
    return made


def _identity(url: URL) -> tuple[int, int] | None:
    try:
        found = Path(str(url.database)).stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _make_folder(url: URL) -> None:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: _begin_sqlite does
    # FULL: what was acknowledged to a server is never sent again, so it has to outlast a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its place at once: one that read first and wrote then would fail where another wrote in between."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
