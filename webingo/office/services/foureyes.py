"""Whether two accounts may be one person's: an admin gets into an account by making it, or by giving it a new password.

The log says who did what to which account, so that nothing can be forgotten here, and nothing set back.
"""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from webingo.office.tables import Audit

AROUND_MS = 7 * 86_400_000
"""So long before and after a deed that wants two people a hand in the other's account counts."""
_HANDS = ("staff.add", "password.reset", "staff.role", "staff.activate", "staff.deactivate")


def one_hand(session: Session, one: str, other: str, at: int) -> bool:
    """Whether one of the two (names) had a hand in the other's account around `at`, also by way of further accounts."""
    theirs = defaultdict[str, set[str]](set)
    query = select(Audit.staff, Audit.subject).where(
        Audit.action.in_(_HANDS), Audit.staff != "", Audit.at.between(at - AROUND_MS, at + AROUND_MS)
    )
    for staff, subject in session.execute(query):
        theirs[staff].add(subject.partition(":")[2])
    return other in _reached(theirs, one) or one in _reached(theirs, other)


def _reached(theirs: dict[str, set[str]], name: str) -> set[str]:
    found, todo = set[str](), [name]
    while todo:
        new = theirs.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
