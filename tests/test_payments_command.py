"""webingo payment: settles by hand what Facebook tells of no more."""

import asyncio
import json

from typer.testing import CliRunner

from examples.fake_facebook.payments import Product
from tests.conftest import open_store
from tests.facebook import facebook, known
from tests.social import PRODUCTS, ledger, wallet_of
from webingo.cli import app
from webingo.platforms.facebook.order import Order
from webingo.platforms.facebook.payments import ASKED_S
from webingo.resources.social import Product as OnSite
from webingo.transaction.transaction import Posting, Seat, fresh_request_id

UID = "600000000000001"


async def command(*words):
    """A command in a thread of its own, since the fake answers on this one; (exit code, what it says)."""
    done = await asyncio.to_thread(CliRunner().invoke, app, ["payment", *words])
    return done.exit_code, done.output


async def test_a_payment_is_settled_by_hand_and_only_once(redis_url, monkeypatch):
    store = await open_store(redis_url)
    try:
        async with facebook() as fake:
            for name, value in {**known(fake), "redis_url": redis_url}.items():
                monkeypatch.setenv(f"WEBINGO_{name.upper()}", value)
            user = wallet_of(UID).user
            order = Order.of(Seat(user, "club"), "credit", OnSite.model_validate(PRODUCTS[0]), 1)
            request_id = fresh_request_id(user)
            await store.keep_request(request_id, order.model_dump_json().encode(), ASKED_S)
            bought = fake.payments.charge(UID, Product("", "A few", "", "", "1.99", "USD"), 1, request_id)
            await fake.payments.finish(bought.id, tell=False)
            for _ in range(2):
                code, said = await command(bought.id, "--json")
                assert (code, json.loads(said)["status"], json.loads(said)["balance"]) == (0, "completed", 500), said
            assert "product small, credits 500" in (await command(bought.id))[1]
            await store.post(Posting("played", wallet_of(UID), "adjustment", -480, "", 1))
            assert (await command(bought.id))[1].endswith(", balance 20\n")  # as it is now, not as the purchase left it
            assert [entry.amount for entry in await ledger(store, UID)] == [500, -480]
            nobodys = fake.payments.charge(UID, Product("", "A few", "", "", "1.99", "USD"))
            assert "names no order" in (await command(nobodys.id))[1]
            for words, sentence in (("17", "knows no such payment.\n"), ("../me", "digits")):
                code, said = await command(words)
                assert code == 1 and sentence in said, said
            fake.always = "broken"
            assert (await command(bought.id))[0] == 1
    finally:
        await store.aclose()
