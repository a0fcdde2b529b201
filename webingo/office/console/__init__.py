"""The console: the backoffice for people, in the browser.

An application of its own beside the API: its answers are pages, its errors too, and none of it is in the API's document.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from webingo.errors import Refused
from webingo.office.console import (
    adjust_pages,
    adjustments_pages,
    audit_pages,
    dashboard_pages,
    desk,
    games_pages,
    jackpots_pages,
    pages,
    players_pages,
    rounds_pages,
    signin_pages,
    site_editor,
    sites_pages,
    staff_pages,
)
from webingo.office.console.shield import Shield
from webingo.office.office import Office
from webingo.office.services.theory import Theories

ROUTERS = [
    signin_pages.open_routes,
    signin_pages.own_routes,
    dashboard_pages.routes,
    players_pages.routes,
    adjust_pages.routes,
    rounds_pages.routes,
    site_editor.routes,
    sites_pages.routes,
    games_pages.routes,
    jackpots_pages.routes,
    adjustments_pages.routes,
    audit_pages.routes,
    staff_pages.routes,
]


def install(app: FastAPI) -> None:
    """Puts the console under everything that the application does not answer itself: to be called last."""
    app.mount("/", Shield(create_console(app.state.office)), name="console")


def create_console(office: Office) -> FastAPI:
    """The console's routes, without the shield that has to stand around them."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, default_response_class=HTMLResponse, redirect_slashes=False)
    app.state.office = office
    app.state.theories = Theories(office.catalogue.games)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/assets", StaticFiles(directory=pages.FOLDER / "static"), name="assets")
    app.add_exception_handler(desk.SignedOut, desk.on_signed_out)
    app.add_exception_handler(desk.ChangeFirst, desk.on_change_first)
    app.add_exception_handler(HTTPException, pages.on_http_error)
    app.add_exception_handler(RequestValidationError, pages.on_invalid)
    app.add_exception_handler(Refused, pages.on_refused)
    app.add_exception_handler(Exception, pages.on_bug)
    return app
