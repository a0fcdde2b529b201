"""Players: finding them, what they have, and keeping them out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webingo.errors import Code, Refused
from webingo.office.services import audit, commands
from webingo.office.services.audit import Actor
from webingo.office.tables import Audit, Command, Player, PlayerSession, Wallet

FOUND = 50
RECENT = 20_000
"""So many players, the last seen, are searched for words in the middle of their names; all others by how they begin."""
LEAST_REASON, MOST_REASON = 3, 500
Who = tuple[str, str]


class Around(NamedTuple):
    """What a list tells of some players beside their rows, by (platform, uid)."""

    wallets: dict[Who, list[Wallet]]
    playing: set[Who]


def find(session: Session, text: str) -> tuple[list[Player], bool]:
    """Players whose id or name begins with a text, then those who were here lately and have it anywhere in them.

    Also tells whether there are more than the ones that are answered.
    """
    names = dict.fromkeys((text, text.lower(), text.title(), text.upper()))
    queries = [select(Player).where(*_begins(Player.uid, text)).order_by(Player.uid, Player.platform)]
    queries += [select(Player).where(*_begins(Player.name, name)).order_by(Player.name, Player.uid) for name in names]
    lately = aliased(Player, select(Player).order_by(Player.last_at.desc()).limit(RECENT).subquery())
    inside = or_(*(func.lower(column).contains(text.lower(), autoescape=True) for column in (lately.uid, lately.name)))
    queries.append(select(lately).where(inside).order_by(lately.last_at.desc()))
    found: dict[Who, Player] = {}
    for query in queries:
        for player in session.scalars(query.limit(FOUND + 1)):
            found.setdefault((player.platform, player.uid), player)
        if len(found) > FOUND:
            break
    return list(found.values())[:FOUND], len(found) > FOUND


def _begins(column: InstrumentedAttribute[str], text: str) -> list[ColumnElement[bool]]:
    return [column >= text, column < text + "\U0010ffff"]


def around(session: Session, players: Iterable[Player]) -> Around:
    """For one page of players."""
    keys = [(player.platform, player.uid) for player in players]
    wallets: dict[Who, list[Wallet]] = defaultdict(list)
    # Not as pairs, for which SQLite would read the whole table: that there may be a few too many does no harm.
    platforms, uids = {platform for platform, _ in keys}, {uid for _, uid in keys}
    held = select(Wallet).where(Wallet.platform.in_(platforms), Wallet.uid.in_(uids)).order_by(Wallet.denom)
    for wallet in session.scalars(held) if keys else ():
        wallets[wallet.platform, wallet.uid].append(wallet)
    there = PlayerSession.platform.in_(platforms), PlayerSession.uid.in_(uids)
    open_ = select(PlayerSession.platform, PlayerSession.uid).where(*there, PlayerSession.ended_at.is_(None)).distinct()
    return Around(wallets, {(platform, uid) for platform, uid in session.execute(open_)} if keys else set())


def names(session: Session, uids: Iterable[str]) -> dict[Who, str]:
    """What the players of a page are called, by platform and uid. Those of other platforms with the same uid are there, too."""
    wanted = set(uids)
    rows = session.execute(select(Player.platform, Player.uid, Player.name).where(Player.uid.in_(wanted))) if wanted else ()
    return {(row[0], row[1]): row[2] for row in rows}


def get(session: Session, platform: str, uid: str) -> Player | None:
    return session.get(Player, (platform, uid))


def wallets(session: Session, platform: str, uid: str) -> Sequence[Wallet]:
    held = select(Wallet).where(Wallet.platform == platform, Wallet.uid == uid)
    return session.scalars(held.order_by(Wallet.denom)).all()


def last_block(session: Session, player: Player) -> tuple[Audit, Command | None] | None:
    """The log's newest row about letting this player in or keeping them out, and the command that told the servers."""
    here = Audit.subject == audit.of_player(player.platform, player.uid), Audit.action.in_(("player.block", "player.unblock"))
    row = session.scalar(select(Audit).where(*here).order_by(Audit.n.desc()).limit(1))
    return (row, session.get(Command, row.details.get("command", ""))) if row else None


def set_blocked(session: Session, by: Actor, platform: str, uid: str, blocked: bool, reason: str) -> Player:
    """Holds for new sessions from now on; running ones hear of it by a command. Raises Refused: no such player, no reason."""
    reason = checked_reason(reason)
    player = session.get(Player, (platform, uid), with_for_update=True)
    if player is None:
        raise Refused(Code.BAD_PARAMS, "There is no such player.")
    if player.blocked == blocked:
        raise Refused(Code.BAD_PARAMS, f"This player is {'blocked' if blocked else 'not blocked'} already.")
    player.blocked = blocked
    command = commands.send(session, by, "block" if blocked else "unblock", {"platform": platform, "uid": uid})
    details = {"reason": reason, "command": command.id}
    audit.note(session, by, "player.block" if blocked else "player.unblock", audit.of_player(platform, uid), details)
    return player


def checked_reason(reason: str) -> str:
    """Raises Refused: who reads the log later has to understand why."""
    reason = reason.strip()
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        raise Refused(Code.BAD_PARAMS, f"Give a reason, in {LEAST_REASON} to {MOST_REASON} characters.")
    return reason
