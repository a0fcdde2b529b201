"""Those who run games and sites may change them: an open round ends, and is proved, as it was begun (promises 7, 9, 10)."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests.conftest import settings
from tests.player import Player
from tests.test_promises import new_uid, rounds_of
from webingo.errors import BadResource
from webingo.resources.local import LocalResources
from webingo.server.app import Server
from webingo.session.abandoned import close_abandoned
from webingo.session.proof import header_of, prove
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.user import User


@pytest.fixture
def res(tmp_path: Path, res_dir: Path) -> Path:
    """The shipped games and sites, to be changed."""
    shutil.copytree(res_dir, tmp_path / "res")
    return tmp_path / "res"


@pytest.fixture
def house(io_loop: IOLoop, res: Path) -> Iterator["Nodes"]:
    nodes = Nodes(res)
    yield nodes
    Player.abort_all()
    for server in nodes.servers:
        io_loop.run_sync(server.stop)


class Nodes:
    """Servers that are started one after the other on the same store, each with the resources of that moment."""

    def __init__(self, res: Path) -> None:
        self.res = res
        self.store = MemoryStore()
        self.clock = ManualClock(1_700_000_000_000)
        self.servers: list[Server] = []

    async def start(self) -> Server:
        server = Server(settings(res_dir=self.res), self.clock)
        await server.start(self.store)
        self.servers.append(server)
        return server

    def change_site(self, **changes: Any) -> None:
        file = self.res / "local_sites" / "demo.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def offering(**game: Any) -> list[dict[str, Any]]:
    return [{"id": "joker-bingo", **game}, {"id": "bingo-75"}]


async def in_a_round(server: Server, uid: str) -> Player:
    player = await Player.log_in(server.port, uid)
    await player.load()
    await player.bet()
    return player


async def new_settings(player: Player) -> dict[str, Any]:
    """Takes the state that tells of them, with the site and its games, and the plain one behind it."""
    told = await player.next_state()
    assert await player.next_state() == {name: value for name, value in told.items() if name not in ("site", "games")}
    return told


async def test_a_round_that_is_open_when_settings_change_ends_with_its_own_and_can_be_proved(house: Nodes) -> None:
    player = await in_a_round(await house.start(), new_uid())
    house.change_site(games=offering(settings={"bets": [50], "max_stake": 200}), jackpots=[])
    server = await house.start()
    again = await Player.log_in(server.port, player.uid)
    assert again.game == player.game
    await again.end()
    (record,) = (await rounds_of(house.store, player.uid)).values()
    recorded = LocalResources(house.res, debug=True).games["joker-bingo"].recorded(header_of(record)["settings"])
    assert prove(record, recorded).holds
    await new_settings(again)
    assert again.game["data"]["bets"] == [50], "the next round is played under the new settings"
    await again.leave()
    later = await Player.log_in(server.port, player.uid)
    assert later.game == again.game


async def test_a_disabled_game_lets_the_round_end_and_no_other_begin(house: Nodes) -> None:
    player = await in_a_round(await house.start(), new_uid())
    house.change_site(games=offering(enabled=False), jackpots=[])
    server = await house.start()
    again = await Player.log_in(server.port, player.uid)
    again.act("bet", {"amount": 4})
    assert await again.refused() == "GAME_DISABLED"
    assert again.game == player.game
    await again.end()
    await new_settings(again)
    again.act("bet", {"amount": 4})
    assert await again.refused() == "GAME_DISABLED"
    again.send(t="gameload", gameid="joker-bingo")
    assert await again.refused() == "GAME_DISABLED"
    assert len(await rounds_of(house.store, player.uid)) == 1


async def test_rounds_that_cannot_be_closed_do_not_hold_up_those_behind_them(house: Nodes) -> None:
    server = await house.start()
    shard = User("demo", "a0").shard
    uids = [uid for uid in (f"a{n}" for n in range(5000)) if User("demo", uid).shard == shard][:25]
    for uid in uids:
        await in_a_round(server, uid)
        house.clock.advance(1)
    Player.abort_all()
    for uid in uids[:-1]:
        await house.store.block(User("demo", uid), True)
    house.clock.advance(3600)
    assert await close_abandoned(server.house, 600) == 1
    left = await house.store.abandoned(shard, house.clock.now_ms(), 0, 100)
    assert [seat.user.uid for seat in left] == uids[:-1]


async def test_a_closed_site_lets_nobody_in_and_its_open_rounds_are_closed(house: Nodes) -> None:
    player = await in_a_round(await house.start(), new_uid())
    house.change_site(enabled=False)
    server = await house.start()
    late = await Player.connect(server.port, player.uid)
    late.send(auth={"uid": player.uid}, platform="demo", site="demo")
    assert await late.closed() == 4401
    assert late.errors[0]["code"] == "FORBIDDEN"
    house.clock.advance(3600)
    assert await close_abandoned(server.house, 600) == 1


def test_a_site_of_a_platform_that_there_is_not_stops_the_start(house: Nodes, io_loop: IOLoop) -> None:
    house.change_site(platform="demmo")
    with pytest.raises(BadResource) as caught:
        io_loop.run_sync(house.start)
    assert caught.value.problems == [("local_sites/demo.json", "platform", "unknown platform; did you mean demo?")]


def test_without_debug_a_manifest_that_states_a_false_rtp_stops_the_start(res: Path) -> None:
    file = res / "games" / "bingo-75" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "rtp": 0.96}))
    Server(settings(res_dir=res))
    with pytest.raises(BadResource) as caught:
        Server(settings(res_dir=res, debug=False))
    assert caught.value.problems[0][:2] == (str(file), "rtp")


async def test_a_player_who_stayed_connected_comes_back_to_the_round_that_was_closed(house: Nodes) -> None:
    server = await house.start()
    player = await in_a_round(server, new_uid())
    house.clock.advance(3600)
    assert await close_abandoned(server.house, 600) == 1
    assert await player.closed() == 1001, "not 4409: nobody logged in elsewhere"
    again = await Player.log_in(server.port, player.uid)
    assert again.game["name"] == "idle"
