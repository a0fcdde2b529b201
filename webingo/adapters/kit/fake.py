"""Operators that are none: they keep books, and misbehave when they are asked to."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from webingo.adapters.kit.books import Booked, Books
from webingo.adapters.kit.http import HttpServer, Reply, Request, Vanish
from webingo.adapters.kit.troubles import Plan, Trouble
from webingo.adapters.means import Means

_HUGE = b" " * (4 << 20)
_PAGE = b"<!doctype html><title>Bad Gateway</title><h1>Something went wrong</h1>"


class FakeOperator(ABC):
    """The operator's side of one protocol, for trying out the adapter that speaks it.

    `calls` are those that came, (op, id) with the ops "player", "escrow", "result", "cancel". `timeout_s` is when its adapter,
    with the options given here, takes silence for no answer; it is set before they are asked for. `able`: the troubles that it
    can make. `carried`: those of a charge's fields "refers", "round", "game" and "closes" that the protocol has.
    `tells_unknown`: whether a cancel of an escrow that never came is answered as such.
    """

    timeout_s: float = 0.5
    able: ClassVar[frozenset[Trouble]] = frozenset(Trouble)
    carried: ClassVar[frozenset[str]] = frozenset()
    tells_unknown: ClassVar[bool] = True

    def __init__(self, folder: Path, seed: int = 0) -> None:
        """`folder` is for keys and the like, which `options` may name."""
        self.folder = folder
        self.plan = Plan(seed)
        self.calls: list[tuple[str, str]] = []

    def trouble(self, op: str, trouble: Trouble, times: int = 1) -> None:
        """The next `times` calls of `op` ("*": of any) meet it."""
        self.plan.ask(op, trouble, times)

    @property
    def late_s(self) -> float:
        """When LATE is done: the caller has given up, and has had time to cancel."""
        return self.timeout_s * 2

    @property
    def slow_s(self) -> float:
        return self.timeout_s / 4

    @abstractmethod
    async def start(self, port: int = 0) -> None:
        """Listens, where it has to; on the port of the last start where none is named."""

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The adapter's options with which it finds this operator."""

    def means(self, means: Means) -> Means:
        """What the adapter is built with here."""
        return means

    def token(self, uid: str) -> str:
        """What proves a player to be `uid`."""
        return f"token-of-{uid}"

    @abstractmethod
    async def player(self, uid: str, token: str, balance: int) -> None:
        """A player with so many smallest units of USD (an amount of 100 is one dollar) and nothing else."""

    @abstractmethod
    async def balance(self, uid: str) -> int:
        """What the books say."""

    @abstractmethod
    async def block(self, uid: str) -> None: ...

    def booked(self, name: str) -> Booked | None:
        """What the books have under the id of a charge. None where there is nothing, or they can't be asked."""
        return None

    async def expire(self, uid: str) -> bool:
        """The player's token has run out. False where there is no such thing here."""
        return False

    async def limit(self, uid: str, most: int) -> bool:
        """Escrows above `most` are over a limit. False where there is no such thing here."""
        return False


class Call(NamedTuple):
    """What an operator has understood: `do` books it and answers what it comes to. It may be done any number of times."""

    op: str
    id: str
    do: Callable[[], Any]


class HttpFake(FakeOperator):
    """An operator that is called over HTTP. Subclasses say how requests are read and answers written."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        super().__init__(folder, seed)
        self.books = Books()
        self._server = HttpServer(self._answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def start(self, port: int = 0) -> None:
        await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()

    async def player(self, uid: str, token: str, balance: int) -> None:
        self.books.player(uid, token, {"USD": balance})

    async def balance(self, uid: str) -> int:
        return self.books.balance(uid, "USD")

    def booked(self, name: str) -> Booked | None:
        return self.books.entries.get(name)

    async def block(self, uid: str) -> None:
        self.books.people[uid].blocked = True

    async def expire(self, uid: str) -> bool:
        self.books.people[uid].expired = True
        return True

    async def limit(self, uid: str, most: int) -> bool:
        self.books.people[uid].most = most
        return True

    @abstractmethod
    def understand(self, request: Request) -> Call | Reply:
        """What is asked, or the answer where it makes no sense."""

    @abstractmethod
    def written(self, request: Request, outcome: Any, lie: Trouble | None) -> Reply:
        """The answer to what `Call.do` came to. With a lie it is wrong in that way."""

    async def _answer(self, request: Request) -> Reply:
        """That the caller has gone does not keep anything from being done."""
        call = self.understand(request)
        if isinstance(call, Reply):
            return call
        self.calls.append((call.op, call.id))
        trouble = self.plan.next(call.op)
        reply = await self._instead(trouble)
        if reply is None:
            outcome = call.do()
            if trouble == Trouble.TWICE:
                outcome = call.do()
            reply = await self._spoiled(trouble, self.written(request, outcome, trouble))
        return reply

    async def _instead(self, trouble: Trouble | None) -> Reply | None:
        """What goes wrong before anything is done."""
        match trouble:
            case Trouble.DROP_BEFORE:
                raise Vanish
            case Trouble.SILENT_BEFORE:
                await asyncio.sleep(self.timeout_s * 20)
                raise Vanish
            case Trouble.ERROR_BEFORE:
                return Reply(b"", 500, kind="text/plain")
            case Trouble.PAGE_BEFORE:
                return Reply(_PAGE, 502, kind="text/html")
            case Trouble.LATE:
                await asyncio.sleep(self.late_s)
            case Trouble.SLOW:
                await asyncio.sleep(self.slow_s)
        return None

    async def _spoiled(self, trouble: Trouble | None, reply: Reply) -> Reply:
        """What becomes of an answer on its way."""
        match trouble:
            case Trouble.DROP_AFTER:
                raise Vanish
            case Trouble.SILENT_AFTER:
                await asyncio.sleep(self.timeout_s * 20)
                raise Vanish
            case Trouble.ERROR_AFTER:
                return reply._replace(status=500)
            case Trouble.PAGE_AFTER:
                return Reply(_PAGE, kind="text/html")
            case Trouble.CUT:
                return reply._replace(cut=True)
            case Trouble.HUGE:
                return reply._replace(body=_HUGE + reply.body)
        return reply
