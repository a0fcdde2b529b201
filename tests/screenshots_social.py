"""Takes the pictures of the social casino inside the fake Facebook: python -m tests.screenshots_social [FOLDER]

Those of the docs into docs/screenshots, small; or all of them into a folder, as they are. The bonus is on its fourth day, and
the player on the fifth level.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from tests.browser import PHONE, browser
from tests.browser_social import CANVAS, Game, House
from tests.png import write_small
from tests.screenshots import Dealer, handsome, stops
from webingo.support.log import setup
from webingo.transaction.memory_money import Place
from webingo.transaction.transaction import Seat
from webingo.user import User

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs/screenshots"
SIZES = {"canvas": CANVAS, "phone": PHONE}
SPENT = 9_300
MOST = 200_000
IN_DOCS = ("lobby-canvas", "bonus-canvas", "shop-canvas", "pay-canvas", "level-up-canvas", "welcome-canvas")
IN_DOCS += ("lobby-phone", "bonus-phone", "shop-phone", "level-up-phone")


def opened(folder: Path) -> Path:
    """What ships, with the site open."""
    res = folder / "res"
    shutil.copytree(ROOT / "res", res)
    file = res / "local_sites/social.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "enabled": True}))
    return res


class Album:
    """Pictures of players who each come for the first time, but have been here for days as far as the server knows."""

    def __init__(self, house: House, folder: Path | None) -> None:
        self.house = house
        self.folder = folder
        self.dealer = Dealer(seed=20)
        house.server.house.rng = self.dealer

    async def take(self, game: Game, name: str) -> None:
        await game.page.wait_for_timeout(400)
        shot = await game.page.screenshot()
        if self.folder is not None:
            (self.folder / f"social-{name}.png").write_bytes(shot)
            return
        if name not in IN_DOCS:
            return
        file = DOCS / f"social-{name}.png"
        await write_small(await game.page.context.new_page(), shot, file, MOST)
        print(f"{file.name} {file.stat().st_size // 1000} kB")

    @contextlib.asynccontextmanager
    async def visit(self, size: str, spent: int = SPENT, known: bool = True) -> AsyncIterator[Game]:
        ana = self.house.person("Ana Beatriz Souza")
        self._grow(Seat(User("facebook", ana), "social"), spent)
        touch = size == "phone"
        async with self.house.visit(ana, SIZES[size], known, motion=True, is_mobile=touch, has_touch=touch) as game:
            yield game

    def _grow(self, seat: Seat, spent: int) -> None:
        """What the store knows of somebody who has played for some days."""
        social = self.house.server.house.resources.sites["social"].social
        today = social.day(self.house.server.house.clock.now_ms())
        noted = {"soc_rewarded": social.level(spent), "soc_daily": {"day": today - 1, "streak": 3}}
        self.house.server.store._places[seat] = Place(spent=spent, userdata=orjson.dumps(noted))


async def door(album: Album, size: str) -> None:
    async with album.visit(size, known=False) as game:
        await game["facebook-login"].wait_for()
        await album.take(game, f"welcome-{size}")


async def lobby(album: Album, size: str) -> None:
    async with album.visit(size) as game:
        await game["bonus-collect"].wait_for()
        await album.take(game, f"bonus-{size}")
        await game["bonus-dialog-close"].click()
        await album.take(game, f"lobby-{size}")
        await game["strip-level"].click()
        await album.take(game, f"level-{size}")
        await game["level-dialog-close"].click()
        await game["strip-shop"].click()
        await game.page.wait_for_timeout(500)
        await album.take(game, f"shop-{size}")
        await game["product-pouch"].click()
        await game.around("facebook-completed").wait_for()
        await album.take(game, f"pay-{size}")
        await game.around("facebook-completed").click()
        await game["shop-done"].wait_for()
        await game.page.wait_for_timeout(500)
        await album.take(game, f"paid-{size}")


async def rise(album: Album, size: str) -> None:
    games = album.house.server.house.resources.built
    async with album.visit(size, spent=11_990) as game:
        await game["bonus-dialog-close"].click()
        await game["game-tile-joker-bingo"].click()
        await game["play"].wait_for()
        await album.take(game, f"bingo-{size}")
        await game["back"].click()
        await game["game-tile-atkins-diet"].click()
        await game["play"].wait_for()
        album.dealer.stops = stops(games["atkins-diet"], handsome)
        await game["play"].click()
        await game["level-up"].wait_for()
        await game.page.wait_for_timeout(900)
        await album.take(game, f"level-up-{size}")
        await game["level-up"].wait_for(state="detached")
        await album.take(game, f"slots-{size}")


async def main(folder: Path | None) -> None:
    setup("warning", "console")
    with tempfile.TemporaryDirectory() as kept:
        async with browser() as started:
            house = House(opened(Path(kept)), started, "social", "webingo social")
            await house.start()
            try:
                album = Album(house, folder)
                for size in SIZES:
                    for part in (door, lobby, rise):
                        await part(album, size)
            finally:
                await house.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
