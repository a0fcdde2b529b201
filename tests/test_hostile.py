"""What a hostile client can not do over a socket. (Logins: test_platform_demo.py; frames: test_websocket_*.py.)"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.conftest import settings
from tests.jackpots import calm_res
from tests.player import DEMO, Player
from webingo.errors import Code, Refused
from webingo.platforms.registry import platforms
from webingo.platforms.token import sign_token
from webingo.rng import fresh_id
from webingo.server.app import Server
from webingo.session.protocol import Auth
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.transaction import Entry, Posting, WalletId
from webingo.user import User

SECRET = settings().secret.get_secret_value()
NOW_S = 1_700_000_000
MUTATIONS = 10_000


@pytest.fixture
def server(plain_server: Server) -> Server:
    return plain_server


@asynccontextmanager
async def serving(clock: ManualClock | None = None, **changes: Any) -> AsyncIterator[Server]:
    server = Server(settings(**changes), clock)
    await server.start(MemoryStore())
    try:
        yield server
    finally:
        Player.abort_all()
        await server.stop()


def wallet(uid: str) -> WalletId:
    return WalletId(User("demo", uid), "credit")


async def ledger(server: Server, uid: str) -> list[Entry]:
    return [entry async for entry in server.store.entries(User("demo", uid).shard) if entry.wallet == str(wallet(uid))]


async def with_credits(server: Server, uid: str, amount: int) -> Player:
    player = await Player.log_in(server.port, uid)
    await server.store.post(Posting("left", wallet(uid), "adjustment", amount - 1000, "", 1))
    await player.next_state()
    await player.load()
    return player


async def refused_with(player: Player, **message: Any) -> str:
    player.send(**message)
    return await player.refused()


# Money


async def test_many_bets_in_one_write_are_one_bet(server: Server) -> None:
    player = await with_credits(server, "racer", 9)
    sid = player.sid
    for _ in range(50):
        player.act("bet", {"amount": 4}, sid=sid)
    await player.next_state()
    for _ in range(49):
        assert await player.refused() == "STALE"
    assert player.credits == 5
    assert [entry.amount for entry in await ledger(server, "racer") if entry.kind == "wager"] == [-4]


async def test_bets_on_every_state_as_it_comes_end_with_the_credits(server: Server) -> None:
    player = await with_credits(server, "spender", 9)
    codes = []
    for _ in range(200):
        player.act("bet", {"amount": 8})
        while (message := await player.next())["t"] == "state" and message["gamestate"]["name"] == "idle":
            pass
        if message["t"] == "error":
            codes.append(message["code"])
            await player.next_state()
            if "end" not in player.game["actions"]:
                break
            await player.end()
            if player.credits < 8:
                break
        assert player.credits >= 0
    assert set(codes) <= {"INSUFFICIENT_FUNDS"}
    assert min(entry.balance for entry in await ledger(server, "spender")) >= 0
    assert (await reconcile(server.store)).findings == []


async def test_two_places_of_one_wallet_can_not_spend_the_same_credits(tmp_path: Path) -> None:
    async with serving(res_dir=two_credit_sites(tmp_path)) as server:
        for number in range(30):
            uid = f"twice{number}"
            here = await with_credits(server, uid, 7)
            there = await Player.log_in(server.port, uid, site="second")
            await there.load()
            here.act("bet", {"amount": 4})
            there.act("bet", {"amount": 4})
            answers = [await first_but_news(player) for player in (here, there)]
            assert sorted(answers) == ["INSUFFICIENT_FUNDS", "game"]
            wagers = [entry.amount for entry in await ledger(server, uid) if entry.kind == "wager"]
            assert wagers == [-4]
            await here.leave()
            await there.leave()


async def first_but_news(player: Player) -> str:
    """The code of the next error, or "game" for the bet's own state; news of the wallet are passed over."""
    while True:
        message = await player.next()
        if message["t"] == "error":
            return str(message["code"])
        if message["gamestate"]["name"] == "game":
            return "game"


