"""An operator and a process for tests: the operator keeps its books in memory and misbehaves as it is told; of the process
every call to the store and to the operator can be made the last one, or one that hangs, or one whose answer gets lost.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson
from pydantic import BaseModel

from tests.secrets import secret
from webingo.adapters.adapter import Account, Adapter, Cancelled, Charge, Options, Unanswered
from webingo.engines.engine import Action, Move, Step
from webingo.errors import Code, Refused
from webingo.resources.game import Game, GameManifest
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.session import protocol
from webingo.session.house import House
from webingo.session.session import Session
from webingo.session.stay import Stay
from webingo.support.clock import Clock, ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Seat, WalletId
from webingo.user import SHARDS, User
from webingo.wallet.backend import Backend
from webingo.wallet.deliverer import Deliverer
from webingo.wallet.wallets import Wallets

TOKEN = secret("a-token-of-a-player-at-acme", "operator's token")
BEGAN_WITH = 1000
NOW = 1_700_000_000_000


class Books:
    """What the operator has booked. One that keeps tombstones books no escrow that was cancelled before it came."""

    def __init__(self, tombstones: bool = True) -> None:
        self.balances: Counter[str] = Counter()
        self.booked: dict[str, tuple[str, Charge]] = {}
        self.tombstones: set[str] = set()
        self.keeps_tombstones = tombstones

    def open(self, uid: str) -> int:
        self.balances.setdefault(uid, BEGAN_WITH)
        return self.balances[uid]

    def escrow(self, charge: Charge) -> int:
        self.open(charge.uid)
        if charge.id in self.tombstones:
            raise Unanswered("cancelled before it came")
        if charge.id not in self.booked:
            if self.balances[charge.uid] < charge.amount:
                raise Refused(Code.INSUFFICIENT_FUNDS, balance=self.balances[charge.uid])
            self._book("escrow", charge, -charge.amount)
        return self.balances[charge.uid]

    def result(self, charge: Charge) -> int:
        if charge.refers:
            assert charge.refers in self.booked and f"cancel of {charge.refers}" not in self.booked, "a win on nothing"
        if charge.id not in self.booked:
            self._book("result", charge, charge.amount)
        return self.balances[charge.uid]

    def cancel(self, charge: Charge) -> Cancelled:
        if charge.refers not in self.booked:
            if self.keeps_tombstones:
                self.tombstones.add(charge.refers)
            return Cancelled(self.open(charge.uid), False)
        name = f"cancel of {charge.refers}"
        if name not in self.booked:
            assert self.booked[charge.refers][1].amount == charge.amount
            self._book("cancel", charge._replace(id=name), charge.amount)
        return Cancelled(self.balances[charge.uid], True)

    def _book(self, kind: str, charge: Charge, amount: int) -> None:
        first = self.booked.setdefault(charge.id, (kind, charge))
        assert first == (kind, charge)
        self.balances[charge.uid] += amount

    def standing(self) -> list[Charge]:
        """Escrows that were not taken back."""
        escrows = (charge for kind, charge in self.booked.values() if kind == "escrow")
        return [charge for charge in escrows if f"cancel of {charge.id}" not in self.booked]

    def results(self) -> list[Charge]:
        return [charge for kind, charge in self.booked.values() if kind == "result"]


class FakeAdapter(Adapter):
    """`mood` is what comes of the first try of every third escrow, result and cancel; all others are booked and answered."""

    name = "fake"

    def __init__(self, books: Books, mood: str = "answers", operator: str = "acme") -> None:
        super().__init__(operator, Options(), None)
        self.books, self.mood = books, mood
        self.tried: Counter[tuple[str, str]] = Counter()

    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
        return Account(uid, self.books.open(uid))

    async def escrow(self, charge: Charge) -> int:
        return await self._call("escrow", charge, self.books.escrow)

    async def result(self, charge: Charge) -> int:
        return await self._call("result", charge, self.books.result)

    async def cancel(self, charge: Charge) -> Cancelled:
        return await self._call("cancel", charge, self.books.cancel)

    async def _call(self, op: str, charge: Charge, book: Callable[[Charge], Any]) -> Any:
        await asyncio.sleep(0)
        self.tried[op, charge.id] += 1
        first = self.tried[op, charge.id] == 1
        mood = self.mood if first and crc32(str(len(self.tried)).encode()) % 3 == 0 else "answers"
        if mood == "silent":
            raise Unanswered("not done, not answered")
        if mood == "refuses" and op == "escrow":
            raise Refused(Code.INSUFFICIENT_FUNDS, balance=self.books.open(charge.uid))
        answer = book(charge)
        if mood == "deaf":
            raise Unanswered("done, not answered")
        if mood == "breaks":
            raise ZeroDivisionError("of the adapter, when it was done")
        return -1 if mood == "lies" and op != "cancel" else answer


# -- a game whose actions are its outcomes ----------------------------------------------------------------------------


class ScriptEngine:
    """win, lose: a whole round. open begins one; raise wagers more, prize wins within, pass does nothing, end closes it with a
    win, again closes it and begins another one at once."""

    class Math(BaseModel):
        """Nothing."""

    Settings = Math
    jackpots = ()
    max_win = 100
    IDLE, OPEN = ("win", "lose", "open", "reckless"), ("raise", "prize", "pass", "end", "again")

    def start(self, rng: Any) -> Step:
        return self._idle()

    def apply(self, state: Any, action: Action, rng: Any) -> Step:
        wager, win = Move("wager", 10), Move("win", 25)
        match action.name:
            case "win":
                return self._idle(wager, win)
            case "lose":
                return self._idle(wager)
            case "reckless":  # pays more than the game can
                return self._idle(wager, Move("win", 100_000))
            case "open":
                return self._open(wager)
            case "raise":
                return self._open(Move("wager", 5), Move("wager", 2))
            case "prize":
                return self._open(Move("win", 7))
            case "pass":
                return self._open()
            case "end":
                return self._idle(Move("win", 4))
        return self._idle(Move("win", 2))._replace(then=Action("open", {}))

    def _idle(self, *moves: Move) -> Step:
        return Step("idle", {}, self.IDLE, {}, moves)

    def _open(self, *moves: Move) -> Step:
        return Step("open", {}, self.OPEN, {}, moves, over=False)

    def finish(self, state: Any) -> list[Action]:
        return [Action("end", {})] if state.name == "open" else []

    abandon = finish


MANIFEST = {
    "id": "script",
    "engine": "script",
    "title": "Script",
    "version": "1.0.0",
    "description": "",
    "rtp": 0.95,
    "max_win": 100,
    "volatility": "medium",
    "settings": {},
    "math": {},
}


class ScriptResources:
    """One site with that game, whose money the operator keeps."""

    def __init__(self, game: Game, operator: str) -> None:
        self._game = game
        about = {"id": "demo", "platform": "demo", "denomination": "credit", "games": [{"id": "script"}]}
        self.site_ = Site.model_validate({**about, "operator": operator})

    async def site(self, platform: str, site_id: str) -> Any:
        return self.site_

    def newest(self, site: Any) -> Any:
        return self.site_

    def game(self, site: Any, game_id: str) -> Game:
        return self._game

    offered = game

    def listing(self, site: Any) -> list[dict[str, Any]]:
        return []


# -- a process that can be stopped at each of its calls ---------------------------------------------------------------


@dataclass
class Fate:
    """What happens at the call number `at`, "before" it is done or "after": the process "dies", the call "hangs" until
    `resumed`, or its answer is "lost"."""

    at: int = 0
    where: str = "before"
    what: str = "dies"
    calls: list[str] = field(default_factory=list)
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    resumed: asyncio.Event = field(default_factory=asyncio.Event)
    dead: bool = False

    async def through(self, name: str, call: Callable[[], Awaitable[Any]], lost: Callable[[], Exception]) -> Any:
        await self._if_dead()
        self.calls.append(name)
        mine = len(self.calls)
        if mine == self.at and self.where == "before":
            await self._strike(lost)
        try:
            return await call()
        finally:
            await self._if_dead()
            if mine == self.at and self.where == "after":
                await self._strike(lost)

    async def _strike(self, lost: Callable[[], Exception]) -> None:
        self.struck.set()
        if self.what == "lost":
            raise lost()
        if self.what == "hangs":
            await self.resumed.wait()
        else:
            self.dead = True
            await self._if_dead()

    async def _if_dead(self) -> None:
        if self.dead:
            await asyncio.get_running_loop().create_future()


class Watched:
    """A store or an adapter whose every call goes by the fate of the process."""

    def __init__(self, real: Any, fate: Fate, calls: frozenset[str], lost: Callable[[], Exception]) -> None:
        self._real, self._fate, self._calls, self._lost = real, fate, calls, lost

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name not in self._calls:
            return real
        return lambda *args, **kwargs: self._fate.through(name, lambda: real(*args, **kwargs), self._lost)


STORE_CALLS = frozenset(
    ("open", "commit", "close", "intend", "abort", "delivered", "defer", "keep_request", "request", "round", "funds", "post")
)
ADAPTER_CALLS = frozenset(("player", "escrow", "result", "cancel"))


class Client:
    """A session's other end."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.code: int | None = None

    def send(self, data: bytes, *, state: bool = False) -> None:
        message = orjson.loads(data)
        if message["t"] == "state":
            self.states.append(message)
        elif message["t"] == "error":
            self.errors.append(message["code"])

    def close(self, code: int, reason: str = "") -> None:
        self.code = code

    @property
    def balance(self) -> int:
        return int(self.states[-1]["wallet"]["credits"])

    @property
    def game(self) -> dict[str, Any]:
        found: dict[str, Any] = self.states[-1].get("gamestate", {})
        return found


