"""What the models of a slots definition can't see by themselves: names that don't exist, lines outside of the window, …

Each check yields every problem that it finds, in its place (`lines.3.2`). The awards have a file of their own, reach.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from webingo.engines.slots.models import ANYTHING, Problem, Where
from webingo.engines.slots.reach import award_problems
from webingo.engines.slots.size import size_problems
from webingo.problems import unknown

if TYPE_CHECKING:
    from webingo.engines.slots.definition import LinePay, Math, Strip
    from webingo.engines.slots.features import Jackpot, Scatter, Wild


def problems(math: "Math") -> list[Problem]:
    """Everything that is wrong. Sizes and awards are looked at only where all names exist."""
    found = [
        *_symbol_problems(math),
        *_strip_problems(math),
        *_wild_problems(math, math.wilds, ()),
        *_line_problems(math),
        *_pay_problems(math),
        *scatter_problems(math, math.scatters, math.wilds, ()),
        *_feature_problems(math),
        *_jackpot_problems(math),
    ]
    return found or [*award_problems(math), *size_problems(math)]


def known(symbols: Iterable[str], math: "Math", where: Where) -> Iterator[Problem]:
    """Those of the symbols that the game doesn't have, each at its place behind `where`."""
    for place, symbol in enumerate(symbols):
        yield from _known(symbol, math, (*where, place))


def _known(symbol: str, math: "Math", where: Where) -> Iterator[Problem]:
    if symbol not in math.ids:
        yield where, f"{symbol!r}: {unknown('symbol', symbol, math.symbols)}"


def repeated(names: Sequence[str], where: Where, key: str = "") -> Iterator[Problem]:
    """The names that stand there twice."""
    for place, name in enumerate(names):
        if name in names[:place]:
            yield (*where, place, *([key] if key else [])), f"{name!r} is there twice"


def _symbol_problems(math: "Math") -> Iterator[Problem]:
    yield from repeated(math.symbols, ("symbols",))
    there = {symbol for strips in math.strips.values() for strip in strips for symbol in strip.symbols}
    there |= {feature.extra_wilds.symbol for feature in math.free_spins.values() if feature.extra_wilds}
    for place, symbol in enumerate(math.symbols):
        if symbol == ANYTHING:
            yield ("symbols", place), f"{ANYTHING!r} stands for any symbol in combinations, and can't be one itself"
        elif symbol not in there:
            yield ("symbols", place), f"{symbol!r} is on no strip"


def _strip_problems(math: "Math") -> Iterator[Problem]:
    if "base" not in math.strips:
        yield ("strips",), "the set 'base' is missing"
    used = {"base", *(feature.strips for feature in math.free_spins.values())}
    for name, strips in math.strips.items():
        if name not in used:
            yield ("strips", name), "no free spins use this set of strips"
        if len(strips) != math.window.reels:
            yield ("strips", name), f"{len(strips)} strips for {math.window.reels} reels"
        for reel, strip in enumerate(strips):
            yield from _one_strip(strip, math, ("strips", name, reel))


def _one_strip(strip: "Strip", math: "Math", where: Where) -> Iterator[Problem]:
    if (strip.stops is None) == (strip.frequencies is None):
        yield where, "give either stops or frequencies"
    for symbol in strip.frequencies or ():
        yield from _known(symbol, math, (*where, "frequencies", symbol))
    if strip.weights is not None and strip.stops is None:
        yield (*where, "weights"), "only stops have weights"
    if strip.stops is None:
        return
    if strip.weights is not None and len(strip.weights) != len(strip.stops):
        yield (*where, "weights"), f"{len(strip.weights)} weights for {len(strip.stops)} stops"
    if len(strip.stops) < math.window.rows:
        yield where, f"a strip of {len(strip.stops)} stops is shorter than the window's {math.window.rows} rows"
    yield from known(strip.stops, math, where if strip.weights is None else (*where, "stops"))


def reel_problems(reels: Sequence[int] | None, math: "Math", where: Where) -> Iterator[Problem]:
    for place, reel in enumerate(reels or ()):
        if reel >= math.window.reels:
            yield (*where, place), f"there is no reel {reel}: they are counted from 0 to {math.window.reels - 1}"
        elif place and reels and reel <= reels[place - 1]:
            yield (*where, place), "reels must be ascending, each once"


