"""The SLOT-IDE protocol over real HTTP: every exchange that the original document prints, and every event of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests.conftest import settings
from tests.slot_ide import LINES, PAYS, STRIPS, SYMBOLS, Client, contexts, names, resources, session_of, strip
from tests.test_promises import new_uid
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore

SCRIPT = "atkins_slot.js"
TRIGGER = [2, 2, 2, 10, 20]


@pytest.fixture(scope="module")
def res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resources(
        tmp_path_factory.mktemp("slot-ide"),
        Path(__file__).parent.parent / "res",
        plain={"games": [{"id": "atkins", "settings": {"gamble": False}}]},
        open={"slot_ide": {"hide_reels": False}},
    )


@pytest.fixture
def server(io_loop: IOLoop, res: Path) -> Iterator[Server]:
    server = Server(settings(res_dir=res))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    io_loop.run_sync(server.stop)


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.port, new_uid(), SCRIPT)


def same(found: Any, printed: str) -> None:
    """Equal to what the document prints: the same events and fields, in the same order."""
    assert json.dumps(found, separators=(",", ":")) == printed


# What the document prints, word for word. In its answer to [10,5] the last of the ten lines lacks a number
# ([0,2,2,1]); its other answers have it, and so does this one.

TEN_LINES = (
    "[[1,1,1,1,1],[0,0,0,0,0],[2,2,2,2,2],[0,1,2,1,0],[2,1,0,1,2],[0,0,1,2,2],[2,2,1,0,0],[1,0,1,2,1],[1,2,1,0,1],[0,2,2,2,1]]"
)
BET = '{"event":"bet","context":{"total":10,"betPerLine":1,"paylines":' + TEN_LINES + ',"maxWinCap":0}}'
BET_OF_FIVE = '[{"event":"bet","context":{"total":50,"betPerLine":5,"paylines":' + TEN_LINES + ',"maxWinCap":0}}]'
GAME = (
    '"symbols":["Atkins","Steak","Ham","Drumstick","Sausage","Eggs","Butter","Cheese","Bacon","Mayonnaise","Scale"],'
    '"symbolsPay":{"line":["Atkins","Steak","Ham","Drumstick","Sausage","Eggs","Butter","Cheese","Bacon","Mayonnaise"],'
    '"scatter":["Scale"]},"wildSymbols":["Atkins"],"lineAlign":"left","lineCoinciding":false'
)
CONFIG = (
    '[{"event":"config","context":{'
    + GAME
    + ',"window":{"reels":5,"rows":3},"availablePayLines":[[1,1,1,1,1],[0,0,0,0,0],[2,2,2,2,2],[0,1,2,1,0],[2,1,0,1,2],'
    "[0,0,1,2,2],[2,2,1,0,0],[1,0,1,2,1],[1,2,1,0,1],[0,2,2,2,1],[2,1,1,1,0],[1,0,0,1,2],[1,2,2,1,0],[1,1,0,1,2],[1,1,2,1,0],"
    "[0,1,0,1,2],[2,1,2,1,0],[2,1,0,0,1],[0,1,2,2,1],[0,1,1,2,1],[0,1,0,1,0],[2,1,2,1,2]]}}]"
)
ROUND = (
    "["
    + BET
    + ',{"event":"gameStart","context":{"totalBet":10,"betPerLine":1}},{"event":"spinStart","context":{'
    + GAME
    + ',"stops":[4,31,4,28,26],"ranges":[32,32,32,32,32]}},{"event":"playedSpin","context":[["Eggs","Scale","Sausage"],'
    '["Eggs","Butter","Butter"],["Drumstick","Bacon","Cheese"],["Ham","Butter","Mayonnaise"],["Drumstick","Ham","Cheese"]]},'
    '{"event":"gameEnd","context":{"win":0}}]'
)


def without_ours(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A config without what this server adds."""
    for found in contexts(events, "config"):
        assert found.pop("paytable") and found.pop("betOptions")
    return events


