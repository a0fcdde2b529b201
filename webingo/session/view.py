"""What a player sees of a session: the whole `state` message, made of what was committed."""

from dataclasses import dataclass
from typing import Any

import orjson

from webingo.session.play import Running, Transition
from webingo.session.protocol import Reference
from webingo.support.clock import Clock
from webingo.transaction.transaction import Funds
from webingo.wallet.denomination import DENOMINATIONS


@dataclass(slots=True)
class Tally:
    """The session's own account since its login, as players are entitled to see it."""

    rounds: int = 0
    wagered: int = 0
    won: int = 0

    def count(self, transition: Transition) -> None:
        self.rounds += bool(transition.part.header)
        self.wagered += transition.wagered
        self.won += transition.won


class View:
    """Writes `state` messages. The game's state is serialised once, when it comes about; here its bytes are only put in."""

    def __init__(self, denom: str, clock: Clock, tally: Tally | None = None) -> None:
        """`tally` is counted on, where there was a session before this one."""
        self.tally = tally or Tally()
        self._clock = clock
        self._started = clock.monotonic()
        denomination = {"denom": denom, "denom_info": DENOMINATIONS[denom].info()}
        self._denom = orjson.dumps(denomination)[1:]  # what follows the credits in `wallet`

    def state(
        self,
        funds: Funds,
        userdata: dict[str, Any],
        running: Running | None,
        re: Reference = None,
        welcome: dict[str, Any] | None = None,
    ) -> bytes:
        """The message for these funds, this userdata and this game. `welcome` is what only the first one after the login
        has: the site and its games."""
        # Put together by hand: a dictionary and its serialisation take twice as long, 1 µs more for each state.
        tally, game = self.tally, b""
        if running is not None:
            game = b'"curr_game":"%b","gamestate":%b,' % (running.game.manifest.id.encode(), running.public)
        message = (
            b'{"t":"state","v":1,%b"wallet":{"credits":%d,%b,"userdata":%b,'
            b'"session":{"seconds":%d,"rounds":%d,"wagered":%d,"won":%d,"net":%d}'
        ) % (
            game,
            funds.balance,
            self._denom,
            orjson.dumps(userdata),
            self._clock.monotonic() - self._started,
            tally.rounds,
            tally.wagered,
            tally.won,
            tally.won - tally.wagered,
        )
        if re is not None:
            message += b',"re":%b' % orjson.dumps(re)
        if welcome is not None:
            message += b"," + orjson.dumps(welcome)[1:-1]
        return message + b"}"
