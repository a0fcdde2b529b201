"""What piles up in a backoffice beside rounds: sessions, the log, wins, adjustments, payments, findings, versions of sites."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Table, func, select, text, update

from tests.office_data import DAY, NODES, Past, peopled, pour, shipped
from webingo.office import tables
from webingo.office.database import Database

ACTIONS = (
    "player.block",
    "player.unblock",
    "adjustment.ask",
    "adjustment.approve",
    "sign-in.done",
    "sign-in.failed",
    "site.change",
    "game.disable",
    "game.enable",
    "staff.add",
    "command.done",
    "password.change",
)
STAFF = [f"staff-{number}" for number in range(40)]


def crowd(
    database: Database,
    past: Past,
    days: int,
    sessions: int,
    audit: int,
    adjustments: int,
    wins: int,
    findings: int,
    versions: int,
    blocked: int,
    payments: int,
) -> None:
    """Adds so many of each to what `office_data.fill` has made, over so many days."""
    dice, begin = random.Random(11), past.now - days * DAY

    def moment(place: int, of: int) -> int:
        return begin + (past.now - begin) * place // of

    def stays() -> Iterator[Sequence[Any]]:
        sites = peopled(shipped())
        for place in range(sessions):
            site, began = sites[place % len(sites)], moment(place, sessions) - DAY // 12
            who = (NODES[place % 3], site.platform, site.id, past.players[int(dice.random() ** 2 * len(past.players))])
            ended = began + dice.randrange(90 * 60_000)
            yield f"more-{place:08d}", *who, began, ended, ended, dice.randrange(300), 500, 400, "LEFT"

    def log() -> Iterator[Sequence[Any]]:
        for place in range(audit):
            action = dice.choice(ACTIONS)
            uid = past.players[int(dice.random() ** 2 * len(past.players))]
            subject = {"site": "site:demo:demo", "game": "site:demo:demo-brl", "staff": f"staff:{dice.choice(STAFF)}"}
            about = subject.get(action.split(".")[0], f"player:demo:{uid}")
            details = orjson.dumps({"reason": "as the player asked", "amount": place, "denom": "credit"}).decode()
            # The program itself writes most of the rows; somebody was here for a week, long ago.
            staff = "" if place % 3 == 0 else "long-gone" if 1000 < place < 1500 else dice.choice(STAFF)
            yield place + 1, moment(place, audit), staff, "10.0.0.1", action, about, details

    def asked() -> Iterator[Sequence[Any]]:
        for place in range(adjustments):
            at, uid = moment(place, adjustments), dice.choice(past.players)
            state = "failed" if place % 200 == 0 else "refused" if place % 9 == 0 else "done"
            decided = (dice.choice(STAFF), at + 60_000) if place % 2 else (None, None)
            row = (place + 100, "demo", uid, "credit", dice.randrange(1, 10_000), "a fault of ours", STAFF[0], at, *decided)
            yield *row, state, f"more-{place}", None

    def sent() -> Iterator[Sequence[Any]]:
        for place in range(adjustments):
            at, state = moment(place, adjustments), "failed" if place % 200 == 0 else "done"
            payload = orjson.dumps({"platform": "demo", "uid": past.players[0], "denom": "credit", "amount": 5, "reason": "a"})
            yield f"more-{place}", place + 100, "adjust", payload.decode(), STAFF[0], state, "", "", 5, 5, at, at + 900

    def noted() -> Iterator[Sequence[Any]]:
        for place in range(findings):
            subject = f"wallet:demo:credit:{past.players[place % len(past.players)]}#{place + 10}"
            details = orjson.dumps({"entry": f"e{place}", "after": place, "seq": place + 10}).decode()
            cleared = (STAFF[1], past.now) if place % 2 else (None, None)
            yield place + 1, moment(place, findings), "gap", subject, details, *cleared

    def edited() -> Iterator[Sequence[Any]]:
        document = orjson.dumps(shipped().sites["demo"].model_dump(mode="json", exclude_unset=True)).decode()
        for place in range(versions):
            yield "demo", "demo", place + 4, document, dice.choice(STAFF), moment(place, versions)

    def paid() -> Iterator[Sequence[Any]]:
        for place in range(payments):
            at, uid = moment(place, payments), past.players[int(dice.random() ** 2 * len(past.players))]
            kind = "refund" if place % 9 == 0 else "chargeback" if place % 50 == 0 else "purchase"
            name = f"fb:{place}" if kind == "purchase" else f"fb:{place}:{kind}:1"
            entry = (
                entries + place + 1,
                f"post:{len(name)}:{name}:demo:USD:{uid}",
                0,
                f"{at}-0",
                "demo",
                "USD",
                uid,
                place + 1,
            )
            amount = 500 if kind == "purchase" else -200
            yield *entry, kind, amount, 5_000, "", "", "demo", at, "coins", "", False, 300 if kind != "purchase" else 0

    with database.write() as session:
        entries = session.scalar(select(func.max(tables.Entry.id))) or 0
        raw = session.connection().connection.cursor()
        for table, rows in (
            (tables.PlayerSession, stays()),
            (tables.Audit, log()),
            (tables.Adjustment, asked()),
            (tables.Command, sent()),
            (tables.Finding, noted()),
            (tables.SiteVersion, edited()),
            (tables.Entry, paid()),
        ):
            made: Table = table.__table__  # type: ignore[assignment]
            pour(database, raw, made, rows)
        newest = (tables.Site.platform == "demo") & (tables.Site.site == "demo")
        session.execute(update(tables.Site).where(newest).values(version=versions + 3))
        numbered = update(tables.Value).where(tables.Value.name == "changes")
        session.execute(numbered.values(number=adjustments + 100))
        _wins(session, wins)
        out = select(tables.Player.uid).order_by(tables.Player.uid).limit(blocked)
        session.execute(update(tables.Player).where(tables.Player.uid.in_(out)).values(blocked=True))
        if not database.sqlite:
            for table, column in (("audit", "n"), ("adjustments", "id"), ("findings", "n"), ("ledger", "id")):
                name = f"pg_get_serial_sequence('{table}', '{column}')"
                session.execute(text(f"SELECT setval({name}, (SELECT max({column}) FROM {table}))"))
            session.execute(text("ANALYZE"))


def _wins(session: Any, wins: int) -> None:
    """Every so many rounds one has won a jackpot."""
    Round, Win = tables.Round, tables.JackpotWin  # noqa: N806 - as elsewhere
    count = session.scalar(select(func.max(Round.n))) or 1
    jackpots = {site.id: [one.id for one in site.jackpots] or ["jp_gone"] for site in shipped().sites.values()}
    chosen = [count * place // wins + 1 for place in range(wins)]
    for first in range(0, wins, 500):
        some = chosen[first : first + 500]
        session.execute(update(Round).where(Round.n.in_(some)).values(jackpot=Round.jackpot + 5_000))
        rounds = session.scalars(select(Round).where(Round.n.in_(some))).all()
        names = [jackpots[round_.site][round_.n % len(jackpots[round_.site])] for round_ in rounds]
        session.add_all(
            Win(
                claim=f"{one.id}:more",
                platform=one.platform,
                site=one.site,
                jackpot=name,
                uid=one.uid,
                denom=one.denom,
                amount=5_000,
                round=one.id,
                game=one.game,
                at=one.began_at,
            )
            for one, name in zip(rounds, names, strict=True)
        )
        session.flush()
        session.expunge_all()
