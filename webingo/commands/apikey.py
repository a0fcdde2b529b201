"""webingo apikey: who may call the RGS door, and for which site."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.server.rgs.keys import ApiKey
    from webingo.transaction.store import Store

apikey = typer.Typer(help="API keys of games that live elsewhere.", no_args_is_help=True)

_LONGEST_LABEL = 100


@apikey.command("create")
def create(
    site: Annotated[str, typer.Argument(help="The site whose players and money the key is for: its id, or platform:id.")],
    label: Annotated[str, typer.Option(help="Who has it, for the list.")] = "",
    config: Config = None,
) -> None:
    """Make an API key for a site. The key itself is the last line, alone, and is shown only now."""
    if not label.isprintable() or len(label) > _LONGEST_LABEL:
        raise Failure(f"--label: one line of at most {_LONGEST_LABEL} characters, please")
    print(with_store(config, lambda store, settings: _create(store, settings, site, label)))


@apikey.command("list")
def show(config: Config = None, as_json: Json = False) -> None:
    """List all keys, revoked ones too."""
    keys = with_store(config, lambda store, settings: _keys(store))
    if as_json:
        print_json([_facts(key) for key in keys])
    else:
        _show(keys)


@apikey.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as list shows it, or the key itself.")],
    config: Config = None,
) -> None:
    """Revoke a key: from now on nobody can call with it, at any server."""
    with_store(config, lambda store, settings: _revoke(store, key_id))
    typer.echo("The key is revoked.")


async def _create(store: "Store", settings: "Settings", site: str, label: str) -> str:
    from webingo.commands.common import find_site
    from webingo.server.rgs.keys import fresh_key
    from webingo.support.clock import SystemClock

    platform, site_id = find_site(settings, site)
    key, text = fresh_key(platform, site_id, label, SystemClock().now_ms())
    await store.keep_api_key(key.id, key.document())
    print(f"The key {key.id} is for the site {platform}:{site_id}. Keep it: it is not shown again.", file=sys.stderr)
    return text


async def _keys(store: "Store") -> "list[ApiKey]":
    from webingo.server.rgs.keys import parse_key

    return sorted((parse_key(*found) for found in await store.api_keys()), key=lambda key: (key.created_ms, key.id))


async def _revoke(store: "Store", key_id: str) -> None:
    from webingo.problems import unknown
    from webingo.support.clock import SystemClock

    keys = {key.id: key for key in await _keys(store)}
    key_id = key_id.removeprefix("wbk_").partition("_")[0]
    if key_id not in keys:
        raise Failure(f"{key_id}: {unknown('key', key_id, keys)}")
    if not keys[key_id].revoked_ms:
        await store.keep_api_key(key_id, keys[key_id]._replace(revoked_ms=SystemClock().now_ms()).document())


def _facts(key: "ApiKey") -> dict[str, Any]:
    """Everything but the hash; `revoked_ms` is null while the key is good."""
    facts = key._asdict() | {"revoked_ms": key.revoked_ms or None}
    return {name: value for name, value in facts.items() if name != "hash"}


def _show(keys: "list[ApiKey]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not keys:
        console.print("There are no API keys.")
        return
    table = Table("Id", "Site", "Label", "Created", "Revoked")
    for key in keys:
        revoked = Text(_day(key.revoked_ms), style="red") if key.revoked_ms else ""
        table.add_row(key.id, f"{key.platform}:{key.site}", Text(key.label), _day(key.created_ms), revoked)
    console.print(table)


def _day(at_ms: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"
