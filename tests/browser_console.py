"""The backoffice's console in a real browser, beside players in the lobby of a real server that is connected to it."""

import asyncio
import contextlib
import csv
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect
from sqlalchemy import update

from tests.browser import PATIENCE_S, TELL_VIOLATIONS, House
from tests.console import account, at_door
from tests.processes import KEY, Backoffice, ServerProcess
from webingo.office.database import Database
from webingo.office.tables import Staff, StaffSession
from webingo.support.clock import SystemClock
from webingo.user import User

LIMIT = 500
DESK = {"width": 1280, "height": 800}

# Parts of a page that fetch themselves anew do so every few seconds: here eight times as often.
_HURRY = """{
  const patient = window.setTimeout;
  window.setTimeout = (call, ms, ...given) => patient(call, ms / 8, ...given);
}"""

# How wide the page is, and which of its elements reach beyond the window. What is cut off on purpose (heads of tables whose
# rows are cards, tables that scroll) makes no page wide.
_WIDTH = """() => {
  const right = (each) => each.getBoundingClientRect().right;
  const cut = (each) => each.closest("thead") || each.parentElement?.closest(".table-box");
  const beyond = [...document.querySelectorAll("body *")].filter((each) => right(each) > innerWidth + 0.5 && !cut(each));
  const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth);
  return [wide, beyond.slice(0, 8).map((each) => each.outerHTML.slice(0, 120))];
}"""


class Screen:
    """A page of the console. `problems` are errors of the console, exceptions and violations of the content policy."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.problems: list[str] = []
        page.on("console", self._read)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _read(self, message: ConsoleMessage) -> None:
        # Pages that say what went wrong are answered with the status of it, and Chromium notes that.
        page_itself = message.text.startswith("Failed to load resource") and "/assets/" not in message.location["url"]
        if message.type in ("error", "warning") and not page_itself:
            self.problems.append(f"{self.page.url}: {message.text}")

    def __getitem__(self, hook: str) -> Locator:
        return self.page.get_by_test_id(hook)

    @property
    def dialog(self) -> Locator:
        """The one that is open: by our script, or by the browser where there is no script (yet)."""
        return self.page.locator("dialog:is([open], :popover-open)")

    async def go(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def at(self, path: str) -> None:
        """Waits until the browser is there."""
        await expect(self.page).to_have_url(self.base + path)

    async def says(self, text: str | re.Pattern[str]) -> None:
        """The page tells this at its top."""
        await expect(self.page.locator(".notice p").first).to_contain_text(text)

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=text)

    async def answer(self, opener: Locator, submit: str, **fields: str) -> None:
        """Opens a dialog, fills its fields by their labels, and sends it."""
        await opener.click()
        for label, text in fields.items():
            await self.dialog.get_by_label(label).fill(text)
        await self.button(submit, self.dialog).click()

    async def press_and_confirm(self, name: str, within: Locator | None = None) -> None:
        """Presses a button, and the one of the same name in the dialog that asks, where it asks."""
        await self.button(name, within).click()
        if await self.dialog.count():
            await self.button(name, self.dialog).click()

    async def enter(self, name: str, password: str) -> None:
        """Signs in with the form."""
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(password)
        await self.button("Sign in").click()

    async def type(self, *texts: str) -> None:
        """Into field after field, and sends the form."""
        keys = self.page.keyboard
        for number, text in enumerate(texts):
            if number:
                await keys.press("Tab")
            await keys.type(text)
        await keys.press("Enter")

    async def export(self) -> list[dict[str, str]]:
        """The rows of the file behind the page's CSV button."""
        async with self.page.expect_download() as started:
            await self.page.get_by_role("link", name="CSV").click()
        text = await asyncio.to_thread((await (await started.value).path()).read_text, "utf-8-sig")
        return list(csv.DictReader(text.splitlines()))

    async def fits(self) -> None:
        """Nothing is wider than the screen."""
        width = (self.page.viewport_size or DESK)["width"]
        wide, what = await self.page.evaluate(_WIDTH)
        assert wide <= width, (self.page.url, wide, width, what)


class Workplace(House):
    """A backoffice with its console, a server that is connected to it, and a browser for staff and players."""

    def __init__(self, folder: Path, chromium: Browser) -> None:
        super().__init__(folder, chromium)
        self.office = Backoffice(folder, adjustment_limit=LIMIT)
        connected = {"redis_url": self.url, "rgs_base": self.office.url, "rgs_key": KEY}
        self.server = ServerProcess(folder / "server.log", **connected)
        self.base = self.office.url.rstrip("/")
        self.database = Database(f"sqlite:///{self.office.file}")
        self._staff: dict[str, int] = {}

    def start(self) -> None:
        self.office.start()
        self.server.start()

    def stop(self) -> None:
        self.server.stop()
        self.office.end()
        self.database.close()

    def staff(self, name: str, role: str = "viewer") -> int:
        """The id of somebody with tests.console.PASSWORD."""
        if name not in self._staff:
            self._staff[name] = account(self.database, name, role, self._now())
        return self._staff[name]

    async def known(self, uid: str) -> str:
        """The address of a player's page, as soon as the backoffice has heard of the wallet."""
        await self._until(f"select 1 from wallets where uid = '{uid}'")
        return f"/players/demo/{uid}"

    async def last_round(self, uid: str) -> tuple[str, list[Any]]:
        """The player's newest round and its record, [header, step, state, …], as soon as the backoffice has it, too."""
        async with self.store() as store:
            (round_id,) = await store.history(User("demo", uid), 0, 1)
            record = await store.round(round_id)
        await self._until(f"select 1 from round_records where round = '{round_id}'")
        return round_id, [orjson.loads(part) for part in record or ()]

    async def _until(self, query: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.office.rows(query):
                await asyncio.sleep(0.05)

    def expire(self) -> None:
        """Everybody who is signed in has given no sign of life for an hour."""
        with self.database.write() as session:
            session.execute(update(StaffSession).values(seen_at=StaffSession.seen_at - 3_600_000))

    def unlock(self, name: str) -> None:
        """As half an hour does."""
        with self.database.write() as session:
            session.execute(update(Staff).where(Staff.name == name).values(failed=0, failed_since=0, locked_until=0))

    def _now(self) -> int:
        return SystemClock().now_ms()

    @contextlib.asynccontextmanager
    async def screen(self, size: dict[str, int] = DESK, **options: Any) -> AsyncIterator[Screen]:
        """An empty page for a stranger. At its end it must have had no problems."""
        context = await self.chromium.new_context(viewport=size, reduced_motion="reduce", **options)
        try:
            context.set_default_timeout(PATIENCE_S * 1000)
            await context.add_init_script(TELL_VIOLATIONS)
            await context.add_init_script(_HURRY)
            made = Screen(await context.new_page(), self.base)
            yield made
            assert made.problems == []
        finally:
            await context.close()

    @contextlib.asynccontextmanager
    async def desk(self, name: str, role: str, path: str = "/", **options: Any) -> AsyncIterator[Screen]:
        """A page of somebody who is signed in: the door has tests of its own."""
        async with self.screen(**options) as screen:
            token, _ = at_door(self.database, self.staff(name, role), self._now())
            await screen.page.context.add_cookies([{"name": "office", "value": token, "url": self.base}])
            await screen.go(path)
            yield screen
