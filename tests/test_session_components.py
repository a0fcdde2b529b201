"""What a session offers to the components that are plugged into it, and when they hear of what has happened."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.conftest import open_store
from tests.jackpots import calm_res
from webingo.errors import Code, Refused
from webingo.resources.local import LocalResources
from webingo.resources.social import Level, Social
from webingo.rng import SystemRng, fresh_id
from webingo.session import protocol
from webingo.session.component import Component, Room
from webingo.session.house import House
from webingo.session.session import Session
from webingo.session.stay import Stay
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store
from webingo.transaction.transaction import Event, Posting, Seat, WalletId, fresh_sharded_id
from webingo.user import USERDATA_MAX_BYTES, User
from webingo.wallet.wallet import LocalWallet

SOCIAL = Social(levels=[Level(spend=8, reward=10), Level(spend=20, reward=20)])


class Client:
    """A session's other end: all messages, and how the connection was closed."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.code: int | None = None

    def send(self, data: bytes, *, state: bool = False) -> None:
        self.messages.append(orjson.loads(data))

    def close(self, code: int, reason: str = "") -> None:
        self.code = code

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["t"] == kind]

    @property
    def state(self) -> dict[str, Any]:
        return self.of("state")[-1]


class Probe(Component):
    """Writes down what it hears; what it does is given by the test."""

    name = "probe"

    def __init__(self, room: Room) -> None:
        self.room, self.heard = room, list[Any]()
        self.work: Callable[[], Any] | None = None

    async def receive(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if self.work is not None:
            await self.work()

    def opened(self) -> None:
        self.heard.append("opened")

    def spent(self, total: int) -> None:
        self.heard.append(total)

    def close(self) -> None:
        self.heard.append("closed")


class Bare(Component):
    """Only what must be."""

    name = "bare"

    async def receive(self, message: dict[str, Any]) -> None: ...


class Node:
    """A server's house on a store; a social site where `social` is given."""

    def __init__(self, store: Store, social: Social | None = None) -> None:
        self.resources = LocalResources(calm_res(), debug=True)
        self.house = House(store, self.resources, SystemRng(), SystemClock(), debug=True)
        store.listen(self.house.hear, self.house.missed)
        site, offered = self.resources._stock["demo", "demo"]
        self.site = site.model_copy(update={"social": social})
        self.resources._stock["demo", "demo"] = (self.site, offered)

    async def sit(self, uid: str, **stay: Any) -> tuple[Session, Probe, Client]:
        user, client = User("demo", uid), Client()
        visit = Stay(Seat(user, "demo"), self.site, **stay)
        wallet = LocalWallet(self.house.store, WalletId(user, self.site.denomination))
        session = Session(self.house, visit, wallet, client)
        probe = Probe(session)
        session.plug(probe)
        session.plug(Bare())
        await session.open()
        return session, probe, client


async def done(session: Session) -> None:
    """What the session was given is done, and so is what came of it."""
    for _ in range(3):
        await asyncio.sleep(0)
        await session.quiet()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def play(session: Session, client: Client, amount: int = 4) -> None:
    """A whole round of bingo."""
    if "gamestate" not in client.state:
        session.receive(protocol.GameLoadMessage(t="gameload", gameid="joker-bingo"))
        await until(lambda: "gamestate" in client.state)
    for action, params in (("bet", {"amount": amount}), ("end", {})):
        game = client.state["gamestate"]
        session.receive(protocol.ActionMessage(t="action", action=action, params=params, sid=game["id"]))
        await until(lambda before=game["id"]: client.state["gamestate"]["id"] != before)
    await done(session)


@pytest.fixture
def node() -> Node:
    return Node(MemoryStore())


@pytest.fixture
def social() -> Node:
    return Node(MemoryStore(), SOCIAL)


async def test_components_hear_of_the_opening_of_every_wager_and_of_the_end(node: Node) -> None:
    session, probe, client = await node.sit("ana")
    await done(session)
    assert probe.heard == ["opened"] and len(client.of("state")) == 1
    await play(session, client)
    await play(session, client, 8)
    assert probe.heard == ["opened", 4, 12], "the end of a round wagers nothing"
    assert session.spent == 12
    await session.close()
    assert probe.heard[-1] == "closed"
    again, probe, client = await node.sit("ana")
    await done(again)
    assert (again.spent, probe.heard) == (12, ["opened"])
    await play(again, client)
    assert probe.heard == ["opened", 16]


async def test_a_refused_wager_is_no_news(node: Node) -> None:
    session, probe, client = await node.sit("ana")
    await play(session, client)
    for sid, amount in ((fresh_id(), 4), (client.state["gamestate"]["id"], 3_000_000)):
        session.receive(protocol.ActionMessage(t="action", action="bet", params={"amount": amount}, sid=sid))
    await until(lambda: len(client.of("error")) == 2)
    assert probe.heard == ["opened", 4]


async def test_the_room_knows_whose_session_it_is(node: Node) -> None:
    _session, probe, _client = await node.sit("ana")
    room = probe.room
    assert (str(room.seat), str(room.wallet), room.site) == ("demo:demo:ana", "demo:credit:ana", node.site)
    assert (room.funds.balance, room.userdata, room.spent) == (1000, {}, 0)


async def test_work_is_done_in_turn_and_never_beside_a_message(node: Node) -> None:
    session, probe, client = await node.sit("ana")
    await done(session)
    order, gate = list[str](), asyncio.Event()

    async def slow() -> None:
        order.append("begun")
        await gate.wait()
        order.append("done")

    async def quick() -> None:
        order.append("quick")

    probe.room.do(slow)
    session.receive(protocol.UserdataMessage(t="userdata", set={"a": 1}))
    probe.room.do(quick)
    await asyncio.sleep(0.02)
    assert order == ["begun"] and client.state["userdata"] == {}
    gate.set()
    await until(lambda: order == ["begun", "done", "quick"])
    assert client.state["userdata"] == {"a": 1}


async def test_work_that_is_refused_is_an_error_and_a_bug_ends_the_session(node: Node) -> None:
    session, probe, client = await node.sit("ana")

    async def refused() -> None:
        raise Refused(Code.LIMIT, "Enough.")

    async def broken() -> None:
        raise RuntimeError("a bug")

    probe.room.do(refused)
    await until(lambda: client.of("error"))
    assert client.of("error")[0]["code"] == "LIMIT" and client.messages[-1]["t"] == "state" and client.code is None
    probe.room.do(broken)
    await until(lambda: client.code)
    assert (client.of("error")[-1]["code"], client.code) == ("INTERNAL", 1011)
    sent = len(client.messages)
    probe.room.do(refused)
    probe.room.push()
    await done(session)
    assert len(client.messages) == sent, "nothing is done or said once it is over"


@pytest.mark.parametrize("where", ["opened", "spent"])
async def test_a_component_that_breaks_ends_its_session_only(node: Node, monkeypatch: Any, where: str) -> None:
    def broken(self: Probe, *told: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Probe, where, broken)
    session, _, client = await node.sit("ana")
    if where == "spent":
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await play(session, client)
    await until(lambda: client.code)
    assert client.code == 1011
    monkeypatch.undo()
    again, _, client = await node.sit("ana")
    assert again.spent == (4 if where == "spent" else 0), "the money had moved before"
    await session.close()


async def test_a_posting_that_was_learned_is_pushed_once(node: Node) -> None:
    session, probe, client = await node.sit("ana")
    await done(session)

    async def post() -> None:
        posting = Posting("bonus", probe.room.wallet, "daily_bonus", 50, "", 1)
        probe.room.learn(await node.house.store.post(posting))
        probe.room.learn(await node.house.store.post(posting))
        probe.room.push()

    probe.room.do(post)
    await until(lambda: len(client.of("state")) > 1)
    await done(session)
    assert [state["wallet"]["credits"] for state in client.of("state")] == [1000, 1050]
    await node.house.store.post(Posting("more", probe.room.wallet, "gift", 1, "", 1))
    await until(lambda: len(client.of("state")) == 3)
    assert client.state["wallet"]["credits"] == 1051


async def test_a_component_keeps_the_servers_fields_and_the_player_can_not_touch_them(node: Node) -> None:
    session, probe, client = await node.sit("ana")

    async def keep() -> None:
        await probe.room.keep({"soc_rewarded": 3, "soc_daily": {"day": 7}})

    probe.work = keep
    session.receive(protocol.ComponentMessage(t="component", which="probe", message={"now": 1}))
    session.receive(protocol.UserdataMessage(t="userdata", set={"nick": "a"}))
    await until(lambda: "nick" in client.state["userdata"])
    kept = {"soc_rewarded": 3, "soc_daily": {"day": 7}, "nick": "a"}
    assert client.state["userdata"] == probe.room.userdata == kept
    session.receive(protocol.UserdataMessage(t="userdata", unset=["soc_rewarded"]))
    await until(lambda: client.of("error"))
    assert client.of("error")[0]["code"] == "READ_ONLY"
    await session.close()
    _again, _, client = await node.sit("ana")
    assert client.state["userdata"] == kept


async def test_a_component_keeps_nothing_else(node: Node) -> None:
    _, probe, _ = await node.sit("ana")
    for wrong in ("nick", "spend_total", "SOC_x"):
        with pytest.raises(ValueError, match="begin with soc_"):
            await probe.room.keep({"soc_fine": 1, wrong: 1})
    assert probe.room.userdata == {}


async def test_the_servers_fields_do_not_count_against_the_players_room(node: Node) -> None:
    session, probe, client = await node.sit("ana")
    await probe.room.keep({"soc_long": "x" * USERDATA_MAX_BYTES})
    session.receive(protocol.UserdataMessage(t="userdata", set={"nick": "y" * (USERDATA_MAX_BYTES - 20)}))
    await until(lambda: "nick" in client.state["userdata"])
    session.receive(protocol.UserdataMessage(t="userdata", set={"more": "y" * 20}))
    await until(lambda: client.of("error"))
    assert client.of("error")[0]["code"] == "LIMIT"


async def test_a_session_that_was_taken_over_keeps_nothing_and_ends(node: Node) -> None:
    session, probe, client = await node.sit("ana")
    await done(session)
    node.house.leave(session)  # so that it does not hear of it
    await node.sit("ana")

    async def keep() -> None:
        await probe.room.keep({"soc_late": 1})

    probe.room.do(keep)
    await until(lambda: client.code)
    assert (client.of("error")[-1]["code"], client.code) == ("REPLACED", 4409)


# -- what players see -------------------------------------------------------------------------------------------------


async def test_the_first_state_shows_the_player_where_there_is_something_to_show(node: Node) -> None:
    _, _, client = await node.sit("ana", name="Ana", picture="https://pictures.example/ana.png")
    assert client.state["player"] == {"name": "Ana", "picture": "https://pictures.example/ana.png"}
    _, _, client = await node.sit("bob", name="Bob")
    assert client.state["player"] == {"name": "Bob"}
    session, _, client = await node.sit("cid")
    assert "player" not in client.state
    session.push()
    assert "player" not in client.state


async def test_a_social_site_shows_the_standing_over_what_the_player_has_stored(social: Node) -> None:
    session, _, client = await social.sit("ana")
    assert client.state["userdata"]["soc_level"] == 1 and client.state["userdata"]["spend_total"] == 0
    await play(session, client)
    assert client.state["userdata"]["spend_total"] == 4
    assert client.state["userdata"]["soc_level_progress"] == 0.5
    await play(session, client)
    assert client.state["userdata"] == SOCIAL.standing(8)
    assert client.state["userdata"]["soc_level"] == 2
    await session.close()
    _, probe, client = await social.sit("ana")
    assert client.state["userdata"] == SOCIAL.standing(8)
    assert probe.room.userdata == {}, "what follows from the spend is never stored"


async def test_an_ordinary_site_shows_nothing_of_it(node: Node) -> None:
    session, _, client = await node.sit("ana")
    await play(session, client)
    assert client.state["userdata"] == {}


# -- revocation -------------------------------------------------------------------------------------------------------


async def test_a_revocation_ends_the_players_sessions_on_all_nodes_and_nobody_elses(store: Store) -> None:
    one, other = Node(store), Node(store)
    await asyncio.sleep(0.1)  # until both listen
    uid, theirs = f"ana-{fresh_id()}", f"bob-{fresh_id()}"
    _, _, here = await one.sit(uid)
    _, _, bob = await other.sit(theirs)
    await one.house.store.revoke(User("demo", uid), SystemClock().now_ms())
    await until(lambda: here.code)
    assert (here.of("error")[-1]["code"], here.code) == ("AUTH_FAILED", 4401)
    _, _, there = await other.sit(uid)
    assert there.code is None, "a login that comes later is good"
    await one.house.store.revoke(User("demo", uid), SystemClock().now_ms())
    await until(lambda: there.code)
    assert (there.of("error")[-1]["code"], there.code) == ("AUTH_FAILED", 4401)
    assert bob.code is None and bob.of("error") == []


async def test_an_erasure_ends_them_too(store: Store) -> None:
    node, uid = Node(store), f"ana-{fresh_id()}"
    await asyncio.sleep(0.1)
    _session, probe, client = await node.sit(uid)
    await probe.room.keep({"soc_rewarded": 1})
    await store.erase(User("demo", uid), SystemClock().now_ms())
    await until(lambda: client.code)
    assert (client.of("error")[-1]["code"], client.code) == ("AUTH_FAILED", 4401)
    with pytest.raises(Refused):
        await probe.room.keep({"soc_rewarded": 2})
    _, probe, _ = await node.sit(uid)
    assert probe.room.userdata == {}


async def test_old_news_of_a_revocation_end_no_later_login(node: Node) -> None:
    user = User("demo", "ana")
    await node.house.store.revoke(user, 1000)
    _session, _, client = await node.sit("ana")
    for late in (500, 1000):
        node.house.hear(Event("revoked", "demo:ana", late))
    assert client.code is None
    node.house.hear(Event("revoked", "demo:ana", 1001))
    assert client.code == 4401


async def test_a_revocation_whose_news_got_lost_is_found_when_they_may_have_been(node: Node) -> None:
    session, _, client = await node.sit("ana")
    await session.look_again()
    assert client.code is None
    node.house.leave(session)
    await node.house.store.revoke(User("demo", "ana"), 1000)
    assert client.code is None
    await session.look_again()
    assert client.code == 4401


async def test_a_login_that_was_under_way_when_it_was_revoked_does_not_begin(node: Node) -> None:
    user = User("demo", "ana")
    await node.house.store.revoke(user, 2000)
    for began_ms in (1999, 2000):
        with pytest.raises(Refused) as caught:
            await node.sit("ana", began_ms=began_ms)
        assert caught.value.code is Code.AUTH_FAILED
    _, _, client = await node.sit("ana", began_ms=2001)
    assert client.code is None


async def test_news_of_a_revocation_while_the_seat_is_taken_are_not_lost(node: Node, monkeypatch: Any) -> None:
    store = node.house.store
    really = store.open

    async def slow(*args: Any) -> Any:
        opened = await really(*args)
        await store.revoke(User("demo", "ana"), 1000)
        return opened

    monkeypatch.setattr(store, "open", slow)
    with pytest.raises(Refused) as caught:
        await node.sit("ana")
    assert caught.value.code is Code.AUTH_FAILED
    assert list(node.house.sessions()) == []


async def test_a_revocation_reaches_the_nodes_that_have_a_connection_of_their_own(redis_url: str) -> None:
    stores = [await open_store(redis_url) for _ in range(2)]
    try:
        one, other = [Node(store) for store in stores]
        uid = f"ana-{fresh_id()}"
        _, _, client = await other.sit(uid)
        login_id = fresh_sharded_id(User("demo", uid))
        await stores[1].keep_login(login_id, Seat(User("demo", uid), "demo"), 60)
        await asyncio.sleep(0.1)  # until the other one listens
        await one.house.store.revoke(User("demo", uid), SystemClock().now_ms())
        await until(lambda: client.code)
        assert (client.of("error")[-1]["code"], client.code) == ("AUTH_FAILED", 4401)
        assert [await store.login(login_id, 60) for store in stores] == [None, None]
    finally:
        for store in stores:
            await store.aclose()
