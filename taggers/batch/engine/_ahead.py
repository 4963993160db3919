"""Pictures that are read before their turn comes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice

from attrs import frozen

from ..._image import Image
from ...errors import TaggersError
from ..sources._content import open_item
from ..sources._item import Item
from ..store._errand import Place
from ..store._happened import Happened

__all__ = ["Missing", "Read", "Work", "read", "read_ahead"]

TOGETHER = 4
"""So many files are read by one thread: handing each to a thread takes longer than reading it."""
AHEAD = 8
"""So many threads read at a time."""


@frozen
class Work:
    """A picture to be asked about; one without an `image` is read when its turn comes."""

    item: Item
    place: Place
    image: Image | None


Missing = tuple[Item, Place, Sequence[str]]
"""A picture, where it is, and whom there is still to ask about it."""
Read = tuple[Work | Happened, Sequence[str]]
"""A picture that was read, or why it could not be, and whom there is still to ask about it."""


async def read_ahead(missing: Sequence[Missing]) -> AsyncGenerator[Read, None]:
    """Reads pictures in their order, some threads ahead of those that are wanted."""
    every = _together(missing)
    reading = deque(_reading(some) for some in islice(every, AHEAD))
    try:
        while reading:
            some = await reading.popleft()
            reading += (_reading(more) for more in islice(every, 1))
            for one in some:
                yield one
    finally:
        for task in reading:
            task.cancel()


def _reading(missing: Sequence[Missing]) -> asyncio.Task[list[Read]]:
    return asyncio.create_task(asyncio.to_thread(_every, missing))


def _together(missing: Sequence[Missing]) -> Iterator[Sequence[Missing]]:
    """Those that one thread reads: what comes from elsewhere takes a thread of its own, since that
    has to wait."""
    some: list[Missing] = []
    for one in missing:
        some.append(one)
        if len(some) == TOGETHER or "://" in one[0].source:
            yield some
            some = []
    if some:
        yield some


def _every(missing: Sequence[Missing]) -> list[Read]:
    return [(read(item, place), names) for item, place, names in missing]


def read(item: Item, place: Place) -> Work | Happened:
    """A picture as it is read, or why it cannot be."""
    try:
        image = open_item(item.source)
    except TaggersError as error:
        return Happened(item.source, None, error)
    image.sha256  # noqa: B018  (made here, in a thread, and not in the event loop)
    return Work(item, place, image)
