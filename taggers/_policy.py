"""When to ask again, as arithmetic: no clock and no randomness of its own.

The rule is about money: no vendor here takes an idempotency key, so only what was provably not
billed is sent again. Every error says so itself, in `retry`.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from attrs import field, frozen

from .errors import InvalidInput, Retry, TaggersError

__all__ = ["Policy"]

_REPEATS: dict[Retry, int] = {"once": 1, "backoff(2)": 2, "backoff(3)": 3, "window": 3}
_FREE_REPEATS = 2


def _whole(_: Any, attribute: Any, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput(f"{attribute.name} must be a whole number from 1, not {value!r}")


def _seconds(_: Any, attribute: Any, value: float) -> None:
    """What is left of a deadline may be less than nothing."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or math.isnan(value):
        raise InvalidInput(f"{attribute.name} must be a number of seconds, not {value!r}")


def _pause(_: Any, attribute: Any, value: float) -> None:
    _seconds(_, attribute, value)
    if value < 0:
        raise InvalidInput(f"{attribute.name} must be a number from 0, not {value!r}")


def _raise_or_retry(_: Any, attribute: Any, value: str) -> None:
    if value not in ("raise", "retry-once"):
        raise InvalidInput(f"{attribute.name} must be 'raise' or 'retry-once', not {value!r}")


@frozen(kw_only=True)
class Policy:
    """How often, how long and with what pauses a call is tried.

    * `attempts`: how often a request is sent at most. A whole call repeats requests `attempts - 1`
      times at most, whomever a route asks;
    * `deadline_s`: one limit over the whole call: name look-up, waits and retries included;
    * `transient_s`, `throttle_s`: the first pause after a passing fault, and after throttling;
      each next one may be twice as long, up to `cap_s`, and is drawn from 0 to that (full jitter);
    * `unknown`: what becomes of a request that was sent and not answered, and so may have been
      billed: "raise", or "retry-once", which may bill it twice and says so in the warnings.
    """

    attempts: int = field(default=3, validator=_whole)
    deadline_s: float = field(default=30.0, validator=_seconds)
    transient_s: float = field(default=0.05, validator=_pause)
    throttle_s: float = field(default=1.0, validator=_pause)
    cap_s: float = field(default=20.0, validator=_pause)
    unknown: Literal["raise", "retry-once"] = field(default="raise", validator=_raise_or_retry)

    def wait_s(
        self, error: TaggersError, attempt: int, roll: float, *, free: bool = False
    ) -> float | None:
        """Seconds to wait before asking again after the `attempt`-th try (from 1); None: do not.

        `roll` is a random number from 0 to 1. A window that the vendor named is waited out whole.
        A `free` request may be sent twice at no cost, so one of unknown outcome is sent again.
        """
        if attempt >= self.attempts or attempt > self._repeats(error, free):
            return None
        base = self.throttle_s if error.retry == "window" else self.transient_s
        jitter = roll * min(self.cap_s, base * 2.0 ** (attempt - 1))
        return jitter + (error.retry_after_s or 0.0)

    def _repeats(self, error: TaggersError, free: bool) -> int:
        if error.retry != "ask":
            return _REPEATS.get(error.retry, 0)
        if free:
            return _FREE_REPEATS
        return 1 if self.unknown == "retry-once" else 0
