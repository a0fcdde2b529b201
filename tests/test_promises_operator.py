"""The promises where an operator keeps the money: the process is stopped at every one of its calls to store and operator, with
an operator who answers, refuses, says nothing or talks nonsense. In the end the operator's books are our ledger, no player was
charged for an outcome that they did not get to see, and nothing was paid twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

import orjson
import pytest

from tests.operators import (
    Books,
    FakeAdapter,
    Fate,
    Process,
    check_books,
    drained,
    kill_all_but_me,
    quiet,
    scripted,
)
from webingo.errors import Code, Refused
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Entry, Seat
from webingo.user import User

WHOLE = ("win", "lose", "open", "raise", "prize", "again", "pass", "end", "win")
BRIEF = ("lose", "open", "raise", "prize", "again", "end")
_NUMBERS = count()
_MOST_CALLS = 400


class World:
    """A store, an operator and their processes, one behind or beside the other."""

    def __init__(self, mood: str, tombstones: bool = True, script: Sequence[str] = WHOLE) -> None:
        self.script = script
        self.clock = ManualClock(1_700_000_000_000)
        self.store = MemoryStore(clock=self.clock)
        self.books = Books(tombstones)
        self.adapter = FakeAdapter(self.books, mood)
        self.resources = scripted()
        self.uid = f"p{next(_NUMBERS)}"
        self.seen: list[dict[str, Any]] = []

    def process(self, fate: Fate | None = None) -> Process:
        return Process(self.store, self.adapter, self.resources, self.clock, fate)

    async def play(self, process: Process) -> None:
        """The script from where the game stands; what is refused is tried again, a session that is over is begun anew. Ends
        early where the process is struck."""
        fate = process.fate
        script = iter(self.script)
        if not await self.come(process):
            return
        action = next(script, None)
        for _ in range(80):
            if action is None or fate.dead or (fate.what == "hangs" and fate.struck.is_set()):
                return
            if process.client.code is not None and not await self.come(process):
                return
            while action is not None and action not in process.client.game["actions"]:
                action = next(script, None)
            if action is not None and await process.act(action):
                action = next(script, None)
        raise AssertionError("the script comes to no end")

    async def come(self, process: Process) -> bool:
        """The player logs in, and again where that is refused; False where the process is struck."""
        for _ in range(6):
            sitting = asyncio.ensure_future(process.sit(self.uid))
            await process.settled(sitting.done)
            if not sitting.done():
                return False
            try:
                await sitting
            except Refused as refusal:
                assert refusal.code in (Code.UNAVAILABLE, Code.REPLACED)
                continue
            await process.load()
            if process.client.code is None:
                return not process.fate.dead
        raise AssertionError("the player can't come in any more")

    async def check(self, *processes: Process) -> list[Entry]:
        """What the promises say, when all is told; the last process is alive."""
        alive = processes[-1]
        await drained(alive.deliverer, self.store, self.clock)
        entries = await check_books(self.store, self.books, self.uid)
        if not alive.clients or alive.client.code is not None:
            assert await self.come(alive)
            await drained(alive.deliverer, self.store, self.clock)
            entries = await check_books(self.store, self.books, self.uid)
        shown = {state["gamestate"]["id"] for p in processes for c in p.clients for state in c.states if "gamestate" in state}
        unseen = [sid for sid in await self._recorded() if sid not in shown]
        assert len(unseen) <= self._deaths(*processes), "an outcome that was paid for was not shown"
        assert alive.client.game["id"] == await self._last(), "the player does not see what stands"
        await alive.session.look_again()  # type: ignore[union-attr]
        assert (await alive.session._place.wallet.funds()).balance == self.books.open(self.uid)  # type: ignore[union-attr]
        return entries

    @staticmethod
    def _deaths(*processes: Process) -> int:
        """Of a chain of two outcomes a player who was away sees the last one first."""
        return sum(process.fate.struck.is_set() for process in processes)

    async def _recorded(self) -> list[str]:
        user = User("demo", self.uid)
        records = [await self.store.round(round_id) for round_id in await self.store.history(user, 0, 1000)]
        return [orjson.loads(state)["id"] for record in records if record for state in record[2::2]]

    async def _last(self) -> str:
        return self.store._places[Seat(User("demo", self.uid), "demo")].sid


async def calls_of(mood: str, script: Sequence[str]) -> int:
    """How many calls a process makes for the script."""
    world = World(mood, script=script)
    process = world.process()
    await world.play(process)
    await quiet()
    assert len(process.fate.calls) < _MOST_CALLS
    return len(process.fate.calls)


MOODS = ("answers", "refuses", "silent", "deaf", "breaks", "lies")
SOAKED = [pytest.param(f"{mood}, whole", marks=pytest.mark.soak) for mood in MOODS]


@pytest.mark.parametrize("mood", MOODS)
async def test_a_whole_script_with_every_kind_of_operator(mood: str) -> None:
    world = World(mood)
    process = world.process()
    await world.play(process)
    entries = await world.check(process)
    kinds = [entry.kind for entry in entries]
    assert kinds.count("wager") == 7 and kinds.count("win") == 5
    wins = sum(entry.amount for entry in entries if entry.kind in ("wager", "win"))
    assert world.books.balances[world.uid] == process.client.balance == 1000 + wins
    if mood == "answers":
        assert [kind for kind in process.fate.calls if kind in ("abort", "cancel", "defer")] == []


async def each(mood: str, where: str, what: str, tell: Callable[[World, Process], Awaitable[Process]]) -> None:
    """Strikes a process at each of the calls that the script makes, in a world of its own each time. `tell` goes on from there,
    and answers the process that is alive in the end."""
    script = WHOLE if mood.endswith("whole") else BRIEF
    mood = mood.split(",")[0]
    # Each call of an operator who answers; else each third one, which are others before and after, and all of them under soak.
    every = 1 if mood == "answers" or script is WHOLE else 3
    for at in range(1 + (every > 1 and where == "after"), await calls_of(mood, script) + 1, every):
        world = World(mood, bool(at % 2), script)
        first = world.process(Fate(at, where, what))
        try:
            await world.play(first)
            await quiet()
            alive = await tell(world, first)
            await world.check(*dict.fromkeys((first, alive)))
        except BaseException as error:
            error.add_note(f"at call {at}, {where} {first.fate.calls[at - 1 :][:1]}")
            raise
        await bury()


async def bury() -> None:
    """What is left of processes that died, and of those that are done with."""
    kill_all_but_me()
    await asyncio.sleep(0)


SIDES = ("before", "after")


@pytest.mark.parametrize("back", ["at once", "never"])
@pytest.mark.parametrize("where", SIDES)
@pytest.mark.parametrize("mood", ["answers", "silent", "deaf", *SOAKED])
async def test_a_process_that_dies_at_any_of_its_calls(mood: str, where: str, back: str) -> None:
    async def on(world: World, first: Process) -> Process:
        await bury()
        second = world.process()
        if back == "at once":
            await world.play(second)
        else:
            world.clock.advance(61)
        return second

    await each(mood, where, "dies", on)


@pytest.mark.parametrize("where", SIDES)
@pytest.mark.parametrize("mood", ["answers", "silent", "refuses", *SOAKED])
async def test_an_answer_that_gets_lost_at_any_call(mood: str, where: str) -> None:
    async def on(world: World, first: Process) -> Process:
        return first

    await each(mood, where, "lost", on)


@pytest.mark.parametrize("until", ["login", "end"])
@pytest.mark.parametrize("where", SIDES)
@pytest.mark.parametrize("mood", ["answers", "deaf", *SOAKED])
async def test_a_process_that_hangs_at_any_of_its_calls_while_the_player_goes_on_elsewhere(
    mood: str, where: str, until: str
) -> None:
    async def on(world: World, first: Process) -> Process:
        second = world.process()
        if until == "login":
            await world.come(second)
            first.fate.resumed.set()
            await quiet()
        await world.play(second)
        first.fate.resumed.set()
        await quiet()
        return second

    await each(mood, where, "hangs", on)


# -- races that two processes have to run into together ---------------------------------------------------------------


async def at_call(world: World, name: str, what: str, where: str = "before") -> tuple[Process, Any]:
    """A process whose player has loaded the game and bets; it is struck at the call of that name. Answers the bet as well."""
    trial = World("answers")
    process = trial.process()
    await trial.come(process)
    before = len(process.fate.calls)
    order = ("keep_request", "intend", "escrow", "commit")
    first = world.process(Fate(before + 1 + order.index(name), where, what))
    await world.come(first)
    betting = asyncio.ensure_future(first.act("open"))
    await quiet()
    assert first.fate.calls[-1] == name and first.fate.struck.is_set()
    return first, betting


@pytest.mark.parametrize(
    ("name", "where"), [("escrow", "before"), ("escrow", "after"), ("commit", "before"), ("commit", "after")]
)
async def test_the_first_state_after_a_death_is_the_outcome_that_was_begun(name: str, where: str) -> None:
    world = World("answers")
    await at_call(world, name, "dies", where)
    await bury()
    second = world.process()
    client = await second.sit(world.uid)
    assert [state["gamestate"]["name"] for state in client.states] == ["open"] and client.balance == 990
    assert client.game["id"] == await world._last()
    kinds = [entry.kind for entry in await check_books(world.store, world.books, world.uid)]
    assert kinds == ["escrow", "wager"], "without waiting for anything else"
    assert await second.act("end") and second.client.balance == 994


async def test_who_comes_back_after_a_minute_finds_the_game_as_it_was_and_the_money_too() -> None:
    world = World("answers")
    await at_call(world, "commit", "dies")
    await bury()
    world.clock.advance(61)
    second = world.process()
    client = await second.sit(world.uid)
    assert client.game["name"] == "idle" and client.balance == 990, "the operator is told behind the login"
    await second.deliverer.work_off()
    assert world.books.balances[world.uid] == 1000
    assert await world.check(second) == []


async def test_a_session_that_lost_the_seat_does_not_give_up_what_the_next_one_carries_on() -> None:
    """The first one's wager was refused, the second one gets it: what the first one knows is not all that was asked."""
    world = World("answers")
    world.books.open(world.uid)
    first, betting = await at_call(world, "escrow", "hangs")
    world.books.balances[world.uid] = 3
    first.fate.resumed.set()
    stopped = asyncio.Event()
    abort = world.store.abort

    async def slow(*args: Any) -> bool:
        await stopped.wait()
        return await abort(*args)

    first.house.store._real = Slow(world.store, "abort", slow)  # type: ignore[attr-defined]
    await quiet()
    world.books.balances[world.uid] = 1000
    second = world.process()
    committing = asyncio.Event()
    commit = world.store.commit

    async def late(transaction: Any) -> Any:
        await committing.wait()
        return await commit(transaction)

    second.house.store._real = Slow(world.store, "commit", late)  # type: ignore[attr-defined]
    sitting = asyncio.ensure_future(second.sit(world.uid))
    await quiet()
    stopped.set()
    await quiet()
    committing.set()
    client = await sitting
    assert client.game["name"] == "open" and client.balance == 990
    assert not await betting and first.client.errors == ["REPLACED"]
    second.house.store._real = world.store  # type: ignore[attr-defined]
    assert [entry.kind for entry in await world.check(first, second)] == ["escrow", "wager"]


class Slow:
    """A store with another method in place of one of its own."""

    def __init__(self, store: Any, name: str, method: Any) -> None:
        self._store, self._name, self._method = store, name, method

    def __getattr__(self, name: str) -> Any:
        return self._method if name == self._name else getattr(self._store, name)


async def test_a_refusal_says_nothing_of_what_another_process_has_asked_before() -> None:
    """The first one's request is still on its way when the second one is refused, and arrives when there is money again."""
    world = World("answers", tombstones=False)
    world.books.open(world.uid)
    first, _ = await at_call(world, "escrow", "hangs")
    world.books.balances[world.uid] = 3
    second = world.process()
    client = await second.sit(world.uid)
    assert client.game["name"] == "idle"
    await quiet()
    world.books.balances[world.uid] = 1000
    first.fate.resumed.set()
    await quiet()
    assert world.books.balances[world.uid] == 990, "it is booked late"
    assert await world.check(first, second) == []
    assert world.books.balances[world.uid] == 1000
