"""The rules of slots once more, written from their text (docs/slots.md, "What a window pays"), slowly and independently of the
engine: every line, every way and every pay is tried, on names and plain dicts as they stand in a manifest.
"""

from itertools import product
from math import prod
from typing import Any, NamedTuple

Manifest = dict[str, Any]
Window = list[list[str]]
"""The names of symbols, [reel][row]."""


class Found(NamedTuple):
    """A win: `line` is -1 for scatters and ways; `cells` are (reel, row), ascending."""

    kind: str
    pay: str
    count: int
    line: int
    direction: str
    ways: int
    multiplier: int
    replaced: int
    amount: int
    cells: tuple[tuple[int, int], ...]


class Result(NamedTuple):
    """`awards` are (feature, spins, pay, count), sorted."""

    wins: list[Found]
    line_amount: int
    scatter_amount: int
    awards: list[tuple[str, int, str, int]]
    jackpots: set[str]


class Try(NamedTuple):
    """A pay that cells of a line come to, before it is known which of a line's are paid."""

    order: int
    name: str
    count: int
    direction: str
    amount: int
    multiplier: int
    replaced: int
    cells: tuple[tuple[int, int], ...]


def name_of(pay: dict[str, Any]) -> str:
    return pay.get("name") or pay["symbol"]


def free_spins(manifest: Manifest) -> set[str]:
    return {name for name, feature in manifest.get("features", {}).items() if feature["type"] == "free_spins"}


def wilds_of(manifest: Manifest, mode: str) -> list[dict[str, Any]]:
    own = {} if mode == "base" else manifest["features"][mode]
    return own.get("wilds", manifest.get("wilds", []))


def replaces(wilds: list[dict[str, Any]], symbol: str, reel: int, wanted: list[str]) -> int:
    """The multiplier with which a symbol replaces one of those wanted on a reel; 0 where it doesn't."""
    for wild in wilds:
        if wild["symbol"] == symbol and reel in wild.get("reels", range(99)):
            for one in wanted:
                if one not in wild.get("except", []):
                    return wild.get("multiplier", 1)
    return 0


def wanted_on(pay: dict[str, Any], reel: int) -> list[str]:
    if "combination" in pay:
        choice = pay["combination"][reel]
        return [choice] if isinstance(choice, str) else choice
    return pay.get("symbols") or [pay["symbol"]]


def kind_of_match(pay: dict[str, Any], wilds: list[dict[str, Any]], symbol: str, reel: int) -> str:
    """ "own", "wild" or ""."""
    wanted = wanted_on(pay, reel)
    if wanted == ["*"] or symbol in wanted:
        return "own"
    return "wild" if pay.get("wilds", True) and replaces(wilds, symbol, reel, wanted) else ""


def combined(rule: str, multipliers: list[int]) -> int:
    above = [m for m in multipliers if m > 1]
    if not above:
        return 1
    return {"add": sum, "multiply": prod, "highest": max}[rule](above)


def attempt(
    manifest: Manifest, wilds: list[dict[str, Any]], order: int, direction: str, count: int, amount: int, line: dict[int, Any]
) -> Try:
    """The win of a pay over the cells {reel: (row, symbol)} of a line."""
    pay = manifest["pays"][order]
    replacing = [
        replaces(wilds, symbol, reel, wanted_on(pay, reel))
        for reel, (_, symbol) in line.items()
        if kind_of_match(pay, wilds, symbol, reel) == "wild"
    ]
    times = combined(manifest.get("wild_multipliers", "multiply"), replacing)
    cells = tuple(sorted((reel, row) for reel, (row, _) in line.items()))
    return Try(order, name_of(pay), count, direction, amount * times, times, len(replacing), cells)


def directions(manifest: Manifest, pay: dict[str, Any]) -> list[str]:
    align = pay.get("align") or manifest.get("align", "left")
    return ["left", "right"] if align == "both" else [align]


def length(pay: dict[str, Any], wilds: list[dict[str, Any]], symbols: list[str], direction: str) -> int:
    """How many cells match: in a run from one side, or anywhere."""
    fits = [bool(kind_of_match(pay, wilds, symbol, reel)) for reel, symbol in enumerate(symbols)]
    if direction == "any":
        return fits.count(True)
    if direction == "right":
        fits.reverse()
    return [*fits, False].index(False)


