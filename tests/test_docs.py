"""The documentation is true: its links lead somewhere, its examples run, its tables are complete."""

import hmac
import importlib
import json
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command

from tests import docpages
from tests.conftest import settings
from tests.docpages import PAGES, ROOT
from tests.player import Player
from webingo.cli import app
from webingo.commands.schema import _schemas
from webingo.config import Settings
from webingo.engines.registry import engines
from webingo.errors import Code, Refused
from webingo.resources.game import GameManifest
from webingo.resources.local import LocalResources
from webingo.resources.site import Site
from webingo.server import frames
from webingo.server.app import Server
from webingo.server.websocket import FLOODING, LOGIN_TOO_LATE, login_of
from webingo.session import session
from webingo.session.component import Component
from webingo.session.protocol import parse
from webingo.session.view import View
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Funds

DOCS = ROOT / "docs"
PROTOCOL = DOCS / "protocol.md"


@pytest.fixture(params=PAGES, ids=docpages.name)
def page(request):
    return request.param


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Writes the files of a page, and installs the package among them, beside the games and sites that ship."""
    modules = set(sys.modules)

    def installed(page: Path, package: str) -> Path:
        shutil.copytree(ROOT / "res", tmp_path / "res")
        docpages.write(page, tmp_path)
        docpages.install(tmp_path / package)
        monkeypatch.syspath_prepend(tmp_path / package)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("WEBINGO_SECRET", "a-secret-of-more-than-32-characters!")
        (tmp_path / "static").mkdir()
        engines.cache_clear()
        return tmp_path / "res"

    yield installed
    for module in set(sys.modules) - modules:
        if module.startswith("webingo_"):
            del sys.modules[module]
    importlib.invalidate_caches()
    engines.cache_clear()


def run(*words: str) -> None:
    """A command in this process; it has to end well."""
    with pytest.raises(SystemExit) as left:
        app(list(words))
    assert left.value.code == 0


async def serve(res: Path) -> Server:
    server = Server(settings(res_dir=res))
    await server.start(MemoryStore())
    return server


# Every page


def test_links_and_pictures_lead_somewhere(page):
    lost = []
    for link in docpages.links(page):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in docpages.anchors(target)):
            lost.append(link)
    assert lost == []


def test_every_page_is_linked_from_the_first_one():
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in docpages.links(ROOT / "README.md")}
    assert [docpages.name(page) for page in PAGES if page != ROOT / "README.md" and page.resolve() not in linked] == []


def test_json_parses_and_resources_fit_their_models(page):
    for block in docpages.blocks(page, "json"):
        json.loads(block.text)
    for path, text in docpages.files(page).items():
        if path.endswith("manifest.json"):
            GameManifest.model_validate_json(text)
        elif "/local_sites/" in path:
            Site.model_validate_json(text)
        elif path.endswith(".json"):
            Settings(**json.loads(text))


def test_commands_and_make_targets_exist(page):
    program = get_command(app)
    for words in docpages.commands(page):
        if words[0] == "--help":
            continue
        command = program.commands[words[0]]
        if words[1:] != ["--help"]:
            command.make_context(words[0], words[1:])
        if words[0] == "schema":
            assert set(words[1:]) <= {*_schemas(), "--help"}
    made = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(docpages.targets(page)) <= set(made)


def test_tests_that_are_named_exist(page):
    tests = "".join(file.read_text() for file in (ROOT / "tests").glob("test_*.py"))
    named = [span for span in docpages.spans(page) if span.startswith("test_") and span not in Site.model_fields]
    assert [span for span in named if f"def {span}(" not in tests] == []


def test_the_check_of_commands_can_fail():
    program = get_command(app)
    for words in (["rtp"], ["rtp", "x", "--jason"], ["simulate", "x", "--rounds", "many"]):
        with pytest.raises(Exception, match=r"Missing|No such option|valid integer"):
            program.commands[words[0]].make_context(words[0], words[1:])


# The protocol


def first_cells(heading: str) -> set[str]:
    """What stands between backticks, or as a number, in the first column of the table under a heading."""
    section = re.split(r"^## ", PROTOCOL.read_text(), flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading)]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {found for cell in cells for found in re.findall(r"[A-Z_]{2,}|\d{4}", cell)}


def test_every_error_code_is_explained_and_no_other():
    assert first_cells("Error codes") == {str(code) for code in Code}


def test_every_close_code_is_explained_and_no_other():
    ours = {session.GOING_AWAY, session.BUG, session.LOGIN_REFUSED, session.TAKEN_OVER, LOGIN_TOO_LATE, FLOODING}
    protocols = {frames.NORMAL, frames.PROTOCOL_ERROR, frames.NOT_UTF8, frames.POLICY, frames.TOO_BIG, frames.INTERNAL}
    assert first_cells("Close codes") == {str(code) for code in ours | protocols}


def test_the_limits_are_the_settings_own():
    text = PROTOCOL.read_text()
    stated = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \| (\d+)[^|,]*(?:, (\d+))?", text.split("## Limits")[1], re.MULTILINE)
    values = {key: int(value) for a, b, first, second in stated for key, value in ((a, first), (b, second)) if key}
    assert values == {key: getattr(Settings(), key) for key in values}
    assert len(values) == 10


def examples(page: Path) -> list[dict]:
    return [value for block in docpages.blocks(page, "json") if "t" in (value := json.loads(block.text))]


@pytest.mark.parametrize("page", [PROTOCOL, DOCS / "components.md", DOCS / "platforms.md"], ids=docpages.name)
def test_messages_of_clients_are_understood(page):
    asked = [message for message in examples(page) if message["t"] not in ("state", "error")]
    for message in asked:
        if message["t"] == "component" and ("rounds" in message["message"] or "round" in message["message"]):
            continue  # an answer
        (login_of if message["t"] == "auth" else parse)(json.dumps(message).encode())
    if page == PROTOCOL:
        assert {message["t"] for message in asked} == {"auth", "action", "gameload", "gamefinish", "userdata", "component"}


def shape(value):
    """The keys of objects, however deep, in place of their values; the first of a list stands for all."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else type(value).__name__


