"""What the compiled simulation works on: two arrays of integers, laid out as said here. Every game has the same types, so one
compilation serves all of them; and arrays are few, since numba counts references to each of them at every call.

`game` is a game as it was put together by simulation_tables. Its records point to one another by their addresses, which are
places in the array. Amounts are in bets per line (or coin). Cells are held as numbers of *classes*: symbols of one mode and
reel that no pay tells apart are one class.

- draw table: n, capacity, cut[n], other[n], values[n]. The alias method in integers, without any rounding: place j of n is
  drawn, then u below the capacity; it is j where u < cut[j], else other[j]. Capacity 0: all are equally likely. What a place
  stands for is values[j].
- outcome: amount (of scatters: in total bets), how many awards, their addresses. The outcome at address 0 is nothing.
- award: number of its feature, spins, multiplier (0: the feature's own).
- mode: as MODE_… say, then REEL_… for each reel.
- column: a class for each row, then how many of each scatter land, PACKED of them to an integer, then FILLS: above 0 where this
  symbol, drawn by itself, fills the reel. The highest of several does.
- state of the lines' automaton: for each class the next state, or ~outcome once the rest of the line doesn't matter.
- openings (of a mode whose first reels, in the order in which lines are read, are strips): how many of the reels, for each the
  cell of `work` [LANDED] where its place stands and how many places it has; then for each combination of places an opening.
- opening: what the lines pay that are decided there, how many branches of their tree go on, and of each the state, the first
  node and the end of its nodes.
- node of the tree of lines (those that begin alike are together, in the order in which the tree is walked): as NODE_… say.
- feature: as FEATURE_… say; item (of a pick or wheel): as ITEM_… say. The game's jackpots stand behind the features, as if they
  were some: what triggers one awards it, it is played at once, and brings nothing.
- trigger (ways): pay, least count, award of the jackpot that a paid win of so many triggers.
- kind (ways; of each class of a reel): pays matched, bit by bit, those matched by itself, multiplier where it replaces.
- pay (ways; by 0 to all reels): count that is paid, amount, outcome that holds the award.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Cells(Protocol):
    """One of the two, as compiled functions see it."""

    @property
    def size(self) -> int: ...

    def __getitem__(self, place: int, /) -> int: ...

    def __setitem__(self, place: int, value: Any, /) -> None: ...


# game: the header. Two cells of 0 first, the outcome that is nothing.
(
    NOTHING,
    _,
    REELS,
    ROWS,
    STAKE,
    CAP,
    START,  # the award with which each round begins: the base game's spin, or what is bought
    PACKS,  # integers for the scatters of a column
    COLUMN,  # length of a column
    NODES,  # first node
    NODES_END,
    CHANCES,  # random awards of the base game: numerator, denominator, award
    CHANCES_END,
    FEATURES,
    FEATURES_END,
    MOST_AWARDS,  # of one spin or pick
    BY_WAYS,
    LEFT,  # ways: pays that run from the left
    RIGHT,
    WORTH,  # by the number of reels, the pays that then come to something
    PAYS,  # how many
    COMBINING,
    COINCIDING,
    BOTH,
    PLAIN,  # 1: no wild multiplies
    TRIGGERS,  # ways: first trigger
    TRIGGERS_END,
    EARNED,  # from here on addresses in `work`, sized by the game
    RAN,
    PAID,  # [pay]: the highest count of it that the spin was paid for; kept only where the game has triggers
    THERE,
    MARKS,
    WORK,  # length of `work`
    HEADER,
) = range(34)

MODE_ROOT, MODE_OPENING, MODE_SCATTERS, MODE_SCATTERS_END, MODE_MULTIPLIER, MODE_EXTRA_WILDS, MODE_PAYS, MODE_REELS = range(8)
REEL_DRAW, REEL_COLUMNS, REEL_BY_CELL, REEL_WILD, REEL_KINDS, REEL = range(6)
NODE_READ, NODE_CELL, NODE_NEXT, NODE_LINES, NODE = range(5)
FEATURE_KIND, FEATURE_PLAYS, FEATURE_MOST, FEATURE_ITEMS, FEATURE_SIZE, FEATURE = range(6)
ITEM_PAY, ITEM_AWARD, ITEM_ENDS, ITEM_WEIGHT, ITEM_COUNT, ITEM_JACKPOT, ITEM = range(7)
KIND, PAY, TRIGGER_AT = 3, 3, 3

# Kinds of features, and how multipliers of wilds combine.
BASE_SPIN, FREE_SPINS, PICK, WHEEL, JACKPOT = range(5)
MULTIPLY, ADD, HIGHEST = range(3)

PACKED, BITS, MOST_CELLS = 10, 6, 36
MOST_PAYS = 62
NO_CAP = 1 << 62

# work: where what stands; sizes are the largest that any game needs.
WORD, BLOCK, STREAM, KEY, FOUND, REACHED, JUDGED = range(7)
STATE = 8
WINDOW = 16  # [reel, row]: classes
LANDED = WINDOW + MOST_CELLS  # [reel, row]: places in the reel's draw table, of a strip only in the first row
TURNED = LANDED + MOST_CELLS  # the reels that turned wild
COUNTED = TURNED + 1  # scatters, packed
LONGEST = COUNTED + 7  # [pay]
WAY = LONGEST + 64  # [reel]: group
SIZES = WAY + 6  # [reel]: groups
GROUPS = SIZES + 6  # [reel, group]: cells, then its kind
CANDIDATES = GROUPS + 6 * 6 * 4  # [candidate]: pay, count, side, amount
WORDS = CANDIDATES + 2 * 64 * 4
WORDS_END = WORDS + 1024
SUMS = WORDS_END

# Rows of sums: how many amounts above 0, their sum, the sum of their squares in digits of 32 bits, the lowest first.
ROUND, LINE, SCATTER, SPIN, FEATURE_ROWS = range(5)
EARNING, TRIGGER, LENGTH = range(3)
COLUMNS = 6

# A row of what is shown: the mode, the cells [LANDED] and [TURNED], amounts of lines and scatters, the multiplier, the award
# that was being played, how many awards the spin gave, and these as far as there is room.
SHOWN_MODE, SHOWN_LANDED = 0, 1
SHOWN_TURNED = SHOWN_LANDED + MOST_CELLS
SHOWN_LINE, SHOWN_SCATTER, SHOWN_FACTOR, SHOWN_PLAYED, SHOWN_GIVEN, SHOWN = range(SHOWN_TURNED + 1, SHOWN_TURNED + 7)


class Memory:
    """`game` as it is put together."""

    def __init__(self) -> None:
        self.cells = [0] * HEADER

    def add(self, values: Sequence[int]) -> int:
        """The address at which they now stand."""
        address = len(self.cells)
        self.cells += values
        return address


def sums_rows(features: int) -> int:
    return FEATURE_ROWS + 3 * features
