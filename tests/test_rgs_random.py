"""The RNG service over HTTP: what it answers, what it refuses, and that every draw is recorded before anybody sees it."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from tornado.ioloop import IOLoop

from tests.broken_rng import Breakable, missing
from tests.conftest import settings
from tests.rgs import Studio, new_key, studio
from webingo.errors import Code, Refused
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store


@pytest.fixture
def door(io_loop: IOLoop) -> Iterator[Studio]:
    """The site's own money does not matter here."""
    store = MemoryStore()
    server = Server(settings())
    io_loop.run_sync(lambda: server.start(store))
    made = Studio(server, io_loop.run_sync(lambda: new_key(store, "demo")))
    yield made
    made.close()
    io_loop.run_sync(server.stop)


async def recorded(door: Studio, draws_id: str) -> dict[str, Any]:
    document = await door.server.store.draws(draws_id)
    assert document is not None
    found: dict[str, Any] = json.loads(document)
    return found


async def test_a_distribution_has_every_number_from_n_up_to_but_not_m(door: Studio) -> None:
    answer = await door.call("distribution", n=-2, m=3, count=10_000)
    assert answer.status == 200 and list(answer.body) == ["id", "values"]
    counts = Counter(answer.body["values"])
    assert set(counts) == {-2, -1, 0, 1, 2}
    assert all(1_700 < count < 2_300 for count in counts.values())  # 7.5 standard deviations
    assert (await door.call("distribution", n=5, m=6)).body["values"] == [5]


async def test_the_whole_of_64_bits_can_be_asked_for(door: Studio) -> None:
    for n, m in ((0, 2**64), (-(2**63), 2**63)):
        values = (await door.call("distribution", n=n, m=m, count=1000)).body["values"]
        assert all(n <= value < m for value in values) and max(values) - min(values) > 2**63
    refused = await door.call("distribution", n=-1, m=2**64)
    assert (refused.status, refused.code) == (400, "BAD_PARAMS") and "2^64" in refused.body["error"]["message"]


async def test_weights_are_exact_and_values_are_any_json(door: Studio) -> None:
    choices = [["never", 0], [{"jackpot": True}, 1], [None, 3], ["never", 0]]
    values = (await door.call("weighted", choices=choices, count=10_000)).body["values"]
    counts = Counter(json.dumps(value) for value in values)
    assert set(counts) == {'{"jackpot": true}', "null"}
    assert 2_200 < counts['{"jackpot": true}'] < 2_800  # 7 standard deviations
    heavy = [["a", 2**63], ["b", 2**63]]
    assert set((await door.call("weighted", choices=heavy, count=200)).body["values"]) == {"a", "b"}


async def test_a_shuffle_has_the_same_items_as_they_came(door: Studio) -> None:
    items = [1, 1.5, "é\ud800", None, {"a": [1]}, 10**30, *range(300)]
    values = (await door.call("shuffle", items=items)).body["values"]
    assert sorted(map(json.dumps, values)) == sorted(map(json.dumps, items)) and values != items
    assert (await door.call("shuffle", items=[])).body["values"] == []


async def test_a_query_says_the_same_as_a_body(door: Studio) -> None:
    for name, fields in (
        ("distribution", {"n": 3, "m": 4, "count": 2, "round": "r:1"}),
        ("weighted", {"choices": json.dumps([["ä", 1]]), "count": 2}),
        ("shuffle", {"items": "[7]"}),
    ):
        answer = await door.caller.get(f"/rng/{name}?{urlencode(fields)}")
        assert answer.status == 200, answer
        assert set(answer.body["values"]) <= {3, "ä", 7}
    refused = await door.caller.send("POST", "/rng/distribution?n=1", b'{"n":1,"m":2}')
    assert refused.code == "BAD_PARAMS"  # which of the two would count?


