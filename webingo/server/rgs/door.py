"""Puts the RGS door together: its calls, its document, and the pages that show it."""

from typing import Any

from webingo.config import Settings
from webingo.server.attempts import Attempts
from webingo.server.rgs import pages
from webingo.server.rgs.gate import Gate
from webingo.server.rgs.handler import Call, Desk, NoCallHandler, RgsHandler
from webingo.server.rgs.models import (
    CancelAsk,
    DistributionAsk,
    EscrowAsk,
    Player,
    PlayerAsk,
    ResultAsk,
    Settled,
    ShuffleAsk,
    Values,
    WeightedAsk,
)
from webingo.server.rgs.money import Money
from webingo.server.rgs.openapi import document
from webingo.server.rgs.overdue import Overdue
from webingo.server.rgs.random_numbers import RandomNumbers
from webingo.session.house import House
from webingo.wallet.outside import OutsideMoney

_DAY_S = 86_400
_TOO_MANY = "Too many wrong API keys came from this address; wait a minute."


class RgsDoor:
    """Where games that live elsewhere call. `stop` waits for what is under way."""

    def __init__(self, settings: Settings, house: House) -> None:
        outside = OutsideMoney(house.store, house.wallets, house.clock)
        attempts = Attempts(settings.failed_logins, house.clock, _TOO_MANY)
        self._desk = Desk(Gate(house.store, house.clock, settings.api_rate, settings.api_burst, attempts), house.clock)
        random = RandomNumbers(house.store, house.rng, house.clock)
        money = Money(house, outside, int(settings.session_idle_s), settings.round_retention_days * _DAY_S)
        self.sweep = Overdue(house.store, house.resources, outside, house.clock).sweep
        self._calls = _calls(random, money)

    def routes(self) -> list[Any]:
        return [
            *((call.path, RgsHandler, {"desk": self._desk, "call": call}) for call in self._calls),
            (r"/(?:rng|rgs)(?:/.*)?", NoCallHandler),
            *pages.routes(document(self._calls)),
        ]

    async def stop(self) -> None:
        await self._desk.stop()


def _calls(random: RandomNumbers, money: Money) -> list[Call[Any]]:
    return [
        Call("/rng/distribution", DistributionAsk, Values, random.distribution, by_get=True),
        Call("/rng/weighted", WeightedAsk, Values, random.weighted, by_get=True),
        Call("/rng/shuffle", ShuffleAsk, Values, random.shuffle, by_get=True),
        Call("/rgs/player", PlayerAsk, Player, money.player, (403, 404)),
        Call("/rgs/escrow", EscrowAsk, Settled, money.escrow, (402, 403, 404, 409)),
        Call("/rgs/result", ResultAsk, Settled, money.result, (403, 404, 409)),
        Call("/rgs/cancel", CancelAsk, Settled, money.cancel, (403, 404, 409)),
    ]
