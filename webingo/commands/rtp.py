"""webingo rtp: a game's exact mathematics."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, GameName, Json, find_game, print_json

if TYPE_CHECKING:
    from webingo.resources.game import Game

VOLATILITY_Z = 1.96
"""The volatility index is this many standard deviations: 95 % of single rounds' returns, were they normal, lie within."""
_LONGEST = 400
"""Fractions with more digits are left out of `exact`: free spins with a limit may have thousands."""

Out = Annotated[Path | None, typer.Argument(metavar="[OUT]", help="With --html: the file that the page is written to.")]
Html = Annotated[bool, typer.Option("--html", help="Print a page for people, with plots, instead of a table.")]


def rtp(game: GameName, out: Out = None, config: Config = None, json: Json = False, html: Html = False) -> None:
    """Print a game's exact return to player, hit rate and volatility, all as fractions of the stake."""
    if json and html:
        raise Failure("--json and --html: choose one")
    if out is not None and not html:
        raise Failure(f"{out}: a file is only written with --html")
    found = _figures(game, config)
    if json:
        print_json(found)
    elif html:
        _write(found, out)
    else:
        _show(found)


def _figures(name: str, config: Path | None) -> dict[str, Any]:
    """Raises BadResource, naming the file."""
    from webingo.errors import BadResource

    game = find_game(name, config)
    try:
        return figures(game)
    except BadResource as error:
        from webingo.config import read

        file = Path(name) if Path(name).suffix == ".json" else read(config).res_dir / "games" / name / "manifest.json"
        raise BadResource([(str(file), field, reason) for _, field, reason in error.problems]) from None


def _write(found: Mapping[str, Any], out: Path | None) -> None:
    from webingo.engines.sheets.page import page

    if out is None:
        typer.echo(page(found), nl=False)
    else:
        out.write_text(page(found), encoding="utf-8")


def figures(game: "Game") -> dict[str, Any]:
    """JSON; under `exact` the fractions as text, those of the details by dotted name."""
    from webingo.engines.sheets.confidence import confidence
    from webingo.resources.stated import fingerprint, odds_of

    odds = odds_of(game)
    counted = {"rtp": odds.rtp, "hit_rate": odds.hit_rate, "variance": odds.variance, "max_win": odds.max_win}
    deviation = sqrt(odds.variance)
    found = (*counted.items(), *_fractions("details", odds.details)) if odds.details.get("exact", True) else ()
    return {
        "game": game.manifest.id,
        "title": game.manifest.title,
        "version": game.manifest.version,
        "math_sha256": fingerprint(game),
        "rtp": float(odds.rtp),
        "stated_rtp": game.manifest.rtp,
        "hit_rate": float(odds.hit_rate),
        "variance": float(odds.variance),
        "standard_deviation": deviation,
        "volatility_index": VOLATILITY_Z * deviation,
        "max_win": float(odds.max_win),
        "confidence": confidence(float(odds.rtp), deviation),
        "details": _floats(odds.details),
        "exact": {name: str(value) for name, value in found if value.denominator < 10**_LONGEST},
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

    from webingo.engines.sheets.words import number

    console = Console()
    table = Table(title=f"{found['title']} ({found['game']} {found['version']})", show_header=False, title_justify="left")
    for label, shown, digits in (
        ("Return to player", f"{found['rtp']:.4%}", number(found["rtp"])),
        ("Rounds that win", f"{found['hit_rate']:.4%}", number(found["hit_rate"])),
        ("Standard deviation", f"{found['standard_deviation']:.4f} × the stake", number(found["standard_deviation"])),
        ("Volatility index", f"{found['volatility_index']:.4f}", number(found["volatility_index"])),
        ("Largest win", f"{found['max_win']:,.10g} × the stake", number(found["max_win"])),
    ):
        table.add_row(label, shown, digits)
    console.print(table)
    for name, value in [("confidence", found["confidence"]), *found["details"].items()]:
        for part in _details(name, value):
            console.print(part)
    if abs(found["rtp"] - found["stated_rtp"]) > 1e-6:
        console.print(f"The manifest states an RTP of {found['stated_rtp']:.4%}: webingo check refuses that.", style="bold")


def _details(name: str, value: Any, within: str = "") -> Iterator[Any]:
    """Tables for records and lists of them, however deep; a line for anything else."""
    from rich.table import Table
    from rich.text import Text

    from webingo.engines.sheets.page import flat
    from webingo.engines.sheets.words import heading, text, title

    headed = f"{within}: {heading(name)}" if within else title(name)
    if _is_records(value):
        rows = list(flat(value))
        columns = list(dict.fromkeys(column for row in rows for column in row))
        table = Table(title=headed, title_justify="left")
        for column in columns:
            right = all(not isinstance(row.get(column), str) or row[column] == "" for row in rows)
            table.add_column(heading(column), justify="right" if right else "left")
        for row in rows:
            table.add_row(*(Text(text(column, row.get(column))) for column in columns))
        yield table
    elif isinstance(value, dict):
        inner = {key: found for key, found in value.items() if isinstance(found, dict) or _is_records(found)}
        if len(inner) < len(value):
            table = Table(title=headed, show_header=False, title_justify="left")
            for key, plain in value.items():
                if key not in inner:
                    table.add_row(Text(heading(key)), Text(text(key, plain)))
            yield table
        for key, found in inner.items():
            yield from _details(key, found, headed)
    else:
        yield Text(f"{headed}: {text(name, value)}")


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
