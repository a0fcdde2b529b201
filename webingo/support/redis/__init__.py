"""webingo's connection to Redis: `connect` turns a URL into a Link, whatever stands behind it."""

import logging
from collections.abc import Callable

from webingo.support.redis.address import Endpoint, parse
from webingo.support.redis.batch import BatchLink
from webingo.support.redis.fake import FakeLink
from webingo.support.redis.link import Link, NoRedis, ResponseError, Script

__all__ = ["Link", "NoRedis", "ResponseError", "Script", "connect"]


async def connect(url: str, *, timeout_s: float = 5.0, loss: Callable[[str], None] | None = None) -> Link:
    """A Link that is connected. ValueError for a URL that means nothing, NoRedis where there is no Redis to be had.

    `timeout_s` is how long each call may take before it is refused, reconnections included. `loss` is called with a
    sentence for each thing that a crash of Redis could lose, as it is configured.
    """
    address = parse(url)
    if address.kind == "memory":
        return FakeLink()
    endpoint = address.endpoints[0]

    async def locate() -> Endpoint:
        return endpoint

    link = BatchLink(locate, timeout_s)
    await link.start()
    return link
