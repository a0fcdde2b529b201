"""Finding rounds in the backoffice: a search finds what a plain look at every round finds, and is never a long walk."""

from decimal import Decimal

import orjson
import pytest
from sqlalchemy import event, select, text

from tests.office_data import DAY, MINUTE, fill, shipped
from webingo.office.services import replay, rounds
from webingo.office.services.rounds import Cursor, Search, find
from webingo.office.tables import Round
from webingo.wallet.denomination import DENOMINATIONS

NOW = 1_795_305_600_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, databases):
    made = databases.fresh(request.param)
    fill(made, NOW, rounds=3_000, players=60, pool=40, records=300)
    yield made
    made.close()


@pytest.fixture
def session(database):
    with database.read() as session:
        yield session


def walked(session, search, limit=50):
    """Every round that is found, page by page."""
    found, after = [], None
    for _ in range(500):
        page = find(session, search, after, limit)
        found += page.rounds
        if page.after is None:
            return found
        after = Cursor.parse(str(page.after))
    raise AssertionError("the pages have no end")


SEARCHES = {
    "everything": (Search(), lambda r: True),
    "player": (Search(uid="PLAYER"), lambda r: r.uid == "PLAYER"),
    "player on a platform": (Search(platform="demo", uid="PLAYER", game="joker-bingo"), None),
    "game": (Search(game="beacon-bay"), lambda r: r.game == "beacon-bay"),
    "site": (Search(platform="demo", site="demo"), lambda r: r.site == "demo"),
    "site and game": (
        Search(platform="demo", site="demo", game="bingo-75"),
        lambda r: (r.site, r.game) == ("demo", "bingo-75"),
    ),
    "time": (Search(since=NOW - 5 * DAY, until=NOW - 4 * DAY), lambda r: NOW - 5 * DAY <= r.began_at < NOW - 4 * DAY),
    "time before": (Search(until=NOW - 13 * DAY), lambda r: r.began_at < NOW - 13 * DAY),
    "time and lost": (
        Search(since=NOW - 3 * DAY, until=NOW - DAY, state="lost"),
        lambda r: NOW - 3 * DAY <= r.began_at < NOW - DAY and r.ended_at is not None and r.won == 0,
    ),
    "open and time": (Search(state="open", until=NOW - 20_000), lambda r: r.ended_at is None and r.began_at < NOW - 20_000),
    "time and game": (
        Search(since=NOW - 2 * DAY, game="joker-bingo"),
        lambda r: r.began_at >= NOW - 2 * DAY and r.game == "joker-bingo",
    ),
    "win": (Search(least_win=Decimal("2.5")), lambda r: r.won >= Decimal("2.5") * DENOMINATIONS[r.denom].money_multiplier),
    "lost": (Search(state="lost"), lambda r: r.ended_at is not None and r.won == 0),
    "won": (Search(state="won", denom="BRL"), lambda r: r.won > 0 and r.denom == "BRL"),
    "open": (Search(state="open"), lambda r: r.ended_at is None),
    "jackpot": (Search(state="jackpot"), lambda r: r.jackpot > 0),
    "player and site": (Search(uid="PLAYER", platform="demo", site="demo"), None),
    "another platform": (Search(platform="other"), lambda r: False),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_finds_what_a_look_at_every_round_finds(session, monkeypatch, name):
    search, fits = SEARCHES[name]
    everything = session.scalars(select(Round).order_by(Round.n.desc())).all()
    player = everything[0].uid
    if search.uid:
        search = Search(**{each: getattr(search, each) for each in Search.__slots__} | {"uid": player})
        fits = lambda r: r.uid == player and search.game in ("", r.game) and search.site in ("", r.site)  # noqa: E731
    monkeypatch.setattr(rounds, "BUDGET", 400)
    expected = {r.n for r in everything if fits(r)}
    assert expected or name == "another platform"
    found = [r.n for r in walked(session, search)]
    assert len(found) == len(set(found))
    assert set(found) == expected
    ordered = (
        [(r.began_at, r.n) for r in walked(session, search)] if search.since else [(r.n,) for r in walked(session, search)]
    )
    assert ordered == sorted(ordered, reverse=True)


def test_the_largest_wins_come_first(session, monkeypatch):
    monkeypatch.setattr(rounds, "BUDGET", 300)
    found = walked(session, Search(largest=True, game="atkins-diet"), 20)
    expected = session.scalars(select(Round).where(Round.won > 0, Round.game == "atkins-diet")).all()
    assert [(r.won, r.n) for r in found] == sorted(((r.won, r.n) for r in expected), reverse=True)


def test_the_largest_wins_are_no_smaller_than_asked_in_any_money(session):
    found = walked(session, Search(largest=True, least_win=Decimal("2.5")))
    assert len({r.denom for r in found}) > 1
    assert all(r.won >= Decimal("2.5") * DENOMINATIONS[r.denom].money_multiplier for r in found)


def test_a_search_that_is_cut_short_says_how_far_it_has_looked(session, monkeypatch):
    monkeypatch.setattr(rounds, "BUDGET", 500)
    page = find(session, Search(least_win=Decimal(10**9)))
    assert page.rounds == []
    assert page.looked_to == session.scalars(select(Round.began_at).order_by(Round.n.desc()).offset(499).limit(1)).one()


def test_an_id_finds_its_round_alone(session):
    round_ = session.scalars(select(Round).limit(1)).one()
    assert find(session, Search(id=round_.id)).rounds == [round_]
    assert find(session, Search(id="17-nothing")).rounds == []


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "1.", ".1", "1.x", "-1.2", "1" * 50 + ".1", "١.٢", "9" * 20 + ".1", f"1.{2**63}"]
)
def test_a_cursor_that_makes_no_sense_is_none(cursor):
    assert Cursor.parse(cursor) is None


