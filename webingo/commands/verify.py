"""webingo verify: proves a round from its recorded draws."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.session.proof import Proof
    from webingo.transaction.store import Store


def verify(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="The id of the round.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Replay a round's recorded draws: the same states and the same money must come out. Exit 1 where they don't. Of a round
    that was decided elsewhere: show its recorded calls."""
    proof = with_store(config, lambda store, settings: _prove(store, settings.res_dir, round_id))
    if as_json:
        print_json(_document(proof))
    else:
        _show(proof)
    if not proof.holds:
        raise typer.Exit(1)


async def _prove(store: "Store", res_dir: Any, round_id: str) -> "Proof":
    from webingo.resources.game import read_manifest
    from webingo.session.proof import draws_of, header_of, prove, recorded

    record = await store.round(round_id)
    if record is None:
        raise Failure(f"{round_id}: there is no such round (or its record was kept long enough and is gone)")
    header = header_of(record)
    if "outside" in header:
        kept = {draws_id: await store.draws(draws_id) for draws_id in draws_of(record)}
        return recorded(record, {draws_id: document for draws_id, document in kept.items() if document})
    file = res_dir / "games" / header["game"] / "manifest.json"
    if not file.is_file():
        raise Failure(f"{round_id}: the game {header['game']} is not in {file.parent.parent} any more")
    return prove(record, read_manifest(file).recorded(header["settings"]))


def _document(proof: "Proof") -> dict[str, Any]:
    header = proof.header
    return {
        **{name: header[name] for name in ("round", "game", "version", "platform", "site", "uid", "denom", "at")},
        "holds": proof.holds,
        "problem": proof.problem or next((step.problem for step in proof.steps if step.problem), ""),
        "complete": proof.complete,
        "elsewhere": proof.elsewhere,
        "wagered": proof.wagered,
        "won": proof.won,
        "steps": [
            {
                "action": step.action,
                "params": step.params,
                "draws": [draw._asdict() for draw in step.draws],
                "moves": step.moves,
                "jackpots": step.jackpots,
                "state": step.state,
                "problem": step.problem,
            }
            for step in proof.steps
        ],
    }


def _show(proof: "Proof") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, found = Console(), _document(proof)
    console.print(Text(f"{found['round']}  {found['game']} {found['version']}  {found['platform']}:{found['uid']}"))
    table = Table("Action", "Params", "Draws", "Money", "State", "")
    for step in found["steps"]:
        table.add_row(
            step["action"],
            Text(str(step["params"] or "")),
            Text(" ".join(f"{draw['method']}{tuple(draw['args'])}={draw['result']}" for draw in step["draws"])),
            ", ".join([*(f"{kind} {amount}" for kind, amount in step["moves"]), *step["jackpots"]]),
            step["state"]["name"],
            Text(step["problem"] or "✓"),
        )
    console.print(table)
    over = "over" if proof.complete else "still open"
    console.print(f"Wagered {proof.wagered}, won {proof.won}; the round is {over}.")
    if not proof.holds:
        console.print(Text(f"NOT PROVED: {found['problem']}"))
    elif proof.elsewhere:
        console.print("Its outcome was decided elsewhere: there is nothing to replay. What was recorded fits together.")
    else:
        console.print("Proved: every state and every move.")
