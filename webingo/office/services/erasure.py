"""Players who are to be forgotten: what they are called goes, and does not come back with what was told before."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import case
from sqlalchemy.orm import Session

from webingo.office.services.upsert import Upsert
from webingo.office.tables import Player

KIND = "erase"
"""Of the ledger entry that says so. Each of the player's wallets has one."""


def _nameless(statement: Any) -> Any:
    at = statement.excluded.erased_at
    latest = case((Player.erased_at > at, Player.erased_at), else_=at)
    return statement.on_conflict_do_update(index_elements=["platform", "uid"], set_={"name": "", "erased_at": latest})


_FORGOTTEN = Upsert(Player, _nameless)


def forget(session: Session, entries: Iterable[Mapping[str, Any]]) -> None:
    """Blanks the names of those whose `erase` entry is among these (rows of tables.Entry), whether it is new or came before,
    also where nothing else of the player was heard of yet. Money and rounds stay: the id is a pseudonym of the platform's."""
    asked: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry["kind"] == KIND:
            who = (entry["platform"], entry["uid"])
            asked[who] = max(asked.get(who, 0), entry["at"])
    rows = [
        {"platform": platform, "uid": uid, "name": "", "first_at": at, "last_at": at, "blocked": False, "erased_at": at}
        for (platform, uid), at in sorted(asked.items())
    ]
    _FORGOTTEN.run(session, rows)
