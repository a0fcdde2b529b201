"""docs/console.md says what the console does: its roles, its figures, its files."""

import re

from tests import docpages
from webingo.office.console import rounds_pages
from webingo.office.services import flow, foureyes, passwords, performance, players, rounds, signin
from webingo.office.services.performance import Performance
from webingo.office.services.staff import ROLES
from webingo.office.services.theory import Theory

PAGE = docpages.ROOT / "docs/console.md"
TEXT = " ".join(PAGE.read_text().split())


def test_the_figures_of_the_page_are_those_of_the_program() -> None:
    assert "three failures** within 30 minutes" in TEXT
    assert (signin.FAILURES, signin.WINDOW_MS, signin.IDLE_MS, signin.LONGEST_MS) == (3, 1_800_000, 1_800_000, 43_200_000)
    assert f"at least {passwords.LEAST} characters" in TEXT
    assert "within 7 days before or after it was asked for" in TEXT and foureyes.AROUND_MS == 7 * 86_400_000
    assert f"the {players.RECENT:,} players seen last" in TEXT
    assert "more than some ten thousand rounds" in TEXT and 10_000 <= rounds.BUDGET <= 30_000
    assert f"not heard of for {flow.SILENT_MS // 1000} seconds" in TEXT and flow.SILENCE_MS == 180_000
    assert f"lies with {performance.PERCENT} %" in TEXT and f"the weight of {performance._FEW} rounds" in TEXT
    assert [words for _, words in rounds_pages.STATES if words not in ("any", "jackpot won") and words not in TEXT] == []


def test_the_bands_of_the_example_are_those_that_are_shown() -> None:
    for count in (10_000, 1_000_000):
        game = Performance("demo", "demo", "credit", "x", count, count * 7, 0, float(count * 49), Theory(0.95, 3.0))
        assert game.band is not None
        low, high = (f"{edge * 100:.1f} %" for edge in game.band)
        assert f"after {count:,} rounds from {low} to {high}" in TEXT or f"after {count:,} from {low} to {high}" in TEXT


def test_the_table_of_roles_is_that_of_the_program() -> None:
    header = re.search(r"^\| \| (\w+) \| (\w+) \| (\w+) \|$", PAGE.read_text(), re.MULTILINE)
    assert header is not None and header.groups() == ROLES
