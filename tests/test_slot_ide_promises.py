"""What the SLOT-IDE door promises: no request bets twice, no round is lost, and the ledger agrees with what was told."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests.conftest import open_store, settings
from tests.player import Player
from tests.processes import ServerProcess, run
from tests.slot_ide import Client, contexts, names, resources, session_of
from tests.test_promises import ledger_of, new_uid, rounds_of
from webingo.resources.local import LocalResources
from webingo.server.app import Server
from webingo.session.abandoned import close_abandoned
from webingo.session.proof import header_of, prove
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store

LOSING = [4, 31, 4, 28, 26]
TRIGGER = [2, 2, 2, 10, 20]
WINNING = [10, 10, 10, 10, 10]
BET = ("bet", [10, 1])


@pytest.fixture(scope="module")
def res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    brief, poor = {"slot_ide": {"inactivity_timeout_s": 1}}, {"initial_credits": 10_000}
    return resources(tmp_path_factory.mktemp("slot-ide"), Path(__file__).parent.parent / "res", brief=brief, poor=poor)


class Nodes:
    """Servers of this process that share one database, each over its own connection."""

    def __init__(self, res: Path) -> None:
        self.res = res
        self.servers: list[Server] = []

    async def start(self, store: Store, clock: ManualClock | None = None, **changes: Any) -> Server:
        server = Server(settings(res_dir=self.res, **changes), clock)
        await server.start(store)
        self.servers.append(server)
        return server

    async def stop(self) -> None:
        for server in self.servers:
            await server.stop()


@pytest.fixture
def nodes(io_loop: IOLoop, res: Path) -> Iterator[Nodes]:
    nodes = Nodes(res)
    yield nodes
    Player.abort_all()
    io_loop.run_sync(nodes.stop)


async def two(nodes: Nodes, redis_url: str) -> tuple[Server, Server]:
    return await nodes.start(await open_store(redis_url)), await nodes.start(await open_store(redis_url))


async def wagers(store: Store, uid: str) -> int:
    return sum(entry.kind == "wager" for entry in await ledger_of(store, uid))


# A request bets once


async def test_a_repeated_request_is_answered_with_what_it_led_to_and_bets_once(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    first = await client("config", BET, ("play", TRIGGER), seq=0)
    for _ in range(3):
        assert await client("config", BET, ("play", TRIGGER), seq=0) == first
    free = [await client(("play", LOSING), seq=seq) for seq in (1, 2)]
    assert [await client(("play", LOSING), seq=seq) for seq in (1, 2)] == free
    assert await client("config", BET, ("play", TRIGGER), seq=0) == first, "also those before the last"
    ended = await client(("play", WINNING), seq=7)
    assert await client(("play", WINNING), seq=7) == ended and names(ended)[-1] == "gameEnd"
    over = await client("collect", seq=8)
    assert await client("collect", seq=8) == over == [{"event": "gameRoundOver", "context": ended[-1]["context"]}]
    assert await wagers(server.store, uid) == 1
    again = await client(BET, ("play", LOSING), seq=9)
    assert await client(BET, ("play", LOSING), seq=9) == again and names(again)[0] == "bet"
    assert await wagers(server.store, uid) == 2
    for seq in (0, 3, 8):
        assert (await client("play", seq=seq))["code"] == "STALE", "taken in a round that is not held any more"
    assert await wagers(server.store, uid) == 2


@pytest.mark.parametrize("seq", [None, 1])
@pytest.mark.parametrize("others", [("config",), ("config", BET)], ids=["config", "config+bet"])
async def test_a_seat_that_is_taken_while_a_play_is_committed_costs_one_bet(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, seq: int | None, others: tuple[Any, ...]
) -> None:
    store = MemoryStore()
    server, other = await nodes.start(store), await nodes.start(store)
    client, elsewhere = Client(server.port, uid := new_uid()), Client(other.port, uid)
    await client("config", BET)
    commit = MemoryStore.commit

    async def slow(self: MemoryStore, transaction: Any) -> Any:
        funds = await commit(self, transaction)
        if transaction.parts:
            await elsewhere(*others)  # the answer is still on its way when another node has the seat
        return funds

    monkeypatch.setattr(MemoryStore, "commit", slow)
    played = await client(("play", LOSING), **({} if seq is None else {"seq": seq}))
    monkeypatch.undo()
    assert "playedSpin" in names(played)
    assert await wagers(store, uid) == 1


async def test_a_bet_by_itself_begins_the_count_of_positions_anew(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    for played in range(1, 4):
        await client(BET, seq=0)
        first = await client(("play", LOSING), seq=1)
        assert await client(("play", LOSING), seq=1) == first
        assert await wagers(server.store, uid) == played


async def test_a_position_whose_request_came_to_nothing_is_free(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    assert (await client(BET, ("play", [99]), seq=1))["code"] == "BAD_PARAMS"
    assert await wagers(server.store, uid) == 0
    played = await client(BET, ("play", LOSING), seq=1)
    assert names(played)[-1] == "gameRoundOver"
    assert await client(BET, ("play", LOSING), seq=1) == played


async def test_a_request_across_two_rounds_is_repeated_as_far_as_it_is_held(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    await client(BET, ("play", WINNING), seq=1)
    found = await client("collect", BET, ("play", WINNING), seq=2)
    assert await client("collect", BET, ("play", WINNING), seq=2) == found[1:]
    assert await wagers(server.store, uid) == 2


async def test_identical_requests_at_the_same_time_bet_once(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    for seq in range(20):
        answers = await asyncio.gather(*(client(BET, ("play", LOSING), seq=seq) for _ in range(8)))
        assert all(answer == answers[0] for answer in answers)
        assert names(answers[0])[-1] == "gameRoundOver"
    assert await wagers(server.store, uid) == 20


async def test_identical_requests_at_the_same_time_on_two_nodes_bet_once(nodes: Nodes, redis_url: str) -> None:
    servers = await two(nodes, redis_url)
    uid = new_uid()
    clients = [Client(server.port, uid) for server in servers]
    repeated = 0
    for seq in range(25):
        answers = await asyncio.gather(*(client(BET, ("play", LOSING), seq=seq) for client in clients for _ in range(2)))
        told = [answer for answer in answers if isinstance(answer, list)]
        assert all(answer["code"] == "REPLACED" for answer in answers if isinstance(answer, dict))
        assert all(answer == told[0] for answer in told)
        repeated += len(told) - 1
        for client in clients:
            assert await client(BET, ("play", LOSING), seq=seq) == told[0]
    assert repeated > 25, "mostly both nodes have the answer"
    store = servers[0].store
    assert await wagers(store, uid) == len(await rounds_of(store, uid)) == 25
    assert (await reconcile(store)).findings == []


async def test_requests_of_one_session_over_two_nodes_go_on_with_one_round(nodes: Nodes, redis_url: str) -> None:
    servers = await two(nodes, redis_url)
    uid = new_uid()
    clients = [Client(server.port, uid) for server in servers]
    told = [await clients[0](BET, ("play", [*TRIGGER, *LOSING]))]
    told += [await clients[number % 2]("play") for number in range(1, 4)]
    assert contexts(told[1], "spinStart")[0]["stops"] == LOSING, "numbers that are left over go along"
    kept = await clients[1]("config")
    assert kept[1:] == [event for events in told for event in events]
    assert await wagers(servers[0].store, uid) == 1


async def test_without_a_position_each_request_is_its_own(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    await client(BET)
    answers = await asyncio.gather(*(client(("play", LOSING)) for _ in range(5)))
    assert all(names(answer)[0] == "gameStart" for answer in answers)
    assert await wagers(server.store, uid) == 5


async def test_another_session_of_the_player_does_not_free_a_position(nodes: Nodes) -> None:
    """Two logins, two games: what one of them repeats finds its position, or is refused."""
    server = await nodes.start(MemoryStore())
    uid = new_uid()
    first, second = [Client(server.port, await session_of(server.port, uid)) for _ in range(2)]
    played = await first(BET, ("play", LOSING), seq=1)
    assert names(await second("config")) == ["config"], "a round that is over belongs to its session"
    assert await first(BET, ("play", LOSING), seq=1) == played
    assert await second(BET, ("play", LOSING), seq=1), "a session has positions of its own"
    for client in (first, second):
        client.game = "mystery"
        await client("config")
        client.game = "atkins"
    for client in (first, second):
        assert (await client(BET, ("play", LOSING), seq=1))["code"] == "STALE"
        assert (await client("config", BET, ("play", LOSING), seq=1))["code"] == "STALE"
    assert await wagers(server.store, uid) == 2


async def test_a_client_that_begins_again_hears_which_position_was_taken_last(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, new_uid())
    assert "seq" not in contexts(await client("config"), "config")[0]
    await client(BET, ("play", LOSING), seq=0)
    await client(BET, ("play", TRIGGER), seq=41)
    await client("play", seq=42)
    (config,) = contexts(await client("config", seq=0), "config")
    assert config["seq"] == 42
    assert names(await client("play", seq=config["seq"] + 1))[-1] in ("playedBonusSpin", "gameEnd")


# Rounds are held


async def test_config_tells_all_of_the_round_again(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, new_uid())
    told = await client(BET, ("play", TRIGGER))
    assert (await client("config"))[1:] == told
    while names(told)[-1] != "gameEnd":
        told += await client("play")
        assert (await client("config"))[1:] == told
    told += await client("collect")
    kept = await client("config")
    assert kept[1:] == told, "a completed round, too, until the next bet"
    assert names(await client(BET)) == ["bet"]
    assert names(await client("config")) == ["config", "bet"]
    assert names(await client("play"))[0] == "gameStart"


async def test_a_bet_within_a_round_is_refused_and_clears_nothing(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, new_uid())
    told = await client(BET, ("play", TRIGGER))
    assert (await client(BET))["code"] == "ACTION_NOT_ALLOWED"
    assert (await client("config"))[1:] == told
    won = await Client(server.port, new_uid())(BET, ("play", WINNING), BET)
    assert won["code"] == "ACTION_NOT_ALLOWED", "what was won has to be collected first"


async def test_a_killed_server_leaves_the_round_to_the_next_one(res: Path, redis_url: str, tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "log", redis_url=redis_url, res_dir=res)
    uid = new_uid()
    process.start()
    sid = await session_of(process.port, uid)
    client = Client(process.port, sid)
    told = await client(BET, ("play", TRIGGER), seq=0)
    told += await client(("play", LOSING), seq=1)
    process.kill()
    process.start()
    kept = await client("config")
    assert kept[1:] == told
    assert await client(("play", LOSING), seq=1) == told[-3:], "its answer may have been lost"
    while names(told)[-1] != "gameEnd":
        told += await client("play")
    assert (await client("config"))[1:] == told
    assert await client("collect") == [{"event": "gameRoundOver", "context": told[-1]["context"]}]
    store = await open_store(redis_url)
    (round_id,) = {entry.round for entry in await ledger_of(store, uid) if entry.kind == "wager"}
    await store.aclose()
    assert process.stop() == 0
    written = process.log.read_text()
    assert sid not in written and sid[3:] not in written, "who reads the log could play in the player's name"
    assert "Traceback" not in written
    proved = run("verify", round_id, redis_url=redis_url, res_dir=res)
    assert "Proved" in proved.stdout


async def test_a_session_goes_on_from_what_was_committed_where_its_note_was_not_written(nodes: Nodes) -> None:
    """As when a server dies between the commit and its answer."""
    store = MemoryStore()
    server = await nodes.start(store)
    client = Client(server.port, uid := new_uid())
    await client(BET)
    write, lost = store.save_note, []

    async def lose(*written: Any) -> None:
        lost.append(written)

    store.save_note = lose  # type: ignore[method-assign]
    played = await client(("play", TRIGGER))
    assert names(played)[-1] == "enterBonus" and lost
    store.save_note = write  # type: ignore[method-assign]
    again = Client((await nodes.start(store)).port, uid)
    assert (await again("play"))["code"] == "STALE", "this may be the same request again"
    assert (await again("config"))[2:] == played
    assert names(await again(("play", LOSING)))[-1] == "playedBonusSpin"
    assert await wagers(store, uid) == 1


async def test_a_position_is_found_taken_also_where_its_server_died_before_it_answered(nodes: Nodes) -> None:
    store = MemoryStore()
    client = Client((await nodes.start(store)).port, uid := new_uid())
    await client("config")
    commit, write, dead = store.commit, store.save_note, []

    async def last_commit(transaction: Any) -> Any:
        dead.append(await commit(transaction))
        return dead[0]

    async def write_until_then(*written: Any) -> None:
        if not dead:
            await write(*written)

    store.commit, store.save_note = last_commit, write_until_then  # type: ignore[method-assign]
    played = await client(BET, ("play", TRIGGER), seq=5)
    assert dead
    store.commit, store.save_note = commit, write  # type: ignore[method-assign]
    again = Client((await nodes.start(store)).port, uid)
    assert await again(BET, ("play", TRIGGER), seq=5) == played
    assert names(await again(("play", LOSING), seq=6))[-1] == "playedBonusSpin"
    assert await wagers(store, uid) == 1


# Doors and nodes


async def test_doors_take_the_seat_from_each_other_and_go_on_with_one_round(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    uid = new_uid()
    client = Client(server.port, uid)
    player = await Player.log_in(server.port, uid)
    await player.load("atkins")
    player.send(t="component", which="test", message={"force": TRIGGER})
    await player.next()
    player.act("spin", {"bet": 2, "lines": 5})
    await player.next_state()
    resumed = await client("config")
    assert await player.closed() == 4409 and player.errors[-1]["code"] == "REPLACED"
    assert names(resumed) == ["config", "bet", "gameStart", "spinStart", "spinWin", "spinTrigger", "playedSpin", "enterBonus"]
    assert contexts(resumed, "bet")[0]["total"] == 10
    assert names(await client("play"))[-1] == "playedBonusSpin"
    back = await Player.log_in(server.port, uid)
    assert back.game["data"]["feature"]["played"] == 1
    back.act("play")
    await back.next_state()
    assert (await client("play"))["code"] == "STALE", "the round has gone on without this client"
    resumed = await client("config")
    assert contexts(resumed, "playedBonusSpin")[-1]["played"] == 2
    assert await back.closed() == 4409
    assert names(await client("play"))[-1] in ("gameEnd", "gameRoundOver", "playedBonusSpin")
    assert await wagers(server.store, uid) == 1
    assert (await reconcile(server.store)).findings == []


async def test_two_doors_on_two_nodes_at_once_have_one_outcome_for_each_state(nodes: Nodes, redis_url: str) -> None:
    servers = await two(nodes, redis_url)
    uid = new_uid()
    client = Client(servers[0].port, uid)
    for number in range(25):
        player = await Player.log_in(servers[1].port, uid)
        if "gamestate" not in player.state:
            await player.load("atkins")
        action = next(name for name in ("collect", "play", "spin") if name in player.game["actions"])
        player.act(action, {"bet": 1, "lines": 10} if action == "spin" else {})
        answers = [
            await client("config", BET, "play") if number % 2 else await client("play", seq=number),
            await client("config"),
        ]
        for answer in answers:
            assert isinstance(answer, list) or answer["code"] in ("STALE", "ACTION_NOT_ALLOWED", "REPLACED"), answer
        player.client.abort()
    store = servers[0].store
    entries = await ledger_of(store, uid)
    rounds = await rounds_of(store, uid)
    assert len({entry.id for entry in entries}) == len(entries)
    assert await wagers(store, uid) == len(rounds) > 5
    games = LocalResources(nodes.res, debug=True).games
    assert all(prove(record, games["atkins"].recorded(header_of(record)["settings"])).holds for record in rounds.values())
    assert (await reconcile(store)).findings == []


async def test_a_round_that_the_house_closed_is_told_to_its_end(nodes: Nodes) -> None:
    clock = ManualClock(1_700_000_000_000)
    server = await nodes.start(MemoryStore(clock=clock), clock)
    client = Client(server.port, uid := new_uid())
    await client(BET, ("play", TRIGGER))
    clock.advance(600)
    assert await close_abandoned(server.house, 300) == 1
    assert (await client("play"))["code"] == "STALE"
    told = await client("config")
    assert names(told)[-2:] == ["gameEnd", "gameRoundOver"] and names(told).count("playedSpin") >= 4
    won = sum(entry.amount for entry in await ledger_of(server.store, uid) if entry.kind == "win")
    assert contexts(told, "gameRoundOver") == [{"win": won}] == contexts(told, "gameEnd")
    assert names(await client(BET, ("play", LOSING)))[-1] == "gameRoundOver"


async def test_another_game_waits_until_the_round_is_over(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    await client(BET, ("play", TRIGGER))
    client.game = "mystery"
    assert (await client("config"))["code"] == "NOT_FINISHABLE"
    client.game = "atkins"
    while names(await client("play"))[-1] == "playedBonusSpin":
        pass
    client.game = "mystery"
    assert names(await client("config")) == ["config"], "what was won is collected, as the engine says"
    assert (await client("play"))["code"] == "ACTION_NOT_ALLOWED", "a bet holds for its game"
    client.game = "atkins"
    assert names(await client("config")) == ["config", "bet"]
    assert await wagers(server.store, uid) == 1


# Sessions


async def test_a_session_that_nothing_comes_for_is_forgotten_and_its_open_round_is_not(nodes: Nodes, redis_url: str) -> None:
    server = await nodes.start(await open_store(redis_url))
    uid = new_uid()
    client = Client(server.port, await session_of(server.port, uid, "brief"))
    for _ in range(2):
        await asyncio.sleep(0.6)
        assert names(await client("config"))[0] == "config", "each request begins the time anew"
    told = await client(BET, ("play", TRIGGER))
    assert len(list(server.house.sessions())) == 1
    await asyncio.sleep(1.2)
    assert list(server.house.sessions()) == [], "the seat is given up"
    assert await client("config") == {"error": "Log in first.", "code": "NOT_AUTHENTICATED"}
    client.sid = await session_of(server.port, uid, "brief")
    assert (await client("config"))[1:] == told
    while names(await client("play"))[-1] == "playedBonusSpin":
        pass
    await client("collect")
    client.sid = await session_of(server.port, uid, "brief")
    assert names(await client("config")) == ["config"], "a round that is over belongs to its session"


async def test_in_debug_any_new_sid_is_a_player_of_the_demo_site(nodes: Nodes) -> None:
    clock = ManualClock(1_700_000_000_000)
    server = await nodes.start(MemoryStore(clock=clock), clock)
    client = Client(server.port, uid := new_uid())
    await client(BET, ("play", LOSING))
    assert await wagers(server.store, uid) == 1
    clock.advance(server.settings.session_idle_s + 1)
    assert names(await client("config")) == ["config"], "after that time it is new again"
    for sid in ("", "a b", "é", "x" * 129, "\0"):
        assert (await Client(server.port, sid)("config"))["code"] in ("AUTH_FAILED", "BAD_MESSAGE"), sid
    ours = "07-9375113b-8d31-4e86-a4ac-26eaf348ecb1"
    assert (await Client(server.port, ours)("config"))["code"] == "NOT_AUTHENTICATED", "what looks like a login has to be one"


async def test_without_debug_a_session_is_a_login(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    from webingo.server import app

    monkeypatch.setattr(app, "wrong_rtps", lambda *_: [])  # the games here state no true RTP
    server = await nodes.start(MemoryStore(), debug=False)
    for sid in (new_uid(), "mysession", "07-9375113b-8d31-4e86-a4ac-26eaf348ecb1"):
        assert await Client(server.port, sid)("config") == {"error": "Log in first.", "code": "NOT_AUTHENTICATED"}


async def test_a_server_that_stops_answers_what_is_there_and_gives_up_its_seats(nodes: Nodes, redis_url: str) -> None:
    server = await nodes.start(await open_store(redis_url))
    clients = [Client(server.port, new_uid()) for _ in range(20)]
    await asyncio.gather(*(client(BET) for client in clients))
    under_way = [asyncio.create_task(client(("play", LOSING))) for client in clients]
    await asyncio.sleep(0.005)
    await server.stop()
    nodes.servers.clear()
    assert list(server.house.sessions()) == []
    answers = await asyncio.gather(*under_way, return_exceptions=True)
    other = await nodes.start(await open_store(redis_url))
    for client, answer in zip(clients, answers, strict=True):
        played = await wagers(other.store, client.sid)
        assert played <= 1
        if isinstance(answer, list):
            assert played == 1
        assert names(await Client(other.port, client.sid)("config"))[-1] == ("gameRoundOver" if played else "bet")


# Money


async def test_what_is_told_is_what_the_ledger_says_and_every_round_can_be_proved(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    client = Client(server.port, uid := new_uid())
    dice = random.Random(7)
    expected = 1_000_000
    for _ in range(60):
        client.game = dice.choice(["atkins", "mystery", "many-ways"])
        bet = [25 if client.game == "many-ways" else dice.choice([1, 10, 22]), dice.choice([1, 2])]
        forced = dice.choice([[], [], TRIGGER, WINNING])
        events = await client(("bet", bet), ("play", forced))
        expected -= contexts(events, "gameStart")[0]["totalBet"]
        while "gameEnd" not in names(events):
            events += await client("play")
        paid = contexts(events, "gameEnd")[0]["win"]
        gambles = client.game == "atkins"
        while gambles and "gameRoundOver" not in names(events):
            choice = dice.choice(["gamble", "gamble", "collect"])
            context = {"context": dice.choice(["spin", "game_round"]), "type": dice.choice(["double_up", "triple_up"])}
            answer = await client((choice, context) if choice == "gamble" else "collect")
            events += await client("collect") if isinstance(answer, dict) else answer
        if gambles:
            paid = contexts(events, "gameRoundOver")[0]["win"]
        if not contexts(events, "gamble") and client.game != "mystery":
            assert paid == sum(win["pay"] for win in contexts(events, "spinWin"))
        expected += paid
    ledger = await ledger_of(server.store, uid)
    assert ledger[-1].balance == expected
    assert (await reconcile(server.store)).findings == []
    games = LocalResources(nodes.res, debug=True).games
    rounds = await rounds_of(server.store, uid)
    assert len(rounds) == 60
    for record in rounds.values():
        header = header_of(record)
        proof = prove(record, games[header["game"]].recorded(header["settings"]))
        assert proof.holds and proof.complete


async def test_what_can_not_be_paid_is_not_played(nodes: Nodes) -> None:
    server = await nodes.start(MemoryStore())
    uid = new_uid()
    client = Client(server.port, await session_of(server.port, uid, "poor"))
    balance = 10_000
    while balance >= 2200:
        balance -= 2200
        answer = await client(("bet", [22, 100]), ("play", LOSING))
        assert names(answer)[-1] == "gameRoundOver"
    assert await client(("bet", [22, 100]), ("play", LOSING)) == {
        "error": "There are not enough credits for this.",
        "code": "INSUFFICIENT_FUNDS",
    }
    assert (await ledger_of(server.store, uid))[-1].balance == balance
    assert names(await client("config")) == ["config", "bet"]
    assert names(await client(("bet", [1, 1]), ("play", LOSING)))[-1] == "gameRoundOver"
