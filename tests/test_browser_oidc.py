"""OpenID Connect in a real browser: to the provider, back into the lobby, and out again when the provider says so."""

from playwright.async_api import Browser, expect

from examples.oidc.local_provider import LocalProvider
from tests import oidc
from tests.browser import PATIENCE_S, Tab, one_browser, one_loop
from tests.lab import fetch
from tests.secrets import secret

expect.set_options(timeout=PATIENCE_S * 1000)

io_loop, chromium = one_loop, one_browser


async def test_a_player_comes_by_the_provider_plays_and_is_sent_away_by_it(tmp_path, chromium: Browser, monkeypatch) -> None:
    package, res = oidc.install(tmp_path)
    monkeypatch.syspath_prepend(package)
    provider = LocalProvider(made=secret)
    provider.start()
    for name, value in oidc.environment(provider).items():
        monkeypatch.setenv(name, value)
    server = await oidc.serve(res)
    page = await chromium.new_page()
    tab = Tab(page)
    try:
        await page.goto(f"http://127.0.0.1:{server.port}/oidc/login?site=oidc")
        assert page.url.startswith(f"{provider.issuer}/authorize?")
        await page.fill("[name=who]", "ana")
        await page.click("button")
        await tab.enter()
        assert (tab.state["wallet"]["credits"], tab.problems) == (500, [])
        assert await page.context.cookies() == [], "what the login needed is gone"
        out = f"logout_token={provider.logout_token('ana')}".encode()
        answer = await fetch(server, "/oidc/logout", "POST", out, Content_Type="application/x-www-form-urlencoded")
        assert answer.status == 200
        await expect(page.get_by_text("log in again", exact=False)).to_be_visible()
        assert tab.problems == []
    finally:
        await page.close()
        await server.stop()
        await provider.stop()
        oidc.forget()
