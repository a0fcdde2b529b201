"""The social casino in the backoffice: what players paid and what could not be taken back, and players who are forgotten."""

import csv
import io
import itertools
import re

import orjson
import pytest

from tests.console import actor, serving
from tests.office import NOW, Ledger
from tests.test_office_ledger import every, send
from webingo.backoffice import accounting
from webingo.backoffice.contract import SessionBegin
from webingo.office.services import adjustments, attention, purchases, visits
from webingo.office.services.denied import Denied
from webingo.office.services.postings import payment_of
from webingo.office.tables import Audit, Entry, Finding, Player, Site, Wallet
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import User

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


def test_who_has_looked_at_a_shortfall_is_in_the_log_with_what_was_missing(database):
    ana = Ledger("ana", "facebook")
    send(database, ana.batch([bought(ana), taken_back(ana, "chargeback", 700)]))
    ((number,),) = every(database, Finding, "n")
    with database.write() as session:
        assert attention.clear(session, actor("eva"), number)
    ((subject, details),) = every(database, Audit, "subject", "details")
    assert subject == "wallet:facebook:credit:ana#2"
    assert (details["kind"], details["posting"], details["amount"], details["short"]) == ("short", "chargeback", -500, 200)
    send(database, ana.batch([taken_back(ana, "refund", 1)]))
    with database.read() as session:
        assert [one.at for one in attention.notices(session, NOW, [], [], {})] == [NOW]  # the next one is another


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
        short = {"entry": "e", "posting": "chargeback", "amount": -1, "short": 9}
        session.add_all(
            Finding(at=NOW, kind="short", subject=f"wallet:facebook:credit:u{n}#9", details=short) for n in range(30)
        )
    with database.read() as session:
        told = [one.title for one in attention.notices(session, NOW, [], [], {})]
    assert told[0] == "Ledger entries are missing"
    assert told.count("A wallet held less than a chargeback takes back") == 20
    assert "31 findings" in told


async def written(user):
    """What a store writes of a purchase, play, a refund and an erasure, as the accounting sends it."""
    store, wallet = MemoryStore(), WalletId(user, "credit")
    for posting, amount in (("fb:77", 500), ("adjust:1", -300)):
        await store.post(Posting(posting, wallet, posting.partition(":")[0], amount, "coins-500", NOW))
    await store.take(Posting("fb:77:refund:1", wallet, "refund", -500, "coins-500", NOW))
    await store.erase(user, NOW + 1)
    entries = [entry async for entry in store.entries(user.shard)]
    return accounting._written(user.shard, entries, {})


def test_what_the_store_writes_is_what_the_backoffice_keeps(database, io_loop):
    a_site(database)
    visit(database, "ana", "Ana Almeida", NOW)
    send(database, orjson.loads(io_loop.run_sync(lambda: written(User("facebook", "ana")))))
    kept = [row[1:] for row in every(database, Entry, "seq", "kind", "amount", "short")]
    assert kept == [("fb", 500, 0), ("adjust", -300, 0), ("refund", -200, 300), ("erase", 0, 0)]
    assert every(database, Finding, "kind", "subject") == [("short", "wallet:facebook:credit:ana#3")]
    assert names(database) == {"ana": ""}
    assert [payment_of(row[0]) for row in every(database, Entry, "entry") if "refund" in row[0]] == ["77"]


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


# --- the pages ---


@pytest.fixture
def console(databases):
    database = databases.fresh("sqlite")
    a_site(database)
    with serving(database) as made:
        yield made
    database.close()


def facts(text, testid):
    """{name: value} of the figures in a section, each with what stands below it."""
    section = text.partition(f'data-testid="{testid}"')[2].partition("</section>")[0]
    pairs = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", section, re.DOTALL)
    return {name: re.sub(r"<[^>]+>", " ", value).split() for name, value in pairs}


