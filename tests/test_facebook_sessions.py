"""Players of Facebook on whole servers: how sessions begin and end there, on whichever node."""

import asyncio
import logging
from contextlib import AsyncExitStack

import orjson
import pytest
from structlog.testing import capture_logs

from tests import lab
from tests.conftest import open_store
from tests.facebook import ANA, BOB, HERE, facebook, fetch, resources, serving
from tests.player import Player
from tests.secrets import secret
from webingo.user import User


async def enter(server, uid, token):
    return await Player.log_in(server.port, uid, token, **HERE)


async def refused(server, uid, token, **userinfo):
    """(close code, error code) of a login that fails."""
    stranger = await Player.connect(server.port, uid)
    stranger.send(auth={"uid": uid, "token": token, "userinfo": userinfo}, **HERE)
    return await stranger.closed(), stranger.errors[0]["code"]


async def ended(player):
    return await player.closed(), player.errors[-1]["code"]


async def test_a_player_comes_in_and_sees_their_own_name_and_picture(tmp_path):
    async with facebook() as fake, serving(fake, resources(tmp_path)) as server:
        player = await enter(server, ANA, fake.token(ANA))
        assert player.credits == 100
        assert player.state["player"] == {"name": "Ana Example", "picture": f"{fake.origin}/picture/{ANA}.svg"}
        assert "ana@example.com" not in str(player.state)
        await player.load()
        await player.bet()


async def test_wrong_logins_are_refused_with_the_right_codes(tmp_path):
    async with facebook() as fake, serving(fake, resources(tmp_path)) as server:
        revoked = fake.token(ANA)
        fake.revoke(revoked)
        for token in (
            fake.token(ANA, app_id="999"),
            fake.token(BOB),
            fake.token(ANA, expires_in_s=-1),
            revoked,
            "nonsense",
            "",
        ):
            assert await refused(server, ANA, token) == (4401, "AUTH_FAILED")
        assert await refused(server, ANA, fake.token(ANA), name=17) == (4401, "BAD_MESSAGE")
        body = orjson.dumps({"auth": {"uid": ANA, "token": revoked}, **HERE})
        answer = await lab.fetch(server, "/session", "POST", body)
        assert (answer.status, orjson.loads(answer.body)["error"]["code"]) == (401, "AUTH_FAILED")


@pytest.mark.parametrize("trouble", ["hang", "slow", "half", "types", "limited", "redirect"])
async def test_when_facebook_is_in_trouble_nobody_gets_in_and_hears_so_before_the_door_closes(tmp_path, trouble):
    async with facebook() as fake, serving(fake, resources(tmp_path), auth_timeout_s=2) as server:
        fake.always, fake.patience = trouble, 30
        assert await refused(server, ANA, fake.token(ANA)) == (1001, "UNAVAILABLE")


async def test_tokens_that_are_revoked_while_their_players_play_end_the_sessions_on_every_node(tmp_path, redis_url):
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(facebook())
        res, often = resources(tmp_path), {"fb_token_check_s": 0.1}
        nodes = [await stack.enter_async_context(serving(fake, res, await open_store(redis_url), **often)) for _ in range(2)]
        for node, uid in zip(nodes, ("100000000000021", "100000000000022"), strict=True):
            token = fake.token(uid)
            player, bob = await enter(node, uid, token), await enter(node, BOB, fake.token(BOB))
            await player.load()
            fake.revoke(token)
            assert await ended(player) == (4401, "AUTH_FAILED")
            assert await refused(node, uid, token) == (4401, "AUTH_FAILED")
            await bob.load()


async def test_a_token_that_expires_while_its_player_plays_ends_the_session(tmp_path):
    async with facebook() as fake, serving(fake, resources(tmp_path), fb_token_check_s=0.1) as server:
        token = fake.token(ANA)
        ana = await enter(server, ANA, token)
        fake.tokens[token].expires_at = int(fake.now())
        assert await ended(ana) == (4401, "AUTH_FAILED")


async def test_while_facebook_is_down_those_who_play_go_on(tmp_path):
    async with facebook() as fake, serving(fake, resources(tmp_path), fb_token_check_s=0.05) as server:
        token = fake.token(ANA)
        ana = await enter(server, ANA, token)
        await ana.load()
        await fake.stop()
        await asyncio.sleep(0.3)
        await ana.bet()
        fake.revoke(token)
        await fake.start()
        assert await ended(ana) == (4401, "AUTH_FAILED")


async def test_who_removes_the_application_is_out_on_every_node(tmp_path, redis_url):
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(facebook())
        res = resources(tmp_path)
        here, there = [await stack.enter_async_context(serving(fake, res, await open_store(redis_url))) for _ in range(2)]
        token = fake.token(ANA)
        ana, bob = await enter(here, ANA, token), await enter(here, BOB, fake.token(BOB))
        body = orjson.dumps({"auth": {"uid": ANA, "token": token}, **HERE})
        session = secret(orjson.loads((await lab.fetch(here, "/session", "POST", body)).body)["sessionId"], "session's id")
        fake.callbacks["deauthorize"] = f"http://127.0.0.1:{there.port}/facebook/deauthorize"
        assert await fake.remove_application(ANA) == [(200, b"{}")]
        assert await ended(ana) == (4401, "AUTH_FAILED")
        for server in (here, there):
            assert await refused(server, ANA, token) == (4401, "AUTH_FAILED")
            again = await Player.connect(server.port, ANA)
            again.send(t="auth", session=session)
            assert await again.closed() == 4401
        await bob.load()
        await enter(there, ANA, fake.token(ANA))


