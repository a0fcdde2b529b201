"""Takes the pictures of docs/screenshots from a running server: python -m tests.screenshots

The balls and the stops of the reels are chosen, so that the pictures show what they are meant to show, and the same each time.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, Page

from tests.browser import DESKTOP, PHONE, browser
from tests.conftest import settings
from tests.png import write_small
from webingo.engines.engine import Action, GameState
from webingo.resources.game import Game
from webingo.rng import SystemRng
from webingo.server.app import Server
from webingo.support.log import setup
from webingo.transaction.memory_store import MemoryStore

FOLDER = Path(__file__).parent.parent / "docs/screenshots"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
T = TypeVar("T")


class Dealer(SystemRng):
    """Deals the same cards every time, and first those balls that it was told to."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self.first: list[int] = []
        self.stops: list[int] = []

    def below(self, n: int) -> int:
        """For slots: first the stops that it was told."""
        return self.stops.pop(0) if self.stops else self._random.randrange(n)

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        chosen: list[Any] = [ball for ball in self.first if ball in items][:k]
        rest = [item for item in items if item not in chosen]
        drawn = chosen + self._random.sample(rest, k - len(chosen))
        self._random.shuffle(drawn)
        self.first = []
        return drawn


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server(settings())
    await server.start(MemoryStore())
    try:
        yield server
    finally:
        await server.stop()


async def open_page(browser: Browser, size: str, address: str, **options: Any) -> Page:
    context = await browser.new_context(viewport=SIZES[size], is_mobile=size == "phone", has_touch=size == "phone", **options)
    page = await context.new_page()
    await page.goto(address)
    return page


async def enter(page: Page, dealer: Dealer, game: str, pictures: dict[int, str]) -> None:
    """Sits down and has the balls chosen that complete a picture on each of some cards."""
    await page.get_by_test_id(f"game-tile-{game}").click()
    await page.locator("[data-testid=table]").wait_for()
    for card, picture in pictures.items():
        numbers = [
            int(number)
            for number in await page.locator(f"[data-testid=card-{card}] [data-number]").evaluate_all(
                "all => all.map(each => each.dataset.number)"
            )
        ]
        dealer.first += [number for number, cell in zip(numbers, picture, strict=True) if cell == "x"]


