"""The fast simulation of slots plays what the evaluator says, with the numbers that Philox gives, the same on any machine."""

import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from numba import njit
from pydantic import ValidationError

from tests import slots_games
from tests.processes import ROOT
from tests.test_slots_pays import NAMES
from tests.test_slots_pays import games as any_game
from webingo.commands.simulate import Z_99, _mean
from webingo.engines.slots import jit
from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.definition import Math
from webingo.engines.slots.engine import SlotsEngine
from webingo.engines.slots.jit import kept
from webingo.engines.slots.simulation import simulate
from webingo.engines.slots.simulation_memory import Memory
from webingo.engines.slots.simulation_random import below, fill
from webingo.engines.slots.simulation_round import play
from webingo.engines.slots.simulation_tables import add_draws, plan_of
from webingo.engines.slots.spin import Mode, modes

# Not kept on disk: what is kept there under a name that this file once had is an error later.
here = njit(error_model="numpy", nogil=True)
counted = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def math_of(manifest: dict[str, Any]) -> Math:
    return Math.model_validate_json(orjson.dumps(manifest))


# The generator


@here
def filled(work: Any) -> None:
    """What compiled code calls, to be called from here."""
    fill(work)


@pytest.mark.parametrize(
    ("counter", "key", "block"),
    [  # kat_vectors of Random123, the authors' own implementation: philox4x32 10
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_published_blocks(counter: str, key: str, block: str) -> None:
    c, k = ([int(word, 16) for word in words.split()] for words in (counter, key))
    words = np.array([c[0] | c[1] << 32, c[2] | c[3] << 32, k[0] | k[1] << 32], np.uint64).view(np.int64)
    work = np.zeros(at.SUMS, np.int64)
    work[[at.BLOCK, at.STREAM, at.KEY]] = words
    filled(work)
    assert [f"{word:08x}" for word in work[at.WORDS : at.WORDS + 4]] == block.split()


@here
def drew(work: Any, counts: Any, n: int, times: int) -> bool:
    """Draws below n, and counts their rests by three, and the thirds of the range they lie in."""
    for _ in range(times):
        found = below(work, n)
        if found < 0 or found >= n:
            return False
        counts[0, found % 3] += 1
        counts[1, found // (n // 3)] += 1
    return True


@pytest.mark.parametrize("n", [3, 3 << 20, 3 << 30, (1 << 32) - 1, 3 << 31, 3 << 45])
def test_every_number_of_a_range_is_as_likely(n: int) -> None:
    """Without rejection every third of 3 * 2^30 numbers would come twice as often as the others."""
    work, counts = np.zeros(at.SUMS, np.int64), np.zeros((2, 3), np.int64)
    work[at.WORD] = at.WORDS_END
    assert drew(work, counts, n, 300_000)
    assert np.abs(counts - 100_000).max() < 4 * (300_000 * 2 / 9) ** 0.5


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=40) | st.lists(st.integers(1, 4), min_size=1, max_size=9))
def test_alias_tables_draw_each_place_with_exactly_its_weight(weights: list[int]) -> None:
    memory = Memory()
    n, capacity, *table = memory.cells[add_draws(memory, weights) :]
    if not capacity:
        assert set(weights) == {weights[0]}
        return
    chances = [0] * n
    for cut, other, place in zip(table[:n], table[n : 2 * n], range(n), strict=True):
        assert 0 <= cut <= capacity
        chances[place] += cut
        chances[other] += capacity - cut
    assert [Fraction(chance, n * capacity) for chance in chances] == [Fraction(w, sum(weights)) for w in weights]


# Every spin is judged as the evaluator judges it


class Played:
    """Rounds of a game on all its lines, with the first 3000 spins of them shown."""

    def __init__(self, math: Math, seed: int, rounds: int, buy: str | None = None) -> None:
        plan_of.cache_clear()  # definitions are equal whatever the order of their symbols' frequencies is
        modes.cache_clear()
        self.math = math
        self.lines = len(math.lines)
        self.plan = plan_of(math, self.lines, buy)
        work, queue = self.plan.work(seed, 0), np.zeros(1 << 16, np.int64)
        shown = np.zeros((3000, at.SHOWN + 60), np.int64)
        assert play(self.plan.game, work, queue, shown, rounds) >= 0
        self.spins = shown[1 : shown[0, 0] + 1].tolist()
        rows = at.sums_rows(len(self.plan.features))
        self.sums = work[at.SUMS : at.SUMS + at.COLUMNS * rows].reshape(rows, -1).tolist()
        self._modes = {address: modes(math)[name] for name, address in self.plan.modes.items()}
        self._awards = {address: award for award, address in self.plan.awards.items()}

    def landed(self, mode: Mode, row: list[int]) -> Iterator[tuple[int, ...]]:
        feature = self.math.free_spins.get(mode.name)
        strips = self.math.strips[feature.strips if feature else "base"]
        for number, (reel, strip) in enumerate(zip(mode.reels, strips, strict=True)):
            first = at.SHOWN_LANDED + number * mode.rows
            if strip.frequencies:
                symbols = list(strip.frequencies)
                yield tuple(self.math.ids[symbols[place]] for place in row[first : first + mode.rows])
            else:
                yield reel.columns()[row[first]].landed

    def check(self) -> int:
        """Holds each spin against the evaluator; answers how many won something."""
        won = 0
        for row in self.spins:
            mode = self._modes[row[at.SHOWN_MODE]]
            landed = tuple(self.landed(mode, row))
            turned = row[at.SHOWN_TURNED] if mode.extra_symbol >= 0 else 0
            reels = tuple(reel for reel in range(len(landed)) if turned >> reel & 1)
            assert reels in [choice for choice, _ in mode.extra_wilds]
            judged = mode.judge(landed, mode.window(landed, reels), self.lines)
            assert (row[at.SHOWN_LINE], row[at.SHOWN_SCATTER]) == (judged.line_amount, judged.scatter_amount)
            given = [self._awards[award] for award in row[at.SHOWN : at.SHOWN + row[at.SHOWN_GIVEN]]]
            jackpots = {award.feature for award in given if award.feature.startswith("jackpot ")}
            assert jackpots == {f"jackpot {jackpot}" for jackpot in judged.jackpots}
            features = sorted(repr(award) for award in given if award.feature not in jackpots)
            assert features == sorted(repr(awarded.award) for awarded in judged.awards)
            if judged.line_amount or judged.scatter_amount:
                won += 1
                award = self._awards.get(row[at.SHOWN_PLAYED])
                fixed = award.multiplier if award else None
                assert row[at.SHOWN_FACTOR] in ([fixed] if fixed else [value for value, _ in mode.multipliers])
        return won

    def paid(self, mode: str, kind: int) -> list[int]:
        """What the lines or scatters of the spins of a mode paid, each."""
        rows = [row for row in self.spins if row[at.SHOWN_MODE] == self.plan.modes[mode]]
        return [row[kind] * row[at.SHOWN_FACTOR] for row in rows]


reel = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8)


