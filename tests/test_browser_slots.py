"""Slots in a real browser, on a real server whose outcomes are forced: what is seen is what was pushed, at its time."""

import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser import PATIENCE_S, PHONE, House, Tab, one_browser, one_loop
from tests.processes import ROOT, ServerProcess
from tests.slots_games import GAMES, SETTINGS, build

expect.set_options(timeout=PATIENCE_S * 1000)

# Stops of the games in tests.slots_games.
THREE_LINES = (0, 0, 0)  # "lines": A B C on every reel, so that each of the three lines wins
NOTHING = (0, 4, 4)  # "lines"
FREE_SPINS = (4, 4, 4)  # "ways": three scatters
CHEST = (4, 4, 0)  # "ways": two scatters

FLAGS = {
    "loose": {"autoplay": True, "turbo": True},
    "strict": {"min_spin_ms": 1000},
}

_SEEN = """() => {
  const one = (id) => document.querySelector(`[data-testid="${id}"]`);
  const value = (id) => Number(one(id)?.dataset.value);
  const cells = [...document.querySelectorAll('[data-testid^="cell-"]')];
  const window = [];
  for (const cell of cells) {
    const [, reel, row] = cell.dataset.testid.split("-").map(Number);
    (window[reel] ??= [])[row] = cell.dataset.symbol;
  }
  const { phase = "", screen = "", mode = "" } = one("table")?.dataset ?? {};
  return { phase, screen, mode, window, credits: value("credits"), net: value("session-net"), win: value("total-win") };
}"""


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """What a page has to show of a pushed state, worked out here a second time."""
    data, name = state["gamestate"]["data"], state["gamestate"]["name"]
    feature = data["feature"] or {}
    return {
        "phase": name,
        "mode": "free" if feature.get("type") == "free_spins" else "base",
        "window": data["spin"]["window"] if data["spin"] else data["idle_window"],
        "credits": state["wallet"]["credits"],
        "net": state["session"]["net"],
        "win": data["win"],
    }


class Slots:
    """The slots table in a tab."""

    def __init__(self, page: Tab) -> None:
        self.page = page

    def __getitem__(self, hook: str) -> Any:
        return self.page[hook]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.page.state["gamestate"]["data"]
        return data

    async def seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = await self.page.page.evaluate(_SEEN)
        return seen

    async def force(self, *numbers: int) -> None:
        """What is drawn next. The site is in test mode."""
        await self.page.send({"t": "component", "which": "test", "message": {"force": list(numbers)}})

    async def settled(self, screen: str = "") -> dict[str, Any]:
        """Waits until the page shows exactly what the server pushed, with that screen over the reels."""

        async def agrees() -> bool:
            state = self.page.state
            return state.get("gamestate") is not None and await self.seen() == {**shown(state), "screen": screen}

        await self.page.until(
            agrees, f"The page does not come to show what was pushed, with the screen {screen!r}; {await self.seen()}"
        )
        return await self.seen()

    async def until_data(self, true: Callable[[dict[str, Any]], bool], what: str) -> None:
        async def comes() -> bool:
            return true(self.data)

        await self.page.until(comes, what)

    async def spin(self, *stops: int, press: Callable[[], Awaitable[None]] | None = None) -> None:
        rounds = self.page.state["session"]["rounds"]
        await self.force(*stops)
        await (press or self["play"].click)()

        async def begun() -> bool:
            return int(self.page.state["session"]["rounds"]) > rounds

        await self.page.until(begun, "No round begins")


io_loop, chromium = one_loop, one_browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    """A house that offers the games of tests.slots_games, on a loose site and on a strict one."""
    folder = tmp_path_factory.mktemp("slots")
    resources(folder / "res")
    house = House(folder, chromium)
    house.server = ServerProcess(folder / "server.log", redis_url=house.url, res_dir=folder / "res")
    house.server.start()
    yield house
    house.server.stop()


def resources(folder: Path) -> None:
    shutil.copytree(ROOT / "res/templates", folder / "templates")
    for name in GAMES:
        manifest = {
            "id": name,
            "engine": "slots",
            "title": f"The game of {name}",
            "version": "1.0.0",
            "rtp": 0.9,
            "max_win": build(name).max_win,
            "volatility": "medium",
            "settings": SETTINGS[name],
            "math": GAMES[name],
        }
        write(folder / "games" / name / "manifest.json", manifest)
    for name, flags in FLAGS.items():
        site = {
            "id": name,
            "platform": "demo",
            "title": name,
            "denomination": "credit",
            "initial_credits": 1000,
            "games": [{"id": game} for game in GAMES],
            "flags": flags,
            "test_mode": True,
        }
        write(folder / "local_sites" / f"{name}.json", site)