async def test_the_client_starts_with_the_configuration(client: Client) -> None:
    same(without_ours(await client.get('[{"action":"config"}]')), CONFIG)


async def test_the_request_of_curl_and_its_equal_by_get(client: Client) -> None:
    body = '[{"action":"config"},{"action": "bet", "context": [10,1]}]'
    expected = f"{CONFIG[:-1]},{BET}]"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.raw("POST", body=body, headers=form)
    assert response.headers["Content-Type"] == "application/json"
    same(without_ours(json.loads(response.body)), expected)
    again = Client(client.port, new_uid(), SCRIPT)
    same(without_ours(await again.get(body)), expected)


async def test_a_bet_is_answered_with_its_total_and_its_lines(client: Client) -> None:
    same(await client.get('[{"action": "bet", "context": [10,5]}]'), BET_OF_FIVE)


async def test_a_losing_round_where_wins_are_not_gambled_with(server: Server) -> None:
    """As printed: gameEnd closes it. The outcome is forced to be the printed one."""
    client = Client(server.port, await session_of(server.port, new_uid(), "plain"), SCRIPT)
    same(await client.get('[{"action":"bet","context":[10,1]},{"action":"play","context":[4,31,4,28,26]}]'), ROUND)


async def test_a_losing_round_where_wins_are_gambled_with(client: Client) -> None:
    """As the document's last section says: gameRoundOver comes together with gameEnd."""
    found = await client(("bet", [10, 1]), ("play", [4, 31, 4, 28, 26]))
    same(found, ROUND[:-1] + ',{"event":"gameRoundOver","context":{"win":0}}]')


async def test_three_scatters_forced_enter_the_bonus_and_what_is_left_over_plays_its_first_spin(client: Client) -> None:
    entered = await client.get('[{"action":"bet","context":[10,1]},{"action":"play", "context": [2,2,2,10,20,10,10,10,10,10]}]')
    assert contexts(entered, "spinStart")[0]["stops"] == TRIGGER
    assert names(entered) == ["bet", "gameStart", "spinStart", "spinWin", "spinTrigger", "playedSpin", "enterBonus"]
    assert [reel.count("Scale") for reel in contexts(entered, "playedSpin")[0]] == [1, 1, 1, 0, 0]
    first = await client.get('[{"action":"play"}]')
    assert contexts(first, "spinStart")[0]["stops"] == [10, 10, 10, 10, 10]
    assert names(first) == ["spinStart", "spinWin", "spinWin", "playedSpin", "playedBonusSpin"]


async def test_a_fraction_forces_the_outcome_of_a_mystery_bonus(client: Client) -> None:
    client.game = "mystery"
    found = await client.get('[{"action":"bet","context":[10,1]},{"action":"play", "context": [2,2,2,10,20,0.2]}]')
    assert contexts(found, "spinStart")[0]["stops"] == TRIGGER
    assert contexts(found, "spinTrigger")[0]["bonus"] == "fridge", "1 in 4 lies above 0.2"


async def won_4580(client: Client, *gamble: float) -> list[Any]:
    """A round as the document's last section has it: it wins 4580, its last spin 50 of them. `gamble` is drawn next."""
    spins = [5, 3, 3, 10, 9, 15, 4, 11, 30, 20, 29, 17, 2, 5, 10]
    await client(("bet", [10, 1]), ("play", [*TRIGGER, *spins, *gamble]), "play", "play")
    events: list[Any] = await client("play")
    assert sum(win["pay"] for win in contexts(events, "spinWin")) == 50
    same(events[-1], '{"event":"gameEnd","context":{"win":4580}}')
    return events


async def test_a_round_is_collected(client: Client) -> None:
    await won_4580(client)
    same(await client.get('[{"action":"collect"}]'), '[{"event":"gameRoundOver","context":{"win":4580}}]')


