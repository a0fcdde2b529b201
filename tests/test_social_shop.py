"""What a social casino sells while its site is changed under players who are there."""

import copy

from tests.backoffice_house import House, house, until
from tests.facebook import facebook, known
from tests.social import PRODUCTS, SOCIAL, ask, enter, refused
from webingo.resources.site import Site

CLUB = {
    "id": "club",
    "platform": "facebook",
    "denomination": "credit",
    "initial_credits": 100,
    "games": [{"id": "joker-bingo"}],
    "social": SOCIAL,
    "products": PRODUCTS,
}


async def changed(home: House, **changes):
    """The site is another, and the server knows it."""
    home.office.set_site({**CLUB, **changes})
    wanted, (server,) = Site.model_validate({**CLUB, **changes}), home.servers
    await until(lambda: wanted in server.house.resources.all_sites())


async def test_nobody_keeps_an_old_price_by_keeping_a_round_open():
    dearer = copy.deepcopy(PRODUCTS)
    dearer[0]["price"]["amount"] = "9.99"
    async with facebook() as fake, house() as home:
        home.office.set_site(CLUB)
        ana = await enter(fake, (await home.start(**known(fake))).port)
        await ana.load()
        await ana.bet()
        await changed(home, products=dearer)
        assert (await ask(ana, "buy", "request", product="small"))["product"]["price"]["amount"] == "9.99"
        assert (await ask(ana, "status"))["products"][0]["price"]["amount"] == "9.99"
        await changed(home, products=dearer[:1])
        assert await refused(ana, "buy", product="big") == "BAD_PARAMS"
        await changed(home, denomination="EUR")  # whose prices are for other credits than those of the player's wallet
        assert await refused(ana, "buy", product="small") == "BAD_PARAMS"
        await changed(home, enabled=False)
        assert await refused(ana, "buy", product="small") == "BAD_PARAMS"
        assert (await ask(ana, "status"))["products"] == []
        await changed(home)
        await ask(ana, "buy", "request", product="big")
