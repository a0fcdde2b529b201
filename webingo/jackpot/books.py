"""Jackpots as a backoffice hears of them: the meters that have changed, and what was won."""

from collections.abc import Sequence

from webingo.backoffice.contract_books import JackpotWin, MeterSnapshot
from webingo.jackpot.bounds import Bounds
from webingo.jackpot.jackpots import Jackpots, Snapshot
from webingo.support.clock import Clock
from webingo.transaction.transaction import WalletId


class Books:
    """What is to be told, as long as this process is the one that tells. `news` tells it, `told` notes that it arrived."""

    def __init__(self, jackpots: Jackpots, clock: Clock) -> None:
        self._jackpots = jackpots
        self._clock = clock
        self._meters: dict[str, Snapshot] = {}
        self._claims: set[str] = set()
        self._last: tuple[list[Snapshot], list[JackpotWin]] = ([], [])

    async def news(self) -> tuple[list[MeterSnapshot], list[JackpotWin]]:
        """See backoffice.snapshots.Books."""
        at = self._clock.now_ms()
        changed = [snapshot for snapshot in await self._jackpots.snapshots() if self._meters.get(str(snapshot.id)) != snapshot]
        # Reading all wins that ever were costs something: only where a meter has paid since.
        paid = any(self._paid(snapshot) for snapshot in changed)
        wins = [win for win in await self._wins() if win.claim not in self._claims] if paid else []
        self._last = (changed, wins)
        return [_written(snapshot, at) for snapshot in changed if snapshot.jackpot is not None], wins

    def told(self) -> None:
        changed, wins = self._last
        self._meters |= {str(snapshot.id): snapshot for snapshot in changed}
        self._claims |= {win.claim for win in wins}

    def _paid(self, snapshot: Snapshot) -> bool:
        before = self._meters.get(str(snapshot.id))
        return snapshot.meter.paid > (0 if before is None else before.meter.paid)

    async def _wins(self) -> Sequence[JackpotWin]:
        found = []
        for meter, win in await self._jackpots.wins():
            wallet = WalletId.parse(win.wallet)
            found.append(
                JackpotWin(
                    claim=win.claim,
                    platform=meter.platform,
                    site=meter.site,
                    id=meter.jackpot,
                    uid=wallet.user.uid,
                    denom=wallet.denom,
                    amount=win.amount,
                    round=win.round,
                    at=win.at_ms,
                )
            )
        return found


def _written(snapshot: Snapshot, at: int) -> MeterSnapshot:
    meter, jackpot = snapshot.id, snapshot.jackpot
    assert jackpot is not None
    return MeterSnapshot(
        platform=meter.platform,
        site=meter.site,
        id=meter.jackpot,
        title=jackpot.title[:200],
        denom=meter.denom,
        multiplier=jackpot.storage_multiplier,
        min=jackpot.min,
        max=Bounds.of(jackpot, snapshot.meter).max,
        at=at,
        **snapshot.books(),
    )