@st.composite
def reels(draw: st.DrawFn, size: int) -> list[Any]:
    """Strips of every kind, of few different symbols."""
    found = []
    for _ in range(size):
        kind, stops = draw(st.sampled_from(["strip", "weights", "frequencies"])), draw(reel)
        weights = draw(st.lists(st.integers(1, 5), min_size=len(stops), max_size=len(stops)))
        if kind == "strip":
            found.append(stops)
        elif kind == "weights":
            found.append({"stops": stops, "weights": weights})
        else:
            found.append({"frequencies": dict(zip(stops, weights, strict=True))})
    return found


@st.composite
def games(draw: st.DrawFn, pay_by: str) -> Math:
    """Any game, on any strips, with free spins in which reels turn wild."""
    manifest = draw(any_game(pay_by, 4))
    size = manifest["window"]["reels"]
    manifest["strips"] = {"base": draw(reels(size)), "free": draw(reels(size))}
    free = manifest["features"]["free"]
    free |= {"strips": "free", "multiplier": {"1": 2, "3": 1}}
    wilds = [wild for wild in free.get("wilds", manifest["wilds"]) if "reels" not in wild]
    if wilds and draw(st.booleans()):
        sets = draw(st.lists(st.sets(st.integers(0, size - 1), min_size=1).map(sorted), min_size=1, max_size=2))
        free["extra_wilds"] = {"symbol": wilds[0]["symbol"], "choices": [{"reels": chosen} for chosen in sets]}
    if draw(st.booleans()):
        manifest["multiplier"] = {"1": 1, "4": 2}
    try:
        return math_of(manifest)
    except ValidationError:
        reject()