def _wild_problems(math: "Math", wilds: Sequence["Wild"], at: Where) -> Iterator[Problem]:
    acting: set[tuple[str, int]] = set()
    for place, wild in enumerate(wilds):
        where = (*at, "wilds", place)
        yield from _known(wild.symbol, math, (*where, "symbol"))
        yield from known(wild.excepted, math, (*where, "except"))
        yield from repeated(wild.excepted, (*where, "except"))
        if wild.symbol in wild.excepted:
            yield (*where, "except"), f"{wild.symbol!r} can't be kept from replacing itself"
        yield from reel_problems(wild.reels, math, (*where, "reels"))
        here = {(wild.symbol, reel) for reel in (range(math.window.reels) if wild.reels is None else wild.reels)}
        if acting & here:
            yield (*where, "symbol"), f"{wild.symbol!r} is already wild on reel {min(acting & here)[1]}"
        acting |= here


def _line_problems(math: "Math") -> Iterator[Problem]:
    if math.pay_by == "ways":
        if math.lines:
            yield ("lines",), "a game of ways has no lines"
        if math.coins is None:
            yield ("coins",), "with ways the total bet is coins × bet: say how many coins"
        return
    if not math.lines:
        yield ("lines",), "a game of lines needs lines"
    for place, line in enumerate(math.lines):
        if len(line) != math.window.reels:
            yield ("lines", place), f"{len(line)} rows for {math.window.reels} reels"
        for reel, row in enumerate(line):
            if row >= math.window.rows:
                yield (
                    ("lines", place, reel),
                    f"row {row} is outside of the window: rows are counted from 0 to {math.window.rows - 1}",
                )
        if line in math.lines[:place]:
            yield ("lines", place), f"the same line as lines.{math.lines.index(line)}"


def _pay_problems(math: "Math") -> Iterator[Problem]:
    names = [pay.name for pay in math.pays] + [scatter.name for scatter in math.scatters]
    for place, pay in enumerate(math.pays):
        where = ("pays", place)
        if pay.name and pay.name in names[:place]:
            yield (*where, "name"), f"{pay.name!r} is there twice: give this one a name of its own"
        yield from _pay_form(pay, math, where)
        yield from known(pay.symbols, math, (*where, "symbols"))
        yield from repeated(pay.symbols, (*where, "symbols"))
        if pay.symbol is not None:
            yield from _known(pay.symbol, math, (*where, "symbol"))
        yield from count_problems(pay.pays, math.window.reels, "reels", (*where, "pays"))
        yield from count_problems(pay.awards, math.window.reels, "reels", (*where, "awards"))
        if math.pay_by == "ways" and (pay.align or math.align) == "any":
            yield (*where, "align") if pay.align else ("align",), "'any' is for lines; with ways use scatters"
        if math.pay_by == "ways" and pay.naturals:
            yield (*where, "naturals"), "naturals are for lines, not for ways"
        elif pay.naturals > math.window.reels:
            yield (*where, "naturals"), f"{pay.naturals} naturals on {math.window.reels} reels"


def _pay_form(pay: "LinePay", math: "Math", where: Where) -> Iterator[Problem]:
    kinds = [key for key in ("symbol", "symbols", "combination") if key in pay.model_fields_set]
    if len(kinds) != 1:
        yield where, "give one of symbol, symbols and combination" + (f", not {' and '.join(kinds)}" if kinds else "")
        return
    if not pay.name:
        yield (*where, "name"), f"a pay of {kinds[0]} needs a name"
    (kind,) = kinds
    strange = ("pays", "awards", "align") if kind == "combination" else ("pay", "award")
    for key in strange:
        if key in pay.model_fields_set:
            yield (*where, key), f"a pay of {kind} has no {key}"
    if kind == "combination":
        yield from _combination_problems(pay, math, where)
    elif not pay.of:
        yield (*where, "symbols"), "name at least one symbol"
    elif not pay.pays and not pay.awards:
        yield where, "it neither pays nor awards anything"


def _combination_problems(pay: "LinePay", math: "Math", where: Where) -> Iterator[Problem]:
    if math.pay_by == "ways":
        yield (*where, "combination"), "combinations are for lines, not for ways"
    if pay.pay is None and pay.award is None:
        yield where, "it neither pays nor awards anything"
    if len(pay.combination) != math.window.reels:
        yield (*where, "combination"), f"{len(pay.combination)} places for {math.window.reels} reels"
    if all(ANYTHING in choice for choice in pay.combination):
        yield (*where, "combination"), "it asks for nothing"
    for reel, choice in enumerate(pay.combination):
        for symbol in choice:
            if symbol != ANYTHING:
                yield from _known(symbol, math, (*where, "combination", reel))
            elif len(choice) > 1:
                yield (*where, "combination", reel), f"{ANYTHING!r} stands for any symbol: leave the others out"


