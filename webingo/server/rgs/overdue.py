"""Rounds of games that live elsewhere and that nobody ends: found, told, and cancelled where the site's policy says so."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import structlog

from webingo.errors import Code, Refused
from webingo.resources.site import Site
from webingo.resources.source import ResourceSource
from webingo.support.clock import Clock
from webingo.support.rgs_metrics import rgs_overdue
from webingo.transaction.outside import OutsideRound
from webingo.transaction.store import Store
from webingo.user import SHARDS
from webingo.wallet.outside import Ending, OutsideMoney

log = structlog.get_logger("webingo.rgs")

_PAGE = 100
_MOST_TOLD = 100_000


class Open(NamedTuple):
    """An open round, and what its site says of it: None where the site is gone, or its money is closed to such games."""

    round: OutsideRound
    site: Site | None
    overdue: bool


async def open_rounds(store: Store, resources: ResourceSource | None, now_ms: int) -> AsyncIterator[Open]:
    """All open rounds, the oldest of each shard first. One whose site says nothing of it is overdue at once. Without
    `resources` nobody knows of any site."""
    for shard in range(SHARDS):
        first = 0
        while page := await store.outside_rounds(shard, now_ms, first, _PAGE):
            first += len(page)
            for found in page:
                site = await _site(resources, found)
                rules = None if site is None else site.rgs
                timeout_s = 0 if rules is None else rules.escrow_timeout_s
                yield Open(found, site, now_ms - found.at_ms >= 1000 * timeout_s)


async def _site(resources: ResourceSource | None, found: OutsideRound) -> Site | None:
    if resources is None:
        return None
    try:
        return await resources.site(found.seat.user.platform, found.seat.site)
    except Refused as refusal:
        if refusal.code is not Code.UNKNOWN_SITE:
            raise
        return None


async def cancel_open(outside: OutsideMoney, found: OutsideRound) -> None:
    """Gives back what was escrowed. Raises Refused, ROUND_OVER where it has just ended."""
    await outside.end(Ending(found, f"webingo:{found.id}", ""))


class Overdue:
    """Any number of processes may sweep at once: a round is cancelled once. A minute or so apart: see `_give_up`."""

    def __init__(self, store: Store, resources: ResourceSource, outside: OutsideMoney, clock: Clock) -> None:
        self._store = store
        self._resources = resources
        self._outside = outside
        self._clock = clock
        self._told: set[str] = set()
        self._asking: set[tuple[str, str]] = set()

    async def sweep(self) -> int:
        """Answers how many rounds are overdue and stay open."""
        now_ms = self._clock.now_ms()
        found = [each async for each in open_rounds(self._store, self._resources, now_ms)]
        await self._give_up([each.round for each in found if each.round.asking])
        overdue = [each for each in found if each.overdue and each.round.escrows]
        self._told &= {each.round.id for each in overdue}
        left = [each for each in overdue if not await self._settled(each)]
        rgs_overdue(len(left))
        return len(left)

    async def _give_up(self, asking: list[OutsideRound]) -> None:
        """What an operator is still asked for since the last sweep has nobody who waits for it."""
        for found in asking:
            if since_last := self._asking & {(found.id, call_id) for call_id in found.asking}:
                await self._outside.abort(found, [call_id for _, call_id in since_last])
        self._asking = {(found.id, call_id) for found in asking for call_id in found.asking}

    async def _settled(self, found: Open) -> bool:
        if found.round.id not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(found.round.id)
            about = {"seat": str(found.round.seat), "round": found.round.id, "name": found.round.name}
            log.warning("escrow_overdue", stake=found.round.stake, wallet=str(found.round.wallet), **about)
        if found.site is None or found.site.rgs is None or found.site.rgs.policy != "cancel":
            return False
        try:
            await cancel_open(self._outside, found.round)
        except Refused as refusal:
            if refusal.code is not Code.ROUND_OVER:
                raise
        else:
            log.info("escrow_cancelled", seat=str(found.round.seat), round=found.round.id)
        return True
