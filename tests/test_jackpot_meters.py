"""What every meter promises, on each of the stores."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.jackpots import MYSTERY, TERMS, books, claim, feed_of, fresh_meter
from webingo.draws import Draw, ForcedRng
from webingo.errors import Code, Refused
from webingo.jackpot.jackpots import shelf_beside
from webingo.jackpot.meter import Change, Feed, Meter, MeterId, configured
from webingo.jackpot.meters import Meters
from webingo.jackpot.shelf import News
from webingo.resources.jackpots import MILLION
from webingo.rng import SystemRng
from webingo.transaction.store import Store

LARGE = 2**53 * MILLION
"""More than any double counts, as a contribution."""


@pytest.fixture
def meters(store: Store) -> Iterator[Meters]:
    yield Meters(shelf_beside(store), SystemRng())


async def opened(meters: Meters, terms=TERMS) -> MeterId:
    meter = fresh_meter()
    await meters.configure(meter, terms, 1)
    return meter


async def test_a_meter_begins_with_its_first_value_from_the_house_and_once(meters: Meters) -> None:
    meter = await opened(meters)
    assert await books(meters, meter) == (10, 0, 0, 10, 0, 0)
    await meters.configure(meter, TERMS, 2)
    assert await books(meters, meter) == (10, 0, 0, 10, 0, 0)
    assert [note["what"] for note in await meters.shelf.notes(meter)] == ["opened"]
    assert meter in await meters.shelf.meters()


async def test_a_contribution_is_divided_as_the_rates_are_and_counted_once(meters: Meters) -> None:
    meter = await opened(meters)
    for _ in range(2):
        await meters.feed(meter, feed_of(3, 1.5), 2)
    assert await books(meters, meter) == (13, 0, 1.5, 10, 4.5, 0)
    await meters.feed(meter, feed_of(3, 1.5, 0.000003), 2)  # a longer page, of which the beginning is known
    await meters.feed(meter, feed_of(1.5, first=2), 2)
    assert await books(meters, meter) == (13.000002, 0, 1.500001, 10, 4.500003, 0)
    await meters.feed(meter, feed_of(3, shard=1), 2)  # another shard has positions of its own
    assert await books(meters, meter) == (15.000002, 0, 2.500001, 10, 7.500003, 0)


async def test_positions_are_ordered_as_numbers(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(3, first=9), 2)
    await meters.feed(meter, feed_of(3, first=10), 2)
    await meters.feed(meter, feed_of(3, first=9), 2)
    assert (await books(meters, meter))[4] == 6


async def test_what_comes_in_above_the_ceiling_waits_for_the_next_run(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(150), 2)
    assert await books(meters, meter) == (100, 10, 50, 10, 150, 0)
    await meters.feed(meter, feed_of(15, first=2), 2)
    assert await books(meters, meter) == (100, 20, 55, 10, 165, 0)
    win = await meters.claim(meter, claim(), 3)
    assert win.amount == 100
    # The next run: its first value from the reserve, and the overflow on top.
    assert await books(meters, meter) == (30, 0, 45, 10, 165, 100)


async def test_an_overflow_larger_than_the_ceiling_fills_several_runs(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(450), 2)
    found = [(await meters.claim(meter, claim(), 3)).amount for _ in range(4)]
    assert found == [100, 100, 100, 40]
    assert await books(meters, meter) == (10, 0, 110, 10, 450, 340)


async def test_what_the_reserve_can_not_cover_is_the_houses(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(12), 2)  # 8 and 4 for the reserve
    assert (await meters.claim(meter, claim(), 3)).amount == 18
    assert await books(meters, meter) == (10, 0, 0, 16, 12, 18)


async def test_a_win_pays_whole_units_and_leaves_the_rest_in_the_jackpot(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(0.999999), 2)
    assert (await meters.claim(meter, claim(), 3)).amount == 10
    value, *_ = await books(meters, meter)
    assert value == pytest.approx(10.666666, abs=1e-9)


async def test_a_claim_is_granted_once_for_ever(meters: Meters, store: Store) -> None:
    meter, mine = await opened(meters), claim()
    await meters.feed(meter, feed_of(30), 2)
    first = await meters.claim(meter, mine, 3)
    await meters.feed(meter, feed_of(30, first=2), 4)
    elsewhere = Meters(shelf_beside(store), SystemRng())
    assert await meters.claim(meter, mine, 5) == await elsewhere.claim(meter, mine, 6) == first
    assert first.amount == 30
    assert await meters.shelf.wins(meter) == [first]
    assert await meters.shelf.win(meter, mine.id) == first
    assert await meters.shelf.win(meter, "another") is None


async def test_of_two_triggers_the_first_claim_takes_the_meter_and_the_second_what_it_is_reset_to(
    meters: Meters, store: Store
) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(30), 2)
    elsewhere = Meters(shelf_beside(store), SystemRng())
    wins = await asyncio.gather(meters.claim(meter, claim(), 3), elsewhere.claim(meter, claim(), 3))
    assert sorted(win.amount for win in wins) == [10, 30]
    assert await books(meters, meter) == (10, 0, 0, 20, 30, 40)


async def test_a_win_is_owed_until_it_is_settled(meters: Meters) -> None:
    meter = await opened(meters)
    first, second = [await meters.claim(meter, claim(), 3) for _ in range(2)]
    assert sorted(await meters.shelf.owed(meter)) == sorted([first, second])
    assert [await meters.shelf.settle(meter, first.claim, 4) for _ in range(2)] == [True, False]
    assert await meters.shelf.owed(meter) == [second]
    notes = [note["what"] for note in await meters.shelf.notes(meter)]
    assert notes == ["opened", "won", "won", "paid"]


async def test_a_meter_that_was_never_set_up_pays_nothing_and_loses_nothing(meters: Meters) -> None:
    meter = fresh_meter()
    with pytest.raises(Refused) as caught:
        await meters.claim(meter, claim(), 1)
    assert caught.value.code is Code.UNAVAILABLE
    await meters.feed(meter, feed_of(4), 1)
    assert await books(meters, meter) == (0, 0, 4, 0, 4, 0)
    await meters.configure(meter, TERMS, 2)
    assert await books(meters, meter) == (10, 0, 0, 6, 4, 0)


async def test_the_ceiling_is_only_raised_and_each_change_is_in_the_log(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.feed(meter, feed_of(150), 2)
    lowered = await meters.configure(meter, TERMS._replace(max=50), 3)
    assert lowered.terms == TERMS
    raised = await meters.configure(meter, TERMS._replace(max=200, min=20, contribution=15_000), 4)
    assert raised.terms == TERMS._replace(max=200, min=20, contribution=15_000)
    await meters.feed(meter, feed_of(4, first=2), 5)
    assert await books(meters, meter) == (103, 10, 51, 10, 154, 0)
    await meters.claim(meter, claim(), 6)
    assert await books(meters, meter) == (30, 0, 31, 10, 154, 103)
    assert [(note["what"], note["at"]) for note in await meters.shelf.notes(meter)] == [
        ("opened", 1), ("changed", 4), ("won", 6),
    ]  # fmt: skip


async def test_amounts_beyond_what_doubles_count_stay_exact(meters: Meters) -> None:
    meter = fresh_meter()
    await meters.configure(meter, TERMS._replace(max=2**53 - 1, reserve=0), 1)
    for first in (1, 2, 3):
        await meters.feed(meter, Feed(0, [feed_of(1, first=first).contributions[0]._replace(amount=LARGE + 1)]), 2)
    held = await meters.shelf.read(meter)
    assert held.contributed == 3 * (LARGE + 1)
    assert held.value + held.overflow == 3 * (LARGE + 1) + 10 * MILLION
    assert (await meters.claim(meter, claim(), 3)).amount == 2**53 - 1
    assert (await meters.shelf.read(meter)).unexplained == 0


async def test_many_feeders_and_winners_at_once_lose_nothing(meters: Meters, store: Store) -> None:
    meter = await opened(meters)
    nodes = [meters, *(Meters(shelf_beside(store), SystemRng()) for _ in range(2))]
    claims = [claim() for _ in range(4)]
    work = [node.feed(meter, feed_of(0.1, 0.2, 0.3, shard=shard), 2) for node in nodes for shard in range(6)]
    work += [node.claim(meter, each, 3) for node in nodes for each in claims]
    done = await asyncio.gather(*work)
    held = await meters.shelf.read(meter)
    assert held.unexplained == 0
    assert held.contributed == 6 * 600_000
    wins = {win for win in done if isinstance(win, tuple)}
    assert len(wins) == 4
    assert held.paid == sum(win.amount for win in wins) * MILLION


# -- mystery ----------------------------------------------------------------------------------------------------------


def drawing(store: Store, *units: int) -> Meters:
    """Meters whose secret values are 10 + 1 + these."""
    return Meters(shelf_beside(store), ForcedRng([Draw("below", [10], unit) for unit in units]))


async def test_the_wager_that_lifts_a_mystery_to_its_value_wins_exactly_that(store: Store) -> None:
    meters = drawing(store, 4, 0, 9)
    meter = await opened(meters, MYSTERY)
    assert (await meters.shelf.read(meter)).hit == 15
    assert await meters.feed(meter, feed_of(4.5), 2) == []
    (win,) = await meters.feed(meter, feed_of(4.5, 0.7, 0.1), 3)
    assert (win.claim, win.amount) == ("0/2", 15)
    # What was above it goes on into the next run.
    assert await books(meters, meter) == (10.3, 0, 0, 20, 5.3, 15)
    assert await meters.feed(meter, feed_of(4.5, 0.7, 0.1), 3) == []  # all of it is in
    assert await meters.shelf.owed(meter) == [win]


async def test_several_mysteries_are_won_in_one_batch_each_by_one_wager(store: Store) -> None:
    meters = drawing(store, 0, 1, 0, 9)
    meter = await opened(meters, MYSTERY)
    wins = await meters.feed(meter, feed_of(1, 0.5, 7, 0, 1), 2)
    assert [(win.claim, win.amount) for win in wins] == [("0/1", 11), ("0/3", 12), ("0/4", 11)]
    # Won at 17.5 with 12 to pay, and again, by the next one, with 11: each pays its own run's secret, none twice.
    assert await books(meters, meter) == (15.5, 0, 0, 40, 9.5, 34)
    assert sorted(await meters.shelf.owed(meter)) == sorted(wins)


async def test_a_mystery_never_shows_more_than_it_must_be_won_before(store: Store) -> None:
    meters = drawing(store, 9, 9)
    meter = await opened(meters, MYSTERY)
    (win,) = await meters.feed(meter, feed_of(50), 2)
    assert win.amount == 20
    assert await books(meters, meter) == (20, 30, 0, 20, 50, 20)


async def test_terms_that_change_leave_the_secret_of_the_run_as_it_is(store: Store) -> None:
    meters = drawing(store, 4)
    meter = await opened(meters, MYSTERY)
    changed = await meters.configure(meter, MYSTERY._replace(before=40, min=5), 2)
    assert changed.hit == 15
    assert changed.terms is not None and changed.terms.before == 40


async def test_a_jackpot_that_becomes_a_mystery_gets_its_secret_above_what_it_holds(store: Store) -> None:
    meters = Meters(shelf_beside(store), ForcedRng([Draw("below", [7], 0)]))
    meter = await opened(meters, MYSTERY._replace(before=0))
    await meters.feed(meter, feed_of(3.5), 2)
    assert (await meters.configure(meter, MYSTERY, 3)).hit == 14


async def test_a_run_keeps_the_bound_that_its_secret_was_drawn_under(store: Store) -> None:
    meters = Meters(shelf_beside(store), SystemRng())
    meter = await opened(meters, MYSTERY)
    changed = await meters.configure(meter, MYSTERY._replace(before=12, max=12), 2)
    assert changed.before == (await meters.shelf.read(meter)).before == 20
    await meters.claim(meter, claim(), 3)
    assert (await meters.shelf.read(meter)).before == 12


def test_a_run_of_the_time_before_its_bound_was_kept_has_that_of_its_terms() -> None:
    begun = configured(Meter(), MYSTERY, SystemRng(), 1)
    assert begun is not None
    old = replace(begun.meter, drawn_before=0)
    assert old.before == 20
    changed = configured(old, MYSTERY._replace(before=40), SystemRng(), 2)
    assert changed is not None and (changed.meter.before, changed.meter.hit) == (20, old.hit)


async def test_a_mystery_that_becomes_a_games_is_won_by_no_mere_wager(store: Store) -> None:
    meters = drawing(store, 4)
    meter = await opened(meters, MYSTERY)
    changed = await meters.configure(meter, MYSTERY._replace(before=0), 2)
    assert (changed.hit, changed.before) == (0, 0)
    assert await meters.feed(meter, feed_of(30), 3) == []
    assert await books(meters, meter) == (40, 0, 0, 10, 30, 0)
    assert [note["what"] for note in await meters.shelf.notes(meter)] == ["opened", "changed"]


async def test_a_secret_that_a_games_jackpot_still_has_is_dropped(store: Store) -> None:
    meters = drawing(store, 4)
    meter = await opened(meters, MYSTERY)
    held = await meters.shelf.read(meter)
    by_game = MYSTERY._replace(before=0)
    assert await meters.shelf.put(meter, held, Change(replace(held, n=held.n + 1, terms=by_game))) is None
    assert (await meters.configure(meter, by_game, 2)).hit == 0


async def test_a_mystery_from_nothing_that_becomes_a_games_holds_its_first_value_at_least(meters: Meters) -> None:
    meter = await opened(meters, MYSTERY._replace(min=0, contribution=10_000, reserve=30_000))
    await meters.feed(meter, feed_of(2.4), 2)
    assert await books(meters, meter) == (0.6, 0, 1.8, 0, 2.4, 0)
    await meters.configure(meter, TERMS, 3)
    # From the reserve first, and the rest from the house.
    assert await books(meters, meter) == (10, 0, 0, 7.6, 2.4, 0)
    assert (await meters.shelf.notes(meter))[-1]["books"]["seeded"] == ["0", "7600000"]
    assert (await meters.claim(meter, claim(), 4)).amount == 10


async def test_a_games_jackpot_of_less_than_a_unit_is_lifted_and_one_of_more_waits_for_its_next_run(meters: Meters) -> None:
    meter = await opened(meters)
    await meters.configure(meter, TERMS._replace(min=50), 2)
    assert await books(meters, meter) == (10, 0, 0, 10, 0, 0)
    held = await meters.shelf.read(meter)
    empty = replace(held, n=held.n + 1, value=0, seeded=0)
    assert await meters.shelf.put(meter, held, Change(empty)) is None
    await meters.configure(meter, TERMS._replace(min=50), 3)
    assert await books(meters, meter) == (50, 0, 0, 50, 0, 0)


async def test_a_round_that_wins_what_has_become_a_mystery_from_nothing_gets_a_unit(meters: Meters) -> None:
    meter = await opened(meters, MYSTERY._replace(min=0, before=2))
    await meters.feed(meter, feed_of(0.25), 2)
    assert (await meters.claim(meter, claim(), 3)).amount == 1
    assert await books(meters, meter) == (0, 0, 0, 0.75, 0.25, 1)


async def test_no_log_and_no_news_give_the_secret_away(store: Store) -> None:
    heard = list[News]()
    meters = drawing(store, 4, 6)
    meters.shelf.listen(heard.append, lambda: None)
    await until_listening(meters, heard)
    meter = await opened(meters, MYSTERY)
    await meters.feed(meter, feed_of(6), 2)
    await until(lambda: any(news.meter == meter and news.win for news in heard))
    assert not any("hit" in str(note) or "17" in str(note) for note in await meters.shelf.notes(meter))
    assert not any(hasattr(news, "hit") for news in heard)


# -- news -------------------------------------------------------------------------------------------------------------


async def until(true, most_s: float = 5) -> None:
    async with asyncio.timeout(most_s):
        while not true():
            await asyncio.sleep(0.01)


async def until_listening(meters: Meters, heard: list[News]) -> None:
    """A subscription takes its time: changes a meter until the first news of it is here."""
    other, first = await opened(meters, TERMS), 1
    async with asyncio.timeout(5):
        while not any(news.meter == other for news in heard):
            await meters.feed(other, feed_of(0.1, first=first), 1)
            first += 1
            await asyncio.sleep(0.02)


async def test_changes_are_heard_in_order_with_their_wins(meters: Meters) -> None:
    heard = list[News]()
    meters.shelf.listen(heard.append, lambda: None)
    await until_listening(meters, heard)
    meter = await opened(meters)
    await meters.feed(meter, feed_of(3), 2)
    win = await meters.claim(meter, claim(), 3)
    await until(lambda: len([news for news in heard if news.meter == meter]) == 4)
    assert [news[1:] for news in heard if news.meter == meter] == [
        (1, 10 * MILLION, None),
        (2, 12 * MILLION, None),
        (3, 10 * MILLION, win),
        (3, 10 * MILLION, None),
    ]
