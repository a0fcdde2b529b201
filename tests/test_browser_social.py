"""The social casino in a real browser, inside a Facebook of our own: another site around the lobby, no cookies, real HTTP."""

import json
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from tornado.ioloop import IOLoop

from tests.browser import PATIENCE_S, PHONE, one_browser, one_loop, tab
from tests.browser_social import House
from tests.social import casino
from webingo.user import User

expect.set_options(timeout=PATIENCE_S * 1000)

LEVELS = [{"spend": 8, "reward": 50}, {"spend": 5000, "reward": 100}]
BONUS = [10, 20, 50]
PICTURE = "/static/webingo-client/products/pouch.png"
PRODUCTS = [
    {"id": "small", "title": "A few", "credits": 500, "price": {"amount": "1.99", "currency": "USD"}, "image": PICTURE},
    {"id": "big", "title": "Many", "credits": 6000, "price": {"amount": "19.90", "currency": "USD"}},
]
_CUT = """() => {
  window.Working = window.WebSocket;
  window.WebSocket = class {
    constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); }
    close() {}
  };
  window.lastSocket.close();
}"""
_MEND = "() => { window.WebSocket = window.Working; }"

io_loop, chromium = one_loop, one_browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser, io_loop: IOLoop) -> Iterator[House]:
    res = casino(
        tmp_path_factory.mktemp("social"),
        title="The Club",
        social={"levels": LEVELS, "daily_bonus": BONUS, "allow_manual_credit": True},
        products=PRODUCTS,
        initial_credits=1000,
        flags={"autoplay": True},
    )
    shipped = json.loads((Path(__file__).parent.parent / "res/local_sites/demo.json").read_text())
    plain = {**shipped, "jackpots": [], "games": [{"id": "joker-bingo"}]}
    (res / "local_sites/demo.json").write_text(json.dumps(plain))
    house = House(res, chromium)
    io_loop.run_sync(house.start)
    yield house
    io_loop.run_sync(house.stop)
    shutil.rmtree(house.res)


async def test_a_stranger_says_yes_collects_plays_and_rises(house: House) -> None:
    ana = house.person()
    async with house.visit(ana, known=False) as game:
        await expect(game["welcome"]).to_contain_text("Welcome to The Club")
        await game["facebook-login"].click()
        await game.around("facebook-no").click()
        await expect(game["welcome-text"]).to_contain_text("You have not logged in.")
        await game["facebook-login"].click()
        await game.around("facebook-yes").click()
        await expect(game["bonus-dialog"]).to_contain_text("Today")
        await expect(game["strip-name"]).to_have_text(house.fake.people[ana].name)
        await expect(game["player"].locator("img")).to_have_js_property("complete", True)
        assert await game["player"].locator("img").evaluate("(picture) => picture.naturalWidth") > 0
        await game["bonus-collect"].click()
        await game.shows(1010)
        await expect(game["bonus-dialog"]).to_contain_text("The next present is ready in")
        await game["bonus-collect"].click()
        await expect(game["bonus-dialog"]).to_have_count(0)
        await expect(game["strip-bonus-note"]).to_contain_text("The next one in")
        await expect(game["strip-level"]).to_contain_text("Play 8 more for level 2: +50")
        await game["game-tile-joker-bingo"].click()
        await expect(game["level"]).to_have_text("Level 1")
        await game["play"].click()
        await expect(game["level-progress"]).to_have_attribute("aria-valuenow", "50")
        await expect(game["level-up"]).to_have_count(0)
        await game["play"].click()
        await expect(game["level-up"]).to_contain_text("Level 2")
        await expect(game["level-up-reward"]).to_have_text("+50")
        await game["level-up"].click()
        await expect(game["level-up"]).to_have_count(0)
        await expect(game["level"]).to_have_text("Level 2")
        await game["end"].click()
        await game.shows(await house.credits(ana))
        await game["level-badge"].click()
        await expect(game["level-spend"]).to_have_text("8")
        await expect(game["level-next"]).to_have_text("Play 4,992 more for level 3")


