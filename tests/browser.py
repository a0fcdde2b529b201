"""Chromium for tests: where it comes from, and a tab with the lobby in it, seen through the client's data-testid hooks."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, WebSocket, async_playwright, expect
from tornado.ioloop import IOLoop

from tests.conftest import open_store
from tests.packages import program
from tests.processes import ServerProcess
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.transaction import WalletId
from webingo.user import User

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_S = 20

# A sandbox needs rights that containers don't give; the rest keeps Chromium from calling home.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`violates the content policy: ${event.violatedDirective} ${event.blockedURI}`))"""

# For what a page never says by itself, as testers do who force outcomes.
_KEEP_SOCKET = """window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    window.lastSocket = this;
  }
}"""

# All in one go, so that nothing changes between two looks.
_SEEN = """() => {
  const one = (id) => document.querySelector(`[data-testid="${id}"]`);
  const value = (id) => Number(one(id)?.dataset.value);
  const cards = [...document.querySelectorAll('[data-testid^="card-"]')];
  return {
    phase: one("table")?.dataset.phase ?? "",
    credits: value("credits"),
    net: value("session-net"),
    win: value("total-win"),
    cards: cards.map((card) => [...card.querySelectorAll("[data-number]")].map((cell) => Number(cell.dataset.number))),
    marked: cards.map((card) => [...card.querySelectorAll('[data-marked="true"]')].map((cell) => Number(cell.dataset.number))),
    open: cards.flatMap((card, index) => card.dataset.open === "true" ? [index] : []),
    balls: [...document.querySelectorAll('[data-testid="ball"]')].map((ball) => Number(ball.dataset.number)),
  };
}"""

_SKIP = """() => {
  const table = document.querySelector('[data-testid="table"]');
  if (table?.dataset.phase === "drawing") document.querySelector('[data-testid="skip"]').click();
}"""


def chromium() -> str:
    """Debian's Chromium, installed first where it is missing and that is allowed.

    Without the shell around it, which nobody sees here, it works half as much. Where it can't be had, the test is
    skipped; in CI it fails, or nobody would notice that the client is not tested.
    """
    found = program("chromium-headless-shell", "chromium-headless-shell") or program("chromium", "chromium")
    if found is None:
        missing = "These tests need Debian's Chromium: apt-get install chromium-headless-shell."
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        try:
            yield started
        finally:
            await started.close()


@pytest.fixture(scope="module")
def one_loop() -> Iterator[IOLoop]:
    """For a module's `io_loop`: one for all its tests, as a browser belongs to the loop that it was started on."""
    loop = IOLoop()
    loop.make_current()
    yield loop
    loop.clear_current()
    loop.close(all_fds=True)


@pytest.fixture(scope="module")
def one_browser(io_loop: IOLoop) -> Iterator[Browser]:
    """For a module's `chromium`, beside `one_loop`."""
    stack = contextlib.AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(browser()))
    io_loop.run_sync(stack.aclose)


