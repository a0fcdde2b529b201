"""INSERT … ON CONFLICT of many rows, which SQLite and PostgreSQL have alike and SQLAlchemy keeps apart."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, ColumnElement, LargeBinary, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

MOST_ROWS = 500
"""In one statement: SQLite takes 32,766 values."""


def insert(session: Session, table: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded` for the session's database."""
    made = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return made(table)


def run(session: Session, statement: Any, rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Executes such a statement for all rows, which have the same keys. Answers what it returns (RETURNING).

    PostgreSQL gets the rows as one JSON value: its driver takes five times as long over thousands of parameters.
    """
    if not rows:
        return []
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        columns = {name: statement.table.c[name] for name in rows[0]}
        told = orjson.dumps(rows, default=_base64).decode()
        results = [connection.execute(_from_json(statement, columns), {"rows": told})]
    else:
        results = [connection.execute(statement, page) for page in pages(rows)]
    return [row for result in results if result.returns_rows for row in result]


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
