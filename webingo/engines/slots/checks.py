"""What the models of a slots definition can't see by themselves: names that don't exist, lines outside of the window, …"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from webingo.engines.slots.models import Problem

if TYPE_CHECKING:
    from webingo.engines.slots.definition import Math


def problems(math: "Math") -> Iterator[Problem]:
    """Everything that is wrong, each in its place."""
    yield from ()
