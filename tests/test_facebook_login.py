"""Logins with Facebook: who gets in, who doesn't and what they are told; what is kept of them."""

import asyncio

import orjson
import pytest
from structlog.testing import capture_logs

from examples.fake_facebook.troubles import TROUBLES
from tests.facebook import ANA, BOB, facebook, plain
from webingo.config import Settings
from webingo.errors import BadResource, Code, Refused
from webingo.platforms.facebook.platform import FacebookPlatform
from webingo.platforms.facebook.portal import Portal
from webingo.platforms.facebook.profile import Profile
from webingo.platforms.facebook.tokens import Known, Tokens
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.session.house import House
from webingo.session.protocol import Auth
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.user import User

SITE = Site(id="club", platform="facebook", denomination="credit", games=[{"id": "coin"}])
OTHER_SITE = SITE.model_copy(update={"id": "pub"})
NOW_S = 1_700_000_000
PICTURE = {"data": {"height": 50, "is_silhouette": False, "url": "https://scontent.xx.fbcdn.net/v/1.jpg", "width": 50}}


class Door:
    """The platform, with a fake Facebook whose time is the test's, and without a server around it."""

    def __init__(self, fake, clock, **changes):
        self.fake = fake
        self.clock = clock
        self.store = MemoryStore(clock)
        self.platform = FacebookPlatform(plain(fake, **changes), clock)

    async def start(self):
        await self.platform.start(House(self.store, None, SystemRng(), self.clock))
        return self

    async def enter(self, uid, token, site=SITE, **userinfo):
        return await self.platform.authenticate(Auth(uid=uid, token=token, userinfo=userinfo), site)

    async def refused(self, uid, token, code=Code.AUTH_FAILED, **more):
        with pytest.raises(Refused) as caught:
            await self.enter(uid, token, **more)
        assert caught.value.code == code
        return caught.value.message

    async def kept(self, uid):
        document = await self.store.profile(User("facebook", uid))
        return None if document is None else orjson.loads(document)


@pytest.fixture
def door(io_loop, monkeypatch, request):
    monkeypatch.setattr(Portal, "__init__", lambda *_: None)  # its template is another test's
    clock = ManualClock(NOW_S * 1000)
    context = facebook(now=lambda: clock.now_ms() / 1000)
    fake = io_loop.run_sync(context.__aenter__)
    made = io_loop.run_sync(Door(fake, clock, **getattr(request, "param", {})).start)
    yield made
    io_loop.run_sync(made.platform.stop)
    io_loop.run_sync(lambda: context.__aexit__(None, None, None))


# Tokens


async def test_a_valid_token_lets_its_player_in_as_facebook_knows_them(door):
    identity = await door.enter(ANA, door.fake.token(ANA), name="Anastasia the Great", email="other@example.com")
    assert identity.user == User("facebook", ANA)
    assert (identity.name, identity.picture) == ("Ana Example", f"{door.fake.origin}/picture/{ANA}.svg")
    assert identity.recheck_s == 300
    assert await door.kept(ANA) == {"name": "Ana Example", "picture": identity.picture, "email": "ana@example.com"}


async def test_a_token_that_never_expires_lets_in(door):
    await door.enter(ANA, door.fake.token(ANA, never=True))


async def test_a_token_of_another_application_is_refused(door):
    token = door.fake.token(ANA, app_id="999")
    assert "not valid" in await door.refused(ANA, token)
    door.fake.strict_about_apps = False
    assert "another application" in await door.refused(ANA, token)


async def test_a_token_of_another_player_is_refused(door):
    token = door.fake.token(ANA)
    assert "another player's" in await door.refused(BOB, token)
    await door.enter(ANA, token)
    assert "another player's" in await door.refused(BOB, token)  # also where it is known as Ana's
    assert "another player's" in await door.refused(f"{ANA}0", token)


async def test_an_expired_token_is_refused(door):
    token = door.fake.token(ANA, expires_in_s=60)
    door.clock.advance(60)
    assert "expired" in await door.refused(ANA, token)


async def test_an_expired_token_is_refused_even_where_graph_says_it_is_valid(door, monkeypatch):
    token = door.fake.token(ANA, expires_in_s=60)
    monkeypatch.setattr(door.fake, "now", lambda: NOW_S)
    door.clock.advance(60)
    assert "expired" in await door.refused(ANA, token)


