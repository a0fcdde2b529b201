"""Lists as CSV files (RFC 4180), sent while they are read, so that a long one needs no memory."""

import csv
import io
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from webingo.office.database import Database

ROWS_AT_ONCE = 500
Rows = Generator[Sequence[Any], None, None]
"""To be closed before its session: somebody who gives up a download leaves its cursor open."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def streamed(session: Session, query: Select[Any]) -> Generator[Any, None, None]:
    """The entities of a query, read a few at a time."""
    with session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE)) as found:
        yield from found


def cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front: players choose their own names."""
    if value is None:
        return ""
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def download(database: Database, name: str, header: Sequence[str], rows: Callable[[Session], Rows]) -> StreamingResponse:
    """An answer with the file; `rows` reads in a session of its own, which lives as long as the download.

    Of `name` letters, digits and dashes are kept: a denomination that a server sent may be in it."""

    def lines() -> Iterator[str]:
        page = io.StringIO()
        writer = csv.writer(page)
        writer.writerow(header)
        yield _taken(page)  # at once: the first row may have to be looked for
        with database.read() as session, closing(rows(session)) as found:
            for count, row in enumerate(found, 1):
                writer.writerow([cell(value) for value in row])
                if count % ROWS_AT_ONCE == 0:
                    yield _taken(page)
        yield _taken(page)

    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    disposition = f'attachment; filename="{plain}.csv"'
    return StreamingResponse(lines(), media_type="text/csv", headers={"Content-Disposition": disposition})


def _taken(page: io.StringIO) -> str:
    text = page.getvalue()
    page.seek(0)
    page.truncate()
    return text
