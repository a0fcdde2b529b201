"""What a site may say of its jackpots: what is wrong is refused at the start, and what a wager feeds is exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import coin
from webingo.engines.registry import engines
from webingo.errors import BadResource
from webingo.resources.jackpots import Jackpot, fed, feeds
from webingo.resources.local import LocalResources
from webingo.resources.site import Site

JACKPOT = {
    "id": "jp_heads",
    "title": "Heads up",
    "denomination": "CRE",
    "min": 10_000,
    "max": 50_000,
    "contribution": "0.01",
    "reserve": "0.005",
    "trigger": {"by": "game"},
}
MYSTERY = {**JACKPOT, "id": "jp_mystery", "trigger": {"by": "mystery", "before": 20_000}}


class JackpotCoin(coin.CoinEngine):
    """A coin that may win jackpots, by its settings."""

    class Settings(coin.CoinEngine.Settings):
        wins: tuple[str, ...] = ()

    def __init__(self, math, settings):
        super().__init__(math, settings)
        self.jackpots = settings.wins


@pytest.fixture
def res(tmp_path, monkeypatch):
    found = coin.install(tmp_path, monkeypatch)
    monkeypatch.setattr(coin, "CoinEngine", JackpotCoin)
    coin.write(found, "games/coin/manifest.json", {**coin.MANIFEST, "open_to_sites": ["bets", "wins"]})
    yield found
    engines.cache_clear()


def site_with(*jackpots, wins=(), **changes):
    games = [{"id": "coin", "settings": {"wins": list(wins)}}]
    return {**coin.SITE, "games": games, "jackpots": list(jackpots), **changes}


def problems(res, site):
    coin.write(res, "local_sites/here.json", site)
    try:
        LocalResources(res)
    except BadResource as error:
        return [(field, reason) for _, field, reason in error.problems]
    return []


def test_a_site_has_jackpots_by_game_and_mystery_ones(res):
    assert problems(res, site_with(JACKPOT, MYSTERY, wins=["jp_heads"])) == []
    site = LocalResources(res).sites["here"]
    assert [(jackpot.id, jackpot.denomination) for jackpot in site.jackpots] == [
        ("jp_heads", "credit"),
        ("jp_mystery", "credit"),
    ]
    assert problems(res, coin.SITE) == []


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"id": "heads"}, "id", "pattern"),
        ({"denomination": "USD"}, "", "the same"),
        ({"denomination": "GBP"}, "denomination", "unknown denomination"),
        ({"min": 10_500}, "", "whole units"),
        ({"max": 50_001}, "", "whole units"),
        ({"min": 51_000}, "", "min lies above max"),
        ({"min": 0}, "", "at least one unit"),
        ({"min": -1}, "min", "greater than or equal"),
        ({"max": 2**53}, "max", "less than or equal"),
        ({"min": 10_000.0}, "min", "integer"),
        ({"contribution": 0.01}, "contribution", "string"),
        ({"contribution": "1"}, "contribution", "share below 1"),
        ({"contribution": "0.0000001"}, "contribution", "six decimals"),
        ({"contribution": "-0.1"}, "contribution", "share below 1"),
        ({"contribution": "0."}, "contribution", "share below 1"),
        ({"contribution": "0.٣"}, "contribution", "share below 1"),
        ({"contribution": "0.5", "reserve": "0.5"}, "", "together"),
        ({"games": ["dime"]}, "", "'dime'"),
        ({"games": ["coin", "coin"]}, "games", "twice"),
        ({"games": []}, "games", "at least 1"),
        ({"trigger": {"by": "moon"}}, "trigger", "moon"),
        ({"trigger": {"by": "mystery", "before": 10_000}}, "", "above min"),
        ({"trigger": {"by": "mystery", "before": 51_000}}, "", "not above max"),
        ({"trigger": {"by": "mystery", "before": 20_001}}, "", "whole units"),
        ({"trigger": {"by": "mystery", "before": 20_000}, "contribution": "0"}, "", "never won"),
        ({"seed": 1}, "seed", "unknown key"),
        ({"storage_multiplier": 0}, "storage_multiplier", "greater than or equal"),
    ],
)
def test_what_is_wrong_with_a_jackpot_is_refused_at_the_start(res, changes, field, reason):
    (found,) = problems(res, site_with({**JACKPOT, **changes}, wins=["jp_heads"]))
    assert found[0] in (f"jackpots.0.{field}", "jackpots.0", "jackpots")
    assert reason in found[1]


def test_denominations_are_named_once_each(res):
    ((_, reason),) = problems(res, site_with({**JACKPOT, "denomination": "GBP"}))
    names = reason.partition("there are ")[2].split(", ")
    assert {"credit", "CRE", "USD"} <= set(names) and len(names) == len(set(names))


def test_a_game_and_a_jackpot_have_to_name_each_other(res):
    assert problems(res, site_with(JACKPOT)) == [("jackpots.0.trigger", "no game of the site can win jp_heads")]
    found = problems(res, site_with(JACKPOT, MYSTERY, wins=["jp_head", "jp_heads", "jp_mystery"]))
    assert found == [
        ("games.0.settings", "coin wins jp_head: unknown jackpot of this site; did you mean jp_heads?"),
        ("games.0.settings", "coin wins jp_mystery: is a mystery jackpot, which no game wins"),
    ]


def test_a_jackpot_stands_once_on_a_site_and_all_of_them_leave_something_of_a_wager(res):
    assert problems(res, site_with(JACKPOT, JACKPOT, wins=["jp_heads"])) == [("jackpots", "jp_heads is listed twice")]
    greedy = [{**JACKPOT, "id": f"jp_{name}", "contribution": "0.49", "reserve": "0.01"} for name in "ab"]
    assert problems(res, site_with(*greedy)) == [("jackpots", "the jackpots take the whole of each wager in coin")]


def test_a_game_feeds_the_jackpots_that_name_it_or_name_none():
    two = [{"id": "coin"}, {"id": "dime"}]
    only_dime = {**MYSTERY, "games": ["dime"]}
    fixed = {**MYSTERY, "id": "jp_fixed", "contribution": "0", "reserve": "0", "trigger": {"by": "game"}}
    site = Site.model_validate({**coin.SITE, "games": two, "jackpots": [JACKPOT, only_dime, fixed]})
    assert feeds(site, "coin").of(3) == "jp_heads=45000"
    assert feeds(site, "dime").of(3) == "jp_heads=45000 jp_mystery=45000"
    assert feeds(site, "dime").of(0) == ""
    assert feeds(Site.model_validate({**coin.SITE, "jackpots": [fixed]}), "coin") is None
    assert feeds(Site.model_validate(coin.SITE), "coin") is None


@given(
    wager=st.integers(1, 2**53 - 1),
    rates=st.tuples(st.integers(0, 499_999), st.integers(0, 499_999)),
)
def test_what_a_wager_feeds_is_exact_for_every_amount(wager, rates):
    contribution, reserve = (f"0.{rate:06d}" for rate in rates)
    jackpot = Jackpot.model_validate({**JACKPOT, "contribution": contribution, "reserve": reserve})
    site = Site.model_construct(jackpots=[jackpot])
    exact = wager * (Fraction(contribution) + Fraction(reserve))
    found = feeds(site, "coin")
    assert found is None if not exact else fed(found.of(wager)) == [("jp_heads", exact * 10**6)]
