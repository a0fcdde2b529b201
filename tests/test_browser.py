"""The client in a real browser, on a real server: what players see is what the server has, whatever happens on the way."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser import PATIENCE_S, PHONE, House, Tab, one_browser, one_loop
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import User

expect.set_options(timeout=PATIENCE_S * 1000)


io_loop, chromium = one_loop, one_browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("browser"), chromium)
    house.server.start()
    yield house
    house.server.stop()


@pytest.fixture
def own_house(tmp_path: Path, chromium: Browser) -> Iterator[House]:
    """For tests that stop the server."""
    house = House(tmp_path, chromium)
    house.server.start()
    yield house
    house.server.stop()


async def test_three_rounds_with_an_extra_ball_each_show_what_the_server_has(house: House) -> None:
    async with house.visit("ana", motion=True) as page:
        await expect(page["credits"]).to_have_text("1,000")
        await page.enter()
        await page.bet(skip=False)
        for _ in range(3):
            await page.bet_until_extra()
            await page.buy_extra()
            assert (await page.seen())["credits"] == await house.credits("ana")
        won = page.state["gamestate"]["data"]["total_winnings"]
        before = await house.credits("ana")
        await page["end"].click()
        await expect(page["table"]).to_have_attribute("data-phase", "idle")
        await page.settled()
        assert await house.credits("ana") == before + won == page.state["wallet"]["credits"]
        await expect(page["credits"]).to_have_text(f"{before + won:,}")


async def test_a_reload_in_the_middle_of_a_round_goes_on_with_it(house: House) -> None:
    async with house.visit("bia") as page:
        await page.enter()
        await page["stake-up"].click()
        await page.bet_until_extra()
        place = await page["ball"].first.bounding_box()
        await page.buy_extra()
        assert await page["ball"].first.bounding_box() == place, "an extra ball moves the others"
        before = await page.seen()
        await page.page.reload()
        await page.settled(skip=False)
        after = await page.seen()
        # The session's account begins anew with each login.
        assert after == {**before, "net": 0}
        if "extra" in page.state["gamestate"]["actions"]:
            await page.buy_extra()
        await page.bet()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_lost_server_is_announced_and_the_round_goes_on_when_it_is_back(own_house: House, how: signal.Signals) -> None:
    server = own_house.server
    async with own_house.visit("caio") as page:
        await page.enter()
        await page.bet_until_extra()
        before, sid = await page.seen(), page.state["gamestate"]["id"]
        await expect(page["banner"]).to_be_hidden()
        if how == signal.SIGTERM:
            assert server.stop() == 0
        else:
            server.kill()
        await expect(page["banner"]).to_be_visible()
        await expect(page["play"]).to_have_attribute("aria-disabled", "true")
        # What was there stays on the table meanwhile.
        assert (await page.seen())["balls"] == before["balls"]
        server.start()
        await expect(page["banner"]).to_be_hidden()
        await page.settled()
        assert page.state["gamestate"]["id"] == sid
        assert await page.seen() == {**before, "net": 0}
        await page.buy_extra()
        await page.bet()
        assert await own_house.credits("caio") == (await page.seen())["credits"]


async def test_a_second_tab_takes_the_table_over_and_the_first_can_take_it_back(house: House) -> None:
    async with house.visit("duda") as first:
        await first.enter()
        await first.bet()
        second = Tab(await first.page.context.new_page())
        await second.page.goto(house.address("duda"))
        await second.settled()
        assert (await second.seen())["balls"] == (await first.seen())["balls"]
        await expect(first["replaced-dialog"]).to_be_visible()
        await first.page.keyboard.press("Escape")
        await expect(first["replaced-dialog"]).to_be_visible()
        await second.bet()
        await first.page.bring_to_front()
        await first["replaced-dialog-0"].click()
        await expect(second["replaced-dialog"]).to_be_visible()
        await first.settled()
        assert (await first.seen())["balls"] == (await second.seen())["balls"]
        await first.bet()
        assert second.problems == []


async def test_everything_can_be_played_by_keyboard(house: House) -> None:
    async with house.visit("eva") as page:
        keys = page.page.keyboard

        def press(key: str) -> Any:
            return lambda: keys.press(key)

        await expect(page["game-tile-joker-bingo"]).to_be_visible()
        for _ in range(20):
            if await page.page.evaluate("document.activeElement?.dataset.testid === 'game-tile-joker-bingo'"):
                break
            await keys.press("Tab")
        await keys.press("Enter")
        await expect(page["table"]).to_have_attribute("data-phase", "idle")

        cards = (await page.seen())["cards"]
        await keys.press("c")
        await page.until(lambda: _changed(page, "cards", cards), "C deals no new cards")
        await keys.press("2")
        await expect(page["card-1"]).to_have_attribute("data-open", "false")
        await keys.press("ArrowUp")
        await expect(page["stake"]).to_have_attribute("data-value", "6")
        await keys.press("ArrowUp")
        await keys.press("ArrowDown")
        await expect(page["stake"]).to_have_attribute("data-value", "6")

        await page.bet(press("Space"))
        while "extra" not in page.state["gamestate"]["actions"]:
            await page.bet(press("Enter"))
        assert page.state["gamestate"]["data"]["stake"] == 6
        await page.buy_extra(press("e"))
        await keys.press("f")
        await expect(page["table"]).to_have_attribute("data-phase", "idle")

        for key, dialog in (("r", "rules-dialog"), ("?", "help-dialog")):
            await keys.press(key)
            await expect(page[dialog]).to_be_visible()
            await keys.press("Escape")
            await expect(page[dialog]).to_have_count(0)
        await keys.press("m")
        await expect(page["sound"]).to_have_attribute("aria-pressed", "true")
        await keys.press("Escape")
        await expect(page["lobby"]).to_be_visible()
        assert await house.credits("eva") == (await page.seen())["credits"]


async def _changed(page: Tab, name: str, before: Any) -> bool:
    return bool((await page.seen())[name] != before)


async def test_a_bet_that_the_wallet_does_not_hold_is_refused_with_a_message(house: House) -> None:
    async with house.visit("fabio") as page:
        await page.enter()
        async with house.store() as store:
            wallet = WalletId(User("demo", "fabio"), "credit")
            await store.post(Posting("drain", wallet, "adjustment", -997, "", 1))
            # The page hears of it although the money moved elsewhere.
            await expect(page["credits"]).to_have_attribute("data-value", "3")
            await page["play"].click()
            await expect(page["toast"]).to_contain_text("credit")
            await page.settled()
            assert (await page.seen())["phase"] == "idle"
            assert (await store.funds(wallet)).balance == 3
            await store.post(Posting("gift", wallet, "gift", 500, "", 1))
        await expect(page["credits"]).to_have_attribute("data-value", "503")
        await page.bet()


async def test_whoever_wants_no_motion_sees_none(house: House) -> None:
    moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
    async with house.visit("gabi") as page:
        await page.enter()
        for _ in range(3):
            await page.bet(skip=False)
            assert await page.page.evaluate(moving) == 0
            await expect(page["credits"]).to_have_text(f"{page.state['wallet']['credits']:,}", timeout=200)
        await page.page.emulate_media(reduced_motion="no-preference")
        await page["play"].click()
        await expect(page["table"]).to_have_attribute("data-phase", "drawing")
        await page.until(lambda: page.page.evaluate(f"{moving} > 0"), "Nothing moves in a draw")
        await page.settled(skip=False)


async def test_the_rules_name_every_prize_with_its_odds(house: House) -> None:
    async with house.visit("hugo") as page:
        response = await page.page.request.get(
            f"http://127.0.0.1:{house.server.port}/games/joker-bingo/rules", headers={"Accept": "application/json"}
        )
        rules = await response.json()
        await page.enter()
        await page["rules"].click()
        text = " ".join((await page["rules-dialog"].inner_text()).split())
        for pay in rules["pays"]:
            assert f"{pay['title']} {pay['pay']:,} × {pay['odds']}" in text
        assert f"{100 * rules['rtp']:.2f}".rstrip("0") + " %" in text
        for step in rules["how_to_play"]:
            assert step in text
        await page["rules-dialog-close"].click()
        await expect(page["rules-dialog"]).to_have_count(0)


async def test_a_site_in_reais_shows_money_with_its_cents(house: House) -> None:
    def reais(amount: int) -> str:
        return f"R$ {amount / 100:,.2f}"

    async with house.visit("iris", site="demo-brl") as page:
        await expect(page["credits"]).to_have_text("R$ 100.00")
        await page.enter()
        await expect(page["stake"]).to_have_text("R$ 0.20")
        await page.bet_until_extra()
        data = page.state["gamestate"]["data"]
        await expect(page["credits"]).to_have_text(reais(page.state["wallet"]["credits"]))
        await expect(page["total-win"]).to_have_text(reais(data["total_winnings"]))
        await expect(page["extra"]).to_contain_text(reais(data["extra_cost"]))
        assert await house.credits("iris", "BRL") == (await page.seen())["credits"]


@pytest.mark.parametrize(("game", "site"), [("joker-bingo", "demo"), ("bingo-75", "demo-brl")])
async def test_a_phone_needs_no_sideways_scrolling_and_reaches_every_button(house: House, game: str, site: str) -> None:
    async with house.visit("joao", site=site, size=PHONE, has_touch=True, is_mobile=True) as page:
        await expect(page[f"game-tile-{game}"]).to_be_visible()
        await page.fits()
        await page.enter(game)
        await page.fits()
        await page["card-0"].get_by_role("button").tap()
        await expect(page["card-0"]).to_have_attribute("data-open", "false")
        await page["card-0"].tap()  # anywhere on a closed card
        await expect(page["card-0"]).to_have_attribute("data-open", "true")
        await page["card-1"].get_by_role("button").tap()
        await expect(page["card-1"]).to_have_attribute("data-open", "false")
        await page.bet(page["play"].tap)
        await page.fits()
        for hook in ("play", "extra", "end", "stake-up", "stake-down", "back", "rules", "help", "sound"):
            box = await page[hook].bounding_box()
            assert box is not None and box["x"] >= 0 and box["y"] >= 0, (hook, box)
            assert box["x"] + box["width"] <= PHONE["width"] and box["y"] + box["height"] <= PHONE["height"], (hook, box)
            assert min(box["width"], box["height"]) >= 38, (hook, box)
        await page["rules"].tap()
        await expect(page["rules-dialog"]).to_be_visible()
        await page.fits()
        await page.page.goto(f"http://127.0.0.1:{house.server.port}/games/{game}/rules")
        await page.fits()
