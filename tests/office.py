"""The backoffice for tests: its databases, and ledgers to send to it."""

import asyncio
import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from tests.conftest import settings
from tests.secrets import secret
from webingo.config import Settings
from webingo.transaction.transaction import WalletId
from webingo.user import User

KEY = secret("the-key-that-both-sides-know-0123456789", "backoffice's key")
NOW = 1_790_000_000_000


def office_settings(**changes: Any) -> Settings:
    return settings(**{"rgs_key": SecretStr(KEY), **changes})


class Server(uvicorn.Server):
    """uvicorn's own looks ten times a second whether it has to stop, and then whether it may: much, for hundreds of tests."""

    async def main_loop(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)
        if not self.should_exit:
            await self._over.wait()

    def stop(self) -> None:
        """From another thread."""
        self.should_exit = True
        if hasattr(self, "_over"):
            self._loop.call_soon_threadsafe(self._over.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in (*self.servers, *(sockets or ())):
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.002)
        for server in self.servers:
            await server.wait_closed()


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application's address on loopback, as long as the block lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.002)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.stop()
        app.state.office.database.bell.close()
        thread.join(20)


def caller(url: str, **options: Any) -> httpx.Client:
    """Somebody who has the key."""
    headers = {"Authorization": f"Bearer {KEY}"}
    # No TLS here, and to read the certificates of all authorities takes longer than most tests.
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False, verify=False, **options)


class Ledger:
    """Makes a player's entries as a server would send them, in order; all of one shard. A wallet with `funds` has a past."""

    def __init__(self, uid: str, platform: str = "demo", denom: str = "credit", site: str = "demo", funds: int = 0) -> None:
        self.user = User(platform, uid)
        self.wallet = str(WalletId(self.user, denom))
        self.site = site
        self.balance, self.seq = funds, 10 if funds else 0
        self._numbers = itertools.count(1)

    def entry(self, kind: str, amount: int, round_id: str = "", at: int = NOW, **fields: Any) -> dict[str, Any]:
        self.seq += 1
        self.balance += amount
        made = {
            "id": f"{self.wallet}/{self.seq}",
            "position": f"{at}-{self.seq}",
            "wallet": self.wallet,
            "seq": self.seq,
            "kind": kind,
            "amount": amount,
            "balance": self.balance,
            "round": round_id,
            "game": "joker-bingo" if round_id else "",
            "site": self.site if round_id else "",
            "at": at,
        }
        return {**made, **fields}

    def round(self, wager: int, won: int = 0, at: int = NOW, **fields: Any) -> list[dict[str, Any]]:
        """A whole round: its wager, and its win or its end."""
        name = f"{self.user.shard:02d}-{self.user.uid}-round-{next(self._numbers):020d}"
        first = self.entry("wager", -wager, name, at, **fields)
        last = self.entry("win" if won else "end", won, name, at, closes=True, **fields)
        return [first, last]

    def batch(self, entries: Sequence[dict[str, Any]], rounds: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        name = f"{self.user.shard}:{entries[0]['position']}..{entries[-1]['position']}"
        return {"batch": name, "shard": self.user.shard, "entries": list(entries), "rounds": list(rounds)}


def record(round_id: str, version: str = "1.0.0") -> dict[str, Any]:
    state = {"id": "s", "name": "idle", "data": {"cards": [[1, 2, 3]] * 20}, "actions": ["bet"]}
    header = {"game": "joker-bingo", "version": version, "state": state, "private": {"data": {}, "settings": {}}}
    step = {"action": "bet", "params": {"amount": 4}, "draws": [[75, 30]], "moves": [["wager", 4]]}
    return {"round": round_id, "record": [header, step, state]}
