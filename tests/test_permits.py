"""Permits: the limits of a service hold for all processes together, and are used."""

from __future__ import annotations

import itertools
import os
import signal
import time
from pathlib import Path

import pytest
from crowd import begin, permits

from taggers._ledger import Ledger
from taggers._limits import WINDOW_S
from taggers._permits import POLL_S, Permit, Permits, Usage, limits, usages
from taggers._process import Process

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")


class _Ticks:
    """The machine's ticks in s, which go on when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return limits(tmp_path / "state")


@pytest.fixture
def ticks() -> _Ticks:
    return _Ticks()


def _taken(found: Permit | float) -> Permit:
    assert isinstance(found, Permit), found
    return found


def _usage(ledger: Ledger, ticks: _Ticks) -> Usage:
    (usage,) = usages(ledger, ticks)
    return usage


@needs_fork
@pytest.mark.parametrize("processes", [1, 4])
def test_processes_together_keep_a_rate_in_any_second_and_use_it(
    ledger: Ledger, processes: int
) -> None:
    with begin("send", ledger.path.parent, processes) as crowd:
        sent = sorted(int(line) / 1e9 for line in crowd.communicate()[0].split())

    # A second that holds more than 100 holds one and the 100th after it.
    spans_s = [later - sooner for sooner, later in zip(sent, sent[100:], strict=False)]
    assert 0 == crowd.returncode
    assert min(spans_s) >= 1.0
    assert len(spans_s) / sum(spans_s) >= 0.9


@needs_fork
def test_processes_together_work_at_no_more_than_the_concurrency(ledger: Ledger) -> None:
    with begin("work", ledger.path.parent, 4) as crowd:
        said = crowd.communicate()[0].split()

    at_work = list(itertools.accumulate(1 if line == "begin" else -1 for line in said))
    assert 0 == crowd.returncode
    assert (10, 0) == (max(at_work), at_work[-1])


@needs_fork
def test_what_killed_processes_held_is_freed(ledger: Ledger) -> None:
    with begin("hold", ledger.path.parent, 3) as crowd:
        assert crowd.stdout is not None
        assert ["held\n"] * 3 == [crowd.stdout.readline() for _ in range(3)]
        mine = permits(ledger, concurrency=3)
        before = mine.take()
        os.killpg(crowd.pid, signal.SIGKILL)

    after = [*(_once_its_holder_has_ended(mine) for _ in range(3)), mine.take()]

    assert POLL_S == before
    assert [Permit, Permit, Permit, float] == [type(found) for found in after]


def _once_its_holder_has_ended(mine: Permits) -> Permit | float:
    """What is found once the system is done with a process that was killed; it is so with one after
    the other."""
    ends = time.monotonic() + 10.0
    while (
        isinstance(found := mine.take(), float) and found < 2 * POLL_S and time.monotonic() < ends
    ):
        time.sleep(POLL_S)
    return found


@needs_fork
def test_a_killed_process_may_have_sent_in_its_last_moment(ledger: Ledger, ticks: _Ticks) -> None:
    with begin("hold", ledger.path.parent, 1) as crowd:
        assert crowd.stdout is not None
        crowd.stdout.readline()
        os.killpg(crowd.pid, signal.SIGKILL)
    with ledger.write(durable=False) as connection:
        connection.execute("UPDATE permits SET taken = 1000, expires = 2000")
    mine = permits(ledger, rate_per_s=1, ticks=ticks)
    ticks.now += 100

    refused = _once_its_holder_has_ended(mine)
    ticks.now += WINDOW_S

    assert pytest.approx(WINDOW_S) == refused
    assert isinstance(mine.take(), Permit)


def test_a_process_that_has_the_id_of_a_dead_one_holds_nothing_of_it() -> None:
    this = Process.current()

    assert not this.ended()
    assert not Process(1, "1", "another container").ended()
    if this.started:
        assert Process(this.pid, "1", this.space).ended()


def test_a_permit_counts_in_the_rate_from_when_it_is_taken(ledger: Ledger, ticks: _Ticks) -> None:
    mine = permits(ledger, rate_per_s=1, ticks=ticks)
    permit = _taken(mine.take())

    ticks.now += 0.5
    soon = mine.take()
    ticks.now += 2
    still = mine.take()
    mine.sent(permit, ticks.now - 1)
    known = mine.take()
    ticks.now += 0.051

    assert pytest.approx(WINDOW_S - 0.5) == soon
    assert pytest.approx(POLL_S) == still
    assert pytest.approx(WINDOW_S - 1) == known
    assert isinstance(mine.take(), Permit)


@pytest.mark.parametrize(
    ("at", "wait_s"), [(999.0, WINDOW_S - 0.5), (1000.2, WINDOW_S - 0.3), (1.8e9, WINDOW_S)]
)
def test_a_request_goes_out_after_it_was_permitted_and_before_that_is_said(
    ledger: Ledger, ticks: _Ticks, at: float, wait_s: float
) -> None:
    mine = permits(ledger, rate_per_s=1, ticks=ticks)
    permit = _taken(mine.take())
    ticks.now += 0.5

    mine.sent(permit, at)

    assert pytest.approx(wait_s) == mine.take()


def test_a_permit_of_which_no_use_was_made_counts_no_more(ledger: Ledger) -> None:
    mine = permits(ledger, concurrency=1, rate_per_s=1)

    mine.sent(_taken(mine.take()), None)

    assert isinstance(mine.take(), Permit)


def test_each_process_keeps_the_limits_that_it_was_given(ledger: Ledger) -> None:
    strict, lax = permits(ledger, concurrency=1), permits(ledger, concurrency=3)
    lax.take()

    assert POLL_S == strict.take()
    assert isinstance(lax.take(), Permit)


def test_a_hold_stops_all_who_share_the_service_and_nobody_else(
    ledger: Ledger, ticks: _Ticks
) -> None:
    mine, same = permits(ledger, ticks=ticks), permits(limits(ledger.path.parent), ticks=ticks)
    other = permits(ledger, credential="another", ticks=ticks)

    mine.hold(3, "limit:10,time:3 second")
    held = same.take()
    free = other.take()
    ticks.now += 3

    assert pytest.approx(3) == held
    assert isinstance(free, Permit)
    assert isinstance(same.take(), Permit)


def test_the_longer_of_two_holds_counts(ledger: Ledger, ticks: _Ticks) -> None:
    mine = permits(ledger, ticks=ticks)

    for seconds, reason in ((2, "short"), (60, "long"), (1, "shorter")):
        mine.hold(seconds, reason)

    assert (60.0, "long") == (_usage(ledger, ticks).held_s, _usage(ledger, ticks).reason)


def test_a_permit_that_nobody_gives_back_expires(ledger: Ledger, ticks: _Ticks) -> None:
    mine = permits(ledger, concurrency=1, rate_per_s=1, lease_s=60, ticks=ticks)
    forgotten = _taken(mine.take())
    ticks.now += 60

    permit = _taken(mine.take())
    mine.sent(forgotten, ticks.now)  # after all: it is not the other's

    assert permit.id != forgotten.id
    assert POLL_S == mine.take()


def test_a_machine_that_starts_again_begins_with_no_permits_and_holds(
    ledger: Ledger, ticks: _Ticks
) -> None:
    mine = permits(ledger, concurrency=1, ticks=ticks)
    mine.take()
    mine.hold(3600, "long")

    ticks.now = 5.0

    assert isinstance(mine.take(), Permit)


def test_the_usage_shows_what_runs_what_counts_and_what_is_held(
    ledger: Ledger, ticks: _Ticks
) -> None:
    mine = permits(ledger, concurrency=5, rate_per_s=5, ticks=ticks)
    mine.take()
    mine.sent(_taken(mine.take()), ticks.now)
    mine.hold(30, "limit:10,time:30 second")

    usage = _usage(ledger, ticks)

    assert ("huawei", "https://example") == (usage.provider, usage.endpoint)
    assert (1, 2) == (usage.running, usage.in_rate)
    assert (30.0, "limit:10,time:30 second") == (usage.held_s, usage.reason)


def test_a_credential_does_not_stand_in_the_ledger(ledger: Ledger) -> None:
    mine = permits(ledger, credential="VERYSECRETKEY")

    mine.take()
    mine.hold(3, "throttled")

    written = b"".join(path.read_bytes() for path in ledger.path.parent.iterdir())
    assert b"huawei" in written
    assert b"VERYSECRETKEY" not in written
    assert "VERYSECRETKEY" not in repr(mine)


def test_an_answer_is_not_lost_when_the_ledger_is(ledger: Ledger) -> None:
    mine = permits(ledger)
    permit = _taken(mine.take())
    ledger.close()
    ledger.path.write_bytes(b"not a database" * 999)

    mine.sent(permit, None)
    mine.hold(3, "throttled")
