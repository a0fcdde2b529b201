"""From a ledger's entries to meters, wins and wallets, on each of the stores: whatever is repeated or breaks off."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from tests.conftest import emptied
from tests.jackpots import MYSTERY, TERMS, books, fresh_meter
from webingo.errors import Code, Refused
from webingo.jackpot.awards import Awards
from webingo.jackpot.feeder import Feeder
from webingo.jackpot.jackpots import shelf_beside
from webingo.jackpot.meter import Claim, MeterId, Terms
from webingo.jackpot.meters import Meters
from webingo.rng import SystemRng, fresh_id
from webingo.session.prizes import Won
from webingo.support.clock import SystemClock
from webingo.transaction.store import Store
from webingo.transaction.transaction import MAX_AMOUNT, Entry, Posting, Seat, WalletId
from webingo.user import User

_NUMBERS = count(1)


class Node:
    """What a process does about jackpots, beside the store. `terms` are what its sites say."""

    def __init__(self, store: Store, terms: Terms = TERMS) -> None:
        self.meters = Meters(shelf_beside(store), SystemRng())
        self.awards = Awards(self.meters, store, SystemClock())

        async def set_up(meter: MeterId) -> None:
            await self.meters.configure(meter, terms, 1)

        self.feeder = Feeder(self.meters, self.awards, set_up, SystemClock())


@pytest.fixture
def node(store: Store) -> Iterator[Node]:
    yield Node(store)


class Player:
    """A wallet, and the ledger entries of its rounds as a store would write them."""

    def __init__(self, meter: MeterId) -> None:
        self.meter, self.wallet = meter, WalletId(User("demo", f"ann:{next(_NUMBERS)}-{fresh_id()}"), "credit")

    def entry(self, kind: str, round_id: str, **changes) -> Entry:
        number = next(_NUMBERS)
        facts = {"amount": 0, "balance": 0, "note": "", "fed": "", **changes}
        return Entry(
            id=f"entry-{number}", wallet=str(self.wallet), seq=number, kind=kind, round=round_id, game="coin",
            site=self.meter.site, at_ms=1, position=f"{number}-0", **facts,
        )  # fmt: skip

    def wager(self, units: float, round_id: str = "07-round") -> Entry:
        return self.entry("wager", round_id, amount=-1, fed=f"{self.meter.jackpot}={round(units * 10**6)} jp_other=1")

    def trigger(self, round_id: str) -> Entry:
        return self.entry("trigger", round_id, note=self.meter.jackpot)

    def won(self, round_id: str) -> Won:
        return Won(Seat(self.wallet.user, self.meter.site), self.wallet, round_id, "coin", self.meter.jackpot)


async def balance(store: Store, player: Player) -> int:
    return (await store.funds(player.wallet)).balance


async def test_a_page_of_the_ledger_feeds_and_pays_and_again_changes_nothing(store: Store, node: Node) -> None:
    player = Player(fresh_meter())
    page = [player.entry("grant", ""), player.wager(30), player.wager(3), player.trigger("r1"), player.entry("end", "r1")]
    for _ in range(2):
        await node.feeder.apply(5, page)
        await Node(store).feeder.apply(5, page)
    assert await books(node.meters, player.meter) == (10, 0, 1, 10, 33, 32)
    assert await balance(store, player) == 32
    assert await node.meters.shelf.owed(player.meter) == []
    (entry,) = [entry async for entry in store.entries(player.wallet.user.shard) if entry.wallet == str(player.wallet)]
    assert (entry.kind, entry.amount, entry.round, entry.game, entry.site, entry.note) == (
        "jackpot", 32, "r1", "coin", player.meter.site, player.meter.jackpot,
    )  # fmt: skip


async def test_what_the_session_tells_and_what_the_ledger_tells_is_one_win(store: Store, node: Node) -> None:
    player = Player(fresh_meter())
    await node.feeder.apply(5, [player.wager(30)])
    node.awards.award(player.won("r1"))
    await asyncio.gather(node.awards.drain(), Node(store).feeder.apply(5, [player.trigger("r1")]))
    assert await balance(store, player) == 30
    node.awards.award(player.won("r2"))
    await node.awards.drain()
    assert await balance(store, player) == 40
    await node.feeder.apply(5, [player.trigger("r2")])
    assert await balance(store, player) == 40


async def test_a_win_that_was_claimed_by_a_process_that_died_is_paid_by_the_sweep_of_another(store: Store, node: Node) -> None:
    await emptied(store)  # or the sweep finds what other tests have left
    player = Player(fresh_meter())
    await node.feeder.apply(5, [player.wager(30)])
    await node.meters.claim(player.meter, Claim(f"r1:{player.meter.jackpot}", str(player.wallet), "r1", "coin"), 1)
    assert await balance(store, player) == 0
    other = Node(store)
    assert [await other.awards.sweep(), await other.awards.sweep()] == [1, 0]
    assert await balance(store, player) == 30


async def test_a_win_that_was_paid_and_not_settled_is_not_paid_again(store: Store, node: Node) -> None:
    player = Player(fresh_meter())
    await node.feeder.apply(5, [player.wager(30)])
    claim = Claim(f"r1:{player.meter.jackpot}", str(player.wallet), "r1", "coin")
    win = await node.meters.claim(player.meter, claim, 1)
    await store.post(Posting(f"jackpot:{win.claim}", player.wallet, "jackpot", win.amount, player.meter.jackpot, 1))
    await node.awards.pay(player.meter, win)
    assert await balance(store, player) == 30
    assert await node.meters.shelf.owed(player.meter) == []


async def test_a_wallet_that_is_full_is_owed_its_win_until_there_is_room(store: Store, node: Node) -> None:
    player = Player(fresh_meter())
    await store.post(Posting("all", player.wallet, "grant", MAX_AMOUNT, "", 1))
    await node.feeder.apply(5, [player.wager(30), player.trigger("r1")])
    (owed,) = await node.meters.shelf.owed(player.meter)
    assert owed.amount == 30
    await store.post(Posting("some", player.wallet, "adjustment", -100, "", 2))
    await node.awards.pay(player.meter, owed)
    assert await balance(store, player) == MAX_AMOUNT - 70
    assert await node.meters.shelf.owed(player.meter) == []


async def test_a_mystery_is_paid_to_whoever_hit_it_once(store: Store) -> None:
    node, meter = Node(store, MYSTERY), fresh_meter()
    players = [Player(meter) for _ in range(11)]
    page = [player.wager(1) for player in players]  # one of the first ten lifts it from 10 to its secret
    for _ in range(2):
        await node.feeder.apply(5, page)
    first, *_ = wins = sorted(await node.meters.shelf.wins(meter), key=lambda win: int(win.claim.split(":")[0][6:]))
    assert first.amount == 10 + 1 + [str(player.wallet) for player in players].index(first.wallet)
    paid = [await balance(store, player) for player in players]
    assert sum(paid) == sum(win.amount for win in wins)
    assert all(win.claim.endswith(f":{meter.jackpot}") for win in wins)


async def test_a_trigger_of_a_jackpot_that_is_unknown_everywhere_waits(store: Store, node: Node) -> None:
    async def unknown(meter: MeterId) -> None:
        pass

    player = Player(fresh_meter())
    feeder = Feeder(node.meters, node.awards, unknown, SystemClock())
    page = [player.wager(3), player.trigger("r1")]
    with pytest.raises(Refused) as caught:
        await feeder.apply(5, page)
    assert caught.value.code is Code.UNAVAILABLE
    await node.feeder.apply(5, page)
    assert await balance(store, player) == 10
