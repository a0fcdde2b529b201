"""From a win to the winner's wallet: claimed from the meter, posted to the wallet, settled. Each step has one name for ever, so
that whoever repeats it after a crash, here or in another process, changes nothing more."""

import asyncio

import structlog

from webingo.errors import Refused
from webingo.jackpot.meter import Claim, MeterId, Win
from webingo.jackpot.meters import Meters
from webingo.session.prizes import Won
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Posting, WalletId
from webingo.wallet.denomination import counted_in
from webingo.wallet.prizes import with_result

log = structlog.get_logger("webingo.jackpot")


def meter_of(wallet: str, site: str, jackpot: str) -> MeterId:
    """The meter of a site's jackpot, in what a wallet (str(WalletId)) counts in, whoever keeps its money."""
    user, denom = WalletId.parse(wallet)
    return MeterId(user.platform, counted_in(denom), site, jackpot)


class Awards:
    """The house's Prizes: what a session has won is claimed and paid at once. Where that fails, the ledger's consumer claims
    it, from the trigger's entry, and `sweep` pays what is owed."""

    def __init__(self, meters: Meters, store: Store, clock: Clock) -> None:
        self._meters = meters
        self._store = store
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._complained: set[str] = set()  # claims that can't be paid, each told once

    def award(self, won: Won) -> None:
        task = asyncio.get_running_loop().create_task(self._award(won))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _award(self, won: Won) -> None:
        meter = meter_of(str(won.wallet), won.seat.site, won.jackpot)
        try:
            await self.grant(meter, Claim(f"{won.round}:{won.jackpot}", str(won.wallet), won.round, won.game))
        except Refused as refusal:
            log.warning("jackpot_later", meter=str(meter), round=won.round, code=refusal.code)
        except Exception:
            log.exception("jackpot_failed", meter=str(meter), round=won.round)
            metrics.unexpected_error()

    async def grant(self, meter: MeterId, claim: Claim) -> Win:
        """Claims it, and pays it if that is possible now. Raises Refused(UNAVAILABLE) where it could not be claimed."""
        win = await self._meters.claim(meter, claim, self._clock.now_ms())
        await self.pay(meter, win)
        return win

    async def pay(self, meter: MeterId, win: Win) -> None:
        """Brings the win to its wallet. What can't be paid now stays owed."""
        try:
            posting = Posting(
                id=f"jackpot:{win.claim}",
                wallet=WalletId.parse(win.wallet),
                kind="jackpot",
                amount=win.amount,
                reason=meter.jackpot,
                at_ms=self._clock.now_ms(),
                round=win.round,
                game=win.game,
                site=meter.site,
            )
            await self._store.post(await with_result(self._store, posting))
            if await self._meters.shelf.settle(meter, win.claim, self._clock.now_ms()):
                log.info("jackpot_paid", meter=str(meter), **win._asdict())
                metrics.jackpot_paid(meter.site, meter.jackpot, meter.denom, win.amount)
        except Refused as refusal:
            if win.claim not in self._complained:
                self._complained.add(win.claim)
                log.error("jackpot_owed", meter=str(meter), code=refusal.code, **win._asdict())
        else:
            self._complained.discard(win.claim)

    async def sweep(self) -> int:
        """Pays what is owed, whoever it was granted by; answers how many wins that were. Raises Refused(UNAVAILABLE)."""
        found = 0
        for meter in await self._meters.shelf.meters():
            for win in await self._meters.shelf.owed(meter):
                found += 1
                await self.pay(meter, win)
        return found

    async def drain(self) -> None:
        """Waits for the awards under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)