@pytest.mark.parametrize("name", SEARCHES)
def test_no_page_walks_through_the_whole_table(database, session, name):
    """Every statement of a search goes along an index, or up the primary key with a limit."""
    statements = []

    def listen(connection, cursor, statement, parameters, context, many):
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        find(session, SEARCHES[name][0])
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    assert statements
    if not database.sqlite:
        # So small a table is looked at whole, and rightly so, unless there is no other way.
        session.execute(text("SET LOCAL enable_seqscan = off"))
    explain, walk = ("EXPLAIN QUERY PLAN ", "SCAN rounds") if database.sqlite else ("EXPLAIN ", "Seq Scan on rounds")
    for statement, parameters in statements:
        plan = [str(row[-1]) for row in session.connection().exec_driver_sql(explain + statement, parameters)]
        for step in plan:
            along = "USING INDEX" in step or "USING COVERING INDEX" in step or "LIMIT" in statement
            assert walk not in step or (database.sqlite and along), (statement, plan)


def test_a_recorded_round_is_replayed_and_proved(session):
    manifests = shipped().games
    games = set()
    for round_ in find(session, Search()).rounds:
        record, entries = replay.record_of(session, round_.id), replay.ledger_of(session, round_.id)
        told = replay.replay(record, entries)
        assert told.header["round"] == round_.id
        money = [move for step in told.steps for move in step.moves]
        assert sum(amount for kind, amount in money if kind == "wager") == round_.wagered
        assert sum(amount for kind, amount in money if kind == "win") == round_.won
        assert [step.balance for step in told.steps if step.moves] == [
            entries[sum(len(other.moves) for other in told.steps[: step.number + 1]) - 1].balance
            for step in told.steps
            if step.moves
        ]
        proof = replay.verified(record, manifests)
        assert replay.problems_of(proof) == []
        assert proof.complete == (round_.ended_at is not None)
        games.add(round_.game)
    assert len(games) == 5


def test_a_forged_record_is_not_proved(session):
    manifests = dict(shipped().games)
    won = next(r for r in walked(session, Search(state="won")) if replay.record_of(session, r.id))
    record = replay.record_of(session, won.id)
    forged = [part.replace(b'"win",', b'"win",1') for part in record]
    assert forged != record
    assert replay.problems_of(replay.verified(forged, manifests))
    del manifests[won.game]
    assert "not among" in replay.problems_of(replay.verified(record, manifests))[0]


def test_a_record_that_did_not_come_or_is_broken_is_none(database, session):
    first = session.scalars(select(Round.id).order_by(Round.n).limit(1)).one()
    assert replay.record_of(session, first) is None
    with database.write() as writing:
        writing.execute(
            text("INSERT INTO round_records (round, blob) VALUES ('00-broken', :blob) ON CONFLICT DO NOTHING"),
            {"blob": b"no zlib"},
        )
    assert replay.record_of(session, "00-broken") is None


def test_a_record_of_another_kind_hides_nothing_else_of_its_round(database, session):
    """Servers of another release may write other records: the page of the round must not go with them."""
    round_ = session.scalars(select(Round).where(Round.ended_at.is_not(None)).order_by(Round.n.desc()).limit(1)).one()
    record = replay.record_of(session, round_.id)
    entries = replay.ledger_of(session, round_.id)
    header, written, *rest = [orjson.loads(part) for part in record]
    strange = [
        [{}],
        [{**header, "private": {}}],
        [{**header, "state": None}],
        [{**header, "state": {**header["state"], "actions": 7}}],
        [header, {**written, "moves": [["wager"]]}, *rest],
        [header, {**written, "params": []}, *rest],
        [header, written, {}, *rest[1:]],
    ]
    for parts in strange:
        with pytest.raises(ValueError):
            replay.replay([orjson.dumps(part) for part in parts], entries)
    other = {**header, "private": {**header["private"], "data": {"nothing": "known"}}}
    proof = replay.verified([orjson.dumps(part) for part in [other, written, *rest]], shipped().games)
    assert replay.problems_of(proof) or proof.holds


def test_what_a_round_fed_is_added_up(session):
    round_ = next(r for r in find(session, Search(game="joker-bingo")).rounds if r.ended_at)
    fed = replay.fed_by(replay.ledger_of(session, round_.id))
    site = shipped().sites[round_.site]
    rates = {jackpot.id: jackpot.rate for jackpot in site.jackpots if jackpot.fed_by(round_.game)}
    assert rates
    assert fed == {jackpot: round_.wagered * rate for jackpot, rate in rates.items()}


def test_times_and_minutes_agree(session):
    assert all(r.ended_at is None or r.ended_at >= r.began_at for r in find(session, Search()).rounds)
    assert NOW % MINUTE == 0
