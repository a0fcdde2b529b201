"""Jackpots as the servers told them: meters, pools, what was paid, and whether all of it adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webingo.office.tables import Jackpot, JackpotWin, Site

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Meter:
    """Amounts in storage units: `multiplier` of them make one smallest unit of `denom`. `carry` is millionths of one.

    `setting` is the jackpot as the site's document has it now, empty where it has none of that id any more; `told` is false
    where only the document tells of it.
    """

    platform: str
    site: str
    id: str
    title: str
    denom: str
    multiplier: int
    min: int
    max: int
    value: int = 0
    overflow: int = 0
    reserve: int = 0
    carry: int = 0
    seeded: int = 0
    contributed: int = 0
    paid: int = 0
    at: int = 0
    setting: Mapping[str, Any] = field(default_factory=dict)
    told: bool = True

    def units(self, amount: int) -> int:
        """In whole smallest units, what players see of it."""
        return amount // self.multiplier

    @property
    def held(self) -> int:
        """What lies in the meter and its pools, in millionths of a storage unit."""
        return (self.value + self.overflow + self.reserve) * MICRO + self.carry

    @property
    def owed(self) -> int:
        """What should lie there, in millionths of a storage unit."""
        return (self.seeded + self.contributed - self.paid) * MICRO

    @property
    def adds_up(self) -> bool:
        """value + overflow + reserve + carry = seeded + contributed - paid (certification: meters are reconciled)."""
        return not self.told or self.held == self.owed

    @property
    def fill(self) -> float:
        """How far it is from where it began to its ceiling, from 0 to 1."""
        return min(max((self.value - self.min) / (self.max - self.min), 0.0), 1.0) if self.max > self.min else 1.0


def all_meters(session: Session) -> list[Meter]:
    """Also those that a site has and of which no server told yet."""
    settings = {
        (site.platform, site.site, jackpot.get("id", "")): jackpot
        for site in session.scalars(select(Site).order_by(Site.platform, Site.site))
        for jackpot in site.document.get("jackpots", ())
        if isinstance(jackpot, dict)
    }
    rows = session.scalars(select(Jackpot).order_by(Jackpot.platform, Jackpot.site, Jackpot.id)).all()
    found = [_meter(row, settings.pop((row.platform, row.site, row.id), {})) for row in rows]
    return found + [_untold(*key, setting) for key, setting in settings.items()]


def meter(session: Session, platform: str, site: str, jackpot: str) -> Meter | None:
    wanted = (platform, site, jackpot)
    return next((one for one in all_meters(session) if (one.platform, one.site, one.id) == wanted), None)


def titles(session: Session, platform: str, site: str) -> dict[str, str]:
    """What players know a site's jackpots by."""
    return {one.id: one.title for one in all_meters(session) if (one.platform, one.site) == (platform, site)}


def _meter(row: Jackpot, setting: Mapping[str, Any]) -> Meter:
    told = row.snapshot

    def number(name: str) -> int:
        return int(told.get(name, 0))

    return Meter(
        platform=row.platform,
        site=row.site,
        id=row.id,
        title=str(told.get("title") or setting.get("title") or row.id),
        denom=str(told.get("denom", "")),
        multiplier=number("multiplier") or 1,
        min=number("min"),
        max=number("max"),
        value=number("value"),
        overflow=number("overflow"),
        reserve=number("reserve"),
        carry=number("carry"),
        seeded=number("seeded"),
        contributed=number("contributed"),
        paid=number("paid"),
        at=row.at,
        setting=setting,
    )


def _untold(platform: str, site: str, jackpot: str, setting: Mapping[str, Any]) -> Meter:
    """One of which only the site's document tells."""
    title = str(setting.get("title") or jackpot)
    denom, multiplier = str(setting.get("denomination", "")), int(setting.get("storage_multiplier", 1000))
    low, high = int(setting.get("min", 0)), int(setting.get("max", 0))
    return Meter(platform, site, jackpot, title, denom, multiplier, low, high, setting=setting, told=False)


@dataclass(frozen=True, slots=True)
class Payouts:
    """What a jackpot paid since ever, in smallest units."""

    count: int
    amount: int


def payouts(session: Session) -> dict[tuple[str, str, str], Payouts]:
    keys = (JackpotWin.platform, JackpotWin.site, JackpotWin.jackpot)
    query = select(*keys, func.count(), func.sum(JackpotWin.amount)).group_by(*keys)
    return {(row[0], row[1], row[2]): Payouts(row[3], int(row[4])) for row in session.execute(query)}


def recent_wins(session: Session, count: int = 10) -> Sequence[JackpotWin]:
    """Newest first, of all jackpots."""
    return session.scalars(select(JackpotWin).order_by(JackpotWin.at.desc(), JackpotWin.claim.desc()).limit(count)).all()
