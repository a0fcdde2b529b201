"""Random numbers for play: the operating system's CSPRNG, tested, scaled without bias.

Nothing else in the package draws a random number. os.urandom (getrandom(2), reseeded by the kernel) is read in blocks, each
of which goes through the health tests of `entropy` before anything is drawn from it. Scaling is by rejection: a value is used
only when it lies below the largest multiple of the range, so that the remainder is exactly uniform (GLI-19 3.2.3; never a
plain modulo). Blocks are only a buffer: no state is kept from which a number could be predicted, every bit is used once, and
a forked child throws its copy away.
"""

import logging
import os
import uuid
import weakref
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Protocol, TypeVar

from webingo.entropy import MARK, Seen, examined, tests_work
from webingo.errors import Code, Refused

log = logging.getLogger("webingo.rng")  # whatever else logs needs modules that bring generators of their own

T = TypeVar("T")

_BLOCK = 4096
_FIRST_BLOCKS = 64  # read, tested and thrown away before the first number (SP 800-90B 4.3 asks for 1,024 samples)
_INSTANCES: "weakref.WeakSet[SystemRng]" = weakref.WeakSet()
# How many of the 256 values of a byte are used for a range of n: the largest multiple of n.
_BYTE_LIMIT = [0] + [256 - 256 % n for n in range(1, 257)]
# Ranges up to 2^26 are drawn from words of 30 bits, the integers that Python is quick with; at most one in 16 is rejected.
_WORD, _MOST_BY_WORD = 1 << 30, 1 << 26
_SURELY = _WORD - _MOST_BY_WORD  # a word below that is never rejected
_LONG = 1 << 64
_AS_WORDS, _AS_LONGS = Struct(f"<{_BLOCK // 4}I").unpack, Struct(f"<{_BLOCK // 8}Q").unpack
_WITHOUT_TWO_BITS = bytes(value & 0x3F for value in range(256))
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


class Blocks(Protocol):
    """Where random bytes come from."""

    def block(self, size: int = _BLOCK) -> bytes: ...


class Source:
    """The system's random bytes, behind their health tests. Once one has failed nothing is given any more: the process has to
    be looked at, and started again."""

    def __init__(self) -> None:
        self.failure = ""  # why there are no random numbers
        self._seen = Seen()
        self._started = False

    def start(self) -> None:
        """The tests before the first number: first of the tests themselves. Raises RngFailed, as everything here."""
        if not self._started:
            self._started = True
            if not tests_work():
                raise self._failed("the health tests don't find what they are there for")
            for _ in range(_FIRST_BLOCKS):
                self.block()
        if self.failure:
            raise RngFailed(self.failure)

    def block(self, size: int = _BLOCK) -> bytes:
        """Fresh bytes; `size` is a multiple of entropy.WINDOW."""
        if self.failure or not self._started:
            self.start()
        return self.passed(self.untested(size))

    def untested(self, size: int) -> bytes:
        """For `passed` alone. Another thread may read ahead."""
        try:
            return os.urandom(MARK + size)
        except (OSError, NotImplementedError) as error:
            raise self._failed(f"the system gives no random bytes: {error}") from error

    def passed(self, raw: bytes) -> bytes:
        """The block that was read, where it has passed the tests: one after the other, each behind the one before."""
        wrong, self._seen = examined(raw, self._seen)
        if wrong:
            raise self._failed(wrong)
        return raw[MARK:]

    def _failed(self, reason: str) -> RngFailed:
        self.failure = reason
        _forget()  # what is left of blocks that passed is not dealt either
        failed = RngFailed(reason)
        log.critical("rng_failed: %s", failed.message)
        return failed


SOURCE = Source()


class SystemRng:
    """The generator of live play. One instance serves one thread. Every method raises RngFailed where there are no numbers.

    `source` is another one for audits only: bytes that were kept."""

    def __init__(self, source: Blocks | None = None) -> None:
        self._block = (source or SOURCE).block
        self.forget()
        _INSTANCES.add(self)

    def forget(self) -> None:
        """Throws away what was read and not used."""
        self._bytes: Iterator[int] = iter(b"")
        self._words: Iterator[int] = iter(())
        self._longs: Iterator[int] = iter(())

    def below(self, n: int) -> int:
        if n <= 256:
            if n <= 0:
                raise ValueError(f"below({n}): the range is empty")
            limit = _BYTE_LIMIT[n]
            while True:
                for value in self._bytes:
                    if value < limit:
                        return value % n
                self._bytes = iter(self._block())
        if n <= _MOST_BY_WORD:
            while True:
                for value in self._words:
                    if value < _SURELY or value - value % n <= _WORD - n:  # the stretch of n in which it lies is complete
                        return value % n
                self._read_words()
        if n <= _LONG:
            last = _LONG - n  # where the last complete stretch can begin
            while True:
                for value in self._longs:
                    if value <= last:
                        return value % n
                    if value - (rest := value % n) <= last:
                        return rest
                self._longs = iter(_AS_LONGS(self._block()))
        return self._below_anything(n)

    def _read_words(self) -> None:
        block = bytearray(self._block())
        block[3::4] = block[3::4].translate(_WITHOUT_TWO_BITS)
        self._words = iter(_AS_WORDS(block))

    def _below_anything(self, n: int) -> int:
        longs = (n.bit_length() + 71) // 64  # eight bits more than needed keep rejections rare
        while True:
            value = 0
            for _ in range(longs):
                value = value << 64 | self.below(_LONG)
            rest = value % n
            if value - rest <= (1 << 64 * longs) - n:
                return rest

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
        left = len(pool)
        if not 0 <= k <= left:
            raise ValueError(f"sample: {k} of {left} items")
        drawn: list[T] = []
        limits, end = _BYTE_LIMIT, left - k
        while left > end and left > 256:
            place = self.below(left)
            left -= 1
            drawn.append(pool[place])
            pool[place] = pool[left]  # the last of those that are left takes the empty place
        while left > end:  # the hot path: one byte a draw, the rejected ones skipped in the same loop
            for place in self._bytes:
                if place < limits[left]:
                    place %= left
                    left -= 1
                    drawn.append(pool[place])
                    pool[place] = pool[left]
                    if left == end:
                        return drawn
            self._bytes = iter(self._block())
        return drawn


def _forget() -> None:
    _IDS.clear()
    for rng in _INSTANCES:
        rng.forget()


os.register_at_fork(after_in_child=_forget)


_IDS: list[str] = []
"""Random hex digits for the next ids, read in blocks; a forked child throws its copy away."""


def fresh_id() -> str:
    """A new UUID 4 (RFC 9562) as text: names states and rounds. Put together by hand: `uuid` takes four times as long."""
    while True:
        try:
            d = _IDS.pop()  # which no other thread takes too
            break
        except IndexError:
            digits = SOURCE.block().hex()
            _IDS.extend([digits[i : i + 32] for i in range(0, len(digits), 32)])
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-{'89ab'[int(d[16], 16) & 3]}{d[17:20]}-{d[20:]}"


def derived_id(name: str) -> str:
    """A UUID 5 (RFC 9562): the same for the same name at any time, on any machine. For what has to be sent again as it was."""
    return str(uuid.uuid5(_NAMES, name))
