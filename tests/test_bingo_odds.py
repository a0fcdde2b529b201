"""The exact mathematics equal those of trying every set of balls, and a simulation agrees with them."""

import copy
import itertools
import time
from fractions import Fraction
from functools import cache
from math import ceil

import pytest

from tests.bingo_oracle import GAMES, RANGED, TINY, build, load, pay, prizes, raises
from webingo.engines.bingo.extra import always_buying
from webingo.engines.bingo.odds import card_odds
from webingo.engines.bingo.stops import Interval

# A series of each small game; which one does not matter, since every set of balls is equally likely.
CARDS = {"tiny": [[1, 3, 2, 4], [5, 7, 6, 8]], "ranged": [[1, 7, 0, 8], [2, 9, 0, 10], [3, 11, 0, 12]]}
MATH = {"tiny": TINY, "ranged": RANGED}
SMALL = sorted(MATH)


@cache
def totals(game: str) -> list[int]:
    """The summed pay of all cards for every set of balls."""
    math = MATH[game]
    draws = itertools.combinations(range(1, math["pool"] + 1), math["draw"])
    return [sum(pay(math, card, {0, *balls}) for card in CARDS[game]) for balls in draws]


@pytest.mark.parametrize("game", SMALL)
def test_rtp_hit_rate_and_variance_are_those_of_every_draw(game: str) -> None:
    odds = build(MATH[game]).odds()
    cards = MATH[game]["cards"]
    returns = [Fraction(total, cards) for total in totals(game)]
    rtp = sum(returns) / len(returns)
    assert odds.rtp == rtp
    assert odds.hit_rate == Fraction(sum(won > 0 for won in returns), len(returns))
    assert odds.variance == sum((won - rtp) ** 2 for won in returns) / len(returns)


@pytest.mark.parametrize("game", SMALL)
def test_the_parts_of_the_rtp_are_those_of_every_draw(game: str) -> None:
    math = MATH[game]
    card = card_odds(build(math).Math.model_validate(math))
    found = card.patterns()
    draws = list(itertools.combinations(range(1, math["pool"] + 1), math["draw"]))
    for name in found:
        paid = [[p for n, p in prizes(math, CARDS[game][0], {0, *balls}) if n == name] for balls in draws]
        assert found[name] == (
            Fraction(sum(bool(won) for won in paid), len(draws)),
            Fraction(sum(sum(won) for won in paid), len(draws)),
        )
    assert sum(share for _, share in found.values()) == card.rtp


@pytest.mark.parametrize("game", SMALL)
def test_the_distribution_is_that_of_every_draw(game: str) -> None:
    math = MATH[game]
    card = card_odds(build(math).Math.model_validate(math))
    bands = card.distribution()
    highs = [low for low, _ in bands[1:]] + [10**9]
    for (low, chance), high in zip(bands, highs, strict=True):
        inside = [won for won in totals(game) if won > 0 and low * math["cards"] <= won < high * math["cards"]]
        assert chance == Fraction(len(inside), len(totals(game)))
    assert sum(chance for _, chance in bands) == card.hit_rate()


@cache
def useful(game: str, balls: frozenset[int]) -> int:
    """What the next ball would add to all cards, summed over the balls left, per stake per card."""
    return sum(sum(raises(MATH[game], card, {0, *balls}).values()) for card in CARDS[game])


def bought(game: str, bet: int) -> list[tuple[Fraction, Fraction, Fraction]]:
    """For each extra ball the exact (probability of a sale, gain per stake, cost), by following every draw and every path of
    its extra balls, to the ball at which each path stops."""
    math = MATH[game]
    pool = set(range(1, math["pool"] + 1))
    waiting = {frozenset(balls): Fraction(1) for balls in itertools.combinations(sorted(pool), math["draw"])}
    sets = len(waiting)
    figures = []
    for _ in range(math["max_extra"]):
        sold = gain = cost = Fraction(0)
        after: dict[frozenset[int], Fraction] = {}
        for balls, weight in waiting.items():
            if not useful(game, balls):
                continue
            left = pool - balls
            expected = Fraction(useful(game, balls), len(left))
            sold += weight
            gain += weight * expected
            cost += weight * max(1, ceil(Fraction(math["extra_margin"]) * expected * bet))
            for ball in left:
                grown = balls | {ball}
                after[grown] = after.get(grown, Fraction(0)) + weight / len(left)
        figures.append((sold / sets, gain / sets, cost / sets))
        waiting = after
    return figures


