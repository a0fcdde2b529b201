"""Static files, the games' rules and error pages, over real sockets."""

import asyncio
import gzip
import json
import os
import re
import socket

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from tests import coin
from webingo.config import Settings
from webingo.engines.registry import engines
from webingo.errors import BadResource
from webingo.resources.local import LocalResources
from webingo.server import files, health
from webingo.server.assets import Asset, AssetCache, find
from webingo.server.pages import quality

TEXT = b"let answer = 42;\n" * 500
NOISE = os.urandom(3000)
WHEN = 1_600_000_000


@pytest.fixture
def res(tmp_path, monkeypatch):
    res = coin.install(tmp_path, monkeypatch)
    template = (coin.ROOT / "res/templates/rules.html").read_text()
    coin.write(res, "templates/rules.html", template)
    yield res
    engines.cache_clear()


@pytest.fixture
def static(tmp_path):
    static = tmp_path / "static"
    for name, content in {
        "app.js": TEXT,
        "game.wasm": TEXT,
        "game.pck": TEXT,
        "page.html": TEXT,
        "noise.pck": NOISE,
        "picture.png": NOISE,
        "unknown.zzz": NOISE,
        "empty.js": b"",
        ".hidden": TEXT,
        "folder/inner.css": TEXT,
        "folder/index.html": b"<p>folder",
        ".git/config": TEXT,
        "webingo-client/index.html": b"<p>client",
    }.items():
        file = static / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (WHEN, WHEN))
    return static


class Web:
    """A server with the routes of a set of settings, and a client for it."""

    def __init__(self, res, static, debug=False, reasons=None):
        settings = Settings(res_dir=res, static_dir=static, debug=debug)
        resources = LocalResources(res, debug)

        async def unready():
            if isinstance(reasons, Exception):
                raise reasons
            return reasons or []

        self._server = HTTPServer(Application([*health.routes(unready), *files.routes(settings, resources)]))
        listener, self.port = bind_unused_port()
        self._server.add_socket(listener)

    async def get(self, path, method="GET", **headers):
        return await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            raise_error=False,
            decompress_response=False,
            allow_nonstandard_methods=True,
        )

    def close(self):
        self._server.stop()


