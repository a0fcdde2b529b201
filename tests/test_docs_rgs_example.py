"""docs/rgs-example.md is followed: site, login and odds are what they are said to be, and the game can be played."""

import json
import subprocess
import sys

from examples.slot_over_rgs import OPEN, OVER
from tests import docpages
from tests.conftest import settings
from tests.docpages import ROOT
from tests.rgs import Caller, new_key
from tests.secrets import secret
from tests.slot_over_rgs import PROGRAM, running
from tests.test_docs_slot_ide import matches
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore

PAGE = ROOT / "docs" / "rgs-example.md"


def command(beginning):
    (found,) = [block.text for block in docpages.blocks(PAGE, "sh") if block.text.startswith(beginning)]
    return found


async def test_the_page_leads_to_a_game_that_can_be_played(tmp_path):
    store, server = MemoryStore(), Server(settings(res_dir=ROOT / "res"))
    await server.start(store)
    try:
        site = command("export").split(" create ")[1].split()[0]
        asked = json.loads(command("curl").split("'")[1])
        assert asked["site"] == site
        async with running(tmp_path, server.port, await new_key(store, site)) as slot:
            login = Caller(server.port)
            answer = (await login.post("/session", asked)).body
            login.close()
            (shown,) = [json.loads(block.text) for block in docpages.blocks(PAGE, "json")]
            assert matches(answer, shown)
            session = secret(answer["sessionId"], "session")
            told = (await slot.ask("/player", session=session)).json()
            assert (told["player"], told["currency"]) == ("ana", "BRL")
            assert (await slot.spin(session, "click-1"))["state"] == "closed"
            assert server.house.resources.sites[site].rgs.max_win >= told["game"]["most"]
    finally:
        await server.stop()


def test_the_odds_are_those_of_the_page():
    said = subprocess.run([sys.executable, PROGRAM, "--odds"], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout in [block.text for block in docpages.blocks(PAGE, "text")]
    assert command("python3 examples/slot_over_rgs.py --odds")


def test_every_state_of_a_round_is_explained():
    rows = [line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted((*OPEN, *OVER))
