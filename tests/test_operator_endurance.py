"""What a long life brings, where an operator keeps the money: nothing is left behind that goes on asking, waits in vain, or
lies about with a token in it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests import operators
from tests.operators import BEGAN_WITH, NOW, TOKEN, Books, FakeAdapter, Fate, Process, quiet, scripted
from webingo.adapters.adapter import Charge, Unanswered
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.means import Means
from webingo.adapters.registry import build
from webingo.errors import Code, Refused
from webingo.rng import SystemRng
from webingo.session.abandoned import close_abandoned
from webingo.support.clock import ManualClock, SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outside import OutsideAnswer, OutsideCall
from webingo.transaction.transaction import Delivery, Posting, Seat, WalletId
from webingo.user import SHARDS, User
from webingo.wallet import deliverer as deliveries
from webingo.wallet.backend import Backend
from webingo.wallet.delivery import cancel_of, result_of
from webingo.wallet.outside import Done, OutsideMoney, Wager
from webingo.wallet.players import payer_key
from webingo.wallet.wallets import Wallets

ANA = User("demo", "ana")
SEAT = Seat(ANA, "demo")
TRANSIT = WalletId(ANA, "credit@acme")


class Operator(FakeAdapter):
    """Fails the calls named in `failing` with that error; `asked` counts what came."""

    def __init__(self, books: Books) -> None:
        super().__init__(books)
        self.failing: dict[str, Exception] = {}
        self.asked: list[str] = []

    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Any:
        self._fails("player")
        return await super().player(uid, token, denom, game)

    async def _call(self, op: str, charge: Charge, book: Any) -> Any:
        self._fails(op)
        return await super()._call(op, charge, book)

    def _fails(self, op: str) -> None:
        self.asked.append(op)
        if op in self.failing:
            raise self.failing[op]


class Bench(operators.Bench):
    made = Operator

    async def left(self) -> list[Delivery]:
        return [delivery for shard in range(SHARDS) async for delivery in self.store.deliveries(shard)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_nobody_asks_the_operator_for_a_player_who_was_not_let_in() -> None:
    bench = Bench(refresh_s=0.02)
    await bench.sit()
    assert await bench.process.act("open")
    await bench.process.session.close()  # type: ignore[union-attr]

    def is_gone(site: Any, game_id: str) -> Any:
        raise Refused(Code.UNKNOWN_GAME)

    bench.process._resources.offered = is_gone
    with pytest.raises(Refused, match="can't be resumed"):
        await bench.process.sit("ana")
    bench.adapter.asked.clear()
    await asyncio.sleep(0.1)
    assert bench.adapter.asked == []


async def test_a_wager_that_was_never_sent_leaves_nothing_to_be_taken_back(bench: Bench) -> None:
    client = await bench.sit()
    bench.adapter.failing["escrow"] = Unanswered("the operator is left alone for a moment", sent=False)
    for _ in range(20):
        assert not await bench.process.act("win")
    assert client.errors == ["UNAVAILABLE"] * 20 and client.code is None
    await quiet()
    assert await bench.left() == [] and "cancel" not in bench.adapter.asked
    assert await bench.settled() == []


async def test_of_wagers_that_were_sent_and_one_that_was_not_the_first_are_taken_back(bench: Bench) -> None:
    await bench.sit()
    assert await bench.process.act("open")
    real, sent = bench.books.escrow, []

    def second_is_not_sent(charge: Charge) -> int:
        if sent:
            raise Unanswered("left alone", sent=False)
        sent.append(charge.id)
        return real(charge)

    bench.books.escrow = second_is_not_sent  # type: ignore[method-assign]
    assert not await bench.process.act("raise")
    await quiet()
    assert bench.adapter.asked.count("cancel") == 1 and bench.books.balances["ana"] == BEGAN_WITH - 10
    bench.books.escrow = real  # type: ignore[method-assign]
    assert await bench.process.act("end")
    await bench.settled()


async def test_a_wager_that_another_process_may_have_sent_is_taken_back_even_if_it_is_not_sent_again(bench: Bench) -> None:
    await bench.sit()
    plan = await _begun(bench)
    bench.books.escrow(plan)
    bench.adapter.failing["escrow"] = Unanswered("left alone", sent=False)
    await bench.process.sit("ana")
    del bench.adapter.failing["escrow"]
    await bench.settled()
    assert bench.books.balances["ana"] == BEGAN_WITH


async def test_an_operator_that_is_left_alone_for_a_moment_is_sent_nothing(tmp_path: Path) -> None:
    fake = Hub88Adapter.fake()(tmp_path)  # type: ignore[misc]
    await fake.start()
    means = Means(SystemClock(), SystemRng(), MemoryStore(), {"USD": 100})
    adapter = build(Hub88Adapter, "acme", fake.options(), means)
    await adapter.start()
    await fake.stop()
    charge = Charge("c1", "ana", TOKEN, "USD", "r1", "script", "demo", 5, NOW)
    sent = []
    for _ in range(7):
        with pytest.raises(Unanswered) as unanswered:
            await adapter.escrow(charge)
        sent.append(unanswered.value.sent)
    assert sent == [True] * 5 + [False] * 2, "five that may have come there, then none"
    await adapter.aclose()


async def test_a_wager_of_a_game_elsewhere_that_was_never_sent_is_as_if_it_had_not_been(bench: Bench) -> None:
    money = OutsideMoney(bench.store, bench.process.wallets, bench.clock)
    wager = Wager(SEAT, "credit", "r1", "e1", "f1", 10, max_win=10, operator="acme", token=TOKEN)
    bench.adapter.failing["escrow"] = Unanswered("left alone", sent=False)
    with pytest.raises(Refused, match=Code.UNAVAILABLE):
        await money.escrow(wager)
    await quiet()
    assert await bench.left() == [] and await bench.store.outside_round(SEAT, "r1") is None
    bench.adapter.failing.clear()
    assert (await money.escrow(wager._replace(id="e2", fingerprint="f2"))).balance == BEGAN_WITH - 10


@pytest.mark.parametrize("said", ["booked", "refused", "silent", "not sent"])
async def test_a_repetition_at_another_server_is_told_what_has_come_of_the_wager_meanwhile(bench: Bench, said: str) -> None:
    first = OutsideMoney(bench.store, bench.process.wallets, bench.clock)
    second = OutsideMoney(bench.store, Process(bench.store, bench.adapter, scripted(), bench.clock).wallets, bench.clock)
    wager = Wager(SEAT, "credit", "r1", "e1", "f1", 10, max_win=10, operator="acme", token=TOKEN)
    kept, repeated, answers = asyncio.Event(), asyncio.Event(), asyncio.Event()
    book, step = bench.books.escrow, bench.store.outside

    async def takes_its_time(op: str, charge: Charge, book_: Any) -> Any:
        kept.set()
        await answers.wait()
        match said:
            case "refused":
                raise Refused(Code.INSUFFICIENT_FUNDS)
            case "silent":
                raise Unanswered("nothing came")
            case "not sent":
                raise Unanswered("left alone", sent=False)
        return book(charge)

    async def settled_meanwhile(call: OutsideCall) -> OutsideAnswer:
        answer = await step(call)
        if answer.repeated and not repeated.is_set():
            repeated.set()
            await asyncio.wait([asking])
        return answer

    real, bench.adapter._call = bench.adapter._call, takes_its_time  # type: ignore[method-assign]
    bench.store.outside = settled_meanwhile  # type: ignore[method-assign]
    asking = asyncio.create_task(first.escrow(wager))
    await kept.wait()
    again = asyncio.create_task(second.escrow(wager))
    await repeated.wait()
    answers.set()
    await asyncio.wait([asking, again])
    bench.adapter._call = real  # type: ignore[method-assign]
    if said == "booked":
        assert asking.result() == again.result() == Done("escrowed", BEGAN_WITH - 10)
    else:
        codes = [task.exception().code for task in (asking, again)]  # type: ignore[union-attr]
        late = Code.INSUFFICIENT_FUNDS if said == "refused" else Code.ROUND_OVER
        assert codes == [late if said == "refused" else Code.UNAVAILABLE, late]


@pytest.mark.parametrize("code", [Code.PLAYER_BLOCKED, Code.AUTH_FAILED, Code.LIMIT])
async def test_what_the_operator_says_of_a_wager_is_said_to_its_repetition_too(bench: Bench, code: Code) -> None:
    money = OutsideMoney(bench.store, bench.process.wallets, bench.clock)
    wager = Wager(SEAT, "credit", "r1", "e1", "f1", 10, max_win=10, operator="acme", token=TOKEN)
    bench.adapter.failing["escrow"] = Unanswered("says the operator", code)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await money.escrow(wager)
        assert (refused.value.code, refused.value.message) == (code, Refused(code).message)


async def test_a_second_wager_of_an_old_round_is_not_given_up_while_it_is_asked_for(bench: Bench) -> None:
    first = OutsideMoney(bench.store, bench.process.wallets, bench.clock)
    second = OutsideMoney(bench.store, Process(bench.store, bench.adapter, scripted(), bench.clock).wallets, bench.clock)
    wager = Wager(SEAT, "credit", "r1", "e1", "f1", 10, max_win=10, operator="acme", token=TOKEN)
    assert (await first.escrow(wager)).status == "escrowed"
    bench.clock.advance(60)
    more, repeated = wager._replace(id="e2", fingerprint="f2"), list[Code]()
    real = bench.adapter._call

    async def is_repeated_meanwhile(op: str, charge: Charge, book: Any) -> Any:
        with pytest.raises(Refused) as refused:
            await second.escrow(more)
        repeated.append(refused.value.code)
        return await real(op, charge, book)

    bench.adapter._call = is_repeated_meanwhile  # type: ignore[method-assign]
    assert await first.escrow(more) == Done("escrowed", BEGAN_WITH - 20) and repeated == [Code.UNAVAILABLE]
    bench.adapter._call = real  # type: ignore[method-assign]


async def _begun(bench: Bench) -> Charge:
    """A wager is to be asked for, and the process dies. Answers what was to be asked."""
    fate = bench.process.fate = Fate()
    seen: list[Charge] = []

    def dies(charge: Charge) -> int:
        seen.append(charge)
        fate.dead = True
        raise Unanswered("the process dies")

    real, bench.books.escrow = bench.books.escrow, dies  # type: ignore[method-assign]
    store: Any = bench.process.house.store
    operator: Any = bench.process.wallets.operators["acme"]._adapter  # type: ignore[attr-defined]
    store._fate = operator._fate = fate
    await bench.process.act("win")
    bench.books.escrow = real  # type: ignore[method-assign]
    bench.process = Process(bench.store, bench.adapter, scripted(), bench.clock, refresh_s=3600)
    return seen[0]


async def test_a_seat_whose_site_left_its_operator_can_be_played_on_at_once(bench: Bench) -> None:
    await bench.sit()
    charge = await _begun(bench)
    bench.books.escrow(charge)
    here = Process(bench.store, bench.adapter, scripted(operator=""), bench.clock)
    await here.sit("ana")
    await here.load()
    assert not await here.act("win") and here.client.errors == ["INSUFFICIENT_FUNDS"], "it has no credits, but is not stuck"
    assert [delivery.id for delivery in await bench.left()] == [f"cancel:{charge.id}"]
    await bench.settled()
    assert bench.books.balances["ana"] == BEGAN_WITH


async def test_how_a_player_is_proved_to_the_operator_is_forgotten_with_the_round(bench: Bench) -> None:
    await bench.sit()
    key = payer_key(SEAT, "acme")
    assert await bench.process.act("win") and await bench.store.request(key) is None
    assert await bench.process.act("open")
    assert TOKEN.encode() in (await bench.store.request(key) or b"")
    assert await bench.process.act("pass") and await bench.process.act("again")
    assert TOKEN.encode() in (await bench.store.request(key) or b""), "the next round is open"
    assert await bench.process.act("end")
    await quiet()
    bench.clock.advance(120)
    assert await bench.store.request(key) is None
    assert await bench.process.act("open")
    assert TOKEN.encode() in (await bench.store.request(key) or b"")
    await bench.process.session.close()  # type: ignore[union-attr]
    bench.clock.advance(4000)
    assert await close_abandoned(bench.process.house, 3600) == 1
    bench.clock.advance(120)
    assert await bench.store.request(key) is None
    await bench.settled()


async def test_results_that_came_late_leave_nothing_in_memory(bench: Bench) -> None:
    await bench.sit()
    wallet: Any = bench.process.session._place.wallet  # type: ignore[union-attr]
    bench.adapter.failing["result"] = Unanswered("not now")
    for _ in range(100):
        assert await bench.process.act("win")
    await quiet()
    del bench.adapter.failing["result"]
    assert len(wallet._behind) == 0 and not bench.process.deliverer._in_hand
    await bench.settled()


async def test_who_has_lost_the_seat_while_the_operator_went_away_is_sent_away_and_finds_everything_again() -> None:
    bench = Bench(refresh_s=0.02)
    client = await bench.sit()
    game, real = client.game["id"], bench.adapter._call

    async def takes_longer_than_anybody_waits(op: str, charge: Charge, book: Any) -> Any:
        balance = await real(op, charge, book)
        if op == "escrow":
            bench.clock.advance(61)
            await bench.process.deliverer.sweep()
            bench.adapter.failing["player"] = Unanswered("not now")
        return balance

    bench.adapter._call = takes_longer_than_anybody_waits  # type: ignore[method-assign]
    assert not await bench.process.act("win")
    assert client.code == 1001 and client.errors == ["UNAVAILABLE"]
    bench.adapter._call = real  # type: ignore[method-assign]
    await bench.process.session.close()  # type: ignore[union-attr]
    bench.adapter.asked.clear()
    await asyncio.sleep(0.1)
    assert bench.adapter.asked == [], "for whom nobody asks any more"
    bench.adapter.failing.clear()
    assert (await bench.process.sit("ana")).game["id"] == game
    assert await bench.settled() == [] and bench.books.balances["ana"] == BEGAN_WITH


async def test_what_is_put_off_by_a_clock_that_was_far_ahead_is_not_waited_for(bench: Bench) -> None:
    bench.books.open("ana")
    charge = Charge("c1", "ana", TOKEN, "credit", "r1", "script", "demo", 5, NOW)
    bench.books.escrow(charge)
    day = 86_400_000
    owed = cancel_of(TRANSIT, charge, NOW + day)
    await bench.store.post(Posting("x", TRANSIT, "grant", 0, "", NOW, owed=(owed,)))
    assert await bench.process.deliverer.work_off() == 0
    await bench.process.deliverer.survey()
    assert await bench.process.deliverer.work_off() == 1 and await bench.left() == []
    assert bench.books.balances["ana"] == BEGAN_WITH


async def test_an_operator_who_answers_slowly_keeps_no_other_waiting(monkeypatch: Any) -> None:
    monkeypatch.setattr(deliveries, "_PATIENCE_S", 0.05)
    store, slow, quick = MemoryStore(), Operator(Books()), FakeAdapter(Books(), operator="beta")
    clock = SystemClock()
    operators = {"acme": Backend(slow, clock), "beta": Backend(quick, clock)}
    deliverer = Wallets(store, operators, clock, SystemRng()).deliverer
    real = slow._call

    async def takes_a_while(op: str, charge: Charge, book: Any) -> Any:
        await asyncio.sleep(0.04)
        return await real(op, charge, book)

    slow._call = takes_a_while  # type: ignore[method-assign]
    for number in range(200):
        operator = "beta" if number == 199 else "acme"
        user = User("demo", f"u{number}")
        charge = Charge(f"c{number}", user.uid, TOKEN, "credit", f"r{number}", "script", "demo", 5, NOW)
        result = result_of(WalletId(user, f"credit@{operator}"), charge, NOW)
        await store.post(Posting("x", result.wallet, "grant", 5, "", NOW, owed=(result,)))
    working = asyncio.create_task(deliverer.work_off())
    async with asyncio.timeout(10):
        while not quick.books.booked:
            await asyncio.sleep(0)
        assert len(slow.books.booked) <= 32
        await working
    assert 32 <= len(slow.books.booked) < 199, "the others are left to whoever claims them next"


async def test_a_stopping_deliverer_waits_for_what_its_last_work_has_begun(bench: Bench) -> None:
    deliverer, done = bench.process.deliverer, []

    async def last() -> None:
        await asyncio.sleep(0.01)
        done.append("last")

    async def first() -> None:
        await asyncio.sleep(0.01)
        deliverer.do(last())
        done.append("first")

    deliverer.do(first())
    await deliverer.stop()
    assert done == ["first", "last"]


async def test_a_token_is_not_shown_to_another_operator() -> None:
    books = Books()
    operator = Operator(books)
    store, clock = MemoryStore(), ManualClock(NOW)
    wallets = Wallets(store, {"beta": Backend(operator, clock)}, clock, SystemRng())
    with pytest.raises(Refused, match=Code.AUTH_FAILED):
        await wallets.payer(User("operator", "acme.42"), "beta", "USD", TOKEN)
    assert operator.asked == []
