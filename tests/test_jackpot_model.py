"""Meters against a plain model that counts in fractions: fed, claimed and changed in any order, again and again."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from tests.jackpots import MYSTERY, claim, fresh_meter
from webingo.jackpot.meter import Contribution, Feed, Meter, Terms, claimed, configured, fed
from webingo.jackpot.meters import Meters
from webingo.jackpot.shelf import MemoryShelf
from webingo.resources.jackpots import MILLION
from webingo.rng import SystemRng


class Numbers:
    """Draws from a list, round and round; `given` are those since they were last taken away."""

    def __init__(self, numbers):
        self.numbers, self.given, self.turn = numbers, [], 0

    def below(self, n):
        self.turn += 1
        self.given.append(self.numbers[self.turn % len(self.numbers)] % n)
        return self.given[-1]


class WatchedShelf(MemoryShelf):
    """Knows which draws counted: those of changes that were written, and not made anew since somebody was quicker."""

    def __init__(self, rng):
        super().__init__()
        self.rng, self.hits = rng, []

    async def put(self, meter, base, change):
        refused = await super().put(meter, base, change)
        if refused is None:
            self.hits += self.rng.given
        self.rng.given = []
        return refused


@dataclass
class Model:
    """A jackpot as the documentation tells it. In units; each wager has its own entry and counts once, each claim too."""

    terms: Terms
    hits: list[int]  # the secrets, in the order of the runs
    value: Fraction = Fraction(0)
    overflow: Fraction = Fraction(0)
    reserve: Fraction = Fraction(0)
    house: Fraction = Fraction(0)
    wagered: Fraction = Fraction(0)
    granted: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    run: int = -1

    def begin(self, left):
        covered = min(self.reserve, self.terms.min)
        self.reserve -= covered
        self.house += self.terms.min - covered
        whole, ceiling = self.terms.min + left + self.overflow, self.terms.before or self.terms.max
        self.value = min(Fraction(ceiling), whole)
        self.overflow = whole - self.value
        self.run += 1

    @property
    def hit(self):
        return self.terms.min + 1 + self.hits[self.run] if self.terms.before else None

    def wager(self, name, stake):
        if name in self.seen:
            return
        self.seen.add(name)
        self.value += stake * Fraction(self.terms.contribution, MILLION)
        self.reserve += stake * Fraction(self.terms.reserve, MILLION)
        self.wagered += stake * Fraction(self.terms.contribution + self.terms.reserve, MILLION)
        if self.hit and self.value >= self.hit:
            self.win(name, self.hit)
        elif self.value > self.terms.max:
            self.overflow += self.value - self.terms.max
            self.value = Fraction(self.terms.max)

    def win(self, name, amount):
        if name not in self.granted:
            self.granted[name] = amount
            self.begin(self.value - amount)


STAKES = st.integers(1, 40_000)
SHARDS = 3


@st.composite
def steps(draw):
    """What happens: ("feed", shard, first, last) of a shard's entries, in parts that overlap, or ("claim", name)."""
    ledgers = [draw(st.lists(STAKES, min_size=1, max_size=12)) for _ in range(SHARDS)]
    what = st.one_of(
        st.tuples(st.just("feed"), st.integers(0, SHARDS - 1), st.integers(1, 12)),
        st.tuples(st.just("claim"), st.sampled_from("abcde"), st.just(0)),
    )
    return ledgers, draw(st.lists(what, max_size=40))


def page(ledgers, terms, shard, last):
    """A shard's entries from its beginning, as a consumer that never gets on would bring them."""
    rate = terms.contribution + terms.reserve
    return Feed(
        shard,
        [
            Contribution(f"{place}-0", stake * rate, claim(f"{shard}/{place}"))
            for place, stake in enumerate(ledgers[shard][:last], start=1)
        ],
    )


