"""What every platform can rely on, and what the server does whatever a platform does."""

import asyncio
import json
from contextlib import suppress
from functools import partial

import orjson
import pytest
from structlog.testing import capture_logs

from tests import lab
from tests.lab import LabPlatform, fetch, serve
from tests.player import Player
from tests.secrets import secret
from tests.test_fuzz import unexpected_errors
from webingo.cli import app
from webingo.config import Settings
from webingo.errors import BadResource, Code, Refused
from webingo.platforms.logins import keep_login, keep_profile
from webingo.platforms.platform import MOST_PICTURE, Identity, shown_picture
from webingo.platforms.registry import TAKEN, misplaced, platforms, unfit
from webingo.resources.local import LocalResources
from webingo.resources.remote import RemoteResources
from webingo.rng import SystemRng
from webingo.server import app as wiring
from webingo.server import login
from webingo.server.platform_pages import MOST_BODY, Desk
from webingo.server.recheck import Recheck
from webingo.support.clock import ManualClock
from webingo.transaction.transaction import Login, Seat
from webingo.user import User

WHERE = {"platform": "lab", "site": "lab"}


@pytest.fixture
def res(tmp_path, monkeypatch):
    LabPlatform.fresh()
    monkeypatch.syspath_prepend(tmp_path / "lab")
    return lab.install(tmp_path)


@pytest.fixture
def server(res, io_loop):
    server = io_loop.run_sync(lambda: serve(res))
    yield server
    Player.abort_all()
    io_loop.run_sync(server.stop)


async def refused(port, token):
    stranger = await Player.connect(port, "rat")
    stranger.send(auth={"uid": "rat", "token": token}, **WHERE)
    return await stranger.closed(), stranger.errors[0]["code"]


async def until(true):
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


# Logins


async def test_what_a_platform_answers_is_what_the_player_gets(server):
    player = await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)
    assert player.credits == 100
    assert player.state["player"] == {"name": "Lab Rat", "picture": "https://pictures.example/rat.png"}
    assert await refused(server.port, "bad") == (4401, "AUTH_FAILED")
    assert await refused(server.port, "later") == (1001, "UNAVAILABLE")


async def test_a_bug_of_a_platform_lets_nobody_in_and_is_counted_at_both_doors(server):
    errors = unexpected_errors()
    with capture_logs() as logged:
        assert await refused(server.port, "bug") == (1011, "INTERNAL")
        body = orjson.dumps({"auth": {"uid": "rat", "token": "bug"}, **WHERE})
        answer = await fetch(server, "/session", "POST", body)
    assert (answer.status, orjson.loads(answer.body)["error"]["code"]) == (500, "INTERNAL")
    assert unexpected_errors() == errors + 2
    assert [event["event"] for event in logged if event["log_level"] == "error"] == ["login_failed"] * 2


async def test_whatever_a_platform_answers_in_place_of_its_player_lets_nobody_in(server):
    rat = User("lab", "rat")
    stranger = Identity(User("demo", "rat"))
    LabPlatform.fresh(instead={"none": None, "user": rat, "text": "rat", "stranger": stranger})
    for token in ("none", "user", "text", "stranger", "cancelled"):
        errors = unexpected_errors()
        assert await refused(server.port, token) == (1011, "INTERNAL")
        answer = await fetch(server, "/session", "POST", orjson.dumps({"auth": {"uid": "rat", "token": token}, **WHERE}))
        assert (answer.status, orjson.loads(answer.body)["error"]["code"]) == (500, "INTERNAL")
        assert unexpected_errors() == errors + 2
    assert (await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)).credits == 100


def test_how_often_is_asked_is_a_number():
    assert Identity(User("lab", "rat"), recheck_s="5").recheck_s == 5  # type: ignore[arg-type]
    for wrong in ("often", None):
        with pytest.raises((TypeError, ValueError)):
            Identity(User("lab", "rat"), recheck_s=wrong)  # type: ignore[arg-type]


async def test_a_login_over_http_is_kept_for_the_player_whom_the_platform_named(server):
    answer = await fetch(server, "/session", "POST", orjson.dumps({"auth": {"uid": "rat", "token": lab.GOOD}, **WHERE}))
    session_id = secret(orjson.loads(answer.body)["sessionId"], "session's id")
    assert await server.store.login(session_id, 60) == Login(Seat(User("lab", "rat"), "lab"))
    player = await Player.connect(server.port)
    player.send(t="auth", session=session_id)
    assert (await player.next_state())["player"] == {"name": "Lab Rat", "picture": "https://pictures.example/rat.png"}


