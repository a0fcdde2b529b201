"""Who works here, and what they did."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webingo.office.columns import Base


class Staff(Base):
    """`role` is viewer, operator or admin. `failed` counts wrong passwords since `failed_since`.

    `must_change`: the password was generated, and is good for nothing but choosing another one."""

    __tablename__ = "staff"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    must_change: Mapped[bool] = mapped_column(default=False)
    failed: Mapped[int] = mapped_column(default=0)
    failed_since: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int]


class StaffSession(Base):
    """Somebody who is signed in. The cookie's token is kept as its hash only; `csrf` goes into every form."""

    __tablename__ = "staff_sessions"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str]
    created_at: Mapped[int]
    seen_at: Mapped[int]
    address: Mapped[str]


class Audit(Base):
    """What staff (or the program: `staff` is "") did. Only ever added to. `subject` names whom it concerns: `site:demo:fun`."""

    __tablename__ = "audit"
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[int]
    staff: Mapped[str]
    address: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    __table_args__ = (
        Index(None, "staff", "n"),
        Index(None, "action", "n"),
        Index(None, "subject", "n"),
        Index(None, "at"),
    )
