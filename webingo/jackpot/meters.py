"""The meters as the rest of the house uses them: set up, fed, claimed, settled. Whatever is repeated changes nothing more."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from webingo.errors import Code, Refused
from webingo.jackpot.meter import Change, Claim, Feed, Meter, MeterId, Terms, Win, claimed, configured, fed
from webingo.jackpot.shelf import Shelf
from webingo.rng import Rng

_MOST_TRIES = 1000
"""Of one change while others are quicker. Each time one of them has got on."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A feed; once it is in, what was won by it; or why it is not known to be in."""

    feed: Feed
    wins: list[Win] | None = None
    error: Exception | None = None


class Meters:
    """All raise Refused(UNAVAILABLE) where the database does not answer; whether a change was made is then unknown, and
    making it again is safe. Feeds of one meter that this process has at the same time go in together."""

    def __init__(self, shelf: Shelf, rng: Rng) -> None:
        self.shelf = shelf
        self._rng = rng
        self._known: dict[MeterId, Meter] = {}  # as last seen: a change of what is older is refused, and made anew
        self._turns: defaultdict[MeterId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[MeterId, list[_Waiting]] = defaultdict(list)

    async def configure(self, meter: MeterId, terms: Terms, at_ms: int) -> Meter:
        """Makes the meter, with its first value, or brings it under these terms as far as that may be. Answers it as it is
        then: its own terms are those in force."""
        async with self._turns[meter]:
            held = await self.shelf.read(meter)
            await self._change(meter, held, lambda held: configured(held, terms, self._rng, at_ms))
            return self._known[meter]

    async def feed(self, meter: MeterId, feed: Feed, at_ms: int) -> list[Win]:
        """Adds what the meter has not seen yet, once in effect. Answers the mystery wins of it; one whose answer got lost is
        among those owed. A meter that was never set up keeps all in reserve."""
        waiting, mine = self._waiting[meter], _Waiting(feed)
        waiting.append(mine)
        try:
            async with self._turns[meter]:
                if mine.wins is None and mine.error is None:
                    await self._feed(meter, list(waiting), at_ms)
        finally:
            waiting.remove(mine)
        if mine.wins is None:
            raise mine.error or RuntimeError("a feed was left out")
        return mine.wins

    async def _feed(self, meter: MeterId, waiting: Sequence[_Waiting], at_ms: int) -> None:
        together = [one for one in waiting if one.wins is None and one.error is None]
        feeds, granted = [one.feed for one in together], set[str]()
        try:
            while isinstance(change := await self._fed(meter, feeds, granted, at_ms), Win):
                granted.add(change.claim)  # the meter does not know of it any more: what was fed counts nevertheless
        except Exception as error:
            for one in together:
                one.error = error
            return
        won = {win.claim: win for win in change.wins} if change else {}
        for one in together:
            one.wins = [won[each.claim.id] for each in one.feed.contributions if each.claim.id in won]

    async def _fed(self, meter: MeterId, feeds: Sequence[Feed], granted: set[str], at_ms: int) -> Change | Win | None:
        held = await self._held(meter)
        return await self._change(meter, held, lambda held: fed(held, feeds, self._rng, at_ms, granted))

    async def claim(self, meter: MeterId, claim: Claim, at_ms: int) -> Win:
        """Grants the claim what the meter holds, once for ever: a repetition is answered as the first call was, whatever the
        meter holds by now. Raises Refused(UNAVAILABLE) for a meter that was never set up."""

        def make(held: Meter) -> Change:
            if held.terms is None:
                raise Refused(Code.UNAVAILABLE, f"The jackpot {meter} was never set up.")
            return claimed(held, claim, self._rng, at_ms)

        async with self._turns[meter]:
            found = await self._change(meter, await self._held(meter), make)
            if isinstance(found, Win):
                return found
            assert found is not None
            return found.wins[0]

    async def _held(self, meter: MeterId) -> Meter:
        known = self._known.get(meter)
        return known if known is not None and known.terms is not None else await self.shelf.read(meter)

    async def _change(self, meter: MeterId, held: Meter, make: Callable[[Meter], Change | None]) -> Change | Win | None:
        """Makes the change, of the meter as it is, as often as others are quicker. Answers it as it was written; None where
        there was nothing to change; a Win where the claim was granted before."""
        for _ in range(_MOST_TRIES):
            change = make(held)
            if change is None:
                self._known[meter] = held
                return None
            change = change._replace(meter=replace(change.meter, n=held.n + 1))
            found = await self.shelf.put(meter, held, change)
            if found is None:
                self._known[meter] = change.meter
                return change
            if isinstance(found, Win):
                return found
            held = found
        raise Refused(Code.UNAVAILABLE, f"The jackpot {meter} is changed too often.")