async def test_a_name_leaves_what_else_a_platform_has_kept(server):
    user = User("lab", "rat")
    await server.store.save_profile(user, b'{"email":"","name":"Old"}')
    await keep_profile(server.store, Identity(user, "New", ""), 1)
    assert orjson.loads(await server.store.profile(user)) == {"email": "", "name": "New", "picture": ""}


async def test_an_erased_player_is_not_written_back_by_a_login_that_is_under_way(server, monkeypatch):
    store, user = server.store, User("lab", "rat")
    await store.save_profile(user, b'{"name":"Old"}')
    began_ms, profile = server.house.clock.now_ms(), store.profile

    async def erased_then(user):
        found = await profile(user)
        await store.erase(user, began_ms)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store, "profile", erased_then)
        for _ in range(2):  # while it is under way, and before it comes to that
            with pytest.raises(Refused, match="log"):
                await keep_profile(store, Identity(user, "Lab Rat", ""), began_ms)
    assert await profile(user) is None


async def test_a_platform_that_never_answers_is_unavailable(server, monkeypatch):
    monkeypatch.setattr(login, "_PROOF_S", 0.05)
    assert await refused(server.port, "never") == (1001, "UNAVAILABLE")


async def test_a_login_that_is_taken_back_while_it_is_under_way_is_not_kept(server):
    user, site = User("lab", "rat"), await server.house.resources.site("lab", "lab")
    began_ms = server.house.clock.now_ms()
    await server.store.revoke(user, began_ms)
    with pytest.raises(Refused, match="AUTH_FAILED"):
        await keep_login(server.house, user, site, 60, began_ms)
    assert await server.store.login(await keep_login(server.house, user, site, 60, began_ms + 60_000), 60)


def test_check_tells_what_a_platform_finds_wrong(res, monkeypatch, capsys):
    LabPlatform.fresh(problems=[("", "title", "the lab has no such place")])
    monkeypatch.chdir(res.parent)
    monkeypatch.setenv("WEBINGO_SECRET", secret("a-secret-of-more-than-32-characters!"))
    (res.parent / "static").mkdir()
    with pytest.raises(SystemExit) as left:
        app(["check"])
    assert left.value.code == 1
    assert "local_sites/lab.json: title: the lab has no such place" in capsys.readouterr().out


def test_names_and_pictures_are_such_or_nothing():
    user = User("lab", "rat")
    shown = Identity(user, " A\nn\x00a\u202e ", "https://pictures.example/a.png")
    assert (shown.name, shown.picture) == ("Ana", "https://pictures.example/a.png")
    assert len(Identity(user, "x" * 1000).name) == 200
    assert Identity(user, 7).name == Identity(user, None).name == ""  # type: ignore[arg-type]
    for good in ("http://127.0.0.1:1/a", "http://localhost/a", "http://[::1]/a"):
        assert shown_picture(good) == good
    long = "https://pictures.example/" + "x" * MOST_PICTURE
    for bad in ("", None, "http://pictures.example/a", "javascript:alert(1)", "data:,x", "https://", "//x/a", "/a", long):
        assert shown_picture(bad) == ""
    for bad in ("https://a b/", "https://a/\n", "https://[/", "https://é/", "https://evil.example\\.a/", "https://a:99999/"):
        assert shown_picture(bad) == ""


# The session


async def test_components_of_a_platform_answer_in_its_sessions_and_nowhere_else(server):
    player = await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)
    player.send(t="component", which="lab", message={"a": 1})
    assert (await player.next())["message"] == {"heard": {"a": 1}, "seat": "lab:lab:rat"}
    await player.leave()
    await until(lambda: "component closed" in LabPlatform.seen)


async def test_a_player_whom_the_platform_takes_back_is_sent_away_in_mid_session(server):
    taken_back = Refused(Code.AUTH_FAILED, "The lab has closed this account.")
    LabPlatform.fresh(recheck_s=0.02, rechecks=[None, Refused(Code.UNAVAILABLE), Refused(Code.RATE_LIMITED), taken_back])
    player = await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)
    assert await player.closed() == 4401
    assert [(error["code"], error["message"]) for error in player.errors] == [("AUTH_FAILED", taken_back.message)]
    assert LabPlatform.seen.count("rechecked") == 4


@pytest.mark.parametrize("wrong", [ZeroDivisionError(), asyncio.CancelledError()])
async def test_a_recheck_that_goes_wrong_ends_the_session_as_a_bug(server, wrong):
    LabPlatform.fresh(recheck_s=0.02, rechecks=[wrong])
    errors = unexpected_errors()
    player = await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)
    with capture_logs() as logged:
        assert await player.closed() == 1011
    assert unexpected_errors() == errors + 1
    assert [event["event"] for event in logged if event["log_level"] == "error"] == ["recheck_failed"]