async def test_states_have_the_fields_of_the_examples(plain_server):
    first, second = [message for message in examples(PROTOCOL) if message["t"] == "state"]
    player = await Player.log_in(plain_server.port, "docs")
    assert shape(player.state) == shape(first)
    assert player.state["games"] == first["games"]
    await player.load()
    for _ in range(200):  # until a round is without a prize and nearly has one, as in the example
        player.act("bet", {"amount": 4}, re=1)
        await player.next_state()
        if player.game["data"]["near"] and not player.game["data"]["prizes"]:
            break
        await player.end()
    assert shape(player.state) == shape(second)
    assert player.game["actions"] == second["gamestate"]["actions"]
    (error,) = [message for message in examples(PROTOCOL) if message["t"] == "error"]
    player.act("bet", {"amount": 4}, sid="old", re=2)
    assert await player.next() == error


async def test_history_answers_as_the_example(plain_server):
    rounds, one, answer = [message for message in examples(DOCS / "components.md") if message["t"] == "component"]
    player = await Player.log_in(plain_server.port, "docs")
    await player.load()
    await player.bet()
    await player.end()
    player.send(**rounds)
    found = await player.next()
    assert shape(found) == shape(answer)
    player.send(**{**one, "message": {**one["message"], "id": found["message"]["rounds"][0]["id"]}})
    shown = (await player.next())["message"]["round"]
    assert set(shown) == {*answer["message"]["rounds"][0], "steps"}
    assert set(shown["steps"][0]) == {"action", "params", "moves", "at", "state"}


# What the pages tell one to write


@pytest.mark.parametrize("scratch", ["mini-bingo", "mini-fruit"])
def test_the_games_from_scratch_are_right(tmp_path, scratch):
    shutil.copytree(ROOT / "res", tmp_path / "res")
    for page in ("games.md", "sites.md"):
        docpages.write(DOCS / page, tmp_path)
    resources = LocalResources(tmp_path / "res")
    assert "pub" in resources.sites
    game = resources.built[scratch]
    assert float(game.engine.odds().rtp) == pytest.approx(game.manifest.rtp, abs=1e-6)
    assert f"the odds give {float(game.engine.odds().rtp):.9f}" in (DOCS / "games.md").read_text()


