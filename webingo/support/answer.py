"""What a call under way will have answered, for the one who waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Outcome(Protocol[T_co]):
    """A Future or an Answer that is done."""

    def result(self) -> T_co:
        """The value, or the error raised."""
        ...


class Answer(Generic[T]):
    """A Future for exactly one who waits, by `then` or by `await`. Whoever waits by `then` is called at once, in the middle
    of the one who answers, and not in a later turn of the event loop by way of a task: 3 microseconds less for each bet.
    """

    __slots__ = ("_done", "_error", "_then", "_value")

    def __init__(self) -> None:
        self._done = False
        self._error: Exception | None = None
        self._then: Callable[[Answer[T]], None] | None = None

    def read(self, reply: Any) -> T:
        """What a raw reply means. What it raises is the result."""
        raise NotImplementedError

    def done(self) -> bool:
        return self._done

    def set_result(self, reply: Any) -> None:
        try:
            self._value = self.read(reply)
        except Exception as error:
            self._error = error
        self._tell()

    def set_exception(self, error: Exception) -> None:
        self._error = error
        self._tell()

    def _tell(self) -> None:
        self._done = True
        if self._then is not None:
            self._then(self)

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._value

    def then(self, call: Callable[["Answer[T]"], None]) -> None:
        """`call` may not raise: it is called by one who knows nothing of it."""
        if self._done:
            call(self)
        else:
            self._then = call

    def __await__(self) -> Generator[Any, None, T]:
        if not self._done:
            told = asyncio.Event()
            self.then(lambda _: told.set())
            yield from told.wait().__await__()
        return self.result()


def when_done(awaitable: Awaitable[T], call: Callable[[Outcome[T]], None]) -> None:
    """`call` gets the outcome of whatever can be awaited: at once where that is possible, else in a turn of the loop."""
    if isinstance(awaitable, Answer):
        awaitable.then(call)
    else:
        asyncio.ensure_future(awaitable).add_done_callback(call)


def pass_on(awaitable: Awaitable[Any], answer: Answer[Any]) -> None:
    """`answer` gets what the awaitable comes to."""

    def done(outcome: Outcome[Any]) -> None:
        try:
            reply = outcome.result()
        except Exception as error:
            answer.set_exception(error)
        else:
            answer.set_result(reply)

    when_done(awaitable, done)
