"""The promises for rounds that are played elsewhere while an operator keeps the money: the server is stopped, or loses an
answer, at every one of its calls to store and operator; the game asks again until it has a definite answer, or never. In the
end the operator's books are our ledger, nothing was taken or paid twice, and what the game was told is what stands.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from pydantic import BaseModel

from tests.operators import (
    ADAPTER_CALLS,
    BEGAN_WITH,
    TOKEN,
    Books,
    FakeAdapter,
    Fate,
    Watched,
    kill_all_but_me,
    ledger_of,
    quiet,
    scripted,
)
from webingo.adapters.adapter import Charge, Unanswered
from webingo.errors import Code, Refused
from webingo.resources.site import Outside
from webingo.rng import SystemRng
from webingo.server.rgs.keys import ApiKey
from webingo.server.rgs.models import CancelAsk, EscrowAsk, PlayerAsk, ResultAsk, Settled
from webingo.server.rgs.money import Money
from webingo.server.rgs.overdue import Overdue
from webingo.session.house import House
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Seat, WalletId, fresh_sharded_id
from webingo.user import SHARDS, User
from webingo.wallet.backend import Backend
from webingo.wallet.outside import OutsideMoney
from webingo.wallet.wallets import Wallets

KEY = ApiKey("0" * 12, "demo", "demo", "", "", 0)
CALLS = frozenset(("login", "outside", "outside_answered", "outside_round", "claim_name", "delivered", "defer"))
AGAIN = (Code.UNAVAILABLE, Code.INTERNAL)
_NUMBERS = count()

SCRIPT: list[tuple[str, dict[str, Any]]] = [
    ("escrow", {"round": "won", "amount": 10}),
    ("result", {"round": "won", "win": 25}),
    ("escrow", {"round": "back", "amount": 10}),
    ("escrow", {"round": "back", "amount": 5}),
    ("cancel", {"round": "back"}),
    ("escrow", {"round": "more", "amount": 10}),
    ("escrow", {"round": "more", "amount": 5}),
    ("result", {"round": "more", "win": 0}),
]


class Process:
    """A server's money service."""

    def __init__(self, world: "World", fate: Fate | None = None) -> None:
        self.fate = fate or Fate()
        store: Any = Watched(world.store, self.fate, CALLS, lambda: Refused(Code.UNAVAILABLE))
        adapter: Any = Watched(world.adapter, self.fate, ADAPTER_CALLS, lambda: Unanswered("lost"))
        rng = SystemRng()
        self.wallets = Wallets(store, {"acme": Backend(adapter, world.clock)}, world.clock, rng)
        house = House(store, world.resources, rng, world.clock, debug=True, wallets=self.wallets)
        outside = OutsideMoney(store, self.wallets, world.clock)
        self.money = Money(house, outside, 10**6, 10**6)
        self.overdue = Overdue(store, world.resources, outside, world.clock)


