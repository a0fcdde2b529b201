"""The money service over HTTP, where the money is in our own store: each call moves it once, whatever is sent again."""

import json
from collections import Counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.rgs import STUDIO, Answer, Studio, new_key, studio
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outside import OutsideRound
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Seat, WalletId
from webingo.user import SHARDS, User

ANA = User("demo", "ana")


async def balance(door: Studio, user: User = ANA) -> int:
    return (await door.server.store.funds(WalletId(user, "USD"))).balance


async def kinds(door: Studio) -> Counter[str]:
    """How many ledger entries of each kind there are."""
    store = door.server.store
    return Counter([entry.kind for shard in range(SHARDS) async for entry in store.entries(shard)])


def settled(answer: Answer) -> tuple[int, str, int]:
    return answer.status, answer.body.get("status"), answer.body.get("balance")


def refused(answer: Answer) -> tuple[int, str]:
    assert list(answer.body) == ["error"] and answer.body["error"].keys() == {"code", "message"}
    return answer.status, answer.code


async def test_a_round_from_its_escrow_to_its_result(store: Store) -> None:
    async with studio(store) as door:
        uid = f"ana-{id(store)}-{door.server.port}"
        session = await door.login(uid)
        began = (await door.call("player", session=session)).body
        assert began == {"player": uid, "balance": 10_000, "currency": "USD"}
        escrowed = await door.call("escrow", session=session, round=f"{uid}:1", amount=300, id=f"{uid}:1:bet", game="reels")
        assert escrowed.body == {"id": f"{uid}:1:bet", "round": f"{uid}:1", "status": "escrowed", "balance": 9_700}
        result = await door.call("result", round=f"{uid}:1", win=1_000, id=f"{uid}:1:win")
        assert result.body == {"id": f"{uid}:1:win", "round": f"{uid}:1", "status": "closed", "balance": 10_700}
        assert (await door.call("player", session=session)).body["balance"] == 10_700
        await door.call("escrow", session=session, round=f"{uid}:2", amount=300, id=f"{uid}:2:bet")
        cancelled = await door.call("cancel", round=f"{uid}:2", id=f"{uid}:2:off")
        assert settled(cancelled) == (200, "cancelled", 10_700)
        first, second = await store.history(User("demo", uid), 0, 10)
        assert [json.loads((await store.round(round_id) or [b""])[0])["game"] for round_id in (second, first)] == [
            "reels",
            "outside",
        ]


async def test_the_same_id_and_body_is_answered_the_same_again_and_moves_nothing(store: Store) -> None:
    async with studio(store) as door:
        uid = f"ana-{id(store)}-{door.server.port}"
        session = await door.login(uid)
        calls: list[tuple[str, dict[str, Any]]] = [
            ("escrow", {"session": session, "round": f"{uid}:1", "amount": 300, "id": f"{uid}:a"}),
            ("escrow", {"session": session, "round": f"{uid}:1", "amount": 100, "id": f"{uid}:b"}),
            ("result", {"round": f"{uid}:1", "win": 50, "id": f"{uid}:c"}),
            ("escrow", {"session": session, "round": f"{uid}:2", "amount": 10_000, "id": f"{uid}:d"}),  # 402
            ("escrow", {"session": session, "round": f"{uid}:2", "amount": 9_650, "id": f"{uid}:e"}),
            ("cancel", {"round": f"{uid}:2", "id": f"{uid}:f"}),
        ]
        first = [await door.call(name, **fields) for name, fields in calls]
        assert [answer.status for answer in first] == [200, 200, 200, 402, 200, 200]
        for _ in range(2):
            again = [await door.call(name, **fields) for name, fields in reversed(calls)]
            assert [answer[:2] for answer in reversed(again)] == [answer[:2] for answer in first]
        assert await balance(door, User("demo", uid)) == 9_650
        for name, fields in calls:
            for changed in ({"amount": 5}, {"win": 5}, {"round": f"{uid}:1x"}, {"game": "other"}, {"draws": []}):
                if changed.keys() <= fields.keys() | {"game", "draws"} and not (name != "escrow" and "game" in changed):
                    answer = await door.call(name, **{**fields, **changed}) if changed != {"draws": []} else None
                    assert answer is None or answer.status in (404, 409), (name, changed)
        assert refused(await door.call("cancel", round=f"{uid}:1", id=f"{uid}:a")) == (409, "ID_REUSED")
        assert await balance(door, User("demo", uid)) == 9_650


