"""Players' sessions: registered before they begin, heard of every half a minute, and ended by word or by silence."""

from collections.abc import Sequence

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from webingo.backoffice.contract import SessionBegin, SessionEnd
from webingo.office.services.denied import Denied, conflict
from webingo.office.services.upsert import insert
from webingo.office.tables import Player, PlayerSession, Site

SILENT = "SILENT"
_PLAIN = {"synchronize_session": False}  # no objects of the rows are held
SILENCE_MS = 180_000
"""A session that is named by nobody for so long has ended (contract.SessionsAlive)."""


def begin(session: Session, visit: SessionBegin, now_ms: int) -> Site:
    """Registers player and session. Answers the site. Raises Denied UNKNOWN_SITE, SITE_CLOSED, PLAYER_BLOCKED, CONFLICT."""
    site = session.get(Site, (visit.platform, visit.site))
    if site is None:
        raise Denied(404, "UNKNOWN_SITE", f"There is no site {visit.site} on {visit.platform}.")
    known = session.get(PlayerSession, visit.session)
    if known is not None:
        if (known.platform, known.site, known.uid) != (visit.platform, visit.site, visit.uid):
            raise conflict("This session is somebody else's.")
        return site
    if not site.document.get("enabled", True):
        raise Denied(403, "SITE_CLOSED", "This site is closed at the moment.")
    if _greeted(session, visit).blocked:
        raise Denied(403, "PLAYER_BLOCKED", "This account is blocked.")
    row = {
        "id": visit.session,
        "node": visit.node,
        "platform": visit.platform,
        "site": visit.site,
        "uid": visit.uid,
        "began_at": visit.at,
        "alive_at": now_ms,
        "rounds": 0,
        "wagered": 0,
        "won": 0,
        "reason": "",
    }
    session.execute(insert(session, PlayerSession).values(row).on_conflict_do_nothing(index_elements=["id"]))
    return site


def _greeted(session: Session, visit: SessionBegin) -> Player:
    statement = insert(session, Player).values(
        platform=visit.platform, uid=visit.uid, name=visit.name, first_at=visit.at, last_at=visit.at, blocked=False
    )
    name, last_at = statement.excluded.name, statement.excluded.last_at
    told = (name != "") & (Player.erased_at.is_(None) | (last_at > Player.erased_at))
    statement = statement.on_conflict_do_update(
        index_elements=["platform", "uid"],
        set_={
            "name": case((told, name), else_=Player.name),
            "last_at": case((last_at > Player.last_at, last_at), else_=Player.last_at),
        },
    )
    return session.scalars(statement.returning(Player), execution_options={"populate_existing": True}).one()


def end(session: Session, session_id: str, summary: SessionEnd) -> None:
    """Again: nothing. One that had fallen silent gets its true end. Raises Denied UNKNOWN_SESSION."""
    row = session.get(PlayerSession, session_id, with_for_update=True)
    if row is None:
        raise Denied(404, "UNKNOWN_SESSION", "There is no such session.")
    if row.ended_at is not None and row.reason != SILENT:
        return
    row.ended_at, row.reason = max(summary.at, row.began_at), summary.reason
    row.rounds, row.wagered, row.won = summary.rounds, summary.wagered, summary.won
    player = update(Player).where(Player.platform == row.platform, Player.uid == row.uid, Player.last_at < row.ended_at)
    session.execute(player.values(last_at=row.ended_at), execution_options=_PLAIN)


def alive(session: Session, ids: Sequence[str], now_ms: int) -> None:
    """These are going on, also those that had fallen silent."""
    wanted = sorted(set(ids))
    going_on = PlayerSession.ended_at.is_(None) | (PlayerSession.reason == SILENT)
    heard = update(PlayerSession).where(PlayerSession.id.in_(wanted), going_on)
    session.execute(heard.values(alive_at=now_ms, ended_at=None, reason=""), execution_options=_PLAIN)


def end_silent(session: Session, now_ms: int) -> int:
    """Ends those that nobody has named for too long, at the time when they were last heard of. Answers how many."""
    lost = select(PlayerSession.id).where(PlayerSession.ended_at.is_(None), PlayerSession.alive_at < now_ms - SILENCE_MS)
    ended = update(PlayerSession).where(PlayerSession.id.in_(lost), PlayerSession.ended_at.is_(None))
    ended = ended.values(ended_at=PlayerSession.alive_at, reason=SILENT)
    return len(session.scalars(ended.returning(PlayerSession.id), execution_options=_PLAIN).all())
