"""What game servers send to a backoffice while people play: the shipped games' rounds, by the servers' own client."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from tests.office_data import Sample, deal
from webingo.backoffice.accounting import PACE, Accounting
from webingo.backoffice.client import Client
from webingo.resources.site import Site
from webingo.rng import SystemRng, fresh_id
from webingo.support.clock import SystemClock
from webingo.transaction.transaction import Entry, WalletId
from webingo.user import SHARDS, User


class Sheet(NamedTuple):
    """Entries of a shard in their order, with the records of the rounds that they close."""

    shard: int
    entries: list[Entry]
    records: dict[str, list[bytes]]


class Feed:
    """Players of one server, `name` apart from those of others, who play at `now`. What they had and won is added up."""

    def __init__(self, name: str, now: int, players: int = 500, seed: int = 7) -> None:
        self._dice = random.Random(f"{name}{seed}")
        self._now = now
        self._users = [User("demo", f"{name}-{number}") for number in range(players)]
        self._funds: dict[tuple[User, str], list[int]] = {}
        self.rounds = self.entries = self.wagered = self.won = 0

    def sheets(self, rounds: int, shards: Sequence[int] = range(SHARDS)) -> Iterator[Sheet]:
        """So many more rounds of players of these shards."""
        users = [user for user in self._users if user.shard in shards]
        open_ = defaultdict[int, Sheet](lambda: Sheet(0, [], {}))
        for number in range(rounds):
            user = self._dice.choice(users)
            if user.shard not in open_:
                open_[user.shard] = Sheet(user.shard, [], {})
            sheet = open_[user.shard]
            self._play(sheet, user, self._now + number)
            if len(sheet.entries) >= PACE.page:
                yield open_.pop(user.shard)
        yield from open_.values()

    def _play(self, sheet: Sheet, user: User, at: int) -> None:
        site, game, played = deal(self._dice)
        funds = self._funds.setdefault((user, site.denomination), [10_000_000, 0])
        if not funds[1]:
            self._enter(sheet, user, site, funds, "grant", 0, "", "", at)
        name = f"{user.shard:02d}-{fresh_id()}"
        for place, (kind, amount) in enumerate(played.moves, 1):
            signed = -amount if kind == "wager" else amount
            self._enter(sheet, user, site, funds, kind, signed, name, game, at, place == len(played.moves))
        sheet.records[name] = _record(played, name, user, at)
        self.rounds += 1
        self.wagered += played.wagered
        self.won += played.won

    def _enter(
        self,
        sheet: Sheet,
        user: User,
        site: Site,
        funds: list[int],
        kind: str,
        amount: int,
        name: str,
        game: str,
        at: int,
        closes: bool = False,
    ) -> None:
        funds[0] += amount
        funds[1] += 1
        self.entries += 1
        wallet, position = str(WalletId(user, site.denomination)), f"{at}-{len(sheet.entries)}"
        fed = "jp_joker_bingo=120000" if kind == "wager" else ""
        told = (f"{fresh_id()}:1", wallet, funds[1], kind, amount or 10_000_000 * (kind == "grant"), funds[0], name, game)
        sheet.entries.append(Entry(*told, site.id, at, "", position, fed, closes))


def _record(played: Sample, name: str, user: User, at: int) -> list[bytes]:
    header = orjson.loads(played.record[0]) | {"round": name, "uid": user.uid, "at": at}
    return [orjson.dumps(header), *played.record[1:]]


class _Records:
    """As much of a store as the accounting looks at."""

    def __init__(self) -> None:
        self.kept: dict[str, list[bytes]] = {}

    async def round(self, name: str) -> list[bytes] | None:
        return self.kept.get(name)


class Sender:
    """A server's accounting, over real HTTP."""

    def __init__(self, url: str, key: str) -> None:
        self._client = Client(url, key, SystemClock(), SystemRng())
        self._store = _Records()
        self._accounting = Accounting(self._client, self._store)  # type: ignore[arg-type]

    async def send(self, sheets: Sequence[Sheet], at_once: int = PACE.parallel) -> None:
        """All of them, `at_once` shards at the same time, as an outbox does. Raises what the accounting raises."""
        by_shard = defaultdict[int, list[Sheet]](list)
        for sheet in sheets:
            by_shard[sheet.shard].append(sheet)
        waiting = list(by_shard.values())

        async def work() -> None:
            while waiting:
                for sheet in waiting.pop():
                    await self.take(sheet)

        await asyncio.gather(*(work() for _ in range(at_once)))

    async def take(self, sheet: Sheet) -> None:
        self._store.kept.update(sheet.records)
        try:
            await self._accounting.apply(sheet.shard, sheet.entries)
        finally:
            for name in sheet.records:
                del self._store.kept[name]

    def close(self) -> None:
        self._client.close()


def keep_sending(url: str, key: str, rate: float, stop: Any, told: Any) -> None:
    """In a process of its own, until `stop` is set: so many rounds a second, handed on as often as an outbox does.
    Puts (rounds, entries, seconds of the longest delay) into the queue `told` at the end."""
    deal(random.Random())  # draws the rounds to deal, which takes its time
    feed, longest = Feed(f"live-{fresh_id()[:8]}", int(time.time() * 1000)), 0.0

    async def run() -> None:
        nonlocal longest
        sender, due = Sender(url, key), 0.0
        begun = time.monotonic()
        while not stop.is_set():
            now = time.monotonic() - begun
            if now - due < PACE.rest_s:
                await asyncio.sleep(min(PACE.rest_s - (now - due), 0.2))
                continue
            await sender.send(list(feed.sheets(int((now - due) * rate) or 1)))
            longest, due = max(longest, time.monotonic() - begun - due), now
        sender.close()

    asyncio.run(run())
    told.put((feed.rounds, feed.entries, longest))
