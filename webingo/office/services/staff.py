"""Who works in the console: accounts, their roles, and passwords that are generated and changed at the first sign-in."""

import re
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webingo.errors import Code, Refused
from webingo.office.database import Database
from webingo.office.services import audit, passwords, signin
from webingo.office.services.audit import Actor
from webingo.office.tables import Staff, StaffSession, Value

ROLES = ("viewer", "operator", "admin")
FIRST = "admin"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


def first_admin(database: Database, at: int) -> str | None:
    """Makes the account `admin` where nobody is there yet. Answers its password, which is never told again; else None."""
    password = passwords.generated()
    hash_ = passwords.hashed(password)
    with database.write() as session:
        _one_at_a_time(session)
        if session.scalar(select(func.count(Staff.id))):
            return None
        _add(session, Actor.system(at), FIRST, "admin", hash_)
    return password


def rescue(database: Database, name: str, at: int) -> str:
    """From the command line, for a house whose admins can't sign in: the account is an active admin's with a new password.

    Raises Refused where there is no such account."""
    password = passwords.generated()
    hash_ = passwords.hashed(password)
    with database.write() as session:
        staff = session.scalar(select(Staff).where(Staff.name == name.strip().lower()))
        if staff is None:
            raise Refused(Code.BAD_PARAMS, f"Nobody on the staff is called {name!r}.")
        staff.role, staff.active = "admin", True
        _new_password(session, Actor.system(at), staff, hash_)
    return password


def everybody(session: Session) -> Sequence[Staff]:
    """The active ones first, by name."""
    return session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name)).all()


def last_seen(session: Session) -> dict[int, int]:
    """When those who are signed in were seen last, by staff id."""
    query = select(StaffSession.staff_id, func.max(StaffSession.seen_at)).group_by(StaffSession.staff_id)
    return {row[0]: row[1] for row in session.execute(query)}


def stays(session: Session, staff_id: int) -> Sequence[StaffSession]:
    """Where somebody is signed in, the last seen first."""
    query = select(StaffSession).where(StaffSession.staff_id == staff_id).order_by(StaffSession.seen_at.desc())
    return session.scalars(query.limit(50)).all()


def add(database: Database, by: Actor, name: str, role: str) -> str:
    """A new account. Answers its password, which is never told again. Raises Refused: the name, or the role."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise Refused(Code.BAD_PARAMS, "A name has 2 to 32 letters, digits, dots or dashes, and begins with a letter or digit.")
    _check_role(role)
    password = passwords.generated()
    hash_ = passwords.hashed(password)
    with database.write() as session:
        _one_at_a_time(session)
        if session.scalar(select(Staff.id).where(Staff.name == name)):
            raise Refused(Code.BAD_PARAMS, f"{name} is taken. Accounts are never deleted, so that the log stays clear.")
        _add(session, by, name, role, hash_)
    return password


def _one_at_a_time(session: Session) -> None:
    """New accounts wait for each other, until the transaction ends: any row that is always there will do for that."""
    session.execute(select(Value).where(Value.name == "gaming").with_for_update())


def _add(session: Session, by: Actor, name: str, role: str, hash_: str) -> None:
    session.add(Staff(name=name, password_hash=hash_, role=role, must_change=True, created_at=by.at))
    audit.note(session, by, "staff.add", f"staff:{name}", {"role": role})


def set_role(session: Session, by: Actor, staff_id: int, role: str) -> Staff:
    """Takes effect at once: the account is signed out everywhere. Raises Refused; the last admin stays one."""
    _check_role(role)
    staff = _other(session, by, staff_id)
    if staff.role != role:
        audit.note(session, by, "staff.role", f"staff:{staff.name}", {"role": [staff.role, role]})
        staff.role = role
        signin.end_all(session, staff_id)
    return staff


def set_active(session: Session, by: Actor, staff_id: int, active: bool) -> Staff:
    """Closes an account, which signs it out everywhere, or opens it again."""
    staff = _other(session, by, staff_id)
    if staff.active != active:
        audit.note(session, by, "staff.activate" if active else "staff.deactivate", f"staff:{staff.name}")
        staff.active = active
        signin.end_all(session, staff_id)
    return staff


def reset_password(database: Database, by: Actor, staff_id: int) -> tuple[Staff, str]:
    """A new generated password, which also opens the lock; signs the account out everywhere."""
    password = passwords.generated()
    hash_ = passwords.hashed(password)
    with database.write() as session:
        staff = _other(session, by, staff_id)
        _new_password(session, by, staff, hash_)
    return staff, password


def change_own_password(database: Database, by: Actor, token_hash: str, old: str, new: str) -> str:
    """Signs out everywhere else; this session goes on under the token that is answered.

    Raises Refused: the old password is wrong (which counts as a failed sign-in), the new one too easy."""
    passwords.check(new, by.name)
    if old == new:
        raise Refused(Code.BAD_PARAMS, "Choose a password that is not the old one.")
    hash_ = passwords.hashed(new)
    with signin.prove(database, by.name, old, by) as (session, staff):
        if staff is not None:
            staff.password_hash, staff.must_change = hash_, False
            signin.end_all(session, staff.id, but=token_hash)
            audit.note(session, by, "password.change", f"staff:{by.name}")
            return signin.renew(session, token_hash)
    raise Refused(Code.FORBIDDEN, "The old password is not right.")


def _new_password(session: Session, by: Actor, staff: Staff, hash_: str) -> None:
    staff.password_hash, staff.must_change = hash_, True
    staff.failed, staff.failed_since, staff.locked_until = 0, 0, 0
    signin.end_all(session, staff.id)
    audit.note(session, by, "password.reset", f"staff:{staff.name}")


def _other(session: Session, by: Actor, staff_id: int) -> Staff:
    """Nobody changes their own account, so there is always an admin left: the one who does it, if that is one still.

    Both rows are locked, in the same order by everybody: two admins who close each other's accounts do it one after the other.
    """
    if staff_id == by.id:
        raise Refused(Code.FORBIDDEN, "Another admin has to do this for you.")
    query = select(Staff).where(Staff.id.in_((by.id, staff_id))).order_by(Staff.id).with_for_update()
    found = {staff.id: staff for staff in session.scalars(query)}
    own = found.get(by.id)
    if own is None or not own.active or own.role != "admin":
        raise Refused(Code.FORBIDDEN, "Only an admin may do this.")
    if staff_id not in found:
        raise Refused(Code.BAD_PARAMS, "There is no such account.")
    return found[staff_id]


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Refused(Code.BAD_PARAMS, "Choose a role: viewer, operator or admin.")