async def test_a_gamble_is_lost_and_the_rest_of_the_round_is_paid(client: Client) -> None:
    await won_4580(client, 2)
    found = await client.get('[{"action":"gamble","context":{"context": "spin", "type": "triple_up"}}]')
    same(found, '[{"event":"gamble","context":{"context":"spin","win":0}},{"event":"gameRoundOver","context":{"win":4530}}]')


async def test_gambles_are_won_until_the_player_collects(client: Client) -> None:
    await won_4580(client, 0, 0.4, 0)
    assert await client(("gamble", {"context": "spin", "type": "triple_up"})) == [
        {"event": "gamble", "context": {"context": "spin", "win": 150}}
    ]
    assert contexts(await client(("gamble", {"context": "game_round"})), "gamble") == [{"context": "game_round", "win": 9360}]
    assert contexts(await client("gamble"), "gamble") == [{"context": "game_round", "win": 18720}], "double_up of the round"
    assert await client("collect") == [{"event": "gameRoundOver", "context": {"win": 18720}}]


# Beyond the document's examples: the other events, and what the settings change


async def test_a_win_tells_its_line_its_wilds_and_its_multiplier(client: Client) -> None:
    await client(("bet", [10, 1]), ("play", TRIGGER))
    wins = contexts(await client(("play", [10, 10, 10, 10, 10])), "spinWin")
    assert wins == [
        {
            "what": "Butter",
            "occurs": 4,
            "mode": "line",
            "pay": 2 * PAYS["Butter"]["4"],
            "mpInfo": {"mp": 1, "replacements": 2},
            "mpBonusInfo": {"mp": 2},
            "context": {"paylineId": 1, "payline": LINES[0], "direction": "left"},
        },
        {
            "what": "Mayonnaise",
            "occurs": 3,
            "mode": "line",
            "pay": 2 * PAYS["Mayonnaise"]["3"],
            "mpInfo": {"mp": 1, "replacements": 1},
            "mpBonusInfo": {"mp": 2},
            "context": {"paylineId": 7, "payline": LINES[6], "direction": "left"},
        },
    ]


async def test_a_bonus_from_its_trigger_to_its_end(client: Client) -> None:
    trigger = {"occurs": [3], "of": "Scale", "mode": "scatter", "from": ""}
    entered = await client(("bet", [10, 1]), ("play", TRIGGER))
    assert contexts(entered, "spinWin") == [
        {
            "what": "Scale",
            "occurs": 3,
            "mode": "scatter",
            "pay": 50,
            "mpInfo": {"mp": 1, "replacements": 0},
            "mpBonusInfo": None,
            "context": [{"reel": 0, "row": 0}, {"reel": 1, "row": 1}, {"reel": 2, "row": 0}],
        }
    ]
    assert contexts(entered, "spinTrigger") == [
        {"spins": [{"prob": 1, "spins": 3}], "occurs": 3, "bonus": "diet", "trigger": trigger}
    ]
    snapshot = {"multiplier": 2, "state": "diet", "trigger": trigger}
    begun = {**snapshot, "played": 0, "left": 3, "triggers": 1, "spins": [{"spins": 3, "bonus": "diet"}]}
    assert contexts(entered, "enterBonus") == [begun]
    again = await client(("play", TRIGGER))
    assert names(again) == ["spinStart", "spinWin", "spinTrigger", "playedSpin", "playedBonusSpin"]
    assert contexts(again, "spinTrigger")[0]["trigger"] == {**trigger, "from": "diet"}
    more = {**snapshot, "played": 1, "left": 5, "triggers": 2, "spins": [{"spins": 5, "bonus": "diet"}]}
    assert contexts(again, "playedBonusSpin") == [more]
    for _ in range(4):
        assert names(await client(("play", [4, 31, 4, 28, 26])))[-1] == "playedBonusSpin"
    last = await client(("play", [4, 31, 4, 28, 26]))
    assert names(last) == ["spinStart", "playedSpin", "playedBonusSpin", "playedBonusSpins", "gameEnd"]
    ended = {**snapshot, "played": 6, "left": 0, "triggers": 2, "spins": []}
    assert contexts(last, "playedBonusSpin") == contexts(last, "playedBonusSpins") == [ended]
    assert last[-1]["context"] == {"win": 50 + 2 * 50}


