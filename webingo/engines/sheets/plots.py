"""Plots of a PAR sheet as SVG, drawn here: nothing to load, sharp in print, readable without scripts.

Colours and type come from the page's style sheet by class. All plots are as wide as a phone can show.
"""

from collections.abc import Sequence
from html import escape
from math import floor, log10

WIDTH = 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 16, 46


def bars(rows: Sequence[tuple[str, float]], label: str) -> str:
    """Horizontal bars of parts of the return (fractions); negative ones go to the left."""
    step, name, figure = 30, 120, 84
    room = WIDTH - name - figure
    low = min(0.0, *(value for _, value in rows)) if rows else 0.0
    high = max(0.0, *(value for _, value in rows)) if rows else 1.0
    scale = room / ((high - low) or 1)
    zero = name - low * scale
    parts = []
    for place, (what, value) in enumerate(rows):
        y = place * step + 6
        x, length = zero + min(value, 0) * scale, max(abs(value) * scale, 1)
        parts.append(f'<text x="{name - 8}" y="{y + 14}" class="label" text-anchor="end">{escape(_short(what, 18))}</text>')
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="20" class="bar"/>')
        end = zero + max(value, 0) * scale
        parts.append(f'<text x="{end + 6:.1f}" y="{y + 14}" class="figure">{100 * value:.4g} %</text>')
    return _svg(len(rows) * step + 12, label, parts)


def log_columns(rows: Sequence[tuple[str, Sequence[float]]], names: Sequence[str], label: str, below: str) -> str:
    """Columns of probabilities on a logarithmic scale, one for each name beside one another."""
    height = 300
    values = [value for _, series in rows for value in series if value > 0]
    lowest = min(-1, floor(log10(min(values)))) if values else -1
    room = height - _TOP - _BOTTOM
    parts = []

    def y(value: float) -> float:
        return _TOP + room * min(1.0, log10(value) / lowest)

    every = 1 if lowest > -9 else 2
    for power in range(0, lowest - 1, -every):
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(10.0**power):.1f}" y2="{y(10.0**power):.1f}" class="grid"/>'
        )
        tick = f"10<tspan dy='-4' class='power'>{power}</tspan>" if power else "1"
        parts.append(f'<text x="{_LEFT - 8}" y="{y(10.0**power) + 4:.1f}" class="tick" text-anchor="end">{tick}</text>')
    group = (WIDTH - _LEFT - _RIGHT) / max(1, len(rows))
    width = 0.74 * group / max(1, len(names))
    for place, (what, series) in enumerate(rows):
        left = _LEFT + place * group + 0.13 * group
        for number, value in enumerate(series):
            if value > 0:
                top = y(value)
                parts.append(
                    f'<rect x="{left + number * width:.1f}" y="{top:.1f}" width="{width:.1f}" '
                    f'height="{height - _BOTTOM - top:.1f}" class="bar series{number}"><title>'
                    f"{escape(names[number])}, {escape(what)}: {value:.6g}</title></rect>"
                )
        middle = _LEFT + (place + 0.5) * group
        parts.append(
            f'<text x="{middle:.1f}" y="{height - _BOTTOM + 16}" class="tick" text-anchor="middle">{escape(what)}</text>'
        )
    parts.append(
        f'<text x="{(WIDTH + _LEFT) / 2:.0f}" y="{height - 8}" class="label" text-anchor="middle">{escape(below)}</text>'
    )
    if len(names) > 1:
        for number, name in enumerate(names):
            x = WIDTH - _RIGHT - 150
            parts.append(f'<rect x="{x}" y="{_TOP + 18 * number}" width="12" height="12" class="bar series{number}"/>')
            parts.append(f'<text x="{x + 18}" y="{_TOP + 18 * number + 11}" class="label">{escape(name)}</text>')
    return _svg(height, label, parts)


def funnel(rtp: float, bands: Sequence[tuple[int, Sequence[tuple[float, float]]]], names: Sequence[str], label: str) -> str:
    """How the return of so many rounds closes in on the RTP: for each number of rounds the bands, the widest first."""
    height = 300
    highest = max(high for _, found in bands for _, high in found)
    lowest = min(low for _, found in bands for low, _ in found)
    room = height - _TOP - _BOTTOM
    first, last = log10(bands[0][0]), log10(bands[-1][0])

    def x(rounds: int) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (log10(rounds) - first) / ((last - first) or 1)

    def y(value: float) -> float:
        return _TOP + room * (highest - value) / ((highest - lowest) or 1)

    parts = []
    for tick in _ticks(lowest, highest):
        parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" class="tick" text-anchor="end">{100 * tick:.4g} %</text>')
    for number in range(len(names)):
        top = [f"{x(rounds):.1f},{y(found[number][1]):.1f}" for rounds, found in bands]
        bottom = [f"{x(rounds):.1f},{y(found[number][0]):.1f}" for rounds, found in reversed(bands)]
        parts.append(
            f'<polygon points="{" ".join([*top, *bottom])}" class="band{number}"><title>{names[number]}</title></polygon>'
        )
    parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(rtp):.1f}" y2="{y(rtp):.1f}" class="mean"/>')
    for power in range(round(first), round(last) + 1):
        anchor = "start" if power == round(first) else "end" if power == round(last) else "middle"
        shown = f"{10**power:,}"
        parts.append(
            f'<text x="{x(10**power):.1f}" y="{height - _BOTTOM + 16}" class="tick" text-anchor="{anchor}">{shown}</text>'
        )
    for number, name in enumerate(names):
        left = WIDTH - _RIGHT - 66
        parts.append(f'<rect x="{left}" y="{_TOP + 18 * number}" width="12" height="12" class="band{number}"/>')
        parts.append(f'<text x="{left + 18}" y="{_TOP + 18 * number + 11}" class="label">{escape(name)}</text>')
    parts.append(f'<text x="{(WIDTH + _LEFT) / 2:.0f}" y="{height - 8}" class="label" text-anchor="middle">rounds</text>')
    return _svg(height, label, parts)


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers from low to high."""
    size = (high - low) / 5 or 1
    base = 10.0 ** floor(log10(size))
    step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= size)
    first = floor(low / step) + (1 if low % step else 0)
    return [place * step for place in range(first, floor(high / step) + 1)]


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
