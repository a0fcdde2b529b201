"""Charts as SVG that stands in the page: pygal draws, the console's own style sheet colours.

The content policy forbids styles and scripts within a page, so what pygal brings of them is taken out; its classes stay, and
`charts.css` gives them the colours of the theme. What pygal tells on hovering, by script, becomes a `<title>`.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pygal  # type: ignore[import-untyped, unused-ignore]
from markupsafe import Markup, escape

# pygal looks at every later import of the program for extensions of its own, in a way that Python gave up.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

_SIZES = {"wide": (720, 200, 7), "narrow": (340, 190, 4)}
"""Width, height and how many names of points fit below: for screens, and for phones, where a scaled chart can't be read."""
_SVG = "{http://www.w3.org/2000/svg}"

Shown = Callable[[float], str]
Short = Callable[[str], str]


class Series(NamedTuple):
    """One line or one colour of bars; `values` in the order of the labels, None where nothing is known."""

    title: str
    values: Sequence[float | None]


def lines(title: str, labels: Sequence[str], series: Sequence[Series], shown: Shown, axis: Short = str) -> Markup:
    """How something went over time. `title` is read to those who don't see the chart; `shown` writes a value, and `axis`
    shortens what it wrote for the scale."""
    return _drawn(pygal.Line, title, labels, series, shown, axis, dots_size=2)


def bars(title: str, labels: Sequence[str], series: Sequence[Series], shown: Shown, axis: Short = str) -> Markup:
    """Sums of spans of time beside each other."""
    return _drawn(pygal.Bar, title, labels, series, shown, axis, rounded_bars=1)


@dataclass(frozen=True, slots=True)
class _Writing:
    """How values are written; two are the same where they write a number alike."""

    shown: Shown = field(compare=False)
    axis: Short = field(compare=False)
    example: tuple[str, str]


def _drawn(
    kind: Callable[..., Any],
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    shown: Shown,
    axis: Short,
    **options: Any,
) -> Markup:
    """Both sizes; the style sheet shows the one that fits."""
    example = shown(1_234_567.0)
    writing = _Writing(shown, axis, (example, axis(example)))
    kept = tuple(Series(one.title, tuple(one.values)) for one in series)
    drawn = Markup().join(
        Markup('<div class="chart-{}">{}</div>').format(
            size, _sized(kind, title, tuple(labels), kept, writing, size, tuple(options.items()))
        )
        for size in _SIZES
    )
    return Markup('<figure class="chart">{}{}</figure>').format(drawn, _legend(series))


@lru_cache(maxsize=64)
def _sized(
    kind: Callable[..., Any],
    title: str,
    labels: tuple[str, ...],
    series: tuple[Series, ...],
    writing: _Writing,
    size: str,
    options: tuple[tuple[str, Any], ...],
) -> Markup:
    """Drawing takes most of a page's time, and a page that refreshes itself mostly has the same to draw."""
    width, height, names = _SIZES[size]
    chart = kind(
        width=width,
        height=height,
        js=[],
        show_legend=False,
        title=None,
        margin=6,
        spacing=8,
        min_scale=2,
        max_scale=4,
        truncate_label=-1,
        show_minor_x_labels=False,
        include_x_axis=True,
        value_formatter=lambda value: writing.axis(writing.shown(value)),
        **dict(options),
    )
    chart.x_labels = list(labels)
    chart.x_labels_major = list(labels)[:: -(-len(labels) // names) or 1]
    for one in series:
        chart.add(one.title, list(one.values), formatter=writing.shown)
    return _plain(chart.render(), title)


def _legend(series: Sequence[Series]) -> Markup:
    if len(series) < 2:
        return Markup()
    items = (Markup('<li class="key-{}">{}</li>').format(place, one.title) for place, one in enumerate(series))
    return Markup('<figcaption><ul class="legend">{}</ul></figcaption>').format(Markup().join(items))


def _plain(drawn: bytes, title: str) -> Markup:
    """pygal's drawing without styles, scripts, ids and comments, fit to stand in a page."""
    root = ElementTree.fromstring(drawn)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (_SVG + "style", _SVG + "script", _SVG + "defs"):
                parent.remove(child)
        _hover(parent)
        for name in ("style", "id"):
            parent.attrib.pop(name, None)
    for child in list(root):
        if child.tag == _SVG + "title":
            root.remove(child)
    root.set("role", "img")
    root.set("aria-label", title)
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _hover(node: ElementTree.Element) -> None:
    """What pygal keeps for its script, as a title: a dot's value and the name of its place."""
    told = {child.get("class", ""): child for child in node if child.tag == _SVG + "desc"}
    for child in told.values():
        node.remove(child)
    if "value" in told:
        text = told["value"].text or ""
        if "x_label" in told:
            text = f"{told['x_label'].text}: {text}"
        ElementTree.SubElement(node, _SVG + "title").text = text


def band(low: float, middle: float, high: float, value: float, scale: tuple[float, float]) -> Markup:
    """A small drawing of where a value lies within its band: all five on the same scale."""
    left, right = scale

    def place(at: float) -> float:
        return round(min(max((at - left) / (right - left), 0.0), 1.0) * 200, 1)

    state = "in" if low <= value <= high else "out"
    return Markup(
        '<svg class="band {state}" viewBox="0 0 200 18" role="img" aria-label="{label}">'
        '<path class="axis" d="M0 9H200"/><rect class="range" x="{x}" y="4" width="{width}" height="10" rx="3"/>'
        '<path class="middle" d="M{middle} 1V17"/><circle class="value" cx="{value}" cy="9" r="4"/></svg>'
    ).format(
        state=state,
        label=escape(f"{value:.2%}, expected {low:.2%} to {high:.2%}"),
        x=place(low),
        width=max(round(place(high) - place(low), 1), 1),
        middle=place(middle),
        value=place(value),
    )
