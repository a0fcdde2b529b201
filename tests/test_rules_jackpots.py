"""The rules pages of sites with jackpots: every figure of them is the one that is played by."""

import json
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from tests.conftest import settings
from tests.jackpots import claim
from webingo.jackpot.bounds import Bounds
from webingo.jackpot.meter import Meter, MeterId, Terms, configured
from webingo.resources.game import read_manifest
from webingo.resources.jackpots import MILLION, Jackpot
from webingo.resources.site import Site
from webingo.rng import SystemRng
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


def texts(meter: Meter | None = None, **changes: Any) -> str:
    """What is told of Joker Bingo's jackpot with these terms, where it wins it, while its meter runs like that."""
    return " ".join(told(meter, **changes)["texts"])


def told(meter: Meter | None = None, **changes: Any) -> dict[str, Any]:
    given = {"id": "jp_joker", "denomination": "credit", "min": 1000, "max": 9000} | changes
    jackpot = Jackpot.model_validate(given)
    site = Site.model_validate(
        {"id": "here", "platform": "demo", "denomination": "credit", "games": [{"id": "joker-bingo"}, {"id": "bingo-75"}]}
    ).model_copy(update={"jackpots": [jackpot]})
    wins = {"jackpot": "jp_joker"} if jackpot.trigger.by == "game" else {}
    game = read_manifest(RES / "games/joker-bingo/manifest.json").recorded({"bets": [1], "max_stake": 4, **wins})
    bounds = {jackpot.id: Bounds.of(jackpot, meter)}
    (found,) = jackpot_rules(site, game, game.engine.rules().get("jackpots", []), {"bingo-75": "Bingo 75"}, bounds)
    return found


def test_jackpots_that_are_fed_otherwise_are_told_otherwise() -> None:
    assert "No wager feeds it." in texts()
    assert "1 % of each wager in Bingo 75 goes into it. This game does not feed it." in texts(
        contribution="0.01", games=["bingo-75"]
    )
    assert "0.25 % of each wager in every game here goes into a reserve" in texts(reserve="0.0025")
    assert "It stands at 1 credit." in texts(max=1000, contribution="0.01")
    assert "goes into it, and another" not in texts(contribution="0.01")


MYSTERY = {"contribution": "0.01", "trigger": {"by": "mystery", "before": 3000}, "max": 3000}


def running(**terms: int) -> Meter:
    given = Terms(min=1, max=20, before=20, contribution=10_000, reserve=0)
    change = configured(Meter(), given._replace(**terms), SystemRng(), 1)
    assert change is not None
    return change.meter


def test_the_ceiling_that_is_told_is_the_one_that_a_meter_keeps() -> None:
    found = told(running(before=0), contribution="0.01")
    assert found["max"] == 20_000
    assert "It begins at 1 credit and grows up to 20 credits." in found["texts"][1]
    assert told(running(before=0, max=5))["max"] == 9000


def test_what_a_mystery_is_won_before_is_told_as_its_run_has_it_and_for_the_runs_to_come() -> None:
    fresh = told(**MYSTERY)
    assert fresh["before"] == 3000 and "earlier rules" not in str(fresh)
    found = told(running(), **MYSTERY)
    assert (found["max"], found["before"]) == (20_000, 20_000)
    assert "For each run from the next one on a secret value is drawn" in str(found["texts"])
    assert "The run that goes on now began under earlier rules: it is won at 20 credits at the latest." in found["texts"]
    assert found["adds"] == fresh["adds"]


def test_a_jackpot_that_holds_too_much_to_be_a_mystery_is_told_to_wait() -> None:
    found = told(replace(running(before=0), value=5 * MILLION), **MYSTERY)
    assert "before" not in found
    assert "At the moment it cannot be won: it holds more than that already." in found["texts"]


async def test_the_page_follows_what_is_in_force(server: Server) -> None:
    async def lucky() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await fetch(server, "joker-bingo", DEMO))["jackpots"][1]
        return found

    assert (await lucky())["before"] == 500_000
    meters, meter = server.jackpots.meters, MeterId("demo", "credit", "demo", "jp_lucky_drop")
    terms = (await meters.shelf.read(meter)).terms
    assert terms is not None
    await meters.configure(meter, terms._replace(before=900, max=900), 1)
    assert ((await lucky())["before"], (await lucky())["max"]) == (500_000, 900_000)
    await meters.claim(meter, claim(), 2)
    assert (await lucky())["before"] == 900_000
    await meters.configure(meter, terms, 3)
    assert ((await lucky())["before"], (await lucky())["max"]) == (900_000, 900_000)
