"""What the server and a backoffice say to each other: sessions, settings and commands; contract_books.py has the accounting.
The client and the reference backoffice share these models.

All paths are below `rgs_base`; every call but GET /healthz and /openapi.json carries `Authorization: Bearer <rgs_key>`.
Bodies are JSON (application/json), requests may be `Content-Encoding: gzip`. Times are milliseconds since 1970-01-01 UTC,
money is integers of the denomination's smallest unit. What is not 2xx has a `Refusal` as its body:

  400, 422  it can't be understood                                401  wrong key       403  SITE_CLOSED, PLAYER_BLOCKED
  404       UNKNOWN_SITE, UNKNOWN_SESSION, UNKNOWN_COMMAND        409  CONFLICT (an id was used for something else),
  413       too large: send less at once                               UNKNOWN_POSITION (changes)
  429, 5xx  later, perhaps after `Retry-After` seconds

Every request may come again, since an answer can get lost: repeating one changes nothing and is answered as the first was.
Requests are strict; of an answer the client reads the fields below and lets others be, so that a backoffice may say more.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from webingo.resources.site import Name
from webingo.transaction.transaction import MAX_AMOUNT

MOST_LISTED = 1000
"""Entries, rounds, sessions, players, meters or wins in one request, changes in one answer."""
LONGEST_WAIT_S = 30
MOST_BODY_BYTES = 32 << 20
"""A request's body, unpacked. The client sends far less, unless a single round is as large."""

_BIG = 9 * 10**18  # below 2^63, and the same number for those who read the document in doubles

Uid = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,512}$")]
ShortId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.:-]{1,128}$")]
Line = Annotated[str, StringConstraints(max_length=200)]
Ms = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Amount = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
Balance = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Big = Annotated[int, Field(ge=0, le=_BIG)]
"""Sums over many rounds, and meters."""
Denom = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,16}(@[a-z0-9][a-z0-9_-]{0,63})?$")]
"""Behind an @ the operator that keeps the money: then the wallet holds only what is in transit."""


class Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Refusal(Answer):
    """The body of every answer that is not 2xx. `code` is for programs, `message` for people."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{0,63}$")]
    message: Annotated[str, StringConstraints(max_length=2000)] = ""


class Done(Answer):
    """Nothing more is to be said."""

    ok: Literal[True] = True


# -- sessions: POST /v1/sessions, /v1/sessions/{session}/end, /v1/sessions/alive ---------------------------------------------


class SessionBegin(Request):
    """A player wants to play. `session` is new and the server's own; `node` names the process; `name` is what the platform
    calls the player, for people."""

    session: ShortId
    node: ShortId
    platform: Name
    site: Name
    uid: Uid
    name: Line = ""
    at: Ms


class PlayerStanding(Answer):
    blocked: bool = False


class SessionBegun(Answer):
    """200. `site` is the whole site document (docs/sites.md) in its version `version`, which grows with every change.

    Refused: 404 UNKNOWN_SITE, 403 SITE_CLOSED or PLAYER_BLOCKED.
    """

    session: ShortId
    site: dict[str, Any]
    version: Big
    player: PlayerStanding = PlayerStanding()


class SessionEnd(Request):
    """What the session came to: rounds begun, sums of their wagers and wins, and the wallet as the session saw it last.
    `reason`: LEFT, or the refusal that ended it (REPLACED, PLAYER_BLOCKED, UNAVAILABLE, …)."""

    at: Ms
    rounds: Big
    wagered: Big
    won: Big
    balance: Balance
    seq: Big
    reason: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{0,63}$")] = "LEFT"


class SessionsAlive(Request):
    """Every 30 s, in pages: these are going on. A session that is named by nobody for 3 minutes has ended; one that the
    backoffice took for ended and that is named again goes on. Unknown ids are no error."""

    node: ShortId
    at: Ms
    sessions: list[ShortId] = Field(max_length=MOST_LISTED)


# -- settings and commands: GET /v1/sites, /v1/changes, /v1/commands, POST /v1/commands/{id}/done -------------------------


class SiteVersion(Answer):
    platform: Name
    site: Name
    version: Big
    document: dict[str, Any]


class Sites(Answer):
    """All sites, whether all gaming is on, and the position from which `changes` goes on."""

    sites: list[SiteVersion]
    gaming: bool = True
    next: Big


class SiteChange(SiteVersion):
    """The site as it is from now on. A site is never taken away: it is closed (`enabled: false`)."""

    kind: Literal["site"]
    n: Big


class GamingChange(Answer):
    """All games of all sites are disabled, or allowed again."""

    kind: Literal["gaming"]
    n: Big
    enabled: bool


class CommandChange(Answer):
    """There is something to do; `commands` tells what."""

    kind: Literal["command"]
    n: Big
    id: ShortId


Change = Annotated[SiteChange | GamingChange | CommandChange, Field(discriminator="kind")]


class Changes(Answer):
    """GET /v1/changes?after=<n>&wait_s=<0..30>: what changed after `n`, oldest first, at most 1000 at once; held back until
    there is something or `wait_s` is over. `next` is the `after` to go on with. 409 UNKNOWN_POSITION where `after` is ahead
    of the backoffice, or older than what it keeps: the client reads /v1/sites anew. It passes over kinds unknown to it."""

    next: Big
    changes: list[Change] = Field([], max_length=MOST_LISTED)


class BlockCommand(Answer):
    """The player can't log in or wager from now on, or again."""

    command: Literal["block", "unblock"]
    id: ShortId
    n: Big
    platform: Name
    uid: Uid


class AdjustCommand(Answer):
    """Money is given or taken, as a ledger entry of kind `adjustment` whose note is the reason. Once per `id`, for ever."""

    command: Literal["adjust"]
    id: ShortId
    n: Big
    platform: Name
    uid: Uid
    denom: Denom
    amount: Amount
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


Command = Annotated[BlockCommand | AdjustCommand, Field(discriminator="command")]


class Commands(Answer):
    """GET /v1/commands: those that are not done, by `n`, which grows with every command; at most 100 at once. They are carried
    out one after the other, and each is reported before the next is begun. Reporting one again is no error."""

    commands: list[Command] = Field([], max_length=100)


class CommandDone(Request):
    """How a command ended. `code` and `message` where it was refused; `balance` and `seq`: the wallet's after an adjustment."""

    ok: bool
    code: Annotated[str, StringConstraints(max_length=64)] = ""
    message: Annotated[str, StringConstraints(max_length=2000)] = ""
    balance: Balance = 0
    seq: Big = 0
    at: Ms
