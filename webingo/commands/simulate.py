"""webingo simulate: does play agree with the exact figures?"""

from collections.abc import Iterator
from hashlib import sha256
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, GameName, Json, find_game, print_json

if TYPE_CHECKING:
    from webingo.engines.engine import Odds, Sample
    from webingo.resources.game import Game

CHUNK = 250_000
"""Rounds of one task. Each has a seed of its own, so the sum is the same on any number of cores."""
Z_99 = 2.575829303548901
Z_9999 = 3.890591886413094
_FLOAT_ERROR = 1e-9


def simulate(
    game: GameName,
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds to play.")] = 10_000_000,
    seed: Annotated[int | None, typer.Option(min=0, help="Repeats an earlier run; a fresh one when not given.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Play a game on all cores and compare with its exact odds; exit 1 when the return is outside of 99.99 % certainty."""
    from webingo.rng import SystemRng

    found = find_game(game, config)
    seed = SystemRng().below(2**32) if seed is None else seed
    result = compare(found, _play(found, rounds, seed), seed)
    if json:
        print_json(result)
    else:
        _show(result)
    if not result["agrees"]:
        raise typer.Exit(1)


def compare(game: "Game", sample: "Sample", seed: int) -> dict[str, Any]:
    """JSON, as fractions of the stake. The intervals are of the mean of so many rounds, with the exact variance."""
    odds: Odds = game.engine.odds()
    mean = sample.returned / sample.rounds
    error = sqrt(odds.variance / sample.rounds)
    exact = float(odds.rtp)
    return {
        "game": game.manifest.id,
        "rounds": sample.rounds,
        "seed": seed,
        "rtp": mean,
        "interval_99": [mean - Z_99 * error, mean + Z_99 * error],
        "exact_rtp": exact,
        "deviations": (mean - exact) / error if error else 0.0,
        "agrees": abs(mean - exact) <= Z_9999 * error + _FLOAT_ERROR,
        "hit_rate": sample.hits / sample.rounds,
        "exact_hit_rate": float(odds.hit_rate),
        "standard_deviation": sqrt(max(0.0, sample.returned_squared / sample.rounds - mean * mean)),
        "exact_standard_deviation": sqrt(odds.variance),
        "highest_win": sample.highest,
        "max_win": float(odds.max_win),
    }


def _play(game: "Game", rounds: int, seed: int) -> "Sample":
    """All rounds, in parallel. The pool is there before the progress bar's thread, which a fork would not survive."""
    from multiprocessing import Pool, cpu_count

    from rich.console import Console
    from rich.progress import Progress

    from webingo.engines.engine import Sample

    console = Console(stderr=True)
    starts = range(0, rounds, CHUNK)
    tasks = ((min(CHUNK, rounds - begun), chunk_seed(seed, begun)) for begun in starts)
    total = Sample(0, 0.0, 0.0, 0, 0.0)
    with (
        Pool(min(cpu_count(), len(starts)), _start, (game.manifest.model_dump_json(),)) as pool,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task(game.manifest.title, total=rounds)
        for part in pool.imap(_chunk, tasks):  # in order, as sums of floats depend on it
            total = _added(total, part)
            progress.update(bar, completed=total.rounds)
    return total


def chunk_seed(seed: int, begun: int) -> int:
    """Far apart for neighbouring seeds and chunks, so that two runs share none."""
    return int.from_bytes(sha256(f"{seed}:{begun}".encode()).digest()[:8], "big")


def _added(a: "Sample", b: "Sample") -> "Sample":
    return type(a)(
        a.rounds + b.rounds,
        a.returned + b.returned,
        a.returned_squared + b.returned_squared,
        a.hits + b.hits,
        max(a.highest, b.highest),
    )


_games: list["Game"] = []  # the one that a worker process was started for


def _start(manifest: str) -> None:
    import signal

    from webingo.resources.game import GameManifest

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the workers
    _games.append(GameManifest.model_validate_json(manifest).build())


def _chunk(task: tuple[int, int]) -> "Sample":
    return _games[0].engine.simulate(*task)


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    low, high = result["interval_99"]
    yield "Return to player", f"{result['rtp']:.4%}", f"{result['exact_rtp']:.4%}"
    yield "99 % interval", f"{low:.4%} to {high:.4%}", f"{result['deviations']:+.2f} deviations off"
    yield "Rounds that win", f"{result['hit_rate']:.4%}", f"{result['exact_hit_rate']:.4%}"
    yield "Standard deviation", f"{result['standard_deviation']:.4f}", f"{result['exact_standard_deviation']:.4f}"
    yield "Highest win", f"{result['highest_win']:,.10g} × the stake", f"{result['max_win']:,.10g} × the stake"


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    verdict = "play agrees with the exact odds" if result["agrees"] else "PLAY DOES NOT AGREE WITH THE EXACT ODDS"
    title = f"{result['game']}: {result['rounds']:,} rounds, seed {result['seed']}: {verdict}"
    table = Table("", "Played", "Exact", title=title, title_justify="left")
    for row in _rows(result):
        table.add_row(*row)
    Console().print(table)
