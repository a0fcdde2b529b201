"""Jackpots where an operator keeps the money: the process that plays and pays is stopped at each of its calls, answers get
lost, the operator is away. The win is paid once: to our ledger, to the operator's books, and on the player's screen."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.operators import (
    BEGAN_WITH,
    MANIFEST,
    STORE_CALLS,
    TOKEN,
    Books,
    FakeAdapter,
    Fate,
    Process,
    ScriptEngine,
    ScriptResources,
    Watched,
    check_books,
    drained,
    kill_all_but_me,
    quiet,
)
from tests.player import Player
from tests.test_operator_wallet import WHERE, res_of, serve, token_of
from webingo.adapters.adapter import Unanswered
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.kit.fake import HttpFake
from webingo.adapters.kit.troubles import Trouble
from webingo.adapters.means import Means
from webingo.adapters.registry import build
from webingo.engines.engine import Action, Move, Step
from webingo.errors import Code, Refused
from webingo.jackpot.awards import Awards
from webingo.jackpot.component import JackpotComponent
from webingo.jackpot.feeder import Feeder
from webingo.jackpot.jackpots import Jackpots
from webingo.jackpot.meter import MeterId, Terms
from webingo.jackpot.meters import Meters
from webingo.jackpot.reconcile import reconcile_meters
from webingo.jackpot.shelf import MemoryShelf
from webingo.resources.game import Game, GameManifest
from webingo.resources.jackpots import feeds
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.transaction import Part, Seat, Transaction, WalletId, fresh_sharded_id
from webingo.user import SHARDS, User
from webingo.wallet.backend import Backend
from webingo.wallet.players import user_at, winner_key
from webingo.wallet.prizes import KEPT_S
from webingo.wallet.wallets import Wallets

NOW = 1_700_000_000_000
SHELF_CALLS = frozenset(("put", "settle"))
SITE = {
    "id": "demo", "platform": "demo", "denomination": "credit", "operator": "acme", "games": [{"id": "script"}],
    "jackpots": [
        {"id": "jp_card", "denomination": "credit", "min": 50_000, "max": 900_000, "contribution": "0.1"},
        {"id": "jp_mystery", "denomination": "credit", "min": 0, "max": 9000, "contribution": "0.1",
         "trigger": {"by": "mystery", "before": 1000}},
    ],
}  # fmt: skip


class Lucky(ScriptEngine):
    """ "win" wins the jackpot as well, and so does "prize" within a round."""

    jackpots = ("jp_card",)  # type: ignore[assignment]

    def apply(self, state: Any, action: Action, rng: Any) -> Step:
        step = super().apply(state, action, rng)
        return step._replace(jackpots=self.jackpots) if action.name in ("win", "prize") else step


def lucky(**changes: Any) -> ScriptResources:
    site = Site.model_validate_json(orjson.dumps({**SITE, **changes}))
    game = Game(GameManifest.model_validate(MANIFEST), {}, Lucky(), feeds=feeds(site, "script"))  # type: ignore[arg-type]
    resources = ScriptResources(game, "acme")
    resources.site_ = site
    return resources


class World:
    """A store with its meters, an operator, and processes that play, feed and pay."""

    def __init__(self, mood: str = "answers") -> None:
        self.clock = ManualClock(NOW)
        self.store = MemoryStore(clock=self.clock)
        self.shelf = MemoryShelf.of(self.store)
        self.books = Books()
        self.adapter = FakeAdapter(self.books, mood)
        self.resources = lucky()
        self.transit = WalletId(User("demo", "ana"), "credit@acme")
        self.meter = MeterId("demo", "credit", "demo", "jp_card")

    async def process(self, fate: Fate | None = None) -> Process:
        """One that pays what its session wins."""
        for jackpot in self.resources.site_.jackpots:
            await Meters(self.shelf, SystemRng()).configure(self.meter._replace(jackpot=jackpot.id), Terms.of(jackpot), NOW)
        process = Process(self.store, self.adapter, self.resources, self.clock, fate)
        process.house.prizes = self._awards(process.fate)
        return process

    def _awards(self, fate: Fate) -> Awards:
        def lost() -> Exception:
            return Refused(Code.UNAVAILABLE)

        shelf: Any = Watched(self.shelf, fate, SHELF_CALLS, lost)
        store: Any = Watched(self.store, fate, STORE_CALLS, lost)
        return Awards(Meters(shelf, SystemRng()), store, self.clock)

    async def consumed(self) -> None:
        """The whole ledger goes to the meters, as often as it likes, and what is owed is paid, by two others at once."""
        for _ in range(2):
            awards, meters = self._awards(Fate()), Meters(self.shelf, SystemRng())

            async def set_up(meter: MeterId) -> None:
                pass

            feeder = Feeder(meters, awards, set_up, self.clock)
            for shard in range(SHARDS):
                await feeder.apply(shard, [entry async for entry in self.store.entries(shard)])
            await awards.sweep()
            assert await self._awards(Fate()).sweep() == 0

    async def check(self, process: Process) -> int:
        """Both books are the same, and every win is in them once. Answers the sum of all jackpots."""
        await self.consumed()
        await drained(process.deliverer, self.store, self.clock)
        entries = await check_books(self.store, self.books, "ana")
        won = {entry.id: entry.amount for entry in entries if entry.kind == "jackpot"}
        wins = [win for meter in await self.shelf.meters() for win in await self.shelf.wins(meter)]
        assert sorted(won.values()) == sorted(win.amount for win in wins)
        triggered = {entry.round for entry in entries if entry.kind == "trigger"}
        assert {entry.round for entry in entries if entry.kind == "jackpot" and entry.note == "jp_card"} == triggered
        assert (await reconcile(self.store)).findings == []
        assert (await reconcile_meters(self.shelf, self.store)).findings == []
        return sum(won.values())


async def play(process: Process, *actions: str) -> None:
    """As far as the process gets; what is refused is tried once more."""
    try:
        sitting = asyncio.ensure_future(process.sit("ana"))
        await process.settled(sitting.done)
        if not sitting.done():
            return
        await sitting
    except Refused:
        await process.sit("ana")
    await process.load()
    for action in actions:
        for _ in range(2):
            if process.fate.dead or process.client.code is not None or action not in process.client.game["actions"]:
                break
            if await process.act(action):
                break
    await quiet()


async def test_a_jackpot_goes_to_the_operator_and_the_player_sees_it() -> None:
    world = World()
    process = await world.process()
    await play(process, "win")
    assert process.client.balance == BEGAN_WITH + 15, "what the operator said with the result of the round"
    assert await process.deliverer.work_off() == 1
    await quiet()
    world.clock.advance(5)
    await quiet()
    (charge,) = [charge for charge in world.books.results() if charge.amount == 50]
    escrow = world.books.standing()[0]
    assert (charge.uid, charge.token, charge.denom, charge.game, charge.site) == ("ana", TOKEN, "credit", "script", "demo")
    assert (charge.round, charge.refers, charge.closes) == (escrow.round, escrow.id, False)
    assert (await process.session._place.wallet.funds()).balance == BEGAN_WITH + 65  # type: ignore[union-attr]
    assert await world.check(process) >= 50


@pytest.mark.parametrize("mood", ["answers", "deaf", "silent", "breaks", "lies"])
async def test_wins_with_every_kind_of_operator(mood: str) -> None:
    world = World(mood)
    process = await world.process()
    await play(process, "open", "prize", "raise", "prize", "end", "lose", "win", "win", "lose")
    assert await world.check(process) > 100


async def calls() -> int:
    process = await World().process()
    await play(process, *SCRIPT)
    await process.deliverer.work_off()
    return len(process.fate.calls)


SCRIPT = ("win", "open", "prize", "end")


@pytest.mark.parametrize("what", ["dies", "lost"])
@pytest.mark.parametrize("where", ["before", "after"])
async def test_whatever_call_is_the_last_one_the_win_is_paid_once(where: str, what: str) -> None:
    count = await calls()
    assert count > 25
    struck = 0
    for at in range(1, count + 1):
        world = World()
        fate = Fate(at, where, what)
        first = await world.process(fate)
        await play(first, *SCRIPT)
        if not fate.dead:
            working = asyncio.ensure_future(first.deliverer.work_off())
            await first.settled(working.done)
        struck += fate.struck.is_set()
        if fate.dead:
            kill_all_but_me()
            await quiet()
        second = await world.process()
        await play(second, *SCRIPT)
        assert await world.check(second) >= 100, f"{fate.calls[-1]}, number {at}"
    assert struck > 20


async def test_while_the_operator_is_away_wins_wait_and_stand_in_our_books() -> None:
    world = World()
    process = await world.process()
    await play(process, "open")
    result = world.adapter.result

    async def away(charge: Any) -> int:
        raise Unanswered("nobody there")

    world.adapter.result = away  # type: ignore[method-assign]
    assert await process.act("prize")
    await world.consumed()
    for _ in range(30):
        world.clock.advance(3600)
        await process.deliverer.work_off()
    assert (await world.store.funds(world.transit)).balance >= 57
    assert (await reconcile(world.store)).findings == [], "what is in transit is what is owed"
    assert world.books.results() == []
    world.adapter.result = result  # type: ignore[method-assign]
    assert await world.check(process) >= 50


async def test_who_can_not_be_named_to_the_operator_is_owed_the_win_until_they_wager_again() -> None:
    world = World()
    process = await world.process()
    process.house.prizes = None
    await play(process, "win")
    world.clock.advance(KEPT_S + 1)
    key = winner_key(Seat(User("demo", "ana"), "demo"), "acme")
    assert await world.store.request(key) is None
    awards = world._awards(Fate())
    feeder = Feeder(Meters(world.shelf, SystemRng()), awards, _nothing, world.clock)
    shard = world.transit.user.shard
    await feeder.apply(shard, [entry async for entry in world.store.entries(shard)])
    assert [win.wallet for win in await world.shelf.owed(world.meter)] == [str(world.transit)]
    assert (await reconcile(world.store)).findings == []
    assert await process.act("lose")
    assert await world.check(process) >= 50


async def _nothing(meter: MeterId) -> None:
    pass


async def test_without_jackpots_nothing_is_kept_of_the_player() -> None:
    world = World()
    world.resources = lucky(jackpots=[])
    world.resources._game = Game(world.resources._game.manifest, {}, ScriptEngine())  # type: ignore[arg-type]
    process = await world.process()
    await play(process, "win", "lose")
    assert await world.store.request(winner_key(Seat(User("demo", "ana"), "demo"), "acme")) is None


async def test_the_winner_hears_that_it_is_theirs() -> None:
    world = World()
    process = await world.process()
    await play(process)
    jackpots = Jackpots(world.store, world.resources, SystemRng(), world.clock)  # type: ignore[arg-type]
    jackpots.board.start()
    heard: list[Any] = []

    class Room:
        seat, wallet = Seat(User("demo", "ana"), "demo"), world.transit

        def send(self, data: bytes) -> None:
            heard.append(orjson.loads(data)["message"])

    component: JackpotComponent = jackpots.component(Room(), lambda: world.resources.site_)  # type: ignore[arg-type]
    await component.receive({"what": "subscribe", "to": "jp_card"})
    assert await process.act("win")
    await quiet()
    assert {"what": "won", "id": "jp_card", "amount": 50, "yours": True} in heard
    component.close()
    jackpots.board.stop()


# -- hub88, and names that are hashed ---------------------------------------------------------------------------------


async def test_a_hub88_operator_books_the_win_of_a_player_whose_name_does_not_fit_once(tmp_path: Path) -> None:
    uid, clock, store = "a-player-with-a-name-that-is-too-long-" * 2, ManualClock(NOW), MemoryStore()
    fake = Hub88Adapter.fake()(tmp_path)  # type: ignore[misc]
    assert isinstance(fake, HttpFake)
    fake.timeout_s = 0.1
    await fake.start()
    await fake.player(uid, TOKEN, 1000)
    adapter = build(Hub88Adapter, "acme", fake.options(), Means(clock, SystemRng(), store, {"USD": 100}, True))
    await adapter.start()
    user = user_at("acme", uid)
    assert user.uid.startswith("acme.~")
    nodes = [Wallets(store, {"acme": Backend(adapter, clock)}, clock, SystemRng()) for _ in range(2)]
    seat, meter = Seat(user, "bar"), MeterId("operator", "USD", "bar", "jp_card")
    try:
        wallet = nodes[0].of(seat, "acme", "USD", TOKEN)
        opened = await wallet.open(seat, 0, NOW)
        round_id = fresh_sharded_id(user)
        record = b'{"moves":[["wager",10]]}', b'{"id":"s1"}'
        part = Part(round_id, *record, (Move("wager", 10),), b"{}", True, "jp_card=1000", ("jp_card",))
        await wallet.commit(Transaction(seat, wallet.id, opened.epoch, NOW, "", "s1", "coin", b"{}", max_win=9, parts=(part,)))
        await wallet.close(seat, opened.epoch)
        meters = [Meters(MemoryShelf.of(store), SystemRng()) for _ in nodes]
        await meters[0].configure(meter, Terms(50, 100, 0, 100, 0), NOW)
        # Only the ledger tells of it, and two processes read it.
        payers = [Feeder(each, Awards(each, store, clock), _nothing, clock) for each in meters]
        page = [entry async for entry in store.entries(user.shard)]
        await asyncio.gather(*(payer.apply(user.shard, page) for payer in payers))
        for trouble in (Trouble.DROP_AFTER, Trouble.ERROR_BEFORE, Trouble.SILENT_AFTER, Trouble.PAGE_AFTER, Trouble.TWICE):
            fake.trouble("result", trouble)
        for _ in range(12):
            clock.advance(600)
            await asyncio.gather(*(node.deliverer.work_off() for node in nodes))
        assert await fake.balance(uid) == 1000 - 10 + 50
        results = [booked for booked in fake.books.entries.values() if booked.kind == "result" and booked.amount]
        assert [(booked.uid, booked.amount, booked.round) for booked in results] == [(uid, 50, round_id)]
        assert (await store.funds(wallet.id)).balance == 0
        assert [delivery async for delivery in store.deliveries(user.shard)] == []
        assert (await reconcile(store)).findings == (await reconcile_meters(MemoryShelf.of(store), store)).findings == []
    finally:
        await adapter.aclose()
        await fake.stop()


async def test_the_player_of_a_local_operator_sees_the_mystery_in_the_balance(tmp_path: Path) -> None:
    uid = "42"
    mystery = {"id": "jp_now", "denomination": "credit", "min": 100_000, "max": 900_000, "contribution": "0.5",
               "trigger": {"by": "mystery", "before": 101_000}}  # fmt: skip
    server = await serve(res_of(tmp_path, jackpots=[mystery]))
    player = await Player.log_in(server.port, uid, token_of(uid), **WHERE)
    await player.load()
    await player.bet()
    theirs = WalletId(User("operator", uid), "credit")
    async with asyncio.timeout(20):
        while True:
            booked = [entry async for entry in server.store.entries(theirs.user.shard) if entry.wallet == str(theirs)]
            shown = player.state["wallet"]["credits"]
            if 101 in [entry.amount for entry in booked] and shown == (await server.store.funds(theirs)).balance:
                break
            await player.next_state()
    store = server.store
    await server.stop()
    assert [entry.kind for entry in booked if entry.amount == 101] == ["operator-result"]
    shard = user_at("acme", uid).shard
    kinds = [(entry.kind, entry.amount) async for entry in store.entries(shard)]
    assert kinds.count(("jackpot", 101)) == kinds.count(("payout", -101)) == 1
    assert (await reconcile(store)).findings == (await reconcile_meters(MemoryShelf.of(store), store)).findings == []
    Player.abort_all()
