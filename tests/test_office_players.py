"""Players in the console: found, blocked, and given money by two people. The services on both databases, the pages on one."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, insert, select

from tests.console import Document, a_player, account, actor, serving
from tests.office import NOW
from webingo.backoffice.contract import CommandDone
from webingo.errors import Code, Refused
from webingo.office.addresses import part, unpart
from webingo.office.console.shown import money_text, smallest
from webingo.office.services import adjustments, attention, commands, players, staff
from webingo.office.tables import Adjustment, Audit, Change, Command, Entry, Player, Staff, Value, Wallet

LIMIT = 500
EVA, ADA, BOB = actor("eva"), actor("ada", "admin"), actor("bob", "admin")


@pytest.fixture
def console(databases):
    database = databases.fresh("sqlite")
    a_player(database, "ana")
    with serving(database, adjustment_limit=LIMIT) as made:
        yield made
    database.close()


def ask(database, by, amount, uid="ana", reason="because of that", form=None):
    with database.write() as session:
        return adjustments.ask(session, by, "demo", uid, "credit", amount, reason, LIMIT, form)


def decide(database, deed, by, row, *given):
    with database.write() as session:
        return deed(session, by, row.id, *given)


def state(database, row):
    with database.read() as session:
        return session.get_one(Adjustment, row.id).state


def sent(database):
    with database.read() as session:
        return [(row.command, row.payload.get("amount")) for row in session.scalars(select(Command).order_by(Command.n))]


def test_a_small_adjustment_is_sent_at_once_and_a_large_one_waits_for_a_second_person(database):
    a_player(database, "ana")
    assert ask(database, EVA, 200).state == "sent"
    assert ask(database, EVA, 501).state == "waiting"
    assert sent(database) == [("adjust", 200)]
    with database.read() as session:
        told = session.scalars(select(Change)).all()
        assert [(row.kind, row.platform) for row in told] == [("command", "demo")]


def test_many_small_adjustments_of_a_day_are_as_good_as_a_large_one(database):
    a_player(database, "ana")
    a_player(database, "bia")
    states = [ask(database, actor(name), -150).state for name in ("eva", "ada", "eva", "bob")]
    assert states == ["sent", "sent", "sent", "waiting"]
    assert ask(database, EVA, 150, uid="bia").state == "sent"
    assert ask(database, actor("eva", at=NOW + 86_400_001), 150).state == "sent"


def test_two_who_ask_at_once_count_each_other(database):
    a_player(database, "ana")
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda number: ask(database, actor(f"s{number}"), 300).state, range(8)))
    assert sorted(states) == ["sent"] + ["waiting"] * 7


def test_a_form_that_is_sent_again_leads_to_what_was_asked_for_first(database):
    a_player(database, "ana")
    a_player(database, "bia")
    first = ask(database, EVA, 200, form="f1")
    given = {"amount": 200, "uid": "ana", "reason": "because of that", "by": EVA}
    for changes in ({}, {"amount": 100}, {"uid": "bia"}, {"reason": "another"}, {"by": BOB}):
        with pytest.raises(adjustments.Repeated) as repeated:
            ask(database, **{**given, **changes}, form="f1")
        assert (repeated.value.first.id, repeated.value.first.amount) == (first.id, 200)
        assert repeated.value.same is (changes == {})
    assert sent(database) == [("adjust", 200)]
    with database.read() as session:
        assert session.scalar(select(func.count(Audit.n))) == 1
    ask(database, EVA, 200, form="f2")
    ask(database, EVA, -50)
    ask(database, EVA, -50)
    assert len(sent(database)) == 4


@pytest.mark.parametrize("uids", [["ana"], ["ana", "bia"]])
def test_a_form_that_is_sent_many_times_at_once_is_asked_for_once(database, uids):
    """Also for other players, whose rows are no common lock."""
    for uid in ("ana", "bia"):
        a_player(database, uid)
    together = threading.Barrier(8)

    def send(number):
        together.wait()
        try:
            return ask(database, EVA, 300, uid=uids[number % len(uids)], form="f1").state
        except adjustments.Repeated as repeated:
            return repeated.first.amount

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(send, range(8)))
    assert sorted(results, key=str) == [300] * 7 + ["sent"]
    assert sent(database) == [("adjust", 300)]


def test_who_asked_can_not_approve_nor_refuse_and_only_admins_can(database):
    a_player(database, "ana")
    row = ask(database, ADA, 5000)
    for by, code in ((ADA, Code.FORBIDDEN), (EVA, Code.FORBIDDEN), (actor("vera", "viewer"), Code.FORBIDDEN)):
        for deed, given in ((adjustments.approve, ()), (adjustments.refuse, ("for a reason",))):
            with pytest.raises(Refused) as refused:
                decide(database, deed, by, row, *given)
            assert refused.value.code == code
    assert (state(database, row), sent(database)) == ("waiting", [])
    done = decide(database, adjustments.approve, BOB, row)
    assert (done.state, done.decided_by, sent(database)) == ("sent", "bob", [("adjust", 5000)])


DAY = 86_400_000
HANDS = ["add", "password", "role", "close", "open"]


def hand(database, by, name, deed):
    """An admin has a hand in the account of somebody, as the page for staff does it."""
    if deed == "add":
        staff.add(database, by, name, "admin")
        return
    with database.read() as session:
        id_ = session.scalars(select(Staff.id).where(Staff.name == name)).one()
    if deed == "password":
        staff.reset_password(database, by, id_)
        return
    with database.write() as session:
        if deed == "role":
            staff.set_role(session, by, id_, "viewer")
        else:
            if deed == "open":
                session.get_one(Staff, id_).active = False
            staff.set_active(session, by, id_, deed == "open")


def sure(database, row, by):
    """Whether this admin may approve."""
    with database.write() as session:
        try:
            adjustments.approve(session, by, row.id)
        except Refused as refused:
            assert "one person" in refused.message
            return False
        return True


@pytest.mark.parametrize("deed", HANDS)
@pytest.mark.parametrize("ago", [7 * DAY, -7 * DAY])
def test_nobody_approves_with_an_account_that_the_asker_had_a_hand_in(databases, deed, ago):
    database = databases.fresh("sqlite")
    a_player(database, "ana")
    ids = {name: account(database, name, "admin", NOW) for name in ("ada", "bob", "cid")}
    if deed == "add":
        ids["new"] = 0
    mate = "new" if deed == "add" else "bob"
    row = ask(database, ADA, 5000)
    hand(database, actor("ada", "admin", NOW - ago, ids["ada"]), mate, deed)
    assert not sure(database, row, actor(mate, "admin"))
    assert (state(database, row), sent(database)) == ("waiting", [])
    assert sure(database, row, actor("cid", "admin"))
    assert sent(database) == [("adjust", 5000)]
    database.close()


def test_nobody_asks_with_an_account_that_they_had_a_hand_in_nor_goes_by_a_third_one(database):
    a_player(database, "ana")
    ada = actor("ada", "admin", NOW, account(database, "ada", "admin", NOW))
    hand(database, ada, "eva", "add")
    row = ask(database, EVA, 5000)
    assert not sure(database, row, ADA)
    hand(database, actor("eva", "admin", NOW, 99), "mia", "add")
    hand(database, actor("mia", "admin", NOW, 98), "ada2", "add")
    assert not sure(database, row, actor("ada2", "admin"))
    assert not sure(database, ask(database, ADA, 5000), actor("ada2", "admin"))
    assert sure(database, row, BOB)


def test_a_hand_in_an_account_is_forgotten_after_a_week_and_so_is_that_of_others(database):
    a_player(database, "ana")
    ids = {name: account(database, name, "admin", NOW) for name in ("ada", "bob", "cid")}
    hand(database, actor("ada", "admin", NOW - 7 * DAY - 1, ids["ada"]), "bob", "password")
    hand(database, actor("cid", "admin", NOW, ids["cid"]), "bob", "password")
    assert sure(database, ask(database, ADA, 5000), BOB)


def test_only_who_asked_withdraws(database):
    a_player(database, "ana")
    row = ask(database, EVA, 5000)
    with pytest.raises(Refused):
        decide(database, adjustments.withdraw, ADA, row)
    assert decide(database, adjustments.withdraw, EVA, row).state == "refused"
    with pytest.raises(Refused):
        decide(database, adjustments.approve, ADA, row)
    assert sent(database) == []


def test_of_many_who_decide_at_once_one_decides(database):
    a_player(database, "ana")
    for _ in range(3):
        row = ask(database, EVA, 5000)
        before = len(sent(database))
        together, results = threading.Barrier(6), []

        def race(deed, by, *given, row=row, together=together, results=results):
            together.wait()
            try:
                results.append(decide(database, deed, by, row, *given).state)
            except Refused as refused:
                results.append(refused.code)

        deeds = [(adjustments.approve, actor(f"a{number}", "admin")) for number in range(4)]
        deeds += [(adjustments.refuse, actor("a5", "admin"), "no reason"), (adjustments.withdraw, EVA)]
        threads = [threading.Thread(target=race, args=given) for given in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results, key=str).count(Code.STALE) == 5
        decided = next(result for result in results if result != Code.STALE)
        assert len(sent(database)) - before == (decided == "sent")


def test_an_adjustment_is_done_or_failed_as_the_server_answers(database):
    a_player(database, "ana", balance=1000)
    good, bad = ask(database, EVA, 100), ask(database, EVA, -50)
    with database.write() as session:
        told = {"message": "", "code": "", "at": NOW + 5}
        commands.finish(session, good.command, CommandDone(ok=True, balance=1100, seq=2, **told), NOW)
        failed = told | {"code": "INSUFFICIENT_FUNDS", "message": "There are not enough credits for this."}
        commands.finish(session, bad.command, CommandDone(ok=False, balance=0, seq=0, **failed), NOW)
    assert (state(database, good), state(database, bad)) == ("done", "failed")
    with database.read() as session:
        assert session.get_one(Wallet, ("demo", "ana", "credit")).balance == 1100


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": 0}, "must not be zero"),
        ({"amount": 2**53}, "larger than any wallet"),
        ({"reason": " x "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"denom": "USD"}, "no such wallet"),
        ({"uid": "nobody"}, "no such wallet"),
    ],
)
def test_adjustments_that_make_no_sense_are_refused(database, fields, said):
    a_player(database, "ana")
    given = {"platform": "demo", "uid": "ana", "denom": "credit", "amount": 10, "reason": "because", "limit": LIMIT, **fields}
    with pytest.raises(Refused, match=said), database.write() as session:
        adjustments.ask(session, EVA, **given)
    with database.read() as session:
        assert session.scalar(select(func.count(Audit.n))) == 0


def test_every_deed_is_in_the_log_with_who_and_why(database):
    a_player(database, "ana")
    row = ask(database, EVA, 5000, reason="a fault of ours")
    decide(database, adjustments.refuse, ADA, row, "no proof")
    row = ask(database, EVA, 5000, reason="with a proof")
    decide(database, adjustments.approve, ADA, row)
    with database.write() as session:
        players.set_blocked(session, EVA, "demo", "ana", True, "chargeback")
        players.set_blocked(session, ADA, "demo", "ana", False, "bank says fine")
    with database.read() as session:
        rows = session.scalars(select(Audit).order_by(Audit.n)).all()
        assert {(row.subject, row.address) for row in rows} == {("player:demo:ana", "10.0.0.1")}
        assert [(row.staff, row.action, row.details.get("reason")) for row in rows] == [
            ("eva", "adjustment.ask", "a fault of ours"),
            ("ada", "adjustment.refuse", "no proof"),
            ("eva", "adjustment.ask", "with a proof"),
            ("ada", "adjustment.approve", None),
            ("eva", "player.block", "chargeback"),
            ("ada", "player.unblock", "bank says fine"),
        ]


def test_a_block_holds_at_once_and_is_told_to_the_servers_in_order(database):
    a_player(database, "ana")
    for blocked in (True, False, True):
        with database.write() as session:
            players.set_blocked(session, EVA, "demo", "ana", blocked, "because")
        with database.read() as session:
            assert session.get_one(Player, ("demo", "ana")).blocked is blocked
        with pytest.raises(Refused), database.write() as session:
            players.set_blocked(session, EVA, "demo", "ana", blocked, "because")
    assert [name for name, _ in sent(database)] == ["block", "unblock", "block"]
    with database.read() as session:
        assert session.scalars(select(Value.number).where(Value.name == "changes")).one() == 3


def test_players_are_found_by_the_beginning_of_id_and_name_and_by_words_within(database):
    for uid, name in (
        ("10042", "Ana Silva"),
        ("10043", "Bia"),
        ("silva-1", "Caio"),
        ("x%y", "50% off"),
        ("z_z", "under_score"),
    ):
        a_player(database, uid, name=name)

    def found(text):
        with database.read() as session:
            rows, _ = players.find(session, text)
            return sorted(row.uid for row in rows)

    assert found("1004") == ["10042", "10043"]
    assert found("ana") == found("ANA") == found("na sil") == ["10042"]
    assert found("silva") == ["10042", "silva-1"]
    assert found("%") == ["x%y"]
    assert found("_") == ["z_z"]
    assert found("' OR '1'='1") == []


def test_more_players_than_fit_are_told_to_be_more(database):
    with database.write() as session:
        session.add_all(Player(platform="demo", uid=f"p{n:03}", first_at=1, last_at=n) for n in range(players.FOUND + 1))
    with database.read() as session:
        rows, more = players.find(session, "p")
        assert (len(rows), more) == (players.FOUND, True)
        rows, more = players.find(session, "p00")
        assert (len(rows), more) == (10, False)


@pytest.mark.parametrize(
    ("text", "denom", "units"),
    [("12", "credit", 12), ("1,200", "credit", 1200), ("12.5", "BRL", 1250), ("R$ 12.50", "BRL", 1250), ("0.10 €", "EUR", 10)],
)
def test_amounts_are_read_exactly_as_they_are_written(text, denom, units):
    assert smallest(text, denom) == units


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-5",
        "1.5",
        "1e3",
        "٣",
        "1.005",
        "0x10",
        "1 2",
        "9" * 16,
        "NaN",
        "1_000",
        "12,50",
        "1,2,3",
        "1,0000",
        "1.000",
        "1,00.5",
    ],
)
def test_amounts_that_are_none_are_refused(text):
    with pytest.raises(Refused):
        smallest(text, "credit")


@pytest.mark.parametrize("text", ["12,50", "1.234,50", "1.000", "12.500", ",50", "1,23", "1234,567", "0,100,00", "R$ 12,5"])
def test_amounts_in_another_country_s_writing_are_no_other_amounts(text):
    """12,50 was meant as twelve and a half, and must not give 1250."""
    with pytest.raises(Refused):
        smallest(text, "BRL")


def test_what_is_shown_of_an_amount_can_be_typed_in_again():
    for denom in ("credit", "USD", "BRL", "EUR"):
        for amount in (0, 1, 99, 100, 123_456_789):
            assert smallest(money_text(amount, denom).replace("\N{NO-BREAK SPACE}", " "), denom) == amount
    assert money_text(-5, "USD") == "\N{MINUS SIGN}$0.05"
    assert money_text(5, "XYZ") == "5\N{NO-BREAK SPACE}XYZ"


STRANGE = ["a/b", "..", ".", "a%2Fb", "~", "a?b#c", "<script>", "a&b=c;d", "~2E", "x" * 128, "'\"\\"]


def test_a_player_of_any_id_has_a_page_that_links_lead_to(console):
    for uid in STRANGE:
        assert unpart(part(uid)) == uid
        a_player(console.database, uid)
    operator = console.signed_in("olga", "operator")
    links = Document(operator.get("/players").text).links()
    for uid in STRANGE:
        mine = [link for link in links if link.startswith("/players/demo/") and unpart(link.split("/")[3]) == uid]
        page = operator.get(mine[0])
        assert page.status_code == 200
        tabs = [link for link in Document(page.text).links() if link.startswith(mine[0])]
        assert len(set(tabs)) == 5 and {operator.get(link).status_code for link in tabs} == {200}
        assert "Blocked" in operator.said(f"{mine[0]}/block", reason="because")
    with console.database.read() as session:
        assert all(session.get_one(Player, ("demo", uid)).blocked for uid in STRANGE)


_ENTRY = {
    "shard": 1,
    "platform": "demo",
    "denom": "credit",
    "uid": "ana",
    "kind": "win",
    "amount": 1,
    "at": NOW,
    "closes": False,
}
_ENTRY |= dict.fromkeys(("round", "game", "site", "note", "fed"), "")


def test_the_pages_of_a_player_lead_through_ledger_rounds_and_log(console):
    with console.database.write() as session:
        for seq in range(1, 121):
            session.execute(insert(Entry).values(**_ENTRY, entry=f"e{seq}", position=str(seq), seq=seq, balance=seq))
    viewer = console.signed_in("vera")
    seen, path = [], "/players/demo/ana/ledger"
    while path:
        page = Document(viewer.get(path).text)
        assert len(page.elements) > 100
        seen.append(path)
        older = [have["href"] for tag, have in page.elements if tag == "a" and have.get("rel") == "next"]
        path = older[0] if older else ""
    assert len(seen) == 3
    newer = [have["href"] for tag, have in page.elements if tag == "a" and have.get("rel") == "prev"]
    assert len(newer) == 1
    back = viewer.get(newer[0]).text
    assert back.count('data-label="Balance after"') == 50
    rows = viewer.get("/players/demo/ana/ledger.csv?denom=credit").text.splitlines()
    assert len(rows) == 121
    assert rows[1].split(",")[:5] == ["1", "2026-09-21T14:13:20.000+00:00", "win", "1", "1"]


def test_buttons_are_there_for_those_who_may_press_them(console):
    row = ask(console.database, EVA, 5000)
    seats = {role: console.signed_in(f"{role}-1", role) for role in ("viewer", "operator", "admin")}
    for role, expected in (("viewer", 0), ("operator", 2), ("admin", 4)):
        forms = Document(seats[role].get("/players/demo/ana").text).forms
        assert len([form for form in forms if form.method == "post"]) == expected + 1  # signing out
    asker = console.signed_in("eva", "operator")
    actions = [form.action for form in Document(asker.get("/adjustments").text).forms]
    assert f"/adjustments/{row.id}/withdraw" in actions
    assert f"/adjustments/{row.id}/approve" not in actions


def test_two_people_adjust_a_wallet_in_the_console(console):
    eva, ada = console.signed_in("eva", "operator"), console.signed_in("ada", "admin")
    fields = {"denom": "credit", "way": "take", "amount": "1,000", "reason": "Paid twice <b>by mistake</b>", "form": "f1"}
    assert "second person" in eva.said("/players/demo/ana/adjust", **fields)
    with console.database.read() as session:
        row = session.scalars(select(Adjustment)).one()
    assert row.amount == -1000
    assert eva.post(f"/adjustments/{row.id}/approve").status_code == 403
    assert "decided already" not in ada.said(f"/adjustments/{row.id}/approve", back="/adjustments?state=waiting")
    assert "decided already" in ada.said(f"/adjustments/{row.id}/refuse", reason="too late")
    assert sent(console.database) == [("adjust", -1000)]


@pytest.mark.parametrize("uid", STRANGE)
def test_what_needs_attention_leads_to_its_player_whatever_the_id(uid):
    path = attention._wallets_player(f"wallet:demo:credit:{uid}#7")
    assert unpart(path.removeprefix("/players/demo/")) == uid
    assert re.fullmatch(r"[^/?#%]+", path.removeprefix("/players/demo/"))


@pytest.mark.parametrize("path", ["/findings/{}/clear", "/adjustments/{}/withdraw", "/staff/{}/close"])
def test_a_number_that_no_row_can_have_is_no_bug(console, path):
    seat = console.signed_in("ada", "admin")
    assert seat.post(path.format(10**30)).status_code == 422
    assert seat.post(path.format(10**9)).status_code == 200
