"""What is changed in the backoffice reaches those who play, at their next round, over real sockets."""

import pytest

from tests.backoffice_house import demo, enabled, house, joker, knows, ledger, player_of, renewed, until
from tests.player import Player

BETS = {"bets": [50], "max_stake": 200}


async def playing(server, uid="ana"):
    player = await Player.log_in(server.port, uid)
    await player.load()
    return player


async def test_the_site_comes_from_the_backoffice():
    async with house() as home:
        server = await home.start()
        player = await Player.log_in(server.port)
        assert player.state["site"]["title"] == "Demo from afar"
        assert [game["id"] for game in player.state["games"]] == ["joker-bingo", "bingo-75", "atkins-diet"]


async def test_new_settings_hold_at_once_where_no_round_is_open():
    async with house() as home:
        player = await playing(await home.start())
        old = player.sid
        home.office.set_site(demo(games=joker(**BETS), flags={"autoplay": True}))
        told = await renewed(player)
        assert told["site"]["flags"]["autoplay"]
        assert player.game["data"]["bets"] == [50]
        player.act("bet", {"amount": 4}, sid=old)
        assert await player.refused() == "STALE"
        await player.bet(200)
        assert player.state["session"]["wagered"] == 200


async def test_an_open_round_ends_under_its_own_settings_and_the_next_begins_under_the_new_ones():
    async with house() as home:
        player = await playing(await home.start())
        await player.bet(4)
        home.office.set_site(demo(games=joker(**BETS)))
        await until(lambda: knows(home, "bets"))
        assert player.game["data"]["bets"] != [50]
        ended = await player.end()
        assert ended["gamestate"]["name"] == "idle"
        assert ended["gamestate"]["data"]["bets"] != [50]
        await renewed(player)
        assert player.game["data"]["bets"] == [50]
        await player.bet(200)
        [closed] = [entry for entry in await ledger(home) if entry.closes]
        assert closed.round in await home.store.history(player_of(), 0, 10)


async def test_a_bet_that_would_begin_another_round_under_the_old_settings_only_ends_the_open_one():
    async with house() as home:
        player = await playing(await home.start())
        await player.bet(4)
        home.office.set_site(demo(games=joker(**BETS)))
        await until(lambda: knows(home, "max_stake"))
        credits = player.credits
        player.act("bet", {"amount": 4}, re="again")
        ended = await player.next_state()
        assert (ended["gamestate"]["name"], ended.get("re")) == ("idle", None)
        told = await player.next_state()
        assert told["games"]
        error = await player.next()
        assert (error["t"], error["code"], error["re"]) == ("error", "STALE", "again")
        last = await player.next_state()
        assert last["re"] == "again"
        assert last["gamestate"] == told["gamestate"]
        assert player.game["data"]["bets"] == [50]
        assert player.credits >= credits
        entries = await ledger(home)
        assert sum(entry.kind == "wager" for entry in entries) == 1, "nothing was wagered under the old settings"
        await player.bet(200)
        assert player.credits != credits


@pytest.mark.parametrize("change", ["game", "site", "gaming"])
async def test_disabling_takes_effect_at_once_and_an_open_round_may_end(change):
    async with house() as home:
        server = await home.start()
        idle, busy = await playing(server), await playing(server, "bob")
        await busy.bet(4)
        match change:
            case "game":
                home.office.set_site(demo(games=[{"id": "joker-bingo", "enabled": False}, {"id": "bingo-75"}]))
            case "site":
                home.office.set_site(demo(enabled=False))
            case "gaming":
                home.office.set_gaming(False)
        told = await renewed(idle)
        assert (
            enabled(told) == {"joker-bingo": False, "bingo-75": True} if change == "game" else not any(enabled(told).values())
        )
        idle.act("bet", {"amount": 4})
        assert await idle.refused() == "GAME_DISABLED"
        busy.act("bet", {"amount": 4})
        assert await busy.refused() == "GAME_DISABLED"
        assert busy.game["name"] == "game"
        await busy.end()
        await renewed(busy)
        busy.act("bet", {"amount": 4})
        assert await busy.refused() == "GAME_DISABLED"
        assert [entry.kind for entry in await ledger(home, "bob")].count("wager") == 1
        if change == "gaming":
            home.office.set_gaming(True)
        else:
            home.office.set_site(demo())
        await renewed(idle)
        await idle.bet(4)