class Process:
    """A node: its house on the store, with the operator, and the session of one player."""

    def __init__(
        self, store: Store, adapter: Adapter, resources: Any, clock: Clock, fate: Fate | None = None, refresh_s: float = 30
    ) -> None:
        self.fate = fate or Fate()
        seen: Any = Watched(store, self.fate, STORE_CALLS, lambda: Refused(Code.UNAVAILABLE))
        asked: Any = Watched(adapter, self.fate, ADAPTER_CALLS, lambda: Unanswered("lost"))
        rng = SystemRng()
        self.wallets = Wallets(seen, {adapter.operator: Backend(asked, clock, refresh_s)}, clock, rng)
        self.house = House(seen, resources, rng, clock, debug=True, wallets=self.wallets)
        self.deliverer = self.wallets.deliverer
        store.listen(self._hear, lambda: None)
        self._resources = resources
        self.clients: list[Client] = []
        self.session: Session | None = None

    def _hear(self, event: Any) -> None:
        if not self.fate.dead:
            self.house.hear(event)

    @property
    def client(self) -> Client:
        return self.clients[-1]

    async def sit(self, uid: str) -> Client:
        """Raises Refused."""
        site = self._resources.site_
        seat = Seat(User(site.platform, uid), site.id)
        client = Client()
        self.clients.append(client)
        stay = Stay(seat, site, token=TOKEN)
        wallet = self.wallets.of(seat, site.operator, site.denomination, TOKEN)
        self.session = Session(self.house, stay, wallet, client)
        await self.session.open()
        return client

    async def load(self) -> None:
        assert self.session is not None
        if not self.client.game:
            self.session.receive(protocol.GameLoadMessage(t="gameload", gameid="script"))
            await self.settled(lambda: bool(self.client.game) or self.client.code is not None)

    async def act(self, action: str) -> bool:
        """Whether it led to a new state: it was shown then. False: refused, or the session is over."""
        assert self.session is not None
        client = self.client
        sid, errors = client.game["id"], len(client.errors)
        self.session.receive(protocol.ActionMessage(t="action", action=action, params={}, sid=sid))
        await self.settled(lambda: client.game["id"] != sid or len(client.errors) > errors or client.code is not None)
        return bool(client.game["id"] != sid)

    async def settled(self, done: Callable[[], bool]) -> None:
        """Until it is so, or the process is struck by its fate. All that moves here moves without waiting for anything."""
        for _ in range(3000):
            if done() or self.fate.dead or (self.fate.what == "hangs" and self.fate.struck.is_set()):
                return
            await asyncio.sleep(0)
        raise AssertionError(f"nothing happens any more behind {self.fate.calls[-3:]}")


