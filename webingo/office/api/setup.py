"""Puts the API together."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount, Route
from starlette.types import Receive, Scope, Send

from webingo.backoffice.contract import Done
from webingo.office.api import answers, books, news, sessions
from webingo.office.api.intake import Intake
from webingo.office.office import Here


def install(app: FastAPI, key: str) -> None:
    """Everything below /v1, and /healthz, which needs no key."""
    for routes in (sessions.routes, books.routes, news.routes):
        app.include_router(routes)
    app.add_api_route("/healthz", _healthy, methods=["GET"], tags=["health"], responses=answers.documented())
    rest = _Rest(app)
    app.router.routes += [Mount("/v1", rest), Route("/healthz", rest)]
    app.add_middleware(Intake, key=key)
    answers.install(app)


def _healthy(here: Here) -> Done:
    """Whether it serves: the database answers."""
    here.database.check()
    return Done()


class _Rest:
    """What no route of the API has taken: the console stands under everything else, and would answer with a page."""

    def __init__(self, app: FastAPI) -> None:
        self._routes = [route for route in app.router.routes if not isinstance(route, Mount)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Of the scope only what routes look at: FastAPI keeps notes on the route that matched last in it.
        known = ("type", "path", "headers", "query_string")
        whole = {**{name: scope[name] for name in known}, "root_path": scope.get("app_root_path", "")}
        allowed = [method for method in ("GET", "POST") if self._takes({**whole, "method": method})]
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        raise HTTPException(404)

    def _takes(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)
