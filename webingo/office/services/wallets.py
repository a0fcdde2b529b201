"""Balances as they were last told. Of two, the one with the higher sequence number is the newer."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from webingo.office.services.upsert import Upsert
from webingo.office.tables import Player, Wallet


class Standing(NamedTuple):
    """A wallet after its ledger entry number `seq`."""

    platform: str
    uid: str
    denom: str
    balance: int
    seq: int


def _newer(statement: Any) -> Any:
    new = statement.excluded
    changed = {"balance": new.balance, "seq": new.seq}
    return statement.on_conflict_do_update(
        index_elements=["platform", "uid", "denom"], set_=changed, where=new.seq > Wallet.seq
    )


_SEEN = Upsert(Wallet, _newer)
_KNOWN = Upsert(Player, lambda statement: statement.on_conflict_do_nothing(index_elements=["platform", "uid"]))


def seen(session: Session, platform: str, uid: str, denom: str, balance: int, seq: int) -> None:
    all_seen(session, [Standing(platform, uid, denom, balance, seq)])


def all_seen(session: Session, standings: Iterable[Standing]) -> None:
    """Each wallet at most once. In a fixed order, so that two who tell the same wallets never wait for each other."""
    _SEEN.run(session, [standing._asdict() for standing in sorted(standings)])


def all_known(session: Session, players: Iterable[tuple[str, str]], at: int) -> None:
    """Players (platform, uid) of whom the backoffice hears for the first time get their row."""
    rows = [
        {"platform": platform, "uid": uid, "name": "", "first_at": at, "last_at": at, "blocked": False}
        for platform, uid in sorted(set(players))
    ]
    _KNOWN.run(session, rows)