def listed(table: dict[str, Any], n: int) -> int:
    """The highest count that a table lists, up to n."""
    return max([int(count) for count in table if int(count) <= n] or [0])


def line_tries(manifest: Manifest, wilds: list[dict[str, Any]], line: list[tuple[int, str]]) -> list[Try]:
    """Every pay that a line [(row, symbol) by reel] comes to."""
    found = []
    symbols = [symbol for _, symbol in line]
    whole = dict(enumerate(line))
    for order, pay in enumerate(manifest["pays"]):
        if "combination" in pay:
            if pay.get("pay") and all(kind_of_match(pay, wilds, s, r) for r, s in enumerate(symbols)):
                asked = {reel: cell for reel, cell in whole.items() if wanted_on(pay, reel) != ["*"]}
                found.append(attempt(manifest, wilds, order, "any", len(line), pay["pay"], asked))
            continue
        for direction in directions(manifest, pay):
            k = listed(pay.get("pays", {}), length(pay, wilds, symbols, direction))
            if k and pay["pays"][str(k)]:
                there = [reel for reel in whole if kind_of_match(pay, wilds, symbols[reel], reel)]
                if direction == "right":
                    there = there[::-1]
                cells = {reel: whole[reel] for reel in there[:k]}
                found.append(attempt(manifest, wilds, order, direction, k, pay["pays"][str(k)], cells))
    return [one for one in found if len(one.cells) - one.replaced >= manifest["pays"][one.order].get("naturals", 0)]


def line_awards(manifest: Manifest, wilds: list[dict[str, Any]], symbols: list[str]) -> list[tuple[str, int, str, int]]:
    found = []
    for pay in manifest["pays"]:
        if "combination" in pay:
            if "award" in pay and all(kind_of_match(pay, wilds, s, r) for r, s in enumerate(symbols)):
                found.append(given(pay["award"], name_of(pay), len(symbols)))
            continue
        n = max(length(pay, wilds, symbols, direction) for direction in directions(manifest, pay))
        if k := listed(pay.get("awards", {}), n):
            found.append(given(pay["awards"][str(k)], name_of(pay), k))
    return found


def given(award: dict[str, Any], pay: str, count: int) -> tuple[str, int, str, int]:
    return award["feature"], award.get("spins", 0), pay, count


def best(tries: list[Try]) -> Try:
    """The highest; of equals the one listed first, then the one from the left."""
    top = max(one.amount for one in tries)
    return min((one for one in tries if one.amount == top), key=lambda one: (one.order, one.direction != "left"))


def paid(manifest: Manifest, tries: list[Try]) -> list[Try]:
    """Those of a line's tries that are paid."""
    if manifest.get("line_coinciding"):
        kept = list(tries)
    else:
        both = manifest.get("align") == "both"
        from_right = [one for one in tries if both and one.direction == "right"]
        others = [one for one in tries if not (both and one.direction == "right")]
        kept = [best(side) for side in (others, from_right) if side]
    once: dict[tuple[int, tuple[tuple[int, int], ...]], Try] = {}
    for one in kept:
        once.setdefault((one.order, one.cells), one)
    return list(once.values())


def judge_lines(manifest: Manifest, mode: str, window: Window, lines: int) -> tuple[list[Found], list[Any]]:
    wilds = wilds_of(manifest, mode)
    wins = []
    awards = []
    for number, rows in enumerate(manifest["lines"][:lines]):
        line = [(row, column[row]) for row, column in zip(rows, window, strict=True)]
        wins += [
            Found("line", one.name, one.count, number, one.direction, 1, one.multiplier, one.replaced, one.amount, one.cells)
            for one in paid(manifest, line_tries(manifest, wilds, line))
        ]
        awards += line_awards(manifest, wilds, [symbol for _, symbol in line])
    return wins, awards


