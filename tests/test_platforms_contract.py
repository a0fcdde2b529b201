"""What is asked of every platform: who gets in, that everything else is refused in order, and that no page falls over.

For one of your own add a Subject here.
"""

import importlib
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import orjson
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from pydantic import SecretStr
from tornado.ioloop import IOLoop

from examples.fake_facebook.api import FakeFacebook
from examples.oidc.local_provider import LocalProvider
from tests import docpages, oidc
from tests.jackpots import calm_res
from tests.secrets import secret
from webingo.config import Settings
from webingo.errors import BadResource, Code, Refused
from webingo.platforms.demo import DemoPlatform
from webingo.platforms.facebook.platform import FacebookPlatform
from webingo.platforms.platform import Identity, Platform, Reply, Request
from webingo.platforms.token import sign_token
from webingo.resources.local import LocalResources
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.session.house import House
from webingo.session.protocol import Auth
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.user import User

PLATFORMS = ("demo", "partner", "oidc", "facebook")
LATER = int(time.time()) + 3000
KEY = secret("a-key-that-the-partner-has-too", "key")
UID, OTHER = "100000000000001", "100000000000002"
SETTINGS = {"secret": SecretStr(secret("not-a-secret-of-contracts-" * 2)), "debug": False}


@dataclass
class Subject:
    """`wrong` are tokens that let nobody in as UID, by what is wrong with them. `away` takes away whoever is asked for proofs;
    None where nobody is. `paths` are those that the platform serves."""

    platform: Platform
    good: Callable[[str], str]
    wrong: dict[str, str]
    away: Callable[[], Awaitable[None] | None] | None = None
    paths: tuple[str, ...] = ()
    end: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return Site(id="here", platform=self.platform.name, denomination="credit", games=[{"id": "joker-bingo"}])

    async def refused(self, token: str, uid: str = UID, **more: Any) -> Code | None:
        """None: let in. Anything that is not Refused is the test's to see."""
        try:
            identity = await self.platform.authenticate(Auth(uid=uid, token=token, **more), self.site)
        except Refused as refusal:
            assert len(token) < 8 or token not in refusal.message, "what was sent is not told back"
            return refusal.code
        assert isinstance(identity, Identity) and identity.user == User(self.platform.name, uid)
        return None


def _demo(io_loop: IOLoop, folder: Any, patch: pytest.MonkeyPatch) -> Subject:
    key = SETTINGS["secret"].get_secret_value()
    return Subject(
        DemoPlatform(Settings(**SETTINGS), SystemClock()),
        lambda uid: sign_token(key, "demo", uid, LATER),
        {
            "another player": sign_token(key, "demo", OTHER, LATER),
            "another key": sign_token(key + "x", "demo", UID, LATER),
            "expired": sign_token(key, "demo", UID, 1),
        },
    )


def _partner(io_loop: IOLoop, folder: Any, patch: pytest.MonkeyPatch) -> Subject:
    docpages.write(docpages.ROOT / "docs/platforms.md", folder)
    patch.syspath_prepend(folder / "partner")
    patch.setenv("PARTNER_KEY", KEY)
    module = importlib.import_module("webingo_partner")
    return Subject(
        module.PartnerPlatform(Settings(**SETTINGS), SystemClock()),
        lambda uid: module.sign(KEY, uid, LATER),
        {
            "another player": module.sign(KEY, OTHER, LATER),
            "another key": module.sign(KEY + "x", UID, LATER),
            "expired": module.sign(KEY, UID, 1),
        },
        end=[lambda: sys.modules.pop("webingo_partner")],
    )


