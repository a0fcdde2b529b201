"""What is written: a change of state, its money and its proof, as one transaction, all or nothing."""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webingo.engines.engine import Move
from webingo.rng import fresh_id
from webingo.user import SHARDS, User

_SHARDED_ID = re.compile(r"(\d\d)-[0-9A-Za-z_-]{20,64}")
_REQUEST_ID = re.compile(r"([0-9]{2})[0-9a-f]{32}")

MAX_AMOUNT = 2**53 - 1
"""No balance or amount goes above this: the commit script counts in doubles, which are exact up to here."""


class Seat(NamedTuple):
    """A player's place on a site: holds the running game, its state and the userdata. One session writes to it at a time."""

    user: User
    site: str

    def __str__(self) -> str:
        return f"{self.user.platform}:{self.site}:{self.user.uid}"

    @classmethod
    def parse(cls, text: str) -> "Seat":
        platform, site, uid = text.split(":", 2)
        return cls(User(platform, uid), site)


class WalletId(NamedTuple):
    """A player's wallet in one denomination. The sites of a platform share it.

    Where an operator keeps the money, "USD@acme" is what passes between the operator `acme` and us: the transit wallet.
    """

    user: User
    denom: str

    def __str__(self) -> str:
        return f"{self.user.platform}:{self.denom}:{self.user.uid}"

    @classmethod
    def parse(cls, text: str) -> "WalletId":
        platform, denom, uid = text.split(":", 2)
        return cls(User(platform, uid), denom)


class Funds(NamedTuple):
    """A wallet's balance after its entry number `seq`: of two, the one with the higher seq is the newer."""

    balance: int
    seq: int


class Part(NamedTuple):
    """One transition within a transaction, as it goes into a round's record.

    `round` is empty for a transition outside of any round (a new deal of cards), which moves no money. `header` is set on
    the transition that opens the round. `record` is JSON: action, params, draws and moves; `state` is the public JSON of
    the state that it led to.

    `fed` is what its wager feeds jackpots: "jp_a=1234 jp_b=99", in millionths of a storage unit; it stands on the part's first
    wager in the ledger, so a part without a wager feeds nothing. `triggers` are the jackpots that this outcome wins: an entry
    of the kind "trigger" for each, after the moves, with the jackpot's id as its note and no money.
    """

    round: str
    record: bytes
    state: bytes
    moves: tuple[Move, ...] = ()
    header: bytes = b""
    closes: bool = False
    fed: str = ""
    triggers: tuple[str, ...] = ()


class Delivery(NamedTuple):
    """What an operator has yet to hear of: a result, or an escrow that is taken back.

    `id` is unique for ever, without spaces. `wallet` is the transit wallet; `payout` leaves it when the operator has
    acknowledged (an entry of the kind "payout" of that amount below 0, with the id "payout:<id>", of the given round, game
    and site); 0: no entry. `document` is JSON that only its maker reads. It is not to be tried before `due_ms`.
    """

    id: str
    wallet: WalletId
    document: bytes
    due_ms: int
    payout: int = 0
    round: str = ""
    game: str = ""
    site: str = ""

    def __repr__(self) -> str:  # the document may hold a player's token
        return f"Delivery({self.id!r}, {self.wallet}, payout={self.payout}, round={self.round!r})"


class Intent(NamedTuple):
    """An outcome that nobody has seen, kept while the operator is asked for its wagers.

    `id` is unique for ever, without spaces. `document` is JSON that only its maker reads. `cancels` are what has to be
    delivered if nothing comes of it; they pay nothing out, since nothing has come in.
    """

    id: str
    document: bytes
    cancels: tuple[Delivery, ...]
    at_ms: int

    def __repr__(self) -> str:  # the same holds for this one's
        return f"Intent({self.id!r}, at_ms={self.at_ms})"


class Transaction(NamedTuple):
    """A change of a seat from the state `base` to the state `sid` ("" = no game is loaded) of the game `game`.

    `epoch` is the session's: a store refuses the writes of a session that was taken over. `max_win` is the game's cap as
    a multiple of a round's first wager. `private` and `userdata` are None where they stay as they are. Applying one twice is
    as once.

    Where an operator keeps the money: `intent` is the id of the seat's pending one, which goes with the commit; with `funded`
    each wager has come in from the operator, as an entry of the kind "escrow" right before it; `owed` are the deliveries that
    are made in the same step.
    """

    seat: Seat
    wallet: WalletId
    epoch: int
    at_ms: int
    base: str
    sid: str
    game: str = ""
    state: bytes = b""
    private: bytes | None = b""
    max_win: int = 0
    parts: tuple[Part, ...] = ()
    userdata: bytes | None = None
    intent: str = ""
    funded: bool = False
    owed: tuple[Delivery, ...] = ()


