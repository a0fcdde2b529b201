"""What does not add up in what the servers send: it is kept as it came, and noted for somebody to look at."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webingo.office.services.upsert import Lookup, Upsert
from webingo.office.tables import Entry, Finding

_WALLET = itemgetter("platform", "denom", "uid")
_PLACE = itemgetter("platform", "denom", "uid", "seq")
_BALANCES = Lookup([Entry.platform, Entry.denom, Entry.uid, Entry.seq], [Entry.balance])
_NOTED = Upsert(Finding, lambda statement: statement.on_conflict_do_nothing(index_elements=["kind", "subject"]))

_REFUSED = Upsert(
    Finding,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={"at": statement.excluded.at, "details": statement.excluded.details, "cleared_by": None, "cleared_at": None},
        where=Finding.cleared_at.is_not(None),
    ),
)


def note_refused(session: Session, shard: int, message: str, now_ms: int) -> None:
    """A shard's books stand still: its ledger is not the one that was sent before (CONFLICT), and is sent again for ever.

    Noted with the first refusal; again with the next one after somebody has ticked it off, since it stands still yet."""
    row = {"at": now_ms, "kind": "conflict", "subject": f"shard:{shard}", "details": {"message": message}}
    _REFUSED.run(session, [row])


def note_short(session: Session, rows: Iterable[dict[str, Any]], now_ms: int) -> None:
    """New ledger entries that took less than they had to: what is missing is the house's loss."""
    _NOTED.run(session, [{**_shortfall(row), "at": now_ms} for row in rows if row["short"]])


def _shortfall(row: dict[str, Any]) -> dict[str, Any]:
    told = {"entry": row["entry"], "posting": row["kind"], "amount": row["amount"], "short": row["short"]}
    return {"kind": "short", "subject": _subject(row), "details": told}


def check_chains(session: Session, rows: Iterable[dict[str, Any]], now_ms: int) -> None:
    """Holds new ledger entries against the one before, wallet by wallet: numbers without a gap, balances that follow.

    A wallet whose first entry here is not its first has a past before the backoffice; that is no gap.
    """
    wallets = [list(group) for _, group in groupby(sorted(rows, key=_PLACE), _WALLET)]
    before = _before(session, [group[0] for group in wallets if group[0]["seq"] > 1])
    found = [finding for group in wallets for finding in _broken(group, before.get(_WALLET(group[0])))]
    if found:
        _NOTED.run(session, [{**finding, "at": now_ms} for finding in found])


def _before(session: Session, firsts: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(seq, balance) of the last entry before these, by wallet; nothing for a wallet without any."""
    known: dict[tuple[str, str, str], tuple[int, int]] = {}
    wanted = [(*_WALLET(row), row["seq"] - 1) for row in firsts]
    for platform, denom, uid, seq, balance in _BALANCES.run(session, wanted):
        known[platform, denom, uid] = (seq, balance)
    for row in firsts:
        if _WALLET(row) not in known and (last := _last_before(session, row)):
            known[_WALLET(row)] = last
    return known


def _last_before(session: Session, row: dict[str, Any]) -> tuple[int, int] | None:
    """Asked only where the entry right before is missing: hardly ever."""
    mine = (Entry.platform == row["platform"], Entry.denom == row["denom"], Entry.uid == row["uid"], Entry.seq < row["seq"])
    found = session.execute(select(Entry.seq, Entry.balance).where(*mine).order_by(Entry.seq.desc()).limit(1)).first()
    return (found[0], found[1]) if found else None


def _broken(rows: Sequence[dict[str, Any]], before: tuple[int, int] | None) -> Iterator[dict[str, Any]]:
    last = before or ((0, 0) if rows[0]["seq"] == 1 else None)
    for row in rows:
        subject = _subject(row)
        if last is not None and row["seq"] != last[0] + 1:
            yield {"kind": "gap", "subject": subject, "details": {"entry": row["entry"], "after": last[0], "seq": row["seq"]}}
        elif last is not None and row["balance"] != last[1] + row["amount"]:
            expected = last[1] + row["amount"]
            yield {
                "kind": "balance",
                "subject": subject,
                "details": {"entry": row["entry"], "expected": expected, "balance": row["balance"]},
            }
        last = (row["seq"], row["balance"])


def _subject(row: dict[str, Any]) -> str:
    return f"wallet:{':'.join(_WALLET(row))}#{row['seq']}"
