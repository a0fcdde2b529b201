"""What the backoffice makes of money that an operator keeps, and of rounds of games that live elsewhere."""

import json
from decimal import Decimal
from types import SimpleNamespace

import orjson
import pytest
from sqlalchemy import select

from tests.console import Document, a_player, actor, serving
from tests.office import NOW, Ledger
from tests.office_data import shipped
from webingo.backoffice import accounting
from webingo.backoffice.contract_books import LedgerBatch
from webingo.backoffice.registrar import Book
from webingo.errors import Refused
from webingo.office.console.shown import denom_name, kind, money_text, smallest
from webingo.office.services import adjustments, ingest, performance, replay
from webingo.office.services.rounds import Search, find
from webingo.office.services.theory import Theories
from webingo.office.tables import Adjustment, Finding, GameDay, GameMinute, GameTotal, Round, Wallet
from webingo.rng import SystemRng
from webingo.session.stay import Stay
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outside import OutsideCall
from webingo.transaction.transaction import Delivery, Funds, Posting, Seat, WalletId
from webingo.user import User
from webingo.wallet.denomination import DENOMINATIONS, denomination, in_transit, operator_of

ACME = in_transit("USD", "acme")
LOST, WON, CANCELLED = (f"17-round-{name:->20}" for name in ("lost", "won", "cancelled"))


def of_operator(ana, name, wager, won):
    """A round as a server writes it where an operator keeps the money: what it took there, and what it paid there."""
    yield ana.entry("escrow", wager, name)
    yield ana.entry("wager", -wager, name, closes=not won)
    if won:
        yield ana.entry("win", won, name, closes=True)
        yield ana.entry("payout", -won, name, NOW + 900)


def cancelled(ana, name, wager, game="outside"):
    """A round of a game elsewhere that was cancelled, in our own wallet or an operator's."""
    there = operator_of(ana.wallet.split(":")[1])
    if there:
        yield ana.entry("escrow", wager, name, game=game)
    yield ana.entry("wager", -wager, name, game=game)
    yield ana.entry("cancel", wager, name, NOW + 60_000, game=game, closes=True)
    if there:
        yield ana.entry("payout", -wager, name, NOW + 60_900, game=game)


def sent(database, ledger, entries, cuts=(1_000,)):
    """In batches of such lengths."""
    entries, first = list(entries), 0
    for cut in (*cuts, len(entries)):
        if part := entries[first : first + cut]:
            with database.write() as session:
                ingest.take(session, ingest.read(LedgerBatch.model_validate(ledger.batch(part))), NOW)
        first += cut


def totals(database):
    """(rounds, wagered, squares, won, voided) by ever, day and minute: each table's sums."""
    names = ("rounds", "wagered", "wagered_squared", "won", "voided")
    with database.read() as session:
        return [
            tuple(sum(getattr(row, name) for row in session.scalars(select(table))) for name in names)
            for table in (GameTotal, GameDay, GameMinute)
        ]


def test_an_operators_denomination_is_shown_as_its_money():
    assert [denomination(name) for name in ("USD@acme", "USD", "XYZ@acme", "XYZ", "")] == [
        *(DENOMINATIONS["USD"],) * 2,
        *(None,) * 3,
    ]
    assert [operator_of(name) for name in (ACME, "USD")] == ["acme", ""]
    assert money_text(-123456, ACME) == "\N{MINUS SIGN}$1,234.56"
    assert money_text(7, "XYZ@acme") == "7\N{NO-BREAK SPACE}XYZ\N{NO-BREAK SPACE}at\N{NO-BREAK SPACE}acme"
    assert [denom_name(name, heading=True) for name in (ACME, "credit@acme")] == ["USD at acme", "Credits at acme"]
    assert smallest("12.50", ACME) == 1250
    assert [kind(name) for name in ("escrow", "payout", "cancel")] == [
        "From the operator",
        "To the operator",
        "Wager given back",
    ]


@pytest.mark.parametrize("cuts", [(1_000,), (1,) * 12, (3, 2, 4)], ids=str)
def test_what_an_operator_gives_and_gets_is_nobodys_win(database, cuts):
    ana = Ledger("ana", denom=ACME)
    entries = [*of_operator(ana, LOST, 500, 0), *of_operator(ana, WON, 500, 1200), *cancelled(ana, CANCELLED, 300)]
    sent(database, ana, entries, cuts)
    with database.read() as session:
        rounds = {one.id: (one.wagered, one.won, one.voided) for one in session.scalars(select(Round))}
        assert rounds == {LOST: (500, 0, 0), WON: (500, 1200, 0), CANCELLED: (0, 0, 300)}
        assert [(one.denom, one.balance) for one in session.scalars(select(Wallet))] == [(ACME, 0)]
        assert session.scalars(select(Finding)).all() == []
    assert totals(database) == [(2, 1000, 500_000.0, 1200, 300)] * 3


