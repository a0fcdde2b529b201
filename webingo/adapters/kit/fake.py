"""A fake operator over real HTTP, which misbehaves on purpose."""

from abc import ABC


class FakeOperator(ABC):
    """The operator's side of a protocol."""
