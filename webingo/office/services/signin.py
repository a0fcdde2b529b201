"""Coming in and going out: who is signed in, and for how long.

A sign-in gets a token of its own, which only its browser knows: here is its hash. It ends by signing out, after 30 minutes
without a sign of life (GLI-19 2.5.4), after 12 hours in any case, and when the account changes. After three failures within
30 minutes a name is locked for as long (2.5.3 d); who fails is not told why, and unknown names behave like known ones.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import ColumnElement, case, delete, select, update
from sqlalchemy.orm import Session

from webingo.office.database import Database
from webingo.office.services import audit, passwords
from webingo.office.services.audit import Actor
from webingo.office.services.upsert import insert
from webingo.office.tables import Staff, StaffSession, Value
from webingo.rng import fresh_id

FAILURES = 3
WINDOW_MS = 30 * 60_000
IDLE_MS = 30 * 60_000
LONGEST_MS = 12 * 3_600_000
_SEEN_EVERY_MS = 30_000
_ATTEMPTS = "sign-in attempts"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in, as their request finds them."""

    staff_id: int
    name: str
    role: str
    csrf: str
    token_hash: str
    must_change: bool


@dataclass(frozen=True, slots=True)
class _Attempt:
    staff: Staff | None
    open: bool
    """Whether this attempt may succeed: the name is known, active, and not locked."""


def sign_in(database: Database, name: str, password: str, address: str, at: int) -> tuple[str, Visit] | None:
    """The new session's token and visit; None where name or password are wrong, or the name is locked."""
    by = Actor(0, "", "", address, at)
    with prove(database, name.strip().lower(), password, by) as (session, staff):
        if staff is None:
            return None
        session.execute(delete(StaffSession).where(_over(at)))
        audit.note(session, Actor(staff.id, staff.name, staff.role, address, at), "sign-in.done", f"staff:{staff.name}")
        return _begin(session, staff, address, at)


@contextmanager
def prove(database: Database, name: str, password: str, by: Actor) -> Iterator[tuple[Session, Staff | None]]:
    """A transaction, with the one whose name and password these are; None where they are not right, which is noted.

    The attempt is counted before the password is looked at: guesses that are made at the same time are all counted.
    """
    with database.write() as session:
        _count(session)
        attempt = _attempt(session, name, by.at)
    right = passwords.right(password, attempt.staff.password_hash if attempt.staff else None)
    with database.write() as session:
        # As it is by now: the account may have been closed, or its password replaced, while this one was checked.
        staff = session.get(Staff, attempt.staff.id) if attempt.staff else None
        same = staff is not None and attempt.staff is not None and staff.password_hash == attempt.staff.password_hash
        if staff is None or not (right and attempt.open and staff.active and same):
            _failed(session, staff, name, by, attempt)
            yield session, None
            return
        staff.failed, staff.failed_since, staff.locked_until = 0, 0, 0
        if passwords.outdated(staff.password_hash):
            staff.password_hash = passwords.hashed(password)
        yield session, staff


def _count(session: Session) -> None:
    """Something to write at every attempt: what a known name costs the disk, an unknown one has to cost, too."""
    statement = insert(session, Value).values(name=_ATTEMPTS, number=1)
    one_more = {"number": Value.number + 1}
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=one_more))


def _attempt(session: Session, name: str, at: int) -> _Attempt:
    staff = session.scalar(select(Staff).where(Staff.name == name).with_for_update())
    if staff is None:
        return _Attempt(None, False)
    if not staff.active or staff.locked_until > at:
        return _Attempt(staff, False)
    if staff.failed_since <= at - WINDOW_MS:
        staff.failed, staff.failed_since = 0, at
    staff.failed += 1
    if staff.failed >= FAILURES:
        staff.locked_until = at + WINDOW_MS  # taken back where this attempt turns out right
    return _Attempt(staff, True)


def _failed(session: Session, staff: Staff | None, name: str, by: Actor, attempt: _Attempt) -> None:
    if staff is None:
        reason = "no such name"
    elif not staff.active:
        reason = "closed account"
    else:
        reason = "wrong password" if attempt.open else "locked"
    audit.note(session, by, "sign-in.failed", f"staff:{name[:64]}", {"reason": reason})
    if staff is not None and attempt.open and attempt.staff is not None and attempt.staff.failed == FAILURES:
        audit.note(session, by, "sign-in.locked", f"staff:{name}", {"until": attempt.staff.locked_until})


def _begin(session: Session, staff: Staff, address: str, at: int) -> tuple[str, Visit]:
    """A new session. Whatever token the browser brought is not used on: nobody can choose another's."""
    token, csrf = _fresh_token(), fresh_id()
    row = StaffSession(token_hash=_hash(token), staff_id=staff.id, csrf=csrf, created_at=at, seen_at=at, address=address)
    session.add(row)
    return token, Visit(staff.id, staff.name, staff.role, csrf, row.token_hash, staff.must_change)


def renew(session: Session, token_hash: str) -> str:
    """The session goes on under a new token; the old one is worth nothing any more."""
    token = _fresh_token()
    here = StaffSession.token_hash == token_hash
    session.execute(update(StaffSession).where(here).values(token_hash=_hash(token)))
    return token


def visit(database: Database, token: str, at: int, seen: bool = True) -> Visit | None:
    """Who holds this token, or None. `seen` counts as a sign of life; pages that refresh themselves give none."""
    if not token:
        return None
    with database.read() as session:
        found = session.execute(
            select(StaffSession, Staff)
            .join(Staff, Staff.id == StaffSession.staff_id)
            .where(StaffSession.token_hash == _hash(token), ~_over(at), Staff.active)
        ).first()
    if found is None:
        return None
    row, staff = found
    if seen and row.seen_at < at - _SEEN_EVERY_MS:
        with database.write() as session:
            # Not where it ended meanwhile; and time goes forward only.
            here = StaffSession.token_hash == row.token_hash
            later = case((StaffSession.seen_at < at, at), else_=StaffSession.seen_at)
            session.execute(update(StaffSession).where(here).values(seen_at=later))
    return Visit(staff.id, staff.name, staff.role, row.csrf, row.token_hash, staff.must_change)


def sign_out(session: Session, by: Actor, token_hash: str) -> None:
    session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash))
    audit.note(session, by, "sign-out.done", f"staff:{by.name}")


def end_all(session: Session, staff_id: int, but: str = "") -> None:
    """Signs somebody out everywhere, except where the token has this hash."""
    theirs = StaffSession.staff_id == staff_id, StaffSession.token_hash != but
    session.execute(delete(StaffSession).where(*theirs))


def _over(at: int) -> ColumnElement[bool]:
    return (StaffSession.seen_at <= at - IDLE_MS) | (StaffSession.created_at <= at - LONGEST_MS)


def _fresh_token() -> str:
    return fresh_id() + fresh_id()


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