def write(file: Path, value: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value))


async def enter(page: Tab, game: str) -> Slots:
    await page[f"game-tile-{game}"].click()
    slots = Slots(page)
    await slots.settled()
    return slots


async def test_a_win_is_shown_by_its_lines_and_credited_no_sooner_than_it_is_seen(house: House) -> None:
    async with house.visit("ana", "loose", motion=True) as page:
        slots = await enter(page, "ways")
        await slots.spin(0, 0, 0)
        won = slots.data["win"]
        assert won > 0 and page.state["gamestate"]["name"] == "idle"
        # The round is over and paid on the server; on the page the reels still turn.
        seen = await slots.seen()
        assert (seen["phase"], seen["credits"]) == ("spinning", page.state["wallet"]["credits"] - won)
        await slots.settled()
        await expect(slots["message"]).to_contain_text("3 × A")
        assert await page.page.locator(".reel-cell.is-win").count() == 3
        assert await house.credits("ana") == (await slots.seen())["credits"]


async def test_nothing_tells_of_free_spins_before_the_reels_do(house: House) -> None:
    async with house.visit("otto", "loose", motion=True) as page:
        slots = await enter(page, "ways")
        await slots.spin(*FREE_SPINS)
        assert slots.data["feature"]["total"] == 3
        for _ in range(3):
            seen = await slots.seen()
            assert (seen["phase"], seen["mode"], seen["screen"], seen["win"]) == ("spinning", "base", "", 0)
        await page.page.keyboard.press("Space")
        await slots.settled("intro")


async def test_a_hurried_player_stops_the_reels_at_once(house: House) -> None:
    async with house.visit("bia", "loose", motion=True) as page:
        slots = await enter(page, "lines")
        await slots.spin(*NOTHING)
        await page.page.keyboard.press("Space")
        await slots.settled()
        assert slots.data["spin"]["stops"] == list(NOTHING)


async def test_free_spins_have_their_intro_their_count_and_their_total(house: House) -> None:
    async with house.visit("caio", "loose") as page:
        slots = await enter(page, "ways")
        await slots["turbo"].click()
        await slots.spin(*FREE_SPINS)
        await slots.settled("intro")
        await expect(slots["intro-spins"]).to_have_text("3")
        await slots.force(0, 0, 0, 1, 2, 0, 0, 1, 2)
        await slots["start-feature"].click()
        await expect(slots["feature-total"]).to_have_attribute("data-value", str(20 * 3 * slots.data["bet"]))
        done = slots.data["done"]
        assert (done["played"], done["win"]) == (3, 60)
        await slots["go-on"].click()
        await slots.settled()
        assert await house.credits("caio") == (await slots.seen())["credits"] == 1000 - 10 + slots.data["win"]


async def test_a_reload_in_the_middle_of_free_spins_goes_on_where_they_were(house: House) -> None:
    async with house.visit("duda", "loose") as page:
        slots = await enter(page, "ways")
        await slots.spin(*FREE_SPINS)
        await slots.settled("intro")
        await page.page.reload()
        await slots.settled("intro")
        await slots.force(1, 1, 1)
        await slots["start-feature"].click()
        await slots.until_data(lambda data: data["feature"]["played"] > 0, "No free spin is played")
        await page.page.reload()
        before = await slots.settled()
        assert before["win"] == slots.data["win"] > 0
        left = slots.data["feature"]["left"]
        await expect(slots["free-played"]).to_have_text(str(3 - left))
        await expect(slots["free-total"]).to_have_attribute("data-value", str(slots.data["feature"]["win"]))
        # Nothing goes on by itself: the player says when.
        await slots["turbo"].click()
        await page.page.wait_for_timeout(1300)
        assert slots.data["feature"]["left"] == left > 0
        await slots.force(0, 1, 2, 0, 1, 2)
        await page.page.keyboard.press("Space")
        await slots["go-on"].click()
        await slots.settled()
        assert await house.credits("duda") == (await slots.seen())["credits"]


async def test_a_lost_connection_leaves_the_reels_as_the_server_has_them(house: House) -> None:
    async with house.visit("olga", "loose", motion=True) as page:
        slots = await enter(page, "ways")
        await slots.force(0, 0, 0)
        # Asked for and never heard of again, for all that the page knows.
        lose = "() => { one('play').click(); lastSocket.close(); return one('table').dataset.phase; }"
        phase = await page.page.evaluate(lose.replace("one(", "((id) => document.querySelector(`[data-testid=${id}]`))("))
        assert phase == "spinning"
        await slots.settled()
        await expect(slots["play"]).not_to_have_attribute("aria-disabled", "true")
        await slots.spin(1, 1, 1)
        await slots.settled()
        assert await house.credits("olga") == (await slots.seen())["credits"]


