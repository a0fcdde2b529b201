"""The backoffice's books: whatever is sent again, cut otherwise or at the same time, they are the ledger, each entry once."""

import threading
import zlib
from itertools import pairwise

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.console import actor
from tests.office import NOW, Ledger, record
from webingo.backoffice.contract_books import JackpotSnapshots, LedgerBatch, PlayerSnapshot
from webingo.office.services import attention, findings, ingest, snapshots
from webingo.office.services.denied import Denied
from webingo.office.tables import (
    Entry,
    Finding,
    GameDay,
    GameMinute,
    GameTotal,
    Jackpot,
    JackpotWin,
    Player,
    Round,
    RoundRecord,
    Wallet,
)


def send(database, batch):
    with database.write() as session:
        return ingest.take(session, ingest.read(LedgerBatch.model_validate(batch)), NOW)


def every(database, table, *columns):
    with database.read() as session:
        wanted = [getattr(table, name) for name in columns]
        return sorted(tuple(row) for row in session.execute(select(*wanted)))


def counts(database):
    """(rounds, wagered, squares, won) by ever, day and minute."""
    return [
        [tuple(row[-4:]) for row in every(database, table, *keys, "rounds", "wagered", "wagered_squared", "won")]
        for table, keys in ((GameTotal, ("game",)), (GameDay, ("game", "day")), (GameMinute, ("game", "minute")))
    ]


def test_entries_are_kept_as_they_were_sent(database):
    ana = Ledger("ana")
    sent = [
        ana.entry("grant", 1000),
        ana.entry("wager", -4, "17-r1", fed="jp_a=120000 jp_b=99"),
        ana.entry("trigger", 0, "17-r1", note="jp_a"),
        ana.entry("win", 10, "17-r1", at=NOW + 60_000, closes=True),
        ana.entry("adjustment", -6, note="a mistake, \N{GRINNING FACE} corrected"),
    ]
    taken = send(database, ana.batch(sent))
    assert (taken.taken, taken.repeated) == (5, 0)
    names = (
        "entry",
        "shard",
        "position",
        "seq",
        "kind",
        "amount",
        "balance",
        "round",
        "game",
        "site",
        "at",
        "note",
        "fed",
        "closes",
    )
    found = every(database, Entry, "id", *names)
    wanted = [{**entry, "entry": entry["id"], "shard": ana.user.shard, "fed": entry.get("fed", "")} for entry in sent]
    for row, entry in zip(found, wanted, strict=True):
        assert dict(zip(names, row[1:], strict=True)) == {name: {"note": "", "closes": False, **entry}[name] for name in names}
    assert every(database, Entry, "platform", "denom", "uid") == [("demo", "credit", "ana")] * 5
    assert every(database, Wallet, "platform", "uid", "denom", "balance", "seq") == [("demo", "ana", "credit", 1000, 5)]
    assert every(database, Player, "platform", "uid", "first_at") == [("demo", "ana", NOW)]


