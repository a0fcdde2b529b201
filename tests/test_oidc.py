"""The platform of OpenID Connect: who gets in by the browser and by an id token, and that nobody else does."""

import asyncio
import base64
import hmac
import json
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import hypothesis
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from examples.oidc.local_provider import CLIENT_ID, CLIENT_SECRET, LocalProvider, jwk_of, key_of
from tests import oidc
from tests.lab import fetch
from tests.oidc import WHERE, Browser
from tests.player import Player
from tests.secrets import secret
from webingo.errors import BadResource, Refused
from webingo.rng import SystemRng
from webingo.support.clock import ManualClock
from webingo.user import User


@pytest.fixture(scope="module")
def res(tmp_path_factory):
    package, res = oidc.install(tmp_path_factory.mktemp("oidc"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(package)
        yield res
        oidc.forget()


@pytest.fixture
def provider(io_loop):
    provider = LocalProvider(made=secret)
    provider.logged_in = "ana"
    io_loop.run_sync(lambda: asyncio.sleep(0, provider.start()))
    yield provider
    io_loop.run_sync(provider.stop)


@pytest.fixture
def server(res, provider, io_loop, monkeypatch):
    for name, value in oidc.environment(provider).items():
        monkeypatch.setenv(name, value)
    server = io_loop.run_sync(lambda: oidc.serve(res))
    yield server
    Player.abort_all()
    io_loop.run_sync(server.stop)


@pytest.fixture
def judged(res, provider, io_loop):
    """Provider and Judge of the package, without a server, on a clock that is moved by hand."""
    from webingo_oidc.configured import configured
    from webingo_oidc.provider import Provider
    from webingo_oidc.tokens import Judge

    clock = ManualClock(1_800_000_000_000)
    provider.clock = lambda: clock.now_ms() / 1000

    async def made():
        own = configured(oidc.environment(provider))
        known = Provider(own, clock, SystemRng())
        return known, Judge(known, own.issuer, own.client_id), clock

    made = io_loop.run_sync(made)
    yield made
    made[0].close()


async def refused(port, token, uid="ana"):
    stranger = await Player.connect(port, uid)
    stranger.send(auth={"uid": uid, "token": token}, **WHERE)
    return (await stranger.next()).get("code", "let in")


async def lobby_of(server, answer):
    """The player whose login the callback kept."""
    assert answer.status == 303, answer
    where = urlsplit(answer.headers["Location"])
    assert where.path == "/" and not where.netloc
    player = await Player.connect(server.port)
    player.send(t="auth", session=parse_qs(where.query)["session"][0])
    await player.next_state()
    return player


# By the browser


@pytest.mark.parametrize("kid", ["rs-1", "es-1"])
@pytest.mark.parametrize("client", ["basic", "post", "public"])
async def test_a_browser_comes_back_as_the_player_whom_the_provider_named(server, provider, monkeypatch, kid, client):
    provider.kids = [kid]
    provider.public = client == "public"
    if provider.public:
        monkeypatch.delenv("OIDC_CLIENT_SECRET")
        server = await oidc.serve(server.settings.res_dir)
    elif client == "post":
        provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    browser = Browser(server)
    try:
        player = await lobby_of(server, await browser.log_in())
        assert (player.credits, browser.cookies) == (500, {})
        assert await server.store.profile(User("oidc", "ana")) == b'{"name":"Ana","picture":""}'
    finally:
        Player.abort_all()
        if provider.public:
            await server.stop()


async def test_name_and_picture_come_from_the_token_where_it_has_them(server, provider):
    provider.claims = {"name": "Ana <Example>", "picture": "https://pictures.example/ana.png"}
    await Browser(server).log_in()
    assert "userinfo" not in provider.seen
    profile = json.loads(await server.store.profile(User("oidc", "ana")))
    assert profile == {"name": "Ana <Example>", "picture": "https://pictures.example/ana.png"}


async def test_what_the_provider_says_of_somebody_else_is_not_shown(server, provider):
    provider.wrong["userinfo"] = lambda handler: handler.finish({"sub": "bob", "name": "Bob"})
    await lobby_of(server, await Browser(server).log_in())
    assert json.loads(await server.store.profile(User("oidc", "ana")))["name"] == ""


async def test_the_provider_is_asked_for_a_code_with_all_that_binds_it(server, provider):
    browser = Browser(server)
    there = urlsplit(await browser.to_the_provider())
    query = {name: value for name, (value,) in parse_qs(there.query).items()}
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/authorize"
    state, nonce, challenge = query.pop("state"), query.pop("nonce"), query.pop("code_challenge")
    assert query == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "scope": "openid profile",
        "redirect_uri": f"{browser.base}/oidc/callback",
        "code_challenge_method": "S256",
    }
    assert all(len(value) == 43 for value in (state, nonce, challenge)) and len({state, nonce, challenge}) == 3
    (kept,) = browser.cookies.values()
    assert not any(secret in kept for secret in (state, nonce, challenge))
    (cookie,) = browser.set
    assert {"HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


async def test_by_https_the_cookie_belongs_to_this_host_alone(res, provider, monkeypatch):
    for name, value in oidc.environment(provider).items():
        monkeypatch.setenv(name, value)
    server = await oidc.serve(res, trusted_proxies=["127.0.0.1"])
    try:
        browser = Browser(server, **{"X-Forwarded-Proto": "https", "Host": "games.example"})
        there = await browser.to_the_provider()
        assert parse_qs(urlsplit(there).query)["redirect_uri"] == ["https://games.example/oidc/callback"]
        assert browser.set[0].startswith("__Host-oidc-") and "Secure" in browser.set[0] and "Domain" not in browser.set[0]
        assert (await browser.get(await Browser(server).back(there))).status == 303
        plain = await Browser(server, Host="games.example").get("/oidc/login?site=oidc")
        assert plain.status == 403 and b"https" in plain.body
    finally:
        await server.stop()


async def test_a_login_ends_in_the_browser_that_began_it_and_only_once(server):
    victim, thief = Browser(server), Browser(server)
    back = await victim.back(await victim.to_the_provider())
    assert (await thief.get(back)).status == 401
    await thief.to_the_provider()  # a cookie of its own
    assert (await thief.get(back)).status == 401
    cookies = dict(victim.cookies)
    assert (await victim.get(back)).status == 303
    assert (await victim.get(back)).status == 401
    victim.cookies = cookies  # the provider has forgotten the code
    again = await victim.get(back)
    assert again.status == 401 and b"/oidc/login?site=oidc" in again.body and "Location" not in again.headers


async def test_two_tabs_may_log_in_at_once(server):
    browser = Browser(server)
    first, second = await browser.to_the_provider(), await browser.to_the_provider()
    for there in (first, second):
        assert (await browser.get(await browser.back(there))).status == 303


async def test_a_cookie_that_was_changed_is_none(server):
    browser = Browser(server)
    back = await browser.back(await browser.to_the_provider())
    ((name, value),) = browser.cookies.items()
    seed, ends, site, signature = value.split(".")
    for changed in (
        f"{seed}.{int(ends) + 600}.{site}.{signature}", f"{seed}.{ends}.demo.{signature}", f"{seed}A.{ends}.{site}.{signature}",
        f"{seed}.{ends}.{site}.", f"{seed}.{ends}.{site}", f".{signature}", "", "x", signature, f"{value}.",
    ):  # fmt: skip
        browser.cookies = {name: changed}
        assert (await browser.get(back)).status == 401
    browser.cookies = {name: value}
    assert (await browser.get(back)).status == 303


async def test_a_login_has_ten_minutes(res):
    from webingo_oidc.login import LOGIN_S, Logins

    from webingo.platforms.platform import Request

    logins, request = Logins("s" * 32), Request("GET", "login", base="https://games.example")
    login, cookie = logins.begin(request, "oidc", 1000.9)
    back = request._replace(query={"state": login.state}, cookies={cookie.name: cookie.value})
    assert logins.end(back, 1000 + LOGIN_S - 0.1)[0] == login
    for late in (1000 + LOGIN_S, 1e10):
        with pytest.raises(Refused, match="too long ago"):
            logins.end(back, late)
    with pytest.raises(Refused, match="not begun here"):
        Logins("t" * 32).end(back, 1001)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"iss": "https://evil.example"}, 401, b"another provider"),
        ({"iss": None}, 401, b"another provider"),
        ({"code": None, "error": "access_denied"}, 401, b"You did not log in."),
        ({"code": None, "error": "<script>"}, 503, b"not available"),
        ({"code": None}, 503, b"not available"),
        ({"code": "guessed"}, 401, b"does not take this login"),
        ({"state": "x"}, 401, b"not begun here"),
        ({"state": None}, 401, b"not begun here"),
        ({"state": "\u00e4"}, 401, b"not begun here"),
    ],
)
async def test_an_answer_that_is_not_the_providers_is_no_login(server, changes, status, said):
    browser = Browser(server)
    path, _, query = (await browser.back(await browser.to_the_provider())).partition("?")
    fields = {name: value for name, (value,) in parse_qs(query).items()} | changes
    answer = await browser.get(f"{path}?{urlencode({name: value for name, value in fields.items() if value is not None})}")
    assert answer.status == status and said in answer.body and b"<script>" not in answer.body
    assert "Location" not in answer.headers