@pytest.mark.parametrize("pay_by", ["lines", "ways"])
@counted
@given(st.data())
def test_every_spin_pays_and_awards_what_the_evaluator_says(pay_by: str, data: st.DataObject) -> None:
    math, seed = data.draw(games(pay_by)), data.draw(st.integers(0, 2**64 - 1))
    for buy in (None, "free"):
        Played(math, seed, 30, buy).check()


FEW = ["A", "W", "B", "X", "A", "S"]
DENSE: dict[str, Any] = {
    "window": {"reels": 4, "rows": 3},
    "symbols": ["A", "B", "W", "X", "Y", "S"],
    "wilds": [
        {"symbol": "W", "multiplier": 2},
        {"symbol": "Y", "expands": True, "reels": [2]},
        {"symbol": "X", "multiplier": 3, "except": ["B"], "expands": True, "reels": [1, 2]},
    ],
    "strips": {"base": [FEW, FEW[::-1], {"frequencies": {"A": 2, "B": 2, "W": 2, "X": 1, "Y": 1, "S": 1}}, list("ABSBXW")]},
    "coins": 10,
    "pays": [
        {"symbol": "A", "pays": {"2": 2, "3": 6, "4": 9}, "awards": {"1": {"feature": "wheel"}, "2": {"feature": "other"}}},
        {"symbol": "B", "pays": {"2": 3, "3": 4, "4": 12}},
        {"name": "both", "symbols": ["A", "B"], "pays": {"2": 2, "4": 6}, "awards": {"2": {"feature": "wheel"}}},
        {"symbol": "W", "pays": {"2": 4, "4": 30}},
    ],
    "scatters": [{"symbol": "S", "pays": {"2": 1, "4": 5}}],
    "features": {name: {"type": "wheel", "segments": [{"pay": 1}]} for name in ("wheel", "other")},
}


@pytest.mark.parametrize("combined", ["", "add", "multiply", "highest"])
@pytest.mark.parametrize("align", ["left", "right", "both"])
@pytest.mark.parametrize("coinciding", [False, True])
@pytest.mark.parametrize("pay_by", ["lines", "ways"])
def test_windows_full_of_wilds_pay_what_the_evaluator_says(combined: str, align: str, coinciding: bool, pay_by: str) -> None:
    lines = [[row, 1, row, 2 - row] for row in range(3)] if pay_by == "lines" else []
    rules: dict[str, Any] = {"align": align, "line_coinciding": coinciding, "pay_by": pay_by, "lines": lines}
    if combined:
        rules["wild_multipliers"] = combined
    else:
        rules["wilds"] = [wild | {"multiplier": 1} for wild in DENSE["wilds"]]
    assert Played(math_of(DENSE | rules), 1, 150).check() > 75


def test_many_scatters_are_counted_apart() -> None:
    many = [f"S{i}" for i in range(20)]
    rest = {
        "symbols": ["A", *many],
        "wilds": [],
        "strips": {"base": [{"frequencies": dict.fromkeys(["A", *many], 1)}] * 4},
        "pays": [{"symbol": "A", "pays": {"2": 1}}],
        "scatters": [{"symbol": name, "pays": {"1": 1 + i, "2": 50 + i}} for i, name in enumerate(many)],
        "features": {},
    }
    assert Played(math_of(DENSE | rest | {"lines": [[1, 1, 1, 1]]}), 1, 100).check() == 100


@pytest.mark.parametrize("name", ["lines", "ways", "wheel"])
def test_the_sums_are_those_of_the_spins(name: str) -> None:
    played = Played(math_of(slots_games.GAMES[name]), 5, 1000)
    assert played.check() > 50
    stake = played.math.total_bet(played.lines)
    lines, scatters = played.paid("base", at.SHOWN_LINE), [stake * paid for paid in played.paid("base", at.SHOWN_SCATTER)]
    spins = [line + scatter for line, scatter in zip(lines, scatters, strict=True)]
    assert len(spins) == 1000
    for row, amounts in ((at.LINE, lines), (at.SCATTER, scatters)):
        hits = [amount for amount in amounts if amount]
        assert played.sums[row] == [len(hits), sum(hits), sum(hit * hit for hit in hits), 0, 0, 0]
    assert played.sums[at.SPIN][0] == sum(1 for amount in spins if amount)
    for number, feature in enumerate(played.plan.features):
        earned, triggers, lengths = played.sums[at.FEATURE_ROWS + 3 * number : at.FEATURE_ROWS + 3 * number + 3]
        assert triggers[1] == lengths[0]
        if feature in played.plan.modes:
            free = played.paid(feature, at.SHOWN_LINE), played.paid(feature, at.SHOWN_SCATTER)
            assert lengths[1] == len(free[0])
            assert earned[1] == sum(free[0]) + stake * sum(free[1])


