"""What a window pays in a game of ways: the one judge of ways, for live play, exact figures and simulation."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Wild
from webingo.engines.slots.matching import Awarded, Pattern

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


class Run(NamedTuple):
    """Runs of one candidate that look alike: a group of cells on each of its reels."""

    candidate: Candidate
    groups: tuple[tuple[Cell, ...], ...]
    replaced: int
    multiplier: int


class WaysPays:
    """The ways of one mode of a game: the pay table with one set of wilds."""

    def __init__(self, math: Math, wilds: tuple[Wild, ...]) -> None:
        self.pattern = Pattern(math, wilds)
        self._both = math.align == "both"
        self._coinciding = math.line_coinciding

    def judge(self, window: tuple[tuple[int, ...], ...]) -> WaysResult:
        """The result of a window that shows these symbols, [reel][row]."""
        pattern = self.pattern
        masks = []
        for matched, column in zip(pattern.matched, window, strict=True):
            mask = 0
            for cell in column:
                mask |= matched[cell]
            masks.append(mask)
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
        wins = tuple(self._rows(self._paid(candidates, window)))
        given = tuple(Awarded(found[1], prize.name, found[0]) for prize, found in awards if found)
        return WaysResult(sum(win.amount for win in wins), wins, given)

    def _paid(self, candidates: list[Candidate], window: tuple[tuple[int, ...], ...]) -> list[Run]:
        """The runs that are paid, each once: see docs/slots.md."""
        if self._coinciding:
            sides = [[candidate] for candidate in candidates]
        else:
            right = [candidate for candidate in candidates if self._both and candidate.direction == "right"]
            sides = [side for side in ([c for c in candidates if c not in right], right) if side]
        groups = self._groups(candidates, window)
        paid: dict[tuple[int, tuple[tuple[Cell, ...], ...]], Run] = {}
        for side in sides:
            for run in self._side(side, groups, window):
                paid.setdefault((run.candidate.pay, run.groups), run)
        return list(paid.values())

    def _groups(
        self, candidates: list[Candidate], window: tuple[tuple[int, ...], ...]
    ) -> list[list[tuple[tuple[Cell, ...], int, int, int]]]:
        """For each reel the groups of cells that no candidate tells apart: (cells, pays matched, naturally, multiplier)."""
        relevant = 0
        for candidate in candidates:
            relevant |= 1 << candidate.pay
        grouped = []
        for reel, column in enumerate(window):
            alike: dict[tuple[int, int, int], list[Cell]] = {}
            for row, cell in enumerate(column):
                matched = self.pattern.matched[reel][cell] & relevant
                natural = self.pattern.natural[reel][cell] & relevant
                alike.setdefault((matched, natural, self.pattern.factor[reel][cell]), []).append((reel, row))
            grouped.append([(tuple(cells), *kind) for kind, cells in alike.items()])
        return grouped

    def _side(
        self,
        candidates: list[Candidate],
        groups: list[list[tuple[tuple[Cell, ...], int, int, int]]],
        window: tuple[tuple[int, ...], ...],
    ) -> Iterator[Run]:
        """Of each way the highest run."""
        seen = set()
        for way in product(*groups):
            best: Run | None = None
            for candidate in candidates:
                if all(way[reel][1] >> candidate.pay & 1 for reel in candidate.reels):
                    run = self._run(candidate, way)
                    if best is None or self._rank(run) > self._rank(best):
                        best = run
            if best and (best.candidate, best.groups) not in seen:
                seen.add((best.candidate, best.groups))
                yield best

    @staticmethod
    def _rank(run: Run) -> tuple[int, int]:
        return run.candidate.amount * run.multiplier, -run.candidate.pay

    def _run(self, candidate: Candidate, way: tuple[tuple[tuple[Cell, ...], int, int, int], ...]) -> Run:
        on = [way[reel] for reel in candidate.reels]
        replacing = [factor for _, _, natural, factor in on if not natural >> candidate.pay & 1]
        factors = [factor for factor in replacing if factor > 1]
        multiplier = self.pattern.combined(factors) if factors else 1
        return Run(candidate, tuple(group[0] for group in on), len(replacing), multiplier)

    @staticmethod
    def _rows(runs: list[Run]) -> Iterator[WaysWin]:
        """One row for each pay, count, direction and multiplier."""
        rows: dict[tuple[Candidate, int], list[Run]] = {}
        for run in runs:
            rows.setdefault((run.candidate, run.multiplier), []).append(run)
        for (candidate, multiplier), alike in rows.items():
            ways = 0
            cells: set[Cell] = set()
            for run in alike:
                number = 1
                for group in run.groups:
                    number *= len(group)
                    cells.update(group)
                ways += number
            yield WaysWin(
                candidate.pay,
                candidate.count,
                candidate.direction,
                multiplier,
                max(run.replaced for run in alike),
                ways,
                ways * candidate.amount * multiplier,
                tuple(sorted(cells)),
            )