async def test_nobody_is_asked_about_a_player_who_has_left(server):
    LabPlatform.fresh(recheck_s=0.05)
    player = await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)
    await until(lambda: LabPlatform.seen.count("rechecked") == 2)
    await player.leave()
    await until(lambda: "component closed" in LabPlatform.seen)
    asked = LabPlatform.seen.count("rechecked")
    await asyncio.sleep(0.15)
    assert LabPlatform.seen.count("rechecked") == asked


async def test_a_recheck_that_does_not_let_go_is_the_last_one():
    asked = []

    async def stubborn():
        asked.append(1)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    recheck = Recheck(Identity(User("lab", "rat"), recheck=stubborn, recheck_s=0.01), SystemRng(), print)
    await until(lambda: asked)
    recheck.stop()
    await asyncio.sleep(0.05)
    assert len(asked) == 1


async def test_a_component_that_fails_at_the_end_keeps_neither_the_others_nor_the_seat(server):
    LabPlatform.fresh(closing=ZeroDivisionError("of the component"))
    errors = unexpected_errors()
    player = await Player.log_in(server.port, "rat", lab.GOOD, **WHERE)
    given_up = []
    (session,) = server.house.sessions()
    session._place.give_up = lambda: asyncio.sleep(0, given_up.append(session))
    with capture_logs() as logged:
        await player.leave()
        await until(lambda: given_up)
    assert [event["event"] for event in logged if event["log_level"] == "error"] == ["component_failed"]
    assert unexpected_errors() == errors + 1


async def test_those_who_came_together_are_not_asked_about_together(monkeypatch):
    pauses = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda after_s, _: pauses.append(after_s))
    for _ in range(200):
        Recheck(Identity(User("lab", "rat"), recheck=asyncio.sleep, recheck_s=100), SystemRng(), print)
    assert 80 <= min(pauses) < 90 and 110 < max(pauses) <= 120


# Pages


async def test_a_page_gets_the_request_in_full(server):
    form = f"a=%C3%A4+1&b=&signed_request={lab.GOOD}".encode()
    answer = await fetch(
        server,
        "/lab/echo?q=1&empty=",
        "POST",
        form,
        Content_Type="application/x-www-form-urlencoded; charset=utf-8",
        Cookie="k=v",
    )
    assert json.loads(answer.body) == {
        "method": "POST",
        "path": "echo",
        "query": {"q": "1", "empty": ""},
        "form": {"a": "ä 1", "b": "", "signed_request": lab.GOOD},
        "type": "application/x-www-form-urlencoded; charset=utf-8",
        "body": form.decode(),
        "peer": "127.0.0.1",
        "base": f"http://127.0.0.1:{server.port}",
        "cookies": {"k": "v"},
    }
    assert answer.kind == "application/json"


async def test_pages_are_cautious_unless_they_say_otherwise(server):
    plain = (await fetch(server, "/lab/echo")).headers
    assert plain["Cache-Control"] == "no-store"
    assert plain["Referrer-Policy"] == "no-referrer"
    assert plain["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'self'" in plain["Content-Security-Policy"]
    assert not {"Server", "Etag", "Set-Cookie"} & set(plain)
    framed = await fetch(server, "/lab/framed")
    assert framed.headers["Content-Security-Policy"] == "frame-ancestors https://frames.example"
    assert (framed.headers["Cache-Control"], framed.kind) == ("max-age=1", "text/html")
    away = await fetch(server, "/lab/away")
    assert (away.status, away.headers["Location"]) == (302, "/lab/echo")
    assert {part.strip().lower() for part in away.headers["Set-Cookie"].split(";")} == {
        "__host-lab=1", "httponly", "max-age=60", "path=/", "samesite=lax", "secure"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/lab/", "GET", 404),
        ("/lab/nothing", "POST", 404),
        ("/lab", "GET", 404),
        ("/labor/echo", "GET", 404),
        ("/demo/echo", "GET", 404),
        ("/lab/%ff", "GET", 400),
        ("/lab/echo?a=1&a=2", "GET", 400),
        ("/lab/echo?a=%ff", "GET", 400),
        ("/lab/echo?" + "&".join(f"a{n}=1" for n in range(101)), "GET", 400),
        ("/lab/echo", "PUT", 405),
        ("/lab/echo", "DELETE", 405),
        ("/lab/split", "GET", 500),
    ],
)
async def test_requests_that_make_no_sense_are_refused(server, path, method, status):
    with capture_logs() as logged:
        answer = await fetch(server, path, method, b"" if method in ("POST", "PUT") else None)
    assert answer.status == status
    assert [event["event"] for event in logged if event["log_level"] == "error"] == (["page_failed"] if status == 500 else [])
    assert "Set-Cookie" not in answer.headers


