"""The building blocks of a slots manifest: the strict base model, names, and tables with numbers for keys."""

import re
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

ANYTHING = "*"
"""In a combination: any symbol."""

K = TypeVar("K")
V = TypeVar("V")

# Of strip sets, features, buys and jackpots; symbols and pays are called as the PAR sheet calls them.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=40)]
Symbol = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=40)]
Title = Annotated[str, StringConstraints(max_length=80)]
Weight = Annotated[int, Field(ge=1, le=1_000_000_000)]
Pay = Annotated[int, Field(ge=0, le=10_000_000)]

Where = tuple[int | str, ...]
Problem = tuple[Where, str]
"""What is wrong, and where: the keys and places that lead there from the model that is checked."""


class Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Table(dict[K, V]):
    """A dict that can't be changed any more, so that a model that holds one is frozen through and through and has a hash."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a table of a definition can't be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return Table, (dict(self),)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


def keyed(value: Any) -> Any:
    """JSON knows strings only as keys: "3" stands for 3."""
    if not isinstance(value, dict):
        return value
    return {int(key) if isinstance(key, str) and _NUMBER.fullmatch(key) else key: inner for key, inner in value.items()}


def _certain(value: Any) -> Any:
    """A single multiplier stands for a table of one."""
    return {value: 1} if type(value) is int else value


_Keyed = dict[str, int]
_NUMBER = re.compile(r"[1-9]\d{0,8}")
Counts = Annotated[dict[int, Pay], BeforeValidator(keyed, json_schema_input_type=_Keyed), AfterValidator(Table)]
"""What so many symbols pay: {count: multiple of the bet}."""
Factor = Annotated[int, Field(ge=1, le=100_000)]
Multipliers = Annotated[
    dict[Factor, Weight],
    BeforeValidator(keyed, json_schema_input_type=_Keyed),
    AfterValidator(Table),
    Field(min_length=1, max_length=100),
]
"""A random multiplier: {value: weight}."""
AnyMultiplier = Annotated[Multipliers, BeforeValidator(_certain, json_schema_input_type=int | _Keyed)]
Frequencies = Annotated[dict[Symbol, Weight], AfterValidator(Table), Field(min_length=1)]


def refused(title: str, problems: list[Problem], value: Any = None) -> ValidationError:
    """An error with every problem in its place. Where a validator raises it, pydantic puts these places behind its own."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("definition", "{reason}", {"reason": reason}), loc=where, input=value)
        for where, reason in problems
    ]
    return ValidationError.from_exception_data(title, errors)
