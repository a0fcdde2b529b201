"""Where a session tells that a jackpot was won: the seam to whoever claims and pays it."""

from typing import NamedTuple, Protocol

from webingo.transaction.transaction import Seat, WalletId


class Won(NamedTuple):
    """A jackpot of the seat's site that a round has won. The trigger is in the ledger already: whatever becomes of this
    process, it will be paid, once. `round` and `jackpot` together name the win for ever."""

    seat: Seat
    wallet: WalletId
    round: str
    game: str
    jackpot: str


class Prizes(Protocol):
    """What is told here is paid at once, and by the ledger's consumer where that fails."""

    def award(self, won: Won) -> None:
        """Called after the commit, before the outcome is shown. Must not block, and raises nothing."""
        ...
