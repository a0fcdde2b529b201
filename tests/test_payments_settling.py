"""What is heard of a payment comes to the wallet once: in whatever order it is heard, however often, by however many
processes at a time, and wherever one of them is killed."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.fake_facebook.api import FakeFacebook
from examples.fake_facebook.payments import Product
from tests.secrets import secret
from webingo.errors import Code, Refused
from webingo.platforms.facebook.order import Order
from webingo.platforms.facebook.payment import Payment, StrangePayment, read, steps
from webingo.platforms.facebook.payments import ASKED_S, PAID_S, Payments
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import User

ANA, BOB = User("facebook", "100000000000001"), User("facebook", "100000000000002")
WALLET = WalletId(ANA, "credit")
BOUGHT, PRICE = 100, "1.99"
NOW_MS = 1_800_000_000_000
PATH = "/facebook/products/social/small?price=1.99USD"
PUBLIC = "https://casino.example"
PRODUCT = Product(PUBLIC + PATH, "A few", "", "", PRICE, "USD")


class Step:
    """A point at which another process may go on, or this one is killed."""

    def __await__(self):
        yield


class SteppedStore:
    """A store that pauses before and after each call: what is killed after it has done its work without hearing of it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            await Step()
            answer = await getattr(self._store, name)(*arguments)
            await Step()
            return answer

        return call


class Shop:
    """A player with a wallet who asks for one product, a Facebook, and what our processes do."""

    def __init__(self, stepped: bool = False) -> None:
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore(clock=self.clock)
        self.fake = FakeFacebook(made=secret, now=lambda: self.clock.now_ms() / 1000)
        self.graph: dict[str, Any] = {}
        self.graph_error: Exception | None = None
        house = SimpleNamespace(store=SteppedStore(self.store) if stepped else self.store, clock=self.clock)
        self.payments = Payments(house, self, self.fake.app_id, self.fake.app_secret, PUBLIC)
        self.order = Order(
            platform="facebook",
            uid=ANA.uid,
            site="social",
            denom="credit",
            product="small",
            credits=BOUGHT,
            amount=PRICE,
            currency="USD",
            path=PATH,
            at_ms=NOW_MS,
        )
        self._posted = 0

    async def payment(self, payment_id: str) -> dict[str, Any]:
        """Graph's."""
        if self.graph_error is not None:
            raise self.graph_error
        return self.fake.objects[payment_id]

    def charged(self, request_id: str, pay_in: str = "", product: Product = PRODUCT) -> str:
        """The player has paid; the payment's id."""
        payment = self.fake.payments.charge(ANA.uid, product, 1, request_id, pay_in)
        payment.charge["status"] = "completed"
        self.fake.payments._publish(payment)
        return payment.id

    def receipt(self, payment_id: str, /, **changes: Any) -> str:
        return self.fake.payments.receipt(payment_id, **changes)["signed_request"]

    async def play(self, amount: int) -> None:
        """The player wins, or loses what is there."""
        self._posted += 1
        posting = Posting(f"play:{self._posted}", WALLET, "win" if amount > 0 else "wager", amount, "", NOW_MS)
        await (self.store.post(posting) if amount >= 0 else self.store.take(posting))

    async def entries(self) -> dict[str, Any]:
        """Of the payments, by their posting's id, in order."""
        found = [entry async for entry in self.store.entries(ANA.shard)]
        balance = 0
        for entry in found:
            balance += entry.amount
            assert entry.balance == balance >= 0
        assert (await self.store.funds(WALLET)).balance == balance
        return {entry.id.split(":", 2)[2].removesuffix(f":{WALLET}"): entry for entry in found if "fb:" in entry.id}


