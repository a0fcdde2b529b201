"""What was drawn: kept draw by draw in play, and given back draw by draw in a replay."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from webingo.rng import Rng

T = TypeVar("T")


class Draw(NamedTuple):
    """One call on an Rng as it is kept in the round's record: the method, its arguments, what came out."""

    method: str
    args: list[Any]
    result: Any


class RecordingRng:
    """Draws from another generator and keeps every draw, in order. `written` is what a record takes: a Draw's method,
    arguments and result as plain tuples, which JSON can be made of at once."""

    def __init__(self, source: Rng) -> None:
        self._source = source
        self.written: list[tuple[str, list[Any], Any]] = []

    @property
    def draws(self) -> list[Draw]:
        return [Draw(*draw) for draw in self.written]

    def below(self, n: int) -> int:
        result = self._source.below(n)
        self.written.append(("below", [n], result))
        return result

    def distribution(self, n: int, m: int) -> int:
        result = self._source.distribution(n, m)
        self.written.append(("distribution", [n, m], result))
        return result

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        result = self._source.weighted(choices)
        self.written.append(("weighted", [[list(choice) for choice in choices]], result))
        return result

    def shuffle(self, items: Sequence[T]) -> list[T]:
        result = self._source.shuffle(items)
        self.written.append(("shuffle", [len(items)], result))
        return list(result)

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        result = self._source.sample(items, k)
        self.written.append(("sample", [len(items), k], result))
        return list(result)


class ForcedMismatch(Exception):  # noqa: N818 - names the finding
    """A replay asked for another number than was recorded: the rules or the record have changed."""


class ForcedRng:
    """Answers with recorded draws, and only to the calls that they were recorded for."""

    def __init__(self, draws: Sequence[Draw]) -> None:
        self._left = list(reversed(draws))

    @property
    def exhausted(self) -> bool:
        """True when every recorded draw was asked for."""
        return not self._left

    def _next(self, method: str, args: list[Any]) -> Any:
        if not self._left:
            raise ForcedMismatch(f"{method}{tuple(args)} was asked for, but no draw is left")
        draw = self._left.pop()
        if (draw.method, list(draw.args)) != (method, args):
            raise ForcedMismatch(f"{method}{tuple(args)} was asked for, {draw.method}{tuple(draw.args)} was recorded")
        return draw.result

    def below(self, n: int) -> int:
        return self._inside(self._next("below", [n]), 0, n)

    def distribution(self, n: int, m: int) -> int:
        return self._inside(self._next("distribution", [n, m]), n, m)

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        result = self._next("weighted", [[list(choice) for choice in choices]])
        for value, weight in choices:
            if weight and value == result:
                return value
        raise ForcedMismatch(f"{result!r} was recorded, which is not among the choices")

    @staticmethod
    def _inside(result: Any, low: int, high: int) -> int:
        if type(result) is not int or not low <= result < high:
            raise ForcedMismatch(f"{result!r} was recorded, which does not lie from {low} up to {high}")
        return result

    def shuffle(self, items: Sequence[T]) -> list[T]:
        return self._permuted(items, self._next("shuffle", [len(items)]), len(items))

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        return self._permuted(items, self._next("sample", [len(items), k]), k)

    @staticmethod
    def _permuted(items: Sequence[T], result: list[T], k: int) -> list[T]:
        left = list(items)
        for item in result:
            if item not in left:
                raise ForcedMismatch(f"{item!r} was recorded, which is not among the items")
            left.remove(item)
        if len(result) != k:
            raise ForcedMismatch(f"{k} items were asked for, {len(result)} were recorded")
        return list(result)
