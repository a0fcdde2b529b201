"""Which wallet a session gets: by who keeps the money of its site."""

from webingo.errors import Code, Refused
from webingo.rng import Rng
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Seat, WalletId
from webingo.user import User
from webingo.wallet.backend import Backend, Backends
from webingo.wallet.deliverer import Deliverer
from webingo.wallet.denomination import in_transit
from webingo.wallet.operator import OperatorWallet
from webingo.wallet.plan import Payer
from webingo.wallet.players import is_called, uid_of
from webingo.wallet.wallet import LocalWallet, Wallet


class Wallets:
    """`operators` are those of the settings; `deliverer` brings them what they have yet to hear of."""

    def __init__(self, store: Store, operators: Backends, clock: Clock, rng: Rng) -> None:
        self.operators = operators
        self.deliverer = Deliverer(store, operators, clock, rng)
        self._store = store
        self._clock = clock
        self._rng = rng

    async def payer(self, user: User, operator: str, denom: str, token: str) -> Payer:
        """How the player is called and proved to the operator, who is asked where we don't know.

        Raises Refused (UNAVAILABLE for an operator who is not in the settings; as Backend.player), Unanswered.
        """
        uid = uid_of(user, operator)
        if not uid:
            account = await self.backend(operator).player("", token, denom)
            if not is_called(user, operator, account.uid):
                raise Refused(Code.AUTH_FAILED, "The token is another player's.")
            uid = account.uid
        return Payer(uid, token)

    def of(self, seat: Seat, operator: str, denom: str, token: str = "") -> Wallet:
        """The seat's player's in that denomination: ours where `operator` is "". `token` proves the player to the operator.

        Raises Refused(UNAVAILABLE) for an operator who is not in the settings.
        """
        if not operator:
            return LocalWallet(self._store, WalletId(seat.user, denom))
        backend, wallet = self.backend(operator), WalletId(seat.user, in_transit(denom, operator))
        return OperatorWallet(self._store, backend, self.deliverer, self._clock, self._rng, wallet, token)

    def backend(self, operator: str) -> Backend:
        if (backend := self.operators.get(operator)) is None:
            raise Refused(Code.UNAVAILABLE, "The operator of this site is not known here.")
        return backend
