"""The slot games that ship: their figures are those of every window that their reels can stop at, and their pages say so."""

import json
from fractions import Fraction
from math import sqrt
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from tests.docpages import ROOT
from tests.slots_enumeration import Counted
from webingo.engines.engine import Odds
from webingo.engines.slots.definition import Math
from webingo.engines.slots.spin import Judged, modes
from webingo.resources.game import Game, read_manifest
from webingo.resources.local import LocalResources
from webingo.server.app import Server

GAMES = ROOT / "res" / "games"
IDS = [file.parent.name for file in sorted(GAMES.glob("*/manifest.json")) if json.loads(file.read_text())["engine"] == "slots"]
# What the standard deviation of a round per unit of its stake is for what players are told: as for the bingo games.
LEVELS = {"low": (0, 2), "medium": (2, 6), "high": (6, 20)}


@pytest.fixture(scope="module", params=IDS)
def game(request: pytest.FixtureRequest) -> Game:
    file = GAMES / request.param / "manifest.json"
    return read_manifest(file).built(str(file))


@pytest.fixture(scope="module")
def odds(game: Game) -> Odds:
    return game.engine.odds()


@pytest.fixture(scope="module")
def counted(game: Game) -> Counted:
    return Counted(game.manifest.math)


@pytest.fixture
def page(game: Game) -> str:
    return (ROOT / "docs" / "games" / f"{game.manifest.id}.md").read_text()


# The figures


def test_the_exact_figures_are_those_of_full_enumeration(odds: Odds, counted: Counted) -> None:
    assert odds.rtp == counted.rtp
    assert odds.hit_rate == counted.hit_rate
    assert odds.variance == counted.variance


def test_the_stated_return_is_the_exact_one_and_from_90_to_97_percent(game: Game, odds: Odds) -> None:
    assert game.manifest.rtp == round(float(odds.rtp), 6)
    assert Fraction(90, 100) <= odds.rtp <= Fraction(97, 100)


def test_the_stated_volatility_fits(game: Game, odds: Odds) -> None:
    low, high = LEVELS[game.manifest.volatility]
    assert low <= sqrt(odds.variance) < high


def test_bought_features_return_what_the_game_does(game: Game, counted: Counted) -> None:
    for buy in game.manifest.math.get("buy", []):
        assert 0.9 <= counted.award(buy["award"]).mean / buy["cost"] <= 0.97


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_million_rounds_lie_within_the_99_percent_interval(game: Game, odds: Odds) -> None:
    rounds = 100_000_000
    sample = game.engine.simulate(rounds, seed=20)
    assert abs(sample.returned / rounds - float(odds.rtp)) < 2.576 * sqrt(odds.variance / rounds)
    assert abs(sample.hits / rounds - float(odds.hit_rate)) < 2.576 * sqrt(odds.hit_rate * (1 - odds.hit_rate) / rounds)
    assert sample.highest <= game.engine.max_win


# The pages


def percent(part: Fraction) -> str:
    return f"{100 * float(part):.4f} %"


def test_the_page_states_the_figures(game: Game, odds: Odds, page: str) -> None:
    assert page.startswith(f"# {game.manifest.title}\n")
    assert f"Game id `{game.manifest.id}`, engine `slots`, version {game.manifest.version}." in page
    deviation = sqrt(odds.variance)
    for row in (
        f"| Return to player (RTP) | {percent(odds.rtp)} |",
        f"| Hit rate (a round that wins anything) | {percent(odds.hit_rate)} |",
        f"| Standard deviation | {deviation:.4f} |",
        f"| Volatility index (1.96 × standard deviation) | {1.96 * deviation:.3f} ({game.manifest.volatility}) |",
        f"| Largest win | {game.engine.max_win:,} × the stake |",
    ):
        assert row in page


def test_the_page_has_the_pay_table(game: Game, page: str) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    for pay in game.manifest.math["pays"]:
        name = pay.get("name", pay.get("symbol"))
        found = next(row for row in rows if row[0] == name)
        shown = [cell for cell in found[1:] if cell != ""]
        assert shown == [f"{pay['pays'][count]:,}" for count in sorted(pay["pays"], reverse=True)]


async def test_the_rules_are_open_to_everybody(plain_server: Server, game: Game) -> None:
    url = f"http://127.0.0.1:{plain_server.port}/games/{game.manifest.id}/rules"
    found = json.loads((await AsyncHTTPClient().fetch(f"{url}?format=json")).body)
    assert (found["title"], found["rtp"]) == (game.manifest.title, pytest.approx(game.manifest.rtp, abs=1e-6))
    shown = (await AsyncHTTPClient().fetch(url, headers={"Accept": "text/html"})).body.decode()
    assert all(text in shown for text in (game.manifest.title, *game.manifest.math["symbols"][:3]))


def test_the_demo_sites_offer_every_slot_game_at_stakes_that_their_players_can_afford() -> None:
    resources = LocalResources(ROOT / "res")
    for name in ("demo", "demo-brl"):
        site = resources.sites[name]
        for game_id in IDS:
            engine: Any = resources.offered(site, game_id).engine
            lowest = engine.settings.bets[0] * engine.math.total_bet(min(engine.settings.lines or (len(engine.math.lines),)))
            assert lowest * 20 <= site.initial_credits


