"""The circuit breaker, on a clock that stands still until it is moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webingo.rng import SystemRng
from webingo.support.backoff import full_jitter, half_jitter
from webingo.support.breaker import Breaker
from webingo.support.clock import ManualClock

RNG = SystemRng()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock, RNG, failures=3, first_s=2.0, most_s=8.0)


def opened(breaker):
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()


def test_some_failures_in_a_row_open_it_and_a_success_among_them_does_not(breaker):
    for outcome in "ffsffsff":
        assert breaker.admits()
        breaker.failed() if outcome == "f" else breaker.succeeded()
    assert breaker.state == "closed"
    breaker.failed()
    assert breaker.state == "open"
    assert not breaker.admits()


def test_after_a_pause_one_call_is_let_through_and_its_success_closes_it(breaker, clock):
    opened(breaker)
    clock.advance(0.9)
    assert not breaker.admits()  # a first pause takes at least half of two seconds
    clock.advance(1.2)
    assert breaker.state == "half-open"
    assert breaker.admits()
    assert not breaker.admits()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.admits()
    assert breaker.admits()


def test_each_trial_that_fails_makes_the_pause_longer_up_to_a_bound(breaker, clock):
    opened(breaker)
    for least, most in ((1, 2), (2, 4), (4, 8), (4, 8)):
        clock.advance(least - 0.01)
        assert not breaker.admits()
        clock.advance(most - least + 0.02)
        assert breaker.admits()
        breaker.failed()
    assert breaker.state == "open"


def test_failures_of_calls_from_before_do_not_make_the_pause_longer(breaker, clock):
    assert breaker.admits()
    opened(breaker)
    breaker.failed()
    clock.advance(2.01)
    assert breaker.admits()


def test_a_success_of_a_call_from_before_closes_it(breaker):
    assert breaker.admits()
    opened(breaker)
    breaker.succeeded()
    assert breaker.state == "closed"


def test_a_trial_that_nothing_came_of_is_tried_again(breaker, clock):
    opened(breaker)
    clock.advance(2.01)
    assert breaker.admits()
    breaker.gave_up()
    assert breaker.admits()


def test_who_asks_to_be_left_alone_is_left_alone_for_that_long(breaker, clock):
    assert breaker.admits()
    breaker.failed(after_s=30)
    clock.advance(29)
    assert not breaker.admits()
    clock.advance(1.5)
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.state == "closed"


@given(st.lists(st.sampled_from(["call", "late failure", "late success", "wait"]), max_size=60), st.randoms())
def test_whatever_comes_it_never_stays_shut(events, random):
    clock = ManualClock()
    breaker = Breaker(clock, RNG, failures=2, first_s=1.0, most_s=4.0)
    for event in events:
        match event:
            case "call":
                if breaker.admits():
                    random.choice([breaker.succeeded, breaker.failed, breaker.gave_up])()
            case "late failure":
                breaker.failed()
            case "late success":
                breaker.succeeded()
            case "wait":
                clock.advance(random.random())
        assert breaker.state in ("closed", "open", "half-open")
    clock.advance(4.01)
    assert breaker.admits()


@given(st.integers(1, 200))
def test_pauses_grow_to_a_bound(failures):
    bound = min(30.0, 0.5 * 2.0 ** (failures - 1))
    assert 0 <= full_jitter(RNG, failures, 0.5, 30.0) < bound
    assert bound / 2 <= half_jitter(RNG, failures, 0.5, 30.0) < bound