async def test_a_pick_tells_what_could_have_come_and_how_likely_it_was(client: Client) -> None:
    client.game = "mystery"
    entered = await client(("bet", [10, 2]), ("play", [4, 31, 4, 28, 26, 0.1, 0.9, 1]))
    assert names(entered)[-3:] == ["spinTrigger", "playedSpin", "enterBonus"]
    by_chance = {"occurs": [], "of": "", "mode": "random", "from": ""}
    assert contexts(entered, "spinTrigger") == [{"spins": [], "occurs": 0, "bonus": "fridge", "trigger": by_chance}]
    snapshot = {"played": 0, "left": 2, "multiplier": None, "triggers": 1, "spins": [], "state": "fridge", "trigger": by_chance}
    assert contexts(entered, "enterBonus") == [snapshot]
    cake = {"state": {"name": "cake", "pay": 20}, "prob": 0.5}
    soup = {"state": {"name": "soup", "pay": 60}, "prob": 0.25}
    spoiled = {"state": {"name": "spoiled", "pay": 0, "end": True}, "prob": 0.25}
    first = await client(("pickRandomly", {"item": 3}))
    assert names(first) == ["pickRandomly"]
    (picked,) = contexts(first, "pickRandomly")
    assert picked["items"] == [cake, soup, spoiled]
    assert picked["scope"] == "fridge" and picked["state"]["played"] == 1
    assert picked["item"] == {**cake, "place": 3}, "of 4 weights the second is one of cake"


async def test_what_was_picked_is_not_there_any_more_for_the_next_pick(client: Client) -> None:
    client.game = "mystery"
    await client(("bet", [10, 2]), ("play", [4, 31, 4, 28, 26, 0.1, 0.9, 2, 0.99]))
    (first,) = contexts(await client(("pickRandomly", {"item": 0})), "pickRandomly")
    assert first["item"] == {"state": {"name": "soup", "pay": 60}, "prob": 0.25, "place": 0}
    last = await client(("pickRandomly", {"item": 1}))
    (second,) = contexts(last, "pickRandomly")
    assert [(item["state"]["name"], item["prob"]) for item in second["items"]] == [("cake", 2 / 3), ("spoiled", 1 / 3)]
    assert second["item"]["state"]["name"] == "spoiled"
    assert last[1:] == [{"event": "gameEnd", "context": {"win": 60}}]


async def test_features_that_wait_follow_one_after_the_other(client: Client) -> None:
    client.game = "mystery"
    entered = await client(("bet", [10, 2]), ("play", [4, 31, 4, 28, 26, 0, 0, 3, 0]))
    assert [found["bonus"] for found in contexts(entered, "spinTrigger")] == ["fridge", "wheel"]
    ended = await client("play")
    assert names(ended) == ["pickRandomly", "enterBonus"], "a play picks the first that is closed; it was spoiled"
    assert contexts(ended, "enterBonus")[0]["state"] == "wheel"
    turned = await client("pickRandomly")
    (outcome,) = contexts(turned, "pickRandomly")
    assert outcome["items"] == [
        {"state": {"name": "ten", "pay": 20}, "prob": 0.75},
        {"state": {"name": "none", "pay": 0}, "prob": 0.25},
    ]
    assert outcome["item"] == {**outcome["items"][0], "place": 0}
    assert turned[-1] == {"event": "gameEnd", "context": {"win": 20}}


