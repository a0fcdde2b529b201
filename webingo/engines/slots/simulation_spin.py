"""A spin of the simulation, compiled: the reels are drawn and judged by tables that the game's own evaluator has filled."""

from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.jit import compiled, inlined
from webingo.engines.slots.simulation_random import drawn, drawn_value
from webingo.engines.slots.simulation_ways import judge_ways


@compiled
def give(game: at.Cells, work: at.Cells, queue: at.Cells, outcome: int, times: int) -> None:
    """Puts the awards of an outcome into the queue."""
    for _ in range(times):
        for i in range(game[outcome + 1]):
            queue[work[at.FOUND]] = game[outcome + 2 + i]
            work[at.FOUND] += 1


@compiled
def land_cells(game: at.Cells, work: at.Cells, reel_at: int, reel: int) -> None:
    """Draws the cells of a reel one by one, and fills it where a wild that expands is among them."""
    rows, packs = game[at.ROWS], game[at.PACKS]
    filling = strength = 0
    for row in range(rows):
        place = drawn(game, work, game[reel_at + at.REEL_DRAW])
        column = game[reel_at + at.REEL_COLUMNS] + game[at.COLUMN] * place
        work[at.LANDED + reel * rows + row] = place
        work[at.WINDOW + reel * rows + row] = game[column]
        for i in range(packs):
            work[at.COUNTED + i] += game[column + rows + i]
        if game[column + rows + packs] > strength:
            filling, strength = game[column], game[column + rows + packs]
    if strength:
        for row in range(rows):
            work[at.WINDOW + reel * rows + row] = filling


@compiled
def turn_wild(game: at.Cells, work: at.Cells, mode: int) -> None:
    """Draws the reels that turn wild after all have landed, and fills them."""
    rows = game[at.ROWS]
    wild = drawn_value(game, work, game[mode + at.MODE_EXTRA_WILDS])
    work[at.TURNED] = wild
    for reel in range(game[at.REELS]):
        if wild >> reel & 1:
            for row in range(rows):
                work[at.WINDOW + reel * rows + row] = game[mode + at.MODE_REELS + reel * at.REEL + at.REEL_WILD]


@inlined
def land(game: at.Cells, work: at.Cells, mode: int) -> None:
    """Draws the reels: the window as it is judged, and the scatters as they landed."""
    rows, packs = game[at.ROWS], game[at.PACKS]
    for i in range(packs):
        work[at.COUNTED + i] = 0
    for reel in range(game[at.REELS]):
        reel_at = mode + at.MODE_REELS + reel * at.REEL
        if game[reel_at + at.REEL_BY_CELL]:
            land_cells(game, work, reel_at, reel)
            continue
        place = drawn(game, work, game[reel_at + at.REEL_DRAW])
        column = game[reel_at + at.REEL_COLUMNS] + game[at.COLUMN] * place
        work[at.LANDED + reel * rows] = place
        for row in range(rows):
            work[at.WINDOW + reel * rows + row] = game[column + row]
        for i in range(packs):
            work[at.COUNTED + i] += game[column + rows + i]
    if game[mode + at.MODE_EXTRA_WILDS]:
        turn_wild(game, work, mode)


@compiled
def walk(game: at.Cells, work: at.Cells, queue: at.Cells, node: int, end: int) -> int:
    """What the lines through these nodes of the tree pay. A line is left as soon as nothing can change what it comes to, and
    with it all that began alike."""
    amount = 0
    while node < end:
        read = at.STATE + game[node + at.NODE_READ]
        step = game[work[read] + work[at.WINDOW + game[node + at.NODE_CELL]]]
        if step >= 0:
            work[read + 1] = step
            node += at.NODE
            continue
        if step < -1:
            lines = game[node + at.NODE_LINES]
            amount += game[~step] * lines
            if game[~step + 1]:
                give(game, work, queue, ~step, lines)
        node = game[node + at.NODE_NEXT]
    return amount


@inlined
def judge_lines(game: at.Cells, work: at.Cells, queue: at.Cells, mode: int) -> int:
    """What the lines pay. Where all that the first reels decide is known beforehand, only what goes on there is walked."""
    table = game[mode + at.MODE_OPENING]
    if not table:
        work[at.STATE] = game[mode + at.MODE_ROOT]
        return walk(game, work, queue, game[at.NODES], game[at.NODES_END])
    read = game[table]
    place = 0
    for reel in range(table + 1, table + 1 + 2 * read, 2):
        place = place * game[reel + 1] + work[at.LANDED + game[reel]]
    opening = game[table + 1 + 2 * read + place]
    amount = game[opening]
    for branch in range(opening + 2, opening + 2 + 3 * game[opening + 1], 3):
        work[at.STATE + read] = game[branch]
        amount += walk(game, work, queue, game[branch + 1], game[branch + 2])
    return amount


@inlined
def judge_scatters(game: at.Cells, work: at.Cells, queue: at.Cells, mode: int) -> int:
    """What the scatters pay, in total bets."""
    amount = shift = 0
    packed = at.COUNTED
    table, end = game[mode + at.MODE_SCATTERS], game[mode + at.MODE_SCATTERS_END]
    while table < end:
        outcome = game[table + (work[packed] >> shift & (1 << at.BITS) - 1)]
        if outcome:
            amount += game[outcome]
            give(game, work, queue, outcome, 1)
        table += at.MOST_CELLS + 1
        shift += at.BITS
        if shift == at.PACKED * at.BITS:
            shift = 0
            packed += 1
    return amount


@compiled
def give_ways(game: at.Cells, work: at.Cells, queue: at.Cells, mode: int) -> None:
    """The awards of the pays that reach far enough, each once, in the order of the pay table."""
    for pay in range(game[at.PAYS]):
        if work[at.LONGEST + pay]:
            entry = game[mode + at.MODE_PAYS] + (pay * (game[at.REELS] + 1) + work[at.LONGEST + pay]) * at.PAY
            give(game, work, queue, game[entry + 2], 1)
            work[at.LONGEST + pay] = 0
    work[at.REACHED] = 0


@compiled
def trigger_ways(game: at.Cells, work: at.Cells, queue: at.Cells) -> None:
    """Puts the jackpots into the queue that the paid wins trigger."""
    trigger = game[at.TRIGGERS]
    while trigger < game[at.TRIGGERS_END]:
        if work[game[at.PAID] + game[trigger]] >= game[trigger + 1]:
            queue[work[at.FOUND]] = game[trigger + 2]
            work[at.FOUND] += 1
        trigger += at.TRIGGER_AT
    for pay in range(game[at.PAYS]):
        work[game[at.PAID] + pay] = 0


@inlined
def spin(game: at.Cells, work: at.Cells, queue: at.Cells, mode: int) -> tuple[int, int]:
    """(amount of lines or ways, amount of scatters in total bets) without the spin's multiplier. Its awards are put into the
    queue."""
    land(game, work, mode)
    if game[at.BY_WAYS]:
        amount = judge_ways(game, work, mode)
        if work[at.REACHED]:
            give_ways(game, work, queue, mode)
        if amount and game[at.TRIGGERS]:
            trigger_ways(game, work, queue)
    else:
        amount = judge_lines(game, work, queue, mode)
    return amount, judge_scatters(game, work, queue, mode)
