"""webingo block: keeps a player out."""

from typing import Annotated

import typer

from webingo.commands.common import Config, with_store


def block(
    platform: Annotated[str, typer.Argument(help="The player's platform, like demo.")],
    uid: Annotated[str, typer.Argument(help="The player's id there.")],
    off: Annotated[bool, typer.Option("--off", help="Let the player in again.")] = False,
    config: Config = None,
) -> None:
    """Block a player at once: no login and no wager any more. Money and unfinished rounds stay as they are."""
    from webingo.user import User

    user = User(platform, uid)
    with_store(config, lambda store, settings: store.block(user, not off))
    typer.echo(f"{platform}:{uid} is {'welcome again' if off else 'blocked'}.")
