"""Prizes of players whose money an operator keeps: won in a round, and paid apart from it, by whoever comes to it, at any time.

What is paid goes into the wallet in transit, and leaves it when the operator has acknowledged it. A process that pays has no
session of the winner's: how they are called and proved to the operator was kept when they wagered.
"""

import orjson

from webingo.adapters.adapter import Charge
from webingo.errors import Code, Refused
from webingo.rng import derived_id
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Posting, Seat, Transaction
from webingo.wallet.delivery import result_of
from webingo.wallet.denomination import counted_in, operator_of
from webingo.wallet.plan import Payer, last_escrow
from webingo.wallet.players import winner_key

KEPT_S = 7 * 86_400
"""So long the ledger's consumer, who finds out that a mystery was won, may lag behind the wager."""
_AGAIN_S = 3600.0


class Winners:
    """Of one session: sees to it that its player can be paid."""

    def __init__(self, store: Store, clock: Clock, operator: str) -> None:
        self._store = store
        self._clock = clock
        self._operator = operator
        self._kept_until: float | None = None

    async def keep(self, transaction: Transaction, payer: Payer) -> None:
        """Before a transaction that may win a jackpot: any wager that feeds one may. Raises Refused(UNAVAILABLE)."""
        if not payer.uid or not any(part.fed or part.triggers for part in transaction.parts):
            return
        now = self._clock.monotonic()
        if self._kept_until is None or now >= self._kept_until:
            key = winner_key(transaction.seat, self._operator)
            await self._store.keep_request(key, orjson.dumps([*payer]), KEPT_S)
            self._kept_until = now + _AGAIN_S


async def with_result(store: Store, posting: Posting) -> Posting:
    """A prize's posting, with the result that the operator has to hear of; as it is where we keep the money. The same prize is
    the same result, whoever makes it.

    Raises Refused(UNAVAILABLE), also where it is not known how the player is proved to the operator: until they wager again.
    """
    wallet = posting.wallet
    operator = operator_of(wallet.denom)
    if not operator:
        return posting
    kept = await store.request(winner_key(Seat(wallet.user, posting.site), operator))
    if kept is None:
        raise Refused(Code.UNAVAILABLE, "How the winner is called at the operator is not known any more.")
    payer = Payer(*orjson.loads(kept))
    record = await store.round(posting.round)
    refers = last_escrow(record) if record else ""
    charge_id = derived_id(f"prize:{posting.id}:{wallet}")
    where = counted_in(wallet.denom), posting.round, posting.game, posting.site
    charge = Charge(charge_id, *payer, *where, posting.amount, posting.at_ms, refers)
    result = result_of(wallet, charge, posting.at_ms)
    return posting._replace(owed=(result._replace(due_ms=posting.at_ms),))
