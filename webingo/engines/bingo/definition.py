"""What a bingo manifest says: the mathematics that is certified, and the settings that a site may change."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=40)]
Cell = Annotated[int, Field(ge=0)]
PictureRow = Annotated[str, StringConstraints(pattern=r"^[x.]+$")]
# JSON knows lists only; the models keep tuples, so that they are frozen through and through.
Picture = Annotated[tuple[PictureRow, ...], Field(strict=False, min_length=1)]
Range = Annotated[tuple[int, int], Field(strict=False)]


_Rows = list[PictureRow] | list[list[PictureRow]]


def _as_several(rows: Any) -> Any:
    """A single picture stands for a family of one."""
    if isinstance(rows, (list, tuple)) and rows and all(isinstance(row, str) for row in rows):
        return [rows]
    return rows


class Pattern(BaseModel):
    """A prize: each of its pictures that a card completes pays `pay` times the stake of that card."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: Name
    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    pay: Annotated[int, Field(ge=1, le=10_000_000)]
    rows: Annotated[
        tuple[Picture, ...],
        BeforeValidator(_as_several, json_schema_input_type=_Rows),
        Field(strict=False, min_length=1, description="One picture, as a list of rows of x and ., or a list of pictures."),
    ]


class Math(BaseModel):
    """The mathematics of a bingo game.

    Balls 1..pool; `draw` of them are drawn for each bet, then up to `max_extra` are sold, each for `extra_margin` times
    what it is expected to bring. Positions on a card count row by row from 0; `free` ones carry no number and count as hit.
    With `column_ranges` each column holds numbers of its own range (75-ball bingo); without, a card's numbers are sorted
    and filled column by column. `jackpot_within` is the number of first balls within which a full card wins the jackpot.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    pool: Annotated[int, Field(ge=2, le=255)]
    draw: Annotated[int, Field(ge=1, le=255)]
    cards: Annotated[int, Field(ge=1, le=16)]
    rows: Annotated[int, Field(ge=1, le=7)]
    columns: Annotated[int, Field(ge=1, le=7)]
    free: Annotated[tuple[Cell, ...], Field(strict=False)] = ()
    column_ranges: Annotated[tuple[Range, ...] | None, Field(strict=False)] = None
    max_extra: Annotated[int, Field(ge=0, le=255)] = 0
    extra_margin: Annotated[str, StringConstraints(pattern=r"^(\d+(\.\d+)?|\d+/[1-9]\d*)$", max_length=20)] = "1"
    jackpot_within: Annotated[int, Field(ge=1, le=255)] | None = None
    patterns: Annotated[tuple[Pattern, ...], Field(strict=False, min_length=1)]

    @property
    def margin(self) -> Fraction:
        return Fraction(self.extra_margin)

    @property
    def numbered(self) -> tuple[int, ...]:
        """The positions of a card that carry a number, row by row."""
        return tuple(p for p in range(self.rows * self.columns) if p not in self.free)

    @property
    def numbers(self) -> int:
        """How many numbers a card carries."""
        return len(self.numbered)

    @field_validator("extra_margin")
    @classmethod
    def _margin_covers_the_gain(cls, value: str) -> str:
        if Fraction(value) < 1:
            raise ValueError("must be at least 1: an extra ball is never sold for less than it is expected to bring")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Math":
        problem = next(self._problems(), None)
        if problem:
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        """What is wrong, field by field; the later checks rely on the earlier ones."""
        if list(self.free) != sorted(set(self.free)) or any(p >= self.rows * self.columns for p in self.free):
            yield f"free: {list(self.free)} must be positions of the card, ascending, each once"
        if not self.numbers:
            yield "free: a card needs at least one number"
        if self.cards * self.numbers > self.pool:
            yield f"cards: {self.cards} cards of {self.numbers} numbers do not fit into a pool of {self.pool}"
        if not self.numbers <= self.draw:
            yield f"draw: {self.draw} balls can never fill a card of {self.numbers} numbers"
        if self.draw + self.max_extra > self.pool:
            yield f"max_extra: {self.draw} balls and {self.max_extra} extra ones are more than the pool of {self.pool}"
        if self.column_ranges is not None:
            yield from self._range_problems(self.column_ranges)
        if self.jackpot_within is not None and not self.numbers <= self.jackpot_within <= self.draw:
            yield f"jackpot_within: must be from {self.numbers} (a full card) to {self.draw} (the draw)"
        yield from self._pattern_problems()

    def _range_problems(self, ranges: tuple[tuple[int, int], ...]) -> Iterator[str]:
        if len(ranges) != self.columns:
            yield f"column_ranges: {len(ranges)} ranges for {self.columns} columns"
            return
        if [low for low, _ in ranges] != [1] + [high + 1 for _, high in ranges[:-1]] or ranges[-1][1] != self.pool:
            yield f"column_ranges: must follow one another from 1 to the pool's {self.pool}"
        for column, (low, high) in enumerate(ranges):
            needed = self.cards * sum(p % self.columns == column for p in self.numbered)
            if high - low + 1 < needed:
                yield f"column_ranges: column {column} needs {needed} numbers, its range has {high - low + 1}"

    def _pattern_problems(self) -> Iterator[str]:
        names = [pattern.name for pattern in self.patterns]
        if len(set(names)) < len(names):
            yield "patterns: two have the same name"
        seen: dict[frozenset[int], str] = {}
        for pattern in self.patterns:
            for picture in pattern.rows:
                if len(picture) != self.rows or any(len(row) != self.columns for row in picture):
                    yield f"patterns: a picture of {pattern.name!r} is not {self.rows} rows of {self.columns}"
                    return
                cells = frozenset(p for p in self.numbered if picture[p // self.columns][p % self.columns] == "x")
                if not cells:
                    yield f"patterns: a picture of {pattern.name!r} marks no number"
                if cells in seen:
                    yield f"patterns: {pattern.name!r} has the same picture as {seen[cells]!r}"
                seen[cells] = pattern.name
        if self.jackpot_within is not None and frozenset(self.numbered) not in seen:
            yield "patterns: a jackpot needs a pattern for the full card"


class Settings(BaseModel):
    """What a site may choose. Amounts are in the denomination's smallest unit.

    `bets` are the stakes per card that are allowed, `max_stake` limits the stake over all cards, and `jackpot` is the id of
    the jackpot that a full card within `jackpot_within` balls wins.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    bets: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False, min_length=1)]
    max_stake: Annotated[int, Field(ge=1)]
    jackpot: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None

    @field_validator("bets")
    @classmethod
    def _ascending(cls, bets: tuple[int, ...]) -> tuple[int, ...]:
        if any(a >= b for a, b in pairwise(bets)):
            raise ValueError("must be ascending, each stake once")
        return bets

    @model_validator(mode="after")
    def _limit_allows_every_bet(self) -> "Settings":
        if self.max_stake < self.bets[-1]:
            raise ValueError(f"max_stake: {self.max_stake} is below the highest of bets, {self.bets[-1]}")
        return self
