"""The exact figures of slots: equal to trying everything, equal to what was published, and quick."""

import copy
import time
from collections import defaultdict
from fractions import Fraction
from math import comb, sqrt
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.slots_brute import Brute, Distribution, mean, size, variance, windows
from tests.slots_games import GAMES
from tests.slots_published import ATKINS, BLUEJAY, DIAMONDS, lobstermania
from tests.test_slots_simulation import games
from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.par import counting, outcomes
from webingo.engines.slots.par.bounds import largest, max_win
from webingo.engines.slots.par.hits import Hit
from webingo.engines.slots.par.odds import odds
from webingo.engines.slots.par.outcomes import Spins, spins
from webingo.engines.slots.par.rounds import Rounds
from webingo.engines.slots.par.runs import EndlessError, Gift, run
from webingo.engines.slots.par.values import Values, base_round
from webingo.engines.slots.spin import BASE, modes

MOST_WINDOWS = 700
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def math_of(manifest: dict[str, Any], **changes: Any) -> Math:
    return Math.model_validate_json(orjson.dumps(manifest | changes))


def settings_of(**changes: Any) -> Settings:
    return Settings.model_validate_json(orjson.dumps({"bets": [1], "max_stake": 1000} | changes))


# A spin


def check_spins(math: Math, name: str) -> Spins:
    """Holds the spins of a mode against every window that it can show, judged one by one."""
    spins.cache_clear()
    lines = len(math.lines)
    found, brute = spins(math, name, lines), Brute(math, lines)
    total, parts = brute.spins(name)
    assert found.total == total
    assert found.parts.keys() == parts.keys()
    for awards, amounts in parts.items():
        part = found.parts[awards]
        assert part.weight == sum(amounts.values())
        assert part.amount == sum(amount * weight for amount, weight in amounts.items())
        assert part.square == sum(amount**2 * weight for amount, weight in amounts.items())
        assert part.lost == amounts[0]
        if found.distribution is not None:
            there = found.distribution[awards]
            assert dict(zip(there.amounts.tolist(), there.weights.tolist(), strict=True)) == dict(amounts)
    places = {pay.name: place for place, pay in enumerate(math.pays)}
    rows: dict[Hit, list[int]] = defaultdict(lambda: [0, 0])
    by_lines = by_scatters = 0
    for weight, judged in windows(math, name, lines):
        by_lines += weight * judged.line_amount
        by_scatters += weight * judged.scatter_amount * brute.bet
        seen: dict[Hit, list[int]] = defaultdict(lambda: [0, 0])
        for win in judged.wins:
            if win.kind != "scatter":
                row = seen[Hit(places[win.pay], win.count, win.multiplier if win.kind == "line" else 0)]
                row[0] = row[0] + 1 if win.kind == "line" else 1
                row[1] += win.amount
        for hit, (times, amount) in seen.items():
            rows[hit][0] += weight * times
            rows[hit][1] += weight * amount
    assert (found.lines, found.scatters) == (by_lines, by_scatters)
    if found.method != outcomes.WINDOWS:
        assert found.hits.rows == {hit: tuple(row) for hit, row in rows.items()}
    return found


@pytest.mark.parametrize("pay_by", ["lines", "ways"])
@few
@given(st.data())
def test_a_spin_is_counted_as_every_window_says(pay_by: str, data: st.DataObject) -> None:
    math = data.draw(games(pay_by))
    names = [name for name in modes(math) if size(math, name) <= MOST_WINDOWS]
    assume(names)
    for name in names:
        check_spins(math, name)


class OnlyLosing(counting.Counter):
    """As if there were too many states for all windows."""

    def count(self, losing: bool = False) -> counting.Tally:
        if not losing:
            raise counting.TooMany
        return super().count(losing)


@few
@given(st.data())
def test_pairs_of_lines_give_the_same_moments(data: st.DataObject) -> None:
    math = data.draw(games("lines"))
    assume(size(math, BASE) <= MOST_WINDOWS)
    whole = check_spins(math, BASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcomes, "Counter", OnlyLosing)
        spins.cache_clear()
        try:
            pairs = spins(math, BASE, len(math.lines))
        except ValueError as error:
            assert "too many" in str(error)
            assert any(pay.awards or pay.award for pay in math.pays)
            return
        finally:
            spins.cache_clear()
    assert pairs.distribution is None
    assert (pairs.parts, pairs.lines, pairs.hits) == (whole.parts, whole.lines, whole.hits)
    assert pairs.scatter_counts == whole.scatter_counts


