"""webingo rtp: a game's exact mathematics."""

from collections.abc import Iterator
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any

from webingo.commands.common import Config, GameName, Json, find_game, print_json

if TYPE_CHECKING:
    from webingo.resources.game import Game

VOLATILITY_Z = 1.96
"""The volatility index is this many standard deviations: 95 % of single rounds' returns, were they normal, lie within."""


def rtp(game: GameName, config: Config = None, json: Json = False) -> None:
    """Print a game's exact return to player, hit rate and volatility, all as fractions of the stake."""
    found = figures(find_game(game, config))
    if json:
        print_json(found)
    else:
        _show(found)


def figures(game: "Game") -> dict[str, Any]:
    """JSON; under `exact` the fractions as text, those of the details by dotted name."""
    odds = game.engine.odds()
    counted = {"rtp": odds.rtp, "hit_rate": odds.hit_rate, "variance": odds.variance, "max_win": odds.max_win}
    deviation = sqrt(odds.variance)
    return {
        "game": game.manifest.id,
        "version": game.manifest.version,
        "rtp": float(odds.rtp),
        "hit_rate": float(odds.hit_rate),
        "variance": float(odds.variance),
        "standard_deviation": deviation,
        "volatility_index": VOLATILITY_Z * deviation,
        "max_win": float(odds.max_win),
        "details": _floats(odds.details),
        "exact": {name: str(value) for name, value in (*counted.items(), *_fractions("details", odds.details))},
    }


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _floats(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_floats(inner) for inner in value]
    return float(value) if isinstance(value, Fraction) else value


def _fractions(name: str, value: Any) -> Iterator[tuple[str, Fraction]]:
    if isinstance(value, Fraction):
        yield name, value
    elif isinstance(value, dict | list | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _fractions(f"{name}.{key}", inner)


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{found['game']} {found['version']}", show_header=False, title_justify="left")
    for label, text in (
        ("Return to player", f"{found['rtp']:.4%}"),
        ("Rounds that win", f"{found['hit_rate']:.4%}"),
        ("Standard deviation", f"{found['standard_deviation']:.4f} × the stake"),
        ("Volatility index", f"{found['volatility_index']:.4f}"),
        ("Largest win", f"{found['max_win']:,.10g} × the stake"),
    ):
        table.add_row(label, text)
    console.print(table)
    for name, value in found["details"].items():
        for part in _details(name, value):
            console.print(part)


def _details(name: str, value: Any) -> Iterator[Any]:
    """Tables for records and lists of them, however deep; a line for anything else."""
    from rich.table import Table
    from rich.text import Text

    title = name.replace("_", " ").capitalize()
    if _is_records(value):
        rows = list(_flat(value))
        columns = list(dict.fromkeys(column for row in rows for column in row))
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*(Text(_text(row.get(column, ""))) for column in columns))
        yield table
    elif isinstance(value, dict):
        inner = {key: found for key, found in value.items() if isinstance(found, dict) or _is_records(found)}
        table = Table(title=title, show_header=False, title_justify="left")
        for key, plain in value.items():
            if key not in inner:
                table.add_row(Text(key), Text(_text(plain)))
        yield table
        for key, found in inner.items():
            yield from _details(f"{name}: {key}", found)
    else:
        yield Text(f"{title}: {_text(value)}")


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _flat(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Records within a record become rows of their own, its other values standing on the first."""
    for record in records:
        inner = next((key for key, value in record.items() if _is_records(value)), None)
        if inner is None:
            yield record
            continue
        outer = {key: value for key, value in record.items() if key != inner}
        for place, row in enumerate(record[inner]):
            yield {**(outer if place == 0 else dict.fromkeys(outer, "")), **row}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        texts = [_text(inner) for inner in value]
        return texts[0] if len(set(texts)) == 1 else ", ".join(texts)
    return f"{value:,.5g}" if isinstance(value, float) else str(value)