# Exact figures

LINES = [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [2, 2, 2, 2, 2], [0, 1, 2, 1, 0], [2, 1, 0, 1, 2]]
FREE = {"feature": "free", "spins": 8}
FIVE_REELS: dict[str, Any] = {
    "window": {"reels": 5, "rows": 3},
    "symbols": ["W", "A", "B", "C", "D", "E", "S"],
    "wilds": [{"symbol": "W", "multiplier": 2, "reels": [1, 2, 3]}],
    "strips": {"base": [list("ABSCDECDEWDECBDE")] * 5},
    "lines": LINES,
    "coins": 8,
    "pays": [
        {"symbol": "A", "pays": {"2": 1, "3": 20, "4": 100, "5": 500}},
        {"symbol": "B", "pays": {"3": 10, "4": 30, "5": 100}},
        {"symbol": "C", "pays": {"3": 4, "4": 15, "5": 60}},
        {"symbol": "D", "pays": {"3": 1, "4": 4, "5": 20}},
        {"symbol": "E", "pays": {"3": 1, "4": 4, "5": 20}},
    ],
    "scatters": [{"symbol": "S", "pays": {"3": 1}, "awards": {"3": FREE}}],
    "features": {"free": {"type": "free_spins", "multiplier": {"1": 3, "2": 1}, "max_spins": 40}},
}
FIVE_SETTINGS = {"bets": [1], "max_stake": 200}
BUY = {"name": "free", "title": "Ten free spins", "cost": 8, "award": {"feature": "free", "spins": 10}}
COUNTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "lines that may be chosen, a wild that doubles": (slots_games.LINES, slots_games.SETTINGS["lines"]),
    "ways, free spins, picks that lead to others, purchases": (slots_games.WAYS, slots_games.SETTINGS["ways"]),
    "weights, frequencies, a wheel, random awards and multipliers, extra wilds": (
        slots_games.WHEEL | {"coins": 8},
        {"bets": [1], "max_stake": 100},
    ),
    "a win cap": (slots_games.CAPPED | {"coins": 4, "win_cap": 10, "buy": [BUY]}, {"bets": [1], "max_stake": 100}),
    "five reels, lines from the left, retriggers": (FIVE_REELS, FIVE_SETTINGS),
    "pays from both sides, wilds that expand": (
        FIVE_REELS | {"align": "both", "wilds": [{"symbol": "W", "expands": True, "reels": [2]}], "coins": 40},
        FIVE_SETTINGS,
    ),
    "ways with wilds that multiply": (FIVE_REELS | {"pay_by": "ways", "lines": [], "coins": 150}, FIVE_SETTINGS),
}


@pytest.mark.parametrize("game", COUNTED)
def test_simulated_figures_lie_within_the_intervals_of_the_exact_ones(game: str) -> None:
    math, settings = COUNTED[game]
    engine = SlotsEngine(math_of(math), SlotsEngine.Settings.model_validate_json(orjson.dumps(settings)))
    odds, found = engine.odds(), engine.simulate(200_000, 20)
    deviation = (float(odds.variance) / found.rounds) ** 0.5
    assert abs(found.returned / found.rounds - odds.rtp) < Z_99 * deviation
    hits = found.rounds * float(odds.hit_rate)
    assert abs(found.hits - hits) <= 3.5 * (hits * (1 - float(odds.hit_rate))) ** 0.5
    assert float(found.returned_squared) / found.rounds == pytest.approx(float(odds.variance + odds.rtp**2), rel=0.1)
    assert found.highest <= odds.max_win
    compared = {name: part for name, part in found.parts.items() if name in odds.parts}
    assert set(compared) == ({"spin_hits"} if "win_cap" in math else set(found.parts))
    for name, part in compared.items():
        mean, error = _mean(*part)
        assert abs(mean - odds.parts[name]) <= 3.5 * error, name
    for buy in engine.math.buy:
        bought = engine.simulate(20_000, 20, buy=buy.name)
        mean, error = _mean(bought.rounds, bought.returned, bought.returned_squared)
        assert abs(mean - odds.parts[f"buy.{buy.name}"]) < Z_99 * error