async def test_a_host_that_is_none_is_refused(server):
    for host in ("[::1", "[", ":80"):
        assert (await fetch(server, "/lab/echo", Host=host)).status == 400
    answer = await fetch(server, "/lab/echo", Host="casino.example:81")
    assert json.loads(answer.body)["base"] == "http://casino.example:81"


@pytest.mark.parametrize("form", [b"a=1&a=2", b"a=%ff", b"\xff=1", b"&".join(b"a%d=1" % n for n in range(101))])
async def test_a_form_that_two_readers_could_read_differently_is_none(server, form):
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    assert (await fetch(server, "/lab/echo", "POST", form, **kind)).status == 400


async def test_only_what_says_so_is_a_form(server):
    for kind in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        answer = await fetch(server, "/lab/echo", "POST", b"a=1", Content_Type=kind)
        assert (json.loads(answer.body)["form"], json.loads(answer.body)["body"]) == ({}, "a=1")


async def test_a_body_has_a_largest_size(server):
    assert (await fetch(server, "/lab/echo", "POST", b"x" * MOST_BODY)).status == 200
    assert (await fetch(server, "/lab/echo", "POST", b"x" * (MOST_BODY + 1))).status == 413


async def test_a_head_is_a_get_without_its_body(server):
    whole, head = await fetch(server, "/lab/framed"), await fetch(server, "/lab/framed", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(whole.body)))


async def test_a_refusal_is_a_small_page_or_json(server):
    page = await fetch(server, "/lab/refused", Accept="text/html")
    assert (page.status, page.kind) == (403, "text/html")
    assert b"Not &lt;you&gt;." in page.body and page.headers["Content-Security-Policy"] == "default-src 'none'"
    answer = await fetch(server, "/lab/refused", Accept="application/json")
    assert (answer.status, json.loads(answer.body)) == (403, {"error": {"code": "FORBIDDEN", "message": "Not <you>."}})


async def test_a_bug_in_a_page_is_logged_once_without_what_was_asked(server, caplog):
    errors = unexpected_errors()
    with capture_logs() as logged:
        answer = await fetch(server, f"/lab/bug?code={lab.GOOD}", "POST", f"signed_request={lab.GOOD}".encode())
    assert answer.status == 500 and b"lab's page" not in answer.body
    assert [event["event"] for event in logged if event["log_level"] == "error"] == ["page_failed"]
    assert unexpected_errors() == errors + 1
    assert lab.GOOD not in repr(logged) + caplog.text


async def test_pages_that_hang_leave_room_for_everything_else(server, monkeypatch):
    slow = [asyncio.ensure_future(fetch(server, "/lab/slow")) for _ in range(100)]
    try:
        async with asyncio.timeout(10):
            while (answer := await fetch(server, "/lab/echo")).status == 200:
                await asyncio.sleep(0.02)
        assert answer.status == 503
        assert (await fetch(server, "/healthz")).status == 200
        LabPlatform.told.pages.set()
        assert {answer.status for answer in await asyncio.gather(*slow)} == {200}
        assert (await fetch(server, "/lab/echo")).status == 200
    finally:
        LabPlatform.told.pages.set()


async def test_a_page_has_its_time_and_no_more():
    class Slow:
        name = "slow"

        async def page(self, request):
            await asyncio.sleep(60)

    desk = Desk(Slow(), at_once=1, page_s=0.01)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(Refused, match="UNAVAILABLE"):
            await desk.page(lab.Request("GET", "x"))


# Start, stop and sites


async def test_a_platform_is_started_once_and_stopped_once(res):
    server = await serve(res)
    assert LabPlatform.seen == ["started"]
    await server.stop()
    assert LabPlatform.seen == ["started", "stopped"]


async def test_a_platform_that_does_not_stop_is_not_waited_for(res, monkeypatch):
    monkeypatch.setattr(wiring, "_STOP_S", 0.05)
    LabPlatform.fresh(never_stops=True)
    server = await serve(res)
    async with asyncio.timeout(5):
        await server.stop()
    assert LabPlatform.seen == ["started", "stopped"]


