"""Facebook for tests: a fake one over real HTTP, and servers whose sites are on it."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from examples.fake_facebook import FakeFacebook
from tests.conftest import settings
from tests.player import Player
from tests.secrets import secret
from webingo.config import Settings
from webingo.server.app import Server
from webingo.support.http import Answer, Http
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store

ANA, BOB = "100000000000001", "100000000000002"
SITE = {"id": "club", "platform": "facebook", "title": "The <Club>", "denomination": "credit", "initial_credits": 100}
HERE = {"platform": "facebook", "site": "club"}


@asynccontextmanager
async def facebook(**given: Any) -> AsyncIterator[FakeFacebook]:
    """A fake with two users, which runs meanwhile."""
    fake = FakeFacebook(**{"made": partial(secret, kind="secret of Facebook"), **given})
    fake.patience = 0.05
    fake.person(ANA, "Ana Example", "ana@example.com")
    fake.person(BOB, "Bob Example")
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()


def known(fake: FakeFacebook, **changes: Any) -> dict[str, Any]:
    """The settings of a server for the fake's application."""
    return {"fb_app_id": fake.app_id, "fb_app_secret": fake.app_secret, "fb_graph_url": fake.graph, **changes}


def resources(folder: Path, **changes: Any) -> Path:
    """A folder of resources with one site, which is on facebook."""
    res = folder / "res"
    shutil.copytree(Path(__file__).parent.parent / "res", res, dirs_exist_ok=True)
    for file in (res / "local_sites").glob("*.json"):
        file.unlink()
    site = {**SITE, "games": [{"id": "joker-bingo"}], **changes}
    (res / "local_sites" / f"{site['id']}.json").write_text(json.dumps(site))
    return res


@asynccontextmanager
async def serving(fake: FakeFacebook, res: Path, store: Store | None = None, **changes: Any) -> AsyncIterator[Server]:
    """A server that knows the fake's application. The store is closed with it."""
    server = Server(settings(**{"res_dir": res, **known(fake), **changes}))
    await server.start(store or MemoryStore())
    try:
        yield server
    finally:
        Player.abort_all()
        await server.stop()


def plain(fake: FakeFacebook, **changes: Any) -> Settings:
    """Without a server around them."""
    return Settings(**known(fake, **changes))


async def fetch(server: Server, path: str, form: dict[str, str] | None = None) -> Answer:
    """GET, or POST of a form."""
    http = Http()
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    body = None if form is None else urlencode(form).encode()
    try:
        url = f"http://127.0.0.1:{server.port}/facebook/{path}"
        return await http.fetch(url, "GET" if form is None else "POST", headers, body, timeout_s=10)
    finally:
        http.close()
