"""The rows of a PAR sheet about single pays: how often lines, ways and scatters of one mode pay, and what that contributes."""

from fractions import Fraction
from typing import Any

from webingo.engines.slots.definition import Math
from webingo.engines.slots.matching import highest
from webingo.engines.slots.par.values import Values
from webingo.engines.slots.spin import BASE, modes


def one_in(chance: Fraction) -> Fraction | None:
    return 1 / chance if chance else None


def line_rows(values: Values, name: str, times: Fraction) -> list[dict[str, Any]]:
    """By pay and count (and multiplier of the wilds, on lines): `pays`, `hits` of the cycle of one line (with ways: of a spin),
    their probability, and the part of the RTP, where a round has so many spins of this mode."""
    math, spins = values.math, values.spins(name)
    by_line = bool(spins.hits.lines)
    of = spins.hits.lines if by_line else spins.total
    rows = []
    for hit, (weight, amount) in sorted(
        spins.hits.rows.items(), key=lambda row: (row[0].pay, -row[0].count, row[0].multiplier)
    ):
        pay = math.pays[hit.pay]
        listed = pay.pay if pay.combination else pay.pays[hit.count]
        row: dict[str, Any] = {"pay": pay.name, "count": hit.count, "pays": listed}
        if by_line and any(other.multiplier > 1 for other in spins.hits.rows):
            row["multiplier"] = hit.multiplier
        chance = Fraction(weight, of)
        row |= {"hits": chance * spins.cycle, "probability": chance, "one_in": one_in(chance)}
        rows.append(row | {"rtp": times * Fraction(amount, spins.total) / values.bet})
    return rows


def scatter_rows(values: Values, name: str, times: Fraction) -> list[dict[str, Any]]:
    """By scatter and count, from one listed count up to the next: what is paid (x total bet) and awarded, and how often."""
    mode, spins = modes(values.math)[name], values.spins(name)
    rows = []
    for scatter, weights in zip(mode.scatters, spins.scatter_counts, strict=True):
        listed: dict[int, object] = {**scatter.pays, **scatter.awards}
        for count in sorted(listed, reverse=True):
            weight = sum(w for n, w in enumerate(weights) if highest(listed, n) == count)
            k = highest(scatter.pays, count)
            pays = scatter.pays[k] if k else 0
            chance = Fraction(weight, spins.total)
            row: dict[str, Any] = {"scatter": scatter.name, "count": count, "pays": pays}
            if given := scatter.awards.get(highest(scatter.awards, count)):
                row["awards"] = given.feature + (f" ({given.spins})" if given.spins else "")
            row |= {"hits": chance * spins.cycle, "probability": chance, "one_in": one_in(chance)}
            rows.append(row | {"rtp": times * chance * pays})
    return rows


def symbol_rows(math: Math, name: str) -> list[dict[str, Any]]:
    """How often each symbol is on each reel; with weights, their sums."""
    feature = math.free_spins.get(name)
    reels = []
    for strip in math.strips[feature.strips if feature else BASE]:
        counts: dict[str, int] = dict(strip.frequencies or {})
        for stop, weight in zip(strip.stops or (), strip.weights or (1,) * len(strip.stops or ()), strict=True):
            counts[stop] = counts.get(stop, 0) + weight
        reels.append(counts)
    shown = [symbol for symbol in math.symbols if any(symbol in counts for counts in reels)]
    rows = [{"symbol": symbol} | {f"reel {place}": c.get(symbol, 0) for place, c in enumerate(reels, 1)} for symbol in shown]
    return [*rows, {"symbol": "all"} | {f"reel {place}": sum(c.values()) for place, c in enumerate(reels, 1)}]
