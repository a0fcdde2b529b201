"""The switch for everything: with it off no round begins anywhere; open rounds may end (certification 3)."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webingo.office.services import audit, changes
from webingo.office.services.audit import Actor
from webingo.office.tables import Value


def gaming(session: Session) -> bool:
    """Whether any game may be played."""
    return bool(session.scalars(select(Value.number).where(Value.name == "gaming")).one())


def set_gaming(session: Session, by: Actor, enabled: bool) -> None:
    """Reaches the servers at once. Does nothing where it is as wanted already."""
    wanted = update(Value).where(Value.name == "gaming", Value.number != int(enabled)).values(number=int(enabled))
    if session.execute(wanted.returning(Value.name)).first() is None:
        return
    changes.publish(session, "gaming", "", "", {"enabled": enabled}, by.at)
    audit.note(session, by, "gaming.enable" if enabled else "gaming.disable", "house", {"enabled": enabled})
