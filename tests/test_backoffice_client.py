"""Calls to a backoffice that is slow, broken or lying: each ends soon, with an answer, Rejected or Unreachable."""

import asyncio
import logging
import socket
from importlib.util import find_spec

import orjson
import pytest
from prometheus_client import generate_latest

from tests.fake_backoffice import AFTER, BEFORE, KEY, FakeBackoffice
from webingo.backoffice.client import Client, Rejected, Unreachable
from webingo.backoffice.contract import Done, SessionBegun, Sites
from webingo.rng import SystemRng
from webingo.support import http, metrics
from webingo.support.clock import SystemClock

SITE = {"id": "fun", "platform": "demo"}
BEGIN = {"session": "s-1", "node": "n-1", "platform": "demo", "site": "fun", "uid": "ana", "at": 1}


@pytest.fixture(params=["simple", "curl"] if find_spec("pycurl") else ["simple"])
def kind(request, monkeypatch):
    if request.param == "simple":
        monkeypatch.setattr(http, "find_spec", lambda name: None)
    return request.param


@pytest.fixture
def office(io_loop):
    office = FakeBackoffice(patience=2.0)
    io_loop.run_sync(office.start)
    office.set_site(SITE)
    yield office
    io_loop.run_sync(office.stop)
    assert office.wrong == []


@pytest.fixture
def client(office, kind, io_loop):
    async def made():
        return Client(office.base, KEY, SystemClock(), SystemRng())

    client = io_loop.run_sync(made)
    yield client
    client.close()


def begin(client, tries=1, timeout_s=0.3, **fields):
    body = orjson.dumps({**BEGIN, **fields})
    return client.post("sessions", "session_begin", "v1/sessions", body, SessionBegun, timeout_s, tries)


async def test_an_answer_is_read_as_the_contract_says(client, office):
    begun = await begin(client)
    assert (begun.site, begun.version) == (SITE, 1)
    assert office.sessions["s-1"].uid == "ana"
    assert (await client.get("settings", "sites", "v1/sites", Sites)).sites[0].document == SITE


@pytest.mark.parametrize("trouble", [*BEFORE, *AFTER])
async def test_whatever_the_other_side_does_a_call_ends_in_time(client, office, trouble):
    office.troubles.append(trouble)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(Unreachable):
        await begin(client)
    assert asyncio.get_running_loop().time() - begun < 1.5
    assert ("s-1" in office.sessions) == (trouble in AFTER)


@pytest.mark.parametrize("trouble", [*BEFORE, *AFTER])
async def test_a_try_that_failed_is_repeated_and_the_work_is_done_once(client, office, trouble):
    office.troubles += [trouble, trouble]
    assert (await begin(client, tries=3)).session == "s-1"
    assert list(office.sessions) == ["s-1"]


async def test_what_is_refused_by_the_backoffice_is_not_tried_again(client, office):
    with pytest.raises(Rejected) as refused:
        await begin(client, tries=3, site="unknown")
    assert (refused.value.status, refused.value.code) == (404, "UNKNOWN_SITE")
    assert len(office.seen) == 1


async def test_a_refusal_that_no_backoffice_has_written_is_no_refusal(client, office):
    office.troubles.append("html")
    with pytest.raises(Unreachable, match="is rgs_base right"):
        await begin(client)


async def test_a_redirect_is_not_followed(client, office):
    office.troubles.append("redirect")
    with pytest.raises(Unreachable, match="redirects are not followed"):
        await begin(client)
    assert [path for _, path in office.seen] == ["/v1/sessions"]


async def test_a_proxy_of_the_environment_is_not_asked(client, office, monkeypatch):
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await begin(client)).session == "s-1"


async def test_nobody_at_the_address_is_noticed_at_once(office, client):
    await office.stop()
    with pytest.raises(Unreachable):
        await begin(client)


async def test_one_who_accepts_and_never_answers_costs_no_more_than_the_time_allowed(kind):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, SystemClock(), SystemRng())
        with pytest.raises(Unreachable, match=r"(?i)time"):
            await begin(client)
        client.close()


async def test_while_it_is_down_calls_fail_at_once_and_few_reach_it(client, office):
    office.always = "error"
    for _ in range(30):
        with pytest.raises(Unreachable):
            await begin(client)
    assert len(office.seen) == 5
    assert client.states() == {"sessions": "open", "accounting": "closed", "settings": "closed"}


async def test_one_line_that_fails_does_not_close_the_others(client, office):
    office.always, office.only = "error", "/v1/players"
    for _ in range(8):
        with pytest.raises(Unreachable):
            await client.post("accounting", "players", "v1/players", b'{"players":[]}', Done)
    assert (await begin(client)).session == "s-1"
    assert client.states()["accounting"] == "open"


async def test_after_its_pause_it_is_tried_and_serves_again(client, office):
    office.always = "error"
    for _ in range(5):
        with pytest.raises(Unreachable):
            await begin(client)
    office.always = ""
    async with asyncio.timeout(3):
        while client.states()["sessions"] != "closed":
            try:
                await begin(client)
            except Unreachable:
                await asyncio.sleep(0.05)
    assert len(office.seen) == 6


@pytest.mark.parametrize("entries", [1, 4_000])
async def test_large_bodies_are_packed_and_arrive_as_they_were(client, office, entries):
    players = [{"platform": "demo", "uid": f"p{i}", "denom": "USD", "balance": i, "seq": 1, "at": 5} for i in range(entries)]
    for first in range(0, entries, 1000):
        body = orjson.dumps({"players": players[first : first + 1000]})
        await client.post("accounting", "players", "v1/players", body, Done)
    assert [player.model_dump() for player in office.players] == players


async def test_a_wrong_key_is_told_and_never_written_to_a_log(office, kind, caplog, capsys):
    secret = "the-secret-that-nobody-may-see-in-a-log"
    caplog.set_level(logging.DEBUG)
    client = Client(office.base, secret, SystemClock(), SystemRng())
    with pytest.raises(Rejected) as refused:
        await begin(client)
    office.troubles += ["error", "hang"]
    for _ in range(2):
        with pytest.raises(Unreachable):
            await begin(client)
    client.close()
    assert refused.value.status == 401
    shown = capsys.readouterr()
    assert "backoffice_refuses_the_key" in shown.out + shown.err + caplog.text
    assert secret not in shown.out + shown.err + caplog.text + str(refused.value)


async def test_calls_and_breakers_are_counted(client, office):
    metrics.breakers(client.states)
    before = _counted()
    office.troubles += ["", "error"]
    await begin(client)
    with pytest.raises(Unreachable):
        await begin(client)
    with pytest.raises(Rejected):
        await begin(client, site="unknown")
    after = _counted()
    for result in ("ok", "failed", "rejected"):
        name = f'webingo_backoffice_calls_total{{call="session_begin",result="{result}"}}'
        assert after[name] - before.get(name, 0) == 1
    assert after['webingo_backoffice_breaker{line="sessions",state="closed"}'] == 1
    assert after['webingo_backoffice_breaker{line="sessions",state="open"}'] == 0
    seconds = 'webingo_backoffice_seconds_count{call="session_begin"}'
    assert after[seconds] - before.get(seconds, 0) == 3


def _counted():
    lines = generate_latest(metrics.REGISTRY).decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}
