"""Every refusal that a player or a caller can meet, in one table.

Source of the codes: the session protocol (docs/protocol.md). A refusal is expected behaviour: it changes nothing, it is
answered with its code, and it is never logged as an error. Anything else that is raised is a bug of ours.
"""

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """What a refusal is called on the wire, the same behind every door."""

    BAD_MESSAGE = "BAD_MESSAGE"
    NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
    AUTH_FAILED = "AUTH_FAILED"
    UNKNOWN_PLATFORM = "UNKNOWN_PLATFORM"
    UNKNOWN_SITE = "UNKNOWN_SITE"
    UNKNOWN_GAME = "UNKNOWN_GAME"
    GAME_DISABLED = "GAME_DISABLED"
    NO_GAME = "NO_GAME"
    STALE = "STALE"
    ACTION_NOT_ALLOWED = "ACTION_NOT_ALLOWED"
    BAD_PARAMS = "BAD_PARAMS"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    LIMIT = "LIMIT"
    NOT_FINISHABLE = "NOT_FINISHABLE"
    UNKNOWN_COMPONENT = "UNKNOWN_COMPONENT"
    READ_ONLY = "READ_ONLY"
    NO_ROUND = "NO_ROUND"
    ROUND_OVER = "ROUND_OVER"
    ID_REUSED = "ID_REUSED"
    FORBIDDEN = "FORBIDDEN"
    REPLACED = "REPLACED"
    RATE_LIMITED = "RATE_LIMITED"
    PLAYER_BLOCKED = "PLAYER_BLOCKED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


# code -> (what a person reads when nothing more exact is known, HTTP status of the doors without a socket)
TABLE: dict[Code, tuple[str, int]] = {
    Code.BAD_MESSAGE: ("The message could not be understood.", 400),
    Code.NOT_AUTHENTICATED: ("Log in first.", 401),
    Code.AUTH_FAILED: ("The login was refused.", 401),
    Code.UNKNOWN_PLATFORM: ("There is no such platform.", 404),
    Code.UNKNOWN_SITE: ("There is no such site on this platform.", 404),
    Code.UNKNOWN_GAME: ("This site has no such game.", 404),
    Code.GAME_DISABLED: ("This game is closed at the moment.", 403),
    Code.NO_GAME: ("No game is running.", 409),
    Code.STALE: ("The game has moved on; here is its present state.", 409),
    Code.ACTION_NOT_ALLOWED: ("That is not possible in this state.", 409),
    Code.BAD_PARAMS: ("The parameters of this action are wrong.", 400),
    Code.INSUFFICIENT_FUNDS: ("There are not enough credits for this.", 402),
    Code.LIMIT: ("That is over a limit.", 403),
    Code.NOT_FINISHABLE: ("The round has to be ended first.", 409),
    Code.UNKNOWN_COMPONENT: ("There is no such component.", 404),
    Code.READ_ONLY: ("This field belongs to the server.", 403),
    Code.NO_ROUND: ("There is no such round.", 404),
    Code.ROUND_OVER: ("The round is over.", 409),
    Code.ID_REUSED: ("This id was used for another call.", 409),
    Code.FORBIDDEN: ("That is not allowed here.", 403),
    Code.REPLACED: ("This player has logged in elsewhere.", 409),
    Code.RATE_LIMITED: ("Too many messages; slow down.", 429),
    Code.PLAYER_BLOCKED: ("This account is blocked.", 403),
    Code.UNAVAILABLE: ("The service is not available at the moment.", 503),
    Code.INTERNAL: ("Something went wrong on our side; nothing was lost.", 500),
}


class Refused(Exception):  # noqa: N818 - a refusal is not an error of the program
    """An action that was not carried out. `facts` holds what the refuser knows about the true state of things
    (`balance` and `seq` from the wallet), for the door to heal its own picture; it is never sent as it is."""

    def __init__(self, code: Code, message: str | None = None, **facts: Any) -> None:
        self.code = code
        self.message = message or TABLE[code][0]
        self.facts = facts
        super().__init__(f"{code}: {self.message}")

    @property
    def http_status(self) -> int:
        return TABLE[self.code][1]


def code_of(error: Exception) -> Code:
    """What an action that failed is counted as."""
    return error.code if isinstance(error, Refused) else Code.INTERNAL


class BadResource(Exception):  # noqa: N818 - reads as what it reports
    """A configuration, manifest or site file that is wrong: the start is refused with all of `problems`.

    Each problem is (file, field, reason); the field is dotted, empty where the whole file is meant.
    """

    def __init__(self, problems: list[tuple[str, str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(": ".join(part for part in problem if part) for problem in problems))
