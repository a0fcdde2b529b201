"""Closes the rounds of players who never came back: after a stated time, by the engine's stated policy."""

import structlog

from webingo.errors import Refused
from webingo.session.house import House
from webingo.session.session import Session
from webingo.session.stay import Stay
from webingo.transaction.transaction import Seat
from webingo.user import SHARDS

log = structlog.get_logger("webingo.abandoned")

_PAGE = 20


class _Nobody:
    """The client of a session that nobody looks at."""

    def send(self, data: bytes, *, state: bool = False) -> None: ...

    def close(self, code: int, reason: str = "") -> None: ...


async def close_abandoned(house: House, older_than_s: int) -> int:
    """Closes rounds on which nothing was done for so long; returns how many. Any number of nodes may sweep at once: the
    seat is taken over first, so each round is closed by one of them."""
    before_ms = house.clock.now_ms() - older_than_s * 1000
    closed = 0
    for shard in range(SHARDS):
        left_open = 0
        while seats := await house.store.abandoned(shard, before_ms, left_open, _PAGE):
            for seat in seats:
                done = await _close(house, seat)
                closed += done
                left_open += not done
    return closed


async def _close(house: House, seat: Seat) -> bool:
    try:
        site = await house.resources.site(seat.user.platform, seat.site)
        wallet = house.wallets.of(seat, site.operator, site.denomination)
        session = Session(house, Stay(seat, site), wallet, _Nobody(), by_house=True)
        await session.open()
        try:
            await session.abandon()
        finally:
            await session.close()
    except Refused as refusal:
        log.warning("round_left_open", seat=str(seat), code=refusal.code, reason=refusal.message)
        return False
    log.info("round_closed", seat=str(seat))
    return True
