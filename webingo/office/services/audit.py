"""The log of everything that staff does, and of what the program decides about staff. Only ever added to.

A row is written in the same transaction as what it tells of: there is no deed without its row, and no row without its deed
(certification: significant events, overrides, adjustments, changes of configuration and failed log-ins are kept).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webingo.office.tables import Audit

MOST_TEXT = 2000
"""What somebody typed is kept up to this length: a log is no place to store things in."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, from where and when (`at` in ms UTC). `id` is 0 and `name` empty for the program itself."""

    id: int
    name: str
    role: str
    address: str
    at: int

    @classmethod
    def system(cls, at: int) -> "Actor":
        return cls(0, "", "", "", at)


def note(session: Session, by: Actor, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
    """Adds a row. `action` is "noun.verb", as "player.block"; `subject` what it was done to, as "player:demo:ana".

    `details` must not hold secrets: it is shown to everybody on the staff.
    """
    row = Audit(
        at=by.at,
        staff=by.name,
        address=by.address,
        action=action,
        subject=subject[:MOST_TEXT],
        details=_short(dict(details or {})),
    )
    session.add(row)


def of_player(platform: str, uid: str) -> str:
    """What the log calls a player."""
    return f"player:{platform}:{uid}"


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Details of a change: for each field that differs [what was, what is]."""
    names = [*before, *(name for name in after if name not in before)]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MOST_TEXT else value[:MOST_TEXT] + "…"
    if isinstance(value, Mapping):
        return {str(name): _short(inner) for name, inner in value.items()}
    return [_short(inner) for inner in value] if isinstance(value, list | tuple) else value
