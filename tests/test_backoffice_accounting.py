"""What was played reaches the backoffice: everything, once, each player's in order, whatever goes wrong on the way."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backoffice_house import house, ledger, until
from tests.fake_backoffice import AFTER, BEFORE, KEY, FakeBackoffice
from tests.player import Player
from webingo.backoffice import accounting
from webingo.backoffice.accounting import Accounting
from webingo.backoffice.client import Client
from webingo.errors import Code, Refused
from webingo.rng import SystemRng, fresh_id
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outbox import ConsumerFailed, Outbox, Pace
from webingo.transaction.transaction import Entry
from webingo.user import SHARDS, User

BRISK = Pace(ttl_s=1.0, poll_s=0.02, page=7, first_wait_s=0.01, longest_wait_s=0.1)


@pytest.fixture
def office(io_loop):
    office = FakeBackoffice(patience=0.6)
    io_loop.run_sync(office.start)
    yield office
    io_loop.run_sync(office.stop)
    assert office.wrong == []


@pytest.fixture
def client(office, io_loop):
    async def made():
        return Client(office.base, KEY, SystemClock(), SystemRng())

    client = io_loop.run_sync(made)
    yield client
    client.close()


def entry(number, wallet="demo:credit:ana", **fields):
    given = {"kind": "wager", "amount": -1, "balance": 1000 - number, "round": "", "game": "g", "site": "demo", "note": ""}
    return Entry(id=f"e{number}", wallet=wallet, seq=number, at_ms=number, position=f"{number}-0", **{**given, **fields})


class Records(MemoryStore):
    """Has these rounds, and no other."""

    def __init__(self, **rounds):
        super().__init__()
        self._known = rounds

    async def round(self, round_id):
        return self._known.get(round_id)


async def test_a_page_arrives_with_the_records_of_its_closed_rounds(office, client):
    record = [b'{"round":"r1","at":1}', b'{"action":"bet"}', b'{"id":"s"}']
    entries = [entry(1, round="r1", fed="jp_a=5"), entry(2, round="r1", closes=True), entry(3, round="gone", closes=True)]
    await Accounting(client, Records(r1=record)).apply(5, entries)
    assert list(office.entries) == ["e1", "e2", "e3"]
    first = office.entries["e1"]
    assert (first.at, first.position, first.fed, first.closes, first.wallet) == (1, "1-0", "jp_a=5", False, "demo:credit:ana")
    assert office.rounds == {"r1": [orjson.loads(part) for part in record]}


async def test_what_could_not_be_taken_is_told_and_nothing_is_said_of_it_otherwise(office, client):
    entries = [entry(1), entry(2, kind="refund", short=40)]
    await Accounting(client, Records()).apply(5, entries)
    assert [office.entries[name].short for name in ("e1", "e2")] == [0, 40]
    told = [accounting.entry_written(one) for one in entries]
    assert ["short" in one for one in told] == [False, True]


@pytest.mark.parametrize("trouble", [*BEFORE, *AFTER])
async def test_what_goes_wrong_is_told_to_the_outbox_and_the_repetition_counts_once(office, client, trouble):
    office.troubles.append(trouble)
    accounting = Accounting(client, Records(), timeout_s=0.2)
    with pytest.raises(ConsumerFailed):
        await accounting.apply(5, [entry(1), entry(2)])
    await accounting.apply(5, [entry(1), entry(2), entry(3)])
    assert list(office.entries) == ["e1", "e2", "e3"]
    assert office.repeated == (2 if trouble in AFTER else 0)


async def test_a_backoffice_that_refuses_is_asked_again_and_nothing_is_left_out(office, client):
    accounting = Accounting(client, Records())
    for _ in range(2):
        with pytest.raises(ConsumerFailed, match="422"):
            await accounting.apply(5, [entry(1, kind="")])
    assert office.wrong
    office.wrong.clear()


async def test_a_database_that_does_not_answer_is_the_outboxs_matter(client):
    class Silent(MemoryStore):
        async def round(self, round_id):
            raise Refused(Code.UNAVAILABLE)

    with pytest.raises(Refused):
        await Accounting(client, Silent()).apply(5, [entry(1, round="r", closes=True)])


async def test_while_the_backoffice_is_left_alone_nothing_is_read_or_written_for_it(office, client):
    class Unread(MemoryStore):
        async def round(self, round_id):
            raise AssertionError("the record of a round was read for nothing")

    accounting, page = Accounting(client, Records()), [entry(1, round="r", closes=True)]
    await office.stop()
    assert accounting.ready()
    for _ in range(5):
        with pytest.raises(ConsumerFailed):
            await accounting.apply(5, page)
    assert not accounting.ready()
    with pytest.raises(ConsumerFailed, match="left alone"):
        await Accounting(client, Unread()).apply(5, page)
    await office.start()
    await until(accounting.ready)
    await accounting.apply(5, page)
    assert list(office.entries) == ["e1"]


async def test_what_is_too_much_at_once_is_sent_in_parts_and_in_order(office, client):
    big = orjson.dumps({"filling": "x" * 3000})
    office.most_bytes = 20_000
    store = Records(**{f"r{n}": [big] for n in range(1, 41)})
    await Accounting(client, store).apply(5, [entry(n, round=f"r{n}", closes=True) for n in range(1, 41)])
    assert list(office.entries) == [f"e{n}" for n in range(1, 41)]
    assert len(office.rounds) == 40
    assert max(office.batches) < 8


async def test_an_entry_goes_without_the_record_that_is_too_large_rather_than_not_at_all(office, client):
    office.most_bytes = 5_000
    store = Records(r2=[orjson.dumps({"filling": "x" * 9000})], r3=[b"{}"])
    await Accounting(client, store).apply(5, [entry(n, round=f"r{n}", closes=True) for n in (1, 2, 3)])
    assert list(office.entries) == ["e1", "e2", "e3"]
    assert list(office.rounds) == ["r3"]


async def test_pages_with_many_records_go_out_in_batches_of_about_a_megabyte(office, client):
    large = orjson.dumps({"filling": "x" * 400_000})
    await Accounting(client, Records(**{f"r{n}": [large] for n in range(6)})).apply(
        5, [entry(n, round=f"r{n}", closes=True) for n in range(6)]
    )
    assert office.batches == [2, 2, 2]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wallets=st.lists(st.integers(0, 5), min_size=1, max_size=120),
    troubles=st.lists(st.sampled_from(["", "", "reset", "error", "drop", "cut", "garbage", "lie", "html"]), max_size=25),
)
def test_whatever_happens_everything_arrives_once_and_in_order(io_loop, wallets, troubles):
    async def run():
        office, store = FakeBackoffice(), MemoryStore()
        await office.start()
        client = Client(office.base, KEY, SystemClock(), SystemRng())
        client._breakers["accounting"].__init__(SystemClock(), SystemRng(), failures=3, first_s=0.01, most_s=0.03)
        written = {}
        for number, wallet in enumerate(wallets):
            name = f"demo:credit:p{wallet}"
            seq = sum(known == name for known in written.values()) + 1
            written[f"e{number}"] = name
            store._append(wallet * 7 % SHARDS, [entry(seq, name, kind="win", amount=1, balance=seq)._replace(id=f"e{number}")])
        office.troubles += troubles
        outboxes = [Outbox(store, Accounting(client, store, 0.5), fresh_id(), SystemClock(), BRISK) for _ in range(2)]
        for outbox in outboxes:
            await outbox.start()
        await until(lambda: len(office.entries) == len(wallets), 20)
        for outbox in outboxes:
            await outbox.stop()
        client.close()
        await office.stop()
        assert office.disorder() == []
        assert {id_: found.wallet for id_, found in office.entries.items()} == written

    io_loop.run_sync(run)


async def test_with_the_backoffice_down_for_the_whole_of_a_run_all_of_it_arrives_later_once_and_in_order():
    async with house() as home:
        server = await home.start()
        players = [await Player.log_in(server.port, f"p{n}") for n in range(4)]
        for player in players:
            await player.load()
        await home.office.stop()
        before = len(home.office.entries)
        assert before <= len(players), "at most what they were given to begin with"
        for _ in range(15):
            for player in players:
                await player.bet()
                await player.end()
        assert len(home.office.entries) == before
        await home.office.start()
        whole = [found for player in players for found in await ledger(home, player.uid)]
        await until(lambda: len(home.office.entries) == len(whole), 30)
        assert home.office.disorder() == []
        assert set(home.office.entries) == {found.id for found in whole}
        assert set(home.office.rounds) == {found.round for found in whole if found.closes}
        for found in whole:
            arrived = home.office.entries[found.id]
            assert (arrived.amount, arrived.balance, arrived.seq) == (found.amount, found.balance, found.seq)


async def test_a_session_is_told_with_the_time_at_which_its_name_was_asked_for():
    """A player who is erased between that and the telling stays without a name in the backoffice."""
    async with house() as home:
        server = await home.start()
        site = await server.house.resources.site("demo", "demo")
        stay = await server.house.welcome(User("demo", "ana"), site, "Ana", began_ms=1_700_000_000_000)
        assert (home.office.sessions[stay.id].name, home.office.sessions[stay.id].at) == ("Ana", 1_700_000_000_000)
