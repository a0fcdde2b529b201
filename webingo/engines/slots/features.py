"""What may follow a spin: free spins, picks and wheels, and the awards that lead there; feature buy, gamble, jackpots."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from webingo.engines.slots.models import (
    AnyMultiplier,
    Counts,
    Factor,
    Model,
    Name,
    Pay,
    Symbol,
    Table,
    Title,
    Weight,
    keyed,
    refused,
)

Reels = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=1)]
"""Reels by their places from the left, from 0; ascending."""
Unit = Literal["total_bet", "line_bet"]


class Award(Model):
    """A feature that is won. `spins` only and always for free spins; `multiplier` then replaces the feature's own."""

    feature: Name
    spins: Annotated[int, Field(ge=1, le=10_000)] | None = None
    multiplier: Factor | None = None


Awards = Annotated[
    dict[int, Award],
    BeforeValidator(keyed, json_schema_input_type=dict[str, Award]),
    AfterValidator(Table),
]
"""What so many symbols award: {count: award}; more symbols than listed award what the highest count below them does."""


class Wild(Model):
    """A symbol that replaces others: all but those of `except`, and only where it is on one of `reels` (all by default).

    `multiplier` applies to a win in which it replaces. With `expands` it fills its whole reel before lines or ways are judged.
    """

    symbol: Symbol
    multiplier: Factor = 1
    excepted: Annotated[tuple[Symbol, ...], Field(strict=False, alias="except")] = ()
    reels: Reels | None = None
    expands: bool = False


class Scatter(Model):
    """A symbol that counts wherever it stands. `pays` are multiples of the total bet; `reels` are those where it counts."""

    symbol: Symbol
    name: Symbol = ""
    pays: Counts = Field(default_factory=Table)
    awards: Awards = Field(default_factory=Table)
    reels: Reels | None = None

    def model_post_init(self, _: Any) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.symbol)


class Choice(Model):
    """Reels that turn wild together in a free spin; none may, too."""

    reels: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False)]
    weight: Weight = 1


class ExtraWilds(Model):
    """For each free spin one of `choices` is drawn, and its reels are filled with `symbol`, which is a wild of this feature."""

    symbol: Symbol
    choices: Annotated[tuple[Choice, ...], Field(strict=False, min_length=1, max_length=100)]


class FreeSpins(Model):
    """Spins that cost nothing, at the bet and lines of the spin that won them.

    `multiplier` (a number, or {value: weight}, drawn for each spin that pays) multiplies all that a spin wins. `wilds` and
    `scatters` are those of the base game where they are not given. `max_spins` is the most that one run can last, retriggers
    included.
    """

    type: Literal["free_spins"]
    title: Title = ""
    strips: Name = "base"
    multiplier: AnyMultiplier = Field(default_factory=lambda: Table({1: 1}))
    wilds: Annotated[tuple[Wild, ...] | None, Field(strict=False)] = None
    scatters: Annotated[tuple[Scatter, ...] | None, Field(strict=False)] = None
    max_spins: Annotated[int, Field(ge=1, le=100_000)] | None = None
    extra_wilds: ExtraWilds | None = None


class Item(Model):
    """What lies under one of a pick's covers, `count` times: a pay, an award, the end of the picking, or nothing."""

    name: Title = ""
    pay: Pay = 0
    weight: Weight = 1
    count: Annotated[int, Field(ge=1, le=100)] = 1
    award: Award | None = None
    end: bool = False


class Pick(Model):
    """Items are drawn by weight, each once, until `picks` are done, an `end` was drawn, or none is left. Pays are multiples of
    `unit`."""

    type: Literal["pick"]
    title: Title = ""
    picks: Annotated[int, Field(ge=1, le=100)]
    unit: Unit = "total_bet"
    items: Annotated[tuple[Item, ...], Field(strict=False, min_length=1, max_length=100)]

    @property
    def awarded(self) -> list[tuple[tuple[int | str, ...], Award]]:
        """The awards that it holds, each with the way to it."""
        return [(("items", place, "award"), item.award) for place, item in enumerate(self.items) if item.award]


class Segment(Model):
    """One of a wheel's: a pay, an award, a jackpot, or nothing."""

    name: Title = ""
    weight: Weight = 1
    pay: Pay = 0
    award: Award | None = None
    jackpot: Name | None = None


class Wheel(Model):
    """One segment is drawn by weight. Pays are multiples of `unit`."""

    type: Literal["wheel"]
    title: Title = ""
    unit: Unit = "total_bet"
    segments: Annotated[tuple[Segment, ...], Field(strict=False, min_length=1, max_length=100)]

    @property
    def awarded(self) -> list[tuple[tuple[int | str, ...], Award]]:
        """The awards that it holds, each with the way to it."""
        return [(("segments", place, "award"), segment.award) for place, segment in enumerate(self.segments) if segment.award]


_KINDS: dict[str, type[FreeSpins | Pick | Wheel]] = {"free_spins": FreeSpins, "pick": Pick, "wheel": Wheel}


def _by_type(value: Any) -> Any:
    """Checked here by the model that it names, as a union of models would put its own names into the places of problems."""
    if not isinstance(value, dict):
        return value
    kind = _KINDS.get(str(value.get("type")))
    if kind is None:
        raise refused("Feature", [(("type",), f"must be one of {', '.join(_KINDS)}")], value)
    return kind.model_validate(value)


Feature = Annotated[FreeSpins | Pick | Wheel, BeforeValidator(_by_type, json_schema_input_type=FreeSpins | Pick | Wheel)]


class RandomAward(Model):
    """Drawn on each base spin, after the reels: `chance` is a fraction like "1/150"."""

    chance: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,8}/[1-9]\d{0,8}$")]
    award: Award

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.chance)


class Buy(Model):
    """An award that can be bought for `cost` times the total bet."""

    name: Name
    title: Annotated[Title, StringConstraints(min_length=1)]
    cost: Annotated[int, Field(ge=1, le=1_000_000)]
    award: Award


class Gamble(Model):
    """A win may be risked up to `max_steps` times, fairly, as long as winning makes it no more than `limit` times the total
    bet."""

    types: Annotated[tuple[Literal["double_up", "triple_up"], ...], Field(strict=False, min_length=1)]
    max_steps: Annotated[int, Field(ge=1, le=20)]
    limit: Annotated[int, Field(ge=1, le=10_000_000)]


class Jackpot(Model):
    """The win that triggers a jackpot: at least `count` of the pay or scatter `pay`. One of a wheel has neither."""

    id: Name
    pay: Symbol | None = None
    count: Annotated[int, Field(ge=1)] | None = None
