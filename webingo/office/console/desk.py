"""Where staff works: who is signed in, what they may do, and what each of their requests can use.

A route asks for `desk: Viewer`, `Operator` or `Admin`. The router that it is on (`router()`) has checked before that somebody
is signed in, that what was sent comes from one of our own forms, and that viewers write nothing, whatever the route forgets.
"""

import base64
import hmac
from contextlib import AbstractContextManager
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import orjson
from fastapi import APIRouter, Depends, HTTPException, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webingo.config import Settings
from webingo.office.console.pages import RANKS, own_path, problem, render, see_other
from webingo.office.office import Office
from webingo.office.services import signin
from webingo.office.services.audit import Actor

READS = ("GET", "HEAD", "OPTIONS")
_FREE_BEFORE_CHANGE = ("/account/password", "/sign-out")
"""Where somebody can go whose password was generated, until it is changed."""


class SignedOut(Exception):  # noqa: N818 - a state, no error
    """Nobody is signed in, or not any more."""


class ChangeFirst(Exception):  # noqa: N818
    """A generated password has to be changed before anything else."""


class Desk:
    """One request of somebody who is signed in."""

    def __init__(self, request: Request, office: Office, visit: signin.Visit) -> None:
        self.request = request
        self.office = office
        self.visit = visit
        address = request.client.host if request.client else ""
        self.by = Actor(visit.staff_id, visit.name, visit.role, address, office.clock.now_ms())
        self.csrf = visit.csrf

    @property
    def settings(self) -> Settings:
        return self.office.settings

    def read(self) -> AbstractContextManager[Session]:
        return self.office.database.read()

    def write(self) -> AbstractContextManager[Session]:
        """One transaction, committed at its end. Nothing slow belongs into it."""
        return self.office.database.write()

    def may(self, role: str) -> bool:
        return RANKS[self.by.role] >= RANKS[role]

    def render(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        return render(self.request, template, status, **context)

    def to(self, path: str, text: str = "", kind: str = "good") -> RedirectResponse:
        """To one of our pages, which says `text` at its top, once. `kind` is good, bad or info."""
        response = see_other(path)
        if text:
            value = base64.urlsafe_b64encode(orjson.dumps([kind, text, self._seal(kind, text)])).decode()
            secure = self.request.url.scheme == "https"
            response.set_cookie("flash", value, max_age=60, httponly=True, samesite="strict", secure=secure)
        return response

    def taken_flash(self) -> tuple[str, str] | None:
        """(kind, text) of a message that this session was given; what others put into the cookie is no message."""
        try:
            kind, text, seal = orjson.loads(base64.urlsafe_b64decode(self.request.cookies.get("flash", "")))
            return (kind, text) if hmac.compare_digest(seal, self._seal(kind, text)) else None
        except (ValueError, TypeError):
            return None

    def _seal(self, kind: str, text: str) -> str:
        return hmac.new(self.csrf.encode(), f"{kind} {text}".encode(), "sha256").hexdigest()[:32]


def cookie_name(request: Request) -> str:
    """Behind https no other host and no plain page can set it (RFC 6265bis, __Host- prefix)."""
    return "__Host-office" if request.url.scheme == "https" else "office"


def is_live(request: Request) -> bool:
    """A page that refreshes a part of itself: nobody sits there for sure."""
    return "x-live" in request.headers


def _signed_in(request: Request) -> Desk:
    """Raises SignedOut and ChangeFirst."""
    office: Office = request.app.state.office
    token = request.cookies.get(cookie_name(request), "")
    visit = signin.visit(office.database, token, office.clock.now_ms(), seen=not is_live(request))
    if visit is None:
        raise SignedOut
    desk = Desk(request, office, visit)
    request.state.desk = desk
    if visit.must_change and request.url.path not in _FREE_BEFORE_CHANGE:
        raise ChangeFirst
    return desk


def _needs(role: str) -> Any:
    def check(desk: Annotated[Desk, Depends(_signed_in)]) -> Desk:
        if not desk.may(role):
            raise HTTPException(403, f"Only an {role} may do this.")
        return desk

    return Depends(check)


Viewer = Annotated[Desk, _needs("viewer")]
Operator = Annotated[Desk, _needs("operator")]
Admin = Annotated[Desk, _needs("admin")]


async def check_text(request: Request) -> None:
    """Refuses text that no form sends and no database takes: control characters, halves of characters."""
    given = [*request.path_params.values(), *request.query_params.values(), *request.query_params.keys()]
    if request.method not in READS:
        form = await request.form()
        given += [value for pair in form.multi_items() for value in pair]
    if not all(isinstance(value, str) and _is_text(value) for value in given):
        raise HTTPException(400)


def _is_text(value: str) -> bool:
    return not any((c < " " and c not in "\r\n\t") or "\ud800" <= c < "\ue000" for c in value)


async def check_form(request: Request, token: str) -> None:
    """The form's `csrf` (or the header of the same meaning) must be the session's own, and the page must be ours."""
    form = await request.form()
    given = form.get("csrf") or request.headers.get("x-csrf-token") or ""
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if foreign or not isinstance(given, str) or not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise HTTPException(403, "This form is too old, or it is not one of ours. Go back, load the page again, and retry.")


def router(writes: str = "operator") -> APIRouter:
    """For pages behind the sign-in. `writes` is the least role that may send a form to any of them."""

    async def guard(request: Request, desk: Annotated[Desk, Depends(_signed_in)]) -> None:
        await check_text(request)
        if request.method not in READS:
            await check_form(request, desk.csrf)
            if not desk.may(writes):
                raise HTTPException(403, f"Only an {writes} may do this.")

    return APIRouter(dependencies=[Depends(guard)], default_response_class=HTMLResponse)


def on_signed_out(request: Request, _error: Exception) -> Response:
    """Pages lead to the sign-in and back. Forms and refreshed parts are told only; from a form it leads back to its page."""
    if request.method in READS and not is_live(request):
        return see_other(_door_to(request.url.path, request.url.query))
    door = _door_behind(request.headers.get("referer", ""), request.url.netloc)
    return problem(request, 401, "You are signed out. Sign in again; what you sent was not done.", door)


def _door_behind(referer: str, host: str) -> str:
    """The sign-in that leads back to the page of ours that a form was on."""
    try:
        page = urlsplit(referer)
    except ValueError:  # "http://[" is no address
        return "/sign-in"
    return _door_to(own_path(page.path), page.query) if page.netloc == host else "/sign-in"


def _door_to(path: str, query: str) -> str:
    """The sign-in that leads on to one of our pages."""
    target = path + (f"?{query}" if query else "")
    return "/sign-in" if target == "/" else f"/sign-in?next={quote(target, safe='/')}"


def on_change_first(request: Request, _error: Exception) -> Response:
    return see_other("/account/password") if request.method in READS else problem(request, 403, "Change your password first.")
