"""What a hostile client can not exceed or smuggle in: userdata, sizes, rates, addresses, origins."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from tornado.httpclient import AsyncHTTPClient

from tests.player import DEMO, Player
from tests.test_fuzz import unexpected_errors
from tests.test_hostile import refused_with, serving
from tests.wsclient import HandshakeError, open_stream, request
from webingo.errors import Refused
from webingo.server.app import Server
from webingo.server.attempts import Attempts
from webingo.server.websocket import FLOODING
from webingo.support.clock import ManualClock
from webingo.user import USERDATA_MAX_BYTES


@pytest.fixture
def server(plain_server: Server) -> Server:
    return plain_server


# What is kept for the client


@pytest.mark.parametrize("name", ["soc_level", "soc_level_prog", "soc_", "soc_\n", "soc_\u0000", "spend_total"])
async def test_fields_that_the_server_owns_can_be_neither_set_nor_unset(server: Server, name: str) -> None:
    player = await Player.log_in(server.port)
    assert await refused_with(player, t="userdata", set={"ok": 1, name: 99}) == "READ_ONLY"
    assert await refused_with(player, t="userdata", unset=["ok", name]) == "READ_ONLY"
    assert player.state["userdata"] == {}


@pytest.mark.parametrize(
    "name", ["__proto__", "constructor", "toString", "__class__", "soc", "Soc_level", " soc_level", "spend_total "]
)
async def test_names_that_mean_something_elsewhere_are_plain_fields(server: Server, name: str) -> None:
    player = await Player.log_in(server.port)
    player.send(t="userdata", set={name: {"polluted": True}})
    assert (await player.next_state())["userdata"] == {name: {"polluted": True}}
    again = await Player.log_in(server.port)
    assert again.state["userdata"] == {name: {"polluted": True}}
    assert again.credits == 1000


async def test_userdata_has_a_size_however_it_is_reached(server: Server) -> None:
    player = await Player.log_in(server.port)
    room = USERDATA_MAX_BYTES - len(b'{"a":""}')
    assert await refused_with(player, t="userdata", set={"a": "x" * (room + 1)}) == "LIMIT"
    assert await refused_with(player, t="userdata", set={"a": "\u0001" * (room // 6 + 1)}) == "LIMIT", "as it is written"
    player.send(t="userdata", set={"a": "x" * room})
    await player.next_state()
    assert await refused_with(player, t="userdata", set={"b": 1}) == "LIMIT"
    player.send(t="userdata", set={"b": 1}, unset=["a"])
    assert (await player.next_state())["userdata"] == {"b": 1}


@pytest.mark.parametrize("depth", [29, 30, 31, 252, 253, 254, 255, 1000])
async def test_what_is_nested_too_deeply_to_be_written_is_never_taken(server: Server, depth: int) -> None:
    player, errors = await Player.log_in(server.port), unexpected_errors()
    player.client.send_text(b'{"t":"userdata","set":{"a":' + b"[" * depth + b"]" * depth + b"}}")
    if depth <= 30:  # 32 with the message and its field
        await player.next_state()
    else:
        assert await player.refused() == "BAD_MESSAGE"
    again = await Player.log_in(server.port)
    assert ("a" in again.state["userdata"]) == (depth <= 30)
    assert unexpected_errors() == errors


async def test_thousands_of_names_to_unset_hold_up_nobody(server: Server) -> None:
    player, other = await Player.log_in(server.port), await Player.log_in(server.port, "other")
    player.send(t="userdata", set={f"{n:x}": 1 for n in range(1900)})
    await player.next_state()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(10):
        player.send(t="userdata", set={f"{n:x}": 1 for n in range(1900)}, unset=[f"q{n:x}" for n in range(5000)])
    await other.load()
    for _ in range(10):
        await player.next_state()
    assert loop.time() - begun < 1.5


async def test_an_error_does_not_send_back_all_that_was_sent(server: Server) -> None:
    player = await Player.log_in(server.port)
    for message in (
        b'{"t":"%s"}',
        b'{"t":"gameload","gameid":"x","%s":1}',
        b'{"t":"userdata","set":{"%s":1}}',
        b'{"t":"gamefinish","re":"%s"}',
    ):
        player.client.send_text(message % (b"x" * 60_000))
        error = await player.next()
        assert error["code"] == "BAD_MESSAGE" and len(orjson.dumps(error)) < 1000
        await player.next_state()


@pytest.mark.parametrize(
    "message", [{"which": ""}, {"which": "history\0"}, {"which": "History"}, {"which": "__class__"}, {"which": "x" * 129}, {}]
)
async def test_only_components_that_are_there_are_reached(server: Server, message: dict[str, Any]) -> None:
    player = await Player.log_in(server.port)
    assert await refused_with(player, t="component", **message) in ("UNKNOWN_COMPONENT", "BAD_MESSAGE")


# Limits


async def test_messages_over_the_rate_do_not_count_as_messages_that_make_no_sense() -> None:
    async with serving(message_rate=50, message_burst=40) as server:
        player = await Player.log_in(server.port)
        for _ in range(100):
            player.send(t="userdata", set={})
        await asyncio.sleep(0.3)
        player.client.send_text("{")
        await asyncio.sleep(0.3)
        player.send(t="gameload", gameid="joker-bingo")
        while "gamestate" not in (await player.next()):
            pass
        assert {error["code"] for error in player.errors} == {"RATE_LIMITED", "BAD_MESSAGE"}


async def test_who_floods_for_a_minute_is_sent_away() -> None:
    async with serving(ManualClock(0), message_rate=1, message_burst=1) as server:
        player = await Player.log_in(server.port)
        for _ in range(61):
            player.send(t="userdata", set={"a": 1})
        assert await player.closed() == FLOODING
        assert {error["code"] for error in player.errors} == {"RATE_LIMITED"}


async def test_who_guesses_tokens_is_turned_away_before_the_platform_is_asked_at_both_doors() -> None:
    clock = ManualClock(0)
    async with serving(clock, failed_logins=3) as server:
        for _ in range(3):
            assert await refused_login(server.port, token="made.up") == ("AUTH_FAILED", 4401)
        assert await refused_login(server.port) == ("RATE_LIMITED", FLOODING), "though it would have been right"
        status, answer = await posted_login(server.port)
        assert (status, answer["error"]["code"]) == (429, "RATE_LIMITED")
        clock.advance(20)  # a third of a minute gives back one of three
        for _ in range(5):
            await Player.log_in(server.port)  # who gets in is not counted
        assert await refused_login(server.port, token="made.up") == ("AUTH_FAILED", 4401)
        assert await refused_login(server.port) == ("RATE_LIMITED", FLOODING)


def test_of_very_many_addresses_the_oldest_is_forgotten() -> None:
    attempts = Attempts(1, ManualClock(0))
    for number in range(10_001):
        attempts.refused(f"address {number}")
    attempts.check("address 0")
    with pytest.raises(Refused):
        attempts.check("address 1")


async def refused_login(port: int, token: str = "") -> tuple[str, int | None]:
    player = await Player.connect(port)
    player.send(auth={"uid": "ana", "token": token}, platform="demo", site="demo")
    closed = await player.closed()
    return player.errors[-1]["code"], closed


async def posted_login(port: int) -> tuple[int, dict[str, Any]]:
    body = orjson.dumps({"auth": {"uid": "ana"}, "platform": "demo", "site": "demo"})
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/session", method="POST", body=body, raise_error=False)
    return answer.code, orjson.loads(answer.body)


async def test_handshakes_at_the_same_instant_count_one_by_one() -> None:
    async with serving(connections_per_address=5) as server:
        streams = [await open_stream("127.0.0.1", server.port) for _ in range(40)]
        await asyncio.sleep(0.1)
        for _, writer in streams:
            writer.write(request(f"ws://127.0.0.1:{server.port}/session/ws"))
        answers = [(await reader.readuntil(b"\r\n"))[9:12] for reader, _ in streams]
        assert answers.count(b"101") == 5 and answers.count(b"429") == 35
        for _, writer in streams:
            writer.transport.abort()
        await asyncio.sleep(0.1)
        await Player.log_in(server.port)


@pytest.mark.parametrize(
    ("proxies", "headers", "counted"),
    [
        ([], {"x_forwarded_for": "203.0.113.{}"}, True),
        ([], {"x_real_ip": "203.0.113.{}"}, True),
        (["10.0.0.1"], {"x_forwarded_for": "203.0.113.{}"}, True),
        (["10.0.0.1"], {"x_forwarded_for": "203.0.113.{}, 10.0.0.1"}, True),
        (["10.0.0.1"], {"x_real_ip": "203.0.113.{}"}, True),
        (["127.0.0.1"], {"x_real_ip": "203.0.113.{}"}, True),
        (["127.0.0.1"], {"x_forwarded_for": "203.0.113.{}, 198.51.100.7"}, True),
        (["127.0.0.1"], {"x_forwarded_for": "198.51.100.7", "x_real_ip": "203.0.113.{}"}, True),
        (["127.0.0.1"], {"x_forwarded_for": "nonsense-{}"}, True),
        (["127.0.0.1"], {"x_forwarded_for": "203.0.113.{}"}, False),
        (["127.0.0.1", "10.0.0.1"], {"x_forwarded_for": "203.0.113.{}, 10.0.0.1"}, False),
    ],
)
async def test_an_address_is_believed_of_a_trusted_proxy_only(
    proxies: list[str], headers: dict[str, str], counted: bool
) -> None:
    async with serving(trusted_proxies=proxies, connections_per_address=2) as server:
        got_in = 0
        for number in range(4):
            try:
                await Player.connect(server.port, **{name: value.format(number) for name, value in headers.items()})
                got_in += 1
            except HandshakeError as refused:
                assert refused.status == 429
        assert got_in == (2 if counted else 4)


ORIGINS: list[Callable[[int], tuple[str, str]]] = [
    lambda port: ("http://evil.example", f"127.0.0.1:{port}"),
    lambda port: (f"http://127.0.0.1:{port}@evil.example", f"127.0.0.1:{port}"),
    lambda port: (f"http://evil.example#127.0.0.1:{port}", f"127.0.0.1:{port}"),
    lambda port: (f"http://127.0.0.1:{port}.evil.example", f"127.0.0.1:{port}"),
    lambda port: ("null", ""),
    lambda port: ("file://", ""),
    lambda port: ("chrome-extension://abcdef", "abcdef"),
    lambda port: ("http://[", "["),
    lambda port: ("http://[::1", "[::1"),
    lambda port: ("*", f"127.0.0.1:{port}"),
    lambda port: ("self", "self"),
]


@pytest.mark.parametrize("of", ORIGINS)
async def test_a_page_from_elsewhere_is_refused_whatever_it_calls_itself(
    server: Server, of: Callable[[int], tuple[str, str]]
) -> None:
    origin, host = of(server.port)
    errors = unexpected_errors()
    try:
        player = await Player.connect(server.port, origin=origin, host=host)
    except HandshakeError as refused:
        assert refused.status == 400
    else:
        player.send(auth={"uid": "ana"}, **DEMO)
        assert await player.closed() == 4401
        assert [error["code"] for error in player.errors] == ["FORBIDDEN"]
    assert unexpected_errors() == errors
