"""webingo user: what is kept of a player, and erasing what is personal of it."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webingo.commands.common import Config, Failure, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.resources.local import LocalResources
    from webingo.transaction.store import Store
    from webingo.transaction.transaction import Seat

Platform = Annotated[str, typer.Argument(help="The player's platform, like facebook.")]
Uid = Annotated[str, typer.Argument(help="The player's id there.")]

user = typer.Typer(help="What is kept of a player, and erasing what is personal of it.", no_args_is_help=True)


@user.command("show")
def show(platform: Platform, uid: Uid, config: Config = None, as_json: Json = False) -> None:
    """Show what is kept of a player: profile, wallets, what was spent on each site, and the level there."""
    report = with_store(config, lambda store, settings: _report(store, settings, platform, uid))
    if as_json:
        print_json(report)
    else:
        _show(report)


@user.command("erase")
def erase(
    platform: Platform,
    uid: Uid,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: Config = None,
) -> None:
    """Erase what is personal of a player: profile, own fields, notes and logins. Money, ledger and rounds stay, under the id.

    Open sessions end. A backoffice hears of it in the ledger, and forgets the name.
    """
    with_store(config, lambda store, settings: _report(store, settings, platform, uid))  # whether there is such a player
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("Nobody is there to confirm it; --yes does without.")
        if typer.prompt(f"This can't be undone. Type the uid to erase {platform}:{uid}") != uid:
            raise Failure("That is another uid; nothing was erased.")
    with_store(config, lambda store, settings: _erase(store, platform, uid))
    typer.echo(f"{platform}:{uid} is erased; money, ledger and rounds stay.")


async def _erase(store: "Store", platform: str, uid: str) -> None:
    from webingo.support.clock import SystemClock
    from webingo.user import User

    await store.erase(User(platform, uid), SystemClock().now_ms())


async def _report(store: "Store", settings: "Settings", platform: str, uid: str) -> dict[str, Any]:
    """{"platform", "uid", "blocked", "revoked_ms", "profile": {…} or null, "wallets": [{"denom", "balance", "seq"}], "sites":
    [{"site", "spent", "level": null where the site is not known or has no levels}]}. Raises Failure for an unknown player."""
    from webingo.user import User

    player = User(platform, uid)
    profile, belongings = await store.profile(player), await store.belongings(player)
    if profile is None and belongings == ([], []):
        raise Failure(f"There is no player {platform}:{uid}.")
    wallets = [(wallet.denom, await store.funds(wallet)) for wallet in belongings.wallets]
    resources = _resources(settings)
    return {
        "platform": platform,
        "uid": uid,
        "blocked": await store.blocked(player),
        "revoked_ms": await store.revoked_at(player),
        "profile": None if profile is None else _read(profile),
        "wallets": [{"denom": denom, **funds._asdict()} for denom, funds in wallets],
        "sites": [
            {"site": seat.site, "spent": spent, "level": _level(resources, seat, spent)} for seat, spent in belongings.seats
        ],
    }


def _read(profile: bytes) -> Any:
    """Platforms of third parties may keep it in whatever form."""
    import orjson

    try:
        return orjson.loads(profile)
    except orjson.JSONDecodeError:
        return profile.decode(errors="replace")


def _resources(settings: "Settings") -> "LocalResources | None":
    """The sites of the files; None where a backoffice has them, and where they are broken."""
    from webingo.errors import BadResource
    from webingo.resources.local import LocalResources

    if settings.rgs_base:
        return None
    try:
        return LocalResources(settings.res_dir, settings.debug)
    except BadResource:
        return None


def _level(resources: "LocalResources | None", seat: "Seat", spent: int) -> int | None:
    site = None if resources is None else resources.sites.get(seat.site)
    if site is None or site.social is None or site.platform != seat.user.platform:
        return None
    return site.social.level(spent)


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(f"{report['platform']}:{report['uid']}{' (blocked)' if report['blocked'] else ''}"), soft_wrap=True)
    facts = Table(show_header=False)
    profile = report["profile"]
    for name, value in (profile if isinstance(profile, dict) else {"profile": profile or "none"}).items():
        facts.add_row(Text(name), Text(str(value)))
    console.print(facts)
    wallets = Table("Wallet", "Balance", "Entries")
    for wallet in report["wallets"]:
        wallets.add_row(wallet["denom"], str(wallet["balance"]), str(wallet["seq"]))
    console.print(wallets)
    sites = Table("Site", "Spent", "Level")
    for site in report["sites"]:
        sites.add_row(site["site"], str(site["spent"]), "" if site["level"] is None else str(site["level"]))
    console.print(sites)
