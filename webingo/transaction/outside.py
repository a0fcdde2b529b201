"""Rounds of games that live elsewhere, and what else callers with an API key leave behind: shapes, and their part of the store.

The game names its round, and each of its calls has an id. A round is open while it is "asking" (an operator is being asked for
the first wager) or "escrowed"; it ends "closed" by a result, or "cancelled". Several escrows in one round are allowed, as for
an extra ball: a cancel gives all of them back.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol
from zlib import crc32

import orjson

from webingo.errors import Code
from webingo.rng import fresh_id
from webingo.transaction.transaction import MAX_AMOUNT, Delivery, Funds, Seat, WalletId
from webingo.user import SHARDS

OutsideOp = Literal["ask", "escrow", "result", "cancel", "abort", "again"]
OutsideStatus = Literal["asking", "escrowed", "closed", "cancelled"]

OUTSIDE_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
"""What a game may call its rounds and its calls."""


class OutsideCall(NamedTuple):
    """A call of a game that lives elsewhere. `fingerprint` stands for its whole body: the same id with another one is refused.

    Where we keep the money:
      escrow   takes `amount` out of the wallet; begins the round where there is none
      result   closes the round with a win of `amount`, 0 too
      cancel   gives back all that was escrowed, and ends the round
    Where an operator does (`funded`), each escrow is two steps under one id, between which the operator is asked:
      ask      keeps the escrow without moving anything; `owed` is the cancel that the operator would have to hear of
      escrow   the operator has booked it: the money comes in and is wagered. `amount` as in the ask
      abort    it has not, or nobody knows: what is owed for the ask becomes a delivery, unless it is `definite` that nothing
               was booked. `code` is what a repetition is refused with. An ask that is settled already stays as it is
      result   `owed` is what the operator has to hear of; its payouts have to be `amount`
      cancel   what is owed for every escrow and ask of the round becomes a delivery, with what came in as its payout
    "again" moves nothing, whatever stands under its id. An abort may come without a fingerprint: by who knows the id only.

    `max_win` bounds a result: so many times the round's wagers. It, `game` and `wallet` are the round's from its first escrow
    on: later calls need not know them. `proof` is JSON that goes into the round's record. `answer` is what was answered, where
    that is known already (see `outside_answered`). The store writes round, game and site into deliveries.
    `fresh_round` is what the store calls the round, should it begin with this call (see fresh_sharded_id); "": as it likes.
    """

    seat: Seat
    wallet: WalletId
    op: OutsideOp
    round: str
    id: str
    fingerprint: str
    at_ms: int
    amount: int = 0
    game: str = ""
    max_win: int = 0
    funded: bool = False
    owed: tuple[Delivery, ...] = ()
    definite: bool = False
    code: Code = Code.UNAVAILABLE
    proof: bytes = b""
    answer: bytes = b""
    fresh_round: str = ""


class OutsideAnswer(NamedTuple):
    """What a call came to: the round's status (an ask's own: "asking"; an abort's: "cancelled") and stake, and the wallet's
    funds, right after it; also where it is `repeated`.

    `round_id` is our own name of the round, by which its record is found. `answer` is what was answered the first time, b""
    where that was not kept. `owed` are the deliveries that this call has made, for those who want to try them at once.
    """

    status: OutsideStatus
    round_id: str
    funds: Funds
    stake: int
    repeated: bool = False
    answer: bytes = b""
    owed: tuple[Delivery, ...] = ()


class OutsideRound(NamedTuple):
    """A round as it is now. `at_ms` is when its first escrow was; `escrows` are the ids of those that stand, in their order,
    and `asking` of those for which an operator is being asked. `stake` is the sum of the former, and `owed` are the cancels
    that an operator would have to hear of, until the round ends. `asked_ms` is when an ask was begun last, 0 where none was."""

    seat: Seat
    wallet: WalletId
    name: str
    id: str
    game: str
    status: OutsideStatus
    stake: int
    won: int
    max_win: int
    funded: bool
    at_ms: int
    escrows: tuple[str, ...]
    asking: tuple[str, ...]
    owed: tuple[Delivery, ...] = ()
    asked_ms: int = 0


def check_outside(call: OutsideCall) -> None:
    """ValueError where it is nothing that Store.outside can do."""
    if call.wallet.user != call.seat.user:
        raise ValueError("the wallet is another player's")
    for name in (call.round, call.id):
        if not OUTSIDE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a round or a call")
    least = 1 if call.op in ("ask", "escrow") else 0
    if not least <= call.amount <= MAX_AMOUNT:
        raise ValueError(f"an amount of {call.amount}")
    most = {"ask": 1, "result": len(call.owed)}.get(call.op, 0) if call.funded else 0
    if len(call.owed) > most or (call.op == "ask" and not call.funded):
        raise ValueError(f"{call.op}: what is owed does not fit")


def outside_header(call: OutsideCall, round_id: str) -> bytes:
    """How the record of a round begins, whose outcome is decided elsewhere: the header of any other (docs/backoffice.md), and
    the game's own name of the round."""
    return orjson.dumps(
        {
            "round": round_id,
            "game": call.game or "outside",
            "version": "",
            "platform": call.seat.user.platform,
            "site": call.seat.site,
            "uid": call.seat.user.uid,
            "denom": call.wallet.denom,
            "at": call.at_ms,
            "outside": {"round": call.round},
            "state": {"id": f"{round_id}:0", "name": "none", "data": {"stake": 0, "won": 0}, "actions": []},
            "private": {"version": "", "settings": {}, "data": {}},
        }
    )


