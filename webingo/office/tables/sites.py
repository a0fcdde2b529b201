"""Sites, and what the servers are told of them and of players."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from webingo.office.columns import Base


class Value(Base):
    """Single facts by name: `gaming` (whether any game may be played), `changes` (the number of the newest change)."""

    __tablename__ = "house_values"
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class Site(Base):
    """A site as it is now: `document` is the site's file, checked with the servers' own models."""

    __tablename__ = "sites"
    platform: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    updated_at: Mapped[int]


class SiteVersion(Base):
    """Every document that a site ever had; `by` is the name of who wrote it."""

    __tablename__ = "site_versions"
    platform: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    by: Mapped[str]
    at: Mapped[int]


class Change(Base):
    """News for the servers, in order: `n` is given out in the transaction that commits it, without gaps, so that whoever has
    seen n misses nothing below. `kind` is site, gaming or command; `payload` what the kind says beside that."""

    __tablename__ = "changes"
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    platform: Mapped[str]
    site: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[int]


class Command(Base):
    """Something that the servers have to do, told by the change number `n`; `command` is block, unblock or adjust.

    `state` is pending, done or failed; `code`, `message`, `balance` and `seq` are what the server answered.
    """

    __tablename__ = "commands"
    id: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(unique=True)
    command: Mapped[str]
    payload: Mapped[dict[str, Any]]
    by: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")
    code: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(default="")
    balance: Mapped[int | None]
    seq: Mapped[int | None]
    at: Mapped[int]
    done_at: Mapped[int | None]
    __table_args__ = (Index(None, "state", "n"),)
