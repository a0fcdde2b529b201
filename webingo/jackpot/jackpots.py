"""All that a process does about jackpots, put together: meters, board, awards, the ledger's consumer, the sweep."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

import structlog

from webingo.errors import Code, Refused
from webingo.jackpot.awards import Awards
from webingo.jackpot.board import Board
from webingo.jackpot.bounds import Bounds, BoundsOf
from webingo.jackpot.component import JackpotComponent
from webingo.jackpot.feeder import Feeder
from webingo.jackpot.meter import Meter, MeterId, Terms, Win
from webingo.jackpot.meters import Meters
from webingo.jackpot.redis_shelf import RedisShelf
from webingo.jackpot.shelf import MemoryShelf, Shelf
from webingo.resources.jackpots import MILLION, Jackpot
from webingo.resources.site import Site
from webingo.resources.source import ResourceSource
from webingo.rng import Rng
from webingo.session.component import Room
from webingo.session.prizes import Won
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.transaction.outbox import Outbox, process_name
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.store import Store

log = structlog.get_logger("webingo.jackpot")

_SWEEP_S = 5.0


def shelf_beside(store: Store) -> Shelf:
    """Where the meters of a store's wagers are: in the same database."""
    return RedisShelf(store.link) if isinstance(store, RedisStore) else MemoryShelf.of(store)


class Snapshot(NamedTuple):
    """A meter as accounting sees it: `jackpot` is the site's, None where it has none of that name any more."""

    id: MeterId
    meter: Meter
    jackpot: Jackpot | None

    def books(self) -> dict[str, int]:
        """The amounts in whole storage units; `carry` is what these leave of the pools, in millionths of one, so that
        value + overflow + reserve + carry = seeded + contributed - paid."""
        scale = self.jackpot.storage_multiplier if self.jackpot else 1
        names = ("value", "overflow", "reserve", "seeded", "contributed", "paid")
        whole, left = dict[str, int](), dict[str, int]()
        for name in names:
            whole[name], left[name] = divmod(getattr(self.meter, name) * scale, MILLION)
        into, out_of = ("value", "overflow", "reserve", "paid"), ("seeded", "contributed")
        carry = sum(left[name] for name in into) - sum(left[name] for name in out_of)
        return {**whole, "carry": carry}


class Jackpots:
    """The Prizes of the house. `start` comes before the first session, `stop` after the last."""

    def __init__(self, store: Store, resources: ResourceSource, rng: Rng, clock: Clock, member: str = "") -> None:
        """`member` names the process among the ledger's consumers."""
        self.shelf = shelf_beside(store)
        self.meters = Meters(self.shelf, rng)
        self.board = Board(self.shelf, clock)
        self.awards = Awards(self.meters, store, clock)
        self._resources = resources
        self._clock = clock
        self._set_up: dict[MeterId, Terms] = {}  # what this process has seen to
        feeder = Feeder(self.meters, self.awards, self.set_up_meter, clock)
        self._outbox = Outbox(store, feeder, member or process_name(), clock)
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, sites: Iterable[Site] = ()) -> None:
        """Sets up the meters of these sites, and begins to feed and to pay. Raises Refused(UNAVAILABLE)."""
        for site in sites:
            await self.set_up(site)
        self.board.start()
        await self._outbox.start()
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        await self._outbox.stop()
        await self.awards.drain()
        self.board.stop()

    def award(self, won: Won) -> None:
        """See session.prizes.Prizes."""
        self.awards.award(won)

    def component(self, room: Room, site: Callable[[], Site]) -> JackpotComponent:
        """The component "jackpot" for a session; `site` answers its site as it is now."""
        return JackpotComponent(self.board, site, self.set_up, room)

    async def set_up(self, site: Site) -> None:
        """Sees to it that the site's meters have its terms; asks nobody where they do. Raises Refused(UNAVAILABLE)."""
        for jackpot in site.jackpots:
            meter, terms = MeterId(site.platform, site.denomination, site.id, jackpot.id), Terms.of(jackpot)
            if self._set_up.get(meter) != terms:
                await self._configure(meter, terms)
                self._set_up[meter] = terms

    async def set_up_meter(self, meter: MeterId) -> None:
        """The same for one meter. One whose site can't be asked for goes on under the terms that it has. Raises
        Refused(UNAVAILABLE) where it has none yet."""
        try:
            site = self._resources.newest(await self._resources.site(meter.platform, meter.site))
        except Refused as refusal:
            if refusal.code is Code.UNAVAILABLE and (await self.shelf.read(meter)).terms is None:
                raise
        else:
            await self.set_up(site)

    async def _configure(self, meter: MeterId, terms: Terms) -> None:
        held = await self.meters.configure(meter, terms, self._clock.now_ms())
        if held.terms is not None and held.terms.max != terms.max:
            log.warning("jackpot_ceiling_kept", meter=str(meter), asked=terms.max, kept=held.terms.max)
        if terms.before and not held.hit:
            log.warning("jackpot_not_yet_a_mystery", meter=str(meter), before=terms.before, holds=held.units)

    async def bounds(self, site: Site) -> BoundsOf:
        """Those of the site's jackpots as they run now. Raises Refused(UNAVAILABLE)."""
        meters = [MeterId(site.platform, site.denomination, site.id, jackpot.id) for jackpot in site.jackpots]
        held = await asyncio.gather(*map(self.shelf.read, meters))
        return {jackpot.id: Bounds.of(jackpot, meter) for jackpot, meter in zip(site.jackpots, held, strict=True)}

    async def snapshots(self) -> list[Snapshot]:
        """All meters as they are now, also those that no site has any more. Raises Refused(UNAVAILABLE)."""
        meters = await self.shelf.meters()
        return [Snapshot(meter, await self.shelf.read(meter), await self._jackpot(meter)) for meter in meters]

    async def wins(self) -> list[tuple[MeterId, Win]]:
        """All wins that ever were. Raises Refused(UNAVAILABLE)."""
        return [(meter, win) for meter in await self.shelf.meters() for win in await self.shelf.wins(meter)]

    async def _jackpot(self, meter: MeterId) -> Jackpot | None:
        with suppress(Refused):
            site = self._resources.newest(await self._resources.site(meter.platform, meter.site))
            return next((known for known in site.jackpots if known.id == meter.jackpot), None)
        return None

    async def _sweep(self) -> None:
        """Pays what was granted by processes that did not live to pay it."""
        while True:
            try:
                metrics.jackpots_owed(await self.awards.sweep())
            except Refused as refusal:
                log.warning("jackpot_sweep_postponed", code=refusal.code)
            except Exception:
                log.exception("jackpot_sweep_failed")
                metrics.unexpected_error()
            await asyncio.sleep(_SWEEP_S)
