"""The rules of a slot game as players read them, and as clients draw them."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from webingo.engines.slots.definition import LinePay, Math, Settings
from webingo.engines.slots.features import Award, Scatter
from webingo.engines.slots.par.bounds import max_win
from webingo.engines.slots.par.odds import odds
from webingo.engines.slots.rules_text import award, combination_title, count_title, sections, some, unit
from webingo.engines.slots.spin import BASE


def rules(math: Math, settings: Settings) -> dict[str, Any]:
    """JSON. Beside the keys of the engine contract:

    - `sections`: [{"title", "texts": [...]}], what the game has besides its pay table
    - `window` {"reels", "rows"}, `symbols` (in the manifest's order), `pay_by`, `lines` (for each line its row on each reel,
      from 0 at the top), `wilds` [{"symbol", "multiplier", "except", "reels", "expands"}]
    - `paytable`: [{"name", "kind": line|ways|combination|scatter, "symbols" or "combination" (a list for each reel, "*" is
      anything), "align", "unit", "pays": {count: multiple of the unit}, "awards": {count: AWARD}, "reels"? (of a scatter)}]
    - `features`: {name: {"type", "title"}}, `buys` [{"name", "title", "cost"}], `gamble` {"types", "max_steps", "limit"} | null
    - `jackpots`: of the site's jackpots that it wins, the rows of the odds in floats, with a `note`; left out without any
    - `max_win`: x the first wager of a round; `win_cap`: x the total bet | null

    `pays` has a row for each symbol and count; `unit` says what its `pay` is a multiple of, `awards` what else it wins.

    `rtp`, `hit_rate`, `volatility`, `volatility_index` and the `odds` of pays are left out where the game can't be counted, or
    returns too much: `webingo check` refuses it then, but whoever works on it can still play.
    """
    figures, chances = _figures(math, settings)
    rows = list(_rows(math))
    for row in rows:
        if row["pay"] and chances:
            row["odds"] = _one_in(chances.get((row["name"], row["count"]), Fraction(0)))
    return {
        "summary": _summary(math),
        "how_to_play": list(_how_to_play(math, settings)) + ([_odds_of(math)] if chances else []),
        "pays": rows,
        "sections": [section.shown() for section in sections(math, settings)],
        "limits": _limits(math, settings),
        **figures,
        "max_win": max_win(math, settings),
        "win_cap": math.win_cap,
        "window": {"reels": math.window.reels, "rows": math.window.rows},
        "symbols": list(math.symbols),
        "pay_by": math.pay_by,
        "lines": [list(line) for line in math.lines],
        "wilds": [wild.model_dump(mode="json", by_alias=True) for wild in math.wilds],
        "paytable": [_pay(pay, math) for pay in math.pays] + [_scatter(scatter) for scatter in math.scatters],
        "features": {name: {"type": found.type, "title": found.title} for name, found in math.features.items()},
        "buys": [{"name": buy.name, "title": buy.title, "cost": buy.cost} for buy in math.buy] if settings.buy else [],
        "gamble": math.gamble.model_dump(mode="json") if math.gamble and settings.gamble else None,
    }


def _figures(math: Math, settings: Settings) -> tuple[dict[str, Any], dict[tuple[str, int], Fraction]]:
    """The exact figures, and the probability of each (pay or scatter, count) in the base game."""
    try:
        found = odds(math, settings)
    except ValueError:
        return {}, {}
    spread = found.details["volatility"]
    figures: dict[str, Any] = {"rtp": float(found.rtp), "hit_rate": float(found.hit_rate)}
    won = [_jackpot(row, math, settings) for row in found.details.get("jackpots", ()) if "id" in row]
    figures |= {"jackpots": won} if won else {}
    figures |= {"volatility": spread["level"], "volatility_index": spread["index"]}
    chances: dict[tuple[str, int], Fraction] = {}
    # Of one pay there is a row for each multiplier of the wilds in it.
    for row in found.details.get("pays", {}).get(BASE, []) + found.details.get("scatters", {}).get(BASE, []):
        key = (row.get("pay") or row["scatter"], row["count"])
        chances[key] = chances.get(key, Fraction(0)) + row["probability"]
    return figures, chances


def _jackpot(row: dict[str, Any], math: Math, settings: Settings) -> dict[str, Any]:
    """A row of the odds, with a note on when they hold."""
    told = {name: float(value) if isinstance(value, Fraction) else value for name, value in row.items() if name != "bought"}
    notes = ["With fewer lines it is won less often."] if len(settings.lines or ()) > 1 else []
    titles = {buy.name: buy.title for buy in math.buy}
    for name, chance in row.get("bought", {}).items():
        if chance:
            notes.append(f"“{titles[name]}”, bought, wins it {_one_in(chance)} times.")
    return {**told, "note": " ".join(notes)}


def _one_in(chance: Fraction) -> str:
    return f"1 in {float(1 / chance):,.1f}" if chance else "never"


def _odds_of(math: Math) -> str:
    of = "a spin" if math.pay_by == "ways" else "one line, those of scatters of a spin" if math.scatters else "one line"
    return f"The odds in the pay table are those of {of}, before any feature."


def _summary(math: Math) -> str:
    window = f"{some(math.window.reels, 'reel')} of {some(math.window.rows, 'row')}"
    if math.pay_by == "ways":
        return f"A slot game with {window} and {math.window.rows**math.window.reels:,} ways to win."
    return f"A slot game with {window} and {some(len(math.lines), 'pay line')}."


def _how_to_play(math: Math, settings: Settings) -> Iterator[str]:
    choices = settings.lines or ()
    if math.coins:
        yield f"Choose your bet per coin. A spin costs {math.coins} times that: this is the total bet."
    elif len(choices) > 1:
        yield "Choose your bet per line, and how many lines you play. Both multiplied are the total bet, which a spin costs."
    else:
        lines = some(choices[0] if choices else len(math.lines), "line")
        yield f"Choose your bet per line. Every spin plays {lines}, and costs a bet for each: this is the total bet."
    yield (
        "Spin. Each reel stops by chance, and nothing that happened before has any influence."
        " The symbols that it shows then are held against the pay table."
    )
    yield f"Wins on {'ways' if math.pay_by == 'ways' else 'lines'} are multiples of the {unit(math)}" + (
        ", wins of scatters multiples of the total bet." if any(scatter.pays for scatter in math.scatters) else "."
    )
    if math.features:
        yield "A feature that you win is played next. Several follow one after the other."
    yield "All wins of a round are added, and paid together at its end."


def _limits(math: Math, settings: Settings) -> dict[str, Any]:
    limits: dict[str, Any] = {"bets_per_coin" if math.coins else "bets_per_line": list(settings.bets)}
    if math.lines and not math.coins:
        limits["lines"] = list(settings.lines or (len(math.lines),))
    return limits | {"max_stake": settings.max_stake}


def _rows(math: Math) -> Iterator[dict[str, Any]]:
    """The pay table row by row, each symbol's highest count first."""
    for pay in math.pays:
        bet = unit(math)
        if pay.combination:
            row = _row(pay.name, combination_title(pay), pay.pay or 0, bet, pay.award, math)
            yield row | {"count": math.window.reels}
        for count in sorted({*pay.pays, *pay.awards}, reverse=True):
            row = _row(pay.name, count_title(pay, count), pay.pays.get(count, 0), bet, pay.awards.get(count), math)
            yield row | {"count": count} | _picture(count, pay, math)
    for scatter in math.scatters:
        for count in sorted({*scatter.pays, *scatter.awards}, reverse=True):
            paid, given = scatter.pays.get(count, 0), scatter.awards.get(count)
            yield _row(scatter.name, count_title(scatter, count), paid, "total bet", given, math) | {"count": count}


