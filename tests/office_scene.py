"""A backoffice as it is on a working day: real rounds of two weeks, and what staff, servers and jackpots did meanwhile."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.console import _hash, catalogue
from tests.office import NOW, Ledger
from tests.office_data import DAY, MINUTE, fill
from webingo.backoffice.contract import CommandDone, SessionBegin, SessionEnd
from webingo.backoffice.contract_books import LedgerBatch
from webingo.office.database import Database
from webingo.office.services import adjustments, attention, audit, commands, ingest, players, sites, visits
from webingo.office.services.audit import Actor
from webingo.office.tables import (
    Adjustment,
    Command,
    Entry,
    Finding,
    Player,
    PlayerSession,
    Round,
    RoundRecord,
    Staff,
    Value,
    Wallet,
)

HOUR = 60 * MINUTE
NAMES = (
    "Almeida",
    "Barros",
    "Costa",
    "Duarte",
    "Esteves",
    "Faria",
    "Gomes",
    "Lima",
    "Moreira",
    "Nunes",
    "Pinto",
    "Ramos",
    "Silva",
)
STAFF = {"eva": "admin", "bia.santos": "admin", "joao": "operator", "marta": "operator", "audit-office": "viewer"}
LIVE = 31


@dataclass
class Scene:
    """Whom and what pictures show: a player with a lively page, one who is blocked, rounds that can be stepped through."""

    player: str
    blocked: str
    bingo: str
    slots: str
    buyer: str
    waiting: int
    staff: dict[str, int]


def build(database: Database, rounds: int = 120_000) -> Scene:
    """Fills empty tables, up to NOW."""
    loose = ("demo-brl", "fairground-sevens")
    past = fill(database, NOW, rounds=rounds, players=200, pool=120, records=900, grant=400_000, lively=True, loose=loose)
    staff = _staff(database)
    uids = [uid for uid in past.players if not uid.startswith("eva-")]
    with database.write() as session:
        session.execute(update(Value).where(Value.name == "gaming").values(number=1))
        for place, player in enumerate(session.scalars(select(Player).order_by(Player.uid))):
            player.name = f"{player.name} {NAMES[place * 7 % len(NAMES)]}"
        ended = {"ended_at": PlayerSession.alive_at, "reason": "left"}
        session.execute(
            update(PlayerSession).where(PlayerSession.ended_at.is_(None), PlayerSession.id >= f"s-{LIVE:08d}").values(**ended)
        )
        for stay in session.scalars(select(PlayerSession).where(PlayerSession.ended_at.is_(None))):
            session.get_one(Player, (stay.platform, stay.uid)).last_at = stay.alive_at
        for place, player in enumerate(session.scalars(select(Player))):
            player.first_at -= place * 37 % 90 * DAY + place * 11 * MINUTE
        for command in session.scalars(select(Command)):
            command.n = 0
            command.payload = {**command.payload, "reason": "Prize of the raffle was booked twice"}
        for row in session.scalars(select(Adjustment)):
            session.delete(row)
    asked = _days(database, uids)
    with database.read() as session:
        recorded = select(Round).join(RoundRecord, RoundRecord.round == Round.id).order_by(Round.n.desc())
        shown = [round_ for round_ in session.scalars(recorded) if round_.ended_at and round_.won > 3 * round_.wagered]
        bingo = next(r.id for r in shown if r.game == "joker-bingo")
        slots = next(r.id for r in shown if r.game == "atkins-diet" and r.denom == "credit")
    return Scene(uids[0], uids[33], bingo, slots, _social(database), asked, staff)


def _social(database: Database) -> str:
    """A player of the social casino who has bought, won, and got money back, some of which was spent; the id."""
    begun = {"session": "s-of-luana", "node": "game-2", "platform": "facebook", "site": "social"}
    luana = Ledger("10158240021774", "facebook", site="social")

    def money(kind: str, amount: int, before_ms: int, name: str = "", note: str = "", **fields: int) -> dict[str, Any]:
        posted = {"id": f"post:{len(name)}:{name}:{luana.wallet}"} if name else {}
        return luana.entry(kind, amount, at=NOW - before_ms, note=note, site="social", **posted, **fields)

    def bets(count: int, wager: int, before_ms: int) -> list[dict[str, Any]]:
        rounds = (luana.round(wager, wager * 2 if n % 4 == 2 else 0, at=NOW - before_ms + n * 8_000) for n in range(count))
        return [{**entry, "game": "beacon-bay"} for entries in rounds for entry in entries]

    entries = [
        money("grant", 5_000, 4 * DAY),
        money("daily_bonus", 500, 4 * DAY - 60_000, "daily:social:20718"),
        *bets(18, 50, 4 * DAY - 120_000),
        money("level_up", 250, 4 * DAY - 200_000, "level:social:2", "level 2"),
        money("purchase", 12_000, 2 * DAY, "fb:731940025518", "stacks"),
        money("daily_bonus", 750, 2 * DAY - 50_000, "daily:social:20720"),
        *bets(30, 400, 2 * DAY - 90_000),
        money("purchase", 35_000, DAY, "fb:731940088127", "pouch"),
        *bets(40, 900, DAY - 90_000),
    ]
    last = "fb:731940088127:chargeback:1"
    taken = luana.balance
    entries += [
        money("refund", -5_000, 20 * HOUR, "fb:731940025518:refund:1", "stacks"),
        money("chargeback", 5_000 - taken, 3 * HOUR, last, "pouch", short=35_000 - taken + 5_000),
    ]
    eva = Actor(0, "eva", "admin", "10.20.0.14", NOW - 6 * HOUR)
    with database.write() as session:
        sites.set_site_enabled(session, eva, "facebook", "social", True)
        visits.begin(session, SessionBegin(**begun, uid=luana.user.uid, name="Luana Prado", at=NOW - 4 * DAY), NOW - 4 * DAY)
        ingest.take(session, ingest.read(LedgerBatch.model_validate(luana.batch(entries))), NOW - 3 * HOUR)
        end = SessionEnd(at=NOW - 19 * HOUR, rounds=88, wagered=48_900, won=22_000, balance=0, seq=luana.seq)
        visits.end(session, begun["session"], end)
    return luana.user.uid


def _staff(database: Database) -> dict[str, int]:
    with database.write() as session:
        rows = [
            Staff(name=name, password_hash=_hash(), role=role, created_at=NOW - (90 - 9 * place) * DAY)
            for place, (name, role) in enumerate(STAFF.items())
        ]
        rows[3].locked_until = NOW + 21 * MINUTE
        fresh = Staff(name="paulo", password_hash=_hash(), role="operator", must_change=True, created_at=NOW - 6 * DAY)
        gone = Staff(name="renato", password_hash=_hash(), role="operator", active=False, created_at=NOW - 300 * DAY)
        session.add_all([*rows, fresh, gone])
        session.flush()
        return {row.name: row.id for row in (*rows, fresh, gone)}


def _days(database: Database, uids: list[str]) -> int:
    """What happened, in its order; the id of the adjustment that waits for an admin."""

    def by(name: str, before_ms: int) -> Actor:
        return Actor(0, name, STAFF.get(name, "operator"), "10.20.0.14" if name == "eva" else "10.20.0.31", NOW - before_ms)

    def answered(command: str | None, before_ms: int) -> None:
        """A server has done it; what it did to a wallet is in the ledger."""
        with database.write() as session:
            row = session.get_one(Command, command)
            balance = seq = 0
            if row.command == "adjust":
                balance, seq = _moved(session, row)
            done = CommandDone(ok=True, code="", message="", balance=balance, seq=seq, at=row.at + 340)
            commands.finish(session, row.id, done, NOW - before_ms)

    def given(name: str, uid: str, amount: int, reason: str, before_ms: int, limit: int = 100_000) -> Adjustment:
        with database.write() as session:
            return adjustments.ask(session, by(name, before_ms), "demo", uid, "credit", amount, reason, limit)

    for name, action, subject, details, before in (
        ("eva", "staff.add", "staff:paulo", {"role": "operator"}, 6 * DAY),
        ("eva", "staff.role", "staff:joao", {"role": ["viewer", "operator"]}, 5 * DAY),
        ("joao", "sign-in.done", "staff:joao", {}, 4 * DAY),
    ):
        with database.write() as session:
            audit.note(session, by(name, before), action, subject, details)
    first = given("joao", uids[0], 5_000, "Goodwill after the outage of Thursday", 3 * DAY)
    answered(first.command, 3 * DAY - 400)
    second = given("joao", uids[7], 250_000, "Win of the tournament was not paid out", 2 * DAY)
    with database.write() as session:
        sent = adjustments.approve(session, by("bia.santos", 2 * DAY - 9 * MINUTE), second.id).command
    answered(sent, 2 * DAY - 9 * MINUTE - 400)
    third = given("joao", uids[9], 900_000, "Asked for by the player on the phone", DAY)
    with database.write() as session:
        adjustments.refuse(session, by("eva", DAY - HOUR), third.id, "No proof that it is owed")
    _findings(database, by("marta", 8 * HOUR), uids)
    with database.write() as session:
        blocked = players.set_blocked(session, by("joao", 5 * HOUR), "demo", uids[33], True, "Asked to be excluded for a month")
        command = players.last_block(session, blocked)
    assert command and command[1]
    answered(command[1].id, 5 * HOUR - 500)
    _sites(database, by("eva", 4 * HOUR), by("bia.santos", 90 * MINUTE))
    small = given("marta", uids[0], -1_200, "Test credits taken back", 50 * MINUTE)
    answered(small.command, 50 * MINUTE - 300)
    with database.write() as session:
        for again in range(3):
            stranger = Actor(0, "", "", "203.0.113.77", NOW - 40 * MINUTE + again * 9_000)
            audit.note(session, stranger, "sign-in.failed", "staff:marta")
        audit.note(session, by("eva", 26 * MINUTE), "sign-in.done", "staff:eva")
    given("bia.santos", uids[2], 180_000, "Jackpot display was wrong, agreed with the player", 25 * MINUTE)
    return given("joao", uids[0], 250_000, "Lost connection in the bonus game, ticket 4711", 12 * MINUTE).id


def _moved(session: Session, row: Command) -> tuple[int, int]:
    """The wallet's balance and its entry's number after an adjustment."""
    told = row.payload
    wallet = session.get_one(Wallet, (told["platform"], told["uid"], told["denom"]))
    entry = {
        "entry": f"adjust:{row.id}:{wallet.denom}",
        "shard": 0,
        "position": f"{row.at}-0",
        "round": "",
        "game": "",
        "site": "",
    }
    made = {"kind": "adjustment", "amount": told["amount"], "balance": wallet.balance + told["amount"], "seq": wallet.seq + 1}
    rest = {"at": row.at + 300, "note": told["reason"], "fed": "", "closes": False}
    session.add(Entry(platform=wallet.platform, denom=wallet.denom, uid=wallet.uid, **entry, **made, **rest))
    return wallet.balance + told["amount"], wallet.seq + 1


def _findings(database: Database, marta: Actor, uids: list[str]) -> None:
    """One that nobody has looked at, and one that marta did."""
    with database.write() as session:
        gap = {"entry": "", "after": 411, "seq": 415}
        session.add(Finding(at=NOW - 38 * MINUTE, kind="gap", subject=f"wallet:demo:credit:{uids[11]}#415", details=gap))
        wrong = {"entry": "", "expected": 9150, "balance": 9140}
        late = Finding(at=NOW - 9 * HOUR, kind="balance", subject=f"wallet:demo:BRL:{uids[21]}#77", details=wrong)
        session.add(late)
        session.flush()
        attention.clear(session, marta, late.n)


def _sites(database: Database, first: Actor, second: Actor) -> None:
    """A setting that was changed, and a game that was switched off on one site."""
    with database.write() as session:
        row = sites.find(session, "demo", "demo")
        assert row
        document = {**row.document, "flags": {**row.document.get("flags", {}), "min_spin_ms": 3_000}}
        sites.save(session, first, catalogue().check("demo", "demo", document, row.document), row.version)
    with database.write() as session:
        sites.set_game_enabled(session, second, "demo", "demo-brl", "beacon-bay", False)
