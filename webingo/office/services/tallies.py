"""What ledger entries come to: rounds, and the totals of games by ever, day and minute. Called once for each entry."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from webingo.office.services.upsert import Upsert
from webingo.office.tables import GameDay, GameMinute, GameTotal, Round
from webingo.office.tables.money import DAY_MS, MINUTE_MS

_SUMS = {
    "wager": {"wagered": -1},
    "win": {"won": 1},
    "jackpot": {"jackpot": 1},
    "cancel": {"wagered": -1, "voided": 1},
}
"""What an entry's amount adds to its round. `escrow` and `payout` bring money here and away again: they are nobody's win."""
_KEY = ("platform", "site", "denom", "game")
_ADDED = ("rounds", "wagered", "wagered_squared", "won", "voided")


def _merged(statement: Any) -> Any:
    new = statement.excluded
    changed = {
        **{column: getattr(Round, column) + new[column] for column in ("wagered", "won", "jackpot", "voided")},
        "ended_at": func.coalesce(Round.ended_at, new.ended_at),
        "version": func.coalesce(func.nullif(new.version, ""), Round.version),
    }
    statement = statement.on_conflict_do_update(index_elements=["id"], set_=changed)
    return statement.returning(Round.id, Round.wagered, Round.won, Round.voided, Round.ended_at)


def _more(table: Any, span: str | None) -> Upsert:
    def finished(statement: Any) -> Any:
        sums = {column: getattr(table, column) + statement.excluded[column] for column in _ADDED}
        return statement.on_conflict_do_update(index_elements=[*_KEY, span] if span else list(_KEY), set_=sums)

    return Upsert(table, finished)


_ROUNDS = Upsert(Round, _merged)
_TOTALS, _DAYS, _MINUTES = _more(GameTotal, None), _more(GameDay, "day"), _more(GameMinute, "minute")


def add(session: Session, rows: Iterable[dict[str, Any]], versions: Mapping[str, str]) -> None:
    """`rows` are new ledger entries (tables.Entry); `versions` are those of the games, by round, as far as known.

    A round counts in the totals when it is closed, with all that was wagered and won in it: so the totals fit together, and
    what is wagered in open rounds is what the house holds. Jackpots are no part of `won`: their money is the meters'. A round
    of which every wager was given back is no round in them: its wagers are counted as voided.
    """
    rounds = _rounds(rows, versions)
    totals: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0] * len(_ADDED))
    for name, wagered, won, voided, ended_at in _ROUNDS.run(session, [rounds[name] for name in sorted(rounds)]):
        one = rounds[name]
        if ended_at is not None and ended_at == one["ended_at"]:  # a round that ended before has kept the time of that
            counted = [int(bool(wagered or won or not voided)), wagered, float(wagered) ** 2, won, voided]
        elif ended_at is not None and (one["wagered"] or one["won"] or one["voided"]):
            # money that came after the end: it must not get lost
            counted = [0, one["wagered"], 0, one["won"], one["voided"]]
        else:
            continue
        for place, number in enumerate(counted):
            totals[(*(one[column] for column in _KEY), ended_at)][place] += number
    if totals:
        _count(session, _MINUTES, totals, "minute", MINUTE_MS)
        _count(session, _DAYS, totals, "day", DAY_MS)
        _count(session, _TOTALS, totals, None, 0)


def _rounds(rows: Iterable[dict[str, Any]], versions: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What the entries change in each of their rounds, by id."""
    rounds: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row["round"]
        if not name:
            continue
        one = rounds.get(name)
        if one is None:
            one = rounds[name] = {column: row[column] for column in (*_KEY, "uid")}
            one |= {"id": name, "version": versions.get(name, "")}
            one |= {"began_at": row["at"], "ended_at": None, "wagered": 0, "won": 0, "jackpot": 0, "voided": 0}
        for column, sign in _SUMS.get(row["kind"], {}).items():
            one[column] += sign * row["amount"]
        if row["closes"]:
            one["ended_at"] = row["at"]
    return rounds


def _count(
    session: Session, upsert: Upsert, totals: Mapping[tuple[Any, ...], Sequence[float]], span: str | None, length: int
) -> None:
    """Adds the totals to the table's rows, by `span` of so many milliseconds where it has one."""
    sums: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0] * len(_ADDED))
    for (*game, ended_at), counted in totals.items():
        for place, number in enumerate(counted):
            sums[(*game, ended_at // length) if span else tuple(game)][place] += number
    key = [*_KEY, span] if span else list(_KEY)
    upsert.run(
        session, [dict(zip([*key, *_ADDED], [*where, *counted], strict=True)) for where, counted in sorted(sums.items())]
    )
