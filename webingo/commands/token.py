"""webingo token: lets a player in without debug."""

from typing import Annotated

import typer

from webingo.commands.common import Config

_HOUR_S = 3600


def token(
    platform: Annotated[str, typer.Argument(help="The platform that the player logs in on, like demo.")],
    uid: Annotated[str, typer.Argument(help="The player's id there.")],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How long the token is good for.")] = 24,
    config: Config = None,
) -> None:
    """Print a login token for a player, signed with the server's secret."""
    from webingo.config import load
    from webingo.platforms.registry import platforms
    from webingo.platforms.token import sign_token
    from webingo.problems import unknown
    from webingo.support.clock import SystemClock
    from webingo.user import User

    settings, clock = load(config), SystemClock()
    known = platforms(settings, clock)
    if platform not in known:
        raise typer.BadParameter(f"{platform}: {unknown('platform', platform, known)}")
    user = User(platform, uid)
    expires_at_s = clock.now_ms() // 1000 + round(hours * _HOUR_S)
    typer.echo(sign_token(settings.secret.get_secret_value(), user.platform, user.uid, expires_at_s))
