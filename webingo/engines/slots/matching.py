"""Which cells match which pays: the compiled form of a pay table for one set of wilds.

A set of pays is an integer with bit i for `math.pays[i]`, so that a whole line is judged with one `&` for each reel.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from webingo.engines.slots.definition import LinePay, Math
from webingo.engines.slots.features import Award, Wild
from webingo.engines.slots.models import ANYTHING


class Prize(NamedTuple):
    """A pay, by how many cells match (0 to reels): `counts` are those that are paid (0: none), `amounts` what they pay without
    wild multipliers, `awards` what is given, with the count that it is given for. `asked` are the reels on which a combination
    asks for something, which are the cells of its win. Of the cells of a win `naturals` have to match by their own symbols."""

    number: int
    name: str
    asked: tuple[int, ...]
    naturals: int
    counts: tuple[int, ...]
    amounts: tuple[int, ...]
    awards: tuple[tuple[int, Award] | None, ...]


class Awarded(NamedTuple):
    """An award that a spin gives: by which pay or scatter, and by how many of it."""

    award: Award
    pay: str
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs


class Pattern:
    """The pay table of `math` with these wilds. [reel][symbol] gives the pays that a cell matches (`matched`), those that it
    matches by its own symbol (`natural`), and its multiplier where it replaces (`factor`, 1 for none)."""

    def __init__(self, math: Math, wilds: tuple[Wild, ...]) -> None:
        self.reels = math.window.reels
        self.prizes = tuple(_prize(index, pay, self.reels) for index, pay in enumerate(math.pays))
        naturals = []
        matches = []
        factors = []
        for reel in range(self.reels):
            wanted = [_wanted(pay, reel, math.symbols) for pay in math.pays]
            acting = {wild.symbol: wild for wild in wilds if wild.reels is None or reel in wild.reels}
            naturals.append(tuple(_bits(symbol in symbols for symbols in wanted) for symbol in math.symbols))
            matches.append(
                tuple(
                    _bits(
                        symbol in symbols or (pay.wilds and _replaces(acting.get(symbol), symbols))
                        for pay, symbols in zip(math.pays, wanted, strict=True)
                    )
                    for symbol in math.symbols
                )
            )
            factors.append(tuple(acting[symbol].multiplier if symbol in acting else 1 for symbol in math.symbols))
        self.natural = tuple(naturals)
        self.matched = tuple(matches)
        self.factor = tuple(factors)
        self.left = _bits(bool(pay.combination) or _align(math, pay) in ("left", "both") for pay in math.pays)
        self.right = _bits(not pay.combination and _align(math, pay) in ("right", "both") for pay in math.pays)
        self.anywhere = _bits(not pay.combination and _align(math, pay) == "any" for pay in math.pays)
        # By how many cells match: the pays that then pay or award something.
        self.worth = tuple(
            _bits(bool(prize.amounts[n] or prize.awards[n]) for prize in self.prizes) for n in range(self.reels + 1)
        )
        self.combined = COMBINING[math.wild_multipliers]

    def runs(self, masks: Sequence[int]) -> Iterator[tuple[int, int, str]]:
        """(pay, number of matching cells, direction) of each pay that comes to something, where each reel matches `masks`."""
        if self.left & masks[0]:
            yield from self._side(self.left, masks, "left")
        if self.right & masks[-1]:
            yield from self._side(self.right, masks[::-1], "right")
        for index in ones(self.anywhere):
            n = sum(mask >> index & 1 for mask in masks)
            if self.worth[n] >> index & 1:
                yield index, n, "any"

    def _side(self, alive: int, masks: Sequence[int], direction: str) -> Iterator[tuple[int, int, str]]:
        for n, mask in enumerate(masks):
            ended = alive & ~mask & self.worth[n]
            alive &= mask
            for index in ones(ended):
                yield index, n, direction
            if not alive:
                return
        for index in ones(alive & self.worth[self.reels]):
            yield index, self.reels, direction


def _prize(index: int, pay: LinePay, reels: int) -> Prize:
    pays = {reels: pay.pay or 0} if pay.combination else pay.pays
    given = {reels: pay.award} if pay.combination and pay.award else pay.awards
    counts = tuple(highest(pays, n) for n in range(reels + 1))
    awards = tuple((k, given[k]) if (k := highest(given, n)) else None for n in range(reels + 1))
    asked = tuple(reel for reel, choice in enumerate(pay.combination) if ANYTHING not in choice)
    return Prize(index, pay.name, asked, pay.naturals, counts, tuple(pays[k] if k else 0 for k in counts), awards)


def highest(table: dict[int, object] | dict[int, int] | dict[int, Award], n: int) -> int:
    """The highest count that a table lists, up to n; 0 where there is none."""
    return max((count for count in table if count <= n), default=0)


def _align(math: Math, pay: LinePay) -> str:
    return pay.align or math.align


def _wanted(pay: LinePay, reel: int, symbols: tuple[str, ...]) -> frozenset[str]:
    if pay.combination:
        here = pay.combination[reel]
        return frozenset(symbols) if ANYTHING in here else frozenset(here)
    return frozenset(pay.of)


def _replaces(wild: Wild | None, symbols: frozenset[str]) -> bool:
    return wild is not None and bool(symbols.difference(wild.excepted))


def _bits(flags: Iterator[bool]) -> int:
    return sum(1 << index for index, flag in enumerate(flags) if flag)


def ones(mask: int) -> Iterator[int]:
    """The places of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _product(factors: Sequence[int]) -> int:
    result = 1
    for factor in factors:
        result *= factor
    return result


# How the multipliers (> 1) of the wilds in one win combine.
COMBINING: dict[str, Callable[[Sequence[int]], int]] = {"add": sum, "multiply": _product, "highest": max}
