"""Random numbers for play: the operating system's CSPRNG, scaled without bias.

Nothing else in the package draws a random number. `SystemRng` reads os.urandom (getrandom(2), reseeded by the kernel) in
blocks and scales by rejection: a value is used only when it lies below the largest multiple of the range, so that the
remainder is exactly uniform (GLI-19 3.2.3; never a plain modulo). Blocks are only a buffer: no state is kept from which
a number could be predicted, and a forked child throws its copy away.
"""

import os
import uuid
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from webingo.errors import Code, Refused

T = TypeVar("T")

_BLOCK = 4096
_INSTANCES: "weakref.WeakSet[SystemRng]" = weakref.WeakSet()
# How many of the 256 values of a byte are used for a range of n: the largest multiple of n.
_BYTE_LIMIT = [0] + [256 - 256 % n for n in range(1, 257)]

_NAMES = uuid.UUID("6f1c3a52-8d2e-4b67-9a35-0e7c4d91b8f0")  # the name space of derived_id; never to be changed


class RngFailed(Refused):
    """The generator has failed its health tests, or the system gives no entropy: nothing is drawn by this process any more."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        text = f"The random number generator has failed its health tests ({reason}); play is stopped."
        super().__init__(Code.UNAVAILABLE, text)


class Rng(Protocol):
    """What an engine may ask. All ranges are integers; an empty range or list is a ValueError."""

    def below(self, n: int) -> int:
        """An integer from 0 up to but not including n."""
        ...

    def distribution(self, n: int, m: int) -> int:
        """An integer from n up to but not including m (the name is the seed's)."""
        ...

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        """One of the values, each with probability weight / sum of weights; weights are integers >= 0."""
        ...

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """The items in a new order, every permutation equally likely (Fisher-Yates)."""
        ...

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        """k of the items without replacement, in the order in which they were drawn."""
        ...


class SystemRng:
    """The generator of live play. One instance serves one thread."""

    def __init__(self) -> None:
        self._refill()
        _INSTANCES.add(self)

    def _refill(self) -> None:
        self._bytes = iter(os.urandom(_BLOCK))

    def below(self, n: int) -> int:
        if n <= 0:
            raise ValueError(f"below({n}): the range is empty")
        if n <= 256:
            limit = _BYTE_LIMIT[n]
            while True:
                for value in self._bytes:
                    if value < limit:
                        return value % n
                self._refill()
        size = ((n - 1).bit_length() + 14) // 8  # a spare byte at least half used keeps rejections rare
        span = 1 << (8 * size)
        bound = span - span % n
        while (value := int.from_bytes(self._take(size), "big")) >= bound:
            pass
        return value % n

    def _take(self, size: int) -> bytes:
        taken = bytes(value for value, _ in zip(self._bytes, range(size), strict=False))
        return taken if len(taken) == size else os.urandom(size)

    def distribution(self, n: int, m: int) -> int:
        if m <= n:
            raise ValueError(f"distribution({n}, {m}): the range is empty")
        return n + self.below(m - n)

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        total = 0
        for _, weight in choices:
            if weight < 0:
                raise ValueError("weighted: a weight is negative")
            total += weight
        mark = self.below(total)
        for value, weight in choices:
            mark -= weight
            if mark < 0:
                return value
        raise AssertionError("unreachable: the mark lies below the sum of the weights")

    def shuffle(self, items: Sequence[T]) -> list[T]:
        return self.sample(items, len(items))

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        pool = list(items)
        n = len(pool)
        if not 0 <= k <= n:
            raise ValueError(f"sample: {k} of {n} items")
        if n > 256:
            for i in range(k):
                j = i + self.below(n - i)
                pool[i], pool[j] = pool[j], pool[i]
            return pool[:k]
        limits, left, drawn = _BYTE_LIMIT, n, list[T]()
        while len(drawn) < k:  # the hot path: one byte a draw, the rejected ones skipped in the same loop
            for value in self._bytes:
                if value < limits[left]:
                    j = value % left
                    left -= 1
                    drawn.append(pool[j])
                    pool[j] = pool[left]  # the last of those that are left takes the empty place
                    if n - left == k:
                        break
            else:
                self._refill()
        return drawn


def _forget_after_fork() -> None:
    _IDS.clear()
    for rng in _INSTANCES:
        rng._refill()


os.register_at_fork(after_in_child=_forget_after_fork)


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


_IDS: list[str] = []
"""Random hex digits for the next ids, read in blocks; a forked child throws its copy away."""


def fresh_id() -> str:
    """A new UUID 4 (RFC 9562) as text: names states and rounds. Put together by hand: `uuid` takes four times as long."""
    if not _IDS:
        digits = os.urandom(_BLOCK).hex()
        _IDS.extend([digits[i : i + 32] for i in range(0, len(digits), 32)])
    d = _IDS.pop()
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-{'89ab'[int(d[16], 16) & 3]}{d[17:20]}-{d[20:]}"


def derived_id(name: str) -> str:
    """A UUID 5 (RFC 9562): the same for the same name at any time, on any machine. For what has to be sent again as it was."""
    return str(uuid.uuid5(_NAMES, name))
