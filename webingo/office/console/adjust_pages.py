"""Asking for an adjustment: the form, as a part of a player's page and as a page of its own when something is wrong in it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import Depends, Form, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.errors import Refused
from webingo.office.addresses import player_path
from webingo.office.console.desk import Desk, Operator, router
from webingo.office.console.shown import Part, money_text, smallest
from webingo.office.services import adjustments, players
from webingo.office.tables import Adjustment, Player
from webingo.rng import fresh_id

routes = router()
_SIGNS = {"give": 1, "take": -1}
_BECAME = {
    "waiting": "It waits for a second person.",
    "sent": "It is on its way to the player's wallet.",
    "done": "It is done.",
    "failed": "The servers could not do it.",
    "refused": "It was refused or withdrawn.",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What is in the form, as it was typed. `form` is its id, which is good for one adjustment."""

    denom: str = ""
    way: str = ""
    amount: str = ""
    reason: str = ""
    form: str = field(default_factory=fresh_id)


def _given(
    denom: Annotated[str, Form()] = "",
    way: Annotated[str, Form()] = "",
    amount: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    form: Annotated[str, Form()] = "",
) -> Given:
    return Given(denom, way, amount, reason, form)


def found_player(session: Session, platform: str, uid: str) -> Player:
    player = players.get(session, platform, uid)
    if player is None:
        raise HTTPException(404, "There is no such player.")
    return player


@routes.get("/players/{platform}/{uid}/adjust")
def form(desk: Operator, platform: Part, uid: Part) -> Response:
    return _form(desk, platform, uid, Given(), {})


@routes.post("/players/{platform}/{uid}/adjust")
def adjust(desk: Operator, platform: Part, uid: Part, given: Annotated[Given, Depends(_given)]) -> Response:
    """What is wrong is shown at its field, with all that was typed."""
    with desk.read() as session:
        found_player(session, platform, uid)
        held = [wallet.denom for wallet in players.wallets(session, platform, uid)]
    problems = _problems(given, held)
    if problems:
        return _form(desk, platform, uid, given, problems)
    if not 0 < len(given.form) <= 64:
        old = "This form is too old. Look at it, and send it again."
        return _form(desk, platform, uid, replace(given, form=fresh_id()), {"": old})
    wanted, limit = smallest(given.amount, given.denom) * _SIGNS[given.way], desk.settings.adjustment_limit
    try:
        with desk.write() as session:
            row = adjustments.ask(session, desk.by, platform, uid, given.denom, wanted, given.reason, limit, given.form)
    except adjustments.Repeated as repeated:
        return _again(desk, platform, uid, given, repeated)
    except Refused as refusal:
        return _form(desk, platform, uid, given, {"": refusal.message})
    if row.state == "waiting":
        return desk.to(_page_of(row), "Asked for. A second person has to approve this adjustment.", "info")
    return desk.to(_page_of(row), f"The adjustment is on its way to the player's wallet: {_amount(row)}.")


def _problems(given: Given, held: list[str]) -> dict[str, str]:
    """By field. Empty where all can be read."""
    if given.denom not in held:
        return {"denom": "This player has no such wallet."}
    checks: dict[str, Callable[[], object]] = {
        "denom": lambda: adjustments.checked_wallet(given.denom),
        "amount": lambda: adjustments.checked_amount(smallest(given.amount, given.denom)),
        "reason": lambda: players.checked_reason(given.reason),
    }
    found = {} if given.way in _SIGNS else {"way": "Choose one of the two."}
    for name, check in checks.items():
        try:
            check()
        except Refused as refusal:
            found[name] = refusal.message
    return found


def _again(desk: Desk, platform: str, uid: str, given: Given, repeated: adjustments.Repeated) -> Response:
    first = repeated.first
    told = f"{_amount(first)} {'for' if first.amount > 0 else 'from'} {first.uid} was asked for with this form already"
    if repeated.same:
        return desk.to(_page_of(first), f"{told}, once. {_BECAME[first.state]} Nothing was done a second time.", "info")
    said = f"{told}. {_BECAME[first.state]} What you see here was not done: send it, if it is to be done as well."
    return _form(desk, platform, uid, replace(given, form=fresh_id()), {"": said})


def _form(desk: Desk, platform: str, uid: str, given: Given, problems: dict[str, str]) -> Response:
    with desk.read() as session:
        held = players.wallets(session, platform, uid)
        return desk.render(
            "adjust.html",
            422 if problems else 200,
            player=found_player(session, platform, uid),
            base=player_path(platform, uid),
            wallets=held,
            adjustable=adjustments.adjustable(held),
            limit=desk.settings.adjustment_limit,
            given=given,
            problems=problems,
        )


def _page_of(row: Adjustment) -> str:
    return player_path(row.platform, row.uid)


def _amount(row: Adjustment) -> str:
    return f"{'+' if row.amount > 0 else ''}{money_text(row.amount, row.denom)}"
