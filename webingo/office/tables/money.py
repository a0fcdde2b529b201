"""The ledger, the rounds, and what they add up to."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webingo.office.columns import Base

MINUTE_MS, DAY_MS = 60_000, 86_400_000
_OPEN = text("ended_at IS NULL")
PAYMENT = text("kind IN ('purchase', 'refund', 'chargeback', 'chargeback_reversal')")
"""Entries of money that was paid outside: the condition of their index, so word for word that of whoever looks for them."""


class Entry(Base):
    """A line of the servers' ledger, as it is: `entry` is its id there, `position` where it stands in its shard. `short` is
    what was to be taken and was not there."""

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry: Mapped[str] = mapped_column(unique=True)
    shard: Mapped[int]
    position: Mapped[str]
    platform: Mapped[str]
    denom: Mapped[str]
    uid: Mapped[str]
    seq: Mapped[int]
    kind: Mapped[str]
    amount: Mapped[int]
    balance: Mapped[int]
    round: Mapped[str]
    game: Mapped[str]
    site: Mapped[str]
    at: Mapped[int]
    note: Mapped[str]
    fed: Mapped[str]
    closes: Mapped[bool]
    short: Mapped[int] = mapped_column(server_default=text("0"))
    __table_args__ = (
        UniqueConstraint("platform", "denom", "uid", "seq"),
        Index(None, "round"),
        Index(None, "at", "id"),
        Index("ix_ledger_payments", "platform", "uid", "id", sqlite_where=PAYMENT, postgresql_where=PAYMENT),
    )


class Round(Base):
    """A round, added up of its ledger entries. `n` grows in the order in which rounds were first heard of.

    `version` is the game's, "" until the record came. `ended_at` is null while it is open: what was wagered in it is
    held. `jackpot` is what jackpots paid; `won` is without it. `voided` was wagered and given back; `wagered` is without it."""

    __tablename__ = "rounds"
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    platform: Mapped[str]
    site: Mapped[str]
    uid: Mapped[str]
    denom: Mapped[str]
    game: Mapped[str]
    version: Mapped[str] = mapped_column(default="")
    began_at: Mapped[int]
    ended_at: Mapped[int | None]
    wagered: Mapped[int] = mapped_column(default=0)
    won: Mapped[int] = mapped_column(default=0)
    jackpot: Mapped[int] = mapped_column(default=0)
    voided: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    __table_args__ = (
        Index(None, "platform", "uid", "n"),
        Index(None, "platform", "site", "game", "n"),
        Index(None, "platform", "site", "n"),
        Index(None, "game", "n"),
        Index(None, "won", "n"),
        Index(None, "began_at", "n"),
        Index("ix_rounds_open", "n", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_rounds_held", "platform", "site", "denom", "game", "wagered", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )


class RoundRecord(Base):
    """A round's record, [header, record, state, …] as JSON, packed with zlib."""

    __tablename__ = "round_records"
    round: Mapped[str] = mapped_column(primary_key=True)
    blob: Mapped[bytes]


class GameTotal(Base):
    """Closed rounds of a game on a site, since ever; of cancelled ones only `voided`. `wagered_squared` is the sum of each
    round's wager squared, for the confidence band of the RTP: a float, since it is only for statistics."""

    __tablename__ = "game_totals"
    platform: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    denom: Mapped[str] = mapped_column(primary_key=True)
    game: Mapped[str] = mapped_column(primary_key=True)
    rounds: Mapped[int]
    wagered: Mapped[int]
    wagered_squared: Mapped[float]
    won: Mapped[int]
    voided: Mapped[int] = mapped_column(server_default=text("0"))


class GameMinute(Base):
    """Closed rounds of a game on a site by the minute (milliseconds // MINUTE_MS) in which they ended."""

    __tablename__ = "game_minutes"
    minute: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    denom: Mapped[str] = mapped_column(primary_key=True)
    game: Mapped[str] = mapped_column(primary_key=True)
    rounds: Mapped[int]
    wagered: Mapped[int]
    wagered_squared: Mapped[float] = mapped_column(server_default=text("0"))
    won: Mapped[int]
    voided: Mapped[int] = mapped_column(server_default=text("0"))


class GameDay(Base):
    """The same by the day (milliseconds // DAY_MS, UTC): reports over weeks add up these."""

    __tablename__ = "game_days"
    day: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    denom: Mapped[str] = mapped_column(primary_key=True)
    game: Mapped[str] = mapped_column(primary_key=True)
    rounds: Mapped[int]
    wagered: Mapped[int]
    wagered_squared: Mapped[float]
    won: Mapped[int]
    voided: Mapped[int] = mapped_column(server_default=text("0"))


class Finding(Base):
    """Something that does not add up and that somebody has to look at, once for each `kind` and `subject`. `gap`: entries of a
    wallet are missing before the one that came; `balance`: it does not follow; `short`: a wallet held less than was to be
    taken; `conflict`: a shard's ledger is refused. `cleared_by` has looked at it."""

    __tablename__ = "findings"
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[int]
    kind: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    cleared_by: Mapped[str | None]
    cleared_at: Mapped[int | None]
    __table_args__ = (UniqueConstraint("kind", "subject"), Index(None, "cleared_at", "n"))
