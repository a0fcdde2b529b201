"""What goes on now and went on lately: players, rounds, and money by denomination."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webingo.office.services.visits import SILENCE_MS
from webingo.office.tables import GameDay, GameMinute, PlayerSession
from webingo.office.tables.money import DAY_MS, MINUTE_MS

SILENT_MS = 75_000
"""A server names its sessions every 30 s: two times missed, and somebody should look."""


class Money(NamedTuple):
    """Of one denomination, in smallest units."""

    denom: str
    rounds: int
    wagered: int
    won: int

    @property
    def kept(self) -> int:
        return self.wagered - self.won

    @property
    def rtp(self) -> float | None:
        return self.won / self.wagered if self.wagered else None


class Node(NamedTuple):
    """A game server's process: its live sessions, and when it was last heard of."""

    name: str
    sessions: int
    alive_at: int
    silent: bool


@dataclass(frozen=True, slots=True)
class Live:
    """This moment. `rate` is rounds per minute over the last five minutes, the one that runs being one of them."""

    players: int
    sessions: int
    rate: float
    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Course:
    """Sums by spans of time, oldest first; `begins` are their beginnings (ms). Spans without rounds are there, too.

    `money` has what was wagered and what was won of each denomination, `totals` the same over all spans.
    """

    begins: Sequence[int]
    rounds: Sequence[int]
    money: Mapping[str, tuple[Sequence[int], Sequence[int]]]
    totals: Sequence[Money]


def live(session: Session, now: int) -> Live:
    """Players who have a session that was heard of lately."""
    here = (PlayerSession.ended_at.is_(None), PlayerSession.alive_at > now - SILENCE_MS)
    players = select(PlayerSession.platform, PlayerSession.uid).where(*here).distinct().subquery()
    count = session.scalar(select(func.count()).select_from(players)) or 0
    by_node = (
        select(PlayerSession.node, func.count(), func.max(PlayerSession.alive_at))
        .where(PlayerSession.ended_at.is_(None))
        .group_by(PlayerSession.node)
        .order_by(PlayerSession.node)
    )
    nodes = [Node(name, sessions, alive, alive < now - SILENT_MS) for name, sessions, alive in session.execute(by_node)]
    return Live(count, sum(node.sessions for node in nodes), _rate(session, now), nodes)


def _rate(session: Session, now: int, minutes: int = 5) -> float:
    """Up to this moment, so that what is played is seen at once: the last minute counts as far as it went."""
    first = now // MINUTE_MS - minutes + 1
    counted = session.scalar(select(func.sum(GameMinute.rounds)).where(GameMinute.minute >= first))
    return int(counted or 0) * MINUTE_MS / (now - first * MINUTE_MS)


def last_hour(session: Session, now: int, minutes: int = 60) -> Course:
    """By the minute, up to the last whole one."""
    end = now // MINUTE_MS
    return _course(session, GameMinute, GameMinute.minute, end - minutes, end, MINUTE_MS)


def last_days(session: Session, now: int, days: int = 14) -> Course:
    """By the day (UTC), today included."""
    end = now // DAY_MS + 1
    return _course(session, GameDay, GameDay.day, end - days, end, DAY_MS)


def _course(session: Session, table: Any, at: InstrumentedAttribute[int], first: int, end: int, length: int) -> Course:
    query = (
        select(at, table.denom, func.sum(table.rounds), func.sum(table.wagered), func.sum(table.won))
        .where(at >= first, at < end)
        .group_by(at, table.denom)
    )
    rounds = [0] * (end - first)
    money = dict[str, tuple[list[int], list[int]]]()
    totals = dict[str, list[int]]()
    for place, denom, count, wagered, won in session.execute(query):
        rounds[place - first] += int(count)
        spans = money.setdefault(denom, ([0] * (end - first), [0] * (end - first)))
        spans[0][place - first], spans[1][place - first] = int(wagered), int(won)
        total = totals.setdefault(denom, [0, 0, 0])
        for index, value in enumerate((count, wagered, won)):
            total[index] += int(value)
    begins = [place * length for place in range(first, end)]
    ordered = sorted(totals.items(), key=lambda item: -item[1][0])
    sums = [Money(denom, *values) for denom, values in ordered]
    return Course(begins, rounds, {denom: money[denom] for denom, _ in ordered}, sums)


def today(days: Course) -> list[Money]:
    """Of the last day of a course, by denomination; the rounds are those of all denominations."""
    return [Money(denom, days.rounds[-1], wagered[-1], won[-1]) for denom, (wagered, won) in days.money.items()]
