"""fb_social: levels, the daily bonus, purchases, and credits for nothing where development needs them. Over real sockets."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from tests.conftest import settings
from tests.facebook import ANA, BOB, facebook
from tests.player import Player
from tests.social import PRODUCTS, SOCIAL, ask, casino, enter, ledger, open_casino, refused, say, told, wallet_of
from webingo.cli import app
from webingo.errors import BadResource, Code, Refused
from webingo.platforms.facebook.social import SocialComponent
from webingo.resources.social import Social
from webingo.server.app import Server
from webingo.support.clock import ManualClock, SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Posting, Seat

DAY_S = 86_400


@pytest.fixture(scope="module")
def res(tmp_path_factory):
    return casino(tmp_path_factory.mktemp("casino"))


@pytest.fixture
def clock():
    """Stands at noon of the players' day, UTC."""
    now_ms = SystemClock().now_ms()
    return ManualClock(now_ms - now_ms % (DAY_S * 1000) + DAY_S * 500)


async def paid_out(store, kind):
    return [(entry.id, entry.amount) for entry in await ledger(store) if entry.kind == kind]


class HalfStore(MemoryStore):
    """Loses its database in the middle of things: when the server's fields are to be kept."""

    broken = False

    async def save_userdata(self, seat, epoch, userdata):
        if self.broken:
            raise Refused(Code.UNAVAILABLE)
        await super().save_userdata(seat, epoch, userdata)


# -- levels -----------------------------------------------------------------------------------------------------------


