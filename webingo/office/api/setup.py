"""Puts the API together."""

from fastapi import FastAPI
from sqlalchemy import text

from webingo.backoffice.contract import Done
from webingo.office.api import answers, books, news, sessions
from webingo.office.api.intake import Intake
from webingo.office.office import Here


def install(app: FastAPI, key: str) -> None:
    """Everything below /v1, and /healthz, which needs no key."""
    for routes in (sessions.routes, books.routes, news.routes):
        app.include_router(routes)
    app.add_api_route("/healthz", _healthy, methods=["GET"], tags=["health"], responses=answers.documented())
    app.add_api_route("/v1/{path:path}", _nothing, methods=["GET"], include_in_schema=False)  # not the console's page
    app.add_middleware(Intake, key=key)
    answers.install(app)


def _healthy(here: Here) -> Done:
    """Whether it serves: the database answers."""
    with here.database.read() as session:
        session.execute(text("SELECT 1"))
    return Done()


def _nothing() -> None:
    from starlette.exceptions import HTTPException

    raise HTTPException(404)
