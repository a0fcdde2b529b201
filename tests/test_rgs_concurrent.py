"""Thousands of calls at once over HTTP, a fifth of them sent twice: balances are exact, and who repeats hears the first answer.

The calls of a round race each other and their own repetitions, over many connections. What really happened is told by the
answers; what the players have afterwards has to follow from them to the last unit.
"""

import asyncio
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.rgs import STUDIO, Answer, studio
from webingo.rng import SystemRng
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import WalletId
from webingo.user import User

PLAYERS, CONNECTIONS = 40, 100
GRANT = 4_000
RNG = SystemRng()

Call = tuple[str, dict[str, Any]]


def drawn(sessions: dict[str, str], tag: str, rounds: int) -> list[list[Call]]:
    """For each round the calls that come one after the other, and of each some that come at the same time: escrows (too large a
    one now and then), a result or a cancel or both at once, and draws. A fifth are sent twice."""
    found = []
    for number in range(rounds):
        uid = f"p{RNG.below(PLAYERS)}"
        name, session = f"{tag}:{number}", sessions[uid]
        stake = 1 + RNG.below(300)
        bet: Call = ("escrow", {"session": session, "round": name, "amount": stake, "id": f"{name}:bet"})
        more: Call = ("escrow", {"session": session, "round": name, "amount": 1 + RNG.below(50), "id": f"{name}:more"})
        win: Call = ("result", {"round": name, "win": RNG.below(min(3 * stake, 500)), "id": f"{name}:win"})
        off: Call = ("cancel", {"round": name, "id": f"{name}:off"})
        luck: Call = ("distribution", {"n": 0, "m": 37, "count": 1})
        ends = RNG.weighted([([win], 60), ([off], 20), ([win, off], 20)])
        found.append([*doubled(bet), luck] + (doubled(more) if RNG.below(10) == 0 else []))
        found[-1] += [call for end in ends for call in doubled(end)]
    return found


def doubled(call: Call) -> list[Call]:
    return [call, call] if call[0] != "distribution" and RNG.below(5) < 2 else [call]


async def race(store: Store, rounds: int) -> Counter[str]:
    """Plays so many rounds; answers how many calls there were of each status, "calls" and "repeated"."""
    tag = f"t{RNG.below(2**40)}"
    async with studio(store, {**STUDIO, "initial_credits": GRANT}) as door:
        sessions = {f"p{number}": await door.login(f"{tag}-p{number}") for number in range(PLAYERS)}
        owners = {session: uid for uid, session in sessions.items()}
        for session in sessions.values():
            assert (await door.call("player", session=session)).body["balance"] == GRANT
        plan = drawn(sessions, tag, rounds)
        callers = [door.another(door.key) for _ in range(CONNECTIONS)]
        answers: defaultdict[str, list[tuple[Call, Answer]]] = defaultdict(list)

        async def send(call: Call, place: int) -> None:
            name, fields = call
            path = f"/rng/{name}" if name == "distribution" else f"/rgs/{name}"
            answer = await callers[place % CONNECTIONS].post(path, fields)
            answers[fields.get("id", "draws")].append((call, answer))

        async def play(number: int) -> None:
            calls = plan[number]
            bets = [call for call in calls if call[0] in ("escrow", "distribution")]
            ends = [call for call in calls if call[0] in ("result", "cancel")]
            for together in (bets, ends):  # each also beside those of all other rounds
                await asyncio.gather(*(send(call, RNG.below(CONNECTIONS)) for call in together))

        await asyncio.gather(*(play(number) for number in range(rounds)))
        draws = answers.pop("draws")
        assert all(answer.status == 200 for _, answer in draws)
        assert len({answer.body["id"] for _, answer in draws}) == len(draws)
        money = await check(door.server.store, answers, owners, tag)
        assert (await reconcile(door.server.store)).findings == []
    return money + Counter({"200": len(draws), "calls": len(draws)})


async def check(store: Store, answers: dict[str, list[tuple[Call, Answer]]], owners: dict[str, str], tag: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    expected = dict.fromkeys(owners.values(), GRANT)
    staked: Counter[str] = Counter()
    player: dict[str, str] = {}
    for found in answers.values():
        (name, fields), first = found[0]
        counts["calls"] += len(found)
        counts["repeated"] += len(found) - 1
        counts.update(str(answer.status) for _, answer in found)
        assert {answer.status for _, answer in found} <= {200, 402, 404, 409}
        assert len({(answer.status, str(answer.body)) for _, answer in found}) == 1, found
        if name == "escrow" and first.status == 200:
            player[fields["round"]] = owners[fields["session"]]
            staked[fields["round"]] += fields["amount"]
            expected[owners[fields["session"]]] -= fields["amount"]
    ended: Counter[str] = Counter()
    for found in answers.values():
        (name, fields), first = found[0]
        if name != "escrow" and first.status == 200:
            ended[fields["round"]] += 1
            expected[player[fields["round"]]] += fields["win"] if name == "result" else staked[fields["round"]]
    assert set(ended) == set(staked) and set(ended.values()) <= {1}  # of a result and a cancel at once, one
    for uid, amount in expected.items():
        assert (await store.funds(WalletId(User("demo", f"{tag}-{uid}"), "USD"))).balance == amount, uid
    return counts


async def test_calls_that_race_and_repeat_move_money_once(store: Store) -> None:
    counts = await race(store, 60)
    assert counts["repeated"] > 10 and counts["200"] > counts["calls"] / 2


async def test_ten_thousand_mixed_calls_with_a_fifth_repeated_are_exact() -> None:
    counts = await race(MemoryStore(), 2_450)
    assert counts["calls"] > 9_500 and counts["repeated"] > counts["calls"] / 5
    assert counts["402"] and counts["409"]


@pytest.mark.soak
async def test_ten_thousand_on_a_real_redis(redis_url: str) -> None:
    from tests.conftest import open_store

    counts = await race(await open_store(redis_url), 2_450)
    print(dict(counts))
    assert counts["calls"] > 9_500
