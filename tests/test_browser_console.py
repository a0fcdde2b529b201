"""The console in a real browser, with players in the lobby of a server that is connected to it."""

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, expect
from tornado.ioloop import IOLoop

from tests.browser import PATIENCE_S, browser
from tests.browser_console import Workplace
from tests.console import PASSWORD

expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="module")
def io_loop() -> Iterator[IOLoop]:
    """One for all tests here, as a browser belongs to the loop that it was started on."""
    loop = IOLoop()
    loop.make_current()
    yield loop
    loop.clear_current()
    loop.close(all_fds=True)


@pytest.fixture(scope="module")
def chromium(io_loop: IOLoop) -> Iterator[Browser]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(browser()))
    io_loop.run_sync(stack.aclose)


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