class Bench:
    """A player of one process at one operator, whose adapter the subclass names, on a store in memory."""

    made: type[FakeAdapter]

    def __init__(self, refresh_s: float = 3600) -> None:
        self.clock = ManualClock(NOW)
        self.store = MemoryStore(clock=self.clock)
        self.books = Books()
        self.adapter: Any = self.made(self.books)
        self.process = Process(self.store, self.adapter, scripted(), self.clock, refresh_s=refresh_s)

    async def sit(self) -> Any:
        await self.process.sit("ana")
        await self.process.load()
        return self.process.client

    async def settled(self) -> list[str]:
        """Both books are the same. Answers the kinds of our ledger's entries."""
        await quiet()
        await drained(self.process.deliverer, self.store, self.clock)
        return [entry.kind for entry in await check_books(self.store, self.books, "ana")]


async def quiet() -> None:
    """What was begun in the background is done, as far as nothing hangs."""
    for _ in range(30):
        await asyncio.sleep(0)


async def drained(deliverer: Deliverer, store: Store, clock: ManualClock) -> None:
    """All that is owed is delivered, and what was given up is taken back."""
    for _ in range(40):
        await deliverer.sweep()
        await deliverer.work_off()
        await quiet()
        left, pending = list[Any](), list[Any]()
        for shard in range(SHARDS):
            left += [delivery async for delivery in store.deliveries(shard)]
            pending += await store.intents(shard, 2**60, 0, 10)
        if not left and not pending:
            return
        clock.advance(61)
    raise AssertionError(f"this is never delivered: {left} {pending}")


