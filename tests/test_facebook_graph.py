"""Calls to Graph: a right answer is taken, everything else is UNAVAILABLE or Graph's own no, and nothing secret is told."""

import pytest
from structlog.testing import capture_logs

from examples.fake_facebook.troubles import TROUBLES
from tests.facebook import ANA, facebook, plain
from webingo.errors import Code, Refused
from webingo.platforms.facebook import graph as graphs
from webingo.platforms.facebook.graph import Graph, GraphError, understood
from webingo.platforms.facebook.said import Debugged
from webingo.rng import SystemRng
from webingo.support import metrics
from webingo.support.clock import ManualClock
from webingo.support.http import Answer

HARMLESS = {"slow"}  # the right answer comes in time


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(graphs, "_FIRST_PAUSE_S", 0.01)


@pytest.fixture
def clock():
    return ManualClock(1_700_000_000_000)


@pytest.fixture
def fake(io_loop):
    context = facebook()
    fake = io_loop.run_sync(context.__aenter__)
    yield fake
    io_loop.run_sync(lambda: context.__aexit__(None, None, None))


@pytest.fixture
def graph(fake, clock, io_loop):
    made = io_loop.run_sync(_made(fake, clock))
    yield made
    made.close()


def _made(fake, clock, **changes):
    async def make():
        return Graph(plain(fake, **changes), clock, SystemRng())

    return make


async def unavailable(call):
    with pytest.raises(Refused) as caught:
        await call
    assert caught.value.code is Code.UNAVAILABLE


async def test_a_valid_token_is_described(fake, graph):
    token = fake.token(ANA)
    found = await graph.debug_token(token)
    assert (found.is_valid, found.app_id, found.user_id, found.type) == (True, fake.app_id, ANA, "USER")
    assert found.expires_at == fake.tokens[token].expires_at


async def test_an_invalid_token_is_described_too(fake, graph):
    token = fake.token(ANA)
    fake.revoke(token, 460)
    for text, subcode in ((token, 460), ("nonsense", 0), ("a&access_token=b#c|d/../é", 0)):
        found = await graph.debug_token(text)
        assert (found.is_valid, found.error.subcode) == (False, subcode)


async def test_a_profile_is_asked_for_with_proof_of_who_asks(fake, graph):
    me = await graph.me(fake.token(ANA))
    assert (me.id, me.name, me.email) == (ANA, "Ana Example", "ana@example.com")
    assert me.picture.data.url == f"{fake.origin}/picture/{ANA}.svg"


async def test_the_proof_is_that_of_the_known_vector(fake, clock, monkeypatch):
    graph = await _made(fake, clock, fb_app_secret="webingo-test-secret")()
    asked = []

    async def noted(url, **_rest):
        asked.append(url)
        return Answer(200, {}, b'{"id": "1"}')

    monkeypatch.setattr(graph._http, "fetch", noted)
    await graph.me("TOKEN123")
    graph.close()
    assert "appsecret_proof=5244780a3097ee36f7275ff6b0c69c94eacfaa50b6323829eae5f5b192cbe172" in asked[0]


async def test_a_wrong_secret_is_a_no_and_not_an_outage(fake, clock):
    graph = await _made(fake, clock, fb_app_secret="another-secret")()
    for _ in range(10):
        with pytest.raises(GraphError) as caught:
            await graph.me(fake.token(ANA))
        assert caught.value.code == 100
    with pytest.raises(GraphError) as caught:
        await graph.debug_token(fake.token(ANA))
    assert caught.value.code == 190
    graph.close()


async def test_a_payment_is_handed_on_as_it_is_and_one_that_is_not_there_is_bad_params(fake, graph):
    fake.objects["17"] = {"id": "17", "actions": [{"type": "charge"}]}
    assert await graph.payment("17") == fake.objects["17"]
    with pytest.raises(Refused) as caught:
        await graph.payment("18")
    assert caught.value.code is Code.BAD_PARAMS
    for strange in ("", "me", "../me", "１７", "1 "):
        with pytest.raises(ValueError, match="digits"):
            await graph.payment(strange)


@pytest.mark.parametrize("trouble", sorted(set(TROUBLES) - HARMLESS))
async def test_every_trouble_is_unavailable(fake, graph, trouble):
    fake.always, token = trouble, fake.token(ANA)
    with capture_logs() as logged:
        await unavailable(graph.debug_token(token))
    assert fake.elsewhere == 0
    assert "graph_call_failed" in [line["event"] for line in logged]
    for hidden in (token, fake.app_secret, "access_token"):
        assert hidden not in str(logged)


@pytest.mark.parametrize("trouble", sorted(set(TROUBLES) - HARMLESS - {"garbage", "list", "empty", "huge", "types"}))
async def test_profiles_and_payments_come_to_nothing_in_trouble_too(fake, graph, trouble):
    fake.always, fake.objects["17"] = trouble, {"id": "17"}
    await unavailable(graph.me(fake.token(ANA)))
    await unavailable(graph.payment("17"))


