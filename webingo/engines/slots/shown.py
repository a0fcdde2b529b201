"""What players see of a spin: names in place of numbers, credits in place of multiples of bets."""

from typing import Any

from webingo.engines.slots.definition import Math
from webingo.engines.slots.features import Award
from webingo.engines.slots.spin import Spin, Symbols


class Shown:
    """Turns spins of one game into JSON."""

    def __init__(self, math: Math) -> None:
        self._names = math.symbols

    def window(self, symbols: Symbols) -> list[list[str]]:
        names = self._names
        return [[names[symbol] for symbol in column] for column in symbols]

    def spin(self, spin: Spin, bet: int, stake: int, awards: list[dict[str, Any]]) -> dict[str, Any]:
        """`bet` is that per line or coin, `stake` the total bet; `awards` are those that it leads to, as `award` gives them."""
        judged = spin.judged
        landed = self.window(spin.landed)
        same = spin.window == spin.landed
        factor = spin.multiplier
        return {
            "mode": spin.mode,
            "stops": spin.stops,
            "landed": landed,
            "window": landed if same else self.window(spin.window),
            "expanded": [] if same else _expanded(spin),
            "extra_wilds": list(spin.extra_wilds),
            "multiplier": factor,
            "wins": [
                {
                    "kind": win.kind,
                    "pay": win.pay,
                    "count": win.count,
                    "line": win.line,
                    "direction": win.direction,
                    "ways": win.ways,
                    "multiplier": win.multiplier,
                    "replaced": win.replaced,
                    "win": win.amount * factor * (stake if win.kind == "scatter" else bet),
                    "cells": [list(cell) for cell in win.cells],
                }
                for win in judged.wins
            ],
            "win": (judged.line_amount * bet + judged.scatter_amount * stake) * factor,
            "awards": awards,
            "jackpots": list(judged.jackpots),
        }


def _expanded(spin: Spin) -> list[int]:
    """The reels that an expanding wild has filled."""
    return [
        reel
        for reel, (landed, filled) in enumerate(zip(spin.landed, spin.window, strict=True))
        if landed != filled and reel not in spin.extra_wilds
    ]


def award(given: Award, by: dict[str, Any]) -> dict[str, Any]:
    """An award as players see it, and as it waits in the queue."""
    shown: dict[str, Any] = {"feature": given.feature}
    if given.spins is not None:
        shown["spins"] = given.spins
    if given.multiplier is not None:
        shown["multiplier"] = given.multiplier
    shown["by"] = by
    return shown
