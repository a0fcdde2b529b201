"""What the pages say of social casinos is so."""

import json

import pytest

from tests import docpages
from tests.docpages import ROOT
from tests.facebook import facebook
from tests.social import ask, casino, enter, open_casino
from tests.test_docs import shape
from webingo.platforms.facebook.payments import ASKED_S, PAID_S
from webingo.platforms.facebook.social import _MOST_REQUESTS
from webingo.resources.social import MOST_BONUS_DAYS, MOST_LEVELS, MOST_PRODUCTS, Product, Social

SITES, COMPONENTS, FACEBOOK = (ROOT / "docs" / name for name in ("sites.md", "components.md", "facebook.md"))


def pieces(page):
    """The pieces of JSON on a page."""
    return [json.loads(block.text) for block in docpages.blocks(page, "json")]


def of_page(page, key):
    """What the one piece that is no whole site has under a key."""
    (found,) = [piece[key] for piece in pieces(page) if key in piece and "id" not in piece]
    return found


@pytest.fixture
def status():
    (found,) = [piece for piece in pieces(COMPONENTS) if piece.get("what") == "status"]
    return found


async def test_the_status_is_as_the_page_shows_it_for_the_site_of_the_page(tmp_path, status):
    social, products = of_page(SITES, "social"), of_page(SITES, "products")
    res = casino(tmp_path, social=social, products=products)
    async with facebook() as fake, open_casino(fake, res, fb_public_url="https://casino.example") as server:
        ana = await enter(fake, server.port)
        said = await ask(ana, "status")
    assert shape(said) == shape({**status, "progress": 0.0})
    assert said["daily_bonus"]["days"] == status["daily_bonus"]["days"] == social["daily_bonus"]
    assert said["products"][0] == status["products"][0]
    standing = Social.model_validate(social).standing(status["spend"])
    assert (standing["soc_level"], standing["soc_level_progress"]) == (status["level"], status["progress"])
    assert status["next"] == {"level": status["level"] + 1, **social["levels"][status["level"] - 1]}


def test_every_setting_is_in_the_tables():
    text = SITES.read_text()
    for name in (*Social.model_fields, *Product.model_fields):
        assert f"`{name}`" in text
    for most in (MOST_LEVELS, MOST_BONUS_DAYS, MOST_PRODUCTS):
        assert f"t most {most}" in text


def test_the_times_and_numbers_are_those_of_the_program():
    text = FACEBOOK.read_text()
    assert f"keeps the order for {ASKED_S // 86_400} days" in text
    assert f"kept for {PAID_S // 86_400} days" in text
    assert f"{_MOST_REQUESTS} a minute, then `RATE_LIMITED`" in COMPONENTS.read_text()
