"""How games pay, against how they should: theoretical and actual RTP with the band in which chance alone would leave it.

The stakes of rounds differ, so the return of all is a mean weighted by them: its standard deviation is that of a round times
sqrt(sum of the squared stakes) / sum of the stakes. The band is the normal approximation (certification: theoretical and actual
RTP are compared; lifetime totals per theme; voided wagers; funds in interrupted games).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webingo.engines.sheets.confidence import Z
from webingo.office.services.theory import Theories, Theory
from webingo.office.tables import GameDay, GameTotal, Round, Site

PERCENT = 99
_FEW = 1_000
"""With fewer rounds of equal stakes the approximation says nothing: a single win of a slot game may be half of all."""


@dataclass(frozen=True, slots=True)
class Performance:
    """A game on a site over some time. Amounts in smallest units; `held` was wagered in rounds that are open now, `voided` in
    rounds that were cancelled: it is no part of `wagered`."""

    platform: str
    site: str
    denom: str
    game: str
    rounds: int
    wagered: int
    won: int
    squared: float
    theory: Theory | None
    open: int = 0
    held: int = 0
    voided: int = 0

    @property
    def rtp(self) -> float | None:
        """What was won of what was wagered."""
        return self.won / self.wagered if self.wagered else None

    @property
    def weight(self) -> float:
        """As many rounds of equal stakes would tell as much."""
        return self.wagered**2 / self.squared if self.squared else 0.0

    @property
    def band(self) -> tuple[float, float] | None:
        """Between these the return lies with PERCENT; None where the deviation is not known or nothing was played."""
        theory = self.theory
        if theory is None or theory.deviation is None or not self.weight:
            return None
        reach = Z[PERCENT] * theory.deviation / sqrt(self.weight)
        return max(0.0, theory.rtp - reach), theory.rtp + reach

    @property
    def verdict(self) -> str:
        """inside, outside, few (rounds to tell anything by) or unknown."""
        if self.band is None or self.rtp is None:
            return "unknown"
        low, high = self.band
        if self.weight < _FEW:
            return "few"
        return "inside" if low <= self.rtp <= high else "outside"


def lifetime(session: Session, theories: Theories) -> list[Performance]:
    """Since ever, the most played first."""
    rows = session.scalars(select(GameTotal)).all()
    return _joined(session, theories, rows, open_rounds(session))


def span(session: Session, theories: Theories, first_day: int, last_day: int) -> list[Performance]:
    """Over some days (milliseconds // DAY_MS, both included), the most played first."""
    sums = [func.sum(column).label(column.key) for column in (GameDay.rounds, GameDay.wagered, GameDay.won, GameDay.voided)]
    keys = (GameDay.platform, GameDay.site, GameDay.denom, GameDay.game)
    squared = func.sum(GameDay.wagered_squared).label("wagered_squared")
    query = select(*keys, *sums, squared).where(GameDay.day.between(first_day, last_day)).group_by(*keys)
    return _joined(session, theories, session.execute(query).all(), open_rounds(session))


def open_rounds(session: Session) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """Rounds that are open, and what was wagered in them."""
    keys = (Round.platform, Round.site, Round.denom, Round.game)
    query = select(*keys, func.count(), func.sum(Round.wagered)).where(Round.ended_at.is_(None)).group_by(*keys)
    return {(row[0], row[1], row[2], row[3]): (row[4], int(row[5])) for row in session.execute(query)}


def _joined(
    session: Session, theories: Theories, rows: Sequence[Any], held: Mapping[tuple[str, str, str, str], tuple[int, int]]
) -> list[Performance]:
    settings = settings_of(session)
    found = []
    for row in rows:
        key = (row.platform, row.site, row.denom, row.game)
        theory = theories.of(row.game, settings.get((row.platform, row.site, row.game), {}))
        figures = (int(row.rounds), int(row.wagered), int(row.won), float(row.wagered_squared))
        found.append(Performance(*key, *figures, theory, *held.get(key, (0, 0)), int(row.voided)))
    return sorted(found, key=lambda one: (-one.rounds, one.game, one.site))


def settings_of(session: Session) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """What sites change in their games, by platform, site and game."""
    return {
        (site.platform, site.site, game["id"]): game.get("settings", {})
        for site in session.scalars(select(Site))
        for game in site.document.get("games", ())
        if isinstance(game, dict) and "id" in game
    }
