"""What a transaction asks of an operator: escrows before it, results behind it, and how an intent is written down.

Ids follow from the state that a transition leads to: whoever carries the transaction on after a crash, or looks into the
round's record later, comes to the same ones.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from webingo.adapters.adapter import Charge
from webingo.engines.engine import Move
from webingo.rng import derived_id
from webingo.transaction.transaction import Delivery, Intent, Part, Seat, Transaction, WalletId
from webingo.wallet.delivery import cancel_of, result_of
from webingo.wallet.denomination import counted_in

_APART = {"seat", "wallet", "parts", "epoch", "owed"}  # of a transaction's fields


class Payer(NamedTuple):
    """Whose money it is: the operator's own name for the player, and the token that the player came with, which is secret."""

    uid: str
    token: str

    def __repr__(self) -> str:
        return f"Payer({self.uid!r})"


class Plan(NamedTuple):
    """`escrows` and `results` in their order; a result's `refers` may name an escrow of before. `last_escrow` is that of the
    round that is open behind it, "" where none is."""

    transaction: Transaction
    escrows: tuple[Charge, ...]
    results: tuple[Charge, ...]
    last_escrow: str

    def taking_back(self, escrows: Sequence[Charge], due_ms: int) -> list[Delivery]:
        return [cancel_of(self.transaction.wallet, escrow, due_ms) for escrow in escrows]

    def owed(self, now_ms: int) -> tuple[Delivery, ...]:
        return tuple([result_of(self.transaction.wallet, charge, now_ms) for charge in self.results])

    def intent(self) -> Intent:
        tx = self.transaction
        document = {
            "transaction": {name: value for name, value in _plain(tx).items() if name not in _APART},
            "wallet": str(tx.wallet),
            "parts": [_plain(part) for part in tx.parts],
            "escrows": self.escrows,
            "results": self.results,
            "last_escrow": self.last_escrow,
        }
        cancels = self.taking_back(self.escrows, tx.at_ms)
        return Intent(tx.sid, orjson.dumps(document, default=list), tuple(cancels), tx.at_ms)


def planned(tx: Transaction, payer: Payer, last_escrow: str) -> Plan:
    """`last_escrow` is that of the round that is open before the transaction; "" where there is none."""
    escrows, results = list[Charge](), dict[str, Charge]()
    denom = counted_in(tx.wallet.denom)
    refers = last_escrow
    for part in tx.parts:
        if part.header:
            refers = ""
        common = denom, part.round, tx.game, tx.seat.site
        for escrow_id, amount in _escrows(part.state, part.moves):
            escrows.append(Charge(escrow_id, *payer, *common, amount, tx.at_ms))
            refers = escrow_id
        won = sum(amount for kind, amount in part.moves if kind != "wager")
        if part.round and (won or part.closes):
            before = results.get(part.round)
            amount = won + (before.amount if before else 0)
            result_id = derived_id(f"result:{_sid(part.state)}")
            results[part.round] = Charge(result_id, *payer, *common, amount, tx.at_ms, refers, part.closes)
        if part.closes:
            refers = ""
    return Plan(tx, tuple(escrows), tuple(results.values()), refers)


def last_escrow(record: Sequence[bytes]) -> str:
    """The id of the last escrow of a round, from its record; "" where there was none."""
    for number in range(len(record) - 2, 0, -2):
        moves = [Move(*move) for move in orjson.loads(record[number])["moves"]]
        if found := _escrows(record[number + 1], moves):
            return found[-1][0]
    return ""


def read_intent(document: bytes, seat: Seat, epoch: int) -> Plan:
    """The plan as it was, for the session that has the seat now."""
    found = orjson.loads(document)
    parts = tuple([_part(fields) for fields in found["parts"]])
    wallet = WalletId.parse(found["wallet"])
    transaction = Transaction(seat=seat, wallet=wallet, epoch=epoch, parts=parts, **_bytes(found["transaction"]))
    escrows, results = ([Charge(*charge) for charge in found[kind]] for kind in ("escrows", "results"))
    return Plan(transaction, tuple(escrows), tuple(results), found["last_escrow"])


def _escrows(state: bytes, moves: Sequence[Move]) -> list[tuple[str, int]]:
    """Id and amount of the wagers of the transition that led to the state."""
    amounts = [amount for kind, amount in moves if kind == "wager" and amount]
    return [(derived_id(f"escrow:{_sid(state)}:{number}"), amount) for number, amount in enumerate(amounts)]


def _sid(state: bytes) -> str:
    found: str = orjson.loads(state)["id"]
    return found


def _plain(fields: Transaction | Part) -> dict[str, Any]:
    """As JSON has it: bytes are {"b64": text}."""
    return {
        name: {"b64": b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in fields._asdict().items()
    }


def _bytes(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: b64decode(value["b64"]) if isinstance(value, dict) else value for name, value in fields.items()}


def _part(fields: dict[str, Any]) -> Part:
    moves = tuple([Move(*move) for move in fields["moves"]])
    return Part(**{**_bytes(fields), "moves": moves, "triggers": tuple(fields["triggers"])})
