"""A player's stay on a site, from the login to the end: what a backoffice hears of, while it lasts and when it is over."""

from typing import Protocol

from webingo.resources.site import Site
from webingo.session.view import Tally
from webingo.transaction.transaction import Funds, Seat, fresh_sharded_id


class Purse(Protocol):
    """Whoever holds the newest funds that a stay has seen."""

    funds: Funds


class Stay:
    """`id` names it for ever. `site` is the site as it was when it began; `tally` sums up what was played, in one session after
    the other where a door gives the seat up between requests. `reason` tells at the end why it is over."""

    def __init__(self, seat: Seat, site: Site, name: str = "", picture: str = "", began_ms: int = 0, token: str = "") -> None:
        """`name` is what the platform calls the player, for people, and `picture` the address of a small picture; "" for none.
        `began_ms` is when the login began, before the platform was asked: a revocation since then counts. 0: not known.
        `token` proves the player to the operator who keeps the site's money; it is secret, and "" where nobody asks for it."""
        self.id = fresh_sharded_id(seat.user)
        self.seat = seat
        self.site = site
        self.name = name
        self.picture = picture
        self.began_ms = began_ms
        self.token = token
        self.tally = Tally()
        self.purse: Purse | None = None
        self.reason = "LEFT"

    @property
    def funds(self) -> Funds:
        return Funds(0, 0) if self.purse is None else self.purse.funds


class Registrar(Protocol):
    """Whoever keeps the book of stays."""

    async def begin(self, stay: Stay) -> Site:
        """Registers it; answers the site as it is now. Raises Refused (UNKNOWN_SITE, FORBIDDEN, PLAYER_BLOCKED, UNAVAILABLE):
        no session begins then."""
        ...

    def end(self, stay: Stay) -> None:
        """It is over. Never blocks, and raises nothing."""
        ...
