"""docs/facebook.md is followed: its site, its login, its addresses, its signature."""

import json
import re

import pytest

from tests import docpages
from tests.facebook import ANA, facebook, fetch, resources, serving
from tests.player import Player
from webingo.config import Settings

PAGE = docpages.ROOT / "docs" / "facebook.md"
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))


@pytest.fixture
def res(tmp_path):
    (file,) = docpages.files(PAGE)
    return resources(tmp_path, **json.loads(docpages.files(PAGE)[file]))


def block(section, language):
    return re.search(rf"^```{language}\n(.*?)^```$", SECTIONS[section], re.MULTILINE | re.DOTALL)[1]


async def test_the_login_of_the_page_lets_its_player_in_on_the_site_of_the_page(res):
    message = json.loads(block("Logging in", "json"))
    assert message["auth"]["uid"] == ANA
    async with facebook() as fake, serving(fake, res) as server:
        for token in (fake.token(ANA), fake.signed_player(ANA, message["site"])):
            player = await Player.connect(server.port, ANA)
            player.send(**{**message, "auth": {**message["auth"], "token": token}})
            await player.next_state()
            assert player.credits == 1000
            assert player.state["site"]["title"] == "The club"


async def test_every_refusal_of_the_page_has_its_code_and_its_close(res):
    rows = re.findall(r"^\| .+ \| `([A-Z_]+)` \| (\d+)", SECTIONS["Logging in"], re.MULTILINE)
    async with facebook() as fake, serving(fake, res) as server:
        found = []
        for token, userinfo, trouble in (
            ("wrong", {}, ""),
            (fake.token(ANA), {"name": 1}, ""),
            (fake.token(ANA), {}, "limited"),
        ):
            fake.always = trouble
            player = await Player.connect(server.port, ANA)
            player.send(auth={"uid": ANA, "token": token, "userinfo": userinfo}, platform="facebook", site="club")
            close = await player.closed()
            found.append((player.errors[0]["code"], str(close)))
    assert found == rows


async def test_every_address_of_the_page_is_served(res):
    """tests/test_social_payments.py has those of purchases."""
    rows = re.findall(r"^\| `(GET|POST) /facebook/([a-z]+)(\?[a-z]+=)?`", PAGE.read_text(), re.MULTILINE)
    assert {path for _, path, _ in rows} >= {"portal", "deauthorize", "deletion"}
    entered = re.findall(r"`https://casino\.example/facebook/(\w+)", SECTIONS["Set up an application"])
    assert set(entered) <= {"payments"} | {path for _, path, _ in rows}
    async with facebook() as fake, serving(fake, res) as server:
        token = fake.token(ANA)
        for method, path, query in rows:
            if method == "POST":
                form = {"signed_request": fake.signed_launch(ANA, token)}
                assert (await fetch(server, path, form)).status in (200, 403), path
            elif not query:
                assert (await fetch(server, path)).status in (200, 403), path
            else:
                told = await fetch(server, path, {"signed_request": fake.signed({"user_id": ANA})})
                code = json.loads(told.body)["confirmation_code"]
                assert json.loads(told.body).keys() == json.loads(block("What is kept of a player", "json")).keys()
                assert (await fetch(server, f"{path}{query}{code}")).status == 200


def test_the_signature_of_the_page_is_right(capsys):
    code = block("The pages", "python")
    exec(compile(code, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.strip() == re.search(r"# (\S{43})$", code, re.MULTILINE)[1]


def test_the_page_names_settings_and_variables_that_there_are():
    names = re.findall(r"`(fb_\w+)`", PAGE.read_text()) + [
        name.lower() for name in re.findall(r"`WEBINGO_(\w+)", PAGE.read_text())
    ]
    assert names and set(names) <= set(Settings.model_fields)