@pytest.fixture
def web(res, static, io_loop):
    made = []

    def make(**kwargs):
        made.append(Web(res, static, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()


def raw(port, target, method="GET"):
    """One request as it stands, for what a well-behaved client would not send; the whole answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


async def raw_from(web, target, method="GET"):
    return await asyncio.to_thread(raw, web.port, target, method)


async def test_a_file_comes_whole_with_its_length_type_and_tag(web):
    answer = await web().get("/static/app.js")
    assert (answer.code, answer.body) == (200, TEXT)
    assert answer.headers["Content-Length"] == str(len(TEXT))
    assert answer.headers["Last-Modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch('"[0-9a-f]{32}"', answer.headers["ETag"])
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("name", "kind"),
    {
        "app.js": "text/javascript; charset=utf-8",
        "game.wasm": "application/wasm",
        "game.pck": "application/octet-stream",
        "picture.png": "image/png",
        "unknown.zzz": "application/octet-stream",
        "folder/inner.css": "text/css; charset=utf-8",
        "page.html": "text/html; charset=utf-8",
    }.items(),
)
async def test_types_are_right_wherever_the_server_runs(web, name, kind):
    assert (await web().get(f"/static/{name}")).headers["Content-Type"] == kind


async def test_nothing_comes_in_chunks(web):
    here = web()
    for path in ("/static/app.js", "/static/noise.pck", "/static/empty.js", "/static/gone", "/games/coin/rules"):
        for encoding in ("", "gzip"):
            answer = await here.get(path, Accept_Encoding=encoding)
            assert "Transfer-Encoding" not in answer.headers
            assert int(answer.headers["Content-Length"]) == len(answer.body)


async def test_what_can_be_is_compressed_for_those_who_accept_it(web):
    here = web()
    for name in ("app.js", "game.wasm", "game.pck", "page.html", "folder/inner.css"):
        plain, packed = await here.get(f"/static/{name}"), await here.get(f"/static/{name}", Accept_Encoding="br, gzip")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert plain.headers["ETag"] != packed.headers["ETag"]
    refused = await here.get("/static/app.js", Accept_Encoding="gzip;q=0, identity")
    assert "Content-Encoding" not in refused.headers
    for name in ("noise.pck", "picture.png", "empty.js"):
        assert "Content-Encoding" not in (await here.get(f"/static/{name}", Accept_Encoding="gzip")).headers


async def test_a_compressed_file_beside_it_is_taken_unless_it_is_older(web, static):
    here = web()
    (static / "app.js.gz").write_bytes(gzip.compress(b"made before"))
    (static / "app.js.br").write_bytes(b"brotli")
    assert (await here.get("/static/app.js", Accept_Encoding="gzip, br")).body == b"brotli"
    answer = await here.get("/static/app.js", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body) == b"made before"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    os.utime(static / "app.js.gz", (WHEN - 1, WHEN - 1))
    assert gzip.decompress((await here.get("/static/app.js", Accept_Encoding="gzip")).body) == TEXT


async def test_what_the_client_has_is_not_sent_again(web):
    here = web()
    for encoding in ("", "gzip"):
        first = await here.get("/static/app.js", Accept_Encoding=encoding)
        for known in (first.headers["ETag"], f'"x", W/{first.headers["ETag"]}', "*"):
            again = await here.get("/static/app.js", Accept_Encoding=encoding, If_None_Match=known)
            assert (again.code, again.body) == (304, b"")
            assert again.headers["ETag"] == first.headers["ETag"]
    assert (await here.get("/static/app.js", If_Modified_Since="Sun, 13 Sep 2020 12:26:40 GMT")).code == 304
    assert (await here.get("/static/app.js", If_Modified_Since="Sun, 13 Sep 2020 12:26:39 GMT")).code == 200
    assert (await here.get("/static/app.js", If_Modified_Since="yesterday")).code == 200
    stale = await here.get("/static/app.js", If_None_Match='"x"', If_Modified_Since="Sun, 13 Sep 2099 12:26:40 GMT")
    assert stale.code == 200


async def test_a_changed_file_is_sent_anew(web, static):
    here = web()
    first = await here.get("/static/app.js", Accept_Encoding="gzip")
    (static / "app.js").write_bytes(b"changed;" * 100)
    second = await here.get("/static/app.js", Accept_Encoding="gzip", If_None_Match=first.headers["ETag"])
    assert second.code == 200
    assert gzip.decompress(second.body) == b"changed;" * 100


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=2990-", 2990, 3000),
        ("bytes=-5", 2995, 3000),
        ("bytes=2999-9999", 2999, 3000),
        ("bytes=-9999", 0, 3000),
    ],
)
async def test_a_part_can_be_asked_for(web, asked, first, end):
    answer = await web().get("/static/noise.pck", Range=asked, Accept_Encoding="gzip")
    assert (answer.code, answer.body) == (206, NOISE[first:end])
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/3000"


async def test_a_part_that_is_not_there_is_refused(web):
    for asked in ("bytes=3000-", "bytes=9999-10000", "bytes=-0"):
        answer = await web().get("/static/noise.pck", Range=asked)
        assert (answer.code, answer.headers["Content-Range"], answer.body) == (416, "bytes */3000", b"")


async def test_what_is_no_single_range_is_answered_whole(web):
    for asked in ("bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=-", "bytes=a-b"):
        answer = await web().get("/static/noise.pck", Range=asked)
        assert (answer.code, answer.body) == (200, NOISE)


async def test_a_part_of_another_version_is_not_mixed_in(web):
    here = web()
    tag = (await here.get("/static/app.js")).headers["ETag"]
    assert (await here.get("/static/app.js", Range="bytes=0-1", If_Range=tag)).code == 206
    assert (await here.get("/static/app.js", Range="bytes=0-1", If_Range="Sun, 13 Sep 2020 12:26:40 GMT")).code == 206
    assert (await here.get("/static/app.js", Range="bytes=0-1", If_Range='"old"')).body == TEXT


async def test_head_answers_like_get_without_the_body(web):
    here = web()
    for path in ("/static/app.js", "/static/noise.pck", "/games/coin/rules", "/healthz"):
        full, head = await here.get(path, Accept_Encoding="gzip"), await here.get(path, "HEAD", Accept_Encoding="gzip")
        assert (head.code, head.body) == (200, b"")
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers.get(name) == full.headers.get(name)


async def test_a_large_file_arrives_whole_and_a_client_may_leave_in_the_middle(web, static):
    content = os.urandom(5_000_000)
    (static / "large.bin").write_bytes(content)
    here = web()

    def leave():
        with socket.create_connection(("127.0.0.1", here.port), timeout=5) as client:
            client.sendall(b"GET /static/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"

    await asyncio.to_thread(leave)
    assert (await here.get("/static/large.bin")).body == content


@pytest.mark.parametrize(
    "path",
    [
        "/static/.hidden",
        "/static/.git/config",
        "/static/folder/.",
        "/static/../config.json",
        "/static/%2e%2e/res/games/coin/manifest.json",
        "/static/..%2fres/games/coin/manifest.json",
        "/static/..\\res\\games\\coin\\manifest.json",
        "/static//app.js",
        "/static/%00",
        "/static/app.js%00.png",
        "/static/folder",
        "/static/" + "a" * 5000,
        "/static/outside.js",
        "/static/outside/manifest.json",
        "/static/",
        "/game/coin/manifest.json",
        "/game/coin/manifest.json.gz",
        "/game/coin/renamed.json",
        "/game/coin/%6danifest.json",
        "/game/coin/../coin/manifest.json",
        "/res/games/coin/manifest.json",
        "/nowhere",
    ],
)
async def test_what_is_not_for_players_is_not_there(web, res, static, path):
    (static / "outside.js").symlink_to(res / "games/coin/manifest.json")
    (static / "outside").symlink_to(res / "games/coin")
    (res / "games/coin/renamed.json").symlink_to("manifest.json")
    (res / "games/coin/manifest.json.gz").write_bytes(b"x")
    answer = await raw_from(web(), path)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"sides" not in answer


async def test_a_game_that_was_exported_is_there(web, res):
    (res / "games/coin/index.html").write_text("<p>coin")
    here = web()
    assert (await here.get("/game/coin/index.html")).body == b"<p>coin"
    answer = await here.get("/game/coin/")
    assert (answer.body, answer.headers["Cache-Control"]) == (b"<p>coin", "no-cache")
    assert (await here.get("/static/folder/")).body == b"<p>folder"


async def test_the_client_is_at_the_root_in_debug_only(web):
    answer = await web(debug=True).get("/")
    assert (answer.code, answer.body) == (200, b"<p>client")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; connect-src 'self' ws: wss:;")
    assert "unsafe" not in policy
    assert (await web().get("/")).code == 404


async def test_errors_are_small_and_come_in_the_form_that_was_asked_for(web):
    here = web()
    page = await here.get("/nowhere", Accept="text/html, */*;q=0.1")
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"<h1>404 Not Found</h1>" in page.body
    for answer in (await here.get("/nowhere", Accept="application/json"), await here.get("/games/gone/rules?format=json")):
        assert json.loads(answer.body) == {"status": 404, "message": "There is nothing at this address."}
    assert (await here.get("/static/app.js", "POST")).code == 405
    assert (await raw_from(here, "/nowhere?format=%ff")).startswith(b"HTTP/1.1 404")
    assert (await raw_from(here, "/static/%ff")).startswith(b"HTTP/1.1 400")


async def test_an_error_of_ours_shows_nothing_of_its_inside(web, monkeypatch):
    def broken(self):
        raise RuntimeError("the secret place")

    monkeypatch.setattr(coin.CoinEngine, "rules", broken)
    for form in ("html", "json"):
        answer = await web().get(f"/games/coin/rules?format={form}")
        assert answer.code == 500
        assert b"secret" not in answer.body
        assert b"Traceback" not in answer.body


async def test_the_rules_are_readable_by_programs(web):
    here = web()
    answer = await here.get("/games/coin/rules", Accept="application/json")
    assert answer.headers["Content-Type"].startswith("application/json")
    rules = json.loads(answer.body)
    assert rules == json.loads((await here.get("/games/coin/rules?format=json", Accept="text/html")).body)
    assert (rules["game"], rules["rtp"], rules["max_win"], rules["version"]) == ("coin", 0.95, 19, "1.0.0")
    assert rules["pays"][0]["odds"] == "1 in 20"
    assert "sides" not in rules


async def test_the_rules_are_a_page_for_people_with_all_text_escaped(web):
    here = web()
    answer = await here.get("/games/coin/rules", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    page = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for part in (
        "<h1>Heads</h1>",
        "95.00 %",
        "1 in 20",
        "A coin with &lt;many&gt; sides.",
        "Hope &amp; wait.",
        "1, 2",
        'aria-label="x. / .*"',
    ):
        assert part in page
    assert [page.count(f'class="{cell}"') for cell in ("hit", "free", "cell")] == [1, 1, 2]
    assert "<script" not in page
    assert "style=" not in page
    assert (await here.get("/games/coin/rules")).body == answer.body
    assert (await here.get("/games/gone/rules")).code == 404


def test_a_template_that_is_missing_or_broken_stops_the_start(res, static):
    for change in ((res / "templates/rules.html").unlink, lambda: coin.write(res, "templates/rules.html", "{% if %}")):
        change()
        with pytest.raises(BadResource) as caught:
            Web(res, static)
        [(file, _, reason)] = caught.value.problems
        assert file == str(res / "templates/rules.html")
        assert "the template can't be used" in reason


async def test_probes_say_whether_it_lives_and_is_ready(web):
    assert (await web().get("/healthz")).code == 200
    ready = await web().get("/readyz")
    assert (ready.code, json.loads(ready.body)) == (200, {"ready": True, "reasons": []})
    busy = await web(reasons=["the database is away"]).get("/readyz")
    assert (busy.code, json.loads(busy.body)) == (503, {"ready": False, "reasons": ["the database is away"]})
    broken = await web(reasons=OSError("s3cret")).get("/readyz")
    assert (broken.code, json.loads(broken.body)["reasons"]) == (503, ["the check failed: OSError"])


async def test_metrics_are_in_the_form_of_prometheus(web):
    answer = await web().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert b"# TYPE webingo_connections gauge" in answer.body


async def test_compressing_is_done_once_and_remembered_within_bounds(tmp_path):
    cache = AssetCache(max_bytes=200)
    made = []
    for name in ("a.js", "b.js", "c.js"):
        (tmp_path / name).write_bytes(name.encode() * 100)
        made.append(find(tmp_path, name))
    first = await cache.gzipped(made[0])
    assert await cache.gzipped(made[0]) is first
    await cache.gzipped(made[1])
    await cache.gzipped(made[2])
    assert await cache.gzipped(made[2]) is await cache.gzipped(made[2])
    again = await cache.gzipped(made[0])  # was the oldest, so it had to make room
    assert again == first
    assert again is not first


async def test_a_large_file_is_left_to_those_who_deliver_it(tmp_path):
    file = tmp_path / "big.pck"
    with file.open("wb") as made:
        made.truncate((32 << 20) + 1)
    asset = find(tmp_path, "big.pck")
    assert isinstance(asset, Asset)
    assert await AssetCache().gzipped(asset) is None


@pytest.mark.parametrize(
    ("header", "wanted", "weight"),
    [
        ("", "gzip", 0),
        ("gzip", "gzip", 1),
        ("GZIP;q=0.5", "gzip", 0.5),
        ("*", "gzip", 1),
        ("*;q=0.1, gzip;q=0", "gzip", 0),
        ("deflate", "gzip", 0),
        ("gzip;q=x", "gzip", 0),
        ("text/*;q=0.3, */*;q=0.1", "text/html", 0.3),
        ("text/*;q=0.3, */*;q=0.1", "application/json", 0.1),
        ("text/html", "application/json", 0),
    ],
)
def test_what_a_client_accepts(header, wanted, weight):
    assert quality(header, wanted) == weight
