"""Takes the pictures of the backoffice's console:

python -m tests.screenshots_console                 those of docs/screenshots
python -m tests.screenshots_console FOLDER [NAME…]  every page, or those named, whole, in both sizes and both themes, to look at
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from playwright.async_api import Browser, Page

from tests.browser import DESKTOP, PHONE, browser
from tests.console import Console, serving
from tests.office_databases import Databases
from tests.office_scene import Scene, build
from tests.png import write_small
from webingo.support.log import setup

DOCS = Path(__file__).parent.parent / "docs/screenshots"
SIZES: dict[str, Any] = {"desktop": DESKTOP, "phone": PHONE}
IN_DOCS = (
    "dashboard",
    "players",
    "player",
    "rounds",
    "round",
    "sites",
    "site-editor",
    "games",
    "jackpots",
    "adjustments",
    "audit",
)
IN_DOCS += ("staff", "sign-in", "purchases")
SMALL = 118_000
Steps = Callable[[Page], Awaitable[Any]]


@dataclass(frozen=True)
class Shot:
    """A page and what is done there before the picture. `who` is who looks at it; nobody is at the door. `below` is how many
    pixels further down the picture for the docs begins."""

    path: str
    steps: Steps | None = None
    who: str = "eva"
    below: int = 0


def opened(name: str) -> Steps:
    """Opens a dialog by the button that does."""

    async def open_it(page: Page) -> None:
        await page.locator(f'[data-dialog="{name}"]').first.click()
        await page.locator(f"dialog#{name}[open]").wait_for()

    return open_it


def filled(press: str, **values: str) -> Steps:
    """Types into fields and presses a button, which leads to another page."""

    async def fill_in(page: Page) -> None:
        for name, value in values.items():
            await page.locator(f'[name="{name.replace("__", ".")}"]').first.fill(value)
        async with page.expect_navigation():
            await page.locator(press).first.click()

    return fill_in


async def menu(page: Page) -> None:
    if await page.locator(".menu-button").is_visible():
        await page.locator(".menu-button").click()


async def told(page: Page) -> None:
    """Sends a form whose answer is a message at the top of the next page."""
    await page.evaluate("""() => {
      const form = document.querySelector(".side-end");
      form.action = "/findings/1/clear";
      form.requestSubmit();
    }""")
    await page.locator(".notice").first.wait_for()


async def refused(page: Page) -> None:
    """Decides what is decided already, as somebody does whose page is old."""
    await page.evaluate("""() => {
      const form = document.querySelector('dialog[id^="refuse-"] form');
      form.action = "/adjustments/1/refuse";
      form.querySelector("textarea").value = "too late";
    }""")
    async with page.expect_navigation():
        await page.evaluate("""() => document.querySelector('dialog[id^="refuse-"] form').requestSubmit()""")


def shots(scene: Scene) -> dict[str, Shot]:
    player = f"/players/demo/{scene.player}"
    buyer, edit = f"/players/facebook/{scene.buyer}", "/sites/demo/demo/edit"
    social = "/sites/facebook/social"
    return {
        "sign-in": Shot("/sign-in", who=""),
        "sign-in-wrong": Shot("/sign-in", filled("button.button-main", name="eva", password="not this one"), who=""),
        "password-first": Shot("/account/password", who="paulo"),
        "password": Shot("/account/password"),
        "dashboard": Shot("/"),
        "dashboard-viewer": Shot("/?denom=credit", who="audit-office"),
        "gaming-off": Shot("/", opened("gaming-off")),
        "menu": Shot("/players", menu),
        "players": Shot("/players"),
        "players-found": Shot("/players?q=ana"),
        "players-none": Shot("/players?q=zzz"),
        "players-blocked": Shot("/players?show=blocked"),
        "player": Shot(player),
        "player-ledger": Shot(player + "/ledger"),
        "player-rounds": Shot(player + "/rounds"),
        "player-sessions": Shot(player + "/sessions"),
        "player-log": Shot(player + "/log"),
        "player-blocked": Shot(f"/players/demo/{scene.blocked}"),
        "purchases": Shot(buyer),
        "purchases-ledger": Shot(buyer + "/ledger"),
        "block": Shot(player, opened("block")),
        "adjust": Shot(player, opened("adjust")),
        "flash": Shot("/", told),
        "adjustments": Shot("/adjustments"),
        "adjustments-waiting": Shot("/adjustments?state=waiting"),
        "approve": Shot("/adjustments", opened(f"approve-{scene.waiting}")),
        "rounds": Shot("/rounds"),
        "rounds-found": Shot("/rounds?game=joker-bingo&order=largest&site=demo:demo"),
        "rounds-wrong": Shot("/rounds?win=much"),
        "round": Shot(f"/rounds/{scene.slots}"),
        "round-bingo": Shot(f"/rounds/{scene.bingo}?step=1"),
        "round-proof": Shot(f"/rounds/{scene.bingo}?step=1&proof=true"),
        "round-begin": Shot(f"/rounds/{scene.slots}?step=0"),
        "sites": Shot("/sites"),
        "site": Shot("/sites/demo/demo"),
        "site-new": Shot("/sites/new"),
        "site-editor": Shot(edit, filled('[data-testid="review"]', games__0__settings__max_stake="80")),
        "site-editor-clean": Shot(edit),
        "social": Shot(social),
        "social-editor": Shot(social + "/edit"),
        "social-wrong": Shot(
            social + "/edit", filled('[data-testid="review"]', social__levels="500 250\n400", products__0__id="")
        ),
        "social-review": Shot(
            social + "/edit",
            filled('[data-testid="review"]', social__levels="400 250\n1500 900", products__0__price="0.89 USD"),
        ),
        "site-editor-json": Shot(edit, filled('[name="do"][value="json"]')),
        "site-review": Shot(edit, filled('[data-testid="review"]', games__0__settings__max_stake="500", title="Bingo demo")),
        "site-versions": Shot("/sites/demo/demo/versions"),
        "site-version": Shot("/sites/demo/demo/versions/4"),
        "games": Shot("/games"),
        "games-week": Shot("/games?span=7"),
        "game": Shot("/games/joker-bingo"),
        "game-outside": Shot("/games/bingo-75"),
        "jackpots": Shot("/jackpots"),
        "jackpot": Shot("/jackpots/demo/demo/jp_joker_bingo"),
        "audit": Shot("/audit"),
        "staff": Shot("/staff"),
        "staff-add": Shot("/staff", opened("add")),
        "account": Shot("/account"),
        "error-403": Shot("/staff", who="audit-office"),
        "error-404": Shot("/nothing/here"),
        "error-409": Shot("/adjustments", refused),
        "error-500": Shot("/broken"),
        "error-door": Shot("/sign-out", who=""),
    }


class Pictures:
    """A backoffice with a past, and a browser to look at it with."""

    def __init__(self, console: Console, scene: Scene, started: Browser) -> None:
        self._console, self._started = console, started
        self.scene = scene
        self._seats = {name: console.at_desk(scene.staff[name]) for name in ("eva", "paulo", "audit-office")}

    async def page(self, shot: Shot, size: str, theme: str) -> Page:
        options: dict[str, Any] = {"is_mobile": True, "has_touch": True} if size == "phone" else {}
        scheme: Any = theme
        context = await self._started.new_context(
            viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce", base_url=self._console.url, **options
        )
        page = await context.new_page()
        page.on("console", lambda said: print("!", shot.path, said.text) if "content security" in said.text.lower() else None)
        if shot.who:
            token = self._seats[shot.who].client.cookies["office"]
            await context.add_cookies([{"name": "office", "value": token, "url": self._console.url}])
        await page.goto(shot.path)
        if shot.steps:
            await shot.steps(page)
        return page


@contextlib.asynccontextmanager
async def pictures() -> AsyncIterator[Pictures]:
    with tempfile.TemporaryDirectory() as folder:
        database = Databases(Path(folder)).fresh("sqlite")
        scene = build(database)
        broken = APIRouter()
        broken.add_api_route("/broken", lambda: 1 // 0)
        with serving(database) as console:
            console.pages.include_router(broken)
            await _until_counted(console, scene.staff["eva"])
            async with browser() as started:
                yield Pictures(console, scene, started)
        database.close()


async def _until_counted(console: Console, staff_id: int) -> None:
    """The odds of the games are counted beside; the pictures are of the time after."""
    seat = console.at_desk(staff_id)
    await asyncio.to_thread(seat.get, "/games/joker-bingo")
    for _ in range(600):
        if "counting the odds" not in (await asyncio.to_thread(seat.get, "/games")).text:
            return
        await asyncio.sleep(0.2)


async def all_of(taken: Pictures, folder: Path, names: list[str]) -> None:
    for name, shot in shots(taken.scene).items():
        if names and name not in names:
            continue
        for size in SIZES:
            for theme in ("light", "dark"):
                page = await taken.page(shot, size, theme)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                if wide > SIZES[size]["width"]:
                    print(f"! {name} on a {size} is {wide} wide")
                await page.screenshot(
                    path=folder / f"{name}-{size}-{theme}.png", full_page=not await page.locator("dialog[open]").count()
                )
                await page.context.close()
        print(name)


async def for_docs(taken: Pictures) -> None:
    for name in IN_DOCS:
        for size in SIZES:
            file = DOCS / f"console-{name}{'-phone' if size == 'phone' else ''}.png"
            shot = shots(taken.scene)[name]
            page = await taken.page(shot, size, "light")
            await page.evaluate(f"scrollTo(0, {shot.below})")
            blank = await (await taken._started.new_context()).new_page()
            await write_small(blank, await page.screenshot(), file, SMALL)
            await blank.context.close()
            await page.context.close()
            print(f"{file.name} {file.stat().st_size // 1000} kB")


async def taken_by(folder: str, *names: str) -> None:
    async with pictures() as taken:
        await (all_of(taken, Path(folder), list(names)) if folder else for_docs(taken))


def main(folder: str = "", *names: str) -> None:
    setup("error", "console")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    asyncio.run(taken_by(folder, *names))


if __name__ == "__main__":
    main(*sys.argv[1:])
