"""The breaker and the tokens for retries by hand."""

from __future__ import annotations

import pytest

from taggers._breaker import Breaker
from taggers._clock import Moment
from taggers._retries import Retries
from taggers.errors import (
    Authentication,
    CircuitOpen,
    ConnectFailed,
    ImageDimensions,
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    ServerFault,
    TaggersError,
    Unavailable,
)


def _at(seconds: float) -> Moment:
    return Moment(seconds, 1_800_000_000 + seconds)


def _calls(breaker: Breaker, error: TaggersError | None, times: int, at: float) -> None:
    for who in range(times):
        breaker.enter(who, _at(at))
        breaker.judge(who, error, _at(at))


def _opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    _calls(breaker, ConnectFailed("no"), 20, at)
    return breaker


@pytest.mark.parametrize(
    "error",
    [ConnectFailed("no"), OutcomeUnknown("cut"), ServerFault("oh"), Unavailable("not now")],
    ids=lambda error: type(error).__name__,
)
def test_a_service_that_fails_often_is_left_alone(error: TaggersError) -> None:
    breaker = Breaker()
    _calls(breaker, error, 20, 0.0)

    with pytest.raises(CircuitOpen) as caught:
        breaker.enter("next", _at(5.0))

    assert 10.0 == caught.value.retry_after_s
    assert caught.value.message.endswith(f"; the last time: {type(error).__name__}: {error}")


@pytest.mark.parametrize(
    "error",
    [ImageDimensions("big"), Authentication("key"), QuotaExhausted("none"), RateLimited("slow")],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_with_a_picture_a_key_or_an_account_never_counts(error: TaggersError) -> None:
    breaker = Breaker()

    _calls(breaker, error, 100, 0.0)

    assert not breaker.is_open(_at(0.0))


def test_a_few_failures_among_many_calls_are_borne() -> None:
    breaker = Breaker()

    for _ in range(20):
        _calls(breaker, None, 3, 0.0)
        _calls(breaker, ServerFault("oh"), 2, 0.0)

    assert not breaker.is_open(_at(0.0))


def test_failures_of_long_ago_are_forgotten() -> None:
    breaker = Breaker()
    _calls(breaker, ServerFault("oh"), 19, 0.0)

    _calls(breaker, ServerFault("oh"), 1, 31.0)

    assert not breaker.is_open(_at(31.0))


def test_exactly_one_call_tries_whether_it_works_again() -> None:
    breaker = _opened()
    let_through = 0

    for who in range(50):
        try:
            breaker.enter(who, _at(15.0))
            let_through += 1
        except CircuitOpen:
            pass

    assert 1 == let_through


def test_it_closes_when_the_trial_succeeds() -> None:
    breaker = _opened()
    breaker.enter("trial", _at(15.0))

    breaker.judge("trial", None, _at(15.1))

    breaker.enter("next", _at(15.2))
    assert breaker.until() is None


def test_each_failed_trial_doubles_the_pause_up_to_two_minutes() -> None:
    breaker, now, pauses = _opened(), 15.0, []

    for _ in range(5):
        breaker.enter("trial", _at(now))
        breaker.judge("trial", ConnectFailed("no"), _at(now))
        until = breaker.until()
        assert until is not None
        pauses.append(until.ticks - now)
        now = until.ticks

    assert [30.0, 60.0, 120.0, 120.0, 120.0] == pauses


def test_a_trial_that_is_cancelled_leaves_it_to_the_next_call() -> None:
    breaker = _opened()
    breaker.enter("cancelled", _at(15.0))

    breaker.leave("cancelled")

    breaker.enter("next", _at(15.0))
    with pytest.raises(CircuitOpen):
        breaker.enter("third", _at(15.0))


def test_answers_that_come_after_it_opened_change_nothing() -> None:
    breaker = _opened()

    breaker.judge("late", None, _at(1.0))

    assert breaker.is_open(_at(1.0))


def test_an_outage_is_asked_again_a_limited_number_of_times() -> None:
    retries = Retries()

    paid = sum(retries.pay(ConnectFailed("no")) is not None for _ in range(1_000))

    assert 35 == paid


def test_throttling_costs_less_than_a_fault() -> None:
    retries = Retries()

    paid = sum(retries.pay(RateLimited("slow")) is not None for _ in range(1_000))

    assert 100 == paid


def test_a_call_that_succeeds_gets_back_what_its_retries_cost() -> None:
    retries = Retries()

    for _ in range(1_000):
        cost = retries.pay(ServerFault("oh"))
        assert cost is not None
        retries.refund(cost)
