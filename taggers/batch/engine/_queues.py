"""The pictures that are still to be asked about, in a queue for each provider."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from attrs import define, evolve, field

from ._ahead import Work

__all__ = ["Queues"]

BEHIND = 50_000
"""So many pictures one provider may be behind another; then that one waits."""


@define(eq=False)
class Queues:
    """Each provider goes at its own pace: one that is slow, or cannot be reached, holds up no other
    one. `limits` are how many pictures of each are held ready; of the others behind them only the
    names are kept, and they are read once more."""

    limits: Mapping[str, int]
    _queues: Mapping[str, asyncio.Queue[Work | None]] = field(init=False)
    _taken: asyncio.Event = field(factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        self._queues = {name: asyncio.Queue() for name in self.limits}

    async def put(self, work: Work, names: Sequence[str]) -> None:
        """Hands a picture to these providers, when one of them needs some."""
        while self._are_full(names):
            self._taken.clear()
            await self._taken.wait()
        for name in names:
            queue = self._queues[name]
            held = queue.qsize() < self.limits[name]
            queue.put_nowait(work if held else evolve(work, image=None))

    async def get(self, name: str) -> Work | None:
        """The next picture of a provider; None: there are no more."""
        work = await self._queues[name].get()
        self._taken.set()
        return work

    def end(self) -> None:
        """There are no more: as many are told of it as ask about each provider."""
        for name, queue in self._queues.items():
            for _ in range(self.limits[name]):
                queue.put_nowait(None)

    def _are_full(self, names: Sequence[str]) -> bool:
        lengths = {name: self._queues[name].qsize() for name in names}
        none_needs_some = all(lengths[name] >= self.limits[name] for name in names)
        return none_needs_some or max(lengths.values(), default=0) >= BEHIND