async def test_a_token_of_another_login_is_no_login(server, provider):
    for claims in ({"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"exp": 1}, {"sub": 7}):
        provider.claims = claims
        answer = await Browser(server).log_in()
        assert (answer.status, "Location" in answer.headers) == (401, False), claims


async def test_sites_that_are_not_there_or_closed_let_nobody_in(server, provider, res):
    assert (await fetch(server, "/oidc/login?site=nowhere")).status == 404
    assert (await fetch(server, "/oidc/login?site=demo")).status == 404, "a site of another platform"
    assert (await fetch(server, "/oidc/login")).status == 404
    browser = Browser(server)
    back = await browser.back(await browser.to_the_provider())
    site = (await server._resources.site("oidc", "oidc")).model_copy(update={"enabled": False})
    server._resources._stock["oidc", "oidc"] = (site, server._resources._stock["oidc", "oidc"][1])
    assert (await browser.get(back)).status == 403


async def test_a_blocked_player_gets_no_login(server):
    await server.store.block(User("oidc", "ana"), True)
    answer = await Browser(server).log_in()
    assert answer.status == 403 and b"blocked" in answer.body


# By an id token


async def test_a_player_with_an_id_token_gets_in_by_the_socket(server, provider):
    player = await Player.log_in(server.port, "ana", provider.id_token("ana", name="Ana"), **WHERE)
    assert player.credits == 500
    both = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    await Player.log_in(server.port, "ben", provider.id_token("ben", **both), **WHERE)


def by_hand(header, claims, secret=b""):
    """A token in the form of HS256, or without any signature."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=") if secret else b""
    return (signed + b"." + signature).decode()


def wrong_tokens(provider):
    now = int(time.time())
    claims = {"iss": provider.issuer, "sub": "ana", "aud": CLIENT_ID, "iat": now, "exp": now + 300}
    public = key_of("rs-1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = provider.sign(claims)
    head, body, signature = good.split(".")

    def without(name):
        return {key: value for key, value in claims.items() if key != name}

    return {
        "none": by_hand({"alg": "none"}, claims),
        "None": by_hand({"alg": "None", "kid": "rs-1"}, claims),
        "HS256 with the public key": by_hand({"alg": "HS256", "kid": "rs-1"}, claims, public),
        "HS256 with the client's secret": by_hand({"alg": "HS256"}, claims, CLIENT_SECRET.encode()),
        "RS384": jwt.encode(claims, key_of("rs-1"), "RS384", {"kid": "rs-1"}),
        "PS256": jwt.encode(claims, key_of("rs-1"), "PS256", {"kid": "rs-1"}),
        "RS256 that is a curve's": jwt.encode(claims, key_of("es-1"), "ES256", {"kid": "rs-1"}),
        "another's key": jwt.encode(claims, key_of("rs-2"), "RS256", {"kid": "rs-1"}),
        "unknown key": provider.sign(claims, "rs-2"),
        "no algorithm": by_hand({}, claims),
        "header that is a list": by_hand([], claims),
        "key of its own": provider.sign(claims, "rs-2", kid="rs-1", jwk=jwk_of("rs-2"), jku=f"{provider.issuer}/mine"),
        "critical": provider.sign(claims, crit=["exp"], exp=1),
        "access token": provider.sign(claims, typ="at+jwt"),
        "logout token": provider.logout_token("ana"),
        "events": provider.sign({**claims, "events": {}}),
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "another's signature": f"{head}.{body}.{provider.sign({**claims, 'sub': 'bob'}).split('.')[2]}",
        "another provider": provider.sign({**claims, "iss": "https://evil.example"}),
        "nearly the provider": provider.sign({**claims, "iss": provider.issuer + "/"}),
        "another client": provider.sign({**claims, "aud": "another"}),
        "other clients": provider.sign({**claims, "aud": ["another", "third"]}),
        "for two and nobody": provider.sign({**claims, "aud": [CLIENT_ID, "another"]}),
        "for two and the other": provider.sign({**claims, "aud": [CLIENT_ID, "another"], "azp": "another"}),
        "acted for another": provider.sign({**claims, "azp": "another"}),
        "no client": provider.sign({**claims, "aud": []}),
        "expired": provider.sign({**claims, "exp": now - 1}),
        "good later": provider.sign({**claims, "nbf": now + 120}),
        "from the future": provider.sign({**claims, "iat": now + 120}),
        "words for numbers": jwt.PyJWS().encode(json.dumps({**claims, "exp": str(now + 60)}).encode(), key_of("rs-1"), "RS256"),
        "a truth for a number": jwt.PyJWS().encode(json.dumps({**claims, "iat": True}).encode(), key_of("rs-1"), "RS256"),
        "infinite": jwt.PyJWS().encode(json.dumps({**claims, "exp": float("inf")}).encode(), key_of("rs-1"), "RS256"),
        "no object": jwt.PyJWS().encode(b"[]", key_of("rs-1"), "RS256"),
        "not UTF-8": jwt.PyJWS().encode(b'{"sub": "\xff"}', key_of("rs-1"), "RS256"),
        "nobody": jwt.PyJWS().encode(json.dumps({**claims, "sub": ""}).encode(), key_of("rs-1"), "RS256"),
        "a long subject": provider.sign({**claims, "sub": "a" * 256}),
        "another player": provider.sign({**claims, "sub": "bob"}),
        **{f"no {name}": jwt.PyJWS().encode(json.dumps(without(name)).encode(), key_of("rs-1"), "RS256") for name in claims},
        "empty": "",
        "dots": "..",
        "letters": "é.é.é",
        "nested": f"{base64.urlsafe_b64encode(b'[' * 3000).decode()}.a.a",
        "huge": "a" * 8192,
    }  # fmt: skip


async def test_tokens_that_are_wrong_in_any_way_let_nobody_in(server, provider):
    codes = {name: await refused(server.port, token) for name, token in wrong_tokens(provider).items()}
    assert codes == dict.fromkeys(codes, "AUTH_FAILED")
    await Player.log_in(server.port, "ana", provider.id_token("ana"), **WHERE)


def at_once(coroutine):
    """What a coroutine comes to that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class OneKey:
    async def key(self, kid, algorithm):
        return jwt.PyJWK(jwk_of("rs-1"), algorithm)


@given(st.data())
@hypothesis.settings(deadline=None)
def test_a_token_of_which_one_byte_was_changed_is_none(res, data):
    from webingo_oidc.tokens import Judge

    provider = LocalProvider(1)
    judge = Judge(OneKey(), provider.issuer, CLIENT_ID)
    parts = provider.id_token("ana").split(".")
    assert at_once(judge.id_token(".".join(parts), time.time())).sub == "ana"
    part = data.draw(st.integers(0, 2))
    raw = bytearray(base64.urlsafe_b64decode(parts[part] + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    parts[part] = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    with pytest.raises(Refused, match="AUTH_FAILED"):
        at_once(judge.id_token(".".join(parts), time.time()))


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_subjects_never_share_an_id(res, one, other):
    from webingo_oidc.tokens import uid_of

    uids = [User("oidc", uid_of(subject or "-")).uid for subject in (one, other, "sha256." + "0" * 64, uid_of(one or "-"))]
    subjects = [one or "-", other or "-", "sha256." + "0" * 64, uid_of(one or "-")]
    assert all((a == b) == (c == d) for a, c in zip(uids, subjects, strict=True) for b, d in zip(uids, subjects, strict=True))


async def test_a_subject_that_can_be_no_id_gets_one_that_lasts(server, provider):
    subject = "Ana Example of the club ☺"
    uid = (await lobby_uid(server, provider, subject)).removeprefix("oidc:oidc:")
    assert uid.startswith("sha256.")
    await Player.log_in(server.port, uid, provider.id_token(subject), **WHERE)
    assert await refused(server.port, provider.id_token(subject), "sha256." + "0" * 64) == "AUTH_FAILED"


async def lobby_uid(server, provider, subject):
    provider.logged_in = subject
    answer = await Browser(server).log_in()
    session_id = parse_qs(urlsplit(answer.headers["Location"]).query)["session"][0]
    login = await server.store.login(session_id, 60)
    return str(login.seat if login else None)


# Keys


async def test_a_new_key_is_found_at_once_and_names_of_keys_that_are_not_there_ask_nothing_more(judged, provider):
    _known, judge, clock = judged
    now = clock.now_ms() / 1000
    await judge.id_token(provider.id_token("ana"), now)
    provider.kids = ["rs-2", "rs-1"]
    await judge.id_token(provider.id_token("ana"), now)
    assert provider.seen.count("jwks") == 2
    for _ in range(20):
        with pytest.raises(Refused, match="AUTH_FAILED"):
            await judge.id_token(provider.sign({}, "es-1"), now)
    assert provider.seen.count("jwks") == 2
    clock.advance(61)
    with pytest.raises(Refused, match="AUTH_FAILED"):
        await judge.id_token(provider.sign({}, "es-1"), now)
    assert provider.seen.count("jwks") == 3


async def test_a_key_that_was_taken_back_is_good_for_an_hour_at_most(judged, provider):
    _known, judge, clock = judged
    token = provider.id_token("ana", exp=clock.now_ms() / 1000 + 9000)
    await judge.id_token(token, clock.now_ms() / 1000)
    provider.kids = ["rs-2"]
    clock.advance(3601)
    with pytest.raises(Refused, match="AUTH_FAILED"):
        await judge.id_token(token, clock.now_ms() / 1000)


async def test_a_crowd_that_comes_at_once_asks_once(judged, provider):
    _known, judge, clock = judged
    tokens = [provider.id_token(f"p{number}") for number in range(20)]
    found = await asyncio.gather(*(judge.id_token(token, clock.now_ms() / 1000) for token in tokens))
    assert [claims.sub for claims in found] == [f"p{number}" for number in range(20)]
    assert provider.seen == ["openid-configuration", "jwks"]


async def test_what_is_known_is_enough_while_the_provider_is_away_for_a_day(judged, provider):
    _known, judge, clock = judged
    await judge.id_token(provider.id_token("ana"), clock.now_ms() / 1000)
    await provider.stop()
    with pytest.raises(Refused, match="UNAVAILABLE"):
        await judge.id_token(provider.sign({}, "rs-2"), clock.now_ms() / 1000)
    clock.advance(7200)
    await judge.id_token(provider.id_token("ana"), clock.now_ms() / 1000)
    clock.advance(86_400)
    with pytest.raises(Refused, match="UNAVAILABLE"):
        await judge.id_token(provider.id_token("ana"), clock.now_ms() / 1000)


def test_only_keys_that_may_sign_are_taken(res):
    from webingo_oidc.keys import keys_of

    rsa, curve = jwk_of("rs-1"), jwk_of("es-1")
    weak = jwt.algorithms.RSAAlgorithm.to_jwk(weak_key().public_key(), as_dict=True)
    strange = [
        weak, {"kty": "oct", "k": "AAAA", "kid": "o"}, {**rsa, "use": "enc"}, {**rsa, "alg": "HS256"}, {**rsa, "alg": "RS512"},
        {**rsa, "key_ops": ["encrypt"]}, {**rsa, "key_ops": 7}, {**rsa, "key_ops": None},
        {**rsa, "n": "AQ"}, {**rsa, "n": 7}, {**curve, "crv": "P-384"}, {**curve, "x": "AAAA"},
        {**rsa, "kid": 7}, {**curve, "kty": "RSA"}, 7, None, [], {},
    ]  # fmt: skip
    assert keys_of({"keys": strange}) == []
    assert [(key.kid, key.algorithm) for key in keys_of({"keys": [rsa, *strange, curve]})] == [
        ("rs-1", "RS256"),
        ("es-1", "ES256"),
    ]
    for document in (None, [], {}, {"keys": {}}, {"keys": None}):
        with pytest.raises(ValueError, match="no key set"):
            keys_of(document)


def weak_key():
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, 1024)


# A provider in trouble


async def hang(handler):
    await asyncio.sleep(1)


TROUBLES = {
    "500": lambda handler: handler.send_error(500),
    "429": lambda handler: handler.send_error(429),
    "404 in HTML": lambda handler: handler.send_error(404),
    "half": lambda handler: handler.finish(b'{"issuer": "http'),
    "list": lambda handler: handler.finish(b"[]"),
    "empty": lambda handler: handler.finish(b""),
    "huge": lambda handler: handler.finish(b'"' + b"x" * (1 << 20) + b'"'),
    "redirect": lambda handler: handler.redirect("http://127.0.0.1:1/"),
    "cut": lambda handler: handler.request.connection.stream.close(),
    "hang": hang,
    "another issuer": lambda handler: handler.finish({**handler.provider.document(), "issuer": "https://evil.example"}),
    "no TLS": lambda handler: handler.finish({**handler.provider.document(), "jwks_uri": "http://evil.example/"}),
    "token without TLS": lambda handler: handler.finish({**handler.provider.document(), "token_endpoint": "file:///x"}),
    "two lines": lambda handler: handler.finish(
        {**handler.provider.document(), "authorization_endpoint": "https://a/\r\nb: c"}
    ),
    "wrong types": lambda handler: handler.finish({**handler.provider.document(), "jwks_uri": 7}),
}


@pytest.mark.parametrize("where", ["openid-configuration", "jwks", "token"])
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_with_the_provider_is_no_login_and_passes(server, provider, monkeypatch, where, trouble):
    from webingo_oidc import provider as calls

    browser = Browser(server)
    url = await browser.back(await browser.to_the_provider()) if where == "token" else "/oidc/login?site=oidc"
    provider.wrong[where] = TROUBLES[trouble]
    with capture_logs() as logged, monkeypatch.context() as patch:
        if trouble == "hang":
            patch.setattr(calls, "_ANSWER_S", 0.3)
        answer = await browser.get(url)
        if where == "token":
            assert b"/oidc/login?site=oidc" in answer.body
        else:
            assert await refused(server.port, provider.id_token("ana")) == "UNAVAILABLE"
    assert (answer.status, "Location" in answer.headers) == (503, False)
    assert any(event["event"] in ("oidc_call_failed", "oidc_refused") for event in logged)
    assert not [event for event in logged if "exc_info" in event]
    assert CLIENT_SECRET not in repr(logged)
    provider.wrong.clear()
    assert (await Browser(server).log_in()).status == 303


async def test_a_provider_that_does_not_know_this_client_is_told_to_the_operator(server, provider):
    provider.public = True
    with capture_logs() as logged:
        assert (await Browser(server).log_in()).status == 503
    assert [(event["call"], event["status"], event["error"]) for event in logged if event["event"] == "oidc_refused"] == [
        ("token", 401, "invalid_client")
    ]


async def test_a_provider_that_is_down_is_left_alone(judged, provider):
    known, _judge, clock = judged
    await provider.stop()
    with capture_logs() as logged:
        for _ in range(20):
            with pytest.raises(Refused, match="UNAVAILABLE"):
                await known.metadata()
    assert len(logged) == 5
    provider.start()
    clock.advance(11)
    assert (await known.metadata()).issuer == provider.issuer


async def test_codes_and_tokens_are_in_no_log(server, provider, caplog):
    caplog.set_level("DEBUG")
    browser = Browser(server)
    with capture_logs() as logged:
        back = await browser.back(await browser.to_the_provider())
        (cookie,) = browser.cookies.values()
        done = await browser.get(back)
        again = await browser.get(back)
    assert (done.status, again.status) == (303, 401)
    secrets = [
        *(value for (value,) in parse_qs(urlsplit(back).query).values()),
        cookie,
        CLIENT_SECRET,
        done.headers["Location"],
    ]
    text = repr(logged) + caplog.text
    assert [secret for secret in secrets if secret in text and secret != provider.issuer] == []


# Logged out elsewhere


async def test_who_is_logged_out_at_the_provider_is_out_here(server, provider):
    answer = await Browser(server).log_in()
    session_id = parse_qs(urlsplit(answer.headers["Location"]).query)["session"][0]
    token = provider.id_token("ana")
    player = await Player.log_in(server.port, "ana", token, **WHERE)
    other = await Player.log_in(server.port, "ben", provider.id_token("ben"), **WHERE)
    assert (await log_out(server, provider.logout_token("ana"))).status == 200
    assert await player.closed() == 4401
    assert await server.store.login(session_id, 60) is None
    assert await refused(server.port, token) == "AUTH_FAILED"
    other.send(t="gameload", gameid="joker-bingo")
    await other.next_state()
    await Player.log_in(server.port, "ana", provider.id_token("ana", iat=int(time.time()) + 5), **WHERE)


async def log_out(server, token, **form):
    body = urlencode({"logout_token": token, **form}).encode()
    return await fetch(server, "/oidc/logout", "POST", body, Content_Type="application/x-www-form-urlencoded")


async def test_nobody_is_logged_out_by_what_is_no_logout_token(server, provider):
    player = await Player.log_in(server.port, "ana", provider.id_token("ana"), **WHERE)
    now = int(time.time())
    wrong = [
        provider.id_token("ana"), provider.logout_token("ana", aud="another"), provider.logout_token("ana", nonce="x"),
        provider.logout_token("ana", events={}), provider.logout_token("ana", jti=None),
        provider.logout_token("ana", exp=now - 1), provider.logout_token("ana", iat=now - 301),
        provider.logout_token("ana", iss="https://evil.example"), "", "x",
    ]  # fmt: skip
    assert {(await log_out(server, token)).status for token in wrong} == {400}
    assert (await fetch(server, "/oidc/logout", "GET")).status == 404
    await player.load()
    provider.wrong["jwks"] = TROUBLES["500"]
    assert (await log_out(server, provider.sign({}, "rs-9"))).status == 503


# Settings


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        ({"OIDC_ISSUER": ""}, "OIDC_ISSUER", "is needed"),
        ({"OIDC_ISSUER": "http://id.example"}, "OIDC_ISSUER", "https"),
        ({"OIDC_ISSUER": "https://id.example/?a=1"}, "OIDC_ISSUER", "only scheme"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID", "is needed"),
        ({"OIDC_SCOPE": "profile"}, "OIDC_SCOPE", "openid"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(res, change, name, reason):
    from webingo_oidc.configured import configured

    with pytest.raises(BadResource) as caught:
        configured({"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "webingo", **change})
    ((where, field, said),) = caught.value.problems
    assert (where, field) == ("environment", name) and reason in said


def test_secrets_are_not_shown(res):
    from webingo_oidc.configured import configured

    found = configured({"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "hidden"})
    assert "hidden" not in repr(found)
