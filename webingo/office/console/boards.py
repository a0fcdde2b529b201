"""What a player saw in a state of a game, made ready for a page: bingo cards, reels, and any other game's data as it is.

A game is recognised by what its state holds, not by its name: a game of another engine is shown as a table of its data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TONES = 12
"""So many colours of symbols the style sheet knows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number on a card or a symbol on a reel. `mark` is hit, extra, free, win, wild or empty; `tone` tells symbols apart."""

    text: str
    mark: str = ""
    tone: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """`won` is what it pays; a card that does not play is closed."""

    number: int
    open: bool
    won: int
    rows: Sequence[Sequence[Cell]]
    columns: int


@dataclass(frozen=True, slots=True)
class Ball:
    """`extra` was bought, `fresh` came in this very step."""

    number: int
    extra: bool
    fresh: bool


@dataclass(frozen=True, slots=True)
class Bingo:
    cards: Sequence[Card]
    balls: Sequence[Ball]
    prizes: Sequence[Mapping[str, Any]]
    kind: str = "bingo"


@dataclass(frozen=True, slots=True)
class Slots:
    """`rows` from the top. `wins` are those of the shown spin, `facts` what else the state says (feature, gamble, …): numbers
    among them are amounts."""

    rows: Sequence[Sequence[Cell]]
    columns: int
    title: str
    wins: Sequence[Mapping[str, Any]]
    win: int
    facts: Sequence[tuple[str, str | int]]
    kind: str = "slots"


@dataclass(frozen=True, slots=True)
class Plain:
    """Of a game elsewhere numbers among the facts are amounts."""

    facts: Sequence[tuple[str, str | int]] = field(default_factory=list)
    kind: str = "plain"


def board(data: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Bingo | Slots | Plain:
    """`data` of the state to show, and of the one before it."""
    try:
        if "cards" in data and "balls" in data:
            return _bingo(data, before or {})
        if "idle_window" in data or data.get("spin"):
            return _slots(data)
    except (KeyError, TypeError, IndexError, ValueError):
        pass  # a state of an engine that only looks like ours
    return Plain([(name, _text(value)) for name, value in data.items()])


def elsewhere(data: Mapping[str, Any]) -> Plain:
    """What is known here of a round that is decided elsewhere: its money."""
    return Plain([(name, data[name]) for name in ("stake", "won") if isinstance(data.get(name), int)])


def _bingo(data: Mapping[str, Any], before: Mapping[str, Any]) -> Bingo:
    layout, balls = data["layout"], data["balls"]
    drawn, bought, free = set(balls), set(balls[layout["draw"] :]), set(layout["free"])
    columns = layout["columns"]
    paid = data.get("winnings") or [0] * len(data["cards"])

    def cell(place: int, number: int) -> Cell:
        if place in free or not number:
            return Cell("★", "free")
        return Cell(str(number), "extra" if number in bought else "hit" if number in drawn else "")

    cards = []
    for number, numbers in enumerate(data["cards"]):
        cells = [cell(place, value) for place, value in enumerate(numbers)]
        rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
        cards.append(Card(number + 1, number in data["open"], paid[number] if number < len(paid) else 0, rows, columns))
    known = len(before.get("balls") or [])
    shown = [Ball(ball, place >= layout["draw"], place >= known) for place, ball in enumerate(balls)]
    return Bingo(cards, shown, data.get("prizes") or [])


def _slots(data: Mapping[str, Any]) -> Slots:
    spin = data.get("spin") or {}
    reels = spin.get("window") or data["idle_window"]
    landed = spin.get("landed") or reels
    winning = {(reel, row) for win in spin.get("wins", ()) for reel, row in win["cells"]}
    height = max(len(reel) for reel in reels)
    names = data.get("layout", {}).get("symbols", [])

    def cell(reel: int, row: int) -> Cell:
        if row >= len(reels[reel]):
            return Cell("", "empty")
        name = reels[reel][row]
        filled = row < len(landed[reel]) and landed[reel][row] != name
        tone = names.index(name) % TONES if name in names else 0
        return Cell(name, "win" if (reel, row) in winning else "wild" if filled else "", tone)

    rows = [[cell(reel, row) for reel in range(len(reels))] for row in range(height)]
    title = "Before the first spin" if not spin else f"{spin.get('mode', 'base')} spin".capitalize().replace("_", " ")
    return Slots(rows, len(reels), title, spin.get("wins", ()), spin.get("win", 0), list(_facts(data, spin)))


def _facts(data: Mapping[str, Any], spin: Mapping[str, Any]) -> list[tuple[str, str | int]]:
    amounts: list[tuple[str, str | int]] = [(name, data[name]) for name in ("stake", "bet", "win") if data.get(name)]
    others = [(name, data.get(name)) for name in ("lines", "bought", "capped")]
    others += [("multiplier", spin.get("multiplier")), ("stops", spin.get("stops"))]
    others += [(name, data.get(name)) for name in ("feature", "queue", "done", "gamble")]
    return amounts + [(name, _text(value)) for name, value in others if value not in (None, [], "", False)]


def _text(value: Any) -> str:
    """A value on a line: lists with commas, objects as name: value."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(inner)}" for name, inner in value.items() if inner not in (None, [], {}))
    if isinstance(value, list | tuple):
        return ", ".join(f"({_text(inner)})" if isinstance(inner, list | Mapping) else _text(inner) for inner in value)
    return "yes" if value is True else "no" if value is False else "–" if value is None else str(value)
