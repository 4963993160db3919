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
from ._guards import Billed, Guards, Permits, Purse, Reservation
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
class _Ticket:
    """A permit for one request, which may be given back while it is still being taken."""

    permits: Permits
    _permit: Any = None
    _given_back: bool = False
    _lock: Any = field(factory=threading.Lock)

    def take(self) -> float | None:
        """None: go on. Otherwise take it again in so many seconds."""
        with self._lock:
            found = 0.0 if self._given_back else self.permits.take()
            if isinstance(found, float):
                return found
            self._permit = found
            return None

    def give_back(self, written: float | None) -> None:
        with self._lock:
            permit, self._permit, self._given_back = self._permit, None, True
            if permit is not None:
                self.permits.sent(permit, written)


@define(eq=False)
class Admission:
    """The admission of one call's requests.

    Each request is `enter`ed, and `judge`d when it is over; a call that ends must `leave`.
    """

    context: Context
    ends: float
    _gate: Gate | None = None
    _ticket: _Ticket | None = None
    _booking: _Booking | None = None
    _under_way: bool = False
    _begun: bool = False
    _end: tuple[float | None, Billed] | None = None

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
        yield from self._pay(units)
        self._under_way = self._begun = True

    def judge(
        self, error: TaggersError | None, outcome: Response | TaggersError, began: float
    ) -> Steps:
        """Tells everybody what came of the request that began at these ticks; all but the gate,
        for which it may be mended first."""
        self._under_way = False
        now = self.context.moment
        written = _written(outcome, began, now.ticks)
        self._end = (written, "yes" if error is None else error.billed)
        self._guards.limiter.done(self, error, now, written)
        breaker, permits = self._guards.breaker, self._guards.permits
        before = breaker.until()
        breaker.judge(self, error, now)
        if permits is not None and (until := breaker.until()) != before:
            lasts_s = None if until is None else until.ticks - now.ticks
            yield from _work(partial(permits.left_alone, lasts_s))
        if permits is not None and isinstance(error, RateLimited):
            yield from _work(partial(permits.hold, error.retry_after_s or 0.0, error.message))
        yield from self._close()

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
        self.drop()
        if self._under_way:
            self._end = (self.context.ticks(), "maybe")
        try:
            yield from self._close()
        except GeneratorExit:
            raise
        except BaseException:  # cancelled meanwhile; what comes now is not cancelled again
            yield from self._close()
            raise

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
        gate = self.context.gate()
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
        if self._guards.permits is None:
            return
        self._ticket = _Ticket(self._guards.permits)
        while (wait_s := (yield from _work(self._ticket.take))) is not None:
            yield from self._sleep(wait_s)

    def _pay(self, units: int) -> Steps:
        """Sets aside what a request costs. A free one that begins a call, as an upload does, has to
        leave room for one that is billed: nothing is sent in vain."""
        if self._guards.purse is None or (self._begun and not units):
            return
        self._booking = _Booking(self._guards.purse)
        yield from _work(partial(self._booking.make, units or 1))
        if not units:
            yield from self._close()

    def _sleep(self, seconds: float) -> Steps:
        if self.context.ticks() + seconds >= self.ends:
            raise DeadlineExceeded("time ran out before its turn came under the limits", sent=False)
        yield Sleep(seconds)

    def _close(self) -> Steps:
        """Gives back and settles what is taken. A call may be cancelled before either is done, and
        then both are done again; the first time counts."""
        written, billed = self._end or (None, "no")
        if self._ticket is not None:
            yield from _work(partial(self._ticket.give_back, written))
        if self._booking is not None:
            yield from _work(partial(self._booking.settle, billed))
        self._ticket = self._booking = self._end = None


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
