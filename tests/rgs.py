"""What tests of the RGS door share: sites that games elsewhere may use, keys, logins, and a client that is quick."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import settings
from tests.jackpots import calm_res
from tests.secrets import secret
from webingo.server.app import Server
from webingo.server.rgs.keys import fresh_key
from webingo.support.clock import Clock
from webingo.transaction.store import Store

STUDIO = {
    "id": "studio",
    "platform": "demo",
    "denomination": "USD",
    "initial_credits": 10_000,
    "games": [{"id": "joker-bingo"}],
    "rgs": {"max_win": 500},
}


def res_with(*sites: dict[str, Any]) -> Path:
    """What ships, and these sites. The folder is not removed."""
    folder = Path(tempfile.mkdtemp(prefix="webingo-rgs-"))
    shutil.copytree(calm_res(), folder, dirs_exist_ok=True)
    for site in sites:
        (folder / "local_sites" / f"{site['id']}.json").write_text(json.dumps(site))
    return folder


class Answer(NamedTuple):
    """`body` is what stood there as JSON; `headers` by their names in small letters."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """Of what was refused."""
        return str(self.body["error"]["code"])


class Caller:
    """One connection, kept open: calls go one after the other."""

    def __init__(self, port: int, key: str = "") -> None:
        self._port = port
        self._key = key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def post(self, path: str, body: Any = None, **fields: Any) -> Answer:
        """`body` as it is where it is bytes, else as JSON; the fields where there is none."""
        return await self.send(
            "POST", path, body if isinstance(body, bytes) else json.dumps(fields if body is None else body).encode()
        )

    async def get(self, path: str) -> Answer:
        return await self.send("GET", path)

    async def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        given = {"Host": "rgs.example", "Content-Length": str(len(body)), **headers}
        if self._key:
            given.setdefault("Authorization", f"Bearer {self._key}")
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        async with self._turn:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            return await asyncio.wait_for(_answer(reader, method), 60)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _answer(reader: asyncio.StreamReader, method: str) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
    body = await reader.readexactly(length)
    kind = headers.get("content-type", "")
    return Answer(int(first.split(" ")[1]), json.loads(body) if kind.startswith("application/json") else body, headers)


class Studio:
    """A server with the site `studio`, a key of it, and one connection. `calls` are its paths below /rgs and /rng."""

    def __init__(self, server: Server, key: str) -> None:
        self.server = server
        self.key = key
        self._callers = [Caller(server.port, key)]

    @property
    def caller(self) -> Caller:
        return self._callers[0]

    def another(self, key: str = "") -> Caller:
        """Another connection; it is closed with the first."""
        self._callers.append(Caller(self.server.port, key))
        return self._callers[-1]

    def close(self) -> None:
        for caller in self._callers:
            caller.close()

    async def login(self, uid: str = "ana", site: str = "studio", **more: str) -> str:
        """A session of POST /session."""
        login = {"platform": "demo", "site": site, "auth": {"uid": uid}, **more}
        return secret((await self.caller.post("/session", login)).body["sessionId"], "session")

    async def call(self, name: str, **fields: Any) -> Answer:
        return await self.caller.post(
            f"/rng/{name}" if name in ("distribution", "weighted", "shuffle") else f"/rgs/{name}", fields
        )


@asynccontextmanager
async def studio(store: Store, *sites: dict[str, Any], clock: Clock | None = None, **changes: Any) -> AsyncIterator[Studio]:
    """A whole server on the store, which is closed with it."""
    res = res_with(*(sites or (STUDIO,)))
    server = Server(settings(res_dir=res, **changes), clock)
    await server.start(store)
    made = Studio(server, await new_key(store, (sites or (STUDIO,))[0]["id"]))
    try:
        yield made
    finally:
        made.close()
        await server.stop()
        shutil.rmtree(res)


async def new_key(store: Store, site: str, platform: str = "demo", now_ms: int = 1) -> str:
    """The text of a new API key of the site."""
    key, text = fresh_key(platform, site, "tests", now_ms)
    await store.keep_api_key(key.id, key.document())
    return secret(text, "API key")