async def test_a_platform_that_can_not_start_stops_the_start_with_its_name(res):
    LabPlatform.fresh(start=ZeroDivisionError("no cheese"))
    with pytest.raises(BadResource) as caught:
        await serve(res)
    assert caught.value.problems == [("platform", "lab", "it can't be started: ZeroDivisionError: no cheese")]
    assert LabPlatform.seen == [], "what was not started is not stopped"


@pytest.mark.parametrize("changed", [{"social": {"daily_bonus": [5]}}, {"products": "one"}])
async def test_levels_and_products_are_for_platforms_that_have_them(res, changed):
    product = {"id": "p", "title": "P", "credits": 5, "price": {"amount": "1.00", "currency": "EUR"}}
    changed = {key: [product] if value == "one" else value for key, value in changed.items()}
    (res / "local_sites" / "lab.json").write_text(json.dumps({**lab.SITE, **changed}))
    with pytest.raises(BadResource) as caught:
        await serve(res)
    (field,) = changed
    assert caught.value.problems == [("local_sites/lab.json", field, "sites of the platform 'lab' can't have this")]


async def test_what_a_platform_finds_wrong_with_its_site_stops_the_start_and_refuses_it_from_the_backoffice(res):
    known = platforms(Settings(secret="s" * 32), ManualClock())
    LabPlatform.fresh(problems=[("", "title", "the lab has no such place")])
    assert misplaced(LocalResources(res).sites.values(), known) == [
        ("local_sites/lab.json", "title", "the lab has no such place")
    ]
    with pytest.raises(BadResource, match="no such place"):
        await serve(res)
    remote = RemoteResources(res, partial(unfit, known=known), debug=True)
    await remote.take("lab", "lab", 1, lab.SITE)
    assert remote.refused == {("lab", "lab"): [("", "title", "the lab has no such place")]}
    LabPlatform.fresh()
    await remote.take("lab", "lab", 2, lab.SITE)
    assert remote.refused == {} and remote.all_sites()[0].id == "lab"


@pytest.mark.parametrize("answer", [None, 5, ["wrong"], [("", "title")]])
def test_a_platform_that_judges_in_no_words_of_ours_has_the_site_refused(res, monkeypatch, answer):
    monkeypatch.setattr(LabPlatform, "problems", lambda self, site: answer)
    known = platforms(Settings(secret="s" * 32), ManualClock())
    ((_, field, reason),) = misplaced(LocalResources(res).sites.values(), known)
    assert field == "platform" and reason.startswith("it can't check the site: ")


def test_a_platform_that_fails_to_judge_a_site_has_it_refused(res, monkeypatch):
    monkeypatch.setattr(LabPlatform, "problems", lambda self, site: 1 / 0)
    known = platforms(Settings(secret="s" * 32), ManualClock())
    with capture_logs() as logged:
        ((_, field, reason),) = misplaced(LocalResources(res).sites.values(), known)
    assert (field, reason) == ("platform", "it can't check the site: ZeroDivisionError")
    assert logged[0]["event"] == "platform_failed"


def test_an_entry_point_that_is_no_platform_stops_the_start(tmp_path, monkeypatch):
    for name, reason in (("session", "no platform can be called that"), ("Lab", "no platform can be called that"),
                         ("other", "its platform calls itself 'lab'")):  # fmt: skip
        place = tmp_path / name
        (place / "lab").mkdir(parents=True)
        (place / "lab" / "pyproject.toml").write_text(lab.PROJECT.replace("lab =", f"{name} ="))
        lab.docpages.install(place / "lab")
        with monkeypatch.context() as patch:
            patch.syspath_prepend(place / "lab")
            with pytest.raises(BadResource) as caught:
                platforms(Settings(secret="s" * 32), ManualClock())
            assert caught.value.problems == [("entry point", name, reason)]
    place = tmp_path / "function" / "lab"
    place.mkdir(parents=True)
    (place / "pyproject.toml").write_text(lab.PROJECT.replace("tests.lab:LabPlatform", "builtins:max"))
    lab.docpages.install(place)
    monkeypatch.syspath_prepend(place)
    with pytest.raises(BadResource, match="entry point: lab: "):
        platforms(Settings(secret="s" * 32), ManualClock())


async def test_no_address_of_the_server_could_be_a_platforms(server):
    rules = [rule.matcher.regex.pattern for rule in server._http.request_callback.wildcard_router.rules]
    first = {pattern.removeprefix("/").partition("/")[0].rstrip("$") for pattern in rules}
    assert {name for name in first if name.replace("-", "").isalnum()} - {"demo", "lab", "facebook", "operator"} == TAKEN
