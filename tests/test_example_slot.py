"""The example slot: its return is what it says, each click is one round, and whatever crashes, every round comes to its end."""

import ast
import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack
from fractions import Fraction
from itertools import product

import httpx
import pytest

from examples import slot_over_rgs as slot
from tests.rgs import STUDIO, new_key, studio
from tests.secrets import secret
from tests.slot_over_rgs import PROGRAM, Cut, Slot, running, wired
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.kit.troubles import Trouble
from webingo.transaction.memory_store import MemoryStore
from webingo.user import SHARDS, User

ESCROW, DRAW, RESULT, CANCEL = "/rgs/escrow", "/rng/distribution", "/rgs/result", "/rgs/cancel"


# -- the game ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "paid"),
    [
        ("WWW", ("W", 3, 500)),
        ("MMM", ("M", 3, 100)),
        ("MWM", ("M", 3, 100)),
        ("WWC", ("C", 3, 4)),
        ("CCS", ("C", 2, 1)),
        ("CWS", ("C", 2, 1)),
        ("WCM", ("C", 2, 1)),
        ("SCC", ("S", 0, 0)),
        ("WSC", ("W", 0, 0)),
        ("WWS", ("S", 3, 6)),
        ("MML", ("M", 0, 0)),
        ("WLM", ("W", 0, 0)),
    ],
)
def test_a_line_pays_what_the_table_says(line, paid):
    symbol, alike, times = slot.pays(*line)
    assert (alike, times) == paid[1:] and (not times or symbol == paid[0])


def test_the_return_is_counted_from_every_outcome():
    """Held against another way: each line's symbols are independent, so the odds of a line are products of counts."""
    counts = [Counter(strip) for strip in slot.STRIPS]
    line = Fraction(0)
    for symbols in product(*counts):
        ways = Fraction(1)
        for count, symbol in zip(counts, symbols, strict=True):
            ways *= Fraction(count[symbol], slot.STOPS)
        line += ways * slot.pays(*symbols)[2]
    odds = slot.odds()
    assert odds.rtp == line == Fraction(31283, 32768)
    assert 0.5 < odds.hits < 0.6 and odds.most == Fraction(522, 5)


def test_the_largest_win_is_one_that_the_reels_can_show_and_that_the_site_allows():
    most = max((sum(win.times for win in slot.wins(slot.window(stops))), stops) for stops in product(range(32), repeat=3))
    assert Fraction(most[0], len(slot.LINES)) == slot.odds().most <= STUDIO["rgs"]["max_win"]