class World:
    """A store, an operator and the game's player. Rounds that the game leaves open are cancelled after ten minutes."""

    def __init__(self, mood: str, tombstones: bool = True) -> None:
        self.clock = ManualClock(1_700_000_000_000)
        self.store: Store = MemoryStore(clock=self.clock)
        self.books = Books(tombstones)
        self.adapter = FakeAdapter(self.books, mood)
        self.resources = scripted()
        self.resources.site_ = self.resources.site_.model_copy(update={"rgs": Outside(max_win=10, policy="cancel")})
        self.uid = f"o{next(_NUMBERS)}"
        self.session = fresh_sharded_id(User("demo", self.uid))
        self.told: dict[str, Settled | Code] = {}
        """By the ids of the calls."""

    async def begin(self) -> None:
        self.books.open(self.uid)
        await self.store.keep_login(self.session, Seat(User("demo", self.uid), "demo"), 10**6, TOKEN)

    async def play(self, process: Process) -> bool:
        """What of the script is not answered yet. False where the process has died."""
        for number, (name, fields) in enumerate(SCRIPT):
            call_id = f"{self.uid}:{number}"
            if call_id not in self.told and not await self._call(process, name, call_id, fields):
                return False
        return True

    async def _call(self, process: Process, name: str, call_id: str, fields: dict[str, Any]) -> bool:
        named = {**fields, "id": call_id, "round": f"{self.uid}.{fields['round']}"}
        ask: BaseModel
        if name == "escrow":
            ask = EscrowAsk(session=self.session, **named)
        else:
            ask = ResultAsk(**named) if name == "result" else CancelAsk(**named)
        for _ in range(8):
            answered = asyncio.ensure_future(getattr(process.money, name)(KEY, ask))
            for _ in range(3000):
                if answered.done() or process.fate.dead:
                    break
                await asyncio.sleep(0)
            if not answered.done():
                return False
            if (told := heard(answered)) not in AGAIN:
                self.told[call_id] = told
                return True
            self.clock.advance(10)
        raise AssertionError(f"{name} {call_id} is never answered")

    async def drain(self, process: Process) -> None:
        """All that is owed is delivered, what nobody waits for is taken back, what nobody ends is cancelled."""
        for _ in range(40):
            await process.overdue.sweep()
            await process.wallets.deliverer.work_off()
            await quiet()
            left = [delivery for shard in range(SHARDS) async for delivery in self.store.deliveries(shard)]
            rounds = [found for shard in range(SHARDS) for found in await self.store.outside_rounds(shard, 2**60, 0, 99)]
            if not left and not rounds:
                return
            self.clock.advance(61)
        raise AssertionError(f"this comes to no end: {left} {rounds}")

    async def check(self, process: Process) -> None:
        """What the promises say, when all is told."""
        await self.drain(process)
        net = await self._check_books()
        expected = BEGAN_WITH + sum(net.values())
        assert self.books.balances[self.uid] == expected
        stands = {}
        for round_id in await self.store.history(User("demo", self.uid), 0, 99):
            found = await self.store.round(round_id)
            assert found is not None
            name = found[0].split(b'"outside":{"round":"')[1].split(b'"')[0].decode()
            stands[name] = net[round_id]
        for name in ("won", "back", "more"):
            self._check_round(name, stands.get(f"{self.uid}.{name}", 0))
        account = await process.money.player(KEY, PlayerAsk(session=self.session))
        assert (account.player, account.balance) == (self.uid, expected)

    async def _check_books(self) -> Counter[str]:
        """Nothing is in transit, and for each round the operator has booked what our ledger says, which is answered."""
        wallet = WalletId(User("demo", self.uid), "credit@acme")
        kinds, net, through = Counter[str](), Counter[str](), Counter[str]()
        for entry in await ledger_of(self.store, self.uid, str(wallet)):
            kinds[entry.kind] += entry.amount
            (net if entry.kind in ("wager", "win", "cancel") else through)[entry.round] += entry.amount
        assert (await self.store.funds(wallet)).balance == 0, "money is in transit"
        assert kinds["escrow"] == -kinds["wager"] and kinds["payout"] == -kinds["win"] - kinds["cancel"]
        for charge in self.books.standing():
            through[charge.round] -= charge.amount
        for charge in self.books.results():
            through[charge.round] += charge.amount
        assert not any(through.values()), "the books differ"
        assert (await reconcile(self.store)).findings == []
        return net

    def _check_round(self, name: str, net: int) -> None:
        """`net` is what the round has moved. What the game was told last of it is what stands."""
        script = [(self.told.get(f"{self.uid}:{number}"), call, fields) for number, (call, fields) in enumerate(SCRIPT)]
        calls = [(answer, call, fields) for answer, call, fields in script if fields["round"] == name]
        staked = sum(f["amount"] for answer, call, f in calls if call == "escrow" and isinstance(answer, Settled))
        ends = [(call, fields) for answer, call, fields in calls if call != "escrow" and isinstance(answer, Settled)]
        unheard = [fields["win"] - staked for answer, call, fields in calls if answer is None and "win" in fields]
        if not ends and net:
            assert net in unheard, name  # the result stands, and nobody heard so
        elif not ends or ends[-1][0] == "cancel":
            assert net == 0, f"{name}: it was given back, or never ended"
        else:
            assert net == ends[-1][1]["win"] - staked, name


