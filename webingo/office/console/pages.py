"""Pages out of templates, for those who are signed in and for others, and pages that say what went wrong."""

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from webingo.errors import Refused
from webingo.office.console import nav
from webingo.office.console.shown import FILTERS, ago
from webingo.wallet.denomination import operator_of

FOLDER = Path(__file__).parent
RANKS = {"viewer": 0, "operator": 1, "admin": 2}
THEMES = ("light", "dark")
UNNAMED = {"outside": "A game elsewhere"}
"""What games are called that did not say which they are: servers of their own play them."""

_TEXTS = {
    400: "The request could not be understood.",
    401: "Please sign in first.",
    403: "You may not do this.",
    404: "There is nothing at this address.",
    405: "This address does not take such requests.",
    422: "Some of what was sent makes no sense here.",
    500: "Something went wrong on our side. It was written to the log.",
}


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    made.tests["of_operator"] = operator_of
    made.globals.update(asset=asset, ranks=RANKS)
    return made


@cache
def asset(name: str) -> str:
    """The address of a file in static/, which changes with what is in it."""
    print_ = sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/assets/{name}?v={print_}"


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page. Its template knows `desk` (None where nobody is signed in), `now_ms`, `ago`, `game_title`, `has_game`,
    `path` and `query` beside what is given."""
    desk = getattr(request.state, "desk", None)
    now_ms = request.app.state.office.clock.now_ms()
    games = request.app.state.office.catalogue.games
    theme = request.cookies.get("theme", "")
    known: dict[str, Any] = {
        "desk": desk,
        "flash": desk.taken_flash() if desk else None,
        "now_ms": now_ms,
        "ago": lambda ms, empty="never": ago(ms, now_ms, empty),
        "game_title": lambda game: games[game].title if game in games else UNNAMED.get(game, game),
        "has_game": games.__contains__,
        "theme": theme if theme in THEMES else "",
        "sections": nav.SECTIONS,
        "here": nav.current(request.url.path),
        "path": request.url.path,
        "query": request.query_params,
    }
    text = _templates().get_template(template).render({**known, **context})
    response = HTMLResponse(text, status)
    if known["flash"]:
        response.delete_cookie("flash", path="/")
    return response


def problem(request: Request, status: int, text: str = "", door: str = "/sign-in") -> HTMLResponse:
    """A page that says what went wrong, and no more than the reader needs. `door` is where who is signed out signs in."""
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    return render(
        request, "problem.html", status, code=status, title=title, text=text or _TEXTS.get(status, title + "."), door=door
    )


def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and request.method == "GET" and "x-live" not in request.headers:
        return see_other(_page_above(request))
    given = error.detail if error.status_code in HTTPStatus._value2member_map_ else ""
    ours = "" if given == HTTPStatus(error.status_code).phrase else given
    return problem(request, error.status_code, ours)


def _page_above(request: Request) -> str:
    """The nearest page above an address that only takes forms, where the form is: somebody comes back, as after signing in."""
    path = request.url.path
    while path := path.rpartition("/")[0]:
        scope = {**request.scope, "path": path}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            return own_path(path)
    return "/"


def on_invalid(request: Request, error: Exception) -> Response:
    """Values that our own forms never send: only somebody who writes requests by hand sees this."""
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(dict.fromkeys(str(each["loc"][-1]) for each in error.errors()))
    return problem(request, 422, f"{_TEXTS[422]} Look at: {fields}.")


def on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(request, error.http_status, error.message)


def on_bug(request: Request, error: Exception) -> Response:
    """The server logs the exception: it is raised again behind this answer."""
    return problem(request, 500)


def see_other(path: str) -> RedirectResponse:
    """To another page, by GET. `path` must be one of ours: see `own_path` for those that a client names."""
    return RedirectResponse(path, 303)


def own_path(path: str, otherwise: str = "/") -> str:
    """A path that was sent to us, if it stays with us: "//host" and "/\\host" lead elsewhere in browsers."""
    good = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if good else otherwise
