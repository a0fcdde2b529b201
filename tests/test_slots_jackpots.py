"""How often slots win jackpots: the exact odds against every window and every course of small games."""

from collections import Counter, defaultdict
from fractions import Fraction
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import slots_brute, slots_games
from webingo.engines.engine import Step
from webingo.engines.slots.definition import Math
from webingo.engines.slots.engine import SlotsEngine
from webingo.engines.slots.features import Award, FreeSpins, Pick
from webingo.engines.slots.par.odds import odds
from webingo.engines.slots.spin import BASE

ONE = Fraction(1)


class Never:
    """The probability that a jackpot is not won, by trying everything."""

    def __init__(self, math: Math, lines: int, jackpot: str) -> None:
        self.math, self.lines, self.jackpot = math, lines, jackpot
        self.award = cache(self._award)

    @cache  # noqa: B019 - lives as long as its test
    def spins(self, name: str) -> list[tuple[Fraction, slots_brute.Awards, bool]]:
        found: Counter[tuple[slots_brute.Awards, bool]] = Counter()
        for weight, judged in slots_brute.windows(self.math, name, self.lines):
            awards = slots_brute.ordered(tuple(given.award for given in judged.awards))
            found[awards, self.jackpot in judged.jackpots] += weight
        total = sum(found.values())
        return [(Fraction(weight, total), *kind) for kind, weight in found.items()]

    def round(self) -> Fraction:
        never = sum((p * self.several(awards) for p, awards, won in self.spins(BASE) if not won), Fraction(0))
        for drawn in self.math.random_awards:
            never *= 1 - drawn.fraction + drawn.fraction * self.award(drawn.award)
        return never

    def several(self, awards: slots_brute.Awards) -> Fraction:
        found = ONE
        for award in awards:
            found *= self.award(award)
        return found

    def _award(self, award: Award) -> Fraction:
        feature = self.math.features[award.feature]
        if isinstance(feature, FreeSpins):
            return self._run(award, feature.max_spins or 0)
        if isinstance(feature, Pick):
            items = [(item.weight, item.award, item.end) for item in feature.items for _ in range(item.count)]
            return self._pick(tuple(range(len(items))), items, feature.picks)
        total = sum(segment.weight for segment in feature.segments)
        kept = [s for s in feature.segments if s.jackpot != self.jackpot]
        return sum((Fraction(s.weight, total) * (self.award(s.award) if s.award else ONE) for s in kept), Fraction(0))

    def _pick(self, left: tuple[int, ...], items: list[tuple[int, Award | None, bool]], picks: int) -> Fraction:
        if not picks or not left:
            return ONE
        total, found = sum(items[i][0] for i in left), Fraction(0)
        for i in left:
            weight, award, end = items[i]
            rest = ONE if end else self._pick(tuple(j for j in left if j != i), items, picks - 1)
            found += Fraction(weight, total) * (self.award(award) if award else ONE) * rest
        return found

    def _run(self, award: Award, limit: int) -> Fraction:
        name = award.feature
        outcomes: dict[int, Fraction] = defaultdict(Fraction)
        for p, awards, won in self.spins(name):
            if not won:
                more = sum(given.spins or 0 for given in awards if given.feature == name)
                outcomes[more] += p * self.several(tuple(given for given in awards if given.feature != name))

        @cache
        def run(left: int, room: int) -> Fraction:
            if not left:
                return ONE
            return sum(
                (p * run(left - 1 + min(more, room), room - min(more, room)) for more, p in outcomes.items()), Fraction(0)
            )

        return run(award.spins or 0, limit - (award.spins or 0))


def engine(manifest: dict[str, Any], **settings: Any) -> SlotsEngine:
    stakes = {"bets": [1], "max_stake": 10_000} | settings
    return SlotsEngine(
        Math.model_validate_json(orjson.dumps(manifest)), SlotsEngine.Settings.model_validate_json(orjson.dumps(stakes))
    )


def by_symbols(*triggers: tuple[str, int]) -> dict[str, Any]:
    return {"jackpots": [{"id": f"j{i}", "pay": pay, "count": count} for i, (pay, count) in enumerate(triggers)]}


