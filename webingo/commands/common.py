"""What the commands share: the option for the configuration, finding a game, a failure that is one sentence."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.resources.game import Game
    from webingo.transaction.store import Store

T = TypeVar("T")

Config = Annotated[Path | None, typer.Option("--config", help="The configuration file; config.json here when not given.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
GameName = Annotated[str, typer.Argument(metavar="GAME|FILE", help="The id of a game in res/games, or a manifest file.")]


class Failure(Exception):  # noqa: N818 - ends the program with its sentence, exit 1
    """The command can't do what it was asked to."""


def find_game(name: str, config: Path | None) -> "Game":
    """The game of a manifest file or an id, with its own settings. Raises Failure or BadResource."""
    from webingo.resources.game import read_manifest

    file = Path(name)
    if file.suffix != ".json":
        from webingo.config import read

        folder = read(config).res_dir / "games"
        file = folder / name / "manifest.json"
        if not file.is_file():
            raise Failure(_no_game(name, folder))
    return read_manifest(file).built(str(file))


def _no_game(name: str, folder: Path) -> str:
    from webingo.problems import unknown

    games = [file.parent.name for file in folder.glob("*/manifest.json")]
    return f"{name}: {unknown('game', name, games)} (in {folder})"


def with_store(config: Path | None, work: "Callable[[Store, Settings], Awaitable[T]]") -> T:
    """Does the work on the configured store, beside a running server or without one. Raises Failure where there is none."""
    import asyncio

    from webingo.config import load
    from webingo.support import log
    from webingo.support.redis import NoRedis
    from webingo.transaction.opening import open_store

    async def run() -> T:
        store = await open_store(settings)
        try:
            return await work(store, settings)
        finally:
            await store.aclose()

    settings = load(config)
    log.setup("warning", settings.log_format)
    try:
        return asyncio.run(run())
    except NoRedis as error:
        raise Failure(str(error)) from None


def find_site(settings: "Settings", name: str) -> tuple[str, str]:
    """Platform and id of the site of that id, or of "platform:id". Where a backoffice has the sites it has to be the latter,
    and nobody knows here whether there is such a site. Raises Failure or BadResource."""
    from webingo.problems import unknown
    from webingo.resources.local import LocalResources

    platform, _, site_id = name.rpartition(":")
    if settings.rgs_base:
        if not (platform and site_id):
            raise Failure(f"{name}: the backoffice has the sites; write platform:id")
        return platform, site_id
    sites = LocalResources(settings.res_dir, settings.debug).sites
    site = sites.get(site_id)
    if site is None or platform not in ("", site.platform):
        raise Failure(f"{name}: {unknown('site', site_id, sites)} (in {settings.res_dir / 'local_sites'})")
    return site.platform, site.id


def print_json(value: Any) -> None:
    """One JSON value on stdout, floats with all their digits."""
    import json

    typer.echo(printable(json.dumps(value, indent=2, ensure_ascii=False)))


def printable(text: str) -> str:
    """With halves of surrogate pairs as JSON escapes them: no stream takes them as they are."""
    return text.encode("utf-8", "backslashreplace").decode()
