"""webingo simulate: does play agree with the exact figures?"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands import _run
from webingo.commands.common import Config, Failure, GameName, Json, find_game, print_json

if TYPE_CHECKING:
    from fractions import Fraction

    from rich.console import Console
    from rich.progress import Progress

    from webingo.engines.engine import Odds, Sample
    from webingo.resources.game import Game

Z_99 = 2.575829303548901
Z_9999 = 3.890591886413094
_FLOAT_ERROR = 1e-9
_SAVE_S = 1.0
_UPDATE_S = 0.1


def simulate(
    game: GameName,
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds to play.")] = 10_000_000,
    seed: Annotated[
        int | None, typer.Option(min=0, max=_run.MOST_SEED, help="Repeats an earlier run; a fresh one when not given.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Keeps what is done in this file, and goes on from there if it exists.")
    ] = None,
    buy: Annotated[str | None, typer.Option(help="Each round buys this feature, instead of a spin.")] = None,
    cores: Annotated[int | None, typer.Option(min=1, help="How many to use; all of them when not given.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Play a game on all cores and compare with its exact odds; exit 1 when the return is outside of 99.99 % certainty."""
    found = find_game(game, config)
    run = _run.open_run(found, seed, buy, resume)
    if run.done.rounds > rounds:
        raise Failure(f"{resume}: {run.done.rounds} rounds are done already, more than the {rounds} that are asked for")
    odds = _prepared(run)
    try:
        sample, speed = _played(run, rounds, cores or _all_cores())
    except KeyboardInterrupt:
        if resume is None:
            raise
        run.save()
        typer.echo(f"webingo: stopped; {run.done.rounds} rounds are kept in {resume}", err=True)
        raise typer.Exit(130) from None
    result = compare(found, sample, run.seed, odds, buy)
    if json:
        print_json(result)
    else:
        _show(result, speed)
    if not result["agrees"]:
        raise typer.Exit(1)


def _all_cores() -> int:
    """Those that this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _console() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def _prepared(run: _run.Run) -> "Odds":
    """The exact figures; and a first round is played, so that processes started later find everything compiled."""
    console = _console()
    try:
        with _status(console, "compiling"):
            _run.one_chunk(run.game, 1, run.seed, run.buy)
        with _status(console, "counting the exact figures"):
            return run.game.engine.odds()
    except ValueError as error:
        raise Failure(f"{run.game.manifest.id}: {_sentence(error)}") from None


def _sentence(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)


@contextmanager
def _status(console: "Console", doing: str) -> Iterator[None]:
    if not console.is_terminal:
        yield
        return
    with console.status(f"{doing} …"):
        yield


def _played(run: _run.Run, rounds: int, cores: int) -> "tuple[Sample, str]":
    """All rounds, and how fast those were played that were not done before. The file is written every few seconds and at the
    end."""
    from webingo.support.clock import SystemClock

    clock = SystemClock()
    began = saved = shown = clock.monotonic()
    before = run.done.rounds
    console = _console()
    with closing(run.play(rounds, cores)) as parts:
        sample = next(parts)  # the processes are there before the progress bar's thread, which a fork would not survive
        with _bar(console) as progress:
            bar = progress.add_task(run.game.manifest.title, total=rounds, completed=sample.rounds, rtp="")
            for sample in parts:
                now = clock.monotonic()
                if now - shown >= _UPDATE_S or sample.rounds == rounds:
                    progress.update(bar, completed=sample.rounds, rtp=_so_far(sample))
                    shown = now
                if now - saved >= _SAVE_S:
                    run.save()
                    saved = clock.monotonic()
    run.save()
    seconds = clock.monotonic() - began
    return (
        sample,
        f"{sample.rounds - before:,} rounds in {seconds:.1f} s: {(sample.rounds - before) / seconds / 1e6:.2f} million/s",
    )


def _bar(console: "Console") -> "Progress":
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{(task.speed or 0) / 1e6:.1f} million/s")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        Speed(),
        TextColumn("{task.fields[rtp]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _so_far(sample: "Sample") -> str:
    mean, error = _mean(sample.rounds, sample.returned, sample.returned_squared)
    return f"RTP {mean:.3%} ± {Z_99 * error:.3%}"


def _mean(count: int, total: "float | Fraction", squared: "float | Fraction") -> tuple[float, float]:
    """The mean and its standard error, from the sample's own variance."""
    if not count:
        return 0.0, 0.0
    mean = total / count
    return float(mean), sqrt(max(0.0, float(squared / count - mean * mean)) / count)


