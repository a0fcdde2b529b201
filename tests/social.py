"""Social casinos for tests: a site with levels, a bonus and products, and players who talk to `fb_social`."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from examples.fake_facebook import FakeFacebook
from tests.conftest import settings
from tests.facebook import ANA, HERE, known, resources
from tests.player import Player
from tests.processes import ServerProcess
from tests.secrets import secret
from webingo.server.app import Server
from webingo.support.clock import Clock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, WalletId
from webingo.user import User

WHICH = "fb_social"
LEVELS = [{"spend": 8, "reward": 50}, {"spend": 12}, {"spend": 40, "reward": 7}]
SOCIAL: dict[str, Any] = {"allow_manual_credit": True, "levels": LEVELS, "daily_bonus": [10, 20, 50]}
PRODUCTS: list[dict[str, Any]] = [
    {
        "id": "small",
        "title": "A <few>",
        "credits": 500,
        "price": {"amount": "1.99", "currency": "USD"},
        "image": "/static/a.png",
    },
    {"id": "big", "title": "Many", "credits": 6000, "price": {"amount": "19.90", "currency": "USD"}},
]


def casino(folder: Path, **changes: Any) -> Path:
    """A folder of resources with one game and one social site, "club"."""
    res = resources(folder, **{"social": SOCIAL, "products": PRODUCTS, **changes})
    for game in (res / "games").iterdir():
        if game.name != "joker-bingo":
            shutil.rmtree(game)
    return res


@asynccontextmanager
async def open_casino(
    fake: FakeFacebook, res: Path, store: Store | None = None, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[Server]:
    """A server of it, to which the fake sends its webhooks."""
    server = Server(settings(**{"res_dir": res, **known(fake), **changes}), clock)
    await server.start(store or MemoryStore())
    fake.callbacks["payments"] = f"http://127.0.0.1:{server.port}/facebook/payments"
    try:
        yield server
    finally:
        Player.abort_all()
        await server.stop()


@asynccontextmanager
async def two_processes(folder: Path, **given: Any) -> AsyncIterator[list[ServerProcess]]:
    """`webingo serve` twice, with these settings, and stopped whatever has happened to them."""
    servers = [ServerProcess(folder / f"{number}.log", **given) for number in range(2)]
    try:
        for server in servers:
            server.start(wait=False)
        for server in servers:
            await asyncio.to_thread(server.wait_ready)
        yield servers
    finally:
        Player.abort_all()
        await asyncio.sleep(0)  # they are cut now, or the stopping servers wait for their goodbyes
        for server in servers:
            server.stop()


async def enter(fake: FakeFacebook, port: int, uid: str = ANA) -> Player:
    """Logged in with a token of Facebook's."""
    return await Player.log_in(port, uid, fake.token(uid, never=True), **HERE)


async def told(player: Player, what: str) -> dict[str, Any]:
    """The next message of fb_social, which must be this one; states before it are passed over."""
    while (message := await player.next())["t"] == "state":
        pass
    assert message["t"] == "component" and message["which"] == WHICH, message
    assert message["message"]["what"] == what, message
    said: dict[str, Any] = message["message"]
    return said


def say(player: Player, what: str, **fields: Any) -> None:
    signed = fields.get("signed_request")
    if isinstance(signed, str) and len(signed) > 100:
        secret(signed, "signed request")
    player.send(t="component", which=WHICH, message={"what": what, **fields})


async def ask(player: Player, what: str, answer: str = "", **fields: Any) -> dict[str, Any]:
    say(player, what, **fields)
    return await told(player, answer or what)


async def refused(player: Player, what: str, **fields: Any) -> str:
    """The code with which the message is refused."""
    say(player, what, **fields)
    while (message := await player.next())["t"] == "state":
        pass
    assert message["t"] == "error", message
    await player.next_state()
    return str(message["code"])


def wallet_of(uid: str = ANA) -> WalletId:
    return WalletId(User("facebook", uid), "credit")


async def ledger(store: Store, uid: str = ANA) -> list[Entry]:
    """The player's entries. That each one's balance is the sum of those before it, and never below zero, is checked."""
    wallet, balance = wallet_of(uid), 0
    entries = [entry async for entry in store.entries(wallet.user.shard) if entry.wallet == str(wallet)]
    for entry in entries:
        balance += entry.amount
        assert entry.balance == balance >= 0, entry
    assert (await store.funds(wallet)).balance == balance
    return entries
