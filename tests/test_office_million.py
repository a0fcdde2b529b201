"""A backoffice with a million rounds in it: every page is quick, also while the servers' accounting comes in, and that is taken
in good time. Long: `python -m pytest --soak -m soak -s tests/test_office_million.py` prints the figures, too."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select, text
from tornado.ioloop import IOLoop

from tests.conftest import DATABASES
from tests.console import catalogue, routes
from tests.office import office_settings
from tests.office_crowd import STAFF, crowd
from tests.office_data import DAY, Past, fill
from tests.office_feed import Feed, Sender, keep_sending
from tests.office_walk import Walk, starts
from tests.processes import KEY, Backoffice
from webingo.office.console import create_console
from webingo.office.database import Database
from webingo.office.office import Office
from webingo.office.services import signin
from webingo.office.tables import Entry, GameTotal, Jackpot, Round, RoundRecord, Staff, Wallet

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "1000000"))
DAYS = 60
SLOWEST_S = 0.3
"""No page takes longer."""
COMBINATIONS = 400
LIVE_ROUNDS_S = 200
BACKLOG = 10_000
BACKLOG_S = 60
SKIPPED = ("/sign-in",)


class Filled(NamedTuple):
    database: Database
    past: Past
    office: Backoffice
    client: httpx.Client


@pytest.fixture(scope="module", params=DATABASES)
def filled(request: pytest.FixtureRequest, databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    database = databases.fresh(request.param)
    begun = time.monotonic()
    past = fill(database, int(time.time()) * 1000, rounds=ROUNDS, days=DAYS, forgotten=1000)
    crowd(
        database,
        past,
        days=DAYS,
        sessions=80_000,
        audit=200_000,
        adjustments=5_000,
        wins=5_000,
        findings=500,
        versions=300,
        blocked=200,
        payments=50_000,
    )
    print(f"\n{request.param}: {ROUNDS:,} rounds in {time.monotonic() - begun:.0f} s")
    print(sizes(database))
    with opened(database, past, tmp_path_factory.mktemp("million")) as made:
        yield made
    database.close()


@contextmanager
def opened(database: Database, past: Past, folder: Path) -> Iterator[Filled]:
    """The program on the database, and an admin who is signed in."""
    url = database.url.render_as_string(hide_password=False)
    office = Backoffice(folder, backoffice_database=url)
    office.start()
    now = int(time.time() * 1000)
    with database.write() as session:
        account = session.scalar(select(Staff).where(Staff.name == "walker"))
        if account is None:
            account = Staff(name="walker", password_hash="-", role="admin", created_at=now)
            session.add(account)
            for name in STAFF:
                session.add(Staff(name=name, password_hash="-", role="viewer", created_at=now))
            session.flush()
        token, _ = signin._begin(session, account, "127.0.0.1", now)
    try:
        with httpx.Client(base_url=office.url, timeout=60, cookies={"office": token}, trust_env=False) as client:
            yield Filled(database, past, office, client)
    finally:
        office.end()


def sizes(database: Database) -> str:
    """Bytes on disk for each round, of the tables that grow with them."""
    names = ("ledger", "rounds", "round_records", "sessions", "audit", "game_minutes", "jackpot_wins")
    with database.read() as session:
        rounds = session.scalar(select(func.count()).select_from(Round)) or 1
        entries = session.scalar(select(func.count()).select_from(Entry)) or 1
        records = session.scalar(select(func.count()).select_from(RoundRecord)) or 1
        if database.sqlite:
            whole = {"all": Path(str(database.url.database)).stat().st_size}
        else:
            whole = {name: session.scalar(text(f"SELECT pg_total_relation_size('{name}')")) or 0 for name in names}
    told = ", ".join(f"{name} {size / rounds:.0f}" for name, size in whole.items())
    return f"{rounds:,} rounds, {entries:,} entries, {records:,} records; bytes a round: {told}"


def addresses(database: Database, each: int = 10) -> list[str]:
    """Every page that the console has, of so many players, rounds, games and sites of all kinds."""
    console = create_console(Office(database, office_settings(), catalogue()))
    found: list[APIRoute] = [route for route in routes(console) if "GET" in (route.methods or ())]
    with database.read() as session:
        order = Wallet.seq.desc()
        owners = session.execute(select(Wallet.platform, Wallet.uid).order_by(order)).all()
        players = [{"platform": row[0], "uid": row[1]} for row in (owners[0], owners[len(owners) // 2], owners[-1])]
        rounds = [
            *session.scalars(select(Round.id).order_by(Round.n.desc()).limit(3)),
            *session.scalars(select(Round.id).order_by(Round.n).limit(2)),
            *session.scalars(select(Round.id).order_by(Round.wagered.desc()).limit(1)),
        ]
        recorded = session.scalars(select(RoundRecord.round).order_by(RoundRecord.round).limit(2)).all()
        jackpots = session.execute(select(Jackpot.platform, Jackpot.site, Jackpot.id)).all()
    sites = [{"platform": "demo", "site": "demo"}, {"platform": "demo", "site": "demo-brl"}]
    known = {
        "platform uid": players,
        "round_id": [{"round_id": name} for name in ([*rounds, *recorded])],
        "platform site": sites,
        "platform site number": [{**sites[0], "number": number} for number in ("1", "2", "3")],
        "platform site jackpot": [{"platform": row[0], "site": row[1], "jackpot": row[2]} for row in jackpots],
        "game": [{"game": name} for name in catalogue().games],
    }
    paths = [route.path for route in found if route.path not in SKIPPED and not route.path.endswith("record.json")]
    return list(starts(paths, {name: values[:each] for name, values in known.items()}))


def typed(filled: Filled) -> dict[str, list[str]]:
    """What people look for: everything, much, little and nothing."""
    with filled.database.read() as session:
        owners = session.scalars(select(Wallet.uid).order_by(Wallet.seq.desc())).all()
        round_id = session.scalar(select(Round.id).limit(1)) or ""
    busy, seldom, now = owners[0], owners[-1], filled.past.now

    def day(ago: float, form: str) -> str:
        return time.strftime(form, time.gmtime((now - ago * DAY) / 1000))

    moments = [day(ago, "%Y-%m-%dT%H:%M") for ago in (0.02, 1, 30, 59, 400, -10)]
    days = [day(ago, "%Y-%m-%d") for ago in (0, 1, 30, 59, 400, -10)]
    return {
        "/rounds q": [busy, seldom, "nobody", round_id, "17-00000000-0000-4000-8000-000000000000"],
        "/rounds win": ["0", "0.01", "25", "9999999", "nonsense"],
        "/rounds from": moments,
        "/rounds to": moments,
        "/players q": ["a", "an", "ana", "ANA", "-4", "9", "zzzz", busy, seldom, "%", "_"],
        "/audit subject": ["player:", f"player:demo:{busy}", "site:demo:demo", "nothing", "staff:", "p"],
        "/audit since": days,
        "/audit until": days,
    }


def count_odds(filled: Filled) -> None:
    """The games' odds are counted beside the first pages, once for each start: not what is measured here."""
    for _ in range(600):
        if "counting the odds" not in filled.client.get("/games").text:
            return
        time.sleep(0.2)
    raise AssertionError("the odds are never counted")


