"""INSERT … ON CONFLICT of many rows, which SQLite and PostgreSQL have alike and SQLAlchemy keeps apart."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, ColumnElement, LargeBinary, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

MOST_ROWS = 500
"""In one statement: SQLite takes 32,766 values."""

Insert = sqlite.Insert | postgresql.Insert
"""It has `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`."""


def insert(session: Session, table: type[DeclarativeBase]) -> Insert:
    """An INSERT for the session's database."""
    return _insert(session.get_bind().dialect.name, table)


def _insert(dialect: str, table: type[DeclarativeBase]) -> Insert:
    made = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return made(table)


class Upsert:
    """A statement for many rows, made once: to put one together takes as long as to write a hundred rows with it."""

    def __init__(self, table: type[DeclarativeBase], finished: Callable[[Any], Any]) -> None:
        """`finished` says of an Insert what happens to rows that are there already, and what is returned."""
        self._table = table
        self._finished = finished
        self._made: dict[tuple[str, ...], Any] = {}

    def run(self, session: Session, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Executes it for all rows, which have the same keys. Answers what it returns (RETURNING).

        PostgreSQL gets the rows as one JSON value: its driver takes five times as long over thousands of parameters.
        """
        if not rows:
            return []
        session.flush()
        connection = session.connection()
        dialect = connection.dialect.name
        key = (dialect, *rows[0])
        statement = self._made.get(key)
        if statement is None:
            statement = self._made[key] = self._make(dialect, list(rows[0]))
        if dialect == "postgresql":
            told = orjson.dumps(rows, default=_base64).decode()
            results = [connection.execute(statement, {"rows": told})]
        else:
            results = [connection.execute(statement, page) for page in pages(rows)]
        return [row for result in results if result.returns_rows for row in result]

    def _make(self, dialect: str, names: list[str]) -> Any:
        statement = self._finished(_insert(dialect, self._table))
        return (
            _from_json(statement, {name: statement.table.c[name] for name in names}) if dialect == "postgresql" else statement
        )


def _from_json(statement: Any, columns: Mapping[str, ColumnElement[Any]]) -> Any:
    binary = {name for name, each in columns.items() if isinstance(each.type, LargeBinary)}
    told = func.json_to_recordset(cast(bindparam("rows", type_=Text()), JSON))
    typed = (column(name, Text() if name in binary else each.type) for name, each in columns.items())
    source = told.table_valued(*typed).render_derived("told", with_types=True).c
    return statement.from_select(
        list(columns), select(*(func.decode(each, "base64") if each.name in binary else each for each in source))
    )


def _base64(value: Any) -> str:
    return b64encode(value).decode()


def pages(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(rows), MOST_ROWS):
        yield rows[start : start + MOST_ROWS]
