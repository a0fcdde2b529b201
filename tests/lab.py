"""A platform for tests that does what it is told: a third party's, which comes in by an entry point as they all do.

`told` is what the test sets; `seen` is what happened to it.
"""

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests import docpages
from tests.conftest import settings
from tests.secrets import secret
from webingo.errors import Code, Refused
from webingo.platforms.platform import Cookie, Identity, Platform, Reply, Request
from webingo.server.app import Server
from webingo.session.component import Component
from webingo.support.http import Answer, Http
from webingo.transaction.memory_store import MemoryStore
from webingo.user import User

PROJECT = """
[project]
name = "webingo-lab"
version = "1.0.0"

[project.entry-points."webingo.platforms"]
lab = "tests.lab:LabPlatform"
"""
GOOD = secret("the-token-of-a-lab-rat", "token")
SITE = {"id": "lab", "platform": "lab", "denomination": "credit", "initial_credits": 100, "games": [{"id": "joker-bingo"}]}


@dataclass
class Told:
    name: str = "Lab Rat"
    recheck_s: float = 0
    rechecks: list[BaseException | None] = field(default_factory=list)  # one for each; the last one again and again
    start: Exception | None = None
    never_stops: bool = False
    closing: Exception | None = None  # of the component
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    instead: dict[str, Any] = field(default_factory=dict)  # by token: what is answered in place of an identity
    pages: asyncio.Event = field(default_factory=asyncio.Event)  # until then the page "slow" waits


class LabComponent(Component):
    name = "lab"

    def __init__(self, room: Any) -> None:
        self._room = room

    async def receive(self, message: dict[str, Any]) -> None:
        self._room.tell("lab", {"heard": message, "seat": str(self._room.seat)})

    def close(self) -> None:
        LabPlatform.seen.append("component closed")
        if LabPlatform.told.closing is not None:
            raise LabPlatform.told.closing


class LabPlatform(Platform):
    name = "lab"
    told: ClassVar[Told] = Told()
    seen: ClassVar[list[str]] = []

    @classmethod
    def fresh(cls, **told: Any) -> None:
        cls.told, cls.seen = Told(**told), []

    async def start(self, house: Any) -> None:
        if self.told.start is not None:
            raise self.told.start
        await house.store.blocked(User("lab", "anybody"))  # the store is there
        self.seen.append("started")

    async def stop(self) -> None:
        self.seen.append("stopped")
        if self.told.never_stops:
            await asyncio.sleep(60)

    def problems(self, site: Any) -> list[tuple[str, str, str]]:
        return self.told.problems or super().problems(site)

    async def authenticate(self, auth: Any, site: Any) -> Identity:
        if auth.token == "later":
            raise Refused(Code.UNAVAILABLE)
        if auth.token == "bug":
            raise ZeroDivisionError("of the lab")
        if auth.token == "cancelled":
            raise asyncio.CancelledError
        if auth.token in self.told.instead:
            return self.told.instead[auth.token]
        if auth.token == "never":
            await asyncio.sleep(60)
        if auth.token != GOOD:
            raise Refused(Code.AUTH_FAILED, "The lab does not know you.")
        return Identity(
            User("lab", auth.uid), self.told.name, "https://pictures.example/rat.png", self._recheck, self.told.recheck_s
        )

    async def _recheck(self) -> None:
        self.seen.append("rechecked")
        rechecks = self.told.rechecks
        if rechecks and (found := rechecks.pop(0) if len(rechecks) > 1 else rechecks[0]) is not None:
            raise found

    def components(self, room: Any) -> list[Any]:
        return [LabComponent(room)]

    async def page(self, request: Request) -> Reply | None:
        match request.path:
            case "echo":
                return Reply(json.dumps(shown(request)).encode(), content_type="application/json")
            case "framed":
                policy = {"Content-Security-Policy": "frame-ancestors https://frames.example", "Cache-Control": "max-age=1"}
                return Reply(b"<p>framed</p>", headers=policy)
            case "away":
                cookie = Cookie("__Host-lab", "1", 60)
                return Reply(status=302, headers={"Location": "/lab/echo"}, cookies=[cookie])
            case "refused":
                raise Refused(Code.FORBIDDEN, "Not <you>.")
            case "bug":
                raise ZeroDivisionError("of the lab's page")
            case "split":
                return Reply(headers={"X-Lab": "a\r\nSet-Cookie: b"})
            case "slow":
                await self.told.pages.wait()
                return Reply(b"at last")
        return None


def shown(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "form": request.form,
        "type": request.headers.get("content-TYPE"),
        "body": request.body.decode("latin-1"),
        "peer": request.peer,
        "base": request.base,
        "cookies": request.cookies,
    }


def install(folder: Path) -> Path:
    """The lab's package and a site of it below `folder`, which has to be put on sys.path. Answers the folder of resources."""
    package = folder / "lab"
    package.mkdir()
    (package / "pyproject.toml").write_text(PROJECT)
    docpages.install(package)
    res = folder / "res"
    copy_games(res, "joker-bingo")
    (res / "local_sites").mkdir()
    (res / "local_sites" / "lab.json").write_text(json.dumps(SITE))
    return res


def copy_games(res: Path, *games: str) -> None:
    """These alone, as building all of them takes its time."""
    shutil.copytree(docpages.ROOT / "res/templates", res / "templates")
    for game in games:
        shutil.copytree(docpages.ROOT / "res/games" / game, res / "games" / game)


async def serve(res: Path, **changes: Any) -> Server:
    server = Server(settings(res_dir=res, **changes))
    await server.start(MemoryStore())
    return server


async def fetch(server: Server, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """A request as it is; redirects are not followed."""
    http = Http()
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.fetch(f"http://127.0.0.1:{server.port}{path}", method, names, body, timeout_s=10)
    finally:
        http.close()