async def test_a_win_cap_is_told_with_the_bet_and_wilds_with_their_multiplier(client: Client) -> None:
    client.game = "mystery"
    found = await client(("bet", [10, 2]), ("play", [10, 10, 10, 10, 10, 0.9, 0.9]))
    assert contexts(found, "bet")[0]["maxWinCap"] == 20 * 100
    assert contexts(found, "spinWin")[0]["mpInfo"] == {"mp": 9, "replacements": 2}
    assert contexts(found, "spinWin")[0]["pay"] == 2 * 9 * PAYS["Butter"]["4"]
    assert sum(win["pay"] for win in contexts(found, "spinWin")) == contexts(found, "gameEnd")[0]["win"]


async def test_a_game_of_ways_has_no_lines_and_takes_its_coins_in_their_place(client: Client) -> None:
    client.game = "many-ways"
    (config,) = contexts(await client("config"), "config")
    assert (config["availablePayLines"], config["betOptions"]) == ([], {"lines": [25], "bets": [1, 2], "maxStake": 50})
    found = await client(("bet", [25, 2]), ("play", [10, 10, 10, 10, 10]))
    assert contexts(found, "bet")[0] == {"total": 50, "betPerLine": 2, "paylines": [], "maxWinCap": 0}
    win = contexts(found, "spinWin")[0]
    assert (win["mode"], win["context"]["direction"]) == ("ways", "left")
    assert win["context"]["ways"] >= 1 and {"reel": 2, "row": 1} in win["context"]["cells"]
    assert sum(win["pay"] for win in contexts(found, "spinWin")) == contexts(found, "gameEnd")[0]["win"]


async def test_our_additions_to_the_configuration(client: Client) -> None:
    (config,) = contexts(await client("config"), "config")
    assert config["betOptions"] == {"lines": [1, 5, 10, 22], "bets": [1, 2, 5, 10, 100], "maxStake": 2200}
    assert config["paytable"]["line"][0] == {
        "on": {"occurs": [3, 4, 5], "of": "Atkins", "mode": "line"},
        "pay": [50, 500, 5000],
    }
    assert config["paytable"]["scatter"] == [
        {"on": {"occurs": [3], "of": "Scale", "mode": "scatter"}, "pay": [5], "trigger": {"3": {"bonus": "diet", "spins": 3}}}
    ]
    assert config["symbols"] == SYMBOLS


async def test_reels_are_sent_only_where_the_site_does_not_hide_them(server: Server) -> None:
    reels = [strip(letters) for letters in STRIPS]
    for site, expected in (("plain", None), ("open", reels)):
        client = Client(server.port, await session_of(server.port, new_uid(), site), SCRIPT)
        events = await client("config", ("bet", [10, 1]), "play")
        for name in ("config", "spinStart"):
            assert contexts(events, name)[0].get("reels") == expected


async def test_a_game_is_found_by_its_id_and_by_the_name_of_its_script(client: Client) -> None:
    for game in ("atkins", "atkins.js", "atkins_slot", "atkins_slot.js", "plain_diet.js", "plain_slot.js", "many_slot.js"):
        client.game = game
        assert names(await client("config")) == ["config"], game
    for game in ("", "diet", ".js", "_slot.js", "ATKINS/../", "nothing"):
        client.game = game
        assert (await client("config"))["code"] == "UNKNOWN_GAME", game
    client.game = "joker-bingo"
    assert await client("config") == {"error": "That is no slot game.", "code": "UNKNOWN_GAME"}


async def test_several_actions_run_in_order_and_the_first_that_fails_ends_the_request(client: Client) -> None:
    failed = await client(("bet", [10, 1]), ("play", [4, 31, 4, 28, 26]), "collect", "play")
    assert failed == {"error": "'collect' is not possible in 'idle'.", "code": "ACTION_NOT_ALLOWED"}
    kept = await client("config")
    assert names(kept)[1:] == ["bet", "gameStart", "spinStart", "playedSpin", "gameEnd", "gameRoundOver"]
    assert await client() == []
