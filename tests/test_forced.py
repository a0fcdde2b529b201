"""Forced outcomes: what is given is drawn first, it is proved like all else, and nobody can force where it isn't allowed."""

import time
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.conftest import settings
from tests.player import Player
from tests.slot_ide import Client, resources, session_of
from tests.test_promises import new_uid, rounds_of
from webingo.draws import RecordingRng
from webingo.errors import Code, Refused
from webingo.platforms.token import sign_token
from webingo.resources.local import LocalResources
from webingo.rng import SystemRng
from webingo.server.app import Server
from webingo.session.forced import MOST_NUMBERS, ForcedFirst
from webingo.session.proof import header_of, prove
from webingo.transaction.memory_store import MemoryStore


def forced(*numbers: Any) -> ForcedFirst:
    rng = ForcedFirst(SystemRng())
    rng.force(list(numbers))
    return rng


@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True)), max_size=20))
def test_integers_are_drawn_as_they_are_and_fractions_are_scaled(asked: list[tuple[int, float]]) -> None:
    numbers = [x for n, fraction in asked for x in (int(fraction * n), fraction)]
    rng = forced(*numbers)
    for n, fraction in asked:
        assert rng.below(n) == rng.below(n) == int(fraction * n) < n
    assert rng.left == [] and 0 <= rng.below(7) < 7, "then the house draws"


def test_every_way_to_draw_can_be_forced() -> None:
    choices = [("a", 1), ("none", 0), ("b", 2)]
    assert [forced(mark).weighted(choices) for mark in (0, 1, 2, 0.3, 0.4)] == ["a", "b", "b", "a", "b"]
    assert [forced(number).distribution(5, 9) for number in (5, 8, 0.0, 0.99)] == [5, 8, 5, 8]
    assert forced(2, 0, 0.99).sample("abcd", 3) == ["c", "b", "d"]
    assert forced(3, 2, 0.99, 0).shuffle("abcd") == ["d", "a", "b", "c"]
    assert sorted(forced(3).shuffle("abcd")) == ["a", "b", "c", "d"], "what isn't forced is drawn"


@pytest.mark.parametrize(
    ("draw", "numbers"),
    [
        (lambda rng: rng.below(5), [5, 1]),
        (lambda rng: rng.distribution(5, 9), [4, 6]),
        (lambda rng: rng.distribution(5, 9), [9, 6]),
        (lambda rng: rng.weighted([("a", 1)]), [1, 0]),
        (lambda rng: rng.sample("ab", 2), [2, 0]),
    ],
)
def test_a_number_outside_its_range_is_refused_and_the_rest_with_it(draw: Any, numbers: list[int]) -> None:
    rng = forced(*numbers)
    with pytest.raises(Refused) as refused:
        draw(rng)
    assert refused.value.code is Code.BAD_PARAMS
    assert rng.left == []


def test_impossible_ranges_are_errors_as_ever() -> None:
    for draw in (lambda: forced(1).below(0), lambda: forced(1).distribution(3, 3), lambda: forced(1).sample("ab", 3)):
        with pytest.raises(ValueError):
            draw()


@pytest.mark.parametrize(
    "numbers",
    [None, "1", {"0": 1}, [-1], [1.0], [True], ["1"], [None], [-0.1], [float("nan")], [[1]], [0] * (MOST_NUMBERS + 1)],
)
def test_only_numbers_that_can_be_drawn_are_taken(numbers: Any) -> None:
    with pytest.raises(Refused) as refused:
        forced().force(numbers)
    assert refused.value.code is Code.BAD_PARAMS


def test_forced_draws_are_recorded_as_draws() -> None:
    recorder = RecordingRng(forced(3, 0.5))
    recorder.below(32)
    recorder.weighted([("a", 1), ("b", 1)])
    assert [(draw.method, draw.result) for draw in recorder.draws] == [("below", 3), ("weighted", "b")]