async def test_a_round_ends_once() -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        for number, (end, others) in enumerate((({"win": 5}, "closed"), ({}, "cancelled"))):
            name = f"r{number}"
            await door.call("escrow", session=session, round=name, amount=100, id=f"{name}:bet")
            assert (await door.call("result" if end else "cancel", round=name, id=f"{name}:end", **end)).status == 200
            before = await balance(door), await kinds(door)
            late = await door.call("result", round=name, win=7, id=f"{name}:late")
            assert refused(late) == (409, "ROUND_OVER") and others in late.body["error"]["message"]
            assert refused(await door.call("escrow", session=session, round=name, amount=1, id=f"{name}:more")) == (
                409,
                "ROUND_OVER",
            )
            assert (await balance(door), await kinds(door)) == before
        assert refused(await door.call("cancel", round="r0", id="r0:off")) == (409, "ROUND_OVER")
        assert (await door.call("cancel", round="r1", id="r1:off")).status == 200  # it is


async def test_what_has_not_begun_is_not_there_and_a_cancel_that_was_quicker_holds() -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        assert refused(await door.call("result", round="r", win=0, id="w")) == (404, "NO_ROUND")
        assert (
            await door.call("escrow", session=session, round="r", amount=1, id="e")
        ).status == 200  # a result keeps nobody out
        assert refused(await door.call("cancel", round="q", id="c")) == (404, "NO_ROUND")
        assert refused(await door.call("escrow", session=session, round="q", amount=1, id="e2")) == (409, "ROUND_OVER")
        assert refused(await door.call("cancel", round="q", id="c")) == (404, "NO_ROUND")
        assert await balance(door) == 9_999


class Blink(MemoryStore):
    """Its next look for a round comes before the round does."""

    blind = False

    async def outside_round(self, seat: Seat, name: str) -> OutsideRound | None:
        if self.blind:
            self.blind = False
            return None
        return await super().outside_round(seat, name)


async def test_a_cancel_that_meets_its_escrow_on_the_way_says_that_it_has_given_it_back() -> None:
    async with studio(store := Blink()) as door:
        session = await door.login()
        await door.call("escrow", session=session, round="r", amount=100, id="e")
        store.blind = True
        first = await door.call("cancel", round="r", id="c")
        assert (first.status, first.body["status"], first.body["balance"]) == (200, "cancelled", 10_000)
        assert (await door.call("cancel", round="r", id="c")).body == first.body


async def test_rounds_and_ids_are_the_sites_and_not_a_players() -> None:
    async with studio(MemoryStore(), STUDIO, {**STUDIO, "id": "other"}) as door:
        ana, bob = await door.login("ana"), await door.login("bob")
        await door.call("escrow", session=ana, round="r", amount=100, id="e")
        assert refused(await door.call("escrow", session=bob, round="r", amount=100, id="e2")) == (409, "ID_REUSED")
        assert refused(await door.call("escrow", session=bob, round="r2", amount=100, id="e")) == (409, "ID_REUSED")
        assert await balance(door, User("demo", "bob")) == 0  # nothing of a wallet was begun
        other = door.another(await new_key(door.server.store, "other"))
        for path, body in (("result", {"round": "r", "win": 1, "id": "w"}), ("cancel", {"round": "s", "id": "c"})):
            assert refused(await other.post(f"/rgs/{path}", body)) == (404, "NO_ROUND")
        assert refused(await other.post("/rgs/player", session=ana)) == (401, "AUTH_FAILED")
        assert refused(await other.post("/rgs/escrow", session=ana, round="x", amount=1, id="x")) == (401, "AUTH_FAILED")
        there = await door.login("ana", "other")
        assert (
            await other.post("/rgs/escrow", session=there, round="r", amount=7, id="e")
        ).status == 200  # another site's names
        assert await balance(door) == 9_893  # but the same wallet


