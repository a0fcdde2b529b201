"""Sends the ledger to the backoffice, with the records of the rounds that are over. Nothing is ever left out."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
import structlog

from webingo.backoffice.client import Client, Rejected, Unreachable
from webingo.backoffice.contract_books import LedgerTaken
from webingo.transaction.outbox import ConsumerFailed, Pace
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry

log = structlog.get_logger("webingo.backoffice")

PACE = Pace(rest_s=1.5, page=100, parallel=4)
"""A call costs as much as some bets, however little it brings, so a busy shard is read about once a second. A page and its
records are read and written in a few goes, and while one of them lasts nobody plays, so pages are small."""

_BATCH_BYTES = 1 << 20
_ENTRY_BYTES = 400
_READ_AT_ONCE = 50
_TOO_LARGE = 413
_DRAWS_BYTES = 256 << 10
"""Of a round whose draws are longer only the record is sent, which has their ids."""


class _Kept(NamedTuple):
    """A round's record, and documents of the draws that it names."""

    record: list[bytes]
    draws: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        return sum(map(len, self.record)) + sum(map(len, self.draws))


class Accounting:
    """The consumer "accounting", to be run at its PACE and while it is `ready`.

    Entries go out in the order of their shard, in batches of about a megabyte at most; a page that failed somewhere comes again
    as a whole, and the backoffice knows each entry by its id.
    """

    group = "accounting"

    def __init__(self, client: Client, store: Store, timeout_s: float = 20.0) -> None:
        """`timeout_s` bounds one batch."""
        self._client = client
        self._store = store
        self._timeout_s = timeout_s

    def ready(self) -> bool:
        """Whether it is worth while to read entries: they would go out."""
        return self._client.would_try("accounting")

    async def apply(self, shard: int, entries: Sequence[Entry]) -> None:
        """See Consumer. Raises ConsumerFailed where the backoffice does not take them, and Refused as the store does."""
        if not self.ready():
            raise ConsumerFailed("the backoffice is left alone for a moment")
        records = await self._records([entry.round for entry in entries if entry.closes])
        for batch in _batches(entries, records):
            await self._send(shard, batch, records)

    async def _records(self, rounds: Sequence[str]) -> dict[str, _Kept]:
        """Those that are still kept. One that is not was over for longer than rounds are kept: there is nothing to send."""
        found = dict[str, _Kept]()
        for first in range(0, len(rounds), _READ_AT_ONCE):
            some = rounds[first : first + _READ_AT_ONCE]
            for round_id, record in zip(some, await asyncio.gather(*map(self._store.round, some)), strict=True):
                if record is None:
                    log.warning("round_kept_no_longer", round=round_id)
                else:
                    found[round_id] = _Kept(record, await self._draws(record))
        return found

    async def _draws(self, record: list[bytes]) -> Sequence[bytes]:
        """Those that a game elsewhere has named for its round."""
        if b'"outside":{' not in record[0]:
            return ()
        named = [draws_id for part in record[1::2] for draws_id in orjson.loads(part).get("proof", {}).get("draws", ())]
        found = list[bytes]()
        for first in range(0, len(named), _READ_AT_ONCE):
            some = await asyncio.gather(*map(self._store.draws, named[first : first + _READ_AT_ONCE]))
            found += [document for document in some if document is not None]
            if sum(map(len, found)) > _DRAWS_BYTES:
                return ()
        return found

    async def _send(self, shard: int, entries: Sequence[Entry], records: dict[str, _Kept]) -> None:
        body = _written(shard, entries, records)
        try:
            await self._client.post("accounting", "ledger", "v1/ledger", body, LedgerTaken, self._timeout_s)
        except Unreachable as unreachable:
            raise ConsumerFailed(str(unreachable)) from None
        except Rejected as rejected:
            if rejected.status != _TOO_LARGE:
                log.error("ledger_rejected", shard=shard, first=entries[0].id, code=rejected.code, reason=rejected.message)
                raise ConsumerFailed(str(rejected)) from None
            await self._send_less(shard, entries, records)

    async def _send_less(self, shard: int, entries: Sequence[Entry], records: dict[str, _Kept]) -> None:
        """The batch was too large. An entry by itself goes without the record of its round rather than not at all."""
        if len(entries) > 1:
            middle = len(entries) // 2
            await self._send(shard, entries[:middle], records)
            await self._send(shard, entries[middle:], records)
        elif entries[0].round in records:
            log.error("record_too_large", round=entries[0].round)
            await self._send(shard, entries, {})
        else:
            raise ConsumerFailed(f"the entry {entries[0].id} is too large for the backoffice")


def _batches(entries: Sequence[Entry], records: dict[str, _Kept]) -> Iterator[list[Entry]]:
    batch, size = list[Entry](), 0
    for entry in entries:
        length = _ENTRY_BYTES + (records[entry.round].size if entry.closes and entry.round in records else 0)
        if batch and size + length > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def _written(shard: int, entries: Sequence[Entry], records: dict[str, _Kept]) -> bytes:
    """A LedgerBatch. What is JSON already is only put in."""
    rounds = [_round_written(entry.round, records[entry.round]) for entry in entries if entry.closes and entry.round in records]
    return orjson.dumps(
        {
            "batch": f"{shard}:{entries[0].position}..{entries[-1].position}",
            "shard": shard,
            "entries": [entry_written(entry) for entry in entries],
            "rounds": rounds,
        }
    )


def _round_written(round_id: str, kept: _Kept) -> dict[str, Any]:
    """A RoundRecord. `draws` is left out where there are none, as `short` is of an entry."""
    written: dict[str, Any] = {"round": round_id, "record": [orjson.Fragment(part) for part in kept.record]}
    if kept.draws:
        written["draws"] = [document.decode() for document in kept.draws]
    return written


def entry_written(entry: Entry) -> dict[str, Any]:
    """A LedgerEntry. `short` is left out where nothing is: a backoffice of an older release does not know it."""
    written = entry._asdict()
    written["at"] = written.pop("at_ms")
    if not entry.short:
        del written["short"]
    return written