def count_problems(counts: Iterable[int], most: int, what: str, where: Where) -> Iterator[Problem]:
    for count in counts:
        if not 1 <= count <= most:
            yield (*where, count), f"a count lies from 1 to the {most} {what}"


def scatter_problems(math: "Math", scatters: Sequence["Scatter"], wilds: Sequence["Wild"], at: Where) -> Iterator[Problem]:
    wild_symbols = {wild.symbol for wild in wilds}
    names = [pay.name for pay in math.pays]
    for place, scatter in enumerate(scatters):
        where = (*at, "scatters", place)
        yield from _known(scatter.symbol, math, (*where, "symbol"))
        if scatter.symbol in wild_symbols:
            yield (*where, "symbol"), f"{scatter.symbol!r} is wild, so it can't be a scatter"
        if scatter.name in names:
            yield (*where, "name"), f"{scatter.name!r} is the name of another pay: give this one a name of its own"
        names.append(scatter.name)
        yield from reel_problems(scatter.reels, math, (*where, "reels"))
        cells = (math.window.reels if scatter.reels is None else len(scatter.reels)) * math.window.rows
        yield from count_problems(scatter.pays, cells, "cells where it counts", (*where, "pays"))
        yield from count_problems(scatter.awards, cells, "cells where it counts", (*where, "awards"))
        if not scatter.pays and not scatter.awards:
            yield where, "it neither pays nor awards anything"


def _feature_problems(math: "Math") -> Iterator[Problem]:
    for name, feature in math.free_spins.items():
        at = ("features", name)
        if name == "base":
            yield at, "'base' is the base game: call the feature otherwise"
        if feature.strips not in math.strips:
            yield (*at, "strips"), unknown("set of strips", feature.strips, math.strips)
        wilds = math.wilds if feature.wilds is None else feature.wilds
        yield from _wild_problems(math, feature.wilds or (), at)
        yield from scatter_problems(math, feature.scatters or (), wilds, at)
        if feature.scatters is None and feature.wilds is not None:
            for scatter in math.scatters:
                if scatter.symbol in {wild.symbol for wild in wilds}:
                    yield (*at, "wilds"), f"{scatter.symbol!r} is a scatter, so it can't be wild"
        if feature.extra_wilds is None:
            continue
        extra = feature.extra_wilds
        if extra.symbol not in {wild.symbol for wild in wilds}:
            yield (*at, "extra_wilds", "symbol"), f"{extra.symbol!r} is not one of the wilds of these free spins"
            continue
        for place, choice in enumerate(extra.choices):
            where = (*at, "extra_wilds", "choices", place, "reels")
            yield from reel_problems(choice.reels, math, where)
            for number, reel in enumerate(choice.reels):
                if not any(wild.symbol == extra.symbol and (wild.reels is None or reel in wild.reels) for wild in wilds):
                    yield (*where, number), f"{extra.symbol!r} is not wild on reel {reel}"


def _jackpot_problems(math: "Math") -> Iterator[Problem]:
    yield from repeated([jackpot.id for jackpot in math.jackpots], ("jackpots",), "id")
    for place, jackpot in enumerate(math.jackpots):
        yield from _one_jackpot(jackpot, math, ("jackpots", place))


def _one_jackpot(jackpot: "Jackpot", math: "Math", where: Where) -> Iterator[Problem]:
    tables: dict[str, dict[int, int]] = {scatter.name: dict(scatter.pays) for scatter in math.scatters}
    for pay in math.pays:
        tables[pay.name] = {math.window.reels: pay.pay or 0} if pay.combination else dict(pay.pays)
    if (jackpot.pay is None) != (jackpot.count is None):
        yield where, "give pay and count, or neither of them (for a jackpot of a wheel)"
    elif jackpot.pay is not None and jackpot.count is not None:
        if jackpot.pay not in tables:
            yield (*where, "pay"), f"{jackpot.pay!r}: {unknown('pay or scatter', jackpot.pay, tables)}"
        elif not tables[jackpot.pay].get(jackpot.count):
            yield (*where, "count"), f"{jackpot.count} of {jackpot.pay!r} is not a win that the pay table lists"
