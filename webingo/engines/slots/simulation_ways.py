"""What a window pays by ways, compiled. The rules are those of webingo.engines.slots.ways, and so are the tables; tests hold
the one against the other on many windows of many games."""

from webingo.engines.slots import simulation_memory as at
from webingo.engines.slots.jit import compiled

_GROUP = 4
_MOST_GROUPS = 6


@compiled
def kind_at(game: at.Cells, work: at.Cells, mode: int, reel: int, row: int) -> int:
    """Where the kind of a cell stands."""
    kinds = game[mode + at.MODE_REELS + reel * at.REEL + at.REEL_KINDS]
    return kinds + at.KIND * work[at.WINDOW + reel * game[at.ROWS] + row]


@compiled
def group_at(work: at.Cells, reel: int, group: int) -> int:
    return at.GROUPS + _GROUP * (_MOST_GROUPS * reel + group)


@compiled
def matched_on(game: at.Cells, work: at.Cells, mode: int, reel: int) -> int:
    """The pays that some cell of the reel matches."""
    pays = 0
    for row in range(game[at.ROWS]):
        pays |= game[kind_at(game, work, mode, reel, row)]
    return pays


@compiled
def run_from(game: at.Cells, work: at.Cells, mode: int, side: int, found: int) -> int:
    """Adds the pays that come to something from one side to the `found` candidates, notes how far those reach that award
    something, and answers how many candidates there are then."""
    reels = game[at.REELS]
    alive = game[at.RIGHT] if side else game[at.LEFT]
    for n in range(reels + 1 if alive else 0):
        matched = 0
        if n < reels:
            matched = matched_on(game, work, mode, reels - 1 - n if side else n)
        ended = alive & ~matched & game[game[at.WORTH] + n]
        alive &= matched
        pay = 0
        while ended:
            if ended & 1:
                entry = game[mode + at.MODE_PAYS] + (pay * (reels + 1) + n) * at.PAY
                if game[entry + 1]:
                    candidate = at.CANDIDATES + 4 * found
                    work[candidate], work[candidate + 1] = pay, game[entry]
                    work[candidate + 2], work[candidate + 3] = side, game[entry + 1]
                    found += 1
                if game[entry + 2]:
                    work[at.LONGEST + pay] = max(n, work[at.LONGEST + pay])
                    work[at.REACHED] = 1
            ended >>= 1
            pay += 1
        if not alive:
            break
    return found


@compiled
def group_cells(game: at.Cells, work: at.Cells, mode: int, found: int) -> None:
    """Puts together the cells of each reel that no candidate tells apart."""
    relevant = 0
    for i in range(found):
        relevant |= 1 << work[at.CANDIDATES + 4 * i]
    for reel in range(game[at.REELS]):
        size = 0
        for row in range(game[at.ROWS]):
            kind = kind_at(game, work, mode, reel, row)
            matched, natural, factor = game[kind] & relevant, game[kind + 1] & relevant, game[kind + 2]
            place = 0
            group = group_at(work, reel, 0)
            while place < size and (work[group + 1] != matched or work[group + 2] != natural or work[group + 3] != factor):
                place += 1
                group += _GROUP
            if place == size:
                size += 1
                work[group], work[group + 1], work[group + 2], work[group + 3] = 0, matched, natural, factor
            work[group] += 1
        work[at.SIZES + reel] = size
        work[at.WAY + reel] = 0


@compiled
def first_reel(game: at.Cells, work: at.Cells, candidate: int) -> int:
    return game[at.REELS] - work[candidate + 1] if work[candidate + 2] else 0


@compiled
def worth_of(game: at.Cells, work: at.Cells, candidate: int) -> int:
    """What a candidate pays on the present way, its wilds' multipliers included; -1 where its symbols aren't all there."""
    pay = work[candidate]
    first = first_reel(game, work, candidate)
    combined = 0
    for reel in range(first, first + work[candidate + 1]):
        group = group_at(work, reel, work[at.WAY + reel])
        if not work[group + 1] >> pay & 1:
            return -1
        factor = work[group + 3]
        if factor > 1 and not work[group + 2] >> pay & 1:
            if not combined:
                combined = factor
            elif game[at.COMBINING] == at.MULTIPLY:
                combined *= factor
            elif game[at.COMBINING] == at.ADD:
                combined += factor
            else:
                combined = max(combined, factor)
    return work[candidate + 3] * max(combined, 1)


@compiled
def note_paid(game: at.Cells, work: at.Cells, candidate: int) -> None:
    """Notes, for what triggers jackpots, that this candidate is paid."""
    if game[at.TRIGGERS]:
        paid = game[at.PAID] + work[candidate]
        work[paid] = max(work[paid], work[candidate + 1])


