"""The demo platform: who gets in, and that nobody gets in as somebody else."""

import base64
import hmac
import json

import pytest

from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.demo import DemoPlatform
from webingo.platforms.platform import Identity
from webingo.platforms.registry import platforms
from webingo.platforms.token import sign_token
from webingo.resources.site import Site
from webingo.session.protocol import Auth
from webingo.support.clock import ManualClock
from webingo.user import User

SECRET = "a-secret-of-more-than-32-characters!"
SITE = Site(id="here", platform="demo", denomination="credit", games=[{"id": "coin"}])
NOW_S = 1_700_000_000


def platform(debug=False, secret=SECRET, clock=None):
    return DemoPlatform(Settings(debug=debug, secret=secret), clock or ManualClock(NOW_S * 1000))


async def refusal(uid, token, **kwargs):
    with pytest.raises(Refused) as caught:
        await platform(**kwargs).authenticate(Auth(uid=uid, token=token), SITE)
    assert caught.value.code == Code.AUTH_FAILED
    return caught.value.message


async def test_a_signed_token_lets_its_player_in():
    token = sign_token(SECRET, "demo", "ana", NOW_S + 1)
    assert await platform().authenticate(Auth(uid="ana", token=token), SITE) == Identity(User("demo", "ana"))


async def test_without_a_token_players_get_in_in_debug_only():
    assert await platform(debug=True).authenticate(Auth(uid="ana"), SITE) == Identity(User("demo", "ana"))
    assert "token is needed" in await refusal("ana", "")


async def test_a_wrong_token_is_refused_even_in_debug():
    assert "not one of ours" in await refusal("ana", "nonsense", debug=True)


async def test_a_token_ends_with_its_time():
    clock = ManualClock(NOW_S * 1000)
    door = platform(clock=clock)
    auth = Auth(uid="ana", token=sign_token(SECRET, "demo", "ana", NOW_S + 60))
    clock.advance(59.999)
    await door.authenticate(auth, SITE)
    clock.advance(0.001)
    with pytest.raises(Refused, match="expired"):
        await door.authenticate(auth, SITE)


async def test_a_token_is_one_players_on_one_platform():
    assert "another player's" in await refusal("bob", sign_token(SECRET, "demo", "ana", NOW_S + 1))
    assert "another player's" in await refusal("ana", sign_token(SECRET, "other", "ana", NOW_S + 1))


async def test_a_token_signed_with_another_secret_is_refused():
    assert "not one of ours" in await refusal("ana", sign_token(SECRET + "x", "demo", "ana", NOW_S + 1))


async def test_each_character_of_a_token_counts():
    token = sign_token(SECRET, "demo", "ana", NOW_S + 1)
    for place, character in enumerate(token):
        changed = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        await refusal("ana", changed)
        await refusal("ana", token[:place])
    await refusal("ana", token + "=")
    await refusal("ana", token + ".")


@pytest.mark.parametrize("token", [".", "..", "a.b", "é.é", "\x00", "." * 8192, "eyJ9."])
async def test_nonsense_is_refused(token):
    await refusal("ana", token)


async def test_an_unsigned_payload_is_never_read():
    payload = base64.urlsafe_b64encode(json.dumps({"p": "demo", "u": "ana", "e": NOW_S + 9}).encode()).rstrip(b"=").decode()
    await refusal("ana", f"{payload}.")
    plain = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), payload.encode(), "sha256")).rstrip(b"=").decode()
    await refusal("ana", f"{payload}.{plain}")  # signed with our secret, but for no purpose of ours


async def test_a_user_id_that_is_none_is_refused_before_any_token():
    await refusal("a b", "", debug=True)


def test_nothing_is_signed_with_an_empty_secret():
    with pytest.raises(ValueError, match="empty secret"):
        sign_token("", "demo", "ana", NOW_S)


def test_platforms_are_found_by_entry_point():
    assert isinstance(platforms(Settings(secret=SECRET), ManualClock())["demo"], DemoPlatform)
