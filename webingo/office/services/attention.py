"""What somebody should look at now: collected from where it is kept, the worst first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from webingo.office.addresses import part, player_path
from webingo.office.services.audit import Actor, note
from webingo.office.services.flow import Node
from webingo.office.services.gaming import gaming
from webingo.office.services.performance import PERCENT, Performance
from webingo.office.tables import Adjustment, Command, Finding

LATE_MS = 60_000
"""A command that no server has carried out by then: none of them listens."""
FAILED_MS = 7 * 86_400_000
"""For so long a command that failed is pointed at."""
_FINDINGS = {"gap": "Ledger entries are missing", "balance": "A balance does not follow from the ledger"}
_REFUSED = (
    "Its accounting stands still, and its entries wait in Redis. Was Redis put back to an earlier day, or are there two at "
    "this backoffice? What to do: docs/backoffice.md, Lost books. It comes back here until that is done."
)
_MOST = 20
"""Of a kind, so many are named one by one."""


class Notice(NamedTuple):
    """`tone` is bad, warn or info; `path` is the page where something can be done about it; `finding` can be cleared."""

    tone: str
    title: str
    text: str
    path: str = ""
    at: int | None = None
    finding: int | None = None


def notices(
    session: Session, now: int, nodes: Sequence[Node], games: Iterable[Performance], titles: Mapping[str, str]
) -> list[Notice]:
    """All of them. Each kind is a look-up in an index. `titles` are those of the games."""
    found = [
        *_gaming(session),
        *_findings(session),
        *_commands(session, now),
        *_silent(nodes, now),
        *_outside(games, titles),
        *_waiting(session),
    ]
    return sorted(found, key=lambda notice: ("bad", "warn", "info").index(notice.tone))


def clear(session: Session, by: Actor, number: int) -> bool:
    """Somebody has looked at a finding: it is not pointed at any more, and stays in the table. Again: nothing."""
    finding = session.get(Finding, number, with_for_update=True)
    if finding is None or finding.cleared_at is not None:
        return False
    finding.cleared_by, finding.cleared_at = by.name, by.at
    note(session, by, "finding.clear", finding.subject, {"kind": finding.kind, **finding.details})
    return True


def _gaming(session: Session) -> Iterator[Notice]:
    if not gaming(session):
        yield Notice(
            "warn",
            "All gaming is disabled",
            "No round can begin on any site. Open rounds may be played to their end.",
            "/games",
        )


def _findings(session: Session) -> Iterator[Notice]:
    open_ = Finding.cleared_at.is_(None)
    query, newest = select(Finding).where(open_).limit(_MOST), Finding.n.desc()
    found = [
        *session.scalars(query.where(Finding.kind == "conflict").order_by(Finding.subject)),
        *session.scalars(query.where(Finding.kind.not_in(("conflict", "short"))).order_by(newest)),
        *session.scalars(query.where(Finding.kind == "short").order_by(newest)),
    ]
    for finding in found:
        tone, path = "warn" if finding.kind == "short" else "bad", _wallets_player(finding.subject)
        text = told(finding.kind, finding.subject, finding.details)
        yield Notice(tone, _title(finding), text, path, finding.at, finding.n)
    if (count := _count(session, Finding.n, open_)) > len(found):
        yield Notice("bad", f"{count} findings", "Not all are listed here.")


def _title(finding: Finding) -> str:
    if finding.kind == "conflict":
        return f"The books of shard {finding.subject.partition(':')[2]} are refused"
    if finding.kind == "short":
        kind = str(finding.details.get("posting", "posting")).replace("_", " ")
        return f"A wallet held less than a {kind} takes back"
    return _FINDINGS.get(finding.kind, finding.kind.replace("_", " ").capitalize())


def told(kind: str, subject: str, details: Mapping[str, Any]) -> str:
    """A finding in words."""
    platform, denom, uid, number = _wallet(subject)
    where = f"{uid} on {platform}, wallet in {denom if denom != 'credit' else 'credits'}"
    if kind == "gap" and {"after", "seq"} <= details.keys():
        return f"{where}: after entry {details['after']} came entry {details['seq']}."
    if kind == "balance" and {"expected", "balance"} <= details.keys():
        return f"{where}: at entry {number} the balance is {details['balance']}, and should be {details['expected']}."
    if kind == "short" and {"amount", "short"} <= details.keys():
        taken, missing = -details["amount"], details["short"]
        return f"{where}: {taken + missing:,} were to be taken, {taken:,} were there, {missing:,} are missing."
    if kind == "conflict" and "message" in details:
        return f"{details['message']} {_REFUSED}"
    listed = ", ".join(f"{name} {value}" for name, value in details.items())
    return f"{subject}: {listed}" if listed else subject


def _wallets_player(subject: str) -> str:
    """The page of the player of "wallet:<platform>:<denom>:<uid>#<seq>"; empty for any other subject."""
    platform, _, uid, _ = _wallet(subject)
    return player_path(platform, uid) if uid else ""


def _wallet(subject: str) -> tuple[str, str, str, str]:
    """(platform, denomination, uid, number of the entry); the uid may have anything in it. Empty for any other subject."""
    kind, _, wallet = subject.partition(":")
    platform, _, rest = wallet.partition(":")
    denom, _, rest = rest.partition(":")
    uid, _, number = rest.rpartition("#")
    return (platform, denom, uid, number) if kind == "wallet" else ("", "", "", "")


def _commands(session: Session, now: int) -> Iterator[Notice]:
    failed = (Command.state == "failed", Command.at >= now - FAILED_MS)
    for command in session.scalars(select(Command).where(*failed).order_by(Command.n.desc()).limit(_MOST)):
        uid, platform = command.payload.get("uid", ""), command.payload.get("platform", "")
        path = player_path(platform, uid)
        text = f"{uid}: {command.message or command.code or 'no reason was given'}"
        yield Notice("bad", f"A server could not {command.command}", text, path, command.done_at)
    late = (Command.state == "pending", Command.at < now - LATE_MS)
    if count := _count(session, Command.n, *late):
        verb = "command waits" if count == 1 else "commands wait"
        yield Notice("bad", f"{count} {verb} for a server", "None has carried it out: are the game servers connected?")


def _silent(nodes: Sequence[Node], now: int) -> Iterator[Notice]:
    for node in nodes:
        if node.silent:
            seconds = (now - node.alive_at) // 1000
            text = f"Not heard of for {seconds} s, with {node.sessions} sessions. They end after three minutes of silence."
            yield Notice("warn", f"Game server {node.name} is silent", text, "", node.alive_at)


def _outside(games: Iterable[Performance], titles: Mapping[str, str]) -> Iterator[Notice]:
    for game in games:
        if game.verdict == "outside" and game.band and game.rtp is not None:
            low, high = game.band
            band = f"chance leaves {PERCENT} % of such between {100 * low:.2f} % and {100 * high:.2f} %"
            text = f"{100 * game.rtp:.2f} % after {game.rounds:,} rounds on {game.site}; {band}."
            yield Notice(
                "warn",
                f"The RTP of {titles.get(game.game, game.game)} is outside its band",
                text,
                f"/games/{part(game.game)}",
            )


def _waiting(session: Session) -> Iterator[Notice]:
    if count := _count(session, Adjustment.id, Adjustment.state == "waiting"):
        title = "An adjustment waits" if count == 1 else f"{count} adjustments wait"
        yield Notice("info", title, "A second person has to approve or refuse.", "/adjustments")


def _count(session: Session, column: Any, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(column)).where(*conditions)) or 0
