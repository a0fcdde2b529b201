"""webingo verify, of a round whose outcome was decided elsewhere."""

import json

from tests.conftest import open_store
from tests.processes import command, run
from tests.test_store_contract_outside import Elsewhere
from webingo.transaction.outside import fresh_draws_id


async def test_a_round_that_was_decided_elsewhere_is_shown_and_not_replayed(redis_url: str) -> None:
    store, draws_id = await open_store(redis_url), fresh_draws_id()
    asked = {"id": draws_id, "call": "weighted", "asked": {"choices": [[1, 9], [7, 1]], "count": 3}, "draws": [0, 0, 1]}
    await store.keep_draws(draws_id, json.dumps(asked).encode())
    game = await Elsewhere.begin(store)
    await game.escrow("spin:1", "bet-1", 5)
    proof = json.dumps({"draws": [draws_id]}).encode()
    round_id = (await game.do("result", "spin:1", "win-1", 12, proof=proof)).round_id
    found = json.loads(run("verify", round_id, "--json", redis_url=redis_url).stdout)
    assert (found["holds"], found["elsewhere"], found["complete"]) == (True, True, True)
    assert (found["game"], found["wagered"], found["won"], found["problem"]) == ("moon", 5, 12, "")
    assert [(step["action"], step["params"]["call"]) for step in found["steps"]] == [("escrow", "bet-1"), ("result", "win-1")]
    assert found["steps"][1]["draws"] == [{"method": "weighted", "args": [[[1, 9], [7, 1]], 3], "result": [0, 0, 1]}]
    shown = run("verify", round_id, redis_url=redis_url)
    for part in (round_id, "moon", "escrow", "win 12", "decided elsewhere", "nothing to replay"):
        assert part in shown.stdout
    assert "Proved" not in shown.stdout
    key = f"wb:{{{game.seat.user.shard}}}:round:{round_id}"
    await store.link.execute("LSET", key, 4, (await store.link.execute("LINDEX", key, 4)).replace(b'"won":12', b'"won":1200'))
    forged = command("verify", round_id, check=False, redis_url=redis_url)
    assert forged.returncode == 1 and "NOT PROVED" in forged.stdout
    await game.leave()
    await store.aclose()
