"""Where meters are kept: a seam with two implementations, in memory and on Redis, that pass the same tests.

A meter is changed by compare-and-set: whoever was quicker wins, the other one counts anew. So all counting is in meter.py, in
whole numbers without limit, and no database has to count.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from webingo.jackpot.meter import Change, Meter, MeterId, Win
from webingo.transaction.store import Store


class News(NamedTuple):
    """A meter's value after its change number `n`; with `win` where it was won. Later news has the higher `n`."""

    meter: MeterId
    n: int
    value: int
    win: Win | None = None


class Shelf(Protocol):
    """Every method is atomic and safe to repeat. All raise Refused(UNAVAILABLE) where the database does not answer."""

    async def meters(self) -> list[MeterId]:
        """All that ever were."""
        ...

    async def read(self, meter: MeterId) -> Meter:
        """An empty one, with n = 0, where there is none."""
        ...

    async def put(self, meter: MeterId, base: Meter, change: Change) -> Meter | Win | None:
        """Writes the change, where the meter is as `base`, and tells everybody: meter, wins (which are owed from now on) and
        notes in one step. None: written. A Meter: it has changed meanwhile, to this. A Win: one of the claims was granted
        before. Nothing was written then."""
        ...

    async def win(self, meter: MeterId, claim: str) -> Win | None:
        """What was granted under this claim."""
        ...

    async def settle(self, meter: MeterId, claim: str, at_ms: int) -> bool:
        """The win was paid: it is not owed any more. Whether it still was."""
        ...

    async def owed(self, meter: MeterId) -> list[Win]:
        """Wins that are granted and not yet settled, in no order."""
        ...

    async def wins(self, meter: MeterId) -> list[Win]:
        """All wins, in no order."""
        ...

    async def notes(self, meter: MeterId) -> list[dict[str, Any]]:
        """The meter's log, oldest first: opened, changed, won, paid, mended."""
        ...

    def listen(self, hear: Callable[[News], None], missed: Callable[[], None]) -> None:
        """`hear` is called for every change, in this process or another; `missed` when news may have been lost. Neither may
        block or raise."""
        ...


class MemoryShelf:
    """Keeps nothing. Every method runs to its end without awaiting."""

    _of: "WeakKeyDictionary[Store, MemoryShelf]" = WeakKeyDictionary()

    @classmethod
    def of(cls, store: Store) -> "MemoryShelf":
        """The one beside a store: servers that share the store share its meters."""
        return cls._of.setdefault(store, cls())

    def __init__(self) -> None:
        self._meters: dict[MeterId, Meter] = {}
        self._wins: dict[MeterId, dict[str, Win]] = {}
        self._owed: dict[MeterId, dict[str, Win]] = {}
        self._notes: dict[MeterId, list[dict[str, Any]]] = {}
        self._listeners: list[Callable[[News], None]] = []

    async def meters(self) -> list[MeterId]:
        return sorted(self._meters)

    async def read(self, meter: MeterId) -> Meter:
        return self._meters.get(meter, Meter())

    async def put(self, meter: MeterId, base: Meter, change: Change) -> Meter | Win | None:
        held = self._meters.get(meter, Meter())
        if held.n != base.n:
            return held
        granted = self._wins.setdefault(meter, {})
        for win in change.wins:
            if win.claim in granted:
                return granted[win.claim]
        self._meters[meter] = change.meter
        granted.update({win.claim: win for win in change.wins})
        self._owed.setdefault(meter, {}).update({win.claim: win for win in change.wins})
        self._notes.setdefault(meter, []).extend(change.notes)
        for news in news_of(meter, change):
            for hear in self._listeners:
                hear(news)
        return None

    async def win(self, meter: MeterId, claim: str) -> Win | None:
        return self._wins.get(meter, {}).get(claim)

    async def settle(self, meter: MeterId, claim: str, at_ms: int) -> bool:
        was_owed = self._owed.get(meter, {}).pop(claim, None) is not None
        if was_owed:
            self._notes[meter].append(settled(claim, at_ms))
        return was_owed

    async def owed(self, meter: MeterId) -> list[Win]:
        return list(self._owed.get(meter, {}).values())

    async def wins(self, meter: MeterId) -> list[Win]:
        return list(self._wins.get(meter, {}).values())

    async def notes(self, meter: MeterId) -> list[dict[str, Any]]:
        return list(self._notes.get(meter, []))

    def listen(self, hear: Callable[[News], None], missed: Callable[[], None]) -> None:
        self._listeners.append(hear)


def news_of(meter: MeterId, change: Change) -> list[News]:
    """Each win, and then the value that all of it left."""
    after = change.meter
    return [*(News(meter, after.n, after.value, win) for win in change.wins), News(meter, after.n, after.value)]


def settled(claim: str, at_ms: int) -> dict[str, Any]:
    """The log's line for a win that was paid."""
    return {"what": "paid", "at": at_ms, "claim": claim}