def heard(answered: "asyncio.Future[Settled]") -> Settled | Code:
    try:
        return answered.result()
    except Refused as refusal:
        return refusal.code


async def calls_of(mood: str) -> int:
    world = World(mood)
    await world.begin()
    process = Process(world)
    assert await world.play(process)
    await quiet()
    return len(process.fate.calls)


MOODS = ("answers", "refuses", "silent", "deaf", "breaks", "lies")


@pytest.mark.parametrize("mood", MOODS)
async def test_rounds_with_every_kind_of_operator(mood: str) -> None:
    for tombstones in (True, False):
        world = World(mood, tombstones)
        await world.begin()
        process = Process(world)
        assert await world.play(process)
        if mood == "answers":
            assert [answer.balance for answer in world.told.values() if isinstance(answer, Settled)] == [
                990, 1015, 1005, 1000, 1015, 1005, 1000, 1000
            ]  # fmt: skip
        first = dict(world.told)
        world.told.clear()
        assert await world.play(process)
        assert world.told == first  # sent again, everything is answered as before
        await world.check(process)


async def test_an_escrow_without_an_answer_is_taken_back_before_the_game_hears_so() -> None:
    world = World("answers")
    await world.begin()
    process = Process(world)
    ask = EscrowAsk(session=world.session, round="r", amount=10, id="e")

    async def silent(charge: Charge) -> int:
        world.books.escrow(charge)
        raise Unanswered("done, not answered")

    world.adapter.escrow = silent  # type: ignore[method-assign]
    codes = []
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await process.money.escrow(KEY, ask)
        codes.append(refused.value.code)
        await quiet()
        assert world.books.balances[world.uid] == BEGAN_WITH and not world.books.standing()
    assert codes == [Code.UNAVAILABLE, Code.ROUND_OVER]  # the second time it is definite
    await world.check(process)


async def each(mood: str, where: str, what: str, go_on: Callable[[World, Process], Awaitable[Process]]) -> None:
    """Strikes a process at each of its calls, in a world of its own each time; at each third, others before and after,
    where the operator does not just answer."""
    every = 1 if mood == "answers" else 3
    for at in range(1 + (every > 1 and where == "after"), await calls_of(mood) + 1, every):
        world = World(mood, bool(at % 2))
        await world.begin()
        first = Process(world, Fate(at, where, what))
        try:
            await world.play(first)
            await quiet()
            await world.check(await go_on(world, first))
        except BaseException as error:
            error.add_note(f"at call {at}, {where} {first.fate.calls[at - 1 :][:1]}")
            raise
        kill_all_but_me()
        await asyncio.sleep(0)


@pytest.mark.parametrize("back", ["at once", "never"])
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("mood", ["answers", "deaf", "silent", "refuses"])
async def test_a_server_that_dies_at_any_of_its_calls(mood: str, where: str, back: str) -> None:
    async def go_on(world: World, first: Process) -> Process:
        kill_all_but_me()
        await asyncio.sleep(0)
        second = Process(world)
        if back == "at once":
            assert await world.play(second)
        return second

    await each(mood, where, "dies", go_on)


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("mood", ["answers", "deaf", "refuses"])
async def test_an_answer_that_gets_lost_at_any_call(mood: str, where: str) -> None:
    async def go_on(world: World, first: Process) -> Process:
        assert await world.play(first)
        return first

    await each(mood, where, "lost", go_on)
