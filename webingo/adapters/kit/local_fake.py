"""The local adapter's operator is a store of ours: one in memory, with the same troubles."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, cast

from webingo.adapters.kit.fake import FakeOperator
from webingo.adapters.kit.troubles import DONE, UNDONE, Trouble
from webingo.adapters.local_token import CANCEL, ESCROW, RESULT, local_token
from webingo.adapters.means import Means
from webingo.errors import Code, Refused
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.store import Store
from webingo.transaction.transaction import Funds, Posting, WalletId
from webingo.user import User

_KEY = "the key of the conformance tests' local operator"
_OPS = {ESCROW: "escrow", RESULT: "result", CANCEL: "cancel"}


class LocalFake(FakeOperator):
    """The players' tokens are those that the adapter signs."""

    able: ClassVar = frozenset({*UNDONE, *DONE, Trouble.LATE, Trouble.SLOW, Trouble.TWICE})

    def __init__(self, folder: Path, seed: int = 0) -> None:
        super().__init__(folder, seed)
        self.store = MemoryStore()
        self._later: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        pass

    async def stop(self) -> None:
        for task in self._later:
            task.cancel()

    def options(self) -> dict[str, Any]:
        return {"secret": _KEY}

    def means(self, means: Means) -> Means:
        return means._replace(store=cast(Store, _Spoiled(self)))

    def token(self, uid: str) -> str:
        return local_token(_KEY, uid, 10**11)

    async def player(self, uid: str, token: str, balance: int) -> None:
        await self.store.post(Posting("begin", _wallet(uid), "grant", balance, "", 0))

    async def balance(self, uid: str) -> int:
        return (await self.store.funds(_wallet(uid))).balance

    async def block(self, uid: str) -> None:
        await self.store.block(User("operator", uid), True)

    async def blocked(self, user: User) -> bool:
        """Nothing but a login asks for it."""
        self.calls.append(("player", user.uid))
        if self.plan.next("player") in (*UNDONE, *DONE):
            raise Refused(Code.UNAVAILABLE)
        return await self.store.blocked(user)

    async def post(self, posting: Posting) -> Funds:
        """What the adapter gets to do, and how it ends. A posting of nothing is none of the adapter's last steps."""
        if not posting.amount:
            return await self.store.post(posting)
        op = _OPS[posting.kind]
        self.calls.append((op, posting.id))
        trouble = self.plan.next(op)
        if trouble in UNDONE:
            raise Refused(Code.UNAVAILABLE)
        if trouble == Trouble.LATE:
            task = asyncio.ensure_future(self._post_later(posting))
            self._later.add(task)
            raise Refused(Code.UNAVAILABLE)
        if trouble == Trouble.SLOW:
            await asyncio.sleep(self.slow_s)
        if trouble == Trouble.TWICE:
            await self.store.post(posting)
        funds = await self.store.post(posting)
        if trouble in DONE:
            raise Refused(Code.UNAVAILABLE)
        return funds

    async def _post_later(self, posting: Posting) -> None:
        await asyncio.sleep(self.late_s)
        with suppress(Refused):
            await self.store.post(posting)


class _Spoiled:
    """A store of which some is the fake's."""

    def __init__(self, fake: LocalFake) -> None:
        self._fake = fake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake if name in ("post", "blocked") else self._fake.store, name)


def _wallet(uid: str) -> WalletId:
    return WalletId(User("operator", uid), "USD")
