"""Waiting for endpoints that cannot be reached, though not for ever."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TypeGuard

from attrs import define, field

from ..._model import Result
from ...errors import CircuitOpen, ConnectFailed, DnsFailure, TaggersError

__all__ = ["PATIENCE_S", "Patience"]

PATIENCE_S = 600.0
"""So long an endpoint may be down before nothing more is asked of it."""
AT_FIRST_S = 30.0
"""The same for one that has never answered: its address may be wrong."""
LEAST_WAIT_S = 1.0


@define
class Patience:
    """How long each provider is down, in a run that `stop` ends; at most `longest_s`. `waiting` is
    told of whom is waited for."""

    longest_s: float
    stop: asyncio.Event
    waiting: dict[str, TaggersError]
    _since: dict[str, float] = field(factory=dict)
    _answered: set[str] = field(factory=set)

    @staticmethod
    def is_down(said: Result | TaggersError) -> TypeGuard[TaggersError]:
        """Whether nothing was sent, as the endpoint cannot be reached or is left alone."""
        return isinstance(said, CircuitOpen | ConnectFailed | DnsFailure)

    async def wait(self, name: str, error: TaggersError, began: float) -> bool:
        """Returns True when a call that `began` then, in the loop's time, may be tried again, and
        False where the run is to stop, or it has waited for too long."""
        now = asyncio.get_running_loop().time()
        self._since.setdefault(name, now)
        if self.stop.is_set() or now - began >= self._longest_s(name):
            return False
        self.waiting[name] = error
        with contextlib.suppress(TimeoutError):
            wait_s = max(error.retry_after_s or 0.0, LEAST_WAIT_S)
            await asyncio.wait_for(self.stop.wait(), wait_s)
        return not self.stop.is_set()

    def is_over(self, name: str) -> bool:
        """Whether a provider is down for too long. One target of a route may be, and others not."""
        since = self._since.get(name)
        now = asyncio.get_running_loop().time()
        return since is not None and now - since >= self._longest_s(name)

    def _longest_s(self, name: str) -> float:
        return self.longest_s if name in self._answered else min(self.longest_s, AT_FIRST_S)

    def saw(self, name: str, said: Result | TaggersError) -> None:
        """Notes what came of a call: where something did, the endpoint is up."""
        if isinstance(said, Result) or said.outcome != "not sent":
            self._answered.add(name)
            self._since.pop(name, None)
            self.waiting.pop(name, None)
