"""The console for tests: on a real socket, with staff who are signed in at once, and a parser that sees what browsers see."""

import contextlib
import re
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any

import httpx
import uvicorn
from fastapi.routing import APIRoute
from sqlalchemy import insert

from tests.office import NOW, Server, office_settings
from tests.secrets import secret
from webingo.office.app import create_app
from webingo.office.database import Database
from webingo.office.services import passwords, signin
from webingo.office.services.audit import Actor
from webingo.office.services.catalogue import Catalogue
from webingo.office.tables import Player, PlayerSession, Staff, Wallet
from webingo.support.clock import ManualClock

PASSWORD = secret("four words in no order", "password")

# What production's cost a quarter of a second each time on purpose, and a test is about that.
IN_PRODUCTION, passwords._HASHER = passwords._HASHER, passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODYS = passwords._HASHER.hash("nobody has this password")


@cache
def _hash() -> str:
    return passwords.hashed(PASSWORD)


@cache
def catalogue() -> Catalogue:
    """Read once: it takes a second."""
    return Catalogue(office_settings())


def actor(name: str, role: str = "operator", at: int = NOW, id_: int = 0) -> Actor:
    return Actor(id_, name, role, "10.0.0.1", at)


def account(database: Database, name: str, role: str, at: int) -> int:
    """An account with PASSWORD; its id."""
    with database.write() as session:
        made = Staff(name=name, password_hash=_hash(), role=role, created_at=at)
        session.add(made)
        session.flush()
        return made.id


def at_door(database: Database, staff_id: int, at: int) -> tuple[str, signin.Visit]:
    """The token for the cookie of somebody who comes in without a password, and the visit that begins."""
    with database.write() as session:
        token, visit = signin._begin(session, session.get_one(Staff, staff_id), "127.0.0.1", at)
        return secret(token, "cookie of staff"), visit


class Console:
    """A backoffice on a free port of loopback. `clock` stands still until a test moves it."""

    def __init__(self, database: Database, known: Catalogue | None = None, **settings: Any) -> None:
        self.database = database
        self.clock = ManualClock(NOW)
        self.app = create_app(database, office_settings(**settings), known or catalogue(), self.clock)
        self.pages = self.app.routes[-1].app.app  # type: ignore[attr-defined]
        self._server = Server(uvicorn.Config(self.app, port=0, log_level="critical", lifespan="off", server_header=False))
        self._thread = threading.Thread(target=self._server.run)
        self._open: list[httpx.Client] = []

    def start(self) -> None:
        self._thread.start()
        end = time.monotonic() + 20
        while not self._server.started:
            assert self._thread.is_alive() and time.monotonic() < end, "the backoffice does not start"
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        for client in self._open:
            client.close()
        self._server.stop()
        self._thread.join(20)

    def stranger(self, **cookies: str) -> httpx.Client:
        client = httpx.Client(base_url=self.url, timeout=30, cookies=cookies, verify=False)
        self._open.append(client)
        return client

    def somebody(self, name: str, role: str = "viewer") -> int:
        """An account with PASSWORD; its id."""
        return account(self.database, name, role, self.clock.now_ms())

    def signed_in(self, name: str, role: str = "viewer") -> "Seat":
        """Somebody new, at the desk already: the door has tests of its own."""
        return self.at_desk(self.somebody(name, role))

    def at_desk(self, staff_id: int) -> "Seat":
        client = self.stranger()
        token, visit = at_door(self.database, staff_id, self.clock.now_ms())
        client.cookies.set("office", token, domain="127.0.0.1")
        return Seat(client, visit.csrf, staff_id)


@dataclass
class Seat:
    """A browser of somebody who is signed in."""

    client: httpx.Client
    csrf: str
    id: int

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Sends a form as the page does, and goes where it leads."""
        return self.client.post(path, data={"csrf": self.csrf, **fields}, follow_redirects=True)

    def said(self, path: str, **fields: Any) -> str:
        """What the page says at its top after a form was sent."""
        return notice(self.post(path, **fields).text)


def notice(text: str) -> str:
    found = re.search(r'<div class="notice[^"]*"[^>]*>.*?<p>(.*?)</p>', text, re.DOTALL)
    return found[1] if found else ""


@contextlib.contextmanager
def serving(database: Database, known: Catalogue | None = None, **settings: Any) -> Iterator[Console]:
    console = Console(database, known, **settings)
    console.start()
    try:
        yield console
    finally:
        console.stop()


def a_player(database: Database, uid: str, balance: int = 1000, denom: str = "credit", **fields: Any) -> None:
    """Somebody who plays at the moment."""
    known = {"name": uid.title(), "first_at": NOW - 1000, "last_at": NOW, "blocked": False, **fields}
    with database.write() as session:
        session.execute(insert(Player).values(platform="demo", uid=uid, **known))
        session.execute(insert(Wallet).values(platform="demo", uid=uid, denom=denom, balance=balance, seq=1))
        stay = {"id": f"session-of-{uid}", "node": "n", "site": "demo", "began_at": NOW - 500, "alive_at": NOW, "rounds": 0}
        session.execute(insert(PlayerSession).values(platform="demo", uid=uid, wagered=0, won=0, reason="", **stay))


def routes(router: Any) -> Iterator[APIRoute]:
    """All routes of an application or a router, also of those that it includes."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router)


@dataclass
class Form:
    """`fields` as they would be sent untouched; `kinds` are their types ("hidden", "select", …), `options` those of selects."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)


class Document(HTMLParser):
    """What a browser makes of a page: its elements, links and forms."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self._select = ""
        self._area = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        self.elements.append((tag, have))
        if tag == "form":
            self.forms.append(Form(have.get("action", ""), have.get("method", "get").lower()))
        name = have.get("name", "")
        if not self.forms:
            return
        form = self.forms[-1]
        if tag == "input" and name:
            if have.get("type") != "radio" or name not in form.fields:
                form.fields[name] = have.get("value", "")
            form.kinds[name] = have.get("type", "text")
        elif tag in ("select", "textarea") and name:
            form.fields[name], form.kinds[name] = "", tag
            self._select = name if tag == "select" else ""
            self._area = name if tag == "textarea" else ""
        elif tag == "option" and self._select:
            options = form.options.setdefault(self._select, [])
            options.append(have.get("value", ""))
            if len(options) == 1 or "selected" in have:
                form.fields[self._select] = have.get("value", "")
        elif tag == "button" and name:
            form.fields[name], form.kinds[name] = have.get("value", ""), "button"

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        if tag == "select":
            self._select = ""

    def links(self) -> list[str]:
        return [have["href"] for tag, have in self.elements if tag == "a" and have.get("href", "").startswith("/")]