def two_credit_sites(tmp_path: Path) -> Path:
    """The games that ship, on two sites of one platform and one denomination. No mystery is hit there: whoever reads states
    one by one would meet one more."""
    res, ours = tmp_path / "res", calm_res()
    (res / "local_sites").mkdir(parents=True)
    (res / "games").symlink_to(ours / "games")
    (res / "templates").symlink_to(ours / "templates")
    site = orjson.loads((ours / "local_sites/demo.json").read_bytes())
    for name in ("demo", "second"):
        (res / "local_sites" / f"{name}.json").write_bytes(orjson.dumps({**site, "id": name}))
    return res


@pytest.mark.parametrize("amount", [1, 2, 3, 5, 7, 12, 399, 401, 2**31, 2**53 - 4, 2**53 + 4, -(2**53)])
async def test_a_stake_that_is_not_offered_is_refused(server: Server, amount: int) -> None:
    player = await with_credits(server, "strange", 5000)
    assert await refused_with(player, t="action", action="bet", params={"amount": amount}, sid=player.sid) in (
        "BAD_PARAMS",
        "LIMIT",
    )
    assert player.credits == 5000 and player.game["name"] == "idle"


@pytest.mark.parametrize(
    "chosen", [[4], [-1], [0, 0], [1, 0], [], [0, 1, 2, 3, 4], [0.0], [True], ["0"], None, {"0": 1}, "0123"]
)
async def test_cards_that_are_not_there_can_not_be_opened(server: Server, chosen: Any) -> None:
    player = await with_credits(server, "opener", 100)
    before = player.game
    assert await refused_with(player, t="action", action="cards", params={"open": chosen}, sid=player.sid) == "BAD_PARAMS"
    assert player.game == before


async def test_closed_cards_neither_cost_nor_win_and_can_not_be_opened_in_a_round(server: Server) -> None:
    player = await with_credits(server, "closer", 5000)
    player.act("cards", {"open": [2]})
    await player.next_state()
    assert await refused_with(player, t="action", action="bet", params={"amount": 400}, sid=player.sid) == "BAD_PARAMS", (
        "100 a card"
    )
    for _ in range(30):
        player.act("bet", {"amount": 100})
        await player.next_state()
        assert [card for card in range(4) if player.game["data"]["winnings"][card]] in ([], [2])
        sid = player.sid
        code = await refused_with(player, t="action", action="cards", params={"open": [0, 1, 2, 3]}, sid=sid)
        assert code == "ACTION_NOT_ALLOWED"
        await player.end()
        if player.credits < 100:
            break


async def test_an_ended_round_can_not_be_ended_or_bought_into_again(server: Server) -> None:
    player = await with_credits(server, "ender", 100)
    await player.bet()
    in_round = player.sid
    await player.end()
    credits = player.credits
    for action in ("end", "extra", "bet"):
        params = {"amount": 4} if action == "bet" else {}
        assert await refused_with(player, t="action", action=action, params=params, sid=in_round) == "STALE"
    for action in ("end", "extra"):
        assert await refused_with(player, t="action", action=action, params={}, sid=player.sid) == "ACTION_NOT_ALLOWED"
    assert player.credits == credits


async def test_another_players_state_id_is_of_no_use(server: Server) -> None:
    victim, thief = await with_credits(server, "victim", 100), await with_credits(server, "thief", 100)
    await victim.bet()
    won = victim.game
    for action in ("end", "bet", "extra"):
        params = {"amount": 4} if action == "bet" else {}
        assert await refused_with(thief, t="action", action=action, params=params, sid=victim.sid) == "STALE"
    assert thief.game["name"] == "idle" and thief.credits == 100
    again = await Player.log_in(server.port, "victim")
    assert again.game == won


# Who one is


