"""What is changed in the backoffice reaches SLOT-IDE clients: a round ends as it began, and nobody bets by rules unseen."""

import asyncio

import pytest

from tests.backoffice_house import House, ledger, until
from tests.slot_ide import Client, contexts, names, resources, session_of, site

LOSING, TRIGGER = [4, 31, 4, 28, 26], [2, 2, 2, 10, 20]
BET = ("bet", [10, 1])


def atkins(**settings):
    return site(games=[{"id": "atkins", "settings": settings}, {"id": "joker-bingo"}])


@pytest.fixture
def home(io_loop, tmp_path, res_dir):
    home = House()
    io_loop.run_sync(home.office.start)
    home.res = resources(tmp_path, res_dir)
    home.office.set_site(atkins())
    yield home
    io_loop.run_sync(home.stop)
    assert home.office.wrong == []


async def begun(home, uid="ana"):
    server = await home.start(res_dir=home.res)
    return server, Client(server.port, await session_of(server.port, uid))


async def changed(home, server, **settings):
    home.office.set_site(atkins(**settings))
    await until(lambda: server.house.resources.all_sites()[0].games[0].settings == settings)


async def wagers(home):
    return [-entry.amount for entry in await ledger(home) if entry.kind == "wager"]


async def test_a_client_asks_for_the_new_configuration_before_it_bets(home):
    server, client = await begun(home)
    await client("config", BET, ("play", LOSING))
    await changed(home, server, bets=[5])
    for actions in ((BET,), (("play", LOSING),), (BET, ("play", LOSING))):
        assert (await client(*actions))["code"] == "STALE"
    assert await wagers(home) == [10]
    (config,) = contexts(await client("config"), "config")
    assert config["betOptions"]["bets"] == [5]
    assert (await client(BET))["code"] == "BAD_PARAMS"
    assert names(await client(("bet", [10, 5]), ("play", LOSING)))[0] == "bet"
    assert await wagers(home) == [10, 50]


async def test_an_open_round_goes_on_and_the_next_one_waits_for_config(home):
    server, client = await begun(home)
    await client("config", BET, ("play", TRIGGER), seq=1)
    await changed(home, server, bets=[5], gamble=False)
    seq = 2
    while names(await client("play", seq=seq))[-1] == "playedBonusSpin":
        seq += 1
    last = await client("collect", seq=seq + 1)
    assert names(last)[-1] == "gameRoundOver", "the round could be gambled with, as it was begun"
    assert await client("collect", seq=seq + 1) == last, "a repeated request finds its position, new settings or not"
    assert (await client("play", seq=seq + 2))["code"] == "STALE"
    told = await client("config")
    assert names(told)[-1] == "gameRoundOver", "the end of the round is told again"
    assert contexts(told, "config")[0]["betOptions"]["bets"] == [5]
    assert names(await client(("bet", [10, 5]), ("play", LOSING)))[0] == "bet"
    assert await wagers(home) == [10, 50]


async def test_one_request_that_ends_a_round_does_not_begin_another_under_new_settings(home):
    server, client = await begun(home)
    await client("config", BET, ("play", TRIGGER))
    await changed(home, server, bets=[1, 5])
    await client(*["play"] * 12, "collect", BET, ("play", LOSING))
    while (await client("play", "collect", BET, ("play", LOSING))).__class__ is list:
        pass
    assert (await client(BET))["code"] in ("STALE", "ACTION_NOT_ALLOWED")
    assert await wagers(home) == [10]


@pytest.mark.parametrize("change", ["game", "site", "gaming"])
async def test_disabling_takes_effect_at_once_and_an_open_round_may_end(home, change):
    _, client = await begun(home)
    await client("config", BET, ("play", TRIGGER))
    match change:
        case "game":
            home.office.set_site(site(games=[{"id": "atkins", "enabled": False}, {"id": "joker-bingo"}]))
        case "site":
            home.office.set_site(site(games=[{"id": "atkins"}], enabled=False))
        case "gaming":
            home.office.set_gaming(False)
    resources = home.servers[0].house.resources
    await until(lambda: not resources.offered(resources.all_sites()[0], "atkins").enabled)
    while names(await client("play"))[-1] == "playedBonusSpin":
        pass
    await client("collect")
    assert (await client(BET, ("play", LOSING)))["code"] in ("GAME_DISABLED", "FORBIDDEN")
    assert await wagers(home) == [10]


async def test_a_visit_is_one_stay_whatever_happens_to_its_seat(home):
    _, client = await begun(home)
    await client("config", BET, ("play", LOSING))
    client.game = "joker-bingo"
    await client("config")
    client.game = "atkins"
    await client("config", BET, ("play", LOSING))
    assert len(home.office.sessions) == 1
    await home.servers.pop().stop()
    ((stay, summary),) = home.office.ended.items()
    assert stay in home.office.sessions
    assert (summary.rounds, summary.wagered) == (2, 20)
    assert summary.balance == 1_000_000 - 20


async def test_while_the_backoffice_is_down_no_visit_begins_and_one_that_has_begun_goes_on(home):
    server, client = await begun(home)
    await client("config", BET, ("play", LOSING))
    late = Client(server.port, await session_of(server.port, "bob"))
    await home.office.stop()
    assert names(await client(BET, ("play", LOSING)))[0] == "bet"
    assert (await late("config"))["code"] == "UNAVAILABLE"
    await home.office.start()
    for _ in range(60):
        if isinstance(found := await late("config"), list):
            break
        await asyncio.sleep(0.1)
    assert names(found) == ["config"]
