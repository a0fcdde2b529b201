"""A wallet whose money an operator keeps, and who brings the operator what it has yet to hear of."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests import operators
from tests.conftest import settings
from tests.operators import BEGAN_WITH, NOW, TOKEN, Books, FakeAdapter, Process, drained, quiet, scripted
from tests.player import Player
from tests.processes import command, kill_embedded
from tests.secrets import secret
from webingo.adapters.adapter import Account, Cancelled, Charge, Unanswered
from webingo.adapters.local import LocalAdapter
from webingo.adapters.local_token import local_token
from webingo.engines.engine import Move
from webingo.errors import BadResource, Code, Refused
from webingo.rng import SystemRng, fresh_id
from webingo.server.app import Server
from webingo.session.abandoned import close_abandoned
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Part, Posting, Seat, Transaction, WalletId, fresh_sharded_id
from webingo.user import User
from webingo.wallet import operator as saga
from webingo.wallet.backend import Backend
from webingo.wallet.delivery import LATE_ESCROW_MS, Told, cancel_of, result_of
from webingo.wallet.plan import Payer, last_escrow, planned, read_intent
from webingo.wallet.players import is_called, uid_of, user_at
from webingo.wallet.wallets import Wallets

TRANSIT = WalletId(User("demo", "ana"), "credit@acme")


class Adapter(FakeAdapter):
    """Does first what a test says to a call: `before` by the name of the call."""

    def __init__(self, books: Books) -> None:
        super().__init__(books)
        self.before: dict[str, Callable[[], Awaitable[Any]]] = {}
        self.charges: list[tuple[str, Charge]] = []

    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
        await self._first("player")
        return await super().player(uid, token, denom, game)

    async def _call(self, op: str, charge: Charge, book: Callable[[Charge], Any]) -> Any:
        self.charges.append((op, charge))
        await self._first(op)
        return await super()._call(op, charge, book)

    async def _first(self, op: str) -> None:
        if op in self.before:
            await self.before[op]()


class Bench(operators.Bench):
    made = Adapter

    def raises(self, op: str, error: Exception) -> None:
        async def fail() -> None:
            raise error

        self.adapter.before[op] = fail


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- what the player sees ---------------------------------------------------------------------------------------------


async def test_the_player_sees_the_operators_balance_and_never_what_is_in_transit(bench: Bench) -> None:
    client = await bench.sit()
    for action, balance in (("win", 1015), ("lose", 1005), ("open", 995), ("raise", 988), ("prize", 995), ("end", 999)):
        assert await bench.process.act(action)
        assert client.balance == balance, action
    kinds = await bench.settled()
    assert kinds[:8] == ["escrow", "wager", "win", "payout", "escrow", "wager", "escrow", "wager"]
    assert [len({state["wallet"]["credits"] for state in client.states}), client.balance] == [6, 999]


async def test_a_chain_of_two_rounds_is_shown_with_the_balance_after_each(bench: Bench) -> None:
    client = await bench.sit()
    assert await bench.process.act("open")
    shown = len(client.states)
    assert await bench.process.act("again")
    assert [state["wallet"]["credits"] for state in client.states[shown:]] == [992, 982]
    assert await bench.settled() == ["escrow", "wager", "win", "escrow", "wager", "payout"]


async def test_each_round_is_told_in_order_what_it_refers_to_and_when_it_is_over(bench: Bench) -> None:
    await bench.sit()
    for action in ("open", "raise", "prize", "again", "pass", "end"):
        assert await bench.process.act(action)
    await quiet()
    first, second = dict.fromkeys(charge.round for _, charge in bench.adapter.charges)
    told = [(op, charge.round, charge.amount, charge.closes) for op, charge in bench.adapter.charges]
    assert told == [
        ("escrow", first, 10, False),
        ("escrow", first, 5, False),
        ("escrow", first, 2, False),
        ("result", first, 7, False),
        ("escrow", second, 10, False),
        ("result", first, 2, True),
        ("result", second, 4, True),
    ]
    charges = [charge for _, charge in bench.adapter.charges]
    assert [charges[number].refers for number in (3, 5, 6)] == [charges[2].id, charges[2].id, charges[4].id]
    assert {charge.denom for charge in charges} == {"credit"} and {charge.token for charge in charges} == {TOKEN}


async def test_who_has_not_enough_is_refused_with_the_operators_balance(bench: Bench) -> None:
    client = await bench.sit()
    bench.books.balances["ana"] = 3
    assert not await bench.process.act("win")
    assert (client.errors, client.balance, client.code) == (["INSUFFICIENT_FUNDS"], 3, None)
    bench.books.balances["ana"] = 12
    assert not await bench.process.act("again") and client.errors[-1] == "ACTION_NOT_ALLOWED"
    assert await bench.process.act("open")
    bench.books.balances["ana"] = 6
    assert not await bench.process.act("raise"), "the first of its two wagers could be had"
    await quiet()
    assert bench.books.balances["ana"] == 6 and client.errors[-1] == "INSUFFICIENT_FUNDS"
    told = [(op, charge.amount) for op, charge in bench.adapter.charges]
    assert told == [("escrow", 10), ("escrow", 10), ("escrow", 5), ("escrow", 2), ("cancel", 5)], "and is given back at once"


async def test_silence_costs_nothing_and_does_not_end_the_session(bench: Bench) -> None:
    client = await bench.sit()
    bench.raises("escrow", Unanswered("nothing came"))
    assert not await bench.process.act("win")
    assert (client.errors, client.code, client.balance) == (["UNAVAILABLE"], None, 1000)
    del bench.adapter.before["escrow"]
    assert await bench.process.act("win")
    assert await bench.settled() == ["escrow", "wager", "win", "payout"]


async def test_a_token_that_has_run_out_ends_the_session_as_a_login_that_is_refused(bench: Bench) -> None:
    client = await bench.sit()
    bench.raises("escrow", Unanswered("the token has run out", Code.AUTH_FAILED))
    assert not await bench.process.act("win")
    assert (client.errors, client.code) == (["AUTH_FAILED"], 4401)
    assert await bench.settled() == []


async def test_an_outcome_that_is_above_the_games_largest_win_gives_the_wager_back(bench: Bench) -> None:
    client = await bench.sit()
    assert not await bench.process.act("reckless")
    assert (client.errors, client.code) == (["INTERNAL"], 1011)
    await quiet()
    assert bench.books.balances["ana"] == BEGAN_WITH, "at once"
    assert await bench.settled() == [] and bench.books.balances["ana"] == BEGAN_WITH


async def test_a_player_who_is_blocked_while_the_operator_is_asked_gets_the_wager_back(bench: Bench) -> None:
    client = await bench.sit()
    bench.adapter.before["escrow"] = lambda: bench.store.block(User("demo", "ana"), True)
    assert not await bench.process.act("win")
    assert (client.errors[0], client.code) == ("PLAYER_BLOCKED", 4401)
    await quiet()
    assert bench.books.balances["ana"] == BEGAN_WITH, "at once"
    assert await bench.settled() == [] and bench.books.balances["ana"] == BEGAN_WITH


async def test_a_win_that_is_not_acknowledged_is_shown_all_the_same_and_the_balance_follows(
    bench: Bench, monkeypatch: Any
) -> None:
    monkeypatch.setattr(saga, "_SHOWN_S", 0.02)
    client = await bench.sit()
    gate = asyncio.Event()
    bench.adapter.before["result"] = gate.wait
    bench.process.session.receive(_act("win", client))  # type: ignore[union-attr]
    await until(lambda: client.balance == 990)
    assert client.game["name"] == "idle" and client.errors == []
    gate.set()
    await until(lambda: client.balance == 1015)
    assert await bench.settled() == ["escrow", "wager", "win", "payout"]


def _act(action: str, client: Any) -> Any:
    from webingo.session import protocol

    return protocol.ActionMessage(t="action", action=action, params={}, sid=client.game["id"])


async def test_the_balance_is_asked_for_now_and_then_and_pushed_only_where_it_changed() -> None:
    bench = Bench(refresh_s=0.02)
    client = await bench.sit()
    asked = []

    async def ask() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Unanswered("not now")

    bench.adapter.before["player"] = ask
    shown = len(client.states)
    await until(lambda: len(asked) > 6)
    assert len(client.states) == shown and client.code is None
    bench.books.balances["ana"] += 500
    await until(lambda: client.balance == 1500)
    assert len(client.states) == shown + 1
    await bench.process.session.close()  # type: ignore[union-attr]
    heard = len(asked)
    await asyncio.sleep(0.1)
    assert len(asked) == heard, "nobody asks for who has left"


async def test_news_of_the_wallet_are_asked_of_the_operator_once_for_many(bench: Bench) -> None:
    client = await bench.sit()
    asked = []

    async def ask() -> None:
        asked.append(1)

    bench.adapter.before["player"] = ask
    bench.books.balances["ana"] = 1234
    for number in range(20):
        await bench.store.post(Posting(f"x{number}", TRANSIT, "grant", 5, "", NOW))
    await until(lambda: client.balance == 1234)
    await bench.process.session.look_again()  # type: ignore[union-attr]
    await asyncio.sleep(0.5)
    assert len(asked) == 1, "whose connection to the database was lost asks in its turn: so do all the others"
    assert {state["wallet"]["credits"] for state in client.states} == {1000, 1234}, "never what is in transit"


async def test_a_look_at_the_balance_that_a_wager_overtook_is_not_believed(bench: Bench) -> None:
    client = await bench.sit()
    wallet = bench.process.session._place.wallet  # type: ignore[union-attr]
    gate = asyncio.Event()
    bench.adapter.before["player"] = gate.wait
    looking = asyncio.ensure_future(wallet.funds())
    await quiet()
    assert await bench.process.act("lose")
    await quiet()
    bench.books.balances["ana"] = 1000  # what the late answer says
    gate.set()
    assert (await looking).balance == 990 == client.balance


# -- adapters that make mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [ZeroDivisionError("of the adapter"), asyncio.CancelledError(), Refused(Code.STALE), TimeoutError(), RuntimeError("x")],
    ids=lambda error: type(error).__name__,
)
async def test_what_an_adapter_may_not_raise_is_no_answer(bench: Bench, wrong: BaseException) -> None:
    client = await bench.sit()

    async def fail() -> None:
        raise wrong

    bench.adapter.before["escrow"] = fail
    with capture_logs() as logs:
        for _ in range(3):
            assert not await bench.process.act("win")
    assert client.errors == [wrong.code if isinstance(wrong, Refused) else "UNAVAILABLE"] * 3 and client.code is None
    bug = isinstance(wrong, ZeroDivisionError | RuntimeError)
    assert sum(line["event"] == "adapter_failed" for line in logs) == bug, "told with its traceback, and once"
    assert TOKEN not in str(logs)
    assert await bench.settled() == []


@pytest.mark.parametrize("answer", [None, -1, 1.5, "5", True, 2**53])
async def test_a_strange_balance_is_no_answer(answer: Any) -> None:
    class Strange(FakeAdapter):
        async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
            return Account("ana", answer)

        async def escrow(self, charge: Charge) -> int:
            return answer

        async def cancel(self, charge: Charge) -> Cancelled:
            return Cancelled(-5) if answer is None else Cancelled(answer)

    backend = Backend(Strange(Books()), SystemClock())
    charge = Charge("i", "ana", TOKEN, "credit", "r", "g", "s", 1, 0)
    for call in (backend.player("ana", TOKEN, "credit"), backend.escrow(charge), backend.cancel(charge)):
        with pytest.raises(Unanswered):
            await call


@pytest.mark.parametrize("balance", [-1, 1.5, "5", True, 2**53, None])
async def test_a_strange_balance_with_a_refusal_is_not_shown_and_the_refusal_counts(balance: Any) -> None:
    class Strange(FakeAdapter):
        async def escrow(self, charge: Charge) -> int:
            raise Refused(Code.INSUFFICIENT_FUNDS, balance=balance, undone=False)

    with pytest.raises(Refused) as refused:
        await Backend(Strange(Books()), SystemClock()).escrow(Charge("i", "ana", TOKEN, "credit", "r", "g", "s", 1, 0))
    assert (refused.value.code, refused.value.facts) == (Code.INSUFFICIENT_FUNDS, {})


@pytest.mark.parametrize("account", [("ana", 5), Account(None, 5), Account(7, 5), Account("ana", 5, None)])  # type: ignore[arg-type]
async def test_a_player_without_a_name_is_no_answer(account: Any) -> None:
    class Strange(FakeAdapter):
        async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
            return account

    with pytest.raises(Unanswered):
        await Backend(Strange(Books()), SystemClock()).player("ana", TOKEN, "credit")


@pytest.mark.parametrize(
    "wrong",
    [
        Unanswered(f"POST {{token: {TOKEN}}}", Code.AUTH_FAILED, sent=False),
        Refused(Code.LIMIT, f"not for {TOKEN}"),
        KeyError(TOKEN),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_token_that_an_adapter_tells_is_not_told_on(wrong: Exception) -> None:
    class Talks(FakeAdapter):
        async def escrow(self, charge: Charge) -> int:
            raise wrong

    charge = Charge("i", "ana", TOKEN, "credit", "r", "g", "s", 1, 0)
    with capture_logs() as logs, pytest.raises((Unanswered, Refused)) as raised:
        await Backend(Talks(Books()), SystemClock()).escrow(charge)
    assert raised.value.code == getattr(wrong, "code", Code.UNAVAILABLE)
    if isinstance(wrong, Unanswered):
        assert isinstance(raised.value, Unanswered) and not raised.value.sent
    assert TOKEN not in str(raised.value) + str([repr(line) + repr(line.get("exc_info")) for line in logs])
    assert [line["error"] for line in logs] == ["KeyError"] * isinstance(wrong, KeyError)


async def test_an_adapter_that_comes_to_no_end_is_left(bench: Bench, monkeypatch: Any) -> None:
    from webingo.wallet import backend

    monkeypatch.setattr(backend, "LONGEST_S", 0.02)
    client = await bench.sit()
    bench.adapter.before["escrow"] = asyncio.Event().wait
    bench.process.session.receive(_act("win", client))  # type: ignore[union-attr]
    await until(lambda: client.errors == ["UNAVAILABLE"])
    bench.adapter.before.clear()
    assert await bench.settled() == []


# -- deliveries -------------------------------------------------------------------------------------------------------


def charge_of(amount: int, at_ms: int, round_id: str = "r", refers: str = "") -> Charge:
    return Charge(fresh_id(), "ana", TOKEN, "credit", round_id, "g", "demo", amount, at_ms, refers)


async def owe(bench: Bench, *deliveries: Any) -> None:
    amount = sum(delivery.payout for delivery in deliveries)
    await bench.store.post(Posting(fresh_id(), TRANSIT, "grant", amount, "", NOW, owed=deliveries))


async def left(bench: Bench) -> list[Told]:
    shard = TRANSIT.user.shard
    return [Told.read(delivery.document) async for delivery in bench.store.deliveries(shard)]


async def test_results_of_one_round_reach_the_operator_in_their_order(bench: Bench) -> None:
    bench.books.open("ana")
    charges = [charge_of(number, NOW + number) for number in range(1, 5)]
    results = [result_of(TRANSIT, charge, NOW) for charge in charges]
    await owe(bench, *(result._replace(due_ms=NOW - place) for place, result in enumerate(results)))
    bench.raises("result", Unanswered("not now"))
    await bench.process.deliverer.work_off()
    assert [charge.amount for _, charge in bench.adapter.charges] == [1], "the others wait for the first"
    assert sorted(told.tries for told in await left(bench)) == [0, 0, 0, 1]
    bench.adapter.before.clear()
    await drained(bench.process.deliverer, bench.store, bench.clock)
    assert [charge.amount for _, charge in bench.adapter.charges] == [1, 1, 2, 3, 4]
    assert (await bench.store.funds(TRANSIT)).balance == 0


async def test_two_processes_bring_each_delivery_once(bench: Bench) -> None:
    bench.books.open("ana")
    other = Process(bench.store, bench.adapter, scripted(), bench.clock)
    results = [result_of(TRANSIT, charge_of(1, NOW, f"r{number}"), NOW - 60_000) for number in range(40)]
    await owe(bench, *results)
    await asyncio.gather(bench.process.deliverer.work_off(), other.deliverer.work_off())
    assert len(bench.adapter.charges) == 40 and await left(bench) == []


async def test_a_cancel_that_the_operator_knows_no_escrow_for_is_repeated_until_none_can_come(bench: Bench) -> None:
    bench.books.keeps_tombstones = False
    escrow = charge_of(5, NOW)
    await owe(bench, cancel_of(TRANSIT, escrow, NOW))
    for _ in range(3):
        bench.clock.advance(100)
        await bench.process.deliverer.work_off()
    assert [told.reason for told in await left(bench)] == ["the operator knows no such escrow yet"]
    bench.books.escrow(escrow)  # late, but it comes
    bench.clock.advance(200)
    await bench.process.deliverer.work_off()
    assert await left(bench) == [] and bench.books.balances["ana"] == BEGAN_WITH
    await owe(bench, cancel_of(TRANSIT, charge_of(5, NOW + 500_000), bench.clock.now_ms()))
    bench.clock.advance(LATE_ESCROW_MS / 1000)
    with capture_logs() as logs:
        await bench.process.deliverer.work_off()
    assert await left(bench) == [] and [line["event"] for line in logs] == ["cancel_of_unknown"]


async def test_what_is_not_acknowledged_is_told_every_hour_and_never_given_up(bench: Bench) -> None:
    bench.books.open("ana")
    await owe(bench, result_of(TRANSIT, charge_of(5, NOW), NOW - 60_000))
    bench.raises("result", Unanswered("not today"))
    with capture_logs() as logs:
        for _ in range(60):
            bench.clock.advance(301)
            await bench.process.deliverer.work_off()
    overdue = [line for line in logs if line["event"] == "delivery_overdue"]
    assert [line["hours"] for line in overdue] == [1, 2, 3, 4, 5] and TOKEN not in str(logs)
    assert {line["log_level"] for line in overdue} == {"error"} and overdue[0]["reason"] == "not today"
    bench.adapter.before.clear()
    bench.clock.advance(301)
    await bench.process.deliverer.work_off()
    assert await left(bench) == [] and bench.books.balances["ana"] == BEGAN_WITH + 5


async def test_an_operator_who_is_not_in_the_settings_any_more_is_waited_for(bench: Bench) -> None:
    bench.books.open("ana")
    await owe(bench, result_of(TRANSIT, charge_of(5, NOW), NOW - 60_000))
    others = Wallets(
        bench.store, {"beta": Backend(FakeAdapter(Books(), operator="beta"), bench.clock)}, bench.clock, SystemRng()
    )
    assert await others.deliverer.work_off() == 1
    assert [told.reason for told in await left(bench)] == ["there is no such operator in the settings any more"]
    with pytest.raises(Refused, match="UNAVAILABLE"):
        others.of(Seat(TRANSIT.user, "demo"), "acme", "credit")
    await drained(bench.process.deliverer, bench.store, bench.clock)


async def test_results_of_before_a_crash_go_before_those_of_the_resumed_round(bench: Bench) -> None:
    await bench.sit()
    assert await bench.process.act("open")
    bench.raises("result", Unanswered("not now"))
    assert await bench.process.act("prize")
    await bench.process.session.close()  # type: ignore[union-attr]
    bench.adapter.before.clear()
    await bench.sit()
    assert await bench.process.act("end")
    await quiet()
    booked = [charge.amount for op, charge in bench.adapter.charges if op == "result"]
    assert booked == [7, 7, 4], "the prize once more, then the end"
    assert sorted(await bench.settled()) == ["escrow", "payout", "payout", "wager", "win", "win"]


async def test_the_house_closes_a_round_in_the_players_name(bench: Bench) -> None:
    await bench.sit()
    assert await bench.process.act("open")
    await bench.process.session.close()  # type: ignore[union-attr]
    bench.clock.advance(4000)
    bench.process.house.resources = bench.process._resources
    assert await close_abandoned(bench.process.house, 3600) == 1
    (result,) = [charge for op, charge in bench.adapter.charges if op == "result"]
    assert (result.uid, result.token, result.amount, result.closes) == ("ana", TOKEN, 4, True)
    assert await bench.settled() == ["escrow", "wager", "win", "payout"]


# -- plans ------------------------------------------------------------------------------------------------------------

moves = st.lists(st.builds(Move, st.sampled_from(["wager", "win"]), st.integers(1, 100)), max_size=4)


@given(rounds=st.lists(st.lists(moves, min_size=1, max_size=4), min_size=1, max_size=3), open_end=st.booleans())
def test_a_plan_asks_for_every_wager_and_tells_every_win_once(rounds: list[list[list[Move]]], open_end: bool) -> None:
    user = User("demo", "ana")
    parts: list[Part] = []
    for number, steps in enumerate(rounds):
        round_id = fresh_sharded_id(user)
        for place, made in enumerate(steps):
            over = place == len(steps) - 1 and not (open_end and number == len(rounds) - 1)
            state = orjson.dumps({"id": fresh_id(), "name": "x", "data": {}, "actions": []})
            record = orjson.dumps({"moves": [[kind, amount] for kind, amount in made]})
            parts.append(Part(round_id, record, state, tuple(made), b"{}" if place == 0 else b"", over))
    tx = Transaction(Seat(user, "demo"), TRANSIT, 3, NOW, "base", fresh_id(), "g", b"{}", b"\xff\x00", 7, tuple(parts), None)
    plan = planned(tx, Payer("ana", TOKEN), "before")
    every = [move for part in parts for move in part.moves]
    assert sum(charge.amount for charge in plan.escrows) == sum(amount for kind, amount in every if kind == "wager")
    assert sum(charge.amount for charge in plan.results) == sum(amount for kind, amount in every if kind == "win")
    assert [charge.round for charge in plan.results if charge.closes] == [part.round for part in parts if part.closes]
    assert len({charge.id for charge in (*plan.escrows, *plan.results)}) == len(plan.escrows) + len(plan.results)
    assert planned(tx, Payer("ana", TOKEN), "before") == plan
    assert read_intent(plan.intent().document, tx.seat, 3) == plan
    last = [part for part in parts if part.round == parts[-1].round]
    record = [b"{}", *(line for part in last for line in (part.record, part.state))]
    if open_end:
        assert last_escrow(record) == plan.last_escrow
    assert TOKEN not in repr(plan)


@given(uid=st.text(min_size=1, max_size=200), other=st.text(min_size=1, max_size=200))
def test_players_of_operators_are_told_apart_and_found_again(uid: str, other: str) -> None:
    user = user_at("acme", uid)
    assert uid_of(user, "acme") in (uid, "") and is_called(user, "acme", uid)
    assert (user_at("acme", other) == user) == (uid == other)
    assert user_at("beta", uid) != user and not is_called(user, "beta", uid)
    assert uid_of(User("demo", "ana"), "acme") == "ana"


# -- the server -------------------------------------------------------------------------------------------------------

SECRET = secret("of-the-local-operator-" * 2, "operator's key")
SITE = {"id": "acme", "platform": "operator", "operator": "acme", "denomination": "credit", "games": [{"id": "joker-bingo"}]}


def res_of(folder: Path, **changes: Any) -> Path:
    from tests.lab import copy_games

    copy_games(folder / "res", "joker-bingo")
    (folder / "res" / "local_sites").mkdir()
    (folder / "res" / "local_sites" / "acme.json").write_text(json.dumps({**SITE, **changes}))
    return folder / "res"


def operators(**options: Any) -> dict[str, Any]:
    return {"acme": {"adapter": "local", "options": {"secret": SECRET, "credits": 1000, **options}}}


def token_of(uid: str, valid_s: int = 600) -> str:
    return local_token(SECRET, uid, SystemClock().now_ms() // 1000 + valid_s)


async def serve(res: Path, **changes: Any) -> Server:
    server = Server(settings(res_dir=res, operators=operators(), **changes))
    await server.start(MemoryStore())
    return server


WHERE = {"platform": "operator", "site": "acme"}


async def test_the_operators_players_log_in_with_the_operators_token(tmp_path: Path) -> None:
    server = await serve(res_of(tmp_path))
    player = await Player.log_in(server.port, "42", token_of("42"), **WHERE)
    assert player.credits == 1000
    await player.load()
    await player.bet()
    assert player.credits == 996
    assert [str(guest.seat) for guest in server.house.sessions()] == ["operator:acme:acme.42"]  # type: ignore[attr-defined]
    for uid, token in (("42", token_of("43")), ("42", ""), ("42", token_of("42", -5)), ("42", "x")):
        other = await Player.connect(server.port)
        other.send(auth={"uid": uid, "token": token}, **WHERE)
        assert await other.closed() == 4401 and other.errors[0]["code"] == "AUTH_FAILED"
    Player.abort_all()
    await server.stop()


async def test_a_login_without_a_socket_takes_the_token_along(tmp_path: Path) -> None:
    from webingo.support.http import Http

    server = await serve(res_of(tmp_path))
    http = Http()
    body = orjson.dumps({"auth": {"uid": "42", "token": token_of("42")}, **WHERE})
    answer = await http.fetch(f"http://127.0.0.1:{server.port}/session", "POST", {}, body, timeout_s=10)
    session = orjson.loads(answer.body)["sessionId"]
    player = await Player.connect(server.port)
    player.send(session=session)
    await player.next_state()
    await player.load()
    await player.bet()
    assert player.credits == 996
    http.close()
    Player.abort_all()
    await server.stop()


async def test_a_stopping_server_waits_for_the_operator(tmp_path: Path, monkeypatch: Any) -> None:
    server = await serve(res_of(tmp_path))
    escrow, asked = LocalAdapter.escrow, asyncio.Event()

    async def slow(self: LocalAdapter, charge: Charge) -> int:
        asked.set()
        await asyncio.sleep(0.2)
        return await escrow(self, charge)

    monkeypatch.setattr(LocalAdapter, "escrow", slow)
    player = await Player.log_in(server.port, "42", token_of("42"), **WHERE)
    await player.load()
    player.act("bet", {"amount": 4})
    await asked.wait()
    store = server.store
    await server.stop()
    assert (await player.next_state())["gamestate"]["name"] == "game", "shown before the goodbye"
    shard = User("operator", "acme.42").shard
    entries = [entry async for entry in store.entries(shard)]
    ours = [entry.kind for entry in entries if entry.wallet == "operator:credit@acme:acme.42"]
    assert ours[:2] == ["escrow", "wager"]
    assert await store.intents(shard, 2**60, 0, 9) == []
    assert [delivery async for delivery in store.deliveries(shard)] == []
    Player.abort_all()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"operator": "acne"}, ("operator", "unknown operator; did you mean acme?")),
        ({"operator": ""}, ("operator", "a site of this platform needs one")),
        ({"initial_credits": 5}, ("initial_credits", "a site whose money an operator keeps can't have this")),
    ],
)
def test_a_site_that_can_not_be_an_operators_stops_the_start(tmp_path: Path, changes: Any, problem: tuple[str, str]) -> None:
    try:
        Server(settings(res_dir=res_of(tmp_path, **changes), operators=operators()))
    except BadResource as error:
        assert ("local_sites/acme.json", *problem) in error.problems
    else:
        raise AssertionError("it starts")


async def test_an_operator_that_can_not_be_built_or_started_stops_the_start(tmp_path: Path, monkeypatch: Any) -> None:
    res = res_of(tmp_path)
    wrong = Server(settings(res_dir=res, operators={"acme": {"adapter": "locla", "options": {}}}))
    with pytest.raises(BadResource, match="did you mean local"):
        await wrong.start(MemoryStore())

    async def broken(self: Any) -> None:
        raise OSError("no way there")

    monkeypatch.setattr(LocalAdapter, "start", broken)
    server = Server(settings(res_dir=res, operators=operators()))
    with pytest.raises(BadResource, match=r"operators\.acme.*no way there"):
        await server.start(MemoryStore())


# -- commands ---------------------------------------------------------------------------------------------------------


async def test_the_status_says_what_waits_and_for_whom(tmp_path: Path) -> None:
    from tests.conftest import open_store

    url = f"embedded:{tmp_path / 'redis'}"
    try:
        store = await open_store(url)
        now_ms = SystemClock().now_ms()
        wallet = WalletId(User("demo", "ana"), "credit@gone")
        old, new = (result_of(wallet, charge_of(7, now_ms, name), now_ms - ago) for name, ago in (("r1", 7_200_000), ("r2", 0)))
        await store.post(Posting("x", wallet, "grant", 14, "", now_ms, owed=(old, new)))
        told = command(
            "operator", "status", "--json", check=False, redis_url=url, debug="true", operators=json.dumps(operators())
        )
        assert told.returncode == 1 and TOKEN not in told.stdout
        report = json.loads(told.stdout)
        assert [delivery["round"] for delivery in report["deliveries"]] == ["r1", "r2"] and report["intents"] == []
        assert {key: report["deliveries"][0][key] for key in ("operator", "call", "amount", "wallet", "tries")} == {
            "operator": "gone", "call": "result", "amount": 7, "wallet": "demo:credit@gone:ana", "tries": 0,
        }  # fmt: skip
        assert [(found["operator"], found["adapter"], found["deliveries"]) for found in report["operators"]] == [
            ("acme", "local", 0),
            ("gone", None, 2),
        ]
        shown = command("operator", "status", check=False, redis_url=url, debug="true")
        assert "not in the settings" in shown.stdout and "2 hours" in shown.stdout and TOKEN not in shown.stdout
        await store.delivered(old, now_ms)
        assert command("operator", "status", redis_url=url, debug="true").returncode == 0
        await store.aclose()
    finally:
        kill_embedded(tmp_path / "redis")