def test_the_example_is_one_file_of_python_alone_and_knows_nothing_of_the_server():
    tree = ast.parse(PROGRAM.read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert "random" not in names


# -- rounds ------------------------------------------------------------------------------------------------------------------


async def books(made, uid="ana", site="studio"):
    """The balance, and (wagered, won, status) of every round of a game elsewhere, by its name."""
    store, found = made.server.house.store, {}
    user = User("demo", uid)
    for round_id in await store.history(user, 0, 1000):
        record = await store.round(round_id)
        header, last = json.loads(record[0]), json.loads(record[-1])
        found[header["outside"]["round"]] = (last["data"]["stake"], last["data"]["won"], last["name"])
    session = await made.login(uid, site)
    return (await made.call("player", session=session)).body["balance"], found


async def still_open(made):
    store = made.server.house.store
    return [one for shard in range(SHARDS) for one in await store.outside_rounds(shard, 2**52, 0, 100)]


def agree(journal, balance, rounds, begun_with=10_000):
    """The slot's journal and the house's books tell the same of every round, and the balance follows from them."""
    assert {row["state"] for row in journal} <= {"closed", "returned", "refused"}
    for row in journal:
        stake, won, status = rounds.pop(row["name"], (0, 0, ""))
        expected = {"closed": (row["bet"], row["win"], "closed"), "returned": (row["bet"], 0, "cancelled")}
        assert (stake, won, status) in (expected.get(row["state"]), (0, 0, "")) and (status or row["state"] != "closed")
        if row["state"] == "closed":
            assert row["win"] == sum(win.times for win in slot.wins(slot.window(row["stops"]))) * row["bet"] // 5
            balance += row["bet"] - row["win"]
    assert rounds == {} and balance == begun_with


async def test_a_round_is_three_calls_and_what_is_shown_is_what_was_booked(tmp_path):
    async with studio(MemoryStore()) as made, wired(tmp_path, made.server.port, made.key) as (game, wire):
        session = await made.login()
        told = (await game.ask("/player", session=session)).json()
        assert (told["player"], told["balance"], told["currency"], told["rounds"]) == ("ana", 10_000, "USD", [])
        assert told["game"]["rtp"] == "95.47%"
        wire.paths.clear()
        balance = 10_000
        for number in range(10):
            shown = await game.spin(session, f"click-{number}", 50)
            balance += shown["win"] - 50
            assert (shown["state"], shown["balance"]) == ("closed", balance)
            assert shown["window"] == slot.window(shown["stops"])
            assert shown["win"] == sum(win["win"] for win in shown["wins"])
        assert wire.paths == [ESCROW, DRAW, RESULT] * 10
        again = (await game.ask("/player", session=session)).json()
        assert again["rounds"][0] == shown and len(again["rounds"]) == 8
        # The numbers are in the round's record: whoever doubts it can look.
        record = await made.server.house.store.draws(shown["draws"])
        assert json.loads(record)["draws"] == shown["stops"] and json.loads(record)["round"] == shown["round"]
        await game.stop()
        agree(game.rounds(), *await books(made))


async def test_a_click_that_is_sent_many_times_at_once_is_one_round(tmp_path):
    async with studio(MemoryStore()) as made, running(tmp_path, made.server.port, made.key) as game:
        session = await made.login()
        answers = await asyncio.gather(*(game.spin(session, "click-1") for _ in range(12)))
        assert all(answer == answers[0] for answer in answers) and answers[0]["state"] == "closed"
        later = await game.spin(session, "click-1")
        assert later == answers[0]
        many = await asyncio.gather(*(game.spin(session, f"another-{number}") for number in range(12)))
        played = [answer for answer in many if "error" not in answer]
        assert {answer["error"]["code"] for answer in many if "error" in answer} <= {"BUSY"} and played
        balance, rounds = await books(made)
        assert len(rounds) == 1 + len(played)
        await game.stop()
        agree(game.rounds(), balance, rounds)


async def test_what_is_refused_is_said_and_costs_nothing(tmp_path):
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(studio(MemoryStore(), {**STUDIO, "initial_credits": 60}))
        game = await stack.enter_async_context(running(tmp_path, made.server.port, made.key))
        session = await made.login()
        refused = await game.spin(session, "click-1", 100)
        assert (refused["state"], refused["message"]) == ("refused", "Your balance does not reach for this bet.")
        for fields, status in (
            ({"session": session, "spin": "c", "bet": 11}, 400),
            ({"session": session, "spin": "c", "bet": True}, 400),
            ({"session": session, "spin": "c", "bet": "10"}, 400),
            ({"session": session, "spin": "", "bet": 10}, 400),
            ({"session": session, "bet": 10}, 400),
            ({"spin": "c", "bet": 10}, 401),
            ({"session": "\ud800", "spin": "c", "bet": 10}, 401),
        ):
            assert (await game.ask("/spin", **fields)).status_code == status, fields
        gone = await game.spin("00-nobody", "click-2", 10)
        assert (gone["state"], gone["message"]) == ("refused", slot._TOLD["AUTH_FAILED"])
        assert (await game.ask("/player", session="00-nobody")).status_code == 401
        assert (await books(made)) == (60, {})


async def test_a_key_that_was_revoked_is_no_players_affair(tmp_path):
    async with studio(MemoryStore()) as made, running(tmp_path, made.server.port, made.key[:-1] + "x") as game:
        answer = await game.ask("/player", session=await made.login())
        assert answer.status_code == 502 and "key" not in answer.text


@pytest.mark.parametrize(
    "cuts",
    [
        [Cut(ESCROW, "before")],
        [Cut(ESCROW, "after")],
        [Cut(DRAW, "before")],
        [Cut(DRAW, "after")],
        [Cut(RESULT, "before")],
        [Cut(RESULT, "after")],
        [Cut(ESCROW, "after"), Cut(CANCEL, "before")],
        [Cut(ESCROW, "after"), Cut(CANCEL, "after")],
        [Cut(RESULT, "before"), Cut(RESULT, "after")],
    ],
    ids=lambda cuts: " then ".join(f"{cut.at} {cut.path}" for cut in cuts),
)
async def test_a_crash_between_any_two_calls_leaves_no_round_open_and_no_two_outcomes(tmp_path, cuts):
    async with studio(MemoryStore()) as made, wired(tmp_path, made.server.port, made.key) as (game, wire):
        session = await made.login()
        await game.spin(session, "before")
        wire.cuts = list(cuts)
        with pytest.raises(httpx.HTTPError):
            await game.spin(session, "click-1")
        known = []
        for _ in cuts:
            await game.ended()
            known.append(next(row for row in game.rounds() if row["spin"] == "click-1"))
            await game.start()
        shown = await game.spin(session, "click-1")
        assert shown["state"] == ("closed" if cuts[0].path == RESULT else "returned")
        if shown["state"] == "closed":  # the outcome that stood before the crash, and no other
            assert {tuple(row["stops"]) for row in known} == {tuple(shown["stops"])}
        assert await still_open(made) == []
        assert (await game.spin(session, "afterwards"))["state"] == "closed"
        await game.stop()
        agree(game.rounds(), *await books(made))


async def test_while_the_house_is_away_nothing_is_shown_and_afterwards_it_is_the_same_outcome(tmp_path):
    async with studio(MemoryStore()) as made, wired(tmp_path, made.server.port, made.key) as (game, wire):
        session = await made.login()

        def go_away():
            wire.down = True

        wire.cut, wire.cuts = go_away, [Cut(RESULT, "after")]
        waiting = asyncio.create_task(game.spin(session, "click-1"))
        while wire.paths.count(RESULT) < 3:
            await asyncio.sleep(0.02)
        assert not waiting.done()
        wire.down = False
        shown = await waiting
        assert shown["state"] == "closed" and await still_open(made) == []
        assert wire.paths.count(DRAW) == 1
        await game.stop()
        agree(game.rounds(), *await books(made))


async def test_a_wager_whose_answers_all_get_lost_is_given_back(tmp_path):
    async with studio(MemoryStore()) as made, wired(tmp_path, made.server.port, made.key) as (game, wire):
        session = await made.login()
        wire.cut, wire.cuts = lambda: None, [Cut(ESCROW, "after")] * 4
        shown = await game.spin(session, "click-1")
        assert (shown["state"], shown["balance"]) == ("returned", 10_000)
        assert wire.paths == [ESCROW] * 4 + [CANCEL]
        await game.stop()
        agree(game.rounds(), *await books(made))


async def test_no_numbers_are_no_round(tmp_path):
    """The house's generator does not answer: the wager goes back."""
    async with studio(MemoryStore()) as made, wired(tmp_path, made.server.port, made.key) as (game, wire):
        session = await made.login()
        wire.cut, wire.cuts = lambda: None, [Cut(DRAW, "before")] * 3
        assert (await game.spin(session, "click-1"))["state"] == "returned"
        assert await still_open(made) == []
        await game.stop()
        agree(game.rounds(), *await books(made))


async def test_a_round_that_the_house_has_cancelled_meanwhile_is_not_shown_as_won(tmp_path):
    """It was open for too long: the outcome stood in the slot's journal, and nobody had seen it."""
    async with studio(MemoryStore()) as made, wired(tmp_path, made.server.port, made.key) as (game, wire):
        session = await made.login()
        wire.cuts = [Cut(RESULT, "before")]
        with pytest.raises(httpx.HTTPError):
            await game.spin(session, "click-1")
        await game.ended()
        (left,) = await still_open(made)
        assert (await made.call("cancel", round=left.name, id="the-house")).status == 200
        await game.start()
        shown = await game.spin(session, "click-1")
        assert shown["state"] == "returned" and "window" not in shown
        await game.stop()
        agree(game.rounds(), *await books(made))


async def test_a_second_program_with_the_same_journal_does_not_start(tmp_path):
    async with studio(MemoryStore()) as made, running(tmp_path, made.server.port, made.key) as game:
        await game.spin(await made.login(), "click-1")
        second = Slot(tmp_path, made.server.port, made.key)
        with pytest.raises(AssertionError, match="Is the game running already"):
            await second.start()
        await second.ended()


# -- where an operator keeps the money ---------------------------------------------------------------------------------------

AT_ACME = {"id": "studio", "platform": "operator", "operator": "acme", "denomination": "USD", "games": STUDIO["games"],
           "rgs": {"max_win": 500}}  # fmt: skip


@pytest.mark.parametrize(
    ("op", "trouble"),
    [
        ("", None),
        ("escrow", Trouble.DROP_AFTER),
        ("escrow", Trouble.DROP_BEFORE),
        ("result", Trouble.DROP_AFTER),
        ("result", Trouble.DROP_BEFORE),
    ],
    ids=str,
)
async def test_an_operators_books_come_out_even_whatever_answers_are_lost(tmp_path, op, trouble):
    fake = Hub88Adapter.fake()(tmp_path)
    await fake.start()
    await fake.player("ana", fake.token("ana"), 10_000)
    operators = {"acme": {"adapter": "hub88", "options": fake.options()}}
    store = MemoryStore()
    try:
        async with AsyncExitStack() as stack:
            made = await stack.enter_async_context(studio(store, AT_ACME, operators=operators))
            key = await new_key(store, "studio", "operator")
            game = await stack.enter_async_context(running(tmp_path, made.server.port, key))
            login = {"platform": "operator", "site": "studio", "auth": {"uid": "ana", "token": fake.token("ana")}}
            session = secret((await made.caller.post("/session", login)).body["sessionId"], "session")
            await game.spin(session, "before")
            if trouble:
                fake.trouble(op, trouble)
            shown = await game.spin(session, "click-1")
            assert shown["state"] == ("returned" if op == "escrow" else "closed")
            assert (await game.spin(session, "afterwards"))["state"] == "closed"
            assert await still_open(made) == []
            # An escrow that never arrived might yet: that it is taken back is repeated for minutes.
            while [one for one in await owed(store) if trouble != Trouble.DROP_BEFORE or op != "escrow"]:
                await asyncio.sleep(0.02)
            await game.stop()
            journal = game.rounds()
            closed = [row for row in journal if row["state"] == "closed"]
            assert await fake.balance("ana") == 10_000 + sum(row["win"] - row["bet"] for row in closed)
            assert {row["state"] for row in journal} <= {"closed", "returned"}
    finally:
        await fake.stop()


async def owed(store):
    return [one for shard in range(SHARDS) async for one in store.deliveries(shard)]