@settings(max_examples=150, deadline=None)
@given(
    happened=steps(),
    terms=st.builds(
        Terms,
        min=st.integers(1, 30),
        max=st.integers(60, 90),
        before=st.sampled_from([0, 31, 60]),
        contribution=st.integers(1, 40_000),
        reserve=st.integers(0, 20_000),
    ),
    numbers=st.lists(st.integers(0, 1000), min_size=1, max_size=20),
)
def test_a_meter_is_what_the_model_says_whatever_comes_in_whatever_order(happened, terms, numbers):
    ledgers, events = happened

    async def run():
        rng = Numbers(numbers)
        shelf = WatchedShelf(rng)
        nodes = [Meters(shelf, rng), Meters(shelf, rng)]
        meter = fresh_meter()
        await nodes[0].configure(meter, terms, 0)
        model = Model(terms, shelf.hits)
        model.begin(Fraction(0))
        for turn, (what, which, last) in enumerate(events):
            node = nodes[turn % 2]
            if what == "feed":
                await node.feed(meter, page(ledgers, terms, which, last), turn)
                for place, stake in enumerate(ledgers[which][:last], start=1):
                    model.wager(f"{which}/{place}", stake)
            else:
                win = await node.claim(meter, claim(which), turn)
                model.win(which, int(model.value))
                assert win.amount == model.granted[which]
            held = await shelf.read(meter)
            assert held.unexplained == 0
            assert (held.value, held.overflow, held.reserve) == tuple(
                amount * MILLION for amount in (model.value, model.overflow, model.reserve)
            )
            assert (held.seeded, held.contributed) == (model.house * MILLION, model.wagered * MILLION)
            assert held.paid == sum(model.granted.values()) * MILLION
            assert held.value <= terms.max * MILLION
            if terms.before:
                assert held.value <= terms.before * MILLION and terms.min < held.hit <= terms.before
        assert {win.claim: win.amount for win in await shelf.owed(meter)} == model.granted

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


@settings(max_examples=100, deadline=None)
@given(
    amounts=st.lists(st.integers(1, 10**8), min_size=1, max_size=20),
    changes=st.lists(
        st.tuples(st.integers(0, 30), st.integers(30, 90), st.sampled_from([0, 31, 45]), *[st.integers(0, 400_000)] * 2),
        min_size=1,
        max_size=20,
    ),
)
def test_terms_that_change_all_the_time_lose_nothing_and_lower_no_ceiling(amounts, changes):
    meter, rng, ceiling = Meter(), SystemRng(), 0
    for place, amount in enumerate(amounts):
        terms = Terms(*changes[place % len(changes)])
        terms = terms._replace(max=max(terms.max, terms.before), min=terms.min if terms.before else max(1, terms.min))
        for change in (
            lambda held: configured(held, terms, rng, place),  # noqa: B023 - called at once
            lambda held: fed(held, [Feed(0, [Contribution(f"{place}-1", amount, claim())])], rng, place),  # noqa: B023
            lambda held: claimed(held, claim(), rng, place) if place % 3 == 0 else None,  # noqa: B023
        ):
            done = change(meter)
            meter = done.meter if done else meter
            assert meter.unexplained == 0
            assert min(meter.value, meter.overflow, meter.reserve) >= 0
            if terms.before:
                assert not meter.hit or meter.value <= meter.before * MILLION >= meter.hit * MILLION
            else:
                assert meter.units >= 1 and not meter.hit and not meter.before
            assert all(win.amount >= 1 for win in (done.wins if done else ()))
        assert meter.terms.max >= ceiling
        ceiling = meter.terms.max
    assert meter.contributed == sum(amounts)


def test_a_mysterys_secret_is_uniform_over_all_its_units():
    """Over the ten units above 10 and up to 20. A generator that is right fails here once in a million runs."""
    rng, runs = SystemRng(), 20_000
    meter = configured(Meter(), MYSTERY, rng, 0).meter
    found = Counter()
    for run in range(runs):
        found[meter.hit] += 1
        meter = claimed(meter, claim(str(run)), rng, run).meter
    assert set(found) == set(range(11, 21))
    assert chisquare(list(found.values())).pvalue > 1e-6


def test_each_unit_of_a_mystery_is_won_by_the_wager_that_reaches_it():
    """With a contribution of one unit per wager the n-th wager of a run wins where the secret is min + n."""
    for secret in range(10):
        meter = configured(Meter(), MYSTERY, Numbers([secret]), 0).meter
        contributions = [Contribution(f"{place}-0", MILLION, claim(str(place))) for place in range(1, 11)]
        change = fed(meter, [Feed(0, contributions)], Numbers([9]), 1)
        assert [(win.claim, win.amount) for win in change.wins] == [(str(secret + 1), 11 + secret)]
