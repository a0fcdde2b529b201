"""The backoffice is down for the whole of a long run: play goes on, and when it is back it gets everything, in order, within a
minute (promises 3 and 6)."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import open_store
from tests.player import Player
from tests.test_promises_books import (
    GAME,
    Gambler,
    all_is_consumed,
    everything,
    jackpots_add_up,
    read_books,
    same_entries,
    same_rounds,
)
from webingo.user import SHARDS

_A_MINUTE_S = 60


async def nothing_waits(url: str) -> None:
    store = await open_store(url)
    try:
        async with asyncio.timeout(2 * _A_MINUTE_S):
            while any([(await store.standing("accounting", shard)).lag for shard in range(SHARDS)]):
                await asyncio.sleep(0.25)
    finally:
        await store.aclose()


async def play_without_a_backoffice(folder: Path, players: int, rounds: int) -> None:
    with everything(folder, processes=1) as (redis, office, nodes):
        gamblers = [Gambler(f"player{n}", [nodes[0].port], set()) for n in range(players)]
        seated = [await Player.log_in(nodes[0].port, gambler.uid, site="books") for gambler in gamblers]
        for player in seated:
            await player.load(GAME)
        office.end(signal.SIGKILL)
        before = office.rows("select count(*) from ledger")[0][0]

        async def play(gambler: Gambler, player: Player) -> None:
            while gambler.rounds < rounds:
                await gambler._bet(player)

        await asyncio.gather(*map(play, gamblers, seated))
        assert sum(len(gambler.wagered) for gambler in gamblers) == players * rounds, "every bet was taken"
        assert office.rows("select count(*) from ledger")[0][0] == before <= players
        for player in seated:
            player.client.abort()
        began = time.monotonic()
        await asyncio.get_running_loop().run_in_executor(None, office.start)
        await nothing_waits(redis.url)
        took_s = time.monotonic() - began
        await all_is_consumed(redis.url, began, _A_MINUTE_S)
        books = await read_books(redis.url)
        print(f"{len(books.entries)} entries arrived within {took_s:.1f} s of the backoffice's start")
        assert took_s < _A_MINUTE_S
        same_entries(books, office)
        same_rounds(books, office)
        jackpots_add_up(books)


@pytest.mark.soak
@pytest.mark.timeout(seconds=600)
async def test_ten_thousand_rounds_without_a_backoffice_arrive_in_order_within_a_minute_of_its_return(tmp_path: Path) -> None:
    await play_without_a_backoffice(tmp_path, players=100, rounds=100)
