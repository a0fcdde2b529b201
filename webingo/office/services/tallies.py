"""What ledger entries come to: rounds, and the totals of games by ever, day and minute. Called once for each entry."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import func
from sqlalchemy.orm import Session

from webingo.backoffice.contract_books import RoundRecord as Record
from webingo.office.services.upsert import insert, run
from webingo.office.tables import GameDay, GameMinute, GameTotal, Round, RoundRecord

DAY_MS, MINUTE_MS = 86_400_000, 60_000
_SUMS = {"wager": ("wagered", -1), "win": ("won", 1), "jackpot": ("jackpot", 1)}
_KEY = ("platform", "site", "denom", "game")
_ADDED = ("rounds", "wagered", "wagered_squared", "won")


def add(session: Session, rows: Iterable[dict[str, Any]], records: Sequence[Record]) -> None:
    """`rows` are new ledger entries (tables.Entry); `records` of rounds may come again.

    A round counts in the totals when it is closed, with all that was wagered and won in it: so the totals fit together, and
    what is wagered in open rounds is what the house holds. Jackpots are no part of `won`: their money is the meters'.
    """
    rounds = _rounds(rows, {record.round: record for record in records})
    closed = {name for name, one in rounds.items() if one["ended_at"] is not None}
    after = _added(session, [rounds[name] for name in sorted(rounds)])
    _keep(session, records)
    totals: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for name, (wagered, won, ended_at) in after.items():
        one = rounds[name]
        if name in closed:
            counted = [1, wagered, float(wagered) ** 2, won]
        elif ended_at is not None and (one["wagered"] or one["won"]):
            counted = [0, one["wagered"], 0, one["won"]]  # money that came after the end: it must not get lost
        else:
            continue
        for place, number in enumerate(counted):
            totals[(*(one[column] for column in _KEY), ended_at)][place] += number
    if totals:
        _count(session, GameTotal, totals, None, 0)
        _count(session, GameDay, totals, "day", DAY_MS)
        _count(session, GameMinute, totals, "minute", MINUTE_MS)


def _rounds(rows: Iterable[dict[str, Any]], records: dict[str, Record]) -> dict[str, dict[str, Any]]:
    """What the entries change in each of their rounds, by id."""
    rounds: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row["round"]
        if not name:
            continue
        one = rounds.get(name)
        if one is None:
            record = records.get(name)
            one = rounds[name] = {column: row[column] for column in (*_KEY, "uid")}
            one |= {"id": name, "version": str(record.record[0].get("version", "")) if record else ""}
            one |= {"began_at": row["at"], "ended_at": None, "wagered": 0, "won": 0, "jackpot": 0}
        if row["kind"] in _SUMS:
            column, sign = _SUMS[row["kind"]]
            one[column] += sign * row["amount"]
        if row["closes"]:
            one["ended_at"] = row["at"]
    return rounds


def _added(session: Session, rows: Sequence[dict[str, Any]]) -> dict[str, tuple[int, int, int | None]]:
    """Adds them to what is known. Answers (wagered, won, ended_at) of the whole rounds, by id."""
    statement = insert(session, Round)
    new = statement.excluded
    merged = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            **{column: getattr(Round, column) + new[column] for column in ("wagered", "won", "jackpot")},
            "ended_at": func.coalesce(Round.ended_at, new.ended_at),
            "version": func.coalesce(func.nullif(new.version, ""), Round.version),
        },
    ).returning(Round.id, Round.wagered, Round.won, Round.ended_at)
    return {row[0]: (row[1], row[2], row[3]) for row in run(session, merged, rows)}


def _keep(session: Session, records: Sequence[Record]) -> None:
    packed = {one.round: {"round": one.round, "blob": zlib.compress(orjson.dumps(one.record), 3)} for one in records}
    statement = insert(session, RoundRecord).on_conflict_do_nothing(index_elements=["round"])
    run(session, statement, [packed[name] for name in sorted(packed)])


def _count(session: Session, table: Any, totals: dict[tuple[Any, ...], list[float]], span: str | None, length: int) -> None:
    """Adds the totals to the table's rows, by `span` of so many milliseconds where it has one."""
    sums: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for (*game, ended_at), counted in totals.items():
        for place, number in enumerate(counted):
            sums[(*game, ended_at // length) if span else tuple(game)][place] += number
    key = [*_KEY, span] if span else list(_KEY)
    rows = [dict(zip([*key, *_ADDED], [*where, *counted], strict=True)) for where, counted in sorted(sums.items())]
    statement = insert(session, table)
    more = {column: getattr(table, column) + statement.excluded[column] for column in _ADDED}
    statement = statement.on_conflict_do_update(index_elements=key, set_=more)
    run(session, statement, rows)
