"""News for the servers: numbered without gaps in the order in which they are committed."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webingo.office.database import NEWS
from webingo.office.tables import Change, Value


def publish(session: Session, kind: str, platform: str, site: str, payload: dict[str, Any], at: int) -> int:
    """Adds a change and answers its number; those who wait are woken by the commit.

    The counter's row stays locked until then, so that a number never appears after a higher one.
    """
    count = update(Value).where(Value.name == "changes").values(number=Value.number + 1).returning(Value.number)
    n: int = session.execute(count).scalar_one()
    session.add(Change(n=n, kind=kind, platform=platform, site=site, payload=payload, at=at))
    session.info[NEWS] = True
    return n


def newest(session: Session) -> int:
    return session.scalars(select(Value.number).where(Value.name == "changes")).one()


def since(session: Session, after: int, count: int) -> list[Change]:
    return list(session.scalars(select(Change).where(Change.n > after).order_by(Change.n).limit(count)))