def _row(name: str, title: str, pay: int, bet: str, given: Award | None, math: Math) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "title": title, "pay": pay, "unit": bet}
    return row | ({"awards": award(given, math)} if given else {})


def _picture(count: int, pay: LinePay, math: Math) -> dict[str, Any]:
    """Where on a line the symbols stand; of those that count anywhere there is no picture."""
    hit, miss = "x" * count, "." * (math.window.reels - count)
    pictures = {"left": [[hit + miss]], "right": [[miss + hit]], "both": [[hit + miss], [miss + hit]]}.get(
        pay.align or math.align
    )
    if pictures is None:
        return {}
    return {"picture": pictures[0]} | ({"pictures": pictures} if len(pictures) > 1 and miss else {})


def _pay(pay: LinePay, math: Math) -> dict[str, Any]:
    row: dict[str, Any] = {"name": pay.name, "kind": "ways" if math.pay_by == "ways" else "line", "unit": unit(math)}
    if pay.combination:
        whole = math.window.reels
        row |= {"kind": "combination", "combination": [list(choice) for choice in pay.combination], "align": "left"}
        return row | {"pays": _keyed({whole: pay.pay or 0}), "awards": _awards({whole: pay.award} if pay.award else {})}
    row |= {"symbols": list(pay.of), "align": pay.align or math.align, "pays": _keyed(pay.pays)}
    return row | {"awards": _awards(pay.awards)}


def _scatter(scatter: Scatter) -> dict[str, Any]:
    row: dict[str, Any] = {"name": scatter.name, "kind": "scatter", "unit": "total bet", "symbols": [scatter.symbol]}
    row |= {"align": "any", "pays": _keyed(scatter.pays), "awards": _awards(scatter.awards)}
    return row | ({"reels": list(scatter.reels)} if scatter.reels is not None else {})


def _awards(table: Mapping[int, Award]) -> dict[str, Any]:
    return {str(count): given.model_dump(mode="json", exclude_none=True) for count, given in table.items()}


def _keyed(table: Mapping[int, int]) -> dict[str, int]:
    """With keys as JSON knows them."""
    return {str(count): pay for count, pay in table.items()}
