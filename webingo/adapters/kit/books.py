"""An operator's books: players, balances, and what was booked; strict about everything that docs/adapters.md asks of operators.

Nothing of HTTP is known here. Amounts count smallest units.
"""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why the operator says no."""

    TOKEN = "token"
    EXPIRED = "expired"
    PLAYER = "player"
    BLOCKED = "blocked"
    CURRENCY = "currency"
    FUNDS = "funds"
    LIMIT = "limit"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"


class No(Exception):  # noqa: N818 - an answer, and no error
    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


class Booked(NamedTuple):
    """`kind`: "escrow", "result" or "cancel". A cancel's amount is that of its escrow."""

    id: str
    kind: str
    uid: str
    denom: str
    amount: int
    refers: str = ""
    round: str = ""
    game: str = ""
    closes: bool = False


class Person:
    """`most`: no escrow may be above it."""

    def __init__(self, uid: str, token: str, balances: dict[str, int]) -> None:
        self.uid, self.token, self.balances = uid, token, dict(balances)
        self.blocked = self.expired = False
        self.most = 1 << 62


class Books:
    """`entries` by their ids; `tombstones`: escrows that were cancelled before they came; `returned` and `resulted`: those that
    were given back, and those that a result refers to."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.entries: dict[str, Booked] = {}
        self.tombstones: set[str] = set()
        self.returned: set[str] = set()
        self.resulted: set[str] = set()

    def player(self, uid: str, token: str, balances: dict[str, int]) -> Person:
        self.people[uid] = Person(uid, token, balances)
        return self.people[uid]

    def balance(self, uid: str, denom: str) -> int:
        return self.people[uid].balances[denom]

    def known(self, uid: str) -> Person:
        """A player who may play. Raises No."""
        found = self.people.get(uid)
        if found is None:
            raise No(Reason.PLAYER)
        if found.blocked:
            raise No(Reason.BLOCKED)
        return found

    def account(self, uid: str, token: str) -> Person:
        """Whose the token is, where it is good; `uid` is "" where that is not known. Raises No."""
        found = self.people.get(uid) if uid else next((one for one in self.people.values() if one.token == token), None)
        if found is None or found.token != token:
            raise No(Reason.TOKEN)
        if found.expired:
            raise No(Reason.EXPIRED)
        return self.known(found.uid)

    def book(self, entry: Booked, token: str) -> int:
        """An escrow or a result. Answers the balance after it; of what is booked already, the balance now. Raises No."""
        before = self.entries.get(entry.id)
        if before is not None and before != entry:
            raise No(Reason.DUPLICATE)
        if before is None:
            if entry.kind == "escrow":
                self._check_escrow(entry, token)
            else:
                self._check_result(entry)
            self.entries[entry.id] = entry
            self.people[entry.uid].balances[entry.denom] += -entry.amount if entry.kind == "escrow" else entry.amount
        return self.balance(entry.uid, entry.denom)

    def _check_escrow(self, entry: Booked, token: str) -> None:
        person = self.account(entry.uid, token)
        if entry.denom not in person.balances:
            raise No(Reason.CURRENCY)
        if entry.id in self.tombstones:
            raise No(Reason.DUPLICATE)
        if entry.amount > person.most:
            raise No(Reason.LIMIT)
        if entry.amount > person.balances[entry.denom]:
            raise No(Reason.FUNDS)

    def _check_result(self, entry: Booked) -> None:
        """Neither a token that has run out nor a block keeps a result out."""
        person = self.people.get(entry.uid)
        if person is None:
            raise No(Reason.PLAYER)
        if entry.denom not in person.balances:
            raise No(Reason.CURRENCY)
        if entry.refers:
            self._escrow(entry.refers, entry.uid)
            if entry.refers in self.returned:
                raise No(Reason.UNKNOWN)
            self.resulted.add(entry.refers)

    def _escrow(self, name: str, uid: str) -> Booked:
        found = self.entries.get(name)
        if found is None or (found.kind, found.uid) != ("escrow", uid):
            raise No(Reason.UNKNOWN)
        return found

    def give_back(self, name: str, uid: str, refers: str) -> Booked:
        """A cancel, booked under its id `name`; an escrow is given back once, whatever the ids. Raises No."""
        before = self.entries.get(name)
        if before is not None and (before.kind, before.uid, before.refers) != ("cancel", uid, refers):
            raise No(Reason.DUPLICATE)
        if refers not in self.entries:
            self.tombstones.add(refers)
        escrow = self._escrow(refers, uid)
        if refers in self.resulted:
            raise No(Reason.DUPLICATE)
        if refers not in self.returned:
            self.returned.add(refers)
            self.people[uid].balances[escrow.denom] += escrow.amount
        return self.entries.setdefault(name, Booked(name, "cancel", uid, escrow.denom, escrow.amount, refers, escrow.round))