def judge_ways(manifest: Manifest, mode: str, window: Window) -> tuple[list[Found], list[Any]]:
    wilds = wilds_of(manifest, mode)
    every = [
        [column[row] for column, row in zip(window, rows, strict=True)]
        for rows in product(*(range(len(column)) for column in window))
    ]
    places = list(product(*(range(len(column)) for column in window)))
    reach = {
        (order, direction): max(length(pay, wilds, way, direction) for way in every)
        for order, pay in enumerate(manifest["pays"])
        for direction in directions(manifest, pay)
    }
    runs: dict[tuple[int, tuple[tuple[int, int], ...]], Try] = {}
    for rows, way in zip(places, every, strict=True):
        line = dict(enumerate(zip(rows, way, strict=True)))
        tries = []
        for (order, direction), n in reach.items():
            pay = manifest["pays"][order]
            k = listed(pay.get("pays", {}), n)
            if not k or not pay["pays"][str(k)] or length(pay, wilds, way, direction) < k:
                continue
            reels = list(line)[:k] if direction == "left" else list(line)[-k:]
            cells = {reel: line[reel] for reel in reels}
            tries.append(attempt(manifest, wilds, order, direction, k, pay["pays"][str(k)], cells))
        for one in paid(manifest, tries):
            runs.setdefault((one.order, one.cells), one)
    awards = []
    for pay_order, pay in enumerate(manifest["pays"]):
        n = max(n for (order, _), n in reach.items() if order == pay_order)
        if k := listed(pay.get("awards", {}), n):
            awards.append(given(pay["awards"][str(k)], name_of(pay), k))
    rows_of: dict[tuple[int, int, str, int], list[Try]] = {}
    for run in runs.values():
        rows_of.setdefault((run.order, run.count, run.direction, run.multiplier), []).append(run)
    wins = [
        Found(
            "ways",
            alike[0].name,
            count,
            -1,
            direction,
            len(alike),
            times,
            max(run.replaced for run in alike),
            sum(run.amount for run in alike),
            tuple(sorted({cell for run in alike for cell in run.cells})),
        )
        for (_, count, direction, times), alike in rows_of.items()
    ]
    return wins, awards


def filled(manifest: Manifest, mode: str, landed: Window, extra: tuple[int, ...] = ()) -> Window:
    """The window that is judged: reels that turn wild, then reels on which an expanding wild landed."""
    own = {} if mode == "base" else manifest["features"][mode]
    window = []
    for reel, column in enumerate(landed):
        new = column
        for wild in wilds_of(manifest, mode)[::-1]:
            if wild.get("expands") and reel in wild.get("reels", range(99)) and wild["symbol"] in column:
                new = [wild["symbol"]] * len(column)
        if reel in extra:
            new = [own["extra_wilds"]["symbol"]] * len(column)
        window.append(new)
    return window


def judge(manifest: Manifest, mode: str, landed: Window, window: Window, lines: int) -> Result:
    ways = manifest.get("pay_by") == "ways"
    wins, awards = judge_ways(manifest, mode, window) if ways else judge_lines(manifest, mode, window, lines)
    scattered = 0
    own = {} if mode == "base" else manifest["features"][mode]
    for scatter in own.get("scatters", manifest.get("scatters", [])):
        cells = tuple(
            (reel, row)
            for reel, column in enumerate(landed)
            for row, symbol in enumerate(column)
            if symbol == scatter["symbol"] and reel in scatter.get("reels", range(99))
        )
        k = listed(scatter.get("pays", {}), len(cells))
        if k and scatter["pays"][str(k)]:
            scattered += scatter["pays"][str(k)]
            wins.append(Found("scatter", name_of(scatter), k, -1, "any", 1, 1, 0, scatter["pays"][str(k)], cells))
        if k := listed(scatter.get("awards", {}), len(cells)):
            awards.append(given(scatter["awards"][str(k)], name_of(scatter), k))
    others = set() if mode == "base" else free_spins(manifest) - {mode}
    return Result(
        sorted(wins),
        sum(win.amount for win in wins if win.kind != "scatter"),
        scattered,
        sorted(award for award in awards if award[0] not in others),
        {
            jackpot["id"]
            for jackpot in manifest.get("jackpots", [])
            for win in wins
            if win.pay == jackpot.get("pay") and win.count >= jackpot["count"]
        },
    )
