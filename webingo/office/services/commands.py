"""What the servers are told to do to players, one after the other, and how it went."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webingo.backoffice.contract import CommandDone
from webingo.office.services import audit, changes
from webingo.office.services.audit import Actor
from webingo.office.services.denied import Denied
from webingo.office.services.wallets import seen
from webingo.office.tables import Adjustment, Command
from webingo.rng import fresh_id

MOST_PENDING = 100


def send(session: Session, by: Actor, command: str, payload: Mapping[str, Any]) -> Command:
    """`command` is block or unblock {platform, uid}, or adjust {platform, uid, denom, amount, reason}. No audit row: whoever
    sends it knows what it is about."""
    made = fresh_id()
    n = changes.publish(session, "command", payload["platform"], "", {"id": made}, by.at)
    row = Command(id=made, n=n, command=command, payload=dict(payload), by=by.name, state="pending", at=by.at)
    session.add(row)
    return row


def pending(session: Session) -> list[Command]:
    wanted = select(Command).where(Command.state == "pending").order_by(Command.n).limit(MOST_PENDING)
    return list(session.scalars(wanted))


def finish(session: Session, command_id: str, done: CommandDone, now_ms: int) -> None:
    """A server has carried it out or could not. Again: nothing. Raises Denied UNKNOWN_COMMAND."""
    row = session.get(Command, command_id, with_for_update=True)
    if row is None:
        raise Denied(404, "UNKNOWN_COMMAND", "There is no such command.")
    if row.state != "pending":
        return
    row.state = "done" if done.ok else "failed"
    row.code, row.message, row.done_at = done.code, done.message, done.at
    details: dict[str, Any] = {"command": row.command, "id": row.id}
    if row.command == "adjust":
        if done.seq:
            row.balance, row.seq = done.balance, done.seq
            seen(session, row.payload["platform"], row.payload["uid"], row.payload["denom"], done.balance, done.seq)
        details |= {"amount": row.payload["amount"], "denom": row.payload["denom"]}
        adjustment = session.scalars(select(Adjustment).where(Adjustment.command == row.id)).one_or_none()
        if adjustment is not None:
            adjustment.state = row.state
            details["adjustment"] = adjustment.id
    if not done.ok:
        details |= {"code": done.code, "message": done.message}
    subject = audit.of_player(row.payload["platform"], row.payload["uid"])
    audit.note(session, Actor.system(now_ms), f"command.{row.state}", subject, details)
