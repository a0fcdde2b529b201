"""Statements for many rows at once, which SQLite and PostgreSQL have alike and SQLAlchemy keeps apart."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, ColumnElement, LargeBinary, Text, bindparam, cast, column, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

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


class Lookup:
    """Finds the rows whose `keys` have one of many combinations of values, each by one look into the index of the keys.

    `(a, b) IN ((1, 2), …)` would say the same, and SQLite would read the whole table for it.
    """

    def __init__(self, keys: Sequence[InstrumentedAttribute[Any]], others: Sequence[InstrumentedAttribute[Any]]) -> None:
        self._keys, self._others = keys, others
        self._made: dict[str, Any] = {}

    def run(self, session: Session, wanted: Sequence[Sequence[Any]]) -> list[Any]:
        """Answers (*keys, *others) of each row that there is."""
        if not wanted:
            return []
        dialect = session.get_bind().dialect.name
        if dialect not in self._made:
            self._made[dialect] = self._make(dialect)
        return list(session.execute(self._made[dialect], {"wanted": orjson.dumps(wanted).decode()}))

    def _make(self, dialect: str) -> Any:
        told = cast(bindparam("wanted", type_=Text()), JSON) if dialect == "postgresql" else bindparam("wanted", type_=Text())
        each = (func.json_array_elements if dialect == "postgresql" else func.json_each)(told).table_valued("value").c.value
        same = [key == self._part(dialect, each, place, key) for place, key in enumerate(self._keys)]
        return select(*self._keys, *self._others).where(*same)

    @staticmethod
    def _part(dialect: str, each: Any, place: int, key: InstrumentedAttribute[Any]) -> Any:
        if dialect == "postgresql":
            return cast(each.op("->>")(literal_column(str(place))), key.type)
        return func.json_extract(each, literal_column(f"'$[{place}]'"))


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
