"""What the backoffice makes of money that an operator keeps, and of rounds of games that live elsewhere."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.console import Document, a_player, actor, serving
from tests.office import NOW, Ledger
from webingo.backoffice.contract_books import LedgerBatch
from webingo.errors import Refused
from webingo.office.console.shown import denom_name, kind, money_text, smallest
from webingo.office.services import adjustments, ingest, performance
from webingo.office.services.rounds import Search, find
from webingo.office.services.theory import Theories
from webingo.office.tables import Adjustment, Finding, GameDay, GameMinute, GameTotal, Round, Wallet
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
