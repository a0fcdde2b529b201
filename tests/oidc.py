"""The platform of examples/oidc as its package leaves it behind, its local provider, and a browser that keeps cookies."""

import json
import shutil
import sys
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from examples.oidc.local_provider import CLIENT_ID, CLIENT_SECRET, LocalProvider
from tests import docpages
from tests.conftest import settings
from tests.lab import copy_games
from tests.secrets import secret
from webingo.server.app import Server
from webingo.support.clock import Clock
from webingo.support.http import Answer, Http
from webingo.transaction.memory_store import MemoryStore

secret(CLIENT_SECRET, "client secret")
EXAMPLE = docpages.ROOT / "examples" / "oidc"
WHERE = {"platform": "oidc", "site": "oidc"}


def install(folder: Path) -> tuple[Path, Path]:
    """The package, to be put on sys.path, and the resources: its site, and of the games only those that it offers."""
    package, res = folder / "oidc", folder / "res"
    shutil.copytree(EXAMPLE, package, ignore=shutil.ignore_patterns("__pycache__"))
    docpages.install(package)
    site = json.loads((package / "res/local_sites/oidc.json").read_text())
    copy_games(res, *(game["id"] for game in site["games"]))
    shutil.copytree(package / "res", res, dirs_exist_ok=True)
    return package, res


def forget() -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "webingo_oidc"]:
        del sys.modules[module]


def environment(provider: LocalProvider) -> dict[str, str]:
    return {"OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}


async def serve(res: Path, clock: Clock | None = None, **changes: object) -> Server:
    server = Server(settings(res_dir=res, **changes), clock)
    await server.start(MemoryStore())
    return server


class Browser:
    """Follows nothing by itself: `get` answers what came, `cookies` are kept for all addresses."""

    def __init__(self, server: Server, **headers: str) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        self.headers = headers
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []

    async def get(self, url: str, method: str = "GET") -> Answer:
        http = Http()
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        try:
            whole = url if "://" in url else self.base + url
            answer = await http.fetch(whole, method, {**self.headers, **cookies}, timeout_s=20)
        finally:
            http.close()
        if found := answer.headers.get("Set-Cookie"):
            self.set.append(found)
            for name, morsel in SimpleCookie(found).items():
                self.cookies[name] = secret(morsel.value or "gone-by-now", "cookie")
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer

    async def to_the_provider(self, site: str = "oidc") -> str:
        """The address at the provider where a login begins."""
        answer = await self.get(f"/oidc/login?site={site}")
        assert answer.status == 303, answer
        return answer.headers["Location"]

    async def back(self, there: str) -> str:
        """Logs in there; the address that the provider sends the browser back to."""
        return local((await self.get(there)).headers["Location"])

    async def log_in(self) -> Answer:
        """All the way: the answer of the callback."""
        return await self.get(await self.back(await self.to_the_provider()))


def local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
