"""Facebook's side of purchases over real HTTP: the webhook, the pages of products, and what comes back later."""

import pytest
from structlog.testing import capture_logs

from tests.facebook import ANA, BOB, facebook, fetch
from tests.social import ask, casino, enter, ledger, open_casino, told
from webingo.support.http import Http
from webingo.transaction.memory_store import MemoryStore

TOKEN = "is-it-you"


@pytest.fixture(scope="module")
def res(tmp_path_factory):
    return casino(tmp_path_factory.mktemp("casino"))


async def post(server, body, **headers):
    http = Http()
    try:
        url = f"http://127.0.0.1:{server.port}/facebook/payments"
        return (await http.fetch(url, "POST", {"Content-Type": "application/json", **headers}, body, timeout_s=10)).status
    finally:
        http.close()


async def bought(fake, server, player, product="small"):
    """A payment that is begun and not paid yet; its id."""
    request = await ask(player, "buy", "request", product=product)
    url = f"http://127.0.0.1:{server.port}{request['url']}"
    return (await fake.payments.begin(player.uid, url, 1, request["request_id"])).id


# -- the webhook ------------------------------------------------------------------------------------------------------


async def test_facebook_is_told_that_the_webhook_is_ours_where_it_knows_the_token(res):
    async with facebook() as fake, open_casino(fake, res, fb_webhook_token=TOKEN) as server:
        assert await fake.payments.verify(TOKEN)
        assert not await fake.payments.verify("another")
        assert not await fake.payments.verify("")
        assert not await fake.payments.verify(TOKEN, "<script>")
        answer = await fetch(server, f"payments?hub.mode=subscribe&hub.challenge=12&hub.verify_token={TOKEN}")
        assert (answer.status, answer.body, answer.kind) == (200, b"12", "text/plain")
        assert (await fetch(server, f"payments?hub.mode=unsubscribe&hub.challenge=12&hub.verify_token={TOKEN}")).status == 403


async def test_without_a_token_nobody_is_told_that_the_webhook_is_ours(res):
    async with facebook() as fake, open_casino(fake, res):
        assert not await fake.payments.verify("")
        assert not await fake.payments.verify(TOKEN)


async def test_a_payment_reaches_the_player_by_the_webhook_alone(res):
    store = MemoryStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        payment_id = await bought(fake, server, ana)
        await fake.payments.finish(payment_id)
        assert (await ana.next_state())["wallet"]["credits"] == 600
        assert await told(ana, "moved") == {"what": "moved", "kind": "purchase", "amount": 500}
        for _ in range(3):
            assert await fake.payments.tell(payment_id, payment_id) == 200
        assert (await ask(ana, "status"))["spend"] == 0 and ana.credits == 600
        assert [(entry.kind, entry.amount) for entry in await ledger(store)] == [("grant", 100), ("purchase", 500)]


async def test_only_what_facebook_has_signed_is_looked_at(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        payment_id = await bought(fake, server, ana)
        await fake.payments.finish(payment_id, tell=False)
        body = fake.payments.update([payment_id])
        right = fake.payments.signature(body)
        seen = len(fake.seen)
        for wrong in (
            "",
            right[:-1],
            right.upper(),
            right.removeprefix("sha256="),
            "sha1=" + right[7:],
            right + " x",
            "sha256=é",
        ):
            headers = {"X-Hub-Signature-256": wrong} if wrong else {}
            assert await post(server, body, **headers) == 403
        assert await post(server, body + b" ", **{"X-Hub-Signature-256": right}) == 403
        assert len(fake.seen) == seen
        assert await post(server, body, **{"X-Hub-Signature-256": right}) == 200
        assert (await ana.next_state())["wallet"]["credits"] == 600


@pytest.mark.parametrize("trouble", ["broken", "limited", "page", "types", "cut"])
async def test_while_graph_is_in_trouble_facebook_has_to_send_it_again(res, trouble):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        payment_id = await bought(fake, server, ana)
        fake.always = trouble
        await fake.payments.finish(payment_id)
        assert fake.payments.undelivered == {payment_id: "actions"}
        fake.always = ""
        if trouble != "limited":  # Graph is left alone for a while then
            await fake.payments.redeliver()
            assert fake.payments.undelivered == {}
            assert (await ana.next_state())["wallet"]["credits"] == 600


async def test_what_can_not_be_helped_is_logged_and_taken(res):
    store = MemoryStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        payment_id = await bought(fake, server, ana)
        await fake.payments.finish(payment_id, tell=False)
        nobodys = fake.payments.charge(ANA, fake.payments.by_id[payment_id].product, 1, "0" * 34)
        fake.objects[payment_id] = {**fake.objects[payment_id], "user": {"id": BOB}}
        with capture_logs() as logs:
            assert await fake.payments.tell(payment_id, "17", nobodys.id) == 200, logs
        assert {(line["event"], line.get("payment")) for line in logs if line["event"].startswith("payment")} == {
            ("payment_strange", payment_id),
            ("payment_strange", "17"),
            ("payment_unknown", nobodys.id),
        }
        assert [entry.kind for entry in await ledger(store)] == ["grant"]


async def test_as_many_payments_are_told_of_at_once_as_facebook_does(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        player = await enter(fake, server.port)
        payment_id = await bought(fake, server, player)
        await fake.payments.finish(payment_id, tell=False)
        told = fake.payments.update([payment_id] * 1000, ["actions", "disputes"])
        assert await post(server, told, **{"X-Hub-Signature-256": fake.payments.signature(told)}) == 200
        assert (await player.next_state())["wallet"]["credits"] == 600


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"object":"payments"}', 400),
        (b'{"object":"payments","entry":[{"id":"../me"}]}', 400),
        (b'{"object":"payments","entry":[{"id":"1","changed_fields":"actions"}]}', 400),
        (b'{"object":"payments","entry":[]}', 200),
        (b'{"object":"user","entry":[{"id":"1","time":1,"changed_fields":["name"]}]}', 200),
    ],
)
async def test_updates_that_are_none_of_payments_do_nothing(res, body, status):
    async with facebook() as fake, open_casino(fake, res) as server:
        assert await post(server, body, **{"X-Hub-Signature-256": fake.payments.signature(body)}) == status
        assert fake.seen == []