WAYS_RIVALS = {
    "wilds": [{"symbol": "C"}],
    "pays": [{"symbol": "A", "pays": {"2": 4, "3": 20}}, {"symbol": "B", "pays": {"2": 1, "3": 21}}],
}
GAMES: dict[str, dict[str, Any]] = {
    "lines, all of them": slots_games.LINES | by_symbols(("A", 3), ("A", 2), ("C", 3)),
    "a wheel, extra wilds, random awards": slots_games.WHEEL | {"coins": 8},
    "ways, free spins that go on, picks": slots_games.WAYS | by_symbols(("A", 3), ("B", 3), ("S", 3), ("A", 2)),
    "ways that compete": slots_games.WAYS | WAYS_RIVALS | by_symbols(("A", 3), ("B", 3), ("B", 2)) | {"coins": 40},
    "every win on a line": slots_games.LINES
    | {"line_coinciding": True, "wilds": [{"symbol": "W"}], "coins": 5}
    | by_symbols(("A", 2), ("B", 3)),
}


@pytest.mark.parametrize("game", GAMES)
def test_the_odds_of_a_jackpot_are_those_of_trying_everything(game: str) -> None:
    found = engine(GAMES[game])
    lines = len(found.math.lines)
    rows = found.odds().details["jackpots"]
    assert [row["name"] for row in rows] == [jackpot.id for jackpot in found.math.jackpots]
    for row in rows:
        never = Never(found.math, lines, row["name"])
        assert row["probability"] == 1 - never.round() > 0
        assert row["one_in"] == 1 / row["probability"]
        for buy in found.math.buy:
            assert row["bought"][buy.name] == 1 - never.award(buy.award)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_it_is_so_for_any_strips(data: st.DataObject) -> None:
    game = data.draw(st.sampled_from(["lines", "ways"]))
    manifest = slots_games.GAMES[game]
    symbols = manifest["symbols"]
    strip = st.tuples(st.permutations(symbols), st.lists(st.sampled_from(symbols), max_size=2)).map(
        lambda parts: [*parts[0], *parts[1]]
    )
    sets = {name: [data.draw(strip) for _ in range(3)] for name in manifest["strips"]}
    found = engine(manifest | {"strips": sets, "coins": 4000} | by_symbols(("A", 3), ("A", 2), ("B", 3)))
    for row in odds(found.math, found.settings).details["jackpots"]:
        assert row["probability"] == 1 - Never(found.math, len(found.math.lines), row["name"]).round()


@pytest.mark.parametrize("game", GAMES)
def test_the_simulation_wins_jackpots_as_often_as_the_odds_say(game: str) -> None:
    played = engine(GAMES[game])
    exact, sample = played.odds().parts, played.simulate(40_000, 7)
    assert [name for name in sample.parts if name.startswith("jackpot.")] == [f"jackpot.{j.id}" for j in played.math.jackpots]
    for jackpot in played.math.jackpots:
        chance, part = float(exact[f"jackpot.{jackpot.id}"]), sample.parts[f"jackpot.{jackpot.id}"]
        assert abs(part.total - part.count * chance) < 4 * (part.count * chance * (1 - chance)) ** 0.5
    for buy in played.math.buy:
        bought = played.simulate(10_000, 7, buy=buy.name)
        for row in played.odds().details["jackpots"]:
            chance, part = float(row["bought"][buy.name]), bought.parts[f"jackpot.{row['name']}"]
            assert abs(part.total - part.count * chance) < 4 * (part.count * chance * (1 - chance)) ** 0.5 + 1e-9


def test_a_win_cap_that_ends_rounds_early_bounds_the_odds() -> None:
    capped = slots_games.CAPPED | {"coins": 4, "win_cap": 10} | by_symbols(("A", 3), ("B", 3))
    played = engine(capped)
    sample = played.simulate(60_000, 3)
    for row in played.odds().details["jackpots"]:
        part = sample.parts[f"jackpot.{row['name']}"]
        error = 4 * (part.total / part.count**2) ** 0.5
        assert row["at_least"] - error < part.total / part.count < row["probability"] + error
        assert 0 < row["at_least"] < row["probability"]
        assert f"jackpot.{row['name']}" not in played.odds().parts


def test_what_cant_be_counted_is_said() -> None:
    both = slots_games.WAYS | {"align": "both", "coins": 100} | by_symbols(("A", 3))
    with pytest.raises(ValueError, match="how often 'j0' is triggered can't be counted"):
        engine(both).odds()


# In play


