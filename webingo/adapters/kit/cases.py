"""What an adapter is tried out with: each case with players of its own. docs/adapters.md explains what is asked for."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from webingo.adapters.kit import hard, plain
from webingo.adapters.kit.bench import Bench
from webingo.adapters.kit.troubles import DONE, LIES, UNDONE, Trouble


class Case(NamedTuple):
    name: str
    run: Callable[[Bench], Awaitable[None]]


def _each(name: str, run: Callable[[Trouble, Bench], Awaitable[None]], *troubles: Trouble) -> list[Case]:
    return [Case(f"{name}: {trouble}", partial(run, trouble)) for trouble in troubles]


CASES = (
    Case("a player and its balance are told", plain.told),
    Case("a token of nobody or of another player is refused", plain.wrong_token),
    Case("a blocked player is refused", plain.blocked),
    Case("no balance is told in a denomination that the player does not have", plain.other_money),
    Case("a round that is won", plain.won),
    Case("a round that is lost", plain.lost),
    Case("amounts arrive to the smallest unit, large and small", plain.exact),
    Case("a round of two escrows and two results", plain.two_bets),
    Case("what is booked is what was asked for", plain.described),
    Case("more than there is, is refused", plain.no_funds),
    Case("more than is allowed, is refused", plain.limit),
    Case("an escrow sent again is taken once", plain.repeated_escrow),
    Case("a result sent again is paid once", plain.repeated_result),
    Case("a cancel sent again gives back once", plain.cancelled),
    Case("an escrow that comes after its cancel is not taken", plain.cancelled_unknown),
    Case("results and cancels are booked when the token has run out", plain.expired),
    *_each("a login is refused", hard.player_in, Trouble.DROP_BEFORE, Trouble.ERROR_AFTER, Trouble.PAGE_AFTER, *LIES),
    *_each("an escrow without an answer is cancelled", hard.escrow_in, *UNDONE, *DONE, *LIES),
    *_each(
        "an escrow without an answer is carried on", hard.escrow_again_in, Trouble.DROP_BEFORE, Trouble.DROP_AFTER, Trouble.CUT
    ),
    *_each("a result without an answer is paid once", hard.result_in, *hard.QUICK, *LIES),
    *_each("a cancel without an answer gives back once", hard.cancel_in, *hard.QUICK, *LIES),
    Case("an escrow that arrives after its cancel", hard.late),
    Case("another process carries on", hard.elsewhere),
    Case("requests that the network brings twice", hard.twice),
    Case("a false balance moves nothing", hard.false_balance),
    Case("silence ends in time", hard.silence_ends),
    *_each("a result without an answer is paid once", hard.result_in, Trouble.SILENT_AFTER),
    *_each("a cancel without an answer gives back once", hard.cancel_in, Trouble.SILENT_AFTER),
    Case("many calls at once, each of them twice", hard.at_once),
    Case("calls that overtake each other", hard.overtaken),
    Case("rounds in a storm of troubles", hard.storm),
)
