"""The backoffice's API, over HTTP as the servers call it."""

import asyncio
import gzip
import json
import threading
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.office import KEY, NOW, Ledger, caller, office_settings, served
from webingo.backoffice import contract
from webingo.office.api import news
from webingo.office.app import create_app
from webingo.office.services import commands, gaming, sites, visits
from webingo.office.services.audit import Actor
from webingo.office.services.catalogue import Catalogue
from webingo.office.tables import Audit, Finding, Player, PlayerSession
from webingo.support.clock import SystemClock

BOSS = Actor(1, "boss", "admin", "127.0.0.1", NOW)


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue(office_settings())


@pytest.fixture
def app(database, catalogue):
    with database.write() as session:
        sites.import_local(session, catalogue, NOW)
    return create_app(database, office_settings(), catalogue)


@pytest.fixture
def url(app):
    with served(app) as url:
        yield url


@pytest.fixture
def client(url):
    with caller(url) as client:
        yield client


def begin(client, session="s1", uid="ana", site="demo", **fields):
    body = {"session": session, "node": "n1", "platform": "demo", "site": site, "uid": uid, "at": NOW, **fields}
    return client.post("/v1/sessions", json=body)


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert set(response.json()) == {"code", "message"}
    return True


@pytest.fixture(scope="module")
def one_url(databases, catalogue):
    """One for all tests that change nothing."""
    database = databases.fresh("sqlite")
    with served(create_app(database, office_settings(), catalogue)) as url:
        yield url
    database.close()


@pytest.fixture(scope="module")
def door(one_url):
    with caller(one_url) as client:
        yield client


# --- the door ---


@pytest.mark.parametrize("given", [None, "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY[:-1]}", "Bearer \xff"])
@pytest.mark.parametrize("path", ["/v1/sites", "/v1/nothing", "/v1"])
def test_without_the_key_there_is_nothing(one_url, path, given):
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    answer = httpx.get(one_url + path, headers=headers, trust_env=False)
    assert refused(answer, 401, "NOT_AUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_health_needs_no_key(url):
    assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"ok": True}


def test_what_is_not_there_is_told_as_json(door):
    assert refused(door.get("/v1/nothing"), 404, "NOT_FOUND")
    assert refused(door.post("/v1/nothing", json={}), 404, "NOT_FOUND")
    for method, path, allowed in (
        ("DELETE", "/v1/ledger", "POST"),
        ("POST", "/v1/sites", "GET"),
        ("PUT", "/v1/sessions/s/end", "POST"),
    ):
        answer = door.request(method, path)
        assert refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"a":1}', b"\xff", b'{"session": "\\ud800"}', b"[" * 5000, b'{"at": 1e400}', b"NaN"]
)
def test_what_cannot_be_understood_is_refused(door, body):
    answer = door.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    assert refused(answer, 422, "BAD_MESSAGE")


def test_other_contents_than_json_are_refused(door):
    answer = door.post("/v1/sessions", content=b"session=s1", headers={"Content-Type": "text/plain"})
    assert refused(answer, 422, "BAD_MESSAGE")


def test_bodies_are_bounded(door):
    large = b'"' + b"a" * contract.MOST_BODY_BYTES + b'"'
    assert refused(door.post("/v1/ledger", content=large, headers={"Content-Type": "application/json"}), 413, "TOO_LARGE")

    def parts():
        for _ in range(40):
            yield b" " * (1 << 20)

    assert refused(door.post("/v1/ledger", content=parts(), headers={"Content-Type": "application/json"}), 413, "TOO_LARGE")


def test_packed_bodies_are_bounded_by_what_they_hold(door):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * (256 << 20), 1)
    begun = time.monotonic()
    assert refused(door.post("/v1/ledger", content=bomb, headers=headers), 413, "TOO_LARGE")
    assert time.monotonic() - begun < 5


# Without the time in it, so that the tests have the same names in every process.
PACKED = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize("body", [b"no gzip", PACKED[:-3], PACKED + b"more", b"\x1f\x8b"])
def test_broken_packing_is_refused(door, body):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert refused(door.post("/v1/ledger", content=body, headers=headers), 400, "BAD_MESSAGE")