@compiled
def paid_once(game: at.Cells, work: at.Cells, candidate: int, amount: int) -> int:
    """What the runs of a candidate that the present way begins with are paid; 0 where another way has been paid them."""
    first = first_reel(game, work, candidate)
    code, runs = (candidate - at.CANDIDATES) // 4, 1
    for _ in range(game[at.REELS] - work[candidate + 1]):
        code *= game[at.ROWS]
    for reel in range(first, first + work[candidate + 1]):
        code = code * game[at.ROWS] + work[at.WAY + reel]
        runs *= work[group_at(work, reel, work[at.WAY + reel])]
    if work[game[at.MARKS] + code] == work[at.JUDGED]:
        return 0
    work[game[at.MARKS] + code] = work[at.JUDGED]
    note_paid(game, work, candidate)
    return amount * runs


@compiled
def best_of(game: at.Cells, work: at.Cells, first: int, last: int) -> int:
    """The highest candidate on the present way, the pay listed first among equals; 0 for none."""
    best, highest = 0, -1
    for i in range(first, last):
        candidate = at.CANDIDATES + 4 * i
        amount = worth_of(game, work, candidate)
        if amount > highest or (best and amount == highest and work[candidate] < work[best]):
            best, highest = candidate, amount
    return best


@compiled
def whole_twice(game: at.Cells, work: at.Cells, one: int, other: int) -> bool:
    """Whether two candidates are the same pay over all reels, from the left and from the right."""
    return work[one] == work[other] and work[one + 1] == game[at.REELS] and work[other + 1] == game[at.REELS]


@compiled
def next_way(game: at.Cells, work: at.Cells) -> bool:
    """Goes on to the next way, the last reel first; False after the last."""
    for reel in range(game[at.REELS] - 1, -1, -1):
        work[at.WAY + reel] += 1
        if work[at.WAY + reel] < work[at.SIZES + reel]:
            return True
        work[at.WAY + reel] = 0
    return False


@compiled
def pay_every(game: at.Cells, work: at.Cells, found: int) -> int:
    """What the present way pays where all candidates are paid."""
    amount = 0
    for i in range(found):
        candidate = at.CANDIDATES + 4 * i
        worth = worth_of(game, work, candidate)
        for j in range(i):
            if whole_twice(game, work, at.CANDIDATES + 4 * j, candidate):
                worth = 0
        if worth > 0:
            amount += paid_once(game, work, candidate, worth)
    return amount


@compiled
def pay_highest(game: at.Cells, work: at.Cells, left: int, found: int) -> int:
    """What the present way pays where the highest candidate is paid, or the highest from each side."""
    split = left if game[at.BOTH] else found
    amount = 0
    one = best_of(game, work, 0, split)
    if one:
        amount += paid_once(game, work, one, worth_of(game, work, one))
    other = best_of(game, work, split, found)
    if other and not (one and whole_twice(game, work, one, other)):
        amount += paid_once(game, work, other, worth_of(game, work, other))
    return amount


@compiled
def pay_alone(game: at.Cells, work: at.Cells, mode: int, candidate: int) -> int:
    """What a candidate pays that has no rival, where no wild multiplies: every run of it pays."""
    pay, amount = work[candidate], work[candidate + 3]
    first = first_reel(game, work, candidate)
    for reel in range(first, first + work[candidate + 1]):
        cells = 0
        for row in range(game[at.ROWS]):
            cells += game[kind_at(game, work, mode, reel, row)] >> pay & 1
        amount *= cells
    note_paid(game, work, candidate)
    return amount


@compiled
def are_rivals(game: at.Cells, work: at.Cells, mode: int, one: int, other: int) -> bool:
    """Whether runs of two candidates may lie on one way: on each reel that both need, some cell matches both."""
    pays = 1 << work[one] | 1 << work[other]
    first = max(first_reel(game, work, one), first_reel(game, work, other))
    last = min(first_reel(game, work, one) + work[one + 1], first_reel(game, work, other) + work[other + 1])
    for reel in range(first, last):
        shared = False
        for row in range(game[at.ROWS]):
            shared = shared or game[kind_at(game, work, mode, reel, row)] & pays == pays
        if not shared:
            return False
    return True


@compiled
def none_are_rivals(game: at.Cells, work: at.Cells, mode: int, found: int) -> bool:
    for i in range(found):
        for j in range(i):
            if are_rivals(game, work, mode, at.CANDIDATES + 4 * i, at.CANDIDATES + 4 * j):
                return False
    return True


@compiled
def judge_ways(game: at.Cells, work: at.Cells, mode: int) -> int:
    """What a window pays by ways. What the pays award is left in `work` [LONGEST], where [REACHED] says so."""
    left = run_from(game, work, mode, 0, 0)
    found = run_from(game, work, mode, 1, left)
    amount = 0
    if game[at.PLAIN] and none_are_rivals(game, work, mode, found):
        for i in range(found):
            amount += pay_alone(game, work, mode, at.CANDIDATES + 4 * i)
        return amount
    if not found:
        return 0
    group_cells(game, work, mode, found)
    work[at.JUDGED] += 1
    while True:
        amount += pay_every(game, work, found) if game[at.COINCIDING] else pay_highest(game, work, left, found)
        if not next_way(game, work):
            return amount
