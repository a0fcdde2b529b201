"""All tests, on numbers that come out of a generator's own methods."""

from collections.abc import Iterator

import numpy as np

from webingo.audit import scaling, sequence
from webingo.audit.finding import Finding, Numbers
from webingo.rng import Rng

LEAST = 20_000

# Ranges that a byte, a word and a long serve, those around the borders, and those where a plain modulo would lean most.
_RANGES = (2, 3, 6, 10, 37, 52, 60, 100, 129, 256, 257, 1000, 65_537, 10**6, 3 << 24, 2**26 + 1, 2**32, 3 << 62, 2**64, 10**30)
_SPANS = ((0, 2), (1, 7), (-50, 50), (999, 10**6), (-(2**63), 2**63))
_WEIGHTS = ((1, 1), (500, 1000, 200, 700), (0, 3, 0, 97), (1, 99_999), (1, 2, 4, 8, 16, 32, 64, 128), (2**62, 2**61, 2**60))


def battery(rng: Rng, samples: int = 1_000_000) -> Iterator[Finding]:
    """One finding after the other, each from about so many numbers of its own; at least LEAST."""
    yield from _ranges(rng, samples)
    yield from _sequences(rng, samples)
    yield from _weights(rng, samples)
    yield from _orders(rng, samples)


def drawn(rng: Rng, n: int, samples: int) -> Numbers:
    """Numbers below n, which is at most 2^63."""
    below = rng.below
    return np.fromiter((below(n) for _ in range(samples)), dtype=np.int64, count=samples)


def _ranges(rng: Rng, samples: int) -> Iterator[Finding]:
    for n in _RANGES:
        yield scaling.equal([rng.below(n) for _ in range(samples)], n, f"below({_short(n)})")
    for n, m in _SPANS:
        numbers = [rng.distribution(n, m) - n for _ in range(samples)]
        yield scaling.equal(numbers, m - n, f"distribution({_short(n)}, {_short(m)})")


def _sequences(rng: Rng, samples: int) -> Iterator[Finding]:
    yield sequence.serial(drawn(rng, 16, samples), 16)
    yield sequence.overlaps(drawn(rng, 8, samples), 8)
    yield sequence.gaps(drawn(rng, 10, samples), 10, 3)
    yield sequence.gaps(drawn(rng, 1000, samples), 1000, 50)
    yield sequence.poker(drawn(rng, 10, samples), 10)
    yield sequence.coupons(drawn(rng, 6, samples), 6)
    yield sequence.runs(drawn(rng, 2, samples), 2)
    yield sequence.runs(drawn(rng, 1000, samples), 1000)
    for bits in (20, 62):  # by words, by longs
        numbers, name = drawn(rng, 2**bits, samples), f"below(2^{bits})"
        yield sequence.serial(numbers % 16, 16)._replace(draws=f"pairs of the lowest bits of {name}")
        yield sequence.serial(numbers >> (bits - 4), 16)._replace(draws=f"pairs of the highest bits of {name}")
        yield sequence.permutations(numbers, name)
        yield sequence.runs_up(numbers, name)
        for lag in (1, 2, 3, 10):
            yield sequence.correlation(numbers, name, lag)
    yield sequence.duplicates(drawn(rng, space := max(samples**2 // 1000, 2**20), samples), space)


def _weights(rng: Rng, samples: int) -> Iterator[Finding]:
    for weights in _WEIGHTS:
        choices, counts = list(enumerate(weights)), [0] * len(weights)
        for _ in range(samples):
            counts[rng.weighted(choices)] += 1
        yield scaling.in_proportion(counts, weights, f"weighted({', '.join(map(_short, weights))})")


def _orders(rng: Rng, samples: int) -> Iterator[Finding]:
    yield scaling.orders(_rows(rng, 6, 6, samples // 2), "shuffle(6)")
    for n, k in ((52, 52), (60, 30), (300, 3)):
        name = f"shuffle({n})" if n == k else f"sample({n}, {k})"
        yield scaling.places(_rows(rng, n, k, samples // k), n, name)


def _rows(rng: Rng, n: int, k: int, rows: int) -> Numbers:
    items = range(n)
    return np.array([rng.shuffle(items) if n == k else rng.sample(items, k) for _ in range(rows)])


def _short(n: int) -> str:
    """2^63 for what is one of them and long."""
    size = abs(n)
    if size >= 2**20 and size & (size - 1) == 0:
        return f"{'-' if n < 0 else ''}2^{size.bit_length() - 1}"
    return f"{n:,}".replace(",", " ") if size < 10**12 else f"{n:.3g}"
