"""Limits by hand: who is let through when, with a clock that the test moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggers._clock import Moment
from taggers._limits import LIMITERS, LOST_S, WHOLE, Limiter, Limits, Share, allot, fits
from taggers.errors import AccountSuspended, QuotaExhausted, RateLimited, ServerFault

FOREVER = 1e9


def _at(seconds: float) -> Moment:
    return Moment(seconds, 1_800_000_000 + seconds)


def _limiter(concurrency: int | None = None, rate_per_s: int | None = None) -> Limiter:
    return Limiter(limits=Limits(concurrency, rate_per_s))


def _ask(limiter: Limiter, who: object, at: float) -> Future[None] | float | None:
    return limiter.enter(who, _at(at), FOREVER)


def _throttled(limiter: Limiter, at: float, **facts: object) -> None:
    """One call that is let through and refused for the limit."""
    assert _ask(limiter, "throttled", at) is None
    limiter.done("throttled", RateLimited("slow down", **facts), _at(at), at)


def test_as_many_calls_as_allowed_are_let_through_at_a_time() -> None:
    limiter = _limiter(concurrency=2)

    first, second, third = (_ask(limiter, who, 0.0) for who in "abc")

    assert (None, None) == (first, second)
    assert isinstance(third, Future)
    assert not third.done()


def test_calls_are_let_through_in_the_order_in_which_they_came() -> None:
    limiter = _limiter(concurrency=1)
    _ask(limiter, "a", 0.0)
    second, third = _ask(limiter, "b", 0.0), _ask(limiter, "c", 0.0)
    assert isinstance(second, Future)
    assert isinstance(third, Future)

    limiter.done("a", None, _at(1.0), 0.5)

    assert (True, False) == (second.done(), third.done())
    assert isinstance(_ask(limiter, "late", 1.0), Future)
    assert _ask(limiter, "b", 1.0) is None


def test_a_call_that_gives_up_its_place_in_the_queue_lets_the_next_one_ask() -> None:
    limiter = _limiter(concurrency=1)
    _ask(limiter, "a", 0.0)
    _ask(limiter, "b", 0.0)
    third = _ask(limiter, "c", 0.0)
    limiter.done("a", None, _at(1.0), 0.5)
    assert isinstance(third, Future)

    limiter.leave("b", _at(1.0))

    assert third.done()
    assert _ask(limiter, "c", 1.0) is None


def test_a_call_that_is_cancelled_under_way_frees_its_place() -> None:
    limiter = _limiter(concurrency=1)
    _ask(limiter, "a", 0.0)
    waiting = _ask(limiter, "b", 0.0)
    assert isinstance(waiting, Future)

    limiter.leave("a", _at(1.0))

    assert waiting.done()
    assert 0 == limiter.standing(_at(1.0)).under_way


@given(
    rate=st.integers(1, 30),
    latencies=st.lists(st.floats(0.001, 2.0), min_size=5, max_size=60),
    travels=st.lists(st.floats(0.0, 0.02), min_size=1, max_size=7),
)
def test_no_second_sees_more_than_the_rate(
    rate: int, latencies: list[float], travels: list[float]
) -> None:
    limiter, now, arrived = _limiter(rate_per_s=rate), 0.0, deque[float]()
    under_way: list[tuple[float, int, float]] = []

    for index, latency in enumerate(latencies):
        while (wait := _ask(limiter, index, now)) is not None:
            assert isinstance(wait, float)
            now += wait
            for answered, who, sent in [call for call in under_way if call[0] <= now]:
                limiter.done(who, None, _at(answered), sent)
            under_way = [call for call in under_way if call[0] > now]
        arrived.append(now + travels[index % len(travels)])
        under_way.append((now + latency, index, now))

    seen = sorted(arrived)
    assert all(seen[i + rate] - seen[i] >= 1.0 - 1e-6 for i in range(len(seen) - rate))


def test_nearly_all_of_the_rate_is_used() -> None:
    limiter, now, sent = _limiter(rate_per_s=100), 0.0, 0

    while now < 10.0:
        if (wait := _ask(limiter, sent, now)) is None:
            limiter.done(sent, None, _at(now + 0.002), now)
            sent += 1
        else:
            assert isinstance(wait, float)
            now += wait

    assert 950 <= sent <= 1_000


def test_a_window_that_the_vendor_names_holds_all_calls() -> None:
    limiter = _limiter(concurrency=10)
    _throttled(limiter, 5.0, retry_after_s=2.0)

    assert 1.5 == _ask(limiter, "b", 5.5)
    assert _ask(limiter, "b", 7.0) is None


def test_a_hold_that_lasts_longer_than_a_call_may_ends_it_unsent() -> None:
    limiter = _limiter(concurrency=10)
    _throttled(limiter, 5.0, retry_after_s=86_400.0)

    with pytest.raises(RateLimited, match="no other is sent before") as caught:
        limiter.enter("b", _at(6.0), 36.0)

    assert ("not sent", "no", 86_399.0) == (
        caught.value.outcome,
        caught.value.billed,
        caught.value.retry_after_s,
    )


def test_the_rate_that_the_vendor_names_is_kept_from_then_on() -> None:
    limiter, now, sent = _limiter(), 0.0, 0
    _throttled(limiter, 0.0, retry_after_s=1.0, limit=5)

    now = 1.0
    while now < 11.0:
        if (wait := _ask(limiter, sent, now)) is None:
            limiter.done(sent, None, _at(now), now)
            sent += 1
        else:
            assert isinstance(wait, float)
            now += wait

    assert 47 <= sent <= 50


def test_throttling_that_names_no_limit_lowers_the_concurrency_once_for_all_under_way() -> None:
    limiter = _limiter(concurrency=10)
    for who in range(10):
        _ask(limiter, who, 0.0)

    for who in range(10):
        limiter.done(who, RateLimited("slow down"), _at(0.1), 0.0)

    assert 7 == limiter.standing(_at(0.1)).concurrency


def test_what_was_lowered_comes_back() -> None:
    limiter = _limiter(concurrency=10)
    _throttled(limiter, 0.0)

    allowed = [limiter.standing(_at(float(after))).concurrency for after in (0, 5, 10, 20)]

    assert [7, 7, 9, 10] == allowed


def test_it_is_never_lowered_to_nothing() -> None:
    limiter = _limiter(concurrency=2)
    for second in range(50):
        _throttled(limiter, second * 0.1)

    assert 1 == limiter.standing(_at(5.0)).concurrency


@pytest.mark.parametrize("error", [QuotaExhausted("used up"), AccountSuspended("arrears")])
def test_an_account_that_is_refused_is_let_alone(error: QuotaExhausted | AccountSuspended) -> None:
    limiter = _limiter(concurrency=10)
    _ask(limiter, "a", 0.0)

    limiter.done("a", error, _at(0.1), 0.0)

    with pytest.raises(type(error), match="no other is sent before"):
        _ask(limiter, "b", 1.0)
    assert _ask(limiter, "b", 301.0) is None


def test_the_places_of_calls_whose_event_loop_died_are_given_to_others() -> None:
    limiter = _limiter(concurrency=1)
    _ask(limiter, "dead", 0.0)
    _ask(limiter, "dead, too", 1.0)
    waiting = _ask(limiter, "waiting", 2.0)
    assert isinstance(waiting, Future)

    _ask(limiter, "new", LOST_S + 1.5)
    _ask(limiter, "newer", 2 * LOST_S + 3.0)

    assert waiting.done()
    assert _ask(limiter, "waiting", 2 * LOST_S + 4.0) is None


def test_a_fault_of_the_server_limits_nobody() -> None:
    limiter = _limiter(concurrency=10)
    _ask(limiter, "a", 0.0)

    limiter.done("a", ServerFault("oh"), _at(0.1), 0.0)

    assert _ask(limiter, "b", 0.1) is None
    assert limiter.standing(_at(0.1)).held is None


@pytest.fixture
def shared() -> Iterator[Limiter]:
    """A limiter that all of the process share, of which it has the whole again in the end."""
    yield LIMITERS.of(("service", b""))
    allot(WHOLE, 0.0)


def test_a_share_lets_its_part_through_and_a_larger_one_wakes_who_waits(shared: Limiter) -> None:
    shared.limits = Limits(concurrency=3)
    allot(Share(frozenset({(1, 2)})), 0.0)
    first, second = _ask(shared, "a", 0.0), _ask(shared, "b", 0.0)
    assert isinstance(second, Future)
    waited = not second.done()

    allot(WHOLE, 0.0)

    assert (None, True, True) == (first, waited, second.done())
    assert _ask(shared, "b", 0.0) is None
    assert [True, False] == [fits(WHOLE), fits(Share(frozenset({(1, 2)})))]


def test_a_share_of_nothing_lets_nothing_through(shared: Limiter) -> None:
    allot(Share(frozenset()), 0.0)

    assert isinstance(_ask(shared, "a", 0.0), Future)


def test_a_share_is_the_least_that_a_seat_has_until_its_time_is_over() -> None:
    share = Share(frozenset({(0, 3), (0, 2)}), ends=5.0)

    assert [3, 0] == [share.of(8, now) for now in (4.9, 5.0)]


def test_a_rate_is_shared_too(shared: Limiter) -> None:
    shared.limits = Limits(rate_per_s=5)
    allot(Share(frozenset({(1, 2)})), 0.0)

    let_in = [_ask(shared, who, 0.0) for who in "abc"]

    assert [None, None] == let_in[:2]
    assert let_in[2] is not None