async def test_flags_hold_from_the_next_round_on():
    async with house() as home:
        player = await playing(await home.start())
        await player.bet(4)
        home.office.set_site(demo(flags={"min_spin_ms": 60_000}))
        await until(lambda: knows(home, "60000"))
        await player.end()
        await renewed(player)
        player.act("bet", {"amount": 4})
        assert await player.refused() == "LIMIT"


async def test_a_game_that_the_site_has_no_more_is_taken_away_when_its_round_is_over():
    async with house() as home:
        server = await home.start()
        idle, busy = await playing(server), await playing(server, "bob")
        await busy.bet(4)
        home.office.set_site(demo(games=[{"id": "bingo-75"}]))
        assert "gamestate" not in await renewed(idle)
        await busy.end()
        assert "gamestate" not in await renewed(busy)
        idle.send(t="gameload", gameid="joker-bingo")
        assert await idle.refused() == "UNKNOWN_GAME"


async def test_who_changes_the_denomination_sends_players_away_once_their_round_is_over():
    async with house() as home:
        server = await home.start()
        idle, busy = await playing(server), await playing(server, "bob")
        await busy.bet(4)
        home.office.set_site(demo(denomination="BRL"))
        assert await idle.closed() == 1001
        await busy.end()
        assert await busy.closed() == 1001
        again = await Player.log_in(server.port)
        assert again.state["wallet"]["denom"] == "BRL"


async def test_a_document_that_is_wrong_is_refused_and_the_last_good_one_stays(capsys):
    async with house() as home:
        server = await home.start()
        player = await playing(server)
        home.office.set_site(demo(games=[{"id": "jocker-bingo"}], max_players=3))
        home.office.set_site(demo(initial_credits=10**30))
        home.office.set_site(demo(games=joker(bets=[1, 2], no_such=3)))
        refused = server.house.resources.refused
        await until(lambda: refused.get(("demo", "demo"), [("", "", "")])[0][1] == "games.0.settings.no_such")
        await player.bet(4)
        await Player.log_in(server.port, "new")
        home.office.set_site(demo(title="Right again"))
        await until(lambda: knows(home, "Right again"))
        assert refused == {}
    assert "site_refused" in capsys.readouterr().out


async def test_changes_of_kinds_that_nobody_knows_hide_no_others():
    async with house() as home:
        await home.start()
        home.office.change_of_another_kind(kind="weather", is_="fine")
        home.office.change_of_another_kind(kind="site", platform="demo")
        home.office.change_of_another_kind(what="kind")
        home.office.set_site(demo(title="Behind them"))
        await until(lambda: knows(home, "Behind them"))


async def test_a_backoffice_that_was_put_back_to_an_earlier_day_is_read_anew():
    async with house() as home:
        for title in ("one", "two", "three"):
            home.office.set_site(demo(title=title))
        server = await home.start()
        home.office.changes.clear()
        home.office.sites.clear()
        home.office.set_site(demo(title="restored"))
        for task in tuple(home.office._serving):  # the call that waits is from before
            task.cancel()
        await until(lambda: knows(home, "restored"))
        assert (await Player.log_in(server.port)).state["site"]["title"] == "restored"


async def test_without_the_sites_nobody_is_let_in_until_they_are_there():
    async with house() as home:
        home.office.always = "error"
        server = await home.start()
        assert await server._unready() == ["the backoffice has not told the sites yet"]
        player = await Player.connect(server.port)
        player.send(auth={"uid": "ana"}, platform="demo", site="demo")
        assert await player.closed() == 1001
        assert player.errors[0]["code"] == "UNAVAILABLE"
        home.office.always = ""
        await until(lambda: server.house.resources.ready, 15)
        assert await server._unready() == []
        await Player.log_in(server.port)
