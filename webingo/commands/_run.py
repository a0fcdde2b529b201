"""A simulation as it runs: chunk by chunk on all cores, with what is done kept in a file."""

import json
import os
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webingo.commands.common import Failure

if TYPE_CHECKING:
    from webingo.engines.engine import Sample
    from webingo.resources.game import Game

CHUNK = 250_000
"""Rounds of one task. Each has random numbers of its own, so the sum is the same on any number of cores and after a break."""
MOST_SEED = (1 << 64) - 1
_FORMAT = 1


def chunk_seed(seed: int, begun: int) -> int:
    """What the engine is given for the chunk that begins after so many rounds: above the run's seed, the place in the run."""
    return begun << 64 | seed


@dataclass
class Run:
    """Rounds of one game with one seed; with `buy` each of them is that purchase. `done` are the chunks played so far, all of
    them whole; `file` is where they are kept."""

    game: "Game"
    seed: int
    buy: str | None
    done: "Sample"
    file: Path | None = None

    def play(self, rounds: int, cores: int) -> "Generator[Sample, None, None]":
        """The sum so far, again and again, up to all rounds. Chunks are added in their order: sums of floats depend on it."""
        from multiprocessing import get_context

        starts = range(self.done.rounds, rounds, CHUNK)
        tasks = ((min(CHUNK, rounds - begun), chunk_seed(self.seed, begun), self.buy) for begun in starts)
        if not starts:
            yield self.done
            return
        arguments = (self.game.manifest.model_dump_json(), self.game.settings)
        with get_context().Pool(min(cores, len(starts)), _start, arguments) as pool:
            for part in pool.imap(_chunk, tasks):
                total = added(self.done, part)
                if part.rounds == CHUNK:
                    self.done = total
                yield total

    def save(self) -> None:
        """Writes what is done to the file: all of it or, where that fails, nothing."""
        if self.file is None:
            return
        text = json.dumps({**_header(self.game, self.buy), "seed": self.seed, "done": _written(self.done)}, indent=2)
        draft = self.file.with_name(self.file.name + ".new")
        with draft.open("w") as out:
            out.write(text + "\n")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self.file)


def open_run(game: "Game", seed: int | None, buy: str | None, file: Path | None) -> Run:
    """The run that the file holds, or a new one that it will hold; with a fresh seed where none is given. Raises Failure for
    the file of another run."""
    from webingo.engines.engine import Sample
    from webingo.rng import SystemRng

    if file is None or not file.exists():
        fresh = SystemRng().below(MOST_SEED + 1) if seed is None else seed
        run = Run(game, fresh, buy, Sample(0, 0, 0, 0, 0), file)
        run.save()
        return run
    try:
        kept = json.loads(file.read_text())
        found, done = kept["seed"], _read(kept["done"])
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError):
        raise Failure(f"{file}: this is not the progress of a simulation") from None
    asked = {**_header(game, buy), "seed": found if seed is None else seed}
    for key, value in asked.items():
        if kept.get(key) != value:
            raise Failure(f"{file}: this is the progress of another run: its {key} is {kept.get(key)}, not {value}")
    return Run(game, found, buy, done, file)


def _header(game: "Game", buy: str | None) -> dict[str, Any]:
    """What has to be the same for a run to go on."""
    manifest = game.manifest
    mathematics = json.dumps([manifest.engine, manifest.math, game.settings])
    return {
        "simulation": _FORMAT,
        "game": manifest.id,
        "version": manifest.version,
        "mathematics": sha256(mathematics.encode()).hexdigest(),
        "buy": buy,
        "chunk": CHUNK,
    }


def added(a: "Sample", b: "Sample") -> "Sample":
    from webingo.engines.engine import Part

    parts = {}
    for name, more in b.parts.items():
        sofar = a.parts.get(name, Part(0, 0, 0))
        parts[name] = Part(sofar.count + more.count, sofar.total + more.total, sofar.squared + more.squared)
    return type(a)(
        a.rounds + b.rounds,
        a.returned + b.returned,
        a.returned_squared + b.returned_squared,
        a.hits + b.hits,
        max(a.highest, b.highest),
        parts,
    )


def _written(sample: "Sample") -> dict[str, Any]:
    """JSON without any rounding: fractions are texts."""
    return {
        "rounds": sample.rounds,
        "returned": _text(sample.returned),
        "returned_squared": _text(sample.returned_squared),
        "hits": sample.hits,
        "highest": _text(sample.highest),
        "parts": {name: [_text(value) for value in part] for name, part in sample.parts.items()},
    }


def _read(value: dict[str, Any]) -> "Sample":
    from webingo.engines.engine import Part, Sample

    def number(written: Any) -> Any:
        if isinstance(written, str):
            return Fraction(written)
        if type(written) not in (int, float):
            raise ValueError(written)
        return written

    parts = {name: Part(*map(number, part)) for name, part in value.pop("parts").items()}
    return Sample(**{name: number(found) for name, found in value.items()}, parts=parts)


def _text(value: "float | Fraction") -> Any:
    return str(value) if isinstance(value, Fraction) else value


_games: list["Game"] = []  # the one that a worker process was started for


def _start(manifest: str, settings: dict[str, Any]) -> None:
    import signal

    from webingo.resources.game import GameManifest

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the workers
    _games.append(GameManifest.model_validate_json(manifest).recorded(settings))


def _chunk(task: tuple[int, int, str | None]) -> "Sample":
    return one_chunk(_games[0], *task)


def one_chunk(game: "Game", rounds: int, seed: int, buy: str | None) -> "Sample":
    """Raises ValueError where the engine can't play this."""
    if buy is None:
        return game.engine.simulate(rounds, seed)
    from inspect import signature

    if "buy" not in signature(game.engine.simulate).parameters:
        raise ValueError("in this game nothing can be bought")
    found: Sample = game.engine.simulate(rounds, seed, buy=buy)  # type: ignore[call-arg]
    return found
