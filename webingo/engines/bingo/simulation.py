"""Fast play of the base draw, to check the exact mathematics against: with numpy, seeded, never for live play."""

from webingo.engines.bingo.definition import Math
from webingo.engines.bingo.prizes import prizes_of
from webingo.engines.engine import Sample

_BATCH = 1 << 15


def simulate(math: Math, rounds: int, seed: int) -> Sample:
    """Rounds with all cards open and no extra balls. Any deal of the numbers is as good as another, since every set of balls
    is equally likely: so the first balls of the pool stand on the first card, and so on."""
    import numpy as np

    generator = np.random.default_rng(seed)
    prizes = prizes_of(math)
    returned = squared = hits = highest = 0
    for start in range(0, rounds, _BATCH):
        size = min(_BATCH, rounds - start)
        # Selection sampling (Knuth, algorithm S): each ball in turn is drawn with probability draws left / balls left.
        needed = np.full(size, math.draw, dtype=np.uint8)
        left = math.pool
        total = np.zeros(size, dtype=np.int64)
        for _ in range(math.cards):
            mask = np.zeros(size, dtype=np.int64)
            for bit in range(prizes.numbers):
                drawn = generator.integers(0, left, size, dtype=np.uint8) < needed
                needed -= drawn
                left -= 1
                mask |= drawn.astype(np.int64) << bit
            total += prizes.pays(mask)
        returned += int(total.sum())
        squared += int((total * total).sum())
        hits += int(np.count_nonzero(total))
        highest = max(highest, int(total.max()))
    return Sample(rounds, returned / math.cards, squared / math.cards**2, hits, highest / math.cards)
