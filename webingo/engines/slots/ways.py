"""What a window pays in a game of ways: the one judge of ways, for live play, exact figures and simulation."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import combinations, product
from math import prod
from typing import NamedTuple

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Wild
from webingo.engines.slots.matching import Awarded, Pattern, ones

_REMEMBERED = 1 << 12

Cell = tuple[int, int]


class WaysWin(NamedTuple):
    """`ways` runs of one pay with one multiplier, which together pay `amount` bets per coin. `replaced` is the most wilds that
    replace in one of them, `cells` (reel, row) are the cells of all of them."""

    pay: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    direction: str
    multiplier: int
    replaced: int
    ways: int
    amount: int
    cells: tuple[Cell, ...]


class WaysResult(NamedTuple):
    amount: int
    wins: tuple[WaysWin, ...]
    awards: tuple[Awarded, ...]


NOTHING = WaysResult(0, (), ())


class Candidate(NamedTuple):
    """A pay whose symbols reach far enough: its runs are one matching cell on each of `reels`."""

    pay: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    direction: str
    amount: int
    reels: tuple[int, ...]


class Group(NamedTuple):
    """Cells of one reel that no candidate tells apart: the pays that they match, those by themselves, the wild's multiplier."""

    cells: tuple[Cell, ...]
    matched: int
    natural: int
    factor: int


class Run(NamedTuple):
    """Runs of one candidate that look alike: any cell of each group."""

    candidate: Candidate
    groups: tuple[tuple[Cell, ...], ...]
    replaced: int
    multiplier: int


Groups = list[list[Group]]


class WaysPays:
    """The ways of one mode of a game: the pay table with one set of wilds."""

    def __init__(self, math: Math, wilds: tuple[Wild, ...]) -> None:
        self.pattern = Pattern(math, wilds)
        self._both = math.align == "both"
        self._coinciding = math.line_coinciding
        self._unions = [lru_cache(_REMEMBERED)(partial(_union, matched)) for matched in self.pattern.matched]

    def judge(self, window: tuple[tuple[int, ...], ...]) -> WaysResult:
        """The result of a window that shows these symbols, [reel][row]."""
        pattern = self.pattern
        masks = [union(column) for union, column in zip(self._unions, window, strict=True)]
        candidates: list[Candidate] = []
        longest: dict[int, int] = {}
        for index, n, direction in pattern.runs(masks):
            prize = pattern.prizes[index]
            if prize.amounts[n]:
                k = prize.counts[n]
                reels = tuple(range(k)) if direction == "left" else tuple(range(pattern.reels - k, pattern.reels))
                candidates.append(Candidate(index, k, direction, prize.amounts[n], reels))
            if prize.awards[n]:
                longest[index] = max(n, longest.get(index, 0))
        if not candidates and not longest:
            return NOTHING
        awards = [(pattern.prizes[index], pattern.prizes[index].awards[n]) for index, n in sorted(longest.items())]
        wins = tuple(sorted(_rows(self._paid(candidates, window))))
        given = tuple(Awarded(found[1], prize.name, found[0]) for prize, found in awards if found)
        return WaysResult(sum(win.amount for win in wins), wins, given)

    def _paid(self, candidates: list[Candidate], window: tuple[tuple[int, ...], ...]) -> list[Run]:
        """The runs that are paid, each once: see docs/slots.md."""
        groups = self._groups(candidates, window)
        right = [c for c in candidates if self._both and c.direction == "right"]
        left = [c for c in candidates if c not in right]
        found: list[Run] = []
        for side in (left, right):
            if self._coinciding or not _rivals(side, groups):
                found += [self._run(c, way) for c in side for way in _ways_of(c, groups)]
            else:
                found += self._highest(side, groups)
        if not self._both and not self._coinciding:
            return found
        once: dict[tuple[int, tuple[tuple[Cell, ...], ...]], Run] = {}
        for run in found:
            once.setdefault((run.candidate.pay, run.groups), run)
        return list(once.values())

    def _groups(self, candidates: list[Candidate], window: tuple[tuple[int, ...], ...]) -> Groups:
        """For each reel its cells, those together that the candidates don't tell apart."""
        relevant = 0
        for candidate in candidates:
            relevant |= 1 << candidate.pay
        grouped = []
        for reel, column in enumerate(window):
            matches, naturals, factors = self.pattern.matched[reel], self.pattern.natural[reel], self.pattern.factor[reel]
            alike: dict[tuple[int, int, int], list[Cell]] = {}
            for row, cell in enumerate(column):
                kind = (matches[cell] & relevant, naturals[cell] & relevant, factors[cell])
                alike.setdefault(kind, []).append((reel, row))
            grouped.append([Group(tuple(cells), *kind) for kind, cells in alike.items()])
        return grouped

    def _highest(self, candidates: list[Candidate], groups: Groups) -> list[Run]:
        """Of each way the highest run, each once."""
        ranked = sorted(candidates, key=lambda candidate: (-candidate.amount, candidate.pay))
        reels = sorted({reel for candidate in ranked for reel in candidate.reels})
        # A way is the place of a group on each of these reels, with a bit for each candidate whose run lies on it.
        ways: list[tuple[tuple[int, ...], int]] = [((), (1 << len(ranked)) - 1)]
        for reel in reels:
            fits = [_bits(reel not in c.reels or group.matched >> c.pay & 1 for c in ranked) for group in groups[reel]]
            ways = [((*way, place), left) for way, on in ways for place, mask in enumerate(fits) if (left := on & mask)]
        spans = [slice(reels.index(candidate.reels[0]), reels.index(candidate.reels[-1]) + 1) for candidate in ranked]
        plain = all(group.factor == 1 for reel in reels for group in groups[reel])
        runs: dict[tuple[int, tuple[int, ...]], Run] = {}
        found: dict[tuple[int, tuple[int, ...]], Run] = {}
        for way, on in ways:
            chosen: tuple[int, tuple[int, ...]] | None = None
            highest = (-1, 0)
            for number in ones(on):
                key = number, way[spans[number]]
                if key not in runs:
                    there = zip(ranked[number].reels, key[1], strict=True)
                    runs[key] = self._run(ranked[number], [groups[reel][place] for reel, place in there])
                rank = ranked[number].amount * runs[key].multiplier, -ranked[number].pay
                if rank > highest:
                    highest, chosen = rank, key
                if plain:  # no multiplier can lift another one above the first
                    break
            if chosen:
                found[chosen] = runs[chosen]
        return list(found.values())

    def _run(self, candidate: Candidate, way: Sequence[Group]) -> Run:
        replacing = [group.factor for group in way if not group.natural >> candidate.pay & 1]
        factors = [factor for factor in replacing if factor > 1]
        multiplier = self.pattern.combined(factors) if factors else 1
        return Run(candidate, tuple([group.cells for group in way]), len(replacing), multiplier)


