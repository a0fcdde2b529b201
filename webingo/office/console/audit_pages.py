"""The audit log: searched, read, and taken away as a file."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from starlette.responses import Response

from webingo.office.console.desk import Viewer, router
from webingo.office.console.exports import Rows, download, streamed
from webingo.office.console.paging import Cursor, page
from webingo.office.console.shown import PROGRAM, deed, utc, who
from webingo.office.tables import Audit

routes = router()
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What was asked for; empty is everything. `since` and `until` are days in UTC, both included."""

    staff: str
    action: str
    subject: str
    since: str
    until: str

    def query(self, session: Session, cursor: str = "") -> Select[Any]:
        query = select(Audit)
        if self.staff:
            query = query.where(Audit.staff == ("" if self.staff == PROGRAM else self.staff))
        if self.action:
            query = query.where(Audit.action == self.action)
        if self.subject:
            query = query.where(*_begins(Audit.subject if self._few(session) else Audit.subject + "", self.subject))
        for text, after in ((self.since, False), (self.until, True)):
            if (ms := _day_ms(text, after)) is not None:
                query = query.where(Audit.at + 0 < ms if after else Audit.at + 0 >= ms)
                # Rows are added as time goes by, so a time is a number, too: the page is found without reading what is beyond.
                edge = session.scalar(select(Audit.n).where(Audit.at >= ms).order_by(Audit.at, Audit.n).limit(1))
                if edge is None and not after:
                    return query.where(false())
                # Not beside a cursor: databases begin at either of two bounds, and it has to be the nearer one.
                if edge is not None and cursor[:1] != ("o" if after else "n"):
                    query = query.where(Audit.n < edge + _DISORDER if after else Audit.n >= edge - _DISORDER)
        return query

    def _few(self, session: Session) -> bool:
        """Whether so few rows are about it that they may be sorted; of many the log itself has the newest at hand."""
        some = select(Audit.n).where(*_begins(Audit.subject, self.subject)).limit(_FEW).subquery()
        return (session.scalar(select(func.count()).select_from(some)) or 0) < _FEW

    def address(self) -> str:
        given = {name: getattr(self, name) for name in ("staff", "action", "subject", "since", "until") if getattr(self, name)}
        return "?" + urlencode(given) if given else ""


_FEW = 2000
_DISORDER = 1000  # so many rows may have been numbered in another order than that of their times


def _filter(
    staff: Annotated[str, Query(max_length=64)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    subject: Annotated[str, Query(max_length=300)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> Filter:
    return Filter(staff, action, subject.strip(), since, until)


Asked = Annotated[Filter, Depends(_filter)]


def _begins(
    subject: InstrumentedAttribute[str] | ColumnElement[str], text: str
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return subject >= text, subject < text + "\U0010ffff"


def _day_ms(text: str, after: bool) -> int | None:
    """The beginning of a day, or of the day after it; None for what is no day."""
    try:
        day = date.fromisoformat(text) + timedelta(days=int(after))
        return int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


@routes.get("/audit")
def listed(desk: Viewer, asked: Asked, cursor: Cursor = "") -> Response:
    with desk.read() as session:
        return desk.render(
            "audit.html",
            found=page(session, asked.query(session, cursor), [Audit.n], cursor),
            asked=asked,
            people=[who(name) for name in _known(session, Audit.staff)],
            actions=[(action, deed(action)) for action in _known(session, Audit.action)],
        )


@routes.get("/audit.csv")
def exported(desk: Viewer, asked: Asked) -> Response:
    header = ["n", "at_utc", "staff", "address", "action", "subject", "details"]

    def rows(session: Session) -> Rows:
        query = asked.query(session).order_by(Audit.n.desc())
        for row in streamed(session, query):
            at = utc(row.at).isoformat(timespec="milliseconds")
            yield [row.n, at, who(row.staff), row.address, row.action, row.subject, orjson.dumps(row.details).decode()]

    return download(desk.office.database, "audit", header, rows)


def _known(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    """The different values of an indexed column, each by one look into the index, however many rows there are."""
    first = select(func.min(column).label("value")).cte("known", recursive=True)
    following = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    known = first.union_all(select(following).where(first.c.value.is_not(None)))
    return list(session.scalars(select(known.c.value).where(known.c.value.is_not(None)).limit(MOST_CHOICES)))
