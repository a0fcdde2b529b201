"""Adjustments: what waits for a second person, and what became of the others."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.errors import Refused
from webingo.office.console.desk import Admin, Desk, Operator, Viewer, router
from webingo.office.console.pages import own_path
from webingo.office.console.paging import Cursor, page
from webingo.office.console.shown import Id, money_text
from webingo.office.services import adjustments, players, sites
from webingo.office.tables import Adjustment

routes = router()
STATES = ("waiting", "sent", "done", "failed", "refused")
Back = Annotated[str, Form()]


@routes.get("/adjustments")
def listed(desk: Viewer, state: str = "", cursor: Cursor = "") -> Response:
    with desk.read() as session:
        query = select(Adjustment).where(Adjustment.state == state) if state in STATES else select(Adjustment)
        found = page(session, query, [Adjustment.id], cursor)
        return desk.render(
            "adjustments.html",
            found=found,
            answers=adjustments.answers(session, found.rows),
            names=players.names(session, (row.uid for row in found.rows)),
            state=state if state in STATES else "",
            states=STATES,
            waiting=adjustments.waiting(session),
            limits=_limits(session, desk.settings.adjustment_limit),
        )


def _limits(session: Session, limit: int) -> str:
    """In the money of every site: R$ 100.00 or 10,000 credits."""
    denoms = sorted(
        {str(site.document.get("denomination", "")) for site in sites.every_site(session) if not site.document.get("operator")}
    )
    return " or ".join(money_text(limit, denom) + " credits" * (denom == "credit") for denom in denoms) or str(limit)


@routes.post("/adjustments/{adjustment_id}/approve")
def approve(desk: Admin, adjustment_id: Id, back: Back = "/adjustments") -> Response:
    said = "Approved. It is on its way to the player's wallet."
    return _decided(desk, back, said, lambda session: adjustments.approve(session, desk.by, adjustment_id))


@routes.post("/adjustments/{adjustment_id}/refuse")
def refuse(desk: Admin, adjustment_id: Id, reason: Annotated[str, Form()], back: Back = "/adjustments") -> Response:
    said = "Refused. Nothing was changed."
    return _decided(desk, back, said, lambda session: adjustments.refuse(session, desk.by, adjustment_id, reason))


@routes.post("/adjustments/{adjustment_id}/withdraw")
def withdraw(desk: Operator, adjustment_id: Id, back: Back = "/adjustments") -> Response:
    said = "Withdrawn. Nothing was changed."
    return _decided(desk, back, said, lambda session: adjustments.withdraw(session, desk.by, adjustment_id))


def _decided(desk: Desk, back: str, said: str, decide: Callable[[Session], Adjustment]) -> Response:
    try:
        with desk.write() as session:
            decide(session)
    except Refused as refusal:
        return desk.to(own_path(back), refusal.message, "bad")
    return desk.to(own_path(back), said)
