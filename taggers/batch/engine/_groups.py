"""The pictures of a run, a group at a time, and where each was found."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from typing import Self

from attrs import define, field, frozen

from ..sources._item import Item
from ..store._errand import Place

__all__ = ["Group", "found", "handed_out"]

CHUNK = 8192
MOMENT_S = 0.2
"""So many pictures are looked up in the store at once, or those that are found within so long."""


@frozen
class Group:
    """Pictures, and the place of each."""

    items: Sequence[Item]
    places: Sequence[Place]

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """Looks where these pictures are."""
        return cls(items, [Place.of(item.source) for item in items])


async def found(sources: Iterable[str | Item], stop: asyncio.Event) -> AsyncGenerator[Group, None]:
    """The pictures of these sources, until `stop` is set; while a group is used, the next ones are
    found."""
    finder = _Finder(asyncio.get_running_loop())
    stopping = asyncio.create_task(finder.end_after(stop))
    threading.Thread(target=finder.find, args=(sources,), name="finder", daemon=True).start()
    try:
        while group := await finder.next():
            yield group
    finally:
        stopping.cancel()
        finder.end()


async def handed_out(groups: AsyncIterable[Sequence[Item]]) -> AsyncGenerator[Group]:
    """Groups as somebody makes them, who is asked for the next one when one is used."""
    async for items in groups:
        yield await asyncio.to_thread(Group.of, items)


@define(eq=False)
class _Finder:
    """Finds pictures in a thread of its own, which nobody has to wait for: a list on stdin may stay
    open for hours without another line."""

    loop: asyncio.AbstractEventLoop
    error: BaseException | None = None
    _found: deque[tuple[Item, Place]] = field(factory=deque)
    _over: bool = False
    _wanted: int = 1
    _most: int = CHUNK
    _enough: asyncio.Event = field(factory=asyncio.Event)
    _room: threading.Event = field(factory=threading.Event)

    def find(self, sources: Iterable[str | Item]) -> None:
        """Finds all there is, or until it is over; `CHUNK` ahead at most. The thread does this."""
        found = self._found
        try:
            for one in sources:
                item = Item(one) if isinstance(one, str) else one
                found.append((item, Place.of(item.source)))
                count = len(found)
                if count == self._wanted:
                    self._tell()
                if count >= self._most and not self._has_room():
                    return
        except BaseException as error:
            self.error = error
        self._over = True
        self._tell()

    def _has_room(self) -> bool:
        """Waits until there is room for more; whether more is wanted then."""
        while len(self._found) >= CHUNK and not self._over:
            self._room.wait()
            self._room.clear()
        return not self._over

    def end(self) -> None:
        """Lets the thread end as soon as it has found another one."""
        self._over, self._most = True, 0
        self._room.set()
        self._enough.set()

    async def end_after(self, stop: asyncio.Event) -> None:
        """Ends it when it is stopped."""
        await stop.wait()
        self.end()

    async def next(self) -> Group | None:
        """As many as there are a moment after the first one; None: there are no more. Raises what
        the sources do."""
        await self._has(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOMENT_S):
                await self._has(CHUNK)
        found = [self._found.popleft() for _ in range(len(self._found))]
        self._room.set()
        if found:
            return Group(*zip(*found, strict=True))
        if self.error is not None:
            raise self.error
        return None

    async def _has(self, count: int) -> None:
        """Waits until so many are found, or it is over."""
        self._wanted = count
        while len(self._found) < count and not self._over:
            self._enough.clear()
            await self._enough.wait()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._enough.set)