async def test_an_escrow_needs_a_session_that_lives_and_a_round_ends_without_one() -> None:
    clock = ManualClock(1_000_000)
    async with studio(MemoryStore(clock=clock), clock=clock, session_idle_s=100) as door:
        session = await door.login()
        asked = {"session": session, "round": "r", "amount": 100, "id": "e"}
        first = await door.call("escrow", **asked)
        clock.advance(60)
        assert (await door.call("player", session=session)).status == 200
        clock.advance(60)
        assert (await door.call("player", session=session)).status == 200  # each call keeps it alive
        clock.advance(101)
        assert refused(await door.call("player", session=session)) == (401, "AUTH_FAILED")
        assert refused(await door.call("escrow", **{**asked, "id": "e2"})) == (401, "AUTH_FAILED")
        assert refused(await door.call("escrow", **{**asked, "id": "e2", "round": "r2"})) == (401, "AUTH_FAILED")
        assert (await door.call("escrow", **asked))[:2] == first[:2]  # it was done while the session lived
        assert refused(await door.call("escrow", **{**asked, "amount": 1})) == (409, "ID_REUSED")
        assert settled(await door.call("result", round="r", win=5, id="w")) == (200, "closed", 9_905)


@pytest.mark.parametrize(("change", "told"), [({"rgs": None}, "rgs"), ({"enabled": False}, "closed")])
async def test_a_site_whose_money_is_closed_takes_no_wagers_but_rounds_end(change: dict[str, Any], told: str) -> None:
    store = MemoryStore()
    async with studio(store) as door:
        session, key = await door.login(), door.key
        await door.call("escrow", session=session, round="r", amount=100, id="e")
        await door.call("escrow", session=session, round="r2", amount=100, id="e2")
    site = {name: value for name, value in {**STUDIO, **change}.items() if value is not None}
    async with studio(store, site) as door:
        caller = door.another(key)
        for path, body in (("player", {}), ("escrow", {"round": "r3", "amount": 1, "id": "e3"})):
            answer = await caller.post(f"/rgs/{path}", session=session, **body)
            assert refused(answer) == (403, "FORBIDDEN") and told in answer.body["error"]["message"]
        assert (await caller.post("/rng/distribution", n=0, m=2)).status == 200
        assert settled(await caller.post("/rgs/result", round="r", win=50_000, id="w")) == (200, "closed", 59_800)
        assert settled(await caller.post("/rgs/cancel", round="r2", id="c")) == (200, "cancelled", 59_900)


async def test_a_blocked_player_wagers_nothing_and_gets_what_is_won() -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        await door.call("escrow", session=session, round="r", amount=100, id="e")
        await door.server.store.block(ANA, True)
        assert refused(await door.call("player", session=session)) == (403, "PLAYER_BLOCKED")
        assert refused(await door.call("escrow", session=session, round="r", amount=100, id="e2")) == (403, "PLAYER_BLOCKED")
        assert settled(await door.call("result", round="r", win=500, id="w")) == (200, "closed", 10_400)


async def test_no_round_pays_more_than_the_site_says() -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        for number in (1, 2):
            await door.call("escrow", session=session, round="r", amount=10, id=f"e{number}")
        over = await door.call("result", round="r", win=10_001, id="w")
        assert refused(over) == (403, "LIMIT") and "10000" in over.body["error"]["message"]
        assert settled(await door.call("result", round="r", win=10_000, id="w2")) == (200, "closed", 19_980)


async def test_the_numbers_that_decided_a_round_are_in_its_record() -> None:
    async with studio(MemoryStore(), STUDIO, {**STUDIO, "id": "other"}) as door:
        session = await door.login()
        await door.call("escrow", session=session, round="r", amount=10, id="e")
        drawn = (await door.call("weighted", choices=[["cherry", 3], ["seven", 1]], count=3, round="r")).body
        stranger = door.another(await new_key(door.server.store, "other"))
        foreign = (await stranger.post("/rng/shuffle", items=[1, 2])).body
        for draws in ([foreign["id"]], [drawn["id"], "00-" + "0" * 36], ["seven"]):
            answer = await door.call("result", round="r", win=1, id="w", draws=draws)
            assert refused(answer) == (400, "BAD_PARAMS"), draws
        assert (await door.call("result", round="r", win=1, id="w2", draws=[drawn["id"]])).status == 200
        (round_id,) = await door.server.store.history(ANA, 0, 5)
        header, *records = await door.server.store.round(round_id) or []
        assert json.loads(header)["outside"] == {"round": "r"}
        assert json.loads(records[-2])["proof"] == {"draws": [drawn["id"]]}


