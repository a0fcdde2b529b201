"""Players, what they have, and when they were there."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webingo.office.columns import Base


class Player(Base):
    """`blocked` is what staff wants; the server has been told by a command. `erased_at`: who this is had to be forgotten then,
    so that no `name` from before counts."""

    __tablename__ = "players"
    platform: Mapped[str] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    first_at: Mapped[int]
    last_at: Mapped[int]
    blocked: Mapped[bool] = mapped_column(default=False)
    erased_at: Mapped[int | None]
    __table_args__ = (
        Index(None, "uid", "platform"),
        Index(None, "last_at", "platform", "uid"),
        Index(None, "name", "uid"),
        Index(
            "ix_players_blocked", "last_at", "platform", "uid", sqlite_where=text("blocked"), postgresql_where=text("blocked")
        ),
    )


class Wallet(Base):
    """A balance after the ledger's entry number `seq`: of two, the one with the higher seq is the newer."""

    __tablename__ = "wallets"
    platform: Mapped[str] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(primary_key=True)
    denom: Mapped[str] = mapped_column(primary_key=True)
    balance: Mapped[int]
    seq: Mapped[int]


class PlayerSession(Base):
    """A player's stay. `ended_at` is null while it lasts; `reason` says why it ended ("silent": nothing was heard of it)."""

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str]
    platform: Mapped[str]
    site: Mapped[str]
    uid: Mapped[str]
    began_at: Mapped[int]
    ended_at: Mapped[int | None]
    alive_at: Mapped[int]
    rounds: Mapped[int] = mapped_column(default=0)
    wagered: Mapped[int] = mapped_column(default=0)
    won: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        Index(None, "platform", "uid", "began_at", "id"),
        Index(None, "began_at", "id"),
        Index(None, "ended_at", "alive_at"),
    )


class Adjustment(Base):
    """Money that staff gives or takes. `state`: waiting (for a second person), sent, done, failed, refused.

    `command` is the id of the command that carries it out, once it was sent. `form` names the page's form, which is good for
    one: what is sent twice is asked for once."""

    __tablename__ = "adjustments"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    platform: Mapped[str]
    uid: Mapped[str]
    denom: Mapped[str]
    amount: Mapped[int]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[int]
    decided_by: Mapped[str | None]
    decided_at: Mapped[int | None]
    state: Mapped[str]
    command: Mapped[str | None] = mapped_column(unique=True)
    form: Mapped[str | None]
    __table_args__ = (Index(None, "platform", "uid", "id"), Index(None, "state", "id"), Index(None, "form", unique=True))
