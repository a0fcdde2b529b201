"""docs/rgs.md is a transcript: its commands are run, in order, against a server, and answer what stands below them."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from tornado.ioloop import IOLoop

from tests import docpages
from tests.conftest import settings
from tests.docpages import ROOT, Block
from tests.packages import program
from tests.rgs import new_key
from tests.secrets import secret
from tests.test_docs_slot_ide import matches
from webingo.resources.site import Outside
from webingo.server.app import Server
from webingo.server.rgs.door import _calls
from webingo.support import rgs_metrics
from webingo.transaction.memory_store import MemoryStore

PAGE = ROOT / "docs" / "rgs.md"


@pytest.fixture
def server(io_loop: IOLoop) -> Iterator[Server]:
    server = Server(settings())
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    io_loop.run_sync(server.stop)


async def run(command: str, server: Server, known: dict[str, str]) -> str:
    shell = shutil.which("sh")
    assert shell and program("curl", "curl")
    here = command.replace("localhost:8080", f"127.0.0.1:{server.port}")
    process = await asyncio.create_subprocess_exec(
        shell, "-c", here, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, **known}
    )
    return (await asyncio.wait_for(process.communicate(), 30))[0].decode()


async def test_the_page_shows_what_a_server_answers(server: Server) -> None:
    blocks = docpages.blocks(PAGE)
    begin, session = blocks[0].text.splitlines()
    assert begin.startswith("KEY=$(.venv/bin/webingo apikey create demo-brl ")
    known = {"KEY": await new_key(server.store, "demo-brl")}
    known["SESSION"] = secret((await run(f"{session}\necho $SESSION", server, known)).strip(), "session")
    asked = 0
    for command, shown in zip(blocks, [*blocks[1:], Block("", "")], strict=True):
        if command.language == "sh" and shown.language == "json":
            answer = await run(command.text, server, known)
            assert matches(json.loads(answer), json.loads(shown.text)), f"{command.text}\n{answer}"
            asked += 1
    assert asked == len(docpages.blocks(PAGE, "json"))


def test_the_page_names_every_call_setting_and_metric() -> None:
    spans = set(docpages.spans(PAGE))
    assert {call.path for call in _calls(Mock(), Mock())} <= spans
    assert {*Outside.model_fields, "api_rate", "api_burst", "failed_logins"} <= spans
    names = {metric.name for metric in rgs_metrics._RGS.collect()}
    assert {name.removesuffix("_total") for name in spans} >= names
