"""GET /v1/sites, /v1/changes, /v1/commands: what the servers have to know and to do."""

from typing import Annotated

from fastapi import Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from webingo.backoffice.contract import (
    LONGEST_WAIT_S,
    MOST_LISTED,
    Change,
    Changes,
    Command,
    CommandDone,
    Commands,
    Done,
    ShortId,
    Sites,
    SiteVersion,
)
from webingo.office import tables
from webingo.office.api.answers import documented
from webingo.office.api.router import router
from webingo.office.office import Here, Office
from webingo.office.services import changes, commands, sites
from webingo.office.services.denied import Denied
from webingo.office.services.gaming import gaming

POLL_S = 2
"""Of several backoffices on one PostgreSQL only that which made a change rings its bell: the others look this often."""

MOST_WAITING = 500

routes = router("news")
_change: TypeAdapter[Change] = TypeAdapter(Change)
_command: TypeAdapter[Command] = TypeAdapter(Command)


@routes.get("/sites", responses=documented())
def all_sites(here: Here) -> Sites:
    """All sites, whether gaming is on, and the position from which `changes` goes on."""
    with here.database.read() as session:
        position = changes.newest(session)  # first: what changes meanwhile is told again
        return Sites(
            sites=[
                SiteVersion(platform=row.platform, site=row.site, version=row.version, document=row.document)
                for row in sites.every_site(session)
            ],
            gaming=gaming(session),
            next=position,
        )


@routes.get("/changes", responses=documented(409))
async def news(
    here: Here,
    after: Annotated[int, Query(ge=0, le=2**53 - 1)],
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0,
) -> Changes:
    """What changed after a position; held back until there is something, or the time is over."""
    until = here.clock.monotonic() + wait_s
    while True:
        heard = here.database.bell.rings
        found = await run_in_threadpool(_since, here, after)
        left = until - here.clock.monotonic()
        if found.changes or left <= 0 or here.database.bell.closed:
            return found
        if here.database.bell.waiting >= MOST_WAITING:
            raise Denied(503, "UNAVAILABLE", "Too many are waiting for changes.")
        await here.database.bell.wait(heard, min(left, POLL_S))


def _since(here: Office, after: int) -> Changes:
    with here.database.read() as session:
        if after > changes.newest(session):
            raise Denied(409, "UNKNOWN_POSITION", "This backoffice has not come so far: read /v1/sites anew.")
        found = changes.since(session, after, MOST_LISTED)
        told = [_change.validate_python(_told(session, row)) for row in found]
    return Changes(next=found[-1].n if found else after, changes=told)


def _told(session: Session, row: tables.Change) -> dict[str, object]:
    change: dict[str, object] = {"n": row.n, "kind": row.kind, **row.payload}
    if row.kind == "site":
        version = sites.version(session, row.platform, row.site, row.payload["version"])
        assert version is not None, "written in one transaction with the change"
        change |= {"platform": row.platform, "site": row.site, "document": version.document}
    return change


@routes.get("/commands", responses=documented())
def pending(here: Here) -> Commands:
    """What is to be done, in order."""
    with here.database.read() as session:
        rows = commands.pending(session)
    told = [_command.validate_python({"command": row.command, "id": row.id, "n": row.n, **row.payload}) for row in rows]
    return Commands(commands=told)


@routes.post("/commands/{command}/done", responses=documented(404))
def done(here: Here, command: Annotated[ShortId, Path()], body: CommandDone) -> Done:
    """How a command ended."""
    with here.database.write() as session:
        commands.finish(session, command, body, here.clock.now_ms())
    return Done()