async def test_every_draw_is_recorded_with_what_was_asked_and_by_whom(door: Studio) -> None:
    drawn = (await door.call("distribution", n=1, m=50, count=6, round="spin-1")).body
    record = await recorded(door, drawn["id"])
    asked = {"n": 1, "m": 50, "count": 6}
    assert (record["call"], record["asked"], record["round"], record["draws"]) == (
        "distribution", asked, "spin-1", drawn["values"]
    )  # fmt: skip
    assert (record["platform"], record["site"], record["key"]) == ("demo", "demo", door.key.split("_")[1])
    weighted = (await door.call("weighted", choices=[["x", 1], ["y", 1]], count=20)).body
    record = await recorded(door, weighted["id"])
    assert [record["asked"]["choices"][place][0] for place in record["draws"]] == weighted["values"]
    shuffled = (await door.call("shuffle", items=["p", "q", "r", "s"])).body
    record = await recorded(door, shuffled["id"])
    assert [record["asked"]["items"][place] for place in record["draws"]] == shuffled["values"]


NONSENSE: list[tuple[str, dict[str, Any], str]] = [
    ("distribution", {"n": 1, "m": 1}, "n has to be less than m"),
    ("distribution", {"n": 1}, "m: "),
    ("distribution", {"n": 1, "m": 2, "max": 3}, "max: unknown"),
    ("distribution", {"n": 1.5, "m": 2}, "n: "),
    ("distribution", {"n": True, "m": 2}, "n: "),
    ("distribution", {"n": "1", "m": 2}, "n: "),
    ("distribution", {"n": 1, "m": 2, "count": 0}, "count: "),
    ("distribution", {"n": 1, "m": 2, "count": 10_001}, "count: "),
    ("distribution", {"n": 1, "m": 2, "round": "a b"}, "round: "),
    ("weighted", {"choices": []}, "choices: "),
    ("weighted", {"choices": [["a", 0]]}, "sum"),
    ("weighted", {"choices": [["a", -1], ["b", 2]]}, "choices.0"),
    ("weighted", {"choices": [["a", 0.5]]}, "choices.0"),
    ("weighted", {"choices": [["a"]]}, "choices.0"),
    ("weighted", {"choices": [["a", 2**64], ["b", 1]]}, "sum"),
    ("weighted", {"choices": [["a" * 1000, 1]], "count": 10_000}, "too long"),
    ("shuffle", {"items": "abc"}, "items: "),
    ("shuffle", {"items": [0] * 10_001}, "items: "),
    ("shuffle", {"items": [[[]]] * 2 + [json.loads("[" * 40 + "]" * 40)]}, "deep"),
]


async def test_what_makes_no_sense_is_refused_by_name(door: Studio) -> None:
    for call, body, told in NONSENSE:
        answer = await door.call(call, **body)
        assert (answer.status, answer.code) == (400, "BAD_PARAMS"), body
        assert told in answer.body["error"]["message"] and list(answer.body) == ["error"], body


NO_OBJECTS = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"n":NaN,"m":2}',
    b'{"n":1,"n":2,"m":3}',
    b'{"n":1e999,"m":3}',
    b"\xff",
    b"[" * 60_000,
    b'{"n":1,"m":2,"count":' + b"9" * 5000 + b"}",
    b" " * 65_537,
)


async def test_what_is_no_json_object_is_refused(door: Studio) -> None:
    for body in NO_OBJECTS:
        answer = await door.caller.post("/rng/distribution", body)
        assert (answer.status, answer.code) == (400, "BAD_MESSAGE"), body[:50]


async def test_a_query_is_read_as_strictly(door: Studio) -> None:
    for query in ("n=1&n=2&m=3", "n=&m=3", "n=1&m=x", "n=%FF&m=3", "n=1&m=3&%FF=1", "n=1;m=3", "n=01&m=3", "m=3"):
        answer = await door.caller.get(f"/rng/distribution?{query}")
        assert (answer.status, answer.code) == (400, "BAD_PARAMS"), query