def test_a_round_is_added_up_and_counted_when_it_is_closed(database):
    ana = Ledger("ana")
    send(database, ana.batch([ana.entry("grant", 100), ana.entry("wager", -4, "r1"), ana.entry("wager", -2, "r1")]))
    assert every(database, Round, "id", "wagered", "won", "began_at", "ended_at") == [("r1", 6, 0, NOW, None)]
    assert counts(database) == [[], [], []]
    last = [ana.entry("win", 5, "r1", NOW + 90_000), ana.entry("win", 10, "r1", NOW + 90_000, closes=True)]
    send(database, ana.batch(last, [record("r1", "2.1.0")]))
    found = every(database, Round, "id", "version", "wagered", "won", "began_at", "ended_at")
    assert found == [("r1", "2.1.0", 6, 15, NOW, NOW + 90_000)]
    assert counts(database) == [[(1, 6, 36.0, 15)]] * 3
    assert every(database, GameMinute, "minute") == [((NOW + 90_000) // 60_000,)]


def test_a_round_that_is_closed_again_is_counted_once_and_its_money_is_not_lost(database):
    ana = Ledger("ana")
    send(database, ana.batch([ana.entry("grant", 100), ana.entry("wager", -4, "r1"), ana.entry("end", 0, "r1", closes=True)]))
    send(database, ana.batch([ana.entry("win", 7, "r1", NOW + 5, closes=True)]))
    assert every(database, Round, "wagered", "won", "ended_at") == [(4, 7, NOW)]
    assert counts(database) == [[(1, 4, 16.0, 7)]] * 3


def test_jackpots_are_no_part_of_what_games_win(database):
    ana = Ledger("ana")
    first = [ana.entry("grant", 100), *ana.round(4, 10)]
    name = first[1]["round"]
    paid = ana.entry("jackpot", 5000, name, note="jp_a")
    paid["id"] = f"post:{len('jackpot:' + name + ':jp_a')}:jackpot:{name}:jp_a:{ana.wallet}"
    send(database, ana.batch([*first, paid]))
    assert every(database, Round, "wagered", "won", "jackpot") == [(4, 10, 5000)]
    assert counts(database)[0] == [(1, 4, 16.0, 10)]
    found = every(database, JackpotWin, "claim", "jackpot", "uid", "amount", "round", "game")
    assert found == [(f"{name}:jp_a", "jp_a", "ana", 5000, name, "joker-bingo")]


def test_a_win_that_is_told_twice_is_one_win(database):
    ana = Ledger("ana")
    told = {"claim": "r1:jp_a", "platform": "demo", "site": "demo", "id": "jp_a", "uid": "ana", "denom": "credit"}
    told |= {"amount": 50, "round": "r1", "at": NOW}
    paid = ana.entry("jackpot", 50, "r1", note="jp_a")
    paid["id"] = f"post:15:jackpot:r1:jp_a:{ana.wallet}"
    for _ in range(2):
        with database.write() as session:
            snapshots.take_jackpots(session, JackpotSnapshots.model_validate({"wins": [told, told]}))
        send(database, ana.batch([paid]))
    assert every(database, JackpotWin, "claim", "amount", "game") == [("r1:jp_a", 50, "joker-bingo")]


def test_records_are_kept_packed_and_as_they_were(database):
    ana = Ledger("ana", funds=1000)
    entries = ana.round(4, 2)
    kept = record(entries[0]["round"])
    kept["record"][1]["params"] = {"\0": "\0 \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "z": 1, "a": 2}
    for _ in range(2):
        send(database, ana.batch(entries, [kept]))
    ((name, blob),) = every(database, RoundRecord, "round", "blob")
    assert name == entries[0]["round"]
    assert zlib.decompress(blob) == orjson.dumps(kept["record"])
    assert len(blob) < len(orjson.dumps(kept["record"])) / 3


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([0, 0, 3, 20])), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=12),
)
def test_whatever_is_sent_again_and_cut_otherwise_counts_once(databases, rounds, repeats):
    """Parts are sent from any place that is not ahead of what was sent before, as a consumer does after a crash."""
    database = databases.fresh("sqlite")
    ana = Ledger("ana")
    entries = [ana.entry("grant", 10_000)]
    for number, (wager, won) in enumerate(rounds):
        entries += ana.round(wager, won, at=NOW + number * 20_000)
    done = 0
    for back, length in [*repeats, *[(0, 5)] * len(entries)]:
        start = max(done - back, 0)
        if part := entries[start : start + length]:
            closed = [entry["round"] for entry in part if entry.get("closes")]
            taken = send(database, ana.batch(part, [record(name) for name in closed]))
            assert taken.taken + taken.repeated == len(part)
            done = max(done, start + len(part))
    assert [row[1] for row in every(database, Entry, "id", "entry")] == [entry["id"] for entry in entries]
    squares = float(sum(wager**2 for wager, _ in rounds))
    total = (len(rounds), sum(wager for wager, _ in rounds), squares, sum(won for _, won in rounds))
    for table in counts(database):
        assert tuple(map(sum, zip(*table, strict=True))) == total
    assert len(every(database, RoundRecord, "round")) == len(rounds)
    assert every(database, Wallet, "balance", "seq") == [(ana.balance, ana.seq)]
    assert every(database, Finding, "kind") == []
    database.close()


