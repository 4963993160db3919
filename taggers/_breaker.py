"""A breaker before each service: when it fails often, it is left alone for a while.

Only faults of the service itself count: no connection, no answer in time, its own errors. What is
wrong with a picture, a key or an account, and calls that were cancelled, never do. After a pause
one call, and only one, tries whether it works again. The decisions are arithmetic: whoever asks
says what time it is.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from attrs import define, field

from ._clock import Moment
from ._shared import Shared
from .errors import (
    CircuitOpen,
    DeadlineExceeded,
    NotSent,
    OutcomeUnknown,
    ServerFault,
    TaggersError,
    Unavailable,
)

__all__ = ["BREAKERS", "Breaker", "faulty"]

WINDOW_S = 30.0
LEAST_CALLS = 20
FAILING = 0.5
"""It opens when so many calls were made in the window, and this part of them failed."""
OPEN_S = 15.0
LONGEST_S = 120.0
"""How long it stays open at first, and at most; each failed trial doubles it."""


def faulty(error: TaggersError | None) -> bool:
    """Whether the service itself is at fault."""
    kinds = (NotSent, DeadlineExceeded, OutcomeUnknown, ServerFault, Unavailable)
    return isinstance(error, kinds)


@define(eq=False)
class Breaker:
    """Stands before one service; calls come from several threads and event loops.

    A call `enter`s before each request, says in `judge` what came of it, and must `leave`.
    """

    _calls: deque[tuple[float, bool]] = field(factory=deque)
    _failed: int = 0
    _until: Moment | None = None
    _lasts_s: float = OPEN_S
    _trial: object = None
    _saw: str = ""
    _lock: Any = field(factory=threading.Lock)

    def enter(self, who: object, now: Moment) -> None:
        """Lets a call through. Raises `CircuitOpen`."""
        with self._lock:
            if self._until is None:
                return
            if self._trial is who:
                return
            if self._trial is None and now.ticks >= self._until.ticks:
                self._trial = who
                return
            raise self._open(now)

    def check(self, now: Moment) -> None:
        """Raises `CircuitOpen` where no call would be let through now."""
        with self._lock:
            if self._shut(now):
                raise self._open(now)

    def is_open(self, now: Moment) -> bool:
        """Whether no call would be let through now."""
        with self._lock:
            return self._shut(now)

    def until(self) -> Moment | None:
        """When one call may try again; None while it is closed."""
        return self._until

    def judge(self, who: object, error: TaggersError | None, now: Moment) -> None:
        """Notes what came of a request."""
        failed = faulty(error)
        with self._lock:
            if error is not None and failed:
                self._saw = f"{type(error).__name__}: {error.message}"
            if self._until is None:
                self._count(failed, now)
            elif self._trial is who:
                self._trial = None
                if failed:
                    self._open_for(min(self._lasts_s * 2, LONGEST_S), now)
                else:
                    self._close()

    def leave(self, who: object) -> None:
        """Lets another call try, where this one was to and has not."""
        with self._lock:
            if self._trial is who:
                self._trial = None

    def _shut(self, now: Moment) -> bool:
        waiting = self._until is not None and now.ticks < self._until.ticks
        return waiting or self._trial is not None

    def _count(self, failed: bool, now: Moment) -> None:
        self._calls.append((now.ticks, failed))
        self._failed += failed
        while self._calls[0][0] <= now.ticks - WINDOW_S:
            self._failed -= self._calls.popleft()[1]
        if len(self._calls) >= LEAST_CALLS and self._failed >= FAILING * len(self._calls):
            self._open_for(OPEN_S, now)

    def _open_for(self, seconds: float, now: Moment) -> None:
        self._lasts_s, self._until = seconds, now.later(seconds)
        self._calls.clear()
        self._failed = 0

    def _close(self) -> None:
        self._until, self._lasts_s = None, OPEN_S

    def _open(self, now: Moment) -> CircuitOpen:
        assert self._until is not None
        left_s = max(0.0, self._until.ticks - now.ticks)
        when = f"until {self._until}" if left_s else "while one call tries whether it works again"
        return CircuitOpen(
            f"it failed often and is left alone {when}; the last time: {self._saw}",
            retry_after_s=left_s,
        )


BREAKERS = Shared(Breaker)