async def ledger_of(store: Store, uid: str, wallet: str) -> list[Entry]:
    user = User("demo", uid)
    return [entry async for entry in store.entries(user.shard) if entry.wallet == wallet]


async def check_books(store: Store, books: Books, uid: str, operator: str = "acme", denom: str = "credit") -> list[Entry]:
    """The operator's books are our ledger; nothing is in transit; nothing stands on one side alone. Answers the ledger."""
    wallet = WalletId(User("demo", uid), f"{denom}@{operator}")
    entries = await ledger_of(store, uid, str(wallet))
    sums = Counter[str]()
    rounds: dict[str, Counter[str]] = {}
    for entry in entries:
        sums[entry.kind] += entry.amount
        rounds.setdefault(entry.round, Counter())[entry.kind] += entry.amount
    assert (await store.funds(wallet)).balance == 0, "money is in transit"
    assert sums["escrow"] == -sums["wager"] and sums["payout"] == -sums["win"] - sums["jackpot"]
    theirs: dict[str, Counter[str]] = {}
    for charge in books.standing():
        theirs.setdefault(charge.round, Counter())["escrow"] += charge.amount
    for charge in books.results():
        theirs.setdefault(charge.round, Counter())["payout"] -= charge.amount
    for round_id in {*rounds, *theirs}:
        ours, other = rounds.get(round_id, Counter()), theirs.get(round_id, Counter())
        assert (ours["escrow"], ours["payout"]) == (other["escrow"], other["payout"]), f"the books differ in {round_id}"
    assert books.open(uid) == BEGAN_WITH - sums["escrow"] - sums["payout"]
    assert (await reconcile(store)).findings == []
    return entries


def kill_all_but_me() -> None:
    """What a process that died has left in this one."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


def scripted(operator: str = "acme") -> ScriptResources:
    game = Game(GameManifest.model_validate(MANIFEST), {}, ScriptEngine())  # type: ignore[arg-type]
    return ScriptResources(game, operator)