async def test_what_is_paid_comes_into_the_purse_and_what_is_refunded_leaves_it(house: House) -> None:
    ana = house.person()
    async with house.inside(ana) as game:
        await game["strip-shop"].dblclick()
        await expect(game["product-big"]).to_contain_text("+20 % more")
        await expect(game.around("facebook-dialog")).to_be_hidden()  # nothing is bought by the second half of a double click
        await game.pay("small", "cancel")
        await expect(game["shop-why"]).to_have_text("Nothing was bought.")
        await game.pay("small", "failed")
        await expect(game["shop-failed"]).to_contain_text("Nothing was paid")
        await game.shows(1000)
        await game["shop-failed-on"].click()
        await game.pay("big", "completed")
        await expect(game["shop-done"]).to_contain_text("6,000 credits are in your purse")
        await game.shows(7000)
        await game["shop-done-on"].click()
        await game["shop"].click()
        await game.pay("small", "initiated")
        await expect(game["shop-pending"]).to_contain_text("by themselves")
        await game.shows(7000)
        await expect(game["toast"]).to_have_count(0)
        await game.around("payment-finish").click()
        await game.shows(7500)
        # Seen above the dialog, too.
        await expect(game["shop-dialog"].get_by_test_id("toast")).to_contain_text("has come through: 500 credits")
        await game["shop-pending-on"].click()
        await game.around("payment-refund").nth(1).click()
        await game.shows(1500)
        await expect(game["toast"].last).to_have_text("!A payment was refunded: 6,000 credits have left your purse.×")
        assert await house.credits(ana) == 1500


async def test_a_payment_whose_confirmation_is_cut_off_is_confirmed_after_the_next_login(house: House) -> None:
    ana = house.person()
    deaf = house.fake.callbacks.pop("payments")
    try:
        async with house.inside(ana) as game:
            await game["strip-shop"].click()
            await game["product-small"].click()
            await expect(game.around("facebook-completed")).to_be_visible()
            await game.frame.evaluate(_CUT)
            await game.around("facebook-completed").click()
            await expect(game["shop-pending"]).to_be_visible()
            assert await house.credits(ana) == 1000
            await game.frame.evaluate(_MEND)
            await expect(game["toast"]).to_contain_text("Your payment has come through: 500 credits")
            await game.shows(1500)
    finally:
        house.fake.callbacks["payments"] = deaf


async def test_who_removes_the_application_is_logged_out_and_may_come_back(house: House) -> None:
    ana = house.person()
    async with house.inside(ana) as game:
        await game.around("remove-application").click()
        await expect(game["refused-dialog"]).to_contain_text("You are logged out")

        async def back() -> bool:
            return "games" in game.state

        game.state = {}
        await game["refused-dialog-0"].click()
        await game.around("facebook-yes").click()
        await game.until(back, "There is no login after the application was let in again")
        await expect(game["refused-dialog"]).to_have_count(0)
        await game.shows(1000)
        # A login that ends while Facebook still knows the player is renewed without a question.
        token = next(reversed(house.fake.tokens))
        house.fake.revoke(token)
        game.state = {}
        await house.server.store.revoke(User("facebook", ana), house.server.house.clock.now_ms())
        await game.until(back, "There is no new login")
        await expect(game["banner"]).to_be_hidden()
        await expect(game["refused-dialog"]).to_have_count(0)
        await game["game-tile-joker-bingo"].click()
        await expect(game["table"]).to_have_attribute("data-phase", "idle")


async def test_who_cant_be_let_in_at_the_moment_hears_why(house: House) -> None:
    house.fake.always = "broken"
    try:
        async with house.visit(house.person()) as game:
            await expect(game["banner"]).to_contain_text("Facebook can't be asked at the moment")
            house.fake.always = ""
            await expect(game["bonus-dialog"]).to_be_visible()
    finally:
        house.fake.always = ""


async def test_without_facebooks_script_the_page_says_so_and_tries_again(house: House) -> None:
    ana = house.person()
    async with AsyncExitStack() as stack:
        game = await stack.enter_async_context(house.visit(ana, known=False))
        context = game.page.context
        await context.route("**/sdk.js", lambda route: route.abort("blockedbyclient"))
        await game.page.reload()
        await expect(game["welcome-text"]).to_contain_text("An ad blocker or the network may be in the way")
        game.problems.clear()  # the browser's own word about the script
        await context.unroute("**/sdk.js")
        await game["facebook-login"].click()
        await expect(game["welcome-text"]).to_contain_text("Log in with Facebook")
        await game["facebook-login"].click()
        await game.around("facebook-yes").click()
        await expect(game["social-strip"]).to_be_visible()