async def test_a_trouble_that_passes_is_not_noticed(fake, graph):
    for trouble in ("cut", "half", "hang", "broken", "busy"):
        fake.troubles.append(trouble)
        assert (await graph.debug_token(fake.token(ANA))).is_valid


async def test_a_graph_that_does_not_answer_in_time_is_unavailable(fake, graph, monkeypatch):
    monkeypatch.setattr(graphs, "_TRY_S", 0.1)
    fake.patience = 30
    for trouble in ("slow", "hang"):
        fake.always = trouble
        await unavailable(graph.debug_token(fake.token(ANA)))
    assert len(fake.seen) == 4


async def test_nothing_strange_is_asked_for_again(fake, graph):
    for trouble in ("page", "types", "redirect", "limited_user"):
        fake.troubles.append(trouble)
        await unavailable(graph.debug_token(fake.token(ANA)))
    assert len(fake.seen) == 4


async def test_while_graph_is_down_it_is_left_alone_and_found_again_when_it_is_back(fake, graph, clock):
    token = fake.token(ANA)
    await fake.stop()
    for _ in range(5):
        await unavailable(graph.debug_token(token))
    await fake.start()
    fake.seen.clear()
    await unavailable(graph.debug_token(token))
    assert fake.seen == []
    clock.advance(1)
    assert (await graph.debug_token(token)).is_valid


@pytest.mark.parametrize(("trouble", "rest_s"), [("limited", 30), ("flood", 7)])
async def test_where_calls_are_used_up_graph_is_left_alone_for_as_long_as_it_says(fake, graph, clock, trouble, rest_s):
    token = fake.token(ANA)
    fake.troubles.append(trouble)
    await unavailable(graph.debug_token(token))
    clock.advance(rest_s - 0.001)
    await unavailable(graph.me(token))
    assert fake.seen == ["debug_token"]
    clock.advance(0.001)
    assert (await graph.debug_token(token)).is_valid


async def test_a_user_whose_calls_are_used_up_keeps_nobody_else_out(fake, graph):
    for _ in range(10):
        fake.troubles.append("limited_user")
        await unavailable(graph.me(fake.token(ANA)))
    assert (await graph.debug_token(fake.token(ANA))).is_valid


async def test_calls_that_can_not_be_answered_keep_nobody_else_out(fake, graph):
    fake.troubles.extend(["too_long"] * 10)
    for _ in range(10):
        await unavailable(graph.debug_token(fake.token(ANA)))
    assert (await graph.debug_token(fake.token(ANA))).is_valid


async def test_calls_are_counted_and_the_breaker_is_shown(fake, graph):
    def count(result):
        return metrics.REGISTRY.get_sample_value("webingo_graph_calls_total", {"call": "debug_token", "result": result}) or 0

    before = count("ok"), count("failed")
    fake.troubles.append("busy")
    await graph.debug_token(fake.token(ANA))
    assert (count("ok"), count("failed")) == (before[0] + 1, before[1] + 1)
    assert metrics.REGISTRY.get_sample_value("webingo_graph_breaker", {"state": "closed"}) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"null"),
        (200, b'"yes"'),
        (200, b'{"data": null}'),
        (200, b'{"data": {"is_valid": 1}}'),
        (200, b'{"data": {"is_valid": true, "expires_at": true}}'),
        (200, b'{"data": {"is_valid": true, "expires_at": -1}}'),
        (200, b'{"data": {"is_valid": true, "expires_at": 1e9}}'),
        (200, b'{"data": {"is_valid": true, "app_id": "12 "}}'),
        (200, b'{"data": {"is_valid": true, "user_id": "' + b"1" * 33 + b'"}}'),
        (200, b'{"data": {"is_valid": true}, "error": "none"}'),
        (200, b'{"data": {"is_valid": NaN}}'),
        (201, b'{"data": {"is_valid": true}}'),
        (204, b""),
        (304, b'{"data": {"is_valid": true}}'),
        (403, b'{"data": {"is_valid": true}}'),
        (400, b'{"error": {"message": "no code"}}'),
        (400, b'{"error": {"code": "190"}}'),
        (503, b'{"error": {"code": 190}}'),
        (429, b'{"data": {"is_valid": true}}'),
    ],
)
def test_what_graph_does_not_say_is_no_answer(status, body):
    with pytest.raises(graphs._NoGood):
        understood(Answer(status, {}, body), graphs._TOKEN)


def test_more_may_be_said_than_is_known_and_ids_may_be_numbers():
    body = b'{"data": {"is_valid": true, "app_id": 17, "user_id": 18, "news": []}, "paging": {}}'
    assert understood(Answer(200, {}, body), graphs._TOKEN).data == Debugged(is_valid=True, app_id="17", user_id="18")