async def test_the_gamble_doubles_a_win_and_loses_it(house: House) -> None:
    async with house.visit("eva", "loose") as page:
        slots = await enter(page, "lines")
        await slots.spin(*THREE_LINES)
        await slots.settled()
        win = slots.data["win"]
        await slots["gamble"].click()
        await expect(slots["gamble-amount"]).to_have_attribute("data-value", str(win))
        await slots.force(0)
        await slots["gamble-double_up-red"].click()
        await slots.settled("gamble")
        await expect(slots["gamble-amount"]).to_have_attribute("data-value", str(2 * win))
        # A reload in between comes back to the card.
        await page.page.reload()
        await slots.settled("gamble")
        await slots.force(1)
        await slots["gamble-double_up-black"].click()
        await slots.settled()
        assert slots.data["win"] == 0 and await house.credits("eva") == 997

        await slots.spin(*THREE_LINES)
        await slots.settled()
        await slots["collect"].click()
        await expect(slots["table"]).to_have_attribute("data-phase", "idle")
        await slots.settled()
        assert await house.credits("eva") == 994 + win == (await slots.seen())["credits"]


async def test_chests_are_opened_and_tell_what_they_hold(house: House) -> None:
    async with house.visit("fabio", "loose") as page:
        slots = await enter(page, "ways")
        await slots.spin(*CHEST)
        await slots.settled("pick")
        await slots.force(0)
        await slots["pick-3"].click()
        await slots.until_data(lambda data: data["feature"]["items"][3]["open"], "The chest stays closed")
        await expect(slots["pick-3"]).to_have_text("20coins")
        await page.page.reload()
        await slots.settled("pick")
        await expect(slots["pick-3"]).to_have_attribute("aria-label", "Chest 4: 20")
        await slots.force(0, 0)
        await page.page.keyboard.press("1")
        await slots.until_data(lambda data: data["feature"]["left"] == 1, "No second pick")
        await slots.settled("pick")
        await page.page.keyboard.press("Space")
        await slots.until_data(lambda data: data["done"] is not None, "The third pick does not end it")
        await expect(slots["feature-total"]).to_have_attribute("data-value", str(slots.data["win"]))
        await page.page.keyboard.press("Space")
        await slots.settled()


async def test_a_wheel_turns_to_what_the_house_drew(house: House) -> None:
    async with house.visit("gabi", "loose") as page:
        slots = await enter(page, "wheel")
        # Three reels (the last cell by cell), the multiplier of what they pay, then the random award, one chance in six.
        await slots.spin(0, 0, 0, 0, 0, 0)
        await slots.settled("wheel")
        await slots.force(0)
        await slots["wheel-spin"].click()
        await expect(slots["wheel-result"]).to_have_text("10")
        await slots.settled()
        assert slots.data["done"]["win"] == 10


async def test_what_is_bought_is_confirmed_first(house: House) -> None:
    async with house.visit("hugo", "loose") as page:
        slots = await enter(page, "ways")
        await slots["buy"].click()
        await slots["buy-free"].click()
        assert await house.credits("hugo") == 1000
        await slots["buy-confirm"].click()
        await slots.settled("intro")
        assert slots.data["bought"] == "free" and await house.credits("hugo") == 800
        await slots["back"].click()
        await expect(slots["leave-dialog"]).to_be_visible()
        await slots["leave-dialog-0"].click()
        await expect(slots["lobby"]).to_be_visible()
        assert await house.credits("hugo") == page.state["wallet"]["credits"]


async def test_autoplay_keeps_to_its_limits_and_stops_at_a_press(house: House) -> None:
    async with house.visit("iris", "loose") as page:
        slots = await enter(page, "lines")
        await slots["turbo"].click()
        await slots["auto"].click()
        await slots["auto-loss-5"].click()
        await slots.force(*NOTHING * 8)
        await slots["auto-start"].click()
        # Five times the stake and no more.
        await expect(slots["message"]).to_have_text("Autoplay stopped at the loss limit.")
        assert page.state["session"]["rounds"] == 5
        await slots["auto"].click()
        await slots.force(*NOTHING * 25)
        await slots["auto-start"].click()
        await expect(slots["auto-left"]).not_to_have_text("24")
        await page.page.keyboard.press("Space")
        await expect(slots["auto-left"]).to_be_hidden()
        await slots.settled()
        rounds = page.state["session"]["rounds"]
        await page.page.wait_for_timeout(600)
        assert 5 < page.state["session"]["rounds"] == rounds < 30


