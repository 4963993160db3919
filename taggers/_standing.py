"""How things stand with a service: what this process knows of it."""

from __future__ import annotations

import time

from attrs import frozen

from ._breaker import BREAKERS
from ._clock import CLOCKS, Moment
from ._limits import LIMITERS
from ._resolve import Target

__all__ = ["Standing", "standing"]


@frozen(kw_only=True)
class Standing:
    """What this process knows of a service, with one credential.

    * `under_way`: calls at the vendor just now; `concurrency` and `rate_per_s`: how many may be,
      and in a second; None where no limit is known. Both are lower for a while after throttling;
    * `held`: why no call is sent, and until when; None where calls are;
    * `left_alone`: until when the breaker lets none through; None where it is closed;
    * `clock_off_s`: how far this machine's clock was found to be ahead of the vendor's, in s.
    """

    under_way: int
    concurrency: int | None
    rate_per_s: float | None
    held: str | None
    left_alone: str | None
    clock_off_s: float


def standing(target: Target) -> Standing:
    """How things stand with a target now."""
    limiter = LIMITERS.of(target.account)
    limiter.limits = target.limits
    limited = limiter.standing(Moment(time.monotonic(), time.time()))
    until = BREAKERS.of(target.service).until()
    return Standing(
        under_way=limited.under_way,
        concurrency=limited.concurrency,
        rate_per_s=limited.rate_per_s,
        held=limited.held,
        left_alone=None if until is None else str(until),
        clock_off_s=0.0 - CLOCKS.of((target.service[0], b"")).offset_s,
    )
