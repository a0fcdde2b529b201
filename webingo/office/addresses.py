"""Ids of players, sites and games as parts of the console's addresses."""

from typing import Any
from urllib.parse import quote, unquote


def part(value: Any) -> str:
    """Somebody else's id as one part of a path, whatever is in it: slashes, dots and per cent signs would not come through.

    As in addresses, but with ~ for the per cent sign; `unpart` takes it back."""
    quoted = quote(str(value), safe="").replace("~", "%7E")
    return (quoted if quoted.strip(".") else quoted.replace(".", "%2E")).replace("%", "~")


def player_path(platform: str, uid: str) -> str:
    """The page of a player."""
    return f"/players/{part(platform)}/{part(uid)}"


def unpart(value: str) -> str:
    return unquote(value.replace("~", "%"), errors="replace")