async def test_without_debug_nobody_gets_in_or_takes_over_without_a_token() -> None:
    async with serving(debug=False) as server:
        good = sign_token(SECRET, "demo", "ana", 2_000_000_000)
        player = await Player.log_in(server.port, "ana", good)
        await player.load()
        for auth in (
            {"uid": "ana"},
            {"uid": "ana", "token": ""},
            {"uid": "ana", "token": sign_token(SECRET, "demo", "bob", 2_000_000_000)},
            {"uid": "ana", "token": sign_token(SECRET, "facebook", "ana", 2_000_000_000)},
            {"uid": "ana", "token": sign_token("another secret of thirty-two letters", "demo", "ana", 2_000_000_000)},
            {"uid": "ana", "token": sign_token(SECRET, "demo", "ana", 1_000_000_000)},
            {"uid": "bob", "token": good},
            {"uid": "Ana", "token": good},
            {"uid": "ana\u0000", "token": good},
        ):
            thief = await Player.connect(server.port)
            thief.send(auth=auth, **DEMO)
            assert await thief.closed() == 4401
            assert [error["code"] for error in thief.errors] == ["AUTH_FAILED"] and thief.state == {}
        await player.bet()
        assert player.errors == [], "nobody took the seat over"


async def test_ten_thousand_mutations_of_a_token_open_nothing() -> None:
    clock, dice = ManualClock(NOW_S * 1000), random.Random(1)
    async with serving(clock, debug=False) as server:
        good = sign_token(SECRET, "demo", "ana", NOW_S + 60)
        door = platforms(server.settings, clock)["demo"]
        site = await server.house.resources.site("demo", "demo")
        assert (await door.authenticate(Auth(uid="ana", token=good), site)).user == User("demo", "ana")
        for mutation in mutations(good, dice):
            with pytest.raises(Refused) as caught:
                await door.authenticate(Auth(uid="ana", token=mutation), site)
            assert caught.value.code is Code.AUTH_FAILED


def mutations(token: str, dice: random.Random) -> list[str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \0é"
    found: set[str] = set()
    while len(found) < MUTATIONS:
        at, other = dice.randrange(len(token)), dice.choice(letters)
        ways = (
            token[:at] + other + token[at + 1 :],
            token[:at] + other + token[at:],
            token[:at] + token[at + 1 :],
            token[:at],
            token[at:] + token[:at],
            token[:at] + token[at:].swapcase(),
        )
        found.add(dice.choice(ways))
    return sorted(found - {token, ""})


async def test_another_players_rounds_are_not_shown_whatever_the_id(server: Server) -> None:
    victim = await with_credits(server, "victim", 100)
    await victim.bet()
    await victim.end()
    (round_id,) = await server.store.history(User("demo", "victim"), 0, 10)
    thief = await Player.log_in(server.port, "thief")
    shard, _, rest = round_id.partition("-")
    for forged in (
        round_id,
        f"{shard}-{rest.swapcase()}",
        f" {round_id}",
        f"{round_id}\n",
        f"{round_id}\0",
        rest,
        f"{{{shard}}}-{rest}",
        "*",
    ):
        code = await refused_with(thief, t="component", which="history", message={"what": "round", "id": forged})
        assert code == "BAD_PARAMS"
    thief.send(t="component", which="history", message={"what": "rounds", "first": 0, "count": 50})
    assert (await thief.next())["message"]["rounds"] == []


async def test_a_state_id_that_nobody_has_is_stale_and_a_game_id_is_no_path(server: Server) -> None:
    player = await with_credits(server, "guesser", 100)
    for sid in (fresh_id(), "", " ", player.sid.upper() + " ", player.sid[:-1], "0" * 36, "null"):
        assert await refused_with(player, t="action", action="bet", params={"amount": 4}, sid=sid) in ("STALE", "BAD_MESSAGE")
    for game in ("../joker-bingo", "joker-bingo/", "JOKER-BINGO", "joker_bingo", "joker-bingo\0", "*"):
        assert await refused_with(player, t="gameload", gameid=game) == "UNKNOWN_GAME"
    assert player.credits == 100
