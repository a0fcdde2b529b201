"""The operators of the settings: built and started with the server, and stopped behind the last player."""

import asyncio

import structlog

from webingo.adapters.adapter import Adapter
from webingo.adapters.means import Means
from webingo.adapters.registry import of_operator, operators, told
from webingo.config import Settings
from webingo.errors import BadResource
from webingo.problems import Problem
from webingo.rng import SystemRng
from webingo.support.clock import Clock, SystemClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store
from webingo.wallet.backend import Backend
from webingo.wallet.denomination import DENOMINATIONS
from webingo.wallet.wallets import Wallets

log = structlog.get_logger("webingo.server")

_UNITS = {name: denomination.money_multiplier for name, denomination in DENOMINATIONS.items()}
_START_S, _STOP_S = 30.0, 10.0


class Operators:
    """`wallets` are the server's. `stop` is for what was begun, also where `start` failed."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        """Raises BadResource."""
        rng = SystemRng()
        self._settings = settings
        self._adapters = operators(settings, Means(clock, rng, store, _UNITS, settings.debug))
        backends = {
            name: Backend(adapter, clock, settings.operators[name].refresh_s) for name, adapter in self._adapters.items()
        }
        self.wallets = Wallets(store, backends, clock, rng)
        self._begun = list[Adapter]()

    async def start(self) -> None:
        """Raises BadResource."""
        for name, adapter in self._adapters.items():
            self._begun.append(adapter)
            timer = asyncio.timeout(_START_S)
            try:
                async with timer:
                    await adapter.start()
            except BadResource as error:
                raise BadResource(of_operator(name, error)) from None
            except (Exception, SystemExit) as error:  # somebody else's code
                options = self._settings.operators[name].options
                why = f"not within {_START_S:g} s" if timer.expired() else told(error, type(adapter), options)
                raise BadResource([("settings", f"operators.{name}", f"its adapter can't be started: {why}")]) from None
        self.wallets.deliverer.start()

    async def stop(self) -> None:
        await self.wallets.deliverer.stop()
        for adapter in self._begun:
            try:
                async with asyncio.timeout(_STOP_S):
                    await adapter.aclose()
            except Exception:  # also that it came to no end
                log.exception("adapter_failed", operator=adapter.operator)


def wrong_operators(settings: Settings) -> list[Problem]:
    """What is wrong with the operators of the settings; nothing is connected."""
    try:
        operators(settings, Means(SystemClock(), SystemRng(), MemoryStore(), _UNITS, settings.debug))
    except BadResource as error:
        return error.problems
    return []
