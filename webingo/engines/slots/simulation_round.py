"""Rounds of the simulation, compiled: a base spin and all the features that it leads to, as webingo.engines.slots.play plays
them, and the sums of what they came to."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.jit import compiled, inlined, kept
from webingo.engines.slots.simulation_random import below, drawn, drawn_value
from webingo.engines.slots.simulation_spin import spin

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@compiled
def add(work: at.Cells, row: int, amount: int) -> None:
    """Adds an amount above 0 to a row of the sums, and its square."""
    row_at = at.SUMS + at.COLUMNS * row
    work[row_at] += 1
    work[row_at + 1] += amount
    low, high = np.uint64(amount) & _LOW, np.uint64(amount) >> _HALF
    square = low * low
    work[row_at + 2] += np.int64(square & _LOW)
    work[row_at + 3] += np.int64(square >> _HALF)
    if high:
        cross, square = np.uint64(2) * low * high, high * high
        work[row_at + 3] += np.int64(cross & _LOW)
        work[row_at + 4] += np.int64((cross >> _HALF) + (square & _LOW))
        work[row_at + 5] += np.int64(square >> _HALF)


@compiled
def add_features(game: at.Cells, work: at.Cells) -> None:
    """Adds up what each feature brought to the round that is over, and forgets it."""
    row = at.FEATURE_ROWS
    for number in range(1, (game[at.FEATURES_END] - game[at.FEATURES]) // at.FEATURE):
        if work[game[at.RAN] + number]:
            add(work, row + at.TRIGGER, work[game[at.RAN] + number])
            work[game[at.RAN] + number] = 0
            if work[game[at.EARNED] + number]:
                add(work, row + at.EARNING, work[game[at.EARNED] + number])
                work[game[at.EARNED] + number] = 0
        row += 3


@compiled
def add_base(game: at.Cells, work: at.Cells, line: int, scatter: int) -> None:
    """Adds up what the base spin won, as far as the cap lets it."""
    line = min(line, game[at.CAP])
    scatter = min(scatter, game[at.CAP] - line)
    work[at.SUMS + at.COLUMNS * at.SPIN] += 1
    if line:
        add(work, at.LINE, line)
    if scatter:
        add(work, at.SCATTER, scatter)


@compiled
def draw_awards(game: at.Cells, work: at.Cells, queue: at.Cells) -> None:
    """Draws the random awards of a base spin."""
    for chance in range(game[at.CHANCES], game[at.CHANCES_END], 3):
        if below(work, game[chance + 1]) < game[chance]:
            queue[work[at.FOUND]] = game[chance + 2]
            work[at.FOUND] += 1


@compiled
def pick(game: at.Cells, work: at.Cells, queue: at.Cells, feature: int) -> int:
    """Opens items until the feature is over; what they pay. What they award is in the queue."""
    items, size, there = game[feature + at.FEATURE_ITEMS], game[feature + at.FEATURE_SIZE], game[at.THERE]
    weight = left = amount = 0
    for i in range(size):
        count = game[items + at.ITEM * i + at.ITEM_COUNT]
        work[there + i] = count
        left += count
        weight += count * game[items + at.ITEM * i + at.ITEM_WEIGHT]
    picks = min(game[feature + at.FEATURE_MOST], left)
    while picks:
        mark = below(work, weight)
        place, item = there, items
        while mark >= game[item + at.ITEM_WEIGHT] * work[place]:
            mark -= game[item + at.ITEM_WEIGHT] * work[place]
            place += 1
            item += at.ITEM
        work[place] -= 1
        weight -= game[item + at.ITEM_WEIGHT]
        amount += game[item + at.ITEM_PAY]
        if game[item + at.ITEM_AWARD]:
            queue[work[at.FOUND]] = game[item + at.ITEM_AWARD]
            work[at.FOUND] += 1
        picks = 0 if game[item + at.ITEM_ENDS] else picks - 1
    return amount


@compiled
def turn(game: at.Cells, work: at.Cells, queue: at.Cells, feature: int) -> int:
    """What a wheel pays. What it awards or triggers is in the queue."""
    item = game[feature + at.FEATURE_ITEMS] + at.ITEM * drawn(game, work, game[feature + at.FEATURE_PLAYS])
    if game[item + at.ITEM_JACKPOT]:
        queue[work[at.FOUND]] = game[item + at.ITEM_JACKPOT]
        work[at.FOUND] += 1
    if game[item + at.ITEM_AWARD]:
        queue[work[at.FOUND]] = game[item + at.ITEM_AWARD]
        work[at.FOUND] += 1
    return game[item + at.ITEM_PAY]


@compiled
def more_spins(game: at.Cells, work: at.Cells, queue: at.Cells, number: int, tail: int) -> int:
    """How many more spins of the feature the last spin has given; awards of other features stay in the queue."""
    more = 0
    kept = tail
    for i in range(tail, work[at.FOUND]):
        if game[queue[i]] == number:
            more += game[queue[i] + 1]
        else:
            queue[kept] = queue[i]
            kept += 1
    work[at.FOUND] = kept
    return more


@compiled
def show(
    work: at.Cells, queue: at.Cells, shown: at.Ints, mode: int, award: int, line: int, scatter: int, factor: int, tail: int
) -> None:
    """Writes a spin into the next row of `shown`, where there is one; shown[0, 0] says how many there are."""
    row = shown[0, 0] + 1
    if row < shown.shape[0]:
        shown[0, 0] = row
        for i in range(at.MOST_CELLS + 1):
            shown[row, at.SHOWN_LANDED + i] = work[at.LANDED + i]
        shown[row, at.SHOWN_MODE], shown[row, at.SHOWN_PLAYED], shown[row, at.SHOWN_FACTOR] = mode, award, factor
        shown[row, at.SHOWN_LINE], shown[row, at.SHOWN_SCATTER], shown[row, at.SHOWN_GIVEN] = (
            line,
            scatter,
            work[at.FOUND] - tail,
        )
        for i in range(min(work[at.FOUND] - tail, shown.shape[1] - at.SHOWN)):
            shown[row, at.SHOWN + i] = queue[tail + i]


@inlined
def play_spin(game: at.Cells, work: at.Cells, queue: at.Cells, shown: at.Ints, award: int, base: bool) -> int:
    """What a spin of the base game or of free spins wins. What it awards is in the queue."""
    mode, tail = game[game[at.FEATURES] + at.FEATURE * game[award] + at.FEATURE_PLAYS], work[at.FOUND]
    line, scatter = spin(game, work, queue, mode)
    factor = 1
    if line or scatter:
        factor = game[award + 2] if game[award + 2] else drawn_value(game, work, game[mode + at.MODE_MULTIPLIER])
    if shown.size:
        show(work, queue, shown, mode, award, line, scatter, factor, tail)
    line *= factor
    scatter *= factor * game[at.STAKE]
    if base:
        if line or scatter:
            add_base(game, work, line, scatter)
        draw_awards(game, work, queue)
    return line + scatter


@inlined
def play_award(game: at.Cells, work: at.Cells, queue: at.Cells, shown: at.Ints, award: int, win: int) -> int:
    """Plays what was awarded to its end, or to the cap; what the round has then won, or -1 where the queue is too short. Awards
    are put into the queue from `work` [FOUND] on."""
    cap, number = game[at.CAP], game[award]
    feature = game[at.FEATURES] + at.FEATURE * number
    kind = game[feature + at.FEATURE_KIND]
    most = game[feature + at.FEATURE_MOST] if kind == at.FREE_SPINS and game[feature + at.FEATURE_MOST] else cap
    total = min(game[award + 1], most)
    length, before = 0, win
    while length < total and win < cap:
        tail = work[at.FOUND]
        if tail + game[at.MOST_AWARDS] > queue.size:
            return -1
        length += 1
        if kind <= at.FREE_SPINS:
            win += play_spin(game, work, queue, shown, award, kind == at.BASE_SPIN)
            if kind == at.FREE_SPINS:
                total = min(total + more_spins(game, work, queue, number, tail), most)
        elif kind == at.WHEEL:
            win += turn(game, work, queue, feature)
        elif kind == at.PICK:
            win += pick(game, work, queue, feature)
        win = min(win, cap)
    if number:
        work[game[at.EARNED] + number] += win - before
        work[game[at.RAN] + number] += 1
        add(work, at.FEATURE_ROWS + 3 * (number - 1) + at.LENGTH, length)
    return win


@compiled
def win_jackpots(game: at.Cells, work: at.Cells, queue: at.Cells, played: int) -> int:
    """Where the cap has ended a round, the jackpots that were triggered by then are still won; how many there were."""
    won = 0
    for i in range(played, work[at.FOUND]):
        number = game[queue[i]]
        if game[game[at.FEATURES] + at.FEATURE * number + at.FEATURE_KIND] == at.JACKPOT:
            work[game[at.RAN] + number] += 1
            add(work, at.FEATURE_ROWS + 3 * (number - 1) + at.LENGTH, 1)
            won += 1
    return won


def _fingerprint() -> int:
    """Of all that is compiled into `play`."""
    folder = Path(__file__).parent
    sources = sorted([*folder.glob("simulation*.py"), folder / "jit.py"])
    return int.from_bytes(sha256(b"".join(file.read_bytes() for file in sources)).digest()[:7], "big")


def _player(fingerprint: int) -> Callable[[at.Cells, at.Cells, at.Cells, at.Ints, int], int]:
    @kept
    def play(game: at.Cells, work: at.Cells, queue: at.Cells, shown: at.Ints, rounds: int) -> int:
        """Plays rounds, adds them to the sums in `work`, and answers the highest win. `queue` is for the awards of a round;
        where it is too short the answer is -1, and `work` is of no use any more. Spins are written into `shown`, if it has
        rows."""
        highest = fingerprint * 0
        for _ in range(rounds):
            win = played = 0
            queue[0] = game[at.START]
            work[at.FOUND] = 1
            while played < work[at.FOUND] and win < game[at.CAP]:
                win = play_award(game, work, queue, shown, queue[played], win)
                if win < 0:
                    return win
                played += 1
            played += win_jackpots(game, work, queue, played)
            if played > 1 or game[game[at.START]]:
                add_features(game, work)
            if win:
                add(work, at.ROUND, win)
                highest = max(highest, win)
        return highest

    return play


play = _player(_fingerprint())