@pytest.mark.parametrize(
    ("subcode", "why"), [(458, "removed"), (460, "password"), (463, "expired"), (467, "logged out"), (1, "not valid")]
)
async def test_a_revoked_token_is_refused_with_the_reason(door, subcode, why):
    token = door.fake.token(ANA)
    door.fake.revoke(token, subcode)
    assert why in await door.refused(ANA, token)


async def test_a_token_that_is_revoked_between_the_two_calls_is_refused(door, monkeypatch):
    token = door.fake.token(ANA)
    told = door.fake.debugged

    def then_revoked(text):
        said = told(text)
        door.fake.revoke(token)
        return said

    monkeypatch.setattr(door.fake, "debugged", then_revoked)
    assert "not valid" in await door.refused(ANA, token)


@pytest.mark.parametrize("kind", ["PAGE", "APP", "SYSTEM_USER", ""])
async def test_a_token_that_is_no_players_is_refused(door, kind):
    assert "player's own token" in await door.refused(ANA, door.fake.token(ANA, kind=kind))


@pytest.mark.parametrize(
    "token", ["x", "EAAB" * 500, "a|b", "a..b", "a.b.c", "é", "a b", "a\nb", "\x00", "&access_token=1", "#", "../me?"]
)
async def test_nonsense_is_refused(door, token):
    await door.refused(ANA, token)


@pytest.mark.parametrize("token", ["%" * 8000, "A" * 2049])
async def test_facebook_is_not_asked_about_what_no_web_server_reads(door, token):
    for _ in range(6):
        await door.refused(ANA, token)
    assert door.fake.seen == []
    await door.enter(ANA, door.fake.token(ANA))


async def test_a_login_without_a_token_is_refused(door):
    assert "auth.token is empty" in await door.refused(ANA, "")


async def test_the_applications_own_token_lets_nobody_in(door):
    await door.refused(ANA, door.fake.app_token)


# The cache


async def test_a_player_who_comes_back_soon_is_let_in_without_asking_again(door):
    token = door.fake.token(ANA)
    first = await door.enter(ANA, token)
    asked = len(door.fake.seen)
    again = await door.enter(ANA, token)
    assert (again.user, again.name, again.picture) == (first.user, first.name, first.picture)
    assert len(door.fake.seen) == asked == 2
    door.clock.advance(299.9)
    await door.enter(ANA, token)
    assert len(door.fake.seen) == 2
    door.clock.advance(0.1)
    await door.enter(ANA, token)
    assert len(door.fake.seen) == 4
    assert "ana@example.com" not in str(vars(door.platform._login._tokens))


async def test_what_is_known_of_a_token_ends_with_the_token(door):
    token = door.fake.token(ANA, expires_in_s=60)
    await door.enter(ANA, token)
    door.clock.advance(59.999)
    await door.enter(ANA, token)
    door.clock.advance(0.001)
    assert "expired" in await door.refused(ANA, token)


async def test_after_a_revocation_nothing_counts_that_was_known_before(door):
    token = door.fake.token(ANA)
    await door.enter(ANA, token)
    await door.fake.remove_application(ANA)
    await door.store.revoke(User("facebook", ANA), door.clock.now_ms())
    assert "removed" in await door.refused(ANA, token)
    await door.enter(ANA, door.fake.token(ANA))  # who authorises the application anew comes in at once


async def test_a_revocation_during_a_login_ends_the_login(door):
    door.fake.only, door.fake.always, door.fake.patience = "me", "slow", 0.2
    entering = asyncio.create_task(door.refused(ANA, door.fake.token(ANA)))
    while "me" not in door.fake.seen:
        await asyncio.sleep(0.01)
    await door.store.revoke(User("facebook", ANA), door.clock.now_ms())
    assert "removed" in await entering


def test_the_cache_is_bounded_and_forgets_who_was_longest_away():
    tokens = Tokens(ManualClock(), most=3)
    known = Known(Profile(), 0, 0)
    for name in "abc":
        tokens.keep(name, ANA, known)
    tokens.get("a", ANA, 0)
    tokens.keep("d", ANA, known)
    assert [name for name in "abcd" if tokens.get(name, ANA, 0)] == ["a", "c", "d"]
    assert tokens.get("a", BOB, 0) is None
    assert tokens.get("a", ANA, 1) is None and tokens.get("a", ANA, 0) is None
    tokens.keep("EAABsecret", ANA, known)
    assert "EAAB" not in str(vars(tokens))


# Rechecks


async def test_a_recheck_asks_facebook_each_time(door):
    token = door.fake.token(ANA)
    identity = await door.enter(ANA, token)
    await identity.recheck()
    await identity.recheck()
    assert door.fake.seen == ["debug_token", "me", "debug_token", "debug_token"]


