"""The store that the settings name: for the server, and for the commands beside it."""

import structlog

from webingo.config import Settings
from webingo.support.redis import connect
from webingo.transaction.redis_store import RedisStore

log = structlog.get_logger("webingo.store")


async def open_store(settings: Settings) -> RedisStore:
    """Connected and checked; close it with `aclose`. Raises NoRedis where the database can't be used."""

    def warn(sentence: str) -> None:
        log.warning("durability", risk=sentence)

    link = await connect(settings.redis_url, timeout_s=settings.store_timeout_s, loss=warn)
    store = RedisStore(link, settings.history_rounds, settings.round_retention_days * 86_400)
    try:
        await store.prepare()
    except BaseException:
        await store.aclose()
        raise
    return store
