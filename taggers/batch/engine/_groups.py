"""The pictures of a run, a group at a time, and where each was found."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence

from attrs import define, field

from ..sources._item import Item
from ..store._errand import Place

__all__ = ["Group", "found", "handed_out"]

CHUNK = 8192
MOMENT_S = 0.2
"""So many pictures are looked up in the store at once, or those that are found within so long."""


Group = Sequence[tuple[Item, Place]]
"""Pictures, and the place of each."""


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


async def handed_out(groups: AsyncIterable[Sequence[Item]]) -> AsyncGenerator[Group, None]:
    """Groups as somebody makes them, who is asked for the next one when one is used."""
    async for items in groups:
        yield await asyncio.to_thread(lambda some: [*map(_placed, some)], items)


def _placed(item: Item) -> tuple[Item, Place]:
    return item, Place.of(item.source)


@define(eq=False)
class _Finder:
    """Finds pictures in a thread of its own, which nobody has to wait for: a list on stdin may stay
    open for hours without another line."""

    loop: asyncio.AbstractEventLoop
    _error: BaseException | None = None
    _found: deque[tuple[Item, Place]] = field(factory=deque)
    _over: bool = False
    _wanted: int = 1
    _enough: asyncio.Event = field(factory=asyncio.Event)
    _room: threading.Event = field(factory=threading.Event)

    def find(self, sources: Iterable[str | Item]) -> None:
        """Finds all there is, or until it is over; `CHUNK` ahead at most. The thread does this."""
        found = self._found
        try:
            for one in sources:
                found.append(_placed(Item(one) if isinstance(one, str) else one))
                if len(found) == self._wanted:
                    self._tell()
                while len(found) >= CHUNK and not self._over:
                    self._room.wait()
                    self._room.clear()
                if self._over:
                    return
        except BaseException as error:
            self._error = error
        self._over = True
        self._tell()

    def end(self) -> None:
        """Lets the thread end as soon as it has found another one."""
        self._over = True
        self._room.set()
        self._enough.set()

    async def end_after(self, stop: asyncio.Event) -> None:
        """Ends it when it is stopped."""
        await stop.wait()
        self.end()

    async def next(self) -> Group:
        """As many as there are a moment after the first one; none: there are no more. Raises what
        the sources do."""
        await self._has(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOMENT_S):
                await self._has(CHUNK)
        found = [self._found.popleft() for _ in range(len(self._found))]
        self._room.set()
        if not found and self._error is not None:
            raise self._error
        return found

    async def _has(self, count: int) -> None:
        """Waits until so many are found, or it is over."""
        self._wanted = count
        while len(self._found) < count and not self._over:
            self._enough.clear()
            await self._enough.wait()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._enough.set)