# Fairground Sevens: its jackpot


def test_three_horseshoes_on_a_line_are_as_likely_as_the_page_says() -> None:
    """Each reel has one horseshoe: where it stands there decides all, so the lines exclude each other."""
    found = read_manifest(GAMES / "fairground-sevens" / "manifest.json")
    chance = Fraction(0)
    for line in found.math["lines"]:
        on_line = Fraction(1)
        for reel, row in zip(found.math["strips"]["base"], line, strict=True):
            (place,) = (place for place, symbol in enumerate(reel["stops"]) if symbol == "Horseshoe")
            on_line *= Fraction(reel["weights"][place - row], sum(reel["weights"]))
        chance += on_line
    (row,) = found.build().engine.odds().details["jackpots"]
    assert (row["name"], row["probability"], "id" in row) == ("horseshoes", chance, False)
    page = (ROOT / "docs" / "games" / "fairground-sevens.md").read_text()
    assert f"1 in {float(1 / chance):,.1f} rounds" in page


# Atkins Diet: the example of the SLOT-IDE game server's document

SYMBOLS = ["Atkins", "Steak", "Ham", "Drumstick", "Sausage", "Eggs", "Butter", "Cheese", "Bacon", "Mayonnaise", "Scale"]
# The row on each reel.
LINES = (
    "11111 00000 22222 01210 21012 00122 22100 10121 12101 02221 21110 "
    "10012 12210 11012 11210 01012 21210 21001 01221 01121 01010 21212"
)


@pytest.fixture(scope="module")
def atkins() -> Math:
    return Math.model_validate_json(json.dumps(read_manifest(GAMES / "atkins-diet" / "manifest.json").math))


def window(math: Math, stops: list[int], mode: str = "base") -> tuple[tuple[int, ...], ...]:
    return tuple(reel.at(stop) for reel, stop in zip(modes(math)[mode].reels, stops, strict=True))


def judged(math: Math, stops: list[int], lines: int = 10, mode: str = "base") -> Judged:
    landed = window(math, stops, mode)
    return modes(math)[mode].judge(landed, landed, lines)


def test_the_documents_game_has_its_symbols_lines_and_reels(atkins: Math) -> None:
    assert list(atkins.symbols) == SYMBOLS
    assert " ".join("".join(map(str, line)) for line in atkins.lines) == LINES
    assert [reel.size for mode in modes(atkins).values() for reel in mode.reels] == [32] * 10
    assert (atkins.align, atkins.line_coinciding, atkins.win_cap) == ("left", False, None)
    assert [wild.symbol for wild in atkins.wilds] == ["Atkins"]
    assert [pay.symbol for pay in atkins.pays] == SYMBOLS[:-1]
    assert [scatter.symbol for scatter in atkins.scatters] == ["Scale"]


def test_the_documents_stops_show_its_window_which_wins_nothing(atkins: Math) -> None:
    shown = [[SYMBOLS[cell] for cell in column] for column in window(atkins, [4, 31, 4, 28, 26])]
    assert shown == [
        ["Eggs", "Scale", "Sausage"],
        ["Eggs", "Butter", "Butter"],
        ["Drumstick", "Bacon", "Cheese"],
        ["Ham", "Butter", "Mayonnaise"],
        ["Drumstick", "Ham", "Cheese"],
    ]
    for lines in (10, 22):
        assert judged(atkins, [4, 31, 4, 28, 26], lines).wins == ()


def test_the_documents_forced_stops_show_a_scale_on_each_of_the_first_three_reels(atkins: Math) -> None:
    found = judged(atkins, [2, 2, 2, 10, 20])
    (win,) = found.wins
    assert (win.pay, win.count, [reel for reel, _ in win.cells]) == ("Scale", 3, [0, 1, 2])
    assert [(given.award.feature, given.award.spins) for given in found.awards] == [("free_spins", 10)]


def test_free_spins_win_twice_what_the_same_window_wins_otherwise(atkins: Math) -> None:
    assert modes(atkins)["free_spins"].multipliers == ((2, 1),)
    for stops in ([10, 10, 10, 10, 10], [4, 31, 4, 28, 26]):
        assert judged(atkins, stops, mode="free_spins") == judged(atkins, stops)


def test_a_round_can_win_4580_of_which_the_last_spin_wins_50_as_in_the_documents_gamble(atkins: Math) -> None:
    """The stops that docs/games/atkins-diet.md lists, at a credit a line on ten lines."""
    section = (ROOT / "docs" / "games" / "atkins-diet.md").read_text().split("4,580")[1]
    numbers = json.loads("[" + section.split("[", 1)[1].split("]", 1)[0] + "]")
    spins = [numbers[i : i + 5] for i in range(0, len(numbers), 5)]
    found = [judged(atkins, stops, mode="free_spins" if place else "base") for place, stops in enumerate(spins)]
    wins = [(win.line_amount + 10 * win.scatter_amount) * (2 if place else 1) for place, win in enumerate(found)]
    assert len(spins) == 11
    assert [len(win.awards) for win in found] == [1] + [0] * 10
    assert (sum(wins), wins[-1]) == (4580, 50)