def test_a_packed_ledger_is_taken(client):
    ana = Ledger("ana")
    body = gzip.compress(json.dumps(ana.batch([ana.entry("grant", 5)])).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post("/v1/ledger", content=body, headers=headers).json() == {"taken": 1, "repeated": 0}
    assert client.post("/v1/ledger", content=body, headers=headers).json() == {"taken": 0, "repeated": 1}


def test_what_no_database_can_keep_is_replaced(client, database):
    assert begin(client, name="a\0b").status_code == 200
    ana = Ledger("ana")
    sent = ana.batch([ana.entry("grant", 5, note="a\0b")])
    assert client.post("/v1/ledger", json=sent).json() == {"taken": 1, "repeated": 0}
    with database.read() as session:
        assert session.get(Player, ("demo", "ana")).name == "a\ufffdb"


# --- sessions ---


def test_a_session_gets_its_site(client, database):
    answer = contract.SessionBegun.model_validate(begin(client, name="Ana").json())
    assert (answer.session, answer.version, answer.player.blocked) == ("s1", 1, False)
    assert (answer.site["id"], answer.site["denomination"]) == ("demo", "credit")
    with database.read() as session:
        player, stay = session.get(Player, ("demo", "ana")), session.get(PlayerSession, "s1")
        assert (player.name, player.first_at, player.last_at) == ("Ana", NOW, NOW)
        assert (stay.node, stay.site, stay.uid, stay.began_at, stay.ended_at) == ("n1", "demo", "ana", NOW, None)


def test_a_name_is_kept_where_a_later_session_tells_none(client, database):
    begin(client, name="Ana", at=NOW + 5)
    begin(client, "s2", at=NOW + 3)
    with database.read() as session:
        player = session.get(Player, ("demo", "ana"))
    assert (player.name, player.first_at, player.last_at) == ("Ana", NOW + 5, NOW + 5)


def test_a_beginning_that_comes_again_is_answered_as_the_first(client, database):
    first = begin(client)
    with database.write() as session:  # closed meanwhile: the first answer was given before
        sites.set_site_enabled(session, BOSS, "demo", "demo", False)
    again = begin(client)
    assert (again.status_code, again.json()["session"]) == (200, first.json()["session"])
    assert refused(begin(client, uid="ben"), 409, "CONFLICT")


def test_no_session_begins_where_there_is_no_open_site(client, database):
    assert refused(begin(client, site="nowhere"), 404, "UNKNOWN_SITE")
    assert refused(begin(client, platform="other"), 404, "UNKNOWN_SITE")
    with database.write() as session:
        sites.set_site_enabled(session, BOSS, "demo", "demo", False)
    assert refused(begin(client), 403, "SITE_CLOSED")


def test_no_session_begins_for_who_is_blocked(client, database):
    begin(client)
    with database.write() as session:
        session.get(Player, ("demo", "ana")).blocked = True
    assert refused(begin(client, "s2"), 403, "PLAYER_BLOCKED")
    assert begin(client, "s3", "ben").status_code == 200


def test_a_session_ends_once(client, database):
    begin(client)
    summary = {"at": NOW + 9, "rounds": 3, "wagered": 12, "won": 5, "balance": 93, "seq": 7, "reason": "LEFT"}
    for more in (0, 100):
        assert client.post("/v1/sessions/s1/end", json={**summary, "won": 5 + more}).json() == {"ok": True}
    with database.read() as session:
        stay = session.get(PlayerSession, "s1")
        assert (stay.ended_at, stay.rounds, stay.wagered, stay.won, stay.reason) == (NOW + 9, 3, 12, 5, "LEFT")
        assert session.get(Player, ("demo", "ana")).last_at == NOW + 9
    assert refused(client.post("/v1/sessions/s2/end", json=summary), 404, "UNKNOWN_SESSION")


def test_who_is_not_heard_of_has_left_and_goes_on_when_heard_again(client, database):
    begin(client)
    begin(client, "s2", "ben")
    begin(client, "s3", "cai")
    client.post("/v1/sessions/s3/end", json={"at": NOW, "rounds": 0, "wagered": 0, "won": 0, "balance": 0, "seq": 0})
    now = SystemClock().now_ms()

    def ended():
        with database.read() as session:
            return [session.get(PlayerSession, name).ended_at is not None for name in ("s1", "s2", "s3")]

    def sweep(after_ms):
        with database.write() as session:
            return visits.end_silent(session, now + after_ms)

    assert sweep(visits.SILENCE_MS - 1000) == 0
    assert sweep(visits.SILENCE_MS + 60_000) == 2
    assert ended() == [True, True, True]
    heard = client.post("/v1/sessions/alive", json={"node": "n1", "at": NOW, "sessions": ["s1", "s1", "s3", "nobodys"]})
    assert heard.json() == {"ok": True}
    assert ended() == [False, True, True]


# --- sites and changes ---


def test_changes_go_on_where_the_sites_were_read(client, database):
    known = contract.Sites.model_validate(client.get("/v1/sites").json())
    assert {(site.platform, site.site) for site in known.sites} >= {("demo", "demo"), ("demo", "demo-brl")}
    assert known.gaming
    with database.write() as session:
        sites.set_game_enabled(session, BOSS, "demo", "demo", "joker-bingo", False)
        gaming.set_gaming(session, BOSS, False)
        sent = commands.send(session, BOSS, "block", {"platform": "demo", "uid": "ana"}).id
    told = contract.Changes.model_validate(client.get("/v1/changes", params={"after": known.next}).json())
    assert [change.kind for change in told.changes] == ["site", "gaming", "command"]
    assert [change.n for change in told.changes] == [known.next + 1, known.next + 2, known.next + 3]
    assert told.changes[0].document["games"][0] | {"enabled": False} == told.changes[0].document["games"][0]
    assert told.changes[1].enabled is False
    assert told.changes[2].id == sent
    assert contract.Sites.model_validate(client.get("/v1/sites").json()).gaming is False
    assert client.get("/v1/changes", params={"after": told.next}).json() == {"next": told.next, "changes": []}


def test_a_position_that_was_never_reached_is_unknown(client):
    assert refused(client.get("/v1/changes", params={"after": 10_000}), 409, "UNKNOWN_POSITION")


@pytest.mark.parametrize(
    "query", [{}, {"after": -1}, {"after": "x"}, {"after": 0, "wait_s": 31}, {"after": 0, "wait_s": "nan"}]
)
def test_impossible_positions_and_times_are_refused(client, query):
    assert refused(client.get("/v1/changes", params=query), 422, "BAD_MESSAGE")


async def _waiting(url, wait_s, act):
    """(seconds until the answer, the answer) of a long poll during which `act` is done in another thread."""
    async with httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False, timeout=30
    ) as client:
        after = (await client.get("/v1/sites")).json()["next"]
        waiting = asyncio.create_task(client.get("/v1/changes", params={"after": after, "wait_s": wait_s}))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        begun = time.monotonic()
        await asyncio.to_thread(act)
        return time.monotonic() - begun, (await waiting).json()