async def test_who_wants_to_be_forgotten_is(tmp_path, redis_url):
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(facebook())
        res = resources(tmp_path)
        here, there = [await stack.enter_async_context(serving(fake, res, await open_store(redis_url))) for _ in range(2)]
        uid = "100000000000077"
        fake.person(uid, "Carla Example", "carla@example.com")
        player = await enter(here, uid, fake.token(uid))
        player.send(t="userdata", set={"colour": "red"})
        await player.next_state()
        user = User("facebook", uid)
        assert await here.store.profile(user)
        fake.callbacks["deletion"] = f"http://127.0.0.1:{there.port}/facebook/deletion"
        [(status, body)] = await fake.call_back("deletion", uid)
        assert status == 200
        assert await ended(player) == (4401, "AUTH_FAILED")
        assert await here.store.profile(user) is None
        told = orjson.loads(body)
        assert told["url"] == f"http://127.0.0.1:{there.port}/facebook/deletion?code={told['confirmation_code']}"
        assert told["confirmation_code"].isalnum() and uid not in told["confirmation_code"]
        page = await fetch(here, f"deletion?code={told['confirmation_code']}")
        assert page.status == 200 and b"were deleted on 20" in page.body
        again = await enter(there, uid, fake.token(uid))
        assert "colour" not in again.state["userdata"]
        assert again.credits == 100  # the books stay, and nobody is given credits twice


async def test_a_code_that_nobody_was_given_says_nothing(tmp_path):
    async with facebook() as fake, serving(fake, resources(tmp_path)) as server:
        _, body = await fake.deliver(
            f"http://127.0.0.1:{server.port}/facebook/deletion", {"signed_request": fake.signed({"user_id": ANA})}
        )
        code = orjson.loads(body)["confirmation_code"]
        assert (await fetch(server, f"deletion?code={code}")).status == 200
        changed = [code[:place] + ("1" if code[place] == "0" else "0") + code[place + 1 :] for place in range(len(code))]
        for wrong in (*changed, "", code[:-1], code + "0", code.upper()):
            assert (await fetch(server, f"deletion?code={wrong}")).status == 404
        assert (await fetch(server, "deletion")).status == 404


@pytest.mark.parametrize("page", ["deauthorize", "deletion"])
async def test_nobody_but_facebook_can_send_players_away(tmp_path, page):
    async with facebook() as fake, serving(fake, resources(tmp_path), fb_token_check_s=3600) as server:
        ana = await enter(server, ANA, fake.token(ANA))
        good = fake.signed({"user_id": ANA})
        for form in (
            {},
            {"signed_request": ""},
            {"signed_request": good[:-1]},
            {"signed_request": fake.signed({"user_id": ANA}, secret="another-secret")},
            {"signed_request": fake.signed({"user_id": ANA, "issued_at": int(fake.now()) - 90_000})},
            {"signed_request": fake.signed({"user_id": ANA, "payment_id": "17", "status": "completed"})},
            {"signed_request": fake.signed({"player_id": ANA, "request_payload": "club"})},
            {"signed_request": fake.signed_launch(ANA, fake.token(ANA))},
            {"signed_request": fake.signed({"user_id": int(ANA)})},
            {"signed_request": fake.signed({"user_id": "ana:1"})},
            {"user_id": ANA},
        ):
            assert (await fetch(server, page, form)).status == 403
        assert (await fetch(server, f"{page}?signed_request={good}")).status == 404
        await ana.load()
        assert await server.store.revoked_at(User("facebook", ANA)) == 0
        assert await server.store.profile(User("facebook", ANA))


async def test_nothing_secret_is_logged(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = []
    with capture_logs() as logged:
        async with facebook(made=secrets.append) as fake, serving(fake, resources(tmp_path), fb_token_check_s=0.05) as server:
            token = fake.token(ANA)
            ana = await enter(server, ANA, token)
            launch = fake.signed_launch(ANA, token)
            assert (await fetch(server, "portal", {"signed_request": launch})).status == 200
            assert (await fetch(server, "portal", {"signed_request": launch[:-1]})).status == 403
            for trouble in ("cut", "garbage", "redirect", "hang", "limited"):
                fake.always = trouble
                await refused(server, BOB, fake.token(BOB))
            await fake.stop()
            await refused(server, BOB, fake.token(BOB))
            await fake.start()
            fake.always = ""
            fake.callbacks["deauthorize"] = f"http://127.0.0.1:{server.port}/facebook/deauthorize"
            await fake.remove_application(ANA)
            await ended(ana)
    text = f"{logged} {caplog.text}"
    assert {"graph_call_failed", "facebook_deauthorized"} <= {line["event"] for line in logged}
    assert "ana@example.com" in secrets and fake.app_secret in secrets
    assert [secret for secret in (*secrets, launch, launch.split(".")[0]) if secret in text] == []
