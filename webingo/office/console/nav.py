"""The sidebar: which pages there are, in which order, and who sees them."""

from typing import NamedTuple


class Place(NamedTuple):
    """`path` is the page's; every path below it counts as the same place. `icon` is one of templates/icons.html."""

    path: str
    title: str
    icon: str
    least: str = "viewer"


SECTIONS: list[tuple[str, list[Place]]] = [
    (
        "Operation",
        [
            Place("/", "Dashboard", "dashboard"),
            Place("/players", "Players", "players"),
            Place("/rounds", "Rounds", "rounds"),
            Place("/adjustments", "Adjustments", "adjustments"),
        ],
    ),
    (
        "Offer",
        [
            Place("/sites", "Sites", "sites"),
            Place("/games", "Games", "games"),
            Place("/jackpots", "Jackpots", "jackpots"),
        ],
    ),
    (
        "House",
        [
            Place("/audit", "Audit log", "audit"),
            Place("/staff", "Staff", "staff", "admin"),
        ],
    ),
]


def current(path: str) -> str:
    """The path of the place that a page belongs to; empty where it belongs to none."""
    first = "/" + path.strip("/").split("/")[0]
    return next((place.path for _, places in SECTIONS for place in places if place.path == first), "")
