"""The contract of an adapter: how an operator's backend, which keeps its players' money itself, is asked and told.

docs/adapters.md shows how to add one; `webingo adapter test` tries it out.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from webingo.adapters.means import Means
from webingo.errors import Code

if TYPE_CHECKING:
    from webingo.adapters.kit.fake import FakeOperator


class Account(NamedTuple):
    """A player as the operator knows it. `uid` is the operator's own name for it, `balance` counts the smallest units of the
    denomination that was asked for."""

    uid: str
    balance: int
    name: str = ""


class Charge(NamedTuple):
    """Something that is to be booked: an escrow takes `amount` from the player, a result pays it out (0: nothing), a cancel
    gives back what the escrow `refers` took, whose amount it names. `amount` is never negative.

    `id` is a UUID, the same at every repetition of the call and used for nothing else; all other fields are then the same too.
    `refers` is the id of an escrow: of a result the last one of its round, "" where there was none; of a cancel the one that
    is taken back. `closes` says that nothing more comes of the round. `token` is the player's, as it was at the escrow: it may
    have run out by the time of a result or a cancel, which have to be booked all the same. It is secret.
    """

    id: str
    uid: str
    token: str
    denom: str
    round: str
    game: str
    site: str
    amount: int
    at_ms: int
    refers: str = ""
    closes: bool = False

    def __repr__(self) -> str:
        return f"Charge({self.id}, {self.amount} {self.denom}, round {self.round})"


class Cancelled(NamedTuple):
    """`found` is False where the operator knew no such escrow: nothing was given back, and it may still arrive there.
    `balance` is None where the operator did not tell it."""

    balance: int | None
    found: bool = True


class Unanswered(Exception):  # noqa: N818 - names the finding
    """Whether it was done is not known, or the operator said something that is none of its definite answers. An escrow has to
    be cancelled, a result or a cancel sent again.

    `code` is what the player is told meanwhile. The text is for logs: it holds nothing that is secret. `sent` is False where
    nothing has left this process: this very attempt was certainly not carried out.
    """

    def __init__(self, reason: str, code: Code = Code.UNAVAILABLE, sent: bool = True) -> None:
        self.code = code
        self.sent = sent
        super().__init__(reason)


class Options(BaseModel):
    """The `options` of an operator in the settings. An adapter has its own subclass."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Adapter(ABC):
    """One is built in each process for each operator of the settings whose `adapter` names it; adapters come in by entry points
    of the group "webingo.adapters", and `name` is the name of the entry point.

    Calls may come at any time and many at once. Each ends by itself within ten seconds, and makes no second attempt: who calls
    it has written down beforehand what to do then. Amounts and balances are integers from 0 to transaction.MAX_AMOUNT, in
    smallest units of `denom`; whatever else an operator answers is Unanswered and never money.
    """

    name: ClassVar[str]
    Options: ClassVar[type[BaseModel]] = Options

    def __init__(self, operator: str, options: Any, means: Means) -> None:
        """`options` is an instance of `Options`. Raises BadResource (file and field may be left empty) where it can't work with
        these; nothing is connected yet."""
        self.operator = operator

    async def start(self) -> None:  # noqa: B027 - may be left as it is
        """Comes before the first call, where the loop runs. What it raises stops the start."""

    async def aclose(self) -> None:  # noqa: B027
        """Comes after the last call, also where `start` was never called."""

    @abstractmethod
    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
        """Who the token proves to be playing, with the balance. `uid` is "" where only the operator knows it.

        Raises Refused(AUTH_FAILED) where the token proves nothing or another player than `uid`, PLAYER_BLOCKED, UNAVAILABLE
        (with this denomination or game the operator will have nothing to do); Unanswered.
        """

    @abstractmethod
    async def escrow(self, charge: Charge) -> int:
        """Takes the amount, and answers the balance after it. Booked once for an id, however often it is sent.

        Raises Refused(INSUFFICIENT_FUNDS or LIMIT) where it was definitely not booked and never will be, with `balance` as a
        fact where the operator told it. Everything else is Unanswered, with the code that fits, and has to be cancelled.
        """

    @abstractmethod
    async def result(self, charge: Charge) -> int:
        """Pays the amount, and answers the balance after it. Booked once for an id. Raises Unanswered."""

    @abstractmethod
    async def cancel(self, charge: Charge) -> Cancelled:
        """Gives an escrow back, once for an id and once for an escrow; one that arrives later is booked no more, where the
        operator can do that. Raises Unanswered."""

    @classmethod
    def fake(cls) -> "type[FakeOperator] | None":
        """The operator's side of the protocol, for `webingo adapter test` (docs/adapters.md). Without it the adapter can't be
        tried out. Imported only when it is called for."""
        return None
