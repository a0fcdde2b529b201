"""The promises of the product, each held against every store, through real sockets. (Kills: test_promises_crash.py.)"""

import asyncio
import inspect
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from tornado.ioloop import IOLoop

from tests.conftest import settings
from tests.player import Player
from webingo.engines.engine import Engine, Move
from webingo.resources.local import LocalResources
from webingo.rng import fresh_id
from webingo.server.app import Server
from webingo.session.abandoned import close_abandoned
from webingo.session.proof import header_of, prove
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import PayoutAboveMaximum, Store
from webingo.transaction.transaction import Entry, Part, Seat, Transaction, WalletId, fresh_sharded_id
from webingo.user import User

_NUMBERS = count()
RACES = 100
"""On each store. A thousand are run over two processes."""


def new_uid() -> str:
    return f"promise{next(_NUMBERS)}-{fresh_id()}"


async def ledger_of(store: Store, uid: str) -> list[Entry]:
    user = User("demo", uid)
    return [entry async for entry in store.entries(user.shard) if entry.wallet == f"demo:credit:{uid}"]


async def rounds_of(store: Store, uid: str) -> dict[str, list[bytes]]:
    ids = await store.history(User("demo", uid), 0, 1000)
    return {round_id: record for round_id in ids if (record := await store.round(round_id)) is not None}


# 1. One state, one outcome


async def race(ports: tuple[int, int], uid: str, races: int) -> list[str]:
    """Two connections of one player bet on the same state at the same instant, again and again, the second of them taking
    the seat over. Answers the contested states. In each race the first is told REPLACED, the second has bet or is STALE,
    both never have an outcome, and the second ends with the true state."""
    first = await Player.log_in(ports[0], uid)
    await first.load()
    contested = []
    for number in range(races):
        sid = first.sid
        contested.append(sid)
        second = await Player.connect(ports[(number + 1) % 2], uid)
        second.send(auth={"uid": uid}, platform="demo", site="demo")
        second.act("bet", {"amount": 4}, sid=sid)
        first.act("bet", {"amount": 4}, sid=sid)
        assert await first.closed() == 4409
        assert first.errors[-1]["code"] == "REPLACED"
        await second.next_state()
        answer = await second.next()
        if answer["t"] == "error":
            assert answer["code"] == "STALE"
            await second.next_state()
            assert first.sid in (sid, second.sid), "the first saw no other outcome than the true one"
        else:
            assert first.sid == sid, "both have an outcome"
        assert second.game["name"] == "game"
        await second.end()
        first = second
    await first.leave()
    return contested


async def one_outcome_each(store: Store, uid: str, contested: list[str]) -> None:
    entries = await ledger_of(store, uid)
    wagers = [entry.id for entry in entries if entry.kind == "wager"]
    assert wagers == [f"{sid}:1" for sid in contested], "one wager for each state, and no other"
    assert len(await rounds_of(store, uid)) == len(contested)
    assert (await reconcile(store)).findings == []


async def test_one_state_has_one_outcome_when_two_connections_race_for_it(server: Server) -> None:
    uid = new_uid()
    contested = await race((server.port, server.port), uid, RACES)
    await one_outcome_each(server.store, uid, contested)


async def hearing_of_each_other(*ports: int) -> None:
    """Nodes subscribe to each other's news while they start; what happens before is found out at the next action only."""
    for here, there in (ports, ports[::-1]):
        for _ in range(100):
            uid = new_uid()
            first = await Player.log_in(here, uid)
            await Player.log_in(there, uid)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    assert await first.closed() == 4409
                    break
        else:
            pytest.fail("the nodes don't hear of each other")


def test_one_state_has_one_outcome_when_two_nodes_race_for_it(store: Store, io_loop: IOLoop) -> None:
    async def two_nodes() -> None:
        nodes = [Server(settings()), Server(settings())]
        for node in nodes:
            await node.start(store)
        uid = new_uid()
        await hearing_of_each_other(nodes[0].port, nodes[1].port)
        contested = await race((nodes[0].port, nodes[1].port), uid, RACES)
        await one_outcome_each(store, uid, contested)
        Player.abort_all()  # or the stopping nodes wait for their goodbyes
        for node in nodes:
            node.store = MemoryStore()  # the store outlives its nodes here
            await node.stop()

    io_loop.run_sync(two_nodes)


