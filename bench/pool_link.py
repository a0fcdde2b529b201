"""The rival of the batched link: each call takes a connection of a redis-py pool for itself, as most programs do it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import redis.asyncio as redis
from redis.exceptions import NoScriptError

from webingo.support.answer import Answer, pass_on
from webingo.support.redis import Script

CONNECTIONS = 64


def pooled_client(socket_path: str) -> redis.Redis:
    """redis-py as it comes: hiredis reads the replies, a blocking pool hands out the connections."""
    pool = redis.BlockingConnectionPool(
        connection_class=redis.UnixDomainSocketConnection, path=socket_path, max_connections=CONNECTIONS, timeout=None
    )
    return redis.Redis.from_pool(pool)


class PoolLink:
    """A webingo Link over such a client."""

    def __init__(self, socket_path: str) -> None:
        self._client = pooled_client(socket_path)
        self._client.response_callbacks.clear()  # a Link's replies are raw
        self._listening: list[asyncio.Task[None]] = []

    async def call(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int]) -> Any:
        try:
            return await self._client.evalsha(script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await self._client.eval(script.source, len(keys), *keys, *args)

    def send(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int], answer: Answer[Any]) -> None:
        pass_on(self.call(script, keys, args), answer)

    async def execute(self, *command: str | bytes | int) -> Any:
        return await self._client.execute_command(*command)

    def listen(self, channel: str, hear: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        """`missed` is never called: nothing is lost on a machine where nothing is killed."""
        self._listening.append(asyncio.get_running_loop().create_task(self._listen(channel, hear)))

    async def _listen(self, channel: str, hear: Callable[[bytes], None]) -> None:
        async with self._client.pubsub() as subscription:
            await subscription.subscribe(channel)
            async for message in subscription.listen():
                if message["type"] == "message":
                    hear(message["data"])

    async def close(self) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        await self._client.aclose()