@pytest.mark.parametrize("bet", [1, 10])
@pytest.mark.parametrize("game", SMALL)
def test_extra_balls_cost_and_bring_what_following_every_path_says(game: str, bet: int) -> None:
    math = build(MATH[game]).Math.model_validate(MATH[game])
    counted = always_buying(math, [bet])
    walked = bought(game, bet)
    assert len(counted) == len(walked) == math.max_extra
    for number, (ball, (sold, gain, cost)) in enumerate(zip(counted, walked, strict=True)):
        for interval, exact in ((ball.sold, sold), (ball.gain, gain), (ball.cost[bet], cost)):
            assert interval.low <= exact <= interval.high
            if number == 0:
                assert interval == Interval(exact, exact)
        # One earlier stop is counted exactly, and so are the most that two can take away.
        assert number > 1 or ball.gain.low == ball.gain.high
        assert number > 2 or ball.gain.low == gain
        assert number > 1 or ball.sold.low == sold


@pytest.mark.parametrize("game", ["joker-bingo", "tiny", "ranged"])
def test_extra_balls_never_return_more_than_the_margin_leaves(game: str) -> None:
    engine = load(game) if game == "joker-bingo" else build(MATH[game])
    extra = engine.odds().details["extra"]
    for buying in extra["always_buying"]:
        assert buying["extra_rtp"][0] <= buying["extra_rtp"][1] <= extra["rtp_at_most"]
    first = extra["balls"][0]
    assert first["sold"][0] == first["sold"][1]
    for by_bet in first["by_bet"]:
        assert by_bet["rtp"][0] == by_bet["rtp"][1] <= extra["rtp_at_most"]


def test_big_cards_state_the_bound_only() -> None:
    math = {
        "pool": 30,
        "draw": 21,
        "cards": 1,
        "rows": 3,
        "columns": 7,
        "max_extra": 2,
        "extra_margin": "1.25",
        "patterns": [{"name": "full", "title": "Full card", "pay": 90, "rows": ["xxxxxxx"] * 3}],
    }
    assert build(math).odds().details["extra"] == {"margin": 1.25, "rtp_at_most": 0.8}


def test_patterns_with_too_many_unions_are_refused() -> None:
    pictures = [("." * i + "x" + "." * (20 - i)) for i in range(21)]
    rows = [[picture[0:7], picture[7:14], picture[14:21]] for picture in pictures]
    math = {"pool": 30, "draw": 21, "cards": 1, "rows": 3, "columns": 7}
    with pytest.raises(ValueError, match="patterns: their pictures have more than 20000 unions"):
        build(math | {"patterns": [{"name": "dot", "title": "Dot", "pay": 1, "rows": rows}]}).odds()


@pytest.mark.parametrize(("game", "seconds"), [("joker-bingo", 4), ("bingo-75", 3)])
def test_real_games_are_counted_quickly_and_lie_in_their_design(game: str, seconds: int) -> None:
    engine = load(game)
    card_odds.cache_clear()
    start = time.process_time()
    odds = engine.odds()
    assert time.process_time() - start < seconds
    assert Fraction(92, 100) < odds.rtp < Fraction(96, 100)
    assert odds.max_win == engine.max_win


