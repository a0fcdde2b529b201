"""The money service over HTTP, where an operator keeps the money: the same calls, and what is told while it is silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes import command
from tests.rgs import STUDIO, Studio, new_key, res_with, studio
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.kit.troubles import Trouble
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.user import SHARDS

AT_ACME = {name: value for name, value in STUDIO.items() if name != "initial_credits"} | {"operator": "acme"}


@asynccontextmanager
async def at_hub88(folder: Path, store: Store) -> AsyncIterator[tuple[Studio, Any, str]]:
    """A studio on a site whose money a fake Hub88 operator keeps, over real HTTP: the studio, the operator, ana's session."""
    fake = Hub88Adapter.fake()(folder)  # type: ignore[misc]
    fake.timeout_s = 0.5
    await fake.start()
    try:
        await fake.player("ana", fake.token("ana"), 1_000)
        settings = {"adapter": "hub88", "options": fake.options()}
        async with studio(store, {**AT_ACME, "platform": "operator"}, operators={"acme": settings}) as door:
            door.caller._key = await new_key(store, "studio", "operator")
            login = {"platform": "operator", "site": "studio", "auth": {"uid": "ana", "token": fake.token("ana")}}
            yield door, fake, (await door.caller.post("/session", login)).body["sessionId"]
    finally:
        await fake.stop()


async def owed(store: Store) -> int:
    return len([delivery for shard in range(SHARDS) async for delivery in store.deliveries(shard)])


async def test_rounds_over_an_operator_are_as_those_over_our_own_money(tmp_path: Path, store: Store) -> None:
    async with at_hub88(tmp_path, store) as (door, fake, session):
        assert (await door.call("player", session=session)).body == {"player": "acme.ana", "balance": 1_000, "currency": "USD"}
        tag = f"{id(store)}-{door.server.port}"
        calls: list[tuple[str, dict[str, Any], str, int]] = [
            ("escrow", {"session": session, "round": f"{tag}a", "amount": 300, "id": f"{tag}1"}, "escrowed", 700),
            ("result", {"round": f"{tag}a", "win": 450, "id": f"{tag}2"}, "closed", 1_150),
            ("escrow", {"session": session, "round": f"{tag}b", "amount": 100, "id": f"{tag}3"}, "escrowed", 1_050),
            ("escrow", {"session": session, "round": f"{tag}b", "amount": 50, "id": f"{tag}4"}, "escrowed", 1_000),
            ("cancel", {"round": f"{tag}b", "id": f"{tag}5"}, "cancelled", 1_150),
            ("escrow", {"session": session, "round": f"{tag}c", "amount": 150, "id": f"{tag}6"}, "escrowed", 1_000),
            ("result", {"round": f"{tag}c", "win": 0, "id": f"{tag}7"}, "closed", 1_000),
        ]
        for _ in range(2):
            for name, fields, status, balance in calls:
                answer = await door.call(name, **fields)
                assert (answer.status, answer.body.get("status"), answer.body.get("balance")) == (200, status, balance), answer
        poor = await door.call("escrow", session=session, round=f"{tag}d", amount=1_001, id=f"{tag}8")
        assert (poor.status, poor.code) == (402, "INSUFFICIENT_FUNDS")
        assert await fake.balance("ana") == 1_000 and await owed(store) == 0
        assert (await reconcile(store)).findings == []


@pytest.mark.parametrize("trouble", [Trouble.DROP_AFTER, Trouble.SILENT_AFTER, Trouble.ERROR_AFTER, Trouble.DROP_BEFORE])
async def test_an_escrow_that_the_operator_does_not_answer_is_given_back(tmp_path: Path, trouble: Trouble) -> None:
    store = MemoryStore()
    async with at_hub88(tmp_path, store) as (door, fake, session):
        fake.trouble("escrow", trouble)
        asked = {"session": session, "round": "r", "amount": 300, "id": "e"}
        first = await door.call("escrow", **asked)
        assert (first.status, first.code) == (503, "UNAVAILABLE")
        again = await door.call("escrow", **asked)
        assert (again.status, again.code) == (409, "ROUND_OVER")
        await told(store, trouble is Trouble.DROP_BEFORE)
        assert await fake.balance("ana") == 1_000
        assert (await reconcile(store)).findings == []


async def test_a_result_stands_while_the_operator_is_silent_and_is_told_until_it_is_heard(tmp_path: Path) -> None:
    store = MemoryStore()
    async with at_hub88(tmp_path, store) as (door, fake, session):
        await door.call("escrow", session=session, round="r", amount=300, id="e")
        fake.trouble("result", Trouble.ERROR_BEFORE, times=1)
        result = await door.call("result", round="r", win=500, id="w")
        assert result.body == {"id": "w", "round": "r", "status": "closed", "balance": None}  # not known, and not guessed
        assert (await door.call("result", round="r", win=500, id="w")).body == result.body
        await told(store)
        assert await fake.balance("ana") == 1_200
        assert (await door.call("player", session=session)).body["balance"] == 1_200


async def told(store: Store, unknown: bool = False) -> None:
    """Waits until nothing is owed; a cancel of what the operator does not know is repeated for minutes."""
    for _ in range(400):
        if await owed(store) == unknown:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it is never told")


async def test_the_same_call_many_times_at_once_asks_the_operator_once(tmp_path: Path) -> None:
    async with at_hub88(tmp_path, MemoryStore()) as (door, fake, session):
        callers = [door.another(door.caller._key) for _ in range(10)]
        escrow = {"session": session, "round": "r", "amount": 300, "id": "e"}
        answers = await asyncio.gather(*(caller.post("/rgs/escrow", escrow) for caller in callers))
        assert {(answer.status, answer.body["balance"]) for answer in answers} == {(200, 700)}
        answers = await asyncio.gather(*(caller.post("/rgs/result", round="r", win=5, id="w") for caller in callers))
        assert {(answer.status, answer.body["balance"]) for answer in answers} == {(200, 705)}
        assert [op for op, _ in fake.calls].count("escrow") == 1 == [op for op, _ in fake.calls].count("result")


async def test_open_rounds_are_listed_and_cancelled_by_a_command(tmp_path: Path, own_redis_url: str) -> None:
    from tests.conftest import open_store

    slow = {**STUDIO, "rgs": {"max_win": 5, "escrow_timeout_s": 10_000}}
    res = res_with(slow)
    given = {"redis_url": own_redis_url, "res_dir": res, "secret": "s" * 40}
    async with studio(await open_store(own_redis_url), slow) as door:
        session = await door.login()
        await door.call("escrow", session=session, round="r", amount=300, id="e", game="reels")

        def run(*words: str) -> Any:
            return command("escrow", *words, check=False, **given)

        listed = await asyncio.to_thread(run, "list", "--json")
        assert listed.returncode == 0 and '"stake": 300' in listed.stdout and '"round": "r"' in listed.stdout
        assert "$3.00" in (await asyncio.to_thread(run, "list")).stdout
        wrong = await asyncio.to_thread(run, "cancel", "studio", "q")
        assert wrong.returncode == 1 and "no such round" in wrong.stderr
        done = await asyncio.to_thread(run, "cancel", "studio", "r")
        assert done.returncode == 0 and "$3.00 go back to ana" in done.stdout
        assert (await door.call("player", session=session)).body["balance"] == 10_000
        assert (await door.call("result", round="r", win=1, id="w")).code == "ROUND_OVER"
        assert "No round is open" in (await asyncio.to_thread(run, "list")).stdout
