"""How the requests of one call get past what stands before a service, and what is told there after.

Each request passes, in this order: the gate before the credential, the limits of the process and
of the machine, the breaker, and the spend caps. What was taken is given back however it ends; what
may have been billed stays reserved.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from functools import partial
from typing import Any

from attrs import define, field

from ._effects import Context, Effect, Sleep, Wait, Work
from ._gates import Gate
from ._guards import Billed, Guards, Purse, Reservation
from ._shared import Key
from ._wire import Prepared, Response
from .errors import (
    ConnectFailed,
    DeadlineExceeded,
    DnsFailure,
    RateLimited,
    TaggersError,
    TlsFailure,
)

__all__ = ["Admission"]

Steps = Generator[Effect, Any, None]


@define(eq=False)
class _Booking:
    """A reservation for one request, which may be settled while it is still being made."""

    purse: Purse
    _reservation: Reservation | None = None
    _settled: bool = False
    _lock: Any = field(factory=threading.Lock)

    def make(self, units: int) -> None:
        with self._lock:
            if not self._settled:
                self._reservation = self.purse.reserve(units)

    def settle(self, billed: Billed) -> None:
        with self._lock:
            self._settled = True
            if self._reservation is not None:
                self._reservation.settle(billed)


@define(eq=False)
class Admission:
    """The admission of one call's requests; `credential` is what they are signed with, if they are.

    Each request is `enter`ed, and `judge`d when it is over; a call that ends must `leave`.
    """

    context: Context
    credential: Key | None
    ends: float
    _gate: Gate | None = None
    _permit: Any = None
    _booking: _Booking | None = None
    _under_way: bool = False

    @property
    def _guards(self) -> Guards:
        return self.context.guards

    def enter(self, prepared: Prepared, units: int) -> Steps:
        """Waits until a request may be sent. Raises the error for which it may not."""
        yield from self._pass_gate(prepared)
        if units:
            yield from self._pass_limits(prepared)
            yield from self._pass_permits()
        self._guards.breaker.enter(self, self.context.moment)
        if units and self._guards.purse:
            self._booking = _Booking(self._guards.purse)
            yield from _work(partial(self._booking.make, units))
        self._under_way = True

    def judge(
        self, error: TaggersError | None, outcome: Response | TaggersError, began: float
    ) -> Steps:
        """Tells everybody what came of the request that began at these ticks; all but the gate,
        for which it may be mended first."""
        self._under_way = False
        now = self.context.moment
        written = _written(outcome, began, now.ticks)
        self._guards.limiter.done(self, error, now, written)
        breaker, permits = self._guards.breaker, self._guards.permits
        before = breaker.until()
        breaker.judge(self, error, now)
        if permits is not None and (until := breaker.until()) != before:
            lasts_s = None if until is None else until.ticks - now.ticks
            yield from _work(partial(permits.left_alone, lasts_s))
        if permits is not None and isinstance(error, RateLimited):
            yield from _work(partial(permits.hold, error.retry_after_s or 0.0, error.message))
        yield from self._give_back(written)
        yield from self._settle("yes" if error is None else error.billed)

    def prove(self, error: TaggersError | None) -> None:
        """Tells the gate whether the credential was taken."""
        if self._gate is not None:
            self._gate.judge(error, self.context.moment)

    def step_aside(self) -> None:
        """Lets another call try the credential, when the request did not get as far."""
        if self._gate is not None and self._gate.leave(self):
            self._gate = None

    def leave(self) -> Steps:
        """Gives back what is taken, when the call ends. A request that is under way, as that of a
        call that is cancelled, may be billed."""
        now = self.context.moment
        self.drop()
        yield from self._give_back(now.ticks if self._under_way else None)
        yield from self._settle("maybe" if self._under_way else "no")

    def drop(self) -> None:
        """Gives back what can be given back at once."""
        self._guards.limiter.leave(self, self.context.moment)
        self._guards.breaker.leave(self)
        if self._gate is not None:
            self._gate.leave(self)

    def _pass_gate(self, prepared: Prepared) -> Steps:
        """Lets the call through for its whole job, so that it can also tidy up what it began with a
        credential that is refused."""
        if self._gate is not None:
            return
        gate = self.context.gate(self.credential) if self.credential else Gate()
        while (turn := gate.enter(self, self.context.moment)) is not None:
            yield from _done(Wait(turn, prepared.host))
        self._gate = gate

    def _pass_limits(self, prepared: Prepared) -> Steps:
        limiter = self._guards.limiter
        while (turn := limiter.enter(self, self.context.moment, self.ends)) is not None:
            if isinstance(turn, float):
                yield from self._sleep(turn)
            else:
                yield from _done(Wait(turn, prepared.host))

    def _pass_permits(self) -> Steps:
        while self._guards.permits is not None and self._permit is None:
            found = yield from _work(self._guards.permits.take)
            if isinstance(found, float):
                yield from self._sleep(found)
            else:
                self._permit = found

    def _sleep(self, seconds: float) -> Steps:
        if self.context.ticks() + seconds >= self.ends:
            raise DeadlineExceeded("time ran out before its turn came under the limits", sent=False)
        yield Sleep(seconds)

    def _give_back(self, written: float | None) -> Steps:
        permit, self._permit = self._permit, None
        if self._guards.permits is not None and permit is not None:
            yield from _work(partial(self._guards.permits.sent, permit, written))

    def _settle(self, billed: Billed) -> Steps:
        booking, self._booking = self._booking, None
        if booking is not None:
            yield from _work(partial(booking.settle, billed))


def _written(outcome: Response | TaggersError, began: float, now: float) -> float | None:
    """The ticks by which a request had gone out; None: not at all."""
    if isinstance(outcome, ConnectFailed | DnsFailure | TlsFailure):
        return None
    if isinstance(outcome, Response) and outcome.upload_s is not None:
        return began + outcome.upload_s
    return now


def _work(call: Any) -> Generator[Effect, Any, Any]:
    return (yield from _done(Work(call)))


def _done(effect: Effect) -> Generator[Effect, Any, Any]:
    outcome = yield effect
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
