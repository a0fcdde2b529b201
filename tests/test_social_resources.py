"""What a social casino's site sets: levels, the daily bonus, products; what is wrong with it is named with its field."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import coin
from webingo.engines.registry import engines
from webingo.errors import BadResource
from webingo.resources.local import LocalResources
from webingo.resources.offers import checked
from webingo.resources.social import Level, Social
from webingo.transaction.transaction import MAX_AMOUNT

PRODUCT = {"id": "small", "title": "A few", "credits": 500, "price": {"amount": "1.99", "currency": "USD"}}


@pytest.fixture
def res(tmp_path, monkeypatch):
    yield coin.install(tmp_path, monkeypatch)
    engines.cache_clear()


def problems(res, debug=True, **changes):
    """(field, reason) of what is wrong with a site that has these fields."""
    games = LocalResources(res, True).games
    try:
        checked({**coin.SITE, **changes}, games, debug)
    except BadResource as error:
        return [(field, reason) for _, field, reason in error.problems]
    return []


def level_by_hand(levels, spent):
    level, base = 1, 0
    for step in levels:
        if spent < step.spend:
            return level, (spent - base) / (step.spend - base)
        level, base = level + 1, step.spend
    return level, 1.0


@given(st.sets(st.integers(1, 10_000), max_size=20), st.integers(0, 11_000))
def test_the_level_follows_from_what_was_spent(thresholds, spent):
    social = Social(levels=[Level(spend=spend) for spend in sorted(thresholds)])
    level, progress = level_by_hand(social.levels, spent)
    standing = {"soc_level": level, "soc_level_progress": progress, "soc_level_prog": progress, "spend_total": spent}
    assert social.standing(spent) == standing
    assert social.level(spent) == level and 0 <= progress <= 1
    assert social.next_level(level) == (social.levels[level - 1] if level <= len(thresholds) else None)


def test_the_next_level_is_never_reached_before_it_is_paid_for_in_full():
    social = Social(levels=[Level(spend=MAX_AMOUNT)])
    assert social.standing(MAX_AMOUNT - 1)["soc_level_progress"] < 1.0
    assert social.standing(MAX_AMOUNT)["soc_level"] == 2


@given(st.integers(-720, 840), st.integers(0, 4_000_000_000_000))
def test_days_follow_each_other_without_gaps(offset, at_ms):
    social = Social(utc_offset_minutes=offset)
    day = social.day(at_ms)
    assert social.begins_ms(day) <= at_ms < social.begins_ms(day + 1)
    assert social.day(social.begins_ms(day) - 1) == day - 1
    assert social.begins_ms(day + 1) - social.begins_ms(day) == 86_400_000


def test_the_last_day_of_the_bonus_repeats():
    social = Social(daily_bonus=[10, 20, 50])
    assert [social.bonus(day) for day in range(1, 6)] == [10, 20, 50, 50, 50]


def test_the_day_begins_when_the_site_says():
    assert Social(utc_offset_minutes=-180).day(3 * 3_600_000 - 1) == -1
    assert Social(utc_offset_minutes=-180).day(3 * 3_600_000) == 0
    assert [b - a for a, b in pairwise(Social(utc_offset_minutes=60).begins_ms(day) for day in range(3))] == [86_400_000] * 2


def test_a_good_social_site_is_taken(res):
    social = {"levels": [{"spend": 10}, {"spend": 20, "reward": 5}], "daily_bonus": [1], "utc_offset_minutes": -180}
    assert problems(res, False, social=social, products=[PRODUCT, {**PRODUCT, "id": "big", "image": "/static/big.png"}]) == []


def test_credits_that_players_give_themselves_are_for_debug_only(res):
    site = {"social": {"allow_manual_credit": True}}
    assert problems(res, True, **site) == []
    assert [field for field, _ in problems(res, False, **site)] == ["social.allow_manual_credit"]


@pytest.mark.parametrize(
    ("field", "social"),
    [
        ("social.levels", {"levels": [{"spend": 10}, {"spend": 10}]}),
        ("social.levels", {"levels": [{"spend": 10}, {"spend": 9}]}),
        ("social.levels", {"levels": [{"spend": spend} for spend in range(1, 1002)]}),
        ("social.levels.0.spend", {"levels": [{"spend": 0}]}),
        ("social.levels.0.reward", {"levels": [{"spend": 1, "reward": -1}]}),
        ("social.daily_bonus.1", {"daily_bonus": [1, 0]}),
        ("social.daily_bonus", {"daily_bonus": [1] * 61}),
        ("social.utc_offset_minutes", {"utc_offset_minutes": 841}),
        ("social.allow_manual_credit", {"allow_manual_credit": 1}),
        ("social.level", {"level": []}),
    ],
)
def test_what_is_wrong_with_the_social_settings_is_named(res, field, social):
    assert [found for found, _ in problems(res, social=social)] == [field]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("products.0.id", {"id": "Big"}),
        ("products.0.title", {"title": ""}),
        ("products.0.credits", {"credits": 0}),
        ("products.0.credits", {"credits": 1.5}),
        ("products.0.price.amount", {"price": {"amount": "0.00", "currency": "USD"}}),
        ("products.0.price.amount", {"price": {"amount": "1,99", "currency": "USD"}}),
        ("products.0.price.amount", {"price": {"amount": "01.99", "currency": "USD"}}),
        ("products.0.price.amount", {"price": {"amount": 1.99, "currency": "USD"}}),
        ("products.0.price.currency", {"price": {"amount": "1.99", "currency": "usd"}}),
        ("products.0.price.currency", {"price": {"amount": "1.99", "currency": "XTS"}}),
        ("products.0.price.currency", {"price": {"amount": "1.999", "currency": "USD"}}),
        ("products.0.price.currency", {"price": {"amount": "199.5", "currency": "JPY"}}),
        ("products.0.image", {"image": "http://pictures.example/big.png"}),
        ("products.0.image", {"image": "javascript:alert(1)"}),
        ("products.0.image", {"image": "//pictures.example/big.png"}),
    ],
)
def test_what_is_wrong_with_a_product_is_named(res, field, change):
    assert [found for found, _ in problems(res, products=[{**PRODUCT, **change}])] == [field]


@pytest.mark.parametrize(("amount", "currency"), [("1.9", "USD"), ("200", "JPY"), ("0.625", "KWD")])
def test_a_price_may_have_the_decimals_of_its_currency(res, amount, currency):
    assert problems(res, products=[{**PRODUCT, "price": {"amount": amount, "currency": currency}}]) == []


def test_products_have_ids_of_their_own(res):
    assert problems(res, products=[PRODUCT, PRODUCT]) == [("products", "small is listed twice")]
    assert problems(res, products=[{**PRODUCT, "id": f"p{number}"} for number in range(101)])[0][0] == "products"
