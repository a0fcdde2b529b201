"""How wallets and jackpots stand, told every few seconds while they change."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webingo.backoffice.contract_books import JackpotSnapshots, JackpotWin, MeterSnapshot, PlayerSnapshot
from webingo.office.services import wallets
from webingo.office.services.postings import posting_of
from webingo.office.services.upsert import Upsert
from webingo.office.services.wallets import Standing
from webingo.office.tables import Jackpot
from webingo.office.tables import JackpotWin as Win


def _newer(statement: Any) -> Any:
    new = statement.excluded
    changed = {"snapshot": new.snapshot, "at": new.at}
    return statement.on_conflict_do_update(index_elements=["platform", "site", "id"], set_=changed, where=new.at >= Jackpot.at)


def _named(statement: Any) -> Any:
    changed = {"game": statement.excluded.game}
    return statement.on_conflict_do_update(index_elements=["claim"], set_=changed, where=Win.game == "")


_METERS, _WINS = Upsert(Jackpot, _newer), Upsert(Win, _named)


def take_players(session: Session, players: Sequence[PlayerSnapshot]) -> None:
    """The newest of each wallet counts, whatever the order they come in."""
    newest: dict[tuple[str, str, str], PlayerSnapshot] = {}
    for one in players:
        key = (one.platform, one.uid, one.denom)
        if key not in newest or newest[key].seq < one.seq:
            newest[key] = one
    if newest:
        wallets.all_known(session, {key[:2] for key in newest}, min(one.at for one in newest.values()))
        wallets.all_seen(session, [Standing(*key, one.balance, one.seq) for key, one in newest.items()])


def take_jackpots(session: Session, told: JackpotSnapshots) -> None:
    """Meters by their time; wins once by their claim."""
    _take_meters(session, told.meters)
    take_wins(session, [_win(one) for one in told.wins])


def _take_meters(session: Session, meters: Sequence[MeterSnapshot]) -> None:
    newest: dict[tuple[str, str, str], MeterSnapshot] = {}
    for one in meters:
        key = (one.platform, one.site, one.id)
        if key not in newest or newest[key].at <= one.at:
            newest[key] = one
    rows = [
        {"platform": key[0], "site": key[1], "id": key[2], "snapshot": one.model_dump(), "at": one.at}
        for key, one in sorted(newest.items())
    ]
    _METERS.run(session, rows)


def paid_wins(entries: Iterable[dict[str, Any]]) -> list[dict[str, object]]:
    """The wins among ledger entries (rows of tables.Entry): each was paid by a posting that is called by its claim."""
    same = ("platform", "site", "uid", "denom", "amount", "round", "game", "at")
    return [
        {**{name: row[name] for name in same}, "claim": _claim(row["entry"]), "jackpot": row["note"]}
        for row in entries
        if row["kind"] == "jackpot"
    ]


def _claim(entry: str) -> str:
    """A jackpot is paid by the posting "jackpot:<claim>"."""
    return posting_of(entry).removeprefix("jackpot:")


def _win(one: JackpotWin) -> dict[str, object]:
    row: dict[str, object] = one.model_dump(exclude={"id"})
    return {**row, "jackpot": one.id, "game": ""}


def take_wins(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Rows of tables.JackpotWin, each once by its claim. The ledger has them too, and knows the game (`paid_wins`)."""
    by_claim = {str(row["claim"]): row for row in rows}
    _WINS.run(session, [by_claim[claim] for claim in sorted(by_claim)])
