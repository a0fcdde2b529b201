"""An operator that is none: the players' money lies in our own store, in wallets of one of our platforms.

For development and tests, and for a house that wants its own players to be treated as any operator's.
"""

import hmac
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, SecretStr, StringConstraints

from webingo.adapters.adapter import Account, Adapter, Cancelled, Charge, Options, Unanswered
from webingo.adapters.local_token import CANCEL, ESCROW, RESULT, local_token
from webingo.adapters.means import Means
from webingo.errors import BadResource, Code, Refused
from webingo.transaction.transaction import MAX_AMOUNT, Posting, WalletId
from webingo.user import User

if TYPE_CHECKING:
    from webingo.adapters.kit.fake import FakeOperator


class LocalOptions(Options):
    """`secret` signs the players' tokens (`local_token`); without it every token is good, also none; only debug allows that."""

    platform: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] = "operator"
    secret: SecretStr = SecretStr("")
    credits: int = Field(0, ge=0, le=MAX_AMOUNT, description="What a player begins with, in smallest units.")


class LocalAdapter(Adapter):
    """Bookings are postings, so each is done once for its id, for ever. An escrow that was cancelled before it came is kept out
    by a posting of nothing under its id."""

    name = "local"
    Options: ClassVar = LocalOptions

    def __init__(self, operator: str, options: LocalOptions, means: Means) -> None:
        super().__init__(operator, options, means)
        self._options, self._means, self._store = options, means, means.store
        if len(options.secret.get_secret_value()) < 32 and (options.secret or not means.debug):
            raise BadResource([("", "secret", "a secret of at least 32 characters is needed")])

    @classmethod
    def fake(cls) -> "type[FakeOperator]":
        from webingo.adapters.kit.local_fake import LocalFake

        return LocalFake

    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
        if not self._proves(token, uid):
            raise Refused(Code.AUTH_FAILED, "The token is not good for this player.")
        wallet = self._wallet(uid, denom)
        if denom not in self._means.units:
            raise Refused(Code.UNAVAILABLE, f"There is no money in {denom}.")
        try:
            if await self._store.blocked(wallet.user):
                raise Refused(Code.PLAYER_BLOCKED)
            if self._options.credits:
                grant = Posting("operator-grant", wallet, "grant", self._options.credits, "", self._means.clock.now_ms())
                await self._store.post(grant)
            return Account(uid, (await self._store.funds(wallet)).balance)
        except Refused as refused:
            if refused.code == Code.PLAYER_BLOCKED:
                raise
            raise Unanswered(f"the store: {refused}") from None

    async def escrow(self, charge: Charge) -> int:
        try:
            await self._post(charge, charge.id, ESCROW, -charge.amount)
        except Refused as refused:
            if refused.code == Code.INSUFFICIENT_FUNDS:
                raise Refused(refused.code, balance=refused.facts["balance"]) from None
            raise Unanswered(f"the store: {refused}") from None
        return await self._balance(charge)

    async def result(self, charge: Charge) -> int:
        try:
            if charge.amount:
                await self._post(charge, charge.id, RESULT, charge.amount)
        except Refused as refused:
            raise Unanswered(f"the store: {refused}") from None
        return await self._balance(charge)

    async def cancel(self, charge: Charge) -> Cancelled:
        try:
            found = not await self._kept_out(charge)
            if found:
                await self._post(charge, charge.refers, ESCROW, -charge.amount)  # once more: whether it was of this amount
                await self._post(charge, charge.id, CANCEL, charge.amount)
        except Refused as refused:
            raise Unanswered(f"the store: {refused}") from None
        return Cancelled(await self._balance(charge), found)

    async def _kept_out(self, charge: Charge) -> bool:
        """Whether the escrow had not come, and never will."""
        try:
            await self._post(charge, charge.refers, CANCEL, 0)
        except Refused as refused:
            if refused.code == Code.BAD_PARAMS:
                return False
            raise
        return True

    async def _post(self, charge: Charge, booking: str, kind: str, amount: int) -> None:
        wallet = self._wallet(charge.uid, charge.denom)
        await self._store.post(Posting(booking, wallet, kind, amount, f"{self.operator}: {charge.round}", charge.at_ms))

    async def _balance(self, charge: Charge) -> int:
        try:
            return (await self._store.funds(self._wallet(charge.uid, charge.denom))).balance
        except Refused as refused:
            raise Unanswered(f"the store: {refused}") from None

    def _wallet(self, uid: str, denom: str) -> WalletId:
        return WalletId(User(self._options.platform, uid), denom)

    def _proves(self, token: str, uid: str) -> bool:
        secret = self._options.secret.get_secret_value()
        expires = token.partition(".")[0]
        if not secret:
            return True
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 15):
            return False
        good = hmac.compare_digest(local_token(secret, uid, int(expires)).encode(), token.encode())
        return good and int(expires) * 1000 > self._means.clock.now_ms()
