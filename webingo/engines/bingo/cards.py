"""Series of cards: a shuffle of the balls dealt to disjoint cards.

Source of the form: the original session-server document, whose example deals 1..60 to four cards of 15, each sorted and
filled column by column, and sends them row by row.
"""

from collections.abc import Sequence

from webingo.engines.bingo.definition import Math
from webingo.rng import Rng

FREE = 0
"""What stands on a card in the place of a free cell."""


class Dealer:
    """Deals the series of one game."""

    def __init__(self, math: Math) -> None:
        self._cards = math.cards
        self._size = math.rows * math.columns
        # The positions that each pack of balls fills on a card, in the order in which sorted numbers are filled in.
        by_column = sorted(math.numbered, key=lambda p: (p % math.columns, p))
        if math.column_ranges is None:
            self._packs = [range(1, math.pool + 1)]
            self._places = [by_column]
        else:
            self._packs = [range(low, high + 1) for low, high in math.column_ranges]
            self._places = [[p for p in by_column if p % math.columns == column] for column in range(math.columns)]

    def deal(self, rng: Rng) -> list[list[int]]:
        """A fresh deal: each pack of balls in a random order. One shuffle, or one per column where columns have ranges."""
        return [rng.shuffle(pack) for pack in self._packs]

    def cards(self, deal: Sequence[Sequence[int]]) -> list[list[int]]:
        """The cards that a deal makes, each row by row: the proof of a series. The first numbers go to the first card."""
        cards = []
        for card in range(self._cards):
            cells = [FREE] * self._size
            for pack, places in zip(deal, self._places, strict=True):
                hand = sorted(pack[card * len(places) : (card + 1) * len(places)])
                for place, number in zip(places, hand, strict=True):
                    cells[place] = number
            cards.append(cells)
        return cards
