"""Seats, wallets, and money that moves outside of any session, in this process's memory."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from webingo.errors import Code, Refused
from webingo.support.clock import Clock
from webingo.transaction.memory_people import MemoryPeople
from webingo.transaction.transaction import (
    MAX_AMOUNT,
    Delivery,
    Entry,
    Event,
    Funds,
    Intent,
    Posting,
    Seat,
    Taken,
    WalletId,
    check_taking,
)


@dataclass
class Place:
    epoch: int = 0
    sid: str = ""
    game: str = ""
    state: bytes = b""
    private: bytes = b""
    userdata: bytes = b"{}"
    note: bytes = b""
    round: str = ""
    stake: int = 0
    won: int = 0
    touched_ms: int = 0
    spent: int = 0
    wallet: WalletId | None = None
    intent: Intent | None = None
    aborted: str = ""


@dataclass
class Purse:
    """The wallet as it would be after a transaction's moves, and their entries, until they are kept or thrown away."""

    balance: int
    seq: int
    entries: list[Entry] = field(default_factory=list)


class MemoryMoney(MemoryPeople):
    """The part of the store that keeps seats and wallets, and deliveries, which are made together with money."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._places: dict[Seat, Place] = {}
        self._funds: dict[WalletId, Funds] = {}
        self._watch: dict[WalletId, dict[str, int]] = defaultdict(dict)
        self._posted: dict[tuple[WalletId, str], tuple[Posting, Funds, int | None]] = {}  # what was taken, by `take`
        self._deliveries: dict[str, Delivery] = {}

    async def funds(self, wallet: WalletId) -> Funds:
        return self._funds.get(wallet, Funds(0, 0))

    async def wallets(self, shard: int) -> AsyncIterator[tuple[str, Funds]]:
        for wallet, funds in sorted(self._funds.items(), key=lambda item: str(item[0])):
            if wallet.user.shard == shard:
                yield str(wallet), funds

    async def post(self, posting: Posting) -> Funds:
        return self._post(posting, takes=False)[0]

    async def take(self, posting: Posting) -> Taken:
        check_taking(posting)
        funds, taken = self._post(posting, takes=True)
        return Taken(funds, taken or 0)

    def _post(self, posting: Posting, *, takes: bool) -> tuple[Funds, int | None]:
        wallet, once = posting.wallet, (posting.wallet, posting.id)
        if once in self._posted:
            first, answered, taken = self._posted[once]
            if (first.amount, first.kind, taken is not None) != (posting.amount, posting.kind, takes):
                raise Refused(Code.BAD_PARAMS, balance=answered.balance, seq=answered.seq)
            return answered, taken
        funds = self._funds.get(wallet, Funds(0, 0))
        amount = max(posting.amount, -funds.balance) if takes else posting.amount
        if not 0 <= funds.balance + amount <= MAX_AMOUNT:
            code = Code.INSUFFICIENT_FUNDS if amount < 0 else Code.LIMIT
            raise Refused(code, balance=funds.balance, seq=funds.seq)
        purse, entry_id = Purse(*funds), f"post:{len(posting.id)}:{posting.id}:{wallet}"
        what = posting.round, posting.game, posting.site, posting.reason
        short = amount - posting.amount
        self._enter(purse, wallet, entry_id, posting.kind, amount, posting.at_ms, *what, short=short)
        self._keep(wallet, purse)
        self._owe(posting.owed)
        self._posted[once] = (posting, self._funds[wallet], -amount if takes else None)
        self._tell(Event("wallet", str(wallet), purse.seq, purse.balance))
        self._tell(Event("posted", str(wallet), purse.seq, amount, posting.kind))
        return self._posted[once][1:]

    def _found(self, wallet: WalletId, grant: int, at_ms: int, site: str) -> None:
        purse = Purse(0, 0)
        if grant:
            self._enter(purse, wallet, f"grant:{wallet}", "grant", grant, at_ms, site=site)
        self._keep(wallet, purse)

    @staticmethod
    def _enter(
        purse: Purse, wallet: WalletId, entry_id: str, kind: str, amount: int, at_ms: int,
        round_id: str = "", game: str = "", site: str = "", note: str = "", fed: str = "", short: int = 0,
    ) -> None:  # fmt: skip
        purse.balance += amount
        purse.seq += 1
        what = entry_id, str(wallet), purse.seq, kind, amount, purse.balance
        purse.entries.append(Entry(*what, round_id, game, site, at_ms, note, "", fed, short=short))

    def _keep(self, wallet: WalletId, purse: Purse) -> None:
        self._append(wallet.user.shard, purse.entries)
        self._funds[wallet] = Funds(purse.balance, purse.seq)

    def _owe(self, deliveries: Iterable[Delivery]) -> None:
        self._deliveries.update((delivery.id, delivery) for delivery in deliveries)
