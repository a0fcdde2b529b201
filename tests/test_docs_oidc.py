"""docs/platforms.md: what the page says of the platform of OpenID Connect is done, command by command, and works."""

import importlib
import re
import shlex
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import docpages, oidc
from tests.oidc import Browser
from tests.player import Player
from tests.servers import free_port
from tests.test_docs import run
from webingo.platforms.platform import Platform, Reply, Request
from webingo.server import platform_pages

ROOT = docpages.ROOT
PAGE = ROOT / "docs/platforms.md"
BLOCKS = [block.text for block in docpages.blocks(PAGE, "sh")]
TEXT = PAGE.read_text()


def lines(word: str) -> list[str]:
    return [line for block in BLOCKS if word in block for line in block.splitlines()]


@pytest.fixture
def provider(io_loop):
    """As the page starts it, on a port of its own: its process, and what it tells of itself."""
    (command,) = [line for line in lines("local_provider.py") if "local_provider.py" in line]
    program, script, port = shlex.split(command)
    assert (program, port) == (".venv/bin/python", "9100")
    process = subprocess.Popen([sys.executable, str(ROOT / script), str(free_port())], stdout=subprocess.PIPE, text=True)
    try:
        yield dict(pair.split("=", 1) for pair in shlex.split(process.stdout.readline()))
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


async def test_the_page_leads_from_nothing_into_the_lobby(provider, tmp_path, monkeypatch, capsys):
    exported = [shlex.split(line)[1] for line in lines("OIDC_ISSUER") if line.startswith("export")]
    exports = dict(pair.split("=", 1) for pair in exported)
    assert {**exports, "OIDC_ISSUER": ""} == {**provider, "OIDC_ISSUER": ""}
    assert exports["OIDC_ISSUER"] == re.sub(r":\d+$", ":9100", provider["OIDC_ISSUER"])
    (copied,) = [shlex.split(line) for line in lines("examples/oidc/res") if line.startswith("cp ")]
    assert copied == ["cp", "-r", "examples/oidc/res", "."]
    assert [line for line in lines("pip") if line.endswith("install --no-build-isolation ./examples/oidc")]
    package, res = oidc.install(tmp_path)
    monkeypatch.syspath_prepend(package)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBINGO_SECRET", "a-secret-of-more-than-32-characters!")
    (tmp_path / "static").mkdir()
    for name, value in provider.items():
        monkeypatch.setenv(name, value)
    run("check")
    assert "oidc" in capsys.readouterr().out
    server = await oidc.serve(res)
    try:
        (address,) = re.findall(r"<http://localhost:8080(/oidc/login\S+)>", TEXT)
        browser = Browser(server)
        there = (await browser.get(address)).headers["Location"]
        asked = await browser.get(there)
        assert asked.status == 200 and b'name="who"' in asked.body
        answer = await browser.get(oidc.local((await browser.get(f"{there}&who=ana")).headers["Location"]))
        where = urlsplit(answer.headers["Location"])
        player = await Player.connect(server.port)
        player.send(t="auth", session=parse_qs(where.query)["session"][0])
        await player.next_state()
        assert (where.path, player.state["player"]["name"], player.credits) == ("/", "Ana", 500)
    finally:
        Player.abort_all()
        await server.stop()
        oidc.forget()
        importlib.invalidate_caches()


def test_the_variables_of_the_page_are_the_packages_own():
    stated = set(re.findall(r"^\| `(OIDC_\w+)` \|", TEXT, re.MULTILINE))
    read = set(re.findall(r'"(OIDC_\w+)"', (ROOT / "examples/oidc/webingo_oidc/configured.py").read_text()))
    assert stated == read and len(stated) == 4


def test_the_page_names_all_of_the_package_and_of_the_contract():
    files = {path.name for path in (ROOT / "examples/oidc/webingo_oidc").glob("*.py")} - {"__init__.py"}
    assert files == set(re.findall(r"^\| \[(\w+\.py)\]", TEXT, re.MULTILINE))
    own = {name for name in vars(Platform) if not name.startswith("_")} - {"authenticate"}
    section = TEXT.partition("## The contract")[2].partition("\n## ")[0]
    assert {name for name in own if f"`{name}" not in section} == set()
    assert all(f"`{name}`" in section for name in (*Request._fields, *Reply._fields))


def test_the_limits_of_pages_are_the_servers_own():
    assert f"at most {platform_pages.MOST_BODY >> 10} KiB" in TEXT
    assert f"has {platform_pages._PAGE_S:.0f} seconds. There are {platform_pages._AT_ONCE} at once" in TEXT