async def test_who_waits_hears_of_a_change_at_once(url, database):
    def act():
        with database.write() as session:
            gaming.set_gaming(session, BOSS, False)

    seconds, answer = await _waiting(url, 20, act)
    assert [change["kind"] for change in answer["changes"]] == ["gaming"]
    assert seconds < 1


async def test_who_waits_is_let_go_when_the_program_stops(url, database):
    seconds, answer = await _waiting(url, 20, database.bell.close)
    assert answer["changes"] == []
    assert seconds < 1


async def test_a_change_by_another_program_is_heard_of_soon(url, database, monkeypatch):
    """Two backoffices on one database: that one's bell is not ours."""
    monkeypatch.setattr(news, "POLL_S", 0.2)

    def act():
        from webingo.office.database import Database

        other = Database(database.url.render_as_string(hide_password=False))
        with other.write() as session:
            gaming.set_gaming(session, BOSS, False)
        other.close()

    seconds, answer = await _waiting(url, 20, act)
    assert len(answer["changes"]) == 1
    assert seconds < 3


def test_nothing_new_is_answered_when_the_time_is_over(client):
    after = client.get("/v1/sites").json()["next"]
    begun = time.monotonic()
    answer = client.get("/v1/changes", params={"after": after, "wait_s": 0.3})
    assert answer.json() == {"next": after, "changes": []}
    assert 0.25 < time.monotonic() - begun < 2


