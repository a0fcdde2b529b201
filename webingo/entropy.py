"""Health tests of the system's random bytes: every block is looked at before anything is drawn from it. Pure functions.

The tests are those of NIST SP 800-90B 4.4 (repetition count, adaptive proportion), the continuous test of FIPS 140-2 4.9.2
made wider (nothing may come again within 16 MiB), and two counts of bits. They find a source that is broken: stuck,
going in circles, grossly biased. That the numbers are good is shown by `webingo rng audit`, not here.

No test alarms by chance more often than once in 2^62 times that it is made: a busy house reads 2^47 bytes in its life.
"""

from typing import NamedTuple

MARK = 16
"""Bytes at the head of what was read that are never dealt: later blocks are searched for them."""

WINDOW = 512
"""The tested block is a multiple of this, in bytes."""

# Cutoffs for 8 bits of entropy a byte and a false alarm in 2^64: 1 + 64 / 8, and 1 + critbinom(512, 1/256, 1 - 2^-64).
SAME_IN_A_ROW = 9
SAME_IN_A_WINDOW = 26
# Hoeffding: |2 * ones - bits| reaches sqrt(2 ln(2^65) * bits) with a chance of at most 2^-64.
_SPREAD = 91
_LONGEST = 4096  # blocks for which a mark is looked for


class Seen(NamedTuple):
    """What is remembered from block to block; of what was dealt it is one byte, and how often that came last."""

    last: bytes = b""
    run: int = 0
    before: bytes = b""  # the mark of the block before
    mark: bytes = b""  # the mark of an older one
    age: int = 0  # blocks since that was taken
    lifetime: int = 1  # blocks for which it is looked for; then another one is, for twice as long (Brent's algorithm)


def examined(raw: bytes, seen: Seen) -> tuple[str, Seen]:
    """`raw` is the mark and a block behind it. Answers what is wrong with it, "" where nothing is, and what to remember."""
    mark, block = raw[:MARK], raw[MARK:]
    if not block or len(block) % WINDOW:
        return f"{len(raw)} bytes are not a block", seen
    lead = len(block) - len(block.lstrip(seen.last))
    run = seen.run + lead if lead else 0
    third = _Third.of(block)
    wrong = _repetition_count(block, third, run) or _adaptive_proportion(block) or _repeated(mark, block, seen)
    last = block[-1:]
    at_end = len(block) - len(block.rstrip(last))
    run = max(run, at_end) if at_end == len(block) else at_end
    wrong = wrong or _balance(third)
    if seen.age + 1 < seen.lifetime:
        return wrong, Seen(last, run, mark, seen.mark, seen.age + 1, seen.lifetime)
    return wrong, Seen(last, run, mark, mark, 0, min(2 * seen.lifetime, _LONGEST))


class _Third(NamedTuple):
    """Every third byte of a block, as one number: all places of a machine's words come in turn. In `pairs` each byte is
    exclusively ored with its neighbour (the last one with nothing)."""

    size: int
    number: int
    pairs: int

    @classmethod
    def of(cls, block: bytes) -> "_Third":
        data = block[::3]
        number = int.from_bytes(data, "little")
        return cls(len(data), number, number ^ number >> 8)


def _repetition_count(block: bytes, third: _Third, run: int) -> str:
    """4.4.1: one value nine times in a row. Three of nine in a row are in the third: only where two pairs there are equal, once
    in fifty blocks, the whole is searched."""
    if run >= SAME_IN_A_ROW or (b"\0\0" in third.pairs.to_bytes(third.size, "little") and _in_a_row(block)):
        return f"repetition count: one value {SAME_IN_A_ROW} times in a row"
    return ""


def _in_a_row(block: bytes) -> bool:
    number, equal = int.from_bytes(block, "little"), bytes(SAME_IN_A_ROW - 1)
    return (number ^ number >> 8).to_bytes(len(block), "little").find(equal, 0, len(block) - 1) >= 0


def _adaptive_proportion(block: bytes) -> str:
    """4.4.2: the first value of a window too often in it."""
    for start in range(0, len(block), WINDOW):
        if block.count(block[start], start, start + WINDOW) >= SAME_IN_A_WINDOW:
            return f"adaptive proportion: one value {SAME_IN_A_WINDOW} times in {WINDOW}"
    return ""


def _repeated(mark: bytes, block: bytes, seen: Seen) -> str:
    """Sixteen bytes that came before. A source that goes in a circle comes to the mark again, at any place of a block."""
    if seen.before and (mark in (seen.before, seen.mark) or seen.before in block or seen.mark in block):
        return "repeated block: the same bytes came again"
    return ""


def _balance(third: _Third) -> str:
    """Ones and zeros, and equal and unequal bits of neighbours, are about as many."""
    bits = 8 * third.size
    for name, number in (("bits", third.number), ("neighbours", third.pairs)):
        ones = number.bit_count()
        if (2 * ones - bits) ** 2 >= _SPREAD * bits:
            return f"balance of {name}: {ones} of {bits}"
    return ""


def tests_work() -> bool:
    """Whether each test finds what it is there for, and nothing in a good block: what is looked at is always the same."""
    good = (5**17_000 >> 3000).to_bytes(4560, "little")[: MARK + 4096]  # digits of a power: there is no pattern in them
    mark, block = good[:MARK], good[MARK:]
    in_a_row = block[:100] + block[100:101] * SAME_IN_A_ROW + block[109:]
    often = b"".join(block[:1] + block[at : at + 15] for at in range(1, 480, 15)) + block[512:]
    low = bytes(value & 127 for value in block)
    nothing, seen = examined(good, Seen())
    found = [nothing, examined(good, seen)[0], *(examined(mark + bad, Seen())[0] for bad in (in_a_row, often, low))]
    known = ["", "repeated block", "repetition count", "adaptive proportion", "balance of bits"]
    return [text.partition(":")[0] for text in found] == known
