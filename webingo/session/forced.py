"""Forced outcomes, for testers: given numbers come first, then the house's generator goes on.

Only on a site in test mode, and only with `debug`: `forcible` is the one place that decides it. What was forced is recorded
like any other draw, so that such a round can be proved as every other.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, TypeVar

from webingo.errors import Code, Refused
from webingo.resources.site import Site
from webingo.rng import Rng
from webingo.session.component import Component, Room
from webingo.session.house import House

T = TypeVar("T")

Number = int | float
MOST_NUMBERS = 1000


class ForcedFirst:
    """An Rng. An int is the number that is drawn; a float from 0 up to 1 is scaled to the range that is asked for.

    A number that does not lie in its range is refused (BAD_PARAMS), and the others with it: what would come next is not what
    the tester meant.
    """

    def __init__(self, source: Rng) -> None:
        self._source = source
        self._given: deque[Number] = deque()

    @property
    def left(self) -> list[Number]:
        return list(self._given)

    def force(self, numbers: Any) -> None:
        """These are drawn next, in place of those that were left over. Raises Refused(BAD_PARAMS)."""
        self._given = deque(checked(numbers))

    def below(self, n: int) -> int:
        if not self._given or n <= 0:
            return self._source.below(n)
        number = self._given.popleft()
        drawn = int(number * n) if isinstance(number, float) else number
        if drawn >= n:
            self._given.clear()
            raise Refused(Code.BAD_PARAMS, f"The forced number {number} does not lie below {n}.")
        return drawn

    def distribution(self, n: int, m: int) -> int:
        if not self._given or m <= n:
            return self._source.distribution(n, m)
        if isinstance(self._given[0], int):
            self._given[0] = max(self._given[0] - n, -1)
        if self._given[0] < 0:
            self._given.clear()
            raise Refused(Code.BAD_PARAMS, f"The forced number does not lie from {n} up to {m}.")
        return n + self.below(m - n)

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        if not self._given:
            return self._source.weighted(choices)
        mark = self.below(sum(weight for _, weight in choices))
        for value, weight in choices:
            mark -= weight
            if mark < 0:
                return value
        raise AssertionError("unreachable: the mark lies below the sum of the weights")

    def shuffle(self, items: Sequence[T]) -> list[T]:
        return self.sample(items, len(items))

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        if not self._given or not 0 <= k <= len(items):
            return self._source.sample(items, k)
        pool = list(items)
        for i in range(k):
            j = i + self.below(len(pool) - i)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]


def checked(numbers: Any) -> list[Number]:
    """Numbers as a tester may give them: ints from 0, floats from 0 up to 1. Raises Refused(BAD_PARAMS)."""
    if not isinstance(numbers, list) or len(numbers) > MOST_NUMBERS:
        raise Refused(Code.BAD_PARAMS, f"Forced numbers are a list of at most {MOST_NUMBERS}.")
    for number in numbers:
        if not (type(number) is int and number >= 0) and not (type(number) is float and 0 <= number < 1):
            raise Refused(Code.BAD_PARAMS, "A forced number is an integer from 0, or a fraction from 0 up to 1.")
    return list(numbers)


def forcible(house: House, site: Site) -> tuple[House, ForcedFirst | None]:
    """The house for one session on that site, and the generator whose numbers can be forced, if that is allowed here."""
    if not (house.debug and site.test_mode):
        return house, None
    rng = ForcedFirst(house.rng)
    return house.with_rng(rng), rng


class TestComponent(Component):
    """The session component "test": {"force": [numbers]} sets what is drawn next; the answer tells how many they are."""

    __test__ = False  # not one for pytest
    name = "test"

    def __init__(self, rng: ForcedFirst, room: Room) -> None:
        self._rng = rng
        self._room = room

    async def receive(self, message: dict[str, Any]) -> None:
        if message.keys() != {"force"}:
            raise Refused(Code.BAD_PARAMS, 'test takes {"force": [numbers]}.')
        self._rng.force(message["force"])
        self._room.tell(self.name, {"forced": len(self._rng.left)})

    def close(self) -> None:
        """What was not drawn is forgotten with the session."""