async def test_a_new_player_begins_at_level_one(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        shown = {"soc_level": 1, "soc_level_progress": 0.0, "soc_level_prog": 0.0, "spend_total": 0}
        assert ana.state["userdata"] == shown
        status = await ask(ana, "status")
        bonus = status.pop("daily_bonus")
        assert status == {
            "what": "status",
            "level": 1,
            "progress": 0.0,
            "spend": 0,
            "next": {"level": 2, "spend": 8, "reward": 50},
            "manual_credit": True,
            "products": [
                {**product, "description": "", "image": product.get("image", ""), "url": f"/facebook/products/club/{path}"}
                for product, path in zip(PRODUCTS, ("small?price=1.99USD", "big?price=19.90USD"), strict=True)
            ],
        }
        assert (bonus["day"], bonus["amount"], bonus["available"], bonus["days"]) == (1, 10, True, [10, 20, 50])


async def test_the_level_rises_in_the_very_state_of_the_wager(res):
    store = MemoryStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        await ana.load()
        seen = []
        for _ in range(4):
            ana.act("bet", {"amount": 4})
            await ana.next_state()
            seen.append((ana.state["userdata"]["spend_total"], ana.state["userdata"]["soc_level"]))
            if ana.state["userdata"]["spend_total"] == 8:
                assert await told(ana, "level_up") == {"what": "level_up", "level": 2, "reward": 50}
                await ana.next_state()
            if ana.state["userdata"]["spend_total"] == 12:
                assert await told(ana, "level_up") == {"what": "level_up", "level": 3, "reward": 0}
                await ana.next_state()
            await ana.end()
        assert seen == [(4, 1), (8, 2), (12, 3), (16, 3)]
        assert ana.state["userdata"]["soc_level_progress"] == (16 - 12) / (40 - 12)
        assert [amount for _, amount in await paid_out(store, "level_up")] == [50]
        assert (await ask(ana, "status"))["next"] == {"level": 4, "spend": 40, "reward": 7}


async def test_the_last_level_is_the_last(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        await ana.load()
        await ana.bet(40)
        assert [(await told(ana, "level_up"))["level"] for _ in range(3)] == [2, 3, 4]
        status = await ask(ana, "status")
        assert (status["level"], status["progress"], status["next"]) == (4, 1.0, None)
        assert ana.state["wallet"]["credits"] == 100 - 40 + 57


async def test_what_a_crash_left_is_rewarded_at_the_next_login_and_only_once(res):
    store = HalfStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        await ana.load()
        store.broken = True  # the reward is posted, and that it was can't be noted
        ana.act("bet", {"amount": 8})
        assert await ana.closed() == 1001
        assert [amount for _, amount in await paid_out(store, "level_up")] == [50]
        store.broken = False
        for expected in (True, False):
            ana = await enter(fake, server.port)
            if expected:
                assert await told(ana, "level_up") == {"what": "level_up", "level": 2, "reward": 50}
            assert (await ask(ana, "status"))["level"] == 2
            await ana.leave()
        assert [amount for _, amount in await paid_out(store, "level_up")] == [50]


async def test_levels_that_a_site_gets_later_count_what_was_spent_before(tmp_path):
    store = MemoryStore()
    async with facebook() as fake:
        async with open_casino(fake, casino(tmp_path / "plain", social=None), store) as server:
            ana = await enter(fake, server.port)
            await ana.load()
            await ana.bet(20)
            assert "soc_level" not in ana.state["userdata"]
            assert (await ask(ana, "status"))["spend"] == 20
            store.aclose = lambda: asyncio.sleep(0)
        async with open_casino(fake, casino(tmp_path / "social"), store) as server:
            ana = await enter(fake, server.port)
            assert ana.state["userdata"]["soc_level"] == 3
            assert [(await told(ana, "level_up"))["level"] for _ in range(2)] == [2, 3]


async def test_a_level_that_was_rewarded_otherwise_before_counts_as_rewarded(res):
    store = MemoryStore()
    await store.post(Posting("level:club:2", wallet_of(), "level_up", 9, "", 1))
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        await ana.load()
        ana.act("bet", {"amount": 8})
        assert await told(ana, "level_up") == {"what": "level_up", "level": 2, "reward": 0}
        assert [amount for _, amount in await paid_out(store, "level_up")] == [9]


# -- the daily bonus --------------------------------------------------------------------------------------------------


async def test_the_bonus_is_had_once_a_day_and_grows_from_day_to_day(res, clock):
    store = MemoryStore(clock=clock)
    async with facebook(now=lambda: clock.now_ms() / 1000) as fake, open_casino(fake, res, store, clock) as server:
        ana = await enter(fake, server.port)
        tomorrow = clock.now_ms() + DAY_S * 500
        for day, amount in enumerate((10, 20, 50, 50), 1):
            said = await ask(ana, "daily_bonus")
            assert said == {"what": "daily_bonus", "amount": amount, "day": day, "next_ms": tomorrow}
            assert await refused(ana, "daily_bonus") == "LIMIT"
            bonus = (await ask(ana, "status"))["daily_bonus"]
            assert (bonus["day"], bonus["available"], bonus["next_ms"]) == (day + 1, False, tomorrow)
            assert bonus["now_ms"] == clock.now_ms()
            clock.advance(DAY_S)
            tomorrow += DAY_S * 1000
        clock.advance(DAY_S)  # a day was left out
        assert (await ask(ana, "daily_bonus"))["day"] == 1
        assert [amount for _, amount in await paid_out(store, "daily_bonus")] == [10, 20, 50, 50, 10]


async def test_a_bonus_that_a_crash_left_unnoted_is_not_had_twice(res, clock):
    store = HalfStore(clock=clock)
    async with facebook(now=lambda: clock.now_ms() / 1000) as fake, open_casino(fake, res, store, clock) as server:
        ana = await enter(fake, server.port)
        store.broken = True
        say(ana, "daily_bonus")
        assert await ana.closed() == 1001
        store.broken = False
        ana = await enter(fake, server.port)
        assert ana.credits == 110
        assert (await ask(ana, "daily_bonus"))["amount"] == 10
        assert await refused(ana, "daily_bonus") == "LIMIT"
        assert ana.credits == 110


async def test_a_clock_that_was_wrong_keeps_nobody_from_the_bonus(res, clock):
    store = MemoryStore(clock=clock)
    async with facebook(now=lambda: clock.now_ms() / 1000) as fake, open_casino(fake, res, store, clock) as server:
        today = clock.now_ms() // (DAY_S * 1000)
        seat = Seat(wallet_of().user, "club")

        async def noted(day):
            """A player who has collected that day's bonus."""
            epoch = (await store.open(seat, wallet_of(), 100, 0)).epoch
            await store.save_userdata(seat, epoch, b'{"soc_daily":{"day":%d,"streak":9}}' % day)
            return await enter(fake, server.port)

        assert await refused(await noted(today + 1), "daily_bonus") == "LIMIT"
        ana = await noted(today + 400)
        assert (await ask(ana, "daily_bonus"))["day"] == 1
        assert await refused(ana, "daily_bonus") == "LIMIT"


async def test_the_players_day_begins_where_the_site_says(tmp_path, clock):
    social = {**SOCIAL, "utc_offset_minutes": -11 * 60 - 59}  # a minute after midnight there
    res, store = casino(tmp_path, social=social), MemoryStore(clock=clock)
    async with facebook(now=lambda: clock.now_ms() / 1000) as fake, open_casino(fake, res, store, clock) as server:
        ana = await enter(fake, server.port)
        await ask(ana, "daily_bonus")
        clock.advance(DAY_S - 120)
        assert await refused(ana, "daily_bonus") == "LIMIT"
        clock.advance(60)
        assert (await ask(ana, "daily_bonus"))["day"] == 2


async def test_where_there_is_no_bonus_none_is_had(tmp_path):
    async with facebook() as fake, open_casino(fake, casino(tmp_path, social={})) as server:
        ana = await enter(fake, server.port)
        assert (await ask(ana, "status"))["daily_bonus"] is None
        assert await refused(ana, "daily_bonus") == "FORBIDDEN"


# -- credits for nothing ----------------------------------------------------------------------------------------------


async def test_in_debug_a_site_may_let_players_give_themselves_credits(res):
    store = MemoryStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        for amount, id_, credits_ in ((500, None, 600), (7, "once", 607), (7, "once", 607), (7, None, 614)):
            say(ana, "manual_buy", amount=amount, **({"id": id_} if id_ else {}))
            await ana.next_state()
            assert ana.credits == credits_
        for amount in (0, 38334, 38334, 5):
            say(ana, "set_credits", amount=amount)
            await ana.next_state()
            assert ana.credits == amount
        assert await refused(ana, "manual_buy", amount=8, id="once") == "BAD_PARAMS"
        assert await refused(ana, "set_credits", amount=2**53) == "BAD_PARAMS"
        assert await refused(ana, "manual_buy", amount=2**53 - 1) == "LIMIT"
        assert [amount for _, amount in await paid_out(store, "manual_buy")] == [500, 7, 7]
        assert [amount for _, amount in await paid_out(store, "set_credits")] == [-614, 38334, 5 - 38334]


async def test_credits_are_set_exactly_while_others_post(res):
    class Busy(MemoryStore):
        left = 3

        async def post(self, posting):
            if posting.kind == "set_credits" and self.left:
                self.left -= 1
                gone = self.left == 1  # once there is less than was to be taken
                await super().post(Posting(f"other:{self.left}", posting.wallet, "adjustment", -40 if gone else 3, "", 1))
            return await super().post(posting)

    store = Busy()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        say(ana, "set_credits", amount=0)
        while ana.credits:
            await ana.next_state()
        assert (await store.funds(wallet_of())).balance == 0 and store.left == 0


@pytest.mark.parametrize("social", [{"allow_manual_credit": False}, {}, None])
async def test_elsewhere_nobody_gives_themselves_anything(tmp_path, social):
    async with facebook() as fake, open_casino(fake, casino(tmp_path, social=social)) as server:
        ana = await enter(fake, server.port)
        assert (await ask(ana, "status"))["manual_credit"] is False
        for what in ("manual_buy", "set_credits"):
            assert await refused(ana, what, amount=5) == "FORBIDDEN"
        assert ana.credits == 100


@pytest.mark.parametrize("message", [{"what": "manual_buy", "amount": 5}, {"what": "set_credits", "amount": 5}])
async def test_without_debug_nothing_is_given_whatever_the_site_says(message):
    class House:
        debug = False

    class Room:
        class site:  # noqa: N801
            social = Social(allow_manual_credit=True)

    with pytest.raises(Refused) as caught:
        await SocialComponent(Room(), House(), None).receive(message)
    assert caught.value.code is Code.FORBIDDEN


def test_without_debug_such_a_site_is_refused_at_the_start_and_by_check(res, monkeypatch):
    given = {"debug": "false", "secret": "s" * 32, "fb_app_id": "1", "fb_app_secret": "2", "res_dir": str(res)}
    with pytest.raises(BadResource) as caught:
        Server(settings(**{**given, "debug": False, "res_dir": res}))
    assert [field for _, field, _ in caught.value.problems] == ["social.allow_manual_credit"]
    for name, value in given.items():
        monkeypatch.setenv(f"WEBINGO_{name.upper()}", value)
    found = CliRunner().invoke(app, ["check"])
    assert found.exit_code == 1 and "club.json: social.allow_manual_credit" in found.output


# -- purchases --------------------------------------------------------------------------------------------------------


async def test_a_product_is_asked_for_paid_and_credited(res):
    store = MemoryStore()
    async with facebook() as fake, open_casino(fake, res, store) as server:
        ana = await enter(fake, server.port)
        request = await ask(ana, "buy", "request", product="small")
        assert request["request_id"].isalnum() and request["url"] == request["product"]["url"]
        assert request["product"]["id"] == "small"
        payment = await fake.payments.begin(ANA, f"http://127.0.0.1:{server.port}{request['url']}", 1, request["request_id"])
        waiting = await fake.payments.finish(payment.id, "initiated")
        assert await ask(ana, "paid", "pending", signed_request=waiting["signed_request"]) == {"what": "pending"}
        paid = await fake.payments.finish(payment.id, tell=False)
        purchased = {"what": "purchased", "payment_id": payment.id, "product": "small", "credits": 500}
        for _ in range(3):
            assert await ask(ana, "paid", "purchased", signed_request=paid["signed_request"]) == purchased
            await ana.next_state()
            assert ana.credits == 600
        assert await paid_out(store, "purchase") == [(f"post:{3 + len(payment.id)}:fb:{payment.id}:{wallet_of()}", 500)]


async def test_what_was_not_paid_is_told_and_not_credited(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        request = await ask(ana, "buy", "request", product="small")
        payment = await fake.payments.begin(ANA, f"http://127.0.0.1:{server.port}{request['url']}", 1, request["request_id"])
        failed = await fake.payments.finish(payment.id, "failed", tell=False)
        assert await ask(ana, "paid", "failed", signed_request=failed["signed_request"]) == {"what": "failed"}
        assert ana.credits == 100


async def test_another_players_payment_is_nobody_elses(res):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana, bob = await enter(fake, server.port), await enter(fake, server.port, BOB)
        request = await ask(ana, "buy", "request", product="small")
        payment = await fake.payments.begin(ANA, f"http://127.0.0.1:{server.port}{request['url']}", 1, request["request_id"])
        paid = await fake.payments.finish(payment.id, tell=False)
        assert await refused(bob, "paid", signed_request=paid["signed_request"]) == "BAD_PARAMS"
        assert bob.credits == 100
        for forged in (paid["signed_request"][:-1], "A" * 43 + paid["signed_request"][43:], "", "x" * 16384):
            assert await refused(ana, "paid", signed_request=forged) == "BAD_PARAMS"
        assert ana.credits == 100


async def test_nobody_asks_for_more_than_a_few_purchases_a_minute(res, clock):
    store = MemoryStore(clock=clock)
    async with facebook(now=lambda: clock.now_ms() / 1000) as fake, open_casino(fake, res, store, clock) as server:
        ana = await enter(fake, server.port)
        ids = {(await ask(ana, "buy", "request", product="big"))["request_id"] for _ in range(20)}
        assert len(ids) == 20
        assert await refused(ana, "buy", product="big") == "RATE_LIMITED"
        clock.advance(61)
        await ask(ana, "buy", "request", product="big")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"what": "give"},
        {"what": ["status"]},
        {"what": "status", "more": 1},
        {"what": "manual_buy"},
        {"what": "manual_buy", "amount": 0},
        {"what": "manual_buy", "amount": -5},
        {"what": "manual_buy", "amount": True},
        {"what": "manual_buy", "amount": 1.0},
        {"what": "manual_buy", "amount": 2**63},
        {"what": "manual_buy", "amount": 1, "id": ""},
        {"what": "manual_buy", "amount": 1, "id": "a b"},
        {"what": "set_credits", "amount": -1},
        {"what": "buy"},
        {"what": "buy", "product": "gone"},
        {"what": "buy", "product": 1},
        {"what": "paid"},
        {"what": "paid", "signed_request": "a.b"},
        {"what": "paid", "signed_request": {}},
        {"what": "paid", "signed_request": "x" * 16385},
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused(res, message):
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await enter(fake, server.port)
        ana.send(t="component", which="fb_social", message=message)
        assert await ana.refused() == "BAD_PARAMS"
        assert ana.credits == 100


async def test_players_of_other_platforms_have_no_such_component(tmp_path):
    res = casino(tmp_path)
    site = {"id": "demo", "platform": "demo", "denomination": "credit", "games": [{"id": "joker-bingo"}]}
    (res / "local_sites" / "demo.json").write_text(json.dumps(site))
    async with facebook() as fake, open_casino(fake, res) as server:
        ana = await Player.log_in(server.port)
        assert ana.state["userdata"] == {}
        assert await refused(ana, "status") == "UNKNOWN_COMPONENT"
