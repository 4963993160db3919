"""How many retries a service is worth: a purse of tokens, so that an outage is not asked thrice."""

from __future__ import annotations

import threading
from typing import Any

from attrs import define, field

from ._shared import Shared
from .errors import RateLimited, TaggersError

__all__ = ["RETRIES", "Retries"]

TOKENS = 500
TRANSIENT = 14
THROTTLE = 5


@define(eq=False)
class Retries:
    """The tokens for one service, shared by all calls of the process.

    A retry is paid when it is decided on, and a call that succeeds gets back what its retries cost.
    """

    _tokens: int = TOKENS
    _lock: Any = field(factory=threading.Lock)

    def pay(self, error: TaggersError) -> int | None:
        """What a retry after this error costs; None where it can't be paid."""
        cost = THROTTLE if isinstance(error, RateLimited) else TRANSIENT
        with self._lock:
            if self._tokens < cost:
                return None
            self._tokens -= cost
            return cost

    def refund(self, cost: int) -> None:
        """Gives back what a call paid that succeeded; one that paid nothing brings a token."""
        with self._lock:
            self._tokens = min(TOKENS, self._tokens + (cost or 1))


RETRIES = Shared(Retries)