async def take(page: Page, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    await page.evaluate("document.fonts.ready")
    await write_small(page, await page.screenshot(), FOLDER / f"{name}.png")
    print(f"{name}.png {(FOLDER / f'{name}.png').stat().st_size // 1000} kB")


async def lobby(browser: Browser, base: str, size: str) -> None:
    page = await open_page(browser, size, f"{base}/?uid=Ana", reduced_motion="reduce")
    await page.get_by_test_id("lobby").wait_for()
    await page.get_by_test_id("game-tile-joker-bingo").wait_for()
    await take(page, f"lobby-{size}")
    await page.context.close()


async def table(browser: Browser, base: str, size: str, dealer: Dealer) -> None:
    page = await open_page(browser, size, f"{base}/?uid=Ana-{size}", reduced_motion="reduce")
    await enter(page, dealer, "joker-bingo", {0: "xxxxx..x....x.."})
    for _ in range(2):
        await page.get_by_test_id("stake-up").click()
    await page.get_by_test_id("play").click()
    await page.locator("[data-testid=table][data-phase=game]").wait_for()
    if await page.locator("[data-testid=extra]:not([aria-disabled])").count():
        await page.get_by_test_id("extra").click()
        await page.locator("[data-testid=ball]").nth(30).wait_for()
        await page.locator("[data-testid=table][data-phase=game]").wait_for()
    await take(page, f"table-{size}")
    await page.context.close()


async def big_win(browser: Browser, base: str, dealer: Dealer) -> None:
    page = await open_page(browser, "desktop", "about:blank")
    # The page's own time, so that a slow machine does not see the coins elsewhere.
    await page.clock.install()
    await page.goto(f"{base}/?uid=Bia")
    await enter(page, dealer, "joker-bingo", {1: "xxxxxx...xxxxxx"})
    await page.get_by_test_id("play").click()
    await page.locator("[data-testid=table][data-phase=drawing]").wait_for()
    await page.clock.pause_at(datetime.fromtimestamp(await page.evaluate("Date.now()") / 1000 + 0.2, UTC))
    await page.get_by_test_id("skip").click()
    await page.get_by_test_id("big-win").wait_for()
    # The amount has been counted up then, and the coins are in the air.
    await page.clock.run_for(1800)
    await page.wait_for_timeout(700)
    await take(page, "bigwin-desktop")
    await page.context.close()


def stops(game: Game, wanted: Callable[[dict[str, Any]], bool], seed: int = 1) -> list[int]:
    """Numbers with which a spin at the highest number of lines comes to what is wanted."""
    engine, dealer = game.engine, Dealer(seed)
    step = engine.start(dealer)
    params = {"bet": step.data["bets"][0]} | ({"lines": step.data["line_choices"][-1]} if step.data["line_choices"] else {})
    state = GameState("", step.name, step.data, step.actions, step.private)
    for _ in range(100_000):
        told = [dealer.below(2**30) for _ in range(8)]
        rng = Modulo(told)
        if wanted(engine.apply(state, Action("spin", params), rng).data):
            return rng.used
    raise AssertionError(f"{game.manifest.id} never comes to what is wanted")


class Modulo(Dealer):
    """Draws the given numbers, each brought into its range, and keeps what came of them."""

    def __init__(self, told: list[int]) -> None:
        super().__init__(seed=0)
        self.stops = told
        self.used: list[int] = []

    def below(self, n: int) -> int:
        self.used.append(super().below(n) % n)
        return self.used[-1]


def handsome(data: dict[str, Any]) -> bool:
    """A win on several lines, one of them long, and no feature."""
    wins = data["spin"]["wins"]
    return (
        3 <= len(wins) <= 5
        and any(win["count"] >= 4 for win in wins)
        and not data["feature"]
        and data["win"] < 12 * data["stake"]
    )


def bonus(data: dict[str, Any]) -> bool:
    return bool(data["feature"]) and data["feature"]["type"] == "free_spins"


async def slots(browser: Browser, base: str, size: str, dealer: Dealer, game: Game) -> None:
    page = await open_page(browser, size, f"{base}/?uid=Caio-{size}", reduced_motion="reduce")
    await page.get_by_test_id(f"game-tile-{game.manifest.id}").click()
    await page.locator("[data-testid=table][data-phase=idle]").wait_for()
    await page.locator(".pays-row").first.wait_for()
    dealer.stops = stops(game, handsome)
    await page.get_by_test_id("play").click()
    await page.locator("[data-testid=table]:not([data-phase=spinning]) .win-frame").first.wait_for()
    await take(page, f"slots-{size}")
    if size == "desktop":
        await page.get_by_test_id("gamble").click()
        dealer.stops = [0]
        await page.get_by_test_id("gamble-double_up-red").click()
        await page.locator("[data-testid=gamble-card].is-won").wait_for()
        await take(page, "slots-gamble")
        await page.locator("[data-testid=table][data-phase=won]").wait_for()
        await page.get_by_test_id("gamble-collect").click()
        await page.locator("[data-testid=table][data-phase=idle]").wait_for()
        dealer.stops = stops(game, bonus)
        await page.get_by_test_id("play").click()
        await page.get_by_test_id("start-feature").click()
        dealer.stops = [*stops(game, handsome, seed=4)]
        await page.locator("[data-mode=free] .win-frame").first.wait_for()
        await take(page, "slots-freespins")
    await page.context.close()


async def rules(browser: Browser, base: str, size: str) -> None:
    page = await open_page(browser, size, f"{base}/games/joker-bingo/rules")
    await take(page, f"rules-{size}")
    await page.context.close()


async def main() -> None:
    setup("warning", "console")
    async with serving() as server, browser() as started:
        dealer = Dealer(seed=20)
        server.house.rng = dealer
        base = f"http://127.0.0.1:{server.port}"
        for size in SIZES:
            await lobby(started, base, size)
            await table(started, base, size, dealer)
            await rules(started, base, size)
            await slots(started, base, size, dealer, server.house.resources.built["atkins-diet"])
        await big_win(started, base, dealer)


if __name__ == "__main__":
    asyncio.run(main())