def run(coroutine: Any) -> Any:
    """To its end, whatever steps it makes."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value


# -- the property -----------------------------------------------------------------------------------------------------

CENTS = st.integers(1, 199).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("refund", "failed", "initiated", "decline")), st.one_of(CENTS, st.just(PRICE))),
        st.tuples(st.sampled_from(("chargeback", "reverse", "complete", "fail")), st.just(PRICE)),
    ),
    max_size=8,
)


def happened(document: dict[str, Any], event: str, amount: str) -> dict[str, Any]:
    """The payment after something more has happened at Facebook; as before where that is not possible."""
    actions = [dict(action) for action in document["actions"]]
    waiting = [action for action in actions if action["status"] == "initiated"]
    counts = [sum(action["type"] == kind for action in actions) for kind in ("chargeback", "chargeback_reversal")]
    new = {
        "status": "completed",
        "currency": "USD",
        "amount": amount,
        "time_created": f"2027-01-01T00:00:{len(actions):02d}+0000",
    }
    if event in ("complete", "fail") and waiting:
        waiting[0]["status"] = "completed" if event == "complete" else "failed"
    elif event in ("refund", "failed", "initiated"):
        actions.append({**new, "type": "refund", "status": "completed" if event == "refund" else event})
    elif event == "reverse" and counts[1] < counts[0]:
        actions.append({**new, "type": "chargeback_reversal"})
    elif event in ("chargeback", "decline"):
        actions.append({**new, "type": event})
    return {**document, "actions": actions}


def owed_after(actions: list[dict[str, Any]]) -> int:
    """What of the credits is to be gone after these actions, by the definition: the same share as of the money."""
    back, undone = Fraction(0), 0
    for action in actions:
        if action["status"] == "completed" and action["type"] in ("refund", "chargeback", "decline"):
            back += Fraction(action["amount"])
        elif action["status"] == "completed" and action["type"] == "chargeback_reversal":
            undone += 1
    back -= undone * Fraction(PRICE)
    return int(BOUGHT * min(back, Fraction(PRICE)) // Fraction(PRICE))


def expected(document: dict[str, Any]) -> dict[str, int]:
    """By the name of the action: what it has to take back (negative), or the most that it gives back."""
    decided: list[dict[str, Any]] = []
    counts, found = defaultdict[str, int](int), dict[str, int]()
    for action in document["actions"]:
        if action["status"] == "initiated":
            break
        before = owed_after(decided)
        decided.append(action)
        counts[action["type"]] += 1
        if change := before - owed_after(decided):
            found[f"{action['type']}:{counts[action['type']]}"] = change
    return found


@settings(max_examples=80, deadline=None)
@given(EVENTS, st.data())
def test_whatever_is_heard_in_whatever_order_the_wallet_comes_to_the_same(events, data):
    shop = Shop(stepped=True)
    request_id = run(shop.payments.ask(shop.order))
    payment_id = shop.charged(request_id)
    told = [shop.fake.objects[payment_id]]
    for event, amount in events:
        told.append(happened(told[-1], event, amount))
    with processes() as running:
        for _ in range(data.draw(st.integers(0, 40), "moves")):
            move(shop, payment_id, told, running, data.draw)
    run(shop.payments.settle(read(Payment, told[-1])))
    once = run(shop.entries())
    for coroutine in (shop.payments.paid(ANA, shop.receipt(payment_id)), shop.payments.settle(read(Payment, told[-1]))):
        run(coroutine)
    posted = run(shop.entries())
    assert posted == once
    check_posted(payment_id, posted, expected(told[-1]))


@contextmanager
def processes() -> Iterator[list[Any]]:
    """What our processes have under way; all of it is killed at the end."""
    running = list[Any]()
    try:
        yield running
    finally:
        for left in running:
            left.close()


def move(shop: Shop, payment_id: str, told: list[dict[str, Any]], running: list[Any], draw: Any) -> None:
    """One of the processes hears something, or goes on to the next call of the store, or is killed; or the player plays."""
    chosen = draw(st.sampled_from(("hear", "hear", "step", "step", "step", "kill", "play")))
    if chosen == "play":
        run(shop.play(draw(st.integers(-150, 150).filter(bool))))
    elif chosen == "hear":  # Graph may answer with what was true a while ago, too
        which = draw(st.integers(-1, len(told) - 1))
        receipt = which < 0
        running.append(
            shop.payments.paid(ANA, shop.receipt(payment_id)) if receipt else shop.payments.settle(read(Payment, told[which]))
        )
    elif running:
        which = draw(st.integers(0, len(running) - 1))
        try:
            running[which].close() if chosen == "kill" else running[which].send(None)
        except StopIteration:
            chosen = "kill"
        if chosen == "kill":
            del running[which]


def check_posted(payment_id: str, posted: dict[str, Any], wanted: dict[str, int]) -> None:
    purchase = posted.pop(f"fb:{payment_id}")
    assert (purchase.kind, purchase.amount, purchase.note, purchase.site) == ("purchase", BOUGHT, "small", "social")
    assert {name.removeprefix(f"fb:{payment_id}:") for name in posted} == set(wanted)
    for name, change in wanted.items():
        entry = posted[f"fb:{payment_id}:{name}"]
        assert entry.seq > purchase.seq
        if change < 0:
            assert entry.kind == ("refund" if name.startswith("refund") else "chargeback")
            assert entry.amount <= 0 <= entry.short and entry.amount - entry.short == change
            assert entry.balance == 0 or not entry.short
        else:
            undone = posted.get(f"fb:{payment_id}:chargeback:{name.partition(':')[2]}")
            assert entry.kind == "chargeback_reversal"
            assert entry.amount == min(change, -undone.amount if undone else 0)


@settings(max_examples=80, deadline=None)
@given(EVENTS)
def test_what_is_heard_later_only_adds_to_what_was_heard_before(events):
    document = {"id": "1", "actions": [{"type": "charge", "status": "completed", "currency": "USD", "amount": PRICE}]}
    before: list[Any] = []
    for event, amount in events:
        document = happened(document, event, amount)
        now = list(steps(read(Payment, document), BOUGHT))
        assert now[: len(before)] == before
        before = now


# -- single cases -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop():
    return Shop()


async def test_a_payment_is_credited_once_with_a_note_of_what_was_bought(shop):
    request_id = await shop.payments.ask(shop.order)
    payment_id = shop.charged(request_id)
    first = await shop.payments.paid(ANA, shop.receipt(payment_id))
    assert (first.status, first.payment_id, first.order, first.funds.balance) == ("completed", payment_id, shop.order, BOUGHT)
    for _ in range(3):
        assert (await shop.payments.paid(ANA, shop.receipt(payment_id))).funds == first.funds
        assert (await shop.payments.look_up(payment_id)).funds == first.funds
    assert [entry.amount for entry in (await shop.entries()).values()] == [BOUGHT]


async def test_two_payments_for_one_request_are_two_purchases(shop):
    request_id = await shop.payments.ask(shop.order)
    for payment_id in (shop.charged(request_id), shop.charged(request_id)):
        await shop.payments.look_up(payment_id)
    assert (await shop.store.funds(WALLET)).balance == 2 * BOUGHT


async def test_a_refund_that_finds_less_takes_what_is_there_and_says_what_is_missing(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    await shop.payments.look_up(payment_id)
    await shop.play(-70)
    await shop.fake.payments.refund(payment_id, tell=False)
    await shop.payments.look_up(payment_id)
    refund = (await shop.entries())[f"fb:{payment_id}:refund:1"]
    assert (refund.amount, refund.short, refund.balance) == (-30, 70, 0)


async def test_a_chargeback_that_was_reversed_gives_back_what_it_had_taken_and_no_more(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    await shop.payments.look_up(payment_id)
    await shop.play(-70)
    await shop.fake.payments.chargeback(payment_id, tell=False)
    await shop.payments.look_up(payment_id)
    await shop.play(500)
    await shop.fake.payments.reverse(payment_id, tell=False)
    for _ in range(2):
        await shop.payments.look_up(payment_id)
    assert (await shop.store.funds(WALLET)).balance == 530


async def test_a_refund_before_anybody_heard_of_the_purchase_moves_nothing_in_sum(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    await shop.fake.payments.refund(payment_id, tell=False)
    await shop.payments.look_up(payment_id)
    await shop.payments.paid(ANA, shop.receipt(payment_id))
    assert [entry.amount for entry in (await shop.entries()).values()] == [BOUGHT, -BOUGHT]


async def test_parts_of_a_refund_come_to_the_whole(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    for amount in ("0.33", "0.33", "0.33", "1.00"):
        await shop.fake.payments.refund(payment_id, amount, tell=False)
        await shop.payments.look_up(payment_id)
    refunds = [entry.amount for entry in (await shop.entries()).values() if entry.kind == "refund"]
    assert len(refunds) == 4 and sum(refunds) == -BOUGHT and (await shop.store.funds(WALLET)).balance == 0


@pytest.mark.parametrize("status", ["initiated", "failed", "cancelled"])
async def test_an_earlier_try_to_pay_keeps_no_credits_back(shop, status):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    document = shop.fake.objects[payment_id]
    tried = {**document["actions"][0], "status": status}
    said = {**document, "actions": [tried, *document["actions"]]}
    assert (await shop.payments.settle(read(Payment, said))).status == "completed"
    assert [entry.amount for entry in (await shop.entries()).values()] == [BOUGHT]


@pytest.mark.parametrize(("status", "told"), [("initiated", "pending"), ("failed", "failed"), ("cancelled", "failed")])
async def test_what_is_not_paid_is_not_credited(shop, status, told):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    shop.fake.payments.by_id[payment_id].charge["status"] = status
    shop.fake.payments._publish(shop.fake.payments.by_id[payment_id])
    assert (await shop.payments.paid(ANA, shop.receipt(payment_id))).status == told
    assert await shop.entries() == {}
    shop.fake.payments.by_id[payment_id].charge["status"] = "completed"
    shop.fake.payments._publish(shop.fake.payments.by_id[payment_id])
    assert (await shop.payments.look_up(payment_id)).status == "completed"
    assert len(await shop.entries()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0.99"},
        {"amount": "1.990000001"},
        {"amount": "free"},
        {"quantity": "2"},
        {"quantity": 0},
        {"user_id": BOB.uid},
        {"app_id": "1"},
        {"request_id": "17" + "0" * 32},
        {"request_id": ""},
        {"request_id": None},
        {"payment_id": "-1"},
        {"payment_id": True},
        {"status": None},
        {"issued_at": NOW_MS // 1000 - 90_000},
        {"algorithm": "none"},
    ],
)
async def test_a_receipt_that_does_not_fit_the_order_moves_nothing(shop, changes):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    with pytest.raises(StrangePayment):
        await shop.payments.paid(ANA, shop.receipt(payment_id, **changes))
    assert await shop.entries() == {}


async def test_a_receipt_is_of_no_use_to_another_player(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    with pytest.raises(StrangePayment):
        await shop.payments.paid(BOB, shop.receipt(payment_id))
    with pytest.raises(StrangePayment):
        await shop.payments.paid(ANA, FakeFacebook(made=secret, now=shop.fake.now).signed({"status": "completed"}))
    assert await shop.entries() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"application": {"id": "1"}},
        {"user": {"id": BOB.uid}},
        {"actions": [{"type": "charge", "status": "completed", "currency": "USD", "amount": "0.01"}]},
        {"actions": [{"type": "charge", "status": "completed", "currency": "EUR", "amount": "1.99"}], "items": []},
    ],
)
async def test_what_graph_says_has_to_fit_the_order_too(shop, change):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    shop.fake.objects[payment_id] = {**shop.fake.objects[payment_id], **change}
    with pytest.raises(StrangePayment):
        await shop.payments.look_up(payment_id)
    assert await shop.entries() == {}


async def test_a_payment_that_nobody_here_asked_for_is_unknown(shop):
    for request_id in ("", "nobody", "00" + "0" * 32):
        assert (await shop.payments.look_up(shop.charged(request_id))).status == "unknown"
    assert await shop.entries() == {}


async def test_a_price_that_facebook_has_converted_counts_where_the_product_is_ours(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order), "7.49 BRL")
    assert (await shop.payments.paid(ANA, shop.receipt(payment_id))).status == "completed"
    assert len(await shop.entries()) == 1


async def test_a_cheap_product_of_somebody_else_is_not_ours(shop):
    for url in (f"https://cheap.example{PATH}", PUBLIC + PATH.replace("small", "tiny"), ""):
        product = Product(url, "A few", "", "", "0.01", "BRL")
        payment_id = shop.charged(await shop.payments.ask(shop.order), "0.01 BRL", product)
        with pytest.raises(StrangePayment):
            await shop.payments.paid(ANA, shop.receipt(payment_id))
    assert await shop.entries() == {}


async def test_a_converted_price_waits_while_graph_says_nothing(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order), "7.49 BRL")
    shop.graph_error = Refused(Code.UNAVAILABLE)
    assert (await shop.payments.paid(ANA, shop.receipt(payment_id))).status == "pending"
    shop.graph_error = None
    assert (await shop.payments.look_up(payment_id)).status == "completed"


async def test_graphs_no_is_told_from_its_troubles(shop):
    shop.graph_error = Refused(Code.BAD_PARAMS)
    with pytest.raises(StrangePayment):
        await shop.payments.look_up("1")
    for document in ({}, {"id": "2", "actions": []}, {"id": "1", "actions": None}):
        shop.graph_error, shop.fake.objects["1"] = None, document
        with pytest.raises(Refused) as caught:  # it may say it better next time
            await shop.payments.look_up("1")
        assert caught.value.code is Code.UNAVAILABLE


async def test_a_full_wallet_gets_its_credits_when_there_is_room(shop):
    payment_id = shop.charged(await shop.payments.ask(shop.order))
    await shop.play(2**53 - 1)
    with pytest.raises(Refused) as caught:
        await shop.payments.look_up(payment_id)
    assert caught.value.code is Code.LIMIT
    await shop.play(-1000)
    await shop.payments.look_up(payment_id)
    assert len(await shop.entries()) == 1


async def test_an_order_is_kept_until_it_is_paid_and_then_as_long_as_it_may_come_back(shop):
    unpaid, paid = [shop.charged(await shop.payments.ask(shop.order)) for _ in range(2)]
    shop.clock.advance(ASKED_S - 10)
    await shop.payments.look_up(paid)
    shop.clock.advance(20)
    assert (await shop.payments.look_up(unpaid)).status == "unknown"
    shop.clock.advance(PAID_S - 60)
    await shop.fake.payments.refund(paid, tell=False)
    await shop.payments.look_up(paid)
    assert (await shop.store.funds(WALLET)).balance == 0