def test_so_many_may_wait_and_no_more(client, app, monkeypatch):
    monkeypatch.setattr(news, "MOST_WAITING", 0)
    after = client.get("/v1/sites").json()["next"]
    answer = client.get("/v1/changes", params={"after": after, "wait_s": 5})
    assert refused(answer, 503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"


def test_many_changes_come_in_pages(client, database, monkeypatch):
    monkeypatch.setattr(news, "MOST_LISTED", 3)
    after = client.get("/v1/sites").json()["next"]
    with database.write() as session:
        for number in range(7):
            gaming.set_gaming(session, BOSS, bool(number % 2))
    found = []
    for _ in range(4):
        page = client.get("/v1/changes", params={"after": after}).json()
        assert len(page["changes"]) <= 3
        found += page["changes"]
        after = page["next"]
    assert [change["enabled"] for change in found] == [bool(number % 2) for number in range(7)]


# --- commands ---


def send(database, command="adjust", **payload):
    payload = {"platform": "demo", "uid": "ana", **payload}
    if command == "adjust":
        payload = {"denom": "credit", "amount": 50, "reason": "sorry", **payload}
    with database.write() as session:
        return commands.send(session, BOSS, command, payload).id


def test_commands_wait_in_order_until_they_are_done(client, database):
    ids = [send(database), send(database, "block"), send(database, "unblock")]
    told = contract.Commands.model_validate(client.get("/v1/commands").json()).commands
    assert [command.id for command in told] == ids
    assert (told[0].amount, told[0].reason, told[1].command) == (50, "sorry", "block")
    done = {"ok": True, "balance": 150, "seq": 9, "at": NOW}
    for _ in range(2):
        assert client.post(f"/v1/commands/{ids[0]}/done", json=done).json() == {"ok": True}
    assert [command["id"] for command in client.get("/v1/commands").json()["commands"]] == ids[1:]
    with database.read() as session:
        log = session.query(Audit).filter(Audit.action == "command.done").all()
        assert [(row.subject, row.details["amount"]) for row in log] == [("player:demo:ana", 50)]


def test_a_command_that_was_refused_says_why(client, database):
    made = send(database, amount=-50)
    body = {"ok": False, "code": "INSUFFICIENT_FUNDS", "message": "There are not enough credits.", "at": NOW}
    assert client.post(f"/v1/commands/{made}/done", json=body).status_code == 200
    with database.read() as session:
        (row,) = session.query(Audit).filter(Audit.action == "command.failed").all()
        assert row.details["code"] == "INSUFFICIENT_FUNDS"
    assert refused(client.post("/v1/commands/nothing/done", json=body), 404, "UNKNOWN_COMMAND")


# --- when the database is away ---


def test_a_database_that_is_away_is_told_as_such(client, database, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def broken(*_):
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(sites, "every_site", broken)
    assert refused(client.get("/v1/sites"), 503, "UNAVAILABLE")


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_taken_into_a_file_that_is_there_no_more(databases, catalogue, replaced):
    database, ana = databases.fresh("sqlite"), Ledger("ana")
    with served(create_app(database, office_settings(), catalogue)) as url, caller(url) as client:
        assert client.post("/v1/ledger", json=ana.batch([ana.entry("grant", 5)])).status_code == 200
        file = Path(str(database.url.database))
        file.unlink()
        if replaced:
            file.touch()
        assert refused(client.post("/v1/ledger", json=ana.batch([ana.entry("grant", 5)])), 503, "UNAVAILABLE")
        assert refused(client.get("/healthz"), 503, "UNAVAILABLE")
    database.close()


def test_another_ledger_than_before_is_refused_and_stands_in_the_findings(client, database):
    ana = Ledger("ana")
    first = ana.entry("grant", 5)
    assert client.post("/v1/ledger", json=ana.batch([first])).status_code == 200
    for _ in range(2):
        other = ana.batch([{**first, "amount": 6, "balance": 6}])
        assert refused(client.post("/v1/ledger", json=other), 409, "CONFLICT")
    with database.read() as session:
        found = session.scalars(select(Finding)).one()
    assert (found.kind, found.subject) == ("conflict", f"shard:{ana.user.shard}")
    assert "other contents" in found.details["message"]


def test_a_bug_tells_nothing_of_itself(client, monkeypatch):
    monkeypatch.setattr(sites, "every_site", lambda _: 1 / 0)
    answer = client.get("/v1/sites")
    assert refused(answer, 500, "INTERNAL")
    assert "division" not in answer.text


def test_many_calls_at_once_are_all_answered(client):
    """SQLite has one writer: they queue, and none is told that the database is locked."""
    failed = []

    def work(number):
        for turn in range(10):
            answer = begin(client, f"s{number}-{turn}", f"p{number}")
            if answer.status_code != 200:
                failed.append(answer.text)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