@pytest.mark.parametrize(("game", "rounds"), [("joker-bingo", 1_000_000), ("bingo-75", 1_000_000), ("tiny", 200_000)])
def test_a_simulation_agrees_with_the_exact_figures(game: str, rounds: int) -> None:
    engine = build(TINY) if game == "tiny" else load(game)
    odds = engine.odds()
    sample = engine.simulate(rounds, seed=20)
    within = 2.576  # of a normal distribution, 99 % lie so many standard deviations around the mean
    assert abs(sample.returned / rounds - odds.rtp) < within * (float(odds.variance) / rounds) ** 0.5
    spread = float(odds.hit_rate * (1 - odds.hit_rate) / rounds) ** 0.5
    assert abs(sample.hits / rounds - odds.hit_rate) < within * spread
    assert sample.rounds == rounds
    assert sample.highest <= engine.max_win
    assert engine.simulate(1000, seed=1) == engine.simulate(1000, seed=1) != engine.simulate(1000, seed=2)


def test_the_odds_do_not_depend_on_the_order_of_the_patterns() -> None:
    turned = copy.deepcopy(TINY)
    turned["patterns"].reverse()
    assert build(turned).odds().rtp == build(TINY).odds().rtp


@pytest.mark.parametrize("game", ["joker-bingo", "bingo-75"])
def test_the_rules_tell_players_what_the_manifest_does(game: str) -> None:
    engine = load(game)
    rules = engine.rules()
    odds = engine.odds()
    assert {"summary", "how_to_play", "pays", "limits", "rtp", "max_win", "volatility"} <= rules.keys()
    assert rules["rtp"] == float(odds.rtp)
    assert rules["max_win"] == engine.max_win
    for shown, counted in zip(rules["pays"], odds.details["patterns"], strict=True):
        assert (shown["name"], shown["pay"]) == (counted["name"], counted["pay"])
        assert shown["odds"] == f"1 in {counted['one_in']:,.1f}"
    assert ("extra_balls" in rules) == (game == "joker-bingo")
    if game == "bingo-75":
        assert rules["pays"][0]["picture"] == ["xxxxx", "xxxxx", "xx*xx", "xxxxx", "xxxxx"]
    if game == "joker-bingo":
        assert "jackpot" not in rules
        assert "first 28 balls" in load(game, jackpot="jp").rules()["jackpot"]


@pytest.mark.parametrize("game", ["joker-bingo", "bingo-75"])
def test_the_documents_state_the_exact_figures(game: str) -> None:
    text = (GAMES.parent.parent / "docs" / "games" / f"{game}.md").read_text()
    odds = load(game).odds()
    stated = [
        f"| {100 * float(odds.rtp):.4f} % |",
        f"| {100 * float(odds.hit_rate):.3f} % |",
        f"| {float(odds.variance):.4f} |",
    ]
    stated += [f"| {p['title']} | {p['pay']:,} | {p['probability']:.4g} |" for p in odds.details["patterns"]]
    always = odds.details["extra"]["always_buying"] if game == "joker-bingo" else []
    stated += [f"| {row['bet']} | {' to '.join(f'{100 * end:.2f}' for end in row['extra_rtp'])} % |" for row in always]
    for figure in stated:
        assert figure in text


def test_the_odds_of_a_full_card_early_enough_are_those_of_every_draw() -> None:
    engine = build(RANGED | {"draw": 8, "jackpot_within": 7}, jackpot="jp_full")
    (row,) = engine.odds().details["jackpots"]
    draws = [set(balls) for balls in itertools.combinations(range(1, 15), 7)]
    for place, cards in enumerate((3, 2, 1)):
        full = sum(any(balls.issuperset({*card} - {0}) for card in CARDS["ranged"][:cards]) for balls in draws)
        assert row["by_cards"][place] == {"cards": cards, "probability": full / len(draws), "one_in": len(draws) / full}
    assert (row["id"], row["probability"], row["stakes"]) == ("jp_full", row["by_cards"][0]["probability"], [3, 30])
    rounds = 100_000
    part = engine.simulate(rounds, seed=20).parts["jackpot.full_card"]
    assert engine.odds().parts == {"jackpot.full_card": Fraction(row["probability"]).limit_denominator(len(draws))}
    assert abs(part.total - rounds * row["probability"]) < 3 * (rounds * row["probability"]) ** 0.5