def test_the_same_batches_at_the_same_time_count_once(database):
    """Two servers that both hold themselves for the owner of a shard, and others of other shards."""
    players = [Ledger(f"p{number}", funds=1000) for number in range(4)]
    batches = [one.batch([entry for _ in range(5) for entry in one.round(2, 1)]) for one in players for _ in range(5)]
    failed = []

    def work(order):
        for batch in order:
            try:
                send(database, batch)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(batches,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(every(database, Entry, "entry")) == 200
    assert counts(database)[0] == [(100, 200, 400.0, 100)]


OTHER = {
    "wallet": "demo:credit:bia", "seq": 2, "kind": "adjustment", "amount": 50, "balance": 50, "round": "r0", "game": "bingo-75",
    "site": "pub", "at": NOW + 1, "note": "because", "fed": "jp_a=1", "closes": True,
}  # fmt: skip


def test_an_id_with_other_contents_is_refused_and_nothing_is_written(database):
    ana = Ledger("ana")
    first = ana.entry("grant", 100)
    send(database, ana.batch([first]))
    for name, value in OTHER.items():
        with pytest.raises(Denied, match="CONFLICT"):
            send(database, ana.batch([{**first, name: value}, ana.entry("wager", -1, "r1")]))
    assert every(database, Entry, "amount") == [(100,)]
    assert every(database, Round, "id") == []


def test_another_entry_with_a_wallets_number_is_refused(database):
    ana = Ledger("ana")
    first = ana.entry("grant", 100)
    send(database, ana.batch([first]))
    with pytest.raises(Denied, match="CONFLICT"):
        send(database, ana.batch([{**first, "id": "another"}]))


@pytest.mark.parametrize(
    ("break_it", "finding"),
    [
        (lambda entries: entries[:2] + entries[3:], [("gap", "wallet:demo:credit:ana#4")]),
        (lambda entries: [*entries[:2], {**entries[2], "balance": 7}, *entries[3:]], [
            ("balance", "wallet:demo:credit:ana#3"), ("balance", "wallet:demo:credit:ana#4"),
        ]),
        (lambda entries: entries[2:], []),  # a past before there was a backoffice
        (lambda entries: [{**entries[0], "balance": 99}, *entries[1:]], [
            ("balance", "wallet:demo:credit:ana#1"), ("balance", "wallet:demo:credit:ana#2"),
        ]),
        (lambda entries: entries, []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 6])
def test_what_does_not_add_up_is_kept_and_noted_once(database, break_it, finding, size):
    ana = Ledger("ana")
    entries = break_it([ana.entry("grant", 100), *ana.round(4, 9), *ana.round(1), ana.entry("adjustment", 5)])
    for _ in range(2):
        for start in range(0, len(entries), size):
            send(database, ana.batch(entries[start : start + size]))
    assert every(database, Finding, "kind", "subject") == finding
    assert len(every(database, Entry, "entry")) == len(entries)


def test_of_two_tellings_of_a_wallet_the_newer_counts_in_any_order(database):
    def told(seq, balance):
        return PlayerSnapshot(platform="demo", uid="ana", denom="credit", balance=balance, seq=seq, at=NOW)

    ana = Ledger("ana")
    send(database, ana.batch([ana.entry("grant", 100), ana.entry("adjustment", 1)]))
    with database.write() as session:
        snapshots.take_players(session, [told(5, 500), told(7, 700), told(6, 600)])
        snapshots.take_players(session, [told(3, 300)])
    send(database, ana.batch([ana.entry("adjustment", 1)]))
    assert every(database, Wallet, "balance", "seq") == [(700, 7)]


def test_of_two_tellings_of_a_meter_the_newer_counts_in_any_order(database):
    def told(at, value):
        meter = {
            "platform": "demo",
            "site": "demo",
            "id": "jp_a",
            "denom": "credit",
            "multiplier": 1000,
            "min": 1,
            "max": 2**60,
        }
        meter |= {"value": value, "overflow": 0, "reserve": 0, "seeded": 1, "contributed": value - 1, "paid": 0, "at": at}
        return JackpotSnapshots.model_validate({"meters": [meter]})

    for at, value in ((10, 1), (30, 2**60), (20, 2)):
        with database.write() as session:
            snapshots.take_jackpots(session, told(at, value))
    ((at, snapshot),) = every(database, Jackpot, "at", "snapshot")
    assert (at, snapshot["value"]) == (30, 2**60)


def test_rounds_are_numbered_in_the_order_in_which_they_came(database):
    ana = Ledger("ana", funds=1000)
    for _ in range(3):
        send(database, ana.batch(ana.round(1)))
    numbers = [row[1] for row in every(database, Round, "id", "n")]
    assert all(a < b for a, b in pairwise(numbers))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Round)) == 3


def note_refused(database, shard=7, message="Another ledger.", at=NOW):
    with database.write() as session:
        findings.note_refused(session, shard, message, at)


def test_a_refused_shard_is_noted_once_and_again_after_it_was_ticked_off(database):
    note_refused(database)
    note_refused(database, at=NOW + 1)
    note_refused(database, shard=8)
    assert every(database, Finding, "kind", "subject", "at") == [("conflict", "shard:7", NOW), ("conflict", "shard:8", NOW)]
    with database.write() as session:
        first = session.scalars(select(Finding).where(Finding.subject == "shard:7")).one()
        assert attention.clear(session, actor("eva"), first.n)
    note_refused(database, message="Still another.", at=NOW + 2)
    found = every(database, Finding, "subject", "at", "cleared_by")
    assert found == [("shard:7", NOW + 2, None), ("shard:8", NOW, None)]


def test_a_refused_shard_is_the_first_that_needs_attention_however_much_else_there_is(database):
    note_refused(database)
    with database.write() as session:
        session.add_all(
            Finding(at=NOW, kind="gap", subject=f"wallet:demo:credit:u#{n}", details={"after": 1, "seq": n}) for n in range(30)
        )
    with database.read() as session:
        told = attention.notices(session, NOW, [], [], {})
    assert told[0].title == "The books of shard 7 are refused"
    assert "Another ledger." in told[0].text and "Lost books" in told[0].text
    assert [notice.title for notice in told].count("Ledger entries are missing") == 20
    assert "31 findings" in [notice.title for notice in told]