async def test_a_retried_action_gets_the_state_that_resulted(server: Server) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    sid = player.sid
    await player.bet()
    outcome = player.game
    for _ in range(3):
        player.act("bet", {"amount": 4}, sid=sid)
        assert await player.refused() == "STALE"
        assert player.game == outcome
    assert sum(entry.kind == "wager" for entry in await ledger_of(server.store, player.uid)) == 1


# 2. Money and state move together; 3. the ledger is the truth


async def test_money_and_state_move_together_and_the_ledger_is_their_truth(server: Server) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    credits = player.credits
    for number in range(40):
        won = player.game["data"].get("total_winnings", 0)
        if "extra" in player.game["actions"] and number % 3:
            price = player.game["data"]["extra_cost"]
            player.act("extra")
            await player.next_state()
            credits -= price
        elif "end" in player.game["actions"] and number % 2:
            await player.end()
            credits += won
        else:
            await player.bet(8)
            credits += won - 8
        assert player.credits == credits
    entries = await ledger_of(server.store, player.uid)
    balance = 0
    for seq, entry in enumerate(entries, start=1):
        balance += entry.amount
        assert (entry.seq, entry.balance) == (seq, balance)
    assert balance == credits
    assert len({entry.id for entry in entries}) == len(entries)
    assert (await reconcile(server.store)).findings == []


# 4. Blind maths


def test_an_engine_is_given_nothing_but_state_action_and_random_numbers() -> None:
    assert list(inspect.signature(Engine.apply).parameters) == ["self", "state", "action", "rng"]
    assert list(inspect.signature(Engine.start).parameters) == ["self", "rng"]


def test_engines_import_neither_money_nor_players_nor_clocks() -> None:
    allowed = ("webingo.engines", "webingo.errors", "webingo.problems", "webingo.rng")
    for file in (Path(__file__).parent.parent / "webingo" / "engines").rglob("*.py"):
        for line in file.read_text().splitlines():
            if line.strip().startswith(("import webingo", "from webingo")):
                assert line.split()[1].startswith(allowed), f"{file}: {line}"
            assert not line.strip().startswith(("import time", "from time", "import datetime", "from datetime")), file


# 5. The house computes, the client asks


async def test_nothing_that_a_client_sends_sets_money_odds_or_levels(server: Server) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    before = player.game
    forged: list[tuple[dict[str, Any], str]] = [
        ({"t": "action", "action": "bet", "params": {"amount": 4, "winnings": [900]}, "sid": player.sid}, "BAD_PARAMS"),
        ({"t": "action", "action": "bet", "params": {"amount": 4}, "sid": player.sid, "credits": 9}, "BAD_MESSAGE"),
        ({"t": "action", "action": "cards", "params": {"cards": [[1] * 15]}, "sid": player.sid}, "BAD_PARAMS"),
        ({"t": "state", "wallet": {"credits": 10**6}}, "BAD_MESSAGE"),
        ({"t": "userdata", "set": {"soc_level": 50}}, "READ_ONLY"),
        ({"t": "userdata", "set": {"spend_total": 10**6}}, "READ_ONLY"),
        ({"t": "component", "which": "fb_social", "message": {"what": "set_credits", "amount": 9}}, "UNKNOWN_COMPONENT"),
    ]
    for message, code in forged:
        player.send(**message)
        assert await player.refused() == code, message
    assert player.game == before and player.credits == 1000 and player.state["userdata"] == {}


# 6. What was acknowledged is never lost


async def test_what_was_shown_is_there_for_the_next_session_on_another_node(server: Server, io_loop: IOLoop) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    for _ in range(5):
        await player.bet()
        shown = player.state
        player.client.abort()
        player = await Player.log_in(server.port, player.uid)
        assert player.state["gamestate"] == shown["gamestate"]
        assert player.state["wallet"] == shown["wallet"]


# 7. Fail closed


async def test_a_state_of_other_rules_is_not_played_on(server: Server) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    await player.bet()
    await player.leave()
    seat = Seat(User("demo", player.uid), "demo")
    opened = await server.store.open(seat, WalletId(seat.user, "credit"), 0, 1)
    forged = Transaction(
        seat, WalletId(seat.user, "credit"), opened.epoch, 1, player.sid, sid := fresh_id(), "joker-bingo",
        opened.state.replace(player.sid.encode(), sid.encode()), b'{"version":"0.0.1","settings":{},"data":{}}', 1,
        (Part(opened.round, b"{}", b"{}"),),
    )  # fmt: skip
    await server.store.commit(forged)
    again = await Player.connect(server.port, player.uid)
    again.send(auth={"uid": player.uid}, platform="demo", site="demo")
    assert await again.closed() == 1001
    assert again.errors[0]["code"] == "UNAVAILABLE"