async def test_a_recheck_finds_out_what_was_revoked_and_the_next_login_too(door):
    token = door.fake.token(ANA)
    identity = await door.enter(ANA, token)
    door.fake.revoke(token)
    with pytest.raises(Refused) as caught:
        await identity.recheck()
    assert caught.value.code is Code.AUTH_FAILED
    await door.refused(ANA, token)


async def test_a_recheck_in_trouble_says_so_and_what_was_known_stays(door):
    token = door.fake.token(ANA)
    identity = await door.enter(ANA, token)
    await door.fake.stop()
    with pytest.raises(Refused) as caught:
        await identity.recheck()
    assert caught.value.code is Code.UNAVAILABLE
    await door.enter(ANA, token)
    await door.fake.start()


@pytest.mark.parametrize("door", [{"fb_token_check_s": 7}], indirect=True)
async def test_how_often_is_asked_is_a_setting(door):
    assert (await door.enter(ANA, door.fake.token(ANA))).recheck_s == 7


# Trouble


@pytest.mark.parametrize("door", [{"auth_timeout_s": 0.5}], indirect=True)
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("call", ["debug_token", "me"])
async def test_in_trouble_nobody_gets_in_and_they_hear_of_it_in_time(door, trouble, call):
    """`slow` and `hang` take longer than a connection without a login lasts."""
    token = door.fake.token(ANA)
    door.fake.always, door.fake.only, door.fake.patience = trouble, call, 30
    begun = asyncio.get_running_loop().time()
    with capture_logs() as logged:
        await door.refused(ANA, token, Code.UNAVAILABLE)
    assert asyncio.get_running_loop().time() - begun < 2  # on a busy machine; two whole tries would take 6
    assert door.fake.elsewhere == 0
    assert await door.kept(ANA) is None
    assert token not in str(logged) and door.fake.app_secret not in str(logged)


async def test_a_facebook_that_is_down_is_unavailable(door):
    await door.fake.stop()
    await door.refused(ANA, "EAABtoken", Code.UNAVAILABLE)


async def test_a_profile_of_somebody_else_is_no_login(door, monkeypatch):
    whole = door.fake.me
    monkeypatch.setattr(door.fake, "me", lambda uid, fields: whole(BOB, fields))
    await door.refused(ANA, door.fake.token(ANA), Code.UNAVAILABLE)


async def test_where_facebook_refuses_us_it_is_not_the_players_fault(door, monkeypatch):
    monkeypatch.setattr(door.fake, "proof", lambda token: "another secret")
    with capture_logs() as logged:
        await door.refused(ANA, door.fake.token(ANA), Code.UNAVAILABLE)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["graph_refuses_us"]


async def test_without_an_application_nobody_gets_in_and_without_debug_an_open_site_is_a_problem():
    for debug in (True, False):
        platform = FacebookPlatform(Settings(debug=debug), ManualClock())
        with pytest.raises(Refused) as caught:
            await platform.authenticate(Auth(uid=ANA, token="x"), SITE)
        assert caught.value.code is Code.UNAVAILABLE and "No Facebook application" in caught.value.message
        assert [field for _, field, _ in platform.problems(SITE)] == ([] if debug else ["platform"])
        assert platform.problems(SITE.model_copy(update={"enabled": False})) == []
    assert FacebookPlatform(Settings(fb_app_id="1", fb_app_secret="x"), ManualClock()).problems(SITE) == []


async def test_a_missing_template_stops_the_start_where_there_is_an_application(tmp_path):
    house = House(MemoryStore(), None, SystemRng(), ManualClock())
    for given, stopped in (({}, False), ({"fb_app_id": "1", "fb_app_secret": "x"}, True)):
        platform = FacebookPlatform(Settings(res_dir=tmp_path, **given), ManualClock())
        try:
            await platform.start(house)
        except BadResource as error:
            assert stopped and "portal.html" in str(error)
        else:
            assert not stopped
        await platform.stop()


# userinfo


@pytest.mark.parametrize(
    "userinfo",
    [
        {"id": BOB},
        {"id": 1.5},
        {"name": 7},
        {"name": "x" * 201},
        {"picture": "https://scontent.xx.fbcdn.net/1.jpg"},
        {"picture": {"data": {"url": 1}}},
        {"picture": {"data": {"url": "https://" + "x" * 2048}}},
        {"email": ["a@example.com"]},
        {"email": "x" * 321},
        {"more": "x" * 8192},
    ],
)
async def test_userinfo_of_another_form_is_a_bad_message(door, userinfo):
    await door.refused(ANA, door.fake.token(ANA), Code.BAD_MESSAGE, **userinfo)
    assert door.fake.seen == []


