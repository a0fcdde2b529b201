"""What a window pays: the engine's evaluator against a slow oracle of its own, and cases that are known by heart."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import slots_oracle as oracle
from webingo.engines.slots.definition import Math
from webingo.engines.slots.reels import Column
from webingo.engines.slots.spin import Judged, Mode, modes
from webingo.rng import SystemRng

NAMES = ["A", "B", "C", "W", "X", "S", "T"]
"""Pays may be of all; W and X may be wild; S and T may be scatters."""
FREE = {"feature": "free", "spins": 5}
counted = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def numbers(mode: Mode, math: Math, window: oracle.Window) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(math.ids[symbol] for symbol in column) for column in window)


def as_oracle(judged: Judged) -> oracle.Result:
    """The engine's answer in the oracle's terms."""
    return oracle.Result(
        sorted(oracle.Found(*win) for win in judged.wins),
        judged.line_amount,
        judged.scatter_amount,
        sorted((given.award.feature, given.award.spins or 0, given.pay, given.count) for given in judged.awards),
        set(judged.jackpots),
    )


# Any game


def sometimes(strategy: st.SearchStrategy[Any], nothing: Any = None) -> st.SearchStrategy[Any]:
    return st.just(nothing) | strategy


@st.composite
def wilds(draw: st.DrawFn, reels: int) -> list[dict[str, Any]]:
    found = []
    for symbol in draw(st.lists(st.sampled_from("WX"), max_size=2, unique=True)):
        wild: dict[str, Any] = {"symbol": symbol}
        if draw(st.booleans()):
            wild["multiplier"] = draw(st.integers(1, 3))
        if draw(st.integers(0, 2)) == 0:
            wild["except"] = draw(st.lists(st.sampled_from([n for n in NAMES if n != symbol]), max_size=3, unique=True))
        if draw(st.integers(0, 2)) == 0:
            wild["reels"] = sorted(draw(st.sets(st.integers(0, reels - 1), min_size=1)))
        if draw(st.integers(0, 3)) == 0:
            wild["expands"] = True
        found.append(wild)
    return found


@st.composite
def tables(draw: st.DrawFn, most: int, values: st.SearchStrategy[Any], least: int = 1) -> dict[str, Any]:
    counts = draw(st.sets(st.integers(1, most), min_size=least, max_size=3))
    return {str(count): draw(values) for count in sorted(counts)}


@st.composite
def line_pays(draw: st.DrawFn, place: int, reels: int, ways: bool) -> dict[str, Any]:
    awards = st.sampled_from([FREE, {"feature": "other", "spins": 3}, {"feature": "wheel"}])
    pays: dict[str, Any] = {"name": f"p{place}"}
    kind = draw(st.sampled_from(["symbol", "symbol", "symbols"] if ways else ["symbol", "symbol", "symbols", "combination"]))
    if draw(st.integers(0, 4)) == 0:
        pays |= {"wilds": False} if ways or draw(st.booleans()) else {"naturals": draw(st.integers(1, 2))}
    if kind == "combination":
        choices = st.sampled_from(NAMES) | st.just("*") | st.lists(st.sampled_from(NAMES), min_size=2, max_size=3)
        pays["combination"] = draw(st.lists(choices, min_size=reels, max_size=reels))
        if all(choice == "*" for choice in pays["combination"]):
            pays["combination"][0] = "A"
        pays["pay"] = draw(st.integers(0, 30))
        return pays | ({"award": draw(awards)} if draw(st.integers(0, 4)) == 0 else {})
    pays[kind] = draw(
        st.sampled_from(NAMES[:5])
        if kind == "symbol"
        else st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
    )
    pays["pays"] = draw(tables(reels, st.integers(0, 30)))
    if draw(st.integers(0, 2)) == 0:
        pays["awards"] = draw(tables(reels, awards))
    if draw(st.integers(0, 3)) == 0:
        pays["align"] = draw(st.sampled_from(["left", "right", "both"] if ways else ["left", "right", "both", "any"]))
    return pays


@st.composite
def scatters(draw: st.DrawFn, reels: int, rows: int, wild: set[str]) -> list[dict[str, Any]]:
    found = []
    for symbol in draw(st.lists(st.sampled_from([n for n in "STA" if n not in wild]), max_size=2, unique=True)):
        scatter: dict[str, Any] = {"symbol": symbol, "name": f"scatter {symbol}"}
        on = sorted(draw(st.sets(st.integers(0, reels - 1), min_size=1))) if draw(st.integers(0, 3)) == 0 else None
        if on:
            scatter["reels"] = on
        cells = (len(on) if on else reels) * rows
        scatter["pays"] = draw(tables(cells, st.integers(0, 9)))
        if draw(st.booleans()):
            scatter["awards"] = draw(tables(cells, st.just(FREE)))
        found.append(scatter)
    return found


@st.composite
def games(draw: st.DrawFn, pay_by: str, most_reels: int = 5) -> dict[str, Any]:
    reels, rows = draw(st.integers(2, most_reels)), draw(st.integers(1, 3))
    found: dict[str, Any] = {
        "window": {"reels": reels, "rows": rows},
        "symbols": NAMES,
        "wilds": draw(wilds(reels)),
        "wild_multipliers": draw(st.sampled_from(["add", "multiply", "highest"])),
        "strips": {"base": [{"frequencies": dict.fromkeys(NAMES, 1)}] * reels},
        "pay_by": pay_by,
        "align": draw(st.sampled_from(["left", "right", "both"] if pay_by == "ways" else ["left", "right", "both", "any"])),
        "line_coinciding": draw(st.integers(0, 3)) == 0,
        "coins": 10,
        "features": {
            "free": {"type": "free_spins", "max_spins": 50},
            "other": {"type": "free_spins", "max_spins": 50},
            "wheel": {"type": "wheel", "segments": [{"pay": 1}]},
        },
        "buy": [
            {"name": name, "title": name, "cost": 1, "award": {"feature": name} | ({} if name == "wheel" else {"spins": 1})}
            for name in ("free", "other", "wheel")
        ],
    }
    if pay_by == "lines":
        found["lines"] = draw(
            st.lists(st.tuples(*[st.integers(0, rows - 1)] * reels).map(list), min_size=1, max_size=3, unique_by=tuple)
        )
    count = draw(st.integers(1, 5))
    found["pays"] = [draw(line_pays(place, reels, pay_by == "ways")) for place in range(count)]
    found["scatters"] = draw(scatters(reels, rows, {wild["symbol"] for wild in found["wilds"]}))
    if draw(st.booleans()):
        own = draw(wilds(reels))
        if not {wild["symbol"] for wild in own} & {scatter["symbol"] for scatter in found["scatters"]}:
            found["features"]["free"]["wilds"] = own
    winning = [(pay["name"], count) for pay in found["pays"] for count, amount in pay.get("pays", {}).items() if amount]
    found["jackpots"] = [{"id": f"j{i}", "pay": pay, "count": int(count)} for i, (pay, count) in enumerate(winning[:2])]
    return found


def window(manifest: dict[str, Any], chance: Random) -> oracle.Window:
    """A window with few different symbols, so that something is won."""
    few = chance.sample(NAMES, chance.randint(1, 4))
    return [[chance.choice(few) for _ in range(manifest["window"]["rows"])] for _ in range(manifest["window"]["reels"])]


def compare(manifest: dict[str, Any], landed: oracle.Window) -> None:
    math = Math.model_validate(manifest)
    for name in ("base", "free"):
        mode = modes(math)[name]
        window = oracle.filled(manifest, name, landed)
        assert mode.window(numbers(mode, math, landed)) == numbers(mode, math, window)
        lines = len(manifest.get("lines", []))
        for played in {lines, max(lines - 1, 0)}:
            judged = mode.judge(numbers(mode, math, landed), numbers(mode, math, window), played)
            assert as_oracle(judged) == oracle.judge(manifest, name, landed, window, played)


@counted
@given(games("lines"), st.integers(0, 1 << 32))
def test_lines_pay_what_the_rules_say(manifest: dict[str, Any], seed: int) -> None:
    chance = Random(seed)
    for _ in range(10):
        compare(manifest, window(manifest, chance))


@counted
@given(games("ways", 4), st.integers(0, 1 << 32))
def test_ways_pay_what_the_rules_say(manifest: dict[str, Any], seed: int) -> None:
    chance = Random(seed)
    for _ in range(10):
        compare(manifest, window(manifest, chance))


# Cases that are known by heart


def game(window: str, pays: list[dict[str, Any]], **more: Any) -> Math:
    """A game with all symbols on each reel; `window` is "reels x rows"."""
    reels, rows = map(int, window.split("x"))
    text = repr([pays, more])
    symbols = [
        name for name in [*"ABCDEFGHIJKSW-", "2x", "3x", "4x", "7r", "7w", "7b", "1b", "2b", "3b"] if repr(name) in text
    ] + ["blank"]
    found: dict[str, Any] = {
        "window": {"reels": reels, "rows": rows},
        "symbols": symbols,
        "strips": {"base": [{"frequencies": dict.fromkeys(symbols, 1)}] * reels},
        "pays": pays,
    }
    if more.get("pay_by") != "ways":
        found["lines"] = [[row] * reels for row in range(rows)]
    return Math.model_validate(found | more)


def judged(math: Math, *rows: str, lines: int = 99, mode: str = "base") -> Judged:
    """What the window pays that shows these rows from top to bottom; a dot stands for a blank."""
    table = [row.split() for row in rows]
    names = [[table[row][reel] for row in range(len(rows))] for reel in range(len(table[0]))]
    landed = tuple(tuple(math.ids["blank" if name == "." else name] for name in column) for column in names)
    played = modes(math)[mode]
    return played.judge(landed, played.window(landed), lines)


def line(math: Math, row: str) -> list[tuple[str, int, int]]:
    """(pay, count, amount) of each win on one line."""
    return [(win.pay, win.count, win.amount) for win in judged(math, row).wins]


BARS = [
    {"symbol": "3b", "pays": {"3": 40}},
    {"symbol": "2b", "pays": {"3": 25}},
    {"symbol": "1b", "pays": {"3": 10}},
    {"name": "any bar", "symbols": ["1b", "2b", "3b"], "pays": {"3": 5}},
]
DIAMONDS = game(
    "3x1",
    [
        {"symbol": "2x", "pays": {"3": 800}},
        *BARS,
        {"symbol": "C", "pays": {"1": 2, "2": 5, "3": 10}, "align": "any", "naturals": 1},
    ],
    wilds=[{"symbol": "2x", "multiplier": 2}],
)


@pytest.mark.parametrize(
    ("row", "win"),
    [
        ("3b 3b 3b", [("3b", 3, 40)]),
        ("3b 2x 3b", [("3b", 3, 80)]),
        ("2x 2x 3b", [("3b", 3, 160)]),
        ("2x 2x 2x", [("2x", 3, 800)]),
        ("1b 3b 2b", [("any bar", 3, 5)]),
        ("1b 2x 2b", [("any bar", 3, 10)]),
        ("1b 2x .", []),
        ("C . .", [("C", 1, 2)]),
        (". . C", [("C", 1, 2)]),
        ("C . C", [("C", 2, 5)]),
        (". 2x C", [("C", 2, 10)]),
        ("2x . 2x", []),
        ("2x 3b C", [("C", 2, 10)]),
        ("2x . .", []),
        ("2x 2x C", [("C", 3, 40)]),
    ],
)
def test_a_double_diamond_doubles_each_win_in_which_it_replaces_and_two_of_them_make_it_fourfold(row: str, win: Any) -> None:
    assert line(DIAMONDS, row) == win


@pytest.mark.parametrize(("rule", "times"), [("add", 6), ("multiply", 8), ("highest", 4)])
def test_multipliers_of_several_wilds_in_one_win_are_added_multiplied_or_the_highest_counts(rule: str, times: int) -> None:
    wilds = [{"symbol": "2x", "multiplier": 2}, {"symbol": "4x", "multiplier": 4}, {"symbol": "W"}]
    math = game("5x1", [{"symbol": "A", "pays": {"3": 1, "5": 10}}], wilds=wilds, wild_multipliers=rule)
    assert line(math, "A 2x 4x W A") == [("A", 5, 10 * times)]
    assert line(math, "A A 4x . .") == [("A", 3, 4)]
    assert line(math, "A W W . 4x") == [("A", 3, 1)]
    (win,) = judged(math, "2x 4x W A .").wins
    assert (win.multiplier, win.replaced, win.cells) == (times, 3, ((0, 0), (1, 0), (2, 0)))


def test_a_win_of_wilds_that_pay_themselves_is_not_multiplied() -> None:
    pays = [{"symbol": "2x", "pays": {"2": 9, "3": 10}}, {"symbol": "A", "pays": {"3": 2}}]
    math = game("3x1", pays, wilds=[{"symbol": "2x", "multiplier": 2}])
    assert line(math, "2x 2x 2x") == [("A", 3, 16)]  # 2 x 2 x 2 x 2: more than the 10 of the wild's own
    assert line(math, "2x 2x .") == [("2x", 2, 9)]
    assert line(math, "2x 2x A") == [("2x", 2, 9)]
    assert line(math, "2x A A") == [("A", 3, 4)]


def test_the_higher_of_a_run_of_wilds_and_of_what_they_go_on_to_is_paid() -> None:
    pays = [{"symbol": "W", "pays": {"3": 50, "4": 200}}, {"symbol": "A", "pays": {"3": 5, "4": 20, "5": 100}}]
    math = game("5x1", pays, wilds=[{"symbol": "W"}])
    assert line(math, "W W W A A") == [("A", 5, 100)]
    assert line(math, "W W W W A") == [("W", 4, 200)]
    assert line(math, "W W W A .") == [("W", 3, 50)]
    assert line(math, "W W W W W") == [("W", 4, 200)]


def test_of_equal_wins_the_one_listed_first_is_paid() -> None:
    pays = [{"symbol": "A", "pays": {"2": 5}}, {"symbol": "B", "pays": {"2": 5}}]
    assert line(game("2x1", pays, wilds=[{"symbol": "W"}]), "W W") == [("A", 2, 5)]
    assert line(game("2x1", pays[::-1], wilds=[{"symbol": "W"}]), "W W") == [("B", 2, 5)]


def test_red_white_and_blue_sevens_pay_as_combinations() -> None:
    sevens = ["7r", "7w", "7b"]
    bars = ["1b", "2b", "3b"]
    math = game(
        "3x1",
        [
            {"name": "red white blue", "combination": sevens, "pay": 2400},
            {"symbol": "7r", "pays": {"3": 1199}},
            {"name": "any sevens", "symbols": sevens, "pays": {"3": 80}},
            {"name": "bars 1 2 3", "combination": bars, "pay": 50},
            {"name": "any red", "combination": [["7r", "1b"], ["7r", "1b"], ["7r", "1b"]], "pay": 20},
            {"name": "red in the middle", "combination": ["*", "7r", "*"], "pay": 1},
        ],
    )
    assert line(math, "7r 7w 7b") == [("red white blue", 3, 2400)]
    assert line(math, "7b 7w 7r") == [("any sevens", 3, 80)]
    assert line(math, "7r 7r 7r") == [("7r", 3, 1199)]
    assert line(math, "1b 2b 3b") == [("bars 1 2 3", 3, 50)]
    assert line(math, "7r 1b 7r") == [("any red", 3, 20)]
    (win,) = judged(math, ". 7r 7b").wins
    assert (win.pay, win.direction, win.amount, win.cells) == ("red in the middle", "any", 1, ((1, 0),))


def test_a_wild_acts_on_its_reels_only_and_never_for_its_exceptions() -> None:
    wilds = [{"symbol": "W", "reels": [1], "except": ["B"]}]
    pays = [
        {"symbol": "A", "pays": {"3": 3}},
        {"symbol": "B", "pays": {"3": 9}},
        {"name": "mixed", "symbols": ["A", "B"], "pays": {"3": 1}},
    ]
    math = game("3x1", pays, wilds=wilds)
    assert line(math, "A W A") == [("A", 3, 3)]
    assert line(math, "W A A") == []
    assert line(math, "B W B") == [("mixed", 3, 1)]  # it may stand for A there


def test_a_pay_may_want_its_own_symbols_or_no_wild_at_all() -> None:
    pays = [
        {"symbol": "A", "pays": {"2": 3, "3": 10}, "naturals": 2},
        {"symbol": "B", "pays": {"2": 1, "3": 4}, "wilds": False},
        {"name": "B and wild", "combination": ["B", "W", "*"], "pay": 2},
    ]
    math = game("3x1", pays, wilds=[{"symbol": "W", "multiplier": 5}])
    assert line(math, "A A W") == [("A", 3, 50)]
    assert line(math, "A W W") == line(math, "W A .") == []
    assert line(math, "B B W") == [("B", 2, 1)]
    assert line(math, "B W B") == [("B and wild", 3, 2)]


def test_pays_from_both_sides_pay_a_full_line_once() -> None:
    pays = [{"symbol": "A", "pays": {"3": 5, "4": 20, "5": 100}}, {"symbol": "B", "pays": {"2": 1, "3": 9}}]
    math = game("5x1", pays, align="both")
    assert line(math, "A A A A A") == [("A", 5, 100)]
    assert line(math, "A A A B B") == [("A", 3, 5), ("B", 2, 1)]
    assert line(math, "B A A A A") == [("A", 4, 20)]
    assert [(win.direction, win.cells[0]) for win in judged(math, "B B A A A").wins] == [("left", (0, 0)), ("right", (2, 0))]


def test_pays_from_the_right_begin_at_the_last_reel() -> None:
    math = game("5x1", [{"symbol": "A", "pays": {"3": 5}}, {"symbol": "B", "pays": {"2": 1}, "align": "left"}], align="right")
    assert line(math, "A A A . .") == []
    assert line(math, ". A A A A") == [("A", 3, 5)]
    assert line(math, "B B A A A") == [("A", 3, 5)]
    assert line(math, "B B . A A") == [("B", 2, 1)]
    assert judged(math, "A A A A A").wins[0].cells == ((2, 0), (3, 0), (4, 0))


def test_with_coinciding_pays_a_line_pays_them_all() -> None:
    math = game("3x1", BARS, line_coinciding=True, wilds=[{"symbol": "W"}])
    assert line(math, "1b 1b 1b") == [("1b", 3, 10), ("any bar", 3, 5)]
    assert sum(amount for _, _, amount in line(math, "W W W")) == 40 + 25 + 10 + 5


def test_only_the_first_lines_are_played() -> None:
    math = game("3x3", [{"symbol": "A", "pays": {"3": 1}}])
    rows = ("A A A", "A A A", "A A A")
    assert [judged(math, *rows, lines=n).line_amount for n in range(4)] == [0, 1, 2, 3]
    assert [win.line for win in judged(math, *rows).wins] == [0, 1, 2]


# Ways


def ways(math: Math, *rows: str) -> list[tuple[str, int, int, int]]:
    return [(win.pay, win.count, win.ways, win.amount) for win in judged(math, *rows).wins]


FIVES = [{"symbol": "A", "pays": {"3": 2, "4": 5, "5": 20}}, {"symbol": "B", "pays": {"3": 1, "4": 3, "5": 10}}]


def test_ways_pay_the_product_of_the_matching_cells_and_only_the_longest_run() -> None:
    math = game("5x3", FIVES, pay_by="ways", coins=25)
    assert ways(math, "A A A . .", "A . A . .", ". . A . .") == [("A", 3, 6, 12)]
    assert ways(math, "A A A A .", "A . A B .", ". . A . .") == [("A", 4, 6, 30)]
    assert ways(math, "A A A A A", "A A A A A", "A A A A A") == [("A", 5, 243, 243 * 20)]
    assert ways(math, "A A A . .", "B B B . .", ". . . . .") == [("A", 3, 1, 2), ("B", 3, 1, 1)]
    assert ways(math, "A A . A A", "A A . A A", ". . . . .") == []


def test_a_wild_in_ways_counts_for_every_symbol_and_multiplies_the_ways_through_it() -> None:
    math = game("5x3", FIVES, pay_by="ways", coins=25, wilds=[{"symbol": "2x", "multiplier": 2, "reels": [1, 2, 3]}])
    assert ways(math, "A 2x A . .", "B A B . .", ". . . . .") == [("A", 3, 1, 2), ("A", 3, 1, 4), ("B", 3, 1, 2)]


def test_a_way_of_wilds_alone_is_paid_once() -> None:
    math = game("5x3", FIVES, pay_by="ways", coins=25, wilds=[{"symbol": "W"}])
    assert ways(math, "W W W . .", ". . . . .", ". . . . .") == [("A", 3, 1, 2)]
    assert ways(math, "W W W B .", ". . . . .", ". . . . .") == [("A", 3, 1, 2), ("B", 4, 1, 3)]
    assert ways(math, "W W W B .", ". . . B .", ". . . B .") == [("B", 4, 3, 9)]  # each way on is worth more than A A A
    assert ways(math, "W W W . .", "A . . . .", "B . . . .") == [("A", 3, 2, 4), ("B", 3, 1, 1)]


@pytest.mark.parametrize(("own", "paid"), [(2, "A"), (14, "A"), (15, "A"), (16, "3x")])
def test_a_way_of_multiplying_wilds_pays_what_they_replace_or_their_own_row(own: int, paid: str) -> None:
    pays = [{"symbol": "A", "pays": {"3": 5}}, {"symbol": "3x", "pays": {"3": own}}]
    wilds = [{"symbol": "3x", "multiplier": 3}]
    math = game("3x2", pays, pay_by="ways", coins=5, wilds=wilds, wild_multipliers="highest")
    assert ways(math, "3x 3x 3x", ". . .") == [(paid, 3, 1, max(own, 15))]
    assert line(game("3x1", pays, wilds=wilds, wild_multipliers="highest"), "3x 3x 3x") == [(paid, 3, max(own, 15))]


def test_ways_from_both_sides_pay_a_full_way_once() -> None:
    math = game("3x2", [{"symbol": "A", "pays": {"2": 1, "3": 5}}], pay_by="ways", coins=5, align="both")
    assert ways(math, "A A A", ". A .") == [("A", 3, 2, 10)]
    assert ways(math, "A A .", ". A .") == [("A", 2, 2, 2)]


# Scatters, awards, jackpots, reels that are filled

SPINS = {
    "free": {"type": "free_spins", "max_spins": 100},
    "more": {"type": "free_spins", "max_spins": 100},
    "box": {"type": "pick", "picks": 1, "items": [{"pay": 1}]},
}


def given_by(found: Judged) -> list[tuple[str, str, int]]:
    return [(given.award.feature, given.pay, given.count) for given in found.awards]


def test_scatters_count_anywhere_on_their_reels_and_no_wild_stands_for_them() -> None:
    scatter = {"symbol": "S", "reels": [0, 2], "pays": {"2": 3, "3": 10}, "awards": {"2": {"feature": "free", "spins": 8}}}
    math = game("3x3", [], wilds=[{"symbol": "W"}], scatters=[scatter], features={"free": SPINS["free"]})
    assert judged(math, "S S W", ". . .", ". . W").awards == ()
    found = judged(math, "S S .", ". . S", ". . .")
    assert (found.scatter_amount, found.line_amount, given_by(found)) == (3, 0, [("free", "S", 2)])
    assert found.wins[0].cells == ((0, 0), (2, 1))
    found = judged(math, "S . S", "S . S", ". . .")
    assert (found.scatter_amount, given_by(found)) == (10, [("free", "S", 2)])


def test_a_line_pay_awards_whether_or_not_another_pays_more() -> None:
    pays = [
        {"symbol": "A", "pays": {"3": 9}},
        {
            "symbol": "B",
            "pays": {"3": 0},
            "awards": {"2": {"feature": "box"}, "3": {"feature": "free", "spins": 3}},
            "align": "both",
        },
    ]
    math = game("4x1", pays, wilds=[{"symbol": "W"}], features={"free": SPINS["free"], "box": SPINS["box"]})
    found = judged(math, "W W W A")
    assert (found.line_amount, given_by(found)) == (9, [("free", "B", 3)])
    assert given_by(judged(math, "B B . .")) == [("box", "B", 2)]
    assert given_by(judged(math, "B B B B")) == [("free", "B", 3)]
    assert given_by(judged(math, "B B . B")) == given_by(judged(math, "B . B B")) == [("box", "B", 2)]


@pytest.mark.parametrize("pay_by", [{}, {"pay_by": "ways", "coins": 1}])
def test_of_an_award_from_both_sides_the_longer_run_counts(pay_by: dict[str, Any]) -> None:
    awards = {"2": {"feature": "box"}, "3": {"feature": "free", "spins": 3}}
    math = game(
        "6x1",
        [{"symbol": "B", "awards": awards, "align": "both"}],
        features={"free": SPINS["free"], "box": SPINS["box"]},
        **pay_by,
    )
    assert given_by(judged(math, "B B B . B B")) == given_by(judged(math, "B B . B B B")) == [("free", "B", 3)]


def test_free_spins_give_their_own_awards_and_those_that_lead_to_no_other_free_spins() -> None:
    names = {"A": "free", "B": "more", "C": "box", "D": "wheel"}
    pays = [
        {"symbol": symbol, "awards": {"3": {"feature": feature} | ({"spins": 5} if symbol in "AB" else {})}}
        for symbol, feature in names.items()
    ]
    wheel = {"type": "wheel", "segments": [{"award": {"feature": "free", "spins": 5}}, {"pay": 1}]}
    shared = [{"symbol": "S", "awards": {"1": {"feature": "wheel"}}}]
    math = game("3x4", pays, features=SPINS | {"wheel": wheel}, scatters=shared)
    rows = ("A A A", "B B B", "C C C", "D D D")
    assert [name for name, _, _ in given_by(judged(math, *rows))] == ["free", "more", "box", "wheel"]
    assert [name for name, _, _ in given_by(judged(math, *rows, mode="free"))] == ["free", "box"]
    assert [name for name, _, _ in given_by(judged(math, *rows, mode="more"))] == ["more", "box"]
    lucky = ("S . .", ". . .", ". . .", ". . .")
    assert given_by(judged(math, *lucky)) == [("wheel", "S", 1)]
    assert given_by(judged(math, *lucky, mode="free")) == given_by(judged(math, *lucky, mode="more")) == []
    own = SPINS | {"wheel": wheel, "more": SPINS["more"] | {"scatters": shared}}
    math = game("3x4", pays, features=own, scatters=shared)
    assert given_by(judged(math, *lucky, mode="more")) == [("wheel", "S", 1)]


def test_a_jackpot_needs_a_win_that_is_paid() -> None:
    pays = [{"symbol": "A", "pays": {"4": 10, "5": 50}}, {"symbol": "W", "pays": {"5": 60}}]
    math = game("5x1", pays, wilds=[{"symbol": "W"}], jackpots=[{"id": "grand", "pay": "A", "count": 5}])
    assert judged(math, "A A A A A").jackpots == judged(math, "A W A A A").jackpots == ("grand",)
    assert judged(math, "A A A A .").jackpots == judged(math, "W W W W W").jackpots == ()


def test_an_expanding_wild_fills_its_reel_for_lines_while_scatters_count_as_they_landed() -> None:
    wilds = [{"symbol": "W", "expands": True, "reels": [1]}]
    math = game("3x3", [{"symbol": "A", "pays": {"3": 1}}], wilds=wilds, scatters=[{"symbol": "S", "pays": {"1": 7}}])
    found = judged(math, "A S A", "A W A", "A . .")
    assert (found.line_amount, found.scatter_amount) == (2, 7)
    assert judged(math, "W A A", ". . .", ". . .").line_amount == 0


# Spins


class Scripted(SystemRng):
    """Draws what it is told, and notes from how many."""

    def __init__(self, *values: int) -> None:
        super().__init__()
        self.values = list(values)
        self.ranges: list[int] = []

    def below(self, n: int) -> int:
        self.ranges.append(n)
        value = self.values.pop(0)
        assert value < n
        return value


def reeled(**more: Any) -> Math:
    found = {
        "window": {"reels": 3, "rows": 2},
        "symbols": ["A", "B", "W"],
        "wilds": [{"symbol": "W"}],
        "strips": {
            "base": [["A", "B", "W"], {"stops": ["B", "A"], "weights": [1, 9]}, {"frequencies": {"A": 2, "W": 3}}],
            "rich": [["A", "A"], ["A", "B"], ["B", "A"]],
        },
        "lines": [[0, 0, 0], [1, 1, 1]],
        "pays": [{"symbol": "A", "pays": {"3": 5}}],
        "multiplier": {"2": 7, "3": 1},
        "features": {
            "free": {
                "type": "free_spins",
                "strips": "rich",
                "multiplier": 4,
                "extra_wilds": {"symbol": "W", "choices": [{"reels": [1], "weight": 3}, {"reels": [1, 2]}, {"reels": []}]},
            }
        },
        "buy": [{"name": "free", "title": "Free", "cost": 9, "award": {"feature": "free", "spins": 1}}],
    }
    return Math.model_validate(found | more)


def test_reels_are_drawn_from_the_left_and_the_multiplier_only_where_something_is_won() -> None:
    base = modes(reeled())["base"]
    rng = Scripted(2, 0, 1, 4)  # W A / B A / A W: nothing on W B A, A A W on the second
    assert base.spin(rng, 1).judged.line_amount == 0
    assert rng.ranges == [3, 10, 5, 5]
    rng = Scripted(2, 0, 1, 4, 7)
    spin = base.spin(rng, 2)
    assert (spin.stops, spin.landed, spin.judged.line_amount, spin.multiplier) == ([2, 0, -1], ((2, 0), (1, 0), (0, 2)), 5, 3)
    assert rng.ranges == [3, 10, 5, 5, 8]
    assert base.spin(Scripted(2, 9, 1, 4, 6), 2).stops == [2, 1, -1]


def test_free_spins_draw_the_reels_that_turn_wild_first_and_what_is_certain_not_at_all() -> None:
    free = modes(reeled())["free"]
    rng = Scripted(3, 0, 1, 0)
    spin = free.spin(rng, 2)
    assert (rng.ranges, spin.extra_wilds, spin.landed) == ([5, 2, 2, 2], (1, 2), ((0, 0), (1, 0), (1, 0)))
    assert spin.window == ((0, 0), (2, 2), (2, 2))
    assert (spin.judged.line_amount, spin.multiplier, spin.mode) == (10, 4, "free")
    assert free.spin(Scripted(0, 0, 0, 0), 1).window == ((0, 0), (2, 2), (1, 0))
    assert free.spin(Scripted(3, 0, 1, 0), 2, multiplier=9).multiplier == 9
    scattered = modes(reeled(scatters=[{"symbol": "B", "pays": {"1": 1, "2": 3}}]))["free"].spin(Scripted(3, 0, 1, 0), 2)
    assert scattered.judged.scatter_amount == 3  # as they landed on the reels that turned wild
    lost = free.spin(Scripted(4, 0, 1, 0), 1)
    assert (lost.window, lost.multiplier) == (lost.landed, 1)


def test_columns_are_all_ways_in_which_a_reel_can_stop_with_their_weights() -> None:
    strip, weighted, free = modes(reeled())["base"].reels
    assert list(strip.columns()) == [Column(1, 0, (0, 1)), Column(1, 1, (1, 2)), Column(1, 2, (2, 0))]
    assert list(weighted.columns()) == [Column(1, 0, (1, 0)), Column(9, 1, (0, 1))]
    assert list(free.columns()) == [Column(4, -1, (0, 0)), Column(6, -1, (0, 2)), Column(6, -1, (2, 0)), Column(9, -1, (2, 2))]
    for reel, size in ((strip, 3), (weighted, 2), (free, 0)):
        assert (reel.total, reel.size) == (sum(column.weight for column in reel.columns()), size)
    assert (weighted.at(1), free.at(5)) == ((0, 1), (0, 0))


def test_a_mathematics_is_compiled_once() -> None:
    assert modes(reeled()) is modes(reeled())
    assert hash(reeled()) == hash(reeled())
    assert modes(reeled()) is not modes(reeled(multiplier={"2": 1}))