async def test_five_point_zero_is_five(door: Studio) -> None:
    assert (await door.call("distribution", n=5.0, m=6.0)).body["values"] == [5]
    refused = await door.caller.post("/rng/distribution", b'{"n":0,"m":9007199254740993.0}')  # which reads as one less
    assert (refused.status, refused.code) == (400, "BAD_PARAMS")


async def test_the_examples_of_the_document_can_be_called_as_they_are(door: Studio) -> None:
    """The page's forms are filled with them."""
    document = (await door.caller.get("/openapi.json")).body
    calls = {path: operations["get"] for path, operations in document["paths"].items() if "get" in operations}
    for path, operation in calls.items():
        query = {}
        for parameter in operation["parameters"]:
            how = parameter.get("content", {}).get("application/json", parameter)
            assert parameter["required"] <= ("example" in how), parameter["name"]
            if "example" in how:
                query[parameter["name"]] = json.dumps(how["example"])
        assert (await door.caller.get(f"{path}?{urlencode(query)}")).status == 200
        assert (await door.caller.post(path, {name: json.loads(text) for name, text in query.items()})).status == 200
    assert len(calls) == 3


async def test_answers_are_kept_by_nobody_and_named(door: Studio) -> None:
    one, two = [await door.call("distribution", n=0, m=2) for _ in range(2)]
    assert one.headers["cache-control"] == "no-store" and one.headers["content-type"] == "application/json"
    assert one.headers["x-request-id"] != two.headers["x-request-id"] and "access-control-allow-origin" not in one.headers
    assert "server" not in one.headers and "etag" not in one.headers


async def test_what_is_no_call_is_told_in_the_same_shape(door: Studio) -> None:
    for method, path, status, allow in (
        ("PUT", "/rng/shuffle", 405, "GET, POST"),
        ("OPTIONS", "/rng/shuffle", 405, "GET, POST"),
        ("GET", "/rgs/escrow", 405, "POST"),
        ("DELETE", "/rgs/escrow", 405, "POST"),
        ("POST", "/rng/roulette", 404, None),
        ("GET", "/rgs", 404, None),
        ("POST", "/rng/", 404, None),
    ):
        answer = await door.caller.send(method, path)
        assert (answer.status, answer.headers.get("allow")) == (status, allow), path
        assert answer.body["error"].keys() == {"code", "message"}


class Silent(MemoryStore):
    """A database that does not answer when draws are to be kept."""

    async def keep_draws(self, draws_id: str, document: bytes) -> None:
        raise Refused(Code.UNAVAILABLE)


async def test_what_is_not_recorded_is_not_answered() -> None:
    async with studio(Silent()) as door:
        answer = await door.call("shuffle", items=[1, 2])
        assert (answer.status, answer.code) == (503, "UNAVAILABLE")


async def test_a_generator_that_fails_stops_play_here_too_and_what_is_escrowed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with studio(MemoryStore()) as door:
        session = await door.login()
        for name in ("a", "b"):
            await door.call("escrow", session=session, round=name, amount=10, id=f"{name}-bet")
        Breakable(monkeypatch).breaks(missing)
        for call, fields in (
            ("distribution", {"n": 0, "m": 9}),
            ("weighted", {"choices": [[1, 1]]}),
            ("shuffle", {"items": [1, 2]}),
            ("escrow", {"session": session, "round": "c", "amount": 10, "id": "c-bet"}),
        ):
            answer = await door.call(call, **fields)
            assert (answer.status, answer.code) == (503, "UNAVAILABLE"), call
            assert "random number generator has failed" in answer.body["error"]["message"]
        assert (await door.call("result", round="a", win=30, id="a-win")).body["balance"] == 10_010
        assert (await door.call("cancel", round="b", id="b-off")).body["balance"] == 10_020
        assert (await door.call("nothing")).status == 404


async def test_draws_are_kept_on_every_store(store: Store) -> None:
    async with studio(store) as door:
        drawn = (await door.call("distribution", n=0, m=2**64, count=3)).body
        assert (await recorded(door, drawn["id"]))["draws"] == drawn["values"]
