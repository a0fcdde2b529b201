"""Convolutions over the hits of several cards, in exact integers.

A series holds counts by number of hits. Where each count is to be split further, by a prize say, it is a polynomial packed
into one integer (Kronecker substitution): the product of two such integers is the packed product, and Python's long
multiplication does the work.
"""

from collections.abc import Iterable, Sequence
from math import comb

from webingo.engines.bingo.definition import Math


class Packing:
    """Polynomials whose coefficients count sets of balls (so they are below 2^pool), up to degree `terms` - 1."""

    def __init__(self, pool: int, terms: int) -> None:
        self._bytes = pool // 8 + 1
        self.clip = (1 << 8 * self._bytes * terms) - 1

    def packed(self, exponent: int, count: int) -> int:
        return count << 8 * self._bytes * exponent

    def unpacked(self, polynomial: int) -> dict[int, int]:
        """The coefficients above 0, by exponent; terms of a higher degree are left out."""
        polynomial &= self.clip
        raw = polynomial.to_bytes((polynomial.bit_length() // 8 // self._bytes + 1) * self._bytes, "little")
        parts = (int.from_bytes(raw[i : i + self._bytes], "little") for i in range(0, len(raw), self._bytes))
        return {exponent: count for exponent, count in enumerate(parts) if count}


def power(series: Sequence[int], cards: int, clip: int | None = None, wanted: Iterable[int] | None = None) -> list[int]:
    """One card's counts become those of so many cards, by the sum of their hits. `clip` cuts packed polynomials off; entries
    that are not `wanted` stay 0."""
    if cards == 0:
        return [1]
    if cards == 1:
        return list(series)
    half = power(series, cards // 2, clip)
    other = half if cards % 2 == 0 else power(series, cards - cards // 2, clip)
    return _convolved(half, other, clip, wanted)


def _convolved(a: Sequence[int], b: Sequence[int], clip: int | None, wanted: Iterable[int] | None) -> list[int]:
    result = [0] * (len(a) + len(b) - 1)
    for total in range(len(result)) if wanted is None else wanted:
        value = 0
        for i in range(max(0, total - len(b) + 1), min(total + 1, len(a))):
            j = total - i
            if a is b:  # each unordered pair once
                if i < j:
                    value += 2 * a[i] * a[j]
                elif i == j:
                    value += a[i] * a[i]
            else:
                value += a[i] * b[j]
        result[total] = value if clip is None else value & clip
    return result


def joined(math: Math, counts: Sequence[int], balls: int, cards: int | None = None) -> int:
    """The number of sets of so many balls in which the cards' hits are among those counted, by their sum, in `counts`.

    `cards` is how many cards were counted, by default all of the game's.
    """
    elsewhere = math.pool - (math.cards if cards is None else cards) * math.numbers
    return sum(count * comb(elsewhere, balls - hits) for hits, count in enumerate(counts) if count and hits <= balls)