async def test_money_that_goes_back_takes_its_credits_along_and_what_is_missing_is_told(res):
    store = MemoryStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        payment_id = await bought(fake, server, ana)
        await fake.payments.finish(payment_id)
        await told(ana, "moved")
        await fake.payments.refund(payment_id, "0.99")
        assert (await ana.next_state())["wallet"]["credits"] == 600 - 500 * 99 // 199
        await told(ana, "moved")
        ana.send(t="component", which="fb_social", message={"what": "set_credits", "amount": 60})
        await ana.next_state()
        with capture_logs() as logs:
            await fake.payments.chargeback(payment_id)
            assert (await ana.next_state())["wallet"]["credits"] == 0
            await told(ana, "moved")
            await fake.payments.tell(payment_id)
        short = [line for line in logs if line["event"] == "purchase_short"]
        assert [(line["log_level"], line["short"], line["kind"]) for line in short] == [("warning", 192, "chargeback")]
        await fake.payments.reverse(payment_id)
        assert (await ana.next_state())["wallet"]["credits"] == 60
        shown = [(entry.kind, entry.amount, entry.short) for entry in await ledger(store)]
        assert shown[1:] == [
            ("purchase", 500, 0),
            ("refund", -248, 0),
            ("set_credits", -292, 0),
            ("chargeback", -60, 192),
            ("chargeback_reversal", 60, 0),
        ]


async def test_the_player_hears_why_the_purse_changes_on_whichever_node(res):
    store = MemoryStore()
    async with (
        facebook() as fake,
        open_casino(fake, res, store) as here,
        open_casino(fake, res, store) as there,  # which hears the webhooks
    ):
        assert fake.callbacks["payments"].endswith(f":{there.port}/facebook/payments")
        ana = await enter(fake, here.port)
        first, second = await bought(fake, here, ana), await bought(fake, here, ana)
        moves = []
        for happens in (
            fake.payments.finish(first),
            fake.payments.refund(first, "0.99"),
            fake.payments.chargeback(first, "1.00"),
            fake.payments.reverse(first),
        ):
            await happens
            moves.append(((await ana.next_state())["wallet"]["credits"], await told(ana, "moved")))
        assert [(credits, move["kind"], move["amount"]) for credits, move in moves] == [
            (600, "purchase", 500),
            (352, "refund", -248),
            (100, "chargeback", -252),
            (352, "chargeback_reversal", 252),
        ]
        # What the player's own client hands on is told as bought, and not once more.
        await fake.payments.finish(second, tell=False)
        await ask(ana, "paid", "purchased", signed_request=fake.payments.receipt(second)["signed_request"])
        await fake.payments.tell(second)
        assert (await ask(ana, "status"))["level"] == 1


async def test_a_dispute_is_told_without_a_word_of_who_complains(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        payment_id = await bought(fake, server, ana)
        await fake.payments.finish(payment_id)
        with capture_logs() as logs:
            await fake.payments.dispute(payment_id, "I never got my credits", "ana@example.com")
        assert [line["payment"] for line in logs if line["event"] == "payment_disputed"] == [payment_id]
        assert "ana@example.com" not in str(logs) and "never got" not in str(logs)


# -- the pages of products --------------------------------------------------------------------------------------------


async def test_facebook_reads_the_product_from_its_page(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        base = f"http://127.0.0.1:{server.port}"
        for query in ("", "?price=1.99USD"):
            payment = await fake.payments.begin(ANA, f"{base}/facebook/products/club/small{query}")
            product = payment.product
            assert (product.title, product.amount, product.currency) == ("A <few>", "1.99", "USD")
            assert product.url == f"{base}/facebook/products/club/small?price=1.99USD"
        assert product.image == f"{base}/static/a.png"


async def test_the_page_carries_the_address_under_which_facebook_reaches_us(res):
    public = "https://casino.example"
    async with facebook() as fake, open_casino(fake, res, fb_public_url=public) as server:
        ana = await enter(fake, server.port)
        url = (await ask(ana, "buy", "request", product="small"))["url"]
        assert url == f"{public}/facebook/products/club/small?price=1.99USD"
        page = (await fetch(server, "products/club/small")).body.decode()
        assert f'<meta property="og:url" content="{url}">' in page and "<h1>A &lt;few&gt;</h1>" in page


@pytest.mark.parametrize(
    "path",
    [
        "products/club/small?price=0.99USD",
        "products/club/small?price=1.99EUR",
        "products/club/gone",
        "products/gone/small",
        "products/club",
        "products/club/small/",
        "products/../club/small",
        "products/",
    ],
)
async def test_there_is_no_page_of_what_is_not_for_sale_at_that_price(res, path):
    async with facebook() as fake, open_casino(fake, res) as server:
        assert (await fetch(server, path)).status == 404


async def test_a_product_is_read_and_nothing_else(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        assert (await fetch(server, "products/club/small", {})).status == 404
        answer = await fetch(server, "products/club/small")
        assert answer.kind == "text/html" and answer.headers["Cache-Control"] == "no-store"
        assert "<script" not in answer.body.decode() and "Set-Cookie" not in answer.headers
