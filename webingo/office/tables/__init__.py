"""What the reference backoffice keeps, the same on SQLite and PostgreSQL.

Times are milliseconds UTC, amounts whole smallest units of their denomination. What is listed in pages has an index that
ends with the column by which it is paged (a growing number, or a time and an id), so that a page is a look-up and never an
OFFSET. Players are (platform, uid), wallets (platform, denom, uid), sites (platform, site), as everywhere.
"""

from webingo.office.columns import Base
from webingo.office.tables.jackpots import Jackpot, JackpotWin
from webingo.office.tables.money import Entry, Finding, GameDay, GameMinute, GameTotal, Round, RoundRecord
from webingo.office.tables.people import Audit, Staff, StaffSession
from webingo.office.tables.players import Adjustment, Player, PlayerSession, Wallet
from webingo.office.tables.sites import Change, Command, Site, SiteVersion, Value

__all__ = [
    "Adjustment",
    "Audit",
    "Base",
    "Change",
    "Command",
    "Entry",
    "Finding",
    "GameDay",
    "GameMinute",
    "GameTotal",
    "Jackpot",
    "JackpotWin",
    "Player",
    "PlayerSession",
    "Round",
    "RoundRecord",
    "Site",
    "SiteVersion",
    "Staff",
    "StaffSession",
    "Value",
    "Wallet",
]
