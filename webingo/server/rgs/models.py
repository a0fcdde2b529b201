"""What the RGS door takes and answers. The same models check what comes in and make the door's OpenAPI document."""

from itertools import accumulate
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from webingo.transaction.transaction import MAX_AMOUNT

MOST_VALUES = 10_000
WIDEST_SPAN = 2**64
_EXACT = 2.0**53


def _whole(value: Any) -> Any:
    """5.0 is the integer 5 in JSON, however it is written. From 2^53 on it may stand for one that was rounded."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


_WHOLE = BeforeValidator(_whole)
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
NameOrNone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{0,128}$")]
CallId = Annotated[
    Name,
    Field(
        description="Names this call, once for ever on the site: sent again, it is answered as the first time.",
        examples=["spin-4711-bet"],
    ),
]
Round = Annotated[
    Name, Field(description="The game's own name of the round, once for ever on the site.", examples=["spin-4711"])
]
SessionId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128),
    Field(description="The `sessionId` of the player's POST /session.", examples=["17-5f0c9c0e-8a52-4b55-9d0e-0d1c6f6b2a11"]),
]
Count = Annotated[int, Field(ge=1, le=MOST_VALUES, description="How many of them.", examples=[5]), _WHOLE]
Bound = Annotated[int, Field(ge=-(2**63), le=2**64, description="An integer of up to 64 bits."), _WHOLE]
Weight = Annotated[int, Field(ge=0, le=WIDEST_SPAN, description="In proportion to the sum of all weights."), _WHOLE]
Amount = Annotated[
    int, Field(ge=1, le=MAX_AMOUNT, description="In the smallest unit of the site's currency.", examples=[100]), _WHOLE
]
Win = Annotated[
    int,
    Field(ge=0, le=MAX_AMOUNT, description="What the round pays in all, in the smallest unit; 0: nothing.", examples=[250]),
    _WHOLE,
]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _RandomAsk(_Model):
    round: NameOrNone = Field("", description="Kept with the draws: which round of the game they are for.")


class DistributionAsk(_RandomAsk):
    """Integers from `n` up to but not including `m`, each as probable as the others. At most 2^64 of them may be possible."""

    n: Annotated[Bound, Field(examples=[1])]
    m: Annotated[Bound, Field(examples=[7])]
    count: Count = 1

    @model_validator(mode="after")
    def _possible(self) -> "DistributionAsk":
        if self.m <= self.n:
            raise ValueError(f"n has to be less than m: from {self.n} up to {self.m} there is nothing")
        if self.m - self.n > WIDEST_SPAN:
            raise ValueError("from n to m there may be 2^64 numbers at most")
        return self


class WeightedAsk(_RandomAsk):
    """Values, each with the exact probability weight / sum of the weights."""

    choices: Annotated[
        list[Annotated[tuple[Any, Weight], Field(strict=False)]],
        Field(
            min_length=1,
            max_length=MOST_VALUES,
            description="[value, weight] each; a value is any JSON.",
            examples=[[["cherry", 5], ["seven", 1]]],
        ),
    ]
    count: Count = 1

    @field_validator("choices")
    @classmethod
    def _possible(cls, choices: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
        total = sum(weight for _, weight in choices)
        if not 0 < total <= WIDEST_SPAN:
            raise ValueError("the weights' sum has to lie from 1 to 2^64")
        return choices

    def bounds(self) -> list[int]:
        """The sums of the weights up to each choice, that one included."""
        return list(accumulate(weight for _, weight in self.choices))


class ShuffleAsk(_RandomAsk):
    """The items in a new order, every one of the possible orders as probable as the others (Fisher-Yates)."""

    items: Annotated[
        list[Any], Field(max_length=MOST_VALUES, description="Any JSON values.", examples=[["ace", "king", "queen"]])
    ]


class PlayerAsk(_Model):
    """Who plays in a session, with the balance as it is now."""

    session: SessionId


class EscrowAsk(_Model):
    """Takes a wager out of the balance. The first one begins the round; a round may have more, as for an extra ball."""

    session: SessionId
    round: Round
    amount: Amount
    id: CallId
    game: NameOrNone = Field("", description="The game's name in reports; `outside` where there is none.")


class ResultAsk(_Model):
    """Closes the round: what was escrowed is spent, the win is paid."""

    round: Round
    win: Win
    id: CallId
    draws: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9a-f-]{36}$")]],
        Field(max_length=1000, description="Ids of the random numbers that decided it: they are kept in the round's record."),
    ] = []


class CancelAsk(_Model):
    """Gives back all that was escrowed in the round, and ends it."""

    round: Round
    id: CallId


class Values(_Model):
    """`id` names the recorded draws."""

    id: str
    values: list[Any]


class Player(_Model):
    player: str = Field(description="The player's id on the site's platform.")
    balance: int = Field(description="In the smallest unit of the currency.")
    currency: str = Field(examples=["USD"])


class Settled(_Model):
    id: str = Field(description="The call's.")
    round: str
    status: Literal["escrowed", "closed", "cancelled"]
    balance: int | None = Field(
        description="The player's, right after the call, in the smallest unit; null where an operator keeps the money and has "
        "not said yet what it is: the call stands all the same."
    )


class Problem(_Model):
    code: str = Field(examples=["INSUFFICIENT_FUNDS"])
    message: str = Field(description="For the people who write the game.")


class Failed(_Model):
    """What every call is answered with that was not carried out."""

    error: Problem