# A round


ROUNDS = {
    (name, cap): {key: value for key, value in game.items() if key != "win_cap"} | ({"win_cap": cap} if cap else {})
    for name, game in GAMES.items()
    for cap in (None, 3, 20)
    if cap or "win_cap" not in game
}


@pytest.mark.parametrize(("name", "cap"), sorted(ROUNDS, key=str))
def test_a_round_is_what_all_its_courses_come_to(name: str, cap: int | None) -> None:
    math = math_of(ROUNDS[name, cap])
    if any(feature.max_spins is None for feature in math.free_spins.values()):
        math = math_of(ROUNDS[name, cap], features=limited(ROUNDS[name, cap]["features"]))
    lines = len(math.lines)
    brute, values = Brute(math, lines), Values(math, lines)
    courses, found = brute.round(), base_round(values)
    assert sum(courses.values()) == 1
    assert (found.mean, found.variance, found.nothing) == (mean(courses), variance(courses), courses.get(0, 0))
    assert max(courses) <= largest(math, lines).round(0)
    rounds = Rounds(values)
    for low, high, chance in rounds.bands():
        exact = sum(p for amount, p in courses.items() if amount and low * brute.bet <= amount < (high or 10**9) * brute.bet)
        assert chance == pytest.approx(float(exact), abs=1e-12)
    check_cap(rounds.capped(), courses, cap and cap * brute.bet)
    for buy in math.buy:
        worth, course = values.worth(buy.award), brute.award(buy.award)
        assert (worth.mean, worth.variance, worth.nothing) == (mean(course), variance(course), course.get(0, 0))
        check_cap(rounds.bought(buy.award), course, cap and cap * brute.bet)


def limited(features: dict[str, Any]) -> dict[str, Any]:
    return {n: f | ({"max_spins": 12} if f["type"] == "free_spins" else {}) for n, f in features.items()}


def check_cap(capped: Any, courses: Distribution, cap: int | None) -> None:
    if capped is None:
        assert cap is None or max(courses) <= cap
        return
    assert cap
    exact: Distribution = defaultdict(Fraction)
    for amount, p in courses.items():
        exact[min(amount, cap)] += p
    close = {"rel": 0, "abs": 0} if capped.exact else {"abs": 1e-9}
    assert float(capped.mean) == pytest.approx(float(mean(exact)), **close)
    assert float(capped.variance) == pytest.approx(float(variance(exact)), **close)
    assert float(capped.reached) == pytest.approx(float(exact[cap]), **close)
    assert capped.taken == mean(courses) - capped.mean


gifts = st.dictionaries(st.integers(0, 3), st.tuples(st.integers(1, 5), st.integers(0, 4)), min_size=1, max_size=3)


def given_of(weights: dict[int, tuple[int, int]]) -> dict[int, Gift]:
    total = sum(weight for weight, _ in weights.values())
    return {
        r: Gift(Fraction(w, total), Fraction(w * win, total), Fraction(w * win**2, total), Fraction(0 if win else w, total))
        for r, (w, win) in weights.items()
    }


@few
@given(gifts, st.integers(1, 3), st.integers(0, 5))
def test_a_limited_run_is_what_all_its_courses_come_to(weights: dict[int, tuple[int, int]], first: int, room: int) -> None:
    found = run(first, first + room, given_of(weights))
    total = sum(weight for weight, _ in weights.values())
    outcome = {(win, r): Fraction(weight, total) for r, (weight, win) in weights.items()}
    courses = Brute.run(first, room, outcome)
    assert (found.mean, found.variance, found.nothing) == (mean(courses), variance(courses), courses.get(0, 0))
    spins_ = Brute.run(first, room, {(1, r): Fraction(weight, total) for r, (weight, _) in weights.items()})
    assert found.spins == mean(spins_)


def test_retriggers_without_a_limit_have_a_closed_form() -> None:
    gift = {0: Gift(*map(Fraction, ("97/100", "1/2", "40", "3/5"))), 10: Gift(*map(Fraction, ("3/100", "1/5", "9", "0")))}
    free = run(10, None, gift)
    assert free.spins == Fraction(10) / (1 - Fraction(30, 100))
    assert free.mean == free.spins * Fraction(7, 10)
    # The same by the generations of a long recursion: each spin's gifts, and theirs, …
    played, coming = Fraction(0), Fraction(10)
    for _ in range(200):
        played, coming = played + coming, coming * Fraction(3, 10)
    assert float(played) == pytest.approx(float(free.spins), rel=1e-15)
    far = run(10, 400, gift)
    assert far.limited
    assert float(far.mean) == pytest.approx(float(free.mean), rel=1e-9)
    assert float(far.variance) == pytest.approx(float(free.variance), rel=1e-9)
    assert far.nothing == free.nothing == Fraction(3, 5) ** 10
    never = run(10, 5000, gift)
    assert not never.limited
    assert never.mean == free.mean


