"""The RNG service: draws for games that live elsewhere. They are recorded before they are answered, as their rounds' proof."""

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from webingo.errors import Code, Refused
from webingo.rng import Rng
from webingo.server.rgs.keys import ApiKey
from webingo.server.rgs.models import DistributionAsk, ShuffleAsk, Values, WeightedAsk
from webingo.support.clock import Clock
from webingo.transaction.outside import fresh_draws_id
from webingo.transaction.store import Store

_MOST_ANSWERED = 1 << 20


class RandomNumbers:
    """Raises Refused(UNAVAILABLE) where the generator has failed, or the draws can't be recorded: nothing is answered then."""

    def __init__(self, store: Store, rng: Rng, clock: Clock) -> None:
        self._store = store
        self._rng = rng
        self._clock = clock

    async def distribution(self, key: ApiKey, ask: DistributionAsk) -> Values:
        span, below = ask.m - ask.n, self._rng.below
        drawn = [ask.n + below(span) for _ in range(ask.count)]
        return await self._recorded(key, "distribution", ask, drawn, drawn)

    async def weighted(self, key: ApiKey, ask: WeightedAsk) -> Values:
        longest = max(len(_written(value)) for value, _ in ask.choices)
        if longest * ask.count > _MOST_ANSWERED:
            raise Refused(
                Code.BAD_PARAMS, "choices: these values are too long to be answered so often; let short ones stand for them."
            )
        bounds, below = ask.bounds(), self._rng.below
        drawn = [bisect_right(bounds, below(bounds[-1])) for _ in range(ask.count)]
        return await self._recorded(key, "weighted", ask, drawn, [ask.choices[place][0] for place in drawn])

    async def shuffle(self, key: ApiKey, ask: ShuffleAsk) -> Values:
        drawn = self._rng.shuffle(range(len(ask.items)))
        return await self._recorded(key, "shuffle", ask, drawn, [ask.items[place] for place in drawn])

    async def _recorded(
        self, key: ApiKey, call: str, ask: DistributionAsk | WeightedAsk | ShuffleAsk, drawn: Sequence[int], values: list[Any]
    ) -> Values:
        """`drawn` are the numbers themselves, the places of the choices, or the items' old places in their new order."""
        draws_id = fresh_draws_id()
        record = {
            "id": draws_id,
            "at_ms": self._clock.now_ms(),
            "platform": key.platform,
            "site": key.site,
            "key": key.id,
            "call": call,
            "asked": ask.model_dump(exclude={"round"}),
            "round": ask.round,
            "draws": drawn,
        }
        await self._store.keep_draws(draws_id, _written(record))
        return Values.model_construct(id=draws_id, values=values)


def _written(value: Any) -> bytes:
    """Numbers of any size, and halves of surrogate pairs, as they came: orjson writes neither."""
    return json.dumps(value, separators=(",", ":")).encode()