async def test_userinfo_is_shown_where_facebook_says_nothing_and_never_tells_an_address(door):
    door.fake.person(ANA, "")
    said = {"id": ANA, "name": "Ana\u202e X\n", "picture": PICTURE, "email": "forged@example.com", "more": [1]}
    identity = await door.enter(ANA, door.fake.token(ANA), **said)
    assert (identity.name, identity.picture) == ("Ana X", f"{door.fake.origin}/picture/{ANA}.svg")
    assert (await door.kept(ANA))["email"] == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/1.jpg",
        "http://scontent.xx.fbcdn.net/1.jpg",
        "https://fbcdn.net.evil.example/",
        "https://evilfbcdn.net/",
        "javascript:alert(1)",
        "https://fbcdn.net@evil.example/",
        "https://evil.example\\.fbcdn.net/",
        "//fbcdn.net/x",
    ],
)
async def test_a_picture_that_is_not_at_facebook_is_not_shown(door, url):
    text = door.fake.signed_player(ANA, "club")
    assert (await door.enter(ANA, text, picture={"data": {"url": url}})).picture == ""


async def test_a_profile_is_written_when_it_has_changed(door, monkeypatch):
    saved = []
    save = door.store.save_profile

    async def noted(user, document, revoked):
        saved.append(orjson.loads(document))
        await save(user, document, revoked)

    monkeypatch.setattr(door.store, "save_profile", noted)
    await door.enter(ANA, door.fake.token(ANA))
    await door.enter(ANA, door.fake.token(ANA))
    assert len(saved) == 1
    door.fake.person(ANA, "Ana Married")
    await door.enter(ANA, door.fake.token(ANA))
    assert (len(saved), saved[1]["name"], saved[1]["email"]) == (2, "Ana Married", "")


# Instant games


async def test_signed_player_info_lets_its_player_in_on_its_site(door):
    text = door.fake.signed_player(ANA, "club")
    identity = await door.enter(ANA, text, name="Ana of the Instant", picture=PICTURE)
    assert (identity.user, identity.name, identity.picture) == (
        User("facebook", ANA),
        "Ana of the Instant",
        PICTURE["data"]["url"],
    )
    assert identity.recheck is None
    assert door.fake.seen == []


async def test_signed_player_info_may_name_the_applications_own_id_of_the_player(door):
    text = door.fake.signed({"asid": ANA, "player_id": BOB, "request_payload": "club"})
    await door.enter(ANA, text)
    await door.refused(BOB, text)


async def test_signed_player_info_is_for_one_player_one_site_and_ten_minutes(door):
    text = door.fake.signed_player(ANA, "club")
    assert "another player" in await door.refused(BOB, text)
    assert "another site" in await door.refused(ANA, text, site=OTHER_SITE)
    door.clock.advance(600)
    await door.enter(ANA, text)
    door.clock.advance(1)
    assert "too long ago" in await door.refused(ANA, text)


async def test_other_things_that_facebook_signs_let_nobody_in(door):
    token = door.fake.token(ANA)
    for text in (
        door.fake.signed_launch(ANA, token),
        door.fake.signed({"user_id": ANA, "request_payload": "club"}),
        door.fake.signed({"player_id": ANA}),
        door.fake.signed({"player_id": int(ANA), "request_payload": "club"}),
        door.fake.signed({"player_id": ANA, "request_payload": "club"}, secret="another-secret"),
        f"{ANA}.{token}",
        ".",
    ):
        await door.refused(ANA, text)


async def test_what_was_signed_before_a_revocation_lets_nobody_in(door):
    text = door.fake.signed_player(ANA, "club")
    await door.enter(ANA, text)
    await door.store.revoke(User("facebook", ANA), door.clock.now_ms())
    assert "removed" in await door.refused(ANA, text)
    door.clock.advance(1)
    await door.enter(ANA, door.fake.signed_player(ANA, "club"))


async def test_an_instant_login_keeps_the_address_that_facebook_told_before(door):
    await door.enter(ANA, door.fake.token(ANA))
    identity = await door.enter(ANA, door.fake.signed_player(ANA, "club"), name="Annie")
    assert identity.name == "Annie" and identity.picture
    assert (await door.kept(ANA))["email"] == "ana@example.com"
