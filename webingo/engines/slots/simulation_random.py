"""Random numbers for simulation only: Philox4x32-10, compiled. Nothing that serves players imports this file: it needs numba.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel Random Numbers: As Easy as 1, 2, 3 (SC11, 2011). A block of four
words of 32 bits is a function of a counter of 128 bits and a key of 64 bits, so the numbers of a run are one big table that
any process can open anywhere. The key is the run's seed; the upper half of the counter says where in the run a chunk begins,
the lower half counts the chunk's blocks. So no two chunks share a block, whoever plays them and in whatever order.
"""

import numpy as np

from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.jit import compiled, small

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_SPAN = 1 << 32


@compiled
def fill(work: at.Cells) -> None:
    """Fills the words of `work` with its next blocks: so many at once that the compiler works out several side by side."""
    first, stream, key = np.uint64(work[at.BLOCK]), np.uint64(work[at.STREAM]), np.uint64(work[at.KEY])
    for i in range((at.WORDS_END - at.WORDS) // 4):
        block = first + np.uint64(i)
        a, b, c, d = block & _LOW, block >> _HALF, stream & _LOW, stream >> _HALF
        k0, k1 = key & _LOW, key >> _HALF
        for _ in range(10):
            p, q = a * _M0, c * _M1
            a, b, c, d = (q >> _HALF) ^ b ^ k0, q & _LOW, (p >> _HALF) ^ d ^ k1, p & _LOW
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        word_at = at.WORDS + 4 * i
        work[word_at], work[word_at + 1], work[word_at + 2], work[word_at + 3] = a, b, c, d
    work[at.BLOCK] += (at.WORDS_END - at.WORDS) // 4
    work[at.WORD] = at.WORDS


@small
def word(work: at.Cells) -> np.uint64:
    """The next 32 bits."""
    if work[at.WORD] == at.WORDS_END:
        fill(work)
    work[at.WORD] += 1
    return np.uint64(work[work[at.WORD] - 1])


@compiled
def far_below(work: at.Cells, n: int) -> int:
    """`below` for more than 32 bits, by mask and rejection; n is at most 2^62."""
    mask = 1
    while mask < n:
        mask *= 2
    while True:
        found = np.int64((word(work) << _HALF | word(work)) & np.uint64(mask - 1))
        if found < n:
            return found  # type: ignore[return-value]


@small
def below(work: at.Cells, n: int) -> int:
    """An integer from 0 up to but not including n, each exactly as likely: by multiplication and rejection (D. Lemire: Fast
    random integer generation in an interval, ACM TOMACS 29, 2019)."""
    if n > _SPAN:
        return far_below(work, n)
    while True:
        product = word(work) * np.uint64(n)
        rest = np.int64(product & _LOW)
        if rest >= n or rest >= (_SPAN - n) % n:
            return np.int64(product >> _HALF)  # type: ignore[return-value]


@small
def drawn(game: at.Cells, work: at.Cells, table: int) -> int:
    """A place of a draw table."""
    n = game[table]
    if n == 1:
        return 0
    place = below(work, n)
    capacity = game[table + 1]
    if capacity and below(work, capacity) >= game[table + 2 + place]:
        place = game[table + 2 + n + place]
    return place


@compiled
def drawn_value(game: at.Cells, work: at.Cells, table: int) -> int:
    """What the place stands for."""
    return game[table + 2 + 2 * game[table] + drawn(game, work, table)]
