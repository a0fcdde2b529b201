"""A site is a place where games are offered: its platform, denomination, origins, games and what it changes in them."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from webingo.addresses import origin
from webingo.errors import BadResource
from webingo.problems import invalid, read_object
from webingo.resources.game import GameId
from webingo.resources.jackpots import MOST_JACKPOTS, Jackpot, check_jackpots
from webingo.resources.social import MOST_PRODUCTS, Product, Social, each_once
from webingo.transaction.transaction import MAX_AMOUNT
from webingo.wallet.denomination import DENOMINATIONS

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]

SELF = "self"
"""The origin that stands for the server's own host."""
ANYWHERE = "*"
"""The origin that stands for all; only in debug."""


def _origin(value: str) -> str:
    return value if value in (SELF, ANYWHERE) else origin(value)


class SiteGame(BaseModel):
    """A game on a site. `settings` go over the manifest's, as far as the manifest opens them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: GameId
    enabled: bool = True
    settings: dict[str, Any] = {}


class Flags(BaseModel):
    """What the site's rules of play allow its clients. Where a regulator bans them, autoplay and turbo stay off.

    `min_spin_ms` is the least time from the start of a round to the start of the next (UKGC RTS 14E: 2.5 s for slots,
    14G: 5 s for other games); the server refuses earlier ones.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    autoplay: bool = False
    turbo: bool = False
    min_spin_ms: int = Field(0, ge=0, le=60_000)


class SlotIde(BaseModel):
    """How the SLOT-IDE door treats this site's players. `hide_reels` keeps the reel strips out of what it sends; a session is
    forgotten when nothing came for it for `inactivity_timeout_s` (the server's `session_idle_s` where it is not given)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    hide_reels: bool = True
    inactivity_timeout_s: int | None = Field(None, ge=1, le=86_400)


class Outside(BaseModel):
    """Games that live elsewhere and use this site's money (docs/rgs.md). A round of theirs never pays more than `max_win` times
    its wagers. One that is open for `escrow_timeout_s` is reported; `policy` says whether it is cancelled, too."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    max_win: int = Field(ge=1, le=10_000_000)
    escrow_timeout_s: int = Field(600, ge=10, le=31_536_000)
    policy: Literal["report", "cancel"] = "report"


def _each_once(games: list[SiteGame]) -> list[SiteGame]:
    ids = [game.id for game in games]
    if twice := {game for game in ids if ids.count(game) > 1}:
        raise ValueError(f"{', '.join(sorted(twice))} is listed twice")
    return games


class Site(BaseModel):
    """`initial_credits` is what a new player's wallet starts with, in the denomination's smallest unit. `test_mode` lets
    players force outcomes, for testers; without debug it is without effect. `social` and `products` are for platforms that
    have a social casino. `operator` is the one of the settings' operators that keeps the players' money, "" where we keep it.
    `rgs` opens the site's money to games that live elsewhere."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: Name
    platform: Name
    title: str = ""
    denomination: str
    initial_credits: int = Field(0, ge=0, le=MAX_AMOUNT)
    allowed_origins: list[Annotated[str, AfterValidator(_origin)]] = Field([SELF], min_length=1)
    games: Annotated[list[SiteGame], AfterValidator(_each_once)] = Field(min_length=1)
    enabled: bool = True
    flags: Flags = Flags()
    test_mode: bool = False
    slot_ide: SlotIde = SlotIde()
    operator: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]{0,63})?$")] = ""
    rgs: Outside | None = None
    jackpots: Annotated[list[Jackpot], Field(max_length=MOST_JACKPOTS)] = []
    social: Social | None = None
    products: Annotated[list[Product], AfterValidator(each_once), Field(max_length=MOST_PRODUCTS)] = []

    def counts_as(self, other: "Site") -> bool:
        """Whether players have the same wallet on both."""
        return (self.denomination, self.operator) == (other.denomination, other.operator)

    @field_validator("denomination")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in DENOMINATIONS:
            raise ValueError(f"unknown denomination; there are {', '.join(DENOMINATIONS)}")
        return value

    @field_validator("jackpots")
    @classmethod
    def _fitting(cls, value: list[Jackpot], info: ValidationInfo) -> list[Jackpot]:
        if {"denomination", "games"} <= info.data.keys():
            check_jackpots(value, info.data["denomination"], [game.id for game in info.data["games"]])
        return value


def read_site(file: Path) -> Site:
    """A site by itself, its games not yet looked up. Raises BadResource."""
    if file.suffix != ".json":
        raise BadResource([(str(file), "", "only sites stand here, as <id>.json")])
    document = read_object(file)
    try:
        return Site.model_validate(document)
    except ValidationError as error:
        raise BadResource(invalid(str(file), error, Site.model_fields)) from None
