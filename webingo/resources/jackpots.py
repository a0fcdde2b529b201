"""What a site's jackpots are: their bounds, what feeds them, who wins them; and what a wager feeds, exactly.

Bounds are in storage units: a smallest unit of the denomination (a credit, a cent) divided by `storage_multiplier`. What is fed
is counted finer, in millionths of a smallest unit: a rate has at most six decimals, so that no wager feeds a fraction of one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from webingo.problems import unknown
from webingo.resources.game import GameId
from webingo.transaction.transaction import MAX_AMOUNT
from webingo.wallet.denomination import DENOMINATIONS

if TYPE_CHECKING:
    from webingo.resources.site import Site

MILLION = 10**6
MOST_JACKPOTS = 32
"""On one site: a player may subscribe to all of them, and each of a game's wagers feeds all that are its."""

JackpotId = Annotated[str, StringConstraints(pattern=r"^jp_[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]


def _rate(text: str) -> str:
    millionths(text)
    return text


def millionths(rate: str) -> int:
    """ "0.0125" -> 12500. Raises ValueError for what is no share below 1 with at most six decimals."""
    whole, _, decimals = rate.partition(".")
    if whole != "0" or len(decimals) > 6 or not ((decimals.isascii() and decimals.isdigit()) or rate == "0"):
        raise ValueError('must be a share below 1 as text, with at most six decimals: "0.0125" is 1.25 % of each wager')
    return int(decimals.ljust(6, "0"))


Rate = Annotated[str, AfterValidator(_rate)]


class ByGame(BaseModel):
    """The game's own rules say when it is won: a full card within so many balls, a line of symbols."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    by: Literal["game"] = "game"


class Mystery(BaseModel):
    """Each run has a secret value, drawn uniformly over the whole units above `min` up to `before`; the wager that lifts the
    jackpot to it wins it. `before` is in storage units."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    by: Literal["mystery"]
    before: Annotated[int, Field(ge=1, le=MAX_AMOUNT)]


class Jackpot(BaseModel):
    """`min` is the value that a run begins with, `max` its ceiling. Of each wager in `games` (all of the site where it is None)
    `contribution` goes to the value and `reserve` to the pool that later runs' `min` is paid from."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: JackpotId
    title: Annotated[str, StringConstraints(max_length=100)] = ""
    denomination: str
    storage_multiplier: int = Field(1000, ge=1, le=MILLION)
    min: Amount
    max: Amount
    contribution: Rate = "0"
    reserve: Rate = "0"
    games: Annotated[list[GameId], Field(min_length=1)] | None = None
    trigger: Annotated[ByGame | Mystery, Field(discriminator="by")] = ByGame()

    @field_validator("denomination")
    @classmethod
    def _named(cls, value: str) -> str:
        """Our own name of the denomination, also where accounting's was given: "CRE" is "credit"."""
        by_rgs_id = {denomination.rgs_id: name for name, denomination in DENOMINATIONS.items()}
        name = value if value in DENOMINATIONS else by_rgs_id.get(value)
        if name is None:
            raise ValueError(f"unknown denomination; there are {', '.join(dict.fromkeys([*DENOMINATIONS, *by_rgs_id]))}")
        return name

    @field_validator("games")
    @classmethod
    def _each_once(cls, value: list[str] | None) -> list[str] | None:
        if value and (twice := {game for game in value if value.count(game) > 1}):
            raise ValueError(f"{', '.join(sorted(twice))} is listed twice")
        return value

    @model_validator(mode="after")
    def _whole(self) -> "Jackpot":
        bounds = {"min": self.min, "max": self.max}
        if isinstance(self.trigger, Mystery):
            bounds["trigger.before"] = self.trigger.before
            if not self.min < self.trigger.before <= self.max:
                raise ValueError("trigger.before must lie above min and not above max")
            if not millionths(self.contribution):
                raise ValueError("a mystery jackpot without a contribution is never won")
        elif self.min < self.storage_multiplier:
            raise ValueError("min must be at least one unit of the denomination: a second win at the same moment takes it")
        for name, value in bounds.items():
            if value % self.storage_multiplier:
                raise ValueError(f"{name} must be whole units of the denomination: a multiple of {self.storage_multiplier}")
        if self.min > self.max:
            raise ValueError("min lies above max")
        if self.rate >= MILLION:
            raise ValueError("contribution and reserve together must stay below 1")
        return self

    @property
    def rate(self) -> int:
        """Millionths of each wager that go to the jackpot in all."""
        return millionths(self.contribution) + millionths(self.reserve)

    def fed_by(self, game_id: str) -> bool:
        return self.rate > 0 and (self.games is None or game_id in self.games)


class Feeds(NamedTuple):
    """What one game's wagers feed: (jackpot, millionths of the wager), in the site's order."""

    rates: tuple[tuple[str, int], ...]

    def of(self, wager: int) -> str:
        """What a wager of so many units feeds, as the ledger has it: "jp_a=1234 jp_b=99", in millionths of a unit."""
        return " ".join([f"{jackpot}={wager * rate}" for jackpot, rate in self.rates]) if wager else ""


def fed(text: str) -> list[tuple[str, int]]:
    """A ledger's "jp_a=1234 jp_b=99" as (jackpot, millionths of a unit)."""
    return [(jackpot, int(amount)) for jackpot, _, amount in (word.partition("=") for word in text.split())]


def feeds(site: "Site", game_id: str) -> Feeds | None:
    """What the wagers of a site's game feed; None where they feed nothing."""
    rates = tuple((jackpot.id, jackpot.rate) for jackpot in site.jackpots if jackpot.fed_by(game_id))
    return Feeds(rates) if rates else None


def check_jackpots(jackpots: Sequence[Jackpot], denomination: str, games: Sequence[str]) -> None:
    """Whether a site with this denomination and these games can have them. Raises ValueError with the first reason."""
    ids = [jackpot.id for jackpot in jackpots]
    for jackpot in jackpots:
        if ids.count(jackpot.id) > 1:
            raise ValueError(f"{jackpot.id} is listed twice")
        if jackpot.denomination != denomination:
            raise ValueError(f"{jackpot.id} is in {jackpot.denomination}, the site in {denomination}: they must be the same")
        for game in jackpot.games or ():
            if game not in games:
                raise ValueError(f"{jackpot.id} is fed by {game!r}: {unknown('game of this site', game, games)}")
    for game in games:
        if sum(jackpot.rate for jackpot in jackpots if jackpot.fed_by(game)) >= MILLION:
            raise ValueError(f"the jackpots take the whole of each wager in {game}")


def unwinnable(site: "Site", named: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """(field of the site, reason) wherever games and jackpots don't meet. `named` has, for each game of the site in its order,
    the jackpots that its engine can win under the site's settings."""
    jackpots = site.jackpots
    by_game = [jackpot.id for jackpot in jackpots if jackpot.trigger.by == "game"]
    problems = []
    for place, (game, wanted) in enumerate(named.items()):
        for jackpot in sorted(set(wanted).difference(by_game)):
            mystery = any(known.id == jackpot for known in jackpots)
            reason = (
                "is a mystery jackpot, which no game wins" if mystery else unknown("jackpot of this site", jackpot, by_game)
            )
            problems.append((f"games.{place}.settings", f"{game} wins {jackpot}: {reason}"))
    winnable = {jackpot for wanted in named.values() for jackpot in wanted}
    for place, known in enumerate(jackpots):
        if known.id in by_game and known.id not in winnable:
            problems.append((f"jackpots.{place}.trigger", f"no game of the site can win {known.id}"))
    return problems
