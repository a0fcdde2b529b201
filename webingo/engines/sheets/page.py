"""A PAR sheet as one HTML page that needs nothing else: no script, no file, no network. It prints on A4 and fits a phone."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from webingo.engines.sheets.plots import bars, funnel, log_columns
from webingo.engines.sheets.style import STYLE
from webingo.engines.sheets.words import heading, number, percent, text, title

_MOST_COLUMNS, _MOST_TURNED = 8, 5


def page(sheet: Mapping[str, Any]) -> str:
    """`sheet` is what `webingo rtp --json` prints."""
    name = sheet.get("title") or sheet["game"]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(str(name))}: PAR sheet</title><style>{STYLE}</style></head><body><main>"
        f"{_head(sheet, str(name))}{_summary(sheet)}{_plots(sheet)}{_bands(sheet)}{_details(sheet['details'])}{_foot(sheet)}"
        "</main></body></html>\n"
    )


def _head(sheet: Mapping[str, Any], name: str) -> str:
    facts = [("Game", sheet["game"]), ("Version", sheet["version"])]
    if "math_sha256" in sheet:
        facts.append(("Mathematics (SHA-256)", sheet["math_sha256"]))
    rows = "".join(f"<div><dt>{escape(what)}</dt><dd>{escape(str(value))}</dd></div>" for what, value in facts)
    return f'<header><p class="kind">PAR sheet</p><h1>{escape(name)}</h1><dl class="facts">{rows}</dl></header>'


def _summary(sheet: Mapping[str, Any]) -> str:
    figures = [
        ("Return to player", f"{percent(sheet['rtp'])} %"),
        ("Rounds that win", f"{percent(sheet['hit_rate'])} %"),
        ("Standard deviation", number(sheet["standard_deviation"])),
        ("Volatility index", number(sheet["volatility_index"])),
        ("Largest win", f"{number(sheet['max_win'])} ×"),
    ]
    cells = "".join(f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for what, value in figures)
    return f'<dl class="summary">{cells}</dl><p class="note">All figures are per unit of the stake.</p>'


def _plots(sheet: Mapping[str, Any]) -> str:
    figures = [_distribution(sheet["details"]), _funnel(sheet), _split(sheet["details"])]
    return f'<div class="plots">{"".join(figure for figure in figures if figure)}</div>'


def _figure(caption: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"


def _funnel(sheet: Mapping[str, Any]) -> str:
    names = ("within_99", "within_95", "within_90")
    bands = [(row["rounds"], [tuple(row[name]) for name in names]) for row in sheet["confidence"]]
    label = "The return of so many rounds, and where it lies with 99, 95 and 90 percent"
    svg = funnel(sheet["rtp"], bands, [heading(name) for name in names], label)
    return _figure("How the return closes in on the RTP", svg)


def _split(details: Mapping[str, Any]) -> str:
    rows = details.get("split") or [
        {"part": row.get("title", row.get("name")), "rtp": row["rtp"]} for row in details.get("patterns", ()) if "rtp" in row
    ]
    if not rows:
        return ""
    return _figure(
        "Where the return comes from",
        bars([(str(row["part"]), row["rtp"]) for row in rows], "Parts of the return to player"),
    )


def _distribution(details: Mapping[str, Any]) -> str:
    rows = details.get("distribution")
    if not rows:
        return ""
    series = [rows] + ([details["spin_distribution"]] if "spin_distribution" in details else [])
    names = ["whole round", "single spin"][: len(series)]
    places = sorted({(row["from"], row["to"]) for found in series for row in found}, key=lambda ends: ends[0])
    # A band without an end in one series may have one in the other.
    starts = sorted({low for low, _ in places})
    chances = [{row["from"]: row["probability"] for row in found} for found in series]
    columns = [(_start(low), [found.get(low, 0.0) for found in chances]) for low in starts]
    svg = log_columns(columns, names, "Probability of wins, by band, on a logarithmic scale", "win over the stake, from … on")
    return _figure("How often rounds win how much", svg)


def _start(low: int) -> str:
    return ">0" if low == 0 else f"{low // 1000}k" if low >= 1000 and low % 1000 == 0 else f"{low}"


def _bands(sheet: Mapping[str, Any]) -> str:
    return _section(title("confidence"), _table(sheet["confidence"]))


def _section(heading_: str, body: str) -> str:
    return f"<section><h2>{escape(heading_)}</h2>{body}</section>"


def _details(details: Mapping[str, Any]) -> str:
    return "".join(_section(title(name), "".join(_blocks(name, value))) for name, value in details.items())


def _blocks(name: str, value: Any) -> Iterator[str]:
    if _is_records(value):
        yield _table(list(flat(value)))
    elif isinstance(value, dict):
        plain = {key: inner for key, inner in value.items() if not (isinstance(inner, dict) or _is_records(inner))}
        if plain:
            rows = "".join(
                f"<div><dt>{escape(heading(key))}</dt><dd>{escape(text(key, v))}</dd></div>" for key, v in plain.items()
            )
            yield f'<dl class="list">{rows}</dl>'
        for key, inner in value.items():
            if key not in plain:
                yield f"<h3>{escape(heading(key))}</h3>"
                yield from _blocks(key, inner)
    else:
        yield f"<p>{escape(text(name, value))}</p>"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if len(columns) > _MOST_COLUMNS and len(rows) <= _MOST_TURNED:
        return _turned(columns, rows)
    numeric = {c for c in columns if all(not isinstance(row.get(c), str) or row[c] == "" for row in rows)}
    head = "".join(f"<th{_right(c in numeric)}>{escape(heading(c))}</th>" for c in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_right(c in numeric)}>{escape(text(c, row.get(c)))}</td>" for c in columns) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _turned(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A few long rows stand beside one another."""
    body = "".join(
        f"<tr><th>{escape(heading(c))}</th>"
        + "".join(f'<td class="n">{escape(text(c, row.get(c)))}</td>' for row in rows)
        + "</tr>"
        for c in columns
    )
    return f'<div class="wide"><table><tbody>{body}</tbody></table></div>'


def _right(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def flat(records: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Records within a record become rows of their own, its other values standing on the first."""
    for record in records:
        inner = next((key for key, value in record.items() if _is_records(value)), None)
        if inner is None:
            yield record
            continue
        outer = {key: value for key, value in record.items() if key != inner}
        for place, row in enumerate(record[inner]):
            yield {**(outer if place == 0 else dict.fromkeys(outer, "")), **row}


def _foot(sheet: Mapping[str, Any]) -> str:
    exact = sheet.get("exact", {})
    rows = "".join(
        f"<tr><td>{escape(heading(key))}</td><td>{escape(value)}</td></tr>" for key, value in exact.items() if "." not in key
    )
    table = f'<div class="wide"><table class="exact"><tbody>{rows}</tbody></table></div>' if rows else ""
    return (
        f'<section><h2>As fractions</h2>{table}<p class="note">These are exact; <code>webingo rtp --json</code> lists more. '
        "Elsewhere ten digits are shown.</p></section>"
    )