@pytest.mark.parametrize("denom", ["USD", ACME])
def test_a_cancelled_round_is_no_round_and_its_wager_is_voided(database, denom):
    ana = Ledger("ana", denom=denom, funds=0 if operator_of(denom) else 1000)
    sent(database, ana, cancelled(ana, CANCELLED, 300), (2, 1, 1))
    assert totals(database) == [(0, 0, 0, 0, 300)] * 3
    with database.read() as session:
        (found,) = performance.lifetime(session, Theories({}))
        assert (found.rounds, found.wagered, found.voided, found.rtp, found.verdict) == (0, 0, 300, None, "unknown")
        assert performance.span(session, Theories({}), 0, 10**6) == [found]
        states = {
            state: [one.id for one in find(session, Search(state=state)).rounds] for state in ("cancelled", "lost", "open")
        }
    assert states == {"cancelled": [CANCELLED], "lost": [], "open": []}


def test_wins_are_found_by_their_money_whoever_keeps_it(database):
    ana = Ledger("ana", denom=ACME)
    sent(database, ana, [*of_operator(ana, LOST, 500, 0), *of_operator(ana, WON, 500, 1200)])
    with database.read() as session:
        assert [[one.id for one in find(session, Search(least_win=Decimal(least))).rounds] for least in (12, 13)] == [[WON], []]


def test_an_operators_wallet_is_adjusted_by_nobody_here(database):
    a_player(database, "ana", denom=ACME, balance=0)
    with serving(database) as console:
        eva = console.signed_in("eva", "operator")
        page = eva.get("/players/demo/ana")
        assert "acme keeps this player" in page.text and 'data-testid="not-adjustable"' in page.text
        assert not [form for form in Document(page.text).forms if form.action.endswith("/adjust")]
        assert "it is adjusted there" in eva.get("/players/demo/ana/adjust").text
        typed = {"denom": ACME, "way": "give", "amount": "1.00", "reason": "a reason", "form": "form-1"}
        refused = eva.post("/players/demo/ana/adjust", **typed)
        assert refused.status_code == 422
        with database.write() as session, pytest.raises(Refused, match="The operator acme keeps this player's money"):
            adjustments.ask(session, actor("eva"), "demo", "ana", ACME, 100, "a reason", 500)
        with database.read() as session:
            assert session.scalars(select(Adjustment)).all() == []


def test_who_has_a_wallet_of_both_kinds_is_adjusted_in_ours_only(database):
    a_player(database, "ana", denom=ACME, balance=0)
    with database.write() as session:
        session.add(Wallet(platform="demo", uid="ana", denom="credit", balance=5, seq=1))
    with serving(database) as console:
        eva = console.signed_in("eva", "operator")
        (form,) = [form for form in Document(eva.get("/players/demo/ana").text).forms if form.action.endswith("/adjust")]
        assert form.fields["denom"] == "credit"
        typed = {**form.fields, "denom": ACME, "way": "give", "amount": "1", "reason": "a reason"}
        assert "have it adjusted there" in eva.post("/players/demo/ana/adjust", **typed).text


DRAWS, HUGE = f"17-{'d' * 36}", 2**64 - 1
STRANGE = json.dumps("\ud800<script>")  # half of a surrogate pair


