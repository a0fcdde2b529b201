"""The page that Facebook opens in its canvas."""

import html
import json
import re

import pytest

from tests.facebook import ANA, facebook, fetch, resources, serving
from webingo.errors import BadResource
from webingo.user import User


async def opened(server, signed_request, query="?site=club"):
    return await fetch(server, f"portal{query}", {"signed_request": signed_request})


def launch_of(answer):
    assert answer.status == 200, answer.body
    page = answer.body.decode()
    return json.loads(html.unescape(re.search(r'<meta name="webingo-launch" content="([^"]*)">', page)[1]))


@pytest.fixture
def scene(io_loop, tmp_path):
    """(fake, server), with one site."""
    asked = facebook()
    fake = io_loop.run_sync(asked.__aenter__)
    served = serving(fake, resources(tmp_path))
    server = io_loop.run_sync(served.__aenter__)
    yield fake, server
    io_loop.run_sync(lambda: served.__aexit__(None, None, None))
    io_loop.run_sync(lambda: asked.__aexit__(None, None, None))


async def test_who_looks_whether_it_is_there_sees_that_and_nothing_else(scene):
    answer = await fetch(scene[1], "portal")
    assert (answer.status, answer.kind, answer.body) == (200, "text/plain", b"webingo facebook portal\n")


async def test_the_lobby_knows_site_and_player(scene):
    fake, server = scene
    token = fake.token(ANA)
    launch = launch_of(await opened(server, fake.signed_launch(ANA, token)))
    assert launch == {
        "platform": "facebook",
        "site": "club",
        "title": "The <Club>",
        "uid": ANA,
        "token": token,
        "name": "",
        "appId": fake.app_id,
        "sdk": "https://connect.facebook.net/en_US/sdk.js",
        "version": "v24.0",
        "locale": "de_DE",
    }


async def test_a_player_who_was_here_before_is_called_by_name(scene):
    fake, server = scene
    await server.store.save_profile(
        User("facebook", ANA), b'{"name": "Ana \\"</script>", "picture": "", "email": "a@example.com"}'
    )
    answer = await opened(server, fake.signed_launch(ANA, fake.token(ANA)))
    assert launch_of(answer)["name"] == 'Ana "</script>'
    assert b'</script>"' not in answer.body and b"a@example.com" not in answer.body


async def test_before_the_application_was_authorised_there_is_nobody(scene):
    fake, server = scene
    launch = launch_of(await opened(server, fake.signed_launch()))
    assert (launch["uid"], launch["token"], launch["name"]) == ("", "", "")


async def test_the_site_may_be_left_out_where_there_is_one(scene):
    fake, server = scene
    assert launch_of(await opened(server, fake.signed_launch(), query=""))["site"] == "club"
    for query in ("?site=nowhere", "?site=demo", "?site=", "?site=../club"):
        answer = await opened(server, fake.signed_launch(), query=query)
        assert answer.status == 404 and b"webingo-launch" not in answer.body


async def test_with_two_sites_one_has_to_be_named(tmp_path):
    resources(tmp_path)
    async with facebook() as fake:
        res = tmp_path / "res"
        site = json.loads((res / "local_sites" / "club.json").read_text())
        (res / "local_sites" / "pub.json").write_text(json.dumps({**site, "id": "pub", "enabled": False}))
        async with serving(fake, res) as server:
            assert (await opened(server, fake.signed_launch(), query="")).status == 404
            assert launch_of(await opened(server, fake.signed_launch()))["site"] == "club"
            closed = await opened(server, fake.signed_launch(), query="?site=pub")
            assert closed.status == 403 and b"closed" in closed.body


async def test_what_facebook_did_not_sign_gets_a_page_that_says_so_and_nothing_else(scene):
    fake, server = scene
    good = fake.signed_launch(ANA, fake.token(ANA))
    for text in (
        "",
        good[:-1],
        "A" + good[1:],
        fake.signed({"user_id": ANA}, secret="another-secret"),
        fake.signed({"user_id": ANA, "algorithm": "none"}),
        fake.signed({"user_id": ANA, "issued_at": int(fake.now()) - 601}),
        fake.signed({"user_id": ANA, "issued_at": int(fake.now()) + 70}),
    ):
        answer = await opened(server, text)
        assert answer.status == 403
        assert b"launch" not in answer.body and ANA.encode() not in answer.body and len(answer.body) < 500
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_only_facebook_may_frame_it_and_nothing_inline_runs_in_it(scene):
    fake, server = scene
    answer = await opened(server, fake.signed_launch(ANA, fake.token(ANA)))
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "https://apps.facebook.com https://www.facebook.com"
    assert policy["script-src"] == "'self' https://connect.facebook.net"
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'" and policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy) and " * " not in str(policy) and fake.origin in policy["img-src"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers and "X-Frame-Options" not in answer.headers
    page = answer.body.decode()
    assert "<script>" not in page and " style=" not in page and " onload" not in page


async def test_pictures_of_products_may_come_from_where_the_site_says(tmp_path):
    images = (
        "/static/a.png",
        "https://pictures.example/a.png",
        "https://pictures.example/b.png",
        "https://other.example:8443/c.png",
    )
    price = {"amount": "1.99", "currency": "USD"}
    products = [
        {"id": f"p{number}", "title": "Some", "credits": 5, "price": price, "image": image}
        for number, image in enumerate(images)
    ]
    async with facebook() as fake, serving(fake, resources(tmp_path, products=products)) as server:
        policy = (await opened(server, fake.signed_launch())).headers["Content-Security-Policy"]
        pictures = next(part for part in policy.split("; ") if part.startswith("img-src"))
        assert pictures.endswith(" https://other.example:8443 https://pictures.example")
        assert "pictures.example" not in policy.replace(pictures, "")


async def test_who_may_frame_it_is_a_setting(tmp_path):
    async with facebook() as fake:
        for origins, written in (([fake.origin], fake.origin), ([], "'none'")):
            async with serving(fake, resources(tmp_path), fb_canvas_origins=origins) as server:
                for text in (fake.signed_launch(), "nonsense"):
                    policy = (await opened(server, text)).headers["Content-Security-Policy"]
                    assert policy.endswith(f"frame-ancestors {written}")


async def test_a_template_with_other_places_stops_the_start(tmp_path):
    res = resources(tmp_path)
    async with facebook() as fake:
        for text in ("<p>{{ title }}</p>", "{{ title }} {{ launch }} {{ token }}", b"\xff"):
            (res / "templates" / "portal.html").write_bytes(text if isinstance(text, bytes) else text.encode())
            with pytest.raises(BadResource, match=r"portal\.html"):
                async with serving(fake, res):
                    pass


async def test_without_an_application_the_pages_are_unavailable(tmp_path):
    async with facebook() as fake, serving(fake, resources(tmp_path), fb_app_id="", fb_app_secret="") as server:
        for page in ("portal", "deauthorize", "deletion"):
            assert (await fetch(server, page, {"signed_request": fake.signed_launch()})).status == 503
        assert (await fetch(server, "elsewhere")).status == 404
