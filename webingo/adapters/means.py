"""What adapters are built with."""

from collections.abc import Mapping
from typing import NamedTuple

from webingo.rng import Rng
from webingo.support.clock import Clock
from webingo.transaction.store import Store


class Means(NamedTuple):
    """What an adapter may use of ours. `units` says of each denomination how many of its smallest units make one of the money;
    `debug` is the setting of that name."""

    clock: Clock
    rng: Rng
    store: Store
    units: Mapping[str, int]
    debug: bool = False
