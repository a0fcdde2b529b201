"""Games and sites from files: what is right is built once, and what is wrong is named with file, field and reason."""

import pytest

from tests import coin
from webingo.engines.registry import engines
from webingo.errors import BadResource, Code, Refused
from webingo.resources.local import LocalResources
from webingo.resources.source import ResourceSource

GAME = "games/coin/manifest.json"
HERE = "local_sites/here.json"


@pytest.fixture
def res(tmp_path, monkeypatch):
    yield coin.install(tmp_path, monkeypatch)
    engines.cache_clear()


def problems(res, debug=False):
    with pytest.raises(BadResource) as caught:
        LocalResources(res, debug)
    return [(file.removeprefix(f"{res}/"), field, reason) for file, field, reason in caught.value.problems]


async def refusal(call):
    with pytest.raises(Refused) as caught:
        await call
    return caught.value.code


async def test_a_site_is_found_by_platform_and_id(res):
    source: ResourceSource = LocalResources(res)
    site = await source.site("demo", "here")
    assert (site.id, site.initial_credits, site.allowed_origins) == ("here", 5, ["self"])


async def test_an_unknown_site_and_one_of_another_platform_are_the_same_refusal(res):
    source = LocalResources(res)
    for platform, site_id in (("demo", "gone"), ("facebook", "here"), ("demo", "../here"), ("", "")):
        assert await refusal(source.site(platform, site_id)) == Code.UNKNOWN_SITE


async def test_a_closed_site_is_found_too_for_the_rounds_that_are_still_open_there(res):
    coin.write(res, HERE, {**coin.SITE, "enabled": False})
    assert not (await LocalResources(res).site("demo", "here")).enabled


async def test_a_game_is_built_once_for_each_site_with_its_settings(res):
    other = {**coin.SITE, "id": "other", "games": [{"id": "coin", "settings": {"bets": [5]}}]}
    coin.write(res, "local_sites/other.json", other)
    source = LocalResources(res)
    here, other = await source.site("demo", "here"), await source.site("demo", "other")
    assert source.game(here, "coin") is source.game(here, "coin")
    assert source.game(here, "coin").settings == {"bets": [1, 2], "theme": "plain"}
    assert source.game(other, "coin").settings == {"bets": [5], "theme": "plain"}
    assert source.game(other, "coin").engine.settings.bets == (5,)
    assert source.built["coin"].engine.settings.bets == (1, 2)


async def test_a_game_that_the_site_does_not_offer_is_unknown_and_a_closed_one_is_disabled(res):
    coin.write(res, "games/dime/manifest.json", {**coin.MANIFEST, "id": "dime"})
    coin.write(res, HERE, {**coin.SITE, "games": [{"id": "coin", "enabled": False}]})
    source = LocalResources(res)
    site = await source.site("demo", "here")
    for game, code in (("dime", Code.UNKNOWN_GAME), ("gone", Code.UNKNOWN_GAME), ("coin", Code.GAME_DISABLED)):
        with pytest.raises(Refused) as caught:
            source.game(site, game)
        assert caught.value.code == code
    assert source.offered(site, "coin").manifest.id == "coin"


async def test_the_listing_is_what_players_may_know(res):
    coin.write(res, HERE, {**coin.SITE, "games": [{"id": "coin", "enabled": False}]})
    source = LocalResources(res)
    assert source.listing(await source.site("demo", "here")) == [
        {"id": "coin", "engine": "coin", "title": "Heads", "description": "A coin is tossed.", "enabled": False}
    ]


