"""webingo adapter: which adapters to operators there are, and trying one out."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, Json, print_json

if TYPE_CHECKING:
    from webingo.adapters.adapter import Adapter
    from webingo.adapters.kit.trial import Finding

adapter = typer.Typer(help="Adapters to operators: which there are, and trying one out.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An adapter, or an operator of the configuration.")]


@adapter.command("list")
def show(config: Config = None, as_json: Json = False) -> None:
    """List the adapters that are installed, and the operators of the configuration."""
    from webingo.adapters.registry import adapters
    from webingo.config import read

    settings = read(config)
    rows: list[dict[str, Any]] = [
        {
            "adapter": name,
            "class": f"{kind.__module__}.{kind.__qualname__}",
            "testable": _testable(kind),
            "operators": [operator for operator, found in settings.operators.items() if found.adapter == name],
        }
        for name, kind in adapters().items()
    ]
    if as_json:
        print_json(rows)
    else:
        _show_adapters(rows)


@adapter.command("test")
def test(
    name: Name,
    seed: Annotated[int, typer.Option("--seed", help="Another number makes other troubles by chance.")] = 0,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Try an adapter out against a fake operator that misbehaves on purpose; exit 1 where a case fails.

    No real operator is called. Of an operator of the configuration its adapter is tried out, with the fake's options.
    """
    import asyncio

    findings = asyncio.run(_findings(_kind(name, config), seed, quiet=as_json))
    failed = sum(finding.outcome == "failed" for finding in findings)
    if as_json:
        print_json({"adapter": name, "failed": failed, "cases": [finding._asdict() for finding in findings]})
    else:
        passed = sum(finding.outcome == "passed" for finding in findings)
        typer.echo(f"{passed} passed, {failed} failed, {len(findings) - passed - failed} not applicable.")
    if failed:
        raise typer.Exit(1)


def _kind(name: str, config: Config) -> "type[Adapter]":
    from webingo.adapters.registry import adapters
    from webingo.config import read
    from webingo.problems import unknown

    known, operators = adapters(), read(config).operators
    kind = known.get(operators[name].adapter if name in operators else name)
    if kind is None:
        raise Failure(f"{name}: {unknown('adapter or operator', name, [*known, *operators])}")
    try:
        fake = kind.fake()
    except Exception as error:  # somebody else's code
        raise Failure(f"The fake operator of {kind.name} can't be loaded: {type(error).__name__}: {error}") from None
    if fake is None:
        raise Failure(f"The adapter {kind.name} has no fake operator to be tried out with (docs/adapters.md).")
    return kind


def _testable(kind: "type[Adapter]") -> bool:
    try:
        return kind.fake() is not None
    except Exception:  # what it needs is not installed: `adapter test` says what
        return False


async def _findings(kind: "type[Adapter]", seed: int, quiet: bool) -> "list[Finding]":
    """All of them; each is shown when it is done, as some take their time."""
    from webingo.adapters.kit.trial import trial
    from webingo.support import log

    log.setup("error", "console")
    findings = []
    async for finding in trial(kind, seed):
        findings.append(finding)
        if not quiet:
            reason = f": {finding.reason}" if finding.reason else ""
            typer.echo(f"{finding.outcome:<15} {finding.seconds:6.2f} s  {finding.case}{reason}")
    return findings


def _show_adapters(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Adapter", "Class", "Can be tested", "Operators")
    for row in rows:
        table.add_row(row["adapter"], row["class"], "yes" if row["testable"] else "no", ", ".join(row["operators"]))
    Console().print(table)
