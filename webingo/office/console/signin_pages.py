"""The door: signing in and out, and one's own password."""

import hmac
import threading
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from starlette.responses import Response

from webingo.errors import Refused
from webingo.office.console.desk import Viewer, check_form, check_text, cookie_name, router
from webingo.office.console.pages import own_path, render, see_other
from webingo.office.office import Here
from webingo.office.services import signin, staff
from webingo.rng import fresh_id

open_routes = APIRouter()
own_routes = router(writes="viewer")

_AT_ONCE = threading.BoundedSemaphore(8)
"""More sign-ins than this wait for nobody: they would take the threads in which the servers' accounting arrives."""

_REFUSED = "Name or password are not right. After three failures within 30 minutes a name is locked for 30 minutes."


async def _own_form(request: Request) -> None:
    """Before there is a session, the form repeats a cookie that only this console can have set."""
    await check_text(request)
    await check_form(request, request.cookies.get("door", ""))


def _door(request: Request, status: int = 200, name: str = "", after: str = "/", text: str = "") -> Response:
    kept = request.cookies.get("door", "")
    token = kept if len(kept) == 36 and kept.isascii() else fresh_id()
    response = render(request, "sign-in.html", status, csrf=token, name=name, after=after, text=text)
    secure = request.url.scheme == "https"
    response.set_cookie("door", token, httponly=True, samesite="strict", secure=secure)
    return response


@open_routes.get("/sign-in", dependencies=[Depends(check_text)])
def sign_in_page(request: Request, after: Annotated[str, Query(alias="next")] = "/") -> Response:
    return _door(request, after=own_path(after))


@open_routes.post("/sign-in", dependencies=[Depends(_own_form)])
def sign_in(
    request: Request,
    office: Here,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=1024)],
    after: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    address = request.client.host if request.client else ""
    if not _AT_ONCE.acquire(blocking=False):
        raise HTTPException(503, "Too many people are signing in at the moment. Try again in a few seconds.")
    try:
        done = signin.sign_in(office.database, name, password, address, office.clock.now_ms())
    finally:
        _AT_ONCE.release()
    if done is None:
        return _door(request, 401, name, own_path(after), _REFUSED)
    token, visit = done
    response = see_other("/account/password" if visit.must_change else own_path(after))
    _set_session(request, response, token)
    response.delete_cookie("door")
    return response


def _set_session(request: Request, response: Response, token: str) -> None:
    """Without an age, so that it goes with the browser; the server ends it earlier."""
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_name(request), token, path="/", httponly=True, samesite="strict", secure=secure)


@own_routes.post("/sign-out")
def sign_out(request: Request, desk: Viewer) -> Response:
    with desk.write() as session:
        signin.sign_out(session, desk.by, desk.visit.token_hash)
    response = see_other("/sign-in")
    secure = request.url.scheme == "https"
    response.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="strict", secure=secure)
    return response


@own_routes.get("/account")
def account(desk: Viewer) -> Response:
    with desk.read() as session:
        return desk.render("account.html", stays=staff.stays(session, desk.by.id), own=desk.visit.token_hash)


@own_routes.get("/account/password")
def password_page(desk: Viewer) -> Response:
    return desk.render("password.html", text="")


@own_routes.post("/account/password")
def change_password(
    request: Request,
    desk: Viewer,
    old: Annotated[str, Form(max_length=1024)],
    new: Annotated[str, Form(max_length=1024)],
    again: Annotated[str, Form(max_length=1024)],
) -> Response:
    if not hmac.compare_digest(new.encode(), again.encode()):
        return desk.render("password.html", 400, text="The two new passwords differ.")
    try:
        token = staff.change_own_password(desk.office.database, desk.by, desk.visit.token_hash, old, new)
    except Refused as refusal:
        return desk.render("password.html", refusal.http_status, text=refusal.message)
    response = desk.to("/account", "Your password was changed. Other devices were signed out.")
    _set_session(request, response, token)
    return response