MATH = {"sides": 20, "pay": 19}


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"id": "Coin"}, "id", "match pattern"),
        ({"id": "dime"}, "id", "must be 'coin', as the file is named"),
        ({"engine": "coim"}, "engine", "unknown engine; did you mean coin?"),
        ({"version": "1.0"}, "version", "match pattern"),
        ({"version": "01.0.0"}, "version", "match pattern"),
        ({"rtp": 95.0}, "rtp", "less than or equal to 1"),
        ({"rtp": "0.95"}, "rtp", "valid number"),
        ({"max_win": 18}, "max_win", "the manifest states 18, the engine computes 19"),
        ({"max_win": 19.0}, "max_win", "valid integer"),
        ({"volatility": "wild"}, "volatility", "'low', 'medium' or 'high'"),
        ({"tittle": "x"}, "tittle", "unknown key; did you mean title?"),
        ({"math": {"sides": 20}}, "math.pay", "missing"),
        ({"math": {**MATH, "sides": 1}}, "math.sides", "greater than or equal to 2"),
        ({"math": {**MATH, "side": 1}}, "math.side", "unknown key; did you mean sides?"),
        ({"math": {**MATH, "pay": 1001}}, "math", "the engine refuses it: pay is above 1000"),
        ({"settings": {"bets": [1, "2"]}}, "settings.bets.1", "valid integer"),
        ({"settings": {"bet": [1]}}, "settings.bet", "unknown key; did you mean bets?"),
        ({"open_to_sites": ["bets", "math"]}, "open_to_sites.1", "unknown setting"),
    ],
)
def test_what_is_wrong_in_a_manifest_is_named(res, change, field, reason):
    coin.write(res, GAME, {**coin.MANIFEST, **change})
    [(file, found, why)] = problems(res)
    assert (file, found) == (GAME, field)
    assert reason in why


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"id": "../here"}, "id", "match pattern"),
        ({"id": "there"}, "id", "must be 'here', as the file is named"),
        ({"platform": "De mo"}, "platform", "match pattern"),
        ({"denomination": "XAU"}, "denomination", "unknown denomination; there are credit, USD"),
        ({"initial_credits": -1}, "initial_credits", "greater than or equal to 0"),
        ({"initial_credits": 2**53}, "initial_credits", "less than or equal to 9007199254740991"),
        ({"initial_credits": 1.5}, "initial_credits", "valid integer"),
        ({"allowed_origins": []}, "allowed_origins", "at least 1 item"),
        ({"allowed_origins": ["self", "*"]}, "allowed_origins.1", 'the origin "*" is for debug only'),
        ({"allowed_origins": ["https://a.example/"]}, "allowed_origins.0", "an origin as browsers send it"),
        ({"allowed_origins": ["https://*.example"]}, "allowed_origins.0", "an origin as browsers send it"),
        ({"allowed_origins": ["a.example"]}, "allowed_origins.0", "an origin as browsers send it"),
        ({"allowed_origins": ["https://A.example"]}, "allowed_origins.0", "an origin as browsers send it"),
        ({"allowed_origins": ["https://a.example:443"]}, "allowed_origins.0", "leave out the scheme's own port"),
        ({"games": []}, "games", "at least 1 item"),
        ({"games": [{"id": "coin"}, {"id": "coin"}]}, "games", "coin is listed twice"),
        ({"games": [{"id": "coim"}]}, "games.0.id", "unknown game; did you mean coin?"),
        ({"games": [{"id": "coin", "settings": {"theme": "x"}}]}, "games.0.settings.theme", "does not let a site change"),
        ({"games": [{"id": "coin", "settings": {"bet": [1]}}]}, "games.0.settings.bet", "did you mean bets?"),
        ({"games": [{"id": "coin", "settings": {"bets": []}}]}, "games.0.settings.bets", "at least 1 item"),
        ({"games": [{"id": "coin", "math": {}}]}, "games.0.math", "unknown key"),
        ({"language": "en"}, "language", "unknown key"),
    ],
)
def test_what_is_wrong_in_a_site_is_named(res, change, field, reason):
    coin.write(res, HERE, {**coin.SITE, **change})
    [(file, found, why)] = problems(res)
    assert (file, found) == (HERE, field)
    assert reason in why


def test_all_problems_of_all_files_are_named_at_once(res):
    coin.write(res, "games/dime/manifest.json", '{"id": "dime"')
    coin.write(res, GAME, {**coin.MANIFEST, "rtp": 2, "max_win": 0})
    (res / "games/empty").mkdir()
    coin.write(res, HERE, {**coin.SITE, "denomination": 1})
    coin.write(res, "local_sites/notes.txt", "hello")
    found = {(file, field) for file, field, _ in problems(res)}
    assert found == {
        (GAME, "rtp"),
        (GAME, "max_win"),
        ("games/dime/manifest.json", ""),
        ("games/empty/manifest.json", ""),
        (HERE, "denomination"),
        ("local_sites/notes.txt", ""),
    }


def test_a_site_is_not_blamed_for_a_game_that_is_wrong_itself(res):
    coin.write(res, GAME, {**coin.MANIFEST, "rtp": 2})
    assert [file for file, _, _ in problems(res)] == [GAME]


def test_an_override_may_lower_the_largest_win_and_not_raise_it(res, monkeypatch):
    steps = [1]

    def tampered(self, math, settings):
        self.math, self.settings, self.max_win = math, settings, 19 + steps[-1] * (settings.bets[0] - 1)

    monkeypatch.setattr(coin.CoinEngine, "__init__", tampered)
    coin.write(res, HERE, {**coin.SITE, "games": [{"id": "coin", "settings": {"bets": [3]}}]})
    assert problems(res) == [(HERE, "games.0.max_win", "the manifest states 19, the engine computes 21")]
    steps.append(-1)
    assert LocalResources(res).offered(LocalResources(res).sites["here"], "coin").engine.max_win == 17


def test_folders_that_are_not_there_are_named(tmp_path):
    assert problems(tmp_path) == [("games", "", "there is no such folder"), ("local_sites", "", "there is no such folder")]


def test_hidden_files_are_not_read(res):
    (res / "local_sites/.notes").touch()
    (res / "games/.cache").mkdir()
    LocalResources(res)


async def test_in_debug_any_origin_may_be_allowed(res):
    coin.write(res, HERE, {**coin.SITE, "allowed_origins": ["*"]})
    assert (await LocalResources(res, debug=True).site("demo", "here")).allowed_origins == ["*"]
