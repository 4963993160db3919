"""What may be asked of a service at a time and in a second, with one credential.

One `Limiter` is shared by all calls of the process with the same credential at the same service.
It never lets more pass than is declared, or than the vendor says in its errors; it goes lower when
it is throttled nevertheless, since others may use the same key, and up again after. Its decisions
are arithmetic: whoever asks says what time it is.

Where a process works with others on one job, it has a `Share` of every limit, which is `allot`ted.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from concurrent.futures import Future
from typing import Any

from attrs import define, field, frozen

from ._clock import Moment
from ._refusal import Refusal
from ._shared import Shared
from .errors import RateLimited, TaggersError

__all__ = [
    "LIMITERS",
    "WHOLE",
    "WINDOW_S",
    "Limiter",
    "Limits",
    "Share",
    "Standing",
    "allot",
    "fits",
]

STOPPED_S = 300.0
"""How long a service is let alone that refuses the account: a quota is used up, or arrears."""
WINDOW_MARGIN = 1.03
"""A request counts this much longer than the window, as no two travel equally long."""
WINDOW_S = WINDOW_MARGIN
"""How long a request counts in a rate per second."""
LOST_S = 600.0
"""After this long a call that has not left counts as lost: its event loop may be dead."""
LET_ALONE = "it refused a call at {at}, and no other is sent before {until}"
LOWER, LOWER_RATE = 0.7, 0.9
RECOVERY_PER_S = 0.02
"""What is left after being throttled, or throttled under a rate that is kept already; and what
comes back of it in a second."""


@frozen
class Limits:
    """How many calls at a time, and in any second; None: no limit that is known."""

    concurrency: int | None = None
    rate_per_s: int | None = None


@frozen
class Share:
    """The part of every limit that a process has, until the ticks `ends`: of every limit the least
    that one of its `seats` has. A seat is a number from 0, and of how many; whole numbers are dealt
    out to seats as cards are. Without a seat it is nothing."""

    seats: frozenset[tuple[int, int]] = frozenset({(0, 1)})
    ends: float = math.inf

    def of(self, limit: int, now: float = 0.0) -> int:
        """How much of a limit that is, at these ticks."""
        if self.over(now):
            return 0
        return min(-((number - limit) // seats) for number, seats in self.seats)

    def over(self, now: float) -> bool:
        """Whether it is nothing, of any limit."""
        return now >= self.ends or not self.seats


WHOLE = Share()


@frozen
class _Rate:
    """So many calls in any window of so many seconds."""

    count: int
    seconds: float = 1.0


@frozen
class Standing:
    """How a limiter stands: calls under way and allowed, and why none is let through, if so."""

    under_way: int
    concurrency: int | None
    rate_per_s: float | None
    held: str | None


@define(eq=False)
class _Turn:
    """A place in the queue, and since when its call may ask again."""

    future: Future[None] = field(factory=Future)
    due: float | None = None


@define(eq=False)
class Limiter:
    """Lets calls through in the order in which they come, from several threads and event loops.

    A call `enter`s before each request until it is let in, tells by `done` what came of the
    request, and must `leave`, however it ends.
    """

    limits: Limits = field(factory=Limits)
    _under_way: dict[object, float] = field(factory=dict)
    _written: deque[float] = field(factory=deque)
    _queue: OrderedDict[object, _Turn] = field(factory=OrderedDict)
    _learned: _Rate | None = None
    _peak: int | None = None
    _share: tuple[float, float] = (1.0, 0.0)
    _refusal: Refusal | None = None
    _lock: Any = field(factory=threading.Lock)

    def enter(self, who: object, now: Moment, ends: float) -> Future[None] | float | None:
        """None: go on. A future: ask again when it is done. A number: ask again in so many seconds.

        Raises the error for which nothing is let through, when that lasts beyond `ends`.
        """
        with self._lock:
            self._forget_lost(now.ticks)
            first = next(iter(self._queue), who) is who
            wait_s = self._wait_s(now, ends) if first else 0.0
            if first and wait_s == 0.0 and not self._full(now.ticks):
                self._queue.pop(who, None)
                self._under_way[who] = now.ticks
                self._call_next(now.ticks)
                return None
            turn = self._queue[who] = _Turn(due=now.ticks + wait_s if wait_s else None)
            return wait_s or turn.future

    def done(
        self, who: object, error: TaggersError | None, now: Moment, written: float | None
    ) -> None:
        """Notes what came of a call's request; `written` are the ticks at which it had gone out,
        None where it has not."""
        with self._lock:
            began = self._under_way.pop(who, None)
            if began is None:
                return
            if written is not None:
                self._written.append(written)
            if error is not None and error.outcome == "rejected":
                self._hear(error, began, now)
            self._call_next(now.ticks)

    def leave(self, who: object, now: Moment) -> None:
        """Frees the place of a call that ends; a request of unknown fate counts as sent now."""
        self.done(who, None, now, now.ticks)
        with self._lock:
            if self._queue.pop(who, None):
                self._call_next(now.ticks)

    def standing(self, now: Moment) -> Standing:
        """How it stands now."""
        with self._lock:
            rate, refusal = self._rate(now.ticks), self._refusal
            share = self._share_at(now.ticks)
            held = refusal and not refusal.over(now)
            return Standing(
                len(self._under_way),
                self._allowed(now.ticks),
                rate.count * share / rate.seconds if rate else None,
                f"until {refusal.until}: {refusal.error.message}" if refusal and held else None,
            )

    def wake(self, now: float) -> None:
        """Lets the first in the queue ask again: what is allowed may have changed."""
        with self._lock:
            self._call_next(now)

    def within(self, share: Share) -> bool:
        """Whether no more is under way than a share allows."""
        most = self.limits.concurrency
        with self._lock:
            return most is None or len(self._under_way) <= share.of(most)

    def _call_next(self, now: float) -> None:
        """Lets the first in the queue ask again."""
        turn = next(iter(self._queue.values()), None)
        if turn and not turn.future.done() and turn.future.set_running_or_notify_cancel():
            turn.due = now
            turn.future.set_result(None)

    def _forget_lost(self, now: float) -> None:
        """Frees the places of calls that can't have been waiting, or under way, for so long."""
        oldest = next(iter(self._under_way.values()), now)
        if oldest < now - LOST_S:
            del self._under_way[next(iter(self._under_way))]
            self._written.append(now)
            self._call_next(now)
        first = next(iter(self._queue.values()), None)
        if first and first.due is not None and first.due < now - LOST_S:
            self._queue.popitem(last=False)
            self._call_next(now)

    def _wait_s(self, now: Moment, ends: float) -> float:
        """How long nothing is let through, for a refusal or for the rate; 0 where it is free."""
        if self._refusal is not None:
            left_s = self._refusal.until.ticks - now.ticks
            for_long = self._refusal.error.scope == "account" or now.ticks + left_s >= ends
            if left_s > 0 and for_long:
                raise self._refusal.unsent(now, LET_ALONE)
            if left_s > 0:
                return left_s
            self._refusal = None
        return self._rate_wait_s(now.ticks)

    def _rate_wait_s(self, now: float) -> float:
        """How long until one more request keeps the rate. One under way counts as if it were going
        out just now."""
        rate = self._rate(now)
        if rate is None:
            self._written.clear()
            return 0.0
        window_s = rate.seconds * WINDOW_MARGIN
        while self._written and self._written[0] <= now - window_s:
            self._written.popleft()
        if not rate.count:
            return window_s
        most = max(1, int(rate.count * self._share_at(now)))
        over = len(self._written) + len(self._under_way) - most
        if over < 0:
            return 0.0
        if over >= len(self._written):
            return rate.seconds / most  # those under way fill the window; it begins when they end
        return max(self._written[over] + window_s - now, 0.0005)

    def _rate(self, now: float) -> _Rate | None:
        declared, learned = self.limits.rate_per_s, self._learned
        known = [_Rate(_allotted.of(declared, now))] if declared else []
        if learned:
            known.append(_Rate(max(1, _allotted.of(learned.count, now)), learned.seconds))
        return min(known, key=lambda rate: rate.count / rate.seconds) if known else None

    def _full(self, now: float) -> bool:
        allowed = self._allowed(now)
        return allowed is not None and len(self._under_way) >= allowed

    def _allowed(self, now: float) -> int | None:
        share = self._share_at(now)
        if share == 1.0:
            self._peak = None
        if _allotted.over(now):
            return 0
        declared = self.limits.concurrency
        most = _allotted.of(declared) if declared else self._peak
        return most and max(1, int(most * share))

    def _share_at(self, now: float) -> float:
        share, since = self._share
        return min(1.0, share + (now - since) * RECOVERY_PER_S)

    def _hear(self, error: TaggersError, began: float, now: Moment) -> None:
        """Takes to heart what a vendor's error says of more than its own call."""
        if error.scope == "account":
            self._refuse(error, now, error.retry_after_s or STOPPED_S)
        elif isinstance(error, RateLimited):
            self._throttled(error, began, now)

    def _throttled(self, error: RateLimited, began: float, now: Moment) -> None:
        if error.retry_after_s:
            self._refuse(error, now, error.retry_after_s)
        learned = _rate_said(error)
        if learned and learned != self._learned:
            self._learned = learned
            self._share = (self._share[0], now.ticks)
        elif began >= self._share[1]:  # of calls that were under way together, one counts
            self._peak = self._peak or len(self._under_way) + 1
            lower = LOWER_RATE if self._rate(now.ticks) else LOWER
            self._share = (max(0.1, self._share_at(now.ticks) * lower), now.ticks)

    def _refuse(self, error: TaggersError, now: Moment, seconds: float) -> None:
        until = now.later(seconds)
        if self._refusal is None or until.ticks > self._refusal.until.ticks:
            self._refusal = Refusal(error, now, until)


def _rate_said(error: RateLimited) -> _Rate | None:
    if error.limit and error.retry_after_s:
        return _Rate(error.limit, error.retry_after_s)
    return None


LIMITERS = Shared(Limiter)
_allotted = WHOLE


def allot(share: Share, now: float) -> None:
    """Gives this process a share of every limit, from these ticks on."""
    global _allotted
    _allotted = share
    for limiter in LIMITERS.all():
        limiter.wake(now)


def fits(share: Share) -> bool:
    """Whether no more is under way in this process than a share allows."""
    return all(limiter.within(share) for limiter in LIMITERS.all())
