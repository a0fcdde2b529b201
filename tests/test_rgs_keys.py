"""API keys: who comes in, how often, and the command that makes and revokes them."""

import asyncio
import json
import re
from pathlib import Path

from tests.processes import command
from tests.rgs import STUDIO, new_key, res_with, studio
from webingo.server.rgs.keys import find_key, parse_key
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store

ASK = {"n": 0, "m": 2}


async def test_without_a_good_key_nobody_comes_in() -> None:
    async with studio(MemoryStore()) as door:
        good = door.key
        wrong = (good[:-1] + ("A" if good[-1] != "A" else "B"), "wbk_000000000000_" + good[17:], good[:16], "x", "", good + "A")
        for authorization in (*(f"Bearer {key}" for key in wrong), good, f"Basic {good}", "Bearer", ""):
            answer = await door.caller.send("POST", "/rng/distribution", json.dumps(ASK).encode(), Authorization=authorization)
            assert (answer.status, answer.code) == (401, "NOT_AUTHENTICATED"), authorization
            assert answer.headers["www-authenticate"] == "Bearer"
        stranger = door.another()
        for path in ("/rgs/player", "/rgs/escrow", "/rgs/result", "/rgs/cancel", "/rng/weighted", "/rng/shuffle"):
            assert (await stranger.post(path, b"{")).status == 401  # who may not ask is not told what is wrong
        body, lenient = json.dumps(ASK).encode(), f"bearer  {good} "
        assert (await door.caller.send("POST", "/rng/distribution", body, Authorization=lenient)).status == 200


async def test_a_revoked_key_is_refused_at_once_at_every_server(store: Store) -> None:
    async with studio(store) as door:
        assert (await door.call("distribution", **ASK)).status == 200
        key = await find_key(store, door.key)
        assert key is not None
        await store.keep_api_key(key.id, key._replace(revoked_ms=2).document())
        assert (await door.call("distribution", **ASK)).status == 401
        assert await find_key(store, door.key) is None


async def test_the_store_has_no_key_only_its_hash(store: Store) -> None:
    text = await new_key(store, "studio")
    ((key_id, document),) = [found for found in await store.api_keys() if found[0] == text.split("_")[1]]
    assert text.split("_", 2)[2].encode() not in document and parse_key(key_id, document).opened_by(text)


async def test_wrong_keys_are_bounded_by_address_and_good_ones_come_in_all_the_same() -> None:
    clock = ManualClock(1_000_000)
    async with studio(MemoryStore(), clock=clock, failed_logins=3) as door:
        stranger = door.another("wbk_000000000000_" + "A" * 43)
        assert [(await stranger.post("/rng/distribution", ASK)).status for _ in range(5)] == [401, 401, 401, 429, 429]
        refused = await stranger.post("/rng/distribution", ASK)
        assert refused.code == "RATE_LIMITED" and refused.headers["retry-after"] == "60"
        assert (await door.call("distribution", **ASK)).status == 200
        assert await door.login()  # players' logins are counted apart
        clock.advance(60)
        assert (await stranger.post("/rng/distribution", ASK)).status == 401


async def test_each_key_has_a_rate_of_its_own() -> None:
    clock, store = ManualClock(1_000_000), MemoryStore()
    async with studio(store, clock=clock, api_rate=2, api_burst=3) as door:
        assert [(await door.call("distribution", **ASK)).status for _ in range(4)] == [200, 200, 200, 429]
        refused = await door.call("player", session="x")
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (429, "RATE_LIMITED", "1")
        other = door.another(await new_key(store, "studio"))
        assert (await other.post("/rng/distribution", ASK)).status == 200
        clock.advance(1)
        assert [(await door.call("distribution", **ASK)).status for _ in range(3)] == [200, 200, 429]