# 8. Bounded payout


async def test_the_commit_refuses_more_than_the_games_largest_win(store: Store) -> None:
    seat = Seat(User("demo", new_uid()), "demo")
    wallet = WalletId(seat.user, "credit")
    opened = await store.open(seat, wallet, 100, 1)
    round_id = fresh_sharded_id(seat.user)

    def step(base: str, sid: str, *parts: Part) -> Transaction:
        return Transaction(seat, wallet, opened.epoch, 1, base, sid, "g", b"{}", b"{}", 50, parts)

    await store.commit(step("", "a"))
    await store.commit(step("a", "b", Part(round_id, b"{}", b"{}", (Move("wager", 2),), header=b"{}")))
    await store.commit(step("b", "c", Part(round_id, b"{}", b"{}", (Move("wager", 90), Move("win", 60)))))
    with pytest.raises(PayoutAboveMaximum):
        await store.commit(step("c", "d", Part(round_id, b"{}", b"{}", (Move("win", 41),), closes=True)))
    assert (await store.commit(step("c", "d", Part(round_id, b"{}", b"{}", (Move("win", 40),), closes=True)))).balance == 108


# 9. Every round can be proved


async def test_every_round_can_be_proved_and_a_forged_one_can_not(server: Server, res_dir: Path) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    for number in range(12):
        if number % 4 == 2:
            player.act("cards")
            if "cards" in player.game["actions"]:
                await player.next_state()
            else:
                assert await player.refused() == "ACTION_NOT_ALLOWED"
        await player.bet()
        while "extra" in player.game["actions"] and number % 2:
            player.act("extra")
            await player.next_state()
        if number % 3 == 0:
            await player.end()
    resources = LocalResources(res_dir, debug=True)
    rounds = await rounds_of(server.store, player.uid)
    assert len(rounds) == 12
    for record in rounds.values():
        game = resources.games["joker-bingo"].recorded(header_of(record)["settings"])
        assert prove(record, game).holds
        for forgery in _forgeries(record):
            assert not prove(forgery, game).holds


def _forgeries(record: list[bytes]) -> list[list[bytes]]:
    """The record with another ball drawn, another win shown, another version of the rules."""
    bet, shown, header = orjson.loads(record[1]), orjson.loads(record[2]), orjson.loads(record[0])
    balls = bet["draws"][0][2]
    balls[0], balls[1] = balls[1], balls[0]
    shown["data"]["total_winnings"] += 1
    header["version"] = "9.9.9"
    return [
        [record[0], orjson.dumps(bet), *record[2:]],
        [record[0], record[1], orjson.dumps(shown), *record[3:]],
        [orjson.dumps(header), *record[1:]],
    ]


# 10. Unfinished rounds survive


async def test_an_unfinished_round_resumes_and_can_be_ended(server: Server) -> None:
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    await player.bet()
    shown, won = player.game, player.game["data"]["total_winnings"]
    player.client.abort()
    again = await Player.log_in(server.port, player.uid)
    assert again.game == shown
    await again.end()
    assert again.credits == 996 + won


async def test_an_abandoned_round_is_closed_to_the_players_benefit(store: Store) -> None:
    clock = ManualClock(1_700_000_000_000)
    server = Server(settings(), clock)
    await server.start(store)
    player = await Player.log_in(server.port, new_uid())
    await player.load()
    await player.bet()
    won = player.game["data"]["total_winnings"]
    await player.leave()
    assert await close_abandoned(server.house, 3600) == 0, "nothing is abandoned yet"
    clock.advance(3601)
    await close_abandoned(server.house, 3600)
    again = await Player.log_in(server.port, player.uid)
    assert again.game["name"] == "idle" and again.credits == 996 + won
    rounds = await rounds_of(store, player.uid)
    assert [len(record) for record in rounds.values()] == [5]
    assert await close_abandoned(server.house, 3600) == 0
    server.store = MemoryStore()
    Player.abort_all()
    await server.stop()
