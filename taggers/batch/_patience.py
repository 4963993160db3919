"""Waiting for endpoints that failed often and are left alone, though not for ever."""

from __future__ import annotations

import asyncio
import contextlib

from attrs import define, field

from ..errors import CircuitOpen, TaggersError

__all__ = ["PATIENCE_S", "Patience"]

PATIENCE_S = 600.0
"""So long an endpoint may be down before nothing more is asked of it."""
LEAST_WAIT_S = 1.0


@define
class Patience:
    """How long each provider is down, in a run that `stop` ends; at most `longest_s`. `waiting` is
    told of whom is waited for."""

    longest_s: float
    stop: asyncio.Event
    waiting: dict[str, CircuitOpen]
    _since: dict[str, float] = field(factory=dict)

    async def wait(self, name: str, error: CircuitOpen) -> bool:
        """Returns True when a provider may be tried again, and False where the run is to stop, or
        it is down for too long."""
        now = asyncio.get_running_loop().time()
        if self.stop.is_set() or now - self._since.setdefault(name, now) >= self.longest_s:
            return False
        self.waiting[name] = error
        with contextlib.suppress(TimeoutError):
            wait_s = max(error.retry_after_s or 0.0, LEAST_WAIT_S)
            await asyncio.wait_for(self.stop.wait(), wait_s)
        return not self.stop.is_set()

    def saw(self, name: str, error: TaggersError | None) -> None:
        """Notes what came of a call: where it is not the endpoint's fault, that is up."""
        if error is None or error.scope != "endpoint":
            self._since.pop(name, None)
            self.waiting.pop(name, None)
