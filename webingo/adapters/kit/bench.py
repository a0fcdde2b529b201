"""Where a case of the conformance tests finds its adapter, the fake operator, and players."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from webingo.adapters.adapter import Account, Adapter, Cancelled, Charge, Unanswered
from webingo.adapters.kit.fake import FakeOperator
from webingo.adapters.kit.troubles import Trouble
from webingo.errors import Code, Refused
from webingo.rng import fresh_id
from webingo.transaction.transaction import MAX_AMOUNT

T = TypeVar("T")

_MOST_TRIES = 200
_PAUSE_S = 0.05

DENOM = "USD"


class Wrong(Exception):  # noqa: N818 - names the finding
    """What the adapter does is not what docs/adapters.md asks for."""


class NotApplicable(Exception):  # noqa: N818 - names the finding
    """There is no such thing with this operator."""


class Bench:
    """The adapter under test and the operator that it finds, with what the cases have in common. `new` builds it once more."""

    def __init__(self, adapter: Adapter, fake: FakeOperator, new: Callable[[], Adapter]) -> None:
        self.adapter, self.fake = adapter, fake
        self._new = new

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator["Bench"]:
        """The same in another process: an adapter that knows nothing of what this one did."""
        adapter = self._new()
        try:
            await adapter.start()
            yield Bench(adapter, self.fake, self._new)
        finally:
            await adapter.aclose()

    async def player(self, balance: int = 10_000) -> str:
        uid = f"player-{fresh_id()}"
        await self.fake.player(uid, self.fake.token(uid), balance)
        return uid

    def bet(self, uid: str, amount: int = 500) -> Charge:
        name = fresh_id()
        return Charge(name, uid, self.fake.token(uid), DENOM, f"round-{name}", "joker-bingo", "club", amount, 1_700_000_000_000)

    def win(self, bet: Charge, amount: int) -> Charge:
        return bet._replace(id=fresh_id(), amount=amount, refers=bet.id, closes=True)

    def back(self, bet: Charge) -> Charge:
        return bet._replace(id=fresh_id(), refers=bet.id, closes=True)

    def trouble(self, op: str, trouble: Trouble, times: int = 1) -> None:
        if trouble not in self.fake.able:
            raise NotApplicable
        self.fake.trouble(op, trouble, times)

    async def settled(self, call: Callable[[Charge], Awaitable[T]], charge: Charge) -> T:
        """As the server does with results and cancels: again and again until there is an answer."""
        reason = ""
        for _ in range(_MOST_TRIES):
            try:
                return sound(await call(charge))
            except Unanswered as unanswered:
                reason = discreet(unanswered, charge)
            await asyncio.sleep(_PAUSE_S)
        raise Wrong(f"a call is not answered, however often it is sent again: {reason}")

    async def unanswered(self, call: Callable[[Charge], Awaitable[object]], charge: Charge) -> None:
        """Sends it once, and there must be no answer."""
        before = len(self.fake.calls)
        try:
            answer = await call(charge)
        except Unanswered as unanswered:
            discreet(unanswered, charge)
            if not unanswered.sent and any(name == charge.id for _, name in self.fake.calls[before:]):
                raise Wrong("it says that nothing was sent, and the operator has got it") from None
            return
        except Refused as refused:
            raise Wrong(f"what was no answer counts as a definite no ({refused.code})") from None
        raise Wrong(f"what was no answer counts as one ({answer})")

    async def refused(self, code: Code, call: Callable[[Charge], Awaitable[object]], charge: Charge) -> Refused:
        """There must be a definite no."""
        try:
            answer = await self.settled(call, charge)
        except Refused as refused:
            same(refused.code, code, "the refusal")
            return refused
        raise Wrong(f"it should be refused as {code}, and is answered with {answer}")

    async def has(self, uid: str, expected: int) -> None:
        """What the operator's books must say."""
        found = await self.fake.balance(uid)
        if found != expected:
            raise Wrong(f"the player has {found} in the operator's books and should have {expected}")


def same(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise Wrong(f"{what} is {found} and should be {expected}")


def sound(answer: T) -> T:
    """The answer of a call, if it is of the kind that the server takes."""
    balance = answer.balance if isinstance(answer, Account | Cancelled) else answer
    if not (isinstance(answer, Cancelled) and balance is None) and (type(balance) is not int or not 0 <= balance <= MAX_AMOUNT):
        raise Wrong(f"a balance has to be an integer from 0 to {MAX_AMOUNT}, and here it is {balance!r}")
    return answer


def discreet(unanswered: Unanswered, charge: Charge) -> str:
    """The reason that it gives, which is logged."""
    if charge.token and charge.token in str(unanswered):
        raise Wrong("the reason of an Unanswered holds the player's token")
    return str(unanswered)