async def test_a_strict_site_has_neither_autoplay_nor_turbo_and_takes_its_time(house: House) -> None:
    async with house.visit("joao", "strict", motion=True) as page:
        slots = await enter(page, "lines")
        for hook in ("auto", "turbo"):
            await expect(slots[hook]).to_be_hidden()
        await slots.spin(*NOTHING)
        for _ in range(10):
            await page.page.keyboard.press("Space")
            await page.page.wait_for_timeout(60)
        assert (await slots.seen())["phase"] == "spinning"
        await slots.settled()
        await expect(slots["play"]).not_to_have_attribute("aria-disabled", "true")
        await slots.spin(*NOTHING)
        await slots.settled()
        assert await page["toast"].count() == 0, "the page asked for a round too early"


async def test_slots_can_be_played_by_keyboard(house: House) -> None:
    async with house.visit("karl", "loose") as page:
        slots = await enter(page, "lines")
        keys = page.page.keyboard
        await keys.press("ArrowLeft")
        await expect(slots["lines"]).to_have_text("2")
        await keys.press("ArrowRight")
        await keys.press("ArrowUp")
        await expect(slots["stake"]).to_have_attribute("data-value", "6")
        await slots.spin(*THREE_LINES, press=lambda: keys.press("Space"))
        await slots.settled()
        assert slots.data["stake"] == 6
        await keys.press("g")
        await expect(slots["screen-gamble"]).to_be_visible()
        await keys.press("Space")
        await slots.settled()
        await keys.press("ArrowDown")
        for key, dialog in (("r", "rules-dialog"), ("?", "help-dialog"), ("a", "auto-dialog")):
            await keys.press(key)
            await expect(page[dialog]).to_be_visible()
            await keys.press("Escape")
            await expect(page[dialog]).to_have_count(0)
        await keys.press("t")
        await expect(slots["turbo"]).to_have_attribute("aria-pressed", "true")
        await slots.spin(*NOTHING, press=lambda: keys.press("Enter"))
        await slots.settled()
        await keys.press("Escape")
        await expect(page["lobby"]).to_be_visible()


async def test_whoever_wants_no_motion_sees_results_at_once_and_hears_them(house: House) -> None:
    moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
    async with house.visit("lia", "loose") as page:
        slots = await enter(page, "lines")
        await slots.spin(*THREE_LINES)
        await slots.settled()
        assert await page.page.evaluate(moving) == 0
        await expect(page.page.locator("#announcer")).to_contain_text("You won 10: three A, three B, three C.")
        await expect(slots["reels"]).to_have_attribute("aria-label", "Reel 1: A, B, C. Reel 2: A, B, C. Reel 3: A, B, C")


async def test_a_phone_needs_no_sideways_scrolling_and_reaches_every_button_of_slots(house: House) -> None:
    async with house.visit("mara", "loose", size=PHONE, has_touch=True, is_mobile=True) as page:
        await page.fits()
        slots = await enter(page, "ways")
        await page.fits()
        for hook in ("play", "stake-up", "stake-down", "auto", "turbo", "buy", "pays", "back", "rules", "help", "sound"):
            box = await page[hook].bounding_box()
            assert box is not None and box["x"] >= 0 and box["y"] >= 0, (hook, box)
            assert box["x"] + box["width"] <= PHONE["width"] and box["y"] + box["height"] <= PHONE["height"], (hook, box)
            assert min(box["width"], box["height"]) >= 38, (hook, box)
        await slots.spin(*FREE_SPINS, press=slots["play"].tap)
        await slots.settled("intro")
        await page.fits()
        box = await page["start-feature"].bounding_box()
        assert box is not None and box["y"] + box["height"] <= PHONE["height"], box
        await page["rules"].tap()
        await expect(page["rules-dialog"]).to_contain_text("The game of ways")
        await page.fits()


async def test_the_rules_show_every_pay_and_line_of_a_slot_game(house: House) -> None:
    async with house.visit("nina", "loose") as page:
        await enter(page, "lines")
        await page["rules"].click()
        text = " ".join((await page["rules-dialog"].inner_text()).split())
        for pay in GAMES["lines"]["pays"]:
            counts = " ".join(f"{count} × {amount}" for count, amount in sorted(pay["pays"].items(), reverse=True))
            assert f"{pay['symbol']} {counts}" in text
        assert await page.page.locator(".rules-lines li").count() == 3
