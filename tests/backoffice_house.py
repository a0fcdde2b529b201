"""A whole server with a backoffice: the fake one over real HTTP."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.conftest import settings
from tests.fake_backoffice import KEY, FakeBackoffice
from tests.player import Player
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, WalletId
from webingo.user import User

RES = Path(__file__).parent.parent / "res"
DEMO: dict[str, Any] = {
    "id": "demo",
    "platform": "demo",
    "title": "Demo from afar",
    "denomination": "credit",
    "initial_credits": 1000,
    "games": [{"id": "joker-bingo"}, {"id": "bingo-75"}, {"id": "atkins-diet"}],
}


def demo(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DEMO), **changes}


def joker(**settings: Any) -> list[dict[str, Any]]:
    """The site's games, the first with these settings."""
    return [{"id": "joker-bingo", "settings": settings}, {"id": "bingo-75"}, {"id": "atkins-diet"}]


class House:
    """Servers on one store, and their backoffice."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or MemoryStore()
        self.office = FakeBackoffice(patience=1.0)
        self.servers: list[Server] = []

    async def start(self, **changes: Any) -> Server:
        given = {"rgs_base": self.office.base, "rgs_key": SecretStr(KEY), "debug": True, **changes}
        server = Server(settings(**given))
        await server.start(_Shared(self.store))
        self.servers.append(server)
        return server

    async def stop(self) -> None:
        Player.abort_all()
        for server in self.servers:
            await server.stop()
        await self.office.stop()
        await self.store.aclose()


class _Shared:
    """A store that outlives its servers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def aclose(self) -> None: ...


@asynccontextmanager
async def house(store: Store | None = None, **document: Any) -> AsyncIterator[House]:
    """With the demo site, changed so."""
    made = House(store)
    await made.office.start()
    made.office.set_site(demo(**document))
    try:
        yield made
    finally:
        await made.stop()
    assert made.office.wrong == []


async def until(true: Callable[[], Any], seconds: float = 5.0) -> None:
    """Returns when it is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def renewed(player: Player) -> dict[str, Any]:
    """Takes the state that tells of new settings, and the plain one behind it."""
    told = await player.next_state()
    assert await player.next_state() == {name: value for name, value in told.items() if name not in ("site", "games")}
    assert {"site", "games"} <= told.keys()
    return told


def enabled(state: dict[str, Any]) -> dict[str, bool]:
    return {game["id"]: game["enabled"] for game in state["games"]}


def player_of(uid: str = "ana") -> User:
    return User("demo", uid)


async def ledger(home: House, uid: str = "ana") -> list[Entry]:
    """The player's entries."""
    user = player_of(uid)
    return [entry async for entry in home.store.entries(user.shard) if WalletId.parse(entry.wallet).user == user]


def knows(home: House, word: str) -> bool:
    """Whether every server has a site with that word in it."""
    return all(word in str(server.house.resources.all_sites()) for server in home.servers)  # type: ignore[attr-defined]
