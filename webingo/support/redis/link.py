"""The seam between the store and Redis, thin on purpose: a script call, a read, a channel.

Contract for whoever sends: every command is idempotent, since a lost connection is answered by sending again whatever
was not answered yet. Replies are raw (bytes, int, list, None); an error reply is raised as ResponseError, whose text
begins with Redis' error code.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from redis.exceptions import ResponseError

from webingo.support.answer import Answer

__all__ = ["Link", "NoRedis", "ResponseError", "Script"]


class NoRedis(Exception):  # noqa: N818 - reads as what it reports
    """Redis cannot be used at all, and no waiting will help. str() is for the operator, and holds no password."""


class Script:
    """A Lua script. `name` is for people; `sha` (SHA-1, hex) is what EVALSHA wants."""

    __slots__ = ("name", "packed_sha", "packed_source", "sha", "source")

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        encoded = source.encode()
        self.sha = hashlib.sha1(encoded, usedforsecurity=False).hexdigest()
        # How a packed call begins by SHA and by source: a refused EVALSHA becomes an EVAL by exchanging one for the other.
        self.packed_sha = b"$7\r\nEVALSHA\r\n$40\r\n%s\r\n" % self.sha.encode()
        self.packed_source = b"$4\r\nEVAL\r\n$%d\r\n%s\r\n" % (len(encoded), encoded)


class Link(Protocol):
    """One Redis (a server, a cluster, or a stand-in). To be used from the event loop that connected it.

    `call` and `send` raise Refused(UNAVAILABLE) at once where there is no use in trying.
    """

    def call(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int]) -> Awaitable[Any]:
        """Runs the script; all keys lie in one slot. Await the answer once. Refused(UNAVAILABLE) when no answer came
        in time: whether the script ran is then unknown."""
        ...

    def send(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int], answer: Answer[Any]) -> None:
        """As `call`, but the reply, or the error, goes to `answer`."""
        ...

    def execute(self, *command: str | bytes | int) -> Awaitable[Any]:
        """A read, or an idempotent write, whose key is command[1]. Refused(UNAVAILABLE) as above."""
        ...

    def listen(self, channel: str, hear: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        """Subscribes in the background. Messages get lost while a connection is down: `missed` is called once the
        channel is subscribed again. Both are called on the event loop and must not block."""
        ...

    async def close(self) -> None:
        """Calls under way are refused as UNAVAILABLE."""
        ...
