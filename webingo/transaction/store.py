"""The contract of the only writer. Every store passes the same tests (tests/test_store_contract.py).

Each method is atomic, and safe to send again when its answer got lost: a retry changes nothing more and answers as the
first call did. All of them raise Refused(UNAVAILABLE) when the database does not answer in time; whether a write
happened is then unknown to the caller, and only opening the seat again tells.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from webingo.transaction.outside import OutsideStore
from webingo.transaction.store_saga import SagaStore
from webingo.transaction.transaction import (
    Belongings,
    Entry,
    Event,
    Funds,
    Login,
    Opened,
    Posting,
    Pulled,
    Seat,
    Standing,
    Taken,
    Transaction,
    WalletId,
)
from webingo.user import User


class Store(SagaStore, OutsideStore, Protocol):
    async def open(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int, by_house: bool = False) -> Opened:
        """Takes the seat for a new session: its epoch goes up, and what held it before can write no more.

        `by_house` says that nobody logged in: the house closes an abandoned round. A wallet that never existed is created
        with `grant` units, as a ledger entry. Refused PLAYER_BLOCKED; UNAVAILABLE where an unfinished round holds money of
        another denomination.
        """
        ...

    def commit(self, transaction: Transaction) -> Awaitable[Funds]:
        """Writes state, money, ledger, userdata and the rounds' records in one step, and adds its wagers to the seat's `spent`.

        Refused REPLACED (another session has the seat), STALE (the seat is not at `base`, or its pending intent is not the one
        that the transaction names; "" where there is none), INSUFFICIENT_FUNDS, LIMIT (a balance or `spent` above MAX_AMOUNT),
        PLAYER_BLOCKED (a wager of a blocked player), each with `balance` and `seq` as facts; nothing is written then. Raises
        PayoutAboveMaximum where a round's wins exceed the game's stated largest win.
        """
        ...

    async def save_userdata(self, seat: Seat, epoch: int, userdata: bytes) -> None:
        """Replaces the seat's userdata (JSON). Refused REPLACED."""
        ...

    async def save_note(self, seat: Seat, epoch: int, note: bytes) -> None:
        """Replaces what a door without a socket has to remember of the seat's session. Refused REPLACED."""
        ...

    async def note(self, seat: Seat) -> bytes:
        """The seat's note, b"" where there is none. Whoever has just taken the seat reads the last one for good."""
        ...

    async def close(self, seat: Seat, wallet: WalletId, epoch: int) -> None:
        """The session of that epoch has ended; a later one is not touched."""
        ...

    async def post(self, posting: Posting) -> Funds:
        """Moves money outside of any session, once per posting id; creates the wallet where it is missing.

        Answers a repetition as the first call. Refused INSUFFICIENT_FUNDS, LIMIT, BAD_PARAMS (the id was used before for
        another kind or amount, or by `take`).
        """
        ...

    async def take(self, posting: Posting) -> Taken:
        """As `post`, for a negative amount, but takes no more than there is. The entry's amount is what was taken, 0 where
        nothing was there; what was missing stands on it as `short`.

        Refused BAD_PARAMS (the id was used before for another kind or amount, or by `post`). ValueError for an amount that
        is not below 0, or below -MAX_AMOUNT.
        """
        ...

    async def funds(self, wallet: WalletId) -> Funds:
        """Balance 0 and seq 0 for a wallet that does not exist."""
        ...

    async def block(self, user: User, blocked: bool, fence: int = 0) -> None:
        """A blocked player can't log in or wager; running sessions hear of it by an event.

        `fence` is the number of a lease under which it is done: Refused REPLACED where a later holder has had the player in
        hand already.
        """
        ...

    async def blocked(self, user: User) -> bool:
        """Whether the player is kept out at the moment."""
        ...

    async def revoke(self, user: User, at_ms: int) -> None:
        """The player's logins that were kept so far are void; running sessions hear of it by an event, and end."""
        ...

    async def revoked_at(self, user: User) -> int:
        """When that happened last, in milliseconds; 0: never. It is higher after every revocation, whatever the clocks say."""
        ...

    async def erase(self, user: User, at_ms: int) -> None:
        """Profile, userdata and notes of all the player's seats are gone, logins are void as by `revoke`, and sessions that
        have a seat can write no more. Money, ledger and rounds stay; each wallet gets an entry of the kind "erase", of no
        amount, so that readers of the ledger hear of it."""
        ...

    async def save_profile(self, user: User, document: bytes, revoked: int | None = None) -> None:
        """Replaces what the platform says of the player. With `revoked`, what `revoked_at` had answered before the platform was
        asked, only where that is so still: what was erased meanwhile does not come back. Refused AUTH_FAILED."""
        ...

    async def profile(self, user: User) -> bytes | None: ...

    async def belongings(self, user: User) -> Belongings:
        """Empty for a player who was never here."""
        ...

    async def keep_request(self, request_id: str, document: bytes, ttl_s: int) -> None:
        """Remembers what was asked for under an id of fresh_request_id. ValueError for any other id."""
        ...

    async def request(self, request_id: str) -> bytes | None:
        """None where it is unknown, was kept long enough, or is no such id."""
        ...

    async def round(self, round_id: str) -> list[bytes] | None:
        """The record of a round: [header, record, state, record, state, …], or None."""
        ...

    async def history(self, user: User, first: int, count: int) -> list[str]:
        """Ids of the player's rounds, newest first."""
        ...

    async def abandoned(self, shard: int, before_ms: int, first: int, count: int) -> list[Seat]:
        """Seats of the shard with an open round on which nothing was done since, oldest first; `first` of them are left out."""
        ...

    def entries(self, shard: int) -> AsyncIterator[Entry]:
        """The shard's ledger from its first kept entry to its end."""
        ...

    def wallets(self, shard: int) -> AsyncIterator[tuple[str, Funds]]:
        """str(WalletId) and funds of every wallet of the shard."""
        ...

    def seats(self, shard: int) -> AsyncIterator[tuple[Seat, int]]:
        """Every seat of the shard that was ever taken, or wagered on by a game elsewhere, with its `spent`."""
        ...

    async def lease(self, name: str, member: str, ttl_ms: int) -> int:
        """Takes or renews what one member at a time may do, for `ttl_ms` by the clock of the database; 0 gives it up.

        Answers the holder's number, which is higher with every new holder; 0 where another member has the lease, or nobody.
        """
        ...

    # Consumers of the ledger (docs/ledger.md). A group reads every shard's ledger once, whoever its members are; of a shard
    # one member at a time, so that a player's entries are done in their order.

    async def enroll(self, group: str) -> None:
        """The group begins at the first kept entry of every shard; one that is enrolled stays where it is. Until it is
        forgotten, nothing is trimmed that it has not passed."""
        ...

    async def forget(self, group: str) -> None:
        """The group's cursors are gone. Enrolled again, it begins anew."""
        ...

    async def groups(self) -> list[str]:
        """The enrolled groups, by name."""
        ...

    async def join(self, group: str, member: str, ttl_ms: int) -> int:
        """The member is alive for another `ttl_ms`, by the clock of the database; 0: it leaves. Answers how many are."""
        ...

    async def pull(self, group: str, shard: int, member: str, ttl_ms: int, count: int) -> Pulled | None:
        """Takes or renews the shard's lease, and reads at most `count` entries behind the group's cursor.

        None where another member holds the lease, or the group is not enrolled. The lease lasts from the half to the whole of
        `ttl_ms` after the last pull; nobody else gets the shard before.
        """
        ...

    async def advance(self, group: str, shard: int, member: str, position: str, count: int, base: str) -> bool:
        """Moves the cursor from `base` on to `position`, `count` entries later. False, and nothing changed, where another
        member took the shard over in the meantime, or the cursor is elsewhere."""
        ...

    async def release(self, group: str, shard: int, member: str) -> None:
        """Gives the lease up, if the member has it."""
        ...

    async def standing(self, group: str, shard: int) -> Standing: ...

    async def trim(self, shard: int, before_ms: int, needed: Sequence[str]) -> int:
        """Removes the shard's oldest entries: those made before `before_ms` that every enrolled group has passed. None while
        a group of `needed` is not enrolled. Answers how many."""
        ...

    async def trimmed(self, shard: int) -> dict[str, Funds]:
        """str(WalletId) -> the funds after the wallet's last entry that was trimmed; empty where the ledger is whole."""
        ...

    async def keep_login(self, login_id: str, seat: Seat, ttl_s: int, token: str = "") -> None:
        """Remembers a login for the doors without a socket, until the player's logins are revoked. `token`: see Login."""
        ...

    async def login(self, login_id: str, ttl_s: int) -> Login | None:
        """Whose login this is, kept for another `ttl_s`; None where it is unknown, was idle too long, or was revoked."""
        ...

    def listen(self, hear: Callable[[Event], None], missed: Callable[[], None]) -> None:
        """`hear` is called for what happens to any player, in this process or another; `missed` when events may have
        been lost (the connection to the database was). Neither may block or raise."""
        ...

    async def problems(self) -> list[str]:
        """Why the database can't be used at the moment; empty where it can."""
        ...

    async def aclose(self) -> None:
        """Ends the connection to the database."""
        ...


class PayoutAboveMaximum(Exception):  # noqa: N818 - names the finding
    """An outcome above the largest win that its game states: the engine or the manifest is wrong. Nothing was written."""