async def test_the_engine_of_the_page_is_found_checked_and_played(installed, capsys):
    res = installed(DOCS / "engines.md", "dice")
    run("check")
    assert "high-dice" in capsys.readouterr().out
    run("simulate", "high-dice", "--rounds", "1000000", "--seed", "1")
    server = await serve(res)
    try:
        player = await Player.log_in(server.port, "ana", site="dice")
        await player.load("high-dice")
        seen = set()
        while not seen >= {"lost", "doubled", "collect"}:
            player.act("bet", {"amount": 1})
            await player.next_state()
            if player.game["name"] == "idle":
                seen.add("lost")
                continue
            player.send(t="gamefinish")
            assert await player.refused() == "NOT_FINISHABLE"
            action = "collect" if "doubled" in seen else "double"
            before, prize = player.credits, player.game["data"]["prize"]
            player.act(action)
            await player.next_state()
            seen.add(action)
            if action == "collect":
                assert player.credits == before + prize
            elif player.game["name"] == "won":
                assert player.game["data"]["prize"] == 2 * prize
                seen.add("doubled")
                player.act("collect")
                await player.next_state()
        player.act("bet", {"amount": 3})
        assert await player.refused() == "BAD_PARAMS"
        player.send(t="gamefinish")
        assert "gamestate" not in await player.next_state()
    finally:
        Player.abort_all()
        await server.stop()


async def test_the_platform_of_the_page_lets_its_players_in_and_nobody_else(installed, monkeypatch):
    res = installed(DOCS / "platforms.md", "partner")
    monkeypatch.setenv("PARTNER_KEY", "a-key-that-the-partner-has-too")
    server = await serve(res)
    sign = importlib.import_module("webingo_partner").sign
    key, later = "a-key-that-the-partner-has-too", int(time.time()) + 60
    assert sign(key, "ana", later) == f"{later}.{hmac.digest(key.encode(), f'ana {later}'.encode(), 'sha256').hex()}"
    try:
        where = {"platform": "partner", "site": "partner"}
        player = await Player.log_in(server.port, "ana", token=sign(key, "ana", later), **where)
        assert (player.credits, player.state["wallet"]["denom"]) == (500, "EUR")
        wrong = (
            "",
            "x",
            f"{later}.",
            "²." + "0" * 64,
            sign("other", "ana", later),
            sign(key, "eve", later),
            sign(key, "ana", 1),
        )
        for token in wrong:
            stranger = await Player.connect(server.port, "ana")
            stranger.send(auth={"uid": "ana", "token": token}, **where)
            assert await stranger.closed() == 4401
            assert stranger.errors[0]["code"] == "AUTH_FAILED"
    finally:
        Player.abort_all()
        await server.stop()


async def test_the_component_of_the_page_answers():
    example, plugged = [block.text for block in docpages.blocks(DOCS / "components.md", "python")]
    space: dict = {}
    exec(example, space)

    class Room:
        told: list = []

        def tell(self, which, message):
            self.told.append((which, message))

    component: Component = space["ClockComponent"](ManualClock(1234), Room())
    await component.receive({"what": "now"})
    assert Room.told == [("clock", {"what": "now", "ms": 1234})]
    with pytest.raises(Refused, match="BAD_PARAMS"):
        await component.receive({})
    component.close()
    made = (ROOT / "webingo/server/websocket.py").read_text()
    there = [line for line in plugged.splitlines() if "ClockComponent" not in line]
    assert [line for line in there if f"        {line}\n" not in made] == []


def test_states_carry_the_version_that_the_page_states():
    state = json.loads(View("credit", ManualClock(0)).state(Funds(0, 0), {}, None))
    assert f"Version {state['v']} " in PROTOCOL.read_text()


# What the pages must not say


def test_pages_speak_of_the_product_only(page):
    assert re.findall(r"/work/|/tmp/|NOTES\.md|DESIGN\.md|\bTODO\b|\bFIXME\b", page.read_text()) == []
