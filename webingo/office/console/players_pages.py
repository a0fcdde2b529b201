"""Players: finding one, and all that is known of them: wallets, ledger, rounds, sessions, and what staff did."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Form, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.errors import Refused
from webingo.office.addresses import player_path
from webingo.office.console.adjust_pages import Given, found_player
from webingo.office.console.desk import Desk, Operator, Viewer, router
from webingo.office.console.exports import Rows, download, streamed
from webingo.office.console.paging import Cursor, page
from webingo.office.console.shown import Part, utc
from webingo.office.services import adjustments, audit, players, purchases
from webingo.office.tables import Adjustment, Audit, Entry, Player, PlayerSession, Round, Wallet

routes = router()
_FEW = 8


@routes.get("/players")
def listed(
    desk: Viewer, text: Annotated[str, Query(alias="q", max_length=128)] = "", show: str = "all", cursor: Cursor = ""
) -> Response:
    """Those who were here last, those who are blocked, or those who were searched for."""
    text = text.strip()
    with desk.read() as session:
        if text:
            rows, more = players.find(session, text)
            found: Any = {"rows": rows, "older": "", "newer": ""}
        else:
            query = select(Player).where(Player.blocked) if show == "blocked" else select(Player)
            found, more = page(session, query, [Player.last_at, Player.platform, Player.uid], cursor), False
            rows = list(found.rows)
        around = players.around(session, rows)
    return desk.render("players.html", found=found, rows=rows, around=around, text=text, more=more, show=show)


def _common(session: Session, desk: Desk, platform: str, uid: str) -> dict[str, Any]:
    """What the head of all pages of a player shows."""
    player, held = found_player(session, platform, uid), players.wallets(session, platform, uid)
    return {
        "player": player,
        "base": player_path(platform, uid),
        "wallets": held,
        "adjustable": adjustments.adjustable(held),
        "block": players.last_block(session, player),
        "limit": desk.settings.adjustment_limit,
        "given": Given(),
        "problems": {},
    }


@routes.get("/players/{platform}/{uid}")
def overview(desk: Viewer, platform: Part, uid: Part) -> Response:
    with desk.read() as session:
        common = _common(session, desk, platform, uid)
        mine = Adjustment.platform == platform, Adjustment.uid == uid
        asked = session.scalars(select(Adjustment).where(*mine).order_by(Adjustment.id.desc()).limit(_FEW)).all()
        return desk.render(
            "player.html",
            **common,
            sessions=page(session, _sessions(platform, uid), [PlayerSession.began_at, PlayerSession.id], size=_FEW).rows,
            rounds=page(session, _rounds(platform, uid), [Round.n], size=_FEW).rows,
            adjustments=asked,
            answers=adjustments.answers(session, asked),
            bought=purchases.totals(session, platform, uid),
            payments=purchases.last(session, platform, uid),
        )


def _sessions(platform: str, uid: str) -> Any:
    return select(PlayerSession).where(PlayerSession.platform == platform, PlayerSession.uid == uid)


def _rounds(platform: str, uid: str) -> Any:
    return select(Round).where(Round.platform == platform, Round.uid == uid)


def _chosen(wallets: Sequence[Wallet], denom: str) -> str:
    """The wallet that was asked for, if the player has it; else the first."""
    held = [wallet.denom for wallet in wallets]
    return denom if denom in held else (held or [""])[0]


def _entries(platform: str, uid: str, denom: str) -> Any:
    return select(Entry).where(Entry.platform == platform, Entry.denom == denom, Entry.uid == uid)


@routes.get("/players/{platform}/{uid}/ledger")
def ledger(desk: Viewer, platform: Part, uid: Part, denom: str = "", cursor: Cursor = "") -> Response:
    with desk.read() as session:
        common = _common(session, desk, platform, uid)
        chosen = _chosen(common["wallets"], denom)
        found = page(session, _entries(platform, uid, chosen), [Entry.seq], cursor)
        return desk.render("player-ledger.html", **common, denom=chosen, found=found)


@routes.get("/players/{platform}/{uid}/ledger.csv")
def ledger_csv(desk: Viewer, platform: Part, uid: Part, denom: str = "") -> Response:
    with desk.read() as session:
        found_player(session, platform, uid)
        chosen = _chosen(players.wallets(session, platform, uid), denom)
    header = ["seq", "at_utc", "kind", "amount", "balance", "denomination", "round", "game", "site", "note", "entry", "short"]

    def rows(session: Session) -> Rows:
        query = _entries(platform, uid, chosen).order_by(Entry.seq)
        for e in streamed(session, query):
            at = utc(e.at).isoformat(timespec="milliseconds")
            yield [e.seq, at, e.kind, e.amount, e.balance, e.denom, e.round, e.game, e.site, e.note, e.entry, e.short]

    return download(desk.office.database, f"ledger-{chosen or 'none'}", header, rows)


@routes.get("/players/{platform}/{uid}/rounds")
def rounds(desk: Viewer, platform: Part, uid: Part, cursor: Cursor = "") -> Response:
    with desk.read() as session:
        common = _common(session, desk, platform, uid)
        return desk.render("player-rounds.html", **common, found=page(session, _rounds(platform, uid), [Round.n], cursor))


@routes.get("/players/{platform}/{uid}/sessions")
def sessions(desk: Viewer, platform: Part, uid: Part, cursor: Cursor = "") -> Response:
    with desk.read() as session:
        common = _common(session, desk, platform, uid)
        found = page(session, _sessions(platform, uid), [PlayerSession.began_at, PlayerSession.id], cursor)
        return desk.render("player-sessions.html", **common, found=found)


@routes.get("/players/{platform}/{uid}/log")
def log(desk: Viewer, platform: Part, uid: Part, cursor: Cursor = "") -> Response:
    with desk.read() as session:
        common = _common(session, desk, platform, uid)
        query = select(Audit).where(Audit.subject == audit.of_player(platform, uid))
        return desk.render("player-log.html", **common, found=page(session, query, [Audit.n], cursor))


@routes.post("/players/{platform}/{uid}/block")
def block(desk: Operator, platform: Part, uid: Part, reason: Annotated[str, Form()]) -> Response:
    return _block(desk, platform, uid, True, reason)


@routes.post("/players/{platform}/{uid}/unblock")
def unblock(desk: Operator, platform: Part, uid: Part, reason: Annotated[str, Form()]) -> Response:
    return _block(desk, platform, uid, False, reason)


def _block(desk: Desk, platform: str, uid: str, blocked: bool, reason: str) -> Response:
    back = player_path(platform, uid)
    try:
        with desk.write() as session:
            found_player(session, platform, uid)
            players.set_blocked(session, desk.by, platform, uid, blocked, reason)
    except Refused as refusal:
        return desk.to(back, refusal.message, "bad")
    return desk.to(back, "Blocked. The servers are being told." if blocked else "Let in again. The servers are being told.")
