"""Jackpots in a real browser: meters that rise smoothly and never tell too much, a win of one's own, a win of somebody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser import PATIENCE_S, PHONE, House, Tab, one_browser, one_loop
from tests.player import Player

expect.set_options(timeout=PATIENCE_S * 1000)

# Fairground Sevens' reels at these numbers show three horseshoes in the middle row.
HORSESHOES = [0, 0, 0]
JOKER, BIG_TOP, DROP = "jp_joker_bingo", "jp_fairground", "jp_lucky_drop"

# What is pushed and what is shown, in the order in which it happens.
_WATCH = """(id) => {
  window.told = [];
  window.lastSocket.addEventListener("message", ({ data }) => {
    const { t, which, message } = JSON.parse(data);
    const news = t === "component" && which === "jackpot" && message.what === "value" && message.id === id;
    if (news) window.told.push(["pushed", message.value]);
  });
  const meter = document.querySelector(`[data-testid="jackpot-value-${id}"]`);
  new MutationObserver(() => window.told.push(["shown", Number(meter.dataset.value)])).observe(meter, { attributes: true });
}"""


io_loop, chromium = one_loop, one_browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("jackpots"), chromium)
    house.server.start()
    yield house
    house.server.stop()


async def value(page: Tab, jackpot: str) -> int:
    """What a meter shows, in storage units."""
    return int(await page[f"jackpot-value-{jackpot}"].get_attribute("data-value") or -1)


async def told(page: Tab) -> list[tuple[str, int]]:
    return [(what, amount) for what, amount in await page.page.evaluate("window.told")]


async def win(page: Tab) -> None:
    """Spins three horseshoes. The site is in test mode."""
    await page.send({"t": "component", "which": "test", "message": {"force": HORSESHOES}})
    await page["play"].click()


async def test_the_lobby_shows_what_can_be_won_and_the_tables_what_is_theirs(house: House) -> None:
    async with house.visit("ana") as page:
        for jackpot, title in ((JOKER, "Joker's Pot"), (BIG_TOP, "Big Top"), (DROP, "Lucky Drop")):
            await expect(page[f"jackpot-{jackpot}"]).to_contain_text(title)
        await expect(page[f"jackpot-{JOKER}"]).to_contain_text("10,000")
        await expect(page[f"jackpot-{DROP}"]).to_contain_text("Must drop before 500")
        await expect(page["tile-jackpot-joker-bingo"]).to_contain_text("10,000")
        await expect(page["tile-jackpot-bingo-75"]).to_be_hidden()
        await page.enter("joker-bingo")
        await expect(page["jackpot-strip"].get_by_role("button")).to_have_count(2)
        await expect(page[f"jackpot-{BIG_TOP}"]).to_have_count(0)
        await page[f"jackpot-{JOKER}"].click()
        await expect(page["jackpot-dialog"]).to_contain_text("1 in 355,175.1 rounds does.")
        await page.page.keyboard.press("Escape")
        await page["rules"].click()
        await expect(page["rules-dialog"]).to_contain_text("is without this jackpot")
    async with house.visit("ana", site="demo-brl") as page:
        await expect(page[f"jackpot-{JOKER}"]).to_contain_text("R$ 500.00")


async def test_a_meter_rises_smoothly_and_is_never_ahead_of_the_truth(house: House) -> None:
    async with house.visit("bia", motion=True) as page:
        await expect(page[f"jackpot-{JOKER}"]).to_contain_text("10,0")
        await page.page.evaluate(_WATCH, JOKER)
        player = await Player.log_in(house.server.port, "feeder")
        await player.load()
        begun = await value(page, JOKER)
        for _ in range(3):
            await player.bet(40)
        await player.leave()

        async def there() -> bool:
            return await value(page, JOKER) == begun + 3 * 400

        await page.until(there, "The meter does not come to what was contributed")
        events = await told(page)
        shown = [amount for what, amount in events if what == "shown"]
        assert shown == sorted(shown)
        assert len(set(shown) - {amount for what, amount in events if what == "pushed"}) > 1, "it jumps"
        truth = begun
        for what, amount in events:
            truth = max(truth, amount) if what == "pushed" else truth
            assert amount <= truth
        assert truth == begun + 1200


async def test_who_wants_no_motion_sees_the_values_that_were_pushed_and_no_others(house: House) -> None:
    async with house.visit("caio") as page:
        await expect(page[f"jackpot-{JOKER}"]).to_contain_text("10,0")
        await page.page.evaluate(_WATCH, JOKER)
        begun = await value(page, JOKER)
        player = await Player.log_in(house.server.port, "feeder2")
        await player.load()
        await player.bet(40)
        await player.leave()

        async def there() -> bool:
            return await value(page, JOKER) == begun + 400

        await page.until(there, "The meter does not come to what was contributed")
        events = await told(page)
        assert {amount for what, amount in events if what == "shown"} <= {amount for what, amount in events if what == "pushed"}


async def test_a_win_is_celebrated_after_the_reels_have_told_it_and_everybody_hears_of_it(house: House) -> None:
    async with (
        house.visit("duda", motion=True) as winner,
        house.visit("eva") as other,
        house.visit("fabi", size=PHONE) as third,
    ):
        await winner["game-tile-fairground-sevens"].click()
        await third["game-tile-fairground-sevens"].click()
        await expect(winner["table"]).to_have_attribute("data-phase", "idle")
        await expect(winner[f"jackpot-value-{BIG_TOP}"]).to_be_visible()
        assert await value(winner, BIG_TOP) == 1_000_000
        before = await house.credits("duda")
        await win(winner)
        # Others hear of it at once. While the reels still turn the player sees nothing of it, neither in the purse nor at the
        # meter.
        await expect(other[f"jackpot-{BIG_TOP}"]).to_have_class(r"plaque is-game is-won")
        await expect(other[f"jackpot-{BIG_TOP}"]).to_contain_text("Won! 1,000")
        await expect(winner["table"]).to_have_attribute("data-phase", "spinning")
        assert int(await winner["credits"].get_attribute("data-value") or 0) == before - 5
        assert await value(winner, BIG_TOP) >= 1_000_000
        await expect(winner["jackpot-win"]).to_have_count(0)
        await expect(third[f"jackpot-{BIG_TOP}"]).to_contain_text("Won! 1,000")
        await expect(winner["jackpot-win"]).to_be_visible()
        await expect(winner["jackpot-win"]).to_contain_text("Big Top")
        await expect(winner["jackpot-win"].get_by_text("1,000")).to_be_visible()
        await winner["jackpot-win-on"].click()
        await expect(winner["jackpot-win"]).to_have_count(0)
        won = winner.state["gamestate"]["data"]["win"]
        assert winner.state["gamestate"]["data"]["jackpots"] == [{"name": "horseshoes", "id": BIG_TOP, "won": True}]
        if "collect" in winner.state["gamestate"]["actions"]:
            await winner["collect"].click()

        async def paid() -> bool:
            return await house.credits("duda") == before - 5 + won + 1000 == winner.state["wallet"]["credits"]

        await winner.until(paid, "The jackpot is not in the purse")
        await expect(winner["credits"]).to_have_text(f"{before - 5 + won + 1000:,}")
        # What the wager contributed beyond whole credits stays in the next run.
        assert await value(other, BIG_TOP) == 1_000_050
        await third.fits()


async def test_after_a_lost_connection_the_meters_go_on(house: House) -> None:
    async with house.visit("gil") as page:
        await expect(page[f"jackpot-{JOKER}"]).to_contain_text("10,0")
        begun = await value(page, JOKER)
        house.server.kill()
        await expect(page["banner"]).to_be_visible()
        house.server.start()
        await expect(page["banner"]).to_be_hidden()
        player = await Player.log_in(house.server.port, "feeder3")
        await player.load()
        await player.bet(4)
        await player.leave()

        async def there() -> bool:
            return await value(page, JOKER) == begun + 40

        await page.until(there, "The meter stands still")


SCREENS = PHONE, {"width": 320, "height": 568}, {"width": 844, "height": 390}


@pytest.mark.parametrize("game", ["joker-bingo", "fairground-sevens"])
async def test_meters_have_room_on_every_screen(house: House, game: str) -> None:
    async with house.visit(f"hugo-{game}", size=PHONE) as page:
        await expect(page[f"jackpot-value-{JOKER}"]).to_contain_text("10,0")
        for size in SCREENS:
            await page.page.set_viewport_size(size)  # type: ignore[arg-type]
            await page.fits()
        await page.enter(game) if game == "joker-bingo" else await page[f"game-tile-{game}"].click()
        shown: Any = page[f"jackpot-value-{JOKER if game == 'joker-bingo' else BIG_TOP}"]
        await expect(page["table"]).to_have_attribute("data-phase", "idle")  # before that it is drawn anew
        await expect(shown).to_be_visible()
        for size in SCREENS:
            await page.page.set_viewport_size(size)  # type: ignore[arg-type]
            await page.fits()
            box, play = await shown.bounding_box(), await page["play"].bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
            assert play and play["y"] + play["height"] <= size["height"]