async def test_draws_of_any_json_decide_a_round() -> None:
    """Also of what most readers of JSON refuse; and however often they are named."""
    async with studio(MemoryStore()) as door:
        session = await door.login()
        for items in ([10**4000, 1], ["\ud800", "\x00"], [1e308, None]):
            drawn = (await door.call("shuffle", items=items)).body["id"]
            name = f"r-{drawn}"
            await door.call("escrow", session=session, round=name, amount=1, id=f"{name}-e")
            answer = await door.call("result", round=name, win=1, id=f"{name}-w", draws=[drawn] * 1000)
            assert (answer.status, answer.body["status"]) == (200, "closed"), items


NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("escrow", {"round": "r", "amount": 0, "id": "e"}),
    ("escrow", {"round": "r", "amount": -5, "id": "e"}),
    ("escrow", {"round": "r", "amount": 1.5, "id": "e"}),
    ("escrow", {"round": "r", "amount": 2**53, "id": "e"}),
    ("escrow", {"round": "", "amount": 1, "id": "e"}),
    ("escrow", {"round": "a b", "amount": 1, "id": "e"}),
    ("escrow", {"round": "r" * 129, "amount": 1, "id": "e"}),
    ("escrow", {"round": "r", "amount": 1, "id": "é"}),
    ("escrow", {"round": "r", "amount": 1}),
    ("escrow", {"round": "r", "amount": 1, "id": "e", "currency": "USD"}),
    ("result", {"round": "r", "win": -1, "id": "w"}),
    ("result", {"round": "r", "win": None, "id": "w"}),
    ("result", {"round": "r", "win": 1, "id": "w", "draws": "x"}),
    ("cancel", {"round": "r"}),
    ("player", {}),
]


async def test_what_makes_no_sense_moves_nothing() -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        for call, fields in NONSENSE:
            given = {"session": session, **fields} if call == "escrow" else fields
            assert refused(await door.call(call, **given)) == (400, "BAD_PARAMS"), fields
        assert not await kinds(door)


async def test_rounds_that_nobody_ends_are_told_once_and_cancelled_where_the_site_says_so(store: Store) -> None:
    clock = ManualClock(1_900_000_000_000)
    keeps = {**STUDIO, "rgs": {"max_win": 5, "escrow_timeout_s": 100}}
    gives_back = {**STUDIO, "id": "other", "rgs": {"max_win": 5, "escrow_timeout_s": 50, "policy": "cancel"}}
    async with studio(store, keeps, gives_back, clock=clock) as door:
        uid = f"ana-{id(store)}-{door.server.port}"
        other = door.another(await new_key(store, "other"))
        await door.call("escrow", session=await door.login(uid), round=uid, amount=100, id=f"{uid}:e")
        await other.post("/rgs/escrow", session=await door.login(uid, "other"), round=uid, amount=30, id=f"{uid}:e")
        rgs = door.server._rgs
        clock.advance(49)
        with capture_logs() as logs:
            assert await rgs.sweep() == 0
            clock.advance(30)
            assert await rgs.sweep() == 0
            assert await balance(door, User("demo", uid)) == 9_900
            clock.advance(30)
            assert [await rgs.sweep(), await rgs.sweep()] == [1, 1]
        assert [log["event"] for log in logs if log["event"].startswith("escrow")] == [
            "escrow_overdue", "escrow_cancelled", "escrow_overdue"
        ]  # fmt: skip
        assert b"webingo_rgs_overdue 1.0" in (await door.caller.get("/metrics")).body
        assert refused(await other.post("/rgs/result", round=uid, win=1, id=f"{uid}:w")) == (409, "ROUND_OVER")
        assert settled(await door.call("result", round=uid, win=1, id=f"{uid}:w")) == (200, "closed", 9_901)
        assert await rgs.sweep() == 0


async def test_the_books_are_right_after_all_this() -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        for number in range(12):
            await door.call("escrow", session=session, round=f"r{number}", amount=100, id=f"e{number}")
            if number % 3:
                await door.call("result", round=f"r{number}", win=150 * (number % 2), id=f"w{number}")
            elif number % 2:
                await door.call("cancel", round=f"r{number}", id=f"c{number}")
        assert (await reconcile(door.server.store)).findings == []
        assert (await kinds(door)) == {"grant": 1, "wager": 12, "win": 4, "end": 4, "cancel": 2}
        assert await balance(door) == 10_000 - 1000 + 4 * 150
