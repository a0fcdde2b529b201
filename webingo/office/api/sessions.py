"""POST /v1/sessions and what follows them."""

from typing import Annotated

from fastapi import Path

from webingo.backoffice.contract import Done, PlayerStanding, SessionBegin, SessionBegun, SessionEnd, SessionsAlive, ShortId
from webingo.office.api.answers import documented
from webingo.office.api.router import router
from webingo.office.office import Here
from webingo.office.services import visits

routes = router("sessions")


@routes.post("/sessions", responses=documented(403, 404, 409))
def begin(here: Here, body: SessionBegin) -> SessionBegun:
    """Registers a player and a session, before it begins."""
    with here.database.write() as session:
        site = visits.begin(session, body, here.clock.now_ms())
        standing = PlayerStanding(blocked=False)
        return SessionBegun(session=body.session, site=site.document, version=site.version, player=standing)


@routes.post("/sessions/alive", responses=documented())
def alive(here: Here, body: SessionsAlive) -> Done:
    """Which sessions are going on."""
    with here.database.write() as session:
        visits.alive(session, body.sessions, here.clock.now_ms())
    return Done()


@routes.post("/sessions/{session}/end", responses=documented(404))
def end(here: Here, session: Annotated[ShortId, Path()], body: SessionEnd) -> Done:
    """A session is over."""
    with here.database.write() as transaction:
        visits.end(transaction, session, body)
    return Done()