def test_free_spins_that_give_one_more_on_average_are_refused() -> None:
    gift = {0: Gift(*map(Fraction, ("1/2", "1", "1", "0"))), 2: Gift(*map(Fraction, ("1/2", "1", "1", "0")))}
    with pytest.raises(EndlessError, match="a spin gives 1 more of them on average"):
        run(1, None, gift)
    assert run(1, 9, gift).limited
    game = copy.deepcopy(ATKINS) | {"win_cap": 500}
    game["features"]["free"].pop("max_spins")
    game["scatters"][0]["awards"] = {"1": {"feature": "free", "spins": 10}}
    with pytest.raises(ValidationError, match=r"endless: a spin gives 4\.51956") as refused:
        odds(math_of(game), settings_of())
    assert refused.value.errors()[0]["loc"] == ("features", "free")


# What was published


@pytest.mark.parametrize(("version", "published"), [("96.2", 0.962), ("85.0", 0.850)])
def test_lobstermania_returns_what_its_par_sheets_say(version: str, published: float) -> None:
    found = odds(math_of(lobstermania(version)), settings_of())
    assert float(found.rtp) == pytest.approx(published, abs=1e-3)
    assert found.details["cycle"] == {"base": 259_440_000}


def test_the_diamonds_of_manitoba_return_what_the_book_works_out() -> None:
    assert odds(math_of(DIAMONDS), settings_of()).rtp == Fraction("0.934356")


def test_the_bluejay_returns_what_its_sheet_says() -> None:
    assert float(odds(math_of(BLUEJAY), settings_of()).rtp) == pytest.approx(0.99, abs=5e-4)


def test_the_atkins_diet_gives_free_spins_as_its_scales_do() -> None:
    """Worked out by hand: Scales lie apart, two on reel 1 and one on each other reel, so a reel shows one in 3 of 32 stops for
    each."""
    found = odds(math_of(ATKINS), settings_of())
    one = [Fraction(6, 32), *[Fraction(3, 32)] * 4]
    three = Fraction(0)
    for shown in range(2**5):
        if shown.bit_count() >= 3:
            chance = Fraction(1)
            for reel, p in enumerate(one):
                chance *= p if shown >> reel & 1 else 1 - p
            three += chance
    (trigger,) = found.details["triggers"]
    (feature,) = found.details["features"]
    assert trigger["by_spin"] == three
    assert feature["mean_spins"] == 10 / (1 - 10 * three)


# The sheet


@pytest.mark.parametrize("game", [ATKINS, DIAMONDS, lobstermania("96.2"), GAMES["ways"], GAMES["lines"]], ids=lambda g: len(g))
def test_the_parts_add_up_to_the_rtp(game: dict[str, Any]) -> None:
    found = odds(math_of(game), settings_of())
    details = found.details
    assert sum(row["rtp"] for row in details["split"]) == found.rtp
    for name, part in (("base", "lines"), ("free", "free")):
        rows = [*details["pays"].get(name, ()), *details.get("scatters", {}).get(name, ())]
        parts = {row["part"]: row["rtp"] for row in details["split"]}
        if name in details["pays"]:
            first = parts.get(part, parts.get("ways")) if name == "base" else parts.get(part, 0)
            assert sum(row["rtp"] for row in rows) == first + (parts.get("scatters", 0) if name == "base" else 0)
    chances = [row["probability"] for row in details["distribution"]]
    assert float(sum(chances)) == pytest.approx(float(found.hit_rate), abs=1e-12)
    assert found.details["volatility"]["standard_deviation"] == sqrt(found.variance)
    assert found.max_win == max_win(math_of(game), settings_of())


def test_all_lines_that_may_be_played_are_counted() -> None:
    few_lines = odds(math_of(ATKINS), settings_of(lines=[1, 5]))
    assert few_lines.details["basis"] == {"pays_by": "lines", "lines": 5, "total_bet": 5, "unit": "bets per line"}
    assert few_lines.rtp == odds(math_of(ATKINS), settings_of()).rtp
    assert few_lines.hit_rate < odds(math_of(ATKINS), settings_of()).hit_rate