async def forcing(server: Server, site: str) -> tuple[Player, dict[str, Any]]:
    """A player who asks the component `test` for the document's losing spin; the answer."""
    player = await Player.log_in(server.port, new_uid(), site=site)
    await player.load("atkins")
    player.send(t="component", which="test", message={"force": [4, 31, 4, 28, 26]})
    return player, await player.next()


@pytest.fixture(scope="module")
def res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resources(tmp_path_factory.mktemp("forced"), Path(__file__).parent.parent / "res", live={"test_mode": False})


def serving(io_loop: IOLoop, res: Path, **changes: Any) -> Server:
    server = Server(settings(res_dir=res, **changes))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    return server


def test_a_socket_forces_outcomes_in_test_mode_and_the_round_is_proved(io_loop: IOLoop, res: Path) -> None:
    async def play(server: Server) -> None:
        player, answer = await forcing(server, "demo")
        assert answer == {"t": "component", "which": "test", "message": {"forced": 5}}
        player.act("spin", {"bet": 1, "lines": 10})
        await player.next_state()
        assert player.game["data"]["spin"]["stops"] == [4, 31, 4, 28, 26]
        ((_, record),) = (await rounds_of(server.store, player.uid)).items()
        game = LocalResources(res, debug=True).games["atkins"].recorded(header_of(record)["settings"])
        assert prove(record, game).holds
        for wrong in ({}, {"force": 1}, {"force": [2], "more": 1}, {"force": [1.5]}):
            player.send(t="component", which="test", message=wrong)
            assert await player.refused() == "BAD_PARAMS"
        player.send(t="component", which="test", message={"force": [32]})
        await player.next()
        player.act("spin", {"bet": 1, "lines": 10})
        assert await player.refused() == "BAD_PARAMS", "32 stops end with 31"
        player.act("spin", {"bet": 1, "lines": 10})
        await player.next_state()

    server = serving(io_loop, res)
    io_loop.run_sync(lambda: play(server))
    Player.abort_all()
    io_loop.run_sync(server.stop)


def test_outcomes_are_forced_nowhere_else(io_loop: IOLoop, res: Path) -> None:
    async def ask(server: Server, site: str) -> None:
        _, answer = await forcing(server, site)
        assert (answer["t"], answer["code"]) == ("error", "UNKNOWN_COMPONENT")

    async def ask_by_http(server: Server, sid: str) -> None:
        client = Client(server.port, sid)
        answer = await client(("bet", [10, 1]), ("play", [4, 31, 4, 28, 26]))
        assert answer == {"error": "Outcomes can't be forced here.", "code": "FORBIDDEN"}
        assert [found["event"] for found in await client("config")] == ["config", "bet"], "nothing was played"

    async def with_debug(server: Server) -> None:
        await ask(server, "live")
        await ask_by_http(server, await session_of(server.port, new_uid(), "live"))

    server = serving(io_loop, res)
    io_loop.run_sync(lambda: with_debug(server))
    Player.abort_all()
    io_loop.run_sync(server.stop)


def test_without_debug_test_mode_is_without_effect(io_loop: IOLoop, res: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from webingo.server import app

    monkeypatch.setattr(app, "wrong_rtps", lambda *_: [])  # the games here state no true RTP

    async def ask(server: Server) -> None:
        uid = new_uid()
        token = sign_token(server.settings.secret.get_secret_value(), "demo", uid, int(time.time()) + 60)
        sid = await session_of(server.port, uid, token=token)
        client = Client(server.port, sid)
        assert (await client(("bet", [10, 1]), ("play", [1])))["code"] == "FORBIDDEN"
        assert await client(("bet", [10, 1]), "play"), "what is not forced is played"

    with structlog.testing.capture_logs() as logged:
        server = serving(io_loop, res, debug=False)
    assert [line["site"] for line in logged if line["event"] == "test_mode_without_effect"] == ["demo"]
    io_loop.run_sync(lambda: ask(server))
    io_loop.run_sync(server.stop)