def test_what_a_player_paid_and_what_was_taken_back_stands_on_the_players_page(console):
    seat, ana = console.signed_in("viewer"), Ledger("ana", "facebook")
    send(console.database, ana.batch([ana.entry("grant", 100)]))
    assert "Purchases" not in seat.get("/players/facebook/ana").text
    paid = [bought(ana, "4711", 2_000), bought(ana, "4712", 300)]
    back = [*ana.round(1_900), taken_back(ana, "refund", 300, "4712"), taken_back(ana, "chargeback", 2_000, "4711")]
    won = ana.entry("chargeback_reversal", 150, note="coins-500", id=f"post:29:fb:4711:chargeback_reversal:1:{ana.wallet}")
    send(console.database, ana.batch([*paid, *back, won, ana.entry("daily_bonus", 5), ana.entry("erase", 0)]))
    page = seat.get("/players/facebook/ana").text
    shown = facts(page, "purchases")
    assert shown["Bought"][:3] == ["2,300", "2", "purchases"]
    assert shown["Refunded"][0] == "300" and shown["Charged back"][:2] == ["200", "150"]
    assert shown["Short"][0] == "1,800" and "1,800 short" in page
    for words in ("Purchase", "Refund", "Chargeback reversed", "4711", "coins-500"):
        assert words in page.partition('data-testid="purchases"')[2].partition("</section>")[0]
    ledger = seat.get("/players/facebook/ana/ledger").text
    assert "Player erased" in ledger and "Daily bonus" in ledger and "1,800 short" in ledger
    rows = list(csv.DictReader(io.StringIO(seat.get("/players/facebook/ana/ledger.csv").text)))
    assert [(row["kind"], row["short"]) for row in rows if row["short"] != "0"] == [("chargeback", "1800")]


def test_wallets_in_two_kinds_of_money_are_never_added_up(console):
    ana, other = Ledger("ana", "facebook"), Ledger("ana", "facebook", denom="EUR")
    send(console.database, ana.batch([bought(ana, "1", 10)]))
    send(console.database, other.batch([bought(other, "2", 250), taken_back(other, "refund", 300, "2")]))
    with console.database.read() as session:
        totals = purchases.totals(session, "facebook", "ana")
    assert {denom: (one.count, one.bought, one.refunded, one.short) for denom, one in totals.items()} == {
        "EUR": (1, 250, 250, 50),
        "credit": (1, 10, 0, 0),
    }
    page = console.signed_in("viewer").get("/players/facebook/ana").text
    assert "Bought, EUR" in page and "€" in page


def test_no_page_and_no_file_has_the_name_of_who_was_erased(console):
    ana, name = Ledger("ana", "facebook", site="social", funds=900), "Zora Quist"
    visit(console.database, "ana", name, NOW)
    played = ana.round(5, 20)
    jackpot = ana.entry("jackpot", 70, played[0]["round"], note="jp_a")
    send(console.database, ana.batch([*played, jackpot, bought(ana)]))
    with console.database.write() as session:
        adjustments.ask(session, actor("eva"), "facebook", "ana", "credit", 50_000_000, "to be approved", 10)
    admin = console.signed_in("ada", "admin")
    base, round_ = "/players/facebook/ana", played[0]["round"]
    paths = ["/", "/players", "/players?q=ana", "/players?q=Zora", "/adjustments", "/rounds", f"/rounds/{round_}", "/jackpots"]
    paths += [base + rest for rest in ("", "/ledger", "/ledger.csv", "/rounds", "/sessions", "/log", "/adjust")]
    paths += ["/audit", "/games", "/sites"]
    paths += ["/rounds.csv", "/jackpots/meters.csv", "/jackpots/wins.csv", "/audit.csv", "/games.csv"]
    told = [path for path in paths if name in admin.get(path).text]
    assert {"/players", base, f"/rounds/{round_}", "/adjustments"} <= set(told)
    send(console.database, ana.batch([ana.entry("erase", 0, at=NOW + 1)]))
    console.clock.advance(1)
    pages = {path: admin.get(path) for path in paths}
    assert "Nobody is found" in pages["/players?q=Zora"].text
    del pages["/players?q=Zora"]  # it says what was looked for
    assert [path for path, page in pages.items() if "Zora" in page.text or "Quist" in page.text] == []
    assert "erased" in pages[base].text
    assert {page.status_code for page in pages.values()} == {200}