async def played(user, ending, denom="USD", documents=True):
    """A round of a game elsewhere as a store writes it, and what the accounting sends of it."""
    store, seat = MemoryStore(), Seat(user, "demo")
    wallet, operator = WalletId(user, denom), operator_of(denom)
    if not operator:
        await store.post(Posting("adjust:1", wallet, "adjustment", 10_000, "a gift", NOW))
    record = f'{{"id":"{DRAWS}","call":"weighted","asked":{{"choices":[[{STRANGE},1]],"count":1}},"draws":[0,{HUGE}]}}'
    if documents:
        await store.keep_draws(DRAWS, record.encode())
    call = OutsideCall(
        seat, wallet, "ask" if operator else "escrow", "spin-1", "e1", "f", NOW, 500, "fruit", 100, bool(operator)
    )
    await store.outside(call)
    if operator:
        await store.outside(call._replace(op="escrow"))
    name = next(iter([entry async for entry in store.entries(user.shard)][-1:])).round
    proof = json.dumps({"draws": [DRAWS]}).encode()
    over = call._replace(
        op=ending, id="e2", fingerprint="g", amount=1200 if ending == "result" else 0, at_ms=NOW + 900, proof=proof
    )
    if operator and ending == "result":
        over = over._replace(owed=(Delivery("d1", wallet, b"{}", NOW, 1200),))
    await store.outside(over)
    entries = [entry async for entry in store.entries(user.shard)]
    books = accounting.Accounting(None, store)
    return name, orjson.loads(accounting._written(user.shard, entries, await books._records([name])))


def page_of(database, name, **query):
    with serving(database) as console:
        return console.signed_in("vera").get(f"/rounds/{name}?" + "&".join(f"{key}={value}" for key, value in query.items()))


def kept(database, io_loop, ending, **options):
    name, batch = io_loop.run_sync(lambda: played(User("demo", "ana"), ending, **options))
    with database.write() as session:
        ingest.take(session, ingest.read(LedgerBatch.model_validate(batch)), NOW)
    return name


def test_a_round_that_was_decided_elsewhere_is_shown_with_its_money_and_its_random_numbers(database, io_loop):
    name = kept(database, io_loop, "result")
    page = page_of(database, name, step=2, proof="true")
    assert page.status_code == 200
    assert 'data-testid="elsewhere"' in page.text and "There is nothing to replay" in page.text
    assert "weighted choices=[[&#34;\\ud800&lt;script&gt;&#34;, 1]]" in page.text
    assert f"0 {HUGE}" in page.text and DRAWS in page.text
    assert "spin-1" in page.text and "$12.00" in page.text and "Balance after" in page.text
    with database.read() as session:
        round_ = session.scalars(select(Round)).one()
        assert (round_.game, round_.wagered, round_.won) == ("fruit", 500, 1200)
        assert 'href="/games/fruit"' not in page.text  # it has no page here
        record = replay.record_of(session, name)
        assert replay.problems_of(replay.verified(record, {})) == []
        forged = [part.replace(b'"won":1200', b'"won":1300') for part in record]
        assert replay.problems_of(replay.verified(forged, {}))


def test_a_cancelled_round_is_shown_as_given_back(database, io_loop):
    page = page_of(database, kept(database, io_loop, "cancel"), step=2)
    assert "Given back" in page.text and "Cancelled" in page.text and "\N{PLUS SIGN}$5.00" not in page.text.split("Net")[0]
    with database.read() as session:
        assert replay.replay(replay.record_of(session, session.scalars(select(Round.id)).one()), []).steps[2].moves == [
            ("cancel", 500)
        ]


def test_what_an_operator_has_not_heard_of_yet_is_on_its_way(database, io_loop):
    page = page_of(database, kept(database, io_loop, "result", denom=ACME), step=2)
    assert "From acme" in page.text and "$12.00 on its way" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Balance after" not in page.text


def test_random_numbers_that_were_too_many_or_are_gone_are_named(database, io_loop, monkeypatch):
    name = kept(database, io_loop, "result", documents=False)
    assert "too many to be sent here" in page_of(database, name, step=2).text
    monkeypatch.setattr(accounting, "_DRAWS_BYTES", 10)
    _, batch = io_loop.run_sync(lambda: played(User("demo", "bob"), "result"))
    assert ["draws" in one for one in batch["rounds"]] == [False]


async def test_the_balance_that_an_operator_tells_is_no_news_of_our_wallets():
    told = []

    class Backoffice:
        async def post(self, line, name, path, body, answer):
            told.append((name, orjson.loads(body)))

    book = Book(Backoffice(), None, "node-1", ManualClock(NOW), SystemRng())
    for number, operator in enumerate(("", "acme")):
        site = shipped().sites["demo"].model_copy(update={"operator": operator})
        stay = Stay(Seat(User("demo", f"ana-{number}"), "demo"), site)
        stay.purse = SimpleNamespace(funds=Funds(1000, 7))
        book._stays[stay.id] = stay
    await book.beat()
    assert [one["uid"] for name, body in told if name == "players" for one in body["players"]] == ["ana-0"]
    assert [body["sessions"] for name, body in told if name == "sessions_alive"] == [list(book._stays)]