def walk(filled: Filled, combinations: int, far: bool = True) -> Walk:
    made = Walk(filled.client, typed(filled), combinations, far=far)
    count_odds(filled)
    starting = addresses(filled.database)
    assert len(starting) > 40
    made.everything(starting)
    made.again(starting, 3)
    print("\n" + made.table())
    return made


def check(walked: Walk) -> None:
    """The best of three tries counts: what others do on this machine is no fault of the page."""
    slow = {address: f"{one.best:.3f} s" for address, one in walked.found.items() if one.best > SLOWEST_S}
    assert slow == {}


@pytest.mark.soak
def test_no_page_takes_long(filled: Filled) -> None:
    walked = walk(filled, COMBINATIONS)
    assert len(walked.found) > 1_000
    check(walked)


@contextmanager
def playing(filled: Filled) -> Iterator[None]:
    """While so many rounds a second arrive."""
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    process = context.Process(target=keep_sending, args=(filled.office.url, KEY, LIVE_ROUNDS_S, stop, results))
    process.start()
    begun = time.monotonic()
    try:
        yield
    finally:
        stop.set()
        rounds, entries, longest = results.get(timeout=60)
        process.join(60)
        seconds = time.monotonic() - begun
        print(f"meanwhile {rounds:,} rounds, {entries:,} entries in {seconds:.0f} s; the longest way {longest:.2f} s")


@pytest.mark.soak
def test_no_page_takes_long_while_the_ledger_comes_in(filled: Filled) -> None:
    with playing(filled):
        time.sleep(5)  # until its rounds are drawn
        walked = walk(filled, COMBINATIONS // 4, far=False)
        check(walked)


@pytest.mark.soak
@pytest.mark.parametrize("servers", [1, 2])
def test_a_backlog_is_taken_in_good_time_and_counted_exactly(filled: Filled, servers: int, io_loop: IOLoop) -> None:
    """Of servers that post different shards at once."""
    feeds = [Feed(f"backlog{servers}-{place}", int(time.time() * 1000)) for place in range(servers)]
    shards = [range(place, 64, servers) for place in range(servers)]
    sheets = [list(feed.sheets(BACKLOG // servers, own)) for feed, own in zip(feeds, shards, strict=True)]
    before = sums(filled.database)

    async def send() -> float:
        senders = [Sender(filled.office.url, KEY) for _ in feeds]
        begun = time.monotonic()
        await asyncio.gather(*(sender.send(some) for sender, some in zip(senders, sheets, strict=True)))
        seconds = time.monotonic() - begun
        await asyncio.gather(*(sender.send(some[:5]) for sender, some in zip(senders, sheets, strict=True)))  # again: nothing
        for sender in senders:
            sender.close()
        return seconds

    used = cpu_s(filled.office)
    seconds = io_loop.run_sync(send)
    used = cpu_s(filled.office) - used
    entries = sum(feed.entries for feed in feeds)
    rates = f"{entries / seconds:,.0f} entries/s, {BACKLOG / seconds:,.0f} rounds/s"
    print(f"\n{servers} servers: {entries:,} entries, {BACKLOG:,} records in {seconds:.1f} s ({used:.1f} s of CPU): {rates}")
    rounds, wagered, won = (sum(getattr(feed, name) for feed in feeds) for name in ("rounds", "wagered", "won"))
    assert sums(filled.database) == tuple(a + b for a, b in zip(before, (entries, rounds, wagered, won), strict=True))
    assert seconds < BACKLOG_S


def sums(database: Database) -> tuple[int, int, int, int]:
    """Entries, and rounds, wagered and won as the totals have them."""
    with database.read() as session:
        entries = session.scalar(select(func.count()).select_from(Entry)) or 0
        totals = session.execute(select(func.sum(GameTotal.rounds), func.sum(GameTotal.wagered), func.sum(GameTotal.won))).one()
    return entries, int(totals[0]), int(totals[1]), int(totals[2])


def cpu_s(office: Backoffice) -> float:
    assert office._process is not None
    fields = Path(f"/proc/{office._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
