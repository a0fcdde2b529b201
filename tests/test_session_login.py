"""A login by POST /session goes on over the socket: the launch address needs no token."""

import asyncio
from typing import Any

import pytest

from tests.player import DEMO, Player
from tests.secrets import secret
from tests.slot_ide import Client, names
from tests.test_hostile_http import login, post
from webingo.server.app import Server
from webingo.support.clock import SystemClock
from webingo.user import User


@pytest.fixture
def server(plain_server: Server) -> Server:
    return plain_server


async def by_session(server: Server, session: Any, **connecting: Any) -> Player:
    player = await Player.connect(server.port, **connecting)
    player.send(t="auth", session=session)
    return player


async def refused_login(player: Player) -> str:
    """The code of the error, after which the connection is closed."""
    message = await player.next()
    assert await player.closed() == 4401
    return str(message["code"])


async def session_of(server: Server, uid: str) -> str:
    _, answer = await post(server.port, login(uid))
    return secret(answer["sessionId"], "session's id")


async def test_the_socket_goes_on_as_the_player_of_the_session(server: Server) -> None:
    first = await Player.log_in(server.port, "eve")
    await first.load()
    player = await by_session(server, await session_of(server, "eve"))
    await player.next_state()
    assert player.state["curr_game"] == first.state["curr_game"]
    assert player.sid == first.sid
    assert await first.closed() == 4409


@pytest.mark.parametrize("session", ["17-nobody-has-this-session-00000000000", "nonsense", "99-" + "0" * 32, "00-", "\u0000"])
async def test_a_session_that_is_not_there_is_refused(server: Server, session: str) -> None:
    player = await by_session(server, session)
    assert await refused_login(player) == "AUTH_FAILED"


async def test_a_session_is_not_for_players_who_are_blocked_meanwhile_or_for_foreign_pages(server: Server) -> None:
    session = await session_of(server, "mallory")
    player = await by_session(server, session, origin="https://evil.example")
    assert await refused_login(player) == "FORBIDDEN"
    await server.store.block(User("demo", "mallory"), True)
    player = await by_session(server, session)
    assert await refused_login(player) == "PLAYER_BLOCKED"


@pytest.mark.parametrize("extra", [{"session": 7}, {"session": ""}, {"session": "x" * 129}, {"session": "x", **DEMO}])
async def test_a_session_login_that_makes_no_sense_is_only_an_error(server: Server, extra: dict[str, Any]) -> None:
    player = await Player.connect(server.port)
    player.send(t="auth", **extra)
    assert (await player.next())["code"] == "BAD_MESSAGE"
    player.send(auth={"uid": "ana", "token": ""}, **DEMO)
    assert (await player.next_state())["wallet"]["credits"] == 1000


async def test_a_session_that_was_revoked_is_over_for_sockets_for_http_and_for_whoever_plays(server: Server) -> None:
    user, session, idle = User("demo", "ivy"), await session_of(server, "ivy"), await session_of(server, "ivy")
    player = await by_session(server, session)
    await player.next_state()
    slots = Client(server.port, await session_of(server, "ivy"), "atkins-diet")
    assert names(await slots("config")) == ["config"]
    await server.store.revoke(user, SystemClock().now_ms())
    assert await player.closed() == 4409, "SLOT-IDE had taken the seat before"
    for known in (session, idle):
        assert await refused_login(await by_session(server, known)) == "AUTH_FAILED"
    assert (await slots("config"))["code"] == "NOT_AUTHENTICATED"
    await asyncio.sleep(0.002)  # a login of the very moment would be refused too
    later = await by_session(server, await session_of(server, "ivy"))
    await later.next_state()
    await server.store.erase(user, SystemClock().now_ms())
    assert await later.closed() == 4401
    assert later.errors[-1]["code"] == "AUTH_FAILED"
