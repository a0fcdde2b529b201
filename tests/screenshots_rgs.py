"""Takes the pictures of the example slot: python -m tests.screenshots_rgs

The stops of the reels are chosen, so that the pictures show what they are meant to show, and the same each time.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path
from unittest import mock

from playwright.async_api import Browser, Page

from examples.slot_over_rgs import STOPS, STRIPS, WILD, window, wins
from tests.browser import PHONE, browser
from tests.png import write_small
from tests.rgs import studio
from tests.screenshots import FOLDER
from tests.slot_over_rgs import Slot, running
from webingo.rng import SystemRng
from webingo.support.log import setup
from webingo.transaction.memory_store import MemoryStore

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": PHONE}


def handsome() -> tuple[int, ...]:
    """Stops of a win on two lines with a lantern and a wild, and with as many symbols to be seen as can be."""

    def beauty(stops: tuple[int, ...]) -> tuple[int, int]:
        seen, paid = window(stops), wins(window(stops))
        fits = (
            len(paid) == 2
            and sum(win.times for win in paid) < 75
            and {win.symbol for win in paid} >= {"L"}
            and WILD in "".join(seen)
        )
        return (len(set("".join(seen))) if fits else 0, sum(win.times for win in paid))

    return max(product(range(STOPS), repeat=len(STRIPS)), key=beauty)


async def played(browser: Browser, slot: Slot, session: str, size: str, stops: list[int]) -> Page:
    context = await browser.new_context(viewport=SIZES[size], is_mobile=size == "phone", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{slot.url}/?session={session}")
    for number, told in enumerate(((3, 9, 20), (8, 1, 5), (14, 22, 2), handsome())):
        stops += told
        await page.get_by_test_id("spin").click()
        await page.locator("#played li").nth(number).wait_for(state="attached")
        await page.locator("body[data-phase=idle]").wait_for()
    return page


async def main() -> None:
    setup("warning", "console")
    stops, below = list[int](), SystemRng.below

    def dealt(self: SystemRng, n: int) -> int:
        return stops.pop(0) if stops and n == STOPS else below(self, n)

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(mock.patch.object(SystemRng, "below", dealt))
        made = await stack.enter_async_context(studio(MemoryStore()))
        slot = await stack.enter_async_context(running(folder, made.server.port, made.key))
        started = await stack.enter_async_context(browser())
        for size in SIZES:
            page = await played(started, slot, await made.login(f"ana-{size}"), size, stops)
            file = FOLDER / f"rgs-slot-{size}.png"
            await write_small(page, await page.screenshot(), file)
            print(f"{file.name} {file.stat().st_size // 1000} kB")
            await page.context.close()


if __name__ == "__main__":
    asyncio.run(main())
