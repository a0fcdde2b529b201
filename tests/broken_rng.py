"""A source of random bytes that breaks, for tests: the process's own generator, until the test is over."""

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import webingo.rng
from webingo.entropy import Seen
from webingo.rng import SOURCE


class Breakable:
    """What is changed here is changed for webingo.rng alone: nothing else sees another os.urandom."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        for name, value in vars(SOURCE).items():
            monkeypatch.setattr(SOURCE, name, value)  # as it is now it will be again

    def breaks(self, read: Callable[[int], bytes], forget: bool = True) -> None:
        """From now on it reads there; what it has read already goes, or is used up first."""
        fake: Any = SimpleNamespace(urandom=read)
        self._monkeypatch.setattr(webingo.rng, "os", fake)
        SOURCE._seen = Seen()  # how soon a circle is found depends on what was read before
        if forget:
            webingo.rng._forget()

    def recovers(self) -> None:
        self._monkeypatch.setattr(webingo.rng, "os", os)


def stuck(size: int) -> bytes:
    return bytes(size)


def biased(size: int) -> bytes:
    """The highest bit of every byte is 0."""
    return bytes(value & 127 for value in os.urandom(size))


def uneven(size: int) -> bytes:
    """One byte in eight is the same, the others are good."""
    found = bytearray(os.urandom(size))
    found[::8] = b"\x2a" * len(found[::8])
    return bytes(found)


def missing(size: int) -> bytes:
    raise OSError("no entropy here")


def missing_on_this_system(size: int) -> bytes:
    raise NotImplementedError("/dev/urandom (or equivalent) not found")


class Circle:
    """The same good bytes again and again."""

    def __init__(self, period: int) -> None:
        self._bytes = os.urandom(period)
        self._at = 0

    def __call__(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._bytes[self._at : self._at + size - len(found)]
            found += more
            self._at = (self._at + len(more)) % len(self._bytes)
        return found