def outside_record(call: OutsideCall) -> tuple[bytes, bytes]:
    """A step of the record, up to its moves and from there on."""
    tail: dict[str, Any] = {"at": call.at_ms, "call": call.id}
    if call.proof:
        tail["proof"] = orjson.Fragment(call.proof)
    head = orjson.dumps({"action": call.op, "params": {}, "draws": []})
    return head[:-1] + b',"moves":[', b"]," + orjson.dumps(tail)[1:]


def fresh_draws_id() -> str:
    """An unguessable id of recorded draws, which carries the shard where they are kept."""
    fresh = fresh_id()
    return f"{crc32(fresh.encode()) % SHARDS:02d}-{fresh}"


class OutsideStore(Protocol):
    """The part of the store (transaction.store.Store) for games that live elsewhere."""

    async def outside(self, call: OutsideCall) -> OutsideAnswer:
        """Carries the call out, once per seat and id: a repetition is answered as the first call was, refusals of an escrow's
        money too.

        Refused NO_ROUND (of a result, a cancel, an abort: there is no such round; of "again": there was no such call; an escrow
        that such a cancel has overtaken does not begin the round any more),
        ROUND_OVER (a result after a cancel, the other way round, a second result, an escrow in a round that has ended),
        ID_REUSED (the same id with another fingerprint), INSUFFICIENT_FUNDS, LIMIT (a balance or `spent` above MAX_AMOUNT; a
        win above `max_win`), PLAYER_BLOCKED (an ask or an escrow), UNAVAILABLE (a result while an operator is being asked for
        an escrow of the round: later), FORBIDDEN (an escrow from another wallet than the round's), each with `balance` and
        `seq` as facts. Nothing is written then; but INSUFFICIENT_FUNDS, LIMIT and PLAYER_BLOCKED of an ask, or of an escrow
        without one, are kept under its id. ValueError for a call that makes no sense (see check_outside), and for a result
        whose payouts are not its amount.
        """
        ...

    async def outside_answered(self, seat: Seat, call_id: str, answer: bytes) -> bytes:
        """Keeps what a call was answered, where nothing was kept before. Answers what stands: that is to be sent.
        b"" where there was no such call."""
        ...

    async def outside_round(self, seat: Seat, name: str) -> OutsideRound | None:
        """None where it is unknown, or was over for longer than rounds are kept."""
        ...

    async def outside_rounds(self, shard: int, before_ms: int, first: int, count: int) -> Sequence[OutsideRound]:
        """Rounds of the shard that were begun before and are open, oldest first; `first` of them are left out."""
        ...

    async def begin_wallet(self, seat: Seat, wallet: WalletId, grant: int, at_ms: int) -> Funds:
        """A wallet that never existed is created with `grant` units, as by `open`, but nobody takes the seat."""
        ...

    async def claim_name(self, platform: str, site: str, kind: str, name: str, value: str, ttl_s: int) -> str:
        """Gives the name to `value` for `ttl_s`, where nothing has it; "" is given to nobody, and only asks. Answers what has
        it, "" where nothing does."""
        ...

    async def keep_api_key(self, key_id: str, document: bytes) -> None:
        """Keeps or replaces what is known of an API key."""
        ...

    async def api_key(self, key_id: str) -> bytes | None: ...

    async def api_keys(self) -> list[tuple[str, bytes]]:
        """Ids and documents of all, by their ids."""
        ...

    async def keep_draws(self, draws_id: str, document: bytes) -> None:
        """Keeps recorded draws for as long as rounds are. `draws_id`: see fresh_draws_id; ValueError for any other."""
        ...

    async def draws(self, draws_id: str) -> bytes | None:
        """None where they are unknown, or were kept long enough."""
        ...
