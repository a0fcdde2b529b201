"""Who works here: accounts, roles, and new passwords. For admins."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from webingo.errors import Refused
from webingo.office.console.desk import Admin, Desk, router
from webingo.office.console.shown import Id
from webingo.office.services import staff

routes = router(writes="admin")


@routes.get("/staff")
def listed(desk: Admin) -> Response:
    return _page(desk)


def _page(desk: Desk, status: int = 200, name: str = "", password: str = "") -> Response:
    with desk.read() as session:
        people, seen = staff.everybody(session), staff.last_seen(session)
    return desk.render("staff.html", status, people=people, seen=seen, roles=staff.ROLES, name=name, password=password)


@routes.post("/staff")
def add(desk: Admin, name: Annotated[str, Form(max_length=64)], role: Annotated[str, Form(max_length=16)]) -> Response:
    """The answer shows the generated password, once: it is kept nowhere, so there is no other page to lead to."""
    try:
        password = staff.add(desk.office.database, desk.by, name, role)
    except Refused as refusal:
        return desk.to("/staff", refusal.message, "bad")
    return _page(desk, name=name.strip().lower(), password=password)


@routes.post("/staff/{staff_id}/password")
def reset(desk: Admin, staff_id: Id) -> Response:
    try:
        account, password = staff.reset_password(desk.office.database, desk.by, staff_id)
    except Refused as refusal:
        return desk.to("/staff", refusal.message, "bad")
    return _page(desk, name=account.name, password=password)


@routes.post("/staff/{staff_id}/role")
def set_role(desk: Admin, staff_id: Id, role: Annotated[str, Form(max_length=16)]) -> Response:
    try:
        with desk.write() as session:
            account = staff.set_role(session, desk.by, staff_id, role)
    except Refused as refusal:
        return desk.to("/staff", refusal.message, "bad")
    return desk.to("/staff", f"{account.name} is {account.role} now, and has to sign in again.")


@routes.post("/staff/{staff_id}/close")
def close(desk: Admin, staff_id: Id) -> Response:
    return _active(desk, staff_id, False)


@routes.post("/staff/{staff_id}/open")
def reopen(desk: Admin, staff_id: Id) -> Response:
    return _active(desk, staff_id, True)


def _active(desk: Desk, staff_id: int, active: bool) -> Response:
    try:
        with desk.write() as session:
            account = staff.set_active(session, desk.by, staff_id, active)
    except Refused as refusal:
        return desk.to("/staff", refusal.message, "bad")
    said = f"{account.name} can sign in again." if active else f"{account.name} was signed out, and can't come in any more."
    return desk.to("/staff", said)
