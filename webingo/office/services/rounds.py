"""Finding rounds among millions: every page is a look-up in an index and a bounded walk along it.

What the index can't tell (a smallest win of one game's rounds, say) is looked for among BUDGET rounds at most. Where they
run out before the page is full, the page says how far it has looked, and the search goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from webingo.office.tables import Player, Round
from webingo.wallet.denomination import DENOMINATIONS

PAGE = 50
BUDGET = 15_000
"""Rounds that one page looks through at most: some 60 ms on SQLite."""


class _Columns(NamedTuple):
    platform: Any
    uid: Any
    site: Any
    game: Any
    began_at: Any
    won: Any


_ALONG = _Columns(Round.platform, Round.uid, Round.site, Round.game, Round.began_at, Round.won)
_BESIDE = _Columns(Round.platform + "", Round.uid + "", Round.site + "", Round.game + "", Round.began_at + 0, Round.won + 0)
"""The same where they are no way to walk along: a database that looks up a site with half of all rounds in the site's index has
to sort them all, and SQLite, which does not know how many there are, likes to."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty fields ask for nothing. Times are ms UTC, `until` is not included.

    `least_win` is in money (10 finds wins of 10 credits and of $10.00). `state` is open, won, lost, cancelled or jackpot.
    `largest` orders by the win instead of the newest first.
    """

    id: str = ""
    platform: str = ""
    uid: str = ""
    site: str = ""
    game: str = ""
    denom: str = ""
    since: int | None = None
    until: int | None = None
    least_win: Decimal | None = None
    state: str = ""
    largest: bool = False


class Cursor(NamedTuple):
    """The round that a page ends with: its value in the order of the page, and its number."""

    value: int
    n: int

    def __str__(self) -> str:
        return f"{self.value}.{self.n}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        value, _, n = text.partition(".")
        if not (value.isascii() and value.isdigit() and n.isascii() and n.isdigit() and len(text) < 40):
            return None
        found = cls(int(value), int(n))
        return found if max(found) < 2**63 else None


class Found(NamedTuple):
    """A page of rounds. `after` leads on, None at the end; `looked_to` is the time of the round at which the walk stopped
    before the page was full, None where it was not cut short."""

    rounds: Sequence[Round]
    after: Cursor | None = None
    looked_to: int | None = None


class _Way(NamedTuple):
    """An index to walk along: its conditions, the column that orders it, before n, and where the walk ends at the latest.

    Of two bounds at the same end databases take either, and may walk from there to the other: so the cursor stands in place
    of what a search says, and not beside it.
    """

    conditions: tuple[ColumnElement[bool], ...]
    order: Any
    rest: tuple[ColumnElement[bool], ...]
    until: tuple[ColumnElement[bool], ...] = ()


def find(session: Session, search: Search, after: Cursor | None = None, limit: int = PAGE) -> Found:
    """The next page behind `after`."""
    if search.id:
        return Found(session.scalars(select(Round).where(Round.id == search.id)).all())
    way = _way(session, search, after)
    begun = _behind(way, after)
    walked = begun.where(*way.until)
    end: Cursor | None = None
    if way.rest:
        end = _end(session, walked, way.order)
        if end is not None:
            walked = begun.where(_tuple(way.order) >= tuple_(end.value, end.n))
    rounds = session.scalars(_sorted(walked.where(*way.rest), way.order).limit(limit + 1)).all()
    if len(rounds) > limit:
        last = rounds[limit - 1]
        return Found(rounds[:limit], Cursor(getattr(last, way.order.key), last.n))
    if end is None:
        return Found(rounds)
    return Found(rounds, end, session.scalar(select(Round.began_at).where(Round.n == end.n)))


def _behind(way: _Way, after: Cursor | None) -> Select[Round]:
    walked = select(Round).where(*way.conditions)
    return walked if after is None else walked.where(_tuple(way.order) < tuple_(after.value, after.n))


def _tuple(order: Any) -> Any:
    return tuple_(order, Round.n)


def _sorted(query: Any, order: Any) -> Any:
    return query.order_by(order.desc(), Round.n.desc()) if order is not Round.n else query.order_by(Round.n.desc())


def _end(session: Session, walked: Select[Round], order: Any) -> Cursor | None:
    """Where the walk has to stop; None where all that is left may be looked through."""
    # Rounds that won alike lie far apart: each of them is another page of the disk.
    budget = BUDGET // 3 if order is Round.won else BUDGET
    steps = _sorted(walked.with_only_columns(order.label("value"), Round.n.label("n")), order).limit(budget).subquery()
    last = select(steps.c.value, steps.c.n).order_by(steps.c.value, steps.c.n).limit(1)
    if (session.scalar(select(func.count()).select_from(steps)) or 0) < budget:
        return None
    value, n = session.execute(last).one()
    return Cursor(value, n)


def _way(session: Session, search: Search, after: Cursor | None) -> _Way:
    """The index that leaves the least to look through, and what it leaves."""
    rest = (*_rest(search), *_wins(search))
    if search.largest:
        others = (*_equal(search, _BESIDE, "uid", "platform", "site", "game"), *_time(search, _BESIDE), *rest)
        return _Way((), Round.won, others, _least(search))
    if search.state == "open":
        others = (*_equal(search, _BESIDE, "uid", "platform", "site", "game"), *_time(search, _BESIDE), *rest)
        return _Way((Round.ended_at.is_(None),), Round.n, others)
    if search.uid:
        others = (*_equal(search, _BESIDE, "site", "game"), *_time(search, _BESIDE), *rest)
        return _Way(_player(session, search), Round.n, others)
    if search.since is not None or search.until is not None:
        passed = after is not None and (search.until is None or after.value < search.until)
        begin = () if passed else _time(replace(search, since=None), _ALONG)
        others = (*_equal(search, _BESIDE, "platform", "site", "game"), *rest)
        return _Way(begin, Round.began_at, others, _time(replace(search, until=None), _ALONG))
    if search.site:
        return _Way(_equal(search, _ALONG, "platform", "site", "game"), Round.n, rest)
    return _Way(_equal(search, _ALONG, "game"), Round.n, (*_equal(search, _BESIDE, "platform"), *rest))


def _player(session: Session, search: Search) -> tuple[ColumnElement[bool], ...]:
    platforms = [search.platform]
    if not search.platform:
        platforms = list(session.scalars(select(Player.platform).where(Player.uid == search.uid).limit(20))) or [""]
    return (Round.platform.in_(platforms) if len(platforms) > 1 else Round.platform == platforms[0], Round.uid == search.uid)


def _equal(search: Search, columns: _Columns, *names: str) -> tuple[ColumnElement[bool], ...]:
    return tuple(getattr(columns, name) == value for name in names if (value := getattr(search, name)))


def _denom(search: Search) -> tuple[ColumnElement[bool], ...]:
    return (Round.denom == search.denom,) if search.denom else ()


def _time(search: Search, columns: _Columns) -> tuple[ColumnElement[bool], ...]:
    since = () if search.since is None else (columns.began_at >= search.since,)
    return since if search.until is None else (*since, columns.began_at < search.until)


def _rest(search: Search) -> tuple[ColumnElement[bool], ...]:
    states: dict[str, tuple[ColumnElement[bool], ...]] = {
        "open": (Round.ended_at.is_(None),),
        "won": (_BESIDE.won > 0,),
        "lost": (Round.ended_at.is_not(None), _BESIDE.won == 0, Round.voided == 0),
        "cancelled": (Round.voided > 0,),
        "jackpot": (Round.jackpot > 0,),
    }
    return (*_denom(search), *states.get(search.state, ()))


def _units(search: Search) -> dict[str, int]:
    """The least win by denomination, in smallest units, rounded up."""
    least = search.least_win or Decimal(0)
    return {
        name: int((least * known.money_multiplier).to_integral_value(ROUND_CEILING)) for name, known in DENOMINATIONS.items()
    }


def _wins(search: Search) -> tuple[ColumnElement[bool], ...]:
    if search.least_win is None:
        return ()
    return (or_(*(and_(_counted_in(denom), _BESIDE.won >= units) for denom, units in _units(search).items())),)


def _counted_in(denom: str) -> ColumnElement[bool]:
    """Whoever keeps the money."""
    return or_(Round.denom == denom, Round.denom.startswith(f"{denom}@"))


def _least(search: Search) -> tuple[ColumnElement[bool], ...]:
    """The range of the index on wins, which knows no denominations."""
    if search.least_win is None:
        return (Round.won > 0,)
    return (Round.won >= min(_units(search).values()),)
