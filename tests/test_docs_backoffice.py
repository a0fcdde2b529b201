"""docs/backoffice.md: its examples are what the reference backoffice answers, its smallest backoffice is played on."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from tests import docpages
from tests.conftest import settings
from tests.office import KEY, NOW, caller, office_settings, served
from tests.player import Player
from tests.processes import WEBINGO, environment, kill_embedded
from tests.secrets import overheard, secret
from tests.servers import free_port
from webingo.backoffice import accounting, client, contract, contract_books, registrar
from webingo.cli import app
from webingo.office.app import create_app, document
from webingo.office.database import Database
from webingo.office.services import adjustments, commands, gaming, players, sites
from webingo.office.services.audit import Actor
from webingo.office.services.catalogue import Catalogue
from webingo.server.app import Server
from webingo.support import breaker, http, metrics
from webingo.transaction.memory_store import MemoryStore
from webingo.user import User

ROOT = docpages.ROOT
PAGE = ROOT / "docs/backoffice.md"
OPENAPI = ROOT / "docs/backoffice-openapi.json"
TEXT = PAGE.read_text()
BOSS = Actor(1, "boss", "admin", "127.0.0.1", NOW)


def pub(folder: Path) -> Path:
    """The games that ship, and of the sites only the one of docs/sites.md."""
    shutil.copytree(ROOT / "res", folder / "res", ignore=shutil.ignore_patterns("local_sites"))
    docpages.write(ROOT / "docs/sites.md", folder)
    return folder / "res"


# -- the examples -------------------------------------------------------------------------------------------------------------


def examples() -> list[tuple[str, str, Any, int, Any]]:
    """(method, path, body, status, answer) of every call that the page shows, in its order."""
    found = []
    blocks = [block.text.partition("\n\n") for block in docpages.blocks(PAGE, "http")]
    for (request, _, body), (status, _, answer) in zip(blocks[::2], blocks[1::2], strict=True):
        method, path = request.split()
        found.append((method, path, json.loads(body) if body.strip() else None, int(status), json.loads(answer)))
    return found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[httpx.Client]:
    res, database = pub(tmp_path), Database(f"sqlite:///{tmp_path}/office.db")
    database.upgrade()
    configured = office_settings(res_dir=res)
    catalogue = Catalogue(configured)
    with database.write() as session:
        assert sites.import_local(session, catalogue, NOW) == 1
    with served(create_app(database, configured, catalogue)) as url, caller(url) as client:
        client.database = database  # type: ignore[attr-defined]
        yield client
    database.close()


def staff_acts(database: Database, path: str) -> None:
    """What the page says that staff has done before a call."""
    with database.write() as session:
        if path.startswith("/v1/changes?after=1"):
            sites.set_game_enabled(session, BOSS, "demo", "pub", "joker-bingo", False)
            gaming.set_gaming(session, BOSS, False)
            players.set_blocked(session, BOSS, "demo", "ana", True, "Self-exclusion")
        if path == "/v1/commands":
            adjustments.ask(session, BOSS, "demo", "ana", "EUR", 500, "Sorry for the outage", 10_000)


def test_every_example_is_answered_as_the_page_shows(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["c1", "c2"])
    monkeypatch.setattr(commands, "fresh_id", lambda: next(names))
    calls = set()
    for method, path, body, status, answer in examples():
        staff_acts(office.database, path)
        response = office.request(method, path, json=body)
        assert (response.status_code, response.json()) == (status, answer), path
        calls.add((method, re.sub(r"/(07-[^/]+|c2)/", "/{}/", path.partition("?")[0])))
    paths = document()["paths"]
    assert calls == {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path in paths if path.startswith("/v1/") for method in paths[path]
    }


def fields(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_examples_show_every_field_of_the_contract() -> None:
    shown: dict[str, tuple[Any, Any]] = {}
    for _, path, body, status, answer in examples():
        if status == 200:
            shown.setdefault(re.sub(r"/(07-[^/]+|c2)/", "/{}/", path.partition("?")[0]), (body, answer))
    for path, model in (
        ("/v1/sessions", contract.SessionBegin),
        ("/v1/sessions/alive", contract.SessionsAlive),
        ("/v1/sessions/{}/end", contract.SessionEnd),
        ("/v1/ledger", contract_books.LedgerBatch),
        ("/v1/players", contract_books.PlayerSnapshots),
        ("/v1/jackpots", contract_books.JackpotSnapshots),
        ("/v1/commands/{}/done", contract.CommandDone),
    ):
        assert set(shown[path][0]) == fields(model), path
    assert set(shown["/v1/ledger"][0]["entries"][1]) == fields(contract_books.LedgerEntry)
    assert set(shown["/v1/ledger"][0]["rounds"][0]) == fields(contract_books.RoundRecord)
    assert set(shown["/v1/players"][0]["players"][0]) == fields(contract_books.PlayerSnapshot)
    assert set(shown["/v1/jackpots"][0]["meters"][0]) == fields(contract_books.MeterSnapshot)
    assert set(shown["/v1/jackpots"][0]["wins"][0]) == fields(contract_books.JackpotWin)
    for path, answer in (("/v1/sessions", contract.SessionBegun), ("/v1/sites", contract.Sites)):
        assert set(shown[path][1]) == fields(answer), path
        answer.model_validate_json(json.dumps(shown[path][1]))
    assert {change["kind"] for change in shown["/v1/changes"][1]["changes"]} == {"site", "gaming", "command"}


def test_the_meter_of_the_example_adds_up() -> None:
    (body,) = [body for _, path, body, _, _ in examples() if path == "/v1/jackpots"]
    (meter,) = body["meters"]
    held = meter["value"] + meter["overflow"] + meter["reserve"]
    assert held == meter["seeded"] + meter["contributed"] - meter["paid"]


def test_the_figures_of_the_page_are_those_of_the_program() -> None:
    assert f"a connection within {http._CONNECT_S:.0f} s" in TEXT
    assert f"{registrar._BEGIN_S} s, two tries" in TEXT and registrar._BEGIN_TRIES == 2
    assert f"up to {http._LONGEST_REST_S:.0f})" in TEXT
    assert "about a megabyte at most" in TEXT and accounting._BATCH_BYTES == 1 << 20
    assert f"Every {registrar._ALIVE_EVERY_S:.0f} seconds, each process" in TEXT
    defaults = breaker.Breaker.__init__.__defaults__
    assert defaults == (5, 1.0, 10.0) and "After five failures in a row" in TEXT and "up to 10 s; then one call" in TEXT
    assert client._PACKED_FROM == 1024 and "1 KiB and more" in TEXT
    assert contract.MOST_LISTED == 1000 and contract.MOST_BODY_BYTES == 32 << 20


def test_every_metric_of_the_backoffice_is_explained() -> None:
    metrics.backoffice_called("docs", "ok", 0.1)
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in metrics.REGISTRY.collect()}
    explained = set(re.findall(r"^\| `(webingo_backoffice_\w+)`", TEXT, re.MULTILINE))
    assert {name for name in names if name.startswith("webingo_backoffice_")} == explained


# -- the OpenAPI document -----------------------------------------------------------------------------------------------------


def test_the_openapi_document_is_the_one_that_is_served(office: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    kept = json.loads(OPENAPI.read_text())
    assert office.get("/openapi.json").json() == kept, (
        "write it anew: webingo backoffice openapi > docs/backoffice-openapi.json"
    )
    with pytest.raises(SystemExit):
        app(["backoffice", "openapi"])
    assert json.loads(capsys.readouterr().out) == kept


# -- both together ------------------------------------------------------------------------------------------------------------


def told_at_the_start() -> list[str]:
    """The lines of the page."""
    (block,) = [block.text for block in docpages.blocks(PAGE, "text") if "Sign in as" in block.text]
    return block.splitlines()


def test_one_command_starts_both_and_says_what_the_page_says(tmp_path: Path) -> None:
    for name in ("res", "static", "config.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    web, office = free_port(), free_port()
    env = environment(http_port=web, backoffice_port=office)
    log = tmp_path / "out.txt"
    overheard(log)
    with log.open("wb") as out:
        process = subprocess.Popen([WEBINGO, "serve", "--backoffice"], cwd=tmp_path, env=env, stdout=out, stderr=out)
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            if '"event":"serving"' in log.read_text():
                break
            time.sleep(0.1)
        said = [line for line in log.read_text().splitlines() if not line.startswith("{")]
        ports = [line.replace(str(web), "8080").replace(str(office), "8090") for line in said]
        password = said[2].split()[-1]
        assert [line.replace(password, "6jzf8-ufttr-nd454-e828d") for line in ports] == told_at_the_start()
        with httpx.Client(base_url=f"http://localhost:{office}", trust_env=False) as browser:
            token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/sign-in").text)
            assert token is not None
            answer = browser.post("/sign-in", data={"name": "admin", "password": password, "csrf": token[1]})
            assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")
        assert httpx.get(f"http://localhost:{web}/readyz", trust_env=False).json()["ready"]
        for key in ("secret", "rgs_key"):
            secret((tmp_path / "var" / key).read_text().strip(), key)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log.read_text()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://localhost:{office}/healthz", trust_env=False)
    finally:
        process.kill()
        process.wait()
        kill_embedded(tmp_path / "var/redis")


def test_a_port_that_another_program_has_is_not_taken_for_the_backoffice(tmp_path: Path) -> None:
    """Nor asked whether it is well: another house's backoffice would say yes, and get this one's books."""
    for name in ("res", "static", "config.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    with socket.create_server(("localhost", 0)) as other:
        env = environment(http_port=free_port(), backoffice_port=other.getsockname()[1])
        command = [WEBINGO, "serve", "--backoffice"]
        ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, "can't listen on port" in ended.stderr) == (1, True), ended.stdout + ended.stderr
    assert not (tmp_path / "var/backoffice.db").exists()


# -- the smallest one ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def tiny(folder: Path) -> Iterator[str]:
    docpages.write(PAGE, folder)
    port = free_port()
    env = {**os.environ, "WEBINGO_RGS_KEY": KEY, "PORT": str(port)}
    process = subprocess.Popen([sys.executable, "tiny_backoffice.py"], cwd=folder, env=env)
    try:
        for _ in range(100):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://localhost:{port}/", trust_env=False)
                break
            time.sleep(0.05)
        yield f"http://localhost:{port}/"
    finally:
        process.kill()
        process.wait()


async def booked(folder: Path, count: int) -> list[tuple[str, str, int, int]]:
    """What is in the books of the small one, once it is so much."""
    with contextlib.closing(sqlite3.connect(folder / "books.db")) as books:
        for _ in range(200):
            found = books.execute("SELECT id, wallet, seq, amount FROM ledger ORDER BY seq").fetchall()
            if len(found) >= count:
                break
            await asyncio.sleep(0.05)
    return found


async def ledger(store: MemoryStore) -> list[tuple[str, str, int, int]]:
    entries = [entry async for entry in store.entries(User("demo", "ana").shard) if entry.wallet == "demo:EUR:ana"]
    return [(entry.id, entry.wallet, entry.seq, entry.amount) for entry in entries]


async def test_the_smallest_backoffice_lets_players_in_and_has_each_entry_once(tmp_path: Path) -> None:
    res, store = pub(tmp_path), MemoryStore()
    with tiny(tmp_path) as base:
        configured = settings(res_dir=res, rgs_base=base, rgs_key=office_settings().rgs_key)
        server = Server(configured)
        await server.start(store)
        try:
            player = await Player.log_in(server.port, "ana", site="pub")
            await player.load()
            for _ in range(3):
                await player.bet(20)
            await player.end()
            stranger = await Player.connect(server.port)
            stranger.send(auth={"uid": "ana"}, platform="demo", site="demo")
            assert await stranger.closed() == 4401
            assert stranger.errors[0]["code"] == "UNKNOWN_SITE"
            written = await ledger(store)
            assert len(written) >= 4
            assert await booked(tmp_path, len(written)) == written
        finally:
            Player.abort_all()
            await server.stop()
        # The books are lost: what the page says then is `webingo ledger forget accounting`, and a start.
        with contextlib.closing(sqlite3.connect(tmp_path / "books.db")) as books, books:
            books.execute("DELETE FROM ledger WHERE seq != 2")
        await store.forget("accounting")
        server = Server(configured)
        await server.start(store)
        try:
            assert await booked(tmp_path, len(written)) == written
        finally:
            await server.stop()
        async with httpx.AsyncClient(base_url=base, trust_env=False) as nobody:
            assert (await nobody.get("/v1/sites")).status_code == 401
            assert (await nobody.post("/v1/ledger", json={})).status_code == 401
