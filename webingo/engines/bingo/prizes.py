"""Which prizes a card has won, from the mask of its hits.

A card's numbered cells are bits 0, 1, 2, … row by row (free cells have no bit: they are always hit). A picture is won when
all of its bits are hit, and pays unless a bigger won picture contains it. This is the only judge of prizes: live rounds and
exact odds ask `outcome`, the simulation asks `pays`, its twin on arrays.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from webingo.engines.bingo.definition import Math

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

_REMEMBERED = 1 << 15  # all the hit masks of a card of 15 numbers; about 1 KiB each


class Won(NamedTuple):
    """A prize on a card, per stake of that card."""

    pattern: str
    pay: int


class Near(NamedTuple):
    """A picture that misses one cell: `position` on the card and what hitting it adds for this picture, per stake.

    Where one cell completes several pictures, their raises add up to the raise of the card.
    """

    position: int
    pattern: str
    raised: int


class Outcome(NamedTuple):
    """A card's result, per its stake. `gain` is the sum, over all cells not yet hit, of what hitting each would add."""

    pay: int
    prizes: tuple[Won, ...]
    near: tuple[Near, ...]
    gain: int


class Prizes:
    """The pay table of one game. Raises ValueError where hitting one more number could lower a card's prize."""

    def __init__(self, math: Math) -> None:
        self.numbers = math.numbers
        self.full = (1 << math.numbers) - 1
        self._positions = math.numbered
        pictures = [(pattern.pay, _mask(picture, math), pattern.name) for pattern in math.patterns for picture in pattern.rows]
        pictures.sort(key=lambda picture: (-picture[0], picture[1]))
        self.masks = tuple(mask for _, mask, _ in pictures)
        self._won = tuple(Won(name, pay) for pay, _, name in pictures)
        # For each picture, which others contain it, as bits of their indexes.
        self._containers = tuple(
            sum(1 << j for j, other in enumerate(self.masks) if other != mask and other & mask == mask) for mask in self.masks
        )
        self.outcome = lru_cache(_REMEMBERED)(self._outcome)
        self._check_monotone()

    def _check_monotone(self) -> None:
        """It is enough that each picture pays no less than the card did one cell before it was completed."""
        for mask, won in zip(self.masks, self._won, strict=True):
            for cell in range(self.numbers):
                before = self._settled(mask & ~(1 << cell)) if mask >> cell & 1 else 0
                if before > won.pay:
                    raise ValueError(f"patterns: {won.pattern!r} pays {won.pay}, less than the {before} that it replaces")

    def _done(self, hits: int) -> int:
        return sum(1 << i for i, mask in enumerate(self.masks) if not mask & ~hits)

    def _paid(self, done: int) -> list[int]:
        """The indexes of the won pictures that no other won picture contains."""
        return [i for i in _bits(done) if not self._containers[i] & done]

    def _settled(self, hits: int) -> int:
        return sum(self._won[i].pay for i in self._paid(self._done(hits)))

    def _outcome(self, hits: int) -> Outcome:
        """The result of a card with these hits. `outcome` is the same, remembered."""
        done = 0
        missing: dict[int, int] = {}  # the bit of a cell -> pictures that miss only that one
        for i, mask in enumerate(self.masks):
            left = mask & ~hits
            if not left:
                done |= 1 << i
            elif not left & (left - 1):
                missing[left] = missing.get(left, 0) | 1 << i
        paid = self._paid(done)
        near = [
            Near(self._positions[cell.bit_length() - 1], self._won[i].pattern, raised)
            for cell, new in missing.items()
            for i, raised in self._raises(paid, done, new)
        ]
        near.sort(key=lambda entry: (-entry.raised, entry.position))
        prizes = tuple(self._won[i] for i in paid)
        return Outcome(sum(won.pay for won in prizes), prizes, tuple(near), sum(entry.raised for entry in near))

    def _raises(self, paid: list[int], done: int, new: int) -> list[tuple[int, int]]:
        """What each of the `new` pictures adds when they are completed: its pay less the prizes that it replaces, where a
        prize that several replace counts against the best-paid of them."""
        left = list(paid)
        raises = []
        for i in _bits(new):
            if self._containers[i] & (done | new):
                continue
            replaced = [q for q in left if self._containers[q] >> i & 1]
            left = [q for q in left if q not in replaced]
            raised = self._won[i].pay - sum(self._won[q].pay for q in replaced)
            if raised:
                raises.append((i, raised))
        return raises

    def pays(self, hits: "NDArray[int64]") -> "NDArray[int64]":
        """The pay, per stake, of each of many cards' hit masks: `outcome(...).pay` on arrays."""
        import numpy as np

        done = [(hits & mask) == mask for mask in self.masks]
        total = np.zeros(hits.shape, dtype=np.int64)
        for i, won in enumerate(self._won):
            paid = done[i].copy()
            for j in _bits(self._containers[i]):
                paid &= ~done[j]
            total += paid * won.pay
        return total


def _mask(picture: tuple[str, ...], math: Math) -> int:
    cells = "".join(picture)
    return sum(1 << bit for bit, position in enumerate(math.numbered) if cells[position] == "x")


def _bits(mask: int) -> list[int]:
    bits = []
    while mask:
        low = mask & -mask
        bits.append(low.bit_length() - 1)
        mask ^= low
    return bits


prizes_of = lru_cache(64)(Prizes)
"""The pay table of a manifest's mathematics, shared by the engines of all sites that offer the game."""