class Posting(NamedTuple):
    """Money that moves outside of any session: a grant, an adjustment, a purchase. Posted once per wallet and `id`, for ever.

    `amount` is signed; a negative one is refused with INSUFFICIENT_FUNDS where the balance does not reach. `round`, `game` and
    `site` say what it belongs to, where it belongs to something. `owed` are deliveries that are made in the same step, once.
    """

    id: str
    wallet: WalletId
    kind: str
    amount: int
    reason: str
    at_ms: int
    round: str = ""
    game: str = ""
    site: str = ""
    owed: tuple[Delivery, ...] = ()


def check_taking(posting: Posting) -> None:
    """ValueError where it is nothing that Store.take can do: the amount goes from -MAX_AMOUNT to -1, and nobody is owed it."""
    if posting.owed or not -MAX_AMOUNT <= posting.amount < 0:
        raise ValueError(f"an amount of {posting.amount} can't be taken")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a session finds when it takes a seat: `state` and `private` are b"" where no game is loaded.

    `spent` is the sum of all that was ever wagered on the seat; `revoked_ms` says when the player's logins were revoked for the
    last time (see Store.revoked_at). `intent` is the document of the seat's pending intent, b"" where there is none, and
    `intent_ms` its time.
    """

    epoch: int
    funds: Funds
    userdata: dict[str, Any]
    game: str = ""
    state: bytes = b""
    private: bytes = b""
    round: str = ""
    spent: int = 0
    revoked_ms: int = 0
    intent: bytes = field(default=b"", repr=False)
    intent_ms: int = 0


class Login(NamedTuple):
    """A login for the doors without a socket. `token` is what the player proves himself with to an operator, "" where there is
    none: a secret, which does not stand in what is printed."""

    seat: Seat
    token: str = ""

    def __repr__(self) -> str:
        return f"Login(seat={self.seat!r}, token={'…' if self.token else ''!r})"


class Taken(NamedTuple):
    """What came of a posting that takes no more than there is: the funds after it, and how much it took."""

    funds: Funds
    taken: int


class Belongings(NamedTuple):
    """What a player has in the store: seats with what was wagered on each, and wallets; both sorted."""

    seats: list[tuple[Seat, int]]
    wallets: list[WalletId]


class Entry(NamedTuple):
    """One line of the ledger. `id` is unique for ever, `amount` signed, `balance` the wallet's after it.

    `closes` marks the last entry of a round: every round that was closed has exactly one. Where the part that closed it moved
    nothing it is an entry of the kind "end", of no amount. `fed` and the kind "trigger": see Part. `short` is what an entry
    should have taken besides, and was not there (Store.take). An entry of the kind "erase" moves nothing (Store.erase).
    """

    id: str
    wallet: str
    seq: int
    kind: str
    amount: int
    balance: int
    round: str
    game: str
    site: str
    at_ms: int
    note: str
    position: str
    """Where the entry stands in its shard's ledger; ordered within the shard."""
    fed: str = ""
    closes: bool = False
    short: int = 0


class Pulled(NamedTuple):
    """What a consumer group has before it in a shard: the cursor's position, the entries that follow it (a page of them),
    and how many there are altogether."""

    position: str
    entries: list[Entry]
    lag: int


class Standing(NamedTuple):
    """Where a consumer group stands in a shard. `position` is "" for a group that is not enrolled, `member` "" where nobody
    holds the shard; `oldest_ms` is when the first entry that waits was made, 0 where none does."""

    position: str
    lag: int
    member: str
    oldest_ms: int


class Event(NamedTuple):
    """Something that happened to a player elsewhere: another session took the seat, the wallet changed, the player was blocked,
    or the player's logins were revoked.

    `balance` is the wallet's; for a seat it is 1 where the house took it to close an abandoned round. Behind the news of a
    wallet that was changed by a posting comes "posted", which says why: its `balance` is what was moved, `about` the kind.
    """

    kind: str  # "seat" | "wallet" | "posted" | "block" | "revoked"
    subject: str  # str(Seat) | str(WalletId) | str(WalletId) | platform:uid | platform:uid
    number: int  # the seat's new epoch | the wallet's seq | the same | 0 | what revoked_at answers from now on
    balance: int = 0
    about: str = ""


def fresh_sharded_id(user: User) -> str:
    """An unguessable id of a round or a login. It carries the player's shard, so that it is enough to find the thing by."""
    return f"{user.shard:02d}-{fresh_id()}"


def shard_of(public_id: str) -> int | None:
    """The shard that a round's or a login's id names, or None where the id can't be one of ours."""
    match = _SHARDED_ID.fullmatch(public_id)
    return int(match[1]) if match and int(match[1]) < SHARDS else None


def fresh_request_id(user: User) -> str:
    """An unguessable id of letters and digits only, for those who take no other: the player's shard and 32 hex digits."""
    return f"{user.shard:02d}{fresh_id().replace('-', '')}"


def shard_of_request(request_id: str) -> int | None:
    """The shard that a request's id names, or None where the id can't be one of ours."""
    match = _REQUEST_ID.fullmatch(request_id)
    return int(match[1]) if match and int(match[1]) < SHARDS else None
