"""Jackpots as the servers tell of them."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from webingo.office.columns import Base


class Jackpot(Base):
    """A meter as the servers last told it; `snapshot` holds all that they told, amounts in storage units."""

    __tablename__ = "jackpots"
    platform: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    snapshot: Mapped[dict[str, Any]]
    at: Mapped[int]


class JackpotWin(Base):
    """A jackpot that was paid: `amount` in the wallet's smallest unit, `claim` the id under which it was paid once."""

    __tablename__ = "jackpot_wins"
    claim: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str]
    site: Mapped[str]
    jackpot: Mapped[str]
    uid: Mapped[str]
    denom: Mapped[str]
    amount: Mapped[int]
    round: Mapped[str]
    game: Mapped[str]
    at: Mapped[int]
    __table_args__ = (
        Index(None, "at", "claim"),
        Index(None, "platform", "uid", "at"),
        Index(None, "round"),
        Index(None, "platform", "site", "jackpot", "at", "claim"),
    )
