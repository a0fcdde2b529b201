"""The form for an adjustment: sent twice it is done once, and what is wrong in it is told without losing what was typed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select

from tests.console import Document, a_player, notice, serving
from tests.office import NOW
from webingo.office.console.shown import example, smallest
from webingo.office.tables import Adjustment, Player, Wallet

LIMIT, ANA = 500, "/players/demo/ana"


@pytest.fixture
def console(database):
    a_player(database, "ana", denom="BRL")
    with serving(database, adjustment_limit=LIMIT) as made:
        yield made


@pytest.fixture
def eva(console):
    return console.signed_in("eva", "operator")


def form_of(page):
    return next(form for form in Document(page.text).forms if form.action == f"{ANA}/adjust")


def typed(page, **fields):
    """The form as a browser sends it, when this was typed."""
    return {**form_of(page).fields, "way": "give", "amount": "2.50", "reason": "a <b>good</b> reason", **fields}


def asked(console):
    with console.database.read() as session:
        return session.scalars(select(Adjustment.amount).order_by(Adjustment.id)).all()


def test_a_form_that_is_sent_twice_is_done_once_and_says_so(console, eva):
    fields = typed(eva.get(ANA))
    first, second = eva.post(f"{ANA}/adjust", **fields), eva.post(f"{ANA}/adjust", **fields)
    assert "is on its way" in notice(first.text)
    assert "Nothing was done a second time" in notice(second.text) and "is on its way" in notice(second.text)
    assert second.url.path == ANA
    assert asked(console) == [250]
    eva.post(f"{ANA}/adjust", **typed(eva.get(ANA)))
    assert asked(console) == [250, 250]


def test_a_form_that_is_sent_many_times_at_once_is_done_once(console, eva):
    fields = typed(eva.get(ANA))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: eva.client.post(f"{ANA}/adjust", data={**fields, "csrf": eva.csrf}), range(6)))
    assert [answer.status_code for answer in answers] == [303] * 6
    assert asked(console) == [250]


def test_a_form_that_comes_back_with_other_contents_does_nothing_until_it_is_sent_as_a_new_one(console, eva):
    page = eva.get(ANA)
    eva.post(f"{ANA}/adjust", **typed(page))
    again = eva.post(f"{ANA}/adjust", **typed(page, amount="1.20"))
    assert again.status_code == 422 and "was asked for with this form already" in notice(again.text)
    assert (asked(console), form_of(again).fields["amount"]) == ([250], "1.20")
    eva.post(f"{ANA}/adjust", **typed(again, amount="1.20"))
    assert asked(console) == [250, 120]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount": "12,50"}, "Write it like 12.50."),
        ({"amount": "0"}, "must not be zero"),
        ({"amount": "99999999999999"}, "larger than any wallet"),
        ({"amount": "1.005"}, "smallest amount"),
        ({"amount": ""}, "is no amount"),
        ({"reason": ""}, "Give a reason"),
        ({"way": "", "amount": "x"}, "Choose one of the two"),
        ({"denom": "USD"}, "no such wallet"),
        ({"form": ""}, "too old"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_that_was_typed_is_lost(console, eva, wrong, said):
    fields = typed(eva.get(ANA), **{"way": "take", "reason": "a reason", **wrong})
    refused = eva.post(f"{ANA}/adjust", **fields)
    assert refused.status_code == 422
    assert said in refused.text
    assert refused.text.count('data-testid="problem"') == (0 if "form" in wrong else len(wrong))
    shown, checked = form_of(refused).fields, [have for _, have in Document(refused.text).elements if "checked" in have]
    assert (shown["amount"], shown["reason"]) == (fields["amount"], fields["reason"])
    assert [have["value"] for have in checked] == ([fields["way"]] if fields["way"] else [])
    assert (shown["form"] == fields["form"]) is ("form" not in wrong)
    assert asked(console) == []
    right = {**shown, "denom": "BRL", "way": "take", "amount": "2.50", "reason": "a reason"}
    assert "is on its way" in notice(eva.post(f"{ANA}/adjust", **right).text)
    assert asked(console) == [-250]


def test_an_amount_is_asked_for_as_the_wallet_writes_it(console, eva):
    with console.database.write() as session:
        session.execute(insert(Wallet).values(platform="demo", uid="ana", denom="credit", balance=5, seq=1))
        session.execute(insert(Player).values(platform="demo", uid="new", first_at=NOW, last_at=NOW))
    amounts = [have for tag, have in Document(eva.get(ANA).text).elements if have.get("name") == "amount"]
    assert [have["placeholder"] for have in amounts] == ["12.50"]
    assert "Like 12.50 or 12." in eva.get(ANA).text
    assert [smallest(example(denom), denom) for denom in ("BRL", "credit", "XYZ")] == [1250, 12, 12]
    assert "No wallet yet" in eva.get("/players/demo/new/adjust").text


def test_the_form_has_a_page_of_its_own_for_those_who_may_ask(console, eva):
    assert form_of(eva.get(f"{ANA}/adjust")).fields["denom"] == "BRL"
    assert console.signed_in("vera").get(f"{ANA}/adjust").status_code == 403
    assert eva.get("/players/demo/nobody/adjust").status_code == 404
