"""The console in a real browser, with players in the lobby of a server that is connected to it."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import insert

from tests.browser import PATIENCE_S, PHONE, one_browser, one_loop
from tests.browser_console import LIMIT, Screen, Workplace
from tests.console import PASSWORD
from tests.player import Player
from webingo.office import tables
from webingo.office.services import audit
from webingo.office.services.audit import Actor

expect.set_options(timeout=PATIENCE_S * 1000)

# Fairground Sevens' reels at these numbers show three horseshoes in the middle row.
HORSESHOES = [0, 0, 0]

# Pages that the sidebar does not lead to.
SITE, ANA = "/sites/demo/demo", "/players/demo/ana"
PLACES = [
    *("/account", "/account/password", "/sites/new", "/games/joker-bingo", "/jackpots/demo/demo/jp_joker_bingo", "/nowhere"),
    *(SITE, f"{SITE}/edit", f"{SITE}/edit?mode=json", f"{SITE}/versions", f"{SITE}/versions/1"),
    *(ANA, f"{ANA}/ledger", f"{ANA}/rounds", f"{ANA}/sessions", f"{ANA}/log", f"{ANA}/adjust"),
]


io_loop, chromium = one_loop, one_browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Workplace]:
    place = Workplace(tmp_path_factory.mktemp("console"), chromium)
    try:
        place.start()
        yield place
    finally:
        place.stop()


async def test_the_first_password_is_good_for_choosing_another_and_the_keyboard_is_enough(place: Workplace) -> None:
    made_up = re.search(r"password  (\S+)", place.office.log.read_text())
    assert made_up
    async with place.screen() as screen:
        keys = screen.page.keyboard
        await screen.go("/rounds")
        await screen.at("/sign-in?next=/rounds")
        await expect(screen.page.get_by_label("Name")).to_be_focused()
        await screen.type("admin", made_up[1])
        await screen.at("/account/password")
        await screen.go("/players")
        await screen.at("/account/password")
        for old, new, again, told in (
            (made_up[1], PASSWORD, PASSWORD + "!", "differ"),
            ("not the old one", PASSWORD, PASSWORD, "not right"),
            (made_up[1], PASSWORD, PASSWORD, "Your password was changed."),
        ):
            await expect(screen.page.get_by_label("The old password")).to_be_focused()
            await screen.type(old, new, again)
            await screen.says(told)
        await screen.at("/account")
        await screen.button("Sign out").focus()
        await keys.press("Enter")
        await screen.at("/sign-in")
        await screen.page.go_back()
        await screen.at("/sign-in?next=/account")


async def test_three_wrong_passwords_lock_a_name_and_nobody_is_told_why(place: Workplace) -> None:
    place.staff("lia", "operator")
    async with place.screen() as screen:
        await screen.go("/sign-in")
        for password in ("wrong one", "wrong two", "wrong three", PASSWORD):
            await screen.enter("lia", password)
            await screen.says("Name or password are not right.")
            await expect(screen.page.get_by_label("Password")).to_be_focused()
            assert await screen.page.get_by_label("Password").input_value() == ""
        await screen.enter("nobody", PASSWORD)
        await screen.says("Name or password are not right.")
        place.unlock("lia")
        await screen.enter("lia", PASSWORD)
        await screen.at("/")
        await screen.go("/sign-in")
        await screen.enter("lia", PASSWORD)
        await screen.at("/")


async def test_who_was_signed_out_by_time_comes_back_to_the_page_that_was_open(place: Workplace) -> None:
    async with place.desk("mia", "operator", "/adjustments?state=waiting") as screen:
        place.expire()
        await screen.at("/sign-in?next=/adjustments%3Fstate%3Dwaiting")  # by itself: the page has a part that lives
        await screen.enter("mia", PASSWORD)
        await screen.at("/adjustments?state=waiting")
        await screen.go("/account")
        place.expire()
        await screen.button("Sign out").click()
        await expect(screen.page.get_by_text("You are signed out.")).to_be_visible()
        await screen.page.get_by_role("link", name="Sign in").click()
        await screen.enter("mia", PASSWORD)
        await screen.at("/account")


async def test_a_player_who_is_blocked_is_out_at_once_and_finds_the_open_round_when_let_in_again(place: Workplace) -> None:
    async with place.desk("oto", "operator", "/players") as desk, place.visit("ana") as lobby:
        await lobby.enter()
        await lobby.bet_until_extra()
        held = lobby.state
        await desk.page.get_by_label("Id or name", exact=True).fill("ana")
        await desk.button("Find").click()
        await expect(desk.row("ana").get_by_text("Playing")).to_be_visible()
        await desk.page.get_by_role("link", name="ana").click()
        await desk.answer(desk.button("Block"), "Block", Reason="a lawyer's letter")
        await desk.says("Blocked.")
        await expect(lobby["refused-dialog"].get_by_role("heading")).to_have_text("Account blocked")
        await expect(lobby["refused-dialog"]).to_contain_text("This account is blocked.")
        await expect(desk.page.locator("#blocking")).to_contain_text("Blocked by oto")
        await expect(desk.page.locator("#blocking")).to_contain_text("The servers did it")
        await expect(desk.page.locator("#overview")).to_contain_text("Blocked")
        await lobby["refused-dialog-0"].click()  # Try again
        await expect(lobby["refused-dialog"]).to_contain_text("This account is blocked.")
        await expect(desk.row("Player blocked")).to_have_count(1)
        await expect(desk.row("Open")).to_have_count(1)
        await desk.answer(desk.button("Unblock"), "Unblock", Reason="a mistake")
        await desk.says("Let in again.")
        await expect(desk.page.locator("#blocking")).to_be_empty()
        await lobby["refused-dialog-0"].click()
        await lobby.settled()
        assert lobby.state["gamestate"] == held["gamestate"]
        await lobby.buy_extra()
        await expect(desk.row("Playing")).to_have_count(1)
        await desk.go("/audit?q=ana")
        for reason in ("a lawyer's letter", "a mistake"):
            await expect(desk.row("oto").filter(has_text=reason)).to_have_count(1)


async def test_what_is_disabled_lets_rounds_end_and_none_begin_and_the_lobby_shows_it(place: Workplace) -> None:
    async with place.desk("adm", "admin") as desk, place.visit("bia") as lobby, place.visit("caio") as table:
        await table.enter()
        for path, off, on, others in (
            (SITE, "Disable", "Enable", True),
            (SITE, "Close the site", "Open the site", False),
            ("/", "Disable all gaming", "Enable gaming", False),
        ):
            await table.bet_until_extra()
            await expect(lobby["game-tile-joker-bingo"]).to_have_role("button")
            await desk.go(path)
            here = desk["game-joker-bingo"] if others else None
            await desk.answer(desk.button(off, here), off)
            await expect(lobby["game-tile-joker-bingo"]).to_contain_text("Closed at the moment")
            tile = lobby["game-tile-bingo-75"]
            await (expect(tile).to_have_role("button") if others else expect(tile).to_contain_text("Closed at the moment"))
            await table.buy_extra()
            await table["play"].click()
            await expect(table["toast"]).to_have_text(re.compile("This game is closed at the moment"))
            assert table.state["gamestate"]["name"] == "game"
            await table["end"].click()
            await expect(table["table"]).to_have_attribute("data-phase", "idle")
            await expect(table["toast"].last).to_contain_text("Joker Bingo is closed at the moment.")
            await table.page.evaluate("document.querySelectorAll('.toast-close').forEach((each) => each.click())")
            await desk.press_and_confirm(on, here)
            await expect(lobby["game-tile-joker-bingo"]).to_have_role("button")
            await table.settled()
            await table.bet()


async def test_a_site_is_edited_with_its_form_and_those_who_play_have_it_at_their_next_round(place: Workplace) -> None:
    async with place.desk("adm", "admin", "/sites/demo/demo") as desk, place.visit("duda") as lobby:
        await lobby.enter()
        await lobby.bet_until_extra()
        before = lobby.state["gamestate"]["data"]["bets"]
        await desk["edit"].click()
        bets = desk.page.locator('[name="games.0.settings.bets"]')
        await bets.fill("6, 3")
        await desk["review"].click()
        await desk.says("1 problem has to be solved first.")
        await expect(desk.page.locator(".field.is-wrong").filter(has=bets).get_by_test_id("problem")).to_be_visible()
        await bets.fill("3, 6")
        await bets.press("Enter")
        await expect(desk["diff"].get_by_role("row").filter(has_text="3, 6")).to_contain_text("bets")
        await desk["save"].click()
        await desk.says("is in force.")
        await expect(desk["game-joker-bingo"]).to_contain_text("3, 6")
        assert lobby.state["gamestate"]["data"]["bets"] == before
        await lobby.buy_extra()
        await lobby["play"].click()
        await expect(lobby["toast"]).to_contain_text("The settings have changed")
        await lobby.settled()
        assert lobby.state["gamestate"]["data"]["bets"] == [3, 6]
        wagered = lobby.state["session"]["wagered"]
        await lobby.bet()
        assert lobby.state["session"]["wagered"] == wagered + 4 * 3
        await desk.page.get_by_role("link", name="1", exact=True).click()
        await desk["restore"].click()
        await desk["save"].click()
        await desk.says("is in force.")


async def test_an_adjustment_above_the_limit_waits_for_another_and_changes_the_purse_at_once(place: Workplace) -> None:
    async with (
        place.visit("evi") as lobby,
        place.desk("oto", "operator", await place.known("evi")) as desk,
        place.desk("adm", "admin", "/adjustments?state=waiting") as second,
    ):
        for amount in (LIMIT + 300, LIMIT + 1):
            await expect(desk.page.locator("#overview")).to_contain_text("1,000")
            await desk.button("Adjust").click()
            dialog = desk.dialog
            await dialog.get_by_text("Give to the player").click()
            await dialog.get_by_label("Amount").fill(f"{amount:,}")
            await dialog.get_by_label("Reason").fill(f"lost at a crash: {amount}")
            await desk.button("Adjust", dialog).click()
            await desk.says("A second person has to approve this adjustment.")
        mine = desk.row("crash: 800")
        await expect(desk.button("Withdraw", mine)).to_be_visible()
        await expect(desk.button("Approve")).to_have_count(0)
        theirs = second.row("crash: 800")
        await second.answer(second.button("Approve", theirs), "Approve")
        await second.says("Approved.")
        await expect(lobby["credits"]).to_have_text("1,800")
        await second.answer(second.button("Refuse", second.row("crash: 501")), "Refuse", Reason="no crash at all")
        await second.says("Refused. Nothing was changed.")
        await expect(second.page.get_by_text("Nothing is waiting")).to_be_visible()
        await expect(mine).to_contain_text("balance 1,800")
        await expect(desk.row("crash: 501")).to_contain_text("Refused")
        await expect(desk.page.locator("#overview .figures")).to_contain_text("1,800")
        await desk.page.get_by_role("link", name="Ledger").click()
        await expect(desk.row("Adjustment")).to_contain_text("+800")
        await expect(desk.row("Adjustment")).to_contain_text("lost at a crash: 800")
        await desk.page.get_by_role("link", name="Log", exact=True).click()
        for who, what in (("oto", "crash: 800"), ("adm", "800"), ("oto", "crash: 501"), ("adm", "no crash at all")):
            await expect(desk.row(who).filter(has_text=what).first).to_be_visible()
        await expect(lobby["credits"]).to_have_text("1,800")


async def test_who_asks_for_an_adjustment_does_not_approve_it(place: Workplace) -> None:
    async with place.visit("fil"), place.desk("adm", "admin", await place.known("fil")) as desk:
        await desk.button("Adjust").click()
        dialog = desk.dialog
        await dialog.get_by_text("Take from the player").click()
        await dialog.get_by_label("Amount").fill("999")
        await dialog.get_by_label("Reason").fill("paid twice")
        await desk.button("Adjust", dialog).click()
        await expect(desk.row("paid twice")).to_contain_text("Waiting")
        await expect(desk.button("Approve")).to_have_count(0)
        await desk.answer(desk.button("Withdraw", desk.row("paid twice")), "Withdraw")
        await expect(desk.row("paid twice")).to_contain_text("Withdrawn")
        assert await place.credits("fil") == 1000


async def test_a_wallet_that_is_heard_of_later_can_be_adjusted_without_loading_the_page_again(place: Workplace) -> None:
    wallet = {"platform": "demo", "uid": "late", "denom": "credit", "balance": 77, "seq": 1}
    with place.database.write() as session:
        session.execute(insert(tables.Player).values(platform="demo", uid="late", first_at=1, last_at=1))
    async with place.desk("oto", "operator", "/players/demo/late") as desk:
        await expect(desk.button("Adjust")).to_be_disabled()
        with place.database.write() as session:
            session.execute(insert(tables.Wallet).values(**wallet))
        await expect(desk.button("Adjust")).to_be_enabled()
        await desk.button("Adjust").click()
        await expect(desk.dialog.get_by_label("Wallet")).to_contain_text("77")
        await desk.dialog.get_by_text("Give to the player").click()
        await desk.dialog.get_by_label("Reason").fill("welcome")
        amount = desk.dialog.get_by_label("Amount")
        await expect(amount).to_have_attribute("placeholder", "12")
        await amount.fill("99,999,999,999,999,999")
        await desk.button("Adjust", desk.dialog).click()
        await desk.says("look at what is marked")
        await expect(desk.page.get_by_label("Give to the player")).to_be_checked()
        await expect(desk.page.get_by_label("Reason")).to_have_value("welcome")
        await desk.page.get_by_label("Amount").fill(f"{LIMIT + 1}")
        await desk.button("Adjust").click()
        await desk.at("/players/demo/late")
        await desk.answer(desk.button("Withdraw", desk.row("welcome")), "Withdraw")
        await desk.says("Withdrawn")


async def test_every_state_and_draw_of_a_bingo_round_can_be_gone_through_and_is_proved(place: Workplace) -> None:
    player = await Player.log_in(place.server.port, "gil")
    await player.load()
    await player.bet(4)
    while "extra" not in player.game["actions"]:
        await player.bet(4)
    player.act("extra")
    await player.next_state()
    await player.end()
    await player.leave()
    round_id, record = await place.last_round("gil")
    states = [record[0]["state"], *record[2::2]]
    drawn = [draw for step in record[1::2] for draw in step["draws"]]
    async with place.desk("vic", "viewer", "/rounds") as desk:
        await desk.page.get_by_label("Round or player id").fill(round_id)
        await desk.button("Find").click()
        await desk.at(f"/rounds/{round_id}")
        await desk.page.wait_for_load_state()  # and its script, which listens to the keys
        await expect(desk["step-title"]).to_have_text("1. bet → game")
        await desk.page.keyboard.press("ArrowLeft")
        await expect(desk["step-title"]).to_have_text("Before the round idle")
        shown = list[str]()
        for number, state in enumerate(states):
            if number:
                await desk.page.keyboard.press("ArrowRight")
                await expect(desk["step-title"]).to_contain_text(f"{number}. ")
            balls = state["data"]["balls"]
            await expect(desk["board"].locator(".balls li")).to_have_text([str(ball) for ball in balls])
            cells = await desk["board"].locator(".bingo td").all_inner_texts()
            assert [int(cell) for cell in cells] == [cell for card in state["data"]["cards"] for cell in card]
            hit = desk["board"].locator(".bingo td:is(.is-hit, .is-extra)")
            assert {int(cell) for cell in await hit.all_inner_texts()} <= set(balls)
            shown += await desk.page.locator(".draws b").all_inner_texts()
        assert shown == [words(result) for _, _, result in drawn]
        await desk["verify"].click()
        await expect(desk["proof"]).to_contain_text("Proved")
        await expect(desk["proof"]).to_contain_text(f"the same {len(states) - 1} states, the same money. The round is over.")
        await expect(desk.page.locator(".step-list .is-good")).to_have_count(len(states) - 1)


def words(result: object) -> str:
    return " ".join(str(each) for each in result) if isinstance(result, list) else str(result)


async def test_a_slot_round_that_won_a_jackpot_is_seen_live_on_dashboard_and_jackpots(place: Workplace) -> None:
    async with (
        place.desk("vic", "viewer", "/jackpots") as pots,
        place.desk("wim", "viewer") as board,
        place.visit("hana") as lobby,
    ):
        big_top = pots.page.locator(".pot").filter(has_text="Big Top").filter(has_text="demo")
        await expect(big_top).to_contain_text("Paid –")
        rate = board.page.locator("#now dd").nth(1)
        before = await rate.inner_text()
        await expect(board["live-players"]).to_contain_text("1 session")
        await lobby["game-tile-fairground-sevens"].click()
        await expect(lobby["table"]).to_have_attribute("data-phase", "idle")
        await lobby.send({"t": "component", "which": "test", "message": {"force": HORSESHOES}})
        await lobby["play"].click()
        await lobby["jackpot-win-on"].click()
        if "collect" in lobby.state["gamestate"]["actions"]:
            await lobby["collect"].click()
        await expect(big_top).to_contain_text("Paid 1,000 in 1")
        await expect(big_top).to_contain_text("adds up")
        await expect(pots.row("hana")).to_contain_text("1,000")
        await expect(rate).not_to_have_text(before)
        round_id, record = await place.last_round("hana")
        await board.go("/rounds?state=jackpot")
        await board.row("hana").get_by_role("link").first.click()
        await board.at(f"/rounds/{round_id}")
        await expect(board.page.locator(".round-facts")).to_contain_text("1,000 Jackpot")
        spin = record[2]["data"]["spin"]
        reels = await board["board"].locator(".reels td").all_inner_texts()
        assert reels == [reel[row] for row in range(len(spin["window"][0])) for reel in spin["window"]]
        await expect(board.page.locator(".draws b")).to_have_text([words(result) for *_, result in record[1]["draws"]])
        await board["verify"].click()
        await expect(board["proof"]).to_contain_text("Proved")


async def test_exports_hold_what_the_pages_show(place: Workplace) -> None:
    player = await Player.log_in(place.server.port, "ivo")
    await player.load()
    for _ in range(3):
        await player.bet(4)
    await player.end()
    await player.leave()
    await place.last_round("ivo")
    async with place.desk("vic", "viewer", "/players/demo/ivo/ledger") as desk:
        entries = await desk.export()
        kept = place.office.rows("select seq, kind, amount, balance, round from ledger where uid = 'ivo' order by seq")
        assert [(row["seq"], row["kind"], row["amount"], row["balance"], row["round"]) for row in entries] == [
            tuple(map(str, row)) for row in kept
        ]
        assert sum(int(row["amount"]) for row in entries) == player.credits
        await desk.go("/rounds?q=ivo")
        rounds = await desk.export()
        assert [row["player"] for row in rounds] == ["ivo"] * 3
        assert sum(int(row["won"]) - int(row["wagered"]) for row in rounds) == player.credits - 1000
        await desk.go("/audit")
        logged = await desk.export()
        assert {"site.create", "staff.add"} <= {row["action"] for row in logged}
        await desk.go("/games")
        assert "joker-bingo" in {row["game"] for row in await desk.export()}


async def test_every_page_fits_every_screen_and_the_phone_has_a_menu(place: Workplace) -> None:
    async with place.desk("adm", "admin", size=PHONE, has_touch=True) as screen:
        menu = screen.page.get_by_role("navigation", name="Console")
        await expect(menu).to_be_hidden()
        await screen.button("Menu").tap()
        names = await menu.get_by_role("link").all_inner_texts()
        assert len(names) == 9
        for name in names:
            if not await menu.is_visible():
                await screen.button("Menu").tap()
            await menu.get_by_role("link", name=name).tap()
            await expect(screen.page.get_by_role("heading", level=1)).to_have_text(name)
            await expect(menu).to_be_hidden()
            await fits_all(screen)
        for path in [*PLACES, f"/rounds/{(await place.last_round('gil'))[0]}?proof=true"]:
            await screen.go(path)
            await expect(screen.page.get_by_role("heading", level=1)).to_be_visible()
            await fits_all(screen)


async def fits_all(screen: Screen) -> None:
    for width, height in ((1280, 800), (320, 568), (390, 844)):
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.fits()


async def test_signing_in_blocking_and_adjusting_work_without_scripts(place: Workplace) -> None:
    place.staff("oto", "operator")
    async with place.visit("jon") as lobby, place.screen(java_script_enabled=False) as screen:
        await screen.go(await place.known("jon"))
        await screen.enter("oto", PASSWORD)
        await screen.at("/players/demo/jon")
        await screen.button("Adjust").click()
        dialog = screen.dialog
        await dialog.get_by_text("Give to the player").click()
        await dialog.get_by_label("Amount").fill("12")
        await dialog.get_by_label("Reason").fill("a goodwill gift")
        await screen.button("Adjust", dialog).click()
        await screen.says("The adjustment is on its way")
        await expect(lobby["credits"]).to_have_text("1,012")
        await screen.button("Block").click()
        await screen.button("Cancel", dialog).click()
        await expect(dialog).to_have_count(0)
        for name in ("Block", "Unblock"):
            await screen.button(name).click()
            await dialog.get_by_label("Reason").fill("a test of the doors")
            await screen.button(name, dialog).click()
            await expect(screen.button(name)).to_have_count(0)
        await expect(lobby["refused-dialog"]).to_be_visible()
        await screen.button("Sign out").click()
        await screen.at("/sign-in")


async def test_a_long_id_pushes_nothing_out_of_a_table(place: Workplace) -> None:
    uid = "W" * 128
    long = {"platform": "demo", "site": "demo", "uid": uid, "denom": "BRL", "game": "joker-bingo"}
    with place.database.write() as session:
        session.execute(insert(tables.Player).values(platform="demo", uid=uid, name=uid, first_at=1, last_at=2**43))
        session.execute(insert(tables.Wallet).values(platform="demo", uid=uid, denom="BRL", balance=5, seq=1))
        session.execute(
            insert(tables.Round).values(**long, id="09-long", began_at=1, ended_at=2, wagered=123_456, won=123_400, jackpot=0)
        )
        audit.note(session, Actor.system(1), "player.block", f"player:demo:{uid}")
    async with place.desk("vic", "viewer") as desk:
        for path in ("/rounds", "/players", "/audit"):
            await desk.go(path)
            link = desk.page.locator("a.player").filter(has_text=uid).first
            await expect(link).to_have_attribute("title", uid)
            parts = desk.page.locator(".table-box")
            wide = await parts.evaluate_all("(all) => all.map((each) => each.scrollWidth - each.clientWidth)")
            assert wide and max(wide) <= 0, path
