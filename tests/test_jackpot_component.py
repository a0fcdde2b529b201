"""The component "jackpot" over real sockets: values, wins, whose they are, and how often they come."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tornado.ioloop import IOLoop

from tests import servers
from tests.conftest import open_store
from tests.jackpots import TERMS, claim, feed_of, fresh_meter
from tests.player import Player
from tests.processes import ServerProcess
from webingo.jackpot.board import LEAST_S, Board, Topic
from webingo.jackpot.jackpots import Jackpots, shelf_beside
from webingo.jackpot.meter import Contribution, Feed, MeterId
from webingo.jackpot.meters import Meters
from webingo.jackpot.shelf import MemoryShelf, News
from webingo.resources.local import LocalResources
from webingo.rng import SystemRng, fresh_id
from webingo.server.app import Server
from webingo.session.prizes import Won
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.transaction import Seat, WalletId
from webingo.user import SHARDS, User

POT = "jp_joker_bingo"
METER = MeterId("demo", "credit", "demo", POT)


async def heard(player: Player, **wanted: Any) -> dict[str, Any]:
    """The next message of the component like that; all others are passed over."""
    async with asyncio.timeout(10):
        while True:
            message = await player.next()
            if message["t"] == "component" and wanted.items() <= message["message"].items():
                assert message["which"] == "jackpot"
                told: dict[str, Any] = message["message"]
                return told


def ask(player: Player, **message: Any) -> None:
    player.send(t="component", which="jackpot", message=message)


def won_by(uid: str) -> Won:
    user = User("demo", uid)
    return Won(Seat(user, "demo"), WalletId(user, "credit"), f"round-{fresh_id()}", "joker-bingo", POT)


async def test_a_subscriber_gets_the_value_and_then_each_change_of_it(server: Server) -> None:
    player = await Player.log_in(server.port, fresh_id())
    ask(player, what="subscribe", to=POT)
    first = await heard(player)
    assert first == {"what": "value", "id": POT, "value": first["value"], "storage_multiplier": 1000, "denom": "CRE"}
    await player.load()
    await player.bet(4)
    later = await heard(player, what="value")
    assert later["value"] - first["value"] == 4 * 10  # a hundredth of four credits, in thousandths


async def test_a_win_is_told_to_all_and_the_value_of_the_next_run_follows(server: Server) -> None:
    winner, other = [await Player.log_in(server.port, fresh_id()) for _ in range(2)]
    for player in (winner, other):
        ask(player, what="subscribe", to=POT)
    value = (await heard(winner, what="value"))["value"]
    await heard(other, what="value")
    held = await server.jackpots.shelf.read(METER)
    server.jackpots.award(won_by(winner.uid))
    amount = value // 1000
    assert await heard(winner, what="won") == {"what": "won", "id": POT, "amount": amount, "yours": True}
    assert await heard(other, what="won") == {"what": "won", "id": POT, "amount": amount}
    after = await server.jackpots.shelf.read(METER)
    if after.shown(1000) != held.shown(1000):  # a jackpot that is won twice at once holds as much as before
        assert (await heard(other, what="value"))["value"] == after.shown(1000)
    async with asyncio.timeout(5):
        while winner.credits != 1000 + amount:  # the wallet's own news
            await winner.next()


async def test_a_site_lists_its_jackpots(plain_server: Server) -> None:
    player = await Player.log_in(plain_server.port)
    ask(player, what="list")
    listed = (await heard(player, what="list"))["jackpots"]
    assert listed[0] == {
        "id": POT, "title": "Joker's Pot", "denom": "CRE", "storage_multiplier": 1000, "min": 10_000_000,
        "max": 1_000_000_000, "value": 10_000_000, "trigger": "game", "games": ["joker-bingo"],
    }  # fmt: skip
    assert [about["before"] for about in listed if about["trigger"] == "mystery"] == [500_000]
    assert not any("hit" in about for about in listed)


async def test_a_list_has_the_bounds_that_are_in_force_and_not_those_of_a_run_to_come(plain_server: Server) -> None:
    player = await Player.log_in(plain_server.port)

    async def told(wanted: MeterId) -> tuple[int, ...]:
        ask(player, what="list")
        (about,) = [one for one in (await heard(player, what="list"))["jackpots"] if one["id"] == wanted.jackpot]
        return about["max"] // 1000, about["before"] // 1000 if "before" in about else 0

    meters, drop = plain_server.jackpots.meters, METER._replace(jackpot="jp_lucky_drop")
    ask(player, what="list")
    await heard(player, what="list")
    old, held = (await meters.shelf.read(METER)).terms, (await meters.shelf.read(drop)).terms
    assert old is not None and held is not None
    # As if the site had been like that, and then became what it is.
    await meters.configure(METER, old._replace(max=2_000_000), 1)
    assert await told(METER) == (2_000_000, 0)
    await meters.configure(drop, held._replace(before=900, max=900), 1)
    await meters.claim(drop, claim(), 1)
    await meters.configure(drop, held, 2)
    assert await told(drop) == (900, 900)
    await meters.claim(drop, claim(), 3)
    assert await told(drop) == (900, 500)
    # Which has grown beyond it as a game's.
    await meters.configure(drop, held._replace(before=0), 4)
    await meters.feed(drop, Feed(0, [Contribution("9-0", 600_000_000, claim())]), 5)
    assert await told(drop) == (900, 0)


async def test_an_unknown_jackpots_reason_ends_with_one_stop(plain_server: Server) -> None:
    player = await Player.log_in(plain_server.port)
    for wanted, reason in (
        ("jp_joker_bing", "'jp_joker_bing': unknown jackpot; did you mean jp_joker_bingo?"),
        ("jp", "'jp': unknown jackpot."),
    ):
        ask(player, what="subscribe", to=wanted)
        async with asyncio.timeout(5):
            while (message := await player.next())["t"] != "error":
                pass
        assert reason in message.values()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"what": "win", "to": POT},
        {"what": "subscribe"},
        {"what": "subscribe", "to": "jp_other"},
        {"what": "subscribe", "to": ["jp_joker_bingo"]},
        {"what": "subscribe", "to": POT, "value": 5},
        {"what": "unsubscribe_all", "to": 5},
        {"what": None},
    ],
)
async def test_what_is_no_question_and_what_is_no_jackpot_here_is_refused(plain_server: Server, message: Any) -> None:
    player = await Player.log_in(plain_server.port)
    ask(player, **message)
    assert await player.refused() == "BAD_PARAMS"


async def test_who_has_unsubscribed_hears_no_more_and_who_is_gone_is_forgotten(plain_server: Server) -> None:
    staying, leaving, gone = [await Player.log_in(plain_server.port, fresh_id()) for _ in range(3)]
    for player in (staying, leaving, gone):
        for _ in range(3):  # once is enough
            ask(player, what="subscribe", to=POT)
            await heard(player, what="value")
    ask(leaving, what="unsubscribe_all")
    await gone.leave()
    board = plain_server.jackpots.board
    async with asyncio.timeout(5):
        while board.listeners > 1:
            await asyncio.sleep(0.01)
    plain_server.jackpots.award(won_by("somebody"))
    await heard(staying, what="won")
    ask(leaving, what="list")
    assert (await heard(leaving))["what"] == "list"
    ask(staying, what="unsubscribe_all")
    ask(staying, what="list")
    await heard(staying, what="list")
    assert board.listeners == 0


# The board by itself


class Ear:
    def __init__(self, wallet: str = "") -> None:
        self.wallet = wallet
        self.told: list[dict[str, Any]] = []

    def send(self, data: bytes) -> None:
        self.told.append(orjson.loads(data)["message"])

    @property
    def values(self) -> list[int]:
        return [message["value"] for message in self.told if message["what"] == "value"]


async def test_a_value_comes_four_times_a_second_at_most_and_the_last_one_always() -> None:
    shelf = MemoryShelf()
    meters, board, meter, ear = Meters(shelf, SystemRng()), Board(shelf, SystemClock()), fresh_meter(), Ear()
    board.start()
    await meters.configure(meter, TERMS, 1)
    await board.subscribe(Topic(meter, 1000), ear)
    begun = asyncio.get_running_loop().time()
    for first in range(1, 60):
        await meters.feed(meter, feed_of(0.3, first=first), 1)
        await asyncio.sleep(0.01)
    await asyncio.sleep(LEAST_S * 1.5)
    took = asyncio.get_running_loop().time() - begun
    assert ear.values[0] == 10_000 and ear.values[-1] == 10_000 + 59 * 200
    assert 3 <= len(ear.values) <= 2 + took / LEAST_S
    board.stop()


async def test_a_value_that_is_the_same_in_storage_units_is_not_told_again() -> None:
    shelf = MemoryShelf()
    meters, board, meter, ear = Meters(shelf, SystemRng()), Board(shelf, SystemClock()), fresh_meter(), Ear()
    board.start()
    await meters.configure(meter, TERMS, 1)
    await board.subscribe(Topic(meter, 1), ear)
    await meters.feed(meter, feed_of(0.3), 1)
    await asyncio.sleep(LEAST_S * 1.2)
    assert ear.values == [10]
    board.stop()


async def test_each_message_is_written_once_and_all_subscribers_get_it_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    from webingo.session import protocol

    written = list[dict[str, Any]]()
    monkeypatch.setattr(protocol, "component", lambda which, m, of=protocol.component: written.append(dict(m)) or of(which, m))
    shelf = MemoryShelf()
    meters, board, meter = Meters(shelf, SystemRng()), Board(shelf, SystemClock()), fresh_meter()
    board.start()
    await meters.configure(meter, TERMS, 1)
    ears = [Ear(f"wallet-{number}") for number in range(1000)]
    for ear in ears:
        await board.subscribe(Topic(meter, 1000), ear)
    written.clear()
    await meters.feed(meter, feed_of(3), 1)
    for _ in range(3):
        await meters.claim(meter, claim(), 1)
    await meters.claim(meter, claim()._replace(wallet="wallet-7"), 1)
    await asyncio.sleep(LEAST_S * 1.2)
    assert [message["what"] for message in written] == ["value", "won", "won", "won", "won", "won", "value"]
    assert [message["amount"] for message in ears[0].told[2:-1]] == [12, 10, 10, 10]
    assert all(ear.told[1:] == ears[0].told[1:] for ear in ears if ear is not ears[7])
    assert [message.get("yours") for message in ears[7].told[2:-1]] == [None, None, None, True]
    assert ears[0].values[-1] == 10_000
    board.stop()


async def test_news_that_were_missed_are_read_again_and_older_ones_change_nothing() -> None:
    class DeafShelf(MemoryShelf):
        """Loses all news until its connection is back."""

        def listen(self, hear: Any, missed: Any) -> None:
            self.hear, self.missed = hear, missed

    shelf = DeafShelf()
    meters, board, meter, ear = Meters(shelf, SystemRng()), Board(shelf, SystemClock()), fresh_meter(), Ear()
    board.start()
    await meters.configure(meter, TERMS, 1)
    await board.subscribe(Topic(meter, 1000), ear)
    await meters.feed(meter, feed_of(3), 1)
    shelf.missed()
    await asyncio.sleep(LEAST_S * 1.2)
    assert ear.values == [10_000, 12_000]
    shelf.hear(News(meter, 1, 10_000_000))
    await asyncio.sleep(LEAST_S * 1.2)
    assert ear.values == [10_000, 12_000]
    board.stop()


async def test_meters_are_set_up_for_sites_when_they_are_first_asked_for_and_when_their_terms_change(res_dir: Path) -> None:
    store, clock = MemoryStore(), SystemClock()
    jackpots = Jackpots(store, LocalResources(res_dir, True), SystemRng(), clock)
    await jackpots.set_up_meter(METER)
    assert (await jackpots.shelf.read(METER)).units == 10_000
    site = LocalResources(res_dir, True).sites["demo"]
    dearer = site.jackpots[0].model_copy(update={"max": 2_000_000_000})
    await jackpots.set_up(site.model_copy(update={"jackpots": [dearer]}))
    assert (await jackpots.shelf.read(METER)).terms.max == 2_000_000  # type: ignore[union-attr]
    books = {snapshot.id: snapshot.books() for snapshot in await jackpots.snapshots()}
    assert books[METER] == {
        "value": 10_000_000, "overflow": 0, "reserve": 0, "seeded": 10_000_000, "contributed": 0, "paid": 0, "carry": 0,
    }  # fmt: skip


async def test_snapshots_add_up_in_storage_units_with_what_these_leave_over(res_dir: Path) -> None:
    jackpots = Jackpots(MemoryStore(), LocalResources(res_dir, True), SystemRng(), SystemClock())
    await jackpots.set_up_meter(METER)
    await jackpots.meters.feed(METER, feed_of(0.0005, 0.000123, 0.7), 1)
    (books,) = [snapshot.books() for snapshot in await jackpots.snapshots() if snapshot.id == METER]
    held = (books["value"] + books["overflow"] + books["reserve"]) * 10**6 + books["carry"]
    assert held == (books["seeded"] + books["contributed"] - books["paid"]) * 10**6
    assert books["carry"] >= 0 and books["contributed"] == 700


# Two processes


@pytest.fixture
def nodes(tmp_path: Path, io_loop: IOLoop) -> Iterator[tuple[str, list[ServerProcess]]]:
    with servers.real_redis(tmp_path) as redis:
        nodes = [ServerProcess(tmp_path / f"{number}.log", redis_url=redis.url) for number in range(2)]
        for node in nodes:
            node.start(wait=False)
        for node in nodes:
            node.wait_ready()
        yield redis.url, nodes
        Player.abort_all()  # or the stopping servers wait for their goodbyes
        io_loop.run_sync(lambda: asyncio.sleep(0))
        for node in nodes:
            node.stop()


async def test_what_is_fed_and_won_in_one_process_is_seen_by_the_subscribers_of_all(
    nodes: tuple[str, list[ServerProcess]],
) -> None:
    url, processes = nodes
    players = [await Player.log_in(node.port, f"player-{number}") for number, node in enumerate(processes)]
    for player in players:
        ask(player, what="subscribe", to=POT)
        assert (await heard(player, what="value"))["value"] == 10_000_000
    await players[0].load()
    await players[0].bet(4)
    for player in players:
        assert (await heard(player, what="value"))["value"] == 10_000_040
    store = await open_store(url)
    third = Meters(shelf_beside(store), SystemRng())
    await third.feed(METER, feed_of(30, shard=SHARDS), 1)
    for player in players:
        assert (await heard(player, what="value"))["value"] == 10_020_040
    win = await third.claim(METER, claim()._replace(wallet="demo:credit:player-1"), 1)
    for number, player in enumerate(players):
        expected = {"what": "won", "id": POT, "amount": 10_020, **({"yours": True} if number else {})}
        assert await heard(player) == expected
        # The next run: its first value, and what was less than a credit.
        assert (await heard(player))["value"] == 10_000_040
    async with asyncio.timeout(10):
        while players[1].credits != 11_020:  # claimed by a process that is gone: one of the others pays
            await players[1].next()
        while await third.shelf.owed(METER):  # settled just after it was paid
            await asyncio.sleep(0.01)
    assert win.amount == 10_020
    await store.aclose()
