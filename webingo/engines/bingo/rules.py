"""The rules of a bingo game as players read them."""

from fractions import Fraction
from math import sqrt
from typing import Any

from webingo.engines.bingo.definition import Math, Settings
from webingo.engines.bingo.odds import card_odds, jackpot_row, volatility
from webingo.engines.bingo.prizes import prizes_of


def rules(math: Math, settings: Settings) -> dict[str, Any]:
    """JSON. Beside the keys of the engine contract: `rtp`, `hit_rate` (all cards open), `max_win` (x the stake of the round),
    `volatility`, `volatility_index`, `extra_balls` where they are sold, `jackpot` (text) where it wins one. A pay's `picture`
    is a list of rows of x and ., with * for a free cell, and `pictures` all of them where there are several."""
    card = card_odds(math)
    prizes = prizes_of(math)
    variance = card.variance()
    chances = card.patterns()
    text: dict[str, Any] = {
        "summary": f"Bingo with {math.pool} balls, of which {math.draw} are drawn, and up to {_some(math.cards, 'card')} of "
        f"{math.rows} rows and {math.columns} columns. Each card on which the drawn numbers complete a picture of the pay "
        "table wins.",
        "how_to_play": _how_to_play(math),
        "pays": [
            {
                "name": pattern.name,
                "title": pattern.title,
                "pay": pattern.pay,
                "odds": _one_in(chances[pattern.name][0]),
                "picture": _drawn(pattern.rows[0], math),
            }
            | ({"pictures": [_drawn(picture, math) for picture in pattern.rows]} if len(pattern.rows) > 1 else {})
            for pattern in math.patterns
        ],
        "limits": {
            "bets": list(settings.bets),
            "max_stake": settings.max_stake,
            "cards": math.cards,
            "max_extra": math.max_extra,
        },
        "rtp": float(card.rtp),
        "hit_rate": float(card.hit_rate()),
        "max_win": prizes.outcome(prizes.full).pay,
        "volatility": volatility(variance),
        "volatility_index": 1.96 * sqrt(variance),
    }
    if math.max_extra:
        text["extra_balls"] = _extra_balls(math)
    if math.jackpot_within is not None and settings.jackpot is not None:
        text["jackpot"] = (
            f"A full card within the first {math.jackpot_within} balls also wins the jackpot. The odds are "
            f"{_one_in(card.jackpot())} for each card."
        )
        row = jackpot_row(card, settings)
        fewer = [f"{_some(each['cards'], 'card')} 1 in {each['one_in']:,.1f}" for each in row["by_cards"][1:]]
        note = f"That is with all cards open; with {', with '.join(fewer)}. Extra balls win no jackpot." if fewer else ""
        text["jackpots"] = [{**row, "note": note}]
    return text


def _how_to_play(math: Math) -> list[str]:
    lines = [
        "Choose which cards play, or ask for a new series of cards, before you bet. No number is on two cards of a series.",
        "Your stake is split evenly over the cards that play: every card plays with the stake per card.",
        f"{math.draw} of {math.pool} balls are drawn at random. Every set of balls is equally likely, and nothing that "
        "happened before has any influence.",
        "Each picture that a card completes pays the number in the pay table times the stake of that card. A picture within a "
        "bigger one that the card has completed too is replaced by the bigger one; all others are paid together.",
    ]
    if math.free:
        lines.insert(1, "The cells marked * are free: they count as hit from the start.")
    if math.max_extra:
        lines.append(
            f"After the draw you may buy up to {_some(math.max_extra, 'extra ball')}, one at a time, while at least one of the "
            "balls left would raise a prize. The price is shown before you buy."
        )
    lines.append("The round ends when you end it or bet again; its prizes are then paid together.")
    lines.append("The odds in the pay table are those of one card in the draw, before any extra balls.")
    return lines


def _extra_balls(math: Math) -> str:
    gain = "what the next ball is expected to add to your prizes, averaged over all balls left"
    margin = "" if math.margin == 1 else f", times {_plain(math.margin)}"
    return (
        f"An extra ball costs {gain}{margin}, rounded up to a whole amount (at least 1). So extra balls return at most "
        f"{float(100 / math.margin):.2f} % of their price on average, and less at low stakes, where rounding up weighs more."
    )


def _plain(number: Fraction) -> str:
    return f"{float(number):g}" if number == Fraction(f"{float(number):g}") else str(number)


def _some(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")


def _one_in(chance: Fraction) -> str:
    return f"1 in {float(1 / chance):,.1f}" if chance else "never"


def _drawn(picture: tuple[str, ...], math: Math) -> list[str]:
    free = {divmod(position, math.columns) for position in math.free}
    return ["".join("*" if (r, c) in free else cell for c, cell in enumerate(row)) for r, row in enumerate(picture)]
