"""The RGS door keeps to its own document: schemathesis sends calls that it allows, and others that it forbids, over HTTP. Each
answer has a status, a type and a shape that the document states, and what is forbidden is refused."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import assume
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.openapi import tried
from tests.rgs import Studio, studio
from webingo.transaction.memory_store import MemoryStore

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
PATHS = {"/rng/distribution", "/rng/weighted", "/rng/shuffle", "/rgs/player", "/rgs/escrow", "/rgs/result", "/rgs/cancel"}


class House:
    """A server in a thread of its own, as schemathesis waits for answers; `session` is ana's."""

    def __init__(self) -> None:
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(30)

    async def _serve(self) -> None:
        async with studio(MemoryStore()) as door:
            self._loop = asyncio.get_running_loop()
            self.session = await door.login()
            self.url, self.key = f"http://127.0.0.1:{door.server.port}", door.key
            self.document: dict[str, Any] = (await door.caller.get("/openapi.json")).body
            await self._begin(door)
            self._ready.set()
            await self._over.wait()

    async def _begin(self, door: Studio) -> None:
        await door.call("escrow", session=self.session, round="known", amount=1, id="known")
        self.draws = (await door.call("distribution", n=0, m=2)).body["id"]

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    made = House()
    yield made
    made.stop()


def operations(document: dict[str, Any]) -> list[Any]:
    return [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]


def sensible(house: House, number: Iterator[int]) -> Callable[[Any], None]:
    """What no schema can say: n is less than m, weights have a sum, rounds and sessions are there."""

    def change(case: Any) -> None:
        fields = case.query if case.method == "GET" else case.body
        if case.path == "/rng/distribution":
            fields["n"], fields["m"] = sorted((fields["n"] // 2, fields["m"] // 2 + 1))
            fields["m"] += fields["m"] == fields["n"]
        if case.path == "/rng/weighted":
            fields["choices"] = '[["a",1]]' if case.method == "GET" else [["a", 1]]
            fields["count"] = min(fields.get("count", 1), 100)
        if "session" in fields:
            fields["session"] = house.session
        if case.path == "/rgs/escrow":
            fields |= {"amount": 1, "id": f"e{next(number)}", "round": f"r{next(number)}"}
        if case.path in ("/rgs/result", "/rgs/cancel"):
            fields |= {"round": "known"}
        if case.path == "/rgs/result":
            fields |= {"id": "the-result", "win": 1, "draws": [house.draws]}

    return change


def as_it_comes(case: Any) -> None:
    """Unchanged, unless it is so much that the connection is closed before all of it is there."""
    assume(len(str(case.body)) < 200_000 and len(str(case.query)) < 8_000)


def test_the_document_has_every_call(house: House) -> None:
    assert set(house.document["paths"]) == PATHS and house.document["openapi"] == "3.1.0"
    for path, methods in house.document["paths"].items():
        assert set(methods) == ({"get", "post"} if path.startswith("/rng/") else {"post"})
        for operation in methods.values():
            assert {"200", "400", "401", "429", "500", "503"} <= set(operation["responses"])


def test_what_the_document_allows_is_carried_out(house: House) -> None:
    change = sensible(house, count())
    for operation in operations(house.document):
        statuses = tried(house.url, house.key, operation, POSITIVE, 4, change)
        wanted = 409 if operation.path == "/rgs/cancel" else 200  # its round has had its result
        assert statuses[wanted], (operation.label, statuses)


def test_what_the_document_allows_and_makes_no_sense_is_refused_as_it_says(house: House) -> None:
    for operation in operations(house.document):
        statuses = tried(house.url, house.key, operation, POSITIVE, 4, as_it_comes, (positive_data_acceptance,))
        assert set(statuses) <= {200, 400, 401, 403, 404, 409}, (operation.label, statuses)


def test_what_the_document_forbids_is_refused(house: House) -> None:
    for operation in operations(house.document):
        # Few cases of a GET spoil what it asks for, and which they are changes with our sources: so many that some do.
        most = 48 if operation.method == "get" else 24
        statuses = tried(house.url, house.key, operation, NEGATIVE, most, as_it_comes)
        assert statuses[400], (operation.label, statuses)  # schemathesis has checked that none was taken that is forbidden


@pytest.mark.parametrize(
    ("model", "field", "said"),
    [
        ("Values", "id", {"type": "integer"}),
        ("Values", "values", {"type": "string"}),
        ("DistributionAsk", "count", {"minimum": -9}),
    ],
)
def test_a_document_that_tells_something_false_is_found_out(house: House, model: str, field: str, said: dict[str, Any]) -> None:
    schema = house.document["components"]["schemas"][model]
    properties = {**schema["properties"], field: {"type": "integer", **said}}
    schemas = {**house.document["components"]["schemas"], model: {**schema, "properties": properties}}
    false = {**house.document, "components": {**house.document["components"], "schemas": schemas}}
    (operation,) = [found for found in operations(false) if found.label == "POST /rng/distribution"]

    def change(case: Any) -> None:
        case.body |= {"n": 0, "m": 2}

    with pytest.raises((FailureGroup, Failure)):
        tried(house.url, house.key, operation, POSITIVE, 15, change)
