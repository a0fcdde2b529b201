"""Fast play of the base draw, to check the exact mathematics against: with numpy, seeded, never for live play."""

from typing import TYPE_CHECKING

from webingo.engines.bingo.definition import Math
from webingo.engines.bingo.odds import JACKPOT
from webingo.engines.bingo.prizes import prizes_of
from webingo.engines.engine import Part, Sample

if TYPE_CHECKING:
    from numpy.random import Generator

_BATCH = 1 << 15


def simulate(math: Math, rounds: int, seed: int) -> Sample:
    """Rounds with all cards open and no extra balls. Any deal of the numbers is as good as another, since every set of balls
    is equally likely: so the first balls of the pool stand on the first card, and so on."""
    import numpy as np

    generator = np.random.default_rng(seed)
    prizes = prizes_of(math)
    returned = squared = hits = highest = jackpots = 0
    ordered = np.random.default_rng([seed, 1])  # the order of the balls matters to the jackpot only
    for start in range(0, rounds, _BATCH):
        size = min(_BATCH, rounds - start)
        # Selection sampling (Knuth, algorithm S): each ball in turn is drawn with probability draws left / balls left.
        needed = np.full(size, math.draw, dtype=np.uint8)
        left = math.pool
        total = np.zeros(size, dtype=np.int64)
        full = np.zeros(size, dtype=np.int64)
        for _ in range(math.cards):
            mask = np.zeros(size, dtype=np.int64)
            for bit in range(prizes.numbers):
                drawn = generator.integers(0, left, size, dtype=np.uint8) < needed
                needed -= drawn
                left -= 1
                mask |= drawn.astype(np.int64) << bit
            total += prizes.pays(mask)
            full += mask == prizes.full
        returned += int(total.sum())
        squared += int((total * total).sum())
        hits += int(np.count_nonzero(total))
        highest = max(highest, int(total.max()))
        if math.jackpot_within:
            jackpots += sum(_within(math, int(cards), ordered) for cards in full[full > 0])
    parts = {JACKPOT: Part(rounds, jackpots, jackpots)} if math.jackpot_within else {}
    return Sample(rounds, returned / math.cards, squared / math.cards**2, hits, highest / math.cards, parts)


def _within(math: Math, cards: int, generator: "Generator") -> bool:
    """Draws whether one of so many cards that the draw fills is full early enough. Every order of the balls is equally likely;
    the first balls of the draw stand on the first card, and so on."""
    early = set(generator.permutation(math.draw)[: math.jackpot_within].tolist())
    return any(early.issuperset(range(card * math.numbers, (card + 1) * math.numbers)) for card in range(cards))