def test_weights_beyond_64_bits_are_counted_exactly() -> None:
    game = copy.deepcopy(BLUEJAY)
    game["window"]["reels"], game["lines"] = 6, [[0] * 6]
    strip = game["strips"]["base"][0]
    scaled = {"stops": strip["stops"], "weights": [weight * 10**6 + 7 for weight in strip["weights"]]}
    game["strips"]["base"] = [strip] * 3 + [scaled] * 3
    found = odds(math_of(game), settings_of())
    total = sum(scaled["weights"])
    assert found.details["cycle"]["base"] == 128**3 * total**3 > 2**63
    jackpots = next(row for row in found.details["pays"]["base"] if (row["pay"], row["count"]) == ("JP", 3))
    assert jackpots["probability"] == Fraction(2, 128) ** 3


def test_a_line_game_of_33_million_windows_is_counted_in_under_a_second() -> None:
    math = math_of(ATKINS)
    for cached in (odds, spins, modes):
        cached.cache_clear()
    start = time.process_time()
    found = odds(math, settings_of())
    assert time.process_time() - start < 1
    assert found.details["cycle"]["base"] == 32**5
    assert float(found.rtp) == pytest.approx(0.9704576902, abs=1e-10)


def test_the_largest_win_is_never_exceeded_and_reached_by_a_spin() -> None:
    for name, game in GAMES.items():
        math = math_of(without_awards(game))
        lines = len(math.lines)
        bet = math.total_bet(lines)
        highest = max(judged.line_amount + judged.scatter_amount * bet for _, judged in windows(math, BASE, lines))
        assert largest(math, lines).round(0) == highest * max(math.multiplier or {1: 1}), name


def without_awards(game: dict[str, Any]) -> dict[str, Any]:
    """The base game alone."""
    kept = {key: value for key, value in game.items() if key not in ("features", "random_awards", "buy", "win_cap", "jackpots")}
    for key in ("pays", "scatters"):
        rows = [{name: value for name, value in row.items() if not name.startswith("award")} for row in game.get(key, ())]
        kept[key] = [row for row in rows if "pays" in row or "pay" in row]
    return kept | {"strips": {"base": game["strips"]["base"]}}


@few
@given(st.data())
def test_the_largest_spin_is_the_largest_of_all_windows(data: st.DataObject) -> None:
    math = data.draw(games(data.draw(st.sampled_from(["lines", "ways"]))))
    assume(size(math, BASE) <= MOST_WINDOWS)
    lines = len(math.lines)
    bound, brute = largest(math, lines), Brute(math, lines)
    best = max(
        amount * value + sum(bound.award(award) for award in awards)
        for value in (math.multiplier or {1: 1})
        for awards, amounts in brute.spins(BASE)[1].items()
        for amount in amounts
    )
    assert bound.round(0) == best


def test_the_gamble_and_what_is_bought_bound_the_largest_win() -> None:
    lines = {key: value for key, value in GAMES["lines"].items() if key != "gamble"}
    plain = max_win(math_of(lines), settings_of())
    gamble = {"types": ["double_up"], "max_steps": 1, "limit": 1000}
    assert max_win(math_of(lines, gamble=gamble), settings_of()) == 2 * plain
    assert max_win(math_of(lines, gamble=gamble), settings_of(gamble=False)) == plain
    assert max_win(math_of(lines, gamble=gamble | {"max_steps": 20}), settings_of()) == 1000
    assert max_win(math_of(lines, win_cap=7), settings_of()) == 7


def test_binomials_agree_with_the_counts_of_scatters() -> None:
    """Cells that are drawn one by one: the scatters of a window are binomial."""
    game = {
        "window": {"reels": 4, "rows": 3},
        "symbols": ["A", "S"],
        "strips": {"base": [{"frequencies": {"A": 9, "S": 1}}] * 4},
        "lines": [[0, 0, 0, 0]],
        "pays": [{"symbol": "A", "pays": {"4": 1}}],
        "scatters": [{"symbol": "S", "pays": {"2": 1, "4": 3}}],
    }
    rows = odds(math_of(game), settings_of()).details["scatters"]["base"]
    chances = [comb(12, n) * Fraction(1, 10) ** n * Fraction(9, 10) ** (12 - n) for n in range(13)]
    assert [row["probability"] for row in rows] == [sum(chances[4:]), chances[2] + chances[3]]