def engine_of(math: dict[str, Any], bets: tuple[int, ...] = (1,)) -> SlotsEngine:
    stakes = {"bets": list(bets), "max_stake": 10_000}
    return SlotsEngine(math_of(math), SlotsEngine.Settings.model_validate_json(orjson.dumps(stakes)))


def test_a_seed_plays_the_same_rounds_again_and_another_stream_others() -> None:
    engine = engine_of(FIVE_REELS)
    assert engine.simulate(5000, 3) == engine.simulate(5000, 3)
    seeds = [3, 4, 3 | 1 << 64, 3 | 1 << 100]
    assert len({engine.simulate(5000, seed).returned for seed in seeds}) == len(seeds)


ALWAYS: dict[str, Any] = {
    "window": {"reels": 1, "rows": 1},
    "symbols": ["A", "S"],
    "strips": {"base": [["A", "S"]], "free": [["S"]]},
    "lines": [[0]],
    "coins": 1000,
    "pays": [{"symbol": "A", "pays": {"1": 1}}],
    "scatters": [{"symbol": "S", "awards": {"1": {"feature": "free", "spins": 500}}}],
    "features": {
        "free": {"type": "free_spins", "strips": "free", "scatters": [{"symbol": "S", "awards": {"1": {"feature": "wheel"}}}]},
        "wheel": {"type": "wheel", "unit": "line_bet", "segments": [{"pay": 1}]},
    },
}


def test_any_number_of_features_can_wait_in_the_queue() -> None:
    found = engine_of(ALWAYS).simulate(300, 1)
    rounds = found.parts["triggers.free"].total
    assert 100 < rounds < 200
    assert found.parts["triggers.wheel"] == (300, 500 * rounds, 500 * 500 * rounds)
    assert found.parts["spins.free"] == (rounds, 500 * rounds, 500 * 500 * rounds)
    assert found.returned == Fraction(500 * rounds + 300 - rounds, 1000)


def test_sums_of_the_largest_amounts_are_exact() -> None:
    huge = [{"symbol": "A", "pays": {"1": 9_999_999}}]
    rest = {"multiplier": {"100000": 1}, "coins": 1, "scatters": [], "features": {}, "strips": {"base": [["A", "S"]]}}
    math = math_of(ALWAYS | {"pays": huge} | rest)
    won = 9_999_999 * 100_000
    assert won * won > 1 << 64
    found = simulate(math, SlotsEngine.Settings(bets=(1,), max_stake=1), 1000, 1)
    assert (found.returned, found.returned_squared, found.highest) == (found.hits * won, found.hits * won * won, won)
    assert 400 < found.hits < 600


def test_what_cant_be_simulated_is_said() -> None:
    with pytest.raises(ValueError, match="no feature 'fre' to be bought; there are: free, chest"):
        slots_games.build("ways").simulate(1, 1, buy="fre")
    many = [{"name": f"p{i}", "symbol": "A", "pays": {"2": 1}} for i in range(63)]
    with pytest.raises(ValueError, match="at most 62 pays"):
        engine_of(
            FIVE_REELS | {"pay_by": "ways", "lines": [], "coins": 2000, "pays": many, "scatters": [], "features": {}}
        ).simulate(1, 1)


def test_nothing_but_simulation_waits_for_the_compiler() -> None:
    code = (
        "import sys; from tests import slots_games; from webingo.rng import SystemRng;"
        "import webingo.server.app, webingo.resources.stated;"
        "engine = slots_games.build('ways'); engine.start(SystemRng()); engine.odds(); engine.rules();"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_where_no_folder_can_be_written_to_it_is_compiled_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = jit.njit

    def nowhere(cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return made(**options)

    monkeypatch.setattr(jit, "njit", nowhere)
    assert kept(lambda n: n + 1)(2) == 3
