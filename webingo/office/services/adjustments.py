"""Money that staff gives to a player or takes away: asked for with a reason, and above a limit approved by a second person.

The limit holds for what a wallet was given and taken without a second person within 24 hours, so that many small adjustments
are no way around it. An adjustment is carried out by a command, whose answer makes it `done` or `failed`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webingo.errors import Code, Refused
from webingo.office.services import audit, commands
from webingo.office.services.audit import Actor
from webingo.office.services.foureyes import one_hand
from webingo.office.services.players import checked_reason
from webingo.office.services.upsert import insert
from webingo.office.tables import Adjustment, Command, Player, Wallet
from webingo.wallet.denomination import operator_of

MOST = 2**53 - 1
DAY_MS = 86_400_000


class Repeated(Refused):
    """The form was sent before. `same`: with the same contents; `first` is what was asked for then."""

    def __init__(self, first: Adjustment, same: bool) -> None:
        self.first, self.same = first, same
        super().__init__(Code.STALE, "This form was sent before. Nothing was done a second time.")


def checked_amount(amount: int) -> int:
    """Raises Refused."""
    if not 0 < abs(amount) <= MOST:
        raise Refused(Code.BAD_PARAMS, "The amount must not be zero, nor larger than any wallet.")
    return amount


def checked_wallet(denom: str) -> str:
    """Raises Refused: of an operator's money only what is in transit is here, and that is nobody's to give or take."""
    if operator := operator_of(denom):
        raise Refused(Code.BAD_PARAMS, f"The operator {operator} keeps this player's money: have it adjusted there.")
    return denom


def adjustable(wallets: Iterable[Wallet]) -> list[Wallet]:
    """Those whose money we keep ourselves."""
    return [wallet for wallet in wallets if not operator_of(wallet.denom)]


def ask(
    session: Session,
    by: Actor,
    platform: str,
    uid: str,
    denom: str,
    amount: int,
    reason: str,
    limit: int,
    form: str | None = None,
) -> Adjustment:
    """Sends it, or lets it wait for a second person. `amount` is signed, in smallest units of a wallet that the player has;
    `form` the id of the form that it was asked for with, which is good for one.

    Raises Refused: no such wallet, one of an operator's, nothing or too much, no reason; and Repeated.
    """
    checked_wallet(denom)
    asked = {"platform": platform, "uid": uid, "denom": denom, "amount": checked_amount(amount)}
    asked |= {"reason": checked_reason(reason), "asked_by": by.name}
    # The lock makes two who ask at once count each other.
    if (
        session.get(Player, (platform, uid), with_for_update=True) is None
        or session.get(Wallet, (platform, uid, denom)) is None
    ):
        raise Refused(Code.BAD_PARAMS, "This player has no such wallet.")
    alone = abs(amount) + without_second(session, platform, uid, denom, by.at) <= limit
    row = _added(session, asked | {"asked_at": by.at, "state": "waiting", "form": form}, asked)
    details = _details(row) | {"reason": row.reason, "approval": not alone}
    audit.note(session, by, "adjustment.ask", audit.of_player(row.platform, row.uid), details)
    if alone:
        _send(session, by, row)
    return row


def _added(session: Session, values: dict[str, Any], asked: Mapping[str, Any]) -> Adjustment:
    """One statement, so that of two with the same form one is added, also at the same time. Raises Repeated."""
    statement = insert(session, Adjustment).values(**values).on_conflict_do_nothing(index_elements=["form"])
    if (made := session.scalar(statement.returning(Adjustment.id))) is not None:
        return session.get_one(Adjustment, made)
    first = session.scalars(select(Adjustment).where(Adjustment.form == values["form"])).one()
    session.expunge(first)
    raise Repeated(first, all(getattr(first, name) == value for name, value in asked.items()))


def without_second(session: Session, platform: str, uid: str, denom: str, at: int) -> int:
    """What was given and taken, added up whatever the sign, within a day and without a second person."""
    mine = Adjustment.platform == platform, Adjustment.uid == uid, Adjustment.denom == denom
    alone = Adjustment.decided_by.is_(None), Adjustment.state.in_(("sent", "done")), Adjustment.asked_at > at - DAY_MS
    return session.scalar(select(func.sum(func.abs(Adjustment.amount))).where(*mine, *alone)) or 0


def approve(session: Session, by: Actor, adjustment_id: int) -> Adjustment:
    """By an admin who did not ask for it, nor can be who asked. Raises Refused; of several who decide at once one does."""
    if by.role != "admin":
        raise Refused(Code.FORBIDDEN, "Only an admin may approve.")
    asked = session.get(Adjustment, adjustment_id)
    open_ = asked and asked.state == "waiting" and asked.asked_by != by.name
    if asked and open_ and one_hand(session, asked.asked_by, by.name, asked.asked_at):
        raise Refused(
            Code.FORBIDDEN,
            f"You can't approve this: within 7 days of it, one of {asked.asked_by} and you made or changed the other's "
            "account, so that both could be one person. Another admin has to decide.",
        )
    row = _decide(session, by, adjustment_id, "sent", own=False)
    audit.note(
        session, by, "adjustment.approve", audit.of_player(row.platform, row.uid), _details(row) | {"asked_by": row.asked_by}
    )
    _send(session, by, row)
    return row


def refuse(session: Session, by: Actor, adjustment_id: int, reason: str) -> Adjustment:
    """By another admin."""
    if by.role != "admin":
        raise Refused(Code.FORBIDDEN, "Only an admin may refuse.")
    reason = checked_reason(reason)
    row = _decide(session, by, adjustment_id, "refused", own=False)
    details = _details(row) | {"asked_by": row.asked_by, "reason": reason}
    audit.note(session, by, "adjustment.refuse", audit.of_player(row.platform, row.uid), details)
    return row


def withdraw(session: Session, by: Actor, adjustment_id: int) -> Adjustment:
    """By whoever asked."""
    row = _decide(session, by, adjustment_id, "refused", own=True)
    audit.note(session, by, "adjustment.withdraw", audit.of_player(row.platform, row.uid), _details(row))
    return row


def waiting(session: Session) -> int:
    """How many wait for a second person."""
    return session.scalar(select(func.count(Adjustment.id)).where(Adjustment.state == "waiting")) or 0


def answers(session: Session, rows: Sequence[Adjustment]) -> dict[str, Command]:
    """The commands that carry them out, by id."""
    wanted = [row.command for row in rows if row.command]
    return {command.id: command for command in session.scalars(select(Command).where(Command.id.in_(wanted)))} if wanted else {}


def _decide(session: Session, by: Actor, adjustment_id: int, state: str, own: bool) -> Adjustment:
    """One statement, so that it happens once: the first who decides has decided."""
    here = Adjustment.id == adjustment_id, Adjustment.state == "waiting"
    asked = Adjustment.asked_by == by.name if own else Adjustment.asked_by != by.name
    values = {"state": state, "decided_by": by.name, "decided_at": by.at}
    if session.execute(update(Adjustment).where(*here, asked).values(**values).returning(Adjustment.id)).first() is None:
        raise _why_not(session, by, adjustment_id, own)
    return session.get_one(Adjustment, adjustment_id, populate_existing=True)


def _why_not(session: Session, by: Actor, adjustment_id: int, own: bool) -> Refused:
    row = session.get(Adjustment, adjustment_id)
    if row is None:
        return Refused(Code.BAD_PARAMS, "There is no such adjustment.")
    if row.state != "waiting":
        return Refused(Code.STALE, f"This was decided already, by {row.decided_by or 'nobody'}.")
    if own:
        return Refused(Code.FORBIDDEN, "Only who asked for it can withdraw it.")
    return Refused(Code.FORBIDDEN, "You asked for this yourself: a second person has to decide.")


def _send(session: Session, by: Actor, row: Adjustment) -> None:
    payload = {"platform": row.platform, "uid": row.uid, "denom": row.denom, "amount": row.amount, "reason": row.reason}
    row.command = commands.send(session, by, "adjust", payload).id
    row.state = "sent"


def _details(row: Adjustment) -> dict[str, object]:
    return {"adjustment": row.id, "amount": row.amount, "denom": row.denom}
