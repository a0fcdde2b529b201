"""webingo rng: are the random numbers good, here they are, and these were drawn."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

import typer

from webingo.commands.common import Config, Failure, Json, print_json, printable, with_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webingo.audit.finding import Finding, Verdict

rng = typer.Typer(help="Random numbers: audit, raw stream, recorded draws.", no_args_is_help=True)

_PIECE = 1 << 16
_LEAST = 20_000  # webingo.audit.battery.LEAST, known without loading it


@rng.command("audit")
def audit(
    samples: Annotated[int, typer.Option(min=_LEAST, help="How many numbers each test gets.")] = 1_000_000,
    level: Annotated[
        float, typer.Option(min=1e-15, max=0.5, help="How often a fair generator may be refused, over all tests.")
    ] = 0.01,
    file: Annotated[str, typer.Option(help="Audit the raw bytes of this file (-: standard input), not this system's.")] = "",
    as_json: Json = False,
) -> None:
    """Test what the generator's own methods give. Exit 1 where one test is beyond what chance explains (Bonferroni)."""
    from webingo.audit.battery import battery
    from webingo.audit.finding import judged
    from webingo.rng import SystemRng

    with _kept(file) as source:
        tests = battery(SystemRng(source), samples)
        findings = list(tests if as_json else _told(tests))
    verdict = judged(findings, level)
    if as_json:
        print_json(_document(findings, verdict, level))
    else:
        _judge(findings, verdict, level)
    if not verdict.holds:
        raise typer.Exit(1)


def _document(findings: "Sequence[Finding]", verdict: "Verdict", level: float) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "level": level,
        "limit": verdict.limit,
        "smallest_p": verdict.worst.p,
        "tests": [{**finding._asdict(), "holds": finding.p >= verdict.limit} for finding in findings],
    }


def _told(findings: "Iterator[Finding]") -> "Iterator[Finding]":
    """Each in a line of a table, as soon as it is there."""
    typer.echo(f"{'Test':<20}{'Draws':<46}{'Samples':>12}{'Statistic':>14}{'p':>10}")
    for finding in findings:
        draws = finding.draws if len(finding.draws) < 46 else finding.draws[:44] + "…"
        typer.echo(f"{finding.test:<20}{draws:<46}{finding.samples:>12,}{finding.statistic:>14.5g}{finding.p:>10.4g}")
        yield finding


def _judge(findings: "Sequence[Finding]", verdict: "Verdict", level: float) -> None:
    worst, rule = verdict.worst, f"{level:g} / {len(findings)} = {verdict.limit:.3g}"
    typer.echo(f"\nSmallest p of {len(findings)}: {worst.p:.3g} ({worst.test}, {worst.draws}); each has to reach {rule}.")
    typer.echo("Passed." if verdict.holds else "FAILED: chance does not explain this.")


@contextmanager
def _kept(name: str) -> "Iterator[_Kept | None]":
    if not name:
        yield None
    elif name == "-":
        yield _Kept(sys.stdin.buffer, "standard input")
    else:
        with Path(name).open("rb") as file:
            yield _Kept(file, name)


class _Kept(NamedTuple):
    """Blocks of a file, once through. Raises Failure at its end: nothing is read twice."""

    file: BinaryIO
    name: str

    def block(self, size: int = 4096) -> bytes:
        found = self.file.read(size)
        if len(found) < size:
            raise Failure(f"{self.name}: not enough bytes for so many samples: give more of them, or a smaller --samples")
        return found


@rng.command("stream")
def stream(
    count: Annotated[int | None, typer.Option("--bytes", min=1, help="How many to write; without end when not given.")] = None,
) -> None:
    """Write raw random bytes to standard output, as they are drawn from: behind the health tests, before any scaling."""
    import os

    out, left = sys.stdout.fileno(), count
    if os.isatty(out):
        raise Failure("random bytes on a terminal do nobody good: send them to a program or a file")
    try:
        for block in _blocks():
            piece = memoryview(block)[:left]
            left = None if left is None else left - len(piece)
            while piece:
                piece = piece[os.write(out, piece) :]
            if left == 0:
                break
    except BrokenPipeError:
        return  # whoever reads has enough


def _blocks() -> "Iterator[bytes]":
    """Without end, in order. The system is asked for the next ones while one is tested: it takes as long."""
    from collections import deque
    from concurrent.futures import ThreadPoolExecutor

    from webingo.rng import SOURCE

    SOURCE.start()
    with ThreadPoolExecutor(1) as reader:
        ahead = deque(reader.submit(SOURCE.untested, _PIECE) for _ in range(4))
        while True:
            raw = ahead.popleft().result()
            ahead.append(reader.submit(SOURCE.untested, _PIECE))
            yield SOURCE.passed(raw)


@rng.command("show")
def show(
    draws_id: Annotated[str, typer.Argument(metavar="ID", help="The id that the RNG service answered with.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what the RNG service drew for a game that lives elsewhere."""
    import json

    document = with_store(config, lambda store, settings: store.draws(draws_id))
    if document is None:
        raise Failure(f"{draws_id}: there are no such draws (or their record was kept long enough and is gone)")
    found = json.loads(document)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        typer.echo(f"{name:<9} {printable(text)}")