async def test_a_phone_has_room_for_all_of_it_and_keys_reach_it(house: House) -> None:
    ana = house.person()
    async with house.visit(ana, size=PHONE) as game:
        await expect(game["bonus-collect"]).to_be_visible()
        await game["bonus-dialog-close"].click()
        for opener, dialog in (("strip-level", "level-dialog"), ("strip-bonus", "bonus-dialog"), ("strip-shop", "shop-dialog")):
            await game[opener].press("Enter")
            await expect(game[dialog]).to_be_visible()
            wide = await game.frame.evaluate(
                "[document.documentElement.scrollWidth, document.querySelector('dialog').scrollWidth]"
            )
            assert max(wide) <= PHONE["width"], (dialog, wide)
            await game.page.keyboard.press("Escape")
            await expect(game[dialog]).to_have_count(0)
        await game["game-tile-joker-bingo"].press("Enter")
        await expect(game["table"]).to_have_attribute("data-phase", "idle")
        assert await game.frame.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await game["shop"].press("Enter")
        await expect(game["shop-dialog"]).to_be_visible()


async def test_who_has_too_little_for_a_bet_is_led_to_the_shop(house: House) -> None:
    ana = house.person()
    async with house.inside(ana) as game:
        await game["strip-shop"].click()
        await game["give-amount"].fill("3")
        await game["give-set"].click()
        await game.shows(3)
        await game.page.keyboard.press("Escape")
        await game["game-tile-joker-bingo"].click()
        await game["play"].click()
        await expect(game["shop-why"]).to_have_text("Not enough credits for this bet.")


async def test_other_sites_look_as_if_there_were_no_social_casino(house: House) -> None:
    async with tab(house.browser, f"http://127.0.0.1:{house.port}/?uid=eva&site=demo") as page:
        await expect(page["credits"]).to_have_text("1,000")
        for hook in ("social-strip", "level-badge", "shop"):
            await expect(page[hook]).to_be_hidden()
        await page.enter()
        await expect(page["level-badge"]).to_be_hidden()


_WORKED_OUT = """async () => {
  const { daysAround, timeText } = await import("/static/webingo-client/js/views/social/bonus.js");
  const { Social } = await import("/static/webingo-client/js/social.js");
  const seen = (soc_level, soc_level_progress) => new Social({ state: { userdata: { soc_level, soc_level_progress } } });
  const untilDawn = (now_ms) => {
    const social = new Social({}, null, { ready() {} });
    social.receive("fb_social", { what: "status", daily_bonus: { available: false, next_ms: now_ms + 5000, now_ms } });
    return social.untilDawn;
  };
  const standing = (level, progress) => seen(level, progress).standing?.level;
  const { bargains, priceText } = await import("/static/webingo-client/js/views/social/shop.js");
  const days = [1, 2, 3];
  const shown = (bonus) => daysAround({ days, ...bonus }).map(({ day, amount }) => [day, amount]);
  const offer = (id, credits, amount, currency = "USD") => ({ id, credits, price: { amount, currency } });
  const gains = bargains([offer("a", 100, "1.00"), offer("b", 300, "2.00"), offer("c", 10, "1.00", "EUR")]);
  return {
    first: shown({ day: 1, amount: 1, available: true }),
    collected: shown({ day: 8, amount: 3, available: false }).map(([day]) => day),
    next: shown({ day: 8, amount: 3, available: true }).map(([day]) => day),
    alone: daysAround({ day: 4, amount: 9, available: true }),
    times: [[5 * 3600 + 12 * 60 + 30, 61, 9, -5].map((seconds) => timeText(seconds * 1000))],
    gains: [...gains],
    until: untilDawn(Date.now() + 4 * 86_400_000),
    standings: [standing(1, 0), standing(1, 1), standing(3, 1), standing()].map((level) => level ?? 0),
    prices: [priceText({ amount: "4.99", currency: "USD" }), priceText({ amount: "500", currency: "JPY" })],
  };
}"""


async def test_the_week_the_time_and_the_worth_of_offers_are_worked_out(house: House) -> None:
    async with tab(house.browser, f"http://127.0.0.1:{house.port}/?uid=fabio&site=demo") as page:
        found = await page.page.evaluate(_WORKED_OUT)
        assert found["first"] == [[1, 1], [2, 2], [3, 3], [4, 3], [5, 3], [6, 3], [7, 3]]
        # The week that is full stays until the next day has begun.
        assert found["collected"] == [1, 2, 3, 4, 5, 6, 7]
        assert found["next"] == [8, 9, 10, 11, 12, 13, 14]
        assert found["alone"] == [{"day": 4, "amount": 9}]
        assert found["times"] == [["5 h 12 min", "1 min 1 s", "9 s", "0 s"]]
        assert found["gains"] == [["a", 0], ["b", 0.5], ["c", 0]]
        assert 3000 < found["until"] <= 5000  # whatever the computer's own clock says
        assert found["standings"] == [1, 0, 3, 0]  # where everybody is through with the first level, there are none
        assert found["prices"] == ["$4.99", "¥500"]
