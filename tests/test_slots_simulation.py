"""The fast simulation of slots plays what the evaluator says, with the numbers that Philox gives, the same on any machine."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests import slots_games
from tests.test_slots_pays import NAMES
from tests.test_slots_pays import games as any_game
from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.definition import Math
from webingo.engines.slots.jit import kept
from webingo.engines.slots.simulation_random import fill
from webingo.engines.slots.simulation_round import play
from webingo.engines.slots.simulation_tables import plan_of
from webingo.engines.slots.spin import Mode, modes

counted = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def math_of(manifest: dict[str, Any]) -> Math:
    return Math.model_validate_json(orjson.dumps(manifest))


# The generator


@kept
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
            assert sorted(map(repr, given)) == sorted(repr(awarded.award) for awarded in judged.awards)
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