def _bits(flags: Iterable[object]) -> int:
    """The places of the flags that are set, as a set of bits."""
    return sum(1 << place for place, flag in enumerate(flags) if flag)


def _union(matched: tuple[int, ...], column: tuple[int, ...]) -> int:
    """The pays that some cell of a column matches."""
    mask = 0
    for cell in column:
        mask |= matched[cell]
    return mask


def _rivals(candidates: list[Candidate], groups: Groups) -> bool:
    """Whether runs of two of them lie on one way: on each reel that both need, some cell matches both."""
    for one, other in combinations(candidates, 2):
        pays = 1 << one.pay | 1 << other.pay
        shared = [reel for reel in one.reels if reel in other.reels]
        if all(any(group.matched & pays == pays for group in groups[reel]) for reel in shared):
            return True
    return False


def _ways_of(candidate: Candidate, groups: Groups) -> Iterator[tuple[Group, ...]]:
    """The groups that make its runs."""
    return product(*[[group for group in groups[reel] if group.matched >> candidate.pay & 1] for reel in candidate.reels])


def _rows(runs: list[Run]) -> Iterator[WaysWin]:
    """One row for each pay, count, direction and multiplier."""
    rows: dict[tuple[Candidate, int], list[Run]] = {}
    for run in runs:
        rows.setdefault((run.candidate, run.multiplier), []).append(run)
    for (candidate, multiplier), alike in rows.items():
        pay, count, direction, amount, _ = candidate
        ways = sum(prod([len(cells) for cells in run.groups]) for run in alike)
        cells = {cell for run in alike for cells in run.groups for cell in cells}
        replaced = max(run.replaced for run in alike)
        yield WaysWin(pay, count, direction, multiplier, replaced, ways, ways * amount * multiplier, tuple(sorted(cells)))
