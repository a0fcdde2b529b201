"""Series of cards: their form is the original session-server document's, and each deal can be proved."""

import pytest
from scipy.stats import chisquare

from tests.bingo_oracle import RANGED, build, load, manifest
from webingo.draws import RecordingRng
from webingo.engines.bingo.cards import Dealer
from webingo.rng import SystemRng

# The original session-server document's example state.
EXAMPLE = [
    [1, 14, 17, 35, 45, 11, 15, 26, 38, 47, 13, 16, 29, 44, 51],
    [2, 21, 34, 49, 58, 7, 31, 42, 53, 59, 12, 32, 43, 54, 60],
    [6, 20, 24, 39, 50, 9, 22, 33, 40, 55, 18, 23, 36, 48, 57],
    [3, 8, 25, 30, 46, 4, 10, 27, 37, 52, 5, 19, 28, 41, 56],
]
JOKER = Dealer(load("joker-bingo").Math.model_validate(manifest("joker-bingo")["math"]))


def test_the_example_series_is_what_dealing_its_numbers_makes() -> None:
    assert sorted(number for card in EXAMPLE for number in card) == list(range(1, 61))
    deal = [[number for card in EXAMPLE for number in reversed(card)]]
    assert JOKER.cards(deal) == EXAMPLE


def test_every_series_holds_every_number_once_sorted_column_by_column() -> None:
    rng = SystemRng()
    for _ in range(200):
        cards = JOKER.cards(JOKER.deal(rng))
        assert sorted(number for card in cards for number in card) == list(range(1, 61))
        for card in cards:
            by_column = [card[row * 5 + column] for column in range(5) for row in range(3)]
            assert by_column == sorted(by_column)


def test_a_deal_is_one_shuffle_and_proves_the_cards() -> None:
    rng = RecordingRng(SystemRng())
    step = load("joker-bingo").start(rng)
    assert [(draw.method, draw.args) for draw in rng.draws] == [("shuffle", [60])]
    assert step.private["deal"] == [rng.draws[0].result]
    assert JOKER.cards(step.private["deal"]) == step.data["cards"]


def test_columns_with_ranges_hold_their_own_numbers_each_once() -> None:
    engine = load("bingo-75")
    rng = RecordingRng(SystemRng())
    for _ in range(50):
        cards = engine.start(rng).data["cards"]
        numbers = [number for card in cards for number in card if number]
        assert len(numbers) == len(set(numbers)) == 72
        for card in cards:
            assert card[12] == 0
            for column in range(5):
                held = [card[row * 5 + column] for row in range(5) if (row, column) != (2, 2)]
                assert held == sorted(held)
                assert all(15 * column < number <= 15 * column + 15 for number in held)
    assert [draw.method for draw in rng.draws] == ["shuffle"] * 250


def test_ranged_deals_prove_their_cards() -> None:
    engine = build(RANGED)
    step = engine.start(SystemRng())
    assert Dealer(engine.Math.model_validate(RANGED)).cards(step.private["deal"]) == step.data["cards"]


@pytest.mark.parametrize("number", [1, 30, 60])
def test_a_number_is_on_every_card_equally_often(number: int) -> None:
    rng = SystemRng()
    seen = [0] * 4
    for _ in range(4000):
        deal = JOKER.deal(rng)[0]
        seen[deal.index(number) // 15] += 1
    assert chisquare(seen).pvalue > 1e-4


def test_numbers_are_dealt_to_every_place_equally_often() -> None:
    rng = SystemRng()
    counts = [[0] * 60 for _ in range(60)]
    for _ in range(6000):
        for place, number in enumerate(JOKER.deal(rng)[0]):
            counts[place][number - 1] += 1
    # Rows and columns of the table have fixed sums: 59 x 59 degrees of freedom.
    assert chisquare([n for row in counts for n in row], ddof=60 * 60 - 1 - 59 * 59).pvalue > 1e-4
