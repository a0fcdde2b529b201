"""Pages of long lists: found by the keys of the last row that was seen, so that the hundredth costs what the first does."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

SIZE = 50
Cursor = Annotated[str, Query(alias="page", max_length=2000)]
"""The type of a route's parameter with what `?page=` says."""
T = TypeVar("T")
Key = InstrumentedAttribute[Any]
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list that is sorted backwards (the newest, or largest, first).

    `older` and `newer` are what `?page=` has to say for the pages beside this one; empty where there are none.
    """

    rows: Sequence[T] = field(default_factory=list)
    older: str = ""
    newer: str = ""


def page(
    session: Session, query: Select[Any], keys: Sequence[Key], cursor: str = "", size: int = SIZE, up: bool = False
) -> Page[Any]:
    """The rows behind a cursor, or the first ones. `keys` are the columns that sort them, together unique and with an index.

    `up` sorts upwards (names, say); "older" then means further down. A query for one entity answers it, one for several
    columns its rows, which must have the keys among them. A cursor that makes no sense is the beginning.
    """
    mark = _read(cursor, keys)
    back = mark is not None and mark[0] == "n"
    ascending = up != back
    if mark is not None:
        here = tuple_(*keys)
        there = tuple_(*(literal(value, key.type) for value, key in zip(mark[1], keys, strict=True)))
        query = query.where(here > there if ascending else here < there)
    query = query.order_by(None).order_by(*(key.asc() if ascending else key.desc() for key in keys)).limit(size + 1)
    found = list(session.scalars(query) if len(query.column_descriptions) == 1 else session.execute(query))
    more = len(found) > size
    rows = list(reversed(found[:size])) if back else found[:size]
    if not rows:
        return Page()
    older = _write("o", rows[-1], keys) if more or back else ""
    newer = _write("n", rows[0], keys) if (more if back else mark is not None) else ""
    return Page(rows, older, newer)


def _write(way: str, row: Any, keys: Sequence[Key]) -> str:
    values = [getattr(row, key.key) for key in keys]
    return way + base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _read(cursor: str, keys: Sequence[Key]) -> tuple[str, list[Any]] | None:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor[1:] + "=" * (-len(cursor[1:]) % 4)))
    except (ValueError, binascii.Error):
        return None
    if cursor[0] not in "on" or not isinstance(values, list) or len(values) != len(keys):
        return None
    right = all(_fits(value, key.type.python_type) for value, key in zip(values, keys, strict=True))
    return (cursor[0], values) if right else None


def _fits(value: Any, kind: type[Any]) -> bool:
    if type(value) is not kind:
        return False
    return "\0" not in value if isinstance(value, str) else not isinstance(value, int) or abs(value) <= _MOST
