"""Removes what has become old from the ledger, behind everybody who has to know of it."""

from collections.abc import Sequence

import structlog

from webingo.transaction.store import Store
from webingo.user import SHARDS

log = structlog.get_logger("webingo.ledger")


async def trim_ledger(store: Store, before_ms: int, needed: Sequence[str]) -> int:
    """Trims every shard as `Store.trim` does; answers how many entries went. Any number of nodes may do so at once."""
    removed = 0
    for shard in range(SHARDS):
        removed += await store.trim(shard, before_ms, needed)
    if removed:
        log.info("ledger_trimmed", entries=removed)
    return removed
