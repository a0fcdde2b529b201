"""The rules pages of sites with jackpots: every figure of them is the one that is played by."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from tests.conftest import settings
from webingo.resources.game import read_manifest
from webingo.resources.jackpots import Jackpot
from webingo.resources.site import Site
from webingo.server.app import Server
from webingo.server.jackpot_rules import jackpot_rules
from webingo.transaction.memory_store import MemoryStore

RES = Path(__file__).parent.parent / "res"


@pytest.fixture
def server(io_loop: Any) -> Any:
    """With the sites as they ship."""
    server = Server(settings(res_dir=RES))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    io_loop.run_sync(server.stop)


async def fetch(server: Server, game: str, query: str, accept: str = "application/json") -> str:
    url = f"http://127.0.0.1:{server.port}/games/{game}/rules{query}"
    return (await AsyncHTTPClient().fetch(url, headers={"Accept": accept})).body.decode()


DEMO = "?platform=demo&site=demo"


async def test_a_sites_rules_tell_all_of_its_jackpots_by_json_and_by_page(server: Server) -> None:
    rules = json.loads(await fetch(server, "joker-bingo", DEMO))
    assert [told["id"] for told in rules["jackpots"]] == ["jp_joker_bingo", "jp_lucky_drop"]
    joker, lucky = rules["jackpots"]
    assert (joker["min"], joker["max"], joker["contribution"], joker["reserve"]) == (10_000_000, 1_000_000_000, 0.01, 0.005)
    assert joker["one_in"] == pytest.approx(355_175.08333)
    assert joker["adds_at_reset"] == pytest.approx([10_000 / 355_175.08333 / 400, 10_000 / 355_175.08333 / 4])
    # A run pays 300.5 on average, for 200.5 at 2 % of each wager.
    assert lucky["adds"] == pytest.approx(0.02 * 300.5 / 200.5)
    page = unescape(await fetch(server, "joker-bingo", DEMO, "text/html"))
    for told in rules["jackpots"]:
        assert f"<h3>{told['title']}</h3>" in page
        assert all(text in page for text in told["texts"])
    assert "without jackpots" in page
    assert 'href="?platform=demo&site=demo&format=json"' in page


async def test_what_regulators_ask_for_is_there(server: Server) -> None:
    rules = json.loads(await fetch(server, "joker-bingo", DEMO))
    told = " ".join(rules["jackpots"][0]["texts"])
    for part in (
        "1 % of each wager in Joker Bingo goes into it, and another 0.5 % into a reserve",
        "begins at 10,000 credits and grows up to 1,000,000 credits",
        "goes into a pool, and from there into its next run: nothing that was contributed is lost",
        "a full card within the first 28 balls, whatever the stake. 1 in 355,175.1 rounds does. That is with all cards open",
        "If it is won twice at the same moment, the win that is booked first gets its value",
        "is without this jackpot, and so is its largest win",
        "it adds 0.00704 % at the highest stake, up to 0.704 % at the lowest",
    ):
        assert part in told
    mystery = " ".join(rules["jackpots"][1]["texts"])
    for part in ("2 % of each wager in every game here", "above 100 credits up to 500 credits", "in the long run it adds 3 %"):
        assert part in mystery.replace("In the", "in the")


async def test_amounts_are_those_of_the_sites_denomination(server: Server) -> None:
    told = json.loads(await fetch(server, "joker-bingo", "?platform=demo&site=demo-brl"))["jackpots"][0]["texts"]
    assert "It begins at R$ 500.00 and grows up to R$ 50,000.00." in told[1]


async def test_without_a_site_there_are_the_games_own_rules(server: Server) -> None:
    for game in ("joker-bingo", "fairground-sevens"):
        rules = json.loads(await fetch(server, game, ""))
        assert "jackpots" not in rules and "site" not in rules
        assert "without jackpots" not in await fetch(server, game, "", "text/html")
    assert "3 × Horseshoe triggers the jackpot horseshoes, where a site runs it." in str(rules["sections"])
    rules = json.loads(await fetch(server, "bingo-75", "?platform=demo&site=demo-brl"))
    assert "jackpots" not in rules and rules["site"] == "webingo demo em reais"


@pytest.mark.parametrize("query", ["?platform=demo&site=nowhere", "?platform=x&site=demo", "?site=demo", "?platform=demo"])
async def test_sites_that_are_not_there_have_no_rules(server: Server, query: str) -> None:
    with pytest.raises(HTTPClientError) as error:
        await fetch(server, "joker-bingo", query)
    assert error.value.code == 404


def texts(**changes: Any) -> str:
    """What is told of Joker Bingo's jackpot with these terms, where it wins it."""
    given = {"id": "jp_joker", "denomination": "credit", "min": 1000, "max": 9000} | changes
    site = Site.model_validate(
        {"id": "here", "platform": "demo", "denomination": "credit", "games": [{"id": "joker-bingo"}, {"id": "bingo-75"}]}
    ).model_copy(update={"jackpots": [Jackpot.model_validate(given)]})
    game = read_manifest(RES / "games/joker-bingo/manifest.json").recorded({"bets": [1], "max_stake": 4, "jackpot": "jp_joker"})
    (told,) = jackpot_rules(site, game, game.engine.rules()["jackpots"], {"bingo-75": "Bingo 75"})
    return " ".join(told["texts"])


def test_jackpots_that_are_fed_otherwise_are_told_otherwise() -> None:
    assert "No wager feeds it." in texts()
    assert "1 % of each wager in Bingo 75 goes into it. This game does not feed it." in texts(
        contribution="0.01", games=["bingo-75"]
    )
    assert "0.25 % of each wager in every game here goes into a reserve" in texts(reserve="0.0025")
    assert "It stands at 1 credit." in texts(max=1000, contribution="0.01")
    assert "goes into it, and another" not in texts(contribution="0.01")