def _oidc(io_loop: IOLoop, folder: Any, patch: pytest.MonkeyPatch) -> Subject:
    provider = LocalProvider(made=secret)
    io_loop.run_sync(lambda: _called(provider.start))
    patch.syspath_prepend(oidc.EXAMPLE)
    for name, value in oidc.environment(provider).items():
        patch.setenv(name, value)
    platform = importlib.import_module("webingo_oidc.platform").OidcPlatform(Settings(**SETTINGS), SystemClock())
    return Subject(
        platform,
        provider.id_token,
        {
            "another player": provider.id_token(OTHER),
            "another client": provider.id_token(UID, aud="another"),
            "another key": provider.sign({"iss": provider.issuer, "sub": UID}, "rs-7", kid="rs-1"),
            "expired": provider.id_token(UID, exp=1),
        },
        provider.stop,
        ("login", "callback", "logout"),
        [provider.stop, oidc.forget],
    )


def _facebook(io_loop: IOLoop, folder: Any, patch: pytest.MonkeyPatch) -> Subject:
    fake = FakeFacebook(made=secret)
    io_loop.run_sync(fake.start)
    app = {"fb_app_id": fake.app_id, "fb_app_secret": SecretStr(fake.app_secret), "fb_graph_url": fake.graph}
    revoked = fake.token(UID)
    fake.revoke(revoked)
    return Subject(
        FacebookPlatform(Settings(**SETTINGS, **app), SystemClock()),
        fake.token,
        {
            "another player": fake.token(OTHER),
            "another application": fake.token(UID, app_id="7"),
            "expired": fake.token(UID, expires_in_s=-10),
            "revoked": revoked,
            "a page's": fake.token(UID, kind="PAGE"),
            "another player's signature": fake.signed_player(OTHER, "here"),
            "another secret": fake.signed({"player_id": UID, "request_payload": "here"}, "x" * 32),
            "another place": fake.signed_player(UID, "there"),
            "old": fake.signed_player(UID, "here", issued_at=1),
            "a launch": fake.signed_launch(UID, fake.token(UID)),
        },
        fake.stop,
        ("portal", "deauthorize", "deletion", "payments"),
        [fake.stop],
    )


async def _called(function: Callable[[], Any]) -> None:
    if (waiting := function()) is not None and hasattr(waiting, "__await__"):
        await waiting


@pytest.fixture(scope="module")
def io_loop() -> Iterator[IOLoop]:
    """One for all tests: a platform belongs to the loop that it was started on."""
    loop = IOLoop()
    loop.make_current()
    yield loop
    loop.clear_current()
    loop.close(all_fds=True)


