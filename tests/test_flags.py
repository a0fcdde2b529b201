"""What a site's flags promise: clients are told them, and rounds don't follow one another faster than is allowed."""

import shutil
from pathlib import Path

import orjson
import pytest

from tests.conftest import settings
from tests.player import Player
from webingo.server.app import Server
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore

FLAGS = {"autoplay": False, "turbo": True, "min_spin_ms": 2500}


@pytest.fixture
def slow_site(tmp_path: Path, res_dir: Path) -> Path:
    """The shipped resources, with the demo site's flags replaced."""
    folder = tmp_path / "res"
    shutil.copytree(res_dir, folder)
    file = folder / "local_sites" / "demo.json"
    file.write_bytes(orjson.dumps({**orjson.loads(file.read_bytes()), "flags": FLAGS}))
    return folder


async def test_the_first_state_tells_the_site_and_its_flags(slow_site: Path) -> None:
    server = Server(settings(res_dir=slow_site))
    await server.start(MemoryStore())
    try:
        player = await Player.log_in(server.port)
        assert player.state["site"] == {"id": "demo", "title": "webingo demo", "flags": FLAGS}
        await player.load()
        assert "site" not in player.state
    finally:
        Player.abort_all()
        await server.stop()


async def test_a_round_does_not_begin_sooner_than_the_site_allows(slow_site: Path) -> None:
    clock = ManualClock(0)
    server = Server(settings(res_dir=slow_site), clock)
    await server.start(MemoryStore())
    try:
        player = await Player.log_in(server.port)
        await player.load()
        player.act("bet", {"amount": 4})
        await player.next_state()
        clock.advance(2.4)
        player.act("bet", {"amount": 4})  # would end the round and begin another: neither happens
        assert await player.refused() == "LIMIT"
        assert player.state["gamestate"]["name"] == "game" and player.credits == 996
        clock.advance(0.1)
        player.act("bet", {"amount": 4})
        await player.next_state()
        await player.next_state()
        assert player.state["session"]["rounds"] == 2
    finally:
        Player.abort_all()
        await server.stop()
