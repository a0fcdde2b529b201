"""docs/slot-ide.md is a transcript: its commands are run, in order, against a server, and answer what stands below them."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests import docpages
from tests.conftest import settings
from tests.docpages import ROOT, Block
from tests.packages import program
from tests.slot_ide import resources
from webingo.resources.site import SlotIde
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore

PAGE = ROOT / "docs" / "slot-ide.md"
ANYTHING = "…"


@pytest.fixture
def server(io_loop: IOLoop, tmp_path: Path) -> Iterator[Server]:
    """With the games that ship, as soon as one of them is the page's."""
    shipped = ROOT / "res"
    res = shipped if list((shipped / "games").glob("atkins*")) else resources(tmp_path, shipped)
    server = Server(settings(res_dir=res))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    io_loop.run_sync(server.stop)


def transcript() -> list[tuple[str, Block]]:
    """Each command with the answer that the page shows."""
    blocks = docpages.blocks(PAGE)
    assert [block.language for block in blocks[::2]] == ["sh"] * (len(blocks) // 2), "an answer follows each command"
    return [(command.text, answer) for command, answer in zip(blocks[::2], blocks[1::2], strict=True)]


def matches(found: Any, shown: Any) -> bool:
    """Equal, but for what the page leaves open; objects with the same fields in the same order."""
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict) and isinstance(found, dict):
        return list(found) == list(shown) and all(matches(found[name], value) for name, value in shown.items())
    if isinstance(shown, list) and isinstance(found, list):
        return len(found) == len(shown) and all(map(matches, found, shown))
    return type(found) is type(shown) and bool(found == shown)


def test_what_matches_and_what_does_not() -> None:
    shown = {"a": [1, "…"], "b": None}
    assert matches({"a": [1, {}], "b": None}, shown)
    for wrong in (
        {"b": None, "a": [1, 2]},
        {"a": [1]},
        {"a": [1, 2, 3], "b": None},
        {"a": [True, 2], "b": None},
        [shown],
        None,
    ):
        assert not matches(wrong, shown), wrong


async def test_the_page_shows_what_a_server_answers(server: Server) -> None:
    shell = shutil.which("sh")
    assert shell and program("curl", "curl")
    for command, shown in transcript():
        assert "localhost:8080" in command
        here = command.replace("localhost:8080", f"127.0.0.1:{server.port}")
        process = await asyncio.create_subprocess_exec(
            shell, "-c", here, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        answer = (await asyncio.wait_for(process.communicate(), 30))[0].decode()
        if shown.language == "json":
            assert matches(json.loads(answer), json.loads(shown.text)), f"{command}\n{answer}"
        else:
            assert answer == shown.text, command


def test_the_page_has_every_exchange_of_the_original_document() -> None:
    commands = "\n".join(command for command, _ in transcript())
    for asked in (
        '-d\'[{"action":"config"},{"action": "bet", "context": [10,1]}]\'',
        '{"action":"bet","context":[10,5]}',
        '{"action":"bet","context":[10,1]},{"action":"play"',
        "[2,2,2,10,20,10,10,10,10,10]",
        '{"action":"gamble"',
        '{"action":"collect"}',
        '[{"action":"config"}]',
    ):
        assert asked in commands, asked


def test_the_settings_of_the_door_are_named() -> None:
    assert {*SlotIde.model_fields, "test_mode"} <= set(docpages.spans(PAGE))
