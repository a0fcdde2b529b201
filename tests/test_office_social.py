"""The social casino in the backoffice: what players paid and what could not be taken back, and players who are forgotten."""

import itertools

import pytest

from tests.office import NOW, Ledger
from tests.test_office_ledger import every, send
from webingo.backoffice.contract import SessionBegin
from webingo.office.services import attention, visits
from webingo.office.services.denied import Denied
from webingo.office.tables import Entry, Finding, Player, Site, Wallet

HOUR = 3_600_000


def a_site(database, site="social", platform="facebook"):
    document = {"id": site, "platform": platform, "denomination": "credit", "games": [{"id": "joker-bingo"}]}
    with database.write() as session:
        session.add(Site(platform=platform, site=site, version=1, document=document, updated_at=NOW))


def visit(database, uid, name, at, number=itertools.count()):  # noqa: B008 - counts all visits
    told = SessionBegin(session=f"s-{next(number)}", node="n", platform="facebook", site="social", uid=uid, name=name, at=at)
    with database.write() as session:
        visits.begin(session, told, at)


def names(database):
    return dict(every(database, Player, "uid", "name"))


def bought(ledger, payment="p1", amount=500, at=NOW):
    return ledger.entry("purchase", amount, at=at, note="coins-500", id=f"post:5:fb:{payment}:{ledger.wallet}")


def taken_back(ledger, kind, wanted, payment="p1", at=NOW):
    """As the store does it: no more than there is."""
    amount = min(wanted, ledger.balance)
    short = {"short": wanted - amount} if wanted > amount else {}
    name = f"fb:{payment}:{kind}:1"
    return ledger.entry(kind, -amount, at=at, note="coins-500", id=f"post:{len(name)}:{name}:{ledger.wallet}", **short)


# --- what could not be taken back ---


def test_what_a_wallet_did_not_hold_is_kept_and_pointed_at_once(database):
    ana = Ledger("ana", "facebook")
    entries = [bought(ana), *ana.round(300), taken_back(ana, "refund", 500)]
    for _ in range(2):
        send(database, ana.batch(entries))
    assert [row[1:] for row in every(database, Entry, "seq", "amount", "short")] == [(500, 0), (-300, 0), (0, 0), (-200, 300)]
    assert every(database, Wallet, "balance") == [(0,)]
    assert every(database, Finding, "kind", "subject") == [("short", "wallet:facebook:credit:ana#4")]
    with database.read() as session:
        (told,) = attention.notices(session, NOW, [], [], {})
    assert (told.tone, told.path) == ("warn", "/players/facebook/ana")
    assert told.title == "A wallet held less than a refund takes back"
    assert told.text == "ana on facebook, wallet in credits: 500 were to be taken, 200 were there, 300 are missing."


def test_a_shortfall_that_comes_again_as_another_is_refused(database):
    ana = Ledger("ana", "facebook")
    entry = taken_back(ana, "chargeback", 500)
    send(database, ana.batch([entry]))
    with pytest.raises(Denied, match="other contents"):
        send(database, ana.batch([{**entry, "short": 400}]))


def test_many_shortfalls_hide_nothing_that_does_not_add_up(database):
    with database.write() as session:
        gap = {"after": 1, "seq": 3}
        session.add(Finding(at=NOW, kind="gap", subject="wallet:facebook:credit:ana#3", details=gap))
        session.flush()
        short = {"entry": "e", "kind": "chargeback", "amount": -1, "short": 9}
        session.add_all(
            Finding(at=NOW, kind="short", subject=f"wallet:facebook:credit:u{n}#9", details=short) for n in range(30)
        )
    with database.read() as session:
        told = [one.title for one in attention.notices(session, NOW, [], [], {})]
    assert told[0] == "Ledger entries are missing"
    assert told.count("A wallet held less than a chargeback takes back") == 20
    assert "31 findings" in told


# --- players who are forgotten ---


def test_who_is_erased_has_no_name_any_more_whatever_comes_again(database):
    a_site(database)
    ana, bob = Ledger("ana", "facebook"), Ledger("bob", "facebook")
    visit(database, "ana", "Ana Almeida", NOW)
    visit(database, "bob", "Bob Barros", NOW)
    erased = ana.batch([ana.entry("grant", 100), ana.entry("erase", 0, at=NOW + HOUR)])
    send(database, bob.batch([bob.entry("grant", 100)]))
    for _ in range(2):
        send(database, erased)
        assert names(database) == {"ana": "", "bob": "Bob Barros"}
        visit(database, "ana", "Ana Almeida", NOW + HOUR - 1)  # told before, and came late
        assert names(database) == {"ana": "", "bob": "Bob Barros"}
    assert every(database, Wallet, "uid", "balance") == [("ana", 100), ("bob", 100)]


def test_an_erasure_that_comes_before_anything_else_of_the_player_holds(database):
    a_site(database)
    ana = Ledger("ana", "facebook", funds=70)
    send(database, ana.batch([ana.entry("erase", 0)]))
    visit(database, "ana", "Ana Almeida", NOW - 1)
    assert names(database) == {"ana": ""}
    assert every(database, Player, "erased_at", "blocked") == [(NOW, False)]


def test_who_comes_back_after_an_erasure_is_known_by_name_again_until_the_next_one(database):
    a_site(database)
    ana, other = Ledger("ana", "facebook"), Ledger("ana", "facebook", denom="EUR")
    send(database, ana.batch([ana.entry("erase", 0, at=NOW + 5)]))
    send(database, other.batch([other.entry("erase", 0, at=NOW)]))  # of the other wallet, a little earlier
    assert every(database, Player, "erased_at") == [(NOW + 5,)]
    visit(database, "ana", "Ana again", NOW + 6)
    assert names(database) == {"ana": "Ana again"}
    send(database, ana.batch([ana.entry("erase", 0, at=NOW + 7)]))
    assert names(database) == {"ana": ""}
