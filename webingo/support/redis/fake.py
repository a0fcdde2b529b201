"""memory: the same seam without a server, for trying out and for tests. Nothing is kept."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import fakeredis
from redis.exceptions import RedisError, ResponseError

from webingo.errors import Code, Refused
from webingo.support.answer import Answer, pass_on
from webingo.support.redis.link import Script

log = logging.getLogger("webingo.redis")


class FakeLink:
    """A Link to a Redis imitated inside of this process; every link has its own. Also where scripts can be tried with
    no server at all."""

    def __init__(self) -> None:
        log.warning("memory: NOTHING IS KEPT. Credits, games and the ledger are gone when this process ends.")
        # The bare connection: redis-py's client would turn the replies into Python's types.
        client: Any = fakeredis.FakeRedis(protocol=2)
        self._connection = client.connection_pool.get_connection()
        self._pubsub = client.pubsub()
        self._hear: dict[bytes, list[Callable[[bytes], None]]] = {}
        self._closed = False

    async def call(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int]) -> Any:
        try:
            return await self.execute("EVALSHA", script.sha, len(keys), *keys, *args)
        except ResponseError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await self.execute("EVAL", script.source, len(keys), *keys, *args)

    def send(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int], answer: Answer[Any]) -> None:
        pass_on(self.call(script, keys, args), answer)

    async def execute(self, *command: str | bytes | int) -> Any:
        await asyncio.sleep(0)  # others get their turn here, as they do with a real server
        if self._closed:
            raise Refused(Code.UNAVAILABLE)
        try:
            self._connection.send_command(*command)
            return self._connection.read_response(disable_decoding=True)
        except RedisError as error:
            code = getattr(error, "status_code", None)  # redis-py cuts it off the text
            raise ResponseError(f"{code} {error}" if code else str(error)) from None
        finally:
            self._deliver()

    def listen(self, channel: str, hear: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        """`missed` is never called: nothing gets lost inside of one process."""
        self._hear.setdefault(channel.encode(), []).append(hear)
        self._pubsub.subscribe(channel)

    async def close(self) -> None:
        self._closed = True
        self._pubsub.close()
        self._connection.disconnect()

    def _deliver(self) -> None:
        if not self._hear:
            return
        loop = asyncio.get_running_loop()
        while (message := self._pubsub.get_message()) is not None:
            if message["type"] == "message":
                for hear in self._hear[message["channel"]]:
                    loop.call_soon(hear, message["data"])
