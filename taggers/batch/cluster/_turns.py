"""Turns: so many calls of each provider at a time as a share allows that changes on the way."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from attrs import define, field

from ..._limits import Share

__all__ = ["Turns"]


@define(eq=False)
class Turns:
    """Belongs to one event loop; `share` may be set from any thread, and then `wake` be called in
    the loop. `limits` are the calls at a time by provider, of which it gives the share."""

    limits: Mapping[str, int]
    share: Share = field(factory=lambda: Share(frozenset()))
    _taken: Counter[str] = field(factory=Counter)
    _waiting: dict[str, deque[asyncio.Future[None]]] = field(factory=lambda: defaultdict(deque))

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Waits for a turn of a provider, and has it."""
        while self._taken[name] >= self._allowed(name):
            turn = asyncio.get_running_loop().create_future()
            self._waiting[name].append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._call(name)  # it may have been called already
                raise
        self._taken[name] += 1
        try:
            yield
        finally:
            self._taken[name] -= 1
            self._call(name)

    def fit(self, share: Share) -> bool:
        """Whether no more have a turn than a share allows."""
        return all(self._taken[name] <= share.of(most) for name, most in self.limits.items())

    def wake(self) -> None:
        """Lets all that wait look again."""
        for name, waiting in self._waiting.items():
            for _ in range(len(waiting)):
                self._call(name)

    def _call(self, name: str) -> None:
        """Lets the first that waits look again."""
        waiting = self._waiting[name]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _allowed(self, name: str) -> int:
        return self.share.of(self.limits[name], time.monotonic())
