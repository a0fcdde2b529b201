"""What a slots manifest says: the mathematics that is certified, and the settings that a site may change."""

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from webingo.engines.slots.checks import problems
from webingo.engines.slots.features import (
    Award,
    Awards,
    Buy,
    Feature,
    FreeSpins,
    Gamble,
    Jackpot,
    RandomAward,
    Scatter,
    Wild,
)
from webingo.engines.slots.models import Counts, Frequencies, Model, Multipliers, Name, Pay, Symbol, Table, Weight, refused
from webingo.engines.slots.size import MOST_PAID

Align = Literal["left", "right", "both", "any"]
_Stops = Annotated[tuple[Symbol, ...], Field(strict=False, min_length=1, max_length=1000)]
_OneOrMore = str | list[str]
SiteJackpot = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Window(Model):
    reels: Annotated[int, Field(ge=1, le=6)]
    rows: Annotated[int, Field(ge=1, le=6)]


def _as_stops(value: Any) -> Any:
    """A list stands for a strip whose stops are equally likely."""
    return {"stops": value} if isinstance(value, (list, tuple)) else value


class Strip(Model):
    """How one reel is drawn: `stops`, of which the one that is drawn is the top row of the window, with `weights` where they
    are not equally likely; or `frequencies`, by which each cell is drawn by itself."""

    stops: _Stops | None = None
    weights: Annotated[tuple[Weight, ...] | None, Field(strict=False)] = None
    frequencies: Frequencies | None = None

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(self.stops or self.frequencies or ())

    def most(self, symbol: str, rows: int) -> int:
        """How many of a symbol can show at once."""
        if self.stops is None:
            return rows * (symbol in self.symbols)
        around = self.stops + self.stops[: rows - 1]
        return max(around[top : top + rows].count(symbol) for top in range(len(self.stops)))


Strips = Annotated[
    tuple[Annotated[Strip, BeforeValidator(_as_stops, json_schema_input_type=list[str] | Strip)], ...], Field(strict=False)
]


def _as_several(value: Any) -> Any:
    """A single symbol of a combination stands for a choice of one."""
    return (value,) if isinstance(value, str) else value


class LinePay(Model):
    """A row of the pay table for lines or ways: of one `symbol`, of several `symbols` mixed (which need a `name`), or a
    `combination` that says for each reel what has to stand there.

    `pays` (a combination: `pay`) are multiples of the bet per line, or with ways per coin. Without `wilds` no wild replaces its
    symbols; of the cells that are paid at least `naturals` have to be its symbols themselves.
    """

    symbol: Symbol | None = None
    symbols: Annotated[tuple[Symbol, ...], Field(strict=False)] = ()
    combination: Annotated[
        tuple[
            Annotated[
                tuple[Symbol, ...],
                BeforeValidator(_as_several, json_schema_input_type=_OneOrMore),
                Field(strict=False, min_length=1),
            ],
            ...,
        ],
        Field(strict=False),
    ] = ()
    name: Symbol = ""
    pays: Counts = Field(default_factory=Table)
    awards: Awards = Field(default_factory=Table)
    pay: Pay | None = None
    award: Award | None = None
    align: Align | None = None
    wilds: bool = True
    naturals: Annotated[int, Field(ge=0, le=6)] = 0

    def model_post_init(self, _: Any) -> None:
        if not self.name and self.symbol:
            object.__setattr__(self, "name", self.symbol)

    @property
    def of(self) -> tuple[str, ...]:
        """Its symbols; none for a combination."""
        return (self.symbol,) if self.symbol is not None else self.symbols


class Math(Model):
    """The mathematics of a slot game; docs/slots.md explains every key."""

    window: Window
    symbols: Annotated[tuple[Symbol, ...], Field(strict=False, min_length=1, max_length=60)]
    wilds: Annotated[tuple[Wild, ...], Field(strict=False)] = ()
    wild_multipliers: Literal["add", "multiply", "highest"] = "multiply"
    strips: Annotated[dict[Name, Strips], AfterValidator(Table)]
    pay_by: Literal["lines", "ways"] = "lines"
    lines: Annotated[
        tuple[Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False)], ...], Field(strict=False, max_length=100)
    ] = ()
    coins: Annotated[int, Field(ge=1, le=10_000)] | None = None
    align: Align = "left"
    line_coinciding: bool = False
    pays: Annotated[tuple[LinePay, ...], Field(strict=False, max_length=200)] = ()
    scatters: Annotated[tuple[Scatter, ...], Field(strict=False, max_length=20)] = ()
    multiplier: Multipliers | None = None
    random_awards: Annotated[tuple[RandomAward, ...], Field(strict=False, max_length=20)] = ()
    features: Annotated[dict[Name, Feature], AfterValidator(Table)] = Field(default_factory=Table)
    buy: Annotated[tuple[Buy, ...], Field(strict=False, max_length=20)] = ()
    gamble: Gamble | None = None
    jackpots: Annotated[tuple[Jackpot, ...], Field(strict=False, max_length=20)] = ()
    win_cap: Annotated[int, Field(ge=1, le=10_000_000)] | None = None

    @cached_property
    def ids(self) -> dict[str, int]:
        """The number of each symbol: its place in `symbols`."""
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    @property
    def free_spins(self) -> dict[str, FreeSpins]:
        return {name: feature for name, feature in self.features.items() if isinstance(feature, FreeSpins)}

    def total_bet(self, lines: int) -> int:
        """The total bet of a spin as a multiple of the bet per line (or coin), with so many lines played."""
        return self.coins or lines

    @model_validator(mode="after")
    def _consistent(self) -> "Math":
        if found := problems(self):
            raise refused("Math", found)
        return self


def _each_once(jackpots: dict[str, str]) -> Table[str, str]:
    for name in jackpots.values():
        if sum(name == other for other in jackpots.values()) > 1:
            raise ValueError(f"{name!r} is named twice: a round wins a jackpot of the site once at most")
    return Table(jackpots)


class Settings(Model):
    """What a site may choose. Amounts are in the denomination's smallest unit.

    `bets` are the bets per line (or coin) that are allowed, `lines` the numbers of lines that may be played (all of them only,
    where it isn't given), `max_stake` limits the total bet, `gamble` and `buy` say whether the game's gamble and feature buy
    are offered, and `jackpots` which jackpot of the site each of the game's jackpots wins: {id in the math: id on the site};
    one that isn't named wins nothing.
    """

    bets: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_PAID)], ...], Field(strict=False, min_length=1)]
    lines: Annotated[tuple[Annotated[int, Field(ge=1)], ...] | None, Field(strict=False, min_length=1)] = None
    max_stake: Annotated[int, Field(ge=1, le=MOST_PAID)]
    gamble: bool = True
    buy: bool = True
    jackpots: Annotated[dict[Name, SiteJackpot], AfterValidator(_each_once)] = Field(default_factory=Table)

    @field_validator("bets", "lines")
    @classmethod
    def _ascending(cls, values: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if any(a >= b for a, b in pairwise(values or ())):
            raise ValueError("must be ascending, each once")
        return values

    @model_validator(mode="after")
    def _limit_allows_every_bet(self) -> "Settings":
        if self.max_stake < self.bets[-1]:
            raise refused("Settings", [(("max_stake",), f"{self.max_stake} is below the highest of bets, {self.bets[-1]}")])
        return self
