"""Takes the servers' ledger: each entry once, whatever is sent again, and what follows from it in the same transaction."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from webingo.backoffice import contract_books
from webingo.backoffice.contract_books import LedgerBatch, LedgerTaken
from webingo.office.services import erasure, findings, snapshots, tallies, wallets
from webingo.office.services.denied import conflict
from webingo.office.services.upsert import Upsert, pages
from webingo.office.services.wallets import Standing
from webingo.office.tables import Entry, RoundRecord

Row = dict[str, Any]
"""A row of `tables.Entry`."""

DRAWN = "drawn"
_SAME = (
    *("platform", "denom", "uid", "seq", "kind", "amount", "balance"),
    *("round", "game", "site", "at", "note", "fed", "closes", "short"),
)
"""What a repeated entry has to agree in with the one that is kept: all but where it stands in the servers' database."""


# Whichever of the two unique keys is taken: of two transactions with the same entries PostgreSQL may see the other's wallet
# number before its id. What is in the way is looked at in _check_repeated.
_ADDED = Upsert(Entry, lambda statement: statement.on_conflict_do_nothing().returning(Entry.entry))
_KEPT = Upsert(RoundRecord, lambda statement: statement.on_conflict_do_nothing(index_elements=["round"]))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A batch as rows: of tables.Entry by their ids, of tables.RoundRecord; and the games' versions by round."""

    told: int
    rows: Mapping[str, Row]
    records: Sequence[Row]
    versions: Mapping[str, str]


def read(batch: LedgerBatch) -> Sheet:
    """Does what takes its time before the transaction, while which nobody else can write to SQLite."""
    packed = {one.round: zlib.compress(orjson.dumps(_kept(one)), 3) for one in batch.rounds}
    records = [{"round": name, "blob": packed[name]} for name in sorted(packed)]
    versions = {one.round: str(one.record[0].get("version", "")) for one in batch.rounds}
    return Sheet(len(batch.entries), {entry.id: _row(batch.shard, entry) for entry in batch.entries}, records, versions)


def _kept(one: contract_books.RoundRecord) -> list[dict[str, Any]]:
    """The record, with its draws in the header: they are documents as text."""
    return [{**one.record[0], DRAWN: one.draws}, *one.record[1:]] if one.draws else one.record


def take(session: Session, sheet: Sheet, now_ms: int) -> LedgerTaken:
    """Raises Denied CONFLICT, having written nothing, where the ledger is not the one that was sent before: an id with other
    contents, or a wallet's number with another entry."""
    rows = sheet.rows
    fresh = {name for (name,) in _ADDED.run(session, list(rows.values()))}
    if len(fresh) < len(rows):
        _check_repeated(session, [row for name, row in rows.items() if name not in fresh])
    new = [row for name, row in rows.items() if name in fresh]
    if new:
        wallets.all_known(session, {(row["platform"], row["uid"]) for row in new}, new[0]["at"])
        findings.check_chains(session, new, now_ms)
        findings.note_short(session, new, now_ms)
        wallets.all_seen(session, _last_of_each(new))
        snapshots.take_wins(session, snapshots.paid_wins(new))
    erasure.forget(session, rows.values())
    _KEPT.run(session, sheet.records)
    tallies.add(session, new, sheet.versions)  # last: others wait for the totals' rows until the commit
    return LedgerTaken(taken=len(new), repeated=sheet.told - len(new))


def _row(shard: int, entry: Any) -> Row:
    platform, denom, uid = entry.wallet.split(":", 2)
    return {
        "entry": entry.id,
        "shard": shard,
        "position": entry.position,
        "platform": platform,
        "denom": denom,
        "uid": uid,
        "seq": entry.seq,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "round": entry.round,
        "game": entry.game,
        "site": entry.site,
        "at": entry.at,
        "note": entry.note,
        "fed": entry.fed,
        "closes": entry.closes,
        "short": entry.short,
    }


def _check_repeated(session: Session, rows: Sequence[Row]) -> None:
    columns = [getattr(Entry, name) for name in ("entry", *_SAME)]
    same = itemgetter(*_SAME)
    for page in pages(rows):
        kept = session.execute(select(*columns).where(Entry.entry.in_([row["entry"] for row in page])))
        known = {name: tuple(rest) for name, *rest in kept}
        for row in page:
            if row["entry"] not in known:
                raise conflict(f"The number of entry {row['entry']} is taken: this ledger is not the one that was sent before.")
            if known[row["entry"]] != same(row):
                raise conflict(f"Entry {row['entry']} was sent before with other contents.")


def _last_of_each(rows: Sequence[Row]) -> list[Standing]:
    last: dict[tuple[str, str, str], Standing] = {}
    for row in rows:
        key = (row["platform"], row["uid"], row["denom"])
        if key not in last or last[key].seq < row["seq"]:
            last[key] = Standing(*key, row["balance"], row["seq"])
    return list(last.values())
