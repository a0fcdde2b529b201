"""The session protocol from a client's side: every message, every refusal, every way to be closed."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from tornado.ioloop import IOLoop

from tests import wsclient, wsserver
from tests.conftest import settings
from tests.player import DEMO, Player
from webingo.errors import Code
from webingo.rng import fresh_id
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Posting, WalletId
from webingo.user import User


@pytest.fixture
def server(plain_server: Server) -> Server:
    return plain_server


def serving(io_loop: IOLoop, **changes: Any) -> Server:
    server = Server(settings(**changes))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    return server


def stopped(io_loop: IOLoop, server: Server) -> None:
    """Without players: it waits for their goodbyes."""
    Player.abort_all()
    io_loop.run_sync(server.stop)


async def test_a_login_is_answered_with_the_whole_state(server: Server) -> None:
    player = await Player.log_in(server.port)
    assert player.state["v"] == 1
    assert player.state["wallet"] == {
        "credits": 1000,
        "denom": "credit",
        "denom_info": {"prefix": "", "suffix": "", "integer": True, "money_multiplier": 1, "rgs_id": "CRE"},
    }
    assert player.state["userdata"] == {}
    assert player.state["session"] == {"seconds": 0, "rounds": 0, "wagered": 0, "won": 0, "net": 0}
    assert "joker-bingo" in [game["id"] for game in player.state["games"]]
    assert {"id", "engine", "title"} <= player.state["games"][0].keys()
    assert "curr_game" not in player.state and "gamestate" not in player.state


async def test_the_login_may_name_its_type_and_come_in_a_binary_frame(server: Server) -> None:
    player = await Player.connect(server.port)
    player.client.send_binary(orjson.dumps({"t": "auth", "auth": {"uid": "ana"}, **DEMO}))
    await player.next_state()
    player.client.send_binary(orjson.dumps({"t": "gameload", "gameid": "joker-bingo"}))
    assert (await player.next_state())["curr_game"] == "joker-bingo"


@pytest.mark.parametrize(
    ("login", "code"),
    [
        ({"auth": {"uid": "ana"}, "platform": "nowhere", "site": "demo"}, "UNKNOWN_PLATFORM"),
        ({"auth": {"uid": "ana"}, "platform": "demo", "site": "nowhere"}, "UNKNOWN_SITE"),
        ({"auth": {"uid": "ana", "token": "forged"}, **DEMO}, "AUTH_FAILED"),
        ({"auth": {"uid": "a b"}, **DEMO}, "AUTH_FAILED"),
    ],
)
async def test_a_refused_login_names_the_code_and_closes(server: Server, login: dict[str, Any], code: str) -> None:
    player = await Player.connect(server.port)
    player.send(**login, re="l1")
    assert await player.closed() == 4401
    assert [(error["code"], error["re"]) for error in player.errors] == [(code, "l1")]
    assert player.state == {}


async def test_a_blocked_player_is_refused_and_one_who_plays_is_sent_away(server: Server) -> None:
    player = await Player.log_in(server.port, "bad")
    await server.store.block(User("demo", "bad"), True)
    assert await player.closed() == 4401
    assert player.errors[-1]["code"] == "PLAYER_BLOCKED"
    again = await Player.connect(server.port)
    again.send(auth={"uid": "bad"}, **DEMO)
    assert await again.closed() == 4401
    assert again.errors[-1]["code"] == "PLAYER_BLOCKED"


async def test_nobody_acts_before_the_login(server: Server) -> None:
    player = await Player.connect(server.port)
    for message in (
        {"t": "gameload", "gameid": "joker-bingo"},
        {"t": "action", "action": "bet", "params": {"amount": 4}, "sid": fresh_id()},
        {"t": "userdata", "set": {"a": 1}},
    ):
        player.send(**message, re=7)
        error = await player.next()
        assert (error["code"], error["re"]) == ("NOT_AUTHENTICATED", 7)
    player.send(auth={"uid": "ana"}, **DEMO)
    await player.next_state()


def test_a_login_that_comes_too_late_is_closed(io_loop: IOLoop) -> None:
    server = serving(io_loop, auth_timeout_s=0.2)

    async def wait() -> None:
        player = await Player.connect(server.port)
        assert await player.closed() == 4408
        in_time = await Player.log_in(server.port)
        await asyncio.sleep(0.4)
        await in_time.load()

    io_loop.run_sync(wait)
    stopped(io_loop, server)


async def test_what_is_sent_right_behind_the_login_is_not_lost(server: Server) -> None:
    player = await Player.connect(server.port)
    player.send(auth={"uid": "ana"}, **DEMO)
    player.send(t="gameload", gameid="joker-bingo")
    player.send(t="userdata", set={"first_time": False})
    assert "gamestate" not in await player.next_state()
    assert "gamestate" in await player.next_state()
    assert (await player.next_state())["userdata"] == {"first_time": False}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example"])
async def test_a_page_that_the_site_does_not_allow_is_refused(server: Server, origin: str) -> None:
    player = await Player.connect(server.port, origin=origin)
    player.send(auth={"uid": "ana"}, **DEMO)
    assert await player.closed() == 4401
    assert player.errors[0]["code"] == "FORBIDDEN"


async def test_the_servers_own_page_is_allowed(server: Server) -> None:
    player = await Player.connect(server.port, origin=f"http://127.0.0.1:{server.port}")
    player.send(auth={"uid": "ana"}, **DEMO)
    await player.next_state()


async def test_a_game_is_loaded_played_and_finished(server: Server) -> None:
    player = await Player.log_in(server.port)
    state = await player.load()
    assert (state["curr_game"], player.game["name"]) == ("joker-bingo", "idle")
    assert player.game["actions"] == ["bet", "cards"]
    assert "games" not in state
    before = player.sid
    await player.bet(4)
    assert player.game["name"] == "game" and player.sid != before
    assert len(player.game["data"]["balls"]) == 30
    assert player.credits == 996, "winnings stay in the round until it ends"
    won = player.game["data"]["total_winnings"]
    await player.end()
    assert player.game["name"] == "idle"
    assert player.credits == 996 + won
    assert player.state["session"] == {"seconds": 0, "rounds": 1, "wagered": 4, "won": won, "net": won - 4}
    player.send(t="gamefinish", re="bye")
    state = await player.next_state()
    assert "gamestate" not in state and "curr_game" not in state
    assert state["re"] == "bye"


async def test_a_bet_during_a_round_passes_through_idle_with_an_id_of_its_own(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    await player.bet()
    first, won, credits = player.sid, player.game["data"]["total_winnings"], player.credits
    player.act("bet", {"amount": 4}, re=9)
    idle = await player.next_state()
    assert idle["gamestate"]["name"] == "idle" and idle["wallet"]["credits"] == credits + won
    game = await player.next_state()
    assert game["gamestate"]["name"] == "game" and game["wallet"]["credits"] == credits + won - 4
    assert len({first, idle["gamestate"]["id"], game["gamestate"]["id"]}) == 3
    assert idle["re"] == game["re"] == 9


async def test_private_parts_and_engine_secrets_are_never_sent(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    assert set(player.game) == {"id", "name", "data", "actions"}
    assert "deal" not in player.game["data"]


async def test_loading_the_same_game_again_changes_nothing_and_another_one_ends_it(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    before = player.game
    await player.load()
    assert player.game == before
    await player.load("bingo-75")
    assert player.state["curr_game"] == "bingo-75"
    assert player.game["id"] != before["id"]


async def test_a_round_with_a_choice_left_can_not_be_finished_or_left_for_another_game(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    for _ in range(50):
        await player.bet()
        if "extra" in player.game["actions"]:
            break
    sid = player.sid
    player.send(t="gamefinish")
    assert await player.refused() == "NOT_FINISHABLE"
    player.send(t="gameload", gameid="bingo-75")
    assert await player.refused() == "NOT_FINISHABLE"
    assert player.sid == sid and player.state["curr_game"] == "joker-bingo"


async def test_errors_are_followed_by_the_full_state_and_carry_the_clients_reference(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    player.act("fly", re="r1")
    error = await player.next()
    assert error == {"t": "error", "code": "ACTION_NOT_ALLOWED", "message": error["message"], "re": "r1"}
    state = await player.next_state()
    assert state["re"] == "r1" and state["gamestate"]["id"] == player.sid


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"t": "gameload", "gameid": "no-such-game"}, "UNKNOWN_GAME"),
        ({"t": "gameload", "gameid": "../../etc/passwd"}, "UNKNOWN_GAME"),
        ({"t": "gamefinish"}, "NO_GAME"),
        ({"t": "action", "action": "bet", "params": {}, "sid": "x"}, "NO_GAME"),
        ({"t": "component", "which": "nothing", "message": {}}, "UNKNOWN_COMPONENT"),
        ({"t": "userdata", "set": {"soc_level": 99}}, "READ_ONLY"),
        ({"t": "userdata", "set": {"soc_anything": 1}}, "READ_ONLY"),
        ({"t": "userdata", "unset": ["spend_total"]}, "READ_ONLY"),
        ({"t": "userdata", "set": {"big": "x" * 16384}}, "LIMIT"),
        ({"t": "nonsense"}, "BAD_MESSAGE"),
        ({"t": "gamefinish", "typo": 1}, "BAD_MESSAGE"),
        ({"t": "gameload"}, "BAD_MESSAGE"),
        ({"t": "gameload", "gameid": 7}, "BAD_MESSAGE"),
        ({"auth": {"uid": "other"}, **DEMO}, "BAD_MESSAGE"),
        ({}, "BAD_MESSAGE"),
    ],
)
async def test_a_wrong_message_gets_its_code_and_the_session_lives_on(
    server: Server, message: dict[str, Any], code: str
) -> None:
    player = await Player.log_in(server.port)
    player.send(**message, re="x")
    assert await player.refused() == code
    assert player.errors[0]["re"] == "x"
    await player.load()


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("bet", {}, "BAD_PARAMS"),
        ("bet", {"amount": 5}, "BAD_PARAMS"),
        ("bet", {"amount": 0}, "BAD_PARAMS"),
        ("bet", {"amount": -4}, "BAD_PARAMS"),
        ("bet", {"amount": 4.0}, "BAD_PARAMS"),
        ("bet", {"amount": "4"}, "BAD_PARAMS"),
        ("bet", {"amount": True}, "BAD_PARAMS"),
        ("bet", {"amount": 2**63}, "LIMIT"),
        ("bet", {"amount": 10**400}, "BAD_MESSAGE"),
        ("bet", {"amount": 4, "win": 1000}, "BAD_PARAMS"),
        ("cards", {"open": [9]}, "BAD_PARAMS"),
        ("cards", {"open": []}, "BAD_PARAMS"),
        ("extra", {}, "ACTION_NOT_ALLOWED"),
        ("end", {}, "ACTION_NOT_ALLOWED"),
    ],
)
async def test_wrong_parameters_move_nothing(server: Server, action: str, params: dict[str, Any], code: str) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    before = player.game
    player.client.send_text(
        b'{"t":"action","action":"%s","params":%s,"sid":"%s"}' % (action.encode(), _json(params), player.sid.encode())
    )
    assert await player.refused() == code
    assert player.game == before and player.credits == 1000


def _json(params: dict[str, Any]) -> bytes:
    import json  # orjson writes no integers above 64 bits

    return json.dumps(params).encode()


async def test_a_bet_on_closed_cards_counts_the_open_ones_only(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    player.act("cards", {"open": [1]})
    await player.next_state()
    stake = player.game["data"]["bets"][0]
    player.act("bet", {"amount": stake * 4})
    if stake * 4 not in player.game["data"]["bets"]:
        assert await player.refused() == "BAD_PARAMS"
    else:
        await player.next_state()
    winnings = player.game["data"].get("winnings", [0] * 4)
    assert all(winnings[card] == 0 for card in (0, 2, 3))


async def test_an_old_state_id_is_stale_and_the_true_state_comes_with_the_refusal(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    old = player.sid
    await player.bet()
    now = player.game
    player.act("bet", {"amount": 4}, sid=old)
    assert await player.refused() == "STALE"
    assert player.game == now
    player.act("bet", {"amount": 4}, sid=fresh_id())
    assert await player.refused() == "STALE"


async def test_a_player_can_not_bet_more_than_there_is(server: Server) -> None:
    player = await Player.log_in(server.port, "poor")
    wallet = WalletId(User("demo", "poor"), "credit")
    await server.store.post(Posting("drain", wallet, "adjustment", -997, "", 1))
    assert (await player.next_state())["wallet"]["credits"] == 3
    await player.load()
    before = player.game
    player.act("bet", {"amount": 4})
    assert await player.refused() == "INSUFFICIENT_FUNDS"
    assert player.game == before and player.credits == 3


async def test_a_wallet_that_changes_elsewhere_is_pushed(server: Server) -> None:
    player = await Player.log_in(server.port, "rich")
    wallet = WalletId(User("demo", "rich"), "credit")
    await server.store.post(Posting("gift", wallet, "gift", 500, "", 1))
    assert (await player.next_state())["wallet"]["credits"] == 1500


async def test_userdata_is_kept_for_the_next_session(server: Server) -> None:
    player = await Player.log_in(server.port)
    player.send(t="userdata", set={"first_time": False, "theme": {"dark": [1, None, "é"]}, "gone": 1})
    await player.next_state()
    player.send(t="userdata", set={"n": 1}, unset=["gone", "never there"])
    expected = {"first_time": False, "theme": {"dark": [1, None, "é"]}, "n": 1}
    assert (await player.next_state())["userdata"] == expected
    again = await Player.log_in(server.port)
    assert again.state["userdata"] == expected
    other = await Player.log_in(server.port, "somebody")
    assert other.state["userdata"] == {}


async def test_a_second_login_takes_over_and_the_first_is_told(server: Server) -> None:
    first = await Player.log_in(server.port)
    await first.load()
    await first.bet()
    second = await Player.log_in(server.port)
    assert second.game == first.game, "the unfinished round is resumed as it was"
    assert await first.closed() == 4409
    assert first.errors[-1]["code"] == "REPLACED"
    await second.end()


async def test_twenty_bad_messages_in_a_minute_are_borne_and_no_more(server: Server) -> None:
    player = await Player.log_in(server.port)
    for _ in range(20):
        player.client.send_text("{")
        assert await player.refused() == "BAD_MESSAGE"
    player.client.send_text("{")
    assert await player.closed() == 4429


def test_messages_over_the_rate_are_not_acted_on(io_loop: IOLoop) -> None:
    server = serving(io_loop, message_rate=5, message_burst=10)

    async def flood() -> None:
        player = await Player.log_in(server.port)
        for number in range(30):
            player.send(t="userdata", set={"n": number})
        await asyncio.sleep(0.5)
        player.send(t="userdata", set={"last": True})
        while "last" not in (await player.next()).get("userdata", {}):
            pass
        assert {error["code"] for error in player.errors} == {Code.RATE_LIMITED}
        assert 20 <= len(player.errors) <= 22
        assert player.state["userdata"]["n"] == 8, "the login took one of the ten"

    io_loop.run_sync(flood)
    stopped(io_loop, server)


def test_a_frame_that_is_too_big_is_1009(io_loop: IOLoop) -> None:
    server = serving(io_loop)

    async def big() -> None:
        player = await Player.log_in(server.port)
        player.client.send_text(b'{"t":"gamefinish"' + b" " * 65536 + b"}")
        assert await player.closed() == 1009

    io_loop.run_sync(big)
    stopped(io_loop, server)


def test_an_address_has_only_so_many_connections(io_loop: IOLoop) -> None:
    from tests.wsclient import HandshakeError

    server = serving(io_loop, connections_per_address=2)

    async def crowd() -> None:
        first, _second = [await Player.log_in(server.port, f"p{n}") for n in range(2)]
        with pytest.raises(HandshakeError) as caught:
            await Player.connect(server.port)
        assert caught.value.status == 429
        await first.leave()
        await asyncio.sleep(0.1)
        await Player.log_in(server.port, "p3")

    io_loop.run_sync(crowd)
    stopped(io_loop, server)


async def test_history_shows_a_players_own_rounds_and_nobody_elses(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    await player.bet()
    won = player.game["data"]["total_winnings"]
    shown_state = player.game
    await player.end()
    player.send(t="component", which="history", message={"what": "rounds"})
    (listed,) = (await player.next())["message"]["rounds"]
    assert (listed["game"], listed["wagered"], listed["won"]) == ("joker-bingo", 4, won)
    player.send(t="component", which="history", message={"what": "round", "id": listed["id"]})
    shown = (await player.next())["message"]["round"]
    assert [step["action"] for step in shown["steps"]] == ["bet", "end"]
    assert shown["steps"][0]["state"] == shown_state
    thief = await Player.log_in(server.port, "thief")
    thief.send(t="component", which="history", message={"what": "round", "id": listed["id"]})
    assert await thief.refused() == "BAD_PARAMS"
    for nonsense in ({}, {"what": "all"}, {"what": "rounds", "count": 1000}, {"what": "rounds", "first": -1}):
        thief.send(t="component", which="history", message=nonsense)
        assert await thief.refused() == "BAD_PARAMS"


def test_a_stopping_server_finishes_the_action_in_hand_and_sends_players_away(io_loop: IOLoop) -> None:
    server = serving(io_loop)

    async def leave() -> None:
        player = await Player.log_in(server.port)
        await player.load()
        player.act("bet", {"amount": 4})
        await player.client.drain()
        await asyncio.sleep(0.05)
        await server.stop()
        assert await player.closed() == 1001
        assert player.game["name"] == "game"

    io_loop.run_sync(leave)


def test_with_a_certificate_the_server_speaks_tls(io_loop: IOLoop, tmp_path: Path) -> None:
    wsserver.certificate(tmp_path)
    cert, key = (str(next(tmp_path.glob(f"*{kind}*"))) for kind in ("cert", "key"))
    server = serving(io_loop, cert=cert, certkey=key)

    async def play() -> None:
        player = Player(await wsclient.connect(f"wss://127.0.0.1:{server.port}/session/ws"), "ana")
        Player.connected.append(player)
        player.send(auth={"uid": "ana"}, **DEMO)
        await player.next_state()
        await player.load()
        await player.bet()
        assert len(player.game["data"]["balls"]) == 30

    io_loop.run_sync(play)
    stopped(io_loop, server)