def compare(game: "Game", sample: "Sample", seed: int, odds: "Odds", buy: str | None = None) -> dict[str, Any]:
    """JSON, as fractions of the stake. The intervals are of the mean of so many rounds: with the exact variance, but for what
    is bought and for the parts with that of the sample. Only the return decides whether play agrees."""
    mean, error = _mean(sample.rounds, sample.returned, sample.returned_squared)
    deviation = error * sqrt(sample.rounds)
    exact = float(odds.rtp) if buy is None else _float(odds.parts.get(f"buy.{buy}"))
    if buy is None:
        error = sqrt(odds.variance / sample.rounds)
    return {
        "game": game.manifest.id,
        "rounds": sample.rounds,
        "seed": seed,
        **({"buy": buy} if buy is not None else {}),
        "rtp": mean,
        "interval_99": [mean - Z_99 * error, mean + Z_99 * error],
        "exact_rtp": exact,
        **_judged(mean, exact, error),
        "hit_rate": sample.hits / sample.rounds,
        "exact_hit_rate": float(odds.hit_rate) if buy is None else _float(odds.parts.get(f"buy_hits.{buy}")),
        "standard_deviation": deviation,
        "exact_standard_deviation": sqrt(odds.variance) if buy is None else None,
        "highest_win": float(sample.highest),
        "max_win": float(odds.max_win),
        **({"parts": dict(_parts(sample, odds, buy))} if sample.parts else {}),
    }


def _parts(sample: "Sample", odds: "Odds", buy: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in sample.parts.items():
        mean, error = _mean(*part)
        exact = _float(odds.parts.get(name)) if buy is None else None
        interval = [mean - Z_99 * error, mean + Z_99 * error]
        yield name, {"count": part.count, "mean": mean, "interval_99": interval, "exact": exact, **_judged(mean, exact, error)}


def _judged(mean: float, exact: float | None, error: float) -> dict[str, Any]:
    if exact is None:
        return {"deviations": None, "agrees": True}
    away = mean - exact
    return {"deviations": away / error if error else 0.0, "agrees": abs(away) <= Z_9999 * error + _FLOAT_ERROR}


def _float(value: "Fraction | None") -> float | None:
    return None if value is None else float(value)


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    low, high = result["interval_99"]
    yield "Return to player", f"{result['rtp']:.4%}", _or_dash(result["exact_rtp"], ".4%")
    yield "99 % interval", f"{low:.4%} to {high:.4%}", _or_dash(result["deviations"], "+.2f", " deviations off")
    yield "Rounds that win", f"{result['hit_rate']:.4%}", _or_dash(result["exact_hit_rate"], ".4%")
    yield "Standard deviation", f"{result['standard_deviation']:.4f}", _or_dash(result["exact_standard_deviation"], ".4f")
    yield "Highest win", f"{result['highest_win']:,.10g} × the stake", f"{result['max_win']:,.10g} × the stake"


def _or_dash(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else f"{value:{form}}{unit}"


def _show(result: dict[str, Any], speed: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    verdict = "play agrees with the exact odds" if result["agrees"] else "PLAY DOES NOT AGREE WITH THE EXACT ODDS"
    bought = f", buying {result['buy']}" if "buy" in result else ""
    title = f"{result['game']}: {result['rounds']:,} rounds{bought}, seed {result['seed']}: {verdict}"
    table = Table("", "Played", "Exact", title=title, title_justify="left", caption=speed, caption_justify="left")
    for row in _rows(result):
        table.add_row(*row)
    console.print(table)
    if "parts" not in result:
        return
    table = Table("Part", "Played", "99 % interval", "Exact", "Deviations")
    for name, part in result["parts"].items():
        low, high = part["interval_99"]
        mark = "" if part["agrees"] else " !"
        deviations = _or_dash(part["deviations"], "+.2f", mark)
        table.add_row(name, f"{part['mean']:.7g}", f"{low:.7g} to {high:.7g}", _or_dash(part["exact"], ".7g"), deviations)
    console.print(table)
