"""An operator's backend as we call it: every call comes to an end, is counted, and has one of the outcomes it may have."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from traceback import format_exception
from typing import TypeVar

import structlog

from webingo.adapters.adapter import Account, Adapter, Cancelled, Charge, Unanswered
from webingo.errors import Code, Refused
from webingo.support import metrics, operator_metrics
from webingo.support.clock import Clock
from webingo.transaction.transaction import MAX_AMOUNT

log = structlog.get_logger("webingo.operator")

T = TypeVar("T")

LONGEST_S = 10.0
"""An adapter ends its calls by itself, sooner than that. One that does not is left."""

_LEAST_TOKEN = 8
"""Shorter ones stand in any text, and keep nobody out."""

_DEFINITE = frozenset({Code.INSUFFICIENT_FUNDS, Code.LIMIT})


class Backend:
    """An adapter between us and its mistakes: what it raises that it may not raise, what it answers that is no answer, and what
    comes to no end are all Unanswered. A call that is not known to have been refused may have been carried out."""

    def __init__(self, adapter: Adapter, clock: Clock, refresh_s: float = 30.0) -> None:
        """`refresh_s`: how often the balance of who is playing is asked for."""
        self.name = adapter.operator
        self.refresh_s = refresh_s
        self._adapter = adapter
        self._clock = clock
        self._complained: set[tuple[str, str]] = set()  # each kind of mistake is told with its traceback once

    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
        """Raises Refused (AUTH_FAILED, PLAYER_BLOCKED, UNAVAILABLE), Unanswered."""
        account = await self._asked("player", lambda: self._adapter.player(uid, token, denom, game), self._refusable, token)
        sound = isinstance(account, Account) and type(account.uid) is type(account.name) is str and _sum(account.balance)
        return self._checked("player", account, sound)

    async def escrow(self, charge: Charge) -> int:
        """The balance after it. Raises Refused (INSUFFICIENT_FUNDS, LIMIT): it was not booked; Unanswered."""
        balance = await self._asked(
            "escrow", lambda: self._adapter.escrow(charge), lambda code: code in _DEFINITE, charge.token
        )
        return self._checked("escrow", balance, _sum(balance))

    async def result(self, charge: Charge) -> int:
        """The balance after it. Raises Unanswered."""
        balance = await self._asked("result", lambda: self._adapter.result(charge), lambda code: False, charge.token)
        return self._checked("result", balance, _sum(balance))

    async def cancel(self, charge: Charge) -> Cancelled:
        """Raises Unanswered."""
        answer = await self._asked("cancel", lambda: self._adapter.cancel(charge), lambda code: False, charge.token)
        sound = isinstance(answer, Cancelled) and (answer.balance is None or _sum(answer.balance))
        return self._checked("cancel", answer, sound)

    @staticmethod
    def _refusable(code: Code) -> bool:
        return code in (Code.AUTH_FAILED, Code.PLAYER_BLOCKED, Code.UNAVAILABLE)

    async def _asked(self, op: str, call: Callable[[], Awaitable[T]], may_refuse: Callable[[Code], bool], token: str) -> T:
        begun, outcome = self._clock.monotonic(), "failed"
        try:
            async with asyncio.timeout(LONGEST_S):
                answer = await call()
            outcome = "ok"
            return answer
        except Refused as refusal:
            if may_refuse(refusal.code):
                outcome = "refused"
                raise self._refusal(op, refusal, token) from None
            raise Unanswered(f"the adapter refused with {refusal.code}, which it may not", refusal.code) from refusal
        except Unanswered as unanswered:
            outcome = "unanswered"
            if not _holds(str(unanswered), token):
                raise
            raise Unanswered("a reason that has the player's token in it", unanswered.code, unanswered.sent) from None
        except TimeoutError as error:
            outcome = "unanswered"
            raise Unanswered(f"no answer within {LONGEST_S:g} s") from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                outcome = "gave_up"
                raise
            raise Unanswered("the call was cancelled from within") from None
        except Exception as error:
            self._complain(op, error, token)
            raise Unanswered(f"the adapter failed: {type(error).__name__}") from error
        finally:
            operator_metrics.called(self.name, op, outcome, self._clock.monotonic() - begun)

    def _refusal(self, op: str, refusal: Refused, token: str) -> Refused:
        """What of it others may see and believe."""
        facts = {name: value for name, value in refusal.facts.items() if name == "balance" and _sum(value)}
        if facts != refusal.facts:
            self._complain(op, TypeError("the adapter refused with facts that are none"))
        return Refused(refusal.code, None if _holds(refusal.message, token) else refusal.message, **facts)

    def _complain(self, op: str, error: Exception, token: str = "") -> None:
        metrics.unexpected_error()
        kind = op, type(error).__name__
        if kind not in self._complained:
            self._complained.add(kind)
            shown = not _holds("".join(format_exception(error)), token)
            log.error(
                "adapter_failed", exc_info=error if shown else None, error=type(error).__name__, operator=self.name, call=op
            )

    def _checked(self, op: str, answer: T, sound: bool) -> T:
        if not sound:
            self._complain(op, TypeError(f"the adapter answered a {type(answer).__name__} that is no answer to {op}"))
            raise Unanswered("the adapter gave a strange answer")
        return answer


Backends = Mapping[str, Backend]
"""By the operators' names in the settings."""


def _holds(text: str, token: str) -> bool:
    return len(token) >= _LEAST_TOKEN and token in text


def _sum(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_AMOUNT
