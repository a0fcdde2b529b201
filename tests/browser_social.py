"""The social casino inside a Facebook of our own: a server, the pages around it, and a browser that visits them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Frame, Locator, expect

from examples.fake_facebook import FakeFacebook
from examples.fake_facebook.canvas import Canvas
from tests.browser import Tab, tab
from tests.conftest import settings
from tests.facebook import known
from tests.secrets import secret
from tests.servers import free_port
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import WalletId
from webingo.user import User

CANVAS = {"width": 1280, "height": 800}

# What a browser does that keeps all storage from frames of other sites, and tells when cookies are touched.
_NO_STORAGE = """if (window !== top) {
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, { get() { throw new DOMException("Access is denied", "SecurityError"); } });
  }
  const told = () => console.error("touches cookies");
  Object.defineProperty(document, "cookie", { get: told, set: told });
}"""


class Game(Tab):
    """The lobby in its frame. `around` is the page of Facebook's around it."""

    def __getitem__(self, hook: str) -> Locator:
        return self.page.frame_locator("#canvas").get_by_test_id(hook)

    def around(self, hook: str) -> Locator:
        return self.page.get_by_test_id(hook)

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if frame.name == "canvas")

    async def shows(self, purse: int) -> None:
        await expect(self["credits"]).to_have_attribute("data-value", str(purse))

    async def pay(self, product: str, how: str) -> None:
        """In the shop that is open, through Facebook's dialog."""
        await self[f"product-{product}"].click()
        await self.around(f"facebook-{how}").click()


class House:
    """A server with a social site, and the Facebook that shows it in a frame of another site."""

    def __init__(self, res: Path, browser: Browser, site: str = "club", title: str = "The Club") -> None:
        self.browser = browser
        self.fake = FakeFacebook(made=partial(secret, kind="secret of Facebook"))
        self.port = free_port()
        self.canvas = Canvas(self.fake, f"http://localhost:{self.port}", site, title)
        self.res = res

    async def start(self) -> None:
        await self.fake.start()
        fake = {**known(self.fake), "fb_sdk_url": f"{self.fake.origin}/sdk.js", "fb_canvas_origins": [self.fake.origin]}
        self.server = Server(settings(http_port=self.port, res_dir=self.res, **fake))
        await self.server.start(MemoryStore())

    def person(self, name: str = "") -> str:
        """A new one, whom the application does not know yet."""
        uid = str(700_000_000_000_000 + len(self.fake.people))
        self.fake.person(uid, name or f"Ana Beatriz {uid[-2:]}")
        return uid

    async def stop(self) -> None:
        await self.server.stop()
        await self.fake.stop()

    @asynccontextmanager
    async def visit(self, uid: str, size: dict[str, int] = CANVAS, known: bool = True, **options: Any) -> AsyncIterator[Game]:
        """Somebody's canvas. `known`: they have authorised the application before."""
        if known:
            self.canvas.authorised.add(uid)
        async with tab(self.browser, "about:blank", size, **options) as opened:
            game = Game(await opened.page.context.new_page())
            await game.page.context.add_init_script(_NO_STORAGE)
            await game.page.goto(self.canvas.address_of(uid))
            yield game
            assert await game.page.context.cookies() == []
            assert game.problems == []

    @asynccontextmanager
    async def inside(self, uid: str, **options: Any) -> AsyncIterator[Game]:
        """In the lobby, with today's bonus left for later."""
        async with self.visit(uid, **options) as game:
            await game["bonus-dialog-close"].click()
            yield game

    async def credits(self, uid: str) -> int:
        return (await self.server.store.funds(WalletId(User("facebook", uid), "credit"))).balance