async def test_what_takes_as_long_as_many_calls_counts_as_many() -> None:
    clock, store = ManualClock(1_000_000), MemoryStore()
    async with studio(store, clock=clock, api_rate=10, api_burst=30) as door:
        assert (await door.call("distribution", n=0, m=6, count=10_000)).status == 200  # 11 of 30
        assert (await door.call("shuffle", items=["x" * 10_230])).status == 200  # 22 of 30
        refused = await door.call("distribution", n=0, m=6, count=9_000)
        assert (refused.status, refused.code) == (429, "RATE_LIMITED")
        assert [(await door.call("distribution", **ASK)).status for _ in range(2)] == [200, 200]
        clock.advance(60)
        assert (await door.call("shuffle", items=["x" * 60_000])).status == 200  # more than there ever is: all of it
        refused = await door.call("distribution", **ASK)
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")


def test_keys_are_made_listed_and_revoked_by_a_command(tmp_path: Path) -> None:
    given = {"redis_url": f"embedded:{tmp_path}", "res_dir": res_with(STUDIO), "secret": "s" * 40}
    made = command("apikey", "create", "studio", "--label", "reels & co", **given)
    assert made.stdout.count("\n") == 1 and made.stdout.startswith("wbk_")  # so that KEY=$(webingo apikey create …) has it
    key_id = made.stdout.split("_")[1]
    assert key_id in made.stderr and "demo:studio" in made.stderr
    command("apikey", "create", "demo:demo", **given)
    listed = {key["id"]: key for key in json.loads(command("apikey", "list", "--json", **given).stdout)}
    assert len(listed) == 2 and listed[key_id].keys() == {"id", "platform", "site", "label", "created_ms", "revoked_ms"}
    assert (listed[key_id]["label"], listed[key_id]["revoked_ms"]) == ("reels & co", None)
    command("apikey", "revoke", made.stdout.strip(), **given)
    (revoked,) = [key for key in json.loads(command("apikey", "list", "--json", **given).stdout) if key["id"] == key_id]
    assert revoked["revoked_ms"] > 0
    assert key_id in command("apikey", "list", **given).stdout
    for wrong, told in ((("create", "stduio"), "did you mean studio?"), (("create", "facebook:studio"), "unknown site"),
                        (("revoke", "ffff"), "unknown key"),
                        (("create", "studio", "--label", "\x1b[2J"), "one line")):  # fmt: skip
        failed = command("apikey", *wrong, check=False, **given)
        assert failed.returncode == 1 and told in failed.stderr
    elsewhere = {**given, "rgs_base": "http://127.0.0.1:1/", "rgs_key": "k" * 40}
    assert "platform:id" in command("apikey", "create", "studio", check=False, **elsewhere).stderr
    assert command("apikey", "create", "demo:anything", **elsewhere).stdout.startswith("wbk_")


async def test_the_page_of_the_calls_comes_from_here_alone() -> None:
    async with studio(MemoryStore()) as door:
        stranger = door.another()
        page = await stranger.get("/docs/rgs")
        assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
        policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["connect-src"] == "'self'"
        needed = re.findall(r'(?:src|href)="([^"]*)"', page.body.decode())
        assert len(needed) == 5 and all(address.startswith("/docs/rgs/") for address in needed)
        for address in needed:
            found = await stranger.get(address)
            assert found.status == 200 and len(found.body) > 100, address
        assert (await stranger.get("/docs/rgs/swagger-editor.css")).status == 404  # the package has more than is shown
        assert (await stranger.get("/openapi.json")).body["openapi"] == "3.1.0"


class Slow(MemoryStore):
    """A database that takes its time to keep draws."""

    async def keep_draws(self, draws_id: str, document: bytes) -> None:
        await asyncio.sleep(0.3)
        await super().keep_draws(draws_id, document)


async def test_a_server_that_stops_answers_what_is_under_way() -> None:
    async with studio(Slow()) as door:
        caller = door.another(door.key)
        asked = asyncio.create_task(caller.post("/rng/distribution", ASK))
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(door.server._rgs.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        assert (await asked).status == 200
        await asyncio.wait_for(stopping, 5)