@pytest.fixture(scope="module", params=PLATFORMS)
def subject(request: pytest.FixtureRequest, io_loop: IOLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    with pytest.MonkeyPatch.context() as patch:
        made: Subject = globals()[f"_{request.param}"](io_loop, tmp_path_factory.mktemp(request.param), patch)
        house = House(MemoryStore(), LocalResources(calm_res(), debug=True), SystemRng(), SystemClock())
        io_loop.run_sync(lambda: made.platform.start(house))
        yield made
        io_loop.run_sync(made.platform.stop)
        for end in made.end:
            io_loop.run_sync(lambda end=end: _called(end))  # type: ignore[misc]


# Who gets in


async def test_a_proof_lets_its_player_in_and_no_other(subject: Subject) -> None:
    token = subject.good(UID)
    assert await subject.refused(token) is None
    assert await subject.refused(token) is None, "once more"
    assert await subject.refused(token, OTHER) is Code.AUTH_FAILED
    assert await subject.refused(token, UID + "0") is Code.AUTH_FAILED


async def test_a_proof_that_is_wrong_in_any_way_is_refused_as_such(subject: Subject) -> None:
    found = {what: await subject.refused(token) for what, token in subject.wrong.items()}
    assert found == dict.fromkeys(subject.wrong, Code.AUTH_FAILED)


async def test_who_was_let_in_is_found_again(subject: Subject) -> None:
    identity = await subject.platform.authenticate(Auth(uid=UID, token=subject.good(UID)), subject.site)
    if identity.recheck is not None:
        assert identity.recheck_s > 0
        await identity.recheck()


STRANGE = [
    "", ".", "..", "a.b", "a.b.c", "...", "=", "\x00", "\n", "é.é", "☺.☺.☺", "%00", "null", "{}", "[]", "0", "-1", "NaN",
    "." * 8192, "a" * 8192, "é" * 8192, "a." * 4096, "e30." * 2000, "e30.e30.e30", "e30.e30", "W10.W10.W10",
    "9" * 8000 + ".a", "²" * 9 + ".a", "http://127.0.0.1:1/", "a|b", "a&access_token=b", "a\r\nX: y", "../../x", "' OR 1=1",
]  # fmt: skip


async def test_nonsense_is_refused_like_any_wrong_proof(subject: Subject) -> None:
    found = {token: await subject.refused(token) for token in STRANGE}
    assert set(found.values()) == {Code.AUTH_FAILED}


@hypothesis.given(st.data())
@hypothesis.settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_proof_that_was_changed_lets_nobody_else_in(subject: Subject, io_loop: IOLoop, data: st.DataObject) -> None:
    token = subject.good(UID)
    place = data.draw(st.integers(0, len(token) - 2))  # the last character of base64 may stand for the same as its neighbour
    changed = token[:place] + data.draw(st.text(max_size=2)) + token[place + data.draw(st.integers(0, 2)) :]
    hypothesis.assume(changed != token and len(changed.encode("utf-8", "replace")) > 0 and changed.isprintable())
    hypothesis.assume(changed[:-1] != token[:-1])
    assert io_loop.run_sync(lambda: subject.refused(changed)) is Code.AUTH_FAILED


@hypothesis.given(uid=st.text(min_size=1, max_size=128), token=st.text(max_size=200))
@hypothesis.settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_comes_with_anything_is_refused(subject: Subject, io_loop: IOLoop, uid: str, token: str) -> None:
    assert io_loop.run_sync(lambda: subject.refused(token, uid)) is Code.AUTH_FAILED


USERINFO: list[dict[str, Any]] = [
    {"name": None}, {"name": 7}, {"name": ["x"]}, {"name": {"x": 1}}, {"name": "x" * 60_000}, {"picture": 1}, {"picture": {}},
    {"picture": {"data": None}}, {"picture": {"data": {"url": 7}}}, {"picture": {"data": {"url": "javascript:alert(1)"}}},
    {"id": OTHER}, {"uid": OTHER, "admin": True}, {str(n): n for n in range(5000)}, {"name": "\u202e\x00<script>"},
]  # fmt: skip


async def test_what_a_client_says_of_itself_is_shown_at_most(subject: Subject) -> None:
    for userinfo in USERINFO:
        try:
            auth = Auth(uid=UID, token=subject.good(UID), userinfo=userinfo)
            identity = await subject.platform.authenticate(auth, subject.site)
        except Refused as refusal:
            assert refusal.code is Code.BAD_MESSAGE
            continue
        assert identity.user.uid == UID
        assert len(identity.name) <= 200 and identity.name.isprintable()
        assert identity.picture == "" or identity.picture.startswith(("https://", "http://127.0.0.1"))


# Sites


def test_a_site_is_served_unless_it_wants_what_the_platform_has_not(subject: Subject) -> None:
    product = {"id": "p", "title": "P", "credits": 5, "price": {"amount": "1.00", "currency": "EUR"}}
    whole = {**subject.site.model_dump(), "social": {"daily_bonus": [5]}, "products": [product]}
    social = Site.model_validate_json(orjson.dumps(whole))
    assert subject.platform.problems(subject.site) == []
    fields = [field for _, field, _ in subject.platform.problems(social)]
    assert fields == ([] if subject.platform.social else ["social", "products"])


# Pages


BODIES = [b"", b"a=b", b"signed_request=", b"logout_token=a.b.c", b"\xff\x00", b"x" * 65536, b"{}", b"[" * 60_000]
QUERIES: list[dict[str, str]] = [
    {}, {"site": ""}, {"site": "here"}, {"site": "../x"}, {"site": "x" * 8000}, {"state": "é", "code": "\x00"}, {"code": "☺"},
    {"hub.mode": "subscribe"}, {"hub.mode": "subscribe", "hub.verify_token": "é", "hub.challenge": "<script>"}, {"error": "x"},
]  # fmt: skip


def requests(paths: tuple[str, ...]) -> Iterator[Request]:
    base = {"base": "http://127.0.0.1:1", "peer": "127.0.0.1"}
    for path in (
        *paths,
        *(f"{path}/" for path in paths),
        "",
        "/",
        "..",
        "x" * 8000,
        "é",
        "\x00",
        "products/",
        "products/a/b/c",
        "products/é/%",
    ):
        for query in QUERIES:
            yield Request("GET", path, query, **base, cookies={"oidc-x": "\x00", "": "..."})
        for body in BODIES:
            yield Request("POST", path, {}, {}, {"Content-Type": "text/plain"}, body, **base)
            value = body.decode("latin-1")
            for name in ("signed_request", "logout_token"):
                yield Request("POST", path, {}, {name: value}, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, body, **base)


async def test_no_page_falls_over_whatever_it_is_asked(subject: Subject) -> None:
    served = set()
    for request in requests(subject.paths):
        try:
            reply = await subject.platform.page(request)
        except Refused as refusal:
            assert refusal.http_status < 500, (request.path[:99], refusal)
            served.add(request.path)
            continue
        if reply is not None:
            served.add(request.path)
            assert isinstance(reply, Reply) and 200 <= reply.status < 500, (request.path[:99], reply)
            assert b"<script>" not in reply.body or "html" not in reply.content_type
            assert not any("\n" in value or "\r" in value for value in reply.headers.values())
    assert set(subject.paths) <= served


# Trouble


async def test_a_proof_that_can_not_be_had_now_is_no_login(subject: Subject) -> None:
    """The last one: whoever was asked is away from now on."""
    if subject.away is None:
        assert not subject.paths, "who has pages asks somebody"
        return
    fresh = await _anew(subject)
    token = subject.good(UID)
    await _called(subject.away)
    try:
        found = [await _refused(fresh, subject, token) for _ in range(8)]
    finally:
        await fresh.stop()
    assert found == [Code.UNAVAILABLE] * 8


async def _anew(subject: Subject) -> Platform:
    """The platform as in a process that has just begun, which knows nothing yet."""
    platform = type(subject.platform)(_settings_of(subject), SystemClock())
    await platform.start(House(MemoryStore(), LocalResources(calm_res(), debug=True), SystemRng(), SystemClock()))
    return platform


def _settings_of(subject: Subject) -> Settings:
    return getattr(subject.platform, "_settings", Settings(**SETTINGS))


async def _refused(platform: Platform, subject: Subject, token: str) -> Code | None:
    return await Subject(platform, subject.good, {}).refused(token)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_that_is_not_set_up_says_so(
    name: str, io_loop: IOLoop, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a platform that lets in anybody."""
    made = globals()[f"_{name}"](io_loop, tmp_path, monkeypatch)
    try:
        for variable in ("PARTNER_KEY", "OIDC_ISSUER", "OIDC_CLIENT_ID"):
            monkeypatch.delenv(variable, raising=False)
        try:
            platform = type(made.platform)(Settings(**SETTINGS), SystemClock())
        except BadResource as error:
            assert all(where == "environment" and field and reason for where, field, reason in error.problems)
            return
        bare = Subject(platform, made.good, {})
        if name == "demo":
            assert io_loop.run_sync(lambda: bare.refused("")) is Code.AUTH_FAILED
        else:
            assert [field for _, field, _ in platform.problems(made.site)] == ["platform"]
            assert io_loop.run_sync(lambda: bare.refused(made.good(UID))) is Code.UNAVAILABLE
    finally:
        for end in made.end:
            io_loop.run_sync(lambda end=end: _called(end))  # type: ignore[misc]
