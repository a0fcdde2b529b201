"""An answer under way: one waits for it, by callback or by await, and gets the value or the error."""

import asyncio
from typing import Any

import pytest

from webingo.support.answer import Answer, Outcome, pass_on, when_done


class Doubled(Answer[int]):
    def read(self, reply: Any) -> int:
        return int(reply) * 2


def test_who_waits_is_called_at_once() -> None:
    answer, heard = Doubled(), list[int]()
    answer.then(lambda outcome: heard.append(outcome.result()))
    assert not answer.done() and heard == []
    answer.set_result(b"4")
    assert answer.done() and heard == [8]


def test_who_comes_late_is_called_at_once_too() -> None:
    answer, heard = Doubled(), list[int]()
    answer.set_result(1)
    answer.then(lambda outcome: heard.append(outcome.result()))
    assert heard == [2]


async def test_it_can_be_awaited_before_and_after() -> None:
    answer = Doubled()
    asyncio.get_running_loop().call_soon(answer.set_result, 3)
    assert await answer == 6
    assert await answer == 6


async def test_errors_of_the_link_and_of_the_reading_are_raised() -> None:
    failed, unreadable = Doubled(), Doubled()
    failed.set_exception(ConnectionError("gone"))
    unreadable.set_result("no number")
    for answer, error in ((failed, ConnectionError), (unreadable, ValueError)):
        with pytest.raises(error):
            await answer


async def test_whatever_can_be_awaited_is_waited_for_and_passed_on() -> None:
    async def found(value: int) -> int:
        await asyncio.sleep(0)
        if value < 0:
            raise ValueError(value)
        return value

    heard = list[int]()

    def hear(outcome: Outcome[int]) -> None:
        heard.append(outcome.result())

    when_done(found(7), hear)
    good, bad = Doubled(), Doubled()
    pass_on(found(4), good)
    pass_on(found(-1), bad)
    assert await good == 8
    with pytest.raises(ValueError, match="-1"):
        await bad
    assert heard == [7]
