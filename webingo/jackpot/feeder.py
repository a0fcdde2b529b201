"""From the ledger to the meters: a consumer (docs/ledger.md) that may be stopped, killed and repeated at any point."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from webingo.jackpot.awards import Awards, meter_of
from webingo.jackpot.meter import Claim, Contribution, Feed, MeterId
from webingo.jackpot.meters import Meters
from webingo.resources.jackpots import fed
from webingo.support.clock import Clock
from webingo.transaction.transaction import Entry

GROUP = "jackpots"
TRIGGER = "trigger"
"""The kind of the ledger entry that says that a round has won the jackpot in its note."""


class Feeder:
    """The consumer of the group "jackpots". Each meter keeps beside its amounts how far it has got in each shard, and each
    claim is granted once: a page that comes again changes nothing."""

    group = GROUP

    def __init__(self, meters: Meters, awards: Awards, set_up: Callable[[MeterId], Awaitable[None]], clock: Clock) -> None:
        """`set_up` sees to it that a meter has the terms of its site, where there still is one."""
        self._meters = meters
        self._awards = awards
        self._set_up = set_up
        self._clock = clock

    async def apply(self, shard: int, entries: Sequence[Entry]) -> None:
        """All of the page is in the meters, and all that it wins is granted, when this returns. Raises Refused(UNAVAILABLE)."""
        contributions = contributions_of(entries)
        claims = claims_of(entries)
        for meter in {*contributions, *(meter for meter, _ in claims)}:
            await self._set_up(meter)
        await asyncio.gather(*(self._feed(meter, Feed(shard, found)) for meter, found in contributions.items()))
        for meter, claim in claims:
            await self._awards.grant(meter, claim)

    async def _feed(self, meter: MeterId, feed: Feed) -> None:
        for win in await self._meters.feed(meter, feed, self._clock.now_ms()):
            await self._awards.pay(meter, win)


def contributions_of(entries: Sequence[Entry]) -> dict[MeterId, list[Contribution]]:
    """What the entries feed, by meter. An entry that hits a mystery claims it by its own id."""
    found = defaultdict[MeterId, list[Contribution]](list)
    for entry in entries:
        for jackpot, amount in fed(entry.fed):
            claim = Claim(f"{entry.id}:{jackpot}", entry.wallet, entry.round, entry.game)
            found[meter_of(entry.wallet, entry.site, jackpot)].append(Contribution(entry.position, amount, claim))
    return found


def claims_of(entries: Sequence[Entry]) -> list[tuple[MeterId, Claim]]:
    """What the entries' rounds have won, by the rules of their games."""
    return [
        (
            meter_of(entry.wallet, entry.site, entry.note),
            Claim(f"{entry.round}:{entry.note}", entry.wallet, entry.round, entry.game),
        )
        for entry in entries
        if entry.kind == TRIGGER
    ]
