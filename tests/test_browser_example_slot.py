"""The example slot in a real browser: what it shows is what was booked, and no click or reload makes another round."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Browser, Page, expect

from examples.slot_over_rgs import STOPS, STRIPS, window, wins
from tests.browser import PATIENCE_S, PHONE, TELL_VIOLATIONS, Tab, one_browser, one_loop
from tests.rgs import Studio, studio
from tests.slot_over_rgs import Cut, Slot, Wire, wired
from webingo.rng import SystemRng
from webingo.transaction.memory_store import MemoryStore

expect.set_options(timeout=PATIENCE_S * 1000)

io_loop, chromium = one_loop, one_browser
DESKTOP = {"width": 1280, "height": 800}
LOSING = next((a, b, c) for a in range(STOPS) for b in range(STOPS) for c in range(STOPS) if not wins(window((a, b, c))))
MOONS = tuple(strip.index("M") for strip in STRIPS)
"""Three moons in the middle row."""


@pytest.fixture
def dealt(monkeypatch) -> list[int]:
    """The stops that come next; by chance where there are none."""
    stops, below = list[int](), SystemRng.below
    monkeypatch.setattr(SystemRng, "below", lambda self, n: stops.pop(0) if stops and n == STOPS else below(self, n))
    return stops


class Open(NamedTuple):
    page: Page
    tab: Tab
    made: Studio
    slot: Slot
    wire: Wire
    session: str

    def __getitem__(self, hook: str) -> Any:
        return self.page.get_by_test_id(hook)

    async def idle(self) -> None:
        await expect(self.page.locator("body")).to_have_attribute("data-phase", "idle")

    async def value(self, hook: str) -> int:
        return int(await self[hook].get_attribute("data-value") or -1)

    async def balance(self) -> int:
        """The house's."""
        return int((await self.made.call("player", session=self.session)).body["balance"])

    async def enter(self) -> None:
        await self.page.goto(f"{self.slot.url}/?session={self.session}")


@asynccontextmanager
async def opened(chromium: Browser, folder: Any, size: dict[str, int] = DESKTOP, **options: Any) -> AsyncIterator[Open]:
    async with studio(MemoryStore()) as made, wired(folder, made.server.port, made.key) as (slot, wire):
        context = await chromium.new_context(viewport=size, **options)
        try:
            page = await context.new_page()
            await page.add_init_script(TELL_VIOLATIONS)
            found = Open(page, Tab(page), made, slot, wire, await made.login())
            await found.enter()
            await found.idle()
            yield found
            assert found.tab.problems == []
        finally:
            await context.close()


async def test_a_spin_shows_what_was_booked_and_a_double_click_is_one(tmp_path, chromium: Browser, dealt) -> None:
    async with opened(chromium, tmp_path, reduced_motion="reduce") as at:
        assert await at.value("balance") == 10_000 and await at.value("bet") == 200
        dealt += MOONS
        await at["spin"].dblclick()
        await expect(at["win"]).to_have_attribute("data-value", "4000")
        await at.idle()
        assert (await at.value("balance"), await at.balance()) == (13_800, 13_800)
        symbols = "all => all.map((one) => one.dataset.symbol).join('')"
        assert [await reel.locator(".cell").evaluate_all(symbols) for reel in await at.page.locator(".reel").all()] == window(
            MOONS
        )
        assert await at.page.locator("#lines polyline").count() == len(wins(window(MOONS))) == 1
        assert await at.page.locator(".cell.is-lit").count() == 3
        await expect(at["said"]).to_have_text("Moon × 3: you win $40.00!")
        dealt += LOSING
        await at.page.locator("h1").click()
        await at.page.keyboard.press("Space")
        await expect(at["said"]).to_have_text("Nothing this time.")
        await at.idle()
        assert await at.value("balance") == await at.balance() == 13_600
        assert await at["played"].locator("li").count() == 2
        assert at.wire.paths.count("/rgs/escrow") == 2


async def test_the_reels_run_and_stop_where_the_house_says(tmp_path, chromium: Browser, dealt) -> None:
    async with opened(chromium, tmp_path) as at:
        dealt += LOSING
        await at["spin"].click()
        await expect(at.page.locator(".reel.is-running")).to_have_count(3)
        await at.idle()
        assert await at.page.locator(".cell").count() == 9
        assert await at.page.locator(".cell").first.get_attribute("data-symbol") == window(LOSING)[0][0]
        assert await at.value("win") == 0


async def test_a_page_that_is_loaded_anew_shows_the_end_of_the_spin_that_was_out(tmp_path, chromium: Browser, dealt) -> None:
    async with opened(chromium, tmp_path, reduced_motion="reduce") as at:
        at.wire.cut, at.wire.cuts = lambda: setattr(at.wire, "down", True), [Cut("/rgs/result", "before")]
        dealt += MOONS
        await at["spin"].click()
        await expect(at.page.locator("body")).to_have_attribute("data-phase", "spinning")
        while not at.wire.down:
            await at.page.wait_for_timeout(10)
        at.wire.down = False
        await at.enter()
        await at.idle()
        assert await at.value("win") == 4000 and await at.value("balance") == 13_800
        assert at.wire.paths.count("/rng/distribution") == 1


async def test_bets_are_chosen_and_the_table_pays_by_them(tmp_path, chromium: Browser) -> None:
    async with opened(chromium, tmp_path, reduced_motion="reduce") as at:
        first = at.page.locator("#pays li b").first
        await expect(first).to_have_text("$200.00")
        await at.page.get_by_label("Bet more").click()
        await expect(at["bet"]).to_have_text("$5.00")
        await expect(first).to_have_text("$500.00")
        assert await at.page.get_by_label("Bet more").is_disabled()
        await at.page.get_by_label("Bet less").click()
        await expect(at["bet"]).to_have_text("$2.00")
        assert "95.47%" in await at.page.locator("#facts").inner_text()


@pytest.mark.parametrize("size", [PHONE, {"width": 360, "height": 640}, {"width": 844, "height": 390}, DESKTOP], ids=str)
async def test_it_fits_the_screen_and_what_is_pressed_is_in_reach(tmp_path, chromium: Browser, size) -> None:
    async with opened(chromium, tmp_path, size, reduced_motion="reduce") as at:
        boxes = await at.page.evaluate(
            """() => [...document.querySelectorAll('.frame, #said, #spin, footer .meter, .bet button, h1')].map((one) => {
              const box = one.getBoundingClientRect();
              return [one.id || one.className || one.tagName, box.left, box.top, box.right, box.bottom];
            })"""
        )
        for name, left, top, right, bottom in boxes:
            assert left >= 0 and top >= 0 and right <= size["width"] and bottom <= size["height"], name
        over = {name: box for name, *box in boxes}
        assert over["said"][3] <= min(over["spin"][1], over["meter"][1]) or size["width"] > size["height"]
        if size["width"] < 1000:
            await at.page.get_by_role("button", name="What it pays").click()
            await expect(at.page.locator("#paytable")).to_be_in_viewport(ratio=0.9)
            await at.page.locator("#paytable .close").click()
            await expect(at.page.locator("#paytable")).not_to_be_visible()


async def test_whose_session_is_over_is_told(tmp_path, chromium: Browser) -> None:
    async with opened(chromium, tmp_path, reduced_motion="reduce") as at:
        at.tab.problems.clear()
        await at.page.goto(f"{at.slot.url}/?session=00-nobody")
        await expect(at["stop"]).to_contain_text("Your session has ended")
        assert at.tab.problems and all("401" in problem for problem in at.tab.problems)
        at.tab.problems.clear()
