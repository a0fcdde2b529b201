"""The API keeps to its own document: schemathesis sends requests that it allows, and others that it forbids, over HTTP.
Each answer has a status, a type and a shape that the document states, and what is forbidden is refused."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode

from tests.office import KEY, NOW, caller, office_settings, served
from tests.openapi import tried
from webingo.office.app import create_app, document
from webingo.office.database import Database
from webingo.office.services import commands, sites
from webingo.office.services.audit import Actor
from webingo.office.services.catalogue import Catalogue

CASES = {"sqlite": 6, "postgresql": 3}
LARGE = ("POST /v1/ledger", "POST /v1/jackpots")
"""Good requests of these take long to make."""
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.fixture
def office(database: Database) -> Iterator[str]:
    """With the sites that ship, a session, and a command; nobody has to wait for news."""
    catalogue = Catalogue(office_settings())
    with database.write() as session:
        sites.import_local(session, catalogue, NOW)
        commands.send(session, Actor.system(NOW), "unblock", {"platform": "demo", "uid": "ana"}).id = "c1"
    begin = {"session": "s1", "node": "n", "platform": "demo", "site": "demo", "uid": "ana", "at": NOW}
    database.bell.close()
    with served(create_app(database, office_settings(), catalogue)) as url:
        with caller(url) as client:
            assert client.post("/v1/sessions", json=begin).status_code == 200
        yield url


def sent(url: str, mode: GenerationMode, most: int, changed: Callable[[Any], None]) -> dict[str, Counter[int]]:
    """Sends generated cases to every call; answers the statuses by call."""
    operations = [found.ok() for found in schemathesis.openapi.from_url(f"{url}/openapi.json").get_all_operations()]
    return {
        operation.label: tried(url, KEY, operation, mode, 2 if mode is POSITIVE and operation.label in LARGE else most, changed)
        for operation in operations
        if operation.path != "/healthz"  # nothing of it can be varied
    }


def of_what_is_there(case: Any) -> None:
    """What is made at random belongs to no site, session or command that there is."""
    for name, known in (("session", "s1"), ("command", "c1")):
        if name in case.path_parameters:
            case.path_parameters[name] = known
    if case.path == "/v1/sessions":
        case.body |= {"platform": "demo", "site": "demo"}
    if case.path == "/v1/changes":
        case.query["after"] = 0


def as_it_comes(case: Any) -> None:
    """Unchanged."""


def test_what_the_document_allows_is_taken(office: str, database: Database) -> None:
    found = sent(office, POSITIVE, CASES[database.url.get_backend_name()], of_what_is_there)
    assert len(found) == 10
    assert [call for call, statuses in found.items() if not statuses[200]] == []


@ON_SQLITE
def test_what_the_document_allows_and_is_not_there_is_refused_as_it_says(office: str, database: Database) -> None:
    found = sent(office, POSITIVE, 3, as_it_comes)
    assert all(found[call][404] for call in ("POST /v1/sessions", "POST /v1/commands/{command}/done")), found


@ON_SQLITE
def test_what_the_document_forbids_is_refused(office: str, database: Database) -> None:
    found = sent(office, NEGATIVE, 10, as_it_comes)
    assert [call for call, statuses in found.items() if call.startswith("POST") and not statuses[422]] == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("model", "field", "said"),
    [("SessionBegun", "version", {"type": "string"}), ("SessionBegin", "at", {"type": "string"}), ("SessionBegin", "uid", {})],
)
def test_a_document_that_tells_something_false_is_found_out(
    office: str, database: Database, model: str, field: str, said: dict[str, str]
) -> None:
    false = document()
    false["components"]["schemas"][model]["properties"][field] = said
    (operation,) = [
        found.ok() for found in schemathesis.openapi.from_dict(false).get_all_operations() if found.ok().path == "/v1/sessions"
    ]
    with pytest.raises((FailureGroup, Failure)):
        tried(office, KEY, operation, POSITIVE, 12, of_what_is_there)
