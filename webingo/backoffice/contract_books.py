"""The accounting that the server sends to a backoffice: the ledger with the rounds' records, wallets, jackpots."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from webingo.backoffice.contract import MOST_LISTED, Amount, Answer, Balance, Big, Denom, Id, Line, Ms, Request, ShortId, Uid
from webingo.resources.site import Name

Text = Annotated[str, StringConstraints(max_length=10_000)]
JackpotId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
RoundId = Annotated[str, StringConstraints(max_length=128)]


class LedgerEntry(Request):
    """One line of the ledger. `id` is unique for ever; `seq` counts the wallet's entries from 1 without a gap; `balance` is the
    wallet's after it; `position` orders the entries of a shard. `wallet` is `platform:denomination:uid`.

    `kind`: grant, wager, win, cancel (a wager that is given back), escrow and payout (from and to the operator that keeps the
    player's money), trigger (amount 0, `note` is the jackpot), jackpot, adjustment, end (amount 0), erase (amount 0: whatever
    is known of the person is to be forgotten), or another posting's own (docs/ledger.md). `fed`: what a wager adds to
    jackpots, "jp_a=1234 jp_b=99" in millionths of a smallest unit. `closes`: the round ended with it, and its record is in
    `rounds` (unless it was kept no longer). `short`: so much more was to be taken, and the wallet did not hold it.
    """

    id: Id
    position: ShortId
    wallet: Annotated[str, StringConstraints(pattern=r"^[^:]+:[^:]+:[\x21-\x7e]+$", max_length=320)]
    seq: Big
    kind: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    amount: Amount
    balance: Balance
    round: RoundId = ""
    game: Annotated[str, StringConstraints(max_length=64)] = ""
    site: Annotated[str, StringConstraints(max_length=64)] = ""
    at: Ms
    note: Text = ""
    fed: Text = ""
    closes: bool = False
    short: Balance = 0


class RoundRecord(Request):
    """A closed round as it is kept: its header, then what was done and the state shown, in turns (docs/backoffice.md).

    `draws` are only there where a game elsewhere has decided the round: the random numbers that it drew from us for it, each a
    JSON document as text (their integers may be larger than 64 bits), as far as there are not too many.
    """

    round: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    record: list[dict[str, Any]] = Field(min_length=1, max_length=20_001)
    draws: list[Annotated[str, StringConstraints(max_length=1 << 20)]] = Field([], max_length=1000)


class LedgerBatch(Request):
    """POST /v1/ledger: entries of one shard in their order. Idempotent by each entry's `id`: after a crash parts of a batch
    come again, cut otherwise. A wallet's entries come in the order of `seq` without a gap, but for those that were removed
    before there was a backoffice. Answered with `LedgerTaken`."""

    batch: ShortId = Field(description="<shard>:<first position>..<last position>")
    shard: int = Field(ge=0, le=63)
    entries: list[LedgerEntry] = Field(min_length=1, max_length=MOST_LISTED)
    rounds: list[RoundRecord] = Field([], max_length=MOST_LISTED)


class LedgerTaken(Answer):
    """How many entries were new, and how many were there before."""

    taken: Big
    repeated: Big


class PlayerSnapshot(Request):
    """A wallet as it is now; the ledger may arrive later. Of two, the one with the higher `seq` counts."""

    platform: Name
    uid: Uid
    denom: Denom
    balance: Balance
    seq: Big
    at: Ms


class PlayerSnapshots(Request):
    """POST /v1/players, answered with `Done`."""

    players: list[PlayerSnapshot] = Field(max_length=MOST_LISTED)


class MeterSnapshot(Request):
    """A jackpot's meter, in storage units (`multiplier` of them make one unit of the denomination). Always, to the millionth
    that `carry` counts: value + overflow + reserve + carry = seeded + contributed - paid."""

    platform: Name
    site: Name
    id: JackpotId
    title: Line = ""
    denom: Denom
    multiplier: int = Field(ge=1, le=1_000_000)
    min: Big
    max: Big
    value: Big
    overflow: Big
    reserve: Big
    carry: int = Field(0, ge=-(10**15), le=10**15, description="Millionths of a storage unit that the others leave of it.")
    seeded: Big
    contributed: Big
    paid: Big
    at: Ms


class JackpotWin(Request):
    """A jackpot that was won. `claim` is unique for ever; `amount` is what the player gets, in smallest units of `denom`."""

    claim: Id
    platform: Name
    site: Name
    id: JackpotId
    uid: Uid
    denom: Denom
    amount: Balance
    round: RoundId = ""
    at: Ms


class JackpotSnapshots(Request):
    """POST /v1/jackpots, answered with `Done`: the meters that changed, every 5 s at most, and wins, by whoever pays them."""

    meters: list[MeterSnapshot] = Field([], max_length=MOST_LISTED)
    wins: list[JackpotWin] = Field([], max_length=MOST_LISTED)