class Tab:
    """A page with the client in it. `state` is what the server pushed last, read from the wire beside the page.

    `problems` are errors of the console, exceptions and violations of the content policy. That a server is away is none.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.state: dict[str, Any] = {}
        self.problems: list[str] = []
        page.on("websocket", self._listen)
        page.on("console", self._read)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _listen(self, socket: WebSocket) -> None:
        def hear(frame: str | bytes) -> None:
            message = orjson.loads(frame)
            if message["t"] == "state":
                self.state = message

        socket.on("framereceived", hear)

    def _read(self, message: ConsoleMessage) -> None:
        away = "WebSocket connection to" in message.text or "ERR_CONNECTION" in message.text
        if message.type in ("error", "warning") and not away:
            self.problems.append(message.text)

    def __getitem__(self, hook: str) -> Locator:
        return self.page.get_by_test_id(hook)

    async def seen(self) -> dict[str, Any]:
        """What the page shows of the game and the money."""
        seen: dict[str, Any] = await self.page.evaluate(_SEEN)
        return seen

    async def send(self, message: dict[str, Any]) -> None:
        """Says something on the page's own connection."""
        await self.page.evaluate("(text) => window.lastSocket.send(text)", orjson.dumps(message).decode())

    async def until(self, true: Callable[[], Awaitable[bool]], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not await true():
            assert time.monotonic() < end, f"{what}; {await self.seen()}; pushed: {self.state}; {self.problems}"
            await asyncio.sleep(0.02)

    async def enter(self, game: str = "joker-bingo") -> None:
        await self[f"game-tile-{game}"].click()
        await expect(self["table"]).to_have_attribute("data-phase", "idle")

    async def settled(self, skip: bool = True) -> None:
        """Waits until the draw is over and the page shows exactly what the server pushed."""

        async def agrees() -> bool:
            if skip:
                await self.page.evaluate(_SKIP)
            game = self.state.get("gamestate")
            return game is not None and await self.seen() == shown(self.state)

        await self.until(agrees, "The page does not come to show what was pushed")

    async def bet(self, press: Callable[[], Awaitable[None]] | None = None, skip: bool = True) -> None:
        """Plays one round up to the end of its draw."""
        rounds = self.state["session"]["rounds"]
        await (press or self["play"].click)()

        async def begun() -> bool:
            return int(self.state["session"]["rounds"]) > rounds

        await self.until(begun, "No round begins")
        await self.settled(skip)

    async def bet_until_extra(self) -> None:
        """Plays until an extra ball is on offer; that is so after nearly every draw."""
        for _ in range(20):
            await self.bet()
            if "extra" in self.state["gamestate"]["actions"]:
                return
        raise AssertionError("no extra ball in twenty rounds")

    async def buy_extra(self, press: Callable[[], Awaitable[None]] | None = None) -> None:
        balls = self.state["gamestate"]["data"]["balls"]
        await (press or self["extra"].click)()

        async def bought() -> bool:
            return len(self.state["gamestate"]["data"]["balls"]) == len(balls) + 1

        await self.until(bought, "No extra ball comes")
        assert self.state["gamestate"]["data"]["balls"][:-1] == balls
        await self.settled()

    async def fits(self) -> None:
        """Nothing is wider than the screen."""
        wide = await self.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]")
        width = (self.page.viewport_size or PHONE)["width"]
        assert max(wide) <= width, wide


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """What a page has to show of a pushed state, worked out here a second time. For a game in `idle` or `game`."""
    data = state["gamestate"]["data"]
    balls, free = data["balls"], set(data["layout"]["free"])

    def marked(index: int) -> list[int]:
        if index not in data["open"]:
            return []
        return [number for cell, number in enumerate(data["cards"][index]) if cell in free or number in balls]

    return {
        "phase": "game" if balls else "idle",
        "credits": state["wallet"]["credits"],
        "net": state["session"]["net"],
        "win": data.get("total_winnings", 0),
        "cards": data["cards"],
        "marked": [marked(index) for index in range(len(data["cards"]))],
        "open": data["open"],
        "balls": balls,
    }


@contextlib.asynccontextmanager
async def tab(
    started: Browser, address: str, size: dict[str, int] = DESKTOP, motion: bool = False, **options: Any
) -> AsyncIterator[Tab]:
    """The page at an address, for somebody whom the browser does not know. At the end it must have had no problems.

    Without `motion` the client shows results at once: what a draw looks like costs more than all that tests ask of it.
    """
    wish: Any = "no-preference" if motion else "reduce"
    context = await started.new_context(viewport=size, reduced_motion=wish, **options)
    try:
        context.set_default_timeout(PATIENCE_S * 1000)
        await context.add_init_script(TELL_VIOLATIONS)
        await context.add_init_script(_KEEP_SOCKET)
        opened = Tab(await context.new_page())
        await opened.page.goto(address)
        yield opened
        assert opened.problems == []
    finally:
        await context.close()


class House:
    """A server process on a database of its own, which can be looked into beside it; and a browser to visit it with."""

    def __init__(self, folder: Path, chromium: Browser) -> None:
        self.chromium = chromium
        self.url = f"embedded:{folder / 'redis'}"
        self.server = ServerProcess(folder / "server.log", redis_url=self.url)

    def visit(self, uid: str, site: str = "demo", **options: Any) -> contextlib.AbstractAsyncContextManager[Tab]:
        return tab(self.chromium, self.address(uid, site), **options)

    def address(self, uid: str, site: str = "demo") -> str:
        return f"http://127.0.0.1:{self.server.port}/?uid={uid}&site={site}"

    @contextlib.asynccontextmanager
    async def store(self) -> AsyncIterator[RedisStore]:
        store = await open_store(self.url)
        try:
            yield store
        finally:
            await store.aclose()

    async def credits(self, uid: str, denom: str = "credit") -> int:
        async with self.store() as store:
            return (await store.funds(WalletId(User("demo", uid), denom))).balance
