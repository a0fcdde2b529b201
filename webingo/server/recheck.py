"""A platform is asked again and again whether a player may still be here, for as long as the session lasts."""

import asyncio
from collections.abc import Callable

import structlog

from webingo.errors import Code, Refused
from webingo.platforms.platform import Identity
from webingo.rng import Rng
from webingo.server.login import cancelled
from webingo.support import metrics
from webingo.support.backoff import around

log = structlog.get_logger("webingo.door")

_ANSWER_S = 30.0
_SPREAD = 0.2
_LATER = {Code.UNAVAILABLE, Code.RATE_LIMITED}


class Recheck:
    """`dismiss` is called with the refusal that ends the session: the platform's own, or INTERNAL where asking it went wrong.
    A platform that can't tell now is asked again later. Made where the session begins; `stop` when it is over."""

    def __init__(self, identity: Identity, rng: Rng, dismiss: Callable[[Refused], None]) -> None:
        self._identity = identity
        self._rng = rng
        self._dismiss = dismiss
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._wait()

    def stop(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _wait(self) -> None:
        """Not to the second: those who came together would be asked about together for ever."""
        if self._identity.recheck is not None and self._identity.recheck_s > 0 and not self._over:
            wait_s = around(self._rng, self._identity.recheck_s, _SPREAD)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        platform = self._identity.user.platform
        try:
            assert self._identity.recheck is not None
            async with asyncio.timeout(_ANSWER_S):
                await self._identity.recheck()
        except TimeoutError:
            log.warning("recheck_postponed", platform=platform, code=Code.UNAVAILABLE)
        except Refused as refusal:
            if refusal.code not in _LATER:
                return self._dismiss(refusal)
            log.info("recheck_postponed", platform=platform, code=refusal.code)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and cancelled():
                raise
            log.exception("recheck_failed", platform=platform)
            metrics.unexpected_error()
            return self._dismiss(Refused(Code.INTERNAL))
        return self._wait()
