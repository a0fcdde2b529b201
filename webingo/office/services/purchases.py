"""What a player paid for, what of it was taken back, and what could not be. Each is a look-up in the index of payments."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webingo.office.tables import Entry
from webingo.office.tables.money import PAYMENT

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Total:
    """Of one wallet, in smallest units, since ever. `refunded` and `charged_back` are what was really taken, `returned` what
    came back of it; `short` is what was to be taken and was not there."""

    denom: str
    count: int = 0
    bought: int = 0
    refunded: int = 0
    charged_back: int = 0
    returned: int = 0
    short: int = 0


def totals(session: Session, platform: str, uid: str) -> dict[str, Total]:
    """By denomination; of a player who never bought anything nothing."""
    # Not the column itself: SQLite would take the index that has the denominations in order, and read all of the platform.
    wallet, sums = Entry.denom + "", (func.count(), func.sum(Entry.amount), func.sum(Entry.short))
    asked = _payments(select(wallet, Entry.kind, *sums), platform, uid).group_by(wallet, Entry.kind)
    found = defaultdict[str, dict[str, tuple[int, int]]](dict)
    short = defaultdict[str, int](int)
    for denom, kind, count, amount, missing in session.execute(asked):
        found[denom][kind] = (count, int(amount))
        short[denom] += int(missing)
    return {denom: _total(denom, kinds, short[denom]) for denom, kinds in sorted(found.items())}


def _total(denom: str, kinds: dict[str, tuple[int, int]], short: int) -> Total:
    count, bought = kinds.get("purchase", (0, 0))
    refunded, charged, returned = (kinds.get(kind, (0, 0))[1] for kind in ("refund", "chargeback", "chargeback_reversal"))
    return Total(denom, count, bought, -refunded, -charged, returned, short)


def last(session: Session, platform: str, uid: str) -> Sequence[Entry]:
    """The newest entries of payments, as they came."""
    found: Sequence[Entry] = session.scalars(
        _payments(select(Entry), platform, uid).order_by(Entry.id.desc()).limit(SHOWN)
    ).all()
    return found


def _payments(query: Any, platform: str, uid: str) -> Any:
    return query.where(Entry.platform == platform, Entry.uid == uid, PAYMENT)