def play(game: dict[str, Any], *stops: tuple[str, dict[str, Any], tuple[int, ...]], **jackpots: str) -> list[Step]:
    """The steps that these actions with these numbers lead to."""
    at, found = engine(game, jackpots=jackpots), list[Step]()
    state = slots_games.begun(at)
    for name, params, numbers in stops:
        found.append(slots_games.act(at, state, name, params, *numbers))
        state = slots_games.kept(found[-1])
    return found


def won(step: Step) -> list[str]:
    return [jackpot["name"] for jackpot in step.data["jackpots"] if jackpot["won"]]


def test_a_spin_that_shows_the_symbols_wins_the_sites_jackpot_on_top_of_its_pay() -> None:
    game = slots_games.LINES | by_symbols(("C", 3), ("A", 3), ("B", 3)) | {"gamble": None}
    spin, lost = play(game, ("spin", {"bet": 1}, (0, 0, 0)), ("spin", {"bet": 1}, (3, 1, 0)), j1="jp_a", j0="jp_c")
    assert spin.jackpots == ("jp_c", "jp_a"), "in the manifest's order"
    assert spin.data["jackpots"] == [{"name": "j0", "id": "jp_c", "won": True}, {"name": "j1", "id": "jp_a", "won": True}]
    assert spin.moves[1].amount == spin.data["win"] == 10
    assert lost.jackpots == () and won(lost) == []
    assert engine(game, jackpots={"j1": "jp_a", "j0": "jp_c"}).jackpots == ("jp_c", "jp_a")
    assert engine(game, jackpots={"j0": "jp_c"}).max_win == engine(game).max_win


def test_jackpots_that_no_site_runs_are_not_won() -> None:
    (spin,) = play(slots_games.LINES | by_symbols(("A", 3)), ("spin", {"bet": 1}, (0, 0, 0)))
    assert spin.jackpots == () and "jackpots" not in spin.data
    assert spin.data["spin"]["jackpots"] == ["j0"]


FREE_SPINS = slots_games.WAYS | by_symbols(("A", 3), ("B", 3))


def test_a_jackpot_is_won_once_in_a_round_also_over_its_free_spins() -> None:
    buy = ("buy", {"name": "free", "bet": 1}, ())
    a, b, nothing = ("play", {}, (0, 0, 0)), ("play", {}, (1, 1, 1)), ("play", {}, (0, 1, 2))
    steps = play(FREE_SPINS, buy, a, a, b, buy, a, j0="jp_a", j1="jp_b")
    assert [step.jackpots for step in steps] == [(), ("jp_a",), (), ("jp_b",), (), ("jp_a",)]
    assert [won(step) for step in steps] == [[], ["j0"], ["j0"], ["j0", "j1"], [], ["j0"]]
    every = ("play", {"all": True}, (1, 1, 1, 0, 0, 0, 0, 0, 0))
    assert [step.jackpots for step in play(FREE_SPINS, buy, every, j0="jp_a", j1="jp_b")] == [(), ("jp_a", "jp_b")]
    assert play(FREE_SPINS, buy, nothing, j0="jp_a")[-1].jackpots == ()


def test_a_wheel_wins_its_jackpot_with_the_turn_and_a_gamble_wins_none() -> None:
    spin, turn = ("spin", {"bet": 1}, (0, 0, 4, 4, 0)), ("pick", {}, (4,))
    steps = play(slots_games.WHEEL, spin, turn, grand="jp_grand", mini="jp_mini")
    assert [step.jackpots for step in steps] == [(), ("jp_grand",)]
    assert (steps[0].name, won(steps[1])) == ("feature", ["grand"])
    pays = slots_games.LINES | by_symbols(("A", 3))
    steps = play(pays, ("spin", {"bet": 1}, (0, 0, 0)), ("gamble", {"type": "double_up"}, (1,)), j0="jp_a")
    assert [step.jackpots for step in steps] == [("jp_a",), ()] and won(steps[1]) == ["j0"]


@pytest.mark.parametrize(
    ("jackpots", "problem"),
    [
        ({"j9": "jp_a"}, "jackpots: 'j9': unknown jackpot"),
        ({"j0": "jp_a", "j1": "jp_a"}, "'jp_a' is named twice"),
        ({"j0": ""}, "at least 1 character"),
    ],
)
def test_settings_that_name_jackpots_wrongly_are_refused(jackpots: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        engine(slots_games.LINES | by_symbols(("A", 3), ("B", 3)), jackpots=jackpots)
